// Has the browser keep the page for when there is no network. Without service workers (plain http in an office's
// own network, a private window) everything goes on as before.
const keep = () => navigator.serviceWorker?.register("/sw.js").catch(() => { /* refused: nothing is kept */ });
if (document.readyState === "complete") keep();
else addEventListener("load", keep, { once: true });
