// How Explore draws what it holds: headline, tiles, map, streams, prices, volumes, suppliers, trade and measures.
import { at, h, money, percent, put, s, say, short, signed, tonnes, trim } from "./dom.js";
import { niceTop, Plot, tooltip } from "./plot.js";
import { matrix, VOLUMES } from "./table.js";

const MARK = 0.65;
const rowsOf = (array, column = 0) => Array.from({ length: array.rows }, (_, row) => at(array, row, column));
const count = (n) => `${n} measure${n === 1 ? "" : "s"}`;
const measured = (mine, all) => (!all ? "No measure bears on this market" : mine ? `${count(mine)} ${mine === 1 ? "is" : "are"} yours, ${all - mine || "none"} ${all - mine === 1 ? "is" : "are"} the scenario's` : `${count(all)} shape${all === 1 ? "s" : ""} this market`);
const points = (v) => (Math.abs(v) < 9.95 ? Math.abs(v).toFixed(1) : Math.abs(v).toFixed(0));
const plotLength = (fan, good, side) => fan[`${good}/${side}`].columns;

// What is drawn is the page's: `frame` what does not change, `run` and `base` arrays by name, `good`, `country`, `quarter`.
export class Charts {
  draw(what) {
    const started = performance.now(), all = what === "all" || what === "run";
    this.drawnQuarter = this.quarter;
    this.headline();
    if (all || what === "fan") this.drawPrice();
    if (all) { this.drawStreams(); this.drawVolume(); this.drawEvents(); }
    const map = performance.now();
    if (all || ["quarter", "country", "map"].includes(what)) {
      this.drawMap();
      this.root.dataset.msMap = (performance.now() - map).toFixed(1);
    }
    if (all || what === "quarter" || what === "country") { this.drawSuppliers(); this.drawTrade(); this.cursors(); }
    for (const card of Object.values(this.cards)) card.fill();
    if (all) this.root.dataset.msDraw = (performance.now() - started).toFixed(1);
    this.root.dataset.quarter = this.frame.quarters[this.quarter];
  }

  cursors() {
    for (const plot of [this.pricePlot, this.volumePlot, ...[...this.streams.values()].map((v) => v.plot)]) plot.at(this.quarter);
    this.slider.value = this.quarter;
    put(this.slider, "aria-valuetext", this.frame.quarters[this.quarter]);
    say(this.clock, this.frame.quarters[this.quarter]);
    for (const item of this.list.children) item.classList.toggle("now", item.from <= this.quarter && (item.until ?? 1e9) >= this.quarter);
  }

  headline() {
    const { info, frame, quarter } = this, leader = this.name(info.leader), k = info.makers.indexOf(info.leader);
    const share = at(this.r("share"), quarter, k), before = at(this.b("share"), quarter, k), gap = 100 * (share - before);
    const title = this.thing;
    const against = this.same() ? "" : Math.abs(gap) < 0.05 ? ", as in the baseline" : `, ${points(gap)} points ${gap < 0 ? "less" : "more"} than in the baseline`;
    say(this.finding, Number.isFinite(share) ? `${leader} makes ${percent(share)} of the world's ${title} in ${frame.quarters[quarter]}${against}` : `Nobody makes ${title} in ${frame.quarters[quarter]}`);
    const isGame = frame.scenario.name.startsWith("class:") || frame.scenario.name.endsWith(".orebloc");
    const is = isGame ? `This is the class's own game: ${frame.scenario.title}` : frame.scenario.name.startsWith("study:") ? `This is ${frame.scenario.title}, with the numbers the study holds` : "This is the scenario as it stands";
    const words = this.same() ? `${is}. Move a lever to see what it does.` : `Changes hold from ${this.plan.start}${this.plan.treaty ? `, with ${this.plan.treaty}` : ""}. Dashed lines: the ${isGame ? "game" : "scenario"} without them.`;
    say(this.whyLink, this.same() ? "Why did its price move?" : "Why this difference?");
    const idle = this.idle?.length ? ` Without effect: ${this.idle.join("; ")}.` : "";
    say(this.status, words + idle);
    const unit = info.priceFactor, perKg = (v) => `$${trim(v / unit, 3)}`, kg = info.priceUnit.replace("USD/", "per ");
    const tile = [];
    const push = (label, value, note, path, base, good = 0) => tile.push({ label, value, note, path, base, good });
    const change = (a, b) => (this.same() ? "" : Math.abs(a / b - 1) < 0.0005 ? "as baseline" : `${signed(100 * (a / b - 1), (v) => trim(v, 2))} %`);
    for (const side of ["outside", "inside"]) {
      const now = at(this.r(side), quarter), then = at(this.b(side), quarter);
      push(`Price ${side} ${leader}`, Number.isFinite(now) ? perKg(now) : "none", [kg, change(now, then)].filter(Boolean).join(" · "), rowsOf(this.r(side)), rowsOf(this.b(side)));
    }
    push(`${leader}'s share`, percent(share), this.same() ? `of world output` : Math.abs(gap) < 0.05 ? "as baseline" : `${signed(gap, points)} points to baseline`, rowsOf(this.r("share"), k), rowsOf(this.b("share"), k));
    this.riskTile(push);
    this.costTile(push);
    const path = rowsOf(this.r("share"), k), first = path.findIndex((v) => v <= MARK);
    const basis = rowsOf(this.b("share"), k).findIndex((v) => v <= MARK);
    const name = (n) => (n < 0 ? "not by " + frame.quarters.at(-1).slice(0, 4) : n === 0 ? "already" : `${n} quarters`);
    push(`${leader} at 65 % or less`, name(first), first > 0 ? `${frame.quarters[first]}${this.same() ? "" : ` · baseline ${name(basis)}`}` : this.same() ? "the mark for one supplier" : `baseline: ${name(basis)}`, null, null);
    this.writeTiles(tile);
  }

  // What a year without the largest exporter costs, net, and to whom; the line below the tiles says how it is counted.
  riskTile(push) {
    const risk = (name) => this.risk[name], here = this.risk?.[`r/${this.good}`];
    this.riskLine.hidden = !here;
    if (!here) return push("A year without the leader", "…", "being worked out", null, null);
    const column = this.frame.countries.indexOf(this.country), row = Math.max(this.riskYears.findLastIndex((q) => q <= this.quarter), 0);
    const now = at(here, row, column), then = at(risk(`b/${this.good}`), row, column), country = this.name(this.country);
    const exporter = this.name(this.frame.countries[at(risk(`r/${this.good}/leader`), row)]);
    const change = this.same() || Math.abs(now - then) < 5e4 ? "" : ` · ${signed(now - then, money)}`;
    push(`A year without ${exporter}`, now > 5e4 ? money(now) : "no net loss", `net, to ${country}${change}`, null, null);
    const lost = [["users", "users"], ["producers", "producers"], ["treasury", "the treasury"]].map(([part, who]) => [who, at(risk(`r/${this.good}/${part}`), row, column)]);
    const words = lost.filter(([, usd]) => Math.abs(usd) >= 5e4).map(([who, usd]) => `${who} ${usd > 0 ? "lose" : "gain"}${who === "the treasury" ? "s" : ""} ${money(Math.abs(usd))}`);
    say(this.riskLine, `A year without ${exporter}: it ships most ${this.thing} across borders; were it to ship none for a year, ${words.length ? `in ${country} ${words.join(", ")}` : `${country} would hardly notice`}. The cost is net of all goods' users, producers and the treasury, stocks help out, and a net gain counts as none.`);
  }

  costTile(push) {
    const column = this.frame.countries.indexOf(this.country), first = Math.max(0, this.frame.quarters.indexOf(this.plan.start));
    const run = this.run.welfare, base = this.base.welfare, path = [];
    let sum = 0;
    for (let i = 0; i < run.rows; i++) { if (i >= first) sum -= at(run, i, column) - at(base, i, column); path.push(sum); }
    const cost = this.same() ? 0 : path[this.quarter];
    const label = cost < -5e4 ? `Gain of ${this.name(this.country)}` : `Cost to ${this.name(this.country)}`;
    const note = this.same() ? "nothing changed yet" : this.quarter < first ? `from ${this.plan.start} on` : `welfare, ${this.plan.start.slice(0, 4)} to ${this.frame.quarters[this.quarter].slice(0, 4)}`;
    push(label, this.same() ? "$0" : money(Math.abs(cost)), note, this.same() ? null : path, null);
  }

  writeTiles(tiles) {
    if (this.tiles.children.length !== tiles.length) {
      this.tiles.replaceChildren(...tiles.map(() => h("div", { class: "tile" }, h("dt"), h("dd", { class: "value" }), h("dd", { class: "note" }), h("dd", { class: "spark" }))));
      for (const box of this.tiles.children) {
        const spark = s("svg", { viewBox: "0 0 120 26", "aria-hidden": "true", preserveAspectRatio: "none" }, box.lastChild);
        for (const name of ["ghost", "line", "dot"]) box[name] = s(name === "dot" ? "circle" : "path", { class: name, r: 0 }, spark);
      }
    }
    tiles.forEach((tile, n) => {
      const box = this.tiles.children[n];
      say(box.children[0], tile.label); say(box.children[1], tile.value); say(box.children[2], tile.note);
      const both = [...(tile.path ?? []), ...(tile.base ?? [])].filter(Number.isFinite);
      const low = Math.min(...both), span = Math.max(...both) - low || 1;
      const path = (values) => (values ?? []).map((v, i) => (Number.isFinite(v) ? `${i && Number.isFinite(values[i - 1]) ? "L" : "M"}${((120 * i) / (values.length - 1)).toFixed(1)} ${(24 - (22 * (v - low)) / span).toFixed(1)}` : "")).join("");
      put(box.line, "d", path(tile.path));
      put(box.ghost, "d", this.same() ? "" : path(tile.base));
      box.lastChild.classList.toggle("empty", !tile.path);
    });
  }

  drawMap() {
    const { info, quarter } = this, column = new Map((this.colour === "share" ? info.makers : info.users).map((code, n) => [code, n]));
    const array = this.r(this.colour);
    const words = { share: `share of world output of ${this.thing}`, dependence: "largest foreign supplier's part of purchases", use: "share of world use" }[this.colour];
    for (const button of this.colourChoice.children) put(button, "aria-pressed", String(button.dataset.id === this.colour));
    const counted = this.map.draw({
      value: (code) => (column.has(code) ? at(array, quarter, column.get(code)) : NaN), words: words[0].toUpperCase() + words.slice(1),
      flow: this.r("flow"), wedge: this.r("wedge"), row: quarter, pairs: info.pairs, selected: this.country, hover: null, focus: false,
    });
    const trade = counted ? `Largest ${counted.shown} flows of the quarter shown${counted.hidden > 0 ? `, ${counted.hidden} smaller ones left out` : ""}${counted.held ? `; ${counted.held} held back` : ""}.` : "";
    const question = { share: `Who makes ${this.thing}, and who ships it to whom?`, dependence: `Who depends on one supplier of ${this.thing}?`, use: `Who uses ${this.thing}?` }[this.colour];
    this.cards.map.say(question, `Colour: ${words}, ${this.frame.quarters[quarter]}. ${trade}`, `${this.frame.source}. Natural Earth borders, simplified; no position on disputed ones. Other countries are grey.`);
  }

  drawStreams() {
    const { frame } = this, goods = frame.goods;
    const ids = goods.map((g) => g.good).join();
    if (ids !== this.streamIds) {
      this.streamIds = ids;
      this.streams.clear();
      this.streamHost.replaceChildren();
      for (const g of goods) {
        const host = h("div", { class: "stream" }), title = h("h3"), under = h("p", { class: "unit" });
        host.append(title, under);
        this.streamHost.append(host);
        const tip = tooltip(host), height = goods.length > 3 ? 190 : goods.length > 1 ? 240 : 300;
        const plot = new Plot(host, { height, left: 46, right: 112, onPick: (i) => this.go(i - 1),
          onHover: (i, event) => { if (i === null) { tip.hide(); this.hover(null); } else this.hoverStream(g, i, event, tip); } });
        this.streams.set(g.good, { host, title, under, plot, tip });
      }
    }
    this.streamHost.className = `multiples n${Math.min(goods.length, 4)}${goods.length % 3 === 1 && goods.length > 3 ? " led" : ""}`;
    for (const g of goods) this.drawStream(g);
    const info = this.info;
    this.cards.streams.say("Who holds the market, stage by stage", `Share of world output${this.same() ? "" : "; dashed: the leader's share without the changes"}`, `${frame.source}. Recycling apart. First point: base year ${frame.scenario.baseYear}.`);
    for (const [good, stream] of this.streams) stream.host.classList.toggle("chosen", good === info.good && goods.length > 1);
    if ([...this.streams.values()].map((stream) => stream.plot.measure()).some(Boolean)) for (const g of goods) this.drawStream(g);
  }

  drawStream(g) {
    const { title, under, plot } = this.streams.get(g.good), share = this.r("share", g.good), ghost = this.b("share", g.good);
    say(title, g.title);
    say(under, this.titles[g.good]?.share ?? "");
    put(plot.svg, "aria-label", this.titles[g.good]?.share ?? g.title);
    plot.labels = [String(this.frame.scenario.baseYear), ...this.frame.quarters];
    plot.top = 1;
    plot.axes((v) => percent(v, 0), 2);
    const below = new Float64Array(plot.labels.length), ends = [];
    g.order.forEach((k, n) => {
      const code = g.makers[k], low = Array.from(below), high = [];
      for (let i = 0; i < below.length; i++) { below[i] += i ? at(share, i - 1, k) || 0 : g.base[k]; high.push(Math.min(below[i], 1)); }
      plot.area(`band${n}`, low, high, { class: "band", colour: this.frame.colours[code] }).dataset.code = code;
      const size = high.at(-1) - low.at(-1);
      if (size > 0.025) ends.push({ word: this.frame.short[code] ?? this.name(code), value: (high.at(-1) + low.at(-1)) / 2, colour: this.frame.colours[code] });
    });
    const low = Array.from(below, (v) => Math.min(v, 1));
    plot.area("rest", low, low.map(() => 1), { class: "band", colour: this.frame.colours.OTH });
    if (1 - low.at(-1) > 0.025) ends.push({ word: "others", value: (1 + low.at(-1)) / 2, colour: this.frame.colours.OTH });
    plot.drop("band", g.order.length);
    plot.ends(ends);
    const lead = g.order[0];
    plot.line("ghost", this.same() || lead === undefined ? [] : [g.base[lead], ...rowsOf(ghost, lead)], { class: "ghost over" });
    if (plot.kept.get("ghost")) plot.front.prepend(plot.kept.get("ghost"));
    plot.at(this.quarter + 1);
  }

  hoverStream(g, i, event, tip) {
    const share = this.r("share", g.good), values = g.order.map((k) => [g.makers[k], i ? at(share, i - 1, k) : g.base[k]]);
    tip.show(event, [i ? this.frame.quarters[i - 1] : String(this.frame.scenario.baseYear), ...values.filter(([, v]) => v > 0.005).map(([code, v]) => `${this.name(code)} ${percent(v)}`)]);
  }

  drawPrice() {
    const { info, pricePlot: plot } = this, leader = this.name(info.leader), factor = info.priceFactor;
    const values = (array) => rowsOf(array).map((v) => v / factor), sides = { inside: values(this.r("inside")), outside: values(this.r("outside")) };
    const ghosts = { inside: values(this.b("inside")), outside: values(this.b("outside")) };
    const fan = (side) => (this.fan?.[`${this.good}/${side}`] ? [0, 1, 2, 3, 4].map((row) => Array.from({ length: plotLength(this.fan, this.good, side) }, (_, i) => at(this.fan[`${this.good}/${side}`], row, i) / factor)) : null);
    const fans = { inside: fan("inside"), outside: fan("outside") };
    const largest = Math.max(...[...sides.inside, ...sides.outside, ...ghosts.inside, ...ghosts.outside, ...(fans.outside?.[3] ?? []), ...(fans.inside?.[3] ?? [])].filter(Number.isFinite), 0);
    plot.labels = this.frame.quarters;
    plot.top = niceTop(largest);
    plot.axes((v) => trim(v, 3));
    for (const side of ["outside", "inside"]) {
      plot.area(`fan-${side}`, fans[side]?.[0] ?? [], fans[side]?.[3] ?? [], { class: `fan ${side}` });
      plot.area(`core-${side}`, fans[side]?.[1] ?? [], fans[side]?.[2] ?? [], { class: `fan core ${side}` });
      plot.line(`median-${side}`, fans[side]?.[4] ?? [], { class: `median ${side}` });
      plot.line(`ghost-${side}`, this.same() ? [] : ghosts[side], { class: `ghost ${side}` });
      plot.line(`line-${side}`, sides[side], { class: side });
    }
    const last = (path) => path.findLast(Number.isFinite);
    const style = getComputedStyle(this.root), ends = [];
    for (const side of ["inside", "outside"]) if (last(sides[side]) !== undefined) ends.push({ word: side, value: last(sides[side]), colour: style.getPropertyValue(`--${side}`) });
    plot.ends(ends);
    put(plot.svg, "aria-label", this.titles[this.good]?.price ?? "");
    const off = this.frame.off?.[this.good] ?? 0, apart = off < 0.0005 ? "less than 0.1 %" : `up to ${percent(off, 1)}`;
    const bands = this.fan ? `. Bands: half and nine tenths of ${this.fan.runs} runs with other luck and uncertain parameters, dotted their median; each line is one run. Bands are of this mineral by itself, whose price is ${apart} off the whole world's` : "";
    this.cards.price.say(this.titles[this.good]?.price ?? "Price", `${info.priceUnit}, real 2024 dollars. Inside: producer price in ${leader}. Outside: paid on arrival elsewhere${bands}.`, this.frame.source);
    plot.at(this.quarter);
  }

  hoverPrice(i, event) {
    if (i === null) return this.priceTip.hide();
    const show = (array) => `${trim(at(array, i) / this.info.priceFactor, 3)} ${this.info.priceUnit}, ${tonnes(at(array, i))} USD/t`;
    this.priceTip.show(event, [this.frame.quarters[i], `outside ${show(this.r("outside"))}${this.same() ? "" : ` (baseline ${show(this.b("outside"))})`}`, `inside ${show(this.r("inside"))}${this.same() ? "" : ` (baseline ${show(this.b("inside"))})`}`]);
  }

  drawVolume() {
    const plot = this.volumePlot, paths = Object.keys(VOLUMES).map((name) => [name, rowsOf(this.r(name))]).filter(([name, path]) => name === "output" || path.some((v) => v > 0.5));
    plot.labels = this.frame.quarters;
    plot.top = niceTop(Math.max(...paths.flatMap(([, path]) => path).filter(Number.isFinite)));
    plot.axes(short);
    for (const name of Object.keys(VOLUMES)) plot.line(`v-${name}`, paths.find(([n]) => n === name)?.[1] ?? [], { class: `v-${name}` });
    for (const name of Object.keys(VOLUMES)) plot.line(`ghost-${name}`, this.same() || !paths.some(([n]) => n === name) ? [] : rowsOf(this.b(name)), { class: `ghost v-${name}` });
    const style = getComputedStyle(this.root);
    plot.ends(paths.map(([name, path]) => ({ word: VOLUMES[name], value: path.at(-1), colour: style.getPropertyValue(`--v-${name}`) })));
    const title = this.told("volume");
    put(plot.svg, "aria-label", title);
    this.cards.volume.say(title, `Tonnes a quarter, world, ${this.thing}`, this.frame.source);
    plot.at(this.quarter);
  }

  bought(array, buyer) {
    const { pairs } = this.info, from = Math.max(0, this.quarter - 3), found = new Map();
    pairs.forEach(([origin, destination], n) => {
      if (destination !== buyer) return;
      let sum = 0;
      for (let i = from; i <= this.quarter; i++) sum += at(array, i, n) || 0;
      if (sum > 0) found.set(origin, (found.get(origin) ?? 0) + sum);
    });
    return found;
  }

  supplierRows() {
    const now = this.bought(this.r("flow"), this.country), then = this.bought(this.b("flow"), this.country);
    const total = [...now.values()].reduce((a, b) => a + b, 0), before = [...then.values()].reduce((a, b) => a + b, 0);
    return [...new Set([...now.keys(), ...then.keys()])].map((code) => ({ code, share: (now.get(code) ?? 0) / (total || 1), base: (then.get(code) ?? 0) / (before || 1) }))
      .sort((a, b) => b.share - a.share).filter((row) => row.share > 0.004 || row.base > 0.02).slice(0, 8);
  }

  drawSuppliers() {
    const rows = this.supplierRows(), name = this.name(this.country), info = this.info, column = info.users.indexOf(this.country);
    const abroad = rows.filter((row) => row.code !== this.country), top = abroad[0];
    const title = !rows.length ? `${name} buys no ${this.thing}` : !top || top.share < 0.005 ? `${name} supplies itself` : `${name} gets ${percent(top.share)} of its ${this.thing} from ${this.name(top.code)}`;
    const pays = column < 0 ? NaN : at(this.r("landed"), this.quarter, column) / info.priceFactor;
    this.cards.country.say(title, rows.length ? `Four quarters to ${this.frame.quarters[this.quarter]}${Number.isFinite(pays) ? `; pays $${trim(pays, 3)} ${info.priceUnit.replace("USD/", "a ")} on arrival` : ""}.` : "", `${this.frame.source}.${rows.length && !this.same() ? " Tick: the share without the changes." : ""}`);
    while (this.suppliers.children.length > rows.length) this.suppliers.lastChild.remove();
    rows.forEach((row, n) => {
      let line = this.suppliers.children[n];
      if (!line) { line = h("div", { class: "supplier" }, h("span", { class: "who" }), h("span", { class: "rail-bar" }, h("i"), h("b")), h("span", { class: "part" })); this.suppliers.append(line); }
      say(line.children[0], row.code === this.country ? "at home" : this.name(row.code));
      const [fill, tick] = line.children[1].children;
      fill.style.width = `${100 * row.share}%`;
      fill.style.background = this.frame.colours[row.code];
      tick.style.left = `${100 * row.base}%`;
      tick.hidden = this.same();
      say(line.children[2], percent(row.share, 0));
    });
  }

  drawTrade() {
    const { columns, rows } = matrix(this, (name) => this.r(name)), key = `${columns.join()}|${rows.map((r) => r.buyer).join()}`;
    if (key !== this.tradeKey) {
      this.tradeKey = key;
      const head = ["buyer", ...columns.map((code) => this.short(code)), "others", "tonnes"];
      this.matrix.replaceChildren(h("table", { class: "matrix" }, h("thead", {}, h("tr", {}, head.map((word) => h("th", { scope: "col", text: word })))),
        h("tbody", {}, rows.map(({ buyer }) => h("tr", {}, h("th", { scope: "row", text: this.short(buyer) }), [...columns, "others"].map(() => h("td")), h("td", { class: "total" }))))));
    }
    const lines = this.matrix.querySelectorAll("tbody tr");
    rows.forEach(({ parts, others, total }, i) => {
      const cells = lines[i].children;
      [...parts, others].forEach((value, n) => {
        const cell = cells[n + 1], shade = `${Math.round(100 * value)}%`;
        say(cell, value < 0.005 ? "·" : Math.round(100 * value));
        if (cell.dataset.shade !== shade) { cell.dataset.shade = shade; cell.style.setProperty("--part", shade); cell.className = value < 0.005 ? "none" : "shade"; }
      });
      say(cells[cells.length - 1], short(total));
    });
    this.cards.trade.say(this.told("trade")[this.quarter] ?? "Who supplies whom", `Percent of each buyer's purchases of ${this.thing}, four quarters to ${this.frame.quarters[this.quarter]}`, this.frame.source);
  }

  drawEvents() {
    const quarters = this.frame.quarters, index = (q) => quarters.indexOf(q);
    const mine = this.events.filter((e) => e.mine).length;
    this.cards.timeline.say(measured(mine, this.events.length), this.events.length ? `What is in force in the quarter shown is set bold${mine ? "; yours come first" : ""}` : "Only costs, capacity and demand move it. Levers on the left add measures.", this.frame.source);
    this.list.hidden = !this.events.length;
    this.list.replaceChildren(...[...this.events].sort((a, b) => Number(b.mine) - Number(a.mine)).map((e) => {
      const item = h("li", { class: e.mine ? "mine" : "" }, h("span", { class: "when", text: e.until ? `${e.from} – ${e.until}` : `${e.from} –` }), h("span", { text: e.text }));
      item.from = Math.max(index(e.from), e.from < quarters[0] ? -1 : 0);
      item.until = e.until ? (e.until < quarters[0] ? -1 : index(e.until)) : null;
      return item;
    }));
    const last = quarters.length - 1;
    this.marks.replaceChildren(...this.events.filter((e) => index(e.from) >= 0).map((e) => h("i", { class: e.mine ? "mine" : "", style: `left:${(100 * index(e.from)) / last}%`, title: `${e.from}: ${e.text}` })));
  }
}
