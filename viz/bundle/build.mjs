// Builds viz/static/app.<hash>.js and copies geometry and typeface. The first line of the bundle names the hash of
// its sources and lock, which a test compares without Node.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url)), out = join(here, "..", "static");
const names = ["package.json", "package-lock.json", "build.mjs", ...readdirSync(join(here, "src")).sort().map((name) => `src/${name}`)];
const hash = createHash("sha256");
for (const name of names) hash.update(name).update("\0").update(readFileSync(join(here, name))).update("\0");
const sources = hash.digest("hex").slice(0, 16);
const made = await build({
  entryPoints: [join(here, "src/main.js")], bundle: true, format: "esm", minify: true, write: false, target: "es2022",
  legalComments: "inline", charset: "utf8",
});
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "app.js"), `// sources ${sources}; built by \`make bundles\` from viz/bundle\n${made.outputFiles[0].text}`);
const packages = join(here, "node_modules");
const copies = [
  ["world-atlas/countries-110m.json", "countries-110m.json"],
  ["@fontsource-variable/inter/files/inter-latin-wght-normal.woff2", "inter-latin.woff2"],
  ["@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2", "inter-latin-ext.woff2"],
  ["@fontsource-variable/inter/LICENSE", "licences/inter.txt"], ["d3-geo/LICENSE", "licences/d3-geo.txt"],
  ["topojson-client/LICENSE", "licences/topojson-client.txt"], ["world-atlas/LICENSE", "licences/world-atlas.txt"],
  ["d3-array/LICENSE", "licences/d3-array.txt"], ["internmap/LICENSE", "licences/internmap.txt"],
];
mkdirSync(join(out, "licences"), { recursive: true });
for (const [from, to] of copies) copyFileSync(join(packages, from), join(out, to));
console.log(`app.js ${(made.outputFiles[0].contents.length / 1024).toFixed(0)} KB, sources ${sources}`);
