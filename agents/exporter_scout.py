"""Trying out stances: what a stance switches, and what it is worth once the market is cleared under it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.exporter_menu import Menu
from agents.exporter_worth import Quarter, measure_quarter, weights_of, worth_of
from agents.look_ahead import FEW_STAGES, LookAhead, chunks
from model.engine import Engine
from model.network import Bools, Floats, Ints
from model.parameter import POSITION


class Judged(NamedTuple):
    """A stance in every market looked at: [rows, K] each, `later` None where the horizon is nothing."""

    stance: Floats
    worth: Floats
    now: Quarter
    later: Quarter | None


class Trial(NamedTuple):
    """A stance [rows, K] to be looked at, with other moves, in the markets that `places` [K] names (all if None).

    What is told of other markets is then of no meaning.
    """

    stance: Floats
    also: Sequence[tuple[Any, ...]] = ()
    places: Bools | None = None


class Scout:
    """Looks at stances for some runs of an engine and remembers the first, free trade, against which harm is measured.

    Looks at several stances are rows of one batch: each is cleared as it would be by itself.
    """

    def __init__(self, engine: Engine, menu: Menu, rows: Ints) -> None:
        self.engine, self.menu, self.rows = engine, menu, rows
        self.looks: dict[int, LookAhead] = {}
        values = engine.values[rows]
        self.weights = weights_of(values)
        self.quarters = values[:, POSITION["exporter_foresight_quarters"]].copy()
        countries = len(engine.world.countries)
        first = menu.row * countries
        self.provocation = engine.columns.pair_provocation[rows, first : first + countries]
        self.flood_support = values[:, POSITION["exporter_flood_support"], None]
        self.free: Quarter | None = None

    def judge(self, stance: Floats, also: Sequence[tuple[Any, ...]] = (), later: bool = True) -> Judged:
        """Clear the coming quarter under a stance [rows, K] (and other moves), and the later one."""
        return self.judge_all([Trial(stance, also)], later)[0]

    def judge_all(self, trials: Sequence[Trial], later: bool = True) -> list[Judged]:
        """Clear the coming quarter under each of the stances, and the later one."""
        later = later and bool(np.any(self.weights["horizon"] > 0.0))
        found: list[Judged] = []
        for part in chunks(len(trials), self.rows.size):
            found += self._judge([trials[n] for n in part], later)
        return found

    def _judge(self, trials: Sequence[Trial], later: bool) -> list[Judged]:
        count, size = len(trials), self.rows.size
        if count not in self.looks:
            self.looks[count] = LookAhead(self.engine, np.tile(self.rows, count), self.menu.components)
        look, components = self.looks[count], self.menu.components
        look.blocks = [
            (n * size, (n + 1) * size, components if trial.places is None else components[trial.places])
            for n, trial in enumerate(trials)
        ]
        look.clear(self._moves(trials))
        now = _split(measure_quarter(look, self.menu), count)
        self.free = now[0] if self.free is None else self.free
        far: Sequence[Quarter | None] = [None] * count
        if later:
            look.later(np.tile(self.quarters, count), FEW_STAGES)
            far = _split(measure_quarter(look, self.menu, built=True), count)
        return [
            Judged(t.stance, worth_of(a, b, self.free, self.provocation, self.weights), a, b)
            for t, a, b in zip(trials, now, far, strict=True)
        ]

    def _moves(self, trials: Sequence[Trial]) -> list[tuple[Any, ...]]:
        """Return the moves of all rows: what a trial does not say about a measure of another is that it stays."""
        rows = np.tile(self.rows, len(trials))
        moves = moves_of(self.engine, self.menu, rows, np.concatenate([trial.stance for trial in trials]))
        history, size = self.engine.history, self.rows.size
        for m in dict.fromkeys(move[0] for trial in trials for move in trial.also):
            on, level = history.measure_force[rows, m], history.measure_level[rows, m]
            for n, trial in enumerate(trials):
                for move in trial.also:
                    if move[0] == m:
                        on[n * size : (n + 1) * size] = move[1]
                        if len(move) > 2:
                            level[n * size : (n + 1) * size] = move[2]
            moves.append((m, on, level))
        return moves


def _split(quarter: Quarter, count: int) -> list[Quarter]:
    """Return the quarters of `count` stances that were looked at together."""
    return [Quarter(*parts) for parts in zip(*(np.split(array, count) for array in quarter), strict=True)]


def moves_of(engine: Engine, menu: Menu, rows: Ints, stance: Floats) -> list[tuple[Any, ...]]:
    """Return the switches (measure, on, level) that put a stance [rows, K] in force."""
    moves: list[tuple[Any, ...]] = []
    for k, measure in enumerate(menu.wedge):
        moves.append((measure, (stance[:, k] > 0.0).astype(float), menu.level(engine, rows, k, stance[:, k])))
        for support, _ in menu.support[k]:
            on = (stance[:, k] < 0.0).astype(float)
            moves.append((support, on, support_level(engine, rows, support, np.maximum(-stance[:, k], 0.0))))
    return moves


def support_level(engine: Engine, rows: Ints, measure: int, share: Floats) -> Floats:
    """Return the level of a support that pays this share of the price, [rows].

    A subsidy of the base price scales with it; a strike has to lie as much above the price last published.
    """
    table, history = engine.plan.table, engine.history
    found = np.flatnonzero(table.support_measure == measure)
    if not found.size or table.support_index[found[0]] < 0:
        return share
    row = int(found[0])
    i = table.support_index[row]
    members = slice(table.index_start[i], table.index_start[i + 1])
    nodes = history.node_price.shape[1] // 4
    price = history.node_price[rows][:, 3 * nodes + table.index_node[members]]
    weight = np.where(np.isnan(price), 0.0, table.index_weight[members])
    mean = (np.nan_to_num(price) * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-300)
    return np.asarray(mean / table.support_strike[row, -1] + share)


def merge(options: list[Judged], choice: Ints) -> Judged:
    """Return, market by market, the option numbered in `choice` [rows, K]."""
    rows, places = np.indices(choice.shape)

    def pick(arrays: list[Floats]) -> Floats:
        return np.stack(arrays)[choice, rows, places]

    later = [one.later for one in options if one.later is not None]
    return Judged(
        pick([one.stance for one in options]),
        pick([one.worth for one in options]),
        Quarter(*(pick(list(parts)) for parts in zip(*(one.now for one in options), strict=True))),
        Quarter(*(pick(list(parts)) for parts in zip(*later, strict=True))) if later else None,
    )


def merge_where(where: Bools, one: Judged, free: Judged) -> Judged:
    """Return `one` where it is considered, [rows, K], and `free` elsewhere."""
    return merge([free, one], where.astype(np.int64))


def switch_some(engine: Engine, measure: int, rows: Ints, on: Any, level: Any) -> None:
    """Switch a measure in some runs and leave it in the others."""
    force, levels = (
        engine.history.measure_force[:, measure].copy(),
        engine.history.measure_level[:, measure].copy(),
    )
    force[rows] = on
    levels[rows] = level
    engine.switch(measure, force, levels)
