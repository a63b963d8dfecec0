// Shows what a colour would look like while it is being chosen, and measures whether it can be read. The server
// measures again, on every ground; the darkest, the colour's own soft one, has nearly the same luminance in any hue.

const GROUND = 0.845; // the luminance of --lb-laut-soft
const NEEDED = 4.5;

const luminance = (colour) => {
  const channel = (at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
};
const contrast = (colour) => (GROUND + 0.05) / (luminance(colour) + 0.05);

const show = (input) => {
  const preview = document.getElementById(input.dataset.lbColour);
  const words = preview?.querySelector("p");
  if (!words || !/^#[0-9a-f]{6}$/i.test(input.value)) return;
  preview.hidden = false;
  preview.style.setProperty("--lb-preview", input.value);
  const ratio = contrast(input.value);
  const shown = (Math.floor(ratio * 10) / 10).toLocaleString(document.documentElement.lang);
  words.textContent = (ratio >= NEEDED ? words.dataset.good : words.dataset.poor).replace("{ratio}", shown);
};

document.addEventListener("input", (event) => {
  const input = event.target.closest("[data-lb-colour]");
  if (input) show(input);
});
for (const input of document.querySelectorAll("[data-lb-colour]")) show(input);
