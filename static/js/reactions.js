// Signs under posts without reloading the page, and menus that close when one looks elsewhere.
// Without JavaScript the same buttons post their form and come back to the post.

const acts = document.getElementById("acts");

// In the capture phase, so that the guard against sending twice never sees what stays on this page.
document.addEventListener("submit", react, true);

async function react(event) {
  const button = event.submitter;
  const bar = button?.closest("[data-reactions]");
  if (event.target !== acts || !bar || "plain" in acts.dataset) return;
  event.preventDefault();
  if ("busy" in bar.dataset) return;
  bar.dataset.busy = "";
  const body = new FormData(acts);
  body.append(button.name, button.value);
  try {
    const answer = await fetch(button.formAction, { method: "POST", body, headers: { "X-Fragment": "1" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    replace(bar, await answer.text(), button.value);
  } catch {
    acts.dataset.plain = ""; // sent as a page, which says what is wrong
    acts.requestSubmit(button);
  }
}

function replace(bar, html, name) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-reactions]");
  bar.replaceWith(fresh);
  fresh.querySelector(`:scope > [value="${name}"], summary`)?.focus();
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector(".menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
