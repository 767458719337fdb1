"""Running a scenario: one run or an ensemble, from calibration to tables.

An ensemble is cut into batches that step through the quarters together, each on its own thread (compiled
rules release the interpreter lock). A run's figures depend on its number and the seed, never on its batch.
"""

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import numpy as np

from agents import DECISIONS
from experiments.compile_time import CompileClock, compile_clock
from experiments.data_report import CREDITS, good_rows
from experiments.log import log_text
from experiments.measure_money import MeasureMoney
from experiments.observer import Floats, Observer, Panel
from experiments.outcome import METRICS, Outcome, declared_outcomes, headline_goods, restricted_goods
from experiments.player_file import fill_seats
from experiments.results import FLOW_COLUMNS, QUANTILE_COLUMNS, SERIES_COLUMNS, Results, SeriesTable
from experiments.seat_note import seat_notes
from model.base.data import data_hash
from model.cache import rule_hash
from model.calibration import calibrate
from model.edit import compile_measures
from model.engine import Engine
from model.error import OreblocError
from model.parameter import PARAMETERS
from model.scenario import Scenario
from model.seat import dominant_country, seat_players, seats_of
from model.treaty_text import text
from model.world import World

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Most runs in a batch: keeps the working set of a thread near the processor's cache.
BATCH = 64
#: Largest ensemble that one call accepts.
MOST_RUNS = 100_000
#: Largest ensemble with players, whose runs are not batched.
MOST_PLAYED = 1_000
_FLOWS = ("first", "all")
_LIBRARIES = ("mesa", "numba", "numpy", "pandas", "pyarrow", "scipy")


@dataclass
class _Worst:
    """The largest violation of any clearing so far, and where it was."""

    violation: float = 0.0
    quarter: str = ""
    goods: str = ""
    iterations: float = 0.0
    clearings: int = 0

    def look(self, engine: Engine, quarter: str) -> None:
        answer, network = engine.answer, engine.network
        self.iterations += float(answer.iterations.sum())
        self.clearings += answer.iterations.size
        run, component = np.unravel_index(np.argmax(answer.violation), answer.violation.shape)
        if answer.violation[run, component] > self.violation:
            self.violation, self.quarter = float(answer.violation[run, component]), quarter
            first, last = network.component_node_start[component], network.component_node_start[component + 1]
            self.goods = ", ".join(dict.fromkeys(engine.world.nodes["good"].iloc[first:last]))


def run_scenario(
    scenario: Scenario,
    *,
    runs: int = 1,
    flows: str = "first",
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
    players: Mapping[str, Any] | None = None,
) -> Results:
    """Run a prepared scenario to its end. See `orebloc.run` for the arguments."""
    check_request(runs, flows, workers, bool(players))
    with compile_clock() as clock:
        return _run(scenario, runs, flows, workers or os.cpu_count() or 1, progress, clock, players or {})


def _run(
    scenario: Scenario,
    runs: int,
    flows: str,
    threads: int,
    progress: Callable[[int], None] | None,
    clock: CompileClock,
    players: Mapping[str, Any],
) -> Results:
    started = time.perf_counter()
    world = calibrate(scenario)
    observer = Observer(world)
    engines = _engines(scenario, world, runs, 1 if players else max(-(-runs // threads), 1))
    who = seat_all(engines, players)
    record = _Record(world, observer, runs, flows)
    worst = _Worst()
    calibrated, compiled = time.perf_counter(), clock.seconds
    with ThreadPoolExecutor(threads) as pool:
        for step in range(scenario.quarters):
            quarter = scenario.quarter_label(step)
            observed = list(pool.map(lambda engine: _quarter(engine, observer), engines))
            for engine in engines:
                worst.look(engine, quarter)
            record.take(quarter, engines, observed)
            if progress:
                progress(1)
    seconds = {
        "compilation": clock.seconds,
        "calibration": calibrated - started - compiled,
        "quarters": time.perf_counter() - calibrated - (clock.seconds - compiled),
    }
    manifest = {**_manifest(world, record, worst, seconds), "players": who, **_decided(engines[0])}
    return record.results(manifest, log_text(manifest, who, engines[0].log))


def seat_all(engines: Sequence[Engine], players: Mapping[str, Any]) -> dict[str, str]:
    """Let players decide in their seats, each engine with players of its own; return the words for who they are.

    Raises `OreblocError` for a seat or a player that is not there.
    """
    seats = seats_of(engines[0].world, dominant_country(engines[0]))
    filled = fill_seats(players, seats)
    for engine in engines:
        seat_players(engine, DECISIONS, {seat: make(seat) for seat, (_, make) in filled.items()})
    return {seat: words for seat, (words, _) in filled.items()}


def _quarter(engine: Engine, observer: Observer) -> list[Floats]:
    engine.step()
    return observer.observe(engine)


def check_request(runs: int, flows: str, workers: int | None, players: bool = False) -> None:
    """Raise `OreblocError` for a number of runs or workers, or a choice of flows, that cannot be had."""
    for name, number in (("runs", runs), ("workers", 1 if workers is None else workers)):
        if isinstance(number, bool) or not isinstance(number, int):
            raise OreblocError(f"Number of {name} is {number!r}; it must be a whole number, such as 8.")
    if players and runs > MOST_PLAYED:
        raise OreblocError(
            f"Number of runs is {runs:,}; with players it must be {MOST_PLAYED:,} or less, as they are run one by one. "
            "Split larger ensembles by seed."
        )
    if not 1 <= runs <= MOST_RUNS:
        raise OreblocError(
            f"Number of runs is {runs}; it must be 1 to {MOST_RUNS:,}. Split larger ensembles by seed."
        )
    if flows not in _FLOWS:
        raise OreblocError(f"Flows to keep are {flows!r}; they must be one of {', '.join(_FLOWS)}.")
    if workers is not None and workers < 1:
        raise OreblocError(
            f"Number of workers is {workers}; it must be 1 or more. Leave it out for one per core."
        )


def _engines(scenario: Scenario, world: World, runs: int, most: int) -> list[Engine]:
    """Return one engine for each batch of at most so many runs, all on the same calibrated world."""
    batch = min(BATCH, most)
    firsts = range(0, runs, batch)
    return [
        Engine(scenario, min(batch, runs - first), first_run=first, world=world, decide=DECISIONS)
        for first in firsts
    ]


class _Record:
    """Keeps what the results will hold: all cells of one run, or declared outcomes and quantiles of many."""

    def __init__(self, world: World, observer: Observer, runs: int, flows: str) -> None:
        self.world, self.observer, self.runs, self.flows = world, observer, runs, flows
        units = {name: metric.unit for name, metric in METRICS.items()}
        self.series, self.quantiles = SeriesTable(units), SeriesTable(units)
        self.flow_tables: list[Any] = []
        self.outcomes = declared_outcomes(world, observer.restrictors)
        self.kept = [_kept(panel, self.outcomes) for panel in observer.panels]
        self.money = MeasureMoney()

    def take(self, quarter: str, engines: list[Engine], observed: list[list[Floats]]) -> None:
        """Add a quarter: `observed` holds the panels of each engine."""
        for position, panel in enumerate(self.observer.panels):
            values = np.concatenate([panels[position] for panels in observed])
            if self.runs == 1:
                self.series.add([0], quarter, panel.metric, panel.cells, values)
            else:
                self._take_many(quarter, panel, self.kept[position], values)
        self._take_flows(quarter, engines)
        self.money.take(engines[0])

    def _take_many(self, quarter: str, panel: Panel, kept: list[int], values: Floats) -> None:
        cells = tuple(panel.cells[position] for position in kept)
        self.series.add(range(self.runs), quarter, panel.metric, cells, values[:, kept])
        found = quantiles_of(values, QUANTILES)
        self.quantiles.add(QUANTILES, quarter, panel.metric, panel.cells, found)

    def _take_flows(self, quarter: str, engines: list[Engine]) -> None:
        first = 0
        for engine in engines:
            size = engine.answer.flow_t.shape[0]
            for run in range(size if self.flows == "all" else int(first == 0)):
                table = self.observer.flows(engine, run)
                self.flow_tables.append(table.assign(run=first + run, quarter=quarter)[FLOW_COLUMNS])
            first += size

    def results(self, manifest: dict[str, Any], log: str = "") -> Results:
        """Return everything as tables."""
        import pandas as pd

        quantiles = self.quantiles.frame("quantile", QUANTILE_COLUMNS)
        flows = pd.concat(self.flow_tables, ignore_index=True)
        series = self.series.frame("run", SERIES_COLUMNS)
        return Results(series, flows, quantiles, manifest, log=log)


class Recorder:
    """Keeps the results of one engine of one run that somebody else steps."""

    def __init__(self, engine: Engine, players: Mapping[str, str] | None = None) -> None:
        self.engine, self.players = engine, players or {}
        self.observer = Observer(engine.world)
        self.record = _Record(engine.world, self.observer, 1, "first")
        self.worst = _Worst()
        self.started = time.perf_counter()
        self.seen: list[tuple[str, list[Floats]]] = []

    def take(self) -> None:
        """Add the quarter that the engine has just run."""
        quarter = self.engine.quarter_label
        self.worst.look(self.engine, quarter)
        observed = self.observer.observe(self.engine)
        self.seen.append((quarter, observed))
        self.record.take(quarter, [self.engine], [observed])

    def results(self) -> Results:
        """Return the tables of the quarters so far."""
        if not self.worst.clearings:
            raise OreblocError(
                "Number of quarters run is 0; results need 1 or more. Call model.step() first."
            )
        seconds = {"compilation": 0.0, "calibration": 0.0, "quarters": time.perf_counter() - self.started}
        manifest = _manifest(self.engine.world, self.record, self.worst, seconds)
        manifest.update(
            end=self.engine.quarter_label,
            seed=self.engine.seed,
            players=dict(self.players),
            **_decided(self.engine),
        )
        return self.record.results(manifest, log_text(manifest, self.players, self.engine.log))


def _decided(engine: Engine) -> dict[str, Any]:
    """Return what states that choose decided in the engine's first run, and why."""
    return {"decisions": [_plain(row) for row in engine.decisions]}


def _kept(panel: Panel, outcomes: list[Outcome]) -> list[int]:
    wanted = {(good, country) for metric, good, country in outcomes if metric == panel.metric}
    return [position for position, cell in enumerate(panel.cells) if cell in wanted]


def quantiles_of(values: Floats, quantiles: tuple[float, ...]) -> Floats:
    """Return [quantiles, cells] of [runs, cells], linear between order statistics; unknown values left out."""
    ordered = np.sort(np.ascontiguousarray(values.T), axis=1)  # unknown values come last
    known = np.sum(np.isfinite(ordered), axis=1)
    rows = np.arange(ordered.shape[0])
    found = np.full((len(quantiles), ordered.shape[0]), np.nan)
    for position, quantile in enumerate(quantiles):
        place = quantile * np.maximum(known - 1, 0)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, np.maximum(known - 1, 0))
        part = place - low
        between = ordered[rows, low] * (1.0 - part) + ordered[rows, high] * part
        found[position] = np.where(known > 0, between, np.nan)
    return found


def _parameters(scenario: Scenario) -> list[dict[str, Any]]:
    """Return every parameter with the value used (`uncertain` where drawn), its meaning and its source."""
    return [
        {
            "name": name,
            "value": "uncertain" if name in scenario.uncertain else scenario.parameters[name],
            "unit": parameter.unit,
            "what": parameter.what,
            "source": parameter.source,
        }
        for name, parameter in PARAMETERS.items()
    ]


def _manifest(world: World, record: _Record, worst: _Worst, seconds: dict[str, float]) -> dict[str, Any]:
    scenario = world.scenario
    return {
        "format": 1,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "scenario": _plain(scenario.to_mapping()),
        "name": scenario.name,
        "title": scenario.title,
        "description": scenario.description,
        "start": scenario.start,
        "end": scenario.end,
        "seed": scenario.seed,
        "runs": record.runs,
        "quarters": scenario.quarters,
        "versions": _versions(),
        "rule_hash": rule_hash(),
        "data_hash": data_hash(),
        "certificate": {
            "worst_violation": worst.violation,
            "quarter": worst.quarter,
            "goods": worst.goods,
            "clearings": worst.clearings,
            "mean_iterations": worst.iterations / max(worst.clearings, 1),
        },
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "outcomes": [list(outcome) for outcome in record.outcomes] if record.runs > 1 else [],
        "quantiles": list(QUANTILES) if record.runs > 1 else [],
        "flows": record.flows,
        "goods": _rows(world.goods),
        "headline_goods": headline_goods(world),
        "restricting": record.observer.restrictors,
        "restricted": restricted_goods(world),
        "base": _base(world),
        "measures": _measures(scenario),
        "treaties": [{"text": text(treaty), **_plain(treaty.to_mapping())} for treaty in scenario.treaties],
        "measure_money": record.money.rows(),
        "measure_notes": _plain(compile_measures(world, scenario).notes),
        "seat_notes": seat_notes(scenario, world),
        "parameters": _parameters(scenario),
        "assumptions": _rows(world.assumptions),
        "weak": _weak_data(world),
        "credits": list(CREDITS),
        "checks": {name: _rows(table) for name, table in world.checks.items()},
    }


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for name in ("orebloc", *_LIBRARIES):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "from source" if name == "orebloc" else "not installed"
    return found


def _base(world: World) -> dict[str, Any]:
    """Return the base year as the results speak of it: tonnes per quarter and prices by good and country."""
    nodes = world.nodes[world.nodes["kind"] == "producer"]
    made = nodes[nodes["production_t"] > 0.0]
    rows = [
        {
            "good": str(good),
            "country": str(country),
            "production_t": float(tonnes),
            "price_usd_per_t": _number(price),
        }
        for good, country, tonnes, price in zip(
            made["good"], made["country"], made["production_t"], made["price_usd_per_t"], strict=True
        )
    ]
    return {"year": world.scenario.base_year, "production": rows}


def _weak_data(world: World) -> list[dict[str, Any]]:
    """Return, per good, how many rows of base data stand behind it and how many are recalled or estimated."""
    names = set(world.goods["name"])
    keys = ("good", "rows", "recalled", "estimate")
    return [{key: _plain(row[key]) for key in keys} for row in good_rows() if row["good"] in names]


def _measures(scenario: Scenario) -> list[dict[str, Any]]:
    from model.instruments import BY_NAME

    return [
        {"text": BY_NAME[order.type].text(order), **_plain(order.to_mapping())} for order in scenario.measures
    ]


def _rows(table: Any) -> list[dict[str, Any]]:
    return [{str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")]


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: no NaN, no dates, no numpy types."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value if value is None or isinstance(value, str) else str(value)
