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

// ---------------------------------------------------------------- pushes

self.addEventListener("push", (event) => {
  const { title = "つぼみ", body = "", url = "/notices", tag } = event.data?.json() ?? {};
  const icon = `${FILES}img/icon-192.png`;
  event.waitUntil(self.registration.showNotification(title, { body, tag, icon, data: { url } }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.url));
});

// The browser changed the address of its pushes: hand out the new one in place of the old.
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

async function open(path) {
  const url = new URL(path, location.origin);
  if (url.origin !== location.origin) return;
  const [window] = await self.clients.matchAll({ type: "window" });
  if (!window) return self.clients.openWindow(url);
  await window.focus();
  await window.navigate(url).catch(() => self.clients.openWindow(url));
}

async function renew({ oldSubscription, newSubscription }) {
  const made = newSubscription ?? (await self.registration.pushManager.subscribe(oldSubscription.options));
  const { endpoint, keys } = made.toJSON();
  const page = await (await fetch("/me/notices")).text(); // signed out: a page with another token, which is refused
  const [, token = ""] = page.match(/name="csrf_token" value="([^"]+)"/) ?? [];
  await fetch("/api/push/subscribe", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
    body: JSON.stringify({ endpoint, ...keys, replaces: oldSubscription?.endpoint ?? "" }),
  });
}
