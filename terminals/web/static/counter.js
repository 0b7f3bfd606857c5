// Keys of a counter: F1 to F10 and letters press what carries them; Enter goes on to the empty field.
"use strict";
(() => {
  const isTyping = (place) => /^(INPUT|TEXTAREA|SELECT)$/.test(place.tagName);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const place = event.target;
    if (event.key === "Enter" && place.id === "amount") {
      const next = document.getElementById("presented");
      if (next && !next.value) { event.preventDefault(); next.focus(); }
      return;
    }
    if (isTyping(place) && event.key.length === 1) return;
    const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (found) { event.preventDefault(); found.click(); }
  });
  document.querySelectorAll("[data-print]").forEach((one) => {
    one.addEventListener("click", () => window.print());
  });
  const form = document.querySelector("form[data-scan]");
  const camera = document.querySelector("[data-camera]");
  if (!form || !camera || !("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  camera.hidden = false;
  camera.addEventListener("click", async () => {
    const video = form.querySelector("video");
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    const reader = new BarcodeDetector();
    const look = async () => {
      const [found] = await reader.detect(video);
      if (!found) { requestAnimationFrame(look); return; }
      stream.getTracks().forEach((one) => one.stop());
      form.querySelector("#code").value = found.rawValue;
      form.requestSubmit();
    };
    look();
  });
})();
