// The desk: keys that go through the list, templates that fill a box, photos shown large, questions of one category.
// All of it only shortens: without a script links, selects and every question stand in the page.

const typing = (element) => element.closest("input, select, textarea, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const link = document.querySelector(`[data-desk-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!link) return;
  event.preventDefault();
  link.click();
});

// A template fills an empty box, or one that holds another template; what somebody wrote is left alone.
for (const select of document.querySelectorAll("[data-desk-fills]")) {
  const box = document.getElementById(select.dataset.deskFills);
  if (!box) continue;
  const known = new Set([...select.options].map((option) => option.dataset.text ?? ""));
  select.addEventListener("change", () => {
    const text = select.selectedOptions[0]?.dataset.text;
    if (text === undefined || !(box.value.trim() === "" || known.has(box.value))) return;
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-desk-large]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const window_ = document.createElement("dialog");
  window_.className = "desk-light";
  const picture = document.createElement("img");
  picture.src = link.href;
  picture.alt = link.querySelector("img")?.alt ?? "";
  window_.append(picture);
  window_.addEventListener("click", () => window_.close());
  window_.addEventListener("close", () => {
    window_.remove();
    link.focus();
  });
  document.body.append(window_);
  window_.showModal();
});

const category = document.querySelector("[data-desk-category]");
if (category) {
  const groups = document.querySelectorAll("[data-desk-questions]");
  const show = () => {
    for (const group of groups) {
      group.hidden = group.dataset.deskQuestions !== category.value;
      group.disabled = group.hidden;
    }
  };
  category.addEventListener("change", show);
  show();
}
