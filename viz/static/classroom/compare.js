// Worlds of a class side by side: one chart a mineral on common axes, a line a world; scores as a table.
import { BOARDS, el, goodWords, percent, price, serverNow, settleUnits, svg, table } from "./common.js";

export const named = (world) => world.difference ? `${world.name}: ${world.difference}` : world.name;

/** The time that is left in a world, in words; nothing where no clock runs. */
export function left(world) {
  const seconds = world.left_seconds ?? (world.ends_at === null ? null : Math.max(world.ends_at - serverNow(), 0));
  return seconds === null ? "" : `${Math.floor(Math.ceil(seconds) / 60)}:${String(Math.ceil(seconds) % 60).padStart(2, "0")}${world.left_seconds === null ? "" : " paused"}`;
}

/** A key of the worlds: colour and dash as in the charts, and what is different. */
export const key = (worlds) => el("ul", { class: "worldkey" }, worlds.map((world, n) => el("li", {}, swatch(n), named(world))));

function swatch(n) {
  const chart = svg("svg", { viewBox: "0 0 28 10", "aria-hidden": "true", class: "swatch" });
  chart.append(svg("line", { x1: 0, x2: 28, y1: 5, y2: 5, class: `world w${n + 1}` }));
  return chart;
}

/** Lines of all worlds over the rounds; `read(point)` is a number or null, `say` puts one into words. */
function lines(worlds, label, read, say, most = 0) {
  const paths = worlds.map((world) => world.points.map(read));
  const known = paths.flat().filter((value) => value !== null && value !== undefined);
  if (!known.length) return null;
  const top = most || 1.1 * Math.max(...known, 1e-9), rounds = Math.max(...worlds.map((world) => world.rounds), 1);
  const x = (n) => 8 + (n / rounds) * 210, y = (value) => 116 - (value / top) * 104;
  const chart = svg("svg", { class: "compared", viewBox: "0 0 330 136", role: "img", "aria-label": `${label}: ${worlds.map((w, n) => `${w.name} ${say(last(paths[n]))}`).join(", ")}` });
  for (const at of [0, 0.5, 1]) chart.append(svg("line", { class: "axis", x1: 8, x2: 218, y1: y(at * top / (most ? 1 : 1.1)), y2: y(at * top / (most ? 1 : 1.1)) }));
  const ends = [];
  paths.forEach((path, n) => {
    const drawn = path.map((value, at) => [at, value]).filter(([, value]) => value !== null && value !== undefined);
    if (!drawn.length) return;
    chart.append(svg("polyline", { points: drawn.map(([at, v]) => `${x(at)},${y(v)}`).join(" "), class: `world w${n + 1}` }));
    for (const [at, v] of drawn) chart.append(svg("circle", { cx: x(at), cy: y(v), r: 2.5, class: `dot w${n + 1}` }));
    const [at, v] = drawn[drawn.length - 1];
    ends.push({ x: Math.max(x(at) + 7, 0), y: y(v) + 4, text: `${worlds[n].name.replace("World ", "")} ${say(v)}` });
  });
  ends.sort((a, b) => a.y - b.y);
  for (let i = 1; i < ends.length; i += 1) ends[i].y = Math.max(ends[i].y, ends[i - 1].y + 13);
  const over = ends.length ? Math.max(ends[ends.length - 1].y - 122, 0) : 0;
  for (const end of ends) chart.append(svg("text", { x: Math.max(...ends.map((one) => one.x)), y: end.y - over }, end.text));
  for (let n = 0; n <= rounds; n += 1) chart.append(svg("text", { x: x(n), y: 132, "text-anchor": n ? "middle" : "start" }, n ? String(n) : "start"));
  return chart;
}
const last = (path) => path.filter((value) => value !== null && value !== undefined).pop();

/** One card a mineral: price outside the leader, and the leader's share, all worlds on the same axes. */
export function marketCards(worlds) {
  settleUnits(worlds[0].points[0].prices);
  const goods = worlds[0].points[0].prices.map((row) => row.good);
  return goods.map((good) => {
    const leader = worlds[0].points[0].prices.find((row) => row.good === good).leader;
    const name = worlds[0].labels[leader] || leader;
    const outside = (point) => point.prices.find((row) => row.good === good)?.outside ?? null;
    const share = (point) => point.shares.find((row) => row.good === good && row.country === leader)?.share ?? null;
    const rows = Array.from({ length: Math.max(...worlds.map((w) => w.points.length)) }, (_, n) => [n ? `round ${n}` : "start",
      ...worlds.flatMap((w) => w.points[n] ? [price(outside(w.points[n]), good), percent(share(w.points[n]))] : ["", ""])]);
    return el("section", { class: "card" }, el("h2", {}, goodWords(good)),
      el("p", { class: "soft" }, `Price on arrival outside ${name}, by round`), lines(worlds, `${goodWords(good)}, price outside ${name}`, outside, (value) => price(value, good)),
      el("p", { class: "soft" }, `${name}'s share of the world's output; the axis ends at 100 %`), lines(worlds, `${goodWords(good)}, share of ${name}`, share, percent, 1),
      el("details", { "data-key": `numbers ${good}` }, el("summary", {}, "Numbers"), table(["", ...worlds.flatMap((w) => [`${w.name}: price`, "share"])], rows, [...Array(1 + 2 * worlds.length).keys()].slice(1))));
  });
}

/** The scoreboards of the last round that all worlds have played, a column a world. */
export function scoreCards(worlds) {
  const played = Math.min(...worlds.map((world) => world.boards.length));
  if (!played) return [];
  return Object.entries(BOARDS).map(([board, [title, meaning, say]]) => {
    const columns = worlds.map((world) => Object.fromEntries((world.boards[played - 1][board] || []).map((row) => [row.seat, row.value])));
    const seats = Object.keys(columns[0]).filter((seat) => columns.every((one) => seat in one));
    if (!seats.length) return null;
    return el("section", { class: "card" }, el("h2", {}, title), el("p", { class: "soft" }, `${meaning}; after round ${played}`),
      table(["", ...worlds.map((w) => w.name)], seats.map((seat) => [worlds[0].labels[seat] || seat, ...columns.map((one) => say(one[seat]))]), worlds.map((_, n) => n + 1)));
  }).filter(Boolean);
}

/** What happened in each world: headline, treaties in force, key moments once the debrief has begun, the replay. */
export const storyCards = (worlds) => worlds.map((world, n) => el("section", { class: "card" }, el("h2", {}, swatch(n), " ", named(world)),
  el("p", {}, world.headline || "No round has been played."),
  el("p", { class: "soft" }, world.treaties.length ? `Treaties in force: ${world.treaties.join(", ")}` : "No treaty is in force."),
  world.moments.length ? el("ul", { class: "plain" }, world.moments.map((one) => el("li", {}, `Round ${one.round}: ${one.text}`))) : null,
  el("p", {}, el("a", { href: `${world.base}/debrief` }, `The replay of ${world.name}`))));

/** A part of a price, in the unit in which the price itself is told; nothing where it is less than a thousandth of it. */
function part(value, of) {
  const perKg = Math.abs(of) >= 10000, size = Math.abs(value) / (perKg ? 1000 : 1);
  if (Math.abs(value) < 0.001 * Math.abs(of)) return "0";
  return `${value < 0 ? "\u2212" : "+"}${size.toLocaleString("en-US", { maximumSignificantDigits: 3 })} usd/${perKg ? "kg" : "t"}`;
}

/** What of a twin's gap to the first world is the rule's and what its people's, once the desk has asked for it. */
export const gapCards = (worlds, gaps) => gaps.length ? el("div", { class: "two three" }, gaps.map((gap) => {
  const world = worlds.find((one) => one.number === gap.number), size = (row) => Math.abs(row.twin - row.base) / Math.max(Math.abs(row.base), 1e-9);
  const rows = gap.prices.filter((row) => size(row) > 0.005).sort((a, b) => size(b) - size(a)).slice(0, 8), top = rows[0];
  const parts = (row) => [row.twin - row.base, row.rule, row.people].map((value) => part(value, row.base));
  const about = (row) => { const [whole, rule, people] = parts(row); return `${goodWords(row.good)}: ${whole} against ${worlds[0].name}, of it ${rule} by the rule and ${people} by what people did.`; };
  return el("section", { class: "card" }, el("h2", {}, `${named(world)}: rule or people?`),
    el("p", {}, top ? about(top) : "No price outside is more than half a percent away from the first world's."),
    rows.length ? table(["price outside", "gap", "by the rule", "by people"], rows.map((row) => [goodWords(row.good), ...parts(row)]), [1, 2, 3]) : null,
    el("p", { class: "soft" }, `Last quarter (${gap.quarter}). Each world's orders were played once more under the other's rule; the parts are means of both ways and add up to the gap.`));
})) : null;
