// Enter continues a list or quote, and ends it after an empty item. Tab and Shift+Tab indent the items of a list.
"use strict";

const form = document.querySelector("form.editor");
const body = form.elements.body;
const { isInCode, lines, replace } = globalThis.edits;

// Quotes, the item's indentation, its marker, the space behind it, and the box of a task.
const ITEM = /^((?:[ \t]*>[ \t]?)*)([ \t]*)([-+*]|\d{1,9}[.)])([ \t]+)(\[[ xX]\][ \t]+)?/;
const QUOTE = /^(?:[ \t]*>)+[ \t]?/;
const DIVIDER = /^[ \t>]*([-*_])(?:[ \t]*\1){2,}[ \t]*$/;

// A line's parts if it is an item of a list or of a quote.
function itemIn(line) {
  if (DIVIDER.test(line)) return null;
  const item = ITEM.exec(line);
  if (!item) return QUOTE.test(line) ? { quote: QUOTE.exec(line)[0], start: QUOTE.exec(line)[0] } : null;
  const [start, quote, indent, marker, space, box = ""] = item;
  return { start, quote, indent, marker, space, box };
}

const nextMarker = (marker) => marker.replace(/\d+/, (number) => Number(number) + 1);

function nextStart({ quote, indent, marker, space, box, start }) {
  if (!marker) return /\s$/.test(start) ? start : `${start} `;
  return quote + indent + nextMarker(marker) + space + (box && "[ ] ");
}

// Enter, also that of an on-screen keyboard, which sends no key.

let isShifted = false;

function continueList() {
  const at = body.selectionStart;
  const [start, end] = lines(at, at);
  const line = body.value.slice(start, end);
  const item = itemIn(line);
  if (!item || at < start + item.start.length || isInCode(start)) return false;
  if (line.trim() !== item.start.trim()) return replace(at, at, `\n${nextStart(item)}`);
  // An empty item ends its list, but not the quote around it.
  return replace(start, end, item.marker ? item.quote : "");
}

body.addEventListener("beforeinput", (event) => {
  if (event.inputType !== "insertLineBreak" && event.inputType !== "insertParagraph") return;
  if (event.isComposing || isShifted || body.selectionStart !== body.selectionEnd) return;
  if (continueList()) event.preventDefault();
});

// Tab

// The nearest item above `start` that is indented by less than `limit`.
function itemAbove(start, limit) {
  for (let end = start - 1; end >= 0;) {
    const [from] = lines(end, end);
    const line = body.value.slice(from, end);
    const item = itemIn(line);
    if (item?.marker && item.indent.length < limit) return item;
    if (!item && line.trim() && !/^[ \t]/.test(line)) return null;
    end = from - 1;
  }
  return null;
}

const contentOf = ({ indent, marker }) => indent.length + marker.length + 1;

// The indentation and the marker of the first item after Tab. A nested list starts with 1.
function inner(start, item) {
  const above = itemAbove(start, item.indent.length + 1);
  return [above ? contentOf(above) : contentOf(item), item.marker.replace(/\d+/, "1")];
}

function outer(start, item) {
  const parent = itemAbove(start, item.indent.length);
  if (!parent) return [0, item.marker];
  const isAlike = /\d/.test(parent.marker) === /\d/.test(item.marker);
  return [parent.indent.length, isAlike ? nextMarker(parent.marker) : item.marker];
}

// Return false if the selection is not only in a list, or can't be moved out further.
function indent(isOut) {
  const [start, end] = lines();
  const { selectionStart, selectionEnd } = body;
  const rows = body.value.slice(start, end).split("\n");
  const items = rows.map(itemIn);
  const [first] = items;
  if (!first?.marker || !rows.every((row, at) => items[at]?.marker || !row.trim() || /^[ \t]/.test(row))) return false;
  if (isInCode(start) || (isOut && !first.indent)) return false;
  const [to, marker] = (isOut ? outer : inner)(start, first);
  const by = to - first.indent.length;
  const changed = rows.map((row, at) => shifted(row, items[at], by));
  changed[0] = first.quote + " ".repeat(to) + marker + rows[0].slice((first.quote + first.indent + first.marker).length);
  const grown = changed[0].length - rows[0].length;
  const text = changed.join("\n");
  const from = Math.max(0, selectionStart - start + grown);
  return replace(start, end, text, selectionStart === selectionEnd ? [from, from] : [0, text.length]);
}

function shifted(row, item, by) {
  if (!row.trim()) return row;
  const quote = item?.quote ?? "";
  const [spaces] = /^[ \t]*/.exec(row.slice(quote.length));
  return quote + " ".repeat(Math.max(0, spaces.length + by)) + row.slice(quote.length + spaces.length);
}

// Escape and then Tab leave the text, because Tab alone would not leave a list.
let isLeaving = false;

body.addEventListener("keydown", (event) => {
  isShifted = event.shiftKey;
  const isTab = event.key === "Tab" && !event.ctrlKey && !event.altKey && !event.metaKey && !event.isComposing;
  if (isTab && !isLeaving && indent(event.shiftKey)) event.preventDefault();
  if (event.key !== "Shift") isLeaving = event.key === "Escape";
});
