// `npm run assets`: renews core/lumbung/static/vendor from node_modules. What it writes is committed, because a
// machine with nothing but Python must be able to serve. See docs/decisions/0005-assets.md.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cutTabler } from "./tabler_cut.mjs";
import { outline } from "./outline.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../..");
const modules = join(root, "node_modules");
const vendor = join(here, "../static/vendor");
const packageOf = (name) => JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
const text = (...path) => readFileSync(join(modules, ...path), "utf8");
const withoutMap = (script) => script.replace(/\/\/# sourceMappingURL=.*\s*$/, "");

rmSync(vendor, { recursive: true, force: true });
mkdirSync(vendor, { recursive: true });
const write = (name, content) => writeFileSync(join(vendor, name), content);

write("tabler.min.css", cutTabler(text("@tabler/core/dist/css/tabler.min.css")));
write("tabler.min.js", withoutMap(text("@tabler/core/dist/js/tabler.min.js")));
write("htmx.min.js", withoutMap(text("htmx.org/dist/htmx.min.js")));
write("plus-jakarta-sans.woff2",
  readFileSync(join(modules, "@fontsource-variable/plus-jakarta-sans/files/plus-jakarta-sans-latin-wght-normal.woff2")));

// Leaflet without its pictures: the markers are drawn from our own sprite, so nothing in its sheet may ask for one.
write("leaflet.js", withoutMap(text("leaflet/dist/leaflet.js")));
write("leaflet.css", text("leaflet/dist/leaflet.css").replace(/^[ \t]*background(?:-image)?: url\(.*\);\r?\n/gm, ""));
write("outline.json", JSON.stringify(outline(JSON.parse(text("world-atlas/land-10m.json")))));

// One sprite with the icons of icons.txt, each drawn in the colour of the text around it.
const icons = readFileSync(join(here, "icons.txt"), "utf8").split("\n").map((line) => line.trim())
  .filter((line) => line && !line.startsWith("#"));
const symbols = icons.map((name) => {
  const drawing = text("@tabler/icons/icons/outline", `${name}.svg`)
    .replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "")
    .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none" ?\/>/, "").replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${drawing}</symbol>`;
});
write("icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);

const licences = [
  ["@tabler/core", "tabler.min.css (families of selectors that Lumbung does not use left out), tabler.min.js", join(modules, "@tabler/icons/LICENSE")],
  ["@popperjs/core", "inside tabler.min.js", join(modules, "@popperjs/core/LICENSE.md")],
  ["@tabler/icons", "icons.svg", join(modules, "@tabler/icons/LICENSE")],
  ["htmx.org", "htmx.min.js", join(modules, "htmx.org/LICENSE")],
  ["leaflet", "leaflet.js, leaflet.css (addresses of pictures left out)", join(modules, "leaflet/LICENSE")],
  ["world-atlas", "outline.json, cut from land-10m.json; its coasts are from Natural Earth, public domain", join(modules, "world-atlas/LICENSE")],
  ["@fontsource-variable/plus-jakarta-sans", "plus-jakarta-sans.woff2", join(modules, "@fontsource-variable/plus-jakarta-sans/LICENSE")],
];
const bootstrap = "Bootstrap 5.3, inside tabler.min.css and tabler.min.js\nMIT License. Copyright (c) 2011-2025 The Bootstrap Authors. Terms: the MIT text under @tabler/core.\n";
write("LICENSES.txt", licences.map(([name, files, path]) => {
  const about = packageOf(name);
  return `${"=".repeat(78)}\n${name} ${about.version} (${about.license})\nFiles here: ${files}\n${"=".repeat(78)}\n\n${readFileSync(path, "utf8").trim()}\n`;
}).join("\n") + `\n${"=".repeat(78)}\n${bootstrap}`);

// The manifest that tests/look/test_assets.py holds every vendored file against.
const files = Object.fromEntries(readdirSync(vendor).sort().map((name) =>
  [name, createHash("sha256").update(readFileSync(join(vendor, name))).digest("hex")]));
const packages = Object.fromEntries(licences.map(([name]) => [name, packageOf(name).version]));
writeFileSync(join(here, "vendor.json"), JSON.stringify({ packages, files }, null, 2) + "\n");

// npm notes funding addresses in the lock; the lock is to hold no address at all.
const lockPath = join(root, "package-lock.json");
const lock = JSON.parse(readFileSync(lockPath, "utf8"));
for (const entry of Object.values(lock.packages)) { delete entry.funding; delete entry.resolved; }
writeFileSync(lockPath, JSON.stringify(lock, null, 2) + "\n");
