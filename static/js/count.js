// Shows the length of the text, counted in the same way as in content/reading.py.
"use strict";

const WORDS_A_MINUTE = 230;
const PAUSE_MS = 400;
const SLICE = 20_000;

const form = document.querySelector("form.editor");
const body = form.elements.body;
const line = form.querySelector("[data-count]");
const numbers = new Intl.NumberFormat(document.documentElement.lang);

// Parts of Markdown that readers don't see: addresses of links and images, and tags.
const UNSHOWN = /\]\([^()\s]*\)|<[^<>\n]*>/g;
const MARKS = /[\p{M}\p{Cf}]/gu;
const UNSPACED = /[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]/g;
const WORD = /[\p{L}\p{N}_]+(?:['’.-][\p{L}\p{N}_]+)*/gu;

function countWords(text) {
  let unspaced = 0;
  const spaced = text.replace(UNSHOWN, "] ").replace(MARKS, "").replace(UNSPACED, () => {
    unspaced += 1;
    return " ";
  });
  return (spaced.match(WORD) ?? []).length + Math.ceil(unspaced / 2);
}

// A long text is counted in slices, so that the editor can react to keys in between.
function* slices(text) {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start + SLICE) + 1 || text.length;
    yield text.slice(start, end);
    start = end;
  }
}

let lastCount = 0;

async function show() {
  const count = ++lastCount;
  let words = 0;
  for (const slice of slices(body.value)) {
    words += countWords(slice);
    await new Promise((done) => setTimeout(done));
    if (count !== lastCount) return;
  }
  line.querySelector("[data-words]").textContent = numbers.format(words);
  line.querySelector("[data-minutes]").textContent = numbers.format(Math.max(1, Math.round(words / WORDS_A_MINUTE)));
}

let timer;
body.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(show, PAUSE_MS);
});
line.hidden = false;
show();
