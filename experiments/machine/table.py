"""The table that machine-played games leave: of every number of every round, how it is distributed over the games.

A table is a JSON file. One ships for the usual scenario of a class; those made here go before it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments.machine.batch import Numbers
from model.base.data import data_hash
from model.cache import rule_hash

FORMAT = 1
#: Percent points that are kept of a distribution.
POINTS = (0, 1, *range(5, 100, 5), 99, 100)
#: A share of the world's output that reaches this in no round of any game is not kept.
_LEAST_SHARE = 0.05
SHIPPED, MADE = Path(__file__).with_name("shipped"), Path("results") / "machine_games"
#: What of a scenario does not change a game.
_WORDS = ("name", "title", "description", "sources", "seed")


@dataclass(frozen=True)
class Table:
    """Distributions by round and number: `rounds[r - 1][key]` holds the value at each of `POINTS` percent of games."""

    scenario: str
    games: int
    failed: int
    seats: tuple[str, ...]
    is_current: bool
    rounds: tuple[Mapping[tuple[str, ...], Sequence[float]], ...]

    def values(self, number: int, key: tuple[str, ...]) -> Sequence[float] | None:
        """Return a number's values at `POINTS` in a round, None where the table does not have it."""
        return self.rounds[number - 1].get(key) if number <= len(self.rounds) else None

    def place(self, number: int, key: tuple[str, ...], value: float) -> float | None:
        """Return the percent of games in which a number was lower in that round, 0 to 100, half of those equal."""
        values = self.values(number, key)
        if values is None:
            return None
        lowest, highest = (np.searchsorted(values, value, side=side) for side in ("left", "right"))
        if lowest == highest:
            return float(np.interp(value, values, POINTS))
        return (POINTS[lowest] + POINTS[highest - 1]) / 2.0


def game_key(scenario: Mapping[str, Any], quarters_per_round: int) -> str:
    """Return the hash of what makes games comparable: the scenario, words and luck aside, and a round's length."""
    kept = {name: value for name, value in scenario.items() if name not in _WORDS}
    text = json.dumps([kept, quarters_per_round], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def table_of(
    games: Sequence[Sequence[Numbers] | None],
    scenario: Mapping[str, Any],
    seats: Sequence[str],
    quarters: int,
) -> dict[str, Any]:
    """Return the table of some games as JSON values; those that could not be worked out are counted and left out."""
    played = [game for game in games if game is not None]
    large = {
        key for game in played for one in game for key, value in one.items()
        if key[0] != "share" or value >= _LEAST_SHARE
    }  # fmt: skip
    rounds = [_distributions([game[number] for game in played], large) for number in range(len(played[0]))]
    return {
        "format": FORMAT, "scenario": scenario.get("name", ""), "key": game_key(scenario, quarters),
        "rule_hash": rule_hash(), "data_hash": data_hash(), "games": len(played),
        "failed": len(games) - len(played), "seats": list(seats), "points": list(POINTS), "rounds": rounds,
    }  # fmt: skip


def _distributions(games: Sequence[Numbers], keys: set[tuple[str, ...]]) -> dict[str, list[float]]:
    found = {}
    for key in sorted(keys):
        values = [game[key] for game in games if key in game]
        if len(values) < 0.9 * len(games):
            continue  # what is unknown in many games has no distribution to be compared with
        found["|".join(key)] = [float(f"{value:.4g}") for value in np.percentile(values, POINTS)]
    return found


def find_table(record: Mapping[str, Any]) -> Table | None:
    """Return the table to compare a game with, given its record; None where there is none.

    One made under the present rules and data goes before another, one made here before the shipped.
    """
    key = game_key(record["scenario"], record["quarters_per_round"])
    paths = [path for folder in (MADE, SHIPPED) for path in sorted(folder.glob("*.json"))]
    tables = [table for path in paths if (table := _read(path, path.stat().st_mtime_ns, key)) is not None]
    return next((table for table in tables if table.is_current), tables[0] if tables else None)


@lru_cache(maxsize=8)
def _read(path: Path, changed: int, key: str) -> Table | None:
    """Return the table of a file, None where it is of another game or no table."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT or found["key"] != key or tuple(found["points"]) != POINTS:
            return None
        rounds = tuple(
            {tuple(key.split("|")): values for key, values in one.items()} for one in found["rounds"]
        )
        is_current = (found["rule_hash"], found["data_hash"]) == (rule_hash(), data_hash())
        return Table(
            found["scenario"], found["games"], found["failed"], tuple(found["seats"]), is_current, rounds
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
