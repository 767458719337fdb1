"""Each shipped scenario of a bloc or an answer brings about what its `expected` says, run by run under common luck.

On its own markets and up to the year that counts; the whole world to 2040 gives the same signs.
"""

import functools
import json

import numpy as np
import pytest

from agents import DECISIONS
from experiments.observer import Observer
from experiments.scenario_file import load_scenario
from model.calibration import calibrate
from model.engine import Engine
from model.quarter_date import quarter_index
from model.treaty_state import IN_FORCE

RUNS = 3
BLOC = ("USA", "EU27", "JPN", "KOR")
NDPR, DYTB, MAGNETS, GALLIUM = "ndpr_refined", "dytb_refined", "permanent_magnets", "gallium_refined"
PRICE, SHARE, CAPACITY, GAP = "landed_price_usd_per_t", "production_share", "capacity_t", "price_gap_index"
EARTHS = ("rare_earths", "permanent_magnets")
CHIPS = ("gallium", "germanium")
#: The last year that is run, by goods.
ENDS = {("gallium",): 2031, CHIPS: 2028}
#: The charter of `relief_by_one_voice` without its clause of one voice.
EACH_FOR_ITSELF = {"treaties.0.clauses": [{"type": "information"}]}
ONE_VOICE = ("relief_by_one_voice", CHIPS)


def opened(name: str, goods: tuple, end: int, changes: str) -> Engine:
    """Return the engine of a scenario's own markets, at its start."""
    scenario = load_scenario(name).with_changes(
        {"goods": list(goods), "end": f"{end}Q4", **json.loads(changes)}
    )
    return Engine(scenario, RUNS, world=calibrate(scenario), decide=DECISIONS)


@functools.lru_cache(maxsize=64)
def told(name: str, goods: tuple, end: int, changes: str = "{}") -> tuple[dict, list]:
    """Return {(metric, good, country): [quarters, runs]} of a scenario to the end of a year, and its decisions."""
    engine = opened(name, goods, end, changes)
    observer, seen = Observer(engine.world), {}
    while not engine.is_done:
        engine.step()
        for panel, values in zip(observer.panels, observer.observe(engine), strict=True):
            for k, cell in enumerate(panel.cells):
                seen.setdefault((panel.metric, *cell), []).append(values[:, k].copy())
    return {key: np.array(rows) for key, rows in seen.items()}, engine.decisions


def mean(found: dict, metric: str, good: str, where: tuple, year: int) -> np.ndarray:
    """Return the mean over a year [runs], summed over countries; one named with a minus is taken off."""
    first = 4 * year - quarter_index("2025Q1")
    total = np.zeros(RUNS)
    for country in where:
        path = found[metric, good, country.removeprefix("-")][first : first + 4]
        total += (-1.0 if country.startswith("-") else 1.0) * np.nanmean(path, axis=0)
    return total


#: scenario, goods, metric, good, countries, year, sign (a part below 1: within it), compared with, changes made to that
EXPECTED = [
    ("us_eu_japan_floor", EARTHS, SHARE, NDPR, ("CHN",), 2036, -1, "baseline", {}),
    ("us_eu_japan_floor", EARTHS, CAPACITY, NDPR, ("WLD", "-CHN"), 2036, 1, "baseline", {}),
    ("us_eu_japan_floor", EARTHS, CAPACITY, NDPR, ("WLD", "-CHN"), 2028, 0, "baseline", {}),
    ("us_eu_japan_floor", EARTHS, SHARE, NDPR, ("CHN",), 2027, 0, "baseline", {}),
    ("us_eu_japan_floor", EARTHS, "welfare_consumer_usd", "all", BLOC, 2028, -1, "baseline", {}),
    ("us_eu_japan_floor", EARTHS, "welfare_treasury_usd", "all", BLOC, 2028, 1, "baseline", {}),
    ("us_eu_japan_floor", EARTHS, PRICE, NDPR, ("CHN",), 2030, -1, "baseline", {}),
    ("floor_without_downstream", EARTHS, SHARE, MAGNETS, BLOC, 2032, -1, "baseline", {}),
    ("floor_without_downstream", EARTHS, SHARE, MAGNETS, BLOC, 2032, -1, "us_eu_japan_floor", {}),
    ("gap_subsidy", EARTHS, SHARE, NDPR, ("CHN",), 2036, -1, "baseline", {}),
    ("gap_subsidy", EARTHS, "welfare_treasury_usd", "all", BLOC, 2030, -1, "baseline", {}),
    ("gap_subsidy", EARTHS, PRICE, NDPR, ("EU27",), 2028, -1, "baseline", {}),
    ("exporter_floods", EARTHS, PRICE, NDPR, ("CHN",), 2029, -1, "baseline", {}),
    ("exporter_floods", EARTHS, CAPACITY, MAGNETS, ("JPN",), 2034, -1, "baseline", {}),
    ("exporter_floods", EARTHS, CAPACITY, NDPR, ("USA",), 2034, 0, "baseline", {}),
    ("grand_bargain", EARTHS, GAP, DYTB, ("CHN",), 2028, -1, "baseline", {}),
    ("grand_bargain", EARTHS, CAPACITY, DYTB, ("WLD", "-CHN"), 2036, -1, "baseline", {}),
    ("bloc_autarky", EARTHS, PRICE, NDPR, ("EU27",), 2029, 1, "baseline", {}),
    ("bloc_autarky", EARTHS, "welfare_total_usd", "all", BLOC, 2034, -1, "baseline", {}),
    ("circular_first", ("nickel",), "recycled_t", "nickel_refined", ("EU27",), 2036, 1, "baseline", {}),
    ("circular_first", EARTHS, PRICE, NDPR, ("EU27",), 2036, 0.05, "baseline", {}),
    ("circular_first", ("lithium",), "recycled_t", "lithium_refined", ("EU27",), 2036, 1, "baseline", {}),
    ("licence_shock_2025", EARTHS, GAP, DYTB, ("CHN",), 2026, 1, "baseline", {}),
    ("licence_shock_2025", EARTHS, CAPACITY, MAGNETS, BLOC, 2028, 1, "baseline", {}),
    ("licence_shock_2025", EARTHS, SHARE, MAGNETS, ("CHN",), 2027, -1, "baseline", {}),
    ("licence_shock_2025", EARTHS, PRICE, MAGNETS, ("EU27",), 2028, -1, "baseline", {}),
    ("bilateral_deals", EARTHS, SHARE, NDPR, ("CHN",), 2036, -1, "baseline", {}),
    ("bilateral_deals", EARTHS, PRICE, NDPR, ("EU27",), 2028, -1, "us_eu_japan_floor", {}),
    ("transatlantic_memorandum", EARTHS, SHARE, NDPR, ("CHN",), 2036, 0, "baseline", {}),
    ("stockpile_only", ("gallium",), PRICE, GALLIUM, ("JPN",), 2030, -1, "stockpile_only", {"treaties": []}),
    (*ONE_VOICE, "levy_usd", "all", ("CHN",), 2028, -1, "relief_by_one_voice", EACH_FOR_ITSELF),
    (*ONE_VOICE, "levy_usd", "all", BLOC, 2028, 1, "relief_by_one_voice", EACH_FOR_ITSELF),
    (*ONE_VOICE, PRICE, "germanium_refined", ("EU27",), 2027, 1, "relief_by_one_voice", EACH_FOR_ITSELF),
    (*ONE_VOICE, PRICE, GALLIUM, ("EU27",), 2028, 0.02, "relief_by_one_voice", EACH_FOR_ITSELF),
    ("territorial_rupture", EARTHS, "exports_t", MAGNETS, ("EU27",), 2029, -1, "territorial_rupture", {"events": []}),
]  # fmt: skip


@pytest.mark.parametrize("row", EXPECTED, ids=lambda row: f"{row[0]}-{row[2]}-{row[3]}-{row[5]}-{row[7]}")
def test_a_scenario_brings_about_what_it_expects(row):
    """In the median of three runs, and in most of them, the figure moves the way the scenario says."""
    name, goods, metric, good, where, year, sign, other, changes = row
    end = ENDS.get(goods, 2036)
    with_, _ = told(name, goods, end)
    without, _ = told(other, goods, end, json.dumps(changes))
    on, off = (mean(found, metric, good, where, year) for found in (with_, without))
    if abs(sign) < 1:
        np.testing.assert_allclose(np.median(on), np.median(off), rtol=sign or 0.01)
    else:
        moved = sign * (on - off) > 1e-6 * np.abs(off)
        assert moved.sum() > RUNS / 2 and sign * np.median(on - off) > 0.0, (on, off)


def test_the_european_union_does_not_sign_the_memorandum():
    """It says so with reasons in words; its users' loss stands in them."""
    _, decisions = told("transatlantic_memorandum", EARTHS, 2036)
    said = [d for d in decisions if d.get("seat") == "EU27" and d.get("treaty")]
    assert said and all(d["choice"] == "does not sign" and "users -" in d["why"] for d in said)


def drafts_in_force(changes: dict) -> dict[str, set[int]]:
    """Return the drafts of `relief_by_one_voice` that are in force in all runs in 2028, with their first quarters."""
    engine = opened(*ONE_VOICE, ENDS[CHIPS], json.dumps(changes)).run()
    treaties, columns = engine.treaties.treaties, engine.columns
    bound = (columns.treaty_state == IN_FORCE).all(axis=0)
    began = {treaty.id: set(columns.treaty_began[:, x].astype(int)) for x, treaty in enumerate(treaties)}
    return {treaty.id: began[treaty.id] for x, treaty in enumerate(treaties) if treaty.decides and bound[x]}


def test_one_voice_signs_one_text_and_each_for_itself_signs_four():
    """The clause alone decides which drafts come into force; the common text takes three quarters to a year longer."""
    together, apart = drafts_in_force({}), drafts_in_force(EACH_FOR_ITSELF)
    assert together.keys() == {"relief_for_all"}
    assert apart.keys() == {f"relief_{name}" for name in ("usa", "eu", "japan", "korea")}
    later = min(together["relief_for_all"]) - max(set.union(*apart.values()))
    assert 3 <= later <= 4


def test_every_scenario_with_expected_signs_is_tested():
    """No shipped scenario of a bloc or an answer is left out, and none has more lines than are held."""
    from experiments.scenario_file import scenario_files

    stated = {name: len(load_scenario(name).expected) for name in scenario_files()}
    stated = {name: count for name, count in stated.items() if count}
    held = {name: sum(row[0] == name for row in EXPECTED) for name, *_ in EXPECTED}
    assert held.keys() == stated.keys()
    short = {name for name, count in stated.items() if held[name] < count}
    assert short <= {"transatlantic_memorandum"}  # who signs is held by a test of its own
