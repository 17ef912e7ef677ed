// What in a message is about the reader: their own signs, and where their name is called. The server draws a message once
// for everybody who sees the same, so this is added where it is shown.

export function markMine(node, { me, name }) {
  for (const each of node.querySelectorAll(".say-sign")) {
    const givers = node.querySelectorAll(`.say-givers [data-sign="${each.dataset.sign}"] bdi`);
    each.classList.toggle("is-mine", [...givers].some((one) => one.dataset.by === me));
  }
  const text = node.querySelector(".say-text");
  if (text && name && !text.querySelector(".called")) callOut(text, `@${name}`);
}

function callOut(text, call) {
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  for (let words = walker.nextNode(); words; words = walker.nextNode()) {
    const start = words.data.indexOf(call);
    if (start < 0) continue;
    const called = words.splitText(start);
    const rest = called.splitText(call.length);
    const strong = Object.assign(document.createElement("strong"), { className: "called" });
    called.replaceWith(strong);
    strong.append(called);
    walker.currentNode = rest;
    walker.previousNode(); // the rest may hold the name once more
  }
}
