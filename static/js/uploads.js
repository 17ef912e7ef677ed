// Pictures and documents on their way: several at once, each with its progress, and none of them can lose the text.
//
// A file is sent as soon as it is chosen; the form carries only ids, in the order the files were added. A large photo
// is made smaller here first, which saves the phone minutes. The picture shown is the one the server made.

const MOST_FILES = 10;
const MOST_BYTES = 10 * 1024 * 1024;
const LONGEST_SIDE = 2560; // pixels; the server keeps 1600. A page may ask for less (data-longest)
const AT_ONCE = 2;
const ASK_AGAIN_MS = 1000;
const ASK_MOST = 120;

export function takeFiles(form, box) {
  const words = JSON.parse(box.dataset.words);
  const input = form.querySelector("input[type=file]");
  const wrong = box.querySelector("[data-files-wrong]");
  const list = box.querySelector("[data-files-list]");
  const row = box.querySelector("[data-files-row]").content.firstElementChild;
  const csrf = form.elements.csrf_token.value;
  const longest = Number(box.dataset.longest) || LONGEST_SIDE;
  const files = []; // in the order they were added

  // With this script the form carries ids, no bytes.
  input.removeAttribute("name");
  form.enctype = "application/x-www-form-urlencoded";

  const complain = (text) => {
    wrong.textContent = text;
    wrong.hidden = !text;
  };
  const isUnderWay = (file) => ["waiting", "sending"].includes(file.state);
  const tell = () => (form.elements.files.value = files.filter((file) => file.id).map((file) => file.id).join(" "));

  async function ask(path, body) {
    const answer = await fetch(`/api/files/${path}`, {
      method: body ? "POST" : "GET",
      headers: { Accept: "application/json", "X-CSRF-Token": csrf },
      body: body && new URLSearchParams(body),
    });
    return answer.json();
  }

  // ---------------------------------------------------------------- one row

  function line(file) {
    const item = row.cloneNode(true);
    const [retry, remove] = [item.querySelector("[data-retry]"), item.querySelector("[data-remove]")];
    const alt = item.querySelector("input");
    item.querySelector(".attach-name").textContent = file.name;
    item.querySelector("progress").setAttribute("aria-label", file.name);
    retry.setAttribute("aria-label", words.retry.replace("{name}", file.name));
    remove.setAttribute("aria-label", words.remove.replace("{name}", file.name));
    retry.addEventListener("click", () => again(file));
    remove.addEventListener("click", () => discard(file));
    alt.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
    alt.addEventListener("change", () => ask(`${file.id}/alt`, { alt: alt.value, csrf_token: csrf }).catch(() => {}));
    list.append(item);
    return item;
  }

  function show(file, state, text = words[state]) {
    file.state = state;
    const { item } = file;
    item.dataset.state = state;
    item.querySelector("progress").hidden = !isUnderWay(file);
    item.querySelector(".hint").textContent = text;
    item.querySelector("[data-retry]").hidden = state !== "failed" || !file.blob;
    item.querySelector("label").hidden = file.kind !== "picture" || !file.id || state === "failed";
  }

  function picture(file, found) {
    if (!found.thumbnail) return;
    const image = Object.assign(new Image(), { src: found.thumbnail, alt: "", width: 56, height: 56 });
    file.item.querySelector(".attach-thumb").replaceChildren(image);
  }

  // ---------------------------------------------------------------- one file

  function add(blob) {
    if (files.length >= MOST_FILES) return complain(words.many);
    const file = { name: blob.name, blob, kind: blob.type.startsWith("image/") ? "picture" : "document" };
    file.item = line(file);
    files.push(file);
    show(file, "waiting");
    next();
  }

  function next() {
    const sending = files.filter((file) => file.state === "sending").length;
    files.filter((file) => file.state === "waiting").slice(0, AT_ONCE - sending).forEach(send);
    if (!files.some(isUnderWay) && !wrong.hidden && wrong.textContent === words.unfinished) complain("");
  }

  async function send(file) {
    show(file, "sending");
    const blob = await smaller(file.blob, longest);
    if (file.state !== "sending") return; // taken away meanwhile
    if (blob.size > MOST_BYTES) fail(file, words.large);
    else post(file, blob);
  }

  function post(file, blob) {
    const body = new FormData();
    body.append("csrf_token", csrf);
    body.append("file", blob, file.name);
    const request = (file.request = new XMLHttpRequest()); // fetch does not tell how far it is
    request.open("POST", "/api/files");
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRF-Token", csrf);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => (file.item.querySelector("progress").value = loaded / total);
    request.onerror = request.ontimeout = () => fail(file, words.stopped);
    request.onload = () => arrived(file, request.response);
    request.send(body);
  }

  function fail(file, text) {
    show(file, "failed", text);
    next();
  }

  function arrived(file, found) {
    if (!found?.ok) return fail(file, found?.message ?? words.stopped);
    Object.assign(file, { id: found.id, kind: found.kind });
    tell();
    settle(file, found);
    next();
  }

  // A picture is rebuilt by a job; the text may be sent before it is done.
  async function settle(file, found, turns = 0) {
    if (!files.includes(file)) return;
    if (found.alt) file.item.querySelector("input").value = found.alt;
    if (found.state === "refused") {
      Object.assign(file, { id: null, blob: null });
      tell();
      return fail(file, found.refusal);
    }
    show(file, found.state === "ready" ? "ready" : "working");
    if (found.state === "ready") return picture(file, found);
    if (turns >= ASK_MOST) return;
    await new Promise((resume) => setTimeout(resume, ASK_AGAIN_MS));
    const later = await ask(file.id).catch(() => found);
    settle(file, later.ok ? later : found, turns + 1);
  }

  function again(file) {
    file.item.querySelector("progress").value = 0;
    show(file, "waiting");
    next();
  }

  function discard(file) {
    file.request?.abort();
    if (file.id) ask(`${file.id}/delete`, { csrf_token: csrf }).catch(() => {});
    files.splice(files.indexOf(file), 1);
    file.state = "gone";
    file.item.remove();
    complain("");
    tell();
    next();
    input.focus();
  }

  // ---------------------------------------------------------------- the doors

  function take(chosen) {
    complain("");
    [...chosen].forEach(add);
  }

  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  form.addEventListener("paste", (event) => {
    const { files: pasted } = event.clipboardData;
    if (!pasted.length || event.clipboardData.getData("text/plain")) return; // a table brings its picture along
    event.preventDefault();
    take(pasted);
  });
  const isFiles = (event) => event.dataTransfer?.types.includes("Files");
  form.addEventListener("dragover", (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    form.dataset.dropping = "";
  });
  form.addEventListener("dragleave", (event) => form.contains(event.relatedTarget) || delete form.dataset.dropping);
  form.addEventListener("drop", (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    delete form.dataset.dropping;
    take(event.dataTransfer.files);
  });
  form.addEventListener("submit", (event) => {
    if (!files.some(isUnderWay)) return;
    event.preventDefault();
    complain(words.unfinished);
    wrong.scrollIntoView({ block: "nearest" });
  });

  // What the form came with: given back after a refusal, or a post that is being edited.
  async function meet(id) {
    const file = { id, name: "", kind: "document" };
    file.item = line(file);
    files.push(file);
    show(file, "working", "");
    const found = await ask(id).catch(() => null);
    if (!found?.ok) return;
    Object.assign(file, { kind: found.kind, name: found.name });
    file.item.querySelector(".attach-name").textContent = found.name;
    settle(file, found);
  }
  form.elements.files.value.split(" ").filter(Boolean).forEach(meet);

  // For a page that sends without leaving: what was sent is no longer to be chosen here.
  function clear() {
    files.splice(0).forEach((file) => {
      file.state = "gone";
      file.item.remove();
    });
    complain("");
    tell();
  }

  return { take, clear, isBusy: () => files.some(isUnderWay), complain: () => complain(words.unfinished) };
}

// A photo from a phone, no larger than anybody will see it; the original where that is not smaller or not possible.
async function smaller(blob, longest) {
  if (!["image/jpeg", "image/png"].includes(blob.type) || !window.createImageBitmap) return blob;
  try {
    const image = await createImageBitmap(blob, { imageOrientation: "from-image" });
    const scale = longest / Math.max(image.width, image.height);
    if (scale >= 1) return blob;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    const made = await new Promise((done) => canvas.toBlob(done, blob.type, 0.88));
    return made && made.size < blob.size ? made : blob;
  } catch {
    return blob; // a picture this browser cannot read may still be one for the server
  }
}
