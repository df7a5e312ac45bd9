// Buttons and shortcuts that add Markdown around the selection. A second use removes it.
"use strict";

const form = document.querySelector("form.editor");
const body = form.elements.body;
const toolbar = form.querySelector("[data-toolbar]");
const buttons = [...toolbar.querySelectorAll("[data-tool]")];

const { block, replace, lines: selectedLines } = globalThis.edits;
const write = (start, end, text, selection = [0, text.length]) => replace(start, end, text, selection);
const selected = () => [body.selectionStart, body.selectionEnd];

// Leaves out white space at both ends, because Markdown ignores asterisks with a space between them and the text.
function selectedWords() {
  const [start, end] = selected();
  const text = body.value.slice(start, end);
  const blanks = text.length - text.trimStart().length;
  return text.trim() ? [start + blanks, start + blanks + text.trim().length] : [end, end];
}

const runAtEnd = (text) => /\**$/.exec(text)[0].length;
const runAtStart = (text) => /^\**/.exec(text)[0].length;

// One asterisk is italic, two are bold, three are both.
const isMarked = (stars, length) => (length === 1 ? stars % 2 === 1 : stars >= 2);

const MARKER = /^(?:>|#{1,6}|[-+*]|\d+[.)])\s/;

function emphasize(length) {
  const [start, end] = selectedWords();
  const text = body.value.slice(start, end);
  if (text.includes("\n") || isFromMarker(start, text)) return emphasizeLines(length, start, text);
  const outside = Math.min(runAtEnd(body.value.slice(Math.max(0, start - 3), start)), runAtStart(body.value.slice(end, end + 3)));
  const inside = Math.min(runAtStart(text), runAtEnd(text));
  if (isMarked(outside, length)) return write(start - length, end + length, text);
  if (text.length > 2 * length && isMarked(inside, length)) return write(start, end, text.slice(length, -length));
  const stars = "*".repeat(length);
  write(start, end, stars + text + stars, [length, length + text.length]);
}

const isFromMarker = (start, text) => MARKER.test(text) && !body.value.slice(selectedLines()[0], start).trim();

// Emphasis ends with its paragraph, so each line gets its own, after any Markdown at its start.
function emphasizeLines(length, start, text) {
  const stars = "*".repeat(length);
  const lines = text.split("\n").map((line) => /^(\s*(?:(?:>|#{1,6}|[-+*]|\d+[.)])\s+)*)(.*?)(\s*)$/.exec(line).slice(1));
  const isOn = lines.every(([, text]) => !text || isMarked(Math.min(runAtStart(text), runAtEnd(text)), length));
  const change = (text) => (isOn ? text.slice(length, -length) : stars + text + stars);
  write(start, start + text.length, lines.map(([before, text, after]) => before + (text && change(text)) + after).join("\n"));
}

// The code fence is longer than any run of backticks inside it.
function ticksFor(text, least) {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  return "`".repeat(longest >= least ? longest + 1 : least);
}

function code() {
  const [start, end] = selectedWords();
  const text = body.value.slice(start, end);
  if (text.includes("\n")) return codeBlock();
  if (body.value[start - 1] === "`" && body.value[end] === "`") return write(start - 1, end + 1, text);
  if (text.length > 2 && text.startsWith("`") && text.endsWith("`")) return write(start, end, text.slice(1, -1));
  const ticks = ticksFor(text, 1);
  const pad = text.includes("`") ? " " : "";
  write(start, end, ticks + pad + text + pad + ticks, [ticks.length + pad.length, ticks.length + pad.length + text.length]);
}

function codeBlock() {
  const [start, end] = selectedLines();
  const text = body.value.slice(start, end);
  const fenced = /^(`{3,}).*\n([^]*)\n\1$/.exec(text);
  if (fenced) return write(start, end, fenced[2]);
  const ticks = ticksFor(text, 3);
  write(start, end, `${ticks}\n${text}\n${ticks}`);
}

function changeLines(change) {
  const [start, end] = selectedLines();
  const [caret, wasEnd] = selected();
  const text = body.value.slice(start, end);
  const changed = change(text.split("\n")).join("\n");
  const place = Math.max(0, caret - start + changed.length - text.length);
  write(start, end, changed, caret === wasEnd ? [place, place] : undefined);
}

function quote(lines) {
  const isOn = lines.every((line) => line.startsWith(">"));
  return lines.map((line) => (isOn ? line.replace(/^> ?/, "") : `> ${line}`.trimEnd() + (line ? "" : lines.length > 1 ? "" : " ")));
}

// `marker` returns the marker of an item, by its number.
function list(lines, sign, marker) {
  const isItem = (line) => line.trim() || lines.length === 1;
  const isOn = lines.every((line) => !line.trim() || sign.test(line)) && lines.some((line) => line.trim());
  if (isOn) return lines.map((line) => line.replace(sign, "$1"));
  let number = 0;
  return lines.map((line) => (isItem(line) ? line.replace(/^(\s*)(?:\d+[.)] |[-+*] )?/, (_, indent) => indent + marker(++number)) : line));
}

const bullets = (lines) => list(lines, /^(\s*)[-+*] /, () => "- ");
const numbers = (lines) => list(lines, /^(\s*)\d+[.)] /, (number) => `${number}. `);

// Each use changes the line to a heading, a subheading, and plain text again.
function heading([line, ...rest]) {
  const level = /^#*/.exec(line)[0].length;
  const text = line.replace(/^#+ */, "");
  return [{ 0: `## ${text}`, 2: `### ${text}` }[level] ?? text, ...rest];
}

const LINK = /\[([^\]\n]*)\]\(([^()\s]*)\)/g;

function link() {
  const [start, end] = selectedWords();
  const [from, stop] = selectedLines(start, end);
  for (const found of body.value.slice(from, stop).matchAll(LINK)) {
    const at = from + found.index;
    const isImage = body.value[at - 1] === "!";
    if (!isImage && at <= start && end <= at + found[0].length && !(start === end && (start === at || start === at + found[0].length))) {
      return write(at, at + found[0].length, found[1]);
    }
  }
  const text = body.value.slice(start, end);
  // The cursor moves to the part that is still missing.
  if (/^https?:\/\/\S+$/.test(text)) return write(start, end, `[](${text})`, [1, 1]);
  const place = text ? text.length + 3 : 1;
  write(start, end, `[${text.replaceAll("\n", " ")}]()`, [place, place]);
}

// Adds a block after the selected lines, and selects a part of it.
function addBlock(text, selection) {
  const added = block(body.selectionEnd, text);
  write(added.start, added.end, added.text, selection.map((at) => added.before + at));
}

function table() {
  const heads = toolbar.dataset.heads.split("|");
  const row = (cells) => `| ${cells.join(" | ")} |`;
  addBlock([row(heads), row(heads.map(() => "---")), row(heads.map((head) => " ".repeat(head.length)))].join("\n"), [2, 2 + heads[0].length]);
}

function divider() {
  addBlock("---", [5, 5]);
}

const ACTS = {
  bold: () => emphasize(2),
  italic: () => emphasize(1),
  link,
  code,
  heading: () => changeLines(heading),
  quote: () => changeLines(quote),
  list: () => changeLines(bullets),
  numbers: () => changeLines(numbers),
  table,
  divider,
  image: () => globalThis.uploads.choose(),
  find: () => globalThis.finder.open(),
};

// Shortcuts, on a Mac with Command, because Control moves the cursor there

const isMac = /Mac|iP(hone|ad)/.test(navigator.platform);
const shortcuts = new Map(buttons.filter((button) => button.dataset.keys).map((button) => [button.dataset.keys, button.dataset.tool]));

// The letter on the key, or the position of the key if the keyboard has no Latin letters.
function keyOf(event) {
  if (/^[a-z]$/i.test(event.key)) return event.key.toLowerCase();
  return event.code.replace(/^(Key|Digit)/, "").toLowerCase();
}

body.addEventListener("keydown", (event) => {
  if (event.isComposing || event.altKey || !(isMac ? event.metaKey : event.ctrlKey)) return;
  const tool = shortcuts.get((event.shiftKey ? "shift+" : "") + keyOf(event));
  if (!tool) return;
  event.preventDefault();
  ACTS[tool]();
});

// The toolbar: a single Tab stop, with arrow keys inside

function move(to) {
  for (const button of buttons) button.tabIndex = button === to ? 0 : -1;
}

toolbar.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key] * (getComputedStyle(toolbar).direction === "rtl" ? -1 : 1);
  const at = buttons.indexOf(document.activeElement);
  const to = { Home: 0, End: buttons.length - 1 }[event.key] ?? (at + step + buttons.length) % buttons.length;
  if (Number.isNaN(to)) return;
  event.preventDefault();
  move(buttons[to]);
  buttons[to].focus();
});
// The text keeps its focus and selection, and a phone keeps its keyboard open.
toolbar.addEventListener("mousedown", (event) => event.preventDefault());
toolbar.addEventListener("click", (event) => {
  const button = event.target.closest("[data-tool]");
  if (!button) return;
  move(button);
  ACTS[button.dataset.tool]();
});

for (const button of buttons) {
  button.title = button.getAttribute("aria-label");
  if (!button.dataset.keys) continue;
  const keys = button.dataset.keys.split("+").map((key) => ({ shift: "Shift", period: "." })[key] ?? key.toUpperCase());
  button.title += ` (${isMac ? `⌘${keys.join("").replace("Shift", "⇧")}` : ["Ctrl", ...keys].join("+")})`;
  button.setAttribute("aria-keyshortcuts", [isMac ? "Meta" : "Control", ...keys].join("+"));
}
move(buttons[0]);
toolbar.hidden = false;
