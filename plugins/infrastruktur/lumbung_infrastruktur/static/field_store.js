// What a phone keeps of one crew's work, in its own store (IndexedDB): orders, small pictures, what waits to be sent,
// what was typed and not yet sent. Everything belongs to one person; another one never sees it.

const NAME = "lumbung-lapangan";
const STORES = { meta: "name", orders: "id", pictures: "id", outbox: "key", drafts: "id" };
const LONGEST = 1600; // pixels
const QUALITY = 0.8;

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

let opened;
function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) request.result.createObjectStore(name, { keyPath });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function change(names, act) {
  const transaction = (await open()).transaction(names, "readwrite");
  const finished = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
  act((name) => transaction.objectStore(name));
  await finished;
}

export const all = async (name) => done((await open()).transaction(name).objectStore(name).getAll());
export const get = async (name, key) => done((await open()).transaction(name).objectStore(name).get(key));
export const put = (name, row) => change([name], (store) => store(name).put(row));
export const drop = (name, key) => change([name], (store) => store(name).delete(key));

export const owner = async () => (await get("meta", "owner"))?.person ?? null;
export const setOwner = (person) => put("meta", { name: "owner", person });
export const syncedAt = async () => (await get("meta", "synced"))?.at ?? null;

// The outbox, oldest first; a later photo of an order must not overtake its start.
export async function outbox() {
  return (await all("outbox")).sort((one, other) => one.n - other.n);
}
export async function queue(update) {
  const last = (await outbox()).at(-1)?.n ?? 0;
  const row = { key: newKey(), n: last + 1, at: new Date().toISOString(), state: "waiting", ...update };
  await put("outbox", row);
  return row;
}
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What somebody typed or did that the office has not got yet.
const isTyped = (draft) => Object.values(draft.values).some((text) => String(text).trim());
export async function unsentOf(personId) {
  const mine = (row) => row.owner.id === personId;
  return [...(await outbox()).filter(mine), ...(await all("drafts")).filter((row) => mine(row) && isTyped(row))];
}

// The whole new picture of what is out there; small pictures that nobody needs any more go.
export async function replaceOrders(orders, more, at) {
  const kept = new Set(orders.flatMap((order) => order.photos.map((photo) => photo.id)));
  const before = await all("pictures");
  await change(["orders", "pictures", "meta"], (store) => {
    store("orders").clear();
    for (const order of orders) {
      for (const photo of order.photos) {
        if (photo.data) store("pictures").put({ id: photo.id, data: photo.data });
        delete photo.data;
      }
      store("orders").put(order);
    }
    for (const picture of before) if (!kept.has(picture.id)) store("pictures").delete(picture.id);
    store("meta").put({ name: "synced", at, more });
  });
}

// Somebody else is at the phone, or nobody: what the office told goes. What was typed and not sent stays for its writer.
export async function forgetOrders() {
  await change(["orders", "pictures", "meta"], (store) => {
    for (const name of ["orders", "pictures", "meta"]) store(name).clear();
  });
}
export async function wipe() {
  await change(Object.keys(STORES), (store) => {
    for (const name of Object.keys(STORES)) store(name).clear();
  });
}
export async function throwAway(personId) {
  const rows = { outbox: await all("outbox"), drafts: await all("drafts") };
  await change(["outbox", "drafts"], (store) => {
    for (const [name, found] of Object.entries(rows)) {
      for (const row of found) if (row.owner.id === personId) store(name).delete(row[STORES[name]]);
    }
  });
}

// A photo as it is kept and sent: upright, no longer than LONGEST, JPEG; the camera's own facts are not in it.
export async function smaller(file) {
  const image = await createImageBitmap(file, { imageOrientation: "from-image" });
  const share = Math.min(1, LONGEST / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * share));
  canvas.height = Math.max(1, Math.round(image.height * share));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", QUALITY);
  });
}
