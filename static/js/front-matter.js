// Offers to take values over as soon as the text begins with front matter. The server decides what
// is front matter (content/front_matter.py).
"use strict";

const BEGINS = /^\uFEFF?(?:---[ \t]*\n[A-Za-z_#][^]*?\n(?:---|\.\.\.)|\+\+\+[ \t]*\n\S[^]*?\n\+\+\+)[ \t]*(?:\n|$)|^\uFEFF?\{\s*"/;
const LIMIT = 10_000;

const form = document.querySelector("form.editor");
const notice = form.querySelector("[data-front-matter]");

form.elements.body.addEventListener("input", (event) => {
  const text = event.target.value;
  // Most texts are decided by their first character.
  notice.hidden = !"-+{\uFEFF".includes(text.charAt(0) || " ") || !BEGINS.test(text.slice(0, LIMIT));
});
