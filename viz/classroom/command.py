"""Commands: what somebody asks for becomes events, or a refusal that says why. Pure: no clock, no file, no chance.

Each command is a function `(state, ask) -> list of (kind, body)`; `ask` says who, what, when, and carries what the
server found out first (new ids, what the model says of orders).
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from viz.classroom.event import DESK
from viz.classroom.state import POLICIES, TIMED, Person, State

Made = list[tuple[str, dict[str, Any]]]
MOST_PEOPLE = 400
_LONGEST = {"name": 40, "text": 500, "question": 200, "word": 24}


class Refusal(Exception):
    """A command that cannot be: the message is for whoever sent it. `status` is the HTTP status."""

    def __init__(self, message: str, status: int = 409) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Ask:
    """A command as it arrives: kind, body, who (a person's id or the desk), server time, and what was found out."""

    kind: str
    body: Mapping[str, Any]
    by: str
    now: float
    found: Mapping[str, Any] = field(default_factory=dict)


def decide(state: State, ask: Ask) -> Made:
    """Return the events of a command. Raises `Refusal`."""
    if ask.by == DESK:
        write = DESK_COMMANDS.get(ask.kind)
    else:
        write = PERSON_COMMANDS.get(ask.kind)
        if write is not None and ask.kind != "join":
            person = state.people.get(ask.by)
            if person is None or person.is_removed:
                raise Refusal("You are not in this session. Join again with the code on the wall.", 403)
    if write is None:
        raise Refusal(f"There is no command {str(ask.kind)[:40]!r} here.", 404)
    return write(state, ask)


def clean(value: Any, what: str) -> str:
    """Return a text without control and direction characters, cut to length. Raises `Refusal` where nothing is left."""
    if not isinstance(value, str):
        raise Refusal(f"The {what} must be a text.", 422)
    kept = "".join(
        c for c in unicodedata.normalize("NFC", value) if unicodedata.category(c)[0] != "C" or c == "\n"
    )
    kept = " ".join(kept.split()) if what != "text" else kept.strip()
    if not kept:
        raise Refusal(f"The {what} is empty. Write something.", 422)
    return kept[: _LONGEST[what]]


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str):
        raise Refusal(f"The command needs {key} as a text.", 422)
    return value


def _flag(body: Mapping[str, Any], key: str) -> bool:
    value = body.get(key)
    if not isinstance(value, bool):
        raise Refusal(f"The command needs {key} as true or false.", 422)
    return value


def _person(state: State, body: Mapping[str, Any]) -> Person:
    person = state.people.get(_text(body, "person"))
    if person is None or person.is_removed:
        raise Refusal("That person is not in this session.")
    return person


def _known_seat(state: State, body: Mapping[str, Any]) -> str:
    seat = _text(body, "seat")
    if seat not in state.seats:
        raise Refusal(f"There is no seat {seat[:40]!r} here.")
    return seat


def _own_seat(state: State, ask: Ask) -> str:
    seat = state.people[ask.by].seat
    if not seat:
        raise Refusal("You have no seat yet. Take one first.")
    return seat


# --- people ---------------------------------------------------------------------------------------------------------


def _join(state: State, ask: Ask) -> Made:
    if state.is_locked:
        raise Refusal("The room is locked. Ask the facilitator to open it.", 403)
    if len(state.people) >= MOST_PEOPLE:
        raise Refusal(f"The room is full with {MOST_PEOPLE} people.", 403)
    name = clean(ask.body.get("name"), "name")
    taken = {person.name for person in state.people.values() if not person.is_removed}
    number, free = 2, name
    while free in taken:
        free, number = f"{name} {number}", number + 1
    body = {"person": ask.found["person"], "name": free, "resume": ask.found["resume_hash"],
            "device": ask.found["device_hash"]}  # fmt: skip
    made: Made = [("person_joined", body)]
    wished = ask.body.get("seat")
    if isinstance(wished, str) and wished in state.seats and _is_free(state, wished):
        made.append(("person_seated", {"person": body["person"], "seat": wished}))
    return made


def _rename(state: State, ask: Ask) -> Made:
    return [("person_renamed", {"person": ask.by, "name": clean(ask.body.get("name"), "name")})]


def _take_seat(state: State, ask: Ask) -> Made:
    seat, person = _known_seat(state, ask.body), state.people[ask.by]
    if person.seat == seat:
        return []
    if state.is_locked or (person.seat and state.phase.name not in ("lobby", "briefing")):
        raise Refusal("Seats are settled now. Ask the facilitator to move you.", 403)
    if not _is_free(state, seat):
        raise Refusal("The team of that seat is complete. Take an empty one, or ask the facilitator.", 403)
    return [("person_seated", {"person": ask.by, "seat": seat})]


def _is_free(state: State, seat: str) -> bool:
    """Whether somebody may sit down there unasked: once play has begun, nobody joins a team and reads its secrets."""
    return state.phase.name in ("lobby", "briefing") or not state.seated(seat)


def _read_role(state: State, ask: Ask) -> Made:
    return [] if state.people[ask.by].has_read else [("role_read", {"person": ask.by})]


def _raise_hand(state: State, ask: Ask) -> Made:
    return [("hand_raised", {"person": ask.by, "up": _flag(ask.body, "up")})]


def may_order(state: State) -> bool:
    """Whether sheets may be written now."""
    return state.phase.name in ("negotiate", "orders")


def _set_draft(state: State, ask: Ask) -> Made:
    seat = _own_seat(state, ask)
    if not may_order(state):
        raise Refusal("Orders are closed now; your text is kept on this page until the next round.")
    orders, sheet = ask.body.get("orders"), state.sheets[seat]
    if not isinstance(orders, list) or len(orders) > 40 or not all(isinstance(o, Mapping) for o in orders):
        raise Refusal("A sheet is a list of at most 40 orders.", 422)
    if ask.body.get("version") != sheet.version:
        who = state.people[sheet.by].name if sheet.by in state.people else "Somebody of your team"
        raise Refusal(f"{who} changed this sheet in the meantime. Look at it, then write yours again.")
    body = {"seat": seat, "version": sheet.version + 1, "orders": [dict(o) for o in orders],
            "texts": ask.found.get("texts", []), "fault": ask.found.get("fault", "")}  # fmt: skip
    return [("draft_set", body)]


def _hand_in(state: State, ask: Ask) -> Made:
    seat = _own_seat(state, ask)
    sheet = state.sheets[seat]
    if not may_order(state):
        raise Refusal("Orders are closed now.")
    if sheet.fault:
        raise Refusal(f"The sheet cannot be handed in: {sheet.fault}", 422)
    if ask.body.get("version") != sheet.version:
        raise Refusal("The sheet has changed in the meantime. Look at it, then hand it in.")
    return [] if sheet.is_final else [("sheet_handed_in", {"seat": seat, "version": sheet.version})]


def _reopen(state: State, ask: Ask) -> Made:
    seat = _own_seat(state, ask)
    if not may_order(state):
        raise Refusal("Orders are closed now; what you handed in counts.")
    return [("sheet_reopened", {"seat": seat})] if state.sheets[seat].is_final else []


# --- talking and treaties -------------------------------------------------------------------------------------------


def _send_message(state: State, ask: Ask) -> Made:
    seat, room = _own_seat(state, ask), _text(ask.body, "room")
    if not state.is_chat_on:
        raise Refusal("Messages are off: talk in the room. Deals are still recorded.", 403)
    if seat in state.muted:
        raise Refusal("The facilitator has muted your seat.", 403)
    if room != "public":
        seats = sorted(set(room.split("+")))
        if seat not in seats or len(seats) < 2 or any(one not in state.seats for one in seats):
            raise Refusal("That room is not one of yours.", 403)
        room = "+".join(seats)
    body = {"message": ask.found["id"], "room": room, "seat": seat, "text": clean(ask.body.get("text"), "text"),
            "round": state.phase.round, "is_promise": ask.body.get("is_promise") is True}  # fmt: skip
    return [("message_sent", body)]


def _deal_open(state: State, ask: Ask) -> Any:
    deal = state.deals.get(_text(ask.body, "deal"))
    seat = _own_seat(state, ask)
    if deal is None or seat not in deal.document["members"]:
        raise Refusal("That deal is not one of yours.", 403)
    if deal.state != "open":
        raise Refusal("That deal is no longer open.")
    return deal


def _document(state: State, ask: Ask) -> dict[str, Any]:
    seat, document = _own_seat(state, ask), ask.found.get("document")
    if document is None:
        raise Refusal(str(ask.found.get("fault") or "The treaty cannot be drafted."), 422)
    if seat not in document["members"]:
        raise Refusal("Your own seat must be among the members.", 422)
    return dict(document)


def _propose(state: State, ask: Ask) -> Made:
    document = _document(state, ask)
    body = {"deal": document["id"], "seat": _own_seat(state, ask), "document": document, "text": ask.found["text"],
            "answers": ask.found.get("answers", {})}  # fmt: skip
    return [("deal_proposed", body), *_machines(state, document, body["answers"], {body["seat"]})]


def _counter(state: State, ask: Ask) -> Made:
    deal, document = _deal_open(state, ask), _document(state, ask)
    body = {"deal": deal.id, "seat": _own_seat(state, ask), "document": {**document, "id": deal.id},
            "text": ask.found["text"], "answers": ask.found.get("answers", {})}  # fmt: skip
    return [("deal_countered", body), *_machines(state, body["document"], body["answers"], {body["seat"]})]


def _machines(
    state: State, document: Mapping[str, Any], answers: Mapping[str, Any], signed: set[str]
) -> Made:
    """Return the signatures of members that machines decide for, and the conclusion where nobody is missing."""
    made: Made = []
    for member in document["members"]:
        by_machine = member not in state.seats or state.pilot(member) != "people"
        if by_machine and member not in signed and answers.get(member, {}).get("signs"):
            made.append(("deal_signed", {"deal": document["id"], "seat": member}))
            signed = signed | {member}
    if signed >= set(document["members"]):
        made.append(("deal_concluded", {"deal": document["id"]}))
    return made


def _sign(state: State, ask: Ask) -> Made:
    deal, seat = _deal_open(state, ask), _own_seat(state, ask)
    if ask.body.get("version") != deal.version:
        raise Refusal("The deal has new terms. Read them, then sign.")
    if seat in deal.signed:
        return []
    made: Made = [("deal_signed", {"deal": deal.id, "seat": seat})]
    if {*deal.signed, seat} >= set(deal.document["members"]):
        made.append(("deal_concluded", {"deal": deal.id}))
    return made


def _withdraw(state: State, ask: Ask) -> Made:
    deal = _deal_open(state, ask)
    if deal.by != _own_seat(state, ask):
        raise Refusal("Only the seat whose terms are on the table may take them back.", 403)
    return [("deal_withdrawn", {"deal": deal.id})]


def _cast(state: State, ask: Ask) -> Made:
    vote, seat, yes = state.votes.get(_text(ask.body, "vote")), _own_seat(state, ask), _flag(ask.body, "yes")
    if vote is None or seat not in vote.seats:
        raise Refusal("That vote is not one of yours.", 403)
    if vote.result is not None:
        raise Refusal("The vote is closed.")
    made: Made = [("vote_cast", {"vote": vote.id, "seat": seat, "yes": yes})]
    cast = {**vote.cast, seat: yes}
    if len(cast) == len(vote.seats):
        made.append(("vote_closed", {"vote": vote.id, "result": _result(cast, vote.rule, len(vote.seats))}))
    return made


def _result(cast: Mapping[str, bool], rule: str, seats: int) -> bool:
    yes = sum(cast.values())
    return yes == seats if rule == "unanimity" else 2 * yes > seats


def _word(state: State, ask: Ask) -> Made:
    if state.phase.name != "debrief":
        raise Refusal("Words are gathered in the debrief.")
    return [("word_given", {"person": ask.by, "word": clean(ask.body.get("word"), "word")})]


def _survey(state: State, ask: Ask) -> Made:
    answers = ask.body.get("answers")
    if not isinstance(answers, Mapping) or len(answers) > 10:
        raise Refusal("The form holds at most ten answers.", 422)
    kept = {str(key)[:40]: clean(value, "text") for key, value in answers.items() if str(value).strip()}
    return [("survey_answered", {"person": ask.by, "answers": kept})]


# --- the desk -------------------------------------------------------------------------------------------------------


def begin(state: State, step: int, now: float) -> Made:
    """Return the events that begin a step of the plan: sheets are locked on the way into `resolving`."""
    phase = state.plan[step]
    ends = now + 60.0 * phase.minutes if phase.minutes is not None and phase.name in TIMED else None
    made: Made = []
    if phase.name == "resolving":
        made.append(("sheets_locked", {"round": phase.round, "seats": locked_sheets(state)}))
    made.append(("phase_begun", {"step": step, "ends_at": ends}))
    return made


def locked_sheets(state: State) -> dict[str, dict[str, Any]]:
    """Return what counts for each seat by the session's policy: `{orders, how}`; machines' seats are left out."""
    locked = {}
    for seat, sheet in state.sheets.items():
        if state.pilot(seat) != "people":
            continue
        if sheet.is_final:
            locked[seat] = {"orders": list(sheet.handed_in or []), "how": "final"}
        elif state.policy == "draft":
            locked[seat] = {"orders": list(sheet.orders), "how": "draft" if sheet.version else "silent"}
        elif state.policy == "final":
            locked[seat] = {
                "orders": list(sheet.handed_in or []),
                "how": "final" if sheet.handed_in else "silent",
            }
        elif state.policy == "hold":
            locked[seat] = {"orders": [], "how": "hold"}
        else:
            locked[seat] = {"orders": [], "how": "bot"}
    return locked


def _go_on(state: State, ask: Ask) -> Made:
    if ask.body.get("step") != state.step:
        raise Refusal("The session has gone on already.")  # a double tap
    if state.phase.name == "resolving":
        raise Refusal("The round is being worked out; it goes on by itself.")
    if state.step + 1 >= len(state.plan):
        raise Refusal("The session is over.")
    return begin(state, state.step + 1, ask.now)


def _jump(state: State, ask: Ask) -> Made:
    wanted = _text(ask.body, "phase")
    if state.phase.name == "resolving":
        raise Refusal("The round is being worked out. Wait a moment.")
    for step in range(state.step + 1, len(state.plan)):
        if state.plan[step].name == wanted and wanted in ("debrief", "closed", "negotiate", "orders"):
            return begin(state, step, ask.now)
    raise Refusal(f"There is no {wanted[:30]} to come.")


def _extend(state: State, ask: Ask) -> Made:
    minutes = ask.body.get("minutes")
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes <= 60:
        raise Refusal("Minutes more must be above 0 and at most 60.", 422)
    if state.left_seconds is not None:
        return [("time_set", {"ends_at": None, "left_seconds": state.left_seconds + 60.0 * minutes})]
    if state.ends_at is None:
        raise Refusal("This step has no clock; it ends when you go on.")
    return [("time_set", {"ends_at": max(state.ends_at, ask.now) + 60.0 * minutes, "left_seconds": None})]


def _pause(state: State, ask: Ask) -> Made:
    if state.ends_at is None:
        return []
    return [("time_set", {"ends_at": None, "left_seconds": max(state.ends_at - ask.now, 0.0)})]


def _resume_clock(state: State, ask: Ask) -> Made:
    if state.left_seconds is None:
        return []
    return [("time_set", {"ends_at": ask.now + state.left_seconds, "left_seconds": None})]


def _seat_person(state: State, ask: Ask) -> Made:
    person, seat = _person(state, ask.body), ask.body.get("seat") or ""
    if seat and (not isinstance(seat, str) or seat not in state.seats):
        raise Refusal("There is no such seat.")
    return [("person_seated", {"person": person.id, "seat": seat})]


def _remove_person(state: State, ask: Ask) -> Made:
    return [("person_removed", {"person": _person(state, ask.body).id})]


def _pilot(state: State, ask: Ask) -> Made:
    seat, pilot = _known_seat(state, ask.body), ask.body.get("pilot") or ""
    if pilot not in ("", "people", "built_in", "random"):
        raise Refusal("A seat is decided for by people, built_in or random.", 422)
    return [("seat_piloted", {"seat": seat, "pilot": pilot})]


def _lock_lobby(state: State, ask: Ask) -> Made:
    return [("lobby_locked", {"is_locked": _flag(ask.body, "is_locked")})]


def _set_policy(state: State, ask: Ask) -> Made:
    policy = _text(ask.body, "policy")
    if policy not in POLICIES:
        raise Refusal(f"The policy must be one of {', '.join(POLICIES)}.", 422)
    return [("policy_set", {"policy": policy})]


def _inject(state: State, ask: Ask) -> Made:
    if not ask.found.get("event"):
        raise Refusal(str(ask.found.get("fault") or "The event cannot happen."), 422)
    coming = next((p.round for p in state.plan[state.step :] if p.name == "resolving" and p.round), 0)
    if state.phase.name == "resolving" or not coming:
        raise Refusal("No round is to come in which it could happen.")
    body = {"id": ask.found["id"], "event": ask.found["event"], "round": coming,
            "headline": clean(ask.body.get("headline"), "text")}  # fmt: skip
    return [("event_injected", body)]


def _tell(state: State, ask: Ask) -> Made:
    seat = ask.body.get("seat") or ""
    if seat and (not isinstance(seat, str) or seat not in state.seats):
        raise Refusal("There is no such seat.")
    return [("told", {"text": clean(ask.body.get("text"), "text"), "seat": seat})]


def _mute(state: State, ask: Ask) -> Made:
    return [("seat_muted", {"seat": _known_seat(state, ask.body), "is_muted": _flag(ask.body, "is_muted")})]


def _message(state: State, ask: Ask) -> str:
    name = _text(ask.body, "message")
    if all(message.id != name for message in state.messages):
        raise Refusal("There is no such message.")
    return name


def _hide(state: State, ask: Ask) -> Made:
    return [("message_hidden", {"message": _message(state, ask), "is_hidden": _flag(ask.body, "is_hidden")})]


def _judge(state: State, ask: Ask) -> Made:
    kept = ask.body.get("kept")
    if kept not in (True, False, None):
        raise Refusal("A promise is kept (true), broken (false) or open (null).", 422)
    return [("promise_judged", {"message": _message(state, ask), "kept": kept})]


def _chat(state: State, ask: Ask) -> Made:
    return [("chat_set", {"is_on": _flag(ask.body, "is_on")})]


def _open_vote(state: State, ask: Ask) -> Made:
    seats, rule = ask.body.get("seats"), ask.body.get("rule")
    if not isinstance(seats, list) or not seats or any(seat not in state.seats for seat in map(str, seats)):
        raise Refusal("A vote needs seats of this session.", 422)
    if rule not in ("unanimity", "majority"):
        raise Refusal("The rule is unanimity or majority.", 422)
    body = {"vote": ask.found["id"], "question": clean(ask.body.get("question"), "question"),
            "seats": sorted(set(map(str, seats))), "rule": rule}  # fmt: skip
    return [("vote_opened", body)]


def _close_vote(state: State, ask: Ask) -> Made:
    vote = state.votes.get(_text(ask.body, "vote"))
    if vote is None or vote.result is not None:
        raise Refusal("There is no such open vote.")
    return [("vote_closed", {"vote": vote.id, "result": _result(vote.cast, vote.rule, len(vote.seats))})]


def _bookmark(state: State, ask: Ask) -> Made:
    return [("bookmark_set", {"text": clean(ask.body.get("text"), "text"), "round": state.phase.round})]


def _open(state: State, ask: Ask) -> Made:
    what = _text(ask.body, "what")
    if what not in state.is_open:
        raise Refusal(f"What is shown must be one of {', '.join(state.is_open)}.", 422)
    if what == "secrets" and state.phase.name not in ("debrief", "closed"):
        raise Refusal("Secrets are opened in the debrief.")
    return [("opened", {"what": what, "is_open": _flag(ask.body, "is_open")})]


def _rollback(state: State, ask: Ask) -> Made:
    done = len(state.record["rounds"])
    if not done or state.phase.name == "resolving":
        raise Refusal("There is no round to take back.")
    step = next(s for s, p in enumerate(state.plan) if p.round == done and p.name in ("negotiate", "orders"))
    return [("round_rolled_back", {"round": done}), *begin(state, step, ask.now)]


def _try_again(state: State, ask: Ask) -> Made:
    if state.phase.name != "resolving" or not state.failure:
        raise Refusal("Nothing has failed.")
    return [("phase_begun", {"step": state.step, "ends_at": None})]


def _back_to_orders(state: State, ask: Ask) -> Made:
    if state.phase.name != "resolving" or not state.failure:
        raise Refusal("Nothing has failed.")
    return begin(state, state.step - 1, ask.now)


Command = Callable[[State, Ask], Made]
PERSON_COMMANDS: dict[str, Command] = {
    "join": _join, "rename": _rename, "take_seat": _take_seat, "read_role": _read_role, "raise_hand": _raise_hand,
    "set_draft": _set_draft, "hand_in": _hand_in, "reopen": _reopen, "send_message": _send_message,
    "propose_deal": _propose, "counter_deal": _counter, "sign_deal": _sign, "withdraw_deal": _withdraw,
    "cast_vote": _cast, "give_word": _word, "answer_survey": _survey,
}  # fmt: skip
DESK_COMMANDS: dict[str, Command] = {
    "go_on": _go_on, "jump": _jump, "extend": _extend, "pause": _pause, "resume_clock": _resume_clock,
    "seat_person": _seat_person, "remove_person": _remove_person, "pilot_seat": _pilot, "lock_lobby": _lock_lobby,
    "set_policy": _set_policy, "inject": _inject, "tell": _tell, "mute": _mute, "hide_message": _hide,
    "judge_promise": _judge, "set_chat": _chat, "open_vote": _open_vote, "close_vote": _close_vote,
    "bookmark": _bookmark, "open": _open, "rollback": _rollback, "try_again": _try_again,
    "back_to_orders": _back_to_orders,
}  # fmt: skip
