// Loads a page again where Back would show it after its person logged out. The browser keeps whole
// pages for Back, and asks nobody; where nothing changed they stay, with all text that was typed.
"use strict";

{
  const { person } = document.currentScript.dataset;
  const [navigation] = performance.getEntriesByType("navigation");

  addEventListener("pageshow", (event) => {
    const isAgain = event.persisted || navigation?.type === "back_forward";
    if (isAgain && !document.cookie.split("; ").includes(person)) {
      document.documentElement.style.display = "none";
      location.reload();
    }
  });
}
