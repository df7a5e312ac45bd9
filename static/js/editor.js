// The writing surface: keys, growth, the keyboard of a phone, and the settings beside the text. Everything
// also works without it.
"use strict";

const form = document.querySelector("form.editor");
const { title, body } = form.elements;

// Enter in a field of one line submits nothing. In the title, it moves to the text.
// Without this script, Enter presses the first button, which changes nothing for readers.
form.addEventListener("keydown", (event) => {
  const isOneLine = event.target === title || event.target.matches("input:not([type=file])");
  if (event.key !== "Enter" || event.isComposing || !isOneLine) return;
  event.preventDefault();
  if (event.target === title) body.focus();
});

// A title that is pasted has one line, as it will have when it is saved.
title.addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text/plain");
  if (!/[\r\n]/.test(text.trim())) return;
  event.preventDefault();
  document.execCommand("insertText", false, text.trim().replace(/\s*[\r\n]+\s*/g, " "));
});

// Browsers without `field-sizing` get a height from this script.
function grow(field) {
  const { scrollX, scrollY } = globalThis;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
  // For a moment, the page was shorter.
  scrollTo(scrollX, scrollY);
}

if (!CSS.supports("field-sizing", "content")) {
  for (const field of [title, body]) {
    field.addEventListener("input", () => requestAnimationFrame(() => grow(field)));
    addEventListener("resize", () => grow(field));
    grow(field);
  }
}

// The on-screen keyboard covers the bottom of the page, and the toolbar stays above it.
const viewport = globalThis.visualViewport;

function placeAboveKeyboard() {
  const covered = Math.max(0, innerHeight - viewport.height * viewport.scale - viewport.offsetTop);
  form.style.setProperty("--keyboard", `${Math.round(covered)}px`);
}

viewport?.addEventListener("resize", placeAboveKeyboard);
viewport?.addEventListener("scroll", placeAboveKeyboard);

// The settings are open beside the text. On a phone, a button opens them as a bottom sheet.

const settings = form.querySelector("[data-settings]");
const button = form.querySelector("[data-settings-button]");
const narrow = matchMedia("(width < 62.5rem)");
const behind = form.querySelectorAll(".bar-close, .bar-buttons, .desk");

function show(isOpen) {
  settings.open = isOpen;
  button.setAttribute("aria-expanded", String(isOpen));
  for (const element of behind) element.inert = isOpen && narrow.matches;
}

function toggle(isOpen) {
  show(isOpen);
  if (isOpen) settings.querySelector("summary").focus();
  else button.focus();
}

settings.classList.add("is-sheet");
button.addEventListener("click", () => toggle(!settings.open));
settings.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && narrow.matches && !event.defaultPrevented) toggle(false);
});
settings.querySelector("summary").addEventListener("click", (event) => {
  event.preventDefault();
  toggle(false);
});
// A click outside the bottom sheet closes it.
document.addEventListener("click", (event) => {
  if (narrow.matches && settings.open && event.target === document.documentElement) toggle(false);
});
narrow.addEventListener("change", () => show(!narrow.matches && !form.matches(".is-previewing *")));
show(!narrow.matches || settings.querySelector(".field-invalid") !== null);
button.hidden = false;
// Script names contain hashes, which an `import` would have to know.
globalThis.postSettings = { narrow, settings, show };
