// What every page does a little better with JavaScript. Nothing here is needed to read, write or change a setting.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// ---------------------------------------------------------------- forms: sent once

function guardAgainstSecondSubmit() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if ("busy" in form.dataset) return event.preventDefault();
    form.dataset.busy = "";
    setTimeout(() => release(form), 15_000); // a download or a dropped connection leaves the page where it is
  });
  window.addEventListener("pageshow", () => all("form[data-busy]").forEach(release)); // also from the back cache
}

// In a tunnel the browser would put its own page in place of this one, and of what was written on it.
function waitForConnection() {
  const textContent = document.body.dataset.offline;
  if (!textContent) return;
  const toast = Object.assign(document.createElement("p"), { className: "toast", role: "alert", textContent });
  let isTrying = false;
  let found = null; // the form the way was just found open for
  const hold = async (event) => {
    const { target: form, submitter } = event;
    const isTold = form === found;
    found = null;
    if (form.method !== "post" || "outbox" in form.dataset || isTold) return; // a chat keeps it itself
    // What the browser believes about the network is often wrong, both ways; where words are at stake it is tried.
    if (navigator.onLine && !("composer" in form.dataset)) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // to everything else it was not sent
    if (isTrying) return;
    isTrying = true;
    const isThere = await reachServer();
    isTrying = false;
    if (!isThere) return document.body.append(toast);
    toast.remove();
    found = form;
    form.requestSubmit(submitter);
  };
  document.addEventListener("submit", hold, true);
  addEventListener("online", () => toast.remove());
}

// A slow answer is for the browser to wait for; only none at all holds the form.
function reachServer() {
  const options = { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout?.(8000) };
  return fetch("/healthz", options).then(() => true, (error) => error.name === "TimeoutError");
}

function release(form) {
  delete form.dataset.busy;
}

// ---------------------------------------------------------------- writing

// Ctrl or Command with Enter sends, but never while an input method is still composing.
function sendWithShortcut() {
  const isDesk = matchMedia("(hover: hover) and (pointer: fine)").matches;
  if (isDesk) all("[data-shortcut]").forEach((hint) => (hint.hidden = false));
  document.addEventListener("keydown", (event) => {
    const isComposing = event.isComposing || event.keyCode === 229; // Safari ends composition before keydown
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || isComposing) return;
    if (event.target.matches?.("textarea")) event.target.form?.requestSubmit();
  });
}

// A composer may stand below twenty posts: its scripts come when it does, or with the first touch of the page.
function bringComposer() {
  const forms = all("form[data-composer]");
  if (!forms.length) return;
  const bring = () => import("./composer.js").catch(() => {});
  const observer = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && bring(), { rootMargin: "50%" });
  forms.forEach((form) => observer.observe(form));
  for (const kind of ["pointerdown", "keydown", "focusin"]) addEventListener(kind, bring, { once: true, passive: true });
  addEventListener("online", bring);
}

// The shelves of drafts and of unsent messages have something to say only where something lies on them.
function settleDrafts() {
  try {
    if (Object.keys(localStorage).some((name) => name.startsWith("draft/") || name === "outbox")) import("./drafts.js").catch(() => {});
  } catch {
    // storage is forbidden: writing works without drafts
  }
}

const segmenter = Intl.Segmenter && new Intl.Segmenter(document.documentElement.lang);

// Letters as people count them: 👩‍👧 is one, か゛ is one.
export function lettersIn(text) {
  return segmenter ? [...segmenter.segment(text)].length : [...text].length;
}

function countLetters() {
  for (const area of all("[data-count]")) {
    const place = document.querySelector(`[data-counter-for="${CSS.escape(area.id)}"]`);
    const limit = Number(area.dataset.count);
    const show = () => {
      const length = lettersIn(area.value);
      place.textContent = `${length.toLocaleString()} / ${limit.toLocaleString()}`;
      place.toggleAttribute("data-over", length > limit);
    };
    if (!place) continue;
    if (area.value) show();
    area.addEventListener("input", show);
  }
}

// ---------------------------------------------------------------- small helps

function offerCopying() {
  if (!navigator.clipboard) return;
  for (const button of all("[data-copy]")) {
    const words = button.querySelector("span");
    const label = words.textContent;
    button.hidden = false;
    words.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
      words.textContent = button.dataset.copied;
      setTimeout(() => (words.textContent = label), 2500);
    });
  }
  for (const input of all("[data-select]")) input.addEventListener("focus", () => input.select());
}

function offerPrinting() {
  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
}

function offerToShowPasswords() {
  for (const button of all("button[data-reveal]")) {
    const input = document.getElementById(button.dataset.reveal);
    button.hidden = false;
    button.addEventListener("click", () => {
      const isShown = input.type === "password";
      input.type = isShown ? "text" : "password";
      button.setAttribute("aria-pressed", String(isShown));
    });
    input.form?.addEventListener("submit", () => (input.type = "password")); // browsers offer to save only these
  }
}

// On a phone the number beside the help line can be tapped. The server keeps the line as the company wrote it.
function offerToCall() {
  if (matchMedia("(hover: hover) and (pointer: fine)").matches) return;
  for (const words of all(".help-line span")) {
    const [number] = words.textContent.match(/0\d{1,4}-\d{1,4}-\d{3,4}/) ?? [];
    if (!number) continue;
    const [before, after] = words.textContent.split(number);
    const link = Object.assign(document.createElement("a"), { href: `tel:${number.replaceAll("-", "")}`, textContent: number });
    words.replaceChildren(before, link, after);
  }
}

function closeConfirmations() {
  for (const button of all("[data-close]")) {
    const details = button.closest("details");
    button.hidden = false;
    button.addEventListener("click", () => {
      details.open = false;
      details.querySelector("summary").focus();
    });
  }
}

function selectRows() {
  for (const table of all("[data-selectable]")) {
    const master = table.querySelector("[data-select-all]");
    const boxes = all("tbody .tick", table);
    const bar = table.closest("form")?.querySelector("[data-bulk]");
    const words = bar?.querySelector("[data-bulk-count]");
    const none = words?.textContent;
    const show = () => {
      const count = boxes.filter((box) => box.checked).length;
      master.firstElementChild.checked = count > 0 && count === boxes.length;
      master.firstElementChild.indeterminate = count > 0 && count < boxes.length;
      bar?.toggleAttribute("data-some", count > 0);
      if (words) words.textContent = count ? words.dataset.bulkCount.replace("{n}", count) : none;
    };
    master.hidden = false;
    master.addEventListener("change", () => {
      boxes.forEach((box) => (box.checked = master.firstElementChild.checked));
      show();
    });
    table.addEventListener("change", show);
    show();
  }
}

// The page changes at once; the form still posts, so that the choice is remembered.
function previewTheme() {
  document.querySelector("[data-theme-form]")?.addEventListener("submit", (event) => {
    if (event.submitter) document.documentElement.dataset.theme = event.submitter.value;
  });
}

function leadToMistakes() {
  document.querySelector("[data-focus]")?.focus();
}

// ---------------------------------------------------------------- speed, and no connection

// Mark a link with data-prefetch only where its page may be kept: one sent with no-store would be fetched twice.
function prefetchOnTouch() {
  if (navigator.connection?.saveData) return;
  const fetched = new Set();
  const prefetch = (event) => {
    const link = event.target.closest?.("a[data-prefetch]");
    if (!link || link.origin !== location.origin || fetched.has(link.href)) return;
    fetched.add(link.href);
    const hint = Object.assign(document.createElement("link"), { rel: "prefetch", href: link.href });
    document.head.append(hint);
  };
  document.addEventListener("touchstart", prefetch, { passive: true });
  document.addEventListener("mousedown", prefetch);
}

// Keys are for those who have some, and nobody waits for them.
function offerShortcuts() {
  if (!document.body.dataset.person || !matchMedia("(hover: hover) and (pointer: fine)").matches) return;
  const load = () => import("./shortcuts.js").catch(() => {});
  addEventListener("load", () => setTimeout(load, 500), { once: true });
}

// Only for members; the version in its address is the release, so a new release brings a new worker.
function keepOfflinePage() {
  if (!("serviceWorker" in navigator) || !document.body.dataset.person) return;
  const [, release] = new URL(import.meta.url).pathname.match(/^\/static\/([^/]+)\//) ?? [];
  const register = () => navigator.serviceWorker.register(`/sw.js?v=${release}`).catch(() => {});
  if (release) addEventListener("load", () => setTimeout(register, 2000), { once: true });
}

// A folded menu closes with Escape, and the keys are back where they were.
function closeMenus() {
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector(".menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

waitForConnection();
guardAgainstSecondSubmit();
settleDrafts();
bringComposer();
sendWithShortcut();
countLetters();
offerCopying();
offerPrinting();
offerToShowPasswords();
offerToCall();
closeConfirmations();
closeMenus();
selectRows();
previewTheme();
leadToMistakes();
prefetchOnTouch();
offerShortcuts();
keepOfflinePage();
