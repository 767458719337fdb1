"""Five questions before round 1, made from a seat's role sheet and the session's rules; each answer is explained."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from viz.classroom.state import POLICIES, Phase

_WATCH = ("The rent and the share you keep: the price outside against the price inside.", "Your score.",
          "Your cash, and what your newest plant earns.", "How many treaties you have signed.")  # fmt: skip
_FIRM, _STATE = (
    "your cash at the end",
    "what users, producers and the treasury gain, less investment and risk",
)
_DEADLINES = {
    "draft": "The draft that is saved counts.", "final": "Only what was handed in counts, a draft does not.",
    "hold": "Our seat gives no new orders.", "bot": "The machine decides for our seat this round.",
}  # fmt: skip


def quiz_of(seat: str, about: Mapping[str, Any], policy: str) -> list[dict[str, Any]]:
    """Return the questions of a seat: `{id, question, choices, right, why}`; `right` is a place among the choices."""
    is_firm = about["role"] in ("miner", "refiner")
    wrong = [text for text in _WATCH if text != about["watch"]][:2]
    asked = [
        ("score", "What does your seat's score count?",
         [_FIRM, _STATE] if is_firm else [_STATE, _FIRM], "how much of the world's output you make",
         "It stands on your role sheet under what you want."),
        ("watch", "Which number should you watch?", [about["watch"], *wrong], "",
         "It stands at the end of your role sheet."),
        ("treaty", "When does a treaty bind you?",
         ["When all its members have signed it on the screen", "When we have shaken hands on it"],
         "When the facilitator says so",
         "Talk binds nobody: what is signed here runs in the markets of the next round."),
        ("deadline", "Time runs out and you have not handed in. What happens?",
         [_DEADLINES[policy], *[text for name, text in _DEADLINES.items() if name != policy][:2]], "",
         POLICIES[policy]),
        ("practice", "Does the practice round count?", ["No, the game starts anew after it", "Yes, like any other"], "",
         "Try anything in it: nothing of it is kept."),
    ]  # fmt: skip
    return [_question(seat, *row) for row in asked]


def _question(
    seat: str, name: str, question: str, choices: Sequence[str], more: str, why: str
) -> dict[str, Any]:
    """Return a question whose right answer, the first of its choices, is put somewhere among them."""
    every = [*choices, more] if more else list(choices)
    order = sorted(range(len(every)), key=lambda n: hashlib.sha256(f"{seat} {name} {n}".encode()).hexdigest())
    return {
        "id": name,
        "question": question,
        "choices": [every[n] for n in order],
        "right": order.index(0),
        "why": why,
    }


def is_quiz_time(phase: Phase) -> bool:
    """Whether the questions may be answered: before round 1."""
    return phase.name in ("lobby", "briefing") or (phase.round == 0 and phase.name in ("orders", "reveal"))


def quiz_counts(answers: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return `{id, answered, right}` for each question that somebody has answered: counts, nobody's name."""
    found: dict[str, dict[str, Any]] = {}
    for one in answers.values():
        for name, given in one.items():
            row = found.setdefault(name, {"id": name, "answered": 0, "right": 0})
            row["answered"] += 1
            row["right"] += bool(given["is_right"])
    return list(found.values())
