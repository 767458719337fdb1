"""Key moments of a game, found in what its rounds brought: blocs, departures, restrictions, floors, events, prices."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.title import goods_words
from model.name import COUNTRY_NAMES
from model.quarter_date import quarter_index

#: Measures that hold goods back, by type.
RESTRICTIONS = ("export_ban", "export_licence", "export_quota", "export_tax", "technology_control")
_FLOORS = ("price_floor",)
#: A price that moves by more than this in a round, up or down, is a moment; the largest move always is.
LARGE_MOVE = math.log(1.5)
IN_FORCE = "in force"
_GONE = ("left", "suspended")

Outcome = Mapping[str, Any]


def moments(
    outcomes: Sequence[Outcome], entries: Sequence[Mapping[str, Any]], opening: Outcome | None = None
) -> list[dict[str, Any]]:
    """Return the key moments as `{round, quarter, kind, text}` in the order in which they came.

    `outcomes` are those of `experiments.debrief.outcome.outcome`, one a round; `entries` the rounds of the game's
    record. Kinds are `bloc`, `departure`, `restriction`, `floor`, `event` and `price`. `opening` is an outcome before
    the first round, whose treaties and measures are no moments; without one, treaties that were in force before the
    game are told in its first round.
    """
    largest = max((size for found in outcomes for _, size in _moves(found)), default=0.0)
    told: list[dict[str, Any]] = []
    before: Outcome = opening or {"measures": [], "treaties": []}
    for number, (found, entry) in enumerate(zip(outcomes, entries, strict=True), start=1):
        lines = [
            *_events(entry), *_blocs(before, found), *_departures(before, found),
            *_measures(before, found, entry), *_prices(found, largest),
        ]  # fmt: skip
        told += [{"round": number, "quarter": quarter or entry["quarter"], "kind": kind, "text": text}
                 for kind, quarter, text in lines]  # fmt: skip
        before = found
    return told


Line = tuple[str, str, str]


def _name(code: str) -> str:
    return COUNTRY_NAMES.get(code, code)


def _names(codes: Sequence[str]) -> str:
    names = [_name(code) for code in codes]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _events(entry: Mapping[str, Any]) -> Iterator[Line]:
    for event in entry.get("events", ()):
        where = [_name(event[key]) for key in ("actor", "target") if event.get(key)]
        name = str(event.get("name") or event["kind"]).replace("_", " ")
        yield "event", "", f"Event: {name}{' (' + ', '.join(where) + ')' if where else ''}."


def members_in(treaty: Mapping[str, Any]) -> list[str]:
    """Return the members for which a treaty of an outcome is in force."""
    return [code for code, state in treaty["members"].items() if state == IN_FORCE]


def _blocs(before: Outcome, found: Outcome) -> Iterator[Line]:
    old = {treaty["id"]: members_in(treaty) for treaty in before["treaties"]}
    for treaty in found["treaties"]:
        here = members_in(treaty)
        came = [code for code in here if code not in old.get(treaty["id"], [])]
        if not came:
            continue
        title = treaty["title"] or treaty["id"]
        if old.get(treaty["id"]):
            yield "bloc", "", f"{_names(came)} joined: {title}."
        else:
            yield "bloc", "", f"In force between {_names(here)}: {title}."


def _departures(before: Outcome, found: Outcome) -> Iterator[Line]:
    now = {treaty["id"]: treaty for treaty in found["treaties"]}
    for treaty in before["treaties"]:
        after = now.get(treaty["id"], {"members": {}})["members"]
        gone = [code for code in members_in(treaty) if after.get(code) in _GONE]
        if gone:
            yield "departure", "", f"{_names(gone)} no longer in: {treaty['title'] or treaty['id']}."


def _measures(before: Outcome, found: Outcome, entry: Mapping[str, Any]) -> Iterator[Line]:
    """Return restrictions and floors that are new; what several states have alike, by a treaty, is told once."""
    known = {measure["id"] for measure in before["measures"]}
    alike: dict[tuple[str, str, str], list[str]] = {}
    first: dict[tuple[str, str, str], str] = {}
    for measure in found["measures"]:
        if measure["id"] in known or quarter_index(measure["quarter"]) < quarter_index(entry["quarter"]):
            continue
        if measure["type"] in (*RESTRICTIONS, *_FLOORS):
            kind = "floor" if measure["type"] in _FLOORS else "restriction"
            text = _dated(measure)
            key = kind, measure["quarter"], text.removeprefix(measure["actor"])
            alike.setdefault(key, []).append(measure["actor"])
            first.setdefault(key, text)
    for key, actors in alike.items():
        others = (
            f" So do {_names(actors[1:])}."
            if len(actors) > 2
            else f" So does {_names(actors[1:])}."
            if actors[1:]
            else ""
        )
        yield key[0], key[1], first[key] + others


def _dated(measure: Mapping[str, Any]) -> str:
    """Return a measure's text, dated by when it came into force: one kept ready was written long before."""
    return re.sub(r"from \d{4}Q\d on\.$", f"from {measure['quarter']} on.", str(measure["text"]))


def _moves(found: Outcome) -> Iterator[tuple[Mapping[str, Any], float]]:
    """Return the prices outside that are known with the size of their move, a logarithm."""
    for row in found["prices"]:
        change = row["outside_change"]
        if change is not None and change > -1.0:
            yield row, abs(math.log1p(change))


def _prices(found: Outcome, largest: float) -> Iterator[Line]:
    for row, size in _moves(found):
        if size >= LARGE_MOVE or (size == largest and size > 0.0):
            change, good = row["outside_change"], goods_words(row["good"])
            verb = "rose" if change > 0.0 else "fell"
            most = ", the largest move of the game" if size == largest else ""
            yield (
                "price",
                found["quarter_to"],
                f"The price of {good} outside {_name(row['leader'])} {verb} by {abs(change):.0%}{most}.",
            )
