// Reports that are not sent yet, kept in the browser's own store (IndexedDB) with their photos. Nothing leaves the device
// by this; what was sent, or what somebody deletes, is gone from here.

const opened = new Promise((resolve, reject) => {
  const request = indexedDB.open("lumbung-infrastruktur", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("drafts", { keyPath: "key" });
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function inStore(mode, act) {
  const transaction = (await opened).transaction("drafts", mode);
  const request = act(transaction.objectStore("drafts"));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

export const keep = (draft) => inStore("readwrite", (store) => store.put({ ...draft, at: Date.now() }));
export const drop = (key) => inStore("readwrite", (store) => store.delete(key));
export const get = (key) => inStore("readonly", (store) => store.get(key));
export const all = async () => (await inStore("readonly", (store) => store.getAll())).sort((a, b) => b.at - a.at);

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What a form holds, as it can be kept: the fields by name, each with its values. Tokens are of this visit only.
const OF_THIS_VISIT = new Set(["csrf_token", "lb_once", "photos", "tetap"]);
export function fieldsOf(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value && !OF_THIS_VISIT.has(name)) (fields[name] ??= []).push(value);
  }
  return fields;
}

// Send a draft with a token of now. Returns {sent: {number, url}}, {refused: page} or {away: true}.
export async function send(draft, page) {
  try {
    const fresh = await (await fetch(page, { cache: "no-store" })).text();
    const token = new DOMParser().parseFromString(fresh, "text/html").querySelector("form[data-infra-report] input[name=csrf_token]")?.value;
    if (!token) return { away: true };
    const data = new FormData();
    data.append("csrf_token", token);
    for (const [name, values] of Object.entries(draft.fields)) for (const value of values) data.append(name, value);
    data.set("kunci", draft.key);
    data.set("tetap", "ya");
    for (const photo of draft.photos) data.append("photos", photo.blob, photo.name);
    return await outcome(await fetch(page, { method: "POST", body: data }));
  } catch {
    return { away: true };
  }
}

export async function outcome(answer) {
  if (answer.status >= 500 || answer.status === 429) return { away: true };
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const number = page.querySelector("[data-infra-number]")?.dataset.infraNumber;
  if (answer.ok && number) return { sent: { number, url: answer.url } };
  return { refused: page, status: answer.status };
}
