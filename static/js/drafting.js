// One draft in step on every device: kept in this browser as one types, on the server when one pauses.
//
// Each side has a revision. A save names the revision it grew from; the server refuses one that another device has
// overtaken, and then the person chooses. Nothing typed is ever replaced without being asked.
import { accepted, keep, kept, noteSending } from "./drafts.js";

const SHELF_MS = 400;
const SERVER_MS = 2000;
const AGAIN_MS = 10_000;

export function keepDraft(form) {
  const key = form.dataset.draft;
  const fields = [...form.elements].filter((field) => field.name && /^(textarea|text)$/.test(field.type));
  const note = form.querySelector("[data-draft-note]");
  const newer = form.querySelector("[data-draft-newer]");
  const state = form.querySelector("[data-draft-state]");
  const draft = { base: 0, isDirty: false, isKnown: false, isSent: false, rival: null, ours: [], underway: [] };
  let timers = [];
  let loading = null;
  let saving = null;
  let isPutting = false;

  const values = () => Object.fromEntries(fields.map((field) => [field.name, field.value]));
  const defaults = () => Object.fromEntries(fields.map((field) => [field.name, field.defaultValue]));
  const isBlank = (texts) => Object.values(texts).every((text) => !text.trim());
  const isUntouched = () => fields.every((field) => field.value === field.defaultValue);
  // What this page itself was sending as it was left may arrive after it was opened again: that is no other device.
  const isOurs = (texts) => draft.ours.some((each) => fields.every((field) => (texts[field.name] ?? "") === (each[field.name] ?? "")));
  const isSame = (texts) => fields.every((field) => (texts[field.name] ?? "") === field.value);

  // Counters and the height follow; it is no typing.
  function put(texts) {
    isPutting = true;
    for (const field of fields) {
      field.value = texts[field.name] ?? "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    isPutting = false;
  }

  function say(which) {
    if (!state) return;
    state.hidden = !which;
    state.textContent = which ? state.dataset[which] : "";
  }

  function shelve() {
    keep(key, isUntouched() && !draft.base ? null : { values: values(), base: draft.base, isDirty: draft.isDirty, underway: draft.underway });
  }

  // ---------------------------------------------------------------- the server

  async function ask(path, body, more = {}) {
    const answer = await fetch(`/api/drafts/${key}${path}`, {
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": form.elements.csrf_token.value },
      method: body ? "POST" : "GET",
      body: body && JSON.stringify(body),
      ...more,
    });
    return { status: answer.status, ...(await answer.json()) };
  }

  // Once, when the composer comes into view or gets the focus: a page that nobody writes on asks nothing.
  function meetServer() {
    loading ??= ask("")
      .then((found) => {
        if (!found.ok) throw new Error(found.code);
        meet(found);
      })
      .catch(() => {
        loading = null; // no connection, or no answer: asked again with the next key, or after a while
        if (!draft.isDirty) return;
        missed();
      });
    return loading;
  }

  function meet({ texts, revision }) {
    draft.isKnown = true;
    if (revision && accepted.get(key) === JSON.stringify(order(texts))) {
      ask("/delete", {}).catch(() => {});
      return;
    }
    if (!revision && !draft.isDirty && draft.base && !isUntouched()) return giveUp();
    if (!revision || revision === draft.base || isOurs(texts)) draft.base = revision;
    else if (isSame(texts)) settleOn(revision);
    else if (draft.isDirty) return offer({ texts, revision });
    else {
      put(texts);
      settleOn(revision);
      note.hidden = false;
    }
    if (draft.isDirty) later();
  }

  const order = (texts) => Object.fromEntries(fields.map((field) => [field.name, texts[field.name] ?? ""]));

  // It was sent, or thrown away, on another device.
  function giveUp() {
    put(defaults());
    draft.base = 0;
    keep(key, null);
    note.hidden = true;
  }

  function settleOn(revision) {
    draft.base = revision;
    draft.isDirty = false;
    shelve();
  }

  function offer(rival) {
    draft.rival = rival;
    newer.hidden = false;
    say("");
  }

  async function save(more) {
    if (!draft.isDirty || draft.isSent || draft.rival) return;
    if (!draft.isKnown) return meetServer();
    const texts = values();
    saving = new AbortController();
    draft.underway = [...draft.underway, texts];
    shelve();
    try {
      const found = await ask("", { texts, revision: draft.base }, { signal: saving.signal, ...more });
      draft.underway = [];
      if (found.ok && !draft.isSent) {
        draft.base = found.revision;
        draft.isDirty = !isSame(texts);
        shelve();
        say(found.revision && !draft.isDirty ? "saved" : "");
      } else if (found.status === 409) {
        if (isSame(found.texts)) settleOn(found.revision);
        else if (found.revision && isOurs(found.texts)) {
          draft.base = found.revision;
          later();
        } else if (found.revision) offer(found);
        else {
          draft.base = 0; // sent or thrown away elsewhere; what is typed here is kept as a new draft
          later();
        }
      } else if (!found.ok) missed();
    } catch (error) {
      if (error.name !== "AbortError" && !draft.isSent) missed();
    }
  }

  function missed() {
    say("offline");
    timers.push(setTimeout(save, AGAIN_MS));
  }

  function later() {
    timers.forEach(clearTimeout);
    timers = [setTimeout(shelve, SHELF_MS), setTimeout(save, SERVER_MS)];
  }

  // ---------------------------------------------------------------- what the person does

  function restore() {
    const mine = kept(key);
    draft.base = mine?.base ?? 0;
    draft.ours = mine?.isDirty ? [mine.values, ...(mine.underway ?? [])] : [];
    if (form.dataset.given !== undefined) draft.isDirty = !isUntouched() || !isBlank(values());
    else if (mine && isUntouched()) {
      draft.isDirty = mine.isDirty;
      if (isSame(mine.values) || isBlank(mine.values)) return;
      put(mine.values);
      note.hidden = false;
    } else if (!isUntouched()) draft.isDirty = !mine || mine.isDirty || !isSame(mine.values); // typed before this came
  }

  function drop() {
    ask("/delete", {}).catch(() => {});
    timers.forEach(clearTimeout);
    put(defaults());
    Object.assign(draft, { base: 0, isDirty: false });
    keep(key, null);
    note.hidden = true;
    say("");
    fields[0]?.focus();
  }

  function choose(takesTheirs) {
    const { texts, revision } = draft.rival;
    draft.rival = null;
    newer.hidden = true;
    draft.base = revision;
    if (takesTheirs) {
      put(texts);
      settleOn(revision);
    } else save();
    fields.at(-1)?.focus();
  }

  restore();
  if (draft.isDirty) later();
  form.addEventListener("input", (event) => {
    if (isPutting || !fields.includes(event.target)) return;
    Object.assign(draft, { isDirty: true, isSent: false });
    say("");
    meetServer();
    later();
  });
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    timers.forEach(clearTimeout);
    saving?.abort();
    draft.isSent = true;
    shelve();
    noteSending(key);
  });
  note.querySelector("[data-draft-drop]").addEventListener("click", drop);
  newer.querySelector("[data-draft-take]").addEventListener("click", () => choose(true));
  newer.querySelector("[data-draft-keep]").addEventListener("click", () => choose(false));
  form.addEventListener("focusin", meetServer, { once: true });
  addEventListener("online", () => save());
  addEventListener("pagehide", () => {
    if (!draft.isDirty || draft.isSent) return;
    shelve();
    if (draft.isKnown) save({ keepalive: true });
  });
  new IntersectionObserver((seen, observer) => {
    if (!seen.some((each) => each.isIntersecting)) return;
    observer.disconnect();
    meetServer();
  }).observe(form);
}
