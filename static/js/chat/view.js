// The messages of a room on the screen. Everything drawn is cut from the page's <template>, which the server filled in the
// language of the page; this file knows no words but those of data-words.
//
// The list grows from its bottom edge (column-reverse), so that it opens at the newest message before any script runs,
// and older pages come in above without moving what is being read. It is kept in blocks of one page each; those far from
// the screen are taken out of the document and leave their height behind, so that ten thousand messages scroll like fifty.

const RUN_MS = 10 * 60 * 1000; // page.py, MOST_BETWEEN: as long as somebody goes on, their name is said once
const NEAR_END = 120; // pixels from the bottom that still count as reading the newest
const BLOCK = 50;
const FAR = "2500px 0px"; // beyond this from the screen a block is taken out
const SAMPLE = "aaaaaaaaaaaaa";
const UNITS = ["kB", "MB"];
const PARTS = { m: "mine", mg: "my-gone", o: "other", og: "gone" }; // samples.py

export function openView(root) {
  const list = root.querySelector("[data-list]");
  const scroller = root.querySelector("[data-scroll]");
  const waiting = root.querySelector("[data-waiting]");
  const live = root.querySelector("[data-live]");
  const jump = root.querySelector("[data-jump]");
  const parts = root.querySelector("template[data-parts]").content;
  const words = JSON.parse(root.dataset.words);
  const { zone, me, name } = root.dataset;
  const { lang } = document.documentElement;
  const dayOf = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  const weekday = new Intl.DateTimeFormat(lang, { timeZone: "UTC", weekday: "short" });
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const months = new Intl.DateTimeFormat("en", { timeZone: "UTC", month: "short" });
  let unseen = 0;

  const part = (selector) => parts.querySelector(selector).cloneNode(true);
  const stampOf = (name) => part(`[data-part=stamps] [data-stamp=${CSS.escape(name)}]`);
  const nodes = new Map(); // id → its element, in the document or taken out
  const nodeOf = (id) => nodes.get(id) ?? null;
  const idOf = (node) => node.id.slice(2);
  const isAtEnd = () => scroller.scrollTop > -NEAR_END;

  // ---------------------------------------------------------------- days and times, as the server writes them

  const timeOf = (at) => (lang === "ja" ? clock.format(at).replace(/^0/, "") : clock.format(at));

  function dayWords(key) {
    const [year, month, day] = key.split("-").map(Number);
    const date = new Date(`${key}T00:00:00Z`);
    const isThisYear = dayOf.format(new Date()).startsWith(String(year));
    if (lang === "ja") return `${isThisYear ? "" : `${year}年`}${month}月${day}日（${weekday.format(date)}）`;
    return `${weekday.format(date)} ${day} ${months.format(date)}${isThisYear ? "" : ` ${year}`}`;
  }

  function dayLine(key) {
    const line = part(".say-day");
    line.dataset.day = key;
    line.firstElementChild.textContent = dayWords(key);
    return line;
  }

  // ---------------------------------------------------------------- one message

  const size = (bytes) => {
    if (bytes < 1000) return `${bytes} Bytes`;
    const power = bytes < 1e6 ? 0 : 1;
    return `${(bytes / 1000 ** (power + 1)).toFixed(1)} ${UNITS[power]}`;
  };

  function quote(link, { id, author, excerpt, unsent }) {
    link.href = `#m-${id}`;
    link.querySelector("bdi").textContent = author.name;
    link.querySelector(".quote-words").textContent = unsent ? words.quoteGone : excerpt;
  }

  function file(box, card) {
    const kind = card.is_waiting ? "waiting" : card.is_picture ? "picture" : "document";
    const item = box.querySelector(`[data-kind=${kind}]`).cloneNode(true);
    const link = item.querySelector("a");
    const image = item.querySelector("img");
    link?.setAttribute("href", link.getAttribute("href").replace(SAMPLE, card.id));
    if (image) {
      image.src = image.getAttribute("src").replace(SAMPLE, card.id);
      Object.assign(image, { width: card.width, height: card.height });
      if (card.alt) image.alt = card.alt;
    } else if (link) {
      item.querySelector("bdi").textContent = card.name;
      item.querySelector(".row-note").textContent = size(card.size_bytes);
    }
    return item;
  }

  function fillBody(body, card) {
    const [link, text, files] = [".say-quote", ".say-text", ".say-files"].map((each) => body.querySelector(each));
    body.classList.toggle("is-bare", Boolean(card.stamp) || !card.html);
    if (card.reply_to) quote(link, card.reply_to);
    else link.remove();
    if (card.html) text.innerHTML = card.html; // both gates of core/text.py were passed
    else text.remove();
    if (card.stamp) files.before(stampOf(card.stamp));
    files.remove();
    drawFiles(body, card.files);
  }

  // Those of others are there once they are rebuilt; until then a message of pictures alone says what it is.
  function drawFiles(body, cards) {
    const isEmpty = !cards.length && !body.querySelector(".say-text, .stamp");
    body.querySelector(".say-files, .say-body > .file-row")?.remove();
    if (isEmpty) body.append(Object.assign(document.createElement("p"), { className: "file-row", textContent: words.files }));
    if (!cards.length) return;
    const files = part("[data-part=other] .say-files");
    files.replaceChildren(...cards.map((each) => file(files, each)));
    body.append(files);
  }

  function draw(card, isSaved = false) {
    const name = `${card.mine ? "m" : "o"}${card.unsent ? "g" : ""}`;
    const node = part(`[data-part=${PARTS[name]}] .say`);
    node.id = `m-${card.id}`;
    node.quoted = card.reply_to?.id;
    nodes.set(card.id, node);
    node.dataset.seq = card.seq;
    node.toggleAttribute("data-saved", isSaved);
    const more = node.querySelector(".say-more");
    more?.setAttribute("href", more.getAttribute("href").replace(SAMPLE, card.id));
    node.dataset.who = card.author.id ?? card.author.name;
    if (!card.mine) sign(node, card.author);
    if (!card.unsent) fillBody(node.querySelector(".say-body"), card);
    if (!card.edited) node.querySelector(".say-edited")?.remove();
    const time = node.querySelector("time");
    time.dateTime = card.at;
    time.textContent = timeOf(new Date(card.at));
    node.body = card.body;
    drawSigns(node, card.reactions);
    markMine(node);
    return node;
  }

  function sign(node, { id, name, bud, mark }) {
    const use = node.querySelector(".say-bud use");
    use.setAttribute("href", use.getAttribute("href").replace(/\d+$/, bud));
    const who = node.querySelector(".say-who");
    const link = who.querySelector("a");
    who.querySelector("bdi").textContent = name;
    if (id) link.setAttribute("href", link.getAttribute("href").replace(SAMPLE, id));
    else link.replaceWith(...link.childNodes);
    if (mark) who.querySelector(".mark").textContent = mark;
    else who.querySelector(".mark").remove();
  }

  // ---------------------------------------------------------------- signs

  // Kept on the element; what the server drew is read from it once.
  function signsOf(node) {
    node.signs ??= [...node.querySelectorAll(".say-givers > p")].map((line) => ({
      name: line.dataset.sign,
      by: [...line.querySelectorAll("bdi")].map((one) => ({ id: one.dataset.by || null, name: one.textContent })),
    }));
    return node.signs;
  }

  function drawSigns(node, signs) {
    node.signs = signs;
    const old = node.querySelector(".say-signs");
    if (!signs.length) return old?.remove();
    const box = part("[data-part=other] .say-signs");
    box.open = old?.open ?? false;
    for (const each of box.querySelectorAll("[data-sign]")) {
      const given = signs.find(({ name }) => name === each.dataset.sign);
      if (!given) each.remove();
      else if (each.matches("span")) each.querySelector(".reaction-count").textContent = given.by.length;
      else each.querySelector("bdi").replaceWith(...given.by.map(giver));
    }
    if (old) old.replaceWith(box);
    else node.querySelector(".say-main").append(box);
  }

  function markMine(node) {
    for (const { name, by } of signsOf(node)) node.querySelector(`.say-sign[data-sign=${name}]`).classList.toggle("is-mine", by.some(({ id }) => id === me));
    node.classList.toggle("is-called", !!node.querySelector(".say-text")?.textContent.includes(`@${name}`));
  }

  function giver({ id, name }) {
    const one = Object.assign(document.createElement("bdi"), { textContent: name });
    one.dataset.by = id ?? "";
    return one;
  }

  function react({ message, name, by }, isOn) {
    const node = nodeOf(message.id);
    if (!node) return;
    const isBy = (one) => (by.id ? one.id === by.id : one.name === by.name);
    const order = [...parts.querySelectorAll("[data-part=other] .say-sign")].map((each) => each.dataset.sign);
    const signs = order.map((each) => {
      const given = signsOf(node).find((one) => one.name === each)?.by ?? [];
      if (each !== name) return { name: each, by: given };
      return { name, by: [...given.filter((one) => !isBy(one)), ...(isOn ? [by] : [])] };
    });
    holdPlace(node, () => drawSigns(node, signs.filter((one) => one.by.length)));
    markMine(node);
  }

  // ---------------------------------------------------------------- lines of the room itself

  function noteWords({ kind, act, person, text, args }) {
    if (kind !== "member") return Object.entries(args ?? {}).reduce((said, [key, value]) => said.replace(`{${key}}`, value), words.system[text] ?? "");
    const sentence = words[act];
    const isCalled = person.bud === 0 || person.name.endsWith("さん"); // PersonCard.called
    return sentence.replace(isCalled ? "{name}さん" : "{name}", () => person.name).replace("{name}", () => person.name);
  }

  function drawNote(item) {
    const node = part(".say-note");
    node.dataset.seq = item.seq;
    node.dataset.at = item.at;
    node.firstElementChild.textContent = noteWords(item);
    return node;
  }

  const drawItem = (item) => (item.type === "note" ? drawNote(item) : draw(item.message, item.saved));

  // ---------------------------------------------------------------- one below the other

  const atOf = (node) => node.dataset.at ?? node.querySelector("time")?.dateTime;
  const ITEM = ".say, .say-note";
  const items = (from) => [...from.querySelectorAll(ITEM)];
  const firstItem = () => list.querySelector(ITEM);
  const lastItem = () => list.lastElementChild && (items(list.lastElementChild).at(-1) ?? null);

  // Whose run a message belongs to, and whether a day begins with it.
  function join(before, node) {
    const at = atOf(node);
    const day = at && dayOf.format(new Date(at));
    const gap = before && at ? new Date(at) - new Date(atOf(before) ?? at) : 0;
    const isSameDay = !day || (before && dayOf.format(new Date(atOf(before) ?? at)) === day);
    if (node.matches(".say")) {
      const goesOn = before?.matches(".say") && isSameDay && before.dataset.who === node.dataset.who && gap < RUN_MS;
      node.classList.toggle("is-first", !goesOn);
    }
    return isSameDay ? null : dayLine(day);
  }

  function lastBlock() {
    const block = list.lastElementChild;
    if (block && block.childElementCount < BLOCK * 1.5) return block;
    const fresh = emptyBlock();
    list.append(fresh);
    return fresh;
  }

  function blockOf(page, before = null) {
    const block = emptyBlock();
    let previous = before;
    for (const item of page) {
      const node = drawItem(item);
      const line = join(previous, node);
      block.append(...(line ? [line, node] : [node]));
      previous = node;
    }
    return block;
  }

  function emptyBlock() {
    const block = Object.assign(document.createElement("div"), { className: "say-block" });
    distance.observe(block);
    return block;
  }

  // The newest block stays: what comes in is joined to it.
  function takeOut(block) {
    if (block.kept || block === list.lastElementChild || !block.childElementCount) return;
    block.style.height = `${block.getBoundingClientRect().height}px`;
    block.kept = [...block.childNodes];
    block.replaceChildren();
  }

  function bringBack(block) {
    if (!block?.kept) return;
    block.append(...block.kept);
    block.kept = null;
    block.style.height = "";
  }

  const distance = new IntersectionObserver((seen) => seen.forEach(({ isIntersecting, target }) => (isIntersecting ? bringBack(target) : target.isConnected && takeOut(target))), { root: scroller, rootMargin: FAR });
  let width = scroller.clientWidth;
  addEventListener("resize", () => {
    if (scroller.clientWidth === width) return;
    width = scroller.clientWidth; // every height is another one now
    [...list.children].forEach(bringBack);
  });

  // Where the browser does not keep the place by itself: what is read must not move when something changes below it.
  function holdPlace(changed, change) {
    const before = scroller.scrollHeight;
    const isBelow = changed.getBoundingClientRect().top > scroller.getBoundingClientRect().bottom;
    const isReading = !isAtEnd();
    change();
    if (isReading && isBelow && !CSS.supports("overflow-anchor", "auto")) scroller.scrollTop -= scroller.scrollHeight - before;
  }

  function append(node) {
    const line = join(lastItem(), node);
    const isReading = !isAtEnd();
    root.querySelector(".say-empty")?.remove();
    holdPlace(waiting, () => lastBlock().append(...(line ? [line, node] : [node])));
    return isReading;
  }

  // ---------------------------------------------------------------- what happens

  function add(card, isOwnNow) {
    if (nodeOf(card.id)) return;
    const node = draw(card);
    const isReading = append(node);
    if (card.mine) {
      if (isOwnNow) toEnd();
      return node;
    }
    announce(card);
    if (isReading) count(unseen + 1);
    return node;
  }

  function announce({ author, body, stamp, files }) {
    const said = body || (stamp ? stampOf(stamp).textContent : files.length ? words.files : "");
    const line = Object.assign(document.createElement("p"), { textContent: `${author.name} ${said}` });
    live.append(line);
    while (live.childElementCount > 5) live.firstElementChild.remove();
  }

  // Its words are others, or its pictures are ready.
  function change({ id, body, html, edited, files }) {
    const node = nodeOf(id);
    const box = node?.querySelector(".say-body");
    if (!box) return;
    holdPlace(node, () => {
      const text = box.querySelector(".say-text");
      if (text) text.innerHTML = html;
      if (text) node.body = body;
      markMine(node);
      if (!box.querySelector(".stamp")) drawFiles(box, files);
      if (edited && !node.querySelector(".say-edited")) node.querySelector(".say-meta").prepend(part(".say-edited"));
    });
    if (edited) requote(id, body.replace(/\s+/g, " ").slice(0, 80));
  }

  // What answers it says the same.
  function requote(id, text) {
    const answers = [...nodes.values()].filter(({ quoted }) => quoted === id);
    for (const node of answers) {
      const said = node.querySelector(".say-quote .quote-words"); // gone where the answer itself was taken back
      if (said) said.textContent = text;
    }
  }

  function takeBack(id) {
    const node = nodeOf(id);
    requote(id, words.quoteGone);
    if (!node) return;
    holdPlace(node, () => {
      drawSigns(node, []);
      node.querySelector(".say-body")?.replaceWith(part(".say-gone"));
      for (const each of node.querySelectorAll(".say-more, .say-edited")) each.remove();
    });
    node.body = "";
  }

  function pin(card) {
    const strip = root.querySelector("[data-pin]");
    strip.hidden = !card;
    if (!card) return strip.querySelector("a").setAttribute("href", "#m-");
    strip.querySelector("a").href = `#m-${card.id}`;
    strip.querySelector("bdi").textContent = card.author.name;
    strip.querySelector(".room-pin-words").textContent = card.excerpt;
  }

  function apply(event, isOwnNow) {
    const { kind, message } = event;
    if (kind === "message") add(message, isOwnNow);
    else if (kind === "edit") change(message);
    else if (kind === "unsend") takeBack(message.id);
    else if (kind === "react" || kind === "unreact") react(event, kind === "react");
    else if (kind === "pin") pin(message);
    else append(drawNote(event));
  }

  // Afresh: the page no longer holds together.
  function replace(page) {
    nodes.clear();
    list.replaceChildren(blockOf(page.items));
    setOlder(page.older);
    scroller.scrollTop = 0;
    count(0);
  }

  // ---------------------------------------------------------------- older pages

  const sentinel = root.querySelector("[data-older]");

  function setOlder(id) {
    sentinel.dataset.older = id ?? "";
    sentinel.hidden = !id;
  }

  function prepend(page) {
    bringBack(list.firstElementChild);
    const first = firstItem();
    const block = blockOf(page.items);
    const last = items(block).at(-1);
    const oldLine = first?.previousElementSibling;
    if (first && last) {
      const line = join(last, first);
      if (!line && oldLine?.matches(".say-day")) oldLine.remove();
    }
    const height = scroller.scrollHeight;
    const top = scroller.scrollTop;
    list.prepend(block);
    setOlder(page.older);
    // column-reverse measures from the bottom: nothing moves, unless a browser helped where no help was needed
    if (Math.abs(scroller.scrollTop - top) > 1 && Math.abs(scroller.scrollTop - top) <= scroller.scrollHeight - height + 1) scroller.scrollTop = top;
  }

  // ---------------------------------------------------------------- one's own, on their way

  function showItems(all) {
    const known = new Map([...waiting.children].map((node) => [node.dataset.key, node]));
    const nodes = all.map((item) => showItem(known.get(item.key) ?? drawWaiting(item), item));
    const isNew = nodes.some((node) => !node.isConnected);
    for (const [key, node] of known) if (!all.some((item) => item.key === key)) node.remove();
    nodes.forEach((node, place) => waiting.children[place] !== node && waiting.insertBefore(node, waiting.children[place] ?? null));
    if (nodes.length) root.querySelector(".say-empty")?.remove();
    if (isNew) toEnd();
  }

  function drawWaiting({ key, body, stamp, files }) {
    const node = part("[data-part=waiting] .say");
    const text = node.querySelector(".say-text");
    node.dataset.key = key;
    text.textContent = body || (files?.length ? words.files : "");
    if (stamp) {
      node.querySelector(".say-body").classList.add("is-bare");
      text.replaceWith(stampOf(stamp));
    }
    return node;
  }

  function showItem(node, { state, sentence }) {
    node.dataset.state = state;
    label(node);
    node.querySelector(".say-refused").hidden = state !== "refused";
    node.querySelector("[data-why]").textContent = sentence || words.refused;
    return node;
  }

  // On its way, or waiting until there is one.
  function label(node) {
    const { state } = node.dataset;
    const sending = root.dataset.link === "offline" ? words.waiting : words.sending;
    node.querySelector("[data-state]").textContent = state === "waiting" ? sending : state === "refused" ? words.again : "";
  }

  const relabel = () => [...waiting.children].forEach(label);

  // ---------------------------------------------------------------- getting about

  function count(number) {
    unseen = number;
    jump.querySelector("[data-count]").textContent = number ? words.newOnes.replace("{n}", number > 99 ? "99+" : number) : "";
    jump.classList.toggle("has-news", number > 0);
    jump.hidden = isAtEnd();
  }

  function toEnd() {
    scroller.scrollTop = 0;
    count(0);
  }

  function show(node) {
    bringBack([...list.children].find((block) => block.kept?.includes(node)));
    node.scrollIntoView({ block: "center" });
    node.tabIndex = -1;
    node.focus({ preventScroll: true });
    node.classList.remove("is-shown");
    requestAnimationFrame(() => node.classList.add("is-shown"));
  }

  for (const node of list.querySelectorAll(".say")) {
    nodes.set(idOf(node), node);
    node.quoted = node.querySelector(".say-quote")?.hash.slice(3);
    markMine(node);
  }
  for (const block of list.children) distance.observe(block);

  scroller.addEventListener("scroll", () => (isAtEnd() ? (unseen || !jump.hidden) && count(0) : jump.hidden && count(unseen)), { passive: true });
  jump.addEventListener("click", toEnd);

  return {
    apply, replace, prepend, pin, showItems, relabel, nodeOf, idOf, show, toEnd, signsOf, isAtEnd, part, words, list, waiting, scroller, sentinel, me,
    bodyOf: (node) => node.body ?? node.querySelector(".say-text")?.innerText ?? "",
    nameOf: (node) => (node.matches(".is-mine") ? words.me : node.querySelector(".say-who bdi").textContent),
    excerptOf: (node) => (node.querySelector(".say-text, .stamp span")?.textContent ?? words.files).replace(/\s+/g, " ").trim().slice(0, 80),
  };
}
