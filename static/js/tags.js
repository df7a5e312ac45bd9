// Suggests the names of existing tags while one is typed.
"use strict";

const form = document.querySelector("form.editor");
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
// Enter adds the tag: the one that is chosen below, or the one that was typed.
tags.enterKeyHint = "done";
tags.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && chosen < 0 && !event.isComposing) {
    event.preventDefault();
    const word = tags.value.split(",").at(-1).trim();
    if (word) take(word);
  }
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
