// What can be done with a message: a sheet at the thumb, or a menu beside the message. The dialog holds everything there is;
// what does not apply to this message is hidden.

const SPACE = 8; // pixels between the menu and the edge of the window
const SAMPLE = "aaaaaaaaaaaaa"; // samples.py, PLACE

export function openMenus(root, view, chat, { onReply, tell }) {
  const menu = root.querySelector("[data-menu]");
  const { place } = root;
  let node = null;

  const act = (name) => menu.querySelector(`[data-act=${name}]`);
  const isMine = () => node.matches(".is-mine");
  const pinned = () => root.querySelector("[data-pin]:not([hidden]) a")?.hash.slice(3);

  function offered() {
    const text = node.querySelector(".say-text");
    const age = Date.now() - new Date(node.querySelector("time").dateTime);
    return {
      reply: place.canWrite,
      copy: Boolean(text && navigator.clipboard), // not without HTTPS
      save: Boolean(place.save) && !("saved" in node.dataset),
      unsave: Boolean(place.save) && "saved" in node.dataset,
      pin: place.canPin && pinned() !== view.idOf(node),
      unpin: place.canPin && pinned() === view.idOf(node),
      edit: isMine() && Boolean(text) && place.canReact && age < place.editSeconds * 1000,
      unsend: isMine(),
      report: !isMine() && Boolean(place.report),
    };
  }

  function open(target, anchor = null) {
    if (target.querySelector(".say-gone")) return;
    node = target;
    for (const [name, isOffered] of Object.entries(offered())) act(name).hidden = !isOffered;
    const signs = menu.querySelector(".say-menu-signs");
    signs.hidden = isMine() || !place.canReact;
    for (const button of signs.children) button.setAttribute("aria-pressed", String(isGiven(button.dataset.sign)));
    menu.showModal();
    if (!anchor) menu.querySelector(".acts").focus(); // under a thumb no act is marked before it is chosen
    stand(anchor);
    node.classList.add("is-chosen");
  }

  const isGiven = (name) => view.signsOf(node).some((sign) => sign.name === name && sign.by.some(({ id }) => id === view.me));

  // Beside its button where there is one; a sheet from below is the style of the phone.
  function stand(anchor) {
    menu.classList.toggle("is-beside", Boolean(anchor));
    menu.style.translate = "";
    if (!anchor) return;
    const [box, own] = [anchor.getBoundingClientRect(), menu.getBoundingClientRect()];
    const top = box.bottom + own.height + SPACE > innerHeight ? Math.max(SPACE, box.top - own.height) : box.bottom;
    const left = Math.min(Math.max(SPACE, isMine() ? box.right - own.width : box.left), innerWidth - own.width - SPACE);
    menu.style.translate = `${left}px ${top}px`;
  }

  menu.addEventListener("close", () => node?.classList.remove("is-chosen"));
  menu.addEventListener("click", (event) => {
    if (event.target === menu || event.target.closest("[data-close-menu]")) return menu.close();
    const button = event.target.closest("button");
    const chosen = node;
    if (!button) return;
    menu.close();
    if (button.dataset.sign) react(chosen, button);
    else ACTS[button.parentElement.dataset.act](chosen);
  });
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...menu.querySelectorAll(".acts button")].filter((each) => each.checkVisibility());
    const at = all.indexOf(document.activeElement);
    all.at(at < 0 ? Math.min(0, step) : (at + step) % all.length)?.focus();
  });

  async function react(chosen, { dataset, ariaPressed }) {
    tell(await chat.react(view.idOf(chosen), dataset.sign, ariaPressed !== "true"));
  }

  async function keep(chosen, isKept) {
    const answer = await chat.save(view.idOf(chosen), isKept);
    if (answer.ok) chosen.toggleAttribute("data-saved", isKept);
    tell(answer.ok ? { message: isKept ? view.words.saved : view.words.unsaved } : answer);
  }

  const ACTS = {
    reply: onReply,
    async copy(chosen) {
      await navigator.clipboard.writeText(view.bodyOf(chosen));
      tell({ message: view.words.copied });
    },
    save: (chosen) => keep(chosen, true),
    unsave: (chosen) => keep(chosen, false),
    pin: async (chosen) => tell(await chat.pin(view.idOf(chosen))),
    unpin: async () => tell(await chat.pin("")),
    edit: (chosen) => edit(chosen),
    unsend: (chosen) => unsend(chosen),
    report: (chosen) => location.assign(place.report.replace(SAMPLE, view.idOf(chosen))),
  };

  // ---------------------------------------------------------------- taking back, editing

  const unsending = root.querySelector("[data-unsend]");
  const editing = root.querySelector("[data-edit]");

  function unsend(chosen) {
    node = chosen;
    unsending.showModal();
    unsending.querySelector("[value='']").focus();
  }

  unsending.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (event.target === unsending || button) unsending.close();
    if (button?.value) tell(await chat.unsend(view.idOf(node)));
  });

  const form = editing.querySelector("form");
  const area = form.querySelector("textarea");
  const wrong = editing.querySelector(".wrong");

  let names = null; // brought when they are first needed
  area.addEventListener("focus", () => {
    if (form.dataset.people) names ??= import("../mentions.js").then(({ completeNames }) => completeNames(form, area)).catch(() => null);
  });

  function edit(chosen) {
    node = chosen;
    area.value = view.bodyOf(chosen);
    wrong.hidden = true;
    editing.showModal();
    area.focus();
  }

  editing.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (!button.value) return editing.close();
    (await names)?.tell();
    const mentions = form.elements.mentions.value.split(" ").filter(Boolean);
    const answer = await chat.edit(view.idOf(node), area.value, mentions);
    if (answer.ok) return editing.close();
    wrong.textContent = answer.fields?.body?.[0] || answer.message || view.words.unreached;
    wrong.hidden = false;
  });

  view.list.addEventListener("click", (event) => {
    const button = event.target.closest(".say-more");
    if (!button || event.ctrlKey || event.metaKey || event.shiftKey) return; // its page, in another tab
    event.preventDefault();
    open(button.closest(".say"), matchMedia("(min-width: 40rem)").matches ? button : null);
  });

  return { open };
}
