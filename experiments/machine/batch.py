"""Machine-played games of a class's scenario, some at a time in the compiled kernel.

Half of the batches are played by built-in behaviours alone. In the others chance picks about half of the seats of the
class; once a round each of them gets orders drawn at random, as far as they are legal, and built-in behaviours play
the rest. The games of a batch have different luck and the same gambles: what differs between runs in orders would
make a network of its own for each, and cost ten times as much.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agents import DECISIONS
from agents.random_player import RandomPlayer
from experiments.debrief.board import boards, cells_of, rows_of
from experiments.observer import Observer
from experiments.outcome import headline_goods
from model.calibration import calibrate
from model.draw import PLAYER, uniform
from model.engine import Engine
from model.error import ClearingError, OreblocError
from model.firm_decision import write_orders
from model.scenario import Scenario, scenario_from
from model.seat import Seat, dominant_country, seats_of
from model.state_order import check_orders, take_orders
from model.view import firm_view, state_view
from model.world import World

#: Games in a batch: more of them are cheaper each, and share their gambles.
BATCH = 8
#: Orders drawn for a gambling seat in a round, and the chance that a seat gambles.
_TRIES, _GAMBLES = 4, 0.5
_PRICES = {"price outside": "outside_price_usd_per_t", "price inside": "inside_price_usd_per_t"}
_SHARE = "production_share"
_WANTED = frozenset({*_PRICES.values(), _SHARE, "score_usd", "supply_at_risk_usd", "import_dependence_share"})
#: What one round of one game brought, by what is told of it: kind, good or seat, country.
Numbers = dict[tuple[str, ...], float]


@dataclass(frozen=True)
class Task:
    """A batch to be played: the scenario as a mapping, seats of the class, rounds, its number and its games."""

    scenario: Mapping[str, Any]
    seed: int
    seats: tuple[str, ...]
    rounds: int
    quarters_per_round: int
    number: int
    games: int

    @property
    def gambles(self) -> bool:
        """Whether seats gamble in this batch."""
        return self.number % 2 == 1


_WORLDS: dict[str, World] = {}


def compute(task: Task, progress: Callable[[int], None]) -> list[list[Numbers] | None]:
    """Return the numbers of each game, round by round; None for a game that could not be worked out."""
    scenario = scenario_from(task.scenario, file="the scenario of machine-played games")
    if scenario.name not in _WORLDS:
        _WORLDS.clear()
        _WORLDS[scenario.name] = calibrate(scenario)
    return play_batch(task, scenario, _WORLDS[scenario.name], progress)


def play_batch(
    task: Task, scenario: Scenario, world: World, progress: Callable[[int], None] = lambda games: None
) -> list[list[Numbers] | None]:
    """Play a batch. Where one of its games fails they are played one by one, and the failed ones left out."""
    first = task.number * BATCH
    try:
        found: list[list[Numbers] | None] = [*_played(task, scenario, world, first, task.games)]
        progress(task.games)
        return found
    except ClearingError:
        found = []
        for run in range(first, first + task.games):
            try:
                found += _played(task, scenario, world, run, 1)
            except ClearingError:
                found.append(None)
            progress(1)
        return found


def _played(task: Task, scenario: Scenario, world: World, first: int, games: int) -> list[list[Numbers]]:
    engine = Engine(scenario, games, seed=task.seed, first_run=first, world=world, decide=DECISIONS)
    observer = Observer(world)
    gamblers = _Gamblers(task, engine) if task.gambles else None
    kept = [position for position, panel in enumerate(observer.panels) if panel.metric in _WANTED]
    told: list[list[Numbers]] = [[] for _ in range(games)]
    for _ in range(task.rounds):
        span, seen = [], []
        for quarter in range(min(task.quarters_per_round, engine.quarters - engine.step_number)):
            if gamblers:
                gamblers.is_asked = quarter == 0
            engine.step()
            span.append(engine.quarter_label)
            values = observer.observe(engine, _WANTED)
            seen.append([values[position] for position in kept])
        panels = [observer.panels[position] for position in kept]
        for run in range(games):
            told[run].append(_numbers(engine, observer, panels, span, seen, task.seats, run))
    return told


def _numbers(
    engine: Engine, observer: Observer, panels: Sequence[Any], span: Sequence[str], seen: Sequence[Any],
    seats: Sequence[str], run: int,
) -> Numbers:  # fmt: skip
    """Return what a round brought in one game, as `experiments.debrief.outcome.outcome` defines it."""
    world = engine.world
    cells = [cells_of(panels, values, run) for values in seen]
    known: Numbers = {}
    for good in headline_goods(world):
        for name, metric in _PRICES.items():
            known[name, good] = cells[-1].get((metric, good, observer.restrictors[good]), np.nan)
        for country in world.countries:
            known["share", good, country] = cells[-1].get((_SHARE, good, country), np.nan)
    firms = [str(name) for name in world.firms["name"]]
    cash = {
        name: float(engine.columns.balance_usd[run, firms.index(name)]) for name in seats if name in firms
    }
    rows = {quarter: rows_of(found) for quarter, found in zip(span, cells, strict=True)}
    for board, lines in boards(world, rows, span, cash).items():
        known.update({(board, row["seat"]): row["value"] for row in lines})
    return {key: float(value) for key, value in known.items() if np.isfinite(value)}


class _Gamblers:
    """Seats that get random orders in the first quarter of a round, the same in all games of a batch."""

    def __init__(self, task: Task, engine: Engine) -> None:
        self.task, self.is_asked = task, False
        self.dice = itertools.count()
        every = seats_of(engine.world, dominant_country(engine))
        seats = [every[name] for name in task.seats if name in every]
        chosen = [seat for seat in seats if self._number() < _GAMBLES] or seats[:1]
        self.states = [seat for seat in chosen if not seat.is_firm]
        self.firms = [seat for seat in chosen if seat.is_firm]
        engine.played = frozenset(seat.name for seat in self.states)
        engine.decide = DECISIONS._replace(states=self._ask_states, firms=self._ask_firms)

    def _number(self) -> float:
        """Return the next number by chance, between 0 and 1, of this batch."""
        return float(uniform(self.task.seed, self.task.number, next(self.dice), PLAYER, 0))

    def _ask_states(self, engine: Engine) -> None:
        sheets = {seat.name: self._sheet(engine, seat) for seat in self.states} if self.is_asked else {}
        if DECISIONS.states is not None:
            DECISIONS.states(engine)
        take_orders(engine, {name: [orders] * engine.runs for name, orders in sheets.items()})

    def _sheet(self, engine: Engine, seat: Seat) -> list[dict[str, Any]]:
        kept: list[dict[str, Any]] = []
        for order in self._drawn({**state_view(engine, 0, seat.row), "role": seat.role}):
            try:
                for run in range(engine.runs):
                    check_orders(engine, seat.name, run, [*kept, order])
            except OreblocError:
                continue
            kept.append(order)
        return kept

    def _ask_firms(self, engine: Engine) -> None:
        if DECISIONS.firms is not None:
            DECISIONS.firms(engine)
        for seat in self.firms if self.is_asked else []:
            orders = [*self._drawn(firm_view(engine, 0, seat.row))]
            for run in range(engine.runs):
                self._give(engine, run, seat, orders)

    def _give(self, engine: Engine, run: int, seat: Seat, orders: Sequence[Mapping[str, Any]]) -> None:
        """Give a firm those of its orders that are legal in this game."""
        kept: list[Mapping[str, Any]] = []
        for order in orders:
            try:
                write_orders(engine, run, seat.row, [*kept, order])
            except OreblocError:
                continue
            kept.append(order)
        write_orders(engine, run, seat.row, kept)

    def _drawn(self, view: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for _ in range(_TRIES):
            yield from RandomPlayer().decide({**view, "luck": self._number()})
