"""Where countries stand: shares by owner and bloc, dependence and marks, investment, what a stop would cost."""

from collections import defaultdict

import numpy as np
import pytest

from agents import DECISIONS
from experiments.measure_money import MeasureMoney
from experiments.observer import Observer
from experiments.preparation import prepare
from experiments.standing import MARKS
from experiments.supply_risk import _parts, _stock_worth, _stocks, _under_siege, supply_at_risk
from model.calibration import calibrate
from model.engine import Engine
from model.scenario import Scenario
from model.tiny import tiny_scenario, tiny_world

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


def test_shares_gap_and_days_are_what_the_glossary_says(engine, seen) -> None:
    """Counted again from what is recorded beside them: supply at home, recycling, concentration, gap, days of stock."""
    made, used = seen["production_t"], seen["consumption_t"]
    for good in GOODS:
        for country in ("CHN", "USA", "JPN", "EU27"):
            cell, use = (good, country), used[good, country]
            none = np.zeros_like(use)
            np.testing.assert_allclose(
                seen["own_supply_share"][cell], made.get(cell, none) / use, rtol=1e-9, err_msg=str(cell)
            )
            again = seen["recycled_t"].get(cell, none)
            np.testing.assert_allclose(seen["recycling_share"][cell], again / use, rtol=1e-9)
            days = seen["stock_buyer_t"][cell] / use * 365.25 / 4.0
            np.testing.assert_allclose(seen["stock_days"][cell], days, rtol=1e-9)
        inside, outside = (seen[f"{side}_price_usd_per_t"][good, "CHN"] for side in ("inside", "outside"))
        np.testing.assert_allclose(seen["price_gap_index"][good, "CHN"], outside / inside, rtol=1e-9)
        assert (outside > inside).all()
        shares = [
            value
            for (name, place), value in seen["production_share"].items()
            if name == good and place != "WLD"
        ]
        np.testing.assert_allclose(
            seen["hhi_index"][good, "WLD"], 1e4 * sum(x * x for x in shares), rtol=1e-9
        )


def test_mines_are_held_to_a_mark_of_their_own() -> None:
    """Ore from home for more than a tenth of use and less than two fifths meets the mark of mines alone."""
    scenario = tiny_scenario()
    e = Engine(scenario, 1, world=tiny_world(scenario), decide=DECISIONS)
    e.step()
    observer = Observer(e.world)
    found = {
        panel.metric: dict(zip(panel.cells, values[0], strict=True))
        for panel, values in zip(observer.panels, observer.observe(e), strict=True)
    }
    ore, metal = ("lithium_concentrate", "CHN"), ("lithium_refined", "CHN")
    assert (
        MARKS["mine"]
        < found["own_supply_share"][ore]
        < MARKS["processing"]
        < found["own_supply_share"][metal]
    )
    for cell in (ore, metal):
        met = 1 + (found["recycling_share"][cell] >= MARKS["recycling"])
        met += found["import_dependence_share"][cell] <= MARKS["one_country"]
        assert found["crma_marks_index"][cell] == met


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
            assert cost > 0.0, (good, run, cost)
            assert seen["supply_at_risk_usd"][good, "WLD"][run] == pytest.approx(cost, rel=1e-9)
    early = Observer(engine.world)
    place = [panel.metric for panel in early.panels].index("supply_at_risk_usd")
    assert np.isnan(early.observe(engine_of(prepare("tiny"), 1, 1))[place]).all()


def test_who_gains_by_a_stop_has_nothing_at_risk() -> None:
    """The largest producer licenses its germanium, so another leads: its stop pays the first one, at no risk to it."""
    engine = engine_of(
        prepare("tiny", changes={"parameters": {"leak_share": 0.0}})
    )  # nothing leaks past the licence
    found = supply_at_risk(engine, GOODS)
    assert (found.cost_usd >= 0.0).all()
    germanium, china = GOODS.index("germanium_refined"), engine.world.countries.index("CHN")
    assert (found.leader[:, germanium] != china).all()
    assert (found.cost_usd[:, germanium, china] == 0.0).all()


def test_stocks_lower_what_is_at_risk(engine) -> None:
    """A state that holds a year of use loses less when the leader stops; nothing of the engine is touched."""
    before = [array.copy() for array in (*engine.answer, *engine.terms)]
    bare = supply_at_risk(engine, GOODS)
    rich = engine.fork()
    rich.columns.buyer_reserve_t[:] = 4.0 * engine.answer.use_t
    assert supply_at_risk(rich, GOODS).cost_usd[:, :, :].sum() < 0.8 * bare.cost_usd.sum()
    for old, new in zip(before, (*engine.answer, *engine.terms), strict=True):
        np.testing.assert_array_equal(old, new)


def test_what_a_state_lays_in_is_worth_what_it_paid(engine) -> None:
    """Neither purchases for stocks nor sales from them change what counts as today's welfare of the treasury."""
    e = engine.fork()
    stocked = e.answer._replace(order_t=e.answer.order_t + 7.0, release_t=e.answer.release_t + 3.0)
    countries = len(e.world.countries)
    plain = _parts(e, e.terms, e.answer, countries) + _stock_worth(e, e.answer, countries)
    with_stock = _parts(e, e.terms, stocked, countries) + _stock_worth(e, stocked, countries)
    assert np.abs(_stock_worth(e, stocked, countries)).max() > 0.0
    np.testing.assert_allclose(with_stock, plain, rtol=1e-9, atol=1e-3)


def test_a_state_releases_what_no_longer_comes_and_no_more(engine) -> None:
    """The leader's own reserve, and that of who buys nothing there, stay where they are."""
    e = engine.fork()
    e.columns.buyer_reserve_t[:] = 1e9
    lost = np.zeros(e.answer.use_t.shape)
    lost[:, 1] = 5.0
    released = _stocks(e, _under_siege(e), 0, lost)["buyer_release_t"]
    np.testing.assert_array_equal(released[:, 1], 5.0)
    np.testing.assert_array_equal(
        np.delete(released, 1, axis=1), np.delete(e.terms.buyer_release_t, 1, axis=1)
    )


def test_the_score_is_what_its_weights_say(engine, seen) -> None:
    """Welfare less investment less a fifth of what a stop of any good's leader would cost."""
    for country in ("USA", "CHN"):
        risk = sum(seen["supply_at_risk_usd"][good, country] for good in GOODS)
        wanted = (
            seen["welfare_total_usd"]["all", country] - seen["investment_usd"]["all", country] - 0.2 * risk
        )
        np.testing.assert_allclose(seen["score_usd"]["all", country], wanted, rtol=1e-9)


def test_the_money_of_measures_is_the_ledgers() -> None:
    """By measure and party: every measure's money adds up to nothing, and all measures to what treasuries booked."""
    rows = [
        {"type": "export_tax", "actor": "CHN", "quarter": "2025Q1", "fields": {"good": "gallium_refined", "rate": 0.2}},
        {"type": "import_tariff", "actor": "USA", "quarter": "2025Q1",
         "fields": {"good": "gallium_refined", "rate": 0.3}},
        {"type": "import_tariff", "actor": "USA", "quarter": "2025-02-01",
         "fields": {"good": "gallium_refined", "rate": 0.1}},
        {"type": "price_floor", "actor": "JPN", "quarter": "2025Q1",
         "fields": {"good": "gallium_refined", "price_usd_per_t": 2e6, "form": "minimum_price"}},
        {"type": "price_floor", "actor": "EU27", "quarter": "2025Q1",
         "fields": {"good": "germanium_refined", "price_usd_per_t": 9e6}},
        {"type": "price_support", "actor": "USA", "quarter": "2025Q1",
         "fields": {"good": "germanium_refined", "strike_usd_per_t": 9e6}},
    ]  # fmt: skip
    kept = prepare("tiny").to_mapping()["measures"]
    scenario = prepare("tiny", changes={"measures": [*kept, *rows]})
    engine = Engine(scenario, 1, world=calibrate(scenario), decide=DECISIONS)
    money, booked = MeasureMoney(), defaultdict(float)
    columns = {
        "export_tax": "country_export_tax_usd",
        "tariff": "country_tariff_usd",
        "top_up": "country_topup_usd",
    }
    for _ in range(3):
        engine.step()
        money.take(engine)
        for kind, name in {**columns, "support": "country_support_usd"}.items():
            booked[kind] += getattr(engine.columns, name)[0].sum()
        booked["rent"] += engine.columns.firm_rent_usd[0].sum() + engine.columns.country_rent_usd[0].sum()
    found = money.rows()
    for number in {row["measure"] for row in found}:
        moved = [row["usd"] for row in found if row["measure"] == number]
        assert sum(moved) == pytest.approx(0.0, abs=1e-9 * sum(map(abs, moved)))
    for kind in columns:
        total = sum(row["usd"] for row in found if row["kind"] == kind and row["side"] == "treasury")
        assert total == pytest.approx(booked[kind], rel=1e-9), kind
    paid = -sum(row["usd"] for row in found if row["kind"] == "support" and row["side"] == "treasury")
    assert paid == pytest.approx(booked["support"], rel=1e-9) and paid > 0.0
    rents = sum(row["usd"] for row in found if row["kind"] == "rent" and row["usd"] > 0.0)
    assert rents == pytest.approx(booked["rent"], rel=1e-9) and rents > 0.0
    shares = {
        row["measure"]: row["usd"] for row in found if row["kind"] == "tariff" and row["side"] == "treasury"
    }
    first, second = len(kept) + 1, len(kept) + 2
    assert 0.0 < shares[second] < shares[first]
    sellers = [row for row in found if row["kind"] == "top_up" and row["side"] == "firms"]
    assert sellers and all(row["measure"] == len(kept) + 3 for row in sellers)
