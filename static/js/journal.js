// Writes what is kept in this browser to the disk at once. Browsers hold localStorage in memory, up to
// a minute long; a crash takes that along, and brings back what was removed. Only localStorage takes a
// text in the moment in which its page is closed, so it stays what the editor reads.
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

// Where a browser gives no database, or never answers, localStorage has to do.
const tooLate = new Promise((done) => setTimeout(done, OPENS_MS));
const database = Promise.race([open(), tooLate]).catch(() => null);

async function copies(mode) {
  return (await database)?.transaction("copies", mode, { durability: "strict" }).objectStore("copies");
}

// Take down what localStorage has under `key` since `at`; without `fields`, that it was removed.
async function note(key, at, fields = null) {
  try {
    (await copies("readwrite"))?.put({ key, at, fields });
  } catch {
    // The disk is full, or the browser has closed the database; the copy in localStorage is there.
  }
}

// Give localStorage what a crash has kept from it, and take from it what had been removed.
async function recall() {
  const store = await copies("readonly");
  for (const { key, at, fields } of store ? await inTime(store.getAll()) : []) {
    const held = JSON.parse(localStorage.getItem(key));
    if (held?.at > at) continue;
    if (fields) localStorage.setItem(key, JSON.stringify({ at, fields }));
    else localStorage.removeItem(key);
    if (!fields && at < Date.now() - TOMBSTONE_DAYS * 86_400_000) (await copies("readwrite")).delete(key);
  }
}

// Scripts are named by their hashes, which an `import` would have to know.
globalThis.journal = { note, recall };
