// The coasts around Sumbawa as GeoJSON, small enough to draw a map without a network. Whole rings that touch the box
// are kept up to its edge, thinned to what a phone can show.
import { feature } from "topojson-client";

const BOX = { west: 115.3, east: 120.9, south: -10.5, north: -7.6 };
const SMALLEST = 0.0006; // square degrees: a rock of less than 3 km across is left out
const THINNEST = 0.004; // degrees: a point that lies closer to the line of its neighbours is left out

const inside = ([lon, lat]) => lon >= BOX.west && lon <= BOX.east && lat >= BOX.south && lat <= BOX.north;

// Sutherland and Hodgman: one side of the box after the other.
function clip(ring) {
  const sides = [
    [([x]) => x >= BOX.west, (a, b) => cross(a, b, 0, BOX.west)],
    [([x]) => x <= BOX.east, (a, b) => cross(a, b, 0, BOX.east)],
    [([, y]) => y >= BOX.south, (a, b) => cross(a, b, 1, BOX.south)],
    [([, y]) => y <= BOX.north, (a, b) => cross(a, b, 1, BOX.north)],
  ];
  return sides.reduce((points, [within, meet]) => points.flatMap((point, index) => {
    const before = points.at(index - 1);
    if (within(point)) return within(before) ? [point] : [meet(before, point), point];
    return within(before) ? [meet(before, point)] : [];
  }), ring.slice(0, -1));
}

function cross(a, b, axis, edge) {
  const share = (edge - a[axis]) / (b[axis] - a[axis]);
  const point = a.map((value, index) => value + share * (b[index] - value));
  point[axis] = edge;
  return point;
}

const area = (ring) => Math.abs(ring.reduce((sum, [x, y], index) => {
  const [before, above] = ring.at(index - 1);
  return sum + before * y - x * above;
}, 0)) / 2;

// Douglas and Peucker.
function thin(points) {
  if (points.length < 3) return points;
  const [first, last] = [points[0], points.at(-1)];
  let [farthest, at] = [0, 0];
  for (let index = 1; index < points.length - 1; index += 1) {
    const gap = distance(points[index], first, last);
    if (gap > farthest) [farthest, at] = [gap, index];
  }
  if (farthest < THINNEST) return [first, last];
  return [...thin(points.slice(0, at + 1)).slice(0, -1), ...thin(points.slice(at))];
}

function distance([x, y], [x1, y1], [x2, y2]) {
  const length = Math.hypot(x2 - x1, y2 - y1);
  if (length === 0) return Math.hypot(x - x1, y - y1);
  return Math.abs((y2 - y1) * x - (x2 - x1) * y + x2 * y1 - y2 * x1) / length;
}

export function outline(atlas) {
  const land = feature(atlas, atlas.objects.land).features.flatMap((one) =>
    one.geometry.type === "Polygon" ? [one.geometry.coordinates] : one.geometry.coordinates);
  const rings = land.map(([outer]) => outer).filter((ring) => ring.some(inside)).map(clip)
    .filter((ring) => ring.length > 2 && area(ring) > SMALLEST)
    .map((ring) => thin([...ring, ring[0]]).map((point) => point.map((value) => Math.round(value * 1000) / 1000)))
    .filter((ring) => ring.length > 3);
  return {
    type: "Feature", properties: {},
    geometry: { type: "MultiPolygon", coordinates: rings.map((ring) => [ring]) },
  };
}
