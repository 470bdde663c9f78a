// Forms: what was typed outlives a log-in that expired meanwhile; a hint at caps lock; a question
// before what cannot be undone. Without this script all of it works, only less kindly.
"use strict";
(() => {
  const texts = "input:not([type]), input[type=text], input[type=date], input[type=number], textarea, select";
  // Passwords and codes are of other types, or are named; nothing of them is ever kept.
  const kept = (form) => [...form.querySelectorAll(texts)].filter(
    (field) => field.name && !/^(csrf|password|code|secret)/.test(field.name));
  const place = (form) => `form:${form.dataset.keep}:${form.getAttribute("action")}`;

  function keep(form) {
    const values = Object.fromEntries(kept(form).map((field) => [field.name, field.value]));
    sessionStorage.setItem(place(form), JSON.stringify(values));
  }

  function restore(form) {
    const found = sessionStorage.getItem(place(form));
    sessionStorage.removeItem(place(form));
    // A page that says what was done, or what was wrong, shows what it got itself.
    if (!found || document.querySelector(".notice")) return;
    const values = JSON.parse(found);
    for (const field of kept(form)) if (field.name in values) field.value = values[field.name];
    form.closest("details")?.setAttribute("open", "");
  }

  if (document.querySelector("[data-forget]")) sessionStorage.clear();
  for (const form of document.querySelectorAll("form[data-keep]")) {
    restore(form);
    form.addEventListener("submit", () => keep(form));
  }
  for (const form of document.querySelectorAll("form[data-ask]")) {
    form.addEventListener("submit", (event) => {
      if (!confirm(form.dataset.ask)) event.preventDefault();
    });
  }
  for (const hint of document.querySelectorAll(".caps")) {
    document.addEventListener("keyup", (event) => {
      if (event.getModifierState) hint.hidden = !event.getModifierState("CapsLock");
    });
  }
})();
