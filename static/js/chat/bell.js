// A notice came while a chat was open: the bell counts it. Other pages hold no socket and count when they are opened.
import { UNATTENDED } from "./wire.js";

const QUIET_MS = 5000; // several at once are one look
let timer = 0;

export function refreshBell() {
  timer ||= setTimeout(look, QUIET_MS * Math.random());
}

async function look() {
  timer = 0;
  const bell = document.querySelector("[data-bell]");
  const answer = bell && (await fetch("/rules", { headers: { Accept: "text/html", ...UNATTENDED } }).catch(() => null)); // a small page of every member
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-bell]");
  if (!fresh) return;
  bell.querySelector(".badge")?.remove();
  const badge = fresh.querySelector(".badge");
  if (badge) bell.append(badge);
}
