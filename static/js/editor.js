// Makes the editor faster. Everything also works without it.
// Images: a button, drag and drop, and paste insert an image at the cursor. The alt text field then
// belongs to the last image, and its text goes between the image's brackets.
// Tags: existing names are suggested while typing.
// Enter in a one-line field submits nothing. In the title, it moves to the text.
"use strict";

const form = document.querySelector("form.editor");
const body = form.elements.body;
const status = form.querySelector("[data-editor-status]");
const altField = form.elements.body_image_alt;
let lastUrl = "";
altField.closest(".field").append(status);

function insert(text) {
  // This keeps undo working, unlike setRangeText. It writes to the element with the focus.
  if (document.activeElement === body && document.execCommand("insertText", false, text)) return;
  body.setRangeText(text, body.selectionStart, body.selectionEnd, "end");
  body.dispatchEvent(new Event("input", { bubbles: true }));
}

// The start and end of the last image's alt text, or null if its Markdown was changed.
function altTextRange() {
  const end = lastUrl ? body.value.indexOf(`](${lastUrl})`) : -1;
  const start = body.value.lastIndexOf("![", end) + 2;
  return end < 0 || start < 2 ? null : [start, end];
}

function writeAltText() {
  const range = altTextRange();
  if (!range) return;
  // The same escapes as in `image_markdown`.
  body.setRangeText(altField.value.replace(/[[\]\\`*_~<&]/g, "\\$&"), ...range, "preserve");
  status.textContent = altField.value ? status.dataset.described : status.dataset.uploaded;
  body.dispatchEvent(new Event("input", { bubbles: true }));
}

// The next image has its own alt text, and goes after the last image, not between its brackets.
function startNextImage() {
  const [start, end] = altTextRange() ?? [Infinity, 0];
  const behind = end + `](${lastUrl})`.length;
  if (start <= body.selectionStart && body.selectionEnd < behind) body.setSelectionRange(behind, behind);
  if (lastUrl) altField.value = lastUrl = "";
}

async function upload(file) {
  status.textContent = status.dataset.uploading;
  startNextImage();
  const data = new FormData();
  data.append("image", file);
  data.append("alt", altField.value);
  data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  try {
    const response = await fetch(form.dataset.uploadUrl, { method: "POST", body: data });
    const result = await response.json();
    if (response.ok) {
      insert(`\n${result.markdown}\n`);
      lastUrl = result.markdown.match(/\]\((.*)\)$/)[1];
      // The alt text may have changed during the upload.
      if (altField.value) writeAltText();
    }
    const said = altField.value ? status.dataset.described : status.dataset.uploaded;
    status.textContent = response.ok ? said : result.error;
  } catch {
    status.textContent = status.dataset.failed;
  }
}

async function uploadAll(files) {
  for (const file of files) await upload(file);
  const range = altTextRange();
  if (range && !altField.value) body.setSelectionRange(...range);
}

altField.addEventListener("input", writeAltText);
// The alt text is already in the body. If it were also sent, the server would refuse it without an image.
form.addEventListener("submit", () => { if (altTextRange()) altField.value = ""; });

body.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
  if (!files.length) return;
  event.preventDefault();
  uploadAll(files);
});
body.addEventListener("dragover", (event) => {
  if ([...event.dataTransfer.types].includes("Files")) event.preventDefault();
});
// Uploads any file, even one that is not an image: the browser would leave the page to open it, but the server explains the error.
body.addEventListener("drop", (event) => {
  const files = [...event.dataTransfer.files];
  if (!files.length) return;
  event.preventDefault();
  uploadAll(files);
});

// The file field uploads immediately instead of waiting until the form is submitted.
const bodyImage = form.elements.body_image;
bodyImage.addEventListener("change", async () => {
  await uploadAll([...bodyImage.files]);
  bodyImage.value = "";
  if (altTextRange() && !altField.value) altField.focus();
});

// Without this script, Enter presses the first button, which changes nothing for readers.
const title = form.elements.title;
title.enterKeyHint = "next";
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches("input:not([type=file])")) return;
  event.preventDefault();
  if (event.target === title) body.focus();
});

const tags = form.elements.tags;
const list = document.createElement("ul");
list.className = "suggestions";
list.id = "tag-suggestions";
list.setAttribute("role", "listbox");
list.setAttribute("aria-label", tags.labels[0].textContent.trim());
list.hidden = true;
tags.after(list);
for (const [name, value] of Object.entries({
  role: "combobox", autocomplete: "off", "aria-controls": list.id, "aria-expanded": "false", "aria-autocomplete": "list",
})) tags.setAttribute(name, value);

let chosen = -1;
let asked = 0;

function show(names) {
  const before = list.children[chosen]?.textContent;
  list.replaceChildren(...names.map((name, index) => {
    const item = document.createElement("li");
    item.id = `tag-suggestion-${index}`;
    item.setAttribute("role", "option");
    item.textContent = name;
    // Runs before the field loses the focus.
    item.addEventListener("mousedown", (event) => { event.preventDefault(); take(name); });
    return item;
  }));
  list.hidden = !names.length;
  tags.setAttribute("aria-expanded", String(!list.hidden));
  // If a new list arrives, the chosen suggestion stays chosen.
  choose(names.indexOf(before));
}

function take(name) {
  const before = tags.value.split(",").slice(0, -1).map((tag) => tag.trim());
  tags.value = `${[...before, name].join(", ")}, `;
  show([]);
  tags.dispatchEvent(new Event("input", { bubbles: true }));
}

function choose(index) {
  chosen = index;
  [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
  if (chosen < 0) tags.removeAttribute("aria-activedescendant");
  else tags.setAttribute("aria-activedescendant", list.children[chosen].id);
}

tags.addEventListener("input", async () => {
  const question = ++asked;
  choose(-1);
  const word = tags.value.split(",").at(-1).trim();
  if (!word) return show([]);
  const response = await fetch(`${form.dataset.tagsUrl}?q=${encodeURIComponent(word)}`);
  const names = response.ok ? (await response.json()).tags : [];
  // A late response belongs to an earlier word.
  if (question === asked) show(names);
});
tags.addEventListener("keydown", (event) => {
  if (list.hidden) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const { length } = list.children;
    choose(event.key === "ArrowDown" ? (chosen + 1) % length : (chosen < 1 ? length : chosen) - 1);
  } else if (event.key === "Enter" && chosen >= 0) {
    event.preventDefault();
    take(list.children[chosen].textContent);
  } else if (event.key === "Escape") {
    show([]);
  }
});
tags.addEventListener("blur", () => show([]));
