"""Solo play: seats of one person against machines, year by year, with what the same seats would have got by themselves.

A saved game is a game's record with the seats and the rules it was played under; `orebloc replay` runs it again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.game import Game
from experiments.seat_score import Score, seat_scores
from model.cache import rule_hash
from model.error import OreblocError
from model.world import World

Order = dict[str, Any]


@dataclass(frozen=True)
class Year:
    """A round that was played: its quarters, the sheets, the seats' scores since the start, and of the machines' game.

    `idle` is what the year alone would have brought without the sheets, others as they decide then.
    """

    first: str
    last: str
    sheets: dict[str, list[Order]]
    scores: dict[str, Score]
    machine: dict[str, Score]
    idle: dict[str, Score]


@dataclass(frozen=True)
class LeftOut:
    """The game with one order left out: whose, of which round (from 0), its place, words, and what the score loses."""

    seat: str
    round: int
    number: int
    text: str
    gain_usd: float


class Solo:
    """A game of some seats. Raises `OreblocError` for seats that are not there and for no seat."""

    def __init__(
        self,
        scenario: Any,
        seats: Sequence[str],
        *,
        until: str | None = None,
        seed: int | None = None,
        world: World | None = None,
    ) -> None:
        self._begin(Game(scenario, until=until, seed=seed, world=world), seats)

    def _begin(self, game: Game, seats: Sequence[str]) -> None:
        if not seats:
            raise OreblocError("Number of seats is 0; a game needs 1 or more. Choose a seat.")
        self.game = game
        self.seats = tuple(dict.fromkeys(game.seat(name).name for name in seats))
        self.machine = game.fork()
        self.sheets: dict[str, list[Order]] = {name: [] for name in self.seats}
        self.years: list[Year] = []
        self.texts: list[dict[str, list[str]]] = []

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> "Solo":
        """Return the game of a saved one, played again. Raises `OreblocError` for what is none."""
        record, seats = read_saved(saved)
        found = object.__new__(cls)
        found._begin(Game.of({**record, "rounds": []}), seats)
        for entry in record["rounds"]:
            others = [key for key in ("pilots", "events", "treaties") if entry.get(key)]
            others += sorted(set(entry["sheets"]) - set(seats))
            if others:
                raise OreblocError(
                    f"The saved game is not one of {', '.join(seats)} alone: its round of {entry.get('quarter')} has "
                    f"{', '.join(others)}. Open it with `orebloc.Game.of`."
                )
            found.sheets = {name: [dict(order) for order in entry["sheets"].get(name, [])] for name in seats}
            found.play()
        return found

    @property
    def saved(self) -> dict[str, Any]:
        """The game as JSON values: its record, the seats, the rules it was played under."""
        return {**self.game.record, "seats": list(self.seats), "rule_hash": rule_hash()}

    def check(self, seat: str, order: Mapping[str, Any]) -> str:
        """Return an order in words, given on top of the seat's sheet. Raises `OreblocError`."""
        return self.game.check(seat, [*self.sheets[seat], order])[-1]

    def add(self, seat: str, order: Mapping[str, Any]) -> str:
        """Put an order on the seat's sheet and return it in words. Raises `OreblocError`; the sheet stays then."""
        text = self.check(seat, order)
        self.sheets[seat].append(dict(order))
        return text

    def remove(self, seat: str, number: int) -> None:
        """Take an order off the seat's sheet. Raises `OreblocError` where there is none of that number."""
        if not 0 <= number < len(self.sheets[seat]):
            raise OreblocError(
                f"Order {number + 1} of {seat} is not on the sheet; it has {len(self.sheets[seat])}. Reload the page."
            )
        del self.sheets[seat][number]

    def words(self, seat: str) -> list[str]:
        """Return the seat's sheet in words."""
        return self.game.check(seat, self.sheets[seat])

    def ahead(self, rounds: int = 1) -> tuple[Game, Game]:
        """Return forks that have played some rounds: with the sheets, and with none; others as built-in."""
        forks = self.game.fork(), self.game.fork()
        for number in range(min(rounds, self.game.rounds - len(self.game.played))):
            for fork, sheets in zip(forks, (self.sheets, {}), strict=True):
                fork.play_round({name: [] if number else sheets.get(name, []) for name in self.seats})
        return forks

    def play(self) -> Year:
        """Play the year with the sheets, and the machines' game beside it. Raises `OreblocError`, `ClearingError`.

        What fails leaves everything as it was, the sheets included.
        """
        first = self.game.quarter
        words = {name: self.words(name) for name in self.seats}
        sheets = {name: [dict(order) for order in orders] for name, orders in self.sheets.items()}
        idle, machine = self.game.fork(), self.machine
        idle.play_round({name: [] for name in self.seats})
        if len(machine.played) == len(self.game.played):
            machine.play_round()
        self.game.play_round(sheets)
        names = list(self.seats)
        before = self.years[-1].scores if self.years else {}
        alone = {
            name: score - before[name] if self.game.seat(name).is_firm and name in before else score
            for name, score in seat_scores(idle, names).items()
        }
        year = Year(first, self.game.engine.quarter_label, sheets, seat_scores(self.game, names),
                    seat_scores(machine, names), alone)  # fmt: skip
        self.years.append(year)
        self.texts.append(words)
        self.sheets = {name: [] for name in self.seats}
        return year

    def gained(self, seat: str, number: int = -1) -> Score:
        """Return the score of one year, the last by default."""
        year = self.years[number]
        place = self.years.index(year)
        return year.scores[seat] - self.years[place - 1].scores[seat] if place else year.scores[seat]

    def without(self, seat: str, round: int, number: int) -> LeftOut:
        """Return what one order was worth: the game played again without it. Raises `OreblocError`, `ClearingError`.

        Later orders that lean on it (a repeal, a signature) make the replay refuse; it says so.
        """
        record = json.loads(json.dumps(self.game.record))
        try:
            del record["rounds"][round]["sheets"][seat][number]
        except (IndexError, KeyError):
            raise OreblocError(
                f"There is no order {number + 1} of {seat} in round {round + 1}. Choose one of the list."
            ) from None
        other = Game.of(record, world=self.game.engine.world)
        gain = self.years[-1].scores[seat].total_usd - seat_scores(other, [seat])[seat].total_usd
        return LeftOut(seat, round, number, self.texts[round][seat][number], gain)

    def orders(self) -> list[tuple[str, int, int]]:
        """Return seat, round and number of every order given so far."""
        return [
            (seat, r, n)
            for r, year in enumerate(self.years)
            for seat in self.seats
            for n in range(len(year.sheets[seat]))
        ]


def read_saved(saved: Any) -> tuple[Mapping[str, Any], list[str]]:
    """Return record and seats of a saved game. Raises `OreblocError` for what is none."""
    if not isinstance(saved, Mapping) or not isinstance(saved.get("rounds"), list) or "scenario" not in saved:
        raise OreblocError(
            "The file is no saved game: it has no scenario and rounds. Choose one saved by this page."
        )
    for entry in saved["rounds"]:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("sheets"), Mapping):
            raise OreblocError("The saved game has a round without sheets. Take the file as it was saved.")
    known = [name for entry in saved["rounds"] for name in entry["sheets"]]
    seats = saved.get("seats") or list(dict.fromkeys(known))
    if not isinstance(seats, list) or not all(isinstance(name, str) for name in seats):
        raise OreblocError("The saved game names no seats. Take the file as it was saved.")
    record = {"seed": 0, "quarters_per_round": 4, **saved}
    return record, seats


def load_saved(path: str | Path) -> Any:
    """Return the JSON of a saved game's file. Raises `OreblocError` where it cannot be read."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise OreblocError(f"Game {path} cannot be read: {error}. Give a file saved by Play solo.") from error
    except ValueError as error:
        raise OreblocError(f"Game {path} is not JSON: {error}. Take the file as it was saved.") from error
