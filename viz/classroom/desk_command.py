"""Commands of the facilitator's desk: the clock, the way on, seats, news, votes, what is shown.

As in `command.py`, each is a function `(state, ask) -> list of (kind, body)`.
"""

from collections.abc import Mapping
from typing import Any

from model.vote import HALF, RULES, voter_weights, voting
from viz.classroom.asking import (
    Ask,
    Command,
    Made,
    Refusal,
    clean,
    flag_in,
    person_in,
    seat_in,
    text_in,
    vote_result,
)
from viz.classroom.state import POLICIES, TIMED, WALL, State


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
    wanted = text_in(ask.body, "phase")
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
    person, seat = person_in(state, ask.body), ask.body.get("seat") or ""
    if seat and (not isinstance(seat, str) or seat not in state.seats):
        raise Refusal("There is no such seat.")
    return [("person_seated", {"person": person.id, "seat": seat})]


def _remove_person(state: State, ask: Ask) -> Made:
    return [("person_removed", {"person": person_in(state, ask.body).id})]


def _lower_hand(state: State, ask: Ask) -> Made:
    person = person_in(state, ask.body)
    return [("hand_raised", {"person": person.id, "up": False})] if person.has_hand_up else []


def _pilot(state: State, ask: Ask) -> Made:
    seat, pilot = seat_in(state, ask.body), ask.body.get("pilot") or ""
    if pilot not in ("", "people", "built_in", "random", *state.classes):
        known = "".join(f", {name}" for name in state.classes)
        raise Refusal(f"A seat is decided for by people, built_in or random{known}.", 422)
    return [("seat_piloted", {"seat": seat, "pilot": pilot})]


def _lock_lobby(state: State, ask: Ask) -> Made:
    return [("lobby_locked", {"is_locked": flag_in(ask.body, "is_locked")})]


def _set_policy(state: State, ask: Ask) -> Made:
    policy = text_in(ask.body, "policy")
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


def _withdraw_event(state: State, ask: Ask) -> Made:
    name = text_in(ask.body, "inject")
    if state.phase.name == "resolving":
        raise Refusal("The round is being worked out; what happens in it is settled.")
    if all(one["id"] != name for one in state.injects):
        raise Refusal("There is no such event to come.")
    return [("event_withdrawn", {"id": name})]


def _show_on_wall(state: State, ask: Ask) -> Made:
    part = ask.body.get("part") or ""
    if part and part not in WALL:
        raise Refusal(f"The wall shows one of {', '.join(WALL)}.", 422)
    return [("wall_set", {"part": part})]


def _tell(state: State, ask: Ask) -> Made:
    seat = ask.body.get("seat") or ""
    if seat and (not isinstance(seat, str) or seat not in state.seats):
        raise Refusal("There is no such seat.")
    return [("told", {"text": clean(ask.body.get("text"), "text"), "seat": seat})]


def _mute(state: State, ask: Ask) -> Made:
    return [("seat_muted", {"seat": seat_in(state, ask.body), "is_muted": flag_in(ask.body, "is_muted")})]


def _message(state: State, ask: Ask) -> str:
    name = text_in(ask.body, "message")
    if all(message.id != name for message in state.messages):
        raise Refusal("There is no such message.")
    return name


def _hide(state: State, ask: Ask) -> Made:
    return [
        ("message_hidden", {"message": _message(state, ask), "is_hidden": flag_in(ask.body, "is_hidden")})
    ]


def _judge(state: State, ask: Ask) -> Made:
    kept = ask.body.get("kept")
    if kept not in (True, False, None):
        raise Refusal("A promise is kept (true), broken (false) or open (null).", 422)
    return [("promise_judged", {"message": _message(state, ask), "kept": kept})]


def _chat(state: State, ask: Ask) -> Made:
    return [("chat_set", {"is_on": flag_in(ask.body, "is_on")})]


def _open_vote(state: State, ask: Ask) -> Made:
    """Open a vote of some seats by a rule, or of a treaty's members by its own."""
    question, deal = clean(ask.body.get("question"), "question"), ask.body.get("deal") or ""
    if deal:
        seats, rule, share, stated = _of_deal(state, str(deal))
    else:
        given, rule, share, stated = ask.body.get("seats"), ask.body.get("rule") or "", HALF, None
        if (
            not isinstance(given, list)
            or not given
            or any(seat not in state.seats for seat in map(str, given))
        ):
            raise Refusal("A vote needs seats of this session.", 422)
        seats = sorted(set(map(str, given)))
    if not isinstance(rule, str) or rule not in RULES:
        raise Refusal(f"The rule must be one of {', '.join(RULES)}.", 422)
    weights = voter_weights(seats, stated or state.opening.get("worth")) if rule == "weighted" else {}
    body = {"vote": ask.found["id"], "question": question, "seats": seats, "rule": rule, "weights": weights,
            "share": share, "deal": str(deal)}  # fmt: skip
    return [("vote_opened", body)]


def _of_deal(state: State, name: str) -> tuple[list[str], Any, float, Mapping[str, float] | None]:
    """Return who votes in a treaty of the table and how: its members that are seats, by its own rule."""
    deal = state.deals.get(name)
    if deal is None or deal.state not in ("signed", "in_force"):
        raise Refusal("That treaty has not been signed by all. Choose one that has.")
    seats = sorted(member for member in deal.document["members"] if member in state.seats)
    if len(seats) < 2:
        raise Refusal("Fewer than two members of that treaty have a seat here; there is nothing to vote on.")
    return seats, *voting(deal.document)


def _close_vote(state: State, ask: Ask) -> Made:
    vote = state.votes.get(text_in(ask.body, "vote"))
    if vote is None or vote.result is not None:
        raise Refusal("There is no such open vote.")
    return [("vote_closed", {"vote": vote.id, "result": vote_result(vote, vote.cast)})]


def _bookmark(state: State, ask: Ask) -> Made:
    return [("bookmark_set", {"text": clean(ask.body.get("text"), "text"), "round": state.phase.round})]


def _open(state: State, ask: Ask) -> Made:
    what = text_in(ask.body, "what")
    if what not in state.is_open:
        raise Refusal(f"What is shown must be one of {', '.join(state.is_open)}.", 422)
    if what == "secrets" and state.phase.name not in ("debrief", "closed"):
        raise Refusal("Secrets are opened in the debrief.")
    return [("opened", {"what": what, "is_open": flag_in(ask.body, "is_open")})]


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


DESK_COMMANDS: dict[str, Command] = {
    "go_on": _go_on, "jump": _jump, "extend": _extend, "pause": _pause, "resume_clock": _resume_clock,
    "seat_person": _seat_person, "remove_person": _remove_person, "lower_hand": _lower_hand,
    "pilot_seat": _pilot, "lock_lobby": _lock_lobby,
    "set_policy": _set_policy, "inject": _inject, "tell": _tell, "mute": _mute, "hide_message": _hide,
    "judge_promise": _judge, "set_chat": _chat, "open_vote": _open_vote, "close_vote": _close_vote,
    "bookmark": _bookmark, "open": _open, "rollback": _rollback, "try_again": _try_again,
    "back_to_orders": _back_to_orders, "withdraw_event": _withdraw_event, "show_on_wall": _show_on_wall,
}  # fmt: skip
