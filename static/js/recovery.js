// Offers text that an earlier edit session kept in this browser and that the server doesn't have.
"use strict";

const {
  TEXT, copiesHere, fields, forget, form, isAnythingElseChanged, isUnsaved, keep, prefix, RESPONSE_MS, state, timeField,
} = globalThis.autosave;
const panel = form.querySelector("[data-local-copy]");
const recovered = document.querySelector(".recovered");

// There is one box at a time: this one, or the one about text that the server recovered.
function show(isOffered) {
  panel.hidden = !isOffered;
  if (recovered) recovered.hidden = isOffered;
}

// The server normalizes white space, commas and known tags, which doesn't count as a difference.
function normalized(name, text = "") {
  if (form.elements[name]?.matches("textarea:not([data-one-line])")) return text.replaceAll("\r\n", "\n");
  if (name !== "tags") return text.split(/\s+/).join(" ").trim();
  return [...new Set(text.normalize("NFKC").toLowerCase().split(/[\s,]+/))].filter(Boolean).sort().join(" ");
}

// The time counts only if the form shows it, and not for a new post, because then the server compares the text.
const differsInTime = (copy) => timeField && !form.elements.uuid && "publish_at" in copy.fields && copy.fields.publish_at !== timeField.value;
const differs = (copy) => differsInTime(copy)
  || TEXT.some((name) => normalized(name, copy.fields[name]) !== normalized(name, form.elements[name]?.value));

const earlierCopies = () => localCopies.list(copiesHere()).filter((copy) => copy.key !== state.keptUnder);

async function fetchDifference(copy) {
  const data = new FormData();
  data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  data.append("edit_session", copy.key.split(":").pop());
  data.append("shown_at", form.dataset.shownAt);
  data.append("typed_ago", Math.max(0, Math.round((Date.now() - copy.at) / 1_000)));
  if (!form.elements.uuid) data.append("version", form.elements.version.value);
  for (const name of TEXT) {
    data.append(`old_${name}`, form.elements[name]?.value ?? "");
    data.append(`new_${name}`, copy.fields[name] ?? "");
  }
  const response = await fetch(form.dataset.differenceUrl, { method: "POST", body: data, signal: AbortSignal.timeout(RESPONSE_MS) });
  if (!response.ok) throw new Error(response.status);
  return response;
}

// Keep the copy under the address of the post that its edit session has made. Return that address, or null.
function moveToItsPost(copy, response) {
  const address = response.headers.get("Content-Location");
  if (!form.elements.uuid || !address || address === location.pathname) return null;
  const key = copy.key.replace(copiesHere(), `${prefix}${address}:`);
  if (response.status === 204) localCopies.remove(copy.key);
  else localCopies.move(copy.key, key);
  return address;
}

// A reload, or Back, may show a form for a new post although the text typed in it has become a draft. The history
// entry names the edit session of that text. Return whether the draft is opened.
async function openOwnDraft(earlierSession) {
  const copy = form.elements.uuid && localCopies.list(prefix).find(({ key }) => key.endsWith(`:${earlierSession}`));
  if (!copy) return false;
  const isHere = copy.key.startsWith(copiesHere());
  const address = isHere ? moveToItsPost(copy, await fetchDifference(copy)) : copy.key.slice(prefix.length).split(":")[0];
  // Anything typed meanwhile stays here.
  if (!address || state.isTouched || (isUnsaved() && differs(copy))) return false;
  forget();
  state.savedEdits = state.edits;
  location.replace(address);
  return true;
}

async function offerCopy() {
  const copy = earlierCopies().find(differs);
  if (!copy) return show(false);
  const place = panel.querySelector("[data-difference]");
  try {
    const response = await fetchDifference(copy);
    if (moveToItsPost(copy, response)) return offerCopy();
    // 205: the copy arrived after this page was rendered, so the saved text is newer than the page.
    if (response.status === 205 && !isUnsaved() && !isAnythingElseChanged()) return location.reload();
    // 204: the copy arrived, even if the page that sent it never got the response.
    const hasArrived = response.status !== 200;
    if (hasArrived && !differsInTime(copy)) {
      localCopies.remove(copy.key);
      return offerCopy();
    }
    // The HTML comes from our own server, which escapes everything that people wrote.
    place.innerHTML = hasArrived ? "" : await response.text();
    // The text that the server recovered is newer, and one offer is enough.
    if (recovered && place.querySelector("[data-older]")) return show(false);
  } catch {
    place.textContent = panel.dataset.noDifference;
  }
  if (differsInTime(copy)) {
    const line = document.createElement("p");
    line.textContent = `${timeField.labels[0].firstChild.textContent.trim()}: ${copy.fields.publish_at.replace("T", " ")}`;
    place.append(line);
  }
  const when = new Date(copy.at);
  panel.querySelector("[data-typed-at]").textContent = when.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  panel.dataset.key = copy.key;
  show(true);
}

function replaceText(field, text) {
  if (field.value === text) return;
  // For a text of 20,000 words, `insertText` takes 3 s.
  if (field === form.elements.body && globalThis.edits.replace(0, field.value.length, text)) return;
  field.focus();
  field.select();
  // This keeps undo working. Setting the value would end its history.
  document.execCommand("insertText", false, text);
  if (field.value !== text) field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

panel.querySelector("[data-take-local]").addEventListener("click", () => {
  const copy = localCopies.read(panel.dataset.key);
  for (const field of fields) if (field.name in copy.fields) replaceText(field, copy.fields[field.name]);
  keep();
  if (state.isKept) localCopies.remove(panel.dataset.key);
  form.elements.body.focus();
  offerCopy();
});
panel.querySelector("[data-drop-local]").addEventListener("click", () => {
  localCopies.remove(panel.dataset.key);
  form.elements.body.focus();
  offerCopy();
});

// A post that has been saved is another one than the post whose text was offered for a new post.
form.addEventListener("saved", () => {
  if (!panel.hidden && !panel.dataset.key.startsWith(copiesHere())) show(false);
});

async function start(earlierSession) {
  await localCopies.restore();
  localCopies.removeOld(prefix);
  if (await openOwnDraft(earlierSession).catch(() => false)) return;
  // Text that is identical on the server, or that this edit session now keeps, needs no other copy. Neither does the
  // text whose front matter became the values of this form.
  const isSource = (copy) => copy.key.endsWith(`:${form.dataset.madeFrom}`);
  if (!isUnsaved() || state.keptUnder) {
    for (const copy of earlierCopies()) if (isSource(copy) || !differs(copy)) localCopies.remove(copy.key);
  }
  await offerCopy();
}

const { editSession } = history.state ?? {};
history.replaceState({ ...history.state, editSession: form.elements.edit_session?.value }, "");
// A browser without storage has no copies. The first key shows the message.
start(editSession).catch(() => {});
