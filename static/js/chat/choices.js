// The choice of this device whether Enter sends, beside the other choices about トーク; the composer (writing.js) reads it.
const OFF = "chat-enter-off";
const box = document.querySelector("[data-enter-sends]");

try {
  if (matchMedia("(hover: hover) and (pointer: fine)").matches) {
    box.checked = localStorage.getItem(OFF) === null;
    box.closest("[data-device-choices]").hidden = false;
  }
} catch {
  // Storage is forbidden: there is nothing to choose here, and the composer has its own switch.
}
box.addEventListener("change", () => (box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
