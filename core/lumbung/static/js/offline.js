// On the page for when there is no network: tries again by itself, at the address that was asked for.
const EVERY = 10_000; // milliseconds

const again = () => {
  if (location.pathname === "/luring") location.replace("/");
  else location.reload();
};
const look = async () => {
  try {
    const answer = await fetch("/_health/live", { cache: "no-store", credentials: "omit" });
    if (answer.ok) again();
  } catch { /* still nothing */ }
};

addEventListener("online", look);
setInterval(look, EVERY);
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-lb-again]")) return;
  event.preventDefault();
  again();
});
