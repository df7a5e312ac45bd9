// Repeats each local copy in IndexedDB, which writes to disk immediately. Browsers keep localStorage in
// memory for up to a minute. A crash loses that minute and restores removed copies. Only localStorage
// can save a text while its page is closing, so the editor still reads that.
"use strict";

const TOMBSTONE_DAYS = 1;
const OPENS_MS = 2_000;

const inTime = (asking) => new Promise((done, fail) => {
  asking.onsuccess = () => done(asking.result);
  asking.onerror = () => fail(asking.error);
});

async function open() {
  const asking = indexedDB.open("editor", 1);
  asking.onupgradeneeded = () => asking.result.createObjectStore("copies", { keyPath: "key" });
  return inTime(asking);
}

// If a browser has no database, or never responds, localStorage must be enough.
const tooLate = new Promise((done) => setTimeout(done, OPENS_MS));
const database = Promise.race([open(), tooLate]).catch(() => null);

async function copies(mode) {
  return (await database)?.transaction("copies", mode, { durability: "strict" }).objectStore("copies");
}

// Record that localStorage has had `fields` under `key` since `at`. Without `fields`, the copy was removed.
async function record(key, at, fields = null) {
  try {
    (await copies("readwrite"))?.put({ key, at, fields });
  } catch {
    // The disk is full, or the browser has closed the database. The copy in localStorage remains.
  }
}

// After a crash, write lost copies to localStorage again, and remove copies that came back.
async function restore() {
  const store = await copies("readonly");
  for (const { key, at, fields } of store ? await inTime(store.getAll()) : []) {
    const copy = JSON.parse(localStorage.getItem(key));
    if (copy?.at > at) continue;
    if (fields) localStorage.setItem(key, JSON.stringify({ at, fields }));
    else localStorage.removeItem(key);
    if (!fields && at < Date.now() - TOMBSTONE_DAYS * 86_400_000) (await copies("readwrite")).delete(key);
  }
}

// Script names contain hashes, which an `import` would have to know.
globalThis.localCopies = { record, restore };
