// Where much happens, as warmth on a canvas over the map: each place a soft disc, what overlaps grows warmer. The page's
// own colours are read when it is drawn, so that it fits light and dark.

const RADIUS = 26;
const LOWEST = 0.05; // of the warmest: below it nothing would be seen

function disc() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = RADIUS * 2;
  const pen = canvas.getContext("2d");
  const fade = pen.createRadialGradient(RADIUS, RADIUS, 0, RADIUS, RADIUS, RADIUS);
  fade.addColorStop(0, "rgb(0 0 0 / 1)");
  fade.addColorStop(1, "rgb(0 0 0 / 0)");
  pen.fillStyle = fade;
  pen.fillRect(0, 0, RADIUS * 2, RADIUS * 2);
  return canvas;
}

// 256 colours from cool to hot, four numbers each.
function ramp(element) {
  const style = getComputedStyle(element);
  const canvas = document.createElement("canvas");
  canvas.width = 256;
  canvas.height = 1;
  const pen = canvas.getContext("2d");
  const change = pen.createLinearGradient(0, 0, 256, 0);
  [["--lb-laut", 0.1], ["--lb-padi", 0.55], ["--lb-gawat", 1]].forEach(([name, at]) => {
    change.addColorStop(at, style.getPropertyValue(name).trim() || "#b42318");
  });
  pen.fillStyle = change;
  pen.fillRect(0, 0, 256, 1);
  return pen.getImageData(0, 0, 256, 1).data;
}

function colour(pen, width, height, colours) {
  const picture = pen.getImageData(0, 0, width, height);
  const { data } = picture;
  for (let at = 3; at < data.length; at += 4) {
    const warmth = data[at];
    if (!warmth) continue;
    [data[at - 3], data[at - 2], data[at - 1]] = [colours[warmth * 4], colours[warmth * 4 + 1], colours[warmth * 4 + 2]];
    data[at] = Math.min(205, 40 + warmth);
  }
  pen.putImageData(picture, 0, 0);
}

// How much there is where most is: by squares of a disc's radius.
function densest(points) {
  const cells = new Map();
  for (const { x, y, weight } of points) {
    const cell = `${Math.floor(x / RADIUS)} ${Math.floor(y / RADIUS)}`;
    cells.set(cell, (cells.get(cell) ?? 0) + weight);
  }
  return Math.max(2, ...cells.values());
}

// Return a layer for Leaflet (L) with .show(points): each point is [lat, lon, weight].
export function heatLayer(L) {
  const Heat = L.Layer.extend({
    onAdd(map) {
      this.canvas = L.DomUtil.create("canvas", "lb-map-heat leaflet-zoom-hide", map.getPanes().overlayPane);
      this.canvas.setAttribute("aria-hidden", "true");
      map.on("moveend resize", this.draw, this);
      this.draw();
    },
    onRemove(map) {
      map.off("moveend resize", this.draw, this);
      this.canvas.remove();
      this.canvas = null;
    },
    show(points) {
      this.points = points;
      this.draw();
      return this;
    },
    draw() {
      const map = this._map;
      if (!map || !this.canvas) return;
      const { x: width, y: height } = map.getSize();
      Object.assign(this.canvas, { width, height });
      L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint([0, 0]));
      const pen = this.canvas.getContext("2d", { willReadFrequently: true });
      const stamp = disc();
      const seen = (this.points ?? []).map(([lat, lon, weight]) => ({ ...map.latLngToContainerPoint([lat, lon]), weight: weight || 1 }))
        .filter(({ x, y }) => x > -RADIUS && y > -RADIUS && x < width + RADIUS && y < height + RADIUS);
      const warmest = densest(seen);
      for (const { x, y, weight } of seen) {
        pen.globalAlpha = Math.min(1, Math.max(LOWEST, weight / warmest));
        pen.drawImage(stamp, x - RADIUS, y - RADIUS);
      }
      if (width && height) colour(pen, width, height, ramp(this.canvas));
    },
  });
  return new Heat();
}
