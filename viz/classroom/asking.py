"""What commands are made of: who asks for what, refusals, and reading a command's body."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from model.vote import is_carried
from viz.classroom.state import Person, State, Vote

#: Events, as kind and body.
Made = list[tuple[str, dict[str, Any]]]
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


#: What decides on an ask: events that follow, or a `Refusal`.
Command = Callable[[State, Ask], Made]


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


def text_in(body: Mapping[str, Any], key: str) -> str:
    """Return a text of a command. Raises `Refusal` where it has none."""
    value = body.get(key)
    if not isinstance(value, str):
        raise Refusal(f"The command needs {key} as a text.", 422)
    return value


def flag_in(body: Mapping[str, Any], key: str) -> bool:
    """Return a yes or no of a command. Raises `Refusal` where it has none."""
    value = body.get(key)
    if not isinstance(value, bool):
        raise Refusal(f"The command needs {key} as true or false.", 422)
    return value


def person_in(state: State, body: Mapping[str, Any]) -> Person:
    """Return the person whom a command names. Raises `Refusal`."""
    person = state.people.get(text_in(body, "person"))
    if person is None or person.is_removed:
        raise Refusal("That person is not in this session.")
    return person


def seat_in(state: State, body: Mapping[str, Any]) -> str:
    """Return the seat that a command names. Raises `Refusal`."""
    seat = text_in(body, "seat")
    if seat not in state.seats:
        raise Refusal(f"There is no seat {seat[:40]!r} here.")
    return seat


def own_seat(state: State, ask: Ask) -> str:
    """Return the seat of whoever asks. Raises `Refusal` where they have none."""
    seat = state.people[ask.by].seat
    if not seat:
        raise Refusal("You have no seat yet. Take one first.")
    return seat


def vote_result(vote: Vote, cast: Mapping[str, bool]) -> bool:
    """Return whether a vote is carried with what was cast."""
    return is_carried(cast, vote.seats, vote.rule, vote.weights, vote.share)
