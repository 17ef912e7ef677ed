// What was begun is not lost: the shelf of drafts in this browser. drafting.js fills it while somebody writes and
// keeps it in step with the server; here it is settled and cleared. app.js brings this wherever a draft lies on the shelf.
//
// When is a draft done with? Only when the post was accepted. A page cannot ask the server, so it looks at what
// came back after this tab sent the form:
//   <body data-sent="key">                     the server says so                           → forget
//   a member's page, reached by a redirect     post, then redirect: accepted                → forget
//   the same composer, given back              refused, and the server gave the text back   → keep what it gave
//   sign-in, an error page, a danger notice,
//   a page the person went to themselves       not accepted, or not known                   → keep, and put back
//
// Drafts belong to one person on one device: the key holds the member's id, signing out or another person's page removes
// all of them, and after two weeks they are gone. Composers without data-draft (the opinion box, personas) keep nothing.

const PREFIX = "draft/";
const SENT = "sent-draft"; // in sessionStorage: what this tab has just sent
const TWO_WEEKS = 14 * 24 * 60 * 60 * 1000;

// The text this tab has just seen accepted, by the draft's key: the server may still hold it for a moment.
export const accepted = new Map();

function tidy() {
  try {
    forgetOld();
    settle();
    if (!document.body.dataset.person) return;
    forgetOthers();
    document.addEventListener("submit", (event) => event.target.matches('[action*="/sign-out"], [action="/me/leave"]') && forgetAll());
    const begun = [...document.querySelectorAll("form[data-draft]")].some((form) => kept(form.dataset.draft));
    if (begun) import("./composer.js").catch(() => {});
  } catch {
    // storage is full or forbidden: writing works without drafts
  }
}

// ---------------------------------------------------------------- the shelf

const nameOf = (key) => `${PREFIX}${document.body.dataset.person}/${key}`;

// {values, base, isDirty, underway}: the texts by field, the server's revision they grew from, whether it lacks something,
// and what was on its way to it.
export function kept(key) {
  try {
    return JSON.parse(localStorage.getItem(nameOf(key)));
  } catch {
    return null;
  }
}

export function keep(key, draft) {
  try {
    if (draft) localStorage.setItem(nameOf(key), JSON.stringify({ at: Date.now(), ...draft }));
    else localStorage.removeItem(nameOf(key));
  } catch {
    // full: what was kept before stays
  }
}

// Said by a composer that sends its form; the next page of this tab finds out whether it was accepted.
export function noteSending(key) {
  try {
    sessionStorage.setItem(SENT, key);
  } catch {
    // then the draft stays until its author clears it
  }
}

// ---------------------------------------------------------------- after sending

function settle() {
  const { person, sent, failed } = document.body.dataset;
  const pending = sessionStorage.getItem(SENT);
  sessionStorage.removeItem(SENT);
  if (person && sent) accept(sent);
  if (!pending || !person || failed !== undefined) return;
  const wasRedirected = performance.getEntriesByType("navigation")[0]?.redirectCount > 0;
  if (wasRedirected && !document.querySelector(`form[data-draft="${CSS.escape(pending)}"][data-given]`)) accept(pending);
}

function accept(key) {
  accepted.set(key, JSON.stringify(kept(key)?.values ?? null));
  keep(key, null);
}

// ---------------------------------------------------------------- forgetting

function names() {
  return Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
}

function forgetAll() {
  names().forEach((name) => localStorage.removeItem(name));
  forgetOutbox();
}

// Messages of a chat that were never sent (chat/store.js) are their writer's alone, too.
function forgetOutbox() {
  localStorage.removeItem("outbox");
  indexedDB.deleteDatabase("outbox");
}

// Whoever was here before, and was signed out by time or by another device, leaves nothing to the next person.
function forgetOthers() {
  names().filter((name) => !name.startsWith(nameOf(""))).forEach((name) => localStorage.removeItem(name));
  if ((localStorage.getItem("outbox") ?? document.body.dataset.person) !== document.body.dataset.person) forgetOutbox();
}

function forgetOld() {
  for (const name of names()) {
    const { at, values } = JSON.parse(localStorage.getItem(name)) ?? {};
    if (!(Date.now() - at < TWO_WEEKS) || Array.isArray(values)) localStorage.removeItem(name);
  }
}

tidy();
