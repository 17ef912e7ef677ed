// The chip of a field says at once who would see it; nothing changes before it is saved.
const form = document.querySelector("[data-audiences]");
const audiences = JSON.parse(form.dataset.audiences);

form.addEventListener("change", (event) => {
  const setting = event.target.closest("[data-setting]");
  if (!setting) return;
  const chosen = ["candidates", "colleagues"].map((side) => form.elements[`${setting.dataset.setting}_${side}`].value);
  const words = audiences[chosen.join(" ")];
  if (words) setting.querySelector(".chip-audience > span").textContent = words;
});
