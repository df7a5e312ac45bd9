// Shows a message if htmx couldn't update a part of the page. Otherwise, no one would notice the failure.
"use strict";

function say(event, what) {
  const place = event.detail.target?.querySelector("[data-failure]");
  if (place) place.textContent = what ? place.dataset[what] : "";
}

document.addEventListener("htmx:beforeRequest", (event) => say(event));
document.addEventListener("htmx:responseError", (event) => say(event, "refused"));
document.addEventListener("htmx:sendError", (event) => say(event, "unreachable"));
