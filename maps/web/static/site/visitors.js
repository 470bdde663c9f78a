// Visitors look on: the console says so to this browser, and each other page is loaded anew, as the
// service answers it from then on.
"use strict";
addEventListener("storage", (event) => {
  if (event.key === "govgrid.visitors" && event.newValue) location.reload();
});
