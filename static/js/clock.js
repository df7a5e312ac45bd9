// One clock: until an account chooses a time zone, times are entered and shown in the browser's. A cookie sends its name
// to the server, and this script changes the first page, which was rendered without the cookie.
"use strict";

const form = document.querySelector("form.editor");
const time = form.elements.publish_at;
const fold = form.elements.fold;
const zone = form.elements.zone;
const DAY_MS = 86_400_000;
const YEAR_S = 31_536_000;

const formatIn = (timeZone) => new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short", timeStyle: "medium" });
let format = formatIn(zone.value);

// The date and time in the zone of the form, in the format of the field.
const localTime = (at) => format.format(at).replace(" ", "T");

// The moments at which clocks show a time: two in the hour that they repeat in the fall, none in the one they skip.
function moments(text) {
  const asUtc = Date.parse(`${text}Z`);
  const offsetAt = (at) => Date.parse(`${localTime(at)}Z`) - at;
  const found = [asUtc - DAY_MS, asUtc + DAY_MS].map((near) => asUtc - offsetAt(near));
  const isShown = (at) => Date.parse(`${localTime(at)}Z`) === asUtc;
  return [...new Set(found.filter(isShown))].sort((one, other) => one - other);
}

function showFold() {
  const isRepeated = time.value !== "" && moments(time.value).length === 2;
  if (isRepeated) fold.value ||= "0";
  else fold.value = "";
  form.querySelector("[data-fold]").hidden = !isRepeated;
}

function useZone(name) {
  const at = time?.value ? moments(time.value)[Number(fold.value)] : undefined;
  zone.setAttribute("value", name);
  format = formatIn(name);
  for (const element of document.querySelectorAll("[data-zone]")) element.textContent = name;
  const words = new Intl.DateTimeFormat(document.documentElement.lang, {
    timeZone: name, year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short",
  });
  for (const element of document.querySelectorAll("time[data-own]")) element.textContent = words.format(new Date(element.dateTime));
  if (at === undefined) return;
  time.setAttribute("value", localTime(at));
  fold.value = String(Math.max(0, moments(time.value).indexOf(at)));
}

if ("zoneCookie" in form.dataset) {
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  document.cookie = `${form.dataset.zoneCookie}=${name}; path=/; max-age=${YEAR_S}; samesite=lax`;
  // Text that came back with the page keeps the zone in which its time was typed.
  if (name !== zone.value && !("unsaved" in form.dataset)) useZone(name);
}
if (time) {
  time.addEventListener("input", showFold);
  // The choice is saved with the time.
  fold.addEventListener("input", () => time.dispatchEvent(new Event("input", { bubbles: true })));
  showFold();
}
// Script names contain hashes, which an `import` would have to know.
globalThis.clock = { localTime };
