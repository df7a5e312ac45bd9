// Takes parts of the editor from the server: after the first automatic save, those that a new post lacks, and
// the link of a preview, when one is made or revoked.
"use strict";

const { RESPONSE_MS, form, isUnsaved, send, state } = globalThis.autosave;
// The address of the post whose parts this page shows.
let shown = location.pathname;

async function pageIn(response) {
  if (!response.ok) throw new Error(response.status);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

// Replaces the parts that are in `names`, or all, except one that has the focus. Returns whether all were replaced.
function showParts(page, names = null) {
  const parts = [...document.querySelectorAll("[data-part]")].filter(({ dataset }) => names?.includes(dataset.part) ?? true);
  const replaceable = parts.filter((part) => names || !part.contains(document.activeElement));
  for (const part of replaceable) {
    const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
    if (fresh) part.replaceWith(document.adoptNode(fresh));
  }
  document.title = page.title;
  document.dispatchEvent(new Event("parts-shown"));
  return replaceable.length === parts.length;
}

// The page has become the editor of the draft that was saved.
form.addEventListener("saved", async () => {
  const { pathname } = location;
  if (pathname === shown) return;
  try {
    const response = await fetch(pathname, { signal: AbortSignal.timeout(RESPONSE_MS) });
    if (showParts(await pageIn(response))) shown = pathname;
  } catch {
    // The next save tries again.
  }
});

// Sends what was typed last before `act`, because a preview shows the saved post and the trash keeps it.
async function afterSaving(act) {
  // A form that is just being submitted can't be submitted again.
  await new Promise((done) => setTimeout(done));
  state.isTouched ||= isUnsaved();
  send();
  await state.sending;
  await act();
}

// Forms that are to be submitted without another save.
const ready = new Set();

function leave(target, submitter) {
  state.isLeaving = true;
  ready.add(target);
  target.requestSubmit(submitter);
}

async function share(target, submitter) {
  try {
    const body = new FormData(target, submitter);
    // The buttons are named "action" too, so `target.action` would be one of them.
    const response = await fetch(target.getAttribute("action"), { method: "POST", body, signal: AbortSignal.timeout(RESPONSE_MS) });
    const page = await pageIn(response);
    showParts(page, ["share"]);
    const part = document.querySelector("[data-part=share]");
    part.open = true;
    part.querySelector("summary").after(...page.querySelectorAll("#content > .flash"));
    (part.querySelector("textarea") ?? part.querySelector("summary")).focus();
  } catch {
    leave(target, submitter);
  }
}

document.addEventListener("submit", (event) => {
  const { submitter, target } = event;
  if (!["share-form", "delete-form"].includes(target.id) || ready.delete(target)) return;
  event.preventDefault();
  afterSaving(() => (target.id === "share-form" ? share(target, submitter) : leave(target, submitter)));
});
