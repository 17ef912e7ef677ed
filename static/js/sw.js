// Keeps the hashed files and one page for the time without a connection. Never a page of a person.
const release = new URL(location.href).searchParams.get("v");
const STORE = `tsubomi-${release}`;
const FILES = `/static/${release}/`;
const NEEDED = ["css/app.css", "js/app.js", "js/drafts.js", "img/icons.svg"];

self.addEventListener("install", (event) => event.waitUntil(fill()));
self.addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith(FILES)) event.respondWith(fromStore(request));
  else if (request.mode === "navigate") event.respondWith(fetch(request).catch(offlinePage));
});

async function fill() {
  const store = await caches.open(STORE);
  // without cookies: the page kept here must not know who asked for it
  await store.addAll([...NEEDED.map((path) => FILES + path), new Request("/offline", { credentials: "omit" })]);
  await self.skipWaiting();
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("tsubomi-") && name !== STORE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function fromStore(request) {
  const store = await caches.open(STORE);
  const kept = await store.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await store.put(request, answer.clone());
  return answer;
}

async function offlinePage() {
  return (await caches.match("/offline")) ?? Response.error();
}
