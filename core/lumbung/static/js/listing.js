// Rows that are ticked: all of a page at once, how many there are, and buttons that wait for the first.
// The boxes belong to their form by the attribute `form`, so that rows may hold forms of their own.

const boxes = (form) => [...form.elements].filter((box) => box.name === "pilih");

function show(form) {
  const all = boxes(form);
  const ticked = all.filter((box) => box.checked).length;
  form.classList.toggle("is-ticked", ticked > 0);
  for (const box of form.elements) {
    if (!box.matches("[data-lb-check-all]")) continue;
    box.checked = ticked > 0 && ticked === all.length;
    box.indeterminate = ticked > 0 && ticked < all.length;
    box.disabled = all.length === 0;
  }
  for (const button of form.querySelectorAll("button")) button.disabled = ticked === 0;
  const count = form.querySelector("[data-lb-check-count]");
  if (count.textContent !== String(ticked)) count.textContent = ticked;
}

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (!form?.matches("[data-lb-bulk]")) return;
  if (event.target.matches("[data-lb-check-all]")) {
    for (const box of boxes(form)) box.checked = event.target.checked;
  }
  show(form);
});

// A page that comes back from the history may have its boxes ticked already.
const showAll = () => document.querySelectorAll("form[data-lb-bulk]").forEach(show);
window.addEventListener("pageshow", showAll);
document.addEventListener("htmx:afterSettle", showAll);
document.addEventListener("lb:page", showAll);
showAll();
