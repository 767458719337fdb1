// The numbers behind each chart of Explore, as tables: what is shown, the same without the changes, and the bands.
import { column } from "./card.js";
import { at } from "./dom.js";

export const VOLUMES = { output: "made", used: "used", capacity: "capacity", recycled: "recycled", smuggled: "smuggled" };
const BANDS = [[0, "5 % of runs below"], [1, "25 % below"], [4, "median"], [2, "75 % below"], [3, "95 % below"]];
const BASE = ", baseline";

// Columns of the bands of one number of the shown good, and their values in a quarter; none before they have come.
function bands(page, name, title, kind, factor = 1) {
  const fan = page.fan?.[`${page.good}/${name}`];
  if (!fan) return { head: [], values: () => [] };
  return { head: BANDS.map(([, words]) => column(`${title}, ${words}`, kind)), values: (i) => BANDS.map(([row]) => at(fan, row, i) / factor) };
}

export function mapTables(page) {
  const { info, quarter, frame } = page, when = frame.quarters[quarter];
  const value = (name, codes, code) => (codes.includes(code) ? at(page.r(name), quarter, codes.indexOf(code)) : NaN);
  const shares = frame.countries.map((code) => [page.name(code), value("share", info.makers, code), value("use", info.users, code), value("dependence", info.users, code)]);
  const flow = page.r("flow"), wedge = page.r("wedge"), base = page.b("flow");
  const flows = info.pairs.map(([from, to], n) => ({ from, to, now: at(flow, quarter, n), then: at(base, quarter, n), held: at(wedge, quarter, n) > 1 }))
    .filter(({ from, to, now, then }) => from !== to && (now > 1e-6 || then > 1e-6)).sort((a, b) => b.now - a.now);
  return [
    { name: "map", caption: `By country, ${when}`, head: [column("country"), column("share of output", "share"), column("share of use", "share"), column("largest supplier's part", "share")], rows: shares.filter((row) => row.slice(1).some(Number.isFinite)) },
    { name: "flows", caption: `Flows, ${when}`, head: [column("from"), column("to"), column("tonnes", "tonnes"), column(`tonnes${BASE}`, "tonnes"), column("held back")],
      rows: flows.map(({ from, to, now, then, held }) => [page.name(from), page.name(to), now, then, held ? "yes" : ""]) },
  ];
}

export function streamTables(page) {
  const { info, frame } = page, share = page.r("share"), base = page.b("share"), fan = bands(page, "leader", page.name(info.leader), "share");
  const line = (label, now, then, rest) => [label, ...now, ...then, ...rest];
  const all = (array, i) => info.makers.map((_, k) => at(array, i, k));
  return [{ name: "streams", head: [column("quarter"), ...info.makers.map((code) => column(page.name(code), "share")), ...info.makers.map((code) => column(`${page.name(code)}${BASE}`, "share")), ...fan.head],
    rows: [line(String(frame.scenario.baseYear), info.base, info.base, fan.head.map(() => NaN)), ...frame.quarters.map((q, i) => line(q, all(share, i), all(base, i), fan.values(i)))] }];
}

export function priceTables(page) {
  const { info, frame } = page, sides = ["inside", "outside"], unit = info.priceUnit, fans = sides.map((side) => bands(page, side, side, "price", info.priceFactor));
  const price = (array, i) => at(array, i) / info.priceFactor;
  return [{ name: "price", head: [column("quarter"), ...sides.map((side) => column(`${side}, ${unit}`, "price")), ...sides.map((side) => column(`${side}${BASE}, ${unit}`, "price")), ...fans.flatMap((fan) => fan.head)],
    rows: frame.quarters.map((q, i) => [q, ...sides.map((side) => price(page.r(side), i)), ...sides.map((side) => price(page.b(side), i)), ...fans.flatMap((fan) => fan.values(i))]) }];
}

export function volumeTables(page) {
  const names = Object.keys(VOLUMES);
  return [{ name: "volume", head: [column("quarter"), ...names.map((name) => column(`${VOLUMES[name]}, t`, "tonnes")), ...names.map((name) => column(`${VOLUMES[name]}${BASE}, t`, "tonnes"))],
    rows: page.frame.quarters.map((q, i) => [q, ...names.map((name) => at(page.r(name), i)), ...names.map((name) => at(page.b(name), i))]) }];
}

export function countryTables(page) {
  const rows = page.supplierRows().map(({ code, share, base }) => [page.name(code), share, base]);
  return [{ name: "country", head: [column("supplier"), column("share", "share"), column(`share${BASE}`, "share")], rows }];
}

// Who supplies whom over the four quarters to the one shown; the baseline for the same buyers and origins.
export function matrix(page, run, chosen = null) {
  const { info, quarter } = page, first = Math.max(0, quarter - 3), flow = run("flow"), sum = new Map(), origins = new Map(), buyers = new Map();
  info.pairs.forEach(([origin, buyer], n) => {
    let tonnes = 0;
    for (let i = first; i <= quarter; i++) tonnes += at(flow, i, n) || 0;
    sum.set(`${origin}>${buyer}`, tonnes);
    origins.set(origin, (origins.get(origin) ?? 0) + tonnes);
    buyers.set(buyer, (buyers.get(buyer) ?? 0) + tonnes);
  });
  const largest = (map, count) => [...map].filter(([code, tonnes]) => tonnes > 0 && code !== "OTH").sort((a, b) => b[1] - a[1]).slice(0, count).map(([code]) => code);
  const columns = chosen?.columns ?? largest(origins, 6), lines = chosen?.lines ?? largest(buyers, 9);
  const rows = lines.map((buyer) => {
    const total = buyers.get(buyer) ?? 0, parts = columns.map((origin) => (total ? (sum.get(`${origin}>${buyer}`) ?? 0) / total : 0));
    return { buyer, parts, others: total ? Math.max(0, 1 - parts.reduce((a, b) => a + b, 0)) : 0, total };
  });
  return { columns, lines, rows };
}

export function tradeTables(page) {
  const now = matrix(page, (name) => page.r(name)), then = matrix(page, (name) => page.b(name), now);
  const head = (after) => [...now.columns.map((code) => column(`${page.name(code)}${after}`, "share")), column(`others${after}`, "share"), column(`tonnes${after}`, "tonnes")];
  const cells = ({ parts, others, total }) => [...parts, others, total];
  return [{ name: "trade", head: [column("buyer"), ...head(""), ...head(BASE)], rows: now.rows.map((row, n) => [page.name(row.buyer), ...cells(row), ...cells(then.rows[n])]) }];
}

export function eventTables(page) {
  return [{ name: "timeline", head: ["from", "until", "what", "changed here"].map((text) => column(text)), rows: page.events.map((e) => [e.from, e.until ?? "", e.text, e.mine ? "yes" : ""]) }];
}
