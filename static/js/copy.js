// Copies the field beside a button. Without scripts, people select its text, which has the focus.
"use strict";

function start() {
  for (const button of document.querySelectorAll("[data-copy][hidden]")) {
    const field = document.getElementById(button.dataset.copy);
    field.addEventListener("focus", () => field.select());
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(field.value);
      button.textContent = button.dataset.done;
    });
  }
}

// Scripts send it when they have added a button.
document.addEventListener("parts-shown", start);
start();
