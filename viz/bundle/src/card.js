// The frame every chart has: the question or finding, unit, source, its numbers as a table, and downloads.
import { download, h, say } from "./dom.js";

export class Card {
  constructor(id, title, { wide = "" } = {}) {
    this.id = id;
    this.title = h("h2", { id: `${id}-title`, text: title });
    this.unit = h("p", { class: "unit" });
    this.body = h("div", { class: "body" });
    this.source = h("p", { class: "source" });
    this.table = h("div", { class: "numbers", tabindex: "0", role: "region", "aria-label": "Numbers", hidden: true });
    const more = h("details", { class: "more" },
      h("summary", { "aria-label": "Numbers and downloads" }, h("span", { text: "Numbers" })),
      h("div", { class: "menu" },
        h("button", { type: "button", onclick: () => this.toggle() , text: "Show as a table" }),
        h("button", { type: "button", onclick: () => this.csv(), text: "Download CSV" }),
        h("button", { type: "button", onclick: () => this.svg(), text: "Download SVG" }),
        h("button", { type: "button", onclick: () => this.png(), text: "Download PNG" })));
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

  toggle() {
    this.more.open = false;
    this.table.hidden = !this.table.hidden;
    this.body.hidden = !this.table.hidden;
    say(this.more.querySelector("button"), this.table.hidden ? "Show as a table" : "Show the chart");
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

  csv() {
    this.more.open = false;
    const word = (value) => (typeof value === "number" ? (Number.isFinite(value) ? value : "") : `"${String(value).replaceAll('"', '""')}"`);
    download(`${this.id}.csv`, this.rows().map((row) => row.map(word).join(",")).join("\r\n"), "text/csv");
  }

  drawing() {
    const drawn = this.body.querySelector("svg.plot, svg.map");
    if (!drawn) return null;
    const copy = drawn.cloneNode(true), from = [drawn, ...drawn.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
    from.forEach((element, n) => {
      const style = getComputedStyle(element);
      for (const name of ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "fill-opacity", "opacity", "font", "display", "visibility"])
        to[n].style.setProperty(name, style.getPropertyValue(name));
    });
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.style.background = getComputedStyle(this.element).backgroundColor;
    return new XMLSerializer().serializeToString(copy);
  }

  svg() {
    this.more.open = false;
    const text = this.drawing();
    if (text) download(`${this.id}.svg`, text, "image/svg+xml");
  }

  png() {
    this.more.open = false;
    const text = this.drawing();
    if (!text) return;
    const image = new Image(), box = this.body.querySelector("svg").getBoundingClientRect();
    image.onload = () => {
      const canvas = h("canvas", { width: box.width * 2, height: box.height * 2 });
      const pen = canvas.getContext("2d");
      pen.scale(2, 2);
      pen.drawImage(image, 0, 0, box.width, box.height);
      h("a", { href: canvas.toDataURL("image/png"), download: `${this.id}.png` }).click();
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  }
}
