// Windows, tabs, maps and passing words: what lies over or within a page. Without it every content stands in the page.

const words = () => document.getElementById("lb-words")?.dataset ?? {};

// --- windows: data-lb-dialog="id" opens, data-lb-dialog-close closes ---
function openWindow(dialog) {
  dialog.classList.add("is-open");
  dialog.removeAttribute("open");
  dialog.showModal();
  dialog.querySelector(".lb-window-body :is(input:not([type=hidden]), select, textarea)")?.focus();
  dialog.addEventListener("close", () => dialog.classList.remove("is-open"), { once: true });
}

const beside = (dialog, { clientX, clientY }) => {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
};

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-lb-dialog]");
  if (opener) return openWindow(document.getElementById(opener.dataset.lbDialog));
  const dialog = event.target.closest?.("dialog.lb-window.is-open");
  if (!dialog) return;
  const pressed = event.target === dialog && event.detail > 0 && beside(dialog, event);
  if (pressed || event.target.closest("[data-lb-dialog-close]")) dialog.close();
});

// --- tabs ---
function choose(tab, focus) {
  for (const other of tab.closest("[role=tablist]").querySelectorAll("[role=tab]")) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
  }
  if (focus) tab.focus();
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest?.("[data-lb-panels] [role=tab]");
  if (tab) choose(tab);
});
document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("[data-lb-panels] [role=tab]");
  if (!tab) return;
  const tabs = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]")];
  const at = tabs.indexOf(tab);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  choose(tabs[(next + tabs.length) % tabs.length], true);
});

// What the address names is shown: a panel, or the panel around a field with an error.
function showTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const panel = target && target.closest?.("[data-lb-panels] > .lb-panel[hidden]");
  if (!panel) return;
  choose(document.getElementById(panel.getAttribute("aria-labelledby")));
  if (target !== panel) target.focus();
}
window.addEventListener("hashchange", showTarget);

function upgrade(root) {
  for (const box of root.querySelectorAll?.("[data-lb-panels]:not(.is-ready)") ?? []) {
    box.classList.add("is-ready");
    for (const panel of box.querySelectorAll(":scope > .lb-panel")) {
      panel.setAttribute("role", "tabpanel");
      panel.tabIndex = 0;
    }
    const wrong = box.querySelector(".lb-panel .lb-field-error")?.closest(".lb-panel");
    const first = wrong ? document.getElementById(wrong.getAttribute("aria-labelledby")) : box.querySelector("[role=tab]");
    choose(first);
  }
  for (const box of root.querySelectorAll?.("[data-lb-map]:not(.is-ready)") ?? []) {
    box.classList.add("is-ready");
    import(box.dataset.lbMap).then(({ drawMap }) => drawMap(box)).catch(() => { /* the list and the fields remain */ });
  }
  for (const dialog of root.querySelectorAll?.("dialog.lb-window[data-lb-open]") ?? []) {
    dialog.removeAttribute("data-lb-open");
    openWindow(dialog);
  }
}
upgrade(document);
showTarget();
document.addEventListener("htmx:load", (event) => upgrade(event.target));
document.addEventListener("lb:page", () => upgrade(document));

// --- passing words: the event lb:toast with {message, tone} or {toasts: [...]} ---
const LONG_ENOUGH = 6000;
const EACH_LETTER = 60;
const ICONS = { baik: "circle-check", gawat: "alert-triangle", padi: "alert-triangle" };

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${document.getElementById("lb-toasts").dataset.icons}#${name}`);
  picture.append(use);
  return picture;
}

function tell({ message, tone = "laut" }) {
  const region = document.getElementById("lb-toasts");
  if (!region || !message) return;
  const box = document.createElement("div");
  box.className = `lb-toast lb-${tone}`;
  if (tone === "gawat") box.setAttribute("role", "alert");
  const text = document.createElement("p");
  text.textContent = message;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn-icon lb-quiet";
  close.setAttribute("aria-label", words().close ?? "×");
  close.append(icon("x"));
  box.append(icon(ICONS[tone] ?? "info-circle"), text, close);
  close.addEventListener("click", () => box.remove());
  region.append(box);
  if (tone !== "gawat") passAway(box, LONG_ENOUGH + EACH_LETTER * message.length);
}

// It goes by itself, but not while somebody reads it with the pointer or the focus on it.
function passAway(box, time) {
  let timer;
  const start = () => { clearTimeout(timer); timer = setTimeout(() => box.remove(), time); };
  const stop = () => clearTimeout(timer);
  for (const name of ["pointerenter", "focusin"]) box.addEventListener(name, stop);
  for (const name of ["pointerleave", "focusout"]) {
    box.addEventListener(name, () => { if (!box.matches(":hover, :focus-within")) start(); });
  }
  start();
}

document.addEventListener("lb:toast", ({ detail }) => {
  for (const one of detail?.toasts ?? [detail ?? {}]) tell(one);
});
