// The worlds of a class side by side, live: for the projector, and for the debrief.
import { byId, el, followAll, part, PHASES } from "./common.js";
import { gapCards, key, left, marketCards, named, scoreCards, storyCards } from "./compare.js";

let view = null;
const step = (world) => `${PHASES[world.phase]}${world.round ? `, round ${world.round} of ${world.rounds}` : ""}`;

function clocks() {
  if (!view) return;
  view.worlds.forEach((world, n) => {
    const spot = byId(`clock${n}`), text = left(world);
    if (spot && spot.textContent !== text) spot.textContent = text;
  });
}

followAll("wall", (fresh) => {
  view = fresh;
  const { worlds } = view, isLobby = worlds.every((world) => world.phase === "lobby");
  byId("where").textContent = worlds[0].title;
  part("door", [isLobby, view.code, view.addresses], () => isLobby ? el("div", { class: "row" }, el("div", { class: "grow stack" }, el("h2", {}, `Open ${view.addresses[0] || `${location.origin}/`} and write`),
    el("p", { class: "code" }, view.code || "rooms locked"), el("p", { class: "soft" }, "It leads to the world with the fewest people.")), el("img", { class: "qr", src: "/api/qr.svg", alt: "QR code of the address" })) : []);
  part("list", worlds.map((w) => [w.name, w.difference, w.phase, w.round, w.people, w.failure]), () => worlds.map((world, n) => el("section", { class: "card" }, el("h2", {}, isLobby ? world.name : named(world)),
    el("p", {}, `${step(world)}${world.failure ? ": the facilitator is looking into something" : ""} `, el("b", { id: `clock${n}` })), el("p", { class: "soft" }, `${world.people} ${world.people === 1 ? "person" : "people"}`))));
  part("compare", [view.gaps, worlds.map((w) => [w.points, w.boards, w.headline, w.treaties, w.moments])], () => isLobby ? [] : [key(worlds), gapCards(worlds, view.gaps),
    el("div", { class: "two three" }, marketCards(worlds)), el("div", { class: "two three" }, scoreCards(worlds)), el("div", { class: "two three" }, storyCards(worlds))]);
  clocks();
});
setInterval(clocks, 500);
