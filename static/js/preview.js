// Shows a preview beside the text, or in its place if there is no space for both.
"use strict";

const PAUSE_MS = 700;

const form = document.querySelector("form.editor");
const main = form.closest("main");
const pane = form.querySelector("[data-preview]");
const message = pane.querySelector("[data-preview-status]");
const views = main.querySelector("[data-views]");
const [write, preview] = views.querySelectorAll("[data-view]");
let frame = pane.querySelector("iframe");
const blank = frame.cloneNode();

let timer = null;
let asking = null;
// A long text takes longer in the browser and on the server, so the pauses grow with it.
let lastMs = 0;

const isOpen = () => !pane.hidden;

function open(isWanted) {
  pane.hidden = !isWanted;
  main.classList.toggle("is-previewing", isWanted);
  preview.setAttribute("aria-pressed", String(isWanted));
  write.setAttribute("aria-pressed", String(!isWanted));
  if (isWanted) refresh();
  else asking?.abort();
}

async function refresh() {
  clearTimeout(timer);
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const startedAt = performance.now();
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  try {
    const response = await fetch(form.dataset.previewUrl, { method: "POST", body: data, signal });
    if (!response.ok) throw new Error(response.status);
    await show(await response.text(), signal);
    message.textContent = "";
  } catch {
    if (!signal.aborted) message.textContent = message.dataset.failed;
  }
  lastMs = performance.now() - startedAt;
}

// The new page replaces the old one when it is ready, at the same scroll position.
async function show(page, signal) {
  const next = blank.cloneNode();
  next.className = "is-coming";
  // The frame runs no scripts, and browsers log an error for each script that they don't run.
  next.srcdoc = page.replace(/<script\b[^>]*><\/script>/g, "");
  const isReady = new Promise((done) => next.addEventListener("load", done, { once: true }));
  pane.append(next);
  await isReady;
  if (signal.aborted) return next.remove();
  next.contentWindow.scrollTo(0, frame.contentWindow.scrollY);
  next.contentDocument.addEventListener("click", stayHere);
  next.className = "";
  frame.remove();
  frame = next;
}

// A link must not load another page into the frame. A link within this page scrolls to its target.
function stayHere(event) {
  const link = event.target.closest("a[href]");
  if (!link) return;
  event.preventDefault();
  const address = link.getAttribute("href");
  if (!address.startsWith("#")) return;
  event.view.document.getElementById(decodeURIComponent(address.slice(1)))?.scrollIntoView();
}

form.addEventListener("input", () => {
  if (!isOpen()) return;
  clearTimeout(timer);
  timer = setTimeout(refresh, Math.max(PAUSE_MS, 2 * lastMs));
});
// Beside the text, a second click on the button closes the preview. On a phone, "Write" does.
preview.addEventListener("click", () => open(!isOpen()));
write.addEventListener("click", () => {
  open(false);
  form.elements.body.focus();
});
views.hidden = false;
// The form's own button, which works without this script, opens the preview at full width.
form.querySelector("[data-preview-button]").textContent = views.dataset.newTab;
