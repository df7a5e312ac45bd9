// Makes the editor quicker; all it does works without it too.
// Pictures: a button, drag and drop, and paste put a picture where the cursor is.
// Tags: names in use are offered while one is typed.
"use strict";

const form = document.querySelector("form.editor");
const body = form.elements.body;
const status = form.querySelector("[data-editor-status]");

function insert(text) {
  body.setRangeText(text, body.selectionStart, body.selectionEnd, "end");
  body.dispatchEvent(new Event("input", { bubbles: true }));
}

async function upload(file) {
  status.textContent = status.dataset.uploading;
  const data = new FormData();
  data.append("image", file);
  data.append("alt", "");
  data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  try {
    const answer = await fetch(form.dataset.uploadUrl, { method: "POST", body: data });
    const result = await answer.json();
    if (answer.ok) insert(`\n${result.markdown}\n`);
    status.textContent = answer.ok ? status.dataset.uploaded : result.error;
  } catch {
    status.textContent = status.dataset.failed;
  }
}

async function uploadAll(files) {
  for (const file of files) await upload(file);
}

const pictures = (list) => [...list].filter((file) => file.type.startsWith("image/"));

body.addEventListener("paste", (event) => {
  const files = pictures(event.clipboardData.files);
  if (!files.length) return;
  event.preventDefault();
  uploadAll(files);
});
body.addEventListener("dragover", (event) => {
  if ([...event.dataTransfer.types].includes("Files")) event.preventDefault();
});
body.addEventListener("drop", (event) => {
  const files = pictures(event.dataTransfer.files);
  if (!files.length) return;
  event.preventDefault();
  uploadAll(files);
});

// With this, the file field uploads at once instead of waiting for the form to be sent.
const bodyImage = form.elements.body_image;
bodyImage.addEventListener("change", async () => {
  await uploadAll(pictures(bodyImage.files));
  bodyImage.value = "";
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
  chosen = -1;
  tags.removeAttribute("aria-activedescendant");
  list.replaceChildren(...names.map((name, index) => {
    const item = document.createElement("li");
    item.id = `tag-suggestion-${index}`;
    item.setAttribute("role", "option");
    item.textContent = name;
    // Before the field loses the focus.
    item.addEventListener("mousedown", (event) => { event.preventDefault(); take(name); });
    return item;
  }));
  list.hidden = !names.length;
  tags.setAttribute("aria-expanded", String(!list.hidden));
}

function take(name) {
  const before = tags.value.split(",").slice(0, -1).map((tag) => tag.trim());
  tags.value = `${[...before, name].join(", ")}, `;
  show([]);
}

function move(step) {
  const items = [...list.children];
  chosen = (chosen + step + items.length) % items.length;
  items.forEach((item, index) => item.setAttribute("aria-selected", String(index === chosen)));
  tags.setAttribute("aria-activedescendant", items[chosen].id);
}

tags.addEventListener("input", async () => {
  const question = ++asked;
  const word = tags.value.split(",").at(-1).trim();
  if (!word) return show([]);
  const answer = await fetch(`${form.dataset.tagsUrl}?q=${encodeURIComponent(word)}`);
  const names = answer.ok ? (await answer.json()).tags : [];
  // An answer that comes late belongs to a word that is typed over.
  if (question === asked) show(names);
});
tags.addEventListener("keydown", (event) => {
  if (list.hidden) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : chosen < 0 ? 0 : -1);
  } else if (event.key === "Enter" && chosen >= 0) {
    event.preventDefault();
    take(list.children[chosen].textContent);
  } else if (event.key === "Escape") {
    show([]);
  }
});
tags.addEventListener("blur", () => show([]));
