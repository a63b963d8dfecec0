// The slip is printed as soon as the number is shown; a kiosk browser started with --kiosk-printing asks nothing.

if (document.querySelector("[data-antrean-print]")) {
  addEventListener("load", () => setTimeout(() => print(), 400), { once: true });
}
