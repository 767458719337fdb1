"""The engine against a second implementation of the same world in ordinary Mesa objects and a library's solver."""

from typing import Any

import numpy as np
import pytest
from twin.compare import differences, tight_clearing
from twin.twin_model import TwinModel

from agents import DECISIONS
from experiments.scenario_file import load_scenario
from model.calibration import calibrate
from model.engine import Engine
from model.parameter import PARAMETERS
from model.scenario import Scenario

AGREE = 1e-9


def order(type_: str, actor: str, quarter: str, end: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"type": type_, "actor": actor, "quarter": quarter, "end": end, "fields": fields}


#: Beside the licences, the ban and the tariff of `tiny`: a quota, a tax and a price support in a two-stage chain,
#: a state's purchases and releases, floors of both forms; dates inside quarters.
MEASURES = [
    order("export_quota", "COD", "2025-10-16", "2028Q4", good="cobalt_concentrate", quantity_t=96600, period="year"),
    order("export_tax", "IDN", "2026Q1", "2027-08-15", good="cobalt_concentrate", rate=0.1),
    order("price_support", "USA", "2026Q2", "2029Q1", good="cobalt_refined", country="JPN", strike_usd_per_t=40000,
          upside_share=0.3, upside_usd_per_t=45000, quantity_t=4000),
    order("stock_order", "JPN", "2025Q3", "2026Q2", good="gallium_refined", move="buy", quantity_t=1.5),
    order("stock_order", "JPN", "2026Q3", "2028Q1", good="gallium_refined", move="release", quantity_t=1.0),
    order("price_floor", "USA", "2026-02-10", "2029Q4", good="germanium_refined", target=["CHN"],
          price_usd_per_t=2_600_000, form="tariff"),
    order("price_floor", "EU27", "2026Q2", "2027Q4", good="gallium_refined", target=["CHN"], price_usd_per_t=600_000,
          form="minimum_price"),
]  # fmt: skip


def small_scenario() -> Scenario:
    """Return `tiny` with cobalt's two stages, more measures, shocks, frequent outages, for eight years."""
    tiny = load_scenario("tiny")
    shocks = [
        {"kind": "demand", "good": "gallium_refined", "country": "WORLD", "factor": 1.4, "start": "2026Q2",
         "end": "2027-05-01", "source": "made up"},
        {"kind": "supply", "good": "cobalt_concentrate", "country": "COD", "factor": 0.6, "start": "2029Q1",
         "end": "2029Q4", "source": "made up"},
    ]  # fmt: skip
    return tiny.with_changes(
        {
            "goods": ["gallium", "germanium", "cobalt"],
            "end": "2032Q4",
            "measures": [*tiny.raw["measures"], *MEASURES],
            "shocks": shocks,
            "parameters.outage_probability": 0.02,
        }
    )


def largest_differences(scenario: Scenario, run: int, quarters: int) -> dict[str, float]:
    """Run both side by side; return per figure the largest difference over the quarters, base scale 1."""
    world = calibrate(scenario)
    engine = Engine(scenario, 1, first_run=run, world=world, decide=DECISIONS)
    twin = TwinModel(scenario, world, run, dict(zip(PARAMETERS, engine.values[0].tolist(), strict=True)))
    worst: dict[str, float] = {}
    for _ in range(quarters):
        with tight_clearing():
            engine.step()
        twin.step()
        for name, gap in differences(twin, engine).items():
            worst[name] = max(gap, worst.get(name, 0.0))
    return worst


@pytest.mark.parametrize("run", [0, 3])
def test_a_small_world_of_mesa_objects_agrees(run: int) -> None:
    """Prices, wedges, flows, output, stocks, capacity, risk and every account agree to 1e-9 of the base scale."""
    scenario = small_scenario()
    worst = largest_differences(scenario, run, scenario.quarters)
    assert max(worst.values()) <= AGREE, {name: gap for name, gap in worst.items() if gap > AGREE}


def test_all_goods_of_the_baseline_agree() -> None:
    """The same for the baseline's first four years: joint products, magnets, drawn parameters, all its measures."""
    worst = largest_differences(load_scenario("baseline"), 1, 16)
    assert max(worst.values()) <= AGREE, {name: gap for name, gap in worst.items() if gap > AGREE}


@pytest.mark.soak
@pytest.mark.parametrize("run", [0, 1, 2, 7])
def test_the_whole_baseline_agrees(run: int) -> None:
    """The same to the end of 2040."""
    worst = largest_differences(load_scenario("baseline"), run, 64)
    assert max(worst.values()) <= AGREE, {name: gap for name, gap in worst.items() if gap > AGREE}


def test_the_comparison_sees_a_difference() -> None:
    """A twin whose firms expect prices a little faster is told apart: the comparison is not blind."""
    scenario = small_scenario()
    world = calibrate(scenario)
    engine = Engine(scenario, 1, world=world, decide=DECISIONS)
    twin = TwinModel(scenario, world, 0, {**scenario.parameters, "expectation_speed": 0.2501})
    for _ in range(4):
        engine.step()
        twin.step()
    found = differences(twin, engine)
    assert found["expected price"] > 1e-7
    assert np.isfinite(list(found.values())).all()
