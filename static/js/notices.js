// The list of notices is open: what it shows is no longer new. Without JavaScript the button says the same.
const form = document.querySelector("[data-seen]");

async function see() {
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(new FormData(form)),
  }).catch(() => null);
  if (!answer?.ok) return; // the button is still there
  form.hidden = true;
  document.querySelector("[data-bell] .badge")?.remove();
}

// A page that is only prepared, or in a tab behind, was not looked at.
if (document.visibilityState === "visible") see();
else document.addEventListener("visibilitychange", see, { once: true });
