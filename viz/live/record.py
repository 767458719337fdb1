"""One run as arrays over its quarters: what the pages draw, with the metrics of the observer.

The quarters of a run are stacked as if they were runs of a batch, so that the observer reads them in one pass
instead of sixty-four.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents import DECISIONS
from experiments.observer import Cell, Floats, Observer
from experiments.run import seat_all
from experiments.supply_risk import SupplyRisk, supply_at_risk
from model.engine import Engine
from model.network import Answer
from model.scenario import Scenario
from model.world import World

#: Metrics that are worked out apart, or that no page shows: the costly ones.
_LEFT_OUT = frozenset({"supply_at_risk_usd", "score_usd"})
_FLOW = Answer._fields.index("flow_t")


class Cancelled(Exception):
    """Somebody asked for something newer."""


class Risk(NamedTuple):
    """A year's stop of one good: `cost_usd` [years, countries], `leader` [years], `part_usd` [years, countries, 3]."""

    cost_usd: Floats
    leader: NDArray[np.int64]
    part_usd: Floats


@dataclass(frozen=True)
class Record:
    """A run, or the quarters of one so far.

    - `values[metric]` is [quarters, cells], `cells[metric]` the (good, country) of its columns
    - `flow_t`, `wedge` [quarters, routes] float32: tonnes, and the scarcity price of quotas a route counts towards
    - `decisions` what states that choose decided, and why; `log` the orders given in the run
    - `risk[good]` what a year's stop by the leading exporter would cost, `risk_steps` the quarters it was asked in;
      only of whole worlds
    - `notes` measures that cover nothing in this world, and why
    - `violation` the worst certificate
    """

    scenario: Scenario
    quarters: tuple[str, ...]
    values: dict[str, Floats]
    cells: dict[str, tuple[Cell, ...]]
    flow_t: Floats
    wedge: Floats
    decisions: tuple[dict[str, Any], ...]
    log: tuple[dict[str, Any], ...]
    violation: float
    notes: tuple[dict[str, Any], ...]
    risk: dict[str, Risk]
    risk_steps: tuple[int, ...]

    def path(self, metric: str, good: str, country: str) -> Floats:
        """Return one number over the quarters, NaN where it is not recorded."""
        places = _places(self.cells[metric])
        if (good, country) not in places:
            return np.full(len(self.quarters), np.nan)
        return self.values[metric][:, places[good, country]]

    def table(self, metric: str, good: str) -> dict[str, Floats]:
        """Return a metric of one good by country, each over the quarters."""
        return {
            country: self.values[metric][:, column]
            for column, (name, country) in enumerate(self.cells[metric])
            if name == good
        }


_PLACES: dict[int, tuple[tuple[Cell, ...], dict[Cell, int]]] = {}


def _places(cells: tuple[Cell, ...]) -> dict[Cell, int]:
    """Return where each cell is; kept, as all records of a world share their cells."""
    known = _PLACES.get(id(cells))
    if known is None or known[0] is not cells:
        if len(_PLACES) > 2000:
            _PLACES.clear()
        known = cells, {cell: position for position, cell in enumerate(cells)}
        _PLACES[id(cells)] = known
    return known[1]


class Recording:
    """Collects the quarters of a run of one world; of `risk_goods` also what a stop would cost, once a year.

    `wanted` are the metrics read, those of the pages if None. A batch of runs may be collected for its `panels`.
    """

    def __init__(
        self, observer: Observer, risk_goods: Sequence[str] = (), wanted: frozenset[str] | None = None
    ) -> None:
        self.observer = observer
        self.taken: list[SimpleNamespace] = []
        self.violation = 0.0
        self.risk_goods = list(risk_goods)
        self.risks: dict[int, SupplyRisk] = {}
        every = frozenset(panel.metric for panel in observer.panels) - _LEFT_OUT
        self.wanted = every if wanted is None else wanted
        self.columns: tuple[str, ...] = ()

    def take(self, engine: Engine) -> None:
        """Keep what the metrics need of the quarter just run."""
        if not self.columns:
            self.columns = _columns_read(self.observer, self.wanted, engine)
        columns = {name: getattr(engine.columns, name).copy() for name in self.columns}
        if self.risk_goods and (engine.step_number % 4 == 0 or engine.is_done):
            self.risks[engine.step_number - 1] = supply_at_risk(engine, self.risk_goods)
        self.violation = max(self.violation, float(np.nanmax(engine.answer.violation)))
        self.taken.append(
            SimpleNamespace(
                label=engine.quarter_label,
                network=engine.network,
                layout=engine.layout,
                terms=[array.copy() for array in engine.terms],
                answer=[array.copy() for array in engine.answer],
                columns=columns,
                values=engine.values,
                support=engine.history.support_usd_per_t.copy(),
                public=engine.history.floor_public_share.copy(),
                kinds=(type(engine.terms), type(engine.answer)),
            )
        )

    def panels(self) -> list[Floats]:
        """Return the observer's panels, [quarters times runs, cells], runs within quarters."""
        blocks = [
            self.observer.observe(_stacked(block, self.columns), self.wanted) for block in _blocks(self.taken)
        ]
        return [
            np.concatenate([block[number] for block in blocks]) for number in range(len(self.observer.panels))
        ]

    def record(self, engine: Engine) -> Record:
        """Return the quarters taken so far."""
        panels: list[list[Floats]] = []
        wedges = []
        for block in _blocks(self.taken):
            stacked = _stacked(block, self.columns)
            panels.append(self.observer.observe(stacked, self.wanted))
            wedges.append(_wedges(stacked))
        values = {
            panel.metric: np.concatenate([block[number] for block in panels])
            for number, panel in enumerate(self.observer.panels)
        }
        flows = [quarter.answer[_FLOW][0] for quarter in self.taken]
        return Record(
            scenario=engine.scenario,
            quarters=tuple(quarter.label for quarter in self.taken),
            values=values,
            cells={panel.metric: panel.cells for panel in self.observer.panels},
            flow_t=np.array(flows, dtype=np.float32),
            wedge=np.concatenate(wedges).astype(np.float32),
            decisions=tuple(engine.decisions),
            log=tuple(engine.log),
            violation=self.violation,
            notes=tuple(engine.plan.notes),
            risk={good: _risk(list(self.risks.values()), n) for n, good in enumerate(self.risk_goods)},
            risk_steps=tuple(self.risks),
        )


def _risk(years: Sequence[SupplyRisk], good: int) -> Risk:
    """Return one good's stops, years in rows."""
    return Risk(*(np.array([part[0, good] for part in parts]) for parts in zip(*years, strict=True)))


def _blocks(taken: Sequence[SimpleNamespace]) -> list[list[SimpleNamespace]]:
    """Cut the quarters where the network changed: measures taken in on the way add quotas."""
    blocks: list[list[SimpleNamespace]] = []
    for quarter in taken:
        if blocks and blocks[-1][-1].network is quarter.network:
            blocks[-1].append(quarter)
        else:
            blocks.append([quarter])
    return blocks


class _Noted:
    """Columns that note which of them are read."""

    def __init__(self, columns: Any) -> None:
        self._columns = columns
        self.names: dict[str, None] = {}

    def __getattr__(self, name: str) -> Any:
        self.names[name] = None
        return getattr(self._columns, name)


def _columns_read(observer: Observer, wanted: frozenset[str], engine: Engine) -> tuple[str, ...]:
    """Return the columns that the metrics wanted read, found by reading them once; kept with the observer."""
    kept: dict[frozenset[str], tuple[str, ...]] = observer.__dict__.setdefault("columns_read", {})
    known = kept.get(wanted)
    if known is None:
        noted = _Noted(engine.columns)
        observer.observe(_Shown(engine, noted), wanted)  # type: ignore[arg-type]
        known = kept[wanted] = tuple(noted.names)
    return known


class _Shown:
    """An engine with other columns."""

    def __init__(self, engine: Engine, columns: Any) -> None:
        self._engine, self.columns = engine, columns

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def _stacked(block: Sequence[SimpleNamespace], names: Sequence[str]) -> Any:
    """Return an object with the arrays of an engine, the quarters in place of runs."""
    terms_kind, answer_kind = block[0].kinds
    columns = {name: np.concatenate([q.columns[name] for q in block]) for name in names}
    return SimpleNamespace(
        network=block[0].network,
        layout=block[0].layout,
        terms=terms_kind(*(np.concatenate(arrays) for arrays in zip(*(q.terms for q in block), strict=True))),
        answer=answer_kind(
            *(np.concatenate(arrays) for arrays in zip(*(q.answer for q in block), strict=True))
        ),
        columns=SimpleNamespace(**columns),
        values=np.concatenate([q.values for q in block]),
        history=SimpleNamespace(
            support_usd_per_t=np.concatenate([q.support for q in block]),
            floor_public_share=np.concatenate([q.public for q in block]),
        ),
        is_done=False,
        quarter_label=block[-1].label,
    )


def _wedges(stacked: Any) -> Floats:
    from experiments.observer import _route_wedge

    return np.asarray(_route_wedge(stacked.network, stacked.answer, stacked.terms))


def run_record(
    scenario: Scenario,
    world: World,
    observer: Observer,
    *,
    risk_goods: Sequence[str] = (),
    players: dict[str, Any] | None = None,
    luck: int = 0,
    is_stale: Callable[[], bool] = lambda: False,
) -> Record:
    """Run a scenario once on its calibrated world, as its run number `luck`.

    Raises `Cancelled`, `ClearingError`, `OreblocError`.
    """
    engine = Engine(scenario, 1, first_run=luck, world=world, decide=DECISIONS)
    seat_all([engine], players or {})
    recording = Recording(observer, risk_goods)
    while not engine.is_done:
        if is_stale():
            raise Cancelled
        engine.step()
        recording.take(engine)
    return recording.record(engine)
