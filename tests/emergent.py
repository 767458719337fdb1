"""Six things that blocs are said to bring about, as paired ensembles: mechanism on against off, same luck.

Each case runs two or more versions of a small calibrated world under the same draws of luck and of parameters, and
takes differences run by run. `measure` gives the effects with their intervals, `misses` what should hold and does not.
`mutations` switch the mechanism off, by a parameter or by an order left out or changed: with it off the case must miss.

`python -m tests.emergent` writes the table of docs/emergence.md.
"""

import functools
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student

from agents import DECISIONS
from model.calibration import calibrate
from model.engine import Engine
from model.network import Floats
from model.scenario import scenario_from
from model.world import World

PAGE = Path(__file__).resolve().parents[1] / "docs" / "emergence.md"
#: The seed the cases were built with, and those they are held to.
BUILT_WITH, QUICK_SEED, PAGE_SEED = 5, 611_953, 15_485_863
QUICK_RUNS, PAGE_RUNS = 24, 128

START = 2025
BLOC = ["USA", "EU27", "JPN", "KOR"]
FRIENDS = ["AUS", "MYS", "CAN", "GBR", "IND", "VNM", "BRA"]
NDPR, MAGNETS = "ndpr_refined", "permanent_magnets"
GALLIUM, TUNGSTEN = "gallium_refined", "tungsten_refined"

#: Every run draws these anew: what the cases rest on must hold across them.
UNCERTAIN: dict[str, dict[str, Any]] = {
    "project_failure_share": {"kind": "uniform", "low": 0.2, "high": 0.4},
    "substitution_speed": {"kind": "uniform", "low": 0.05, "high": 0.2},
    "substitution_most": {"kind": "triangular", "low": 0.3, "mode": 0.5, "high": 0.7},
    "risk_markup": {"kind": "uniform", "low": 0.05, "high": 0.3},
    "stock_risk_multiple": {"kind": "triangular", "low": 1.0, "mode": 3.0, "high": 5.0},
    "panic": {"kind": "uniform", "low": 6.0, "high": 16.0},
    "hoarding": {"kind": "uniform", "low": 2.0, "high": 6.0},
    "expectation_speed": {"kind": "triangular", "low": 0.1, "mode": 0.25, "high": 0.5},
    "floor_credibility": {"kind": "uniform", "low": 0.5, "high": 0.9},
    "hurdle_weight": {"kind": "uniform", "low": 0.2, "high": 0.5},
    "capital_cost_multiple": {"kind": "uniform", "low": 0.7, "high": 1.3},
    "debt_share": {"kind": "uniform", "low": 0.5, "high": 0.9},
    "invest_speed": {"kind": "uniform", "low": 0.1, "high": 0.3},
}


@dataclass(frozen=True)
class Effect:
    """A mean of paired differences over runs with its 95 % interval (Student's t); `size` is mean over spread."""

    mean: float
    low: float
    high: float
    size: float
    unit: str

    def __str__(self) -> str:
        spoken = "no spread" if not np.isfinite(self.size) else f"d {self.size:.1f}"
        return f"{_number(self.mean)} ({_number(self.low)} to {_number(self.high)}; {spoken})"


def _number(value: float) -> str:
    return "0" if value == 0.0 else f"{value:+.2g}" if abs(value) < 1e-3 else f"{value:+.3f}"


def effect(differences: Floats, unit: str = "share") -> Effect:
    """Return the mean of one number per run with its interval."""
    runs = differences.size
    mean, spread = float(differences.mean()), float(differences.std(ddof=1))
    half = float(student.ppf(0.975, runs - 1)) * spread / np.sqrt(runs)
    return Effect(mean, mean - half, mean + half, mean / spread if spread > 0.0 else np.inf, unit)


Gauge = Callable[[Engine], Floats]


@functools.cache
def world(goods: tuple[str, ...], treaties: str = "[]") -> World:
    """Return the calibrated world of some goods, for the longest case; no case has a measure in the base year.

    Under treaties (JSON) that spare somebody there are resellers in it.
    """
    return calibrate(scenario(goods, 2040, treaties=tuple(json.loads(treaties))))


def scenario(
    goods: tuple[str, ...], last: int, measures: tuple = (), treaties: tuple = (), **fixed: float
) -> Any:
    """Return the scenario of a world from 2025 to the end of year `last`, with some parameters fixed."""
    uncertain = {name: spread for name, spread in UNCERTAIN.items() if name not in fixed}
    head = {
        "name": "emergence",
        "start": f"{START}Q1",
        "end": f"{last}Q4",
        "base_year": 2024,
        "goods": list(goods),
    }
    return scenario_from({**head, "uncertain": uncertain, "parameters": fixed, "measures": list(measures),
                          "treaties": list(treaties)})  # fmt: skip


#: Ensembles already run, by all that decides them; gauges of one name are one gauge in all cases of a world.
_SEEN: dict[str, dict[str, Floats]] = {}


@dataclass(frozen=True)
class Draws:
    """How many runs, under which seed, with which parameters fixed."""

    runs: int
    seed: int
    fixed: Mapping[str, float] = field(default_factory=dict)

    def run(self, goods: tuple[str, ...], last: int, gauges: Mapping[str, Gauge], *measures: Any, treaties: tuple = ()
            ) -> dict[str, Floats]:  # fmt: skip
        """Return [quarters, runs, ...] of every gauge; the same ensemble is run once."""
        stated = [goods, last, sorted(gauges), measures, treaties, dict(self.fixed), self.runs, self.seed]
        key = json.dumps(stated, sort_keys=True)
        if key not in _SEEN:
            _SEEN[key] = self._run(goods, last, gauges, measures, treaties)
        return _SEEN[key]

    def _run(self, goods: tuple[str, ...], last: int, gauges: Mapping[str, Gauge], measures: tuple, treaties: tuple
             ) -> dict[str, Floats]:  # fmt: skip
        made = scenario(goods, last, measures, treaties, **self.fixed)
        here = world(goods, json.dumps(treaties)) if treaties else world(goods)
        engine = Engine(made, self.runs, self.seed, world=here, decide=DECISIONS)
        seen: dict[str, list[Floats]] = {name: [] for name in gauges}
        while not engine.is_done:
            engine.step()
            for name, gauge in gauges.items():
                seen[name].append(gauge(engine).copy())
        return {name: np.array(values) for name, values in seen.items()}


def order(
    kind: str, actor: str, good: str, quarter: str, end: str | None = None, **fields: Any
) -> dict[str, Any]:
    """Return one measure on a good."""
    return {"type": kind, "actor": actor, "quarter": quarter, "end": end, "fields": {"good": good, **fields}}


def _plants(engine: Engine, good: str, inside: tuple[str, ...] = (), outside: tuple[str, ...] = ()) -> Any:
    table = engine.world.plants
    mine = (table["good"] == good) & ~table["kind"].isin(["leak", "recycler"])
    mine &= table["country"].isin(inside) if inside else ~table["country"].isin(outside)
    return np.flatnonzero(mine)


def capacity(good: str, outside: str) -> Gauge:
    """Return a gauge of the capacity that runs outside a country, [runs]."""

    def gauge(engine: Engine) -> Floats:
        k = _plants(engine, good, outside=(outside,))
        return (engine.columns.plant_installed_t - engine.columns.plant_idle_t)[:, k].sum(axis=1)

    return gauge


def running(good: str, outside: tuple[str, ...]) -> Gauge:
    """Return a gauge of the capacity that runs outside, plant by plant, [runs, plants]."""

    def gauge(engine: Engine) -> Floats:
        k = _plants(engine, good, outside=outside)
        return (engine.columns.plant_installed_t - engine.columns.plant_idle_t)[:, k]

    return gauge


def made_share(good: str, *inside: str) -> Gauge:
    """Return a gauge of some countries' share of output, [runs]."""

    def gauge(engine: Engine) -> Floats:
        made, whole = engine.answer.output_t, _plants(engine, good, outside=("nobody",))
        return made[:, _plants(engine, good, inside=inside)].sum(axis=1) / made[:, whole].sum(axis=1)

    return gauge


def paid(good: str, *inside: str) -> Gauge:
    """Return a gauge of the mean price paid on arrival in some countries, by their base-year purchases, [runs]."""

    def gauge(engine: Engine) -> Floats:
        buyers = engine.world.buyers
        j = np.flatnonzero((buyers["good"] == good) & buyers["country"].isin(inside))
        weight = buyers["purchases_t"].to_numpy(float)[j]
        return (engine.columns.buyer_average_price[:, j] * weight).sum(axis=1) / weight.sum()

    return gauge


def years(series: Floats, first: int, last: int | None = None) -> Floats:
    """Return the mean over the quarters of some years."""
    return series[4 * (first - START) : 4 * ((last or first) - START + 1)].mean(axis=0)


def log_ratio(on: Floats, off: Floats, first: int, last: int | None = None) -> Floats:
    """Return the log of the ratio of two means over years, run by run."""
    return np.log(years(on, first, last) / years(off, first, last))


# --- the cases -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One claim: `measure(draws, off)` with `off` the name of a mutation or nothing; `misses(effects)` in words."""

    name: str
    claim: str
    world: str
    measure: Callable[[Draws, str], dict[str, Effect]]
    misses: Callable[[dict[str, Effect]], list[str]]
    mutations: Mapping[str, str]  # name: what it switches off


def _failed(**wanted: bool) -> list[str]:
    return [name.replace("_", " ") for name, holds in wanted.items() if not holds]


def _floors(end: str | None = None, **fields: Any) -> list[dict[str, Any]]:
    return [
        order("price_floor", actor, NDPR, "2027Q1", end, exempt=[c for c in BLOC if c != actor] + FRIENDS, **fields)
        for actor in BLOC
    ]  # fmt: skip


_CHAIN = ("rare_earths", MAGNETS)
#: A floor of 1.3 times the full cost of new plants in Australia, the dearest place that builds, products covered.
_ABOVE = {"reference": "cost_plus", "cost_country": "AUS", "share": 1.3, "downstream": {MAGNETS: 0.28}}


def _floor_builds(draws: Draws, off: str = "") -> dict[str, Effect]:
    fixed, fields, end = dict(draws.fixed), dict(_ABOVE), None
    if off == "no building":
        fixed |= {"invest_speed": 0.0}
    elif off == "no credit":
        fixed, end = {**fixed, "floor_credibility": 0.0}, "2027Q4"
    elif off == "below cost":
        fields["share"] = 0.6
    gauges = {"capacity": capacity(NDPR, "CHN"), "share": made_share(NDPR, "CHN")}
    draws = Draws(draws.runs, draws.seed, fixed)
    with_, without = (draws.run(_CHAIN, 2040, gauges, *measures) for measures in (_floors(end, **fields), ()))
    return {
        "outside capacity 2027-28": effect(
            log_ratio(with_["capacity"], without["capacity"], 2027, 2028), "log"
        ),
        "outside capacity 2037-40": effect(
            log_ratio(with_["capacity"], without["capacity"], 2037, 2040), "log"
        ),
        "exporter's share 2027-28": effect(years(with_["share"] - without["share"], 2027, 2028)),
        "exporter's share 2037-40": effect(years(with_["share"] - without["share"], 2037, 2040)),
    }


def _floor_builds_misses(e: dict[str, Effect]) -> list[str]:
    soon, late = e["outside capacity 2027-28"], e["outside capacity 2037-40"]
    first, last = e["exporter's share 2027-28"], e["exporter's share 2037-40"]
    return _failed(
        capacity_outside_grows=late.low > 0.05,
        but_not_at_once=soon.high < 0.25 * late.low,
        the_exporter_loses_share=last.high < -0.01,
        and_most_of_it_later=abs(first.mean) < 0.5 * abs(last.mean),
    )


def _low_floor(draws: Draws, off: str = "") -> dict[str, Effect]:
    gauges = {"flow": lambda e: e.answer.flow_t, "landed": lambda e: e.answer.landed_price}
    without = draws.run(_CHAIN, 2036, gauges)
    every, covered = (
        without["landed"][:, :, _routes_into(BLOC, NDPR, spared)] for spared in ([], FRIENDS + BLOC)
    )
    height = 1.3 * float(np.nanmedian(covered)) if off == "above the price" else 0.9 * float(np.nanmin(every))
    with_ = draws.run(_CHAIN, 2036, gauges, *_floors(price_usd_per_t=height))
    scale = without["flow"].sum(axis=2, keepdims=True)
    moved = (np.abs(with_["flow"] - without["flow"]) / scale).max(axis=(0, 2))
    return {"largest change of a flow, of all trade": effect(moved)}


def _routes_into(countries: list[str], good: str, spared: list[str]) -> Any:
    routes = world(_CHAIN).routes
    mine = (routes["good"] == good) & routes["destination"].isin(countries) & ~routes["origin"].isin(spared)
    return np.flatnonzero(mine)


def _low_floor_misses(e: dict[str, Effect]) -> list[str]:
    return _failed(nothing_moves=e["largest change of a flow, of all trade"].high < 1e-8)


_PACT = {"id": "pact", "kind": "club", "members": ["CHN", "JPN"], "signed": "2026Q4", "in_force": "2027Q1"}


def _exemption(draws: Draws, off: str = "") -> dict[str, Effect]:
    exempt = {"type": "mutual_exemption", "fields": {"good": GALLIUM}}
    pact = {**_PACT, "clauses": [{"type": "one_voice"} if off == "no clause" else exempt]}
    licence = order("export_licence", "CHN", GALLIUM, "2027Q1", rate=0.3)
    gauges = {"price in JPN": paid(GALLIUM, "JPN")}

    def run(*measures: Any, treaties: tuple = ()) -> Floats:
        return draws.run(("gallium",), 2030, gauges, *measures, treaties=treaties)["price in JPN"]

    bites = log_ratio(run(licence, treaties=(pact,)), run(licence), 2027, 2028)
    idle = log_ratio(run(treaties=(pact,)), run(), 2027, 2028)
    return {
        "a member's price while a licence bites": effect(bites, "log"),
        "the same without a restriction": effect(idle, "log"),
    }


def _exemption_misses(e: dict[str, Effect]) -> list[str]:
    idle = e["the same without a restriction"]
    return _failed(
        it_helps_while_a_restriction_bites=e["a member's price while a licence bites"].high < -0.1,
        and_does_nothing_otherwise=max(abs(idle.low), abs(idle.high)) < 1e-9,
    )


def _stockpile(draws: Draws, off: str = "") -> dict[str, Effect]:
    fields = {
        "target_days": 180.0,
        "build_quarters": 8.0,
        "buy_below": 5.0,
        "buy_most": 0.2,
        "price_ratio": 1.3,
    }
    if off == "no release":
        fields |= {"price_ratio": 10.0, "shortfall": 1.0}
    stop = order("export_licence", "CHN", GALLIUM, "2029Q1", rate=0.2, target=BLOC)
    stocks = [order("strategic_stockpile", c, GALLIUM, "2026Q1", **fields) for c in BLOC]
    gauges = {"price in the bloc": paid(GALLIUM, *BLOC)}
    with_, without = (
        draws.run(("gallium",), 2033, gauges, stop, *more)["price in the bloc"] for more in (stocks, [])
    )
    first, fifth = (log_ratio(with_, without, year) for year in (2029, 2033))
    return {
        "price in the first year of the stop": effect(first, "log"),
        "price in the fifth year": effect(fifth, "log"),
        "first year less fifth": effect(first - fifth, "log"),
    }


def _stockpile_misses(e: dict[str, Effect]) -> list[str]:
    first, fifth = e["price in the first year of the stop"], e["price in the fifth year"]
    return _failed(
        it_damps_the_first_year=first.high < -0.02,
        but_not_the_fifth=fifth.low > 0.25 * first.mean,
        and_more_in_the_first_than_in_the_fifth=e["first year less fifth"].high < 0.0,
    )


def _downstream(draws: Draws, off: str = "") -> dict[str, Effect]:
    price = 110_000.0 / 0.856  # a kilogram of oxide at 110 usd, per tonne of metal
    cover = {"downstream": {MAGNETS: 0.28}}
    bare = cover if off == "covered" else {}
    gauges = {"bloc's magnets": made_share(MAGNETS, *BLOC)}

    def run(*measures: Any) -> Floats:
        return draws.run(_CHAIN, 2034, gauges, *measures)["bloc's magnets"]

    raw, covered, none = (
        run(*_floors(price_usd_per_t=price, **bare)),
        run(*_floors(price_usd_per_t=price, **cover)),
        run(),
    )

    def change(on: Floats, off: Floats) -> Effect:
        return effect(log_ratio(on, off, 2029, 2034), "log")

    return {
        "bloc's share of magnets, floor on metal alone": change(raw, none),
        "the same, magnets covered": change(covered, none),
        "bare less covered": change(raw, covered),
    }


def _downstream_misses(e: dict[str, Effect]) -> list[str]:
    return _failed(
        magnet_making_moves_out=e["bloc's share of magnets, floor on metal alone"].high < -0.05,
        and_cover_keeps_it=e["the same, magnets covered"].low > 0.0,
        and_the_difference_is_cover=e["bare less covered"].high < -0.05,
    )


def _flood(draws: Draws, off: str = "") -> dict[str, Effect]:
    fixed = {**draws.fixed, "mothball_share": 0.0} if off == "no mothballing" else draws.fixed
    draws = Draws(draws.runs, draws.seed, fixed)
    goods, minerals = (TUNGSTEN, "tungsten_concentrate"), ("tungsten",)
    price = world(minerals).goods.set_index("name")["price_usd_per_t"]
    hosts = [c for c in world(minerals).countries if c not in ("CHN", "OTH")]
    strike = 0.05 if off == "worthless support" else 1.0
    flood = [
        order("production_quota", "CHN", good, "2029Q1", "2034Q4", rate=3.0, credit_usd_per_t=0.5 * float(price[good]))
        for good in goods
    ]  # fmt: skip
    support = [
        order("price_support", c, TUNGSTEN, "2027Q1", strike_usd_per_t=strike * float(price[TUNGSTEN]))
        for c in hosts
    ]
    gauges = {"running": running(TUNGSTEN, ("CHN", "OTH"))}
    if off == "no flood":
        flood = []

    def killed(*measures: Any) -> Floats:
        """Return the part of what ran at the end of 2028 that no longer runs at the end of 2034."""
        seen = draws.run(minerals, 2034, gauges, *measures)["running"]
        before, after = seen[4 * (2029 - START) - 1], seen[-1]
        return np.maximum(before - after, 0.0).sum(axis=1) / before.sum(axis=1)

    bare, supported = killed(*flood) - killed(), killed(*flood, *support) - killed(*support)
    return {
        "unsupported capacity that a flood closes": effect(bare),
        "supported capacity that it closes": effect(supported),
        "unsupported less supported": effect(bare - supported),
    }


def _flood_misses(e: dict[str, Effect]) -> list[str]:
    return _failed(
        the_flood_kills_unsupported_entrants=e["unsupported capacity that a flood closes"].low > 0.02,
        more_than_supported_ones=e["unsupported less supported"].low > 0.02,
    )


_CASES = [
    Case(
        "floor_builds",
        "A floor above the entrant's cost with a credible term builds refining capacity outside and lowers the "
        "exporter's share years later, not at once.",
        "NdPr from mine to magnet, 2025-40; USA, EU27, JPN and KOR hold NdPr from outsiders at 1.3 times the full cost "
        "of new plants in Australia from 2027 on, magnets covered",
        _floor_builds,
        _floor_builds_misses,
        {
            "no building": "firms start nothing (`invest_speed` 0)",
            "no credit": "the floor ends after a year and firms do not count on it (`floor_credibility` 0)",
            "below cost": "the floor is 0.6 times that cost",
        },
    ),
    Case(
        "low_floor",
        "A floor below every landed price changes nothing.",
        "the same world to 2036, a floor at 0.9 times the lowest price at which NdPr lands in the bloc",
        _low_floor,
        _low_floor_misses,
        {"above the price": "the floor is 1.3 times the median price of what it covers"},
    ),
    Case(
        "exemption",
        "A mutual exemption matters only when restrictions bite.",
        "gallium, 2025-30; CHN and JPN exempt each other from 2027 on, with and without a licence of CHN at 30 %",
        _exemption,
        _exemption_misses,
        {"no clause": "the treaty has another clause"},
    ),
    Case(
        "stockpile",
        "A stockpile damps the first year and not the fifth.",
        "gallium, 2025-33; the bloc stores 180 days of use from 2026 on; from 2029 on CHN lets a fifth of its exports "
        "to it through",
        _stockpile,
        _stockpile_misses,
        {"no release": "nothing is released"},
    ),
    Case(
        "downstream",
        "A bloc without downstream cover moves magnet making out.",
        "NdPr from mine to magnet, 2025-34; the bloc's floor at 110 usd a kg of oxide from 2027 on",
        _downstream,
        _downstream_misses,
        {"covered": "magnets are covered"},
    ),
    Case(
        "flood",
        "Flooding kills unsupported entrants more than supported ones.",
        "tungsten, 2025-34; from 2029 on CHN pays its mines and refiners half the price of 2024 a tonne; support is a "
        "strike at the price of 2024 in all other countries from 2027 on",
        _flood,
        _flood_misses,
        {
            "no mothballing": "firms mothball nothing (`mothball_share` 0)",
            "worthless support": "the strike is a twentieth of the price",
            "no flood": "nothing is paid",
        },
    ),
]
CASES: dict[str, Case] = {case.name: case for case in _CASES}
_TABLE = re.compile(r"(<!-- table -->\n).*?(<!-- end -->)", re.DOTALL)


def table(runs: int = PAGE_RUNS, seed: int = PAGE_SEED) -> str:
    """Return the table of the page: every case, measured, and what its mutations do to it."""
    lines = [
        "| case | effect | mean (95 % interval; effect size) | with the mechanism off |",
        "| --- | --- | --- | --- |",
    ]
    for case in CASES.values():
        draws = Draws(runs, seed)
        found = case.measure(draws, "")
        verdict = case.misses(found)
        if verdict:
            raise AssertionError(f"{case.name} misses: {verdict}, {found}")
        off = {name: case.measure(draws, name) for name in case.mutations}
        for number, (name, value) in enumerate(found.items()):
            others = "<br>".join(f"{word}: {_number(other[name].mean)}" for word, other in off.items())
            lines.append(
                f"| {f'`{case.name}`' if number == 0 else ''} | {name} ({value.unit}) | {value} | {others} |"
            )
    return "\n".join(lines)


def page(text: str, content: str) -> str:
    """Return the page with its table written anew."""
    return _TABLE.sub(lambda found: f"{found[1]}\n{content}\n\n{found[2]}", text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), table()), encoding="utf-8")
    print(f"wrote the table of {PAGE}", file=sys.stderr)
