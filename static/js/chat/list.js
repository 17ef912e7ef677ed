// My rooms on a page of their own, which holds no socket: drawn anew by the server when one comes back to them, and now and then
// while they are in sight. The bell above comes with the same page.
const EVERY_MS = 30_000;
const PARTS = ["[data-rooms]", "[data-bell]"];

async function refresh() {
  if (document.hidden) return;
  const headers = { Accept: "text/html", "X-Unattended": "1" }; // as in wire.js: nobody asked for it
  const answer = await fetch("/rooms", { headers }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of PARTS) replace(document.querySelector(part), page.querySelector(part));
}

// What did not change stays, so that no tap and no focus is lost for nothing.
function replace(old, fresh) {
  if (!old || !fresh || old.outerHTML === fresh.outerHTML) return;
  const { pathname } = old.contains(document.activeElement) ? document.activeElement : {};
  old.replaceWith(fresh);
  if (pathname) [fresh, ...fresh.querySelectorAll("a")].find((link) => link.pathname === pathname)?.focus();
}

document.addEventListener("visibilitychange", refresh);
addEventListener("pageshow", ({ persisted }) => persisted && refresh());
addEventListener("online", refresh);
setInterval(refresh, EVERY_MS);
