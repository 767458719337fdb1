"""The cause ledger: how much of a change in a number each cause stands for.

Two runs, or one run with and without what came into force between two quarters, differ by a list of causes: measures,
treaties (or their clauses), what seats do, shocks, projects, assumptions. Each cause's part is its Shapley value: what
it adds on average over all orders in which the causes may be switched from the first scenario to the second. Every set
of causes is a scenario of its own, run under the same luck. With up to eight causes all sets are run; beyond that a
sample of orders is, each followed to its end, so that the parts add up exactly either way. Source: Shapley1953,
CastroGomezTejada2009.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from experiments.difference import Cause, differences, mixed
from experiments.ensemble import gather
from experiments.observer import Observer
from experiments.outcome import METRICS
from experiments.scenario_file import extended_scenario
from experiments.shapley import ORDERS, Set, Shares, shapley
from model.calibration import calibrate
from model.calibration.resale import resale_key
from model.error import OreblocError
from model.instrument import PERIODS
from model.name import did_you_mean
from model.quarter_date import quarter_index
from model.scenario import Scenario
from model.world import World

_DATE = re.compile(r"\d{4}(Q[1-4]|-\d\d-\d\d)")
#: What measures in force before the start bend when the base year is calibrated.
_LATE = ("measure", "treaty", "clause", "shock", "event")


@dataclass(frozen=True)
class Part:
    """What one cause stands for, in the metric's unit."""

    kind: str
    label: str
    value: float
    error: float


@dataclass(frozen=True)
class Explanation:
    """A change and its parts: `first + change = last`, and `change` is the sum of the parts exactly.

    `first` and `last` are means over the runs. Between two quarters of one scenario the first part, of kind `course`,
    is what would have changed anyhow. `early` causes bear on the base year, which is calibrated with and without them.
    """

    metric: str
    good: str
    country: str
    unit: str
    from_label: str
    at_label: str
    first: float
    last: float
    parts: tuple[Part, ...]
    exact: bool
    evaluations: int
    runs: int
    early: int = 0

    @property
    def change(self) -> float:
        """Return what is explained."""
        return self.last - self.first

    def __str__(self) -> str:
        from experiments.cause_text import describe_explanation

        return describe_explanation(self)

    def record(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        return {**asdict(self), "parts": [asdict(part) for part in self.parts], "change": self.change}


class _Game:
    """The number at one quarter under every set of causes; one calibration serves all sets that share a base year."""

    def __init__(
        self,
        a: Scenario,
        b: Scenario,
        causes: Sequence[Cause],
        number: tuple[str, str, str],
        quarters: Sequence[str],
        runs: int,
        workers: int | None,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.a, self.b, self.causes, self.number = a, b, causes, number
        self.quarters, self.runs, self.workers, self.progress = list(quarters), runs, workers, progress
        self.early = {k for k, cause in enumerate(causes) if not _is_late(cause, a)}
        self.worlds: dict[tuple[Set, str], World] = {}
        self.known: dict[Set, np.ndarray] = {}

    def values(self, sets: Sequence[Set]) -> list[float]:
        """Return the mean over the runs at the last quarter asked for, for every set."""
        return [float(row[-1]) for row in self.paths(sets)]

    def paths(self, sets: Sequence[Set]) -> list[np.ndarray]:
        """Return [quarters asked for] means over the runs, for every set."""
        new = [some for some in dict.fromkeys(sets) if some not in self.known]
        for some in new:
            self._world(some)
        with ThreadPoolExecutor(self.workers or os.cpu_count() or 1) as pool:
            self.known.update(zip(new, pool.map(self._path, new), strict=True))
        return [self.known[some] for some in sets]

    def _world(self, some: Set) -> World:
        """Return the world of a set: one for all that share a base year and the places where goods may be sold on."""
        scenario, key = mixed(self.a, self.b, self.causes, some), self._key(some)
        if key not in self.worlds:
            self.worlds[key] = calibrate(scenario)
            self._count_one()
        return self.worlds[key]

    def _key(self, some: Set) -> tuple[Set, str]:
        scenario = mixed(self.a, self.b, self.causes, some)
        return some & frozenset(self.early), str(resale_key(scenario))

    def _count_one(self) -> None:
        if self.progress:
            self.progress(1)

    def steps(self, sets: Sequence[Set]) -> int:
        """Return how many calibrations and runs are still to do for these sets."""
        new = [some for some in dict.fromkeys(sets) if some not in self.known]
        return len(new) + len({self._key(some) for some in new} - set(self.worlds))

    def _path(self, some: Set) -> np.ndarray:
        scenario = mixed(self.a, self.b, self.causes, some)
        if scenario.seed != self.a.seed:
            scenario = scenario.with_changes({"seed": self.a.seed})
        world = replace(self._world(some), scenario=scenario)
        found = gather(
            scenario, world, self.runs, lambda *cell: cell == self.number, quarters=self.quarters, workers=1
        )
        self._count_one()
        return np.asarray(found.values[self.number].mean(axis=0))


def _is_late(cause: Cause, scenario: Scenario) -> bool:
    """Tell whether a cause leaves the base year alone, so that one calibration serves with and without it."""
    if cause.kind == "strategy":
        return True
    return cause.kind in _LATE and all(
        _spares_base_year(key, old, new, scenario) for key, old, new in cause.rows
    )


def _spares_base_year(key: str, old: Any, new: Any, scenario: Scenario) -> bool:
    start = scenario.start_index
    if all(_begins(row) >= start for row in (old, new) if row is not None):
        return True
    if key != "measures" or old is None or new is None:
        return False
    return _going_on(old, start - 1) == _going_on(new, start - 1)


def _going_on(row: Mapping[str, Any], last: int) -> dict[str, Any]:
    """Return a measure that stays for good as it stands in the quarter `last`: no later end, no later steps."""
    kept: dict[str, Any] = {**row, "fields": _held(row, last)}
    if row.get("end") is not None and _index(row["end"]) >= last:
        kept.pop("end")
    return kept


def _held(row: Mapping[str, Any], last: int) -> dict[str, Any]:
    """Return a measure's fields with paths of numbers cut off after the quarter `last`."""
    fields: dict[str, Any] = dict(row.get("fields") or {})
    period = PERIODS.get(str(fields.get("period", "quarter")), 1)
    begun = _index(row["quarter"]) // period
    for name, value in fields.items():
        if isinstance(value, Mapping) and value and all(_DATE.fullmatch(str(key)) for key in value):
            early = {key: number for key, number in value.items() if _index(key) <= last}
            fields[name] = early or dict([next(iter(value.items()))])
        elif isinstance(value, list) and value and all(isinstance(number, int | float) for number in value):
            fields[name] = value[: max(last // period - begun + 1, 1)]
    return fields


def _index(date: Any) -> int:
    return quarter_index(_quarter(str(date)))


def _begins(row: Any) -> int:
    """Return the quarter in which a row begins to act; a row without a date acts from the first."""
    dates = [
        row.get(key)
        for key in ("quarter", "start", "in_force", "signed", "proposed")
        if isinstance(row, Mapping)
    ]
    known = [quarter_index(_quarter(str(date))) for date in dates if date]
    return min(known) if known else 10**6


def _quarter(date: str) -> str:
    """Return the quarter of a date such as 2025-04-04 or 2025Q2."""
    if "Q" in date:
        return date
    year, month = date.split("-")[:2]
    return f"{year}Q{(int(month) - 1) // 3 + 1}"


def explain(
    a: Scenario,
    b: Scenario,
    metric: str,
    good: str,
    country: str,
    at: str,
    *,
    by: str = "each",
    runs: int = 1,
    orders: int = ORDERS,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
    started: Callable[[int], None] | None = None,
) -> Explanation:
    """Return what makes a number of B differ from A's at the quarter `at`. Raises `OreblocError`.

    `started` is told how many calibrations and runs are to come, `progress` is called with 1 after each.
    """
    causes = differences(a, b, by)
    if not causes:
        raise OreblocError(
            f"{b.name} does not differ from {a.name}; there is nothing to explain. Give another B, or --set."
        )
    number = _number(a, metric, good, country)
    _check_quarter(a, at)
    game = _Game(_until(a, at), _until(b, at), causes, number, [at], runs, workers, progress)
    values = _counted(game, started)
    shares = shapley(values, len(causes), orders=orders)
    ends = game.values([frozenset(), frozenset(range(len(causes)))])
    parts = _parts(causes, shares)
    other = f"{b.name}, changed" if a.name == b.name else b.name
    return Explanation(
        metric, good, country, METRICS[metric].unit, f"{a.name} {at}", f"{other} {at}", ends[0], ends[1], parts,
        shares.exact, shares.evaluations, runs, len(game.early),
    )  # fmt: skip


def explain_change(
    scenario: Scenario,
    metric: str,
    good: str,
    country: str,
    first: str,
    at: str,
    *,
    by: str = "each",
    runs: int = 1,
    orders: int = ORDERS,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
    started: Callable[[int], None] | None = None,
) -> Explanation:
    """Return what makes a number change between two quarters of one scenario.

    Causes are what comes into force after `first` and by `at`, and measures that end or change their numbers in that
    time; what would have happened without them (growth, projects under way, luck, measures that stand) is the part of
    kind `course`.
    """
    _check_quarter(scenario, first)
    _check_quarter(scenario, at)
    if quarter_index(first) >= quarter_index(at):
        raise OreblocError(f"--from is {first}; it must lie before --at, {at}. Give an earlier quarter.")
    number = _number(scenario, metric, good, country)
    without = _without(scenario, quarter_index(first), quarter_index(at))
    a, b = _until(without, at), _until(scenario, at)
    causes = differences(a, b, by)
    game = _Game(a, b, causes, number, [first, at], runs, workers, progress)
    shares = shapley(_counted(game, started), len(causes), orders=orders)
    paths = game.paths([frozenset(), frozenset(range(len(causes)))])
    course = Part("course", "what would have changed anyhow", float(paths[0][1] - paths[1][0]), 0.0)
    return Explanation(metric, good, country, METRICS[metric].unit, first, at, float(paths[1][0]), float(paths[1][1]),
                       (course, *_parts(causes, shares)), shares.exact, shares.evaluations, runs)  # fmt: skip


def _counted(game: _Game, started: Callable[[int], None] | None) -> Callable[[Sequence[Set]], list[float]]:
    def counted(sets: Sequence[Set]) -> list[float]:
        if started:
            started(game.steps(sets))
        return game.values(sets)

    return counted


def _parts(causes: Iterable[Cause], shares: Shares) -> tuple[Part, ...]:
    return tuple(
        Part(cause.kind, cause.label, float(value), float(error))
        for cause, value, error in zip(causes, shares.value, shares.error, strict=True)
    )


def _without(scenario: Scenario, first: int, last: int) -> Scenario:
    """Return the scenario without what comes into force after one quarter and by another."""
    raw = {**scenario.to_mapping()}
    for key in ("measures", "treaties", "shocks", "events"):
        if raw.get(key):
            raw[key] = [row for row in raw[key] if not first < _begins(row) <= last]
    raw["measures"] = [_unmoved(row, first, last) for row in raw.get("measures") or []]
    return extended_scenario(raw)


def _unmoved(row: Mapping[str, Any], first: int, last: int) -> Mapping[str, Any]:
    """Return a measure without an end or a step between two quarters; the same row where it has none."""
    if _begins(row) > first:
        return row
    kept: dict[str, Any] = (
        {**row, "fields": _held(row, first)} if _held(row, last) != _held(row, first) else {**row}
    )
    if row.get("end") is not None and first <= _index(row["end"]) < last:
        kept.pop("end")
    return kept


def _until(scenario: Scenario, at: str) -> Scenario:
    return scenario if scenario.end == at else scenario.with_changes({"end": at})


def _check_quarter(scenario: Scenario, quarter: str) -> None:
    index = quarter_index(quarter)
    if not scenario.start_index <= index <= quarter_index(scenario.end):
        raise OreblocError(
            f"Quarter {quarter} is not run; it must lie within {scenario.start} to {scenario.end}. Give one of them."
        )


def _number(scenario: Scenario, metric: str, good: str, country: str) -> tuple[str, str, str]:
    """Return the number asked for. Raises `OreblocError` with what there is, where it is not recorded."""
    if metric not in METRICS:
        raise OreblocError(
            f"Metric {metric!r} is unknown. {did_you_mean(metric, METRICS, 'docs/glossary.md lists them.')}"
        )
    cells = [
        cell
        for panel in Observer(calibrate(scenario)).panels
        if panel.metric == metric
        for cell in panel.cells
    ]
    goods = list(dict.fromkeys(name for name, _ in cells))
    if good not in goods:
        few = ", ".join(goods[:8])
        raise OreblocError(f"Good {good!r} is not in {metric}. {did_you_mean(good, goods, f'It has {few}.')}")
    places = [place for name, place in cells if name == good]
    if country not in places:
        raise OreblocError(
            f"Country {country!r} is not in {metric} of {good}. {did_you_mean(country, places, f'It has {places}.')}"
        )
    return metric, good, country
