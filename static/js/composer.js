// What a composer does better with JavaScript: toolbar, preview, answering a post in place; the rest it calls in.
import { keepDraft } from "./drafting.js";
import { completeNames } from "./mentions.js";
import { takeFiles } from "./uploads.js";

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

// ---------------------------------------------------------------- marks at the selection

// Typed in, as if by hand: the browser's own undo takes it back.
export function type(area, start, end, text) {
  area.focus();
  area.setSelectionRange(start, end);
  const isTyped = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
  if (isTyped || start === end && !text) return;
  area.setRangeText(text, start, end, "end");
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

function wrap(area, mark) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const size = mark.length;
  const words = value.slice(start, end);
  if (value.slice(start - size, start) === mark && value.slice(end, end + size) === mark) {
    type(area, start - size, end + size, words);
    return area.setSelectionRange(start - size, end - size);
  }
  type(area, start, end, mark + words + mark);
  area.setSelectionRange(start + size, end + size);
}

function prefix(area, mark) {
  const { selectionStart, selectionEnd, value } = area;
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const stop = value.indexOf("\n", Math.max(selectionEnd - (selectionEnd > selectionStart), start));
  const end = stop < 0 ? value.length : stop;
  const lines = value.slice(start, end).split("\n");
  const isMarked = lines.every((line) => line.startsWith(mark));
  const changed = lines.map((line) => (isMarked ? line.slice(mark.length) : mark + line)).join("\n");
  type(area, start, end, changed);
  if (lines.length > 1) area.setSelectionRange(start, start + changed.length);
}

function link(area) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const words = value.slice(start, end);
  const isAddress = /^https?:\/\/\S+$/.test(words);
  type(area, start, end, isAddress ? `[](${words})` : `[${words}](https://)`);
  if (isAddress || !words) return area.setSelectionRange(start + 1, start + 1);
  area.setSelectionRange(start + words.length + 3, start + words.length + 11);
}

function code(area) {
  const words = area.value.slice(area.selectionStart, area.selectionEnd);
  wrap(area, words.includes("\n") ? "\n```\n" : "`");
}

const TOOLS = { bold: (area) => wrap(area, "**"), list: (area) => prefix(area, "- "), quote: (area) => prefix(area, "> "), link, code };

// One stop of the Tab key, arrows inside: https://www.w3.org/WAI/ARIA/apg/patterns/toolbar/
function oneStop(items, onMove) {
  items.forEach((item, place) =>
    item.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = items.at((place + step) % items.length);
      items.forEach((each) => (each.tabIndex = each === next ? 0 : -1));
      next.focus();
      onMove?.(next);
    }),
  );
}

function offerTools(write, area) {
  const tools = [...write.querySelectorAll("[data-tool]")];
  for (const tool of tools) {
    tool.addEventListener("mousedown", (event) => event.preventDefault()); // the selection and the keyboard stay
    tool.addEventListener("click", () => TOOLS[tool.dataset.tool](area));
  }
  oneStop(tools);
  area.addEventListener("keydown", (event) => {
    const name = { b: "bold", k: "link" }[event.key.toLowerCase()];
    if (!name || event.isComposing || event.altKey || event.shiftKey || !(isMac ? event.metaKey : event.ctrlKey)) return;
    event.preventDefault();
    TOOLS[name](area);
  });
}

// ---------------------------------------------------------------- preview

function offerPreview(form, write, area) {
  const tabs = [...write.querySelectorAll("[role=tab]")];
  const look = write.querySelector(".write-look");
  const pane = write.querySelector(".write-pane");
  const tools = write.querySelector(".write-tools");
  const show = (tab) => {
    const isLook = tab === tabs[1];
    if (isLook) look.style.minBlockSize = `${pane.offsetHeight}px`; // set by script, so the policy allows it
    tabs.forEach((each) => {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
    });
    pane.hidden = tools.hidden = isLook;
    look.hidden = !isLook;
    if (isLook) draw(form, area, look);
    else area.focus();
  };
  tabs.forEach((tab) => tab.addEventListener("click", () => show(tab)));
  oneStop(tabs, show);
}

async function draw(form, area, look) {
  const words = (text) => look.replaceChildren(Object.assign(document.createElement("p"), { className: "hint", textContent: text }));
  if (!area.value.trim()) return words(look.dataset.empty);
  try {
    const answer = await fetch("/api/preview", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": form.elements.csrf_token.value },
      body: JSON.stringify({ body: area.value }),
    });
    const found = await answer.json();
    if (!found.ok) return words(found.fields?.body?.[0] ?? found.message);
    look.innerHTML = found.html; // both gates of core/text.py were passed
  } catch {
    words(look.dataset.failed);
  }
}

// ---------------------------------------------------------------- answering a post

function answerInPlace(form) {
  const strip = form.querySelector("[data-quote-strip]");
  const words = strip.querySelector("[data-quote-words]");
  const area = form.querySelector("textarea");
  const aim = (id, name) => {
    form.elements.quoted.value = id;
    strip.hidden = !id;
    words.textContent = id ? words.dataset.quoteWords.replace("{name}", () => name) : "";
    area.focus();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-quote]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    aim(link.dataset.quote, link.dataset.quoteName);
    form.scrollIntoView({ block: "center" });
  });
  strip.querySelector("[data-quote-drop]").addEventListener("click", (event) => {
    event.preventDefault();
    aim("", "");
  });
}

// ---------------------------------------------------------------- one composer

// Where the sheet's `field-sizing` is not known.
function growWith(area) {
  if (CSS.supports("field-sizing", "content")) return;
  area.addEventListener("input", () => {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  });
}

function compose(form) {
  form.dataset.ready = "";
  const open = () => (form.dataset.open = "");
  if (form.contains(document.activeElement)) open();
  form.addEventListener("focusin", open, { once: true });
  for (const write of form.querySelectorAll("[data-write]")) {
    const area = write.querySelector("textarea");
    offerTools(write, area);
    offerPreview(form, write, area);
    growWith(area);
    if (form.dataset.board) completeNames(form, area);
  }
  if (form.elements.quoted) answerInPlace(form);
  const files = form.querySelector("[data-files]");
  if (files) takeFiles(form, files); // before the draft: a form that still waits for its files is not sent
  if (form.dataset.draft && document.body.dataset.person) keepDraft(form);
}

document.querySelectorAll("form[data-composer]").forEach(compose);
