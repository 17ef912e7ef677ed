// A finger on a message: held, it opens the menu; drawn to the right, it answers. A mouse and a keyboard have the button
// beside the message.

const HOLD_MS = 450;
const STILL = 10; // pixels a resting finger may move
const EDGE = 24; // from here the phone itself goes back
const FAR = 56; // drawn so far, it counts
const MOST = 72;

export function followFinger(list, { onHold, onDraw, canDraw }) {
  let touch = null;
  let isHeld = false; // the menu is open and the finger still down

  const drop = () => {
    if (!touch) return;
    clearTimeout(touch.timer);
    touch.main.style.transform = "";
    touch.node.classList.remove("is-drawn", "is-far");
    touch = null;
  };

  function begin(event) {
    drop();
    isHeld = false;
    const node = event.target.closest(".say[id]");
    if (!node || event.touches.length > 1 || node.querySelector(".say-gone")) return;
    const [{ clientX: x, clientY: y }] = event.touches;
    touch = { node, main: node.querySelector(".say-main"), x, y, timer: setTimeout(hold, HOLD_MS), isDrawing: false, isFar: false };
  }

  function hold() {
    const { node } = touch;
    drop();
    isHeld = true;
    onHold(node);
  }

  function move(event) {
    if (!touch) return;
    const [{ clientX, clientY }] = event.touches;
    const [across, down] = [clientX - touch.x, Math.abs(clientY - touch.y)];
    if (!touch.isDrawing) {
      if (Math.abs(across) < STILL && down < STILL) return;
      clearTimeout(touch.timer);
      if (across < 2 * down || touch.x < EDGE || !canDraw()) return drop();
      touch.isDrawing = true;
      touch.node.classList.add("is-drawn");
    }
    const shift = Math.max(0, Math.min(MOST, across));
    touch.isFar = shift >= FAR;
    touch.node.classList.toggle("is-far", touch.isFar);
    touch.main.style.transform = `translateX(${shift}px)`;
  }

  function end(event) {
    if (isHeld) event.preventDefault(); // lifting it must not press the link it rests on
    isHeld = false;
    const { node, isFar } = touch ?? {};
    drop();
    if (isFar) onDraw(node);
  }

  list.addEventListener("touchstart", begin, { passive: true });
  list.addEventListener("touchmove", move, { passive: true });
  list.addEventListener("touchend", end);
  list.addEventListener("touchcancel", drop);
  // Android asks in its own way as well.
  list.addEventListener("contextmenu", (event) => matchMedia("(pointer: coarse)").matches && event.target.closest(".say[id]") && event.preventDefault());
}
