// Saves the text while the author types: on the server, and in this browser until the server has it.
"use strict";

const PAUSE_MS = 2_000; // after the last key
const MAX_UNSENT_MS = 10_000; // while typing continues
const COPY_DELAY_MS = 500;
const RESPONSE_MS = 20_000;
const RETRY_MS = 15_000; // at most
// Browsers send at most 64 KiB while a page is closing.
const KEEPALIVE_CHARACTERS = 15_000;

const form = document.querySelector("form.editor");
const status = form.querySelector("[data-save-status]");
const logIn = form.querySelector("[data-log-in]");
const compare = form.querySelector("[data-compare]");
// The fields of PostText, which the page names, and all other fields for typed text.
const TEXT = form.dataset.textFields.split(" ");
const fields = [...form.elements].filter(
  (field) => TEXT.includes(field.name) || (field.name && field.matches("textarea, [type=text], [type=datetime-local]")),
);
// Each page load starts a new edit session. Without HTTPS there is no randomUUID.
const editSession = crypto.randomUUID?.().replaceAll("-", "")
  ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const state = {
  // Edits are counted, so that no texts are compared while typing.
  edits: 0,
  savedEdits: 0,
  // Recovered or refused text that came with the page is not sent until the author edits or saves it.
  isTouched: false,
  // The request that saves the text, while it lasts.
  sending: null,
  firstUnsentAt: null,
  failures: 0,
  sendTimer: null,
  retryTimer: null,
  // The key of this edit session's copy in this browser, and whether storing it worked.
  keptUnder: null,
  isKept: true,
  keepTimer: null,
  // The page for a conflict between two texts never saves automatically.
  hasStopped: !form.dataset.autosaveUrl,
  isLeaving: false,
  // The kind of the last message that a screen reader announced.
  said: "",
  // Back may show a hidden page again, or load it without its text. Then only the copy leads to the saved text.
  isHidden: false,
};

const isUnsaved = () => state.edits !== state.savedEdits;
// Fields that only the buttons save: always the note, and the time unless the post is a draft.
const timeField = form.elements.publish_at;
const isTimeOrNoteChanged = () => [timeField, form.elements.reason].some((field) => field && field.value !== field.defaultValue);
// Fields and files that an autosave doesn't save.
const isAnythingElseChanged = () => isTimeOrNoteChanged() || [...form.elements].some((field) => field.files?.length || field.checked !== field.defaultChecked);
// Without the placeholders of images that are still being uploaded.
const textOf = (field) => (field.name === "body" && globalThis.uploads ? globalThis.uploads.withoutPlaceholders(field.value) : field.value);
const typedTexts = () => Object.fromEntries(fields.map((field) => [field.name, textOf(field)]));

// Status messages

function show(kind, text) {
  status.dataset.state = kind;
  if (status.textContent !== text) status.textContent = text;
}

function say(kind, text) {
  // A screen reader announces the first "Saved" after a problem, not one every few seconds.
  status.setAttribute("aria-live", state.said === kind ? "off" : "polite");
  state.said = kind;
  show(kind, text);
  logIn.hidden = kind !== "logged-out";
  compare.hidden = kind !== "changed-elsewhere";
}

function showChecklist(hints) {
  const list = form.querySelector("[data-checklist]");
  list.replaceChildren(...hints.map((hint) => {
    const item = document.createElement("li");
    item.textContent = hint;
    return item;
  }));
  form.querySelector("[data-checklist-box]").hidden = !hints.length;
}

// The copy in this browser: one for each edit session, so that none overwrites another

const prefix = `editor:${form.dataset.userId}:`;
const copiesHere = () => `${prefix}${location.pathname}:`;

function keep() {
  clearTimeout(state.keepTimer);
  state.keepTimer = null;
  const key = copiesHere() + editSession;
  try {
    localCopies.write(key, typedTexts());
    if (state.keptUnder && state.keptUnder !== key) localCopies.remove(state.keptUnder);
    state.keptUnder = key;
    state.isKept = true;
  } catch {
    // Storage is full, or the browser's settings forbid it.
    if (state.isKept) say("full", status.dataset.full);
    state.isKept = false;
  }
}

function forget() {
  clearTimeout(state.keepTimer);
  state.keepTimer = null;
  if (state.keptUnder) localCopies.remove(state.keptUnder);
  state.keptUnder = null;
}

// Saves on the server

function updateTokens() {
  // Logging in creates a new token, even in another tab.
  const start = `${form.dataset.csrfCookie}=`;
  const token = document.cookie.split("; ").find((cookie) => cookie.startsWith(start))?.slice(start.length);
  if (!token) return;
  for (const field of document.getElementsByName("csrfmiddlewaretoken")) field.setAttribute("value", token);
}

// Returns the form data without files.
function textsOfForm() {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  return data;
}

function schedule() {
  if (state.hasStopped || state.retryTimer) return;
  state.firstUnsentAt ??= Date.now();
  clearTimeout(state.sendTimer);
  state.sendTimer = setTimeout(send, Math.min(PAUSE_MS, state.firstUnsentAt + MAX_UNSENT_MS - Date.now()));
}

function send() {
  clearTimeout(state.sendTimer);
  clearTimeout(state.retryTimer);
  state.sendTimer = state.retryTimer = null;
  if (state.sending || state.hasStopped || state.isLeaving || !state.isTouched || !isUnsaved()) return;
  state.sending = deliver(state.edits).finally(() => {
    state.sending = null;
    if (isUnsaved() && state.firstUnsentAt && !state.sendTimer) schedule();
  });
}

async function deliver(edit) {
  state.firstUnsentAt = null;
  updateTokens();
  // While a problem lasts, its message stays.
  if ([undefined, "saved"].includes(status.dataset.state)) show("saving", status.dataset.saving);
  try {
    const response = await fetch(form.dataset.autosaveUrl, {
      method: "POST",
      body: textsOfForm(),
      headers: { Accept: "application/json" },
      keepalive: form.elements.body.value.length < KEEPALIVE_CHARACTERS,
      signal: AbortSignal.timeout(RESPONSE_MS),
    });
    const act = { 200: saved, 401: loggedOut, 403: forbidden, 404: deleted, 409: changedElsewhere, 422: refused }[response.status];
    const result = response.headers.get("Content-Type")?.includes("json") ? await response.json() : {};
    if (!act || (response.ok && !result.version)) return tryAgain();
    state.failures = 0;
    if (!response.ok) keep();
    act(result, edit);
  } catch (error) {
    // A TypeError means that there was no connection.
    tryAgain(error instanceof TypeError ? "offline" : "unsent");
  }
}

function saved(result, edit) {
  state.savedEdits = edit;
  for (const name of ["version", "uuid"]) {
    // Set as an attribute, because Firefox restores the last value on a reload, which would be wrong.
    if (result[name]) form.elements[name]?.setAttribute("value", result[name]);
  }
  if (location.pathname !== result.update_url) moveTo(result);
  if (timeField && !result.is_beside && !isUnsaved()) timeField.defaultValue = timeField.value;
  if (isTimeOrNoteChanged()) keep();
  else if (!isUnsaved() && !state.isHidden) forget();
  form.dispatchEvent(new Event("saved"));
  status.title = result.saved_text;
  say("saved", isTimeOrNoteChanged() ? `${status.dataset.saved}. ${status.dataset.timeOrNote}` : status.dataset.saved);
  showChecklist(result.checklist ?? []);
}

// A new post now has an address, where a reload finds it.
function moveTo(result) {
  history.replaceState(history.state, "", result.update_url);
  form.setAttribute("action", result.update_url);
  form.dataset.autosaveUrl = result.autosave_url;
  if (state.keptUnder && isUnsaved()) keep();
}

function tryAgain(kind = "unsent") {
  if (state.isLeaving) return;
  keep();
  say(kind, state.isKept ? status.dataset[kind] : status.dataset.unkept);
  state.failures += 1;
  state.retryTimer = setTimeout(send, Math.min(RETRY_MS, 1_000 * 2 ** state.failures));
}

function loggedOut(result) {
  logIn.href = result.login_url ?? `${form.dataset.loginUrl}?next=${encodeURIComponent(location.pathname)}`;
  say("logged-out", result.message ?? status.dataset.loggedOut);
}

// The role of this account no longer allows writing. Without a message, the token was refused.
function forbidden(result) {
  (result.message ? changedElsewhere : loggedOut)(result);
}

function deleted() {
  state.hasStopped = true;
  say("deleted", status.dataset.deleted);
}

function changedElsewhere(result) {
  state.hasStopped = true;
  say("changed-elsewhere", result.message ?? status.dataset.changedElsewhere);
}

function refused(result) {
  const label = (name) => form.elements[name]?.labels?.[0]?.firstChild.textContent.trim() ?? "";
  const said = Object.entries(result.errors ?? {}).map(([name, texts]) => `${label(name)}: ${texts.join(" ")}`);
  say("refused", [state.isKept ? status.dataset.refused : status.dataset.unkept, ...said].join(" "));
}

form.addEventListener("input", (event) => {
  if (!fields.includes(event.target)) return;
  state.edits += 1;
  state.isTouched = true;
  state.keepTimer ??= setTimeout(keep, COPY_DELAY_MS);
  schedule();
});
form.addEventListener("keydown", (event) => {
  const isSave = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key === "s";
  if (!isSave) return;
  event.preventDefault();
  state.isTouched = true;
  send();
});
addEventListener("online", send);
addEventListener("focus", () => {
  updateTokens();
  if (status.dataset.state === "logged-out") send();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden || !isUnsaved()) return;
  // A phone may close a hidden page without an event.
  keep();
  send();
});

// Leaving

compare.addEventListener("click", () => {
  // After the Back button, this page may belong to the edit session that saved the newer text. An empty
  // session makes the server show the conflict instead of continuing from that save.
  form.elements.edit_session.setAttribute("value", "");
  form.requestSubmit(form.querySelector("[name=action]"));
});
logIn.addEventListener("click", () => {
  keep();
  state.isLeaving = state.isKept;
});
addEventListener("pageshow", () => { state.isLeaving = state.isHidden = false; });
addEventListener("pagehide", () => {
  state.isHidden = true;
  if (isUnsaved()) keep();
});
addEventListener("beforeunload", (event) => {
  if (state.isLeaving || !(isUnsaved() || isAnythingElseChanged())) return;
  // Save now, so that the save arrives before a reload requests the page. Otherwise, the reload would show old text.
  send();
  event.preventDefault();
});

// Start

// Otherwise, Chromium would restore the last values of hidden fields. HTML forbids the attribute on them, so
// this script sets it.
for (const field of form.querySelectorAll("[type=hidden]")) field.autocomplete = "off";
form.elements.edit_session?.setAttribute("value", editSession);
// Text that the server shows but hasn't saved (refused or recovered), or that the browser restored,
// counts as typed. It is sent with the first key.
if ("unsaved" in form.dataset || fields.some((field) => field.value !== field.defaultValue)) {
  state.edits = 1;
  keep();
}

// For other scripts of this page. Script names contain hashes, which an `import` would have to know.
globalThis.autosave = {
  RESPONSE_MS, TEXT, copiesHere, fields, forget, form, isAnythingElseChanged, isUnsaved, keep, prefix, say, send, state,
  status, textsOfForm, timeField, updateTokens,
};
