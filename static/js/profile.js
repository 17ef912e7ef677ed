// A quiet word under a field whose text holds what nobody needs to write. The table is the server's
// (app/people/profile/nudges.py); what is typed is looked at here only and goes nowhere.
const form = document.querySelector("[data-nudges]");
const table = JSON.parse(form.dataset.nudges).map(([pattern, sentence]) => [new RegExp(pattern, "u"), sentence]);

function look(place, field) {
  const folded = field.value.normalize("NFKC").toLowerCase();
  const words = table.filter(([pattern]) => pattern.test(folded)).map(([, sentence]) => sentence).join("\n");
  const shown = place.querySelector("[data-nudge-words]");
  if (shown.textContent === words) return;
  shown.textContent = words;
  place.hidden = words === "";
}

for (const place of form.querySelectorAll("[data-nudge-for]")) {
  const field = form.elements[place.dataset.nudgeFor];
  let waiting;
  // Not at every letter: a word that is half typed says nothing yet.
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, 700, place, field);
  });
}
