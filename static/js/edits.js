// The only way in which scripts change the body. Each change is one step of the browser's own undo, because
// `setRangeText` and setting `value` would end its history. It also keeps its own step apart from the keys
// before and after it, which Chromium would merge with it.
"use strict";

const form = document.querySelector("form.editor");
const body = form.elements.body;
// Chromium takes 7 ms a line for `insertText` in a long text. It inserts <pre> as plain text, all lines at once.
const LINES_AT_ONCE = 20;

// The number of changes of the text so far.
let changes = 0;
let isComposing = false;

// A selection that was elsewhere ends the browser's current undo step.
function endStep(start, end, direction) {
  const elsewhere = start || end ? 0 : body.value.length;
  body.setSelectionRange(elsewhere, elsewhere);
  body.setSelectionRange(start, end, direction);
}

function insertLines(text) {
  const wanted = body.value.length - (body.selectionEnd - body.selectionStart) + text.length;
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  if (!document.execCommand("insertHTML", false, `<pre>\n${escaped}\n</pre>`)) return false;
  if (body.value.length === wanted) return true;
  document.execCommand("undo");
  return false;
}

// Replace a part of the text, and select the range `selection`, relative to its start.
// Return false if the body can't have the focus, because a dialog covers it.
function replace(start, end, text, selection = [text.length, text.length]) {
  body.focus({ preventScroll: true });
  if (document.activeElement !== body) return false;
  const clean = text.replace(/\r\n?/g, "\n");
  endStep(start, end);
  const isLong = clean.split("\n", LINES_AT_ONCE + 1).length > LINES_AT_ONCE;
  if (!(isLong && insertLines(clean)) && (clean || start !== end)) {
    document.execCommand(clean ? "insertText" : "delete", false, clean);
  }
  endStep(start + selection[0], start + selection[1]);
  return true;
}

// Replace the selected text, and leave the cursor behind the new text.
const insert = (text) => replace(body.selectionStart, body.selectionEnd, text);

// Replace a part of the text without moving the focus, the selection or what the writer sees.
// Return false if that is not possible now: while a text is composed, or behind a dialog.
function replaceAside(start, end, text) {
  if (isComposing) return false;
  const focused = document.activeElement;
  const { selectionStart, selectionEnd, selectionDirection, scrollTop } = body;
  const { scrollX, scrollY } = window;
  // A cursor where text is only added stays before it.
  const moved = (at) => (at > end || (at === end && start < end) ? at + text.length - (end - start) : Math.min(at, start));
  const isDone = replace(start, end, text);
  if (isDone) body.setSelectionRange(moved(selectionStart), moved(selectionEnd), selectionDirection);
  body.scrollTop = scrollTop;
  if (focused !== body) focused?.focus({ preventScroll: true });
  window.scrollTo({ left: scrollX, top: scrollY, behavior: "instant" });
  return isDone;
}

// Makes a change as soon as possible. `change` returns false if it isn't possible yet.
const waiting = [];

function soon(change) {
  if (!change()) waiting.push(change);
}

function retry() {
  for (const change of waiting.splice(0)) soon(change);
}

// The range of the lines that a range touches. A last line of which only the start is selected doesn't count.
function lines(start = body.selectionStart, end = body.selectionEnd) {
  const text = body.value;
  const last = end > start && text[end - 1] === "\n" ? end - 1 : end;
  const stop = text.indexOf("\n", last);
  return [text.lastIndexOf("\n", start - 1) + 1, stop < 0 ? text.length : stop];
}

// The range that a block at a position replaces, and the block with the blank lines that Markdown needs. The block
// takes an empty line's place, or follows the line.
function block(at, text) {
  const [start, end] = lines(at, at);
  const from = body.value.slice(start, end).trim() ? end : start;
  const before = from ? "\n".repeat(Math.max(0, 2 - /\n*$/.exec(body.value.slice(0, from))[0].length)) : "";
  const after = "\n".repeat(2 - /^\n{0,2}/.exec(body.value.slice(end))[0].length);
  return { start: from, end, before: before.length, text: before + text + after };
}

// Whether a position is between the fences of a code block.
function isInCode(at) {
  let fence = "";
  for (const [, ticks, rest] of body.value.slice(0, at).matchAll(/^(?: {0,3}|[ >]*)(`{3,}|~{3,})(.*)$/gm)) {
    if (!fence) fence = ticks;
    else if (ticks.startsWith(fence) && !rest.trim()) fence = "";
  }
  return fence !== "";
}

// Spell checkers follow the language of the post. The first choice is the blog's language, which the page has.
form.elements.language?.addEventListener("change", ({ target }) => {
  for (const field of [form.elements.title, body]) field.lang = target.value || document.documentElement.lang;
});

form.addEventListener("compositionstart", () => { isComposing = true; });
form.addEventListener("compositionend", () => {
  isComposing = false;
  setTimeout(retry);
});
body.addEventListener("focus", () => setTimeout(retry));
document.addEventListener("close", retry, true);
body.addEventListener("input", () => { changes += 1; });

// Script names contain hashes, which an `import` would have to know.
globalThis.edits = { block, insert, isInCode, lines, replace, replaceAside, soon, changesSoFar: () => changes };
