// The clock of a wall, and the way home of a kiosk that nobody touches.

const clock = document.querySelector("[data-lb-clock]");
if (clock) {
  const timeZone = clock.dataset.lbClock;
  const language = clock.dataset.lbLanguage === "en" ? "en-GB" : "id-ID";
  const hours = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", timeZone });
  const day = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", timeZone });
  const small = document.createElement("small");
  const tick = () => {
    const now = new Date();
    clock.replaceChildren(hours.format(now), small);
    small.textContent = day.format(now);
  };
  tick();
  setInterval(tick, 5000);
}

const kiosk = document.querySelector("[data-lb-idle]");
if (kiosk?.dataset.lbStart && Number(kiosk.dataset.lbIdle) > 0) {
  let timer;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => location.assign(kiosk.dataset.lbStart), Number(kiosk.dataset.lbIdle) * 1000);
  };
  for (const touch of ["pointerdown", "keydown", "input"]) document.addEventListener(touch, wait);
  wait();
}
