// Day or dark, as the console remembers it, else as the system has it: before anything is painted.
"use strict";
(() => {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem("govgrid.console") || "{}");
  } catch (error) {
    kept = {};
  }
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.theme = kept.theme || system;
})();
