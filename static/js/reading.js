// Reading a topic, all of it in one file: a page asks for few. The bookmark moves when the last post has been on the
// screen, and what others write meanwhile is offered in a quiet bar. Nothing moves under the reader's eyes; nothing is
// asked while the page is out of sight.

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

// ---------------------------------------------------------------- signs and menus
// Signs come and go without reloading the page, menus close when one looks elsewhere. Without JavaScript buttons post
// their form and come back to the post, and a menu is a page.

const acts = document.getElementById("acts");
const folded = document.querySelector("[data-menus]");

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
  fresh.querySelector(`:scope > [value="${name}"], button:not([form])`)?.focus();
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  const pressed = event.target.closest("a[data-can], button.reaction:not([form])");
  if (!pressed || !folded || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const { can } = pressed.dataset;
  if (can && !isFolded(can)) return; // of a post that came in later: its link leads to a page
  event.preventDefault(); // also for the button: what it becomes would be folded again by the same press
  unfold(pressed, can ? "menu" : "react", can ? actsFor(pressed) : signsFor(pressed));
});

// A post names what may be done with it; what that looks like stands once on the page.

const isFolded = (acts) => acts.split(" ").every((act) => folded.content.querySelector(`[data-act=${act}]`));

function unfold(pressed, className, list) {
  const menu = Object.assign(document.createElement("details"), { className, open: true });
  const summary = Object.assign(document.createElement("summary"), { className: pressed.className });
  summary.setAttribute("aria-label", pressed.getAttribute("aria-label"));
  summary.append(...pressed.childNodes);
  menu.append(summary, list);
  pressed.replaceWith(menu);
  summary.focus();
}

function actsFor({ dataset, parentElement }) {
  const list = copied(".menu-list", parentElement);
  for (const item of list.querySelectorAll("[data-act]")) if (!dataset.can.split(" ").includes(item.dataset.act)) item.remove();
  for (const act of ["hide", "reveal"]) if (dataset[act]) list.querySelector(`[data-act=${act}] a`).href = dataset[act];
  const quote = list.querySelector("[data-quote]");
  if (quote) quote.dataset.quoteName = parentElement.querySelector("bdi").textContent;
  return list;
}

function signsFor(button) {
  const list = copied(".reactions", button);
  for (const given of button.parentElement.querySelectorAll("button[value]")) list.querySelector(`[value=${given.value}]`)?.remove();
  return list;
}

function copied(selector, inside) {
  const list = folded.content.querySelector(selector).cloneNode(true);
  const id = inside.closest(".post").id.replace("post-", "");
  for (const each of list.querySelectorAll("a, button")) {
    for (const { name, value } of [...each.attributes]) each.setAttribute(name, value.replace(folded.dataset.menus, id));
  }
  return list;
}
