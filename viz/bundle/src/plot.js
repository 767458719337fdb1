// Scales, axes, stacks and lines as SVG. A plot is redrawn in place: elements are kept, only what changed is written.
import { h, put, s, say } from "./dom.js";

const STEPS = [1, 2, 2.5, 4, 5, 6, 8, 10];

export function niceTop(largest) {
  if (!(largest > 0)) return 1;
  const size = 10 ** Math.floor(Math.log10(largest));
  return STEPS.find((step) => step * size >= largest * (1 - 1e-9)) * size;
}

export class Plot {
  // `labels` are the positions on the x axis; `onPick(position)` is called where a person points.
  constructor(host, { height = 220, left = 44, right = 104, describe = "", onPick, onHover } = {}) {
    this.host = host;
    this.height = height;
    this.leftMost = left;
    this.rightMost = right;
    this.above = 10;
    this.below = 24;
    this.labels = [];
    this.top = 1;
    this.svg = s("svg", { class: "plot", role: "img", "aria-label": describe });
    host.append(this.svg);
    this.back = s("g", {}, this.svg);
    this.body = s("g", {}, this.svg);
    this.front = s("g", {}, this.svg);
    this.cursor = s("line", { class: "cursor" }, this.front);
    this.kept = new Map();
    const where = (event) => {
      const box = this.svg.getBoundingClientRect();
      const span = Math.max(this.labels.length - 1, 1);
      const part = ((event.clientX - box.left) * (this.width / box.width) - this.left) / this.inner;
      return Math.max(0, Math.min(span, Math.round(part * span)));
    };
    this.svg.addEventListener("click", (event) => onPick?.(where(event)));
    this.svg.addEventListener("pointermove", (event) => onHover?.(where(event), event));
    this.svg.addEventListener("pointerleave", () => onHover?.(null));
    this.measure();
  }

  measure() {
    const width = Math.max(220, Math.floor(this.host.clientWidth || 480));
    if (width === this.width) return false;
    this.width = width;
    const narrow = width < 420;
    this.left = narrow ? Math.min(this.leftMost, 46) : this.leftMost;
    this.right = narrow ? Math.min(this.rightMost, 88) : this.rightMost;
    put(this.svg, "viewBox", `0 0 ${width} ${this.height}`);
    put(this.svg, "width", width);
    put(this.svg, "height", this.height);
    return true;
  }

  get inner() { return this.width - this.left - this.right; }
  x(position) { return this.left + (this.inner * position) / Math.max(this.labels.length - 1, 1); }
  y(value) { return this.height - this.below - ((this.height - this.below - this.above) * value) / this.top; }

  keep(name, tag, group) {
    if (!this.kept.has(name)) this.kept.set(name, s(tag, {}, group));
    return this.kept.get(name);
  }

  drop(prefix, from) {
    for (const [name, element] of this.kept)
      if (name.startsWith(prefix) && Number(name.slice(prefix.length)) >= from) { element.remove(); this.kept.delete(name); }
  }

  axes(show, marks = 4) {
    const key = `${this.width}|${this.top}|${this.labels.length}|${this.labels[0]}|${marks}`;
    if (key === this.axesKey) return;
    this.axesKey = key;
    this.back.replaceChildren();
    for (let step = 0; step <= marks; step++) {
      const value = (this.top * step) / marks, y = this.y(value);
      s("line", { class: "grid", x1: this.left, x2: this.width - this.right, y1: y, y2: y }, this.back);
      s("text", { class: "tick", x: this.left - 8, y: y + 4, "text-anchor": "end" }, this.back).textContent = show(value);
    }
    const firsts = this.labels.map((label, i) => [i, label]).filter(([, label]) => label.endsWith("Q1") || label.length === 4);
    const fit = Math.max(2, Math.floor(this.inner / 52));
    const every = [1, 2, 5, 10].find((n) => firsts.filter(([, l]) => Number(l.slice(0, 4)) % n === 0).length <= fit) ?? 10;
    for (const [i, label] of firsts) {
      if (Number(label.slice(0, 4)) % every) continue;
      s("text", { class: "tick", x: this.x(i), y: this.height - 6, "text-anchor": "middle" }, this.back).textContent = label.slice(0, 4);
    }
  }

  line(name, values, style = {}) {
    const element = this.keep(name, "path", this.body);
    put(element, "d", this.path(values));
    put(element, "class", `line ${style.class ?? ""}`);
    if (style.colour) put(element, "stroke", style.colour);
  }

  area(name, low, high, style = {}) {
    const element = this.keep(name, "path", style.under ? this.back : this.body);
    const forth = [], back = [];
    for (let i = 0; i < high.length; i++) {
      if (!Number.isFinite(high[i]) || !Number.isFinite(low[i])) continue;
      forth.push(`${this.x(i).toFixed(1)} ${this.y(high[i]).toFixed(1)}`);
      back.push(`${this.x(i).toFixed(1)} ${this.y(low[i]).toFixed(1)}`);
    }
    put(element, "d", forth.length ? `M${forth.join("L")}L${back.reverse().join("L")}Z` : "");
    put(element, "class", style.class ?? "band");
    if (style.colour) put(element, "fill", style.colour);
    return element;
  }

  path(values) {
    let words = "", pen = "M";
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) { pen = "M"; continue; }
      words += `${pen}${this.x(i).toFixed(1)} ${this.y(values[i]).toFixed(1)}`;
      pen = "L";
    }
    return words;
  }

  // `ends` are {word, value, colour}: names at the right end, pushed apart where they would overlap.
  ends(ends) {
    const placed = [];
    let floor = this.height - this.below + 4;
    for (const end of [...ends].sort((a, b) => a.value - b.value)) {
      floor = Math.min(this.y(end.value) + 4, floor);
      placed.push({ ...end, y: floor });
      floor -= 14;
    }
    let ceiling = this.above + 2;
    for (const end of placed.reverse()) { end.y = Math.max(end.y, ceiling); ceiling = end.y + 14; }
    const most = Math.floor((this.right - 20) / 6.2);
    placed.forEach((end, n) => {
      const mark = this.keep(`endmark${n}`, "rect", this.front), text = this.keep(`endtext${n}`, "text", this.front);
      const x = this.width - this.right + 8;
      for (const [name, value] of [["x", x], ["y", end.y - 9], ["width", 8], ["height", 8], ["rx", 2], ["fill", end.colour]]) put(mark, name, value);
      put(text, "class", "end"); put(text, "x", x + 12); put(text, "y", end.y);
      say(text, end.word.length > most ? `${end.word.slice(0, Math.max(most - 1, 3))}…` : end.word);
    });
    this.drop("endmark", placed.length);
    this.drop("endtext", placed.length);
  }

  at(position) {
    const x = this.x(position);
    put(this.cursor, "x1", x); put(this.cursor, "x2", x);
    put(this.cursor, "y1", this.above); put(this.cursor, "y2", this.height - this.below);
  }
}

export function tooltip(host) {
  const box = h("div", { class: "tip", hidden: true });
  host.append(box);
  return {
    show(event, lines) {
      const frame = host.getBoundingClientRect();
      box.hidden = false;
      box.replaceChildren(...lines.map((line, n) => h(n ? "span" : "b", { text: line })));
      const left = event.clientX - frame.left + 14;
      box.style.left = `${Math.max(0, Math.min(left, frame.width - box.offsetWidth - 4))}px`;
      box.style.top = `${Math.max(0, event.clientY - frame.top - box.offsetHeight - 10)}px`;
    },
    hide() { box.hidden = true; },
  };
}
