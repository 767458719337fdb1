"""Questions for the debrief, found in what a session brought and in what its debrief may tell everybody."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from viz.classroom.word import good_word, moment_word
from viz.country import country_name
from viz.drawing import percent

#: What to ask of a key moment, by its kind; the price that moved most has a question of its own.
_OF_MOMENTS = {
    "event": "What would have come without it? Guess by hands, then play the game again without it.",
    "restriction": "Who paid for this, and who gained without doing anything?",
    "bloc": "What did each member give up for it, and what did it cost those who were not in it?",
    "departure": "Which clause would have kept them in, and what would it have cost the others?",
    "floor": "Was the floor ever above the price, and who carried it?",
}
#: What to ask about the largest move, by a cause that is no seat.
_OF_CAUSES = {
    "": "Which decision was behind it?",
    "drift": "Mostly the world's own course, not this round's orders: who could have seen it, and softened it?",
    "events": "Mostly an event: who was prepared, and what would that have cost?",
    "treaties": "Mostly treaties: did those who signed mean this?",
}
#: A leader that lost less than this share of the world's output has kept its place.
_KEPT_SHARE = 0.02
_LARGEST = "the largest move"


@dataclass(frozen=True)
class Question:
    """A question: the round it belongs to (0: the whole session), what was seen, and what to ask about it."""

    round: int
    seen: str
    text: str


def questions(
    points: Sequence[Mapping[str, Any]], debrief: Mapping[str, Any], names: Mapping[str, str]
) -> list[Question]:
    """Return the questions, round by round. `points` are the opening and the rounds; one question a kind of moment."""
    found = [
        *_of_moments(debrief),
        *_of_the_largest_move(points, debrief, names),
        *_of_promises(debrief, names),
    ]
    return [*sorted(found, key=lambda one: one.round), *_of_shares(points)]


def _of_moments(debrief: Mapping[str, Any]) -> Iterator[Question]:
    asked: set[str] = set()
    for moment in debrief.get("moments", []):
        if moment["kind"] in _OF_MOMENTS and moment["kind"] not in asked:
            asked.add(moment["kind"])
            yield Question(moment["round"], moment_word(moment), _OF_MOMENTS[moment["kind"]])


def _of_the_largest_move(
    points: Sequence[Mapping[str, Any]], debrief: Mapping[str, Any], names: Mapping[str, str]
) -> Iterator[Question]:
    for moment in debrief.get("moments", []):
        if moment["kind"] == "price" and _LARGEST in moment["text"]:
            cause = _first_part(points[moment["round"]])
            told = _OF_CAUSES.get(cause) or f"Mostly {cause_word(cause, names)}: was that meant?"
            yield Question(moment["round"], moment["text"], f"Who expected this? {told}")
            return


def first_cause(point: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return in words what drove the price that moved most in a round, empty where no cause is told."""
    cause = _first_part(point)
    return cause_word(cause, names) if cause else ""


def _first_part(point: Mapping[str, Any]) -> str:
    """Return the cause that drove the price that moved most in a round the way it went."""
    moves = {row["good"]: abs(row["outside_change"] or 0.0) for row in point["prices"]}
    rows = [row for row in point.get("causes", []) if row["parts"]]
    if not rows:
        return ""
    row = max(rows, key=lambda one: moves.get(one["good"], 0.0))
    return str(max(row["parts"], key=lambda part: part["amount"] * (row["total"] or 0.0))["cause"])


def cause_word(cause: str, names: Mapping[str, str]) -> str:
    """Return a cause of a price in words: a seat's label, or what came from no seat."""
    known = {"drift": "the world's own course", "events": "events", "treaties": "treaties"}
    return known.get(cause) or names.get(cause) or country_name(cause)


def _of_promises(debrief: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Question]:
    for one in debrief.get("promises", []):
        if one["kept"] is False and one["text"]:
            who = names.get(one["seat"]) or country_name(one["seat"])
            seen = f"{who} promised: \u201c{one['text']}\u201d, and did not keep it."
            yield Question(one["round"], seen, "Could it have been written into a treaty? Why was it not?")
            return


def _of_shares(points: Sequence[Mapping[str, Any]]) -> Iterator[Question]:
    """Ask about the leader that has kept most, where one has kept its place over at least two rounds."""
    if len(points) < 3:
        return
    before, after = (
        {(row["good"], row["country"]): row["share"] for row in point["shares"]}
        for point in (points[0], points[-1])
    )
    kept = [key for key in before if after.get(key, 0.0) > before[key] - _KEPT_SHARE and before[key] >= 0.5]
    if kept:
        good, country = max(kept, key=lambda key: after[key])
        share = percent(after[good, country])
        seen = f"{good_word(good)}: {country_name(country)} makes {share} of the world's output, as at the start."
        yield Question(0, seen, "What would somebody have had to decide, and in which round, to change that?")
