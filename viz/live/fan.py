"""Bands of a plan: quantiles over runs of one mineral by itself, drawn part by part, the first part soon.

The first part's runs are kept up to the quarter of the change, so that the next lever starts from there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from agents import DECISIONS
from experiments.run import quantiles_of, seat_all
from model.engine import Engine
from model.instruments import BY_NAME
from model.order import order_from
from model.quarter_date import quarter_index
from viz.live.plan import Plan, mixed, rows_of
from viz.live.record import Cancelled, Recording
from viz.live.slice import Singles
from viz.live.stage import Ground, Stage

#: Quantiles a fan shows: nine tenths, the middle half, and the median.
BANDS = (0.05, 0.25, 0.75, 0.95, 0.5)
_METRICS = {
    "inside": "inside_price_usd_per_t",
    "outside": "outside_price_usd_per_t",
    "leader": "production_share",
}
#: Quarters read in one pass: more are hardly faster, and take memory.
_TOGETHER = 12
_WANTED = frozenset(_METRICS.values())


@dataclass(frozen=True)
class _Begun:
    """Runs without the change, up to its quarter."""

    step: int
    size: int
    engine: Engine
    taken: list[SimpleNamespace]


class Fan:
    """Quantiles of prices and shares; `goods` are (good, leader)."""

    def __init__(self, stage: Stage, plan: Plan, mineral: str, goods: list[tuple[str, str]]) -> None:
        self.alone, self.stage, self.mineral = stage.alone(mineral), stage, mineral
        rows = rows_of(plan, stage.whole.observer.restrictors, stage.whole.countries)
        here = set(self.alone.goods)
        rows.measures = [row for row in rows.measures if here.intersection(row["fields"].get("good", []))]
        rows.shocks = [row for row in rows.shocks if row["good"] in here]
        kept = [narrowed(treaty, here, self.alone.countries) for treaty in rows.treaties]
        rows.treaties = [treaty for treaty in kept if treaty]
        self.forks, self.orders = rows.forks, [order_from(row, BY_NAME) for row in rows.measures]
        self.first = quarter_index(plan.start) - self.alone.scenario.start_index
        self.scenario = mixed(self.alone.scenario, rows, plan.start)
        self.world, self.observer = self.alone.with_scenario(self.scenario), self.alone.observer
        self.wanted = _places(self.alone, goods)
        self.found: dict[str, list[Any]] = {name: [] for name in self.wanted}

    def add(self, first: int, size: int, is_stale: Callable[[], bool]) -> None:
        """Run so many worlds more. Raises `Cancelled`."""
        engine, recording = self._begin(first, size, is_stale)
        read: list[list[Any]] = []
        while not engine.is_done:
            if is_stale():
                raise Cancelled
            engine.step()
            recording.take(engine)
            if len(recording.taken) >= _TOGETHER or engine.is_done:
                read.append(recording.panels())
                recording.taken = []
        for name, (panel, cell) in self.wanted.items():
            path = np.concatenate([panels[panel][:, cell] for panels in read])
            self.found[name].append(path.reshape(-1, size).T)

    def _begin(self, first: int, size: int, is_stale: Callable[[], bool]) -> tuple[Engine, Recording]:
        recording = Recording(self.observer, wanted=_WANTED)
        if first or not self.forks:
            return self._engine(self.scenario, self.world, first, size), recording
        begun = self._begun(size, is_stale)
        engine = begun.engine.fork()
        if self.orders:
            for number in engine.add_measures(self.orders, dated=True):
                engine.switch(number, 1.0)
        recording.taken = list(begun.taken)
        return engine, recording

    def _begun(self, size: int, is_stale: Callable[[], bool]) -> _Begun:
        kept: dict[str, _Begun] = self.stage.__dict__.setdefault("begun", {})
        known = kept.get(self.mineral)
        if known is None or (known.step, known.size) != (self.first, size):
            engine = self._engine(self.alone.scenario, self.alone.world, 0, size)
            recording = Recording(self.observer, wanted=_WANTED)
            while engine.step_number < self.first:
                if is_stale():
                    raise Cancelled
                engine.step()
                recording.take(engine)
            known = kept[self.mineral] = _Begun(self.first, size, engine, recording.taken)
        return known

    def _engine(self, scenario: Any, world: Any, first: int, size: int) -> Engine:
        engine = Engine(scenario, size, first_run=first, world=world, decide=DECISIONS)
        seat_all([engine], {})
        return engine

    def bands(self) -> dict[str, Singles]:
        """Return [bands, quarters] of everything kept."""
        return {
            name: quantiles_of(np.concatenate(runs), BANDS).astype(np.float32)
            for name, runs in self.found.items()
            if runs
        }


def _places(alone: Ground, goods: list[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Return what is kept of each run: panel and cell by name."""
    panels = {panel.metric: n for n, panel in enumerate(alone.observer.panels)}
    wanted = {}
    for good, leader in goods:
        for name, metric in _METRICS.items():
            cells = alone.observer.panels[panels[metric]].cells
            if (good, leader) in cells:
                wanted[f"{good}/{name}"] = panels[metric], cells.index((good, leader))
    return wanted


def narrowed(treaty: Mapping[str, Any], goods: set[str], countries: list[str]) -> dict[str, Any] | None:
    """Return what a treaty says of these goods among these countries; None where nothing is left."""
    clauses = [c for c in treaty["clauses"] if goods.intersection(c["fields"].get("good") or goods)]
    for n, clause in enumerate(clauses):
        fields = dict(clause["fields"])
        if "good" in fields:
            fields["good"] = [good for good in fields["good"] if good in goods]
        clauses[n] = {**clause, "fields": fields}
    members = [code for code in treaty["members"] if code in countries]
    return {**treaty, "clauses": clauses, "members": members} if clauses and len(members) > 1 else None
