// Maps over the lists and fields that the page holds anyway. layers.js fetches this, and this Leaflet, where a map stands.
// live_map.js draws on the same maps.

const SUMBAWA = [[-9.15, 116.7], [-8.05, 119.2]];
let L;

// Fetch Leaflet, once a page, and return it.
export async function leaflet(canvas) {
  if (!L) {
    await import(canvas.dataset.leaflet);
    L = window.L;
  }
  return L;
}

export function makeMap(canvas) {
  canvas.hidden = false;
  const map = L.map(canvas, { zoomControl: false, scrollWheelZoom: false, maxZoom: 18, minZoom: 6 });
  L.control.zoom({ zoomInTitle: canvas.dataset.closer, zoomOutTitle: canvas.dataset.farther }).addTo(map);
  fetch(canvas.dataset.outline).then((answer) => answer.json()).then((land) => {
    L.geoJSON(land, { interactive: false, className: "lb-map-land" }).addTo(map).bringToBack();
  }).catch(() => { /* the sea stays empty, the places are there */ });
  if (canvas.dataset.tiles) L.tileLayer(canvas.dataset.tiles, { attribution: canvas.dataset.credit, maxZoom: 18 }).addTo(map);
  map.on("popupopen", ({ popup }) => popup.getElement().querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", canvas.dataset.shut));
  return map;
}

// Show where the tenant is: its boundary's box, or the island.
export function showHome(map, canvas) {
  const box = JSON.parse(canvas.dataset.home || "null");
  map.fitBounds(box ? [[box[1], box[0]], [box[3], box[2]]] : SUMBAWA);
}

export function markOf(canvas, name, tone) {
  const html = `<svg class="icon" aria-hidden="true"><use href="${canvas.dataset.icons}#${CSS.escape(name)}"></use></svg>`;
  return L.divIcon({ className: `lb-map-mark lb-${CSS.escape(tone)}`, html, iconSize: [36, 36], iconAnchor: [18, 34], popupAnchor: [0, -30] });
}

function showPlaces(box) {
  const canvas = box.querySelector("[data-lb-map-canvas]");
  const rows = [...box.querySelectorAll("li[data-lat]")];
  if (!rows.length) return;
  const map = makeMap(canvas);
  const points = rows.map((row) => {
    const { lat, lon, icon, tone } = row.dataset;
    const words = row.querySelector("div").cloneNode(true);
    const title = words.querySelector("a, strong").textContent;
    return L.marker([Number(lat), Number(lon)], { icon: markOf(canvas, icon, tone), title, riseOnHover: true })
      .bindPopup(words, { closeButton: true }).addTo(map).getLatLng();
  });
  map.fitBounds(L.latLngBounds(points).pad(0.2), { maxZoom: canvas.dataset.tiles ? 15 : 11 });
}

function choosePlace(box) {
  const canvas = box.querySelector("[data-lb-map-canvas]");
  const [lat, lon] = ["lat", "lon"].map((name) => box.querySelector(`[data-lb-place=${name}]`));
  const accuracy = document.getElementById(box.dataset.accuracy);
  const said = box.querySelector("[data-lb-locate-said]");
  const map = makeMap(canvas);
  let mark = null;

  const typed = () => [lat, lon].map((input) => Number.parseFloat(input.value.replace(",", ".")));
  const sensible = ([y, x]) => Math.abs(y) <= 90 && Math.abs(x) <= 180;
  function put(place) {
    if (mark) mark.setLatLng(place);
    else {
      mark = L.marker(place, { icon: markOf(canvas, "map-pin", "gawat"), draggable: true, keyboard: false }).addTo(map);
      mark.on("dragend", () => write(mark.getLatLng()));
    }
  }
  // How near the device says it is; nothing once somebody moved the mark.
  function measured(metres) {
    if (accuracy) accuracy.value = metres === null ? "" : String(Math.round(metres));
  }
  function write(place, metres = null) {
    const { lat: y, lng: x } = place.wrap();
    [lat.value, lon.value] = [y.toFixed(6), x.toFixed(6)];
    measured(metres);
    put(place);
    lat.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const read = () => { if (sensible(typed())) put(L.latLng(typed())); };

  map.on("click", (event) => { write(event.latlng); said.textContent = said.dataset.put; });
  canvas.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== canvas) return;
    event.preventDefault();
    write(map.getCenter());
    said.textContent = said.dataset.put;
  });
  for (const input of [lat, lon]) {
    input.addEventListener("change", () => { measured(null); read(); if (mark) map.panTo(mark.getLatLng()); });
  }
  box.querySelector("[data-lb-locate]").addEventListener("click", () => {
    said.textContent = said.dataset.asking;
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      const place = L.latLng(coords.latitude, coords.longitude);
      write(place, coords.accuracy);
      map.setView(place, Math.max(map.getZoom(), 13));
      said.textContent = said.dataset.found;
    }, () => { said.textContent = said.dataset.refused; }, { enableHighAccuracy: true, timeout: 15000 });
  });
  if (sensible(typed())) map.setView(typed(), 12);
  else showHome(map, canvas);
  read();
}

// Draw the map of a box: the places of its list, or a place to choose for its two numbers.
export async function drawMap(box) {
  await leaflet(box.querySelector("[data-lb-map-canvas]"));
  if (box.querySelector("[data-lb-place]")) choosePlace(box);
  else showPlaces(box);
}
