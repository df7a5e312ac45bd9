// Submits the form: after the automatic save that is still on its way, and only if the site can be reached.
// Otherwise the page stays, keeps the text, and tries again.
"use strict";

const { form, isUnsaved, keep, say, state, status, updateTokens } = globalThis.autosave;
const SAVE_MS = 3_000;
const REACHES_MS = 5_000;
const RETRY_MS = 5_000;

// The button that was pressed, until the site can be reached.
let waitingFor = null;
let retryTimer = null;
let isWaiting = false;
let isReady = false;

// A site that responds slowly is reachable, and so is one that responds with an error.
async function isReachable() {
  try {
    await fetch(form.dataset.reachUrl, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(REACHES_MS) });
    return true;
  } catch (error) {
    return error.name === "TimeoutError";
  }
}

const withName = (text, button) => text.replace("%(button)s", button?.textContent.trim() ?? "");

async function submit(submitter) {
  for (const timer of [retryTimer, state.sendTimer, state.retryTimer]) clearTimeout(timer);
  state.sendTimer = state.retryTimer = null;
  isWaiting = true;
  if (isUnsaved()) keep();
  // The earlier save must not arrive after this one.
  const saved = Promise.race([state.sending, new Promise((done) => setTimeout(done, SAVE_MS))]);
  const [reaches] = await Promise.all([isReachable(), saved]);
  isWaiting = false;
  if (!reaches) return waitFor(submitter);
  waitingFor = null;
  state.sending = null;
  isReady = true;
  // The first automatic save replaces some buttons.
  form.requestSubmit(submitter?.isConnected ? submitter : form.querySelector(`[name=action][value="${submitter?.value}"]`));
}

// The panel for publishing covers the status in the bar.
function tell(text) {
  say("offline", text);
  for (const place of form.querySelectorAll("[data-panel-state]")) place.textContent = text;
}

function waitFor(submitter) {
  keep();
  waitingFor = submitter;
  tell(state.isKept ? withName(status.dataset.waits, submitter) : status.dataset.unkept);
  retryTimer = setTimeout(retry, RETRY_MS);
}

function stopWaiting(text) {
  if (!waitingFor) return;
  clearTimeout(retryTimer);
  tell(withName(text, waitingFor));
  waitingFor = null;
}

function retry() {
  if (waitingFor && !isWaiting) submit(waitingFor);
}

form.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  updateTokens();
  if (event.submitter?.formTarget === "_blank") return;
  if (!isReady) {
    event.preventDefault();
    if (!isWaiting) submit(event.submitter);
    return;
  }
  isReady = false;
  state.isLeaving = true;
});
addEventListener("online", retry);
// Only the text that the author saw when pressing the button is published.
form.addEventListener("input", () => stopWaiting(status.dataset.waitsNoMore));
form.querySelector("[data-publish]")?.addEventListener("close", () => stopWaiting(status.dataset.offline));
