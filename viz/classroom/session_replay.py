"""A session's game again, from its file alone: whether every round brings what the room saw."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments.debrief.outcome import outcome
from experiments.game import Game
from model.base.data import data_hash
from model.cache import rule_hash
from model.error import OreblocError
from viz.classroom.fold import fold
from viz.classroom.store import read_events


def replay_session(path: Path, force: bool = False) -> dict[str, Any]:
    """Return `{game, rounds, notes}`: the game as played again, and for each round what differs from what was stored.

    `rounds` holds `{round, quarter, differences}` with lines of words; `notes` say under what else it was played than
    now. Raises `OreblocError` for a file that is no session, has no round, or needs `force`.
    """
    events = read_events(path)
    state = fold(events)
    if not state.record.get("rounds"):
        raise OreblocError(
            f"Session file {path} has no round that was played. Play one, or give another file."
        )
    notes = _notes(events)
    if notes and not force:
        raise OreblocError(
            f"Session {path} was played under {' and '.join(notes)}. Use the version that played it, or write --force "
            "to see what differs."
        )
    game = Game.of(state.record, until_round=0)
    rounds = []
    for number, one in enumerate(state.record["rounds"], start=1):
        game.play_round(one["sheets"], one["pilots"], one["events"], one["treaties"])
        found = json.loads(json.dumps(outcome(game, seats=list(state.seats))))
        stored = {key: state.outcomes[number].get(key) for key in found}
        rounds.append({"round": number, "quarter": found["quarter_to"],
                       "differences": list(_differences(stored, found))})  # fmt: skip
    return {"game": game, "rounds": rounds, "notes": notes}


def _notes(events: Any) -> list[str]:
    """Return in words what rules and data of a session are not those of now."""
    opened = events[0].body
    rules = {opened["rule_hash"]} | {e.body["rule_hash"] for e in events if e.kind == "round_resolved"}
    notes = ["other rules"] if rules != {rule_hash()} else []
    return [*notes, "other data"] if opened["data_hash"] != data_hash() else notes


def _differences(stored: Any, found: Any, where: str = "") -> Iterator[str]:
    """Yield where two values of JSON differ, with both."""
    if isinstance(stored, Mapping) and isinstance(found, Mapping) and stored.keys() == found.keys():
        for key in stored:
            yield from _differences(stored[key], found[key], f"{where}.{key}" if where else str(key))
    elif isinstance(stored, list) and isinstance(found, list) and len(stored) == len(found):
        for number, (a, b) in enumerate(zip(stored, found, strict=True), start=1):
            yield from _differences(a, b, f"{where}[{number}]")
    elif stored != found:
        yield f"{where}: {_short(stored)} in the session, {_short(found)} now"


def _short(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.10g}"
    return str(value)[:80]
