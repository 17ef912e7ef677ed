// One open chat page: the only module of the protocol that a page calls. It joins the wire (sockets and their HTTP twins),
// the log (one order, nothing missing), and the outbox (what is still to be sent).
//
//   const chat = openChat({ roomId, me, epoch, have, csrf, onItems, onEvent, onReset, onState });
//
// Given: the room's and the reader's public ids, the epoch and head of the page as the server drew it, its CSRF token.
// Told, in this order and never twice:
//   onItems(items)       what this person has written here and the page does not show yet, oldest first, always the whole list:
//                        {key, state, sentence, code, body, replyTo, stamp, files, mentions, at, id, seq}
//                        state: waiting → sent (id, seq and at are the server's) or refused (sentence says why; may be empty);
//                        it is called before `send` has given its key, and again when the item needs no showing any more
//   onEvent(event, key)  an entry of the log; `key` names the item it takes the place of, or is null
//   onReset(page)        the page no longer holds together: draw {items, head, epoch, older} afresh
//   onState(name, more)  connecting | live | polling | offline | gone | ended; more.kept is false where nothing survives a reload
//   onOther(heads)       optional: {room: head or null} of rooms, `others()` among them; nothing where a notice came
// Asked: send(content) → key, retry(key), cancel(key); read(seq); older(messageId) → {ok, items, older};
//   edit(id, body, mentions), unsend(id), react(id, name, isOn), pin(id or "") → {ok: true, …} or {ok: false, code, message, …}:
//   code "unreached" has no message, because nobody answered. close() ends it all.
import { refreshBell } from "./bell.js";
import { followLog } from "./log.js";
import { openOutbox } from "./outbox.js";
import { openWire } from "./wire.js";

const LOOK_MS = 30_000; // realtime.md, reconnect: a phone that slept
const LOOK_AFTER_MS = 5000; // not all at once, where a thousand come back
const POLL_MS = [10_000, 15_000];
const READ_MS = 1000;
const ECHO_MS = 3000; // an acknowledged message that is not pushed by then is fetched

export function openChat({ roomId, me, epoch, have, csrf, onItems, onEvent, onReset, onState, onOther = () => {}, others = () => [] }) {
  const place = `/api/rooms/${roomId}`;
  const life = new AbortController();
  const timers = new Set();
  const bookmark = { wanted: 0, told: 0, timer: 0 };
  let state = "connecting";
  let isKept = true;

  const wire = openWire({ me, csrf, onLink: followLink });
  const log = followLog({ room: roomId, have, epoch, wire, onEvent: show, onReset: redraw, onGone: () => become("gone") });
  const outbox = openOutbox({ me, send: deliver, onChange: list });

  // ---------------------------------------------------------------- what the page is told

  function become(next) {
    if (state === "ended" || (state === "gone" && next !== "ended")) return;
    state = next;
    isKept = outbox.kept;
    onState(state, { kept: isKept });
  }

  function followLink(link) {
    become(link);
    if (link === "live") {
      log.sync();
      if (others().length) later(look, LOOK_AFTER_MS * Math.random());
    }
    if (link === "ended") close();
    else if (link !== "offline" && link !== "connecting") {
      outbox.wake();
      noteRead();
    }
  }

  function show(event) {
    const key = event.kind === "message" && event.message.mine ? outbox.place(roomId, event.message) : null;
    onEvent(event, key);
    if (key) list();
  }

  function redraw(page) {
    outbox.forget(roomId, page.head);
    onReset(page);
    list();
  }

  function list() {
    outbox.forget(roomId, log.have);
    onItems(outbox.items(roomId));
    if (outbox.kept !== isKept) become(state);
  }

  // ---------------------------------------------------------------- sending

  const joined = (ids) => ids?.join(",") || undefined;

  async function deliver(row) {
    const { room, key, body, replyTo, stamp, files, mentions } = row;
    const content = { key, body, reply_to: replyTo || undefined, stamp: stamp || undefined, files: joined(files), mentions: joined(mentions) };
    const answer = await wire.tell("message:send", { room, ...content }, { path: `/api/rooms/${room}/messages`, content });
    if (answer.ok && room === roomId) later(() => log.have < answer.seq && log.catchUp(), wire.link === "live" ? ECHO_MS : 0);
    return answer;
  }

  function act(event, payload, path, content) {
    return wire.tell(event, { room: roomId, ...payload }, { path: place + path, content });
  }

  // The bookmark is told once a second at most, and as the page is left.
  function read(seq) {
    if (seq <= bookmark.wanted) return;
    bookmark.wanted = seq;
    bookmark.timer ||= later(noteRead, READ_MS);
  }

  async function noteRead() {
    bookmark.timer = 0;
    const seq = bookmark.wanted;
    if (seq <= bookmark.told || state === "gone" || state === "ended") return;
    const answer = await act("room:read", { seq }, "/read", { seq });
    if (answer.ok) bookmark.told = Math.max(bookmark.told, seq);
  }

  // ---------------------------------------------------------------- looking after it

  function later(work, wait) {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, wait);
    timers.add(timer);
    return timer;
  }

  function keepLooking() {
    later(keepLooking, LOOK_MS);
    if (document.visibilityState === "visible" && wire.link === "live") look();
  }

  async function look() {
    onOther(await log.look(others()));
  }

  function keepPolling() {
    const [least, most] = POLL_MS;
    later(keepPolling, least + Math.random() * (most - least));
    if (wire.link === "polling" || wire.link === "offline") log.catchUp();
  }

  function awake() {
    wire.nudge();
    look();
    outbox.wake();
  }

  function listen() {
    const { signal } = life;
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && awake(), { signal });
    addEventListener("online", awake, { signal });
    addEventListener("pageshow", (event) => event.persisted && awake(), { signal });
    addEventListener("pagehide", () => bookmark.timer && noteRead(), { signal });
    wire.on("room:event", (event) => event.room === roomId && log.take(event));
    wire.on("room:heads", ({ rooms = {} }) => {
      if (roomId in rooms) log.hear(rooms[roomId]);
      onOther(rooms);
    });
    wire.on("notice:new", () => {
      refreshBell();
      onOther();
    });
  }

  function close() {
    life.abort();
    timers.forEach(clearTimeout);
    outbox.close();
    log.close();
    wire.close();
  }

  listen();
  keepLooking();
  keepPolling();
  queueMicrotask(wire.open); // the page has not finished reading what this gives back

  return {
    send: (content) => outbox.add(roomId, content),
    retry: outbox.retry,
    cancel: outbox.cancel,
    read,
    older: (before) => wire.ask(`${place}/messages?before=${encodeURIComponent(before)}`),
    edit(message, body, names) {
      const content = { body, mentions: joined(names) };
      return act("message:edit", { message, ...content }, `/messages/${message}/edit`, content);
    },
    unsend: (message) => act("message:unsend", { message }, `/messages/${message}/unsend`, {}),
    react: (message, name, on) => act("message:react", { message, name, on }, `/messages/${message}/reactions`, { name, on }),
    pin: (message) => wire.ask(`${place}/pin`, { message }),
    close,
  };
}
