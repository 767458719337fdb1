// A seat: its sheet of orders, deals, talk, the world, the role. What others of the team do arrives as it happens.
import { BASE, ask, boards, byId, causes, change, countryWords, debriefCards, el, follow, goodWords, money, order, part, percent, phaseWords, price, runClock, say, scoreRows, send, table, worldCards } from "./common.js";
import { fieldsOf, wordsOf } from "./form.js";

let view = null, form = null, formSeat = "", fields = null, pending = Promise.resolve();
const TABS = [["now", "Orders"], ["deals", "Deals"], ["talk", "Talk"], ["world", "World"], ["role", "My role"]];

// --- tabs ------------------------------------------------------------------------------------------------------------

function showTab(name) {
  for (const [one] of TABS) {
    byId(`tab-${one}`).setAttribute("aria-selected", String(one === name));
    byId(`tab-${one}`).tabIndex = one === name ? 0 : -1;
    byId(`panel-${one}`).hidden = one !== name;
  }
}
byId("tabs").append(...TABS.map(([name, title], n) => el("button", { id: `tab-${name}`, role: "tab", type: "button", "aria-controls": `panel-${name}`,
  "aria-selected": "false", onclick: () => showTab(name),
  onkeydown: (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const [next] = TABS[(n + step + TABS.length) % TABS.length];
    showTab(next);
    byId(`tab-${next}`).focus();
  } }, title)));
showTab("now");

// --- the sheet -------------------------------------------------------------------------------------------------------

const sameOrder = (a) => { const key = JSON.stringify(a); return (b) => JSON.stringify(b) === key; };
const without = (one) => (orders) => { const at = orders.findIndex(sameOrder(one)); return orders.filter((_, n) => n !== at); };
const replaced = (one, other) => (orders) => { const at = orders.findIndex(sameOrder(one)); return at < 0 ? [...orders, other] : orders.map((each, n) => (n === at ? other : each)); };

let lastSaved = "";
/** Save orders as the team's draft; one save after the other, each on the newest version; true where it was taken. */
function save(change) {
  pending = pending.then(() => saveOn(change, true));
  return pending;
}

async function saveOn(change, mayRetry) {
  const sheet = view.own.sheet, orders = change([...sheet.orders]);
  const answer = await send("set_draft", { version: sheet.version, orders });
  byId("conflict").hidden = true;
  say("sheetfault", answer.ok ? "" : answer.message);
  if (answer.ok) {
    lastSaved = JSON.stringify(orders);
    if (view.own.sheet.version <= sheet.version) view.own.sheet = { ...sheet, version: sheet.version + 1, orders, is_final: false };
  } else if (await isNewer(sheet.version)) {
    if (mayRetry && JSON.stringify(view.own.sheet.orders) === lastSaved) return saveOn(change, false); // it was ourselves
    offerBoth(change);
  }
  paintSheet();
  return answer.ok;
}

/** Wait a moment for the sheet that was saved by somebody else. */
async function isNewer(version) {
  for (let n = 0; n < 15 && view.own.sheet.version === version; n += 1) await new Promise((done) => setTimeout(done, 100));
  return view.own.sheet.version !== version;
}

/** Two of a team changed the sheet at once: keep what stands there, or put one's own change on top of it. */
function offerBoth(change) {
  const close = () => { byId("conflict").hidden = true; say("sheetfault", ""); byId("put-said").textContent = ""; byId("put-said").className = "soft"; };
  byId("conflict").replaceChildren(el("button", { class: "main", type: "button", onclick: () => { close(); save(change); } }, "Add my change to it"),
    el("button", { type: "button", onclick: close }, "Leave it as it is now"));
  byId("conflict").hidden = false;
}

const STATES = {
  none: ["", "Nothing written yet."],
  draft: ["draft", "Draft saved. Not handed in yet."],
  fault: ["fault", "This draft cannot be carried out."],
  final: ["final", "Handed in. It counts."],
  tried: ["final", "Handed in. This was practice: it does not count."],
  locked: ["", "Orders are closed."],
};

function paintSheet() {
  const { own, common } = view, sheet = own.sheet;
  const key = !own.may_order ? "locked" : sheet.is_final ? (common.round ? "final" : "tried") : sheet.fault ? "fault" : sheet.version ? "draft" : "none";
  const [kind, text] = STATES[key];
  byId("state").className = `state ${kind}`;
  const who = sheet.by && sheet.version ? ` Last change: ${sheet.by}.` : "";
  const text2 = key === "locked" && own.locked ? `Orders are closed. What counts: ${{ final: "what you handed in", draft: "your draft", silent: "nothing, as nothing was written", hold: "nothing new", bot: "what the machine decides" }[own.locked.how]}.` : text + who;
  if (byId("state").textContent !== text2) byId("state").textContent = text2;
  part("orders", [sheet.orders, sheet.texts, sheet.fault, own.may_order], () => [
    sheet.orders.length ? el("ul", { class: "orders" }, sheet.orders.map((one, n) => el("li", {},
      el("span", {}, (sheet.texts.length === sheet.orders.length && sheet.texts[n]) || describe(one)),
      own.may_order ? el("div", { class: "row" }, el("button", { class: "small", type: "button", "aria-label": `Change order ${n + 1}`, onclick: () => edit(one) }, "Change"),
        el("button", { class: "small", type: "button", "aria-label": `Remove order ${n + 1}`, onclick: () => save(without(one)) }, "Remove")) : null)))
      : el("p", { class: "soft" }, "No orders. The measures that are in force stay."),
    sheet.fault ? el("p", { class: "fault" }, sheet.fault) : null]);
  byId("handin").disabled = !own.may_order || sheet.is_final || Boolean(sheet.fault);
  byId("handin").textContent = sheet.orders.length ? "Hand in" : "Hand in without orders";
  byId("reopen").hidden = !own.may_order || !sheet.is_final;
  byId("preview").hidden = !own.may_order || Boolean(sheet.fault);
  byId("policy").textContent = own.may_order && !sheet.is_final && common.round ? common.policy_text : "";
  byId("sheetcard").hidden = !own.may_order && !(own.locked && ["resolving", "reveal"].includes(common.phase));
  byId("newcard").hidden = !own.may_order;
}

const describe = (one) => `${kindOf(one.type)?.title || one.type}: ${wordsOf(kindOf(one.type), one.fields)}`;
const kindOf = (type) => form?.kinds.find((kind) => kind.type === type);

byId("handin").addEventListener("click", async () => { await pending; if (await order("sheetfault", "hand_in", { version: view.own.sheet.version })) byId("state").focus?.(); });
byId("reopen").addEventListener("click", () => order("sheetfault", "reopen", {}));
byId("preview").addEventListener("click", async () => {
  byId("previewed").replaceChildren(el("p", { class: "soft" }, "Clearing the markets with and without your sheet…"));
  const answer = await ask("/api/preview", { orders: view.own.sheet.orders });
  byId("previewed").replaceChildren(...(answer.ok ? previewed(answer) : [el("p", { class: "fault" }, answer.message)]));
});

function previewed(answer, heading = "with your sheet") {
  const rows = answer.prices.map((row) => [goodWords(row.good), price(row.without, row.good), price(row.with, row.good)]);
  const before = scoreRows(answer.without), mine = scoreRows(answer.with).map(([text, value], n) => [text, before[n]?.[1] || "", value]);
  return [el("p", { class: "soft" }, "By the end of the round, if all other seats leave it to machines. Nobody else sees this."),
    table(["price outside", "without", heading], rows, [1, 2]), mine.length ? table(["your seat", "without", "with"], mine, [1, 2]) : null].filter(Boolean);
}
// --- giving an order -------------------------------------------------------------------------------------------------

async function loadForm() {
  if (formSeat === view.own.seat) return;
  formSeat = view.own.seat;
  form = { ...await (await fetch(`${BASE}/api/form`)).json(), seat: formSeat };
  byId("first").replaceChildren(...form.first.map((type) => el("button", { type: "button", class: "small", onclick: () => choose(type) }, kindOf(type).title)));
  byId("kind").replaceChildren(...form.kinds.map((kind) => el("option", { value: kind.type }, kind.title)));
  choose(form.first[0]);
  paintDraft();
  paintSheet();
}
byId("kind").addEventListener("change", () => choose(byId("kind").value));

let editing = null;
/** Show an order of the sheet in the form, to be put in its place again. */
function edit(one) {
  choose(one.type);
  editing = one;
  fields.fill(one.fields || {});
  byId("put").textContent = "Change the order";
  byId("form").append(el("button", { type: "button", onclick: () => choose(one.type) }, "Leave it as it is"));
  byId("kind").focus();
  byId("newcard").scrollIntoView({ block: "start" });
}

function choose(type) {
  const kind = kindOf(type), market = view.own.market || {};
  form.measures = (market.measures || []).filter((one) => one.id !== undefined).map((one) => [String(one.id), one.text]);
  form.treaties = view.common.deals.filter((deal) => deal.members.includes(view.own.seat)).map((deal) => [deal.deal, deal.title]);
  clearTimeout(checking);
  editing = null;
  byId("kind").value = type;
  fields = fieldsOf(kind, form, () => check(kind));
  byId("form").replaceChildren(el("p", { class: "soft" }, kind.summary), fields.element, el("p", { class: "soft", id: "checked", role: "status" }),
    el("button", { class: "main", type: "submit", id: "put" }, "Put it on the sheet"), el("p", { class: "soft", id: "put-said", role: "status" }));
}
let checking = 0, asked = 0;
function check(kind) {
  clearTimeout(checking);
  byId("put-said").textContent = "";
  byId("put-said").className = "soft";
  checking = setTimeout(async () => {
    const number = (asked += 1), spot = byId("checked");
    const lacking = fields.lacking();
    const answer = lacking ? { ok: false, message: lacking.text } : await ask("/api/check", { orders: [{ type: kind.type, fields: fields.read() }] });
    if (number !== asked) return; // the answer to something older
    spot.textContent = answer.ok ? answer.texts[0] : answer.message;
    spot.className = answer.ok || lacking ? "soft" : "fault";
  }, 500);
}

/** Say beside the button what became of it. */
function saidBeside(text, isFault) {
  byId("put-said").textContent = text;
  byId("put-said").className = isFault ? "fault" : "state final";
}

let isPutting = false;
/** Put the form's order on the sheet: what is missing, wrong or there already is said beside the button, and nothing is added. */
async function put() {
  const lacking = fields.lacking(), one = { type: byId("kind").value, fields: fields.read() }, old = editing;
  if (lacking) { saidBeside(lacking.text, true); lacking.control.focus(); return; }
  if (!old && view.own.sheet.orders.some(sameOrder(one))) { saidBeside("This order is on the sheet already.", true); return; }
  saidBeside("Checking\u2026", false);
  byId("put-said").className = "soft";
  const rest = old ? without(old)(view.own.sheet.orders) : view.own.sheet.orders;
  const answer = view.own.sheet.fault ? { ok: true } : await Promise.race([ask("/api/check", { orders: [...rest, one] }),
    new Promise((done) => setTimeout(done, 4000, { ok: false, is_down: true }))]); // a slow model keeps no order off the sheet: saving checks again
  if (!answer.ok && !answer.is_down) { saidBeside(answer.message, true); return; }
  if (old) choose(one.type);
  if (await save(old ? replaced(old, one) : (orders) => [...orders, one])) saidBeside(`${old ? "Changed" : "It is on the sheet"}: ${answer.texts?.at(-1) || describe(one)}`, false);
  else saidBeside("Not saved; the reason stands under your orders.", true);
}
byId("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isPutting) return; // a second press while the first is on its way
  isPutting = true;
  try { await put(); } finally { isPutting = false; }
});

// --- deals -----------------------------------------------------------------------------------------------------------

let countering = null, clauses = [];
const forecasts = new Map(); // what deals would change, by deal and version
function paintDraft() {
  if (!form.clauses.length) {
    byId("draft").replaceChildren(el("p", { class: "soft" }, "Firms sign no treaties. Talk to the states that do."));
    return;
  }
  const states = view.common.seats.filter((seat) => seat.role === "state" || seat.role === "exporter");
  const others = form.countries.filter((code) => code !== "OTH" && states.every((seat) => seat.seat !== code));
  const answered = countering ? view.own.deals.find((deal) => deal.deal === countering) : null;
  const fixed = [view.own.seat, ...(answered ? answered.document.members : [])]; // other terms keep the members
  const boxes = states.map((seat) => [seat.seat, el("input", { type: "checkbox", checked: fixed.includes(seat.seat), disabled: fixed.includes(seat.seat) })]);
  const more = el("select", { multiple: true, size: "4", id: "others" }, others.map((code) => el("option", { value: code, selected: fixed.includes(code) }, form.names?.[code] || code)));
  const title = el("input", { id: "dealtitle", maxlength: "80", value: answered ? answered.document.title : "" });
  const pick = el("select", { id: "clause" }, form.clauses.map((clause) => el("option", { value: clause.type }, clause.title)));
  let open = null;
  const spot = el("div", { class: "fields" });
  const show = () => { const kind = form.clauses.find((one) => one.type === pick.value); open = fieldsOf(kind, form); spot.replaceChildren(el("p", { class: "soft" }, kind.summary), open.element); };
  pick.addEventListener("change", show);
  show();
  const list = el("ul", { class: "list" });
  const paint = () => list.replaceChildren(...clauses.map((clause, n) => el("li", {}, el("span", {}, describeClause(clause)),
    el("button", { class: "small", type: "button", "aria-label": `Remove clause ${n + 1}`, onclick: () => { clauses.splice(n, 1); paint(); } }, "Remove"))));
  paint();
  const members = () => [...boxes.filter(([, box]) => box.checked).map(([seat]) => seat), ...[...more.selectedOptions].map((option) => option.value)];
  const rule = el("select", { id: "dealvote" }, [["", "not said: all must agree"], ["majority", "more than half of the members"], ["weighted", "weighted by what their use of minerals is worth"]].map(([value, text]) => el("option", { value }, text)));
  rule.value = answered?.document.vote || "";
  const document_ = () => ({ ...(rule.value ? { vote: rule.value } : {}), title: title.value || "Agreement of the room", kind: members().length > 2 ? "plurilateral" : "memorandum", members: members(), clauses });
  const said = el("div", { role: "status", class: "stack" }), clauseSaid = el("p", { class: "soft", role: "status" });
  const unready = () => members().length < 2 ? "Choose at least one other member." : clauses.length ? "" : "The treaty has no clause yet. Choose one above and press \u201cAdd this clause\u201d.";
  byId("draft").replaceChildren(
    el("fieldset", { class: "card" }, el("legend", {}, "Members"), boxes.map(([seat, box]) => el("label", { class: "line" }, box, nameOf(seat)))),
    others.length ? el("label", { for: "others" }, "Others, decided by machines", more) : null, el("label", { for: "dealtitle" }, "Title", title), el("label", { for: "dealvote" }, "How its members vote later", rule),
    el("h3", {}, "Clauses"), list, el("label", { for: "clause" }, "Add a clause", pick), spot,
    el("button", { type: "button", onclick: () => {
      const lacking = open.lacking(), one = { type: pick.value, fields: open.read() };
      if (lacking) { clauseSaid.textContent = lacking.text; clauseSaid.className = "fault"; lacking.control.focus(); return; }
      if (clauses.some(sameOrder(one))) { clauseSaid.textContent = "This clause is in the draft already."; clauseSaid.className = "fault"; return; }
      clauses.push(one);
      clauseSaid.textContent = `Added: ${describeClause(one)}.`;
      clauseSaid.className = "soft";
      paint();
    } }, "Add this clause"), clauseSaid,
    el("div", { class: "row" },
      el("button", { type: "button", onclick: async () => { if (unready()) { said.replaceChildren(el("p", { class: "fault" }, unready())); return; } said.replaceChildren(el("p", { class: "soft" }, "Asking…")); const answer = await ask("/api/draft", { document: document_() }); said.replaceChildren(...told(answer)); } }, "Read it, and who would sign"),
      el("button", { class: "main", type: "submit" }, countering ? "Offer these terms" : "Put it on the table"),
      countering ? el("button", { type: "button", onclick: () => { countering = null; clauses = []; paintDraft(); } }, "Rather draft a new treaty") : null), said);
  byId("draft").onsubmit = async (event) => {
    event.preventDefault();
    if (unready()) { said.replaceChildren(el("p", { class: "fault" }, unready())); return; }
    if (isPutting) return;
    isPutting = true;
    said.replaceChildren(el("p", { class: "soft" }, "Putting it on the table…"));
    const answer = countering ? await send("counter_deal", { deal: countering, document: document_() }) : await send("propose_deal", { document: document_() });
    isPutting = false;
    said.replaceChildren(...(answer.ok ? [el("p", { class: "state final" }, "It is on the table; you have signed it. Others see a mark on their tab \u201cDeals\u201d.")] : [el("p", { class: "fault" }, answer.message)]));
    if (answer.ok) { clauses = []; countering = null; paintDraft(); byId("draft").append(said); }
  };
}
const describeClause = (clause) => {
  const kind = form.clauses.find((one) => one.type === clause.type);
  return `${kind.title}: ${wordsOf(kind, clause.fields)}`;
};
const told = (answer) => answer.ok ? [el("p", { class: "treaty", tabindex: "0" }, answer.text), ...answers(answer.answers)] : [el("p", { class: "fault" }, answer.message)];
const answers = (given) => Object.entries(given).map(([seat, one]) => el("p", { class: "soft" }, `${nameOf(seat)}'s own look-ahead ${one.signs ? "would sign" : "would not sign"}: ${one.reason}`));
const nameOf = (seat) => view.common.seats.find((one) => one.seat === seat)?.label || countryWords(seat);

function paintDeals() {
  const { own, common } = view;
  const open = own.deals.filter((deal) => deal.state !== "withdrawn");
  const publicOnes = common.deals.filter((deal) => open.every((one) => one.deal !== deal.deal));
  part("deals", [open, publicOnes, own.seat, [...forecasts]], () => [
    open.length || publicOnes.length ? null : el("section", { class: "card" }, el("h2", {}, "Deals"), el("p", { class: "soft" }, "Nothing on the table. Draft a treaty: what you sign here runs in the markets of the next round.")),
    ...open.map((deal) => {
      const fault = el("p", { class: "fault", role: "alert", hidden: true });
      const mine = deal.signed.includes(own.seat), isOpen = deal.state === "open";
      return el("section", { class: "card" }, el("h2", {}, deal.document.title),
        el("p", {}, `${{ open: "On the table", signed: "Signed by all: in force from the next round", in_force: "In force" }[deal.state]}. Terms by ${nameOf(deal.by)}${deal.version > 1 ? `, version ${deal.version}` : ""}.`),
        el("p", {}, "Signed: ", deal.signed.map(nameOf).join(", "), isOpen ? `. Missing: ${deal.document.members.filter((m) => !deal.signed.includes(m)).map(nameOf).join(", ")}.` : "."),
        el("details", { "data-key": deal.deal }, el("summary", {}, "Text, and what machines think"), el("p", { class: "treaty", tabindex: "0" }, deal.text), answers(deal.answers)),
        isOpen ? el("div", { class: "row" },
          mine ? null : el("button", { class: "main", type: "button", onclick: () => order(fault, "sign_deal", { deal: deal.deal, version: deal.version }) }, "Sign"),
          el("button", { type: "button", onclick: () => { countering = deal.deal; clauses = deal.document.clauses.map((c) => ({ ...c })); paintDraft(); byId("draft").scrollIntoView({ block: "start" }); } }, "Offer other terms"),
          deal.by === own.seat ? el("button", { type: "button", onclick: () => order(fault, "withdraw_deal", { deal: deal.deal }) }, "Take it back") : null,
          el("button", { type: "button", onclick: () => forecast(deal) }, "What would it change for us?")) : null, shownForecast(deal), fault);
    }),
    ...publicOnes.map((deal) => el("section", { class: "card" }, el("h2", {}, deal.title), el("p", {}, `In force between ${deal.members.map(nameOf).join(", ")}.`),
      el("details", { "data-key": deal.deal }, el("summary", {}, "Text"), el("p", { class: "treaty", tabindex: "0" }, deal.text))))]);
}

/** Ask what a deal would change by the end of the round, by itself; the answer stays with these terms. */
async function forecast(deal) {
  const key = `${deal.deal} ${deal.version}`;
  forecasts.set(key, "asking");
  paintDeals();
  forecasts.set(key, await ask("/api/preview", { orders: [], deal: deal.deal }));
  paintDeals();
}
function shownForecast(deal) {
  const found = forecasts.get(`${deal.deal} ${deal.version}`);
  if (!found) return null;
  if (found === "asking") return el("p", { class: "soft", role: "status" }, "Clearing the markets with and without it…");
  return el("div", { class: "stack", role: "status" }, found.ok ? previewed(found, "with this treaty") : el("p", { class: "fault" }, found.message));
}

// --- talk, votes, world, role ----------------------------------------------------------------------------------------

function paintTalk() {
  const { own, common } = view;
  part("room", [common.seats.map((seat) => seat.seat), own.seat], () => [el("option", { value: "public" }, "everybody"),
    ...common.seats.filter((seat) => seat.seat !== own.seat).map((seat) => el("option", { value: [own.seat, seat.seat].sort().join("+") }, `${seat.label} alone`))]);
  const said = [...common.messages, ...own.messages].sort((a, b) => a.at - b.at);
  part("talk", [said, common.is_chat_on], () => [said.length ? null : el("p", { class: "soft" }, common.is_chat_on ? "Nobody has said anything yet." : "Messages are off: talk in the room."),
    ...said.map((m) => el("p", {}, el("b", {}, nameOf(m.seat)), m.room === "public" ? "" : el("span", { class: "soft" }, `(to ${m.room.split("+").filter((s) => s !== m.seat).map(nameOf).join(", ")}) `),
      m.text, m.is_promise ? el("span", { class: "tag" }, m.kept === true ? "promise kept" : m.kept === false ? "promise broken" : "promise") : ""))]);
  part("votes", [common.votes, own.my_votes], () => common.votes.map((vote) => el("section", { class: "card" }, el("h2", {}, vote.question),
    el("p", { class: "soft" }, `${capital(vote.rule_text)}${own.seat in vote.weights ? `; your weight is ${percent(vote.weights[own.seat])}` : ""}. ${vote.cast} of ${vote.seats.length} have voted`),
    vote.result === null && vote.vote in own.my_votes ? el("div", { class: "row" }, ["yes", "no"].map((word) => el("button", { type: "button", "aria-pressed": String(own.my_votes[vote.vote] === (word === "yes")),
      onclick: () => send("cast_vote", { vote: vote.vote, yes: word === "yes" }) }, word === "yes" ? "Yes" : "No"))) : null,
    vote.result === null ? null : el("p", { class: "lead" }, vote.result ? "Carried" : "Not carried"), vote.result ? el("p", { class: "soft" }, "A vote changes no treaty by itself: what was agreed has to be put on the table under \u201cDeals\u201d and signed by all it concerns.") : null)));
}
byId("say").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = byId("text").value;
  if (!text.trim()) return;
  if (await order("sayfault", "send_message", { room: byId("room").value, text, is_promise: byId("promise").checked })) {
    byId("text").value = "";
    byId("promise").checked = false;
  }
});

function paintRole() {
  const sheet = view.own.role_sheet;
  part("quiz", [view.own.quiz, view.own.answered, view.own.has_read], ([asked, answered]) => asked.length ? [el("section", { class: "card" }, el("h2", {}, "Check yourself"),
    el("p", { class: "soft" }, "Five questions about your sheet. The facilitator sees how many are right, not who answered what."), ...asked.map((one) => quiz(one, answered[one.id])))] : []);
  part("role", [sheet, view.own.has_read], () => [el("section", { class: "card" }, el("h1", {}, sheet.label), listed("What everybody knows", sheet.public), listed("What only you know", sheet.private),
    listed("What you want", sheet.goals), listed("What you can do first", sheet.levers), listed("The number to watch", [sheet.watch]),
    el("div", { class: "row" }, el("a", { class: "button", href: `${BASE}/sheet/${encodeURIComponent(view.own.seat)}`, target: "_blank" }, "Print it"),
      view.own.has_read ? el("span", { class: "soft" }, "Read.") : el("button", { class: "main", type: "button", onclick: () => send("read_role") }, "I have read it")))]);
}
const bare = (text) => text.replace(/\.$/, "");
const quiz = (one, choice) => el("div", { class: "stack", role: "group", "aria-label": one.question }, el("h3", {}, one.question),
  choice === undefined ? el("div", { class: "row" }, one.choices.map((text, n) => el("button", { class: "small", type: "button", onclick: () => send("answer_quiz", { question: one.id, choice: n }) }, text)))
    : el("p", { class: choice === one.right ? "state final" : "state" }, choice === one.right ? "Right: " : `Not quite; you said \u201c${bare(one.choices[choice])}\u201d. It is: `, `${bare(one.choices[one.right])}. ${one.why}`));
const listed = (title, lines) => el("div", { class: "plain" }, el("h3", {}, title), el("ul", {}, (lines || []).map((line) => el("li", {}, line))));

function paintMine() {
  const market = view.own.market || {};
  part("mine", [market, view.own.seat], () => {
    if (market.sites) return [el("section", { class: "card" }, el("h2", {}, `Your firm: ${money(market.cash_usd)} in cash`),
      table(["plant", "capacity t a year", "output t", "price", "room to build t"], market.sites.filter((s) => s.capacity_t > 0 || s.room_t > 0).slice(0, 8)
        .map((s) => [`${goodWords(s.good)}, ${countryWords(s.country)}`, Math.round(4 * s.capacity_t).toLocaleString("en"), Math.round(s.output_t).toLocaleString("en"), price(s.price_usd_per_t), s.room_t === null ? "" : Math.round(4 * s.room_t).toLocaleString("en")]), [1, 2, 3, 4]))];
    const goods = (market.goods || []).filter((g) => g.use_t > 0).sort((a, b) => (b.dependence_share || 0) - (a.dependence_share || 0)).slice(0, 8);
    if (!goods.length) return [];
    return [el("section", { class: "card" }, el("h2", {}, "Your markets"),
      table(["mineral", "you pay", "largest supplier", "stock"], goods.map((g) => [goodWords(g.good), price(g.landed_price_usd_per_t, g.good),
        g.leading_supplier ? `${countryWords(g.leading_supplier)} ${percent(g.dependence_share)}` : "", g.stock_days === null || g.stock_days === undefined ? "" : `${Math.round(g.stock_days)} days`]), [1, 3]),
      (market.measures || []).length ? el("details", { "data-key": "measures" }, el("summary", {}, `Your measures in force (${market.measures.length})`),
        el("ul", { class: "list" }, market.measures.map((m) => el("li", {}, m.text)))) : null)];
  });
}

function paintPhase() {
  const { common, own } = view;
  part("phase", [common.phase, common.round, common.reveal, own.result, own.dropped, common.news, own.news, own.has_read], () => {
    const cards = [];
    if (common.phase === "lobby") cards.push(card("You are in.", el("p", {}, "The session begins when everybody is here. Read your role sheet meanwhile.")));
    if (common.phase === "briefing" && !own.has_read) cards.push(card("Read your role", el("p", {}, "Under “My role”: what you want, and your first three levers.")));
    if (common.phase === "resolving") cards.push(card("The markets clear", el("p", {}, "Orders are closed. The result comes in a moment.")));
    if (common.reveal && ["reveal", "debrief", "closed"].includes(common.phase)) cards.push(card(common.reveal.headline, el("p", { class: "soft" }, `${common.reveal.quarter_from} to ${common.reveal.quarter_to}`),
      own.result ? table(["your seat, this round", ""], scoreRows(own.result), [1]) : null,
      ...(own.dropped || []).map((text) => el("p", { class: "fault" }, `Not carried out: ${text}`)),
      el("ul", { class: "list" }, common.reveal.prices.map((row) => el("li", {}, `${goodWords(row.good)}: ${price(row.outside, row.good)} outside ${countryWords(row.leader)} ${change(row.outside_change)}, ${price(row.inside, row.good)} inside ${change(row.inside_change)}`)))));
    if (common.reveal?.causes && ["reveal", "debrief", "closed"].includes(common.phase)) cards.push(causes(common.reveal.causes, seatNames()));
    const all = [...common.news, ...own.news].sort((a, b) => b.at - a.at), news = all.filter((one) => one.is_now), old = all.filter((one) => !one.is_now);
    const rows = (some) => el("ul", { class: "list" }, some.map((one) => el("li", {}, one.text)));
    if (all.length) cards.push(card("News", news.length ? rows(news.slice(0, 5)) : el("p", { class: "soft" }, "Nothing new."), old.length ? el("details", { "data-key": "old news" }, el("summary", {}, `Earlier (${old.length})`), rows(old)) : null));
    return cards;
  });
  part("debriefing", common.phase === "debrief", (isOn) => isOn ? [debrief()] : []);
  part("debriefed", [common.debrief, seatNames(), view.own.game_link], () => [view.own.game_link ? el("p", {}, el("a", { href: view.own.game_link, target: "_blank" }, "This game in Explore, quarter by quarter")) : null, ...(common.debrief ? debriefCards(common.debrief, seatNames()) : [])]);
}
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const seatNames = () => Object.fromEntries(view.common.seats.map((seat) => [seat.seat, seat.label]));
const card = (title, ...inside) => el("section", { class: "card now" }, el("h2", {}, title), ...inside);

function debrief() {
  const word = el("input", { id: "word", maxlength: "24" });
  const questions = [["learned", "What surprised you most?"], ["counted", "Did you always know whether your choice counted?"], ["better", "What should the next class do otherwise?"], ["research", "May your answers be used for research?"]];
  const inputs = questions.map(([key, text]) => [key, key === "research" ? el("select", { id: `q-${key}` }, [["", "not said"], ["yes", "yes"], ["no", "no"]].map(([value, word_]) => el("option", { value }, word_))) : el("textarea", { rows: "2", maxlength: "500", id: `q-${key}` }), text]);
  const heard = el("p", { class: "soft", role: "status" });
  const said = el("p", { class: "soft", role: "status" });
  return card("Debrief", el("p", {}, el("a", { href: `${BASE}/debrief`, target: "_blank" }, "The game, round by round")),
    el("form", { class: "row", onsubmit: async (event) => { event.preventDefault(); if (!word.value.trim()) return; const answer = await send("give_word", { word: word.value }); heard.textContent = answer.ok ? `Sent: ${word.value}` : answer.message; if (answer.ok) word.value = ""; } },
      el("label", { class: "grow", for: "word" }, "How was it? One word", word), el("button", { type: "submit" }, "Send"), heard),
    el("form", { class: "fields", onsubmit: async (event) => { event.preventDefault(); const answer = await send("answer_survey", { answers: Object.fromEntries(inputs.map(([key, box]) => [key, box.value]).filter(([, v]) => v.trim())) });
      said.textContent = answer.ok ? "Thank you, it is kept." : answer.message; } },
      inputs.map(([key, box, text]) => el("label", { for: `q-${key}` }, text, box)), el("button", { class: "main", type: "submit" }, "Hand in the form"), said));
}

// --- all of it -------------------------------------------------------------------------------------------------------

let lastStep = -1;
/** A new step of the session leads back to where the action is, and takes old forecasts away. */
function turn(common) {
  if (common.step === lastStep) return;
  if (lastStep >= 0 && ["orders", "resolving", "reveal", "debrief"].includes(common.phase)) showTab("now");
  if (common.phase !== "orders") byId("previewed").replaceChildren();
  lastStep = common.step;
}

/** What waits for somebody here: marks on the tabs, and one line that stays in sight. */
function paintWaiting() {
  const { common, own } = view;
  const unsigned = common.phase === "resolving" ? [] : own.deals.filter((deal) => deal.state === "open" && !deal.signed.includes(own.seat));
  const votes = common.votes.filter((vote) => vote.result === null && vote.vote in own.my_votes && own.my_votes[vote.vote] === null);
  const isAsked = own.may_order && !own.sheet.is_final && own.news.some((one) => one.is_now);
  const marks = { now: isAsked ? 1 : 0, deals: unsigned.length, talk: votes.length };
  for (const [name, title] of TABS) part(`tab-${name}`, [title, marks[name] || 0], () => [title, marks[name] ? el("span", { class: "badge" }, String(marks[name]), el("span", { class: "skip" }, " waiting")) : ""]);
  const lines = [unsigned.length ? ["deals", unsigned.length === 1 ? "A treaty waits for your signature" : `${unsigned.length} treaties wait for your signature`] : null,
    votes.length ? ["talk", votes.length === 1 ? "A vote is open" : `${votes.length} votes are open`] : null,
    isAsked ? ["now", own.news.filter((one) => one.is_now).at(-1).text] : null].filter(Boolean);
  document.documentElement.style.setProperty("--bar", `${document.querySelector("header").offsetHeight}px`);
  byId("waiting").hidden = !lines.length;
  part("waiting", lines, () => lines.map(([tab, text]) => el("button", { type: "button", onclick: () => { showTab(tab); byId(tab === "talk" ? "votes" : `panel-${tab}`).scrollIntoView({ block: "start" }); } }, text)));
}

function paint() {
  const { common, own } = view;
  turn(common);
  byId("where").textContent = own.seat ? `${nameOf(own.seat)} · ${phaseWords(common)}` : phaseWords(common);
  byId("quarter").textContent = common.title;
  const isHere = own.kind === "person";
  byId("waiting").hidden = true;
  byId("hand").hidden = !isHere;
  byId("hand").textContent = own.has_hand_up ? "Lower hand" : "Raise hand";
  byId("panels").hidden = !isHere || !own.seat;
  byId("tabs").hidden = !isHere || !own.seat;
  byId("nowhere").hidden = isHere && Boolean(own.seat);
  const isEarly = ["lobby", "briefing"].includes(common.phase), mayTake = (seat) => !common.is_locked && (isEarly || !seat.people);
  part("nowhere", [isHere, own.seat, common.seats, common.is_locked, isEarly], () => isHere ? [el("section", { class: "card" }, el("h1", {}, `Welcome, ${own.name}`), el("p", {}, common.is_locked || !common.seats.some(mayTake) ? "Seats are settled. Go to the facilitator, who can seat you." : isEarly ? "Take a seat. Several people may share one." : "Play has begun: take a seat that nobody has, or ask the facilitator to seat you with a team."),
    el("p", { id: "seatfault", class: "fault", role: "alert", hidden: true }),
    el("ul", { class: "list" }, common.seats.map((seat) => el("li", {}, el("span", {}, `${seat.label} (${seat.role}, ${seat.people || "no"} ${seat.people === 1 ? "person" : "people"})`),
      !mayTake(seat) ? null : el("button", { class: "small", type: "button", "data-seat": seat.seat, onclick: () => order("seatfault", "take_seat", { seat: seat.seat }) }, `Sit here: ${seat.label}`)))))]
    : [el("section", { class: "card" }, el("h1", {}, "You are not in this session"), el("p", {}, "Perhaps the facilitator has removed this device, or it is a new one."), el("a", { class: "button", href: "/" }, "Join"))]);
  if (!isHere || !own.seat) return;
  loadForm();
  paintWaiting();
  paintPhase();
  paintMine();
  paintSheet();
  paintTalk();
  paintRole();
  if (form) paintDeals();
  part("world", [common.reveal || common.opening, common.history, own.seat], () => [...worldCards(common), ...boards(common.reveal, seatNames())]);
}

byId("hand").addEventListener("click", () => send("raise_hand", { up: !view.own.has_hand_up }));

const resume = location.hash.slice(1) || "";
if (resume) {
  byId("resume").hidden = false;
  byId("resume").append(el("section", { class: "card" }, el("h2", {}, `Your own code: ${resume}`), el("p", {}, "Write it down: with it you come back on any device."),
    el("button", { type: "button", onclick: () => { byId("resume").hidden = true; history.replaceState(null, "", `${BASE}/play`); } }, "I have it")));
}
runClock(() => view?.common);
follow("me", (fresh) => { view = fresh; paint(); });
