// The page of a report on a phone: the questions of the chosen kind, similar reports nearby, a draft that is kept on the
// device while typing, and an outbox for where there is no network. Without this script the page works all the same.

const box = document.querySelector("[data-infra-drafts]");
const words = box?.dataset ?? {};
const form = () => document.querySelector("form[data-infra-report]");
const said = (sentence) => { const line = document.querySelector("[data-infra-said]"); if (line) line.textContent = sentence; };
const toast = (message, tone) => document.dispatchEvent(new CustomEvent("lb:toast", { detail: { message, tone } }));
const drafts = box && "indexedDB" in window ? await import(words.infraDrafts).catch(() => null) : null;
const pictures = box ? await import(words.pictures).catch(() => null) : null;

let current = newDraft();
let small = new Map(); // chosen file -> the same, made small

function newDraft() {
  return { key: drafts?.newKey() ?? "", state: "draft", fields: {}, photos: [], title: "" };
}

// --- the questions of the chosen kind ---
function chosen() { return form()?.querySelector("input[name=category]:checked") ?? null; }
function showQuestions() {
  const kind = chosen()?.value;
  for (const part of form().querySelectorAll("[data-infra-questions]")) {
    part.hidden = part.disabled = part.dataset.infraQuestions !== kind;
  }
}

// --- villages of one district ---
function narrowVillages(select) {
  const village = form().querySelector("#village");
  village.infraAll ??= [...village.querySelectorAll("optgroup")];
  for (const group of village.infraAll) {
    if (!select.value || group.dataset.code === select.value) village.append(group);
    else group.remove();
  }
  if (!village.selectedOptions.length) village.value = "";
}

// --- similar reports nearby ---
let asked = "";
let timer = 0;
function lookAround() {
  const here = form();
  const [kind, lat, lon] = [chosen()?.value, here.elements.lat.value.trim(), here.elements.lon.value.trim()];
  const question = kind && lat && lon ? new URLSearchParams({ kategori: kind, lat, lon }).toString() : "";
  if (question === asked) return;
  asked = question;
  if (!question) return showSimilar("");
  fetch(`${here.dataset.similar}?${question}`).then((answer) => (answer.ok ? answer.text() : "")).then((part) => {
    if (asked === question) showSimilar(part);
  }).catch(() => { asked = ""; });
}
function showSimilar(part) {
  const place = document.querySelector("[data-infra-similar]");
  place.innerHTML = part;
  window.htmx?.process(place);
  const button = document.querySelector("[data-infra-send]");
  button.dataset.plain ??= button.querySelector("span").textContent;
  button.querySelector("span").textContent = hasSimilar() ? button.dataset.anyway : button.dataset.plain;
}
const hasSimilar = () => Boolean(document.querySelector("[data-infra-near]"));

// --- the draft ---
const photoInput = () => form().elements.photos;
async function smallPhotos() {
  const files = [...photoInput().files];
  for (const file of files) if (!small.has(file)) small.set(file, await (pictures?.shrunk(file) ?? file));
  return files.map((file) => small.get(file));
}
let saving = 0;
function saveSoon() {
  clearTimeout(saving);
  saving = setTimeout(save, 400);
}
async function save(state = "draft") {
  clearTimeout(saving);
  if (!drafts || !form()) return false;
  const photos = (await smallPhotos()).map((file) => ({ name: file.name, type: file.type, blob: file }));
  const fields = drafts.fieldsOf(form());
  delete fields.kunci;
  const title = chosen()?.closest("label").querySelector("span").textContent ?? "";
  const typed = photos.length || Object.keys(fields).some((name) => name !== "severity");
  if (!typed) return false;
  current = { ...current, state, fields, photos, title, says: "" };
  try {
    await drafts.keep(current);
    if (state === "draft") said(words.kept);
    return true;
  } catch {
    said(words.full);
    return false;
  }
}

async function fillIn(draft) {
  current = draft;
  const here = form();
  here.reset();
  for (const field of here.elements) {
    const values = draft.fields[field.name];
    if (!field.name || field.type === "file" || field.name === "csrf_token" || field.name === "lb_once") continue;
    if (field.type === "radio" || field.type === "checkbox") field.checked = Boolean(values?.includes(field.value));
    else if (values) [field.value] = values;
  }
  if (!here.querySelector("input[name=severity]:checked")) here.querySelector("input[name=severity][value=sedang]").checked = true;
  for (const group of here.querySelectorAll(".infra-group:has(:checked)")) group.open = true;
  if (["name", "email", "phone"].some((name) => draft.fields[name])) here.querySelector(".infra-contact").open = true;
  attach(draft.photos);
  showQuestions();
  for (const name of ["lat", "lon"]) here.elements[name].dispatchEvent(new Event("change", { bubbles: true }));
  if (draft.fields.accuracy) [here.elements.accuracy.value] = draft.fields.accuracy;
  here.scrollIntoView({ block: "start" });
}
function attach(photos) {
  const bag = new DataTransfer();
  small = new Map();
  for (const photo of photos) {
    const file = new File([photo.blob], photo.name, { type: photo.type });
    small.set(file, file);
    bag.items.add(file);
  }
  photoInput().files = bag.files;
  photoInput().dispatchEvent(new Event("change", { bubbles: true }));
}

// --- sending ---
async function submit(event) {
  event.preventDefault();
  const button = document.querySelector("[data-infra-send]");
  if (button.getAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  said(words.sending);
  const isKept = await save("sending");
  const outcome = await post();
  button.removeAttribute("aria-busy");
  if (outcome.sent) {
    await drafts?.drop(current.key).catch(() => {});
    current = newDraft();
    location.assign(outcome.sent.url);
  } else if (outcome.away) await wait(isKept);
  else showRefusal(outcome.refused);
}
async function post() {
  const here = form();
  const photos = await smallPhotos();
  const data = () => {
    const all = new FormData(here);
    all.delete("photos");
    for (const photo of photos) all.append("photos", photo, photo.name);
    all.set("kunci", current.key);
    if (hasSimilar()) all.set("tetap", "ya");
    return all;
  };
  try {
    let answer = await fetch(here.action, { method: "POST", body: data() });
    if (answer.status === 400) { // the page was open for long, or is the one kept for offline: its token is no longer good
      const fresh = new DOMParser().parseFromString(await (await fetch(words.page, { cache: "no-store" })).text(), "text/html");
      here.elements.csrf_token.value = fresh.querySelector("form[data-infra-report] input[name=csrf_token]")?.value ?? "";
      answer = await fetch(here.action, { method: "POST", body: data() });
    }
    return drafts ? await drafts.outcome(answer) : { refused: new DOMParser().parseFromString(await answer.text(), "text/html") };
  } catch {
    return { away: true };
  }
}
const isWhole = ({ fields, photos }) => fields.category && (fields.lat || fields.village || photos.length);
async function wait(isKept) {
  if (isKept && !isWhole(current)) {
    await save();
    return said(words.incomplete);
  }
  const left = isKept && drafts ? await drafts.keep({ ...current, state: "waiting" }).then(() => true, () => false) : false;
  said(left ? words.offline : words.full);
  if (!left) return;
  toast(words.offline, "padi");
  current = newDraft();
  form().reset();
  attach([]);
  showQuestions();
  await showDrafts();
  box.scrollIntoView({ block: "center" });
}

// The page with what is wrong takes the place of the form; the photos are put back, as a browser never does.
function showRefusal(page) {
  const fresh = page.querySelector("form[data-infra-report]");
  if (!fresh) {
    said(words.failed);
    toast(page.querySelector("main p")?.textContent ?? words.failed, "gawat");
    return;
  }
  const photos = current.photos;
  for (const one of fresh.querySelectorAll("noscript")) one.remove(); // a parsed page has these open
  form().replaceWith(document.adoptNode(fresh));
  fresh.querySelector("[data-infra-photos-again]")?.remove();
  showSimilar(page.querySelector("[data-infra-similar]")?.innerHTML ?? "");
  asked = "";
  said("");
  attach(photos);
  document.dispatchEvent(new CustomEvent("lb:page"));
  saveSoon();
  const first = document.querySelector("[data-lb-focus]") ?? document.querySelector("[data-infra-near]");
  first?.focus?.();
  first?.scrollIntoView({ block: "start" });
}

// --- what waits on this device ---
async function showDrafts() {
  const list = box.querySelector("[data-infra-draft-list]");
  const kept = (await drafts.all()).filter((draft) => draft.key !== current.key);
  list.replaceChildren(...kept.map(row));
  box.hidden = !kept.length;
}
function row(draft) {
  const line = box.querySelector("[data-infra-draft-row]").content.cloneNode(true).firstElementChild;
  const part = (name) => line.querySelector(`[data-${name}]`);
  part("title").textContent = draft.title || words.untitled;
  const state = draft.state === "sending" ? "draft" : draft.state;
  const about = state === "sent" ? `${words.sent} ${draft.number}` : [words[state], draft.says].filter(Boolean).join(": ");
  part("state").textContent = draft.photos?.length ? `${about} · ${draft.photos.length} ${words.photos}` : about;
  part("open").hidden = state !== "sent";
  if (draft.url) part("open").href = draft.url;
  part("continue").hidden = state === "sent";
  part("send").hidden = state !== "waiting";
  part("continue").addEventListener("click", async () => {
    if (!form()) return location.assign(`${words.page}#lanjut-${draft.key}`);
    await fillIn({ ...draft, state: "draft", says: "" });
    await save();
    await showDrafts();
  });
  part("send").addEventListener("click", sendWaiting);
  part("delete").addEventListener("click", async () => { await drafts.drop(draft.key); await showDrafts(); });
  return line;
}

let isSending = false;
async function sendWaiting() {
  if (isSending || !drafts) return;
  isSending = true;
  try {
    for (const draft of await drafts.all()) {
      if (draft.state !== "waiting" || draft.key === current.key) continue;
      const outcome = await drafts.send(draft, words.page);
      if (outcome.away) break;
      if (!(await drafts.get(draft.key))) continue; // deleted meanwhile
      if (outcome.sent) {
        await drafts.keep({ key: draft.key, state: "sent", title: draft.title, ...outcome.sent });
        toast(`${words.arrived} ${outcome.sent.number}.`, "baik");
      } else {
        const says = outcome.refused.querySelector(".lb-error-summary li, main p")?.textContent ?? "";
        await drafts.keep({ ...draft, state: "refused", says });
      }
    }
  } finally {
    isSending = false;
  }
  await showDrafts();
}

// --- beginnings ---
function begin() {
  const wanted = new URLSearchParams(location.search).get("kategori"); // the page kept for offline does not know it
  if (wanted && !chosen()) form().querySelector(`input[name=category][value="${CSS.escape(wanted)}"]`)?.click();
  showQuestions();
  document.addEventListener("change", (event) => {
    if (event.target.name === "category") showQuestions();
    if (event.target.matches("[data-infra-district]")) narrowVillages(event.target);
  });
  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      if (event.target.form !== form() || event.target.name === "csrf_token") return;
      saveSoon();
      clearTimeout(timer);
      timer = setTimeout(lookAround, 300);
    });
  }
  document.addEventListener("submit", (event) => { if (event.target === form()) submit(event); });
  lookAround();
}
async function beginDrafts() {
  const wanted = location.hash.startsWith("#lanjut-") ? await drafts.get(location.hash.slice(8)) : null;
  if (wanted && wanted.state !== "sent" && form()) await fillIn({ ...wanted, state: "draft" });
  await showDrafts();
  await sendWaiting();
  window.addEventListener("online", sendWaiting);
  setInterval(sendWaiting, 60_000);
}
if (form()) begin();
if (drafts) beginDrafts().catch(() => { /* a private window keeps nothing: the page works as without a script */ });
// A page that comes back from the history begins a report of its own.
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

for (const button of document.querySelectorAll("[data-infra-share]")) {
  if (!navigator.share) continue;
  button.hidden = false;
  button.addEventListener("click", () => navigator.share({ title: button.dataset.title, url: button.dataset.infraShare }).catch(() => {}));
}
