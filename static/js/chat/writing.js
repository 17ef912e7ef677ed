// Where one writes in a room: sending by Enter at a desk and by the button on a phone, never while an input method composes;
// drafts, answering, stamps, names and files. Nothing here is ever submitted as a form: a message goes to the outbox.
import { keepDraft } from "../drafting.js";

const OFF = "chat-enter-off";
const isDesk = matchMedia("(hover: hover) and (pointer: fine)").matches;

function kept(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(name);
    if (value) localStorage.setItem(name, "1");
    else localStorage.removeItem(name);
  } catch {
    return null; // storage is forbidden: the choice lasts as long as the page
  }
}

export function openWriting(root, view, chat) {
  const form = root.querySelector("[data-write-room]");
  if (!form) return null;
  const area = form.elements.body;
  const wrong = form.querySelector("[data-write-wrong]");
  const strip = form.querySelector("[data-reply]");
  const stamps = form.querySelector(".stamps");
  const opener = form.querySelector("[data-stamps-open]");
  const more = { files: null, names: null }; // brought when they are first needed
  let isEnterOff = kept(OFF) !== null;

  // ---------------------------------------------------------------- sending

  function complain(text) {
    wrong.textContent = text;
    wrong.hidden = !text;
  }

  const ids = (name) => form.elements[name].value.split(" ").filter(Boolean);

  function send(stamp = "") {
    complain("");
    if (!stamp && more.files?.isBusy()) return more.files.complain();
    more.names?.tell?.(); // while it is still being brought, nobody was named
    const body = stamp ? "" : area.value;
    const files = stamp ? [] : ids("files");
    if (!stamp && !body.trim() && !files.length) return area.focus();
    if ([...body].length > root.place.longest) return complain(view.words.tooLong.replace("{n}", [...body].length.toLocaleString()));
    chat.send({ body, stamp, files, mentions: stamp ? [] : ids("mentions"), replyTo: form.elements.reply_to.value || null });
    aim(null);
    if (stamp) return showStamps(false);
    more.files?.clear();
    area.value = form.elements.mentions.value = "";
    area.dispatchEvent(new Event("input", { bubbles: true })); // the draft is empty now, here and on the server
    area.focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  // Not a submission: in a tunnel app.js would keep a form back, and this one waits in the outbox.
  form.querySelector(".room-send").addEventListener("click", (event) => {
    event.preventDefault();
    send();
  });
  form.querySelector(".room-send").addEventListener("pointerdown", (event) => event.preventDefault()); // the keyboard of a phone stays open

  area.addEventListener("keydown", (event) => {
    const isComposing = event.isComposing || event.keyCode === 229; // Safari ends composition before keydown
    if (event.key !== "Enter" || isComposing || event.defaultPrevented) return;
    const isForced = event.ctrlKey || event.metaKey;
    if (isForced) event.stopPropagation(); // app.js would submit the form
    if (!isForced && (!isDesk || isEnterOff || event.shiftKey || event.altKey)) return;
    event.preventDefault();
    send();
  });

  const enter = form.querySelector("[data-enter]");
  enter.hidden = !isDesk;
  enter.querySelector("input").checked = !isEnterOff;
  enter.addEventListener("change", ({ target }) => {
    isEnterOff = !target.checked;
    kept(OFF, isEnterOff);
  });

  // ---------------------------------------------------------------- answering

  function aim(node) {
    strip.hidden = !node;
    form.elements.reply_to.value = node ? view.idOf(node) : "";
    if (!node) return;
    strip.querySelector("bdi").textContent = view.nameOf(node);
    strip.querySelector(".quote-words").textContent = view.excerptOf(node);
    area.focus();
  }

  strip.querySelector("button").addEventListener("click", () => {
    aim(null);
    area.focus();
  });
  area.addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && !event.defaultPrevented && !strip.hidden && aim(null));

  // ---------------------------------------------------------------- stamps

  function showStamps(isOpen) {
    if (isOpen && !stamps.childElementCount) stamps.append(...[...view.part("[data-part=stamps]").children].map(stampButton));
    stamps.hidden = !isOpen;
    opener.setAttribute("aria-expanded", String(isOpen));
  }

  function stampButton(drawing) {
    const button = Object.assign(document.createElement("button"), { type: "button", value: drawing.dataset.stamp });
    button.append(drawing);
    return button;
  }

  opener.addEventListener("click", () => showStamps(stamps.hidden));
  stamps.addEventListener("click", (event) => {
    const { value } = event.target.closest("button") ?? {};
    if (value) send(value);
  });

  // ---------------------------------------------------------------- names, files, drafts

  function grow() {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }
  if (!CSS.supports("field-sizing", "content")) area.addEventListener("input", grow);
  area.addEventListener("input", () => complain(""));

  async function bringNames() {
    more.names ??= import("../mentions.js").then(({ completeNames }) => (more.names = completeNames(form, area))).catch(() => null);
  }

  async function bringFiles() {
    if (!more.files) {
      const { takeFiles } = await import("../uploads.js");
      more.files ??= takeFiles(form, form.querySelector("[data-files]"));
    }
    return more.files;
  }

  if (form.dataset.people) area.addEventListener("focus", bringNames, { once: true });
  const pick = form.querySelector("[data-pick]");
  pick.addEventListener("change", async () => {
    if (more.files) return; // uploads.js listens by now
    const chosen = [...pick.files];
    pick.value = "";
    (await bringFiles()).take(chosen);
  });
  area.addEventListener("paste", (event) => {
    const chosen = [...event.clipboardData.files];
    if (!chosen.length || event.clipboardData.getData("text/plain")) return; // a table brings its picture along
    event.preventDefault();
    event.stopPropagation();
    bringFiles().then(({ take }) => take(chosen));
  });
  const isFiles = (event) => event.dataTransfer?.types.includes("Files");
  root.addEventListener("dragover", (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    root.dataset.dropping = "";
  });
  root.addEventListener("dragleave", (event) => root.contains(event.relatedTarget) || delete root.dataset.dropping);
  root.addEventListener("drop", (event) => {
    if (!isFiles(event)) return;
    delete root.dataset.dropping;
    if (event.defaultPrevented) return; // let go above the form, where uploads.js listens
    event.preventDefault();
    const chosen = [...event.dataTransfer.files];
    bringFiles().then(({ take }) => take(chosen));
  });

  if (document.body.dataset.person) keepDraft(form);
  return { aim, send, area };
}
