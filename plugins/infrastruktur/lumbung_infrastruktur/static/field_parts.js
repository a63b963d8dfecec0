// Small parts of the field page: words, tags, pictures, distances.

export const words = document.querySelector("template[data-field-words]").dataset;
export const said = Object.fromEntries(["states", "kinds", "photos", "facts", "labels"].map((name) => [name, JSON.parse(words[name])]));

const root = document.querySelector("[data-field]");
const language = document.documentElement.lang === "en" ? "en" : "id";
const moments = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const days = new Intl.DateTimeFormat(language, { dateStyle: "full", timeZone: "UTC" });
const far = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });

export const part = (name, within = root) => within.querySelector(`[data-${name}]`);
export const copy = (name) => document.querySelector(`template[data-field-${name}]`).content.cloneNode(true);
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_whole, name) => values[name] ?? "");
export const moment = (text) => moments.format(new Date(text));
export const day = (text) => (text ? days.format(new Date(`${text}T00:00Z`)) : "");

export function tell(within, name, text) {
  for (const spot of within.querySelectorAll(`[data-f="${name}"]`)) spot.textContent = text ?? "";
}
export function tag(text, name = "") {
  return Object.assign(document.createElement("span"), { textContent: text, className: name });
}
export function button(label, act) {
  const found = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: label });
  found.addEventListener("click", act);
  return found;
}
export function pairs(list, rows) {
  list.replaceChildren(...rows.filter(([, value]) => value).map(([term, value]) => {
    const pair = document.createElement("div");
    for (const [name, text] of [["dt", term], ["dd", value]]) pair.append(Object.assign(document.createElement(name), { textContent: text }));
    return pair;
  }));
  list.hidden = list.childElementCount === 0;
}

// Addresses of pictures on the page; they are given back before it is drawn anew.
const drawn = [];
export function addressOf(blob) {
  const address = URL.createObjectURL(blob);
  drawn.push(address);
  return address;
}
export function giveBack() {
  while (drawn.length) URL.revokeObjectURL(drawn.pop());
}
export function picture(source, label) {
  const address = source instanceof Blob ? addressOf(source) : source;
  return Object.assign(document.createElement("img"), { alt: label, width: 120, height: 90, src: address });
}

// The phone's own place, once it was asked for.
let here = null;
export const isLocated = () => here !== null;
export function locate() {
  return new Promise((resolve) => {
    if (!navigator.geolocation) return resolve(false);
    navigator.geolocation.getCurrentPosition((found) => {
      here = { lat: found.coords.latitude, lon: found.coords.longitude };
      resolve(true);
    }, () => resolve(false), { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 });
  });
}
export function metres(place) {
  if (!here || place.lat === null) return null;
  const rad = Math.PI / 180;
  const half = (one, other) => Math.sin(((one - other) * rad) / 2) ** 2;
  const share = half(place.lat, here.lat) + Math.cos(place.lat * rad) * Math.cos(here.lat * rad) * half(place.lon, here.lon);
  return 12_742_000 * Math.asin(Math.sqrt(share));
}
export function distance(place) {
  const found = metres(place);
  if (found === null) return "";
  return found < 950 ? `${Math.round(found / 10) * 10} m` : `${far.format(found / 1000)} km`;
}

// How an order stands once what waits on this phone is counted in.
export function stateOf(order, waiting) {
  if (waiting.some((one) => one.kind === "finish")) return "done";
  return waiting.some((one) => one.kind === "start") ? "working" : order.state;
}
export function tags(order, waiting) {
  const state = stateOf(order, waiting);
  return [
    tag(said.states[state] ?? state),
    ...(order.late && state !== "done" ? [tag(words.late, "is-late")] : []),
    ...(waiting.length ? [tag(fill(words.unsent, { count: waiting.length }), "field-waits")] : []),
  ];
}
export function typed({ kind, values }) {
  if (kind === "finish") return values.result;
  if (kind === "item") return [values.name, [values.quantity, values.measure].filter(Boolean).join(" ")].join(": ");
  return kind === "photo" ? said.photos[values.kind] : said.kinds[kind];
}
