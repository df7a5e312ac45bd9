// Paste: text wins over its image, rich text becomes Markdown, and an address over a selection becomes a link.
// Ctrl+Shift+V pastes plain text.
"use strict";

const form = document.querySelector("form.editor");
const body = form.elements.body;
const { edits, uploads } = globalThis;
// Beyond this, converting takes seconds.
const LONGEST_HTML = 1_000_000;

// The converter, which is loaded when the body has the focus for the first time.
let converter = null;
let loading = null;

async function load() {
  const { turndownUrl, richTextUrl } = form.querySelector("[data-uploads]").dataset;
  const [{ default: Turndown }, { toMarkdown }] = await Promise.all([import(turndownUrl), import(richTextUrl)]);
  converter = (html, text, imageFor) => toMarkdown(html, text, Turndown, imageFor);
}

body.addEventListener("focus", () => {
  loading ??= load().catch(() => { loading = null; });
});

// Images inside the pasted text

const DATA_IMAGE = /^data:image\/([a-z]+)[^,]*;base64,([a-z0-9+/=\s]*)$/i;

function fileFrom(url, number) {
  const [, kind, data] = DATA_IMAGE.exec(url) ?? [];
  try {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    return new File([bytes], `image ${number}.${kind === "jpeg" ? "jpg" : kind}`, { type: `image/${kind}` });
  } catch {
    return null;
  }
}

const asPercent = (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`;

// Collects the images of a pasted text. `uploaded` returns what stands for an image in the text.
function collector() {
  const starts = [];
  let missing = 0;
  const uploaded = (url, alt = "") => {
    const file = fileFrom(url, starts.length + 1);
    if (!file) missing += 1;
    if (!file) return "";
    const { placeholders, start } = uploads.prepare([file], alt);
    starts.push(start);
    return placeholders[0];
  };
  // Images in a local file or in another program can't be read.
  const imageFor = (url, alt) => (
    /^https?:/i.test(url) ? `![${alt.replace(/[[\]\\]/g, "\\$&")}](${url.replace(/[()<>\s]/g, asPercent)})` : uploaded(url, alt));
  const finish = () => {
    starts.forEach((start) => start());
    if (missing) uploads.tell("missing", missing);
  };
  return { uploaded, imageFor, finish };
}

const REFERENCE = /^ {0,3}\[([^\]\n]+)\]:[ \t]*<?(data:image\/[^>\s]*)>?[ \t]*(?:\n|$)/gim;

// Google Docs exports Markdown with its images as base64 text.
function withoutData(text, { uploaded }) {
  const found = new Map();
  const rest = text.replace(REFERENCE, (_, name, url) => {
    found.set(name.toLowerCase(), url);
    return "";
  });
  return rest
    .replace(/!\[([^\]\n]*)\]\(\s*<?(data:image\/[^)>\s]*)>?[^)\n]*\)/gi, (_, alt, url) => uploaded(url, alt))
    .replace(/!\[([^\]\n]*)\]\[([^\]\n]*)\]/g, (whole, alt, name) => (
      found.has((name || alt).toLowerCase()) ? uploaded(found.get((name || alt).toLowerCase()), alt) : whole));
}

// Inserting

// A block needs blank lines around it.
function spaced(markdown) {
  const { value, selectionStart, selectionEnd } = body;
  if (!/\n|^(?:#{1,6} |[-+*] |\d+[.)] |> |\||```)/.test(markdown)) return markdown;
  const before = selectionStart ? "\n".repeat(2 - /\n{0,2}$/.exec(value.slice(0, selectionStart))[0].length) : "";
  const after = value.slice(selectionEnd).trim() ? "\n".repeat(2 - /^\n{0,2}/.exec(value.slice(selectionEnd))[0].length) : "";
  return before + markdown + after;
}

const lettersIn = (text) => text.replace(/[^\p{L}\p{N}]+/gu, "").length;

// Inserts the Markdown of rich text. If most of the text was lost, such as hidden text, the plain text wins.
function insertRich(html, text) {
  const images = collector();
  let markdown = null;
  try {
    markdown = converter?.(html, text, images.imageFor) ?? null;
  } catch {
    // The plain text is complete.
  }
  const isWhole = markdown !== null && 2 * lettersIn(markdown) >= lettersIn(text);
  edits.insert(isWhole ? spaced(markdown) : text);
  images.finish();
}

function insertText(text) {
  const images = collector();
  edits.insert(withoutData(text.replace(/\r\n?/g, "\n"), images));
  images.finish();
}

function linkTo(address) {
  const { selectionStart, selectionEnd, value } = body;
  const selected = value.slice(selectionStart, selectionEnd);
  const isAddress = /^(?:https?:\/\/|mailto:)\S+$/i;
  if (!isAddress.test(address) || !selected.trim() || /\n/.test(selected) || isAddress.test(selected.trim())) return false;
  if (value.slice(0, selectionStart).endsWith("](") || edits.isInCode(selectionStart)) return false;
  const [, before, words, after] = /^(\s*)(.*?)(\s*)$/.exec(selected);
  return edits.insert(`${before}[${words}](${address.replace(/[()]/g, "\\$&")})${after}`);
}

// The event

let isPlain = false;
document.addEventListener("keydown", (event) => { isPlain = event.shiftKey && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "v"; });
document.addEventListener("keyup", () => { isPlain = false; });

const UNSEEN = /<(style|script|title)\b[^]*?<\/\1>|<!--[^]*?-->|<[^>]*>|&nbsp;/gi;
const hasText = (html) => html.replace(UNSEEN, "").trim() !== "";

function paste(event) {
  const { clipboardData: data } = event;
  const text = data.getData("text/plain");
  const html = data.getData("text/html");
  const images = [...data.files].filter((file) => file.type.startsWith("image/"));
  if (images.length && !text.trim() && !hasText(html)) return uploads.add(images, event.target === body ? body.selectionEnd : undefined) ?? true;
  if (event.target !== body) return false;
  if (isPlain) return html || images.length ? edits.insert(text) : false;
  if (linkTo(text.trim())) return true;
  const isCode = [...data.types].includes("vscode-editor-data") || edits.isInCode(body.selectionStart);
  if (html && !isCode && html.length <= LONGEST_HTML) {
    if (converter) insertRich(html, text);
    else (loading ??= load().catch(() => {})).then(() => insertRich(html, text));
    return true;
  }
  if (/data:image\//i.test(text) && !isCode) insertText(text);
  else if (html || images.length) edits.insert(text);
  else return false;
  return true;
}

document.addEventListener("paste", (event) => { if (paste(event)) event.preventDefault(); });
