// The Explore page: one state, what is asked and answered, levers, time and keys; charts.js draws it.
import { Card } from "./card.js";
import { Charts } from "./charts.js";
import { download, h, put, say, unpack } from "./dom.js";
import { mapLegend, WorldMap } from "./map.js";
import { Plot, tooltip } from "./plot.js";
import { Rail } from "./rail.js";
import { countryTables, eventTables, mapTables, priceTables, streamTables, tradeTables, volumeTables } from "./table.js";
import { waiting } from "./wait.js";

const SPEEDS = [2, 5, 10];

class Explore extends Charts {
  constructor(root, model) {
    super();
    this.model = model;
    this.root = root;
    this.sent = new Map();
    this.number = 0;
    this.quarter = 0;
    this.run = {};
    this.base = {};
    this.fan = null;
    this.wait = waiting(root, "Running the world…");
  }

  send(message) {
    if (isLost() && message.type !== "hello") return;
    this.pending(message);
    const number = ++this.number;
    this.sent.clear();
    this.sent.set(number, performance.now());
    this.root.dataset.asked = number; // with `number`, of the last answer, it tells whether this has been answered
    for (const name of ["msPreview", "msExact", "msFan", "step"]) delete this.root.dataset[name];
    if (this.board && message.type !== "file") this.slow ??= setTimeout(() => { this.board.classList.add("busy"); say(this.status, "Working it out…"); }, 300);
    this.model.send({ ...message, number, shown: this.shown() });
  }

  // What is asked stands in the address at once, so that it is not lost with the connection.
  pending({ type, id, good, value }) {
    if (!this.frame) return;
    const words = new URLSearchParams(location.search), name = good ? `${id}.${good}` : id;
    if (type === "lever") {
      if (String(this.frame.levers.find((lever) => lever.id === id).default) === String(value)) words.delete(name);
      else words.set(name, value);
    } else if (type === "start" || type === "bloc") words.set(type === "start" ? "from" : "bloc", value);
    else if (type === "reset") for (const key of [...words.keys()]) { if (key === "treaty" || this.frame.levers.some((l) => l.id === key.split(".")[0])) words.delete(key); }
    else return;
    if (!words.has("from")) { words.set("from", this.plan.start); words.set("bloc", this.plan.bloc); }
    history.replaceState(history.state, "", `${location.pathname}?${words}`);
  }

  shown() {
    return { mineral: this.frame?.mineral ?? "", good: this.good ?? "", country: this.country ?? "", quarter: this.frame?.quarters[this.quarter] ?? "", colour: this.colour ?? "" };
  }

  take(buffer) {
    const { header, arrays } = unpack(buffer);
    const stale = header.number !== undefined && header.number !== this.number;
    if (stale && ["fan", "risk"].includes(header.kind)) return;
    if (header.kind === "progress") { if (!stale && this.root.dataset.step === undefined) say(this.status, `Working it out… ${header.done} of ${header.of} quarters`); return; }
    if (!stale) { clearTimeout(this.slow); this.slow = null; this.board?.classList.remove("busy"); }
    if (header.kind === "error") return this.fail(header);
    if (header.kind === "file") return download(header.name, header.text, "application/toml");
    if (header.kind === "notice") return this.notice(header.texts);
    if (header.kind === "frame") this.takeFrame(header, arrays);
    else if (header.kind === "run") this.takeRun(header, arrays);
    else if (header.kind === "fan") { this.fan = { ...arrays, runs: header.runs }; this.root.dataset.runs = header.runs; this.frame.off = header.off; this.draw("fan"); }
    else if (header.kind === "risk") { this.risk = arrays; this.riskYears = header.years; this.draw("risk"); }
    if (header.number !== undefined && !stale) this.mark(header);
  }

  mark(header) {
    const sent = this.sent.get(header.number), step = header.step ?? header.kind;
    requestAnimationFrame(() => {
      this.root.dataset.step = step;
      this.root.dataset.number = header.number;
      if (sent !== undefined) this.root.dataset[`ms${step[0].toUpperCase()}${step.slice(1)}`] = (performance.now() - sent).toFixed(1);
    });
  }

  fail(header) {
    if (this.frame) this.headline();
    else this.wait();
    if (!this.errorBox) return this.failFirst(header);
    this.tellError("That did not work", header.message);
    this.root.dataset.step = "failed";
    this.root.dataset.number = header.number;
    if (header.plan) { this.plan = header.plan; this.rail?.show(this.frame, this.plan, this.target); }
    if (header.link) { this.frame.link = header.link; this.address(); }
  }

  tellError(head, words) {
    say(this.errorBox.firstChild, head);
    say(this.errorText, words);
    this.errorBox.hidden = false;
  }

  // Something to know that nothing failed over: what a link said and this version does not have.
  notice(words) {
    this.noticeBox.hidden = !words.length;
    this.noticeText.replaceChildren(...words.map((text) => h("p", { text })));
  }

  // Called when the line to the server breaks or comes back: without it no lever is answered.
  connection() {
    if (!this.frame) return;
    const lost = isLost();
    this.railHost.inert = this.mineralChoice.disabled = lost;
    this.railHost.classList.toggle("off", lost);
    if (!lost && this.root.dataset.asked !== this.root.dataset.number) location.reload(); // the answer went lost
  }

  // The first answer is an error: nothing can be shown but what is wrong, and a way on.
  failFirst(header) {
    this.root.replaceChildren(h("div", { class: "page" }, h("h1", { class: "finding", text: "The scenario cannot be shown" }),
      h("div", { class: "error", role: "alert" }, h("b", { text: "What is wrong" }), h("p", { text: header.message })), h("p", {}, h("a", { href: "/explore/?scenario=baseline", text: "Open the baseline instead" }))));
    this.root.dataset.step = "failed";
  }

  takeFrame(header, arrays) {
    this.wait();
    const first = !this.frame, before = this.frame?.mineral;
    this.frame = header;
    this.plan = header.plan;
    this.target = header.target;
    this.base = pick(arrays, "b/");
    this.run = pick(arrays, "r/");
    this.titles = header.titles;
    this.events = header.events;
    this.idle = header.idle ?? [];
    this.fan = this.risk = null;
    if (first) {
      this.country = header.shown.country;
      this.colour = header.shown.colour || "share";
      this.quarter = Math.max(0, header.quarters.indexOf(header.shown.quarter));
    }
    this.quarter = Math.min(this.quarter, header.quarters.length - 1);
    if (before !== header.mineral || !header.goods.some((g) => g.good === this.good)) this.good = header.shown.good;
    if (first || this.builtFor !== header.quarters.length) this.build();
    if (first) {
      this.questions.open = this.same(); // whoever comes with changes wants their answer first
      this.notice([...(header.notices ?? []), ...(wasRestored() ? ["Restored: the connection is back, and the page shows what its address says."] : [])]);
    }
    this.setGoods();
    this.errorBox.hidden = true;
    this.rail.show(this.frame, this.plan, this.target);
    this.draw("all");
    this.address();
  }

  takeRun(header, arrays) {
    this.plan = header.plan;
    this.questions.open &&= this.same();
    this.titles = header.titles;
    this.events = header.events;
    if (header.idle) this.idle = header.idle;
    this.run = pick(arrays, "r/");
    this.fan = this.risk = null;
    delete this.root.dataset.runs;
    this.frame.link = header.link;
    this.errorBox.hidden = true;
    this.rail.show(this.frame, this.plan, this.target);
    this.draw("run");
    this.address();
  }

  address() {
    const words = new URLSearchParams(this.frame.link);
    for (const [name, value] of Object.entries(this.shown())) if (value) words.set(name, value);
    history.replaceState(history.state, "", `${location.pathname}?${words}`);
  }

  get info() { return this.frame.goods.find((g) => g.good === this.good); }
  get thing() {
    const { title } = this.info, [first, stage] = title.split(" ");
    const word = /[A-Z].*[A-Z]|\//.test(first) ? first : first.toLowerCase();
    return !stage ? (word === "magnets" ? "permanent magnets" : word) : stage === "refined" ? `refined ${word}` : `${word} ${stage}`;
  }
  short(code) { return this.frame.short[code] ?? this.name(code); }
  told(chart) { return this.titles[this.good]?.[chart] ?? ""; }
  get name() { return (code) => this.frame.names[code] ?? code; }
  same() { return !Object.keys(this.plan.levers).length && !this.plan.treaty; }
  r(name, good = this.good) { return this.run[`${good}/${name}`]; }
  b(name, good = this.good) { return this.base[`${good}/${name}`]; }

  // ------------------------------------------------------------------------------------------- what is on the page
  build() {
    const { quarters, minerals, names, countries } = this.frame;
    this.builtFor = quarters.length;
    const option = (value, text) => h("option", { value, text });
    this.railHost = h("aside", { class: "rail", id: "levers", "aria-label": "Levers" });
    this.rail = new Rail(this.railHost, (message) => this.send(message), () => this.frame.quarters[this.quarter]);
    this.mineralChoice = h("select", { "aria-label": "Mineral", onchange: (e) => this.send({ type: "mineral", value: e.target.value }) }, minerals.map(([id, title]) => option(id, title)));
    this.stageChoice = h("div", { class: "stages", role: "group", "aria-label": "Stage" });
    const by = [...countries].filter((c) => c !== "OTH").sort((a, b) => names[a].localeCompare(names[b]));
    this.countryChoice = h("select", { "aria-label": "Country", onchange: (e) => this.pick(e.target.value) }, by.map((code) => option(code, names[code])));
    this.leversButton = h("button", { type: "button", class: "levers-open", "aria-expanded": "false", "aria-controls": "levers", onclick: () => this.openRail(), text: "Levers" });
    this.finding = h("h1", { class: "finding" });
    this.status = h("p", { class: "status", role: "status" });
    this.whyLink = h("a", { class: "why", onclick: () => { this.whyLink.href = `/explore/why${this.whyWords()}`; }, href: "/explore/why" });
    this.errorText = h("p");
    this.errorBox = h("div", { class: "error", role: "alert", hidden: true }, h("b", { text: "That did not work" }), this.errorText,
      h("button", { type: "button", onclick: () => { this.errorBox.hidden = true; }, text: "Close" }));
    this.noticeText = h("div");
    this.noticeBox = h("div", { class: "notice", role: "status", hidden: true }, this.noticeText, h("button", { type: "button", onclick: () => { this.noticeBox.hidden = true; }, text: "Close" }));
    this.tiles = h("dl", { class: "tiles" });
    this.riskLine = h("p", { class: "fine", hidden: true });
    this.cards = {
      map: new Card("map", "", { wide: "wide", also: ["flows"] }), country: new Card("country", ""), streams: new Card("streams", "", { wide: "full" }),
      price: new Card("price", "", { wide: "half" }), volume: new Card("volume", "", { wide: "half" }), trade: new Card("trade", "", { wide: "half" }), timeline: new Card("timeline", "", { wide: "half" }),
    };
    this.board = h("div", { class: "board" }, Object.values(this.cards).map((card) => card.element));
    this.makeExamples();
    this.makeCharts();
    this.makeBar();
    const top = h("div", { class: "sentence" }, this.leversButton, this.mineralChoice, h("span", { class: "asked" }, h("span", { text: "seen from" }), this.countryChoice), this.stageChoice);
    const page = h("div", { class: "page" }, top, this.noticeBox, this.errorBox, this.finding, h("div", { class: "said" }, this.status, this.whyLink), this.examples, this.tiles, this.riskLine, this.board);
    this.root.replaceChildren(h("div", { class: "explore" }, this.railHost, page), this.bar);
    new ResizeObserver(() => this.resize()).observe(page);
  }

  // Questions to start with, on the first visits; closed for good by whoever closes them.
  makeExamples() {
    const key = "orebloc-examples", kept = (() => { try { return localStorage.getItem(key); } catch { return null; } })();
    const close = h("button", { type: "button", class: "quiet", text: "Hide these", onclick: () => { this.examples.hidden = true; try { localStorage.setItem(key, "closed"); } catch { /* only for this page then */ } } });
    this.examples = h("nav", { class: "examples", "aria-label": "Questions to start with", hidden: kept === "closed" || !this.frame.examples.length },
      this.questions = h("details", {}, h("summary", { text: "Start with a question" }), h("ul", {}, this.frame.examples.map(([text, address]) => h("li", {}, h("a", { href: address, text }))))), close);
  }

  openRail() {
    const open = this.railHost.classList.toggle("open");
    put(this.leversButton, "aria-expanded", String(open));
  }

  makeCharts() {
    const { frame } = this, pickQuarter = (position) => this.go(position);
    this.map = new WorldMap(this.cards.map.body, { url: this.model.get("geometry_url"), places: frame.places, onPick: (code) => this.pick(code), onHover: (code) => this.hover(code), onReady: () => this.drawMap() });
    this.colourChoice = h("div", { class: "switch", role: "group", "aria-label": "Colour" },
      [["share", "Who makes it"], ["dependence", "Who depends on one supplier"], ["use", "Who uses it"]].map(([id, text]) =>
        h("button", { type: "button", "data-id": id, onclick: () => { this.colour = id; this.draw("map"); this.address(); }, text })));
    this.legend = mapLegend(true);
    this.cards.map.body.after(h("div", { class: "under" }, this.colourChoice, this.legend));
    this.streams = new Map();
    this.streamIds = this.tradeKey = null; // else what a run of another length had drawn would be taken to be there
    this.streamHost = h("div", { class: "multiples" });
    this.cards.streams.body.append(this.streamHost);
    const plain = { onPick: pickQuarter };
    this.pricePlot = new Plot(this.cards.price.body, { ...plain, height: 250, right: 96, onHover: (i, e) => this.hoverPrice(i, e) });
    this.priceTip = tooltip(this.cards.price.body);
    this.volumePlot = new Plot(this.cards.volume.body, { ...plain, height: 250, right: 96 });
    this.suppliers = h("div", { class: "suppliers" });
    this.cards.country.body.append(this.suppliers);
    this.matrix = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Who supplies whom" });
    this.cards.trade.body.append(this.matrix);
    this.list = h("ol", { class: "events", tabindex: "0", "aria-label": "Measures and treaties by date" });
    this.cards.timeline.body.append(this.list);
    const tables = { map: mapTables, streams: streamTables, price: priceTables, volume: volumeTables, trade: tradeTables, country: countryTables, timeline: eventTables };
    for (const [name, make] of Object.entries(tables)) this.cards[name].tables = () => make(this);
  }

  makeBar() {
    const { quarters } = this.frame, button = (label, text, act) => h("button", { type: "button", "aria-label": label, onclick: act, text });
    this.playButton = button("Play", "▶", () => this.play());
    this.speed = h("select", { "aria-label": "Speed" }, SPEEDS.map((n) => h("option", { value: n, text: `${n} a second`, selected: n === 5 })));
    this.slider = h("input", { type: "range", min: 0, max: quarters.length - 1, step: 1, "aria-label": "Quarter", oninput: (e) => this.go(Number(e.target.value)) });
    this.marks = h("div", { class: "marks", "aria-hidden": "true" });
    this.clock = h("output", { class: "clock" });
    this.bar = h("div", { class: "bar", role: "group", "aria-label": "Time" }, this.playButton,
      button("One quarter back", "‹", () => this.go(this.quarter - 1)), button("One quarter on", "›", () => this.go(this.quarter + 1)), this.clock,
      h("div", { class: "track" }, this.marks, this.slider), this.speed);
  }

  // A key pressed anywhere on the page, unless it is for a control or goes with Ctrl, Alt or Meta.
  key(event) {
    if (!this.frame || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest?.("input, select, textarea, button, summary, a, [role=region], [contenteditable]")) return;
    const on = (by) => () => this.go(this.quarter + by), reset = () => { if (!this.same()) this.send({ type: "reset" }); };
    const act = { " ": () => this.play(), ArrowRight: on(1), ArrowLeft: on(-1), r: reset, R: reset }[event.key];
    if (act) { event.preventDefault(); act(); }
  }

  play() {
    if (this.playing) { cancelAnimationFrame(this.playing); this.playing = null; }
    else {
      if (this.quarter >= this.frame.quarters.length - 1) this.go(0);
      let last = performance.now();
      const tick = (now) => {
        const wait = 1000 / Number(this.speed.value);
        if (now - last >= wait - 4) {
          last = Math.max(last + wait, now - wait);
          this.go(this.quarter + 1);
          this.root.dataset.frames = Number(this.root.dataset.frames ?? 0) + 1;
        }
        if (this.quarter < this.frame.quarters.length - 1) this.playing = requestAnimationFrame(tick);
        else this.play();
      };
      this.playing = requestAnimationFrame(tick);
    }
    say(this.playButton, this.playing ? "❚❚" : "▶");
    put(this.playButton, "aria-label", this.playing ? "Pause" : "Play");
  }

  go(position) {
    const next = Math.max(0, Math.min(this.frame.quarters.length - 1, position));
    if (next === this.quarter && this.drawnQuarter === next) return;
    this.quarter = next;
    this.draw("quarter");
    clearTimeout(this.later);
    this.later = setTimeout(() => this.address(), 300);
  }

  pick(code) {
    if (![...this.countryChoice.options].some((o) => o.value === code)) return;
    this.country = this.countryChoice.value = code;
    this.draw("country");
    this.address();
  }

  hover(code) {
    if (code === this.hovered) return;
    this.hovered = code;
    for (const [, stream] of this.streams) stream.plot.svg.querySelectorAll(".band").forEach((band) => band.classList.toggle("dim", Boolean(code) && band.dataset.code !== code));
  }

  choose(good) {
    this.good = good;
    const lever = this.info.stage !== "mine" || this.frame.goods.length === 1;
    if (lever && this.same()) this.send({ type: "target", value: good }); // whoever has moved a lever goes on with its good
    this.setGoods();
    this.draw("all");
    this.resize();
    this.address();
  }

  setGoods() {
    this.mineralChoice.value = this.frame.mineral;
    const list = this.frame.goods;
    this.stageChoice.replaceChildren(...list.map((g) => h("button", { type: "button", "aria-pressed": String(g.good === this.good), onclick: () => this.choose(g.good), text: g.title })));
    this.stageChoice.hidden = list.length < 2;
    if (![...this.countryChoice.options].some((o) => o.value === this.country)) this.country = this.countryChoice.options[0].value;
    this.countryChoice.value = this.country;
  }

  resize() {
    const plots = [this.pricePlot, this.volumePlot, ...[...this.streams.values()].map((v) => v.plot)];
    const moved = plots.map((plot) => plot.measure()).some(Boolean);
    if (moved) this.draw("all");
  }

  // What the heading tells is asked about: the leader's share, unless nothing is changed.
  whyWords() {
    const words = new URLSearchParams(location.search);
    if (!this.same()) for (const [key, value] of [["question", "change"], ["metric", "production_share"], ["country", this.info.leader], ["at", this.frame.quarters[this.quarter]]]) words.set(`ask.${key}`, value);
    return `?${words}`;
  }
}

const isLost = () => document.documentElement.dataset.line === "lost";
const wasRestored = () => { try { const was = sessionStorage.getItem("orebloc-lost"); sessionStorage.removeItem("orebloc-lost"); return Boolean(was); } catch { return false; } };

function pick(arrays, prefix) {
  return Object.fromEntries(Object.entries(arrays).filter(([name]) => name.startsWith(prefix)).map(([name, array]) => [name.slice(prefix.length), array]));
}

export function mountExplore(root, model) {
  const page = new Explore(root, model);
  const receive = (content, buffers) => {
    try { page.take(buffers[0]); }
    catch (error) {
      console.error(error);
      root.dataset.failed = String(error);
      if (page.errorBox?.isConnected) page.tellError("The page could not be drawn", `${error}. Reload it; your levers are in the address.`);
      else root.replaceChildren(h("div", { class: "error", role: "alert" }, h("b", { text: "The page could not be drawn" }), h("p", { text: `${error}` })));
    }
  };
  const key = (event) => page.key(event), line = () => page.connection();
  model.on("msg:custom", receive);
  document.addEventListener("keydown", key);
  document.addEventListener("orebloc-line", line);
  page.send({ type: "hello" });
  return () => {
    model.off("msg:custom", receive);
    document.removeEventListener("keydown", key);
    document.removeEventListener("orebloc-line", line);
    if (page.playing) cancelAnimationFrame(page.playing);
  };
}
