// What all pages of the classroom share: elements, the live view, commands that survive a lost line, clock, charts.
import { COLOURS } from "./colours.js";

/** Make an element. Text goes in as text; `on...` are listeners; null and false children are left out. */
export function el(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") made[name] = value;
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return made;
}

/** Where this session is on its server: empty, or the world of a class that has several. */
export const BASE = location.pathname.match(/^\/world\/\d+/)?.[0] || "";

export const byId = (id) => document.getElementById(id);

const drawn = new Map();
const waiting = new Map(); // what a part shows next, once nobody chooses in it
/** Redraw a part of the page only when what it shows has changed, so that nobody loses what they type elsewhere. */
export function part(id, shown, draw) {
  const key = JSON.stringify(shown);
  waiting.set(id, () => part(id, shown, draw));
  if (drawn.get(id) === key) return;
  const place = byId(id);
  const choice = place.querySelector("select:focus");
  if (choice && !choice.dataset.isDone) { // somebody may be choosing: a list that is open must not vanish under the finger
    const go = () => { choice.dataset.isDone = "yes"; waiting.get(id)?.(); };
    if (!choice.dataset.isWatched) for (const kind of ["blur", "change"]) choice.addEventListener(kind, go, { once: true });
    choice.dataset.isWatched = "yes";
    return;
  }
  drawn.set(id, key);
  const opened = new Set([...place.querySelectorAll("details[open][data-key]")].map((d) => d.dataset.key));
  const chosen = choice?.getAttribute("aria-label");
  place.replaceChildren(...[draw(shown)].flat().filter(Boolean));
  for (const one of place.querySelectorAll("details[data-key]")) if (opened.has(one.dataset.key)) one.open = true;
  if (chosen) [...place.querySelectorAll("select")].find((one) => one.getAttribute("aria-label") === chosen)?.focus();
}

// --- the live view ---------------------------------------------------------------------------------------------------

let countryNames = {}; // by code
/** A country's name. */
export const countryWords = (code) => countryNames[code] || code;

let offset = 0; // server time less ours, seconds
export const serverNow = () => Date.now() / 1000 + offset;

/** Follow the session: `show(view)` is called with every new view; the banner says when the line is down. */
export function follow(as, show) {
  let socket = null, wait = 250, beat = 0, known = null;
  const banner = byId("banner");
  const take = (news) => { // after the first view only what has changed is sent
    known = news.is_whole ? news : { common: { ...known.common, ...news.common }, own: { ...known.own, ...news.own } };
    offset = known.common.now - Date.now() / 1000;
    countryNames = known.common.names || {};
    settleUnits(known.common.opening?.prices);
    for (const row of (known.common.reveal || known.common.opening)?.prices || []) outsideNow.set(row.good, row.outside ?? undefined);
    const { about, seats } = known.common;
    show({ common: { ...known.common, seats: seats.map((one) => ({ ...about[one.seat], ...one })) }, own: known.own });
  };
  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}${BASE}/api/live?as=${as}`);
    socket.onmessage = (message) => {
      wait = 250;
      banner.hidden = true;
      take(JSON.parse(message.data));
    };
    socket.onopen = () => { clearInterval(beat); beat = setInterval(() => socket.readyState === 1 && socket.send("ping"), 10000); flush(); };
    socket.onclose = (closed) => {
      clearInterval(beat);
      if (closed.code === 4404) return;
      banner.textContent = as === "wall" ? "The line is down; this page comes back by itself." : "The line is down. What you write is kept here and sent when it is back.";
      banner.hidden = false;
      setTimeout(connect, wait);
      wait = Math.min(wait * 1.6, 1500);
    };
  };
  connect();
  window.addEventListener("online", () => socket && socket.readyState > 1 && connect());
  return () => { wait = 250; if (socket) socket.close(); };
}

/** Follow all worlds of a class: `show(view)` is called with every new view, whole each time. */
export function followAll(as, show) {
  const banner = byId("banner");
  const connect = () => {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/live?as=${as}`);
    socket.onmessage = (message) => {
      const view = JSON.parse(message.data);
      offset = view.now - Date.now() / 1000;
      banner.hidden = true;
      show(view);
    };
    socket.onclose = (closed) => {
      if (closed.code === 4404) return;
      banner.textContent = "The line is down; this page comes back by itself.";
      banner.hidden = false;
      setTimeout(connect, 800);
    };
  };
  connect();
}

// --- commands --------------------------------------------------------------------------------------------------------

const QUEUE = `orebloc unsent${BASE}`;
const load = () => { try { return JSON.parse(localStorage.getItem(QUEUE) || "[]"); } catch { return []; } };
const keep = (rows) => { try { localStorage.setItem(QUEUE, JSON.stringify(rows)); } catch { /* private mode: kept in memory only */ } };
const here = new Set(); // commands that this page is sending itself
const freshId = () => [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, "0")).join("");

/** POST something and return the answer. Throws where nobody answers, or a proxy says that the server is away. */
export async function post(path, body, base = BASE) {
  const answer = await fetch(base + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if ([502, 503, 504].includes(answer.status)) throw new Error("The server is away.");
  try { return await answer.json(); } catch {
    return { ok: false, is_odd: true, message: `The answer was not one of this server (${answer.status}). Reload the page; if that does not help, tell the facilitator.` };
  }
}

/** Ask a question that changes nothing; a lost line is an answer too. */
export async function ask(path, body) {
  try { return await post(path, body); } catch { return { ok: false, is_down: true, message: "The line is down. Ask again in a moment." }; }
}

/** Give a command; the same id is sent until an answer comes, so that it happens once. Returns the answer. */
export async function send(kind, body = {}, as = "me") {
  const command = { id: freshId(), kind, body };
  here.add(command.id);
  keep([...load(), { as, command }]);
  return deliver(as, command);
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Send until an answer of the server comes: without end while the line is down, three times where something else answers. */
async function deliver(as, command) {
  for (let odd = 0; ;) {
    let answer = null;
    try { answer = await post(`/api/command${as === "desk" ? "?as=desk" : ""}`, command); } catch { await pause(700); continue; }
    if (answer.is_odd && (odd += 1) < 3) { await pause(700); continue; }
    keep(load().filter((one) => one.command.id !== command.id));
    return answer;
  }
}

/** Give a command of the desk to one of several worlds. */
export async function sendTo(base, kind, body) {
  const command = { id: freshId(), kind, body };
  for (let tries = 0; tries < 5; tries += 1) {
    try { return await post("/api/command?as=desk", command, base); } catch { await pause(700); }
  }
  return { ok: false, message: "The line is down. Try again." };
}

let flushing = false;
/** Send again what a reload or a lost line left unsent. */
async function flush() {
  if (flushing) return;
  flushing = true;
  for (const { as, command } of load()) if (!here.has(command.id)) await deliver(as, command);
  flushing = false;
}

/** Give a command and say in `place` why it was refused, or nothing. Returns whether it was taken. */
export async function order(place, kind, body, as = "me") {
  const answer = await send(kind, body, as);
  say(place, answer.ok ? "" : answer.message);
  return answer.ok ? answer : null;
}

/** Show a message of refusal, or take it away. */
export function say(place, text) {
  const spot = typeof place === "string" ? byId(place) : place;
  if (!spot) return;
  spot.textContent = text || "";
  spot.hidden = !text;
}

// --- clock and words -------------------------------------------------------------------------------------------------

/** Keep the elements with `data-clock` at the time that is left. */
export function runClock(read) {
  const tick = () => {
    const common = read();
    if (!common) return;
    let text = "";
    let late = false;
    if (common.left_seconds !== null) text = `${minutes(common.left_seconds)} paused`;
    else if (common.ends_at !== null) {
      const left = Math.max(common.ends_at - serverNow(), 0);
      text = minutes(left);
      late = left < 30;
    }
    for (const spot of document.querySelectorAll("[data-clock]")) {
      if (spot.textContent !== text) spot.textContent = text;
      spot.classList.toggle("late", late);
    }
  };
  setInterval(tick, 200);
  tick();
}
const minutes = (seconds) => `${Math.floor(Math.ceil(seconds) / 60)}:${String(Math.ceil(seconds) % 60).padStart(2, "0")}`;

export const PHASES = {
  lobby: "Welcome", briefing: "Briefing", negotiate: "Negotiate", orders: "Orders", resolving: "The markets clear",
  reveal: "What happened", debrief: "Debrief", closed: "The end",
};
export const phaseWords = (common) =>
  `${PHASES[common.phase]}${common.phase === "lobby" || common.phase === "briefing" || common.phase === "closed" || common.phase === "debrief" ? ""
    : common.round ? `, round ${common.round} of ${common.rounds}` : ", practice (does not count)"}`;

const TITLES = { ndpr: "NdPr", dytb: "Dy/Tb", lace: "La/Ce", permanent_magnets: "Magnets" };
/** A good's name in words. */
export function goodWords(good) {
  if (TITLES[good]) return TITLES[good];
  const parts = good.split("_");
  const stage = parts.pop();
  const name = TITLES[parts.join("_")] || parts.join(" ").replace(/^./, (c) => c.toUpperCase());
  return stage === "refined" ? name : `${name} ${stage}`;
}
const perKilogram = new Map(); // by good: the unit of its prices, one for the whole game
/** Settle in which unit each good's prices are told: by the kilogram from ten dollars a kilogram at the opening on. */
export function settleUnits(prices) {
  for (const row of prices || []) if (!perKilogram.has(row.good)) perKilogram.set(row.good, Math.max(row.outside ?? 0, row.inside ?? 0) >= 1e4);
}
const outsideNow = new Map(); // by good: what it costs outside, as last told
/** What a good costs on arrival outside now, in usd a tonne; undefined where nobody knows. */
export const costsNow = (good) => outsideNow.get(good);
/** A price in words, in the unit of its good; by its size where no good is named. */
export const price = (value, good = "") => value === null || value === undefined ? "none"
  : perKilogram.get(good) ?? value >= 1e4 ? `${round(value / 1000)} usd/kg` : `${round(value)} usd/t`;
export const round = (value) => {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
};
export const percent = (share) => share === null || share === undefined ? "" : `${(100 * share).toFixed(Math.abs(share) < 0.0995 ? 1 : 0)} %`;
export const change = (share) => share === null || share === undefined ? "" : `${share > 0 ? "+" : share < 0 ? "\u2212" : ""}${percent(Math.abs(share))}`;
export const money = (usd) => usd === null || usd === undefined ? "none" : Math.abs(usd) >= 1e9 ? `${round(usd / 1e9)} bn usd` : `${round(usd / 1e6)} m usd`;

// --- charts ----------------------------------------------------------------------------------------------------------

/** Make an element of a drawing. */
export function svg(tag, given = {}, text = null) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(given)) made.setAttribute(name, value);
  if (text !== null) made.textContent = text;
  return made;
}

/** Prices outside and inside over the rounds, one good: a line each, labelled at its end. */
export function priceChart(points, good) {
  const rows = points.map((p) => p.prices.find((row) => row.good === good)).filter(Boolean);
  const top = 1.1 * Math.max(...rows.flatMap((row) => [row.outside || 0, row.inside || 0]), 1e-9);
  const x = (n) => 8 + (rows.length < 2 ? 0 : (n / (rows.length - 1)) * 176), y = (value) => 112 - (value / top) * 100;
  const chart = svg("svg", { viewBox: "0 0 330 132", role: "img", "aria-label": `${goodWords(good)}: price over the rounds` });
  chart.append(svg("line", { class: "axis", x1: 8, x2: 188, y1: 112, y2: 112 }));
  const ends = [];
  for (const side of ["outside", "inside"]) {
    const known = rows.map((row, n) => [n, row[side]]).filter(([, value]) => value !== null);
    if (!known.length) continue;
    chart.append(svg("polyline", { class: `lines lines-${side}`, points: known.map(([n, v]) => `${x(n)},${y(v)}`).join(" ") }));
    for (const [n, v] of known) chart.append(svg("circle", { class: `lines lines-${side}`, cx: x(n), cy: y(v), r: 2 }));
    const [n, v] = known[known.length - 1];
    ends.push({ side, x: x(n) + 6, y: y(v) + 4, text: `${side} ${price(v, good)}` });
  }
  ends.sort((a, b) => a.y - b.y);
  for (let i = 1; i < ends.length; i += 1) ends[i].y = Math.max(ends[i].y, ends[i - 1].y + 17);
  for (const end of ends) chart.append(svg("text", { x: end.x, y: end.y }, end.text));
  points.forEach((p, n) => chart.append(svg("text", { x: x(n), y: 128, "text-anchor": n === 0 ? "start" : n === points.length - 1 ? "end" : "middle" }, n === 0 || n === points.length - 1 || points.length < 5 ? p.quarter || "start" : "")));
  return chart;
}

/** Market shares of one good, latest: a bar of parts, the large ones labelled. */
export function shareBar(shares, good) {
  const rows = shares.filter((row) => row.good === good);
  const chart = svg("svg", { viewBox: "0 0 330 46", role: "img", "aria-label": `${goodWords(good)}: ${rows.map((r) => `${countryWords(r.country)} ${percent(r.share)}`).join(", ")}` });
  let at = 0, textEnd = -1;
  for (const row of rows) {
    const width = 330 * row.share;
    chart.append(svg("rect", { x: at, y: 0, width: Math.max(width - 1, 0.5), height: 24, fill: COLOURS[row.country] || "#8a8a8a" }));
    const label = `${countryWords(row.country)} ${percent(row.share)}`;
    if (at >= textEnd && at + label.length * 7.2 < 330) { chart.append(svg("text", { x: at, y: 40 }, label)); textEnd = at + label.length * 7.2 + 8; }
    at += width;
  }
  return chart;
}

/** A table with a heading row; numbers to the right where the row's cell is one. */
export function table(heads, rows, numbers = []) {
  const cell = (tag) => (text, n) => el(tag, numbers.includes(n) ? { class: "number" } : {}, text);
  return el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": heads.filter(Boolean).join(", ") }, el("table", {}, el("thead", {}, el("tr", {}, heads.map(cell("th")))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map(cell("td")))))));
}

/** The prices and shares of the latest round or the opening, with a chart each and the numbers as a table. */
export function worldCards(common, isBrief = false) {
  const last = common.reveal || common.opening;
  if (!last || !last.prices) return [];
  const points = [{ quarter: "opening", prices: common.opening.prices }, ...common.history];
  if (common.reveal && common.reveal_round === 0) points.push({ quarter: common.reveal.quarter_to, prices: common.reveal.prices }); // practice is no part of the history
  const moved = (row) => Math.abs(Math.log(Math.max(1 + (row.outside_change ?? 0), 1e-9)));
  const rows = isBrief && common.reveal ? [...last.prices].sort((a, b) => moved(b) - moved(a)) : last.prices; // what the headline is about comes first
  return rows.map((row) => el("section", { class: "card" },
    el("h2", {}, `${goodWords(row.good)}: ${price(row.outside, row.good)} outside ${countryWords(row.leader)}`, row.outside_change ? ` (${change(row.outside_change)})` : ""),
    priceChart(points, row.good), shareBar(last.shares, row.good),
    isBrief ? null : el("p", { class: "soft" }, "Price per round on arrival outside and at the producer inside; shares of the world's primary output. Source: this game."),
    isBrief ? null : el("details", { "data-key": `numbers ${row.good}` }, el("summary", {}, "Numbers"),
      table(["quarter", "outside", "inside"], points.map((p) => { const r = p.prices.find((one) => one.good === row.good) || {};
        return [p.quarter, price(r.outside, row.good), price(r.inside, row.good)]; }), [1, 2]),
      table(["country", "share", "change"], last.shares.filter((s) => s.good === row.good).map((s) => [countryWords(s.country), percent(s.share), change(s.change)]), [1, 2]))));
}

export const BOARDS = { wealth: ["Wealth of states", "score of the round; more is better", money], cash: ["Cash of firms", "earned since the game began; more is better", money], security: ["Security of supply", "cost of a year without the leader; less is better", money],
  independence: ["Independence", "part bought from the largest supplier abroad; minerals count by what their use was worth before the game; less is better", percent] };
/** The scoreboards, where they are shown. */
export function boards(reveal, names, only = null) {
  if (!reveal || !reveal.scoreboards) return [];
  return ["security", "independence", "wealth", "cash"].map((board) => [board, reveal.scoreboards[board] || []]).filter(([board, rows]) => rows.length && (!only || board === only)).map(([board, rows]) => el("section", { class: "card" },
    el("h2", {}, BOARDS[board][0]), el("p", { class: "soft" }, BOARDS[board][1]),
    table(["", "seat", ""], rows.map((row, n) => [String(n + 1), names[row.seat] || row.seat, BOARDS[board][2](row.value)]), [2])));
}

const SCORE = { score_usd: ["score: the sum", 1], welfare_consumer_usd: ["users: what use is worth beyond what is paid", 1], welfare_producer_usd: ["plants: what plants at home earn", 1],
  welfare_treasury_usd: ["treasury: duties less support and stocks bought", 1], welfare_rent_usd: ["quota rents", 1], welfare_variety_usd: ["choice: what having several suppliers is worth", 1],
  investment_usd: ["new plants at home, counted against it", -1], supply_at_risk_usd: ["a fifth of what a year without the leader would cost, counted against it", -0.2], cash_usd: ["cash", 1], profit_usd: ["profit of the quarter", 1] };
/** A seat's numbers as they add up to its score: words and money, the score last. */
export const scoreRows = (result) => Object.entries(result || {}).filter(([, value]) => typeof value === "number").sort(([a], [b]) => (a === "score_usd") - (b === "score_usd"))
  .map(([key, value]) => [(SCORE[key] || [key.replaceAll("_", " ")])[0], money((SCORE[key]?.[1] ?? 1) * value)]);

/** What another course would have brought the seats of states in the last round; nothing where it is not told. */
export const scoresIf = (one, names) => {
  const rows = Object.entries(one.scores || {}).filter(([seat, row]) => names[seat] && typeof row.real === "number" && typeof row.otherwise === "number");
  return rows.length ? table(["score, last round", "as it was", "otherwise"], rows.map(([seat, row]) => [names[seat], money(row.real), money(row.otherwise)]), [1, 2]) : null;
};

// --- causes and debrief ------------------------------------------------------------------------------------------------

/** What moves a price and is no seat. */
export const CAUSES = { drift: "the world's own course", events: "events", treaties: "treaties" };
/** Why prices outside moved in a round, good by good. */
export const causes = (rows, names) => el("section", { class: "card" }, el("h2", {}, "Why prices outside moved"), el("ul", { class: "list" }, rows.map((row) => el("li", {},
  `${goodWords(row.good)}: ${row.parts.filter((p) => Math.abs(p.amount) > 0.005 * Math.abs(row.total || 1)).map((p) => `${CAUSES[p.cause] || names[p.cause] || p.cause} ${p.amount > 0 ? "+" : "\u2212"}${price(Math.abs(p.amount), row.good)}`).join(", ") || "hardly"}`))));

/** What the debrief shows everybody, by the name of the part of the wall; null where there is nothing of it. */
export function debriefParts(found, names) {
  const listed = (title, rows) => rows.length ? el("section", { class: "card" }, el("h2", {}, title), el("ul", { class: "list" }, rows.map((text) => el("li", {}, text)))) : null;
  const noted = (rows) => rows.map((one) => `Round ${one.round}: ${one.text}`);
  return {
    words: Array.isArray(found.words) ? el("section", { class: "card" }, el("h2", {}, "In one word"), el("p", { class: "lead words" }, found.words.map((word, n) => el("span", {}, `${n ? " \u00b7 " : ""}${word}`)))) : null,
    moments: listed("Key moments", noted(found.moments)),
    machines: listed("Against games of machines", found.against || []),
    notes: listed("Noted on the way", noted(found.bookmarks)),
    what_if: found.what_ifs.length ? el("div", { class: "stack" }, found.what_ifs.map((one) => el("section", { class: "card" }, el("h2", {}, `What if: ${one.text}`), el("div", { class: "two" }, el("ul", { class: "list" }, one.prices.map((row) => el("li", {}, `${goodWords(row.good)} outside in ${one.quarter}: ${price(row.otherwise, row.good)} instead of ${price(row.real, row.good)}`))), scoresIf(one, names))))) : null,
    promises: listed("Promises", found.promises.map((m) => `${names[m.seat] || m.seat}: ${m.text} ${m.kept === true ? "\u2713 kept" : m.kept === false ? "\u2715 broken" : ""}`)),
    signed: listed("Signed and done", (found.delivery || []).map((row) => `${names[row.member] || countryWords(row.member)}, ${row.title}: ${row.is_kept ? "in force to the end" : `until round ${row.until}`}${row.against.length ? `; meanwhile ordered ${row.against.map((a) => `${a.title} (round ${a.round})`).join(", ")}` : ""}`)),
    orders: listed("What was ordered", (found.orders || []).flatMap((row) => row.texts.map((text) => `Round ${row.round}, ${names[row.seat] || row.seat}: ${text}`))),
  };
}
export const debriefCards = (found, names) => Object.values(debriefParts(found, names)).filter(Boolean);
/** What the wall can show large, as the desk chooses. */
export const WALL = { prices: "Prices", why: "Why prices moved", security: "Security", independence: "Independence", wealth: "Wealth", cash: "Cash of firms", treaties: "Treaties and votes", words: "Words", moments: "Key moments", machines: "Against machines", notes: "Notes", what_if: "What if", promises: "Promises", signed: "Signed and done", orders: "Orders" };
/** Whether there is something of a part now. */
export function hasPart(common, name) {
  if (name === "prices") return common.phase !== "resolving";
  if (name === "why") return Boolean(common.reveal?.causes);
  if (name in BOARDS) return Boolean(common.reveal?.scoreboards?.[name]?.length);
  if (name === "treaties") return common.deals.length + common.votes.length > 0;
  return Boolean(common.debrief && debriefParts(common.debrief, {})[name]);
}
const plain = (value) => typeof value === "string" && /^[a-z]+(_[a-z]+)*_(refined|concentrate|alloy)$/.test(value) ? goodWords(value) : value === "WORLD" ? "the whole world" : typeof value === "string" && countryNames[value] ? countryNames[value] : Array.isArray(value) ? value.map(plain).join(", ") : value !== null && typeof value === "object" ? JSON.stringify(value) : String(value).replaceAll("_", " ");
/** The fields of an order or a clause in words. */
export const fieldWords = (fields) => Object.entries(fields || {}).map(([name, value]) => `${name.replaceAll("_", " ")} ${plain(value)}`).join("; ") || "as usual";
