"""Trying out stances: what a stance switches, and what it is worth once the market is cleared under it."""

from typing import Any, NamedTuple

import numpy as np

from agents.exporter_menu import Menu
from agents.exporter_worth import Quarter, measure_quarter, weights_of, worth_of
from agents.look_ahead import LookAhead
from model.engine import Engine
from model.network import Bools, Floats, Ints
from model.parameter import POSITION


class Judged(NamedTuple):
    """A stance in every market looked at: [rows, K] each, `later` None where the horizon is nothing."""

    stance: Floats
    worth: Floats
    now: Quarter
    later: Quarter | None


class Scout:
    """Looks at stances for some runs of an engine and remembers free trade, against which harm is measured."""

    def __init__(self, engine: Engine, menu: Menu, rows: Ints) -> None:
        self.engine, self.menu, self.rows = engine, menu, rows
        self.look = LookAhead(engine, rows, menu.components)
        values = engine.values[rows]
        self.weights = weights_of(values)
        self.quarters = values[:, POSITION["exporter_foresight_quarters"]].copy()
        countries = len(engine.world.countries)
        first = menu.row * countries
        self.provocation = engine.columns.pair_provocation[rows, first : first + countries]
        self.flood_support = values[:, POSITION["exporter_flood_support"], None]
        self.free: Quarter | None = None

    def judge(
        self,
        stance: Floats,
        also: list[tuple[Any, ...]] | None = None,
        later: bool = True,
        places: Bools | None = None,
    ) -> Judged:
        """Clear the coming quarter under a stance [rows, K] (and other moves), and the later one.

        Only in the markets that `places` [K] names where it is given: what is told of others is then of no meaning.
        """
        components = self.menu.components
        self.look.components = components if places is None else components[places]
        self.look.clear([*moves_of(self.engine, self.menu, self.rows, stance), *(also or [])])
        now = measure_quarter(self.look, self.menu)
        self.free = now if self.free is None else self.free
        far = None
        if later and np.any(self.weights["horizon"] > 0.0):
            self.look.later(self.quarters, self.menu.doctrine.passes)
            far = measure_quarter(self.look, self.menu)
        return Judged(stance, worth_of(now, far, self.free, self.provocation, self.weights), now, far)

    def judge_where(self, where: Bools, stance: Floats, free: Judged) -> Judged:
        """Look at a stance where it is considered, [rows, K]; elsewhere the answer is that of `free`, no stance."""
        return merge([free, self.judge(stance, places=np.asarray(where.any(axis=0)))], where.astype(np.int64))


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
    return Judged(
        _pick([one.stance for one in options], choice),
        _pick([one.worth for one in options], choice),
        Quarter(*(_pick(list(parts), choice) for parts in zip(*(one.now for one in options), strict=True))),
        None
        if options[0].later is None
        else Quarter(
            *(_pick(list(parts), choice) for parts in zip(*(one.later for one in options), strict=True))  # type: ignore[arg-type]
        ),
    )


def _pick(arrays: list[Floats], choice: Ints) -> Floats:
    rows, places = np.indices(choice.shape)
    return np.stack(arrays)[choice, rows, places]


def switch_some(engine: Engine, measure: int, rows: Ints, on: Any, level: Any) -> None:
    """Switch a measure in some runs and leave it in the others."""
    force, levels = (
        engine.history.measure_force[:, measure].copy(),
        engine.history.measure_level[:, measure].copy(),
    )
    force[rows] = on
    levels[rows] = level
    engine.switch(measure, force, levels)
