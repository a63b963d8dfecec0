// The editor of a question: options are shown for lists only, and a row is added while one types in the last.
// Without a script all of it stands in the page, with blank rows to write in.

const datatype = document.querySelector("[data-setup-datatype]");
const options = document.querySelector("[data-setup-options]");

if (datatype && options) {
  const show = () => {
    options.hidden = !datatype.value.endsWith("valuelist");
  };
  datatype.addEventListener("change", show);
  show();

  const body = options.querySelector("tbody");
  body.addEventListener("input", (event) => {
    const row = event.target.closest("tr");
    if (row !== body.lastElementChild || event.target.value === "") return;
    const more = row.cloneNode(true);
    for (const field of more.querySelectorAll("input")) field.value = "";
    body.append(more);
  });
}
