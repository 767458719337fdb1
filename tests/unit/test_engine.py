"""The engine: same luck same run, whatever the batch; forks; books that close; by-products under a ban."""

import numpy as np
import pytest

from agents import DECISIONS
from experiments.scenario_file import load_scenario
from model.engine import Engine
from model.error import ClearingError, OreblocError
from model.layout import PLANT_KINDS
from model.phase.contract import see_floors
from model.schema import BY_NAME, COLUMNS, ROW_KINDS
from model.tiny import tiny_scenario, tiny_world

NEW, RECYCLER = PLANT_KINDS.index("new"), PLANT_KINDS.index("recycler")
_TAX = {
    "type": "export_tax",
    "actor": "AUS",
    "quarter": "2025Q3",
    "fields": {"good": "lithium_concentrate", "rate": 0.15},
}
_FLOOR = {"type": "price_floor", "actor": "AUS", "quarter": "2026Q1",
          "fields": {"good": "lithium_refined", "price_usd_per_t": 70_000.0}}  # fmt: skip
_QUOTA = {"type": "export_quota", "actor": "CHN", "quarter": "2026Q1",
          "fields": {"good": "lithium_refined", "quantity_t": 6_000.0, "period": "quarter"}}  # fmt: skip
_TARIFF = {"type": "import_tariff", "actor": "CHN", "quarter": "2025Q1",
           "fields": {"good": "lithium_concentrate", "rate": 0.1}}  # fmt: skip
_SUPPORT = {"type": "price_support", "actor": "AUS", "quarter": "2025Q2",
            "fields": {"good": "lithium_concentrate", "strike_usd_per_t": 40_000.0}}  # fmt: skip
_BAN = {"type": "export_ban", "actor": "OTH", "quarter": "2026Q1", "end": "2026Q4",
        "fields": {"good": "lithium_concentrate"}}  # fmt: skip
MEASURES = (_TAX, _QUOTA, _TARIFF)


def engine(*measures, runs=1, first_run=0, **changes):
    """Return an engine of the tiny world under measures."""
    scenario = tiny_scenario(*measures, **changes)
    return Engine(scenario, runs, first_run=first_run, world=tiny_world(scenario), decide=DECISIONS)


def state(e):
    """Return everything a run is, as arrays [runs, rows] by name."""
    arrays = {f"column {name}": array for name, array in e.columns._asdict().items()}
    arrays |= {f"answer {name}": array for name, array in e.answer._asdict().items()}
    return arrays | {f"history {name}": array for name, array in e.history._asdict().items()}


def assert_same(one, other):
    """Assert that two states are equal bit for bit."""
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)


def test_every_column_is_declared_with_unit_rows_and_meaning():
    """The schema declares each column once and for a known kind of row."""
    assert len(BY_NAME) == len(COLUMNS)
    assert all(column.rows in ROW_KINDS and column.unit and column.what for column in COLUMNS)


def test_same_seed_same_run_bit_for_bit():
    """I45: two engines on one scenario and seed agree in every bit; another seed differs."""
    one, other = engine(*MEASURES).run(), engine(*MEASURES).run()
    assert_same(state(one), state(other))
    assert np.any(engine(*MEASURES, seed=8).run().columns.node_price != one.columns.node_price)


def test_a_run_does_not_depend_on_its_batch():
    """Run 5 of 8 equals run 5 alone, bit for bit."""
    batch, alone = engine(*MEASURES, runs=8).run(), engine(*MEASURES, first_run=5).run()
    assert_same({name: array[5:6] for name, array in state(batch).items()}, state(alone))


def test_a_fork_continues_as_the_original_would():
    """Forked after seven quarters, both go on to the same end and neither touches the other."""
    original = engine(*MEASURES)
    for _ in range(7):
        original.step()
    twin = original.fork()
    kept = {name: array.copy() for name, array in state(twin).items()}
    original.run()
    assert_same(kept, state(twin))
    assert_same(state(original), state(twin.run()))


@pytest.mark.parametrize("measures", [(), MEASURES, (_FLOOR, _TAX), (_SUPPORT, _BAN), (_QUOTA, _FLOOR)])
def test_money_and_tonnes_close_every_quarter(measures):
    """All balances add up to nothing within 1e-12 of turnover, transit is empty, no tonne is lost."""
    e = engine(*measures)
    while not e.is_done:
        e.step()
        turnover = e.columns.turnover_usd[0, 0]
        assert abs(e.columns.money_residual_usd[0, 0]) <= 1e-12 * turnover
        assert abs(e.columns.balance_usd[0, e.layout.transit_account]) <= 1e-12 * turnover * (
            e.step_number + 1
        )
        shipped = np.maximum(e.columns.good_shipped_t, 1.0)
        assert np.all(np.abs(e.columns.good_residual_t) <= 1e-9 * shipped)
        assert np.all(np.abs(e.columns.good_use_residual_t) <= 1e-9 * shipped)


def test_users_pay_landed_prices():
    """What a country's buyers paid is flow times landed price, and treasuries got what the rates say."""
    e = engine(_TAX, _TARIFF)
    for _ in range(6):
        e.step()
    paid = np.bincount(e.layout.route_destination, e.answer.flow_t[0] * e.answer.landed_price[0], 3)
    np.testing.assert_allclose(e.columns.country_spending_usd[0], paid, rtol=1e-12)
    node = e.network.route_node
    sold = e.answer.flow_t[0] * e.answer.price[0][node]
    taxed = (e.layout.route_origin == 0) & (e.layout.route_destination != 0) & (e.layout.node_good[node] == 0)
    assert e.columns.country_export_tax_usd[0, 0] == pytest.approx(0.15 * sold[taxed].sum())


def test_rents_of_a_quota_go_to_the_firms():
    """The wedge times the flow under the quota is booked as rent of the restricting country's firms."""
    e = engine(_QUOTA).run()
    under = e.network.route_quota_start[1:] > e.network.route_quota_start[:-1]
    rent = e.answer.wedge[0, 0] * e.answer.flow_t[0][under].sum()
    assert rent > 0.0
    assert e.columns.firm_rent_usd[0].sum() == pytest.approx(rent)


def test_by_products_without_a_buyer_go_to_stock():
    """A by-product mine without open routes produces on, into stock while that has room, and sells later."""
    e = engine(_BAN)
    stock = []
    for _ in range(16):
        e.step()
        stock.append(float(e.columns.node_stock_t[0, 2]))
    assert stock[3] == 0.0
    assert np.all(np.diff(stock[3:7]) > 3_000.0) and stock[7] > stock[6]
    assert stock[-1] < 0.5 * stock[7]


def test_by_products_under_a_partial_ban_go_to_stock():
    """With the larger market closed the by-product is made on; what the other buyer does not take is stored."""
    partial = {**_BAN, "fields": {"good": "lithium_concentrate", "target": ["CHN"]}}
    e = engine(partial)
    for _ in range(6):
        e.step()
    made, usual = e.answer.output_t[0][[6, 7, 8]].sum(), 4_000.0
    assert made > usual
    assert e.answer.stored_t[0, 2] > 0.2 * made
    assert e.columns.node_stock_t[0, 2] > e.answer.stored_t[0, 2]


def test_a_floor_raises_the_value_that_exempt_producers_count_on_and_closed_routes_assure_none():
    """Behind a floor on imports home refiners are assured its price; with their route home closed they are not."""
    e = engine(_FLOOR)
    for _ in range(5):
        e.step()
    home = e.layout.site_node[np.flatnonzero(e.columns.site_floor[0] > 0.0)]
    assert {e.world.nodes["country"][i] for i in home} == {"AUS"}
    assert e.columns.site_floor[0].max() == pytest.approx(70_000.0, rel=0.05)
    at_home = np.isin(e.network.route_node, home) & (
        e.layout.route_destination == e.layout.node_country[home[0]]
    )
    e.terms.route_weight[0, at_home] = 0.0
    see_floors(e.network, e.layout, e.columns, e.terms)
    assert np.all(e.columns.site_floor[0] == 0.0)


def test_recyclers_absent_from_the_base_year_are_no_supply_shock():
    """Recycled tonnes of each good move by less than a tenth from the first quarter to the second."""
    goods = ["nickel", "cobalt", "tungsten", "antimony", "lithium"]
    e = Engine(load_scenario("no_measures").with_changes({"goods": goods}), 1, decide=DECISIONS)
    recyclers = e.world.plants["kind"] == "recycler"
    recycled = []
    for _ in range(2):
        e.step()
        made = e.world.plants.assign(made=e.answer.output_t[0])[recyclers]
        recycled.append(made.groupby("good")["made"].sum().to_numpy())
    assert np.all(recycled[0] > 0.0)
    assert np.abs(recycled[1] / recycled[0] - 1.0).max() < 0.1


def test_announced_projects_keep_their_lead_time():
    """No capacity of a project is there before its stated start; then it comes step by step."""
    plain, without = engine(), engine()
    without.columns.project_arrival[:] = np.inf
    plant, start = plain.layout.project_plant[0], int(plain.layout.project_start[0])
    assert start == 4 and plain.columns.project_arrival[0, 0] >= start
    plain.columns.project_arrival[:] = start
    added = []
    for _ in range(14):
        plain.step()
        without.step()
        before = without.columns.plant_installed_t[0, plant]
        added.append(float(plain.columns.plant_installed_t[0, plant] - before))
    assert added[: start - 1] == pytest.approx([0.0] * (start - 1))
    step = 1_000.0 / plain.scenario.parameters["ramp_quarters"]
    assert added[start - 1] == pytest.approx(step)
    assert added[start + 1] == pytest.approx(3.0 * step)


def test_stepping_past_the_end_is_refused():
    """After the last quarter the engine says so."""
    e = engine(end="2025Q2").run()
    assert e.quarter_label == "2025Q2"
    with pytest.raises(OreblocError, match="ends in 2025Q2"):
        e.step()


def test_a_missed_clearing_names_quarter_market_and_violation():
    """A miss raises with quarter, goods, run and violation, or is kept as a status when asked to go on."""
    e = engine()
    clear = e.clearer.clear

    def miss(terms, answer, warm=True):
        clear(terms, answer, warm=warm)
        answer.status[:] = 1
        answer.violation[:] = 0.25

    e.clearer.clear = miss
    with pytest.raises(ClearingError, match=r"lithium_concentrate, lithium_refined .* 2025Q1, run 0.* 0.25"):
        e.step()
    e = engine()
    e.go_on, e.clearer.clear = True, miss
    e.step()
    assert e.columns.missed_ever[0, 0] == 1.0


def test_capacity_follows_growing_demand():
    """Over five years of growth capacity is added, nothing explodes, and prices stay within a factor of four."""
    e = engine(runs=4).run()
    assert np.all(e.columns.node_capacity_t[:, 0] > 1.2 * e.layout.node_base_t[0])
    ratio = e.columns.node_price / e.layout.node_base_price
    assert np.all((ratio > 0.4) & (ratio < 4.0))


def test_sustained_losses_end_in_mothballing_and_exit():
    """With demand cut to a third, plants are mothballed, and after years some close for good."""
    crash = {
        "kind": "demand",
        "good": "lithium_refined",
        "country": "WORLD",
        "factor": 0.3,
        "start": "2025Q2",
    }
    e, kept = engine(shocks=[crash]), engine(shocks=[crash], parameters={"exit_share": 0.0})
    used = ~np.isin(e.layout.plant_kind, (NEW, RECYCLER))
    before = e.columns.plant_installed_t[0, used].copy()
    for _ in range(9):
        e.step()
    assert e.columns.plant_idle_t[0, used].sum() > 0.0
    np.testing.assert_array_equal(e.columns.plant_installed_t[0, used], before)
    closed = before - e.run().columns.plant_installed_t[0, used]
    assert np.all(closed >= 0.0) and closed.sum() > 0.01 * before.sum()
    assert np.all(e.columns.plant_idle_t <= e.columns.plant_installed_t + 1e-9)
    np.testing.assert_array_equal(kept.run().columns.plant_installed_t[0, used], before)


def test_a_measure_shifts_no_luck_elsewhere():
    """An export ban on one good, and the smuggler it brings, changes no bit of a market it is not linked to."""
    from base_scenario import scenario

    ban = {
        "type": "export_ban",
        "actor": "COD",
        "quarter": "2025Q2",
        "fields": {"good": "cobalt_concentrate"},
    }
    found = []
    for measures in ([], [ban]):
        engine = Engine(scenario(goods=["cobalt", "nickel"], measures=measures), 1, decide=DECISIONS)
        for _ in range(8):
            engine.step()
        nickel = engine.world.nodes["good"].str.startswith("nickel").to_numpy()
        found.append((len(nickel), engine.answer.price[0][nickel].tobytes()))
    assert found[0][0] < found[1][0]
    assert found[0][1] == found[1][1]


def test_a_world_of_fewer_quarters_is_refused():
    """Its arrays would end before the run does."""
    short, long = tiny_scenario(end="2026Q4"), tiny_scenario(end="2027Q4")
    with pytest.raises(OreblocError, match="The world covers 2025Q1 to 2026Q4; it must cover the scenario"):
        Engine(long, world=tiny_world(short))
    assert Engine(short, world=tiny_world(long)).scenario.end == "2026Q4"
