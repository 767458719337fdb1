// The desk of all worlds: where each of them is, one tap for all together, and the way to the desk of one.
import { byId, el, followAll, part, PHASES, post, sendTo } from "./common.js";
import { gapCards, key, left, marketCards, named, scoreCards, storyCards } from "./compare.js";

let view = null, isBusy = false;
const step = (world) => `${PHASES[world.phase]}${world.round ? `, round ${world.round} of ${world.rounds}` : ""}`;

/** Give a command to worlds; each answers for itself, and what one refuses is told by its name. */
async function all(kind, body, which = () => true) {
  if (isBusy) return; // a double tap is one
  isBusy = true;
  const chosen = view.worlds.filter(which);
  const answers = await Promise.all(chosen.map((world) => sendTo(world.base, kind, body(world))));
  byId("faults").replaceChildren(...answers.flatMap((answer, n) => answer.ok ? [] : [el("li", {}, `${chosen[n].name}: ${answer.message}`)]));
  isBusy = false;
}

function steer() {
  const { worlds } = view, first = worlds.reduce((a, b) => a.step <= b.step ? a : b);
  const isSame = worlds.every((world) => world.step === first.step);
  const behind = worlds.filter((world) => world.step === first.step);
  const waiting = behind.filter((world) => world.phase === "resolving"), over = behind.every((world) => world.phase === "closed");
  const missing = behind.reduce((sum, world) => sum + (world.phase === "orders" ? world.missing : 0), 0);
  const running = worlds.some((world) => world.ends_at !== null), paused = worlds.some((world) => world.left_seconds !== null);
  byId("next").textContent = isSame ? `All worlds: ${step(first)}` : `Behind the others: ${behind.map((world) => world.name).join(", ")}`;
  byId("script").textContent = isSame ? "One tap leads all worlds on together; a world by itself is led at its own desk." : "The next tap leads on those that are behind.";
  const go = () => {
    if (missing && !window.confirm(`${missing} ${missing === 1 ? "seat has" : "seats have"} not handed in. Lock now?`)) return;
    all("go_on", (world) => ({ step: world.step }), (world) => world.step === first.step && world.phase !== "resolving");
  };
  part("steer", [isSame, first.step, waiting.length, over, missing, running, paused], () => [
    over || waiting.length === behind.length ? el("span", { class: "soft" }, over ? "All worlds are closed." : "The markets clear…")
      : el("button", { class: "main", type: "button", onclick: go }, isSame ? "All go on" : `${behind.map((world) => world.name).join(", ")}: go on`),
    running ? el("button", { type: "button", onclick: () => all("pause", () => ({}), (w) => w.ends_at !== null) }, "Pause all") : null,
    paused ? el("button", { type: "button", onclick: () => all("resume_clock", () => ({}), (w) => w.left_seconds !== null) }, "Go on with the clocks") : null,
    running || paused ? el("button", { type: "button", onclick: () => all("extend", () => ({ minutes: 2 }), (w) => w.ends_at !== null || w.left_seconds !== null) }, "2 minutes more for all") : null]);
}

/** Play each world's orders under the other's rule, so that the gap of a twin is parted. */
async function partGaps(button) {
  button.disabled = true;
  button.textContent = "The games are played once more…";
  const answer = await post("/api/gaps", {}).catch(() => ({ ok: false, message: "The line is down. Try again." }));
  byId("faults").replaceChildren(...(answer.ok ? [] : [el("li", {}, answer.message)]));
  button.disabled = false;
  button.textContent = "Rule or people? Part the gap";
}

function once() {
  const text = el("input", { id: "telltext", maxlength: "500" });
  byId("tell").append(el("label", { for: "telltext", class: "grow" }, "To everybody in all worlds", text), el("button", { type: "submit" }, "Tell"));
  byId("tell").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!text.value.trim()) return;
    await all("tell", () => ({ text: text.value }));
    text.value = "";
  });
}

function clocks() {
  view?.worlds.forEach((world, n) => { const spot = byId(`clock${n}`); if (spot) spot.textContent = left(world); });
}

once();
followAll("desk", (fresh) => {
  view = fresh;
  const { worlds } = view;
  byId("where").textContent = `${worlds[0].title}, ${worlds.length} worlds`;
  byId("people").textContent = `${worlds.reduce((sum, world) => sum + world.people, 0)} people`;
  steer();
  part("codes", [view.code], () => [view.code ? `Code for all: ${view.code}, which leads to the world with the fewest people.` : "All worlds are locked.", " Each world has a code of its own at its desk and on its wall."]);
  const canPart = worlds.some((w) => w.difference) && worlds.every((w) => ["debrief", "closed"].includes(w.phase));
  part("gap", [canPart], () => canPart ? [el("button", { type: "button", onclick: (event) => partGaps(event.target) }, "Rule or people? Part the gap"),
    el("span", { class: "soft" }, "Each world's orders are played under the other's rule; takes some seconds, and stands on the wall then.")] : []);
  part("list", worlds.map((w) => [w.name, w.difference, w.phase, w.round, w.people, w.missing, w.fault]), () => worlds.map((world, n) => el("section", { class: "card" }, el("h2", {}, named(world)),
    el("p", {}, step(world), " ", el("b", { id: `clock${n}` })),
    el("p", { class: "soft" }, `${world.people} ${world.people === 1 ? "person" : "people"}${["negotiate", "orders"].includes(world.phase) ? `; ${world.missing} ${world.missing === 1 ? "seat has" : "seats have"} not handed in` : ""}`),
    world.fault ? el("p", { class: "fault" }, world.fault) : null,
    el("p", {}, el("a", { href: `${world.base}/desk` }, `Desk of ${world.name}`), " · ", el("a", { href: `${world.base}/wall`, target: "_blank" }, "wall"), " · ", el("a", { href: `${world.base}/debrief`, target: "_blank" }, "replay")))));
  part("compare", [view.gaps, worlds.map((w) => [w.points, w.boards, w.headline, w.treaties, w.moments])], () => worlds.every((w) => w.phase === "lobby") ? [] : [key(worlds), gapCards(worlds, view.gaps),
    el("div", { class: "two three" }, marketCards(worlds)), el("div", { class: "two three" }, scoreCards(worlds)), el("div", { class: "two three" }, storyCards(worlds))]);
  clocks();
});
setInterval(clocks, 500);
