// The projector: what everybody may see, one thing large enough for the last row. It is sent nothing else.
import { BASE, WALL, boards, byId, causes, countryWords, debriefParts, el, follow, hasPart, part, phaseWords, runClock, worldCards } from "./common.js";
import { paged } from "./pager.js";

let view = null;

/** What goes with a step where the desk has chosen nothing, or something of which there is nothing. */
function chosen(common) {
  if (common.wall && hasPart(common, common.wall)) return common.wall;
  if (common.phase === "debrief" || common.phase === "closed") return hasPart(common, "words") ? "words" : "";
  return hasPart(common, "prices") ? "prices" : "";
}

/** The large part. */
function large(common, names) {
  const name = chosen(common), reveal = common.reveal;
  if (name === "prices") return el("div", { class: `worldcards${(reveal || common.opening).prices.length > 6 ? " many" : ""}` }, worldCards(common, true));
  if (name === "why") return causes(reveal.causes, names);
  if (name === "treaties") return treaties(common, names);
  if (["security", "independence", "wealth", "cash"].includes(name)) return el("div", { class: "board" }, boards(reveal, names, name));
  if (name in WALL) return el("div", { class: "told" }, debriefParts(common.debrief, names)[name]);
  if (common.phase === "debrief") return el("p", { class: "lead" }, "Leave your seat. How was it? One word, on your page.");
  return common.phase === "closed" ? el("p", { class: "lead" }, "Thank you.") : null;
}

const treaties = (common, names) => el("div", { class: "two" }, common.deals.map((deal) => el("section", { class: "card" }, el("h2", {}, deal.title), el("p", {}, `In force between ${deal.members.map((m) => names[m] || countryWords(m)).join(", ")}.`))), votes(common.votes));
const votes = (rows) => rows.map((vote) => el("section", { class: "card" }, el("h2", {}, vote.question), el("p", {}, `${vote.rule_text}; ${vote.cast} of ${vote.seats.length} have voted`), vote.result === null ? null : el("p", { class: "lead" }, vote.result ? "Carried" : "Not carried")));

/** Treaties that stand beside the large part, the latest; the desk can show all. */
const MOST_BESIDE = 3;

/** What goes on beside it: treaties, votes, news. */
function beside(common, names) {
  const cards = [], isTalk = ["negotiate", "orders", "reveal"].includes(common.phase);
  if (isTalk && common.deals.length && chosen(common) !== "treaties") cards.push(el("section", { class: "card" }, el("h2", {}, "Treaties in force"), el("ul", { class: "list" }, [...common.deals.slice(-MOST_BESIDE).map((deal) => el("li", {}, `${deal.title}: ${deal.members.map((m) => names[m] || countryWords(m)).join(", ")}`)), common.deals.length > MOST_BESIDE ? el("li", {}, `and ${common.deals.length - MOST_BESIDE} more`) : null])));
  if (isTalk && chosen(common) !== "treaties") cards.push(...votes([...common.votes.filter((one) => one.result === null), ...common.votes.filter((one) => one.result !== null).slice(-1)]));
  const news = common.news.filter((one) => one.is_now).slice(-3).reverse();
  if (news.length) cards.push(el("section", { class: "card" }, el("h2", {}, "News"), el("ul", { class: "list" }, news.map((one) => el("li", {}, one.text)))));
  return cards;
}

/** The line above it. */
function lead(common) {
  if (common.phase === "negotiate") return "Talk, draft, sign. Orders may be written already.";
  if (common.phase === "orders") return "Write your orders and hand in before the clock is at zero.";
  if (common.phase === "resolving") return common.failure ? "The facilitator is looking into something." : "The markets clear\u2026";
  return common.phase === "reveal" && common.reveal ? common.reveal.headline : "";
}

function paint() {
  const { common, own } = view;
  byId("where").textContent = `${common.world ? `${common.world}: ` : ""}${common.phase === "lobby" ? common.title : phaseWords(common)}`;
  const names = Object.fromEntries(common.seats.map((seat) => [seat.seat, seat.label])), address = (own.addresses || [])[0] || `${location.origin}/`;
  part("stage", [common.phase, common.seats, own.code, common.news, common.reveal, common.deals, common.votes, common.debrief, common.history, own.game_link, common.wall, common.failure], () => {
    if (common.phase === "lobby") return [el("div", { class: "row" }, el("div", { class: "grow stack" }, el("h2", {}, `Open ${address} and write`),
      el("p", { class: "code" }, own.code || "room locked"), el("p", {}, `${common.people} ${common.people === 1 ? "person is" : "people are"} in`)), el("img", { class: "qr", src: `${BASE}/api/qr.svg`, alt: "QR code of the address" })), seats(common)];
    const above = lead(common), aside = beside(common, names);
    return [above ? el("p", { class: "lead" }, above) : null, ["briefing", "negotiate", "orders"].includes(common.phase) ? seats(common) : null,
      el("div", { class: aside.length ? "large withaside" : "large" }, el("div", { class: "stack" }, large(common, names)), aside.length ? el("aside", { class: "stack" }, aside) : null),
      el("p", { class: "foot soft" }, own.code && common.phase !== "closed" ? `Late? Open ${address} and write ${own.code}` : "", common.debrief ? [own.code && common.phase !== "closed" ? " \u00b7 " : "", el("a", { href: `${BASE}/debrief` }, "The game, round by round"), own.game_link ? [" \u00b7 ", el("a", { href: own.game_link }, "The same game in Explore")] : []].flat() : "")];
  });
}

const seats = (common) => el("ul", { class: "seats" }, common.seats.map((seat) => el("li", {}, el("b", {}, seat.label), " ", el("span", { class: "soft" }, seat.is_final === undefined ? `${seat.people || "no"} ${seat.people === 1 ? "person" : "people"}`
  : seat.pilot !== "people" ? "a machine" : seat.is_final ? "\u2713 handed in" : "deciding"))));

let drawn = null; // what of the stage is laid out in pages
function fit() {
  const first = byId("stage").firstElementChild;
  if (first === drawn) return;
  drawn = first;
  paged(byId("stage").querySelector(".large > .stack"), `${chosen(view.common)} ${view.common.step}`);
}

runClock(() => view?.common);
follow("wall", (fresh) => { view = fresh; paint(); fit(); });
document.fonts.ready.then(() => { drawn = null; if (view) fit(); });
