// The panel in which a draft is published or scheduled: now or at a time, with a summary of the post. The summary is
// part of the page that shows the panel without this script.
"use strict";

const form = document.querySelector("form.editor");
const dialog = form.querySelector("[data-publish]");
const RESPONSE_MS = 10_000;
const DAY_MS = 86_400_000;

// Only drafts have the panel.
if (dialog) {
  const opener = form.querySelector("[data-panel-button]");
  const time = form.elements.publish_at;
  const timeFields = form.querySelector("[data-time-fields]");
  const home = form.querySelector("[data-time-home]");
  const summary = dialog.querySelector("[data-summary]");
  const publish = dialog.querySelector("[value=publish]");
  const schedule = dialog.querySelector("[value=schedule]");
  const [now, later] = form.elements.when;
  // The request that saves the draft and returns its summary, while it lasts.
  let asking = null;

  function choose(isLater) {
    now.checked = !isLater;
    later.checked = isLater;
    publish.hidden = isLater;
    timeFields.hidden = schedule.hidden = !isLater;
    // A time that was typed earlier doesn't delay a post that is published now.
    publish.value = "publish_now";
  }

  function suggestTime() {
    if (time.value) return;
    time.value = `${clock.localTime(Date.now() + DAY_MS).slice(0, 10)}T09:00`;
    time.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function show() {
    dialog.querySelector("[data-time-place]").append(timeFields);
    choose(time.value > clock.localTime(Date.now()) || timeFields.querySelector(".field-invalid") !== null);
    dialog.removeAttribute("open");
    dialog.showModal();
  }

  // Saves the draft and returns its summary, or null if the draft was refused.
  async function fetchSummary() {
    const body = globalThis.autosave.textsOfForm();
    const signal = AbortSignal.timeout(RESPONSE_MS);
    // An automatic save can continue from this one. It could not continue from a save by a button.
    const saved = await fetch(form.dataset.autosaveUrl, { method: "POST", body, headers: { Accept: "application/json" }, signal });
    if (!saved.ok) return null;
    const response = await fetch(`${(await saved.json()).update_url}?panel`, { signal });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return page.querySelector("[data-publish][open] [data-summary]");
  }

  async function summarize() {
    asking ??= fetchSummary();
    try {
      const found = await asking;
      asking = null;
      if (found) summary.replaceChildren(...found.childNodes);
      // The page of the server says why it refused the draft.
      else if (dialog.open) form.requestSubmit(opener);
    } catch {
      asking = null;
      summary.textContent = dialog.dataset.failed;
    }
  }

  opener.addEventListener("click", (event) => {
    // The server says that a title is missing. Two texts in conflict are saved only by the button itself.
    if (dialog.open || !form.dataset.autosaveUrl || !form.elements.title.value.trim()) return;
    event.preventDefault();
    show();
    summarize();
  });
  // The draft must not arrive after the post is published.
  form.addEventListener("submit", (event) => {
    if (!asking) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const again = () => form.requestSubmit(event.submitter);
    asking.then(again, again);
  });
  now.addEventListener("change", () => choose(false));
  later.addEventListener("change", () => {
    suggestTime();
    choose(true);
  });
  dialog.querySelector("[data-keep-writing]").addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    timeFields.hidden = false;
    home.append(timeFields);
    // Otherwise, the choice would count as a change that is not saved.
    now.checked = true;
    if (location.search === "?panel") history.replaceState(history.state, "", location.pathname);
    form.elements.body.focus();
  });
  if (dialog.open) show();
}
