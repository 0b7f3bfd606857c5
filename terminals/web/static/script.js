// What makes pages quicker to use by keys; without it each of them works all the same.
"use strict";
(() => {
  const rowsNow = () => [...document.querySelectorAll("table.rows tbody tr, [data-row]")];
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
    else if (event.key === "Enter" && place.matches("table.rows tbody tr, [data-row]")) {
      const link = place.querySelector("a");
      if (link) link.click();
    } else if (/^[a-z]$/.test(event.key) && place.closest("[data-row]")) {
      // a row's own keys: what is typed into gets the focus, what is pressed is pressed
      const meant = place.closest("[data-row]").querySelector(`[data-key="${event.key}"]`);
      if (!meant) return;
      event.preventDefault();
      if (isTyping(meant)) meant.focus(); else meant.click();
    }
  });
  document.querySelectorAll("[data-live]").forEach((place) => {
    // a form that somebody is filling, or has the focus in, is not taken from under their hands
    const isChanged = (one) => one.value !== one.defaultValue || one.checked !== one.defaultChecked;
    const isBusy = () => (place.contains(document.activeElement) && isTyping(document.activeElement))
      || [...place.querySelectorAll("input, textarea")].some(isChanged);
    const reached = () => [...place.querySelectorAll("a, button, [tabindex]")];
    const plain = (text) => text.replace(/name="once_key" value="[0-9a-f]+"/g, "");
    let shown = "", rung = place.querySelectorAll("[data-rings]").length;
    const ring = () => {
      // what waits for somebody is heard, where a browser lets a page be heard
      const sound = new AudioContext(), tone = sound.createOscillator();
      tone.connect(sound.destination);
      tone.start();
      tone.stop(sound.currentTime + .25);
    };
    const told = (event) => {
      place.classList.remove("old");
      if (isBusy() || plain(event.data) === shown) return;
      const focused = reached().indexOf(document.activeElement);
      place.innerHTML = event.data;
      shown = plain(event.data);
      const rings = place.querySelectorAll("[data-rings]").length;
      if (rings > rung) ring();
      rung = rings;
      if (focused >= 0) (reached()[focused] || place).focus();
    };
    // a browser has few lines to one house: a page that nobody sees holds none, unless it is heard
    const old = () => place.classList.add("old");
    let source = null;
    const follow = () => {
      if (document.hidden && !("heard" in place.dataset)) {
        if (source) source.close();
        source = null;
      } else if (!source || source.readyState === EventSource.CLOSED) {
        source = new EventSource(place.dataset.live);
        source.onmessage = told;
        source.addEventListener("away", old);
        source.onerror = old;
      }
    };
    document.addEventListener("visibilitychange", follow);
    follow();
  });
  document.querySelectorAll("[data-seconds]").forEach((place) => {
    const end = Date.now() + 1000 * place.dataset.seconds;
    setInterval(() => { place.textContent = Math.max(0, Math.round((end - Date.now()) / 1000)); }, 500);
  });
  document.querySelectorAll("[data-place]").forEach((place) => {
    // where somebody is goes into the address of the page they asked for, and nowhere else
    if (!navigator.geolocation) return;
    place.hidden = false;
    place.addEventListener("click", () => navigator.geolocation.getCurrentPosition((found) => {
      const at = `${found.coords.latitude.toFixed(4)},${found.coords.longitude.toFixed(4)}`;
      location.assign(`${place.dataset.place}?at=${at}`);
    }));
  });
  const first = (what) => document.querySelector(what);
  const wrong = first(".wrong input, .wrong select, .wrong textarea") || first(".refusal[role=alert]");
  if (wrong && !document.querySelector("[autofocus]")) wrong.focus();
  document.querySelectorAll("[data-hides]").forEach((place) => {
    // what is shown for some seconds is gone from the page as soon as it is left
    const leave = () => { place.remove(); location.replace(place.dataset.hides); };
    const left = place.querySelector("[data-seconds]");
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") leave(); });
    window.addEventListener("pagehide", () => place.remove());
    setInterval(() => {
      left.textContent = Math.max(left.textContent - 1, 0);
      if (left.textContent === "0") leave();
    }, 1000);
  });
  document.querySelectorAll("form").forEach((form) => {
    form.addEventListener("submit", () => {
      // one click is one form: the key in it makes a second one harmless, this spares it
      setTimeout(() => form.querySelectorAll("button").forEach((one) => { one.disabled = true; }), 0);
      setTimeout(() => form.querySelectorAll("button").forEach((one) => { one.disabled = false; }), 3000);
    });
  });
})();
