// What was begun is not lost: a composer with data-draft keeps its text on this device until the server has it.
//
// When is a draft done with? Only when the post was accepted. A page cannot ask the server, so it looks at what
// came back after this tab sent the form:
//   <body data-sent="key">                     the server says so                           → forget
//   a member's page, reached by a redirect     post, then redirect: accepted                → forget
//   the same composer, filled in               refused, and the server gave the text back   → keep what it gave
//   sign-in, an error page, a danger notice,
//   a page the person went to themselves       not accepted, or not known                   → keep, and put back
//
// Drafts belong to one person on one device: the key holds the member's id, signing out removes all of them,
// and after two weeks they are gone. Composers without data-draft (the opinion box, personas) keep nothing.

const PREFIX = "draft/";
const SENT = "sent-draft"; // in sessionStorage: what this tab has just sent
const TWO_WEEKS = 14 * 24 * 60 * 60 * 1000;

export function watchDrafts() {
  const person = document.body.dataset.person;
  try {
    forgetOld();
    settle();
    if (!person) return;
    document.querySelectorAll("form[data-draft]").forEach((form) => watch(form, nameOf(form.dataset.draft)));
    document.querySelectorAll('form[action*="/sign-out"]').forEach((form) => form.addEventListener("submit", forgetAll));
  } catch {
    // storage is full or forbidden: writing works without drafts
  }
}

function nameOf(key) {
  return `${PREFIX}${document.body.dataset.person}/${key}`;
}

function fieldsOf(form) {
  return [...form.elements].filter((field) => field.name && /^(textarea|text)$/.test(field.type));
}

// ---------------------------------------------------------------- after sending

function settle() {
  const { person, sent, failed } = document.body.dataset;
  const pending = sessionStorage.getItem(SENT);
  sessionStorage.removeItem(SENT);
  if (person && sent) localStorage.removeItem(nameOf(sent));
  if (!pending || !person || failed !== undefined) return;
  const wasRedirected = performance.getEntriesByType("navigation")[0]?.redirectCount > 0;
  if (wasRedirected && !isGivenBack(pending)) localStorage.removeItem(pending);
}

function isGivenBack(name) {
  return [...document.querySelectorAll("form[data-draft]")].some(
    (form) => nameOf(form.dataset.draft) === name && fieldsOf(form).some((field) => field.defaultValue),
  );
}

// ---------------------------------------------------------------- while writing

function watch(form, name) {
  let timer;
  const save = () => {
    clearTimeout(timer);
    const values = fieldsOf(form).map((field) => [field.name, field.value]);
    if (values.every(([, value]) => !value.trim())) return localStorage.removeItem(name);
    localStorage.setItem(name, JSON.stringify({ at: Date.now(), values }));
  };
  const saveQuietly = () => {
    try {
      save();
    } catch {
      // full: what was saved before stays
    }
  };
  restore(form, name);
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(saveQuietly, 400);
  });
  form.addEventListener("submit", () => {
    saveQuietly();
    sessionStorage.setItem(SENT, name);
  });
  addEventListener("pagehide", () => {
    if (timer && sessionStorage.getItem(SENT) !== name) saveQuietly();
  });
}

function restore(form, name) {
  const draft = JSON.parse(localStorage.getItem(name) ?? "null");
  const fields = fieldsOf(form);
  if (!draft || fields.some((field) => field.value)) return; // the server's text is newer
  for (const [key, value] of draft.values) {
    const field = fields.find((each) => each.name === key);
    if (field) field.value = value;
  }
  const note = form.querySelector("[data-draft-note]");
  if (!note) return;
  note.hidden = false;
  note.querySelector("[data-draft-drop]").addEventListener("click", () => {
    localStorage.removeItem(name);
    fields.forEach((field) => (field.value = field.defaultValue));
    note.hidden = true;
    fields[0]?.focus();
  });
}

// ---------------------------------------------------------------- forgetting

function drafts() {
  return Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
}

function forgetAll() {
  drafts().forEach((name) => localStorage.removeItem(name));
}

function forgetOld() {
  for (const name of drafts()) {
    const { at } = JSON.parse(localStorage.getItem(name));
    if (!(Date.now() - at < TWO_WEEKS)) localStorage.removeItem(name);
  }
}
