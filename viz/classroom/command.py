"""Commands: what somebody asks for becomes events, or a refusal that says why. Pure: no clock, no file, no chance.

Each command is a function `(state, ask) -> list of (kind, body)`; `ask` says who, what, when, and carries what the
server found out first (new ids, what the model says of orders). Those of the desk are in `desk_command.py`.
"""

from collections.abc import Mapping
from typing import Any

from viz.classroom.asking import (
    Ask,
    Command,
    Made,
    Refusal,
    clean,
    flag_in,
    own_seat,
    seat_in,
    text_in,
    vote_result,
)
from viz.classroom.desk_command import DESK_COMMANDS
from viz.classroom.event import DESK
from viz.classroom.quiz import is_quiz_time, quiz_of
from viz.classroom.state import State

MOST_PEOPLE = 400


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


# --- people ---------------------------------------------------------------------------------------------------------


def _join(state: State, ask: Ask) -> Made:
    if state.is_locked:
        raise Refusal("The room is locked. Ask the facilitator to open it.", 403)
    if len(state.people) >= MOST_PEOPLE:
        raise Refusal(f"The room is full with {MOST_PEOPLE} people.", 403)
    name = clean(ask.body.get("name"), "name")
    taken = {person.name.casefold() for person in state.people.values() if not person.is_removed}
    number, free = 2, name
    while free.casefold() in taken:
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
    seat, person = seat_in(state, ask.body), state.people[ask.by]
    if person.seat == seat:
        return []
    if state.is_locked or (person.seat and state.phase.name not in ("lobby", "briefing")):
        raise Refusal("Seats are settled now. Ask the facilitator to move you.", 403)
    if not _is_free(state, seat):
        raise Refusal(
            "Play has begun: nobody joins a team unasked, as it has secrets. Take a seat that nobody has, or ask the "
            "facilitator to seat you.", 403,
        )  # fmt: skip
    return [("person_seated", {"person": ask.by, "seat": seat})]


def _is_free(state: State, seat: str) -> bool:
    """Whether somebody may sit down there unasked: once play has begun, nobody joins a team and reads its secrets."""
    return state.phase.name in ("lobby", "briefing") or not state.seated(seat)


def _read_role(state: State, ask: Ask) -> Made:
    return [] if state.people[ask.by].has_read else [("role_read", {"person": ask.by})]


def _raise_hand(state: State, ask: Ask) -> Made:
    return [("hand_raised", {"person": ask.by, "up": flag_in(ask.body, "up")})]


def may_order(state: State) -> bool:
    """Whether sheets may be written now."""
    return state.phase.name in ("negotiate", "orders")


def _set_draft(state: State, ask: Ask) -> Made:
    seat = own_seat(state, ask)
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
    seat = own_seat(state, ask)
    sheet = state.sheets[seat]
    if not may_order(state):
        raise Refusal("Orders are closed now.")
    if sheet.fault:
        raise Refusal(f"The sheet cannot be handed in: {sheet.fault}", 422)
    if ask.body.get("version") != sheet.version:
        raise Refusal("The sheet has changed in the meantime. Look at it, then hand it in.")
    return [] if sheet.is_final else [("sheet_handed_in", {"seat": seat, "version": sheet.version})]


def _reopen(state: State, ask: Ask) -> Made:
    seat = own_seat(state, ask)
    if not may_order(state):
        raise Refusal("Orders are closed now; what you handed in counts.")
    return [("sheet_reopened", {"seat": seat})] if state.sheets[seat].is_final else []


# --- talking and treaties -------------------------------------------------------------------------------------------


def _send_message(state: State, ask: Ask) -> Made:
    seat, room = own_seat(state, ask), text_in(ask.body, "room")
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


def _may_treat(state: State) -> None:
    """Refuse while a round is worked out: which treaties it has is settled then."""
    if state.phase.name == "resolving":
        raise Refusal("The markets are clearing. Wait until the round is done.")


def _deal_open(state: State, ask: Ask) -> Any:
    _may_treat(state)
    deal = state.deals.get(text_in(ask.body, "deal"))
    seat = own_seat(state, ask)
    if deal is None or seat not in deal.document["members"]:
        raise Refusal("That deal is not one of yours.", 403)
    if deal.state != "open":
        raise Refusal("That deal is no longer open.")
    return deal


def _document(state: State, ask: Ask) -> dict[str, Any]:
    seat, document = own_seat(state, ask), ask.found.get("document")
    if document is None:
        raise Refusal(str(ask.found.get("fault") or "The treaty cannot be drafted."), 422)
    if seat not in document["members"]:
        raise Refusal("Your own seat must be among the members.", 422)
    return dict(document)


def _propose(state: State, ask: Ask) -> Made:
    _may_treat(state)
    document = _document(state, ask)
    body = {"deal": document["id"], "seat": own_seat(state, ask), "document": document, "text": ask.found["text"],
            "answers": ask.found.get("answers", {})}  # fmt: skip
    return [("deal_proposed", body), *_machines(state, document, body["answers"], {body["seat"]})]


def _counter(state: State, ask: Ask) -> Made:
    deal, document = _deal_open(state, ask), _document(state, ask)
    lost = [member for member in deal.document["members"] if member not in document["members"]]
    if lost:
        raise Refusal(
            f"Other terms keep the members of the deal; {', '.join(lost)} would be left out. Propose a new deal.",
            422,
        )
    body = {"deal": deal.id, "seat": own_seat(state, ask), "document": {**document, "id": deal.id},
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
    deal, seat = _deal_open(state, ask), own_seat(state, ask)
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
    if deal.by != own_seat(state, ask):
        raise Refusal("Only the seat whose terms are on the table may take them back.", 403)
    return [("deal_withdrawn", {"deal": deal.id})]


def _cast(state: State, ask: Ask) -> Made:
    vote, seat, yes = (
        state.votes.get(text_in(ask.body, "vote")),
        own_seat(state, ask),
        flag_in(ask.body, "yes"),
    )
    if vote is None or seat not in vote.seats:
        raise Refusal("That vote is not one of yours.", 403)
    if vote.result is not None:
        raise Refusal("The vote is closed.")
    made: Made = [("vote_cast", {"vote": vote.id, "seat": seat, "yes": yes})]
    cast = {**vote.cast, seat: yes}
    if len(cast) == len(vote.seats):
        made.append(("vote_closed", {"vote": vote.id, "result": vote_result(vote, cast)}))
    return made


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


def _answer_quiz(state: State, ask: Ask) -> Made:
    """Keep somebody's first answer to a question about the role sheet."""
    seat, name, choice = own_seat(state, ask), text_in(ask.body, "question"), ask.body.get("choice")
    if not is_quiz_time(state.phase):
        raise Refusal("The questions are over: the game has begun.")
    asked = next((one for one in quiz_of(seat, state.seats[seat], state.policy) if one["id"] == name), None)
    is_place = isinstance(choice, int) and not isinstance(choice, bool)
    if asked is None or not is_place or not 0 <= choice < len(asked["choices"]):  # type: ignore[operator]
        raise Refusal("That is no answer to a question of your role sheet.", 422)
    if name in state.quiz.get(ask.by, {}):
        return []  # the first answer counts
    body = {"person": ask.by, "question": name, "choice": choice, "is_right": choice == asked["right"]}
    return [("quiz_answered", body)]


PERSON_COMMANDS: dict[str, Command] = {
    "join": _join, "rename": _rename, "take_seat": _take_seat, "read_role": _read_role, "raise_hand": _raise_hand,
    "set_draft": _set_draft, "hand_in": _hand_in, "reopen": _reopen, "send_message": _send_message,
    "propose_deal": _propose, "counter_deal": _counter, "sign_deal": _sign, "withdraw_deal": _withdraw,
    "answer_quiz": _answer_quiz, "cast_vote": _cast, "give_word": _word, "answer_survey": _survey,
}  # fmt: skip
