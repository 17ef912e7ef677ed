// Reading a topic: the bookmark moves when the last post has been on the screen, and what others write meanwhile is
// offered in a quiet bar. Nothing moves under the reader's eyes; nothing is asked while the page is out of sight.

const posts = document.querySelector("[data-posts]");
const place = document.querySelector("[data-news]");
const EVERY = 20_000; // and up to 10 seconds more, so that a hundred readers do not ask at once

// ---------------------------------------------------------------- the bookmark

const lastOnScreen = new IntersectionObserver((entries) => {
  if (entries.some((entry) => entry.isIntersecting) && document.visibilityState === "visible") moveBookmark();
});

function watchLast() {
  lastOnScreen.disconnect();
  const last = posts?.lastElementChild;
  // the end of the post: a long one is read when its last line is
  const end = last?.querySelector(".prose > :last-child, .post-gone") ?? last;
  if (end && document.querySelector("[data-bookmark]")) lastOnScreen.observe(end);
}

async function moveBookmark() {
  const form = document.querySelector("[data-bookmark]");
  if (!form) return;
  lastOnScreen.disconnect();
  form.remove();
  const body = new URLSearchParams(new FormData(form));
  try {
    // keepalive: somebody who leaves at once has read it all the same
    await fetch(form.action, { method: "POST", body, headers: { "X-Fragment": "1" }, keepalive: true });
  } catch {
    posts.after(form); // no connection: the next visit moves it
  }
}

// ---------------------------------------------------------------- what came in meanwhile

let timer;

function askLater() {
  clearTimeout(timer);
  if (document.visibilityState === "visible") timer = setTimeout(ask, EVERY + Math.random() * EVERY * 0.5);
}

async function ask() {
  if (document.visibilityState !== "visible") return;
  try {
    const answer = await fetch(`${place.dataset.news}?after=${place.dataset.after}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return; // signed out, or the topic is gone: a page that is opened again says so
    tell((await answer.json()).count);
  } catch {
    // no connection: ask again later
  }
  askLater();
}

function tell(count) {
  const words = count === 1 ? place.dataset.one : place.dataset.many.replace("{n}", count > 99 ? "99+" : count);
  if (!count || place.textContent === words) return;
  const link = Object.assign(document.createElement("a"), { href: hereAfter(), textContent: words, className: "button button-primary" });
  link.addEventListener("click", show);
  place.replaceChildren(link);
}

function hereAfter() {
  return `${place.dataset.topic}?after=${place.dataset.after}`;
}

// The posts come into the open page, so that what is being written stays; if that fails, the link leads to them.
async function show(event) {
  event.preventDefault();
  const address = hereAfter();
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const added = [...page.querySelectorAll("[data-posts] > .post")].filter((post) => !document.getElementById(post.id));
    if (!added.length) throw new Error("nothing to add");
    place.replaceChildren();
    posts.append(...added);
    place.dataset.after = added.at(-1).id.replace("post-", "");
    const form = page.querySelector("[data-bookmark]");
    if (form && !document.querySelector("[data-bookmark]")) posts.after(form);
    added[0].tabIndex = -1;
    added[0].focus();
    watchLast();
    ask();
  } catch {
    location.assign(address);
  }
}

watchLast();
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return clearTimeout(timer);
  watchLast();
  if (place) ask();
});
if (place) askLater();
