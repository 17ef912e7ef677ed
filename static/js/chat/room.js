// The page of one room: the messages (view.js), what one writes (writing.js), what is done with a message (menu.js, touch.js),
// and the protocol (session.js), put together.
import { openMenus } from "./menu.js";
import { openChat } from "./session.js";
import { followSide } from "./side.js";
import { followFinger } from "./touch.js";
import { openView } from "./view.js";
import { openWriting } from "./writing.js";

const READ_AFTER_MS = 400; // glanced at, not only scrolled past
const MOST_PAGES_BACK = 4; // what is older is a page of its own
const TOAST_MS = 5000;
const ADDING = new Set(["message", "member", "system"]);
const SAMPLE = "aaaaaaaaaaaaa"; // samples.py, PLACE

const root = document.querySelector("[data-room]");
const isPast = "past" in root.dataset; // an older page by itself: nothing new belongs below it
root.place = JSON.parse(root.dataset.place);
const view = openView(root);
const { words } = view;
const csrf = root.querySelector("[name=csrf_token]").value;
const side = followSide(root.dataset.room);

const chat = openChat({
  roomId: root.dataset.room,
  me: document.body.dataset.person,
  epoch: Number(root.dataset.epoch),
  have: Number(root.dataset.have),
  csrf,
  onItems: (items) => isPast || view.showItems(items),
  onEvent(event, key) {
    if (isPast && ADDING.has(event.kind)) return;
    view.apply(event, key !== null);
    if (event.kind === "message") side.hear();
    watch();
    // Whoever has the newest on the screen sees this as well, and need not be told that it names them.
    if (event.kind === "edit" && view.isAtEnd() && document.visibilityState === "visible") setTimeout(readOn, READ_AFTER_MS, event.seq);
  },
  onReset(page) {
    if (isPast) return;
    view.replace(page);
    view.pin(page.pinned);
    watch();
  },
  onState: showState,
  onOther: side.hear,
  others: side.rooms,
});
chat.save = (message, on) => post(root.place.save.replace(SAMPLE, message), { on });

async function post(path, content) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(content) }).catch(() => null);
  return (await answer?.json().catch(() => null)) ?? { ok: false, message: "" };
}

// ---------------------------------------------------------------- what became of it

const state = root.querySelector("[data-state-line]");

function showState(name, { kept = true } = {}) {
  root.dataset.link = name;
  view.relabel();
  const text = words.states[name] ?? (kept ? "" : words.notKept);
  state.textContent = text;
  state.hidden = !text;
  const isOver = name === "gone" || name === "ended";
  root.querySelector("[data-write-room]")?.toggleAttribute("inert", isOver);
}

let toast = null;

// Says what went wrong, or a word of confirmation; silent where all went well.
function tell(answer) {
  if (answer.ok) return;
  toast?.remove();
  toast = Object.assign(document.createElement("p"), { className: "toast", role: "status", textContent: answer.message || words.unreached });
  root.append(toast); // which knows how high the place for writing is
  setTimeout((mine) => mine.remove(), TOAST_MS, toast);
}

// ---------------------------------------------------------------- reading on, reading back

// The bookmark moves with the newest message that stood on the screen of a page that is being looked at.
const onScreen = new IntersectionObserver(
  (seen) => {
    for (const { isIntersecting, target } of seen) {
      if (isIntersecting) setTimeout(read, READ_AFTER_MS, target);
    }
  },
  { root: view.scroller, rootMargin: "0px 0px 8px" },
);

function read(node) {
  if (document.visibilityState !== "visible" || !node.isConnected || !isSeen(node)) return;
  onScreen.unobserve(node);
  const seq = Number(node.dataset.seq);
  if (seq > bookmark) chat.read((bookmark = seq));
}

function readOn(seq) {
  if (document.visibilityState === "visible" && view.isAtEnd() && bookmark >= newestSaid()) chat.read(seq);
}

const newestSaid = () => Number([...view.list.querySelectorAll("[data-seq]")].at(-1)?.dataset.seq ?? 0);

function isSeen(node) {
  const [box, frame] = [node.getBoundingClientRect(), view.scroller.getBoundingClientRect()];
  return box.bottom > frame.top && box.bottom <= frame.bottom + 16;
}

let bookmark = Number(root.dataset.bookmark);
let watched = 0;

function watch() {
  if (isPast) return;
  const fresh = [...view.list.querySelectorAll("[data-seq]")].filter(({ dataset }) => Number(dataset.seq) > Math.max(watched, bookmark));
  fresh.forEach((node) => onScreen.observe(node));
  if (fresh.length) watched = Number(fresh.at(-1).dataset.seq);
}

// Seen while the page was behind another: asked again when it comes to the front.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  onScreen.disconnect();
  watched = 0;
  watch();
});

let loading = null;

function older() {
  const before = view.sentinel.dataset.older;
  if (!before) return null;
  loading ??= chat
    .older(before)
    .then((page) => page.ok && view.prepend(page))
    .finally(() => (loading = null));
  return loading;
}

new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && older(), { root: view.scroller, rootMargin: "1200px 0px 0px" }).observe(view.sentinel);
view.sentinel.addEventListener("click", (event) => {
  event.preventDefault();
  older();
});

// A fast finger reaches the end before the page does: the next one is asked for as soon as one came in.
view.scroller.addEventListener("scroll", () => {
  if (!loading && view.sentinel.dataset.older && view.scroller.scrollHeight - view.scroller.clientHeight + view.scroller.scrollTop < 1200) older();
}, { passive: true });

async function leadTo(id) {
  for (let pages = 0; !view.nodeOf(id) && view.sentinel.dataset.older && pages < MOST_PAGES_BACK; pages++) {
    if (!(await older())) break;
  }
  const node = view.nodeOf(id);
  if (node) view.show(node);
  else location.assign(`?at=${id}#m-${id}`);
}

root.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#m-']");
  if (!link) return;
  event.preventDefault();
  leadTo(link.hash.slice(3));
});

// ---------------------------------------------------------------- the parts

const writing = openWriting(root, view, chat);
const menus = openMenus(root, view, chat, { onReply: (node) => writing?.aim(node), tell });
followFinger(view.list, { onHold: (node) => menus.open(node), onDraw: (node) => writing.aim(node), canDraw: () => Boolean(writing) });

view.waiting.addEventListener("click", (event) => {
  const { key } = event.target.closest("[data-key]")?.dataset ?? {};
  if (event.target.closest("[data-retry]")) chat.retry(key);
  else if (event.target.closest("[data-cancel]")) chat.cancel(key);
});

document.addEventListener("click", (event) => {
  for (const menu of root.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

// The way to the newest message stands above whatever height the composer has.
const foot = root.querySelector(".room-write, .room-foot");
new ResizeObserver(() => root.style.setProperty("--write-height", `${foot.offsetHeight}px`)).observe(foot);

// Safari lays the keyboard over the page: what is left of the window is the room's height.
if (window.visualViewport && matchMedia("(pointer: coarse)").matches) {
  const fit = () => {
    const { height, scale } = visualViewport;
    if (scale > 1.01) return; // somebody looks closely: nothing may jump
    document.documentElement.style.setProperty("--room-height", `${height}px`);
    if (document.documentElement.scrollTop) scrollTo(0, 0);
  };
  visualViewport.addEventListener("resize", fit);
  fit();
}

// ---------------------------------------------------------------- where one begins

const asked = root.dataset.sought ?? location.hash.match(/^#m-([a-z2-7]{13})$/)?.[1];
if (asked && view.nodeOf(asked)) view.show(view.nodeOf(asked));
else if (asked && !root.dataset.sought) leadTo(asked);
else root.querySelector(".unread-line")?.scrollIntoView({ block: "start" });
watch();
