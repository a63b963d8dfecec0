// The service worker: keeps one page, the one for when there is no network, with the files it needs. It keeps no
// page of anybody's, answers nothing else, and asks for what it keeps without cookies.
const KEPT = {{ kept | tojson }};
const OFFLINE = KEPT.files[0];

const keep = async () => {
  const cache = await caches.open(KEPT.cache);
  await cache.addAll(KEPT.files.map((file) => new Request(file, { credentials: "omit" })));
  await self.skipWaiting();
};
const tidy = async () => {
  for (const name of await caches.keys()) {
    if (name.startsWith("lumbung-") && name !== KEPT.cache) await caches.delete(name);
  }
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
};
const visit = async (event) => {
  try {
    return (await event.preloadResponse) || (await fetch(event.request));
  } catch {
    return (await caches.match(OFFLINE)) || Response.error();
  }
};
const file = async (request) => (await caches.match(request)) || fetch(request);

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(tidy()));
self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  if (method !== "GET") return;
  const { origin, pathname, search } = new URL(url);
  if (mode === "navigate") event.respondWith(visit(event));
  else if (origin === self.location.origin && KEPT.files.includes(pathname + search)) event.respondWith(file(event.request));
});
