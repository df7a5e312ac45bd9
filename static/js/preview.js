// Shows a preview beside the text, or in its place if there is no space for both. It follows the cursor.
"use strict";

const PAUSE_MS = 400;
const FOLLOW_MS = 100;
// The pane doesn't scroll while the cursor's position is in this part of its height.
const [HIGHEST, LOWEST] = [0.1, 0.8];

const form = document.querySelector("form.editor");
const { title, body } = form.elements;
const main = form.closest("main");
const pane = form.querySelector("[data-preview]");
const message = pane.querySelector("[data-preview-status]");
const frame = pane.querySelector("iframe");
const views = main.querySelector("[data-views]");
const [write, preview] = views.querySelectorAll("[data-view]");
const { narrow, settings, show: showSettings } = globalThis.postSettings;

let timer = null;
let followTimer = null;
let asking = null;
// A long text takes longer in the browser and on the server, so the pauses grow with it.
let lastMs = 0;
// The preview's blocks, and the line of the source at which each begins.
let blocks = [];
let lines = [];
let isReady = null;
let wereSettingsOpen = false;

const isOpen = () => !pane.hidden;

function open(isWanted) {
  pane.hidden = !isWanted;
  main.classList.toggle("is-previewing", isWanted);
  preview.setAttribute("aria-pressed", String(isWanted));
  write.setAttribute("aria-pressed", String(!isWanted));
  if (!narrow.matches) tradeWithSettings(isWanted);
  else if (isWanted) write.focus();
  keepCursorInView();
  if (isWanted) refresh();
  else asking?.abort();
}

// Beside the text, there is space for the preview or for the settings, which come back after it.
function tradeWithSettings(isWanted) {
  if (isWanted) wereSettingsOpen = settings.open;
  showSettings(!isWanted && wereSettingsOpen);
}

// Beside the preview, the lines of the text are shorter. The browser scrolls to the cursor when it gets the focus.
function keepCursorInView() {
  if (document.activeElement !== body) return;
  body.blur();
  body.focus();
}

async function refresh() {
  clearTimeout(timer);
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const start = performance.now();
  const data = globalThis.autosave.textsOfForm();
  data.append("pane", "");
  try {
    const response = await fetch(form.dataset.previewUrl, { method: "POST", body: data, signal });
    if (!response.ok) throw new Error(response.status);
    await show(await response.text(), signal);
    message.textContent = "";
    follow();
  } catch {
    if (!signal.aborted) message.textContent = message.dataset.failed;
  }
  lastMs = performance.measure("preview", { start }).duration;
}

async function show(page, signal) {
  const wanted = new DOMParser().parseFromString(page, "text/html");
  // The frame runs no scripts, and browsers log an error for each script that they don't run.
  for (const script of wanted.querySelectorAll("script")) script.remove();
  const marked = [...wanted.querySelectorAll("[data-line]")];
  const numbers = marked.map((block) => Number(block.dataset.line));
  // Without its number, a block stays the same while lines above it are added or removed.
  for (const block of marked) block.dataset.line = "";
  isReady ??= load(wanted);
  await isReady;
  if (signal.aborted) return;
  patch(frame.contentDocument.body, wanted.body);
  blocks = [...frame.contentDocument.querySelectorAll("[data-line]")];
  lines = numbers;
}

async function load(wanted) {
  const isLoaded = new Promise((done) => frame.addEventListener("load", done, { once: true }));
  frame.srcdoc = `<!doctype html>${wanted.documentElement.outerHTML}`;
  await isLoaded;
  frame.contentDocument.addEventListener("click", stayHere);
}

// Replaces only what changed, so that images stay, nothing else moves, and the browser has less to lay out.
function patch(shown, wanted) {
  const old = [...shown.childNodes];
  const next = [...wanted.childNodes];
  const shorter = Math.min(old.length, next.length);
  let start = 0;
  while (start < shorter && old[start].isEqualNode(next[start])) start += 1;
  let end = 0;
  while (end < shorter - start && old.at(-1 - end).isEqualNode(next.at(-1 - end))) end += 1;
  const gone = old.slice(start, old.length - end);
  const added = next.slice(start, next.length - end);
  if (gone.length === added.length) return gone.forEach((node, at) => replace(node, added[at]));
  for (const node of gone) node.remove();
  for (const node of added) shown.insertBefore(node, old[old.length - end] ?? null);
}

function replace(node, wanted) {
  if (isSameTag(node, wanted)) patch(node, wanted);
  else node.replaceWith(wanted);
}

const isSameTag = (one, other) => one.nodeType === Node.ELEMENT_NODE && one.cloneNode().isEqualNode(other.cloneNode());

// A link must not load another page into the frame. A link within this page scrolls to its target.
function stayHere(event) {
  const link = event.target.closest("a[href]");
  if (!link) return;
  event.preventDefault();
  const address = link.getAttribute("href");
  if (!address.startsWith("#")) return;
  event.view.document.getElementById(decodeURIComponent(address.slice(1)))?.scrollIntoView();
}

// Scrolls to the place of the cursor, unless it is in view. Within a block, it is in proportion to the text.
function follow() {
  const view = frame.contentWindow;
  if (!isOpen() || !view || document.activeElement === title) return view?.scrollTo(0, 0);
  const { value, selectionEnd } = body;
  const line = value.slice(0, selectionEnd).split("\n").length - 1;
  // The last block at this line is the innermost. A footnote is far below its neighbors in the text.
  const at = lines.reduce((best, each, index) => (each <= line && each >= (lines[best] ?? 0) ? index : best), -1);
  if (at < 0) return view.scrollTo(0, 0);
  const next = lines.reduce((nearest, each) => (each > line ? Math.min(nearest, each) : nearest), Infinity);
  const [from, to] = [startOf(lines[at]), next === Infinity ? value.length : startOf(next)];
  const { top, height } = blocks[at].getBoundingClientRect();
  const place = top + height * (to > from ? (selectionEnd - from) / (to - from) : 0);
  if (place < HIGHEST * view.innerHeight || place > LOWEST * view.innerHeight) view.scrollBy(0, place - view.innerHeight / 3);
}

// The position of a line's first character.
function startOf(line) {
  let position = 0;
  for (let number = 0; number < line; number += 1) position = body.value.indexOf("\n", position) + 1;
  return position;
}

form.addEventListener("input", () => {
  if (!isOpen()) return;
  clearTimeout(timer);
  timer = setTimeout(refresh, Math.max(PAUSE_MS, 2 * lastMs));
});
document.addEventListener("selectionchange", () => {
  if (!isOpen() || followTimer) return;
  followTimer = setTimeout(() => {
    followTimer = null;
    follow();
  }, FOLLOW_MS);
});
// A click leaves the focus in the text.
preview.addEventListener("mousedown", (event) => event.preventDefault());
// Beside the text, a second click on the button closes the preview. On a phone, "Write" does.
preview.addEventListener("click", () => open(!isOpen()));
settings.addEventListener("toggle", () => {
  if (!settings.open || narrow.matches || !isOpen()) return;
  wereSettingsOpen = true;
  open(false);
});
write.addEventListener("click", () => {
  open(false);
  body.focus();
});
views.hidden = false;
