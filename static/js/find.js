// Finds and replaces text in the body. The current match is also the selection of the body.
// A text area can't highlight, so the matches are painted in a transparent copy behind it.
"use strict";

const PAUSE_MS = 200;
// Painting takes longer with each match. A search for "e" in a long text has 10,000.
const PAINTED = 1_000;
// The current match is shown below the bar, and above a phone's toolbar and keyboard.
const LOWEST = 0.75;

const form = document.querySelector("form.editor");
const body = form.elements.body;
const bar = form.querySelector("[data-find]");
const find = bar.querySelector("[data-find-text]");
const replacement = bar.querySelector("[data-find-replacement]");
const status = bar.querySelector("[data-find-status]");
const matchCase = bar.querySelector("[data-find-act='match-case']");
const copy = document.createElement("div");
copy.className = "find-copy";
copy.setAttribute("aria-hidden", "true");
copy.append("");

let matches = [];
let current = -1;
let timer = null;

const isOpen = () => !bar.hidden;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function search() {
  const isCase = matchCase.getAttribute("aria-pressed") === "true";
  const pattern = new RegExp(find.value.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), isCase ? "gu" : "giu");
  matches = find.value ? [...body.value.matchAll(pattern)].map((found) => [found.index, found.index + found[0].length]) : [];
}

// Selects the first match at or behind a position, or the first one of the text.
function selectFrom(position) {
  const at = matches.findIndex(([start]) => start >= position);
  select(at < 0 && matches.length ? 0 : at);
}

function select(index) {
  current = index;
  if (current >= 0) body.setSelectionRange(...matches[current]);
  const position = { number: current + 1, count: matches.length };
  status.textContent = find.value && fill(current < 0 ? bar.dataset.none : bar.dataset.position, position);
  paint();
  if (current >= 0) reveal();
}

function step(by) {
  search();
  const { selectionStart, selectionEnd } = body;
  const isAtMatch = matches[current]?.[0] === selectionStart && matches[current][1] === selectionEnd;
  if (isAtMatch) return select((current + by + matches.length) % matches.length);
  if (by > 0) return selectFrom(selectionStart);
  const before = matches.findLastIndex(([, end]) => end <= selectionStart);
  select(before < 0 ? matches.length - 1 : before);
}

// The style sheet gives the copy the font of the text. Computed values are rounded, and would be off by a line after 2,000.
function cover() {
  copy.dir = body.dir;
  for (const [name, value] of Object.entries({ top: body.offsetTop, left: body.offsetLeft, width: body.offsetWidth, height: body.offsetHeight })) {
    copy.style[name] = `${value}px`;
  }
  if (copy.firstChild.data !== body.value) copy.firstChild.data = body.value;
  copy.scrollTop = body.scrollTop;
}

function rangeOf([start, end]) {
  const range = new Range();
  range.setStart(copy.firstChild, start);
  range.setEnd(copy.firstChild, end);
  return range;
}

function paint() {
  cover();
  const first = Math.max(0, current - PAINTED / 2);
  CSS.highlights?.set("found", new Highlight(...matches.slice(first, first + PAINTED).map(rangeOf)));
  CSS.highlights?.set("found-now", new Highlight(...matches.slice(current, current + 1).map(rangeOf)));
}

function reveal() {
  const inside = rangeOf(matches[current]).getBoundingClientRect().top - copy.getBoundingClientRect().top;
  if (inside < 0 || inside > body.clientHeight) body.scrollTop += inside - body.clientHeight / 3;
  copy.scrollTop = body.scrollTop;
  const { top, bottom, height } = rangeOf(matches[current]).getBoundingClientRect();
  const highest = bar.getBoundingClientRect().bottom + height;
  const lowest = LOWEST * (visualViewport?.height ?? innerHeight);
  if (top < highest || bottom > lowest) window.scrollBy({ top: top - Math.max(highest, lowest / 2), behavior: "instant" });
}

// Changes, each of which is one step of undo

function replaceOne() {
  search();
  const at = matches.findIndex(([start, end]) => start === body.selectionStart && end === body.selectionEnd);
  if (at < 0) return step(1);
  const [start, end] = matches[at];
  if (!globalThis.edits.replaceAside(start, end, replacement.value)) return;
  search();
  selectFrom(start + replacement.value.length);
}

function replaceAll() {
  search();
  if (!matches.length) return select(-1);
  const [start, end] = [matches[0][0], matches.at(-1)[1]];
  const between = matches.map(([, from], at) => body.value.slice(from, matches[at + 1]?.[0] ?? end));
  const text = between.map((rest) => replacement.value + rest).join("");
  const count = matches.length;
  if (!globalThis.edits.replaceAside(start, end, text)) return;
  search();
  select(-1);
  status.textContent = fill(bar.dataset.replaced, { count });
}

function toggleCase() {
  matchCase.setAttribute("aria-pressed", String(matchCase.getAttribute("aria-pressed") !== "true"));
  restart();
}

function restart() {
  search();
  selectFrom(body.selectionStart);
}

function open() {
  const { selectionStart, selectionEnd } = body;
  const selected = body.value.slice(selectionStart, selectionEnd);
  if (selected && !selected.includes("\n")) find.value = selected;
  bar.hidden = false;
  body.after(copy);
  find.focus({ preventScroll: true });
  find.select();
  restart();
}

function close() {
  bar.hidden = true;
  CSS.highlights?.clear();
  copy.remove();
  body.focus({ preventScroll: true });
}

const ACTS = {
  next: () => step(1), previous: () => step(-1), close, replace: replaceOne, "replace-all": replaceAll, "match-case": toggleCase,
};

bar.addEventListener("click", (event) => {
  const button = event.target.closest("[data-find-act]");
  if (button) ACTS[button.dataset.findAct]();
});
bar.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const isEnter = event.key === "Enter" && event.target.matches("input");
  if (event.key === "Escape") close();
  else if (isEnter && event.target === replacement) replaceOne();
  else if (isEnter) step(event.shiftKey ? -1 : 1);
  else return;
  event.preventDefault();
  event.stopPropagation();
});
body.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isOpen()) close();
});
// Text in this bar isn't part of the post, so it must not start an automatic save.
bar.addEventListener("input", (event) => {
  event.stopPropagation();
  if (event.target === find) restart();
});
function update() {
  if (!isOpen()) return;
  search();
  current = matches.findIndex(([start, end]) => start === body.selectionStart && end === body.selectionEnd);
  paint();
}

body.addEventListener("input", () => {
  clearTimeout(timer);
  if (isOpen()) timer = setTimeout(update, PAUSE_MS);
});
body.addEventListener("scroll", () => { copy.scrollTop = body.scrollTop; });
addEventListener("resize", () => { if (isOpen()) paint(); });

globalThis.finder = { open };
