// Guards of forms: ask before a grave act, send only once, warn before leaving with changes, show how far an
// upload is.

const words = () => document.getElementById("lb-words")?.dataset ?? {};

// --- ask first: data-lb-confirm="..." on a form, or on one of its buttons ---
let answered = null;

const asked = (form, submitter) => (submitter?.dataset.lbConfirm ? submitter : form).dataset;

function ask(form, submitter) {
  const dialog = document.getElementById("lb-confirm");
  const question = asked(form, submitter);
  dialog.querySelector("#lb-confirm-text").textContent = question.lbConfirm;
  const yes = dialog.querySelector("[data-lb-confirm-yes]");
  yes.textContent = question.lbConfirmLabel || yes.textContent;
  yes.className = `btn ${question.lbConfirmTone === "gawat" ? "btn-danger" : "btn-primary"}`;
  dialog.returnValue = "no";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return;
    answered = form;
    form.requestSubmit(submitter);
  }, { once: true });
  dialog.showModal();
}

// --- only once: data-lb-once ---
function markBusy(form, submitter) {
  form.dataset.lbSent = "yes";
  submitter?.setAttribute("aria-busy", "true");
}
function markFree(form) {
  delete form.dataset.lbSent;
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const typed = form.dataset.lbTyping;
  if (typed !== undefined && !typedRight(form)) return event.preventDefault();
  if (asked(form, event.submitter).lbConfirm && answered !== form) {
    event.preventDefault();
    return ask(form, event.submitter);
  }
  answered = null;
  if (!form.hasAttribute("data-lb-once") || event.defaultPrevented) return;
  if (form.dataset.lbSent) return event.preventDefault();
  markBusy(form, event.submitter);
  form.dataset.lbChanged = "";
  if (form.hasAttribute("data-lb-upload") && heavy(form)) {
    event.preventDefault();
    send(form, event.submitter);
  }
});
// A page that comes back from the history is free again; so is a form after htmx has its answer.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-lb-sent]").forEach(markFree));
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form[data-lb-sent]");
  if (form) markFree(form);
});
// A part that renews itself waits while somebody is at one of its buttons: the form that they are asked about would go.
document.addEventListener("htmx:beforeSwap", (event) => {
  const part = event.detail.target.closest?.("[data-lb-patient]");
  if (!part) return;
  const busy = part.contains(document.activeElement) || document.getElementById("lb-confirm")?.open;
  if (busy) event.detail.shouldSwap = false;
});

// --- type the name: data-lb-typing="name" ---
const squeeze = (text) => text.trim().replace(/\s+/g, " ").toLocaleLowerCase();
const typedRight = (form) =>
  squeeze(form.querySelector("[data-lb-typed]").value) === squeeze(form.dataset.lbTyping);
function watchTyping(form) {
  const button = form.querySelector("button[type=submit]");
  const look = () => { button.disabled = !typedRight(form); };
  form.addEventListener("input", look);
  look();
}
document.querySelectorAll("form[data-lb-typing]").forEach(watchTyping);

// --- leaving with changes: data-lb-unsaved ---
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.hasAttribute("data-lb-unsaved")) form.dataset.lbChanged = "yes";
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector('form[data-lb-unsaved][data-lb-changed="yes"]')) event.preventDefault();
});

// --- uploads: data-lb-upload; small ones go the plain way ---
const HEAVY = 512 * 1024;
function heavy(form) {
  let size = 0;
  for (const input of form.querySelectorAll("input[type=file]"))
    for (const file of input.files) size += file.size;
  return size > HEAVY;
}

function send(form, submitter) {
  const box = form.querySelector("[data-lb-upload-progress]");
  const bar = box?.querySelector("progress");
  const text = box?.querySelector("[data-lb-upload-text]");
  const say = (sentence) => { if (text) text.textContent = sentence; };
  if (box) box.hidden = false;
  say(words().sending);
  const request = new XMLHttpRequest();
  request.open("POST", form.getAttribute("action") || location.href);
  request.upload.onprogress = (event) => {
    if (!event.lengthComputable || !bar) return;
    bar.value = Math.round((event.loaded / event.total) * 100);
    say(bar.value < 100 ? `${bar.value} %` : words().sent);
  };
  request.onerror = () => { markFree(form); say(words().failed); };
  request.onload = () => show(request);
  request.send(new FormData(form, submitter?.name ? submitter : undefined));
}

// The answer takes the place of the page, as it would have without scripts.
function show(request) {
  const answer = new DOMParser().parseFromString(request.responseText, "text/html");
  const body = answer.body;
  for (const spare of body.querySelectorAll("noscript")) spare.remove(); // parsed as if there were no scripts
  document.title = answer.title;
  history.pushState(null, "", request.responseURL);
  const here = location.pathname + location.search;
  window.onpopstate = () => { if (location.pathname + location.search !== here) location.reload(); };
  document.body.replaceWith(document.adoptNode(body));
  document.querySelectorAll("form[data-lb-typing]").forEach(watchTyping);
  for (const button of document.querySelectorAll("[data-lb-print]")) button.hidden = false;
  for (const script of document.body.querySelectorAll("script[src]")) {
    const fresh = document.createElement("script");
    for (const { name, value } of script.attributes) fresh.setAttribute(name, value);
    script.replaceWith(fresh);
  }
  window.htmx?.process(document.body);
  document.dispatchEvent(new CustomEvent("lb:page"));
  (document.querySelector("[data-lb-focus]") ?? document.getElementById("isi"))?.focus();
  window.scrollTo(0, 0);
}
