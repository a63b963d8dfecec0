// The operator's keys: one letter presses the button that shows it. Nothing happens while something is typed,
// while a question is open, or with Ctrl, Alt or Meta held.

const typing = (element) => element.closest("input, select, textarea, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const button = document.querySelector(`[data-antrean-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
  button.closest("details")?.querySelector("select")?.focus();
});
