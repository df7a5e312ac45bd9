// Uploads images for the body, several at once: with a button, by drag and drop, and by paste. A placeholder shows
// where an image will be, and the writer can go on typing. Saved texts never contain a placeholder.
"use strict";

const form = document.querySelector("form.editor");
const body = form.elements.body;
const box = form.querySelector("[data-uploads]");
const status = box.querySelector("[role=status]");
const rows = box.querySelector("[data-upload-list]");
const field = form.elements.body_image;
const { block, changesSoFar, soon } = globalThis.edits;

const MAX_ALT = 300;
const maxBytes = Number(field.dataset.maxMegabytes) * 1024 * 1024;
// All uploads of this page, because undo brings the placeholders of finished ones back.
const all = [];
const isOpen = (item) => item.state === "sending" || item.state === "failed";
const text = (key, name = "") => box.dataset[key].replace("{name}", () => name).replace("{limit}", field.dataset.maxMegabytes);

// The changes that others made: the writer's, and those of other scripts.
let own = 0;
const typedSoFar = () => changesSoFar() - own;

function replaceAside(start, end, text_) {
  const before = changesSoFar();
  const isDone = globalThis.edits.replaceAside(start, end, text_);
  own += changesSoFar() - before;
  return isDone;
}

// Placeholders

function placeholderFor(file) {
  const name = file.name.replace(/[[\]\\\s]+/g, " ").trim();
  for (let number = 1; ; number += 1) {
    const placeholder = `![${text("placeholder", number > 1 ? `${name} (${number})` : name)}]()`;
    if (!body.value.includes(placeholder) && !all.some((item) => item.placeholder === placeholder)) return placeholder;
  }
}

// Removes a placeholder, with the blank lines that it came with.
function rangeOf({ placeholder }, source) {
  const start = source.indexOf(placeholder);
  const end = start + placeholder.length;
  if (source.slice(0, start).endsWith("\n\n")) return [start - 2, end];
  return [start, source.startsWith("\n\n", end) ? end + 2 : end];
}

function settled(source, item) {
  if (!source.includes(item.placeholder)) return source;
  if (item.markdown) return source.replace(item.placeholder, () => item.markdown);
  const [start, end] = rangeOf(item, source);
  return source.slice(0, start) + source.slice(end);
}

const withoutPlaceholders = (source) => all.reduce(settled, source);

// Puts an image or nothing in the placeholder's place, unless the writer has deleted it.
function fill(item) {
  const start = body.value.indexOf(item.placeholder);
  if (start < 0) return true;
  const [from, to] = item.markdown ? [start, start + item.placeholder.length] : rangeOf(item, body.value);
  const isUnmoved = String(selection()) === String(item.batch.selection);
  if (!replaceAside(from, to, item.markdown)) return false;
  item.isAlone = typedSoFar() === item.batch.typed;
  item.batch.selection = isUnmoved ? selection() : null;
  describe(item.batch);
  return true;
}

// The alt text between the brackets is selected, unless the writer is doing something else.
function describe({ items, selection: before, typed }) {
  const isBusy = document.activeElement !== body && document.activeElement?.matches("input:not([type=file]), textarea, select");
  if (items.some(isOpen) || !before || typed !== typedSoFar() || isBusy) return;
  const found = items.map(({ markdown }) => (markdown ? body.value.indexOf(markdown) : -1)).find((at) => at >= 0);
  if (found === undefined) return;
  body.setSelectionRange(found + 2, body.value.indexOf("](", found));
  // The browser scrolls to the selection when the body gets the focus.
  body.blur();
  body.focus();
}

const selection = () => [body.selectionStart, body.selectionEnd];

// The rows below the text

function show(item, message) {
  if (!item.row) {
    item.row = box.querySelector("template").content.firstElementChild.cloneNode(true);
    item.row.querySelector("[data-retry]").addEventListener("click", () => send(item));
    item.row.querySelector("[data-remove]").addEventListener("click", () => remove(item));
    rows.append(item.row);
  }
  item.row.dataset.state = item.state;
  item.row.querySelector("[data-upload-text]").textContent = message;
  item.row.querySelector("progress").hidden = item.state !== "sending";
  item.row.querySelector("[data-retry]").hidden = item.state !== "failed";
  item.row.querySelector("[data-remove]").textContent = text({ sending: "cancel", failed: "remove" }[item.state] ?? "dismiss");
}

function showProgress(item, share) {
  item.row.querySelector("progress").value = share;
  item.row.querySelector("[data-upload-text]").textContent = `${text("sending", item.file.name)} · ${Math.floor(share * 100)} %`;
}

// Only a message about saving is visible, because the rows have their own texts.
function say(message, kind = "") {
  status.textContent = message;
  status.dataset.kind = kind;
}

// Shows a message in a row of its own.
function tell(key, name = "") {
  show({ state: "refused" }, text(key, name));
  say(text(key, name));
}

function remove(item) {
  const wasOpen = isOpen(item);
  if (wasOpen) item.state = "removed";
  item.request?.abort();
  item.row.remove();
  if (wasOpen) soon(() => fill(item));
  say("");
  body.focus({ preventScroll: true });
  submitIfSettled();
}

// Sending, one after another: the server decodes one image at a time

let line = Promise.resolve();

function send(item) {
  item.state = "sending";
  show(item, text("sending", item.file.name));
  say(text("sending", item.file.name));
  line = line.then(() => item.state === "sending" && deliver(item)).then(submitIfSettled);
}

function deliver(item) {
  const request = new XMLHttpRequest();
  item.request = request;
  const data = new FormData();
  data.append("image", item.file);
  data.append("alt", item.alt.slice(0, MAX_ALT));
  data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  request.upload.addEventListener("progress", (event) => showProgress(item, event.loaded / event.total));
  request.open("POST", form.dataset.uploadUrl);
  request.setRequestHeader("Accept", "application/json");
  return new Promise((done) => {
    request.addEventListener("loadend", () => {
      if (item.state === "sending") finish(item, request);
      done();
    });
    request.send(data);
  });
}

function resultOf(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {};
  }
}

function finish(item, request) {
  const { markdown, notice, error, message } = resultOf(request);
  const { name } = item.file;
  if (request.status === 201 && markdown) return arrived(item, markdown, notice);
  // The server can't store this file, and another try would not change that.
  const isRefused = request.status === 422 || request.status === 413;
  item.state = isRefused ? "refused" : "failed";
  const reason = request.status === 413 ? text("tooLarge", name) : `${name}: ${error ?? message}`;
  // After the session has ended, the login page comes instead.
  const isLoggedOut = [200, 401, 403].includes(request.status);
  show(item, error || message || isRefused ? reason : text(isLoggedOut ? "loggedOut" : "failed", name));
  say(item.row.querySelector("[data-upload-text]").textContent);
  if (isRefused) soon(() => fill(item));
}

function arrived(item, markdown, notice) {
  item.state = "done";
  item.markdown = markdown;
  if (notice) show(item, `${item.file.name}: ${notice}`);
  else item.row.remove();
  say(notice ? `${item.file.name}: ${notice}` : text("done", item.file.name));
  soon(() => fill(item));
}

// Starting

// Returns the placeholders of files, or an empty text for one that is too large, and a function that sends them.
function prepare(files, alt = "") {
  const batch = { items: [] };
  const placeholders = files.map((file) => {
    if (file.size > maxBytes) {
      tell("tooLarge", file.name);
      return "";
    }
    const item = { file, alt, batch, placeholder: placeholderFor(file), markdown: "", state: "sending" };
    all.push(item);
    batch.items.push(item);
    return item.placeholder;
  });
  const start = () => {
    Object.assign(batch, { typed: typedSoFar(), selection: selection() });
    batch.items.forEach(send);
  };
  return { placeholders, start };
}

// The text has no cursor before it has the focus for the first time.
let isVisited = false;
body.addEventListener("focus", () => { isVisited = true; });

function add(files, at = isVisited ? body.selectionEnd : body.value.length) {
  const { placeholders, start } = prepare(files);
  const added = placeholders.filter(Boolean).join("\n\n");
  if (!added) return;
  soon(() => {
    const { start: from, end, text: block_ } = block(at, added);
    const isHere = from < end || body.value.slice(0, from).endsWith("\n") || !from;
    const { selectionStart, selectionEnd } = body;
    if (!replaceAside(from, end, block_)) return false;
    // On an empty line, the cursor goes behind the image. Otherwise it stays in its sentence.
    if (isHere && selectionStart === selectionEnd && selectionStart >= from && selectionStart <= end) {
      body.setSelectionRange(from + block_.length, from + block_.length);
    }
    start();
    return true;
  });
}

function choose() {
  field.click();
}

field.multiple = true;
// Without the separate field, its text would not be sent with an image.
form.elements.body_image_alt.disabled = true;
field.addEventListener("change", () => {
  const files = [...field.files];
  field.value = "";
  add(files);
});

// The other file fields are sent with the form, so a file that is too large must not stay in them.
form.addEventListener("change", ({ target }) => {
  const large = target !== field && [...(target.files ?? [])].find((file) => file.size > maxBytes);
  if (!large) return;
  target.value = "";
  tell("tooLarge", large.name);
});

const hasFiles = (event) => event.dataTransfer.types.includes("Files") && !event.target.closest?.("[type=file]");

document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
  form.classList.add("is-dropping");
});
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("is-dropping"); });
// Also uploads a file that is not an image: the browser would leave the page to open it, but the server explains the error.
document.addEventListener("drop", (event) => {
  form.classList.remove("is-dropping");
  if (!hasFiles(event)) return;
  event.preventDefault();
  const place = event.target === body ? document.caretPositionFromPoint?.(event.clientX, event.clientY) : null;
  add([...event.dataTransfer.files], place?.offsetNode === body ? place.offset : undefined);
});

// Undo

let isStale = false;
let isRepeating = false;
const stale = () => all.filter((item) => item.state === "done" && body.value.includes(item.placeholder));

body.addEventListener("input", (event) => {
  if (isRepeating) return;
  const back = { historyUndo: "undo", historyRedo: "redo" }[event.inputType];
  if (back) repeat(back);
  // New text ends redo, so the image takes its place again.
  else if (isStale) setTimeout(() => stale().forEach((item) => soon(() => fill(item))));
  isStale = Boolean(back) && stale().length > 0;
});

// An upload during which nothing else changed is one step of undo.
function repeat(back) {
  isRepeating = true;
  while (stale().some((item) => item.isAlone) && document.execCommand(back));
  isRepeating = false;
}

// Saving

form.addEventListener("formdata", ({ formData }) => formData.set("body", withoutPlaceholders(formData.get("body"))));

const open = () => all.filter((item) => isOpen(item) && body.value.includes(item.placeholder));
let held = null;

function hold(submitter) {
  held = { submitter };
  const failed = open().find((item) => item.state === "failed");
  document.querySelector("dialog:modal")?.close();
  const kind = failed ? "held" : "waiting";
  say(text(kind), kind);
  if (!failed) return;
  held = null;
  failed.row.querySelector("[data-retry]").focus();
}

function submitIfSettled() {
  if (!held) return;
  if (!open().length) form.requestSubmit(held.submitter);
  else if (!open().some((item) => item.state === "sending")) hold(held.submitter);
}

form.addEventListener("submit", (event) => {
  if (!open().length || event.submitter?.formTarget === "_blank") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  hold(event.submitter);
}, true);
addEventListener("beforeunload", (event) => { if (open().length) event.preventDefault(); });

// Script names contain hashes, which an `import` would have to know.
globalThis.uploads = { add, choose, prepare, tell, withoutPlaceholders };
