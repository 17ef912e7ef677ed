// What this member has written and the server has not yet acknowledged: nothing lost, nothing twice, in order.
//
// Every message has a key of 128 random bits, made at the tap and saved before the first try; the server keeps keys for
// ever, so the same message may be sent again and again and is there once. One message is in flight per room. Tabs of
// one browser share the shelf and take turns (Web Locks); where they cannot, the key makes a double harmless.
//
// waiting → sent, or refused with the server's sentence: that one can be sent again or cancelled, and holds up no other.
import { openStore } from "./store.js";
import { backOff } from "./wire.js";

const MISTAKES = new Set(["mistake", "error"]); // of the server, over HTTP and over sockets
const HEALS = new Set([...MISTAKES, "unreached", "unavailable", "stale_form", "too_often", "signed_out"]); // anything else stays refused
const MOST_MISTAKES = 8; // a message the server stumbles over each time must not hold up the others for ever
const TURN_MS = 10_000; // a tab that sleeps with the lock in its hand

const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const plain = (text) => (text ?? "").replace(/\r\n?/g, "\n").trim();

async function inTurn(name, work) {
  if (!navigator.locks) return work();
  let isMine = false;
  const mine = () => {
    isMine = true;
    return work();
  };
  return navigator.locks.request(name, { signal: AbortSignal.timeout?.(TURN_MS) }, mine).catch((error) => {
    if (isMine) throw error;
    return work();
  });
}

export function openOutbox({ me, send, onChange }) {
  const rows = new Map(); // key → row, in the order they were written
  const busy = new Set(); // rooms
  const alarms = new Map(); // room → ends the wait for the next try
  const saved = new Map(); // key → until it lies on the shelf
  const tabs = new BroadcastChannel(`outbox/${me}`);
  let store = null;
  let isClosed = false;

  const opening = openStore(me).then(async (opened) => {
    store = opened;
    await load();
  });

  // ---------------------------------------------------------------- what is there

  async function load() {
    const known = [...rows.keys()].filter((key) => !saved.has(key));
    const found = new Map((await store.all()).map((row) => [row.key, row]));
    for (const key of known) if (!found.has(key) && rows.get(key)?.state !== "sent") rows.delete(key);
    for (const [key, row] of found) if (rows.get(key)?.state !== "sent") rows.set(key, Object.assign(rows.get(key) ?? {}, row));
    changed();
    for (const row of found.values()) pump(row.room);
  }

  // Another tab wrote, sent, was refused or cancelled.
  tabs.onmessage = async ({ data: sent }) => {
    const row = rows.get(sent?.key);
    if (row) Object.assign(row, sent, { state: "sent" });
    await opening;
    if (!isClosed) load();
  };

  function changed() {
    if (!isClosed) onChange();
  }

  function tellTabs(sent = null) {
    if (!isClosed) tabs.postMessage(sent);
    changed();
  }

  // ---------------------------------------------------------------- one room after the other message

  const inOrder = () => [...rows.values()].sort((one, other) => (one.turn ?? Infinity) - (other.turn ?? Infinity));
  const next = (room) => inOrder().find((row) => row.room === room && row.state === "waiting");

  async function pump(room) {
    if (busy.has(room)) return;
    busy.add(room);
    try {
      await opening;
      for (let row; !isClosed && (row = next(room)); ) {
        await saved.get(row.key);
        const wait = await inTurn(`outbox/${me}/${room}`, () => attempt(row));
        if (wait) await pause(room, wait, row.code === "too_often");
      }
    } finally {
      busy.delete(room);
    }
  }

  // Milliseconds to wait before the room goes on.
  async function attempt(row) {
    if (isClosed) return 0;
    if (!(await store.change(row.key, { tries: row.tries + 1 }))) {
      if (row.state === "waiting") rows.delete(row.key); // another tab was quicker
      changed();
      return 0;
    }
    row.tries += 1;
    const answer = await send(row);
    if (isClosed && !answer.ok) return 0;
    if (answer.ok) await accept(row, answer);
    else if (HEALS.has(answer.code) && !(MISTAKES.has(answer.code) && row.tries >= MOST_MISTAKES)) return waitAfter(row, answer);
    else await refuse(row, answer);
    return 0;
  }

  async function accept(row, { id, seq, at }) {
    const sent = { key: row.key, state: "sent", id, seq, at };
    Object.assign(row, sent);
    await store.remove(row.key);
    tellTabs(sent);
  }

  async function refuse(row, { code, message }) {
    const changes = { state: "refused", code, sentence: message ?? "" };
    Object.assign(row, changes, { isShown: false });
    await store.change(row.key, changes);
    tellTabs();
  }

  function waitAfter(row, answer) {
    row.code = answer.code;
    return answer.code === "too_often" ? Math.max(1, answer.retry_after ?? 1) * 1000 : backOff(row.tries - 1);
  }

  // A wait that the server asked for is waited out; any other ends as soon as there is a way again.
  function pause(room, wait, isAsked) {
    return new Promise((go) => {
      const timer = setTimeout(go, wait);
      if (!isAsked) alarms.set(room, () => {
        clearTimeout(timer);
        go();
      });
    }).finally(() => alarms.delete(room));
  }

  // ---------------------------------------------------------------- what the person does

  function add(room, { body = "", replyTo = null, stamp = "", files = [], mentions = [] }) {
    const key = newKey();
    const at = new Date().toISOString(); // shown until the server names its own; orders nothing
    const row = { me, room, key, body, replyTo, stamp, files, mentions, at, tries: 0, state: "waiting", sentence: "", code: "" };
    rows.set(key, row);
    saved.set(key, opening.then(() => store.add(row)).finally(() => saved.delete(key)).then(() => tellTabs()));
    changed();
    pump(room);
    return key;
  }

  async function retry(key) {
    const row = rows.get(key);
    if (row?.state !== "refused") return;
    const changes = { state: "waiting", sentence: "", code: "", tries: 0 };
    Object.assign(row, changes);
    await store.change(key, changes);
    Object.assign(row, changes); // another tab's word may have been older
    tellTabs();
    pump(row.room);
  }

  // One that is on its way may have arrived all the same; then the log shows it.
  async function cancel(key) {
    const row = rows.get(key);
    if (!row || row.state === "sent") return;
    rows.delete(key);
    changed();
    await saved.get(key);
    await store.remove(key);
    tellTabs();
    alarms.get(row.room)?.();
  }

  // ---------------------------------------------------------------- meeting the log

  // The key of the item that this message of one's own is, and the item is on show from now on; null if it is none. An
  // entry can be quicker than its acknowledgement: then the one in flight is known by its words.
  function place(room, message) {
    const sent = [...rows.values()].find((row) => row.state === "sent" && row.id === message.id);
    if (sent) {
      rows.delete(sent.key);
      return sent.isShown ? null : sent.key;
    }
    const row = inOrder().find((each) => each.room === room && each.state === "waiting" && !each.isShown);
    if (!row || !isSame(row, message)) return null;
    row.isShown = true;
    return row.key;
  }

  function isSame(row, message) {
    return (
      plain(row.body) === plain(message.body) &&
      (row.stamp ?? "") === (message.stamp ?? "") &&
      (row.replyTo ?? null) === (message.reply_to?.id ?? null) &&
      (row.files?.length ?? 0) === (message.files?.length ?? 0)
    );
  }

  // The page shows the log up to `seq`: what was sent by then is no item any more.
  function forget(room, seq) {
    for (const row of rows.values()) if (row.state === "sent" && (row.room !== room || row.seq <= seq)) rows.delete(row.key);
  }

  function items(room) {
    const shown = inOrder().filter((row) => row.room === room && !row.isShown);
    return shown.map(({ isShown: _, me: _me, turn: _turn, tries: _tries, ...item }) => item);
  }

  function close() {
    isClosed = true;
    tabs.close();
    alarms.forEach((ring) => ring());
  }

  return {
    add,
    retry,
    cancel,
    place,
    forget,
    items,
    close,
    wake: () => alarms.forEach((ring) => ring()),
    get kept() {
      return store?.kept ?? true;
    },
  };
}
