// The service worker: keeps the page for when there is no network, the pages that gifts name under `offline` in their
// manifests, and the files of these. It keeps no page of anybody's: what it keeps is asked for without cookies.
const KEPT = {{ kept | tojson }};
const OFFLINE = KEPT.files[0];
const FRESH_FOR = 10 * 60 * 1000; // milliseconds for which a kept page is not asked for again

const nobody = (address) => new Request(address, { credentials: "omit" });
const isHouseFile = (path) => KEPT.folders.some((folder) => path.startsWith(folder));

// Files that a page names in its attributes, by whatever attribute: scripts, styles, what a map is drawn with.
const filesOf = (text) => [...text.matchAll(/"(\/[^"\s#]+)/g)].map((found) => found[1].replaceAll("&amp;", "&"))
  .filter((path) => isHouseFile(path));

async function keepPage(cache, path) {
  const answer = await fetch(nobody(path)).catch(() => null);
  if (!answer?.ok || answer.redirected) return; // closed, suspended or broken just now: the others are kept all the same
  const files = filesOf(await answer.clone().text());
  await cache.put(path, answer);
  await Promise.all(files.map(async (file) => {
    if (!(await cache.match(file))) await cache.add(nobody(file)).catch(() => { /* asked for again next time */ });
  }));
}
async function renewPage(path) {
  const cache = await caches.open(KEPT.cache);
  const kept = await cache.match(path);
  const age = Date.now() - Date.parse(kept?.headers.get("Date") ?? 0);
  if (!kept || !(age < FRESH_FOR)) await keepPage(cache, path);
}

const keep = async () => {
  const cache = await caches.open(KEPT.cache);
  await cache.addAll(KEPT.files.map(nobody));
  await Promise.all(KEPT.pages.map((path) => keepPage(cache, path)));
  await self.skipWaiting();
};
const tidy = async () => {
  for (const name of await caches.keys()) {
    if (name.startsWith("lumbung-") && name !== KEPT.cache) await caches.delete(name);
  }
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
};
const visit = async (event, path) => {
  const isKept = KEPT.pages.includes(path);
  try {
    const answer = (await event.preloadResponse) || (await fetch(event.request));
    if (isKept) event.waitUntil(renewPage(path));
    return answer;
  } catch {
    return (isKept && (await caches.match(path))) || (await caches.match(OFFLINE)) || Response.error();
  }
};
const file = async (request) => (await caches.match(request)) || fetch(request);

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(tidy()));
self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  if (method !== "GET") return;
  const { origin, pathname, search } = new URL(url);
  if (mode === "navigate") event.respondWith(visit(event, pathname));
  else if (origin === self.location.origin && (KEPT.files.includes(pathname + search) || isHouseFile(pathname))) {
    event.respondWith(file(event.request));
  }
});
