// Reloads a page if the Back button would show it after its user logged out. For Back, browsers keep
// complete pages without a request. If nothing has changed, the page stays, with all typed text.
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
