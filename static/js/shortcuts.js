// Keys for people at a desk; ? shows them. Single letters can be turned off in the sheet (WCAG 2.2, 2.1.4), and none
// works while somebody writes.

const OFF = "shortcuts-off";
const PLACES = { h: "/", t: "/rooms", b: "/boards", n: "/notices" };
let waiting = 0; // until when a g counts as the beginning of "g h"

const isOff = () => {
  try {
    return localStorage.getItem(OFF) !== null;
  } catch {
    return false;
  }
};
const isWriting = (target) => target.closest?.("input, textarea, select, [contenteditable], dialog[open]");
const items = () => [...document.querySelectorAll("main .post, main .row, main .menu-row")].filter((item) => item.checkVisibility());

function keyDown(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.keyCode === 229) return;
  if (event.defaultPrevented || isOff() || isWriting(event.target) || document.querySelector("dialog[open]")) return;
  const act = Date.now() < waiting ? () => go(event.key) : ACTS[event.key];
  waiting = 0;
  if (act && act() !== false) event.preventDefault();
}

const ACTS = {
  j: () => step(1),
  k: () => step(-1),
  o: () => press(here()?.querySelector(".row-title a, a.row-title, .menu-row-label, .post-time") ?? here()),
  r: () => focusOn(document.querySelector(".composer textarea, .room-write textarea")),
  e: edit,
  u: () => press(document.querySelector("[data-unread-jump]")),
  g: () => void (waiting = Date.now() + 1500),
  "?": () => void showSheet(),
};

function here() {
  const chosen = document.activeElement?.closest("main .post, main .row, main .menu-row");
  return chosen ?? document.querySelector("main .post:target"); // the one just written, edited or led to
}

function step(by) {
  const all = items();
  const now = all.indexOf(here());
  const next = all[now < 0 ? (by > 0 ? 0 : -1) : now + by];
  if (!next) return false;
  const target = next.querySelector(".stretched, a.row-title") ?? next;
  if (target === next && !next.matches("a")) next.tabIndex = -1;
  target.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function press(target) {
  if (!target) return false;
  target.click();
}

// The menu of a post may still be folded: then it only names what can be done.
function edit() {
  const link = here()?.querySelector('a[href$="/edit"], [data-can~="edit"]');
  if (!link) return false;
  location.assign(link.href.replace(/acts$/, "edit"));
}

function focusOn(target) {
  if (!target) return false;
  target.focus();
}

function go(key) {
  if (!PLACES[key]) return false;
  location.assign(PLACES[key]);
}

// ---------------------------------------------------------------- the sheet

async function showSheet() {
  const answer = await fetch("/shortcuts", { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const dialog = Object.assign(document.createElement("dialog"), { className: "sheet" });
  dialog.setAttribute("aria-labelledby", "sheet-title");
  dialog.append(...page.querySelector("[data-sheet]").children);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  wire(dialog, () => dialog.close());
  dialog.showModal();
}

function wire(sheet, close) {
  const box = sheet.querySelector("[data-shortcuts-on]");
  const button = sheet.querySelector("[data-sheet-close]");
  if (button && close) {
    button.hidden = false;
    button.addEventListener("click", close);
  }
  if (!box) return;
  box.closest("[hidden]")?.removeAttribute("hidden");
  box.checked = !isOff();
  box.addEventListener("change", () => (box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
}

const sheet = document.querySelector("[data-sheet]");
if (sheet) wire(sheet);
document.addEventListener("keydown", keyDown);
