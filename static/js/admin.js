// Accessible names for elements that Django's admin scripts add without one.

function name(element, text) {
  if (element && text) element.setAttribute("aria-label", text.trim().replace(/:$/, ""));
}

// Runs after those scripts: jQuery starts them with a timer when the document is ready, maybe after "load".
addEventListener("load", () => setTimeout(() => {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const text = select.labels[0]?.textContent;
    for (const box of select.parentElement.querySelectorAll(".select2-selection, [role=textbox]")) name(box, text);
  }
  for (const select of document.querySelectorAll(".selector select")) {
    name(select, select.closest(".selector-available, .selector-chosen")?.querySelector("label, h2")?.textContent);
  }
  for (const icon of document.querySelectorAll("span.help-tooltip[aria-label]")) icon.setAttribute("role", "img");
  // These column headers are empty, because their cells have their own labels.
  for (const head of document.querySelectorAll("th:empty")) head.setAttribute("role", "presentation");
}));
