// What the furniture of lumbung/ui.html does when scripts run. Every page works without it; this only guards,
// asks and shortens. All listeners sit on the document, so parts that htmx brings in later are served too.

const root = document.documentElement;

// Light and dark, remembered on this device only.
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-lb-theme]")) return;
  const theme = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
  root.setAttribute("data-bs-theme", theme);
  try { localStorage.setItem("lumbung.theme", theme); } catch { /* a private window keeps nothing */ }
});

// The side navigation of the desk on a phone.
document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-lb-side-toggle]");
  if (!toggle) return;
  const open = document.getElementById(toggle.getAttribute("aria-controls")).classList.toggle("is-open");
  toggle.setAttribute("aria-expanded", String(open));
});

// A menu closes when one looks elsewhere, or presses Escape.
const openMenus = () => document.querySelectorAll("details[data-lb-menu][open]");
document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Rows that match what is typed.
document.addEventListener("input", (event) => {
  const box = event.target.closest("[data-lb-filter]");
  if (!box) return;
  const words = box.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of document.querySelectorAll(`#${CSS.escape(box.dataset.lbFilter)} > tbody > tr`)) {
    const text = row.textContent.toLocaleLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    if (!row.hidden) shown += 1;
  }
  const count = box.closest(".lb-filter").querySelector("[data-lb-filter-count]");
  const label = document.getElementById("lb-words")?.dataset.rows ?? "";
  if (count) count.textContent = words.length ? `${shown} ${label}` : "";
});

// Print, copy, and selects that send their form.
function sayCopied() {
  const message = document.getElementById("lb-words")?.dataset.copied;
  document.dispatchEvent(new CustomEvent("lb:toast", { detail: { message, tone: "baik" } }));
}
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-lb-print]")) window.print();
  const copy = event.target.closest("[data-lb-copy]");
  if (copy) navigator.clipboard?.writeText(copy.dataset.lbCopy).then(sayCopied);
});
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-lb-autosubmit]")) event.target.form?.requestSubmit();
});
for (const button of document.querySelectorAll("[data-lb-print]")) button.hidden = false;

// Where the row of tabs is wider than the screen, the one we are on is in sight.
for (const tab of document.querySelectorAll(".lb-tabs [aria-current]")) {
  const row = tab.closest("ul");
  row.scrollLeft = tab.offsetLeft - row.offsetLeft - 16;
}

// What is read last is folded where the screen is small.
if (matchMedia("(max-width: 35.99rem)").matches)
  for (const part of document.querySelectorAll("details[data-lb-fold]")) part.open = false;

// A table wider than its place is moved with the arrow keys: it can be reached while it is, and only then.
const reach = new ResizeObserver((seen) => {
  for (const { target } of seen) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const wrap of document.querySelectorAll(".lb-table-wrap")) reach.observe(wrap);

// The summary of errors is read first.
document.querySelector("[data-lb-focus]")?.focus();
