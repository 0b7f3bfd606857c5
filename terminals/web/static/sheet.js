// A part of a sheet is dragged, or moved by arrow keys: what changes are the numbers of the form.
"use strict";
(() => {
  const form = document.querySelector("[data-design]");
  const voucher = document.querySelector("[data-voucher]");
  if (!form || !voucher) return;
  document.querySelectorAll("[data-by-script]").forEach((one) => { one.hidden = false; });
  const box = voucher.viewBox.baseVal;
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const tenth = (number) => Math.round(number * 10) / 10;
  voucher.querySelectorAll("[data-part]").forEach((part) => {
    const row = form.querySelector(`[data-of="${part.dataset.part}"]`);
    const [left, top] = ["lefts", "tops"].map((name) => row.querySelector(`[name=${name}]`));
    const frame = part.querySelector("rect");
    const size = [frame.width.baseVal.value, frame.height.baseVal.value];
    const draw = () => {
      const by = [left, top].map((one) => tenth(one.value - one.defaultValue) || 0);
      part.setAttribute("transform", `translate(${by[0]} ${by[1]})`);
    };
    const put = (x, y) => {
      left.value = tenth(Math.min(Math.max(x, 0), Math.max(box.width - 4 - size[0], 0)));
      top.value = tenth(Math.min(Math.max(y, 0), Math.max(box.height - 4 - size[1], 0)));
      draw();
    };
    part.setAttribute("tabindex", "0");
    part.setAttribute("role", "button");
    part.setAttribute("aria-label", row.querySelector("th").textContent);
    part.addEventListener("keydown", (event) => {
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      put(Number(left.value) + step[0], Number(top.value) + step[1]);
    });
    part.addEventListener("pointerdown", (event) => {
      const scale = box.width / voucher.getBoundingClientRect().width;
      const begun = [event.clientX, event.clientY, Number(left.value), Number(top.value)];
      const move = (to) => put(
        begun[2] + Math.round((to.clientX - begun[0]) * scale),
        begun[3] + Math.round((to.clientY - begun[1]) * scale),
      );
      event.preventDefault();
      part.focus();
      part.setPointerCapture(event.pointerId);
      part.addEventListener("pointermove", move);
      part.addEventListener("pointerup", () => part.removeEventListener("pointermove", move), { once: true });
    });
    [left, top].forEach((one) => one.addEventListener("input", draw));
  });
})();
