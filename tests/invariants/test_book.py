"""Invariants of every quarter: balances, signs, joint products, prices apart by freight alone."""

import numpy as np
import pytest
from base_scenario import scenario
from mechanism import CALM, METAL, Story, measure, shock, whole
from random_world import FIRST, START, free, random_measures, random_restrictions, random_world

from agents import DECISIONS
from model.engine import Engine

EACH = pytest.mark.parametrize("seed", range(8))
WIDE = pytest.mark.parametrize("seed", range(12))


def under(seed):
    """Return a random world under random measures of all sides."""
    return random_world(seed, *random_measures(seed))


@EACH
def test_i31_outsiders_never_pay_less_than_members(seed):
    """I31: what tariff, defence and floor add to a member's tonne is nothing, and never negative to an outsider's."""
    draw = np.random.default_rng(seed)
    spared = {"exempt": ["AUS"]}
    story = random_world(
        seed,
        measure("import_tariff", "OTH", METAL, START, rate=float(draw.uniform(0.05, 0.5)), **spared),
        measure("trade_defence", "OTH", METAL, "2026Q1", target=["CHN"], normal_usd_per_t=2e5),
        measure("price_floor", "OTH", METAL, START, price_usd_per_t=float(draw.uniform(4e4, 9e4)), **spared),
    )  # fmt: skip
    added = {}
    for code in ("AUS", "CHN"):
        r = story.route(METAL, code, "OTH")
        border = story["price"][:, story.node(METAL, code)] + story["route_freight"][:, r]
        added[code] = (story["landed_price"][:, r] - border)[FIRST:]
    np.testing.assert_allclose(added["AUS"], 0.0, atol=1e-6)
    assert np.all(added["CHN"] > 1.0)


@EACH
def test_i33_the_error_never_grows_with_who_shares(seed):
    """I33: with none, one and two partners the error's factor falls."""
    partners = [[], ["AUS"], ["AUS", "OTH"]]
    factors = []
    for who in partners:
        orders = [measure("information_sharing", "CHN", METAL, START, partner=who)] if who else []
        story = random_world(seed, *orders)
        layout = story.engine.layout
        factors.append(
            story["site_error_factor"][FIRST, (layout.site_country == 1) & (layout.site_good == 1)]
        )
    assert np.all(factors[0] == 1.0) and np.all(factors[0] > factors[1]) and np.all(factors[1] > factors[2])


@WIDE
def test_i39_no_tonne_is_lost(seed):
    """I39: made and sold from stock is shipped, stored or disposed of; bought and drawn is used or stored."""
    story = under(seed)
    scale = np.maximum(story["good_shipped_t"], 1.0)
    assert np.all(np.abs(story["good_residual_t"]) <= 1e-9 * scale)
    assert np.all(np.abs(story["good_use_residual_t"]) <= 1e-9 * scale)
    assert story["good_shipped_t"].min() > 1.0


@WIDE
def test_i40_no_dollar_is_lost(seed):
    """I40: balances of all accounts add up to nothing, and what is not on its way rests nowhere."""
    story = under(seed)
    turnover = story["turnover_usd"][:, 0]
    assert turnover.min() > 1.0
    assert np.all(np.abs(story["money_residual_usd"][:, 0]) <= 1e-12 * np.cumsum(turnover))
    transit = story["balance_usd"][:, story.engine.layout.transit_account]
    assert np.all(np.abs(transit) <= 1e-12 * np.cumsum(turnover))


@WIDE
def test_i41_nothing_is_negative(seed):
    """I41: no price, flow, output, stock, capacity or wedge is below nothing, in any quarter."""
    story = under(seed)
    for name in ("flow_t", "output_t", "use_t", "purchases_t", "stored_t", "release_t", "draw_t", "restock_t",
                 "disposed_t", "buyer_stock_t", "buyer_reserve_t", "node_stock_t", "plant_installed_t",
                 "plant_idle_t", "site_pipeline_t"):  # fmt: skip
        assert story[name].min() >= 0.0, name
    for name in ("price", "landed_price", "wedge"):
        seen = story[name][np.isfinite(story[name])]
        assert seen.size == 0 or seen.min() >= -1e-9, name


@pytest.mark.parametrize("cut", [0.3, 0.7, 1.0])
def test_i42_joint_products_come_in_fixed_proportion(cut):
    """I42: what a mine makes of each element is its rate times its output, whatever is restricted."""
    orders = [measure("export_licence", "CHN", "ndpr_refined", "2025Q2", rate=cut)]
    story = whole("rare_earths", orders, quarters=8)
    network, t = story.engine.network, 6
    made = np.zeros(network.node_market.size)
    joint = 0
    for m in range(network.plant_start.size - 1):
        output = story["output_t"][t, network.plant_start[m] : network.plant_start[m + 1]].sum()
        outputs = range(network.recipe_output_start[m], network.recipe_output_start[m + 1])
        joint += len(outputs) > 1 and output > 0.0
        for o in outputs:
            made[network.output_node[o]] += network.output_per_unit[o] * output
    left = np.bincount(network.route_node, story["flow_t"][t], made.size)
    left += story["stored_t"][t] - story["sold_from_stock_t"][t] + story["disposed_t"][t]
    np.testing.assert_allclose(left, made, atol=1e-8 * made.max())
    assert joint >= 5


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_i42_by_products_stay_within_their_host(factor):
    """I42: capacity bound to a host metal never passes what the host allows, even in a boom that lasts."""
    boom = shock("demand", "gallium", "WORLD", factor, "2025Q2")
    made = scenario(goods=["gallium"], shocks=[boom], parameters=CALM)
    story = Story(Engine(made, 1, decide=DECISIONS))
    layout = story.engine.layout
    bound = 0
    for s in range(layout.site_firm.size):
        plants = layout.site_plants[layout.site_plant_start[s] : layout.site_plant_start[s + 1]]
        limit = story["site_room_t"][:, s]
        if np.isfinite(limit).all():
            ours = plants[layout.plant_by_product[plants]]
            assert np.all(story["plant_installed_t"][:, ours].sum(axis=1) <= limit * (1.0 + 1e-9))
            bound += 1
    assert bound > 0


@WIDE
def test_i43_without_measures_prices_differ_by_freight_alone(seed):
    """I43: on every route, in every quarter, landed price less producer price is the base year's freight."""
    story = free(seed)
    node = story.engine.network.route_node
    gap = story["landed_price"] - story["price"][:, node]
    known = np.isfinite(gap)
    assert known.mean() > 0.9
    freight = np.broadcast_to(story.engine.layout.route_freight, gap.shape)
    np.testing.assert_allclose(gap[known], freight[known], atol=1e-6)


def test_i43_fails_where_somebody_restricts():
    """The same gap is not freight where a country restricts: the theorem is about no measures."""
    story = random_world(3, *random_restrictions(3, "CHN"))
    gap = story["landed_price"] - story["price"][:, story.engine.network.route_node]
    gap = gap - story.engine.layout.route_freight
    assert np.nanmax(np.abs(gap[FIRST:])) > 10.0
