// What makes pages quicker to use by keys; without it each of them works all the same.
"use strict";
(() => {
  const rows = [...document.querySelectorAll("table.rows tbody tr")];
  let at = -1;
  const isTyping = (place) => /^(INPUT|TEXTAREA|SELECT)$/.test(place.tagName);
  const go = (step) => {
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
    else if (event.key === "Enter" && at >= 0 && place === rows[at]) {
      const link = rows[at].querySelector("a");
      if (link) link.click();
    }
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
