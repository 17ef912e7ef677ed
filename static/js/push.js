// Pushes to this device: asked for only after the button that explains them, ended when this device signs out.
const place = document.querySelector("[data-push]");
const canPush = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

const token = () => document.querySelector("[name=csrf_token]").value;

async function tell(path, content) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": token() },
    body: JSON.stringify(content),
  });
  if (!answer.ok) throw new Error(String(answer.status));
}

function bytesOf(text) {
  const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}

async function subscription() {
  const worker = await navigator.serviceWorker.getRegistration();
  return worker?.pushManager.getSubscription();
}

function show(state) {
  for (const each of place.querySelectorAll("[data-push-is]")) each.hidden = each.dataset.pushIs !== state;
}

async function turnOn() {
  if ((await Notification.requestPermission()) !== "granted") return show(Notification.permission === "denied" ? "denied" : "off");
  const worker = await navigator.serviceWorker.ready;
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(place.dataset.push) });
  const { endpoint, keys } = made.toJSON();
  try {
    await tell(place.dataset.subscribe, { endpoint, ...keys });
  } catch (error) {
    await made.unsubscribe();
    throw error;
  }
  location.reload(); // the list of devices now holds this one
}

async function turnOff() {
  const made = await subscription();
  if (!made) return;
  await tell("/api/push/unsubscribe", { endpoint: made.endpoint }).catch(() => {});
  await made.unsubscribe();
}

function press(selector, act) {
  const button = place.querySelector(selector);
  button.addEventListener("click", async () => {
    const wrong = place.querySelector("[data-push-wrong]");
    button.disabled = true;
    wrong.hidden = true;
    await act().catch(() => (wrong.hidden = false));
    button.disabled = false;
  });
}

async function begin() {
  if (!canPush) return show("impossible");
  if (Notification.permission === "denied") return show("denied");
  show((await subscription()) ? "on" : "off");
  press("[data-push-on]", turnOn);
  press("[data-push-off]", () => turnOff().then(() => location.reload()));
}

// Whoever signs out here is told nothing here any more. It may take two seconds; signing out does not wait longer.
function endAtSignOut() {
  for (const form of document.querySelectorAll('form[action="/sign-out"]')) {
    form.addEventListener("submit", async (event) => {
      if (form.dataset.left) return;
      event.preventDefault();
      form.dataset.left = "yes";
      await Promise.race([turnOff(), new Promise((done) => setTimeout(done, 2000))]).catch(() => {});
      form.requestSubmit();
    });
  }
}

if (place) begin();
if (canPush) endAtSignOut();
