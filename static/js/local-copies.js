// Copies of unsent text in this browser, by key: in localStorage, and repeated in IndexedDB, which writes
// to disk immediately. Browsers keep localStorage in memory for up to a minute. A crash loses that minute
// and restores removed copies. Only localStorage can save a text while its page is closing, so scripts read that copy.
"use strict";

const DAY_MS = 86_400_000;
const COPY_DAYS = 30;
const TOMBSTONE_DAYS = 1;
const OPENS_MS = 2_000;

const resultOf = (request) => new Promise((done, fail) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
});

async function open() {
  const request = indexedDB.open("editor", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("copies", { keyPath: "key" });
  return resultOf(request);
}

// If a browser has no database, or never responds, localStorage must be enough.
const tooLate = new Promise((done) => setTimeout(done, OPENS_MS));
const database = Promise.race([open(), tooLate]).catch(() => null);

async function objectStore(mode) {
  return (await database)?.transaction("copies", mode, { durability: "strict" }).objectStore("copies");
}

// Repeat the copy that localStorage has had under `key` since `at`. Without `fields`, it was removed.
async function repeat(key, at, fields = null) {
  try {
    (await objectStore("readwrite"))?.put({ key, at, fields });
  } catch {
    // The disk is full, or the browser has closed the database. The copy in localStorage remains.
  }
}

// Throws an exception if the storage is full, or if the browser's settings forbid it.
function write(key, fields) {
  const at = Date.now();
  localStorage.setItem(key, JSON.stringify({ at, fields }));
  repeat(key, at, fields);
}

function read(key) {
  return { key, ...JSON.parse(localStorage.getItem(key)) };
}

function remove(key) {
  localStorage.removeItem(key);
  repeat(key, Date.now());
}

// Keep the copy under `newKey` instead, with its time.
function move(key, newKey) {
  const { at, fields } = read(key);
  localStorage.setItem(newKey, JSON.stringify({ at, fields }));
  repeat(newKey, at, fields);
  remove(key);
}

function removeOld(prefix) {
  const oldest = Date.now() - COPY_DAYS * DAY_MS;
  for (const copy of list(prefix)) if (copy.at < oldest) remove(copy.key);
}

// All copies whose key starts with `prefix`, the newest first.
function list(prefix) {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  return keys.map(read).sort((one, other) => other.at - one.at);
}

// After a crash, write lost copies to localStorage again, and remove copies that came back.
async function restore() {
  const store = await objectStore("readonly");
  for (const { key, at, fields } of store ? await resultOf(store.getAll()) : []) {
    if (read(key).at > at) continue;
    if (fields) localStorage.setItem(key, JSON.stringify({ at, fields }));
    else localStorage.removeItem(key);
    if (!fields && at < Date.now() - TOMBSTONE_DAYS * DAY_MS) (await objectStore("readwrite")).delete(key);
  }
}

// Script names contain hashes, which an `import` would have to know.
globalThis.localCopies = { list, move, read, remove, removeOld, restore, write };
