"""The calibrated world returns the balanced table exactly."""

import functools
from collections.abc import Callable

import numpy as np
import pytest
from base_scenario import LICENCES, scenario

from model.calibration import base_answer, base_terms, calibrate, residual
from model.calibration.tranche import implied_elasticity, tranches
from model.engine import Engine
from model.market.clearing import Clearer, allocate_answer, allocate_terms
from model.name import EU_MEMBERS
from model.network import Network
from model.world import World


@functools.cache
def world() -> World:
    return calibrate(scenario(measures=LICENCES))


@pytest.mark.parametrize(
    "changes",
    [
        {"measures": LICENCES},
        {"base_year": 2009, "goods": ["rare_earths", "permanent_magnets"]},
        {"goods": ["rare_earths", "permanent_magnets"], "rare_earths": "single"},
        {"goods": ["cobalt", "baryte"], "eu_members": True},
        {"goods": ["cobalt", "nickel"], "countries": ["CHN", "COD", "USA", "EU27"]},
    ],
)
def test_base_prices_are_an_equilibrium(changes: dict) -> None:
    """At base prices supply equals shipments at every node, and flows and price indices are the table's."""
    calibrated = calibrate(scenario(**changes))
    found = residual(calibrated)
    assert np.abs(found["balance"]).max() < 1e-12
    assert found["price_index"] == pytest.approx(calibrated.buyers["price_usd_per_t"].to_numpy(), rel=1e-12)
    total = calibrated.routes.groupby("good")["flow_t"].transform("sum").to_numpy()
    assert (np.abs(found["flow_t"] - calibrated.routes["flow_t"].to_numpy()) / total).max() < 1e-12


@functools.cache
def three_goods() -> World:
    return calibrate(scenario(measures=LICENCES, goods=["gallium", "antimony", "cobalt"]))


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("carried", [three_goods, world])
def test_clearing_returns_the_base_year(carried: Callable[[], World], warm: bool) -> None:
    """The solver returns production, prices, wedges and routes to 1e-8, from base prices or from nothing."""
    calibrated = carried()
    terms, answer = allocate_terms(calibrated.network, 1), allocate_answer(calibrated.network, 1)
    for name, row in base_terms(calibrated).items():
        getattr(terms, name)[0] = row
    if warm:
        for name, row in base_answer(calibrated).items():
            getattr(answer, name)[0] = row
    Clearer(calibrated.network).clear(terms, answer, warm=warm)
    assert (answer.status == 0).all() and answer.violation.max() <= 1e-9
    sells = calibrated.nodes["capacity_t"].to_numpy() > 0.0
    assert answer.price[0][sells] == pytest.approx(
        calibrated.nodes["price_usd_per_t"].to_numpy()[sells], rel=1e-8
    )
    assert answer.wedge[0] == pytest.approx(
        calibrated.checks["base_measures"]["wedge_usd_per_t"].to_numpy(), rel=1e-7
    )
    total = calibrated.routes.groupby("good")["flow_t"].transform("sum").to_numpy()
    assert (np.abs(answer.flow_t[0] - calibrated.routes["flow_t"].to_numpy()) / total).max() < 1e-8
    base = calibrated.plants["capacity_t"] * calibrated.plants["utilisation"]
    assert answer.output_t[0] == pytest.approx(base.to_numpy(), rel=1e-7, abs=1e-9 * base.sum())


def test_conversion_margins_are_positive() -> None:
    """Every recipe with base output earns more than its inputs cost."""
    recipes = world().recipes
    assert (recipes.loc[recipes["kind"] != "leak", "margin_usd_per_t"] > 0.0).all()


def test_costs_are_not_negative_and_little_is_offered_at_price_zero() -> None:
    """Costs are 0 or more; at price zero less than 2 % of capacity is offered, by-products and smugglers aside.

    Smugglers' costs are written each quarter, by what is at stake.
    """
    plants = world().plants
    assert (plants["cost_usd_per_t"] >= 0.0).all()
    plants = plants[plants["kind"] != "leak"]
    assert (plants["cost_usd_per_t"] >= 0.0).all() and (plants["spread_usd_per_t"] > 0.0).all()
    offered = 1.0 / (1.0 + np.exp(plants["cost_usd_per_t"] / plants["spread_usd_per_t"]))
    assert offered[~plants["by_product"]].max() < 0.02


def test_implied_elasticities_meet_the_data() -> None:
    """Implied supply elasticity is within a tenth of the data's, or the check table shows the difference."""
    checks = world().checks["elasticities"]
    close = np.abs(checks["implied_elasticity"] / checks["sourced_elasticity"] - 1.0) < 0.1
    assert close.mean() > 0.95


def test_tranches_meet_output_elasticity_and_utilisation() -> None:
    """Three tranches give output exactly, and elasticity and utilisation where they can be met."""
    parts = tranches(100.0, 50.0, 50.0, 0.3, 0.85, 0.6, 1.4)
    assert sum(t.capacity_t * t.utilisation for t in parts) == pytest.approx(100.0, rel=1e-14)
    assert sum(t.capacity_t for t in parts) == pytest.approx(100.0 / 0.85)
    assert implied_elasticity(parts, 50.0) == pytest.approx(0.3)


def test_rows_are_in_the_order_the_solver_expects() -> None:
    """Nodes, buyers and recipes are sorted by component, routes by buyer, plants by recipe."""
    network: Network = world().network
    goods = world().goods.set_index("market")["component"]
    for market in (network.node_market, network.buyer_market):
        assert (np.diff(goods.loc[market].to_numpy()) >= 0).all()
    assert (np.diff(network.route_buyer) >= 0).all()
    assert (np.diff(world().plants["recipe"]) >= 0).all()
    assert network.component_node_start[-1] == len(world().nodes)
    assert network.component_recipe_start[-1] == len(world().recipes)
    assert network.plant_start[-1] == len(world().plants)


def test_only_joint_products_may_be_thrown_away() -> None:
    """Disposal is for sellers of a rare-earth mine's joint outputs."""
    nodes = world().nodes
    assert set(nodes.loc[nodes["disposal"], "good"]) == {
        "lace_concentrate",
        "ndpr_concentrate",
        "dytb_concentrate",
    }


def test_a_new_supplier_has_the_mean_preference() -> None:
    """A country without capacity has alpha, the buyer's mean per tonne of capacity, and preference 0."""
    calibrated = world()
    routes = calibrated.routes
    capacity = calibrated.nodes["capacity_t"].to_numpy()[routes["node"]]
    new = routes[capacity == 0.0]
    assert (new["alpha"] > 0.0).all() and (new["preference"] == 0.0).all()


def test_firms_split_a_country_completely() -> None:
    """Plants of a country add up to its output, and every plant has an owner of the firm table."""
    calibrated = world()
    output = (
        (calibrated.plants["capacity_t"] * calibrated.plants["utilisation"])
        .groupby(calibrated.plants["recipe"])
        .sum()
    )
    assert output.to_numpy() == pytest.approx(calibrated.recipes["output_t"].to_numpy(), abs=1e-9)
    assert calibrated.plants["firm"].between(0, len(calibrated.firms) - 1).all()
    assert set(calibrated.firms["role"]) == {"miner", "refiner"}


def test_projects_have_a_plant_to_grow() -> None:
    """Every project names the new plant of its firm, country and good that its capacity goes to."""
    calibrated = world()
    plants = calibrated.plants.loc[calibrated.projects["plant"]]
    assert (plants["kind"] == "new").all()
    assert (plants["firm_name"].to_numpy() == calibrated.projects["firm"].to_numpy()).all()
    assert {"MP 10X", "Iluka Eneabba NdPr"} <= set(calibrated.projects["name"])


def test_restricting_countries_have_a_leak() -> None:
    """Each good under a base-year restriction has a leak seller that reaches foreign buyers only."""
    calibrated = world()
    leaks = calibrated.nodes[calibrated.nodes["kind"] == "leak"]
    assert {"gallium_refined", "germanium_refined", "antimony_refined"} <= set(leaks["good"])
    routes = calibrated.routes[calibrated.routes["kind"] == "leak"]
    assert (routes["origin"] != routes["destination"]).all()


def test_by_products_are_bounded_by_their_host() -> None:
    """By-product plants name host and limit; the limit is above base output."""
    plants = world().plants
    bound = plants[plants["by_product"]]
    assert (bound["host"] != "").all() and np.isfinite(bound["host_limit_t"]).all()
    output = (bound["capacity_t"] * bound["utilisation"]).groupby(bound["recipe"]).sum()
    assert (output <= bound.groupby("recipe")["host_limit_t"].first() + 1e-9).all()


def test_stocks_the_scenario_states_win_over_the_data() -> None:
    """A stated state stock is the world's, the run's at its start, and what the state can release."""
    stocks = [
        {"good": "gallium", "country": "JPN", "holder": "state", "quantity_t": 7.5},
        {"good": "gallium", "country": "EU27", "holder": "state", "quantity_t": 2.0},
        {"good": "gallium", "country": "USA", "holder": "state", "quantity_t": 0.0},
        {"good": "gallium", "country": "KOR", "quantity_t": 11.0},
    ]
    order = {"type": "stock_order", "actor": "JPN", "quarter": "2025Q1",
             "fields": {"good": "gallium", "move": "release", "quantity_t": 100}}  # fmt: skip
    made = scenario(goods=["gallium"], base={"stocks": stocks}, measures=[order])
    world = calibrate(made)
    held = world.buyers.set_index("country")["state_stock_t"]
    assert (held["JPN"], held["EU27"], held["USA"]) == (7.5, 2.0, 0.0)
    assert world.buyers.set_index("country")["stock_t"]["KOR"] == 11.0
    engine = Engine(made, world=world)
    japan = int(np.flatnonzero(world.buyers["country"] == "JPN")[0])
    assert engine.history.state_stock_t[0].tolist() == world.buyers["state_stock_t"].tolist()
    assert engine.columns.buyer_reserve_t[0, japan] == 7.5
    engine.step()
    assert engine.terms.buyer_release_t[0, japan] == 7.5
    left = 7.5 - engine.answer.release_t[0, japan]
    assert engine.columns.buyer_reserve_t[0, japan] == pytest.approx(left) and left < 1.0


def test_a_stock_of_a_region_is_spread_over_its_members() -> None:
    """Where EU members stand apart a stock of EU27 is theirs together."""
    stocks = [{"good": "gallium", "country": "EU27", "holder": "state", "quantity_t": 2.0}]
    world = calibrate(scenario(goods=["gallium"], base={"stocks": stocks}, eu_members=True))
    members = world.buyers[world.buyers["country"].isin(EU_MEMBERS)]
    assert members["state_stock_t"].sum() == pytest.approx(2.0)
    assert (members["state_stock_t"] > 0.0).sum() > 1


def test_a_stock_that_nobody_could_hold_is_told() -> None:
    """A stock of a country without a buyer, and one of a good that is not carried, are in the assumptions."""
    stocks = [{"good": good, "country": "PER", "quantity_t": 3.0} for good in ("gallium", "cobalt")]
    world = calibrate(scenario(goods=["gallium"], base={"stocks": stocks}))
    told = world.assumptions[world.assumptions["step"] == "notice"]["what"].tolist()
    assert "the stock of buyers of PER in gallium_refined is left out: nobody there buys it" in told
    assert "the stock of buyers of PER in cobalt_refined is left out: the good is not in the scenario" in told
