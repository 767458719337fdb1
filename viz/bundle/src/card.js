// A chart's frame: title that states the finding, unit, body, source; its numbers as tables, and as files to take along.
import { download, h, percent, say, tonnes, trim } from "./dom.js";
import { drawing, picture } from "./picture.js";

export { drawing, picture };

const word = (value) => (typeof value === "number" ? (Number.isFinite(value) ? Number(value.toPrecision(7)) : "") : `"${String(value).replaceAll('"', '""')}"`);
export const csv = (rows) => rows.map((row) => row.map(word).join(",")).join("\r\n");

// How a number of a column is written in a table; files hold it as it is.
const WRITTEN = { share: (value) => percent(value, 1), price: (value) => trim(value, 4), tonnes };
export const column = (text, kind = "") => ({ text, kind });
const headOf = (table) => table.head.map(({ text, kind }) => (kind === "share" ? `${text} (part of 1)` : text));

// The menu of a chart. `acts` is a list of [text, what it does].
export function menu(acts) {
  const more = h("details", { class: "more" }, h("summary", { "aria-label": "Numbers and downloads" }, h("span", { text: "Numbers" })),
    h("div", { class: "menu" }, acts.map(([text, act]) => h("button", { type: "button", onclick: (event) => { more.open = false; act(event.target); more.querySelector("summary").focus(); }, text }))));
  more.addEventListener("keydown", (event) => { if (event.key === "Escape" && more.open) { more.open = false; more.querySelector("summary").focus(); } });
  return more;
}

// `tables` returns what the chart shows as numbers: [{name, caption, head: [column], rows}], the first its own.
export class Card {
  constructor(id, title, { wide = "", also = [] } = {}) {
    this.id = id;
    this.title = h("h2", { id: `${id}-title`, text: title });
    this.unit = h("p", { class: "unit" });
    this.body = h("div", { class: "body" });
    this.source = h("p", { class: "source" });
    this.table = h("div", { class: "numbers", tabindex: "0", role: "region", "aria-label": "Numbers", hidden: true });
    const file = (n) => { const table = this.tables()[n]; download(`${table.name}.csv`, csv([headOf(table), ...table.rows]), "text/csv"); };
    const more = menu([["Show as a table", (button) => this.toggle(button)], ["Download CSV", () => file(0)], ...also.map((what, n) => [`Download CSV: ${what}`, () => file(n + 1)]),
      ["Download SVG", () => download(`${this.id}.svg`, this.drawing(), "image/svg+xml")], ["Download PNG", () => picture(this.drawing(), this.id)]]);
    this.element = h("section", { class: `card ${wide}`, id, "aria-labelledby": `${id}-title` },
      h("header", {}, h("div", {}, this.title, this.unit), more), this.body, this.table, this.source);
    this.tables = () => [];
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
    const cell = (value, kind) => (typeof value !== "number" ? value : !Number.isFinite(value) ? "" : (WRITTEN[kind] ?? ((number) => trim(number, 4)))(value));
    this.table.replaceChildren(...this.tables().map(({ caption, head, rows }) => h("table", {}, caption ? h("caption", { text: caption }) : null,
      h("thead", {}, h("tr", {}, head.map(({ text }) => h("th", { scope: "col", text })))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((value, n) => h(n ? "td" : "th", { scope: n ? null : "row", text: cell(value, head[n].kind) }))))))));
  }

  drawing() {
    const hidden = this.body.hidden;
    this.body.hidden = false;
    try { return drawing(this.body, { title: this.title.textContent, unit: this.unit.textContent, source: this.source.textContent }); }
    finally { this.body.hidden = hidden; }
  }
}
