// The room's log on this page: every entry once, in the server's order, none missing.
//
// `have` is the newest entry that the page shows. A pushed entry names the one before it that this reader may see:
//   seq ≤ have    shown already       → dropped
//   prev ≤ have   the next one        → shown
//   otherwise     something is missing → held, and what follows `have` is fetched
// The clock of this device plays no part.
import { backOff } from "./wire.js";

const MOST = 200; // realtime.md, reconnect: further behind than that, the latest page is quicker
const AGAIN_MS = 1000;

export function followLog({ room, have, epoch, wire, onEvent, onReset, onGone }) {
  const place = `/api/rooms/${room}`;
  const held = new Map(); // seq → an entry that came before its turn
  let isOver = false;
  let isReloading = false;
  let fetching = null;
  let timer = 0;
  let failures = 0;

  // ---------------------------------------------------------------- one entry after the other

  function take(event) {
    if (isOver || event.seq <= have) return;
    if (!isReloading && event.prev <= have) {
      apply(event);
      release();
      return;
    }
    if (held.size < MOST) held.set(event.seq, event); // beyond that it is fetched with the others
    catchUp();
  }

  function apply(event) {
    have = event.seq;
    held.delete(event.seq);
    onEvent(event);
  }

  function release() {
    for (const event of [...held.values()].sort((one, other) => one.seq - other.seq)) {
      if (event.seq <= have) held.delete(event.seq);
      else if (event.prev <= have) apply(event);
      else break;
    }
  }

  // ---------------------------------------------------------------- catching up

  // One at a time; who asks meanwhile waits for the same answer.
  function catchUp() {
    fetching ??= fetchNewer().finally(() => (fetching = null));
    return fetching;
  }

  async function startOver() {
    await fetching;
    fetching ??= reload().finally(() => (fetching = null));
  }

  async function fetchNewer() {
    if (isOver) return;
    const answer = await wire.ask(`${place}/events?after=${have}&limit=${MOST}`);
    if (!isHere(answer)) return;
    if (answer.epoch !== epoch || answer.more) return reload();
    failures = 0;
    for (const event of answer.events) if (event.seq > have) apply(event); // whole in itself: `prev` needs no asking
    release();
    if (held.size) askAgain(AGAIN_MS);
  }

  async function reload() {
    isReloading = true;
    const page = await wire.ask(`${place}/messages`);
    isReloading = false;
    if (!isHere(page)) return;
    failures = 0;
    ({ head: have, epoch } = page);
    onReset(page);
    release();
    if (held.size) askAgain(AGAIN_MS);
  }

  function isHere(answer) {
    if (isOver || answer.ok) return answer.ok && !isOver;
    if (answer.code === "not_found") leave();
    else if (wire.link === "live") askAgain(backOff(failures++)); // without a socket the page polls anyway
    return false;
  }

  function askAgain(wait) {
    clearTimeout(timer);
    timer = setTimeout(catchUp, wait);
  }

  // ---------------------------------------------------------------- coming back

  // The server lets this socket in first and reads then, so nothing falls between the two.
  async function sync() {
    const answer = await wire.emit("rooms:sync", { rooms: { [room]: have }, epochs: { [room]: epoch } });
    const mine = answer.ok && answer.rooms?.[room];
    if (isOver) return;
    if (!mine) {
      timer = setTimeout(() => wire.link === "live" && sync(), (answer.retry_after ?? 1) * 1000 + AGAIN_MS * Math.random());
      return;
    }
    if (mine.gone) return leave();
    if (mine.reset || mine.epoch !== epoch) return startOver();
    mine.events.forEach(take);
    hear(mine.head);
  }

  // The newest entry this reader sees, as somebody said it; null where the room is no longer theirs.
  function hear(head) {
    if (head === null) leave();
    else if (head > have) catchUp();
  }

  // Other rooms are asked for in the same breath; gives the heads of all.
  async function look(others) {
    const answer = await wire.ask(`/api/rooms/heads?ids=${[room, ...others]}`);
    const head = answer.rooms?.[room];
    if (answer.ok && (head == null || head > have)) catchUp(); // also where none is named: the answer says whether the room is gone
    return answer.rooms ?? {};
  }

  function leave() {
    if (isOver) return;
    close();
    onGone();
  }

  function close() {
    isOver = true;
    clearTimeout(timer);
    held.clear();
  }

  return {
    take,
    sync,
    look,
    hear,
    catchUp,
    close,
    get have() {
      return have;
    },
  };
}
