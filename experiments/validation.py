"""Holding the model to what happened: an episode is a scenario and a table of tests of it.

An episode is run four times under the same luck: as it was, as a placebo (the shock taken out), with buyers' fear
switched off, and without buyers' stocks. Tests are judged on the median over runs. See `docs/episodes.md`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agents import DECISIONS
from experiments.observer import Floats, Observer
from experiments.scenario_file import load_scenario, scenario_files
from experiments.validation_observable import (
    FIELDS,
    NEEDS,
    OBSERVABLES,
    WORLD,
    Cell,
    Record,
    peak_ratio,
    price_cell,
)
from model.calibration import calibrate
from model.engine import Engine
from model.error import ScenarioError
from model.field import Field, Place, read_field, read_fields, refuse_unknown
from model.instrument import PERIODS, path_values
from model.name import did_you_mean
from model.quarter_date import active_share, first_date, quarter_index, quarter_label
from model.scenario import Scenario, scenario_from

FOLDER = Path(__file__).parent / "episodes"
#: Runs behind every median; odd, so that one run is in the middle.
RUNS = 9
#: Part of the bands, by weight, that must hold.
#: Values nearer than this to where a direction turns, relatively, are right by a hair.
_CLOSE = 0.01
MARK = 0.7
#: A price that rises less than this over the base year has no spike.
SPIKE = 2.0
#: Parameters that switch fear off: buyers' stocks are what they are in calm times, and serve as buffers.
CALM = {"stock_risk_multiple": 0.0, "panic": 0.0, "hoarding": 0.0}
#: Parameters that switch buyers' stocks off altogether: nothing is drawn or ordered.
STOCKS_OFF = {**CALM, "draw_most": 0.0, "restock_speed": 0.0, "restock_most": 0.0}

_HEAD = (
    Field("name", "text", "Name", "the episode's name", default=""),
    Field("title", "text", "Title", "one line", default=""),
    Field("scenario", "text", "Scenario", "the name or path of a scenario", default=""),
)
_KNOWN = ("name", "title", "scenario", "sources", "tests")


@dataclass(frozen=True)
class Episode:
    """A scenario and its tests; each test is a checked mapping of `validation_observable.FIELDS`."""

    name: str
    title: str
    scenario: Scenario
    tests: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Outcome:
    """One test's value (median over runs), whether its direction is right and whether it lies in its band."""

    test: Mapping[str, Any]
    value: float
    direction: bool
    band: bool
    close: bool = False

    @property
    def has_direction(self) -> bool:
        """Whether the test has one: of something that only has to happen there is none, but for what has to outlast."""
        return self.test["direction"] != "happens" or self.test["observable"] == "outlasts"

    @property
    def direction_words(self) -> str:
        """Return how the direction came out: right, barely (within a hundredth of where it turns), wrong, or none."""
        if not self.has_direction:
            return "-"
        return "wrong" if not self.direction else "barely" if self.close else "right"


@dataclass(frozen=True)
class Verdict:
    """What an episode came to: outcomes, and the greatest rise of the headline price in each variant."""

    episode: Episode
    outcomes: tuple[Outcome, ...]
    rise: Mapping[str, float]
    runs: int


def episode_files() -> dict[str, Path]:
    """Return the shipped episode files by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def load_episode(name_or_path: str | Path) -> Episode:
    """Return the episode of that name or path. Raises `ScenarioError` with file, field, value and remedy."""
    path = _find(name_or_path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ScenarioError(
            f"{path} cannot be read: {error.strerror}. Give the path of a TOML file."
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path.name} is not TOML: {error}. Mend the file there.") from None
    place = Place(path.name)
    refuse_unknown(raw, _KNOWN, place)
    head = {item.name: read_field(item, raw, place) for item in _HEAD}
    scenario = _scenario(head["scenario"] or path.stem, path, place.at("scenario"))
    rows = raw.get("tests", [])
    if not isinstance(rows, list) or not rows:
        place.at("tests").refuse("An episode has no tests; it must have one or more. Write [[tests]].")
    spot = Place(path.name, "", scenario.rare_earths, scenario.eu_members).at("tests")
    tests = tuple(_test(row, scenario, spot.at(i)) for i, row in enumerate(rows))
    name = head["name"] or path.stem
    return Episode(name, head["title"] or scenario.title, scenario, tests)


def _find(name_or_path: str | Path) -> Path:
    files = episode_files()
    if str(name_or_path) in files:
        return files[str(name_or_path)]
    path = Path(name_or_path)
    if path.is_file():
        return path
    remedy = did_you_mean(str(name_or_path), files, f"Shipped: {', '.join(files)}.")
    raise ScenarioError(f"Episode {str(name_or_path)!r} is neither shipped nor a file. {remedy}")


def _scenario(named: str, file: Path, place: Place) -> Scenario:
    """Return the scenario an episode is of: shipped, or a path from the episode's folder."""
    if named not in scenario_files() and (file.parent / named).is_file():
        return load_scenario(file.parent / named)
    try:
        return load_scenario(named)
    except ScenarioError as error:
        place.refuse(str(error))


def _test(row: Any, scenario: Scenario, place: Place) -> Mapping[str, Any]:
    test = read_fields(FIELDS, row, place)
    for name in NEEDS.get(test["observable"], ()):
        if not test[name]:
            place.at(name).refuse(f"{test['observable']} of test {test['id']} needs {name}. Write it.")
    for good in test["good"]:
        if good not in scenario.goods:
            remedy = did_you_mean(good, scenario.goods, f"It carries {', '.join(scenario.goods)}.")
            place.at("good").refuse(f"Good {good!r} is not in scenario {scenario.name}. {remedy}")
    if test["weight_of"] and set(test["weight_of"]) != set(test["good"]):
        place.at("weight_of").refuse(
            f"Weights are of {', '.join(test['weight_of'])}; they must be of {', '.join(test['good'])}. "
            "Write one for each good."
        )
    if test["low"] > test["high"]:
        place.at("low").refuse(
            f"Band of test {test['id']} begins at {test['low']:g} and ends at {test['high']:g}. Swap low and high."
        )
    _check_windows(test, scenario, place)
    return {**test, "to": test["to"] or test["from"], "base_to": test["base_to"] or test["base_from"]}


def _check_windows(test: Mapping[str, Any], scenario: Scenario, place: Place) -> None:
    for name in ("from", "to", "base_from", "base_to"):
        quarter = test[name]
        if quarter is None:
            continue
        early = name in ("from", "to") and quarter_index(quarter) < scenario.start_index
        if early or quarter_index(quarter) > quarter_index(scenario.end):
            place.at(name).refuse(
                f"Window of test {test['id']} reaches {quarter}; it must lie within {scenario.start} to "
                f"{scenario.end}. Change the window or the scenario."
            )


def placebo(scenario: Scenario) -> Scenario:
    """Return the scenario without its shock: the base year's measures stay as they were, all else is taken out.

    Measures that begin after the base year, shocks and stated demand are dropped (what was foreseen stays as demand);
    numbers over time hold at their last value of the base year, and nothing ends.
    """
    raw, last = scenario.to_mapping(), 4 * scenario.base_year + 3
    kept = []
    for order, written in zip(scenario.measures, raw.get("measures", []), strict=True):
        if first_date(order.quarter).year <= scenario.base_year:
            fields = {name: _frozen(order, value, last) for name, value in written["fields"].items()}
            kept.append({**{k: v for k, v in written.items() if k != "end"}, "fields": fields})
    demand = [{**row, "tonnes": row["foreseen"]} for row in raw.get("demand", []) if row.get("foreseen")]
    return scenario_from({**raw, "measures": kept, "shocks": [], "demand": demand}, file=scenario.file)


def _frozen(order: Any, value: Any, last: int) -> Any:
    if isinstance(value, dict) and value and all(isinstance(v, int | float) for v in value.values()):
        return float(path_values(order, {str(k): float(v) for k, v in value.items()}, [last])[0])
    return value


def validate(episode: Episode, runs: int = RUNS) -> Verdict:
    """Run an episode as it was, as a placebo, without fear and without buyers' stocks, and judge its tests."""
    scenario = episode.scenario
    record = run_record(scenario, episode, runs)
    outcomes = tuple(judge(record, test) for test in episode.tests)
    variants = {
        "episode": record,
        "placebo": run_record(placebo(scenario), episode, runs),
        "calm": run_record(_with(scenario, CALM), episode, runs),
        "stocks off": run_record(_with(scenario, STOCKS_OFF), episode, runs),
    }
    rise = {name: float(np.nanmedian(headline(found, episode))) for name, found in variants.items()}
    return Verdict(episode, outcomes, rise, runs)


def _with(scenario: Scenario, parameters: Mapping[str, float]) -> Scenario:
    return scenario.with_changes({f"parameters.{name}": value for name, value in parameters.items()})


def headline(record: Record, episode: Episode) -> Floats:
    """Return the greatest rise of the headline price over the base year: that of the first test of a price."""
    chosen = next((t for t in episode.tests if t["observable"] == "peak_ratio"), episode.tests[0])
    which = chosen["of"] if chosen["of"] in ("outside", "inside", "world") else chosen["price"]
    whole = {
        **chosen,
        "price": which,
        "from": quarter_label(record.start),
        "base_from": None,
        "base_to": None,
    }
    return peak_ratio(record, {**whole, "to": quarter_label(record.start + record.quarters - 1)})


def judge(record: Record, test: Mapping[str, Any]) -> Outcome:
    """Return a test's outcome: the median over runs, its direction and its band."""
    values = OBSERVABLES[test["observable"]](record, test)
    known = values[np.isfinite(values)]
    if known.size * 2 <= values.size:
        return Outcome(test, float("nan"), False, False)
    value = float(np.median(known))
    in_band = test["low"] <= value <= test["high"]
    return Outcome(test, value, _direction(record, test, value), in_band, _is_close(record, test, value))


def _direction(record: Record, test: Mapping[str, Any], value: float) -> bool:
    """Tell whether a value lies on the right side: of 1, of the base year's share, or of an earlier window's."""
    way, observable = test["direction"], test["observable"]
    if way == "happens":
        return bool(test["observed"] is None or observable != "outlasts" or value == test["observed"])
    if way == "narrows":
        before = {**test, "from": test["base_from"], "to": test["base_to"]}
        return value < float(np.nanmedian(OBSERVABLES[observable](record, before)))
    middle = _middle(record, test)
    return value > middle if way in ("up", "above_one") else value < middle


def _middle(record: Record, test: Mapping[str, Any]) -> float:
    return _base_share(record, test) if test["observable"] == "share" else 1.0


def _is_close(record: Record, test: Mapping[str, Any], value: float) -> bool:
    """Tell whether a value is so near to where its direction turns that the direction says little."""
    if test["direction"] in ("happens", "narrows"):
        return False
    middle = _middle(record, test)
    return abs(value - middle) < _CLOSE * middle


def _base_share(record: Record, test: Mapping[str, Any]) -> float:
    cells = [(good, c) for good in test["good"] for c in record.countries[good]]
    made = {cell: record.base.get(("production_t", *cell), 0.0) for cell in cells}
    return sum(made[cell] for cell in cells if cell[1] in test["country"]) / sum(made.values())


def is_met(verdicts: list[Verdict]) -> bool:
    """Tell whether the marks are met: all directions right, at least 70 % of the bands by weight."""
    outcomes = [outcome for verdict in verdicts for outcome in verdict.outcomes]
    return all(outcome.direction for outcome in outcomes) and band_share(outcomes) >= MARK - 1e-12


def band_share(outcomes: list[Outcome]) -> float:
    """Return the part of the bands that hold, by weight."""
    total = sum(outcome.test["weight"] for outcome in outcomes)
    return sum(outcome.test["weight"] for outcome in outcomes if outcome.band) / total if total else 1.0


def run_record(scenario: Scenario, episode: Episode, runs: int) -> Record:
    """Run a variant and keep what the episode's tests read."""
    world = calibrate(scenario)
    observer = Observer(world)
    engine = Engine(scenario, runs, world=world, decide=DECISIONS)
    wanted = _wanted(observer, episode)
    series = {cell: np.empty((runs, scenario.quarters)) for cell in wanted}
    firms = _firms(episode, world, scenario)
    running = {owned: np.zeros((runs, scenario.quarters)) for owned in firms}
    for step in range(scenario.quarters):
        engine.step()
        for panel, values in zip(observer.panels, observer.observe(engine), strict=True):
            for position, (good, country) in enumerate(panel.cells):
                if (panel.metric, good, country) in series:
                    series[panel.metric, good, country][:, step] = values[:, position]
        ready = engine.columns.plant_installed_t - engine.columns.plant_idle_t
        for owned, rows in firms.items():
            running[owned][:, step] = ready[:, rows].sum(axis=1)
    return Record(
        scenario.start_index, scenario.quarters, runs, series, _base(world, observer, wanted), running,
        _Quota(scenario), observer.restrictors, {good: _makers(observer, good) for good in observer.goods},
    )  # fmt: skip


def _makers(observer: Observer, good: str) -> list[str]:
    return [country for name, country in observer.made if name == good]


def _wanted(observer: Observer, episode: Episode) -> list[Cell]:
    goods = list(dict.fromkeys(good for test in episode.tests for good in test["good"]))
    cells = [
        price_cell(observer.restrictors, which, g) for g in goods for which in ("outside", "inside", "world")
    ]
    for panel in observer.panels:
        if panel.metric in ("production_t", "exports_t", "consumption_t", "leakage_t"):
            cells += [(panel.metric, g, c) for g, c in panel.cells if g in goods and c != WORLD]
    return list(dict.fromkeys(cells))


def _firms(episode: Episode, world: Any, scenario: Scenario) -> dict[tuple[str, str], Any]:
    """Return the plants of every firm the tests name, by (firm, good). Raises `ScenarioError` for an unknown firm."""
    named = [t[key] for t in episode.tests for key in ("firm", "survivor") if t[key] is not None]
    owner = world.plants["firm_name"].to_numpy()
    for firm in named:
        if firm not in owner:
            remedy = did_you_mean(firm, sorted(set(owner)), "Name a firm of the scenario's projects.")
            raise ScenarioError(f"Firm {firm!r} owns nothing in scenario {scenario.name}. {remedy}")
    made = world.plants["good"].to_numpy()
    owned = dict.fromkeys((f, str(g)) for f in named for g in made[owner == f])
    return {(f, g): np.flatnonzero((owner == f) & (made == g)) for f, g in owned}


def _base(world: Any, observer: Observer, wanted: list[Cell]) -> dict[Cell, float]:
    """Return the base year's value of recorded cells, tonnes a quarter and usd_per_t."""
    nodes, routes = world.nodes[world.nodes["kind"] == "producer"], world.routes
    made = nodes.groupby(["good", "country"])["production_t"].sum()
    found: dict[Cell, float] = {}
    for metric, good, country in wanted:
        here = nodes[nodes["good"] == good]
        if metric == "production_t":
            found[metric, good, country] = float(made.get((good, country), 0.0))
        elif metric == "exports_t":
            out = (
                (routes["good"] == good) & (routes["origin"] == country) & (routes["destination"] != country)
            )
            found[metric, good, country] = float(routes.loc[out, "flow_t"].sum())
        elif metric == "consumption_t":
            mine = (world.buyers["good"] == good) & (world.buyers["country"] == country)
            found[metric, good, country] = float(world.buyers.loc[mine, "use_t"].sum())
        elif metric == "inside_price_usd_per_t":
            found[metric, good, country] = float(
                here.loc[here["country"] == country, "price_usd_per_t"].iloc[0]
            )
        elif metric == "outside_price_usd_per_t":
            out = routes[
                (routes["good"] == good) & (routes["destination"] != country) & (routes["flow_t"] > 0.0)
            ]
            found[metric, good, country] = _mean(out["landed_price_usd_per_t"], out["flow_t"])
        elif metric == "price_usd_per_t":
            found[metric, good, country] = _mean(here["price_usd_per_t"], here["production_t"])
    return found


def _mean(value: Any, weight: Any) -> float:
    """Return a weighted mean, NaN without weight."""
    total = float(weight.sum())
    return float((value * weight).sum() / total) if total > 0.0 else float("nan")


@dataclass(frozen=True)
class _Quota:
    """Tonnes a quarter that a country's export quotas on some of the goods named allow."""

    scenario: Scenario

    def __call__(self, goods: list[str], country: str) -> Floats:
        scenario = self.scenario
        times = [scenario.start_index + step for step in range(scenario.quarters)]
        total = np.full(scenario.quarters, np.nan)
        for order in scenario.measures:
            covered = [good for good in order.fields.get("good", []) if good in goods]
            if order.type != "export_quota" or order.actor != country or not covered:
                continue
            period = PERIODS[order.fields["period"]]
            many = 1 if order.fields["together"] else len(covered)
            tonnes = many * path_values(order, order.fields["quantity_t"], times, period) / period
            held = np.array([active_share(order.quarter, order.end, index) for index in times]) > 0.0
            total = np.where(held, np.nan_to_num(total) + tonnes, total)
        return total
