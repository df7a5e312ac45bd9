// Reloads a page if Back would show it after its person logged out. The browser keeps whole
// pages for Back, without a request; if nothing changed they stay, with all typed text.
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
