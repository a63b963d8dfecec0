// A map that asks for what it shows, piece by piece, as one moves it or changes the filters beside it. What stands
// in the page without it (a list, a table) remains; a question that fails is said, and can be asked again.

const PATIENCE = 300; // milliseconds after the last movement or keystroke
const MOST_ZOOM = 18;
const MARGIN = 24; // pixels around what a press comes nearer to
const APART = 52; // pixels between the middles of two marks

// One mark for several: how many there are, around the largest, in the box that holds them all.
function together(marks) {
  const boxes = marks.map(({ geometry: { coordinates: [lon, lat] }, properties }) => properties.bounds ?? [lon, lat, lon, lat]);
  const edge = (place, pick) => pick(...boxes.map((box) => box[place]));
  return {
    type: "Feature",
    geometry: marks[0].geometry,
    properties: {
      kind: "cluster",
      count: marks.reduce((sum, { properties }) => sum + (properties.kind === "cluster" ? properties.count : 1), 0),
      bounds: [edge(0, Math.min), edge(1, Math.min), edge(2, Math.max), edge(3, Math.max)],
      tone: marks[0].properties.kind === "cluster" ? marks[0].properties.tone : undefined,
    },
  };
}

class LiveMap {
  constructor(box, L, maps, heat) {
    Object.assign(this, { box, L, maps, heat });
    this.canvas = box.querySelector("[data-lb-map-canvas]");
    this.said = box.querySelector("[data-lb-map-said]");
    this.again = box.querySelector("[data-lb-map-again]");
    this.warmth = box.querySelector("[data-lb-map-heat]");
    this.form = box.dataset.filters ? document.getElementById(box.dataset.filters) : null;
    this.drawn = new Map();
    this.hot = false;
    this.number = new Intl.NumberFormat(document.documentElement.lang || "id");
    this.map = maps.makeMap(this.canvas);
    this.things = L.layerGroup().addTo(this.map);
    this.home();
    this.shapes();
    this.listen();
    if (box.dataset.points) this.ask();
  }

  // --- where to look ---
  home() {
    const place = new URLSearchParams(location.search).get("peta")?.split(",").map(Number);
    const start = JSON.parse(this.box.dataset.start || "null");
    this.placed = true;
    if (place?.length === 3 && place.every(Number.isFinite)) this.map.setView([place[0], place[1]], place[2]);
    else if (Array.isArray(start)) this.look(start);
    else if (start) this.map.setView([start.lat, start.lon], start.zoom ?? 12);
    else {
      this.placed = false;
      this.maps.showHome(this.map, this.canvas);
    }
  }

  look([west, south, east, north], options = {}) {
    this.map.fitBounds([[south, west], [north, east]], { maxZoom: MOST_ZOOM, ...options });
  }

  // --- what lies below: boundaries ---
  async shapes() {
    if (!this.box.dataset.shapes) return;
    try {
      const data = await this.fetch(this.box.dataset.shapes);
      const layer = this.L.geoJSON(data, {
        interactive: !this.box.dataset.points,
        style: ({ properties }) => ({ className: `lb-map-region lb-${properties?.tone ?? "laut"}` }),
        onEachFeature: (feature, area) => { if (!this.box.dataset.points) this.explain(area, feature.properties); },
      }).addTo(this.map);
      const here = this.placed || this.moved || (this.box.dataset.points && this.canvas.dataset.home);
      if (!here && layer.getLayers().length) this.map.fitBounds(layer.getBounds(), { animate: false });
      if (!this.box.dataset.points) this.name(layer);
    } catch {
      if (!this.box.dataset.points) this.fail();
    }
  }

  // --- what is asked for ---
  query() {
    const asked = new URLSearchParams();
    for (const [name, value] of this.form ? new FormData(this.form) : []) {
      if (typeof value === "string" && value.trim() && name !== "csrf_token") asked.append(name, value.trim());
    }
    return asked;
  }

  listen() {
    this.map.on("moveend", () => { this.remember(); this.soon(); });
    this.map.on("movestart", () => { this.moved = true; });
    for (const name of ["input", "change"]) this.form?.addEventListener(name, () => { this.soon(true); });
    this.again?.addEventListener("click", () => (this.box.dataset.points ? this.ask() : this.shapes()));
    this.warmth?.addEventListener("click", () => {
      this.hot = !this.hot;
      this.warmth.setAttribute("aria-pressed", String(this.hot));
      this.ask();
    });
    window.addEventListener("online", () => { if (this.failed) this.ask(); });
  }

  soon(filtered = false) {
    this.filtered ||= filtered;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.filtered) this.remember();
      this.filtered = false;
      if (this.box.isConnected && this.box.dataset.points) this.ask();
    }, PATIENCE);
  }

  // The address tells what is shown, so that it can be sent to somebody or come back to.
  remember() {
    if (!this.box.dataset.points) return;
    const address = new URL(location.href);
    const asked = this.query();
    for (const field of this.form?.elements ?? []) if (field.name) address.searchParams.delete(field.name);
    for (const [name, value] of asked) address.searchParams.append(name, value);
    const { lat, lng } = this.map.getCenter();
    if (this.moved) address.searchParams.set("peta", `${lat.toFixed(4)},${lng.toFixed(4)},${this.map.getZoom()}`);
    history.replaceState(history.state, "", address);
  }

  async ask() {
    this.asking?.abort();
    const { signal } = (this.asking = new AbortController());
    this.box.setAttribute("aria-busy", "true");
    const asked = this.query();
    const bounds = this.map.getBounds().pad(0.05);
    const corners = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    asked.set("kotak", corners.map((degrees) => degrees.toFixed(5)).join(","));
    asked.set("z", this.map.getZoom());
    try {
      if (this.hot) this.warm(await this.fetch(this.box.dataset.heat, asked, signal));
      else this.draw(await this.fetch(this.box.dataset.points, asked, signal));
      this.failed = false;
      this.again.hidden = true;
    } catch (error) {
      if (signal.aborted) return;
      this.fail(error);
    }
    if (!signal.aborted) this.box.removeAttribute("aria-busy");
  }

  async fetch(path, asked, signal) {
    const address = new URL(path, location.href);
    for (const [name, value] of asked ?? []) address.searchParams.append(name, value);
    const answer = await fetch(address, { signal, headers: { Accept: "application/geo+json, application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  fail() {
    this.failed = true;
    this.tell(navigator.onLine === false ? this.said.dataset.offline : this.said.dataset.failed);
    this.again.hidden = false;
  }

  tell(words) {
    if (this.said.textContent !== words) this.said.textContent = words;
  }

  // --- drawing ---
  draw(data) {
    if (this.heated) this.heated.remove();
    this.things.addTo(this.map);
    const wanted = new Map(this.apart((data.features ?? []).filter((one) => one.geometry))
      .map((one) => [JSON.stringify([one.geometry, one.properties]), one]));
    const focused = this.canvas.contains(document.activeElement) && document.activeElement !== this.canvas;
    for (const [key, layer] of this.drawn) {
      if (wanted.has(key)) continue;
      this.things.removeLayer(layer);
      this.drawn.delete(key);
    }
    if (focused && !this.canvas.contains(document.activeElement)) this.canvas.focus({ preventScroll: true });
    let count = 0;
    for (const [key, feature] of wanted) {
      count += feature.properties.kind === "cluster" ? feature.properties.count : 1;
      if (!this.drawn.has(key)) this.drawn.set(key, this.layer(feature).addTo(this.things));
      this.reach(this.drawn.get(key), feature.properties);
    }
    this.count(data, count);
  }

  // Marks that would lie upon each other become one: each has to be pressed by a thumb. Not close up, where a
  // cluster could not be opened any further.
  apart(features) {
    if (this.map.getZoom() >= MOST_ZOOM - 1) return features;
    const marks = [], rest = [];
    for (const one of features) (one.geometry.type === "Point" ? marks : rest).push(one);
    const sizes = marks.map(({ properties }) => (properties.kind === "cluster" ? properties.count : 1));
    const order = marks.map((_, place) => place).sort((a, b) => sizes[b] - sizes[a]);
    const groups = [];
    for (const place of order) {
      const [lon, lat] = marks[place].geometry.coordinates;
      const at = this.map.latLngToLayerPoint([lat, lon]);
      const near = groups.find((group) => group.at.distanceTo(at) < APART);
      if (near) near.marks.push(marks[place]);
      else groups.push({ at, marks: [marks[place]] });
    }
    return [...rest, ...groups.map((group) => (group.marks.length === 1 ? group.marks[0] : together(group.marks)))];
  }

  warm(data) {
    this.things.remove();
    this.heated ??= this.heat.heatLayer(this.L);
    this.heated.show(data.points ?? []);
    this.heated.addTo(this.map);
    const weights = (data.points ?? []).reduce((sum, [, , weight]) => sum + (weight || 1), 0);
    this.count(data, Math.round(weights));
  }

  count(data, counted) {
    const count = data.total ?? counted;
    const words = count ? this.said.dataset.shown.replace("{count}", this.number.format(count)) : this.said.dataset.none;
    this.tell(data.said ?? words);
    this.box.dispatchEvent(new CustomEvent("lb:map", { bubbles: true, detail: { count, query: this.query().toString() } }));
  }

  layer(feature) {
    const { properties, geometry } = feature;
    if (geometry.type === "Point" && properties.kind === "cluster") return this.cluster(geometry.coordinates, properties);
    if (geometry.type === "Point") {
      const [lon, lat] = geometry.coordinates;
      const icon = this.maps.markOf(this.canvas, properties.icon ?? "map-pin", properties.tone ?? "laut");
      return this.explain(this.L.marker([lat, lon], { icon, title: properties.title, riseOnHover: true }), properties);
    }
    const className = `lb-map-line lb-${properties.tone ?? "laut"}`;
    return this.explain(this.L.geoJSON(feature, { style: { className } }), properties);
  }

  cluster([lon, lat], { count, bounds, tone }) {
    const size = count < 10 ? 40 : count < 100 ? 46 : 54;
    const html = `<span aria-hidden="true">${this.number.format(count)}</span>`;
    const icon = this.L.divIcon({ className: `lb-map-cluster lb-${tone ?? "laut"}`, html, iconSize: [size, size] });
    const zoom = () => {
      const before = this.map.getZoom();
      const box = bounds && [[bounds[1], bounds[0]], [bounds[3], bounds[2]]];
      const nearer = box && this.map.getBoundsZoom(box, false, this.L.point(2 * MARGIN, 2 * MARGIN)) > before;
      if (nearer) this.look(bounds, { padding: [MARGIN, MARGIN] });
      else this.map.setView([lat, lon], Math.min(MOST_ZOOM, before + 2));
    };
    const marker = this.L.marker([lat, lon], { icon, riseOnHover: true }).on("click", zoom);
    marker.on("add", () => marker.getElement().addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      this.canvas.focus({ preventScroll: true });
      zoom();
    }));
    return marker;
  }

  // What a press tells: built of text, never of markup.
  explain(layer, { title, text, url } = {}) {
    if (!title && !text) return layer;
    return layer.bindPopup(() => {
      const words = document.createElement("div");
      const head = document.createElement(url ? "a" : "strong");
      head.textContent = title ?? "";
      if (url) head.href = new URL(url, location.href).protocol.startsWith("http") ? url : "#";
      words.append(head);
      for (const line of text ? String(text).split("\n") : []) {
        const part = document.createElement("p");
        part.className = "lb-muted";
        part.textContent = line;
        words.append(part);
      }
      return words;
    }, { closeButton: true });
  }

  // Names for whoever does not see the mark, and the keyboard's way to a line.
  reach(layer, { kind, count, title }) {
    if (layer.getElement) {
      const words = this.said.dataset.cluster.replace("{count}", this.number.format(count ?? 0));
      layer.getElement()?.setAttribute("aria-label", kind === "cluster" ? words : title ?? "");
    } else this.name(layer, title);
  }

  name(group, title) {
    group.eachLayer((part) => {
      const path = part.getElement?.();
      if (!path || path.hasAttribute("tabindex") || !(part.getPopup() ?? group.getPopup())) return;
      path.setAttribute("tabindex", "0");
      path.setAttribute("role", "button");
      path.setAttribute("aria-label", title ?? part.feature?.properties?.title ?? "");
      path.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        if (part.getPopup()) part.openPopup();
        else group.openPopup(part.getCenter());
      });
    });
  }
}

// Begin the live map of a box.
export async function drawMap(box) {
  const canvas = box.querySelector("[data-lb-map-canvas]");
  const [maps, heat] = await Promise.all([import(box.dataset.maps), box.dataset.heat ? import(box.dataset.heatLayer) : null]);
  const L = await maps.leaflet(canvas);
  return new LiveMap(box, L, maps, heat);
}
