"""Where countries stand: shares by owner and bloc, dependence and marks, investment, what a stop would cost."""

import numpy as np
import pytest

from agents import DECISIONS
from experiments.observer import Observer
from experiments.preparation import prepare
from experiments.standing import MARKS
from experiments.supply_risk import supply_at_risk
from model.calibration import calibrate
from model.engine import Engine
from model.scenario import Scenario

GOODS = ["gallium_refined", "germanium_refined"]


def engine_of(scenario: Scenario, runs: int = 2, quarters: int = 4) -> Engine:
    """Return an engine of a scenario after some quarters."""
    engine = Engine(scenario, runs, world=calibrate(scenario), decide=DECISIONS)
    for _ in range(quarters):
        engine.step()
    return engine


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Return the tiny scenario after its first year."""
    return engine_of(prepare("tiny"))


@pytest.fixture(scope="module")
def seen(engine):
    """Return {metric: {cell: [runs]}} of the engine's quarter."""
    observer = Observer(engine.world)
    return {
        panel.metric: {cell: values[:, k] for k, cell in enumerate(panel.cells)}
        for panel, values in zip(observer.panels, observer.observe(engine), strict=True)
    }


def test_owners_and_blocs_share_the_output() -> None:
    """Shares by owner add up to one; a bloc has the sum of its members'."""
    treaty = {"id": "club", "title": "Club", "kind": "club", "members": ["USA", "JPN"], "in_force": "2025-01-01",
              "clauses": [{"type": "mutual_exemption"}]}  # fmt: skip
    scenario = prepare("tiny", changes={"treaties": [treaty]})
    e = engine_of(scenario, 1, 1)
    observer = Observer(e.world)
    found = {p.metric: (p.cells, v[0]) for p, v in zip(observer.panels, observer.observe(e), strict=True)}
    cells, share = found["owner_share"]
    for good in GOODS:
        mine = [(country, value) for (name, country), value in zip(cells, share, strict=True) if name == good]
        assert sum(value for _, value in mine) == pytest.approx(1.0, rel=1e-12)
        blocs = dict(zip(*found["bloc_share"], strict=True))
        members = sum(value for country, value in mine if country in ("USA", "JPN"))
        assert blocs[good, "club"] == pytest.approx(members, rel=1e-12) and members > 0.0


def test_dependence_is_the_largest_flow_over_purchases(engine, seen) -> None:
    """Counted again route by route; the marks are those of the act."""
    routes, flow = engine.world.routes, engine.answer.flow_t
    for good in GOODS:
        for country in ("USA", "JPN", "EU27"):
            here = (routes["good"] == good) & (routes["destination"] == country)
            bought = flow[:, here].sum(axis=1)
            by_origin = [
                flow[:, here & (routes["origin"] == origin)].sum(axis=1)
                for origin in engine.world.countries
                if origin != country
            ]
            largest = np.max(by_origin, axis=0)
            np.testing.assert_allclose(
                seen["import_dependence_share"][good, country], largest / bought, rtol=1e-12
            )
            own = seen["own_supply_share"][good, country] >= MARKS["processing"]
            again = seen["recycling_share"][good, country] >= MARKS["recycling"]
            met = own.astype(int) + again + (largest / bought <= MARKS["one_country"])
            np.testing.assert_array_equal(seen["crma_marks_index"][good, country], met)


def test_stocks_by_holder_add_up(seen) -> None:
    """Buyers, producers and the state hold the whole stock between them."""
    for cell, whole in seen["stock_t"].items():
        parts = sum(seen[f"stock_{holder}_t"][cell] for holder in ("buyer", "producer", "state"))
        np.testing.assert_allclose(parts, whole, rtol=1e-12)


def test_investment_by_host_is_what_firms_paid() -> None:
    """Summed over hosts, what was started in a quarter is the capital cost that firms were charged."""
    e = engine_of(prepare("baseline", changes={"goods": ["lithium"], "end": "2025Q2", "measures": []}), 1, 2)
    observer = Observer(e.world)
    found = {p.metric: v[0] for p, v in zip(observer.panels, observer.observe(e), strict=True)}
    assert found["investment_usd"][-1] > 0.0
    assert found["investment_usd"][-1] <= e.columns.firm_capex_usd.sum() * (1.0 + 1e-9)


def test_a_stop_by_the_leader_costs_the_others(engine, seen) -> None:
    """Losing the leading exporter for a year costs the rest of the world; the record has the same number."""
    found = supply_at_risk(engine, GOODS)
    countries = engine.world.countries
    for position, good in enumerate(GOODS):
        for run in range(engine.runs):
            others = [k for k in range(len(countries)) if k != found.leader[run, position]]
            cost = found.cost_usd[run, position, others].sum()
            # The largest producer licenses its germanium: another leads, whose stop raises the first one's rents.
            assert cost > 0.0 or good == "germanium_refined", (good, run, cost)
            assert seen["supply_at_risk_usd"][good, "WLD"][run] == pytest.approx(cost, rel=1e-9)
    assert np.isnan(Observer(engine.world).observe(engine_of(prepare("tiny"), 1, 1))[-2]).all()


def test_stocks_lower_what_is_at_risk(engine) -> None:
    """A state that holds a year of use loses less when the leader stops; nothing of the engine is touched."""
    before = [array.copy() for array in (*engine.answer, *engine.terms)]
    bare = supply_at_risk(engine, GOODS)
    rich = engine.fork()
    rich.columns.buyer_reserve_t[:] = 4.0 * engine.answer.use_t
    assert supply_at_risk(rich, GOODS).cost_usd[:, :, :].sum() < 0.8 * bare.cost_usd.sum()
    for old, new in zip(before, (*engine.answer, *engine.terms), strict=True):
        np.testing.assert_array_equal(old, new)
