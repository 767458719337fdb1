"""What each screen may know. Every byte of a session's state that leaves the server goes through `view`.

A view is a plain mapping `{"common", "own"}`: `common` is the same for everybody and holds nothing that is one seat's,
`own` is what the viewer may know besides.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from experiments.debrief.delivery import delivery
from experiments.debrief.moment import moments
from model.event import EVENT_KINDS
from model.vote import rule_words
from viz.classroom.against import found_table, lines
from viz.classroom.command import may_order
from viz.classroom.quiz import is_quiz_time, quiz_counts, quiz_of
from viz.classroom.state import POLICIES, Deal, Message, Person, State
from viz.classroom.word import (
    EVENTS,
    change_in_words,
    event_word,
    group_word,
    measure_word,
    moment_word,
    order_title,
    order_word,
)
from viz.country import country_name


@dataclass(frozen=True)
class Viewer:
    """Who looks: `kind` is person, wall, desk or nobody; a person by id."""

    kind: str
    person: str = ""


#: A part of a view: its name, and how it is made.
Part = tuple[str, Callable[[], dict[str, Any]]]
#: What everybody knows of a seat and never changes.
_ABOUT = ("label", "role", "public")
WALL, DESK_VIEWER, NOBODY = Viewer("wall"), Viewer("desk"), Viewer("nobody")


def view(state: State, viewer: Viewer, now: float, online: Collection[str] = ()) -> dict[str, Any]:
    """Return a viewer's view: see `common` and `own`. `online` are the persons whose pages are connected."""
    return {"common": common(state, now, online), "own": own(state, viewer, now, online)}


def common(state: State, now: float, online: Collection[str] = ()) -> dict[str, Any]:
    """Return what everybody in the room may know: clock, seats, public talk, news, what rounds brought."""
    phase = state.phase
    shown = max((n for n in state.outcomes if n or phase.round == 0), default=None)
    if phase.name == "resolving":
        shown = None if shown == phase.round else shown
    return {
        "title": state.title,
        "world": state.world.get("name", ""),
        "scenario": state.record.get("scenario", {}).get("name", ""),
        "seq": state.seq,
        "now": now,
        "phase": phase.name,
        "step": state.step,
        "round": phase.round,
        "rounds": max((p.round for p in state.plan), default=0),
        "ends_at": state.ends_at,
        "left_seconds": state.left_seconds,
        "failure": bool(state.failure),
        "policy": state.policy,
        "policy_text": POLICIES[state.policy],
        "is_locked": state.is_locked,
        "is_chat_on": state.is_chat_on,
        "names": _country_names(state),
        "about": {seat: {key: about[key] for key in _ABOUT} for seat, about in state.seats.items()},
        "seats": [_public_seat(state, seat, team, online) for seat, team in state.teams().items()],
        "people": sum(not p.is_removed for p in state.people.values()),
        "wall": state.wall,
        "news": [_news(state, one) for one in state.news[-20:] if not one.get("seat")],
        "messages": [_said(state, m) for m in state.messages if m.room == "public" and not m.is_hidden][-60:],
        "deals": [_public_deal(deal) for deal in state.deals.values() if deal.state == "in_force"],
        "votes": [_public_vote(vote) for vote in state.votes.values()],
        "opening": _public_outcome(state, state.opening),
        "reveal": _public_outcome(state, state.outcomes[shown]) if shown is not None else None,
        "reveal_round": shown,
        "history": [_point(number, state.outcomes[number]) for number in sorted(state.outcomes) if number],
        "debrief": _debrief(state) if phase.name in ("debrief", "closed") else None,
    }


def _country_names(state: State) -> dict[str, str]:
    """Return the names of all countries that a screen may show, by code."""
    seats = next(iter(state.seats.values()), {}).get("countries", ())
    codes = [*seats, *(row["country"] for row in state.opening.get("shares", ()))]
    return {code: country_name(code) for code in dict.fromkeys(codes)}


def _public_seat(state: State, seat: str, team: list[Person], online: Collection[str]) -> dict[str, Any]:
    row = {
        "seat": seat,
        "people": len(team),
        "pilot": state.pilot(seat, team),
        "online": sum(p.id in online for p in team),
    }
    if state.is_open.get("finals") and may_order(state):
        row["is_final"] = state.sheets[seat].is_final
    return row


#: Steps outside rounds: what was told in one is old in the next.
_APART = frozenset({"lobby", "briefing", "debrief", "closed"})


def _news(state: State, one: Mapping[str, Any]) -> dict[str, Any]:
    """Return news, and whether it is of now: of this round or of one to come, else of this step."""
    now, said = state.phase, state.plan[one.get("step", 0)]
    if one["kind"] == "event" and now.round and now.name not in _APART:
        return {**one, "is_now": one["round"] >= now.round}
    is_same_step = said.name == now.name or not {said.name, now.name} & _APART
    return {**one, "is_now": said.round == now.round and is_same_step}


def _public_deal(deal: Deal) -> dict[str, Any]:
    return {"deal": deal.id, "members": deal.document["members"], "title": deal.document["title"],
            "text": deal.text, "round": deal.round}  # fmt: skip


def _public_vote(vote: Any) -> dict[str, Any]:
    return {"vote": vote.id, "question": vote.question, "seats": vote.seats, "rule": vote.rule,
            "rule_text": rule_words(vote.rule, vote.share), "weights": vote.weights, "deal": vote.deal,
            "cast": len(vote.cast), "result": vote.result}  # fmt: skip


def _public_outcome(state: State, outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Return the public part of an outcome: no seat's own numbers but the scoreboards, where they are shown."""
    kept = ("quarter_from", "quarter_to", "headline", "prices", "shares", "measures", "treaties", "causes")
    public = {key: outcome[key] for key in kept if key in outcome}
    if "headline" in public:
        public["headline"] = group_word(public["headline"])
    if state.is_open.get("scores"):
        public["scoreboards"] = {
            board: [row for row in rows if row["seat"] in state.seats]
            for board, rows in outcome.get("scoreboards", {}).items()
        }
    return public


def _point(number: int, outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Return a round as a point of the charts over rounds."""
    return {"round": number, "quarter": outcome["quarter_to"], "headline": group_word(outcome["headline"]),
            "prices": outcome["prices"], "shares": outcome["shares"]}  # fmt: skip


def told_rounds(state: State) -> list[dict[str, Any]]:
    """Return what the rounds played brought, the first one first: of each what everybody was told of it."""
    return [_public_outcome(state, state.outcomes[number]) for number in sorted(state.outcomes) if number]


def _said(state: State, message: Message) -> dict[str, Any]:
    return {
        "message": message.id,
        "room": message.room,
        "seat": message.seat,
        "text": message.text,
        "at": message.at,
        "round": message.round,
        "is_promise": message.is_promise,
        "kept": message.kept,
    }


def _debrief(state: State) -> dict[str, Any]:
    """Return what the debrief shows everybody; orders and private talk only once secrets are opened."""
    rounds = state.record["rounds"]
    outcomes = [state.outcomes[number] for number in range(1, len(rounds) + 1)]
    names = {seat: about["label"] for seat, about in state.seats.items()}
    found: dict[str, Any] = {
        "bookmarks": [{"text": one["text"], "round": one["round"]} for one in state.bookmarks],
        "moments": [{**one, "text": moment_word(one)} for one in moments(outcomes, rounds, state.opening)],
        "what_ifs": [
            {**one, "text": change_in_words(_entry(rounds, one["change"]), one["change"], names)}
            for one in state.what_ifs
        ],
        "words": list(state.words) if state.is_open.get("words") else len(state.words),
        "promises": [
            _said(state, m) for m in state.messages if m.is_promise and m.room == "public" and not m.is_hidden
        ],
    }
    found["against"] = lines(found_table(state.record), told_rounds(state), names)
    if state.is_open.get("secrets"):
        found["delivery"] = [
            {**row, "against": [{**one, "title": order_title(one["type"])} for one in row["against"]]}
            for row in delivery(outcomes, rounds)
        ]
        found["orders"] = [
            {"round": number, "seat": seat, "orders": orders, "texts": [order_word(one) for one in orders]}
            for number, entry in enumerate(state.record["rounds"], start=1)
            for seat, orders in entry["sheets"].items()
        ]
        found["messages"] = [_said(state, m) for m in state.messages if not m.is_hidden]
    return found


def _entry(rounds: list[dict[str, Any]], change: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the round of a record that a what-if names, empty where it names none or one taken back."""
    number = int(change.get("round") or 0)
    return rounds[number - 1] if 0 < number <= len(rounds) else {}


def own(state: State, viewer: Viewer, now: float, online: Collection[str] = ()) -> dict[str, Any]:
    """Return what this viewer may know besides: a person's seat, or the facilitator's desk."""
    return {key: value for _, make in own_parts(state, viewer, online) for key, value in make().items()}


def own_parts(state: State, viewer: Viewer, online: Collection[str] = ()) -> list[Part]:
    """Return the same part by part; parts of one name are the same for all who have them, as a seat's for its team."""
    if viewer.kind == "desk":
        return [("desk", lambda: {"kind": "desk", **_desk(state, online)})]
    person = state.people.get(viewer.person) if viewer.kind == "person" else None
    if person is None or person.is_removed:
        kind = "wall" if viewer.kind == "wall" else "nobody"
        lobby = {"code": state.code} if kind == "wall" and not state.is_locked else {}
        return [(kind, lambda: {"kind": kind, **lobby})]
    parts: list[Part] = [(f"person {person.id}", lambda: {"kind": "person", **_mine(state, person)})]
    if person.seat:
        parts.append((f"seat {person.seat}", lambda: seat_view(state, person.seat)))
    return parts


def _mine(state: State, person: Person) -> dict[str, Any]:
    answered = state.quiz.get(person.id, {}) if is_quiz_time(state.phase) else {}
    return {"answered": {name: given["choice"] for name, given in answered.items()},
            "person": person.id, "name": person.name, "seat": person.seat, "has_read": person.has_read,
            "has_hand_up": person.has_hand_up}  # fmt: skip


def seat_view(state: State, seat: str) -> dict[str, Any]:
    """Return what a seat's people may know besides what all do; the facilitator's "see as" shows the same."""
    sheet = state.sheets[seat]
    outcome = state.outcomes[max(state.outcomes)] if state.outcomes else state.opening
    latest = state.outcomes.get(state.phase.round)
    deals = [deal for deal in state.deals.values() if seat in deal.document["members"]]
    writer = state.people.get(sheet.by)
    return {
        "teammates": [p.name for p in state.seated(seat)],
        "role_sheet": state.seats[seat],
        "quiz": quiz_of(seat, state.seats[seat], state.policy) if is_quiz_time(state.phase) else [],
        "sheet": {
            "version": sheet.version,
            "orders": sheet.orders,
            "texts": sheet.texts,
            "fault": sheet.fault,
            "by": writer.name if writer else "",
            "at": sheet.at,
            "is_final": sheet.is_final,
            "has_handed_in": sheet.handed_in is not None,
        },
        "may_order": may_order(state),
        "locked": state.locked.get(seat),
        "market": _market(outcome.get("views", {}).get(seat, {})),
        "result": (latest or {}).get("seats", {}).get(seat),
        "dropped": (latest or {}).get("dropped", {}).get(seat, []),
        "is_muted": seat in state.muted,
        "news": [_news(state, one) for one in state.news if one.get("seat") == seat],
        "messages": [
            _said(state, m)
            for m in state.messages
            if m.room != "public" and seat in m.room.split("+") and not m.is_hidden
        ][-80:],
        "deals": [_my_deal(state, deal, seat) for deal in deals],
        "my_votes": {vote.id: vote.cast.get(seat) for vote in state.votes.values() if seat in vote.seats},
    }


def _market(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a seat's view of its markets, its measures in words."""
    measures = [{**one, "text": measure_word(one["text"])} for one in found.get("measures", ())]
    return {**found, "measures": measures} if measures else dict(found)


def may_see_game(state: State, viewer: Viewer) -> bool:
    """Whether a viewer may open the class's own game in Explore, where all orders of all seats act.

    The desk once a round has been played; everybody when the game is closed, or in the debrief with secrets opened.
    """
    if not state.record.get("rounds"):
        return False
    is_open = state.phase.name == "debrief" and bool(state.is_open.get("secrets"))
    return viewer.kind == "desk" or state.phase.name == "closed" or is_open


def told_answers(state: State, answers: Mapping[str, Any], seat: str) -> dict[str, Any]:
    """Return the look-aheads that a seat may see: its own, and those of members that machines decide for."""
    return {
        m: one
        for m, one in answers.items()
        if m == seat or m not in state.seats or state.pilot(m) != "people"
    }


def _my_deal(state: State, deal: Deal, seat: str = "") -> dict[str, Any]:
    answers = told_answers(state, deal.answers, seat) if seat else deal.answers
    return {"deal": deal.id, "document": deal.document, "text": deal.text, "by": deal.by, "version": deal.version,
            "state": deal.state, "signed": list(deal.signed), "answers": answers}  # fmt: skip


def _desk(state: State, online: Collection[str]) -> dict[str, Any]:
    """Return the facilitator's board: who is there, how far each seat is, what needs attention."""
    return {
        "code": state.code,
        "worlds": {key: state.world[key] for key in ("number", "of", "difference") if key in state.world},
        "failure_text": state.failure,
        "plan": [{"name": p.name, "round": p.round, "minutes": p.minutes} for p in state.plan],
        "people_list": [
            {"person": p.id, "name": p.name, "seat": p.seat, "online": p.id in online, "has_read": p.has_read,
             "hand": p.has_hand_up} for p in state.people.values() if not p.is_removed
        ],
        "board": [_board_row(state, seat, team, online) for seat, team in state.teams().items()],
        "classes": list(state.classes),
        "shown": dict(state.is_open),
        "muted": sorted(state.muted),
        "all_messages": [{**_said(state, m), "is_hidden": m.is_hidden} for m in state.messages[-200:]],
        "all_deals": [_my_deal(state, deal) for deal in state.deals.values()],
        "injects": [{**one, "text": event_word(one["event"])} for one in state.injects],
        "event_kinds": [[kind, *words, EVENT_KINDS[kind].pair] for kind, words in EVENTS.items()],
        "bookmarks": list(state.bookmarks),
        "words": list(state.words),
        "surveys": len(state.surveys),
        "quiz_counts": quiz_counts(state.quiz),
        "rounds_played": len(state.record.get("rounds", [])),
        "entries": [
            {"round": n,
             "sheets": {seat: list(map(order_word, orders)) for seat, orders in entry["sheets"].items() if orders},
             "treaties": [t["title"] for t in entry.get("treaties", [])],
             "events": [event_word(e) for e in entry.get("events", [])]}
            for n, entry in enumerate(state.record.get("rounds", []), start=1)
        ],
    }  # fmt: skip


def _dropped(state: State, seat: str) -> list[str]:
    """Return what of a seat's orders was not carried out in the last round, with the reasons."""
    number = max(state.outcomes, default=0)
    last = state.outcomes.get(number) if number or not state.phase.round else None  # practice is over then
    return list((last or {}).get("dropped", {}).get(seat, []))


def _board_row(state: State, seat: str, people: list[Person], online: Collection[str]) -> dict[str, Any]:
    sheet = state.sheets[seat]
    how = "final" if sheet.is_final else "stuck" if sheet.fault else "draft" if sheet.version else "nothing"
    return {"seat": seat, "label": state.seats[seat]["label"], "state": how, "pilot": state.pilot(seat, people),
            "names": [p.name for p in people], "online": sum(p.id in online for p in people),
            "fault": sheet.fault, "dropped": _dropped(state, seat), "orders": len(sheet.orders)}  # fmt: skip
