// The own position for the form of a reporter. Browsers give it on https or localhost only: elsewhere
// the button stays away, and the place is sought by what is written on it.
"use strict";
(() => {
  const form = document.querySelector("form[data-position]");
  const button = form && form.querySelector("[data-locate]");
  if (!button || !window.isSecureContext || !navigator.geolocation) return;
  const why = form.querySelector("[data-why]");
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.place.value = `${coords.longitude.toFixed(6)},${coords.latitude.toFixed(6)}`;
        form.submit();
      },
      () => {
        why.textContent = button.dataset.failed;
        why.hidden = false;
      },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 0 },
    );
  });
})();
