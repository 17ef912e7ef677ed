// @ and a few letters: whom one may speak to by name. The server offers only people the writer may see here.
//
// The list belongs to the text area (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/): the focus stays where one
// types. While an input method composes, its keys are its own; the letters it has not settled yet already search.
import { type } from "./composer.js";

const PAUSE_MS = 200;
const MOST_LETTERS = 20; // of a 呼び名
const BUDS = new URL("../img/buds.svg", import.meta.url).pathname;
const SVG = "http://www.w3.org/2000/svg";
const asked = new Map(); // address and letters → people: an answer is good for as long as the page is open

// `source`: the address that answers, as far as the letters.
async function people(source, letters) {
  // Whoever contains 「はるか」 contains 「はる」: where nobody did, nobody does.
  for (let length = letters.length; length > 0; length--) {
    const found = asked.get(`${source} ${letters.slice(0, length)}`);
    if (found && (length === letters.length || !found.length)) return found;
  }
  const answer = await fetch(source + encodeURIComponent(letters), { headers: { Accept: "application/json" } });
  const found = await answer.json();
  if (!found.ok) return [];
  asked.set(`${source} ${letters}`, found.people);
  return found.people;
}

function bud(number) {
  const drawing = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  drawing.setAttribute("class", "bud bud-24");
  drawing.setAttribute("viewBox", "0 0 64 64");
  drawing.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${BUDS}#bud-${number}`);
  drawing.append(use);
  return drawing;
}

function option(person, id) {
  const item = Object.assign(document.createElement("li"), { id, className: "mention" });
  const name = Object.assign(document.createElement("bdi"), { textContent: person.name });
  const mark = Object.assign(document.createElement("span"), { className: "mark mark-staff", textContent: person.mark ?? "" });
  item.setAttribute("role", "option");
  item.append(bud(person.bud), name, ...(person.mark ? [mark] : []));
  return item;
}

export function completeNames(form, area) {
  const list = document.getElementById(`${area.id}-people`);
  const source = form.dataset.people ?? `/api/mentions?${new URLSearchParams({ board: form.dataset.board })}&q=`;
  const chosen = new Map(); // id → name, of those picked from the list
  let shown = [];
  let current = 0;
  let timer;

  // The @ before the caret and the letters behind it; an @ behind a Latin letter is a mail address.
  function begun() {
    const before = area.value.slice(0, area.selectionStart);
    const [, letters] = before.match(/(?:^|[^A-Za-z0-9_])[@＠]([^\s@＠]+)$/u) ?? [];
    const isSearch = letters && letters.length <= MOST_LETTERS && area.selectionStart === area.selectionEnd;
    return isSearch ? { letters, start: area.selectionStart - letters.length - 1 } : null;
  }

  function close() {
    clearTimeout(timer);
    shown = [];
    list.hidden = true;
    for (const name of ["role", "aria-expanded", "aria-controls", "aria-activedescendant", "aria-autocomplete"]) area.removeAttribute(name);
  }

  function mark(place) {
    current = (place + shown.length) % shown.length;
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === current)));
    area.setAttribute("aria-activedescendant", list.children[current].id);
    list.children[current].scrollIntoView({ block: "nearest" });
  }

  function open(found) {
    shown = found;
    list.replaceChildren(...found.map((person, index) => option(person, `${list.id}-${index}`)));
    list.hidden = false;
    area.setAttribute("role", "combobox");
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-expanded", "true");
    area.setAttribute("aria-controls", list.id);
    mark(0);
  }

  async function search() {
    const { letters } = begun() ?? {};
    if (!letters) return close();
    try {
      const found = await people(source, letters);
      if (begun()?.letters !== letters || document.activeElement !== area) return;
      if (found.length) open(found);
      else close();
    } catch {
      close(); // no connection: a name typed by hand will do
    }
  }

  function pick(place) {
    const person = shown[place];
    const typed = begun();
    close();
    if (!person || !typed) return;
    type(area, typed.start, area.selectionStart, `@${person.name} `);
    chosen.set(person.id, person.name);
    tell();
  }

  // Only those whose names are still there.
  function tell() {
    const field = form.elements.mentions;
    if (!field) return;
    const before = field.defaultValue.split(" ").filter(Boolean);
    const picked = [...chosen].filter(([, name]) => area.value.includes(`@${name}`)).map(([id]) => id);
    field.value = [...new Set([...before, ...picked])].join(" ");
  }

  function searchSoon() {
    clearTimeout(timer);
    if (begun()) timer = setTimeout(search, PAUSE_MS);
    else close();
  }

  area.addEventListener("input", searchSoon);
  if (document.activeElement === area) searchSoon(); // typed before this came
  area.addEventListener("keydown", (event) => {
    if (!shown.length || event.isComposing || event.keyCode === 229) return;
    if (event.key === "ArrowDown") mark(current + 1);
    else if (event.key === "ArrowUp") mark(current - 1);
    else if (event.key === "Escape") close();
    else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") pick(current);
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the keyboard of a phone stays open
  list.addEventListener("click", (event) => {
    const item = event.target.closest("[role=option]");
    if (item) pick([...list.children].indexOf(item));
  });
  area.addEventListener("blur", close);
  form.addEventListener("submit", tell);
  return { tell };
}
