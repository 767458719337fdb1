"""Measures that come into force run by run while a run goes on."""

import numpy as np
import pytest

from agents import DECISIONS
from experiments.scenario_file import load_scenario
from model.calibration import calibrate
from model.engine import Engine
from model.instruments import BY_NAME
from model.order import order_from
from model.scenario import scenario_from

HEAD = {
    "name": "hand", "start": "2025Q1", "end": "2027Q4", "base_year": 2024, "goods": ["gallium", "germanium"],
}  # fmt: skip
WORLD = calibrate(scenario_from(HEAD))


def order(kind, quarter="2026Q1", actor="CHN", good="gallium", **fields):
    """Return one order."""
    record = {
        "type": kind,
        "actor": actor,
        "quarter": quarter,
        "end": None,
        "fields": {"good": good, **fields},
    }
    return order_from(record, BY_NAME)


def engine(runs=1, *measures):
    """Return an engine of the small world under dated measures."""
    made = scenario_from({**HEAD, "measures": [m.to_mapping() for m in measures]})
    return Engine(made, runs, 7, world=calibrate(made) if measures else WORLD, decide=DECISIONS)


def prices(e, quarters):
    """Run so many quarters and return prices [quarters, runs, N]."""
    seen = []
    for _ in range(quarters):
        e.step()
        seen.append(e.answer.price.copy())
    return np.array(seen)


def differ(one, other):
    """Tell whether some price is apart by more than a millionth."""
    return np.nanmax(np.abs(one / other - 1.0)) > 1e-6


ORDERS = [
    order("export_licence", rate=0.3),
    order("export_quota", quantity_t=20, period="year"),
    order("export_ban", target=["USA"]),
    order("export_tax", rate=0.3),
    order("import_tariff", actor="USA", rate=0.3),
    order("price_floor", actor="JPN", price_usd_per_t=1.5e6),
    order("price_floor", actor="JPN", reference="before", share=1.4),
    order("price_support", actor="CHN", strike_usd_per_t=2e6),
    order("stock_order", actor="JPN", move="buy", quantity_t=2),
    order("export_licence", rate=0.3, firm_shares={"Chalco": 1.0}),
    order("production_quota", rate=0.8, credit_usd_per_t=1000.0),
    order("production_subsidy", actor="JPN", country="CHN", rate_usd_per_t=1e5),
    order("trade_defence", actor="USA", target=["CHN"], normal_usd_per_t=1e6),
    order("price_floor", actor="JPN", reference="cost_plus", share=10.0),
    order("price_floor", actor="JPN", reference="negotiated", share=3.0, lag_quarters=3),
    order("joint_purchasing", actor="JPN", members=["KOR", "USA"], target=["CHN"], rate=0.7),
    order("standards", actor="JPN", members=["USA"], certified=["JPN"], share=0.6, cost_usd_per_t=1e4),
    order("offtake", actor="USA", seller="CHN", quantity_t=40, price_usd_per_t=2e6),
    order("defence_priority", actor="USA", share=0.5),
    order("strategic_stockpile", actor="JPN", target_days=60, buy_below=3.0),
    order("strategic_stockpile", actor="JPN", target_t=5, form="vault", strike_usd_per_t=1e6),
]
EACH = pytest.mark.parametrize("given", ORDERS, ids=lambda o: o.type)


@EACH
def test_a_measure_given_in_a_quarter_works_like_one_dated_in_the_scenario(given):
    """An order taken in at the start of 2026 equals the same order written in the scenario file."""
    dated = prices(engine(1, given), 12)
    e = engine()
    first = prices(e, 4)
    (number,) = e.add_measures([given])
    e.switch(number, 1.0)
    later = prices(e, 8)
    np.testing.assert_allclose(np.concatenate([first, later]), dated, rtol=1e-9)
    assert differ(later, prices(engine(), 12)[4:])


@EACH
def test_a_measure_that_is_off_changes_nothing(given):
    """Taken in and never switched on, it leaves prices as they were."""
    e = engine()
    first = prices(e, 4)
    e.add_measures([given])
    np.testing.assert_allclose(np.concatenate([first, prices(e, 4)]), prices(engine(), 8), rtol=1e-9)


@EACH
def test_each_run_has_its_own_switch(given):
    """In a batch, a run with the measure and a run without are those of separate batches."""
    both = engine(2)
    (number,) = both.add_measures([given])
    both.switch(number, [0.0, 1.0])
    seen = prices(both, 6)
    np.testing.assert_allclose(seen[:, 0], prices(engine(), 6)[:, 0], rtol=1e-9)
    assert differ(seen[:, 1], prices(engine(2), 6)[:, 1])


def test_a_level_scales_the_rate():
    """A tax of 1 at level 0.3 is a tax of 0.3; a licence of 1 at level 0.3 approves 30 %."""
    for kind in ("export_tax", "export_licence"):
        e = engine()
        (number,) = e.add_measures([order(kind, rate=1.0)])
        e.switch(number, 1.0, level=0.3)
        other = engine()
        (number,) = other.add_measures([order(kind, rate=0.3)])
        other.switch(number, 1.0)
        np.testing.assert_allclose(prices(e, 3), prices(other, 3), rtol=1e-12)


def test_switching_off_ends_a_measure_and_a_short_pause_keeps_its_reference():
    """Off: no limit. On again within a year: the limit is a share of the flow before it all."""
    e = engine()
    (number,) = e.add_measures([order("export_licence", rate=0.3)])
    e.switch(number, 1.0)
    e.step()
    limit = e.terms.quota_t.copy()
    e.switch(number, 0.0)
    e.step()
    assert np.isinf(e.terms.quota_t).all()
    e.switch(number, 1.0)
    e.step()
    np.testing.assert_allclose(e.terms.quota_t, limit)


def test_an_exempt_destination_pays_no_wedge():
    """Where origin and destination exempt each other, the licence counts neither their flow nor their price."""
    e = engine()
    (number,) = e.add_measures([order("export_licence", rate=0.05)])
    e.switch(number, 1.0)
    countries = list(e.world.countries)
    c = len(countries)
    e.history.exempt[0, countries.index("CHN") * c + countries.index("JPN")] = 1.0
    e.step()
    routes = e.world.routes
    mine = (routes["origin"] == "CHN") & (routes["good"] == "gallium_refined")
    kinds = e.world.nodes["kind"].to_numpy()[routes["node"]]
    to_japan = np.flatnonzero(mine & (routes["destination"] == "JPN") & (kinds != "leak"))[0]
    to_america = np.flatnonzero(mine & (routes["destination"] == "USA") & (kinds != "leak"))[0]
    landed = e.answer.landed_price[0]
    assert np.nanmax(e.answer.wedge) > 0.2 * landed[to_japan]
    assert landed[to_america] > landed[to_japan] + 0.9 * np.nanmax(e.answer.wedge)
    assert e.history.route_restricted[0, to_japan] == 0.0 and e.history.route_restricted[0, to_america] == 1.0


def test_members_of_a_treaty_are_exempt_from_its_measures():
    """A floor laid by a treaty holds towards outsiders only, by who is a member in the run."""
    e = engine(2)
    (number,) = e.add_measures([order("price_floor", actor="USA", price_usd_per_t=5e6)], treaty=0)
    e.open_treaties(1)
    e.switch(number, 1.0)
    countries = list(e.world.countries)
    e.history.treaty_member[0, [countries.index("USA"), countries.index("CHN")]] = 1.0
    e.step()
    routes = e.world.routes
    mine = (
        (routes["destination"] == "USA") & (routes["good"] == "gallium_refined") & (routes["origin"] == "CHN")
    )
    assert (e.terms.route_floor[0, mine] == 0.0).all() and (e.terms.route_floor[1, mine] > 0.0).any()


def test_a_fork_keeps_what_is_switched():
    """A copy goes on as the first does, and apart from it."""
    e = engine()
    (number,) = e.add_measures([order("export_licence", rate=0.3)])
    e.switch(number, 1.0)
    e.step()
    other = e.fork()
    np.testing.assert_array_equal(prices(e, 2), prices(other, 2))
    other.switch(number, 0.0)
    assert e.history.measure_force[0, number] == 1.0


def test_the_tiny_world_takes_orders_too():
    """What a shipped scenario leaves unsaid, an order can add."""
    e = Engine(load_scenario("tiny"), 1, 1, decide=DECISIONS)
    good = e.world.goods["name"].iloc[0]
    (number,) = e.add_measures([order("export_ban", good=good, actor=str(e.world.nodes["country"].iloc[0]))])
    e.switch(number, 1.0)
    e.step()
    assert (e.terms.quota_t == 0.0).any()
