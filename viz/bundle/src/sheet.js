// A page of questions and answers: fields described by the server, and what it answers as HTML that it has escaped.
import { csv, drawing, menu, picture } from "./card.js";
import { download, h, say, unpack } from "./dom.js";
import { waiting } from "./wait.js";

class Sheet {
  constructor(root, model) {
    this.root = root;
    this.model = model;
    this.number = 0;
    this.fields = new Map();
    this.form = h("form", { class: "ask", "aria-label": "Question", onsubmit: (event) => event.preventDefault() });
    this.status = h("p", { class: "status", role: "status" });
    this.alert = h("div", { class: "error", role: "alert", hidden: true }, h("b", { text: "That did not work" }), h("p"));
    this.answer = h("div", { class: "answer", "aria-live": "polite" });
    this.purpose = h("header", { class: "purpose", hidden: true }, h("h2"), h("p", { class: "fine" }));
    this.stop = h("button", { type: "button", class: "quiet", text: "Stop", hidden: true, onclick: () => this.send({ type: "stop" }) });
    this.stale = h("p", { class: "fine stale", text: "The answer below is to the question as it was before.", hidden: true });
    root.replaceChildren(h("div", { class: "sheet" }, this.purpose, this.form, this.alert, h("div", { class: "progress" }, this.status, this.stop), this.stale, this.answer));
    this.wait = waiting(this.answer, "Opening the scenario…");
  }

  send(message) {
    this.number += 1;
    this.model.send({ ...message, number: this.number });
  }

  take(buffer) {
    const { header } = unpack(buffer);
    if (header.kind === "file") return download(header.name, header.text, header.mime);
    if (header.kind === "go") { location.href = header.address; return null; }
    const isLate = header.number < this.number;
    if (header.fields) { this.wait(); this.ask(header.fields, isLate); }
    if (header.title) { this.purpose.hidden = false; say(this.purpose.firstChild, header.title); say(this.purpose.lastChild, header.purpose ?? ""); }
    if (!isLate && !header.busy) {
      this.alert.hidden = !header.error;
      if (header.error) say(this.alert.lastChild, header.error);
    }
    if (!isLate) { say(this.status, header.status ?? ""); this.stop.hidden = !header.busy; }
    if (header.html) this.stale.hidden = true;
    if (header.stale !== undefined) this.stale.hidden = !header.stale || !(header.html ?? this.answer.innerHTML);
    this.answer.classList.toggle("busy", Boolean(header.busy));
    if (header.html !== undefined && header.html !== null) { this.answer.innerHTML = header.html; this.mend(); }
    if (header.address !== undefined) history.replaceState(history.state, "", `${location.pathname}?${header.address}`);
    requestAnimationFrame(() => { this.root.dataset.step = header.error ? "failed" : header.busy ? "busy" : "done"; this.root.dataset.number = header.number ?? 0; });
    return null;
  }

  // A late answer, to what was asked before, does not take back what has been chosen since.
  ask(fields, isLate) {
    const key = JSON.stringify(fields.map(({ value, fault, ...rest }) => rest)), known = key === this.key;
    if (!known) {
      this.key = key;
      const focus = document.activeElement?.id;
      this.fields.clear();
      const groups = new Map();
      for (const field of fields) {
        const name = field.group ?? "";
        if (!groups.has(name)) groups.set(name, { plain: [], more: [] });
        groups.get(name)[field.more ? "more" : "plain"].push(this.field(field));
      }
      const open = this.opened ?? new Set(), inside = (name, { plain, more }) => (more.length ? [...plain, this.more(name, more, open)] : plain);
      this.form.replaceChildren(...[...groups].map(([name, all]) => (name ? h("fieldset", {}, h("legend", { text: name }), inside(name, all)) : h("div", { class: "asks" }, inside(name, all)))));
      if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
    }
    if (!isLate || !known) for (const field of fields) this.fields.get(field.id)?.(field.value, field.fault);
  }

  // What need not be filled stands folded, and stays open where it was opened.
  more(name, fields, open) {
    const fold = h("details", { class: "more-terms" }, h("summary", { text: "More terms" }), fields);
    fold.open = open.has(name);
    fold.addEventListener("toggle", () => { this.opened ??= new Set(); this.opened[fold.open ? "add" : "delete"](name); });
    return fold;
  }

  field({ id, label, kind, choices, help, low, high, step, unit }) {
    const name = `ask-${id}`, set = (value) => this.send({ type: "set", id, value });
    if (kind === "button") {
      this.fields.set(id, () => {});
      return h("button", { type: "button", class: help === "primary" ? "main-act" : "", onclick: () => this.send({ type: "act", id }), text: label });
    }
    if (kind === "checks") {
      const boxes = choices.map(([value, text]) => {
        const box = h("input", { type: "checkbox", value, onchange: () => set(boxes.filter((b) => b.box.checked).map((b) => b.box.value)) });
        return { box, element: h("label", { class: "check" }, box, h("span", { text })) };
      });
      this.fields.set(id, (value) => { for (const { box } of boxes) box.checked = value.includes(box.value); });
      return h("div", { class: "checks", role: "group", "aria-label": label }, h("span", { class: "fine", text: label }), boxes.map((b) => b.element));
    }
    let control;
    if (kind === "select") control = h("select", { id: name, onchange: (e) => set(e.target.value) }, choices.map(([value, text]) => h("option", { value, text })));
    else if (kind === "check") control = h("input", { id: name, type: "checkbox", role: "switch", onchange: (e) => set(e.target.checked) });
    else control = h("input", { id: name, type: kind, min: low, max: high, step: step ?? "any", onchange: (e) => set(e.target.value) });
    const fault = h("small", { class: "fault", id: `${name}-fault`, hidden: true });
    this.fields.set(id, (value, words) => {
      if (kind === "check") control.checked = Boolean(value); else if (document.activeElement !== control || kind === "select") control.value = value ?? "";
      fault.hidden = !words;
      say(fault, words ?? "");
      if (words) { control.setAttribute("aria-invalid", "true"); control.setAttribute("aria-describedby", fault.id); } else { control.removeAttribute("aria-invalid"); control.removeAttribute("aria-describedby"); }
    });
    return h("label", { class: `field ${kind}`, for: name }, h("span", { text: unit ? `${label}, ${unit}` : label }), control, help ? h("small", { class: "fine", text: help }) : null, fault);
  }

  // Charts get the menu that those of Explore have; other tables can be taken along.
  mend() {
    const cells = (table) => [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent));
    for (const card of this.answer.querySelectorAll(".card")) {
      const body = card.querySelector(".body"), numbers = card.querySelector(":scope > .numbers"), table = numbers?.querySelector("table");
      if (!numbers && !body.querySelector("svg.plot")) continue;
      const words = (name) => card.querySelector(`:scope > ${name}`)?.textContent ?? "", title = card.querySelector("h2").textContent;
      const name = (table?.dataset.name ?? title).toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 60);
      const draw = () => { const hidden = body.hidden; body.hidden = false; try { return drawing(body, { title, unit: card.querySelector("header .unit")?.textContent ?? "", source: words(".source") }); } finally { body.hidden = hidden; } };
      const acts = [["Download SVG", () => download(`${name}.svg`, draw(), "image/svg+xml")], ["Download PNG", () => picture(draw(), name)]];
      if (table) acts.unshift(["Show as a table", (button) => { numbers.hidden = !numbers.hidden; body.hidden = !numbers.hidden; say(button, numbers.hidden ? "Show as a table" : "Show the chart"); }],
        ["Download CSV", () => download(`${name}.csv`, csv(cells(table)), "text/csv")]);
      card.querySelector("header").append(menu(acts));
    }
    for (const table of this.answer.querySelectorAll("table[data-name]")) {
      if (table.closest(".numbers")) continue;
      const button = h("button", { type: "button", class: "quiet", text: "Download CSV", onclick: () => download(`${table.dataset.name}.csv`, csv(cells(table)), "text/csv") });
      table.closest(".scroll")?.after(button);
    }
    for (const link of this.answer.querySelectorAll("button[data-act]")) link.addEventListener("click", () => this.send({ type: "act", id: link.dataset.act }));
  }
}

export function mountSheet(root, model) {
  const page = new Sheet(root, model);
  const receive = (content, buffers) => {
    try { page.take(buffers[0]); } catch (error) { console.error(error); root.dataset.failed = String(error); }
  };
  model.on("msg:custom", receive);
  page.send({ type: "hello" });
  return () => model.off("msg:custom", receive);
}
