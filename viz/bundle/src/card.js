// The frame every chart has: the question or finding, unit, source, its numbers as a table, and downloads.
import { download, h, s, say } from "./dom.js";

const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "fill-opacity", "opacity", "font", "display", "visibility"];
const HTML_STYLES = ["color", "background", "font", "text-align", "padding", "margin", "border-bottom", "border-radius", "display", "grid-template-columns", "gap", "align-items", "position", "left", "top", "bottom", "width", "height", "border-collapse", "white-space", "list-style"];

function styled(drawn, names) {
  const copy = drawn.cloneNode(true), from = [drawn, ...drawn.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, n) => {
    const style = getComputedStyle(element);
    for (const name of names) to[n].style.setProperty(name, style.getPropertyValue(name));
  });
  return copy;
}

// A chart as one drawing that stands by itself: title, unit, everything in the body where it is, and the source.
export function drawing(body, { title, unit, source }) {
  const frame = body.getBoundingClientRect(), width = Math.max(frame.width, 320), top = 56, size = frame.height;
  const style = getComputedStyle(body), card = getComputedStyle(body.closest(".card"));
  const svg = s("svg", { xmlns: "http://www.w3.org/2000/svg", width, height: top + size + 28, viewBox: `0 0 ${width} ${top + size + 28}` });
  svg.style.background = card.backgroundColor;
  const words = (text, x, y, font, colour = style.color) => { const line = s("text", { x, y, fill: colour, style: `font: ${font} ${style.fontFamily.replaceAll('"', "'")}` }, svg); line.textContent = text; };
  words(title, 0, 18, "600 16px");
  words(unit, 0, 38, "400 12px");
  words(source, 0, top + size + 20, "400 12px");
  const drawn = [...body.querySelectorAll("svg.plot, svg.map")].filter((one) => one.getBoundingClientRect().width > 0);
  for (const one of drawn) {
    const box = one.getBoundingClientRect(), copy = styled(one, STYLES);
    for (const [name, value] of [["x", box.left - frame.left], ["y", top + box.top - frame.top], ["width", box.width], ["height", box.height]]) copy.setAttribute(name, value);
    svg.append(copy);
  }
  if (drawn.length > 1) for (const head of body.querySelectorAll("h3")) {
    const box = head.getBoundingClientRect();
    words(head.textContent, box.left - frame.left, top + box.top - frame.top + 14, "600 14px");
  }
  for (const name of body.querySelectorAll(".names li")) {
    const box = name.getBoundingClientRect(), mark = name.querySelector("i");
    if (mark) s("rect", { x: box.left - frame.left, y: top + box.top - frame.top + 4, width: 10, height: 10, fill: getComputedStyle(mark).backgroundColor }, svg);
    words(name.textContent, box.left - frame.left + 16, top + box.top - frame.top + 13, "400 12px");
  }
  if (!drawn.length) {
    const inside = s("foreignObject", { x: 0, y: top, width, height: size }, svg);
    for (const child of body.children) inside.append(styled(child, HTML_STYLES));
  }
  return new XMLSerializer().serializeToString(svg);
}

export function picture(text, name) {
  const image = new Image();
  image.onload = () => {
    const canvas = h("canvas", { width: image.width * 2, height: image.height * 2 }), pen = canvas.getContext("2d");
    pen.scale(2, 2);
    pen.drawImage(image, 0, 0);
    h("a", { href: canvas.toDataURL("image/png"), download: `${name}.png` }).click();
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}

const word = (value) => (typeof value === "number" ? (Number.isFinite(value) ? value : "") : `"${String(value).replaceAll('"', '""')}"`);
export const csv = (rows) => rows.map((row) => row.map(word).join(",")).join("\r\n");

// The menu of a chart. `acts` is a list of [text, what it does].
export function menu(acts) {
  const more = h("details", { class: "more" }, h("summary", { "aria-label": "Numbers and downloads" }, h("span", { text: "Numbers" })),
    h("div", { class: "menu" }, acts.map(([text, act]) => h("button", { type: "button", onclick: (event) => { more.open = false; act(event.target); more.querySelector("summary").focus(); }, text }))));
  more.addEventListener("keydown", (event) => { if (event.key === "Escape" && more.open) { more.open = false; more.querySelector("summary").focus(); } });
  return more;
}

export class Card {
  constructor(id, title, { wide = "" } = {}) {
    this.id = id;
    this.title = h("h2", { id: `${id}-title`, text: title });
    this.unit = h("p", { class: "unit" });
    this.body = h("div", { class: "body" });
    this.source = h("p", { class: "source" });
    this.table = h("div", { class: "numbers", tabindex: "0", role: "region", "aria-label": "Numbers", hidden: true });
    const more = menu([["Show as a table", (button) => this.toggle(button)], ["Download CSV", () => download(`${this.id}.csv`, csv(this.rows()), "text/csv")],
      ["Download SVG", () => download(`${this.id}.svg`, this.drawing(), "image/svg+xml")], ["Download PNG", () => picture(this.drawing(), this.id)]]);
    this.more = more;
    this.element = h("section", { class: `card ${wide}`, id, "aria-labelledby": `${id}-title` },
      h("header", {}, h("div", {}, this.title, this.unit), more), this.body, this.table, this.source);
    this.rows = () => [];
  }

  say(title, unit, source) {
    say(this.title, title);
    say(this.unit, unit ?? "");
    say(this.source, source ?? "");
  }

  toggle(button) {
    this.table.hidden = !this.table.hidden;
    this.body.hidden = !this.table.hidden;
    say(button, this.table.hidden ? "Show as a table" : "Show the chart");
    this.fill();
  }

  fill() {
    if (this.table.hidden) return;
    const [head, ...rows] = this.rows();
    if (!head) return;
    const cell = (value) => (typeof value === "number" ? (Number.isFinite(value) ? Number(value.toPrecision(5)).toLocaleString("en") : "") : value);
    this.table.replaceChildren(h("table", {},
      h("thead", {}, h("tr", {}, head.map((word) => h("th", { scope: "col", text: word })))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((value, n) => h(n ? "td" : "th", { scope: n ? null : "row", text: cell(value) })))))));
  }

  drawing() {
    const hidden = this.body.hidden;
    this.body.hidden = false;
    try { return drawing(this.body, { title: this.title.textContent, unit: this.unit.textContent, source: this.source.textContent }); }
    finally { this.body.hidden = hidden; }
  }
}
