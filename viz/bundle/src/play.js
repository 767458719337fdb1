// Play solo: the server draws the parts of the screen; this replaces those that differ, sends what is chosen, and draws the map.
import { csv, drawing, menu, picture } from "./card.js";
import { download, h, say, unpack } from "./dom.js";
import { mapLegend, WorldMap } from "./map.js";
import { waiting } from "./wait.js";

const REGIONS = ["head", "sheet", "extra", "world"];

class Play {
  constructor(root, model) {
    this.root = root;
    this.model = model;
    this.drawn = {};
    this.status = h("p", { class: "status", role: "status" });
    this.alert = h("div", { class: "error", role: "alert", hidden: true }, h("b", { text: "That did not work" }), h("p"));
    this.parts = Object.fromEntries(REGIONS.map((name) => [name, h("section", { class: `play-${name}` })]));
    const order = h("div", { class: "play-order" }, this.parts.sheet, this.parts.extra);
    this.grid = h("div", { class: "play-grid" }, order, this.parts.world);
    this.hold = h("div", {});
    root.replaceChildren(h("div", { class: "sheet answer play" }, this.hold, this.alert, this.parts.head, this.status, this.grid));
    this.wait = waiting(this.hold, ...(new URLSearchParams(location.search).has("game") ? ["Playing the game of the link again…", false] : ["Setting up the world…"]));
    root.addEventListener("click", (event) => this.click(event));
    root.addEventListener("change", (event) => this.change(event));
    root.addEventListener("input", (event) => this.input(event));
    root.addEventListener("submit", (event) => { event.preventDefault(); this.submit(event.target); });
  }

  send(message) {
    if (message.act !== "look") { this.root.dataset.step = "busy"; this.asked = message; }
    this.model.send(message);
  }

  take(buffer) {
    const { header } = unpack(buffer);
    if (header.kind === "file") return download(header.name, header.text, header.mime);
    if (header.status !== undefined) say(this.status, header.status);
    if (header.busy !== undefined) this.root.firstChild.classList.toggle("working", header.busy);
    if (header.said !== undefined) this.said(header.said);
    if (header.regions) this.show(header);
    if (header.error !== undefined) { this.alert.hidden = !header.error; say(this.alert.lastChild, header.error ?? ""); if (header.error) this.alert.scrollIntoView({ block: "nearest" }); }
    if (header.faults) this.faults(header.faults, Boolean(header.regions));
    if (header.address !== undefined) history.replaceState(history.state, "", `${location.pathname}${header.address ? `?${header.address}` : ""}`);
    if (header.regions || header.error) requestAnimationFrame(() => { this.root.dataset.step = header.error ? "failed" : Object.keys(header.faults ?? {}).length ? "refused" : "done"; this.root.dataset.screen = header.screen; });
    return null;
  }

  show(header) {
    this.wait();
    const focus = document.activeElement?.id, moved = this.screen !== header.screen;
    for (const name of REGIONS) {
      if (this.drawn[name] === header.regions[name]) continue;
      this.drawn[name] = header.regions[name];
      this.parts[name].innerHTML = header.regions[name];
      this.mend(this.parts[name]);
    }
    this.grid.hidden = REGIONS.slice(1).every((name) => !header.regions[name]);
    this.grid.firstChild.hidden = !header.regions.sheet && !header.regions.extra;
    this.grid.classList.toggle("alone", this.grid.firstChild.hidden || !header.regions.sheet);
    this.screen = header.screen;
    if (moved) { const title = this.parts.head.querySelector("h1"); title?.setAttribute("tabindex", "-1"); if (this.asked && this.asked.act !== "hello") { title?.focus({ preventScroll: true }); window.scrollTo(0, 0); } }
    else if (this.asked?.act === "kind" && this.asked.value) this.parts.sheet.querySelector("form.order input, form.order select, form.order summary")?.focus();
    else if (focus && document.activeElement?.id !== focus) document.getElementById(focus)?.focus({ preventScroll: true });
    else if (["preview", "advice"].includes(this.asked?.act)) { const title = this.parts.extra.querySelector("h2"); title?.setAttribute("tabindex", "-1"); title?.focus(); }
    else if (["add", "remove", "take"].includes(this.asked?.act)) document.getElementById("play-kind")?.focus({ preventScroll: true });
  }

  // A refusal stands at its field.
  faults(faults, moves) {
    for (const place of this.root.querySelectorAll(".fault")) { place.hidden = true; say(place, ""); }
    for (const control of this.root.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
    for (const [path, words] of Object.entries(faults)) {
      const id = `f-${path.replaceAll(/[._]/g, "-")}`, control = document.getElementById(id), place = document.getElementById(`${id}-fault`);
      if (!place) { this.said(words); continue; }
      place.hidden = false;
      say(place, words);
      for (let holder = place.closest("details"); holder && moves; holder = holder.parentElement.closest("details")) holder.open = true;
      const inner = control?.closest("details");
      if (inner && moves) inner.open = true;
      control?.setAttribute("aria-invalid", "true");
      if (moves) control?.focus();
    }
  }

  said(words) {
    const place = this.root.querySelector(".said-order");
    if (place) say(place, words);
  }

  values(form) {
    const found = {};
    for (const control of form.elements) {
      if (!control.name) continue;
      const many = control.type === "checkbox" && control.hasAttribute("value");
      if (many) { found[control.name] ??= []; if (control.checked) found[control.name].push(control.value); }
      else found[control.name] = control.type === "checkbox" ? control.checked : control.value;
    }
    return found;
  }

  click(event) {
    const button = event.target.closest("button[data-act]");
    if (button) this.send({ act: button.dataset.act, value: button.dataset.value });
  }

  change(event) {
    const { change, file } = event.target.dataset;
    if (change) return this.send({ act: change, value: event.target.value });
    if (file && event.target.files.length) return event.target.files[0].text().then((value) => this.send({ act: file, value }));
    this.summary(event.target);
    return this.later(event.target);
  }

  input(event) {
    const filter = event.target.dataset.filter;
    if (filter) return this.filter(document.getElementById(filter), event.target.value);
    return event.target.type === "text" ? this.later(event.target) : null;
  }

  later(control) {
    const form = control.closest("form.order");
    if (!form || form.dataset.form === "start") return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send({ act: "look", values: this.values(form) }), 250);
  }

  // A folded list says what is chosen in it.
  summary(control) {
    const fold = control.closest("details.many"), words = fold?.querySelector("summary");
    if (!words || control.closest(".seats")) return;
    const chosen = [...fold.querySelectorAll("input:checked")].map((box) => box.parentElement.textContent.trim());
    say(words, chosen.join(", ") || "choose…");
  }

  filter(host, text) {
    let left = 0;
    for (const label of host.children) { label.hidden = !label.textContent.toLowerCase().includes(text.trim().toLowerCase()); left += label.hidden ? 0 : 1; }
    host.parentElement.querySelector("[data-none]").hidden = left > 0;
  }

  submit(form) {
    clearTimeout(this.timer);
    if (form.dataset.form === "start" && !form.querySelector("[name=seats]:checked")) {
      this.alert.hidden = false;
      say(this.alert.lastChild, "Number of seats is 0; a game needs 1 or more. Choose a seat.");
      this.alert.scrollIntoView({ block: "nearest" });
      this.root.dataset.step = "failed";
      return;
    }
    this.send({ act: form.dataset.form === "start" ? "start" : "add", values: this.values(form) });
  }

  mend(part) {
    const cells = (table) => [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent));
    for (const slot of part.querySelectorAll(".mapslot")) this.map(slot);
    for (const card of part.querySelectorAll(".card")) {
      const body = card.querySelector(".body"), numbers = card.querySelector(":scope > .numbers"), table = numbers?.querySelector("table");
      if (!table) continue;
      const name = table.dataset.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-"), title = card.querySelector("h2").textContent;
      const draw = () => drawing(body, { title, unit: card.querySelector("header .unit")?.textContent ?? "", source: card.querySelector(":scope > .source")?.textContent ?? "" });
      const acts = [["Show as a table", (button) => { numbers.hidden = !numbers.hidden; body.hidden = !numbers.hidden; say(button, numbers.hidden ? "Show as a table" : "Show the chart"); }],
        ["Download CSV", () => download(`${name}.csv`, csv(cells(table)), "text/csv")]];
      if (body.querySelector("svg.plot")) acts.push(["Download SVG", () => download(`${name}.svg`, draw(), "image/svg+xml")], ["Download PNG", () => picture(draw(), name)]);
      card.querySelector("header").append(menu(acts));
    }
  }

  // A bar below the map moves it through the quarters played; it begins at the last.
  map(slot) {
    const { quarters, shares, flows, places, country, words } = JSON.parse(slot.dataset.map);
    const map = new WorldMap(slot, { url: this.model.get("geometry_url"), places, onPick: () => {}, onHover: () => {} });
    const pairs = flows.map(([from, to]) => [from, to]), none = { rows: 1, columns: pairs.length, data: pairs.map(() => 0) };
    const draw = (n) => map.draw({ value: (code) => shares[code]?.[n] ?? NaN, words, flow: { rows: 1, columns: pairs.length, data: flows.map((f) => f[2][n]) }, wedge: none, row: 0, pairs, selected: country, hover: null, focus: false });
    const under = h("div", { class: "under" }, mapLegend(false));
    if (quarters.length > 1) under.prepend(this.time(quarters, draw));
    slot.append(under);
    draw(quarters.length - 1);
  }

  time(quarters, draw) {
    const last = quarters.length - 1, clock = h("output", { class: "clock", text: quarters[last] });
    const slider = h("input", { type: "range", min: 0, max: last, step: 1, value: last, "aria-label": "Quarter on the map", "aria-valuetext": quarters[last] });
    slider.addEventListener("input", () => { const n = Number(slider.value); say(clock, quarters[n]); slider.setAttribute("aria-valuetext", quarters[n]); slider.style.setProperty("--part", `${(100 * n) / last}%`); draw(n); });
    slider.style.setProperty("--part", "100%");
    return h("div", { class: "map-time" }, clock, slider);
  }
}

export function mountPlay(root, model) {
  const page = new Play(root, model);
  const receive = (content, buffers) => {
    try { page.take(buffers[0]); } catch (error) { console.error(error); root.dataset.failed = String(error); }
  };
  model.on("msg:custom", receive);
  page.send({ act: "hello" });
  return () => model.off("msg:custom", receive);
}
