// The facilitator's desk: one tap to the next step, who is where, and everything that can be done about it.
import { BASE, CAUSES, WALL, ask, boards, byId, countryWords, el, follow, goodWords, hasPart, order, part, phaseWords, price, runClock, scoreRows, scoresIf, send, table, worldCards } from "./common.js";

let view = null;
const desk = (kind, body = {}) => order("fault", kind, body, "desk");
const nameOf = (seat) => view.common.seats.find((one) => one.seat === seat)?.label || countryWords(seat);

const SCRIPT = {
  lobby: "Show the wall. Everybody opens the address, writes the code and takes a seat. Wait until each seat has somebody or is a machine's.",
  briefing: "Say in two minutes: most of these minerals are refined in one place; each of you wants something else; what you sign runs. Then let them read their role sheets.",
  negotiate: "Let them walk and talk. Remind them: a treaty counts when all members have signed it here. Say nothing about what is right.",
  orders: "Each seat writes at most a few orders and hands in. The board below shows who is missing.",
  resolving: "The markets clear; it takes a second or two.",
  reveal: "Read the headline aloud, ask one seat why it did what it did, then go on.",
  debrief: "Feelings first (one word), then what happened, then why (what if), then the real world. Never cut this short.",
  closed: "Export the file, and thank them.",
};
const NEXT = { lobby: "Begin the briefing", briefing: "Begin", negotiate: "Close negotiations", orders: "Lock orders and clear the markets", reveal: "Next round", debrief: "End the session" };

function steer() {
  const { common, own } = view;
  const at = common.step;
  const next = own.plan[at + 1];
  byId("next").textContent = phaseWords(common);
  byId("script").textContent = common.phase === "orders" && common.round === 0 ? "Practice: everybody tries the sheet; nothing counts." : SCRIPT[common.phase];
  const missing = own.board.filter((row) => row.pilot === "people" && row.state !== "final").length;
  part("steer", [common.phase, at, missing, common.ends_at !== null, common.left_seconds !== null, own.rounds_played, next], () => [
    next && common.phase !== "resolving" ? el("button", { class: "main", type: "button", onclick: () => {
      if (common.phase === "orders" && missing && !window.confirm(`${missing} ${missing === 1 ? "seat has" : "seats have"} not handed in. ${common.policy_text} Lock now?`)) return;
      desk("go_on", { step: at });
    } }, next.name === "debrief" ? "Begin the debrief" : next.name === "orders" && common.round === 0 && common.phase === "briefing" ? "Begin practice" : NEXT[common.phase] || "Go on") : null,
    common.ends_at !== null ? el("button", { type: "button", onclick: () => desk("pause") }, "Pause") : null,
    common.left_seconds !== null ? el("button", { type: "button", onclick: () => desk("resume_clock") }, "Go on with the clock") : null,
    common.ends_at !== null || common.left_seconds !== null ? el("button", { type: "button", onclick: () => desk("extend", { minutes: 2 }) }, "2 minutes more") : null,
    own.rounds_played && next?.name !== "debrief" && !["debrief", "closed", "resolving"].includes(common.phase) ? el("button", { type: "button", onclick: () => window.confirm("Skip to the debrief? Rounds to come are left out.") && desk("jump", { phase: "debrief" }) }, "Skip to the debrief") : null,
    own.rounds_played && common.phase !== "resolving" ? el("button", { class: "warn", type: "button", onclick: () => window.confirm(`Take round ${own.rounds_played} back? It is played again; nothing is erased from the file.`) && desk("rollback") }, `Take round ${own.rounds_played} back`) : null]);
  part("wall", [common.wall, common.phase, Object.keys(WALL).map((name) => hasPart(common, name))], () => common.phase === "lobby" || common.phase === "resolving" ? [] : [el("span", {}, "On the wall:"),
    ...[["", "what goes with the step"], ...Object.entries(WALL).filter(([name]) => hasPart(common, name))].map(([name, text]) => el("button", { class: "small", type: "button", "aria-pressed": String(common.wall === name), onclick: () => desk("show_on_wall", { part: name }) }, text))]);
  byId("injectcard").hidden = ["debrief", "closed"].includes(common.phase);
  byId("debriefcard").hidden = !own.rounds_played;
  byId("debriefcard").classList.toggle("first", ["debrief", "closed"].includes(common.phase));
  byId("banner").hidden = !own.disk_fault;
  if (own.disk_fault) byId("banner").textContent = own.disk_fault;
  part("failure", own.failure_text, (text) => text ? [el("p", { class: "fault" }, text), el("div", { class: "row" }, el("button", { type: "button", onclick: () => desk("try_again") }, "Try again"), el("button", { type: "button", onclick: () => desk("back_to_orders") }, "Back to orders"))] : []);
}

/** What waits for the facilitator or for people, in a line each. */
function waits() {
  const { common, own } = view;
  const names = (rows) => rows.length > 6 ? `${rows.slice(0, 6).join(", ")} and ${rows.length - 6} more` : rows.join(", ");
  const hands = own.people_list.filter((one) => one.hand).map((one) => one.name);
  const missing = common.phase === "orders" ? own.board.filter((row) => row.pilot === "people" && row.state !== "final").map((row) => row.label) : [];
  const stuck = own.board.filter((row) => row.state === "stuck").map((row) => row.label);
  const votes = common.votes.filter((vote) => vote.result === null), open = own.all_deals.filter((deal) => deal.state === "open");
  part("waits", [hands, missing, stuck, votes, open.map((deal) => [deal.document.title, deal.signed])], () => [
    hands.length ? `\u270B ${names(hands)}` : "", missing.length ? `Not handed in: ${names(missing)}` : "", stuck.length ? `A draft that cannot be carried out: ${names(stuck)}` : "",
    ...votes.map((vote) => `Vote open: ${vote.question} (${vote.cast} of ${vote.seats.length})`),
    open.length ? `${open.length === 1 ? "A treaty waits" : `${open.length} treaties wait`} for signatures: ${names(open.map((deal) => deal.document.title))}` : ""]
    .filter(Boolean).map((text) => el("li", {}, text)));
}

// Sections open and close by hand, and stay so over a reload; until somebody has chosen, the step says which are open.
const FOLDS = "orebloc desk folds", OPEN_IN = { people: ["lobby"], debrief: ["debrief", "closed"] };
const chosenFolds = () => { try { return JSON.parse(localStorage.getItem(FOLDS) || "{}"); } catch { return {}; } };
for (const fold of document.querySelectorAll("details[data-fold]")) fold.querySelector("summary").addEventListener("click", () => setTimeout(() => {
  try { localStorage.setItem(FOLDS, JSON.stringify({ ...chosenFolds(), [fold.dataset.fold]: fold.open })); } catch { /* private mode: for this page only */ }
}));
let foldedFor = "";
function fold(phase) {
  if (phase === foldedFor) return;
  foldedFor = phase;
  const chosen = chosenFolds();
  for (const one of document.querySelectorAll("details[data-fold]")) one.open = chosen[one.dataset.fold] ?? Boolean(OPEN_IN[one.dataset.fold]?.includes(phase));
}

// Who decides for a seat: its people where it has any, the machine, chance, or a class that the server was started with.
function pilots(row, classes) {
  const choice = el("select", { "aria-label": `Who decides for ${row.label}`, onchange: (event) => desk("pilot_seat", { seat: row.seat, pilot: event.target.value }) },
    el("option", { value: "" }, row.names.length ? "Its people" : "The machine"),
    row.names.length ? el("option", { value: "built_in" }, "The machine") : null,
    el("option", { value: "random" }, "Chance"), classes.map((name) => el("option", { value: name }, name)));
  choice.value = row.pilot === "people" || (row.pilot === "built_in" && !row.names.length) ? "" : row.pilot;
  return choice;
}

function board() {
  const { common, own } = view;
  part("board", [own.board, own.muted, own.classes], () => el("ul", { class: "board-seats" }, own.board.map((row) => el("li", {},
    el("p", {}, el("b", {}, row.label), " ", el("span", { class: `tag ${row.pilot === "people" ? row.state : "nothing"}` }, row.pilot === "people" ? { final: "handed in", stuck: "stuck", draft: "draft", nothing: "nothing yet" }[row.state] : row.pilot === "random" ? "chance" : own.classes.includes(row.pilot) ? row.pilot : "machine")),
    el("p", { class: "soft" }, row.names.length ? `${row.names.join(", ")}; ${row.online} connected` : "nobody sits here", row.fault ? `; ${row.fault}` : ""),
    row.dropped.length ? el("details", { "data-key": `dropped ${row.seat}` }, el("summary", { class: "fault" }, `Not carried out last round: ${row.dropped.length}`), row.dropped.map((text) => el("p", { class: "soft" }, text))) : null,
    el("details", { "data-key": `seat ${row.seat}` }, el("summary", { "aria-label": `Act on ${row.label}` }, "Act"), el("div", { class: "row" },
      pilots(row, own.classes),
      row.names.length ? el("button", { class: "small", type: "button", onclick: () => desk("tell", { seat: row.seat, text: "The facilitator asks you to hand in soon." }) }, "Nudge") : null,
      el("button", { class: "small", type: "button", onclick: () => see(row.seat) }, "See as"),
      row.names.length ? el("button", { class: "small", type: "button", "aria-pressed": String(own.muted.includes(row.seat)), onclick: () => desk("mute", { seat: row.seat, is_muted: !own.muted.includes(row.seat) }) }, own.muted.includes(row.seat) ? "Let it talk again" : "Mute") : null))))));
  part("people", [common.phase, own.people_list, own.board.map((row) => row.seat)], () => own.people_list.length ? el("ul", { class: "list" }, own.people_list.map((person) => {
    const seat = el("select", { "aria-label": `Seat of ${person.name}`, onchange: (event) => desk("seat_person", { person: person.person, seat: event.target.value }) },
      el("option", { value: "" }, "no seat"), own.board.map((row) => el("option", { value: row.seat }, row.label)));
    seat.value = person.seat;
    return el("li", {}, el("span", {}, `${person.hand ? "\u270B " : ""}${person.name}`, el("span", { class: "soft" }, person.online ? "" : " (away)", person.has_read ? " read" : "")),
      el("div", { class: "row" }, person.hand ? el("button", { class: "small", type: "button", onclick: () => desk("lower_hand", { person: person.person }) }, "Lower the hand") : null,
        seat, el("button", { class: "small warn", type: "button", onclick: () => window.confirm(`Remove ${person.name}? The device cannot come back by a reload.`) && desk("remove_person", { person: person.person }) }, "Remove"),
        ["lobby", "debrief", "closed"].includes(common.phase) ? el("button", { class: "small warn", type: "button", onclick: () => window.confirm(`Forget ${person.name}? Name, messages and forms go out of the session's file for good; what the seat decided stays.`) && desk("forget_person", { person: person.person }) }, "Forget") : null));
  })) : el("p", { class: "soft" }, "Nobody has joined yet."));
}

const ASKED = { score: "what the score counts", watch: "the number to watch", treaty: "when a treaty binds", deadline: "what happens at the deadline", practice: "whether practice counts" };
/** How many understood their sheet, by question; who answered what is in no view. */
function understanding() {
  part("quiz", view.own.quiz_counts, (counts) => counts.length ? [el("h3", {}, "Understood so far"), el("ul", { class: "list" }, counts.map((one) => el("li", {}, el("span", {}, ASKED[one.id] || one.id), el("b", {}, `${one.right} of ${one.answered} right`))))] : []);
}

let seen = ""; // the seat that is looked at, kept fresh
async function see(seat, isAgain = false) {
  seen = seat;
  const found = await (await fetch(`${BASE}/api/see?seat=${encodeURIComponent(seat)}`)).json();
  byId("seecard").hidden = false;
  byId("see").replaceChildren(el("h3", {}, `${nameOf(seat)}, at ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" })}`), el("p", {}, found.sheet.texts.join(" ") || found.sheet.fault || "No orders."), el("p", { class: "soft" }, (found.role_sheet.private || []).join(" ")),
    found.result ? table(["", ""], scoreRows(found.result), [1]) : el("p", { class: "soft" }, "No result yet."));
  if (!isAgain) byId("seecard").scrollIntoView({ block: "nearest" });
}

function once() {
  const { common } = view;
  const goods = common.opening.prices.map((row) => row.good), states = common.seats.filter((s) => s.role === "state" || s.role === "exporter");
  const choose = (id, rows) => el("select", { id }, rows.map(([value, text]) => el("option", { value }, text)));
  const kinds = view.own.event_kinds.map(([value, name, what, isPair]) => ({ value, name: name.replace(/^./, (c) => c.toUpperCase()), what, isPair }));
  const kind = choose("event", kinds.map((one) => [one.value, `${one.name}: ${one.what}`])), actor = choose("actor", states.map((s) => [s.seat, s.label])), target = choose("target", states.map((s) => [s.seat, s.label])), good = choose("good", goods.map((g) => [g, goodWords(g)]));
  const headline = el("input", { id: "headline", maxlength: "200", value: "" });
  const whole = el("label", { for: "target" }, "Against", target), what = el("label", { for: "good" }, "Mineral", good);
  const adapt = () => {
    const { name, isPair: between } = kinds.find((one) => one.value === kind.value);
    whole.hidden = !between;
    what.hidden = between;
    headline.value = between ? `${name}: ${nameOf(actor.value)} and ${nameOf(target.value)}` : `${name}: ${goodWords(good.value)}, ${nameOf(actor.value)}`;
  };
  for (const one of [kind, actor, target, good]) one.addEventListener("change", adapt);
  adapt();
  byId("inject").append(el("label", { for: "event" }, "What", kind), el("label", { for: "actor" }, "Where or who", actor), whole, what, el("label", { for: "headline" }, "Headline for everybody", headline), el("button", { type: "submit" }, "Let it happen in the coming round"));
  let isSending = false;
  byId("inject").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isSending) return; // a double tap is one event
    isSending = true;
    const between = !whole.hidden;
    const body = { kind: kind.value, actor: actor.value, ...(between ? { target: target.value } : { good: good.value }) };
    await desk("inject", { event: body, headline: headline.value });
    setTimeout(() => { isSending = false; }, 800);
  });
  const tell = el("input", { id: "telltext", maxlength: "500" });
  byId("tell").append(el("label", { for: "telltext" }, "To everybody", tell), el("button", { type: "submit" }, "Tell"));
  byId("tell").addEventListener("submit", async (event) => { event.preventDefault(); if (await desk("tell", { text: tell.value })) tell.value = ""; });
  const question = el("input", { id: "question", maxlength: "200" }), rule = choose("rule", [["unanimity", "all must agree"], ["majority", "more than half"], ["weighted", "weighted by what their use of minerals is worth"]]);
  const bloc = el("select", { id: "bloc", onchange: () => { byId("rulelabel").hidden = bloc.value !== ""; } });
  byId("vote").append(el("label", { for: "question" }, "Question to be voted on", question), el("label", { for: "bloc" }, "Who votes", bloc), el("label", { for: "rule", id: "rulelabel" }, "Rule", rule), el("button", { type: "submit" }, "Open the vote"));
  byId("vote").addEventListener("submit", async (event) => { event.preventDefault(); if (await desk("open_vote", bloc.value ? { question: question.value, deal: bloc.value } : { question: question.value, rule: rule.value, seats: states.map((s) => s.seat) })) question.value = ""; });
  const mark = el("input", { id: "mark", maxlength: "500" });
  byId("bookmark").append(el("label", { for: "mark" }, "Note for the debrief", mark), el("button", { type: "submit" }, "Keep"));
  byId("bookmark").addEventListener("submit", async (event) => { event.preventDefault(); if (await desk("bookmark", { text: mark.value })) mark.value = ""; });
}

function lists() {
  const { common, own } = view;
  part("injects", own.injects, () => own.injects.map((one) => el("p", { class: "row" }, el("span", { class: "soft grow" }, `To come in round ${one.round}: ${one.text}`), el("button", { class: "small", type: "button", onclick: () => desk("withdraw_event", { inject: one.id }) }, "Take it back"))));
  part("bookmarks", own.bookmarks, () => own.bookmarks.map((one) => el("p", { class: "soft" }, `Round ${one.round}: ${one.text}`)));
  part("bloc", own.all_deals.filter((deal) => ["signed", "in_force"].includes(deal.state)).map((deal) => [deal.deal, deal.document.title]), (deals) => [el("option", { value: "" }, "all states"), ...deals.map(([value, title]) => el("option", { value }, `members of ${title}, by its own rule`))]);
  part("votes", common.votes, () => common.votes.map((vote) => el("div", { class: "row" }, el("span", { class: "grow" }, `${vote.question} (${vote.rule_text}; ${vote.cast} of ${vote.seats.length})`, vote.result === null ? "" : vote.result ? ": carried" : ": not carried"),
    vote.result === null ? el("button", { class: "small", type: "button", onclick: () => desk("close_vote", { vote: vote.vote }) }, "Close") : null)));
  part("deals", own.all_deals, () => own.all_deals.length ? own.all_deals.map((deal) => el("details", { "data-key": deal.deal }, el("summary", {}, `${deal.document.title} (${deal.state.replace("_", " ")}): ${deal.document.members.map(nameOf).join(", ")}`), el("p", { class: "treaty", tabindex: "0" }, deal.text))) : [el("p", { class: "soft" }, "No treaty on the table.")]);
  part("talk", own.all_messages, () => el("ul", { class: "list" }, own.all_messages.slice(-30).map((m) => el("li", {}, el("span", {}, el("b", {}, nameOf(m.seat)), ` (${m.room === "public" ? "all" : m.room.split("+").filter((seat) => seat !== m.seat).map(nameOf).join(", ")}): ${m.text}`, m.is_promise ? " [promise]" : "", m.is_hidden ? " [hidden]" : ""),
    el("div", { class: "row" }, m.is_promise ? [el("button", { class: "small", type: "button", onclick: () => desk("judge_promise", { message: m.message, kept: true }) }, "Kept"), el("button", { class: "small", type: "button", onclick: () => desk("judge_promise", { message: m.message, kept: false }) }, "Broken")] : null,
      el("button", { class: "small", type: "button", onclick: () => desk("hide_message", { message: m.message, is_hidden: !m.is_hidden }) }, m.is_hidden ? "Show" : "Hide"))))));
}

let picked = ""; // the what-if that is chosen, over redrawings
function debrief() {
  const { common, own } = view;
  const isOn = ["debrief", "closed"].includes(common.phase);
  part("debrief", [own.entries, own.shown, isOn, own.words, own.surveys, own.game_link, own.board.map((r) => r.seat)], () => {
    if (!own.entries.length) return [el("p", { class: "soft" }, "After the first round: why prices moved, and what if.")];
    const rows = [];
    for (const entry of own.entries) {
      for (const [seat, orders] of Object.entries(entry.sheets)) orders.forEach((text, n) => rows.push([{ what: "order", round: entry.round, seat, number: n + 1 }, `Round ${entry.round}, ${nameOf(seat)}: without ${text}`]));
      entry.treaties.forEach((title, n) => rows.push([{ what: "treaty", round: entry.round, number: n + 1 }, `Round ${entry.round}: without treaty ${title}`]));
      entry.events.forEach((text, n) => rows.push([{ what: "event", round: entry.round, number: n + 1 }, `Round ${entry.round}: without the ${text}`]));
    }
    for (const row of own.board) rows.push([{ what: "seat", seat: row.seat }, `A machine plays ${row.label} all along`]);
    const pick = el("select", { id: "whatifpick" }, rows.map(([, text], n) => el("option", { value: String(n) }, text)));
    pick.value = String(Math.max(rows.findIndex(([one]) => JSON.stringify(one) === picked), 0));
    pick.addEventListener("change", () => { picked = JSON.stringify(rows[Number(pick.value)][0]); });
    const result = byId("whatif");
    return [
      el("div", { class: "row" }, own.entries.map((entry) => el("button", { class: "small", type: "button", onclick: async () => { result.textContent = "Playing the round again without each seat in turn; this can take 20 seconds…"; const answer = await ask("/api/causes", { round: entry.round }); result.replaceChildren(...(answer.ok ? why(answer.causes) : [el("p", { class: "fault" }, answer.message)])); } }, `Why, round ${entry.round}`))),
      el("label", { for: "whatifpick" }, "Play our own game again with one thing changed", pick),
      el("button", { type: "button", onclick: async () => { result.textContent = "Playing it again…"; const began = performance.now(); const answer = await ask("/api/what_if", { change: rows[Number(pick.value)][0] });
        result.replaceChildren(...(answer.ok ? [table(["price outside", "as it was", "otherwise"], answer.prices.map((r) => [goodWords(r.good), price(r.real, r.good), price(r.otherwise, r.good)]), [1, 2]), scoresIf(answer, Object.fromEntries(view.common.seats.map((s) => [s.seat, s.label]))), el("p", { class: "soft" }, `In ${answer.quarter}; worked out in ${((performance.now() - began) / 1000).toFixed(1)} s. In the debrief \u201cOn the wall: What if\u201d shows it.`)].filter(Boolean) : [el("p", { class: "fault" }, answer.message)])); } }, "What if"),
      el("p", { class: "soft" }, `${own.words.length} words, ${own.surveys} forms handed in.`),
      el("div", { class: "row" }, [["words", "words on the wall"], ["scores", "scoreboards"], ["secrets", "secrets: all orders and messages"]].map(([what, text]) => el("label", { class: "line" }, el("input", { type: "checkbox", checked: own.shown[what], disabled: what === "secrets" && !isOn, onchange: (event) => desk("open", { what, is_open: event.target.checked }) }), text))),
      el("p", {}, el("a", { href: `${BASE}/debrief`, target: "_blank" }, "The replay, round by round, with what to ask"), " (show it instead of the wall)"),
      own.game_link ? el("p", {}, el("a", { href: own.game_link, target: "_blank" }, "This game in Explore, quarter by quarter"), " (it shows what all seats ordered: others get the link when the game is closed, or with secrets opened)") : null,
      el("p", {}, el("a", { href: `${BASE}/export/session.zip` }, "All tables (pseudonyms)"), " · ", el("a", { href: `${BASE}/export/session.zip?names=yes` }, "with names"), " \u00b7 ", el("a", { href: `${BASE}/export/session.xlsx` }, "as one spreadsheet"))];
  });
}
const why = (rows) => [table(["price outside", "changed by", "because of"], rows.map((row) => [goodWords(row.good), `${row.total < 0 ? "\u2212" : "+"}${price(Math.abs(row.total), row.good)}`, row.parts.filter((p) => Math.abs(p.amount) > 1e-6 * Math.abs(row.total || 1)).map((p) => `${CAUSES[p.cause] || nameOf(p.cause)} ${p.amount > 0 ? "+" : "\u2212"}${price(Math.abs(p.amount), row.good)}`).join("; ")]), [1])];

function rules() {
  const { common, own } = view;
  part("rules", [common.policy, common.is_locked, common.is_chat_on, own.shown.finals, own.code], () => {
    const policy = el("select", { id: "policy", onchange: (event) => desk("set_policy", { policy: event.target.value }) }, [["draft", "the draft counts"], ["final", "only what was handed in"], ["hold", "no new orders"], ["bot", "the machine decides"]].map(([value, text]) => el("option", { value }, text)));
    policy.value = common.policy;
    return [el("p", {}, `Code: ${own.code}`, " · ", el("a", { href: `${BASE}/wall`, target: "_blank" }, "Open the wall")), el("label", { for: "policy" }, "If a seat has not handed in at the deadline", policy),
      el("label", { class: "line" }, el("input", { type: "checkbox", checked: common.is_locked, onchange: (event) => desk("lock_lobby", { is_locked: event.target.checked }) }), "Nobody new may join"),
      el("label", { class: "line" }, el("input", { type: "checkbox", checked: !common.is_chat_on, onchange: (event) => desk("set_chat", { is_on: !event.target.checked }) }), "Talk in the room: messages off"),
      el("label", { class: "line" }, el("input", { type: "checkbox", checked: own.shown.finals, onchange: (event) => desk("open", { what: "finals", is_open: event.target.checked }) }), "Everybody sees who has handed in")];
  });
}

let isSet = false, again = 0;
runClock(() => view?.common);
follow("desk", (fresh) => {
  view = fresh;
  if (!isSet) { once(); isSet = true; }
  byId("where").textContent = view.common.world ? `${view.common.title}, ${view.common.world}` : view.common.title;
  part("worlds", view.own.worlds, (worlds) => worlds.of ? [el("a", { href: "/desk" }, "All worlds"), ...Array.from({ length: worlds.of }, (_, n) => el("a", { href: `/world/${n + 1}/desk`, "aria-current": n + 1 === worlds.number ? "page" : null }, `World ${"ABCDEF"[n]}`)),
    worlds.difference ? el("span", { class: "soft" }, `Here: ${worlds.difference}`) : null] : []);
  const hands = view.own.people_list.filter((one) => one.hand).map((one) => one.name);
  byId("quarter").textContent = `${view.common.people} people${hands.length ? ` \u00b7 \u270B ${hands.slice(0, 3).join(", ")}${hands.length > 3 ? ` and ${hands.length - 3} more` : ""}` : ""}`;
  if (seen && !byId("seecard").hidden) { clearTimeout(again); again = setTimeout(see, 400, seen, true); }
  fold(view.common.phase);
  steer();
  waits();
  board();
  understanding();
  lists();
  debrief();
  rules();
  part("world", [view.common.reveal || view.common.opening, view.common.history], () => [...worldCards(view.common), ...boards(view.common.reveal, Object.fromEntries(view.common.seats.map((s) => [s.seat, s.label])))]);
});
