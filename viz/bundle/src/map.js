// The world: who has which share, or depends how much, as colour; who ships to whom as ribbons, wide end at the seller.
import { geoCentroid, geoNaturalEarth1, geoPath } from "d3-geo";
import { feature, mesh } from "topojson-client";
import { at, h, percent, put, s, say, tonnes } from "./dom.js";
import { tooltip } from "./plot.js";

const WIDTH = 960, HEIGHT = 452, TOP = 40;
const STOPS = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75];
const step = (value) => {
  if (!(value > 0.0005)) return -1;
  let n = 0;
  while (n < STOPS.length && value >= STOPS[n]) n++;
  return n;
};

// What the colours and ribbons mean; `held` adds the mark of what a quota or licence holds back.
export const mapLegend = (held) => h("div", { class: "legend", "aria-hidden": "true" },
  h("span", { class: "none" }, h("i", { class: "step-none" }), "none"),
  ...STOPS.map((_, n) => h("span", {}, h("i", { class: `step-${n}` }), n ? `${percent(STOPS[n - 1], 0)}` : "to 1 %")),
  h("span", {}, h("i", { class: `step-${STOPS.length}` }), "75 % +"),
  h("span", { class: "ribbon" }, h("i", { class: "free" }), "flow, wide end at the seller"),
  held ? h("span", { class: "ribbon" }, h("i", { class: "held" }), "held back by a quota or licence") : "");

let geometry;
const loadGeometry = (url) => (geometry ??= fetch(url).then((answer) => {
  if (!answer.ok) throw new Error(`the geometry did not arrive (${answer.status})`);
  return answer.json();
}).catch((error) => { geometry = undefined; throw error; }));

export class WorldMap {
  constructor(host, { url, places, onPick, onHover, onReady }) {
    this.host = host;
    this.places = places; // code: {name, ids, lonlat}
    this.onPick = onPick;
    this.onHover = onHover;
    this.onReady = onReady;
    this.wait = h("p", { class: "wait", role: "status", text: "Loading the map…" });
    host.append(this.wait);
    this.tip = tooltip(host);
    this.paths = new Map();
    this.points = new Map();
    this.ready = loadGeometry(url).then((topology) => this.build(topology)).catch((error) => {
      this.wait.setAttribute("role", "alert");
      say(this.wait, `The map cannot be drawn: ${error.message}. The table below the chart has its numbers.`);
    });
  }

  build(topology) {
    const shapes = feature(topology, topology.objects.countries).features.filter((f) => f.id !== "010");
    const projection = geoNaturalEarth1().fitExtent([[4, 4], [WIDTH - 4, HEIGHT - 4]], { type: "FeatureCollection", features: shapes });
    const path = geoPath(projection);
    this.svg = s("svg", { class: "map", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": "World map" });
    const owner = new Map();
    for (const [code, place] of Object.entries(this.places)) for (const id of place.ids) owner.set(id, code);
    const land = s("g", {}, this.svg), borders = s("g", {}, this.svg);
    for (const shape of shapes) {
      const code = owner.get(shape.id);
      const drawn = s("path", { d: path(shape) ?? "", class: "country step-none" }, land);
      if (!code) continue;
      if (!this.paths.has(code)) this.paths.set(code, []);
      this.paths.get(code).push(drawn);
      this.listen(drawn, code);
    }
    put(s("path", { class: "border", d: path(mesh(topology, topology.objects.countries, (a, b) => a !== b)) }, borders), "aria-hidden", "true");
    const largest = (f) => (f.geometry.type !== "MultiPolygon" ? f : { type: "Feature", geometry: { type: "Polygon",
      coordinates: f.geometry.coordinates.reduce((a, b) => (a[0].length > b[0].length ? a : b)) } });
    const byId = new Map(shapes.map((f) => [f.id, f]));
    this.flows = s("g", { class: "flows", "aria-hidden": "true" }, this.svg);
    for (const [code, place] of Object.entries(this.places)) {
      const shape = byId.get(place.ids[0]);
      const lonlat = place.lonlat ?? (shape ? geoCentroid(largest(shape)) : null);
      if (!lonlat) continue;
      this.points.set(code, projection(lonlat));
      if (!place.ids.some((id) => byId.has(id))) { // too small for this map: a dot
        const [x, y] = projection(lonlat), dot = s("circle", { cx: x, cy: y, r: 3.5, class: "country step-none" }, land);
        this.paths.set(code, [dot]);
        this.listen(dot, code);
      }
    }
    this.ribbons = [];
    this.wait.remove();
    this.host.prepend(this.svg);
    if (this.last) this.draw(this.last);
    this.onReady?.();
  }

  listen(drawn, code) {
    drawn.addEventListener("click", () => this.onPick(code));
    drawn.addEventListener("pointermove", (event) => {
      const value = this.last?.value(code);
      const lines = [this.places[code].name, `${this.last?.words ?? ""}: ${value > 0.0005 ? percent(value) : "none"}`];
      this.tip.show(event, lines);
      this.onHover(code);
    });
    drawn.addEventListener("pointerleave", () => { this.tip.hide(); this.onHover(null); });
  }

  // `value(code)` 0 to 1; `flow` {array, row, pairs, restricted}; `selected`, `hover` codes or null.
  draw(state) {
    this.last = state;
    if (!this.svg) return null;
    for (const [code, paths] of this.paths) {
      const level = step(state.value(code));
      const name = `country ${level < 0 ? "step-none" : `step-${level}`}${code === state.selected ? " chosen" : ""}${code === state.hover ? " hover" : ""}`;
      if (this.paths.get(code).name === name) continue;
      this.paths.get(code).name = name;
      for (const drawn of paths) drawn.setAttribute("class", name);
    }
    return this.drawFlows(state);
  }

  drawFlows({ flow, wedge, row, pairs, selected, focus }) {
    let all = [], whole = 0;
    pairs.forEach(([from, to], n) => {
      const sent = at(flow, row, n);
      if (from === to || !(sent > 1e-6) || !this.points.has(from) || !this.points.has(to)) return;
      whole += sent;
      all.push({ n, from, to, tonnes: sent, held: at(wedge, row, n) > 1 });
    });
    if (focus && selected) all = all.filter((f) => f.from === selected || f.to === selected);
    all.sort((a, b) => b.tonnes - a.tonnes);
    const shown = all.slice(0, TOP);
    shown.forEach((f, k) => {
      const ribbon = (this.ribbons[k] ??= this.newRibbon());
      ribbon.flow = f;
      put(ribbon, "d", this.ribbon(this.points.get(f.from), this.points.get(f.to), 1.5 + 22 * Math.sqrt(f.tonnes / whole)));
      put(ribbon, "class", `flow${f.held ? " held" : ""}${selected && !focus && f.from !== selected && f.to !== selected ? " faint" : ""}`);
    });
    for (let k = shown.length; k < this.ribbons.length; k++) put(this.ribbons[k], "d", "");
    return { shown: shown.length, hidden: all.length - shown.length, held: shown.filter((f) => f.held).length };
  }

  newRibbon() {
    const ribbon = s("path", {}, this.flows);
    ribbon.addEventListener("pointermove", (event) => {
      const { from, to, tonnes: sent, held } = ribbon.flow, name = (code) => this.places[code].name;
      this.tip.show(event, [`${name(from)} to ${name(to)}`, `${tonnes(sent)} t in the quarter`, ...(held ? ["held back by a quota or licence"] : [])]);
    });
    ribbon.addEventListener("pointerleave", () => this.tip.hide());
    return ribbon;
  }

  ribbon([x1, y1], [x2, y2], width) {
    const dx = x2 - x1, dy = y2 - y1, length = Math.hypot(dx, dy) || 1, bend = Math.min(0.3, 22 / length + 0.14);
    const cx = (x1 + x2) / 2 + dy * bend, cy = (y1 + y2) / 2 - Math.abs(dx) * bend;
    const tx = cx - x1, ty = cy - y1, t = Math.hypot(tx, ty) || 1, nx = (-ty / t) * (width / 2), ny = (tx / t) * (width / 2);
    const f = (v) => v.toFixed(1);
    return `M${f(x1 + nx)} ${f(y1 + ny)}Q${f(cx + nx * 0.8)} ${f(cy + ny * 0.8)} ${f(x2)} ${f(y2)}Q${f(cx - nx * 0.8)} ${f(cy - ny * 0.8)} ${f(x1 - nx)} ${f(y1 - ny)}Z`;
  }
}
