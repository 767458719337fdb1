// The projector: what everybody may see, large enough for the last row. It is sent nothing else.
import { BASE, boards, byId, causes, debriefCards, el, follow, goodWords, part, phaseWords, price, change, runClock, worldCards } from "./common.js";

let view = null;

function paint() {
  const { common, own } = view;
  byId("where").textContent = `${common.world ? `${common.world}: ` : ""}${common.phase === "lobby" ? common.title : phaseWords(common)}`;
  const names = Object.fromEntries(common.seats.map((seat) => [seat.seat, seat.label]));
  part("stage", [common.phase, common.seats, own.code, common.news, common.reveal, common.deals, common.votes, common.debrief, common.history, own.game_link], () => {
    const cards = [];
    if (common.phase === "lobby") cards.push(el("div", { class: "row" }, el("div", { class: "grow stack" }, el("h2", {}, `Open ${(own.addresses || [])[0] || `${location.origin}/`} and write`),
      el("p", { class: "code" }, own.code || "room locked"), el("p", {}, `${common.people} ${common.people === 1 ? "person is" : "people are"} in`)), el("img", { class: "qr", src: `${BASE}/api/qr.svg`, alt: "QR code of the address" })));
    if (common.phase === "lobby" || common.phase === "briefing") cards.push(seats(common));
    if (common.phase === "negotiate" || common.phase === "orders") cards.push(el("p", { class: "lead" }, common.phase === "negotiate" ? "Talk, draft, sign. Orders may be written already." : "Write your orders and hand in before the clock is at zero."), seats(common));
    if (common.phase === "resolving") cards.push(el("p", { class: "lead" }, common.failure ? "The facilitator is looking into something." : "The markets clear…"));
    if (["reveal", "debrief", "closed"].includes(common.phase) && common.reveal) {
      cards.push(el("p", { class: "lead" }, common.reveal.headline), el("ul", { class: "list" }, common.reveal.prices.map((row) => el("li", {}, `${goodWords(row.good)}: ${price(row.outside)} outside ${names[row.leader] || row.leader} (${change(row.outside_change) || "as before"}), ${price(row.inside)} inside`))));
      if (common.reveal.causes) cards.push(causes(common.reveal.causes, names));
      cards.push(el("div", { class: "two three" }, boards(common.reveal, names)), el("div", { class: "two three" }, worldCards(common)));
    }
    if (common.deals.length) cards.push(el("section", { class: "card" }, el("h2", {}, "Treaties in force"), el("ul", { class: "list" }, common.deals.map((deal) => el("li", {}, `${deal.title}: ${deal.members.map((m) => names[m] || m).join(", ")}`)))));
    for (const vote of common.votes.filter((one) => one.result === null)) cards.push(el("section", { class: "card" }, el("h2", {}, vote.question), el("p", {}, `${vote.rule_text}; ${vote.cast} of ${vote.seats.length} have voted`)));
    const news = common.news.slice(-4).reverse();
    if (news.length) cards.push(el("section", { class: "card" }, el("h2", {}, "News"), el("ul", { class: "list" }, news.map((one) => el("li", {}, one.text)))));
    if (common.debrief) cards.push(el("p", {}, el("a", { href: `${BASE}/debrief` }, "The game, round by round"), own.game_link ? [" · ", el("a", { href: own.game_link }, "The same game in Explore")] : null), ...debriefCards(common.debrief, names));
    return cards;
  });
}

const seats = (common) => el("ul", { class: "seats" }, common.seats.map((seat) => el("li", {}, el("b", {}, seat.label), el("br"), seat.is_final === undefined ? `${seat.people || "no"} ${seat.people === 1 ? "person" : "people"}`
  : seat.pilot !== "people" ? "a machine" : seat.is_final ? "\u2713 handed in" : "deciding")));

runClock(() => view?.common);
follow("wall", (fresh) => { view = fresh; paint(); });
