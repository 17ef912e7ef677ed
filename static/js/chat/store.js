// The shelf of the outbox: IndexedDB, so that a reload, a killed browser and a restarted phone lose nothing.
//
// A row: {turn, me, room, key, body, replyTo, stamp, files, mentions, at, tries, state, sentence, code}
// Rows are one member's: another person on this device never sees, and never sends, what somebody else wrote. Signing out
// empties the shelf (drafts.js); the mark in localStorage says that, and whose, something lies here.
// Where the browser refuses (private windows, a full disk) the rows live as long as the page, and `kept` says so.
const NAME = "outbox";
const SLOW_MS = 3000; // some browsers never answer in a private window
const LAST = 1e15; // what never came onto the shelf stands behind what did

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const finished = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });

async function open() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    const rows = request.result.createObjectStore("rows", { keyPath: "turn", autoIncrement: true });
    rows.createIndex("me", "me");
    rows.createIndex("key", "key", { unique: true });
  };
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("indexedDB is silent")), SLOW_MS));
  return Promise.race([done(request), late]);
}

function mark(me) {
  try {
    if (me) localStorage.setItem(NAME, me);
    else localStorage.removeItem(NAME);
  } catch {
    // storage is forbidden: then nothing lies on the shelf either
  }
}

export async function openStore(me) {
  const memory = new Map(); // key → row: what this page knows, and all there is without a database
  let unsaved = 0;
  let database = await open().catch(() => null);
  if (database) database.onversionchange = () => database.close(); // somebody signs out in another tab

  // What the work gives, or undefined where the shelf cannot be reached any more.
  async function within(mode, work) {
    if (!database) return undefined;
    try {
      const transaction = database.transaction("rows", mode, { durability: "strict" });
      const written = finished(transaction);
      const found = await work(transaction.objectStore("rows"));
      await written;
      return found;
    } catch {
      database = null;
      return undefined;
    }
  }

  const find = (rows, key) => done(rows.index("key").get(key));

  return {
    get kept() {
      return database !== null;
    },

    // This member's rows, in the order they were written.
    async all() {
      const found = await within("readonly", (rows) => done(rows.index("me").getAll(me)));
      found?.forEach((row) => memory.set(row.key, row));
      return found ?? [...memory.values()];
    },

    async add(row) {
      memory.set(row.key, row);
      mark(me);
      const { turn: _, ...rest } = row;
      row.turn = (await within("readwrite", (rows) => done(rows.add(rest)))) ?? LAST + (unsaved += 1);
    },

    // Changes a row that is still there; false where another tab has sent or cancelled it.
    async change(key, changes) {
      const isThere = await within("readwrite", async (rows) => {
        const row = await find(rows, key);
        if (row) await done(rows.put({ ...row, ...changes }));
        return Boolean(row);
      });
      if (isThere === false) memory.delete(key);
      return isThere ?? memory.has(key);
    },

    async remove(key) {
      memory.delete(key);
      const left = await within("readwrite", async (rows) => {
        const row = await find(rows, key);
        if (row) await done(rows.delete(row.turn));
        return done(rows.count());
      });
      if (!left) mark(null);
    },
  };
}
