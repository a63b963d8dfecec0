// What somebody is about to send: each file with its name, size and picture, and a way to take it off again.
// The field stays an ordinary file field; this only fills the list below it.

const chosen = new WeakMap();
const same = (one, other) => one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
const language = document.documentElement.lang === "en" ? "en" : "id";
const decimals = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });

function sizeOf(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1024 * 1000 ? `${decimals.format(bytes / 1024)} KB` : `${decimals.format(bytes / 1024 / 1024)} MB`;
}
const endingOf = (name) => (name.includes(".") ? name.split(".").pop().toLowerCase() : "");

function whatIsWrong(file, { limit, kinds, heavy, strange }) {
  const allowed = kinds?.split(" ");
  if (allowed && !allowed.includes(endingOf(file.name)) && !(endingOf(file.name) === "jpeg" && allowed.includes("jpg"))) return strange;
  return limit && file.size > Number(limit) ? heavy : "";
}

function line(file, box, input) {
  const item = document.createElement("li");
  const wrong = whatIsWrong(file, box.dataset);
  if (/^image\/(jpeg|png|gif|webp|avif)$/.test(file.type)) {
    const picture = document.createElement("img");
    picture.alt = "";
    picture.src = URL.createObjectURL(file);
    picture.addEventListener("load", () => URL.revokeObjectURL(picture.src), { once: true });
    item.append(picture);
  }
  const about = document.createElement("div");
  const name = document.createElement("strong");
  name.textContent = file.name;
  const facts = document.createElement("span");
  facts.textContent = [endingOf(file.name).toUpperCase(), sizeOf(file.size)].filter(Boolean).join(" · ");
  about.append(name, facts);
  if (wrong) {
    const refusal = document.createElement("span");
    refusal.className = "lb-file-wrong";
    refusal.textContent = wrong;
    about.append(refusal);
  }
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "btn btn-sm";
  remove.textContent = box.dataset.remove;
  remove.setAttribute("aria-label", `${box.dataset.remove}: ${file.name}`);
  remove.addEventListener("click", () => {
    keep(input, [...input.files].filter((other) => !same(other, file)));
    show(box, input);
    input.focus();
  });
  item.append(about, remove);
  return item;
}

function keep(input, files) {
  const bag = new DataTransfer();
  for (const file of files) bag.items.add(file);
  input.files = bag.files;
  chosen.set(input, files);
}

const tooMany = (box, input) => box.dataset.most && input.files.length > Number(box.dataset.most);
function wrongIn(box, input) {
  return tooMany(box, input) || [...input.files].some((file) => whatIsWrong(file, box.dataset));
}

function show(box, input) {
  const list = box.querySelector("[data-lb-file-list]");
  list.replaceChildren(...[...input.files].map((file) => line(file, box, input)));
  if (tooMany(box, input)) {
    const item = document.createElement("li");
    item.className = "lb-file-wrong";
    item.textContent = box.dataset.many;
    list.append(item);
  }
  const wrong = wrongIn(box, input);
  input.classList.toggle("is-invalid", Boolean(wrong));
  if (wrong) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

document.addEventListener("change", (event) => {
  const box = event.target.closest?.("[data-lb-files]");
  if (!box || event.target.type !== "file") return;
  const input = event.target;
  const before = input.multiple ? chosen.get(input) ?? [] : [];
  keep(input, [...before, ...[...input.files].filter((file) => !before.some((other) => same(other, file)))]);
  show(box, input);
});

// What the server would refuse is not sent on a slow network first.
document.addEventListener("submit", (event) => {
  for (const box of event.target.querySelectorAll("[data-lb-files]")) {
    const input = box.querySelector("input[type=file]");
    if (!wrongIn(box, input)) continue;
    event.preventDefault();
    event.stopImmediatePropagation();
    input.focus();
    return;
  }
}, true);
