// Converts rich text from a clipboard to Markdown, with Turndown and rules for the HTML of other programs.
// paste.js loads this module, because few visits to the editor need it.
"use strict";

const FORMATTED = "a[href], strong, b, em, i, del, s, strike, h1, h2, h3, h4, h5, h6, li, blockquote, pre, code, table, img, hr";
const HEADINGS = "h1, h2, h3, h4, h5, h6";
const UNSEEN = "script, style, title, noscript, template, meta, link, br.Apple-interchange-newline";
const FONTS_FOR_CODE = /\b(?:courier|consolas|monaco|menlo|monospace|mono)\b/i;

// The page's policy forbids inline styles, so the browser would log an error for each.
function parsed(html) {
  const unstyled = html.replace(/<style\b[^]*?<\/style>/gi, "");
  const renamed = unstyled.replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\sstyle\s*=/i, " data-style="));
  return new DOMParser().parseFromString(renamed, "text/html").body;
}

function styleOf(element) {
  const parts = (element.dataset.style ?? "").toLowerCase().split(";").map((part) => part.split(":"));
  return Object.fromEntries(parts.map(([name, ...value]) => [name.trim(), value.join(":").trim()]));
}

const unwrap = (element) => element.replaceWith(...element.childNodes);
const isBold = (weight) => weight === "bold" || weight === "bolder" || Number(weight) >= 600;
const isPlainWeight = (weight) => weight === "normal" || weight === "lighter" || (Number(weight) > 0 && Number(weight) < 600);

function wrap(element, tag) {
  const wrapper = element.ownerDocument.createElement(tag);
  wrapper.append(...element.childNodes);
  element.append(wrapper);
}

// Google Docs and others mark text by styles of spans, and wrap everything in a <b> that is not bold.
function readStyles(root) {
  for (const element of root.querySelectorAll("b, strong, i, em")) {
    const style = styleOf(element);
    const isBoldTag = element.matches("b, strong");
    if (isBoldTag ? isPlainWeight(style["font-weight"]) : style["font-style"] === "normal") unwrap(element);
  }
  for (const span of root.querySelectorAll("span, font")) {
    const style = styleOf(span);
    if (isBold(style["font-weight"])) wrap(span, "strong");
    if (style["font-style"] === "italic") wrap(span, "em");
    if (/line-through/.test(`${style["text-decoration"]} ${style["text-decoration-line"]}`)) wrap(span, "del");
    unwrap(span);
  }
}

// Removes emphasis inside the same emphasis or in a heading, and joins neighbors with the same emphasis.
function mergeEmphasis(root) {
  for (const element of root.querySelectorAll(`:is(${HEADINGS}, th) :is(b, strong), :is(b, strong) :is(b, strong), :is(i, em) :is(i, em)`)) {
    unwrap(element);
  }
  for (const [tag, other] of [["strong", "b"], ["em", "i"], ["del", "s"]]) {
    for (const element of root.querySelectorAll(`${tag}, ${other}`)) {
      const next = element.nextSibling;
      if (next?.nodeType !== Node.ELEMENT_NODE || !next.matches(`${tag}, ${other}`)) continue;
      next.prepend(...element.childNodes);
      element.remove();
    }
  }
  root.normalize();
}

// Word's lists are paragraphs with a level and a marker.
function readWordLists(root) {
  let open = [];
  for (const paragraph of root.querySelectorAll("p")) {
    const level = Number(/mso-list:[^;]*\blevel(\d)/i.exec(paragraph.dataset.style ?? "")?.[1]);
    if (!level) continue;
    const marker = [...paragraph.querySelectorAll("span")].find((span) => /mso-list:\s*ignore/i.test(span.dataset.style));
    const number = /^\s*(?:(\d+)|[a-z]{1,4})[.)]/i.exec(marker?.textContent ?? "");
    marker?.remove();
    if (!open.length || paragraph.previousElementSibling !== open[0]) open = [];
    const tag = number ? "OL" : "UL";
    open.length = Math.min(open.length, open[level - 1]?.nodeName === tag ? level : level - 1);
    while (open.length < level) {
      const list = root.ownerDocument.createElement(tag);
      if (number?.[1] > 1) list.setAttribute("start", number[1]);
      if (open.length) (open.at(-1).lastElementChild ?? open.at(-1)).append(list);
      else paragraph.before(list);
      open.push(list);
    }
    const item = root.ownerDocument.createElement("li");
    item.append(...paragraph.childNodes);
    open.at(-1).append(item);
    paragraph.remove();
  }
  const roles = { MsoTitle: "h1", MsoQuote: "blockquote", MsoIntenseQuote: "blockquote" };
  for (const paragraph of root.querySelectorAll(Object.keys(roles).map((name) => `p.${name}`).join(", "))) {
    const element = root.ownerDocument.createElement(roles[paragraph.className]);
    element.append(...paragraph.childNodes);
    paragraph.replaceWith(element);
  }
}

// Nested lists belong to the item before them, and the only paragraph of an item needs no blank lines.
function tidyLists(root) {
  for (const list of root.querySelectorAll(":is(ul, ol) > :is(ul, ol)")) list.previousElementSibling?.append(list);
  for (const item of root.querySelectorAll("li")) {
    const paragraphs = [...item.children].filter((child) => child.matches("p, div"));
    if (paragraphs.length === 1) unwrap(paragraphs[0]);
    if (item.getAttribute("role") === "checkbox") item.prepend(item.getAttribute("aria-checked") === "true" ? "\u2611" : "\u2610");
  }
}

function readCode(root) {
  for (const span of root.querySelectorAll("span, font")) {
    const family = styleOf(span)["font-family"] ?? span.getAttribute("face") ?? "";
    if (FONTS_FOR_CODE.test(family) && !span.closest("pre, code, table")) wrap(span, "code");
  }
}

function cleaned(html) {
  const root = parsed(html);
  for (const element of root.querySelectorAll(UNSEEN)) element.remove();
  // Google Docs adds a line break after a block, but doesn't display it.
  for (const br of root.querySelectorAll("br")) if (br.previousElementSibling?.matches("p, ul, ol, table, div, " + HEADINGS)) br.remove();
  readWordLists(root);
  readCode(root);
  readStyles(root);
  mergeEmphasis(root);
  tidyLists(root);
  return root;
}

// Tables: each cell is one line. The first row is the head, because Markdown has no table without one.

function gridOf(table) {
  const grid = [...table.rows].map(() => []);
  [...table.rows].forEach((row, y) => {
    for (const cell of row.cells) {
      let x = 0;
      while (grid[y][x] !== undefined) x += 1;
      for (let down = 0; down < Math.max(1, cell.rowSpan) && y + down < grid.length; down += 1) {
        for (let right = 0; right < Math.min(cell.colSpan, 100); right += 1) grid[y + down][x + right] = down || right ? null : cell;
      }
    }
  });
  return grid;
}

function tableText(table, convert) {
  const grid = gridOf(table);
  const width = Math.max(...grid.map((row) => row.length));
  const textOf = (cell) => (cell ? convert(cell).replace(/\\?\s*\n\s*/g, "<br>").replace(/(?<!\\)\|/g, "\\|") : "");
  const lineOf = (cells) => `| ${Array.from({ length: width }, (_, x) => cells[x] ?? "").join(" | ")} |`;
  const [head, ...rest] = grid.map((row) => lineOf(row.map(textOf)));
  return [head, lineOf(Array(width).fill("---")), ...rest].join("\n");
}

const isLayout = (table) => table.querySelector("table") || gridOf(table).flat().length < 2;

function itemText(content, item) {
  const list = item.parentNode;
  const at = [...list.children].filter((child) => child.matches("li")).indexOf(item);
  const marker = list.nodeName === "OL" ? `${(list.start || 1) + at}. ` : "- ";
  const text = content.trim().replace(/\n(?=[^\n])/g, `\n${" ".repeat(marker.length)}`);
  // Items with paragraphs are apart.
  return `${marker}${text}\n${item.querySelector(":scope > p") ? "\n" : ""}`;
}

const CHECKED = { "\u2611": "[x] ", "\u2610": "[ ] " };

function addRules(service, imageFor) {
  const escape = service.escape.bind(service);
  // A single underscore inside a word is no emphasis, but "<b>" is a tag and "&copy;" a character.
  service.escape = (text) => escape(text)
    .replace(/(?<=[\p{L}\p{N}])\\_(?=[\p{L}\p{N}])/gu, "_")
    .replace(/<(?=[a-z/!?])/gi, "\\<")
    .replace(/&(?=#?\w+;)/g, "\\&")
    .replace(/~~/g, "\\~\\~")
    .replace(/^(\d+)\) /g, "$1\\) ");
  service.addRule("link", {
    filter: (node) => node.nodeName === "A",
    replacement: (content, node) => {
      const href = node.getAttribute("href") ?? "";
      if (!/^(?:https?:|mailto:|tel:|xmpp:|\/|#)/i.test(href) || !content.trim()) return content;
      if (node.textContent === href && /^https?:/i.test(href)) return href;
      return `[${content.replace(/\s*\n\s*/g, " ")}](${href.replace(/[()<>\s]/g, encodeURIComponent).replace(/[()]/g, "\\$&")})`;
    },
  });
  service.addRule("image", {
    filter: "img",
    replacement: (content, node) => imageFor(node.getAttribute("src") ?? "", node.getAttribute("alt") ?? ""),
  });
  service.addRule("struck", { filter: ["del", "s", "strike"], replacement: (content) => (content.trim() ? `~~${content}~~` : content) });
  service.addRule("box", { filter: (node) => node.matches?.("input[type=checkbox]"), replacement: (content, node) => (node.checked ? "\u2611" : "\u2610") });
  service.addRule("item", {
    filter: "li",
    replacement: (content, node) => itemText(content.trim().replace(/^([\u2611\u2610])\s*/, (_, box) => CHECKED[box]), node),
  });
  service.addRule("code block", {
    filter: "pre",
    replacement: (content, node) => {
      const classes = [node.parentNode, node, node.firstElementChild].map((element) => element?.className).join(" ");
      const language = /\b(?:language|lang|highlight-source)-([\w+#-]+)/.exec(classes)?.[1] ?? "";
      const code = node.textContent.replace(/\n$/, "");
      const longest = Math.max(2, ...(code.match(/`+/g) ?? []).map((run) => run.length));
      const fence = "`".repeat(longest + 1);
      return `\n\n${fence}${language}\n${code}\n${fence}\n\n`;
    },
  });
  service.addRule("table", {
    filter: (node) => node.nodeName === "TABLE" && node.rows.length > 0 && !isLayout(node),
    replacement: (content, node) => `\n\n${tableText(node, (cell) => service.turndown(cell))}\n\n`,
  });
  service.addRule("cell", { filter: ["td", "th"], replacement: (content) => `\n\n${content}\n\n` });
}

function isFormatted(root) {
  const cells = root.querySelectorAll("td, th");
  return cells.length === 1 ? cells[0].querySelector(FORMATTED) : root.querySelector(FORMATTED);
}

// The Markdown of HTML, or null if it is no more than `text`, the same as plain text. `imageFor` returns the Markdown of
// an image from its address and alt text.
export function toMarkdown(html, text, Turndown, imageFor) {
  const root = cleaned(html);
  if (text.trim() && !isFormatted(root)) return null;
  const options = { headingStyle: "atx", bulletListMarker: "-", emDelimiter: "*", hr: "---", br: "\\" };
  const service = new Turndown(options);
  addRules(service, imageFor);
  return service.turndown(root).replace(/\u00a0/g, " ").replace(/[ \t]+$/gm, "").replace(/\n{3,}/g, "\n\n");
}
