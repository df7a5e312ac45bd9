// Paste: text wins over its image.
"use strict";

const body = document.querySelector("form.editor").elements.body;

document.addEventListener("paste", (event) => {
  const images = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
  if (!images.length || event.clipboardData.getData("text/plain").trim()) return;
  event.preventDefault();
  globalThis.uploads.add(images, event.target === body ? body.selectionEnd : undefined);
});
