// The rail: every lever with its unit, its default, a reset and one line on what it does.
import { h, say, trim } from "./dom.js";

const SHOWN = "shown";
const HIDDEN = "101"; // the licence slider's end past 100: as it is

export class Rail {
  constructor(host, send, shown) {
    this.host = host;
    this.shown = shown; // the quarter the page shows
    this.send = send;
    this.controls = new Map();
    this.open = new Set(["bloc"]);
  }

  // Built anew when the mineral, the good levers act on, or the scenario changes; else only values are written.
  show(frame, plan, good) {
    const key = JSON.stringify([frame.mineral, frame.scenario.name, good]);
    if (key !== this.key) { this.key = key; this.build(frame, good); }
    this.plan = plan;
    this.write(plan, good);
  }

  build(frame, good) {
    this.frame = frame;
    this.good = good;
    this.controls.clear();
    this.told = null;
    const info = frame.goods.find((g) => g.good === good), leader = frame.names[info.leader];
    const option = (value, text) => h("option", { value, text });
    const field = (label, control) => h("label", { class: "field" }, h("span", { text: label }), control);
    this.scenario = h("select", { onchange: (e) => this.send({ type: "scenario", value: e.target.value }) }, frame.scenarios.map(([name, title]) => option(name, title)));
    const first = frame.quarters[1], from = () => (this.shown() < first ? first : this.shown());
    this.start = h("select", { onchange: (e) => this.send({ type: "start", value: e.target.value === SHOWN ? from() : e.target.value }) },
      option(SHOWN, "the quarter shown"), frame.quarters.slice(1).map((q) => option(q, q)));
    this.target = h("select", { onchange: (e) => this.send({ type: "target", value: e.target.value }) },
      frame.goods.filter((g) => g.stage !== "mine" || frame.goods.length === 1).map((g) => option(g.good, g.title)));
    this.target.value = good;
    this.bloc = h("select", { onchange: (e) => this.send({ type: "bloc", value: e.target.value }) },
      frame.blocs.map(([name, title]) => option(name, title)));
    const groups = frame.groups.map(([id, title]) => {
      const levers = frame.levers.filter((lever) => lever.group === id && (!lever.goods || lever.goods.includes(good)));
      if (!levers.length) return null;
      const inside = levers.map((lever) => this.lever(lever, info, leader));
      const count = h("span", { class: "count" });
      const group = h("details", { class: "group", open: this.open.has(id) }, h("summary", {}, h("span", { text: title }), count),
        id === "bloc" ? field("Members", this.bloc) : null, inside);
      group.addEventListener("toggle", () => (group.open ? this.open.add(id) : this.open.delete(id)));
      group.counted = [levers, count];
      return group;
    });
    this.groups = groups.filter(Boolean);
    this.resetAll = h("button", { type: "button", class: "quiet", onclick: () => this.send({ type: "reset" }), text: "Reset all" });
    this.host.replaceChildren(
      h("div", { class: "railhead" }, h("h2", { text: "Change something" }), this.resetAll),
      (this.chips = h("ul", { class: "chips", "aria-label": "What you changed" })),
      field("Scenario", this.scenario),
      h("div", { class: "pair" }, field("From", this.start), field("Acting on", this.target)),
      ...this.groups,
      h("div", { class: "take" },
        (this.copy = h("button", { type: "button", onclick: () => this.copyLink(), text: "Copy link" })),
        h("button", { type: "button", onclick: () => this.send({ type: "file" }), text: "Save as a scenario file" })),
      h("p", { class: "fine", text: "The link brings back this scenario with these levers. The file runs with `orebloc run` and gives the same numbers." }));
  }

  async copyLink() {
    try { await navigator.clipboard.writeText(location.href); say(this.copy, "Link copied"); }
    catch { say(this.copy, "Copy it from the address bar"); }
    setTimeout(() => say(this.copy, "Copy link"), 2500);
  }

  lever(lever, info, leader) {
    const unit = lever.unit === "price" ? info.priceUnit : lever.unit, high = lever.unit === "price" ? info.priceTop : lever.high;
    const words = (text) => text.replaceAll("{leader}", leader);
    const id = `lever-${lever.id}`, name = `${lever.id}.${this.good}`;
    const off = String(lever.default);
    const change = (value) => this.send({ type: "lever", id: lever.id, good: this.good, value });
    const reset = h("button", { type: "button", class: "reset", "aria-label": `Reset: ${words(lever.label)}`, onclick: () => change(lever.default), text: "reset" });
    const value = h("output", { for: id });
    let control, write, slide;
    if (lever.kind === "choice") {
      control = h("select", { id, onchange: (e) => change(e.target.value) }, lever.choices.map(([word, text]) => h("option", { value: word, text })));
      write = (v) => { control.value = v; };
    } else if (lever.kind === "switch") {
      control = h("input", { id, type: "checkbox", role: "switch", onchange: (e) => change(e.target.checked ? 1 : 0) });
      write = (v) => { control.checked = Number(v) > 0; };
    } else {
      control = h("input", { id, type: "range", min: lever.low, max: high, step: lever.step, oninput: (e) => { tell(e.target.value); change(Number(e.target.value)); } });
      const tell = (v) => {
        const isOff = String(Number(v)) === String(Number(off)) || String(v) === HIDDEN;
        const text = isOff ? lever.off : `${trim(Number(v), 4)} ${unit}`;
        say(value, text);
        control.setAttribute("aria-valuetext", text);
        control.style.setProperty("--part", `${(100 * (v - lever.low)) / (high - lever.low)}%`);
      };
      slide = h("div", { class: "slide" }, control, h("i", { class: "tick-default", "aria-hidden": "true", title: `as it is: ${lever.off}`, style: `--at: ${(lever.default - lever.low) / (high - lever.low)}` }));
      write = (v) => { if (document.activeElement !== control || String(v) === off) control.value = v; tell(v); };
    }
    this.controls.set(name, { lever, write, reset, control });
    const box = h("div", { class: `lever ${lever.kind}` },
      h("div", { class: "leverhead" }, h("label", { for: id, text: words(lever.label) }), value, reset), slide ?? control,
      h("p", { class: "fine", id: `${id}-effect`, text: words(lever.effect) }),
      h("details", { class: "about fine" }, h("summary", { text: "Source" }), h("p", {}, `${lever.about} `, h("a", { href: "/explore/method", "data-keep": true, text: "More under Method and data" }))));
    control.setAttribute("aria-describedby", `${id}-effect`);
    return box;
  }

  // Everything that is changed, whichever mineral it acts on, each with a way to take it back.
  tellChanges(plan) {
    const key = JSON.stringify([plan.levers, plan.treaty]);
    if (key === this.told) return;
    this.told = key;
    const title = (good) => this.frame.goods.find((g) => g.good === good)?.title ?? good.replaceAll("_", " ");
    const chips = Object.entries(plan.levers).map(([name, value]) => {
      const [id, good = ""] = name.split("."), lever = this.frame.levers.find((l) => l.id === id), info = this.frame.goods.find((g) => g.good === good);
      const unit = lever.unit === "price" ? info?.priceUnit ?? "USD/kg" : lever.unit, words = lever.label.replaceAll("{leader}", this.frame.names[info?.leader] ?? "the exporter");
      const amount = lever.kind === "choice" ? lever.choices.find(([word]) => word === value)?.[1] : lever.kind === "switch" ? "" : `${trim(Number(value), 4)} ${unit}`;
      const text = [words, good ? ` on ${title(good)}` : "", amount ? `: ${amount}` : ""].join("");
      return h("li", {}, h("span", { text }), h("button", { type: "button", "aria-label": `Take back: ${text}`, onclick: () => this.send({ type: "lever", id, good, value: lever.default }), text: "\u00d7" }));
    });
    if (plan.treaty) chips.push(h("li", {}, h("span", { text: `Signed: ${plan.treaty}` }), h("button", { type: "button", "aria-label": `Take back: ${plan.treaty}`, onclick: () => this.send({ type: "unsign" }), text: "\u00d7" })));
    this.chips.replaceChildren(...chips);
    this.chips.hidden = !chips.length;
  }

  write(plan, good) {
    this.scenario.value = plan.scenario;
    if (![...this.start.options].some((o) => o.value === plan.start)) this.start.append(h("option", { value: plan.start, text: plan.start }));
    this.start.value = plan.start;
    if (![...this.bloc.options].some((o) => o.value === plan.bloc)) this.bloc.append(h("option", { value: plan.bloc, text: plan.bloc }));
    this.bloc.value = plan.bloc;
    for (const [name, { lever, write, reset }] of this.controls) {
      const value = plan.levers[name] ?? lever.default;
      write(value);
      reset.hidden = String(value) === String(lever.default);
    }
    for (const group of this.groups) {
      const [levers, count] = group.counted;
      const moved = levers.filter((l) => plan.levers[`${l.id}.${good}`] !== undefined).length;
      say(count, moved ? `${moved} changed` : "");
    }
    this.tellChanges(plan);
    this.resetAll.hidden = !Object.keys(plan.levers).length && !plan.treaty;
  }
}
