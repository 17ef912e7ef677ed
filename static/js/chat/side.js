// My rooms beside the open one, where the window is wide enough for both. The server draws them anew when something moved.
import { UNATTENDED } from "./wire.js";

const WAIT_MS = 3000; // several hints at once are one look
const REST_MS = 20_000; // and where much is said, one now and then

export function followSide(here) {
  const side = document.querySelector(".room-side");
  const heads = new Map();
  let timer = 0;
  let looked = -REST_MS;

  // The other rooms, as long as they are on the screen.
  const rooms = () => (side?.offsetParent ? [...side.querySelectorAll(".room-row a")].map(({ pathname }) => pathname.slice(7)).filter((room) => room !== here) : []);

  // Nothing: something was said here, or a notice came. Otherwise the newest entries of rooms: the first time they say where the list stands.
  function hear(told) {
    let isNew = !told;
    for (const [room, head] of Object.entries(told ?? {})) {
      if (room === here) continue;
      isNew ||= heads.has(room) ? heads.get(room) !== head : !rooms().includes(room);
      heads.set(room, head);
    }
    if (isNew && side?.offsetParent) timer ||= setTimeout(refresh, Math.max(WAIT_MS * Math.random(), looked + REST_MS - performance.now()));
  }

  async function refresh() {
    timer = 0;
    looked = performance.now();
    const answer = await fetch("/rooms", { headers: { Accept: "text/html", ...UNATTENDED } }).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-rooms]");
    if (fresh) side.querySelector("[data-rooms]").replaceWith(fresh);
    mark();
  }

  function mark() {
    const link = side?.querySelector(`[href="/rooms/${here}"]`);
    link?.setAttribute("aria-current", "page");
    const row = link?.closest(".room-row");
    row?.classList.remove("has-news");
    row?.querySelector(".badge")?.remove();
    row?.scrollIntoView({ block: "nearest" });
  }

  mark();
  return { rooms, hear };
}
