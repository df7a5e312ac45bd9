// Offers the browser's time zone below the field if the two differ. Only a click changes the field.
"use strict";

const field = document.querySelector("[name=time_zone]");
const offer = document.querySelector("[data-zone-offer]");
const guess = Intl.DateTimeFormat().resolvedOptions().timeZone;

if (field.value !== guess && [...field.options].some((option) => option.value === guess)) {
  offer.querySelector("[data-zone-guess]").textContent = guess;
  offer.querySelector("button").addEventListener("click", () => {
    field.value = guess;
    offer.hidden = true;
    field.focus();
  });
  field.after(offer);
  offer.hidden = false;
}
