/**
 * Loads the portal's code on the prerendered front page when it is needed: at the first sign of use, or when the part
 * that asks the API comes near the window. Until then the page is text, and its links are plain links.
 */
import "./app/styles";
import "./pages/public/landing.css";

let begun = false;

function boot(): void {
  if (begun) return;
  begun = true;
  void import("./main");
}

for (const sign of ["pointerdown", "pointermove", "keydown", "touchstart", "wheel"]) {
  addEventListener(sign, boot, { once: true, passive: true });
}
const offers = document.querySelector("#plans");
if (offers) {
  const near = new IntersectionObserver(
    (entries) => {
      if (entries.some((entry) => entry.isIntersecting)) boot();
    },
    { rootMargin: "200px" },
  );
  near.observe(offers);
}
