"""Two scenarios under common luck: what differs, by how much, and how sure that is.

Run r of one scenario and run r of the other draw the same luck, so that differences are taken run by run; their spread
is what the scenarios leave open, not what chance adds to both. Horizons: the first year, the fifth, the last (means
over its four quarters, sums for money).
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from experiments.ensemble import Ensemble, Number, gather
from experiments.observer import Floats
from experiments.outcome import ALL_GOODS, METRICS, WORLD, headline_goods
from model.calibration import calibrate
from model.error import OreblocError
from model.scenario import Scenario

#: By good: metrics read at the restricting country, at `WLD`, and summed over a group's countries.
AT_RESTRICTOR = ("outside_price_usd_per_t", "inside_price_usd_per_t", "price_gap_index")
AT_WORLD = ("hhi_index",)
BY_GROUP = ("production_share", "capacity_share", "supply_at_risk_usd")
#: Money of countries, over all goods, summed over a group.
OVER_GOODS = (
    "welfare_total_usd", "welfare_consumer_usd", "welfare_producer_usd", "welfare_treasury_usd", "welfare_rent_usd",
    "welfare_variety_usd", "investment_usd",
)  # fmt: skip
#: Countries that buy together most of what is traded, where the scenarios declare no bloc.
_BUYERS = ("USA", "EU27", "JPN", "KOR", "GBR", "CAN", "AUS")
_SHORT_RUN = 8
#: Numbers closer than this, relatively, are the same: two calibrations may round differently.
_SAME = 1e-9
_LOW, _HIGH = 0.05, 0.95


@dataclass(frozen=True)
class Difference:
    """One number of A and B at one horizon. `mean` is of B - A over the runs; the interval holds 90 % of the runs.

    `error` is the standard error of the mean (None for one run), `sure` the share of runs whose difference has the
    sign of the mean.
    """

    metric: str
    good: str
    group: str
    horizon: str
    unit: str
    a: float
    b: float
    mean: float
    error: float | None
    low: float
    high: float
    sure: float

    @property
    def relative(self) -> float:
        """Return the mean difference over A; NaN where A is nothing."""
        return self.mean / abs(self.a) if self.a else float("nan")


@dataclass(frozen=True)
class Comparison:
    """What differs between A and B. `paths[(metric, good, group)]` are both scenarios' [runs, quarters]."""

    a: Ensemble
    b: Ensemble
    runs: int
    groups: dict[str, tuple[str, ...]]
    goods: list[str]
    differences: list[Difference]
    paths: dict[Number, tuple[Floats, Floats]]
    begin: int = 0

    @property
    def differs_from(self) -> str:
        """The quarter in which the two begin to differ, from which years are counted; the first where they never do."""
        return self.a.quarters[self.begin]

    def find(self, metric: str, good: str, group: str, horizon: str) -> Difference:
        """Return one difference. Raises `OreblocError` where there is none of the kind."""
        for row in self.differences:
            if (row.metric, row.good, row.group, row.horizon) == (metric, good, group, horizon):
                return row
        times = ", ".join(dict.fromkeys(row.horizon for row in self.differences))
        raise OreblocError(
            f"The comparison holds no {metric} of {good} in {group} at {horizon}. "
            f"Groups: {', '.join(self.groups)}; horizons: {times}."
        )

    def __str__(self) -> str:
        from experiments.compare_text import describe_comparison

        return describe_comparison(self)

    def record(self) -> dict[str, Any]:
        """Return everything but the paths as JSON has it."""
        rows = [{key: _plain(value) for key, value in asdict(row).items()} for row in self.differences]
        return {
            "format": 1,
            "a": {"name": self.a.scenario.name, "title": self.a.scenario.title},
            "b": {"name": self.b.scenario.name, "title": self.b.scenario.title},
            "runs": self.runs,
            "seed": self.a.scenario.seed,
            "quarters": [self.a.quarters[0], self.a.quarters[-1]],
            "differs_from": self.differs_from,
            "groups": {name: list(members) for name, members in self.groups.items()},
            "worst_violation": max(self.a.violation, self.b.violation),
            "differences": rows,
        }


def compare(
    a: Scenario,
    b: Scenario,
    *,
    runs: int = 1,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Comparison:
    """Run both scenarios under the luck of A's seed and return what differs. Raises `OreblocError`."""
    check_comparable(a, b)
    b = b if b.seed == a.seed else b.with_changes({"seed": a.seed})
    worlds = [calibrate(a), calibrate(b)]
    goods = [good for good in headline_goods(worlds[0]) if good in headline_goods(worlds[1])]
    groups = groups_of(a, b, [country for world in worlds for country in world.countries])
    by_good, over = {*AT_RESTRICTOR, *AT_WORLD, *BY_GROUP}, set(OVER_GOODS)

    def wanted(metric: str, good: str, country: str) -> bool:
        return (metric in by_good and good in goods) or (metric in over and good == ALL_GOODS)

    threads = workers or os.cpu_count() or 1
    one, two = (
        gather(scenario, world, runs, wanted, workers=threads, progress=progress)
        for scenario, world in zip((a, b), worlds, strict=True)
    )
    paths = _paths(one, two, goods, groups)
    begin = first_difference(paths)
    rows = [row for key, pair in paths.items() for row in _differences(key, pair, begin)]
    return Comparison(one, two, runs, groups, goods, rows, paths, begin)


def check_comparable(a: Scenario, b: Scenario) -> None:
    """Raise `OreblocError` where two scenarios do not run over the same quarters."""
    if (a.start, a.end) != (b.start, b.end):
        raise OreblocError(
            f"Scenario {b.name} runs from {b.start} to {b.end}; it must run from {a.start} to {a.end} "
            f"as {a.name} does. Set start and end, or give --until."
        )


def groups_of(a: Scenario, b: Scenario, countries: list[str]) -> dict[str, tuple[str, ...]]:
    """Return country groups: the members of treaties (else the large buyers), China where it is apart, the rest."""
    known = list(dict.fromkeys(countries))
    members = {code for scenario in (a, b) for treaty in scenario.treaties for code in treaty.members}
    bloc = tuple(code for code in known if code in (members or _BUYERS))
    apart = ("CHN",) if "CHN" in known and "CHN" not in bloc else ()
    rest = tuple(code for code in known if code not in bloc and code not in apart)
    groups = {"bloc" if members else "large buyers": bloc, "CHN": apart, "others": rest}
    return {**{name: group for name, group in groups.items() if group}, WORLD: tuple(known)}


def _paths(
    a: Ensemble, b: Ensemble, goods: list[str], groups: dict[str, tuple[str, ...]]
) -> dict[Number, tuple[Floats, Floats]]:
    found: dict[Number, tuple[Floats, Floats]] = {}
    for good in goods:
        for metric in AT_RESTRICTOR:
            place = a.restrictors[good]
            found[metric, good, place] = (a.values[metric, good, place], _at(b, metric, good, place))
        for metric in AT_WORLD:
            found[metric, good, WORLD] = (a.values[metric, good, WORLD], b.values[metric, good, WORLD])
        for metric in BY_GROUP:
            for name, members in groups.items():
                if name != WORLD:
                    found[metric, good, name] = (
                        _sum(a, metric, good, members),
                        _sum(b, metric, good, members),
                    )
        risk = "supply_at_risk_usd"
        found[risk, good, WORLD] = (a.values[risk, good, WORLD], b.values[risk, good, WORLD])
    for metric in OVER_GOODS:
        for name, members in groups.items():
            pair = _sum(a, metric, ALL_GOODS, members), _sum(b, metric, ALL_GOODS, members)
            found[metric, ALL_GOODS, name] = pair
    return found


def _at(ensemble: Ensemble, metric: str, good: str, place: str) -> Floats:
    """Return a number of the restricting country, under whatever country the other scenario reports it."""
    other = (metric, good, place)
    return ensemble.values[other if other in ensemble.values else (metric, good, ensemble.restrictors[good])]


def _sum(ensemble: Ensemble, metric: str, good: str, members: tuple[str, ...]) -> Floats:
    """Return the sum over a group; unknown where it is unknown for all of them."""
    rows = [
        ensemble.values[metric, good, code] for code in members if (metric, good, code) in ensemble.values
    ]
    shape = next(iter(ensemble.values.values())).shape
    if not rows:
        return np.zeros(shape)
    known = np.any([np.isfinite(row) for row in rows], axis=0)
    return np.where(known, np.nansum(rows, axis=0), np.nan)


def first_difference(paths: Mapping[Number, tuple[Floats, Floats]]) -> int:
    """Return the first quarter in which any number of any run differs; 0 where none ever does."""
    apart = [
        np.flatnonzero((np.abs(a - b) > _SAME * np.maximum(np.abs(a), np.abs(b))).any(axis=0))
        for a, b in paths.values()
    ]
    return min((int(found[0]) for found in apart if found.size), default=0)


def horizons(quarters: int, begin: int = 0) -> dict[str, slice]:
    """Return the quarters of each horizon: year 1, year 5 where there is one, the last year, and the whole.

    Years are counted from the quarter `begin`, in which the two begin to differ: before it there is nothing to see.
    """
    found = {"year 1": slice(begin, min(begin + 4, quarters))}
    if quarters >= begin + 24:
        found["year 5"] = slice(begin + 16, begin + 20)
    if quarters > 4:
        found["end"] = slice(quarters - 4, quarters)
    return found


def _differences(key: Number, pair: tuple[Floats, Floats], begin: int) -> list[Difference]:
    metric, good, group = key
    unit = METRICS[metric].unit
    flows = unit == "usd" and metric != "supply_at_risk_usd"
    spans = horizons(pair[0].shape[1], begin)
    if flows:
        spans = {**spans, "first two years": slice(begin, begin + _SHORT_RUN), "whole run": slice(None)}
    return [
        row
        for name, span in spans.items()
        if (row := _difference(key, unit, name, *(_over_span(path[:, span], flows) for path in pair)))
    ]


def _over_span(values: Floats, is_flow: bool) -> Floats:
    """Return [runs]: the sum of money over a span, the mean of what is known of anything else."""
    known = np.isfinite(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    if is_flow:
        return np.where(count > 0, total, np.nan)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _difference(key: Number, unit: str, horizon: str, a: Floats, b: Floats) -> Difference | None:
    """Return the paired difference over the runs in which both are known; None where there is no such run."""
    known = np.isfinite(a) & np.isfinite(b)
    if not known.any():
        return None
    a, b = a[known], b[known]
    change = b - a
    mean = float(change.mean())
    error = float(change.std(ddof=1) / np.sqrt(change.size)) if change.size > 1 else None
    low, high = (float(np.quantile(change, q)) for q in (_LOW, _HIGH))
    sure = float(np.mean(np.sign(change) == np.sign(mean)))
    metric, good, group = key
    return Difference(
        metric, good, group, horizon, unit, float(a.mean()), float(b.mean()), mean, error, low, high, sure
    )


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value
