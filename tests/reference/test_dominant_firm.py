"""The exporter that chooses by clearing meets the textbook: dominant firm, optimal tax, equivalence, leader.

One good, one buyer, a nearly sharp choice; the exporter decides as in any run, on a continuous instrument. The answers
it is held to are worked out here from demand and cost curves alone.
"""

import math

import numpy as np
import pytest
from export_world import PRICE, Market, engine
from scipy.optimize import brentq, minimize_scalar

SHARP = {"behaviour": "exporter", "modes": ["milk"], "refine": 30}


def played(market, seat=SHARP, **parameters):
    """Return the engine after the first quarter."""
    e = engine(market, seat=seat, **parameters)
    e.step()
    return e


def outcome(e):
    """Return the buyer's price, the exporter's price at home, its sales, the fringe's sales."""
    flows = e.answer.flow_t[0]
    fringe = float(flows[1]) if flows.size > 1 else 0.0
    return float(e.answer.price_index[0, 0]), float(e.answer.price[0, 0]), float(flows[0]), fringe


def demand(e, market, price, growth=1.0):
    """Return demand at a price, from the quarter's own demand at the reference price."""
    return e.terms.demand_t[0, 0] * growth * (price / PRICE) ** -market.elasticity


def fringe(market, price):
    """Return what the fringe offers at a price."""
    return min(max((price - market.fringe_cost) / market.fringe_slope, 0.0), market.fringe_capacity_t)


def best_price(profit, low, high):
    """Return the price of most profit: the best of a fine grid, then between its neighbours."""
    grid = np.linspace(low, high, 4001)
    best = int(np.argmax([profit(p) for p in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = minimize_scalar(lambda p: -profit(p), bounds=ends, method="bounded", options={"xatol": 1e-6})
    return float(found.x)


MARKETS = {
    "steep fringe": Market(),
    "flat fringe": Market(fringe_slope=6.0, fringe_cost=350.0),
    "dear exporter": Market(cost=600.0, fringe_cost=500.0, fringe_slope=30.0, elasticity=1.6),
    "inelastic demand": Market(elasticity=0.9, fringe_slope=8.0),
}


@pytest.mark.parametrize("market", MARKETS.values(), ids=list(MARKETS))
def test_dominant_firm_with_competitive_fringe(market):
    """Price of most profit on residual demand `D(p) - S(p)`, within 1 %; its mark-up is one over its elasticity."""
    e = played(market)
    price, _, sold, outside = outcome(e)
    best = best_price(
        lambda p: (p - market.cost) * (demand(e, market, p) - fringe(market, p)), market.cost, 5000.0
    )
    assert price == pytest.approx(best, rel=0.01)
    share = sold / (sold + outside)
    supply = price / (price - market.fringe_cost)
    residual = (market.elasticity + (1.0 - share) * supply) / share
    assert (price - market.cost) / price == pytest.approx(1.0 / residual, rel=0.02)


ALONE = [
    Market(elasticity=e, fringe_capacity_t=0.0, capacity_t=2e4, slope=s)
    for e in (1.5, 2.0, 4.0)
    for s in (1e-3, 2.0)
]


@pytest.mark.parametrize("market", ALONE, ids=lambda m: f"elasticity {m.elasticity}, slope {m.slope}")
def test_optimal_export_tax_is_one_over_the_elasticity(market):
    """A country of many producers that sells all abroad taxes `t / (1 + t) = 1 / elasticity` of the price outside."""
    price, home, _, _ = outcome(played(market))
    assert (price - home) / price == pytest.approx(1.0 / market.elasticity, rel=0.01)


@pytest.mark.parametrize("tool", ["export_quota", "export_licence"])
@pytest.mark.parametrize("market", [Market(), Market(slope=1.0)], ids=["flat cost", "rising cost"])
def test_quota_tax_and_licence_come_to_the_same(market, tool):
    """The same wedge, tonnes and rent, whichever instrument the exporter has."""
    taxed = played(market)
    capped = played(market, {**SHARP, "milk_with": tool})
    np.testing.assert_allclose(outcome(capped), outcome(taxed), rtol=0.01)
    rent = float(np.nansum(capped.answer.wedge[0]) * outcome(capped)[2])
    revenue = float(taxed.columns.country_export_tax_usd.sum())
    assert revenue > 0.0
    assert rent == pytest.approx(revenue, rel=0.01)
    assert float(capped.columns.country_export_tax_usd.sum()) == 0.0


def entrants(market, price, quarters, e):
    """Return capacity that outsiders put up by then at a price: present value over cost times the hurdle."""
    p = e.scenario.parameters
    discount, variance = p["discount_private"], p["opening_volatility"] ** 2
    root = math.sqrt(0.25 + 2.0 * discount / variance)
    b = 0.5 + root
    multiple = min(max(b / (b - 1.0), 1.0), 4.0) if b > 4.0 / 3.0 else 4.0
    asked = 1.0 + p["hurdle_weight"] * (multiple - 1.0)
    lead, permit = p["lead_refined_gallium"], p["permit_quarters_refined"]
    years = (1.0 - (1.0 + discount) ** -p["plant_life_years"]) / discount
    wait = (lead + permit + 0.5 * p["ramp_quarters"]) / 4.0
    worth = 4.0 * p["operating_share"] * (price - market.entrant_cost) * years * (1.0 + discount) ** -wait
    index = min(max(worth, 0.0) / (4.0 * market.capex * asked), 10.0)
    size = max(market.fringe_capacity_t * e.layout.outlook[0, 0], p["entry_share"] * e.layout.site_unit_t[-1])
    started = size * min(p["invest_most"], p["invest_speed"] * max(index - 1.0, 0.0))
    assert 4.0 * wait <= quarters <= 8.0 * wait  # what is built on comes too late to be built upon
    return started * (quarters - 4.0 * wait)


@pytest.mark.parametrize("capex, speed", [(1000.0, 0.2), (1500.0, 0.2), (1000.0, 0.02), (500.0, 0.02)])
def test_leader_foresees_the_fringe(capex, speed):
    """A leader that counts only what follows entry sets the price of most profit on demand less entrants' supply.

    Where entrants build fast that is the price that keeps them out, where they build slowly some are let in.
    """
    market = Market(capex=capex, fringe_cost=200.0, fringe_slope=1e-3, fringe_capacity_t=15.0, elasticity=1.5)
    ahead = 24.0
    quick = {"exporter_horizon": 1.0, "exporter_foresight_quarters": ahead, "invest_most": 0.5}
    # A price held is believed at once, and answered in full.
    quick |= {"expectation_speed": 1.0, "pipeline_most": 3.0, "foresight_weight": 0.0, "invest_speed": speed}
    e = played(market, **quick)
    growth = e.layout.growth[int(ahead), 0] / e.layout.growth[0, 0]

    def profit(p):
        outside = market.fringe_capacity_t * e.layout.outlook[0, 0] + entrants(market, p, ahead, e)
        return (p - market.cost) * max(demand(e, market, p, growth) - outside, 0.0)

    there = market.fringe_capacity_t * e.layout.outlook[0, 0]
    best = best_price(profit, market.cost, 5000.0)
    blind = best_price(
        lambda p: (p - market.cost) * (demand(e, market, p, growth) - there), market.cost, 5000.0
    )
    price = outcome(e)[0]
    assert price == pytest.approx(best, rel=0.01)
    assert price < 0.95 * blind
    at_entry = brentq(lambda p: entrants(market, p, ahead, e) - 1e-9, market.entrant_cost, 5000.0)
    assert price > at_entry
    assert (entrants(market, best, ahead, e) > 1.0) == (speed < 0.1)
