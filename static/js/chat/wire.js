// The way to the server: one WebSocket, and plain HTTP where there is none.
//
// A network that blocks WebSockets, a proxy that answers 403, a server that restarts: after five seconds without a socket
// everything goes over HTTP, and the socket is tried on in the background. Nothing is buffered or repeated here: whoever
// must not lose anything (outbox.js, log.js) asks again.
//
// link: connecting → live (a socket) | polling (HTTP only) | offline (neither) | ended (signed out; for good)
import { io } from "../../vendor/socket.io.esm.min.js";

const PATIENCE_MS = 5000; // realtime.md: then the twins
const ANSWER_MS = 8000; // a socket that is silent for so long is taken for broken
const STEADY_MS = 10_000; // only a connection that held for so long makes the next try quick again
const LONGEST_S = 30;
const LIGHT_PAGE = "/rules"; // a small page of every member: names its reader, and holds a fresh token

export const UNREACHED = { ok: false, code: "unreached", message: "" };

// What a page asks by itself while nobody touches it is no activity: staff are signed out after half an hour (core/web.py).
export const UNATTENDED = { "X-Unattended": "1" };
const ATTENTION_MS = 5 * 60_000;
let touchedAt = performance.now();
for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"]) {
  addEventListener(kind, () => (touchedAt = performance.now()), { capture: true, passive: true });
}
const isAttended = () => performance.now() - touchedAt < ATTENTION_MS;

// 1, 2, 4 … 30 s, each between half of it and all of it, so that a thousand clients do not come back at once.
export const backOff = (tries) => Math.min(LONGEST_S, 2 ** tries) * 1000 * (0.5 + Math.random() / 2);

export function openWire({ me, csrf, onLink }) {
  const socket = io({
    path: "/socket.io",
    transports: ["websocket"],
    forceNew: true,
    autoConnect: false,
    reconnection: false, // ours below: a fresh token, and one rule for all waiting
    timeout: ANSWER_MS,
    auth: (give) => give({ csrf: token }),
  });
  const timers = { again: 0, patience: 0, steady: 0, attempt: 0 };
  let token = csrf;
  let link = "connecting";
  let tries = 0;
  const waiting = []; // those who ask while it is not known yet which way to go

  function become(next) {
    if (link === "ended" || link === next) return;
    link = next;
    if (link !== "connecting") waiting.splice(0).forEach((go) => go());
    onLink(link);
  }

  // ---------------------------------------------------------------- the socket

  function open() {
    if (navigator.onLine) beginPatience();
    else become("offline"); // browsers err in this, too: it is tried all the same
    connect();
  }

  function beginPatience() {
    timers.patience ||= setTimeout(() => {
      timers.patience = 0;
      if (link === "connecting") become("polling");
    }, PATIENCE_MS);
  }

  function connect() {
    if (link === "ended" || socket.connected || timers.attempt) return;
    clearTimeout(timers.again);
    timers.attempt = setTimeout(tryAgain, 2 * ANSWER_MS); // opened, but never welcomed
    socket.connect();
  }

  function settleAttempt() {
    clearTimeout(timers.attempt);
    timers.attempt = 0;
  }

  function tryAgain() {
    settleAttempt();
    socket.disconnect();
    clearTimeout(timers.again);
    if (link === "ended") return;
    timers.again = setTimeout(connect, backOff(tries));
    tries += 1;
  }

  socket.on("connect", () => {
    settleAttempt();
    clearTimeout(timers.patience);
    timers.patience = 0;
    timers.steady = setTimeout(() => (tries = 0), STEADY_MS);
    become("live");
  });

  socket.on("connect_error", async (error) => {
    settleAttempt();
    if (error.message === "signed_out" && !(await renew()) && link === "ended") return;
    tryAgain();
  });

  socket.on("disconnect", () => {
    clearTimeout(timers.steady);
    if (link === "ended") return;
    if (!navigator.onLine) become("offline");
    else {
      become("connecting");
      beginPatience();
    }
    tryAgain();
  });

  socket.on("session:ended", renew); // of another device, perhaps: plain HTTP knows

  // The page is looked at again, or the network is back: now rather than in half a minute.
  function nudge() {
    if (link === "ended" || socket.connected) return;
    tries = 0;
    if (link === "offline" && navigator.onLine) become("connecting");
    if (link === "connecting") beginPatience();
    connect();
  }

  const lose = () => become("offline");
  addEventListener("offline", lose);

  function close() {
    removeEventListener("offline", lose);
    Object.values(timers).forEach(clearTimeout);
    link = "ended";
    socket.disconnect();
    waiting.splice(0).forEach((go) => go());
  }

  function end() {
    become("ended");
    close();
  }

  // ---------------------------------------------------------------- plain HTTP

  // The answer as the server gave it; UNREACHED where nobody answered, or not one of ours did (a hotel's sign-in page).
  async function ask(path, content, isRepeated = false) {
    if (link === "ended") return UNREACHED;
    const answer = await fetch(path, {
      method: content ? "POST" : "GET",
      headers: { Accept: "application/json", ...(isAttended() ? {} : UNATTENDED), ...(content && jsonHeaders()) },
      body: content && JSON.stringify(content),
      keepalive: Boolean(content),
      signal: AbortSignal.timeout?.(2 * ANSWER_MS),
    }).catch(() => null);
    const found = await answer?.json().catch(() => null);
    noteReach(Boolean(found));
    if (typeof found?.ok !== "boolean") return UNREACHED;
    if (found.code === "stale_form" && !isRepeated && (await renew())) return ask(path, content, true);
    return heard(found);
  }

  const jsonHeaders = () => ({ "Content-Type": "application/json", "X-CSRF-Token": token });

  function noteReach(isReached) {
    if ((link === "polling" || link === "offline") && !socket.connected) become(isReached ? "polling" : "offline");
  }

  // Another member's page came back: this one belongs to nobody any more, and nothing is sent in another's name.
  async function renew() {
    const answer = await fetch(LIGHT_PAGE, { headers: { Accept: "text/html", ...UNATTENDED } }).catch(() => null);
    const page = answer?.ok && (await answer.text().catch(() => ""));
    if (!page) return false;
    const [, reader] = page.match(/ data-person="([^"]*)"/) ?? [];
    [, token = token] = page.match(/name="csrf_token" value="([^"]+)"/) ?? [];
    if (reader !== me) end();
    return reader === me;
  }

  // What is wrong with a field is said more exactly than that something is wrong.
  function heard(answer) {
    if (answer.code === "signed_out") end();
    const [exactly] = Object.values(answer.fields ?? {}).flat();
    return exactly ? { ...answer, message: exactly } : answer;
  }

  // ---------------------------------------------------------------- either way

  // Over the socket where there is one, otherwise by its twin {path, content}. An answer, or UNREACHED.
  async function tell(event, payload, twin) {
    if (link === "connecting") await new Promise((go) => waiting.push(go));
    if (link === "ended") return UNREACHED;
    return socket.connected ? emit(event, payload) : ask(twin.path, twin.content);
  }

  async function emit(event, payload) {
    if (!socket.connected) return UNREACHED;
    try {
      const answer = await socket.timeout(ANSWER_MS).emitWithAck(event, payload);
      if (typeof answer?.ok !== "boolean") return UNREACHED;
      if (answer.code !== "signed_out") return heard(answer);
      if (await renew()) socket.disconnect(); // only this connection had become too old
    } catch {
      if (socket.connected) socket.disconnect(); // half open: its end would be noticed only by the next heartbeat
    }
    return UNREACHED;
  }

  return {
    open,
    close,
    nudge,
    ask,
    tell,
    emit,
    on: (event, hear) => socket.on(event, hear),
    get link() {
      return link;
    },
  };
}
