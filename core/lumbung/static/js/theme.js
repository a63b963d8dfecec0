// Runs before the page is drawn: light or dark, so that nothing flashes. A reader's own choice comes first, then
// the page's (a wall is always dark), then the system's.
(function () {
  var root = document.documentElement;
  root.classList.add("js");
  var wanted = root.getAttribute("data-theme") || "auto";
  var chosen = null;
  try { chosen = localStorage.getItem("lumbung.theme"); } catch (refused) { chosen = null; }
  if (wanted === "auto" && (chosen === "light" || chosen === "dark")) wanted = chosen;
  if (wanted === "auto") wanted = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.setAttribute("data-bs-theme", wanted);
})();
