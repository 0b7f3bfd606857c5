// What makes pages quicker to use by keys; without it each of them works all the same.
"use strict";
(() => {
  const rowsNow = () => [...document.querySelectorAll("table.rows tbody tr")];
  let at = -1;
  const isTyping = (place) => /^(INPUT|TEXTAREA|SELECT)$/.test(place.tagName);
  const go = (step) => {
    const rows = rowsNow();
    if (!rows.length) return;
    at = Math.min(Math.max(at + step, 0), rows.length - 1);
    rows[at].focus();
  };
  document.addEventListener("keydown", (event) => {
    const place = event.target;
    if (event.key === "Enter" && event.ctrlKey && place.form) {
      place.form.requestSubmit();
      return;
    }
    if (isTyping(place) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      const find = document.getElementById("find");
      if (find) { event.preventDefault(); find.focus(); }
    } else if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "Enter" && place.matches("table.rows tbody tr")) {
      const link = place.querySelector("a");
      if (link) link.click();
    }
  });
  document.querySelectorAll("[data-live]").forEach((place) => {
    // a form that somebody is filling, or has the focus in, is not taken from under their hands
    const isBusy = () => place.contains(document.activeElement) && isTyping(document.activeElement);
    const source = new EventSource(place.dataset.live);
    source.onmessage = (event) => {
      if (isBusy()) return;
      place.innerHTML = event.data;
      place.classList.remove("old");
    };
    source.addEventListener("away", () => place.classList.add("old"));
    source.onerror = () => place.classList.add("old");
  });
  document.querySelectorAll("[data-seconds]").forEach((place) => {
    const end = Date.now() + 1000 * place.dataset.seconds;
    setInterval(() => { place.textContent = Math.max(0, Math.round((end - Date.now()) / 1000)); }, 500);
  });
  const first = (what) => document.querySelector(what);
  const wrong = first(".wrong input, .wrong select, .wrong textarea") || first(".refusal[role=alert]");
  if (wrong && !document.querySelector("[autofocus]")) wrong.focus();
  document.querySelectorAll("form").forEach((form) => {
    form.addEventListener("submit", () => {
      // one click is one form: the key in it makes a second one harmless, this spares it
      setTimeout(() => form.querySelectorAll("button").forEach((one) => { one.disabled = true; }), 0);
      setTimeout(() => form.querySelectorAll("button").forEach((one) => { one.disabled = false; }), 3000);
    });
  });
})();
