"""Welfare: the lines add up on random worlds, agree with the ledger, and with the textbook where it has an answer."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import xlogy

from agents import DECISIONS
from experiments.preparation import prepare
from model.calibration import calibrate
from model.engine import Engine
from model.market.clearing import Clearer, allocate_answer, allocate_terms
from model.market.want import final_use
from model.network import FIXED_DEMAND, ISOELASTIC, LINEAR, LINEAR_DEMAND, Network
from model.phase.welfare import choke_integral, demand_surplus, elsewhere_surplus, plant_surplus
from model.tiny import tiny_scenario, tiny_world
from model.welfare import elsewhere_of, welfare, welfare_by_good


def order(kind, actor, **fields):
    """Return a measure in force throughout."""
    return {"type": kind, "actor": actor, "quarter": "2025Q1", "fields": fields}


def random_measures(seed):
    """Return a handful of measures of all kinds, drawn by seed."""
    random = np.random.default_rng([46, seed])
    ore, metal = "lithium_concentrate", "lithium_refined"
    pool = [
        order("export_tax", "AUS", good=ore, rate=float(random.uniform(0.0, 0.4))),
        order("export_tax", "CHN", good=metal, rate=float(random.uniform(0.0, 0.4))),
        order("import_tariff", "CHN", good=ore, rate=float(random.uniform(0.0, 0.4))),
        order("import_tariff", "OTH", good=metal, rate=float(random.uniform(0.0, 0.4))),
        order("export_quota", "CHN", good=metal, quantity_t=float(random.uniform(500, 9000)), period="quarter",
              holder=str(random.choice(["firms", "state", "buyers"]))),
        order("export_licence", "AUS", good=ore, rate=float(random.uniform(0.2, 1.0))),
        order("price_floor", "OTH", good=metal, price_usd_per_t=float(random.uniform(4e4, 9e4)),
              form=str(random.choice(["tariff", "minimum_price"]))),
        order("price_support", "AUS", good=ore, strike_usd_per_t=float(random.uniform(2e4, 6e4))),
        order("stock_order", "CHN", good=metal, move="buy", quantity_t=float(random.uniform(0.0, 500.0))),
    ]  # fmt: skip
    chosen = random.random(len(pool)) < 0.5
    return [measure for measure, take in zip(pool, chosen, strict=True) if take]


def engine_after(seed, quarters=3, runs=2):
    """Return an engine of a random tiny world after some quarters."""
    scenario = tiny_scenario(*random_measures(seed))
    engine = Engine(scenario, runs, first_run=seed, world=tiny_world(scenario), decide=DECISIONS)
    for _ in range(quarters):
        engine.step()
    return engine


def measured(engine):
    """Return the welfare of the quarter the engine has just run."""
    e = engine
    return welfare(
        e.network, e.layout, e.terms, e.answer, e.history.support_usd_per_t,
        e.history.floor_public_share, len(e.world.countries),
    )  # fmt: skip


def total_by_hand(engine, run):
    """Return [C]: worth of use, less real costs, plus variety and stocks, plus net earnings abroad."""
    e, a, t, n, lay = engine, engine.answer, engine.terms, engine.network, engine.layout
    total = np.zeros(len(e.world.countries))
    share, rate = e.history.floor_public_share[run], e.history.support_usd_per_t[run]
    for j in range(n.buyer_market.size):
        home, index = lay.buyer_country[j], a.price_index[run, j]
        routes = range(n.route_start[j], n.route_start[j + 1])
        tonnes = sum(a.flow_t[run, r] for r in routes)
        if not tonnes > 0.0:
            continue
        paid = (
            sum(a.flow_t[run, r] * a.landed_price[run, r] for r in routes if a.flow_t[run, r] > 0.0) / tonnes
        )

        def demand(price, j=j):
            log_use, _ = final_use(
                n.demand_form[j], price, t.demand_t[run, j], t.demand_price[run, j], t.demand_elasticity[run, j],
                t.demand_choke_ratio[run, j], t.demand_choke_power[run, j], 1.0,
            )  # fmt: skip
            return np.exp(log_use)

        use, final = a.use_t[run, j], a.final_use_t[run, j]
        if t.demand_t[run, j] > 0.0:
            scale = t.demand_price[run, j]
            area = quad(lambda y, s=scale, d=demand: d(s * np.exp(y)) * s * np.exp(y), np.log(index / scale), 60.0,
                        epsabs=0.0, epsrel=1e-12, limit=500)[0]  # fmt: skip
            total[home] += area + index * final
        total[home] += (paid - index) * use  # variety
        total[home] += paid * (a.restock_t[run, j] - a.draw_t[run, j])  # private stock
        for r in routes:
            q = a.flow_t[run, r]
            if not q > 0.0:
                continue
            origin = lay.route_origin[r]
            earned = a.landed_price[run, r] - t.route_freight[run, r]
            wedges = [
                (a.wedge[run, n.route_quota[s]], n.route_quota[s])
                for s in range(n.route_quota_start[r], n.route_quota_start[r + 1])
                if a.wedge[run, n.route_quota[s]] > 0.0 and t.quota_cover[run, s] > 0.0
            ]
            wedge = sum(w for w, _ in wedges)
            taxed = (a.price[run, n.route_node[r]] + wedge) * t.route_export_tax[
                run, r
            ] + t.route_export_duty[run, r]
            border = a.price[run, n.route_node[r]] + wedge + taxed + t.route_freight[run, r]
            duty = border * t.route_tariff[run, r] + t.route_import_duty[run, r]
            top_up = max(a.landed_price[run, r] - border - duty, 0.0)
            abroad = earned - duty - share[r] * top_up
            for w, g in wedges:  # rents that importers or another state hold stay out of the origin
                if lay.quota_holder[g] == 2:
                    abroad -= w
                elif lay.quota_holder[g] == 1 and lay.quota_actor[g] >= 0 and lay.quota_actor[g] != origin:
                    abroad -= w
                    total[lay.quota_actor[g]] += w * q
            total[origin] += abroad * q
            total[home] -= (abroad + t.route_freight[run, r]) * q
    for m in range(n.plant_start.size - 1):
        for k in range(n.plant_start[m], n.plant_start[m + 1]):
            y, capacity = a.output_t[run, k], t.plant_capacity_t[run, k]
            if not y > 0.0:
                continue
            u = y / capacity
            mixed = xlogy(u, u) + xlogy(1.0 - u, 1.0 - u)
            cost = t.plant_cost[run, k] * y + t.plant_spread[run, k] * capacity * mixed
            total[lay.plant_country[k]] -= cost
    for i in range(n.node_market.size):
        price = a.price[run, i]
        if price == price:
            total[lay.node_country[i]] += price * (a.stored_t[run, i] - a.sold_from_stock_t[run, i])
    for s in range(lay.support_payer.size):
        for p in range(lay.support_start[s], lay.support_start[s + 1]):
            k = lay.support_plants[p]
            total[lay.plant_country[k]] += rate[s] * a.output_t[run, k]
            total[lay.support_payer[s]] -= rate[s] * a.output_t[run, k]
    return total


@pytest.mark.parametrize("seed", range(12))
def test_the_five_lines_add_up_to_what_the_country_has(seed):
    """I46: the lines sum to worth of use less real costs and net payments abroad, variety included."""
    engine = engine_after(seed)
    found = measured(engine)
    for run in range(engine.runs):
        by_hand = total_by_hand(engine, run)
        scale = np.abs(np.array(found)[:, run]).sum()
        np.testing.assert_allclose(found.total_usd[run], by_hand, atol=1e-9 * scale, rtol=0)


@pytest.mark.parametrize("seed", range(6))
def test_the_lines_agree_with_the_ledger(seed):
    """Treasury and rent are what the ledger posted: taxes, duties, top-ups, support, stock funds, all wedges."""
    engine = engine_after(seed)
    c, a, lay = engine.columns, engine.answer, engine.layout
    found = measured(engine)
    size = c.country_tariff_usd.shape[1]
    fund = np.zeros((engine.runs, size))
    for j in range(lay.buyer_good.size):
        moved = a.release_t[:, j] - a.order_t[:, j]
        fund[:, lay.buyer_country[j]] += c.buyer_average_price[:, j] * moved
    booked = (
        c.country_export_tax_usd + c.country_tariff_usd + c.country_topup_usd - c.country_support_usd + fund
    )
    np.testing.assert_allclose(found.treasury_usd, booked, rtol=1e-12, atol=1e-3)
    rents = c.firm_rent_usd.sum(axis=1) + c.country_rent_usd.sum(axis=1) + kept_by_sellers(engine)
    np.testing.assert_allclose(found.rent_usd.sum(axis=1), rents, rtol=1e-9, atol=1e-3)


def kept_by_sellers(engine):
    """Return [runs]: floor top-ups that the sellers keep, as the ledger hands them to producers beyond the price."""
    e, n, t, a = engine, engine.network, engine.terms, engine.answer
    wedge = np.zeros_like(a.flow_t)
    for r in range(a.flow_t.shape[1]):
        for s in range(n.route_quota_start[r], n.route_quota_start[r + 1]):
            wedge[:, r] += np.nan_to_num(a.wedge[:, n.route_quota[s]]) * t.quota_cover[:, s]
    price = a.price[:, n.route_node] + wedge
    border = price * (1.0 + t.route_export_tax) + t.route_export_duty + t.route_freight
    without = border * (1.0 + t.route_tariff) + t.route_import_duty
    top_up = np.maximum(a.landed_price - without, 0.0) * (1.0 - e.history.floor_public_share)
    return np.where(a.flow_t > 0.0, a.flow_t * np.nan_to_num(top_up), 0.0).sum(axis=1)


def test_by_good_sums_to_the_country():
    """The split by good adds up to the country's lines, and tells ore from metal."""
    e = engine_after(3)
    rows = (
        e.network,
        e.layout,
        e.terms,
        e.answer,
        e.history.support_usd_per_t,
        e.history.floor_public_share,
        3,
    )
    for good, whole in zip(welfare_by_good(*rows), welfare(*rows), strict=True):
        np.testing.assert_allclose(good.sum(axis=1), whole, rtol=1e-12)
    assert np.all(welfare_by_good(*rows).consumer_usd[:, 0] == 0.0)  # nobody uses ore but refiners


@pytest.mark.parametrize("elasticity", [0.0, 0.3, 1.0, 2.7])
@pytest.mark.parametrize("power", [1.2, 4.0])
@pytest.mark.parametrize("ratio", [0.01, 1.0, 5.0, 80.0])
def test_the_area_above_a_price_is_exact(elasticity, power, ratio):
    """The closed form of demand beyond a price is the quadrature of the market's own demand curve."""

    def integrand(y):
        log_use, _ = final_use(ISOELASTIC, 7.0 * np.exp(y), 3.0, 7.0, elasticity, 5.0, power, 1.0)
        return np.exp(log_use) * 7.0 * np.exp(y)

    cuts = np.linspace(np.log(ratio), np.log(ratio) + 200.0 / power, 12)
    pieces = zip(cuts[:-1], cuts[1:], strict=True)
    area = sum(quad(integrand, a, b, epsabs=0.0, epsrel=1e-10, limit=60)[0] for a, b in pieces)
    found = demand_surplus(ISOELASTIC, 7.0 * ratio, 3.0, 7.0, elasticity, 5.0, power)
    if elasticity + power > 1.15:  # the tail of what nearly diverges is beyond the quadrature
        np.testing.assert_allclose(found, area, rtol=1e-9)
    low, high = (
        demand_surplus(ISOELASTIC, 7.0 * ratio * x, 3.0, 7.0, elasticity, 5.0, power)
        for x in (0.9999, 1.0001)
    )
    slope = (high - low) / (7.0 * ratio * 0.0002)
    used = np.exp(final_use(ISOELASTIC, 7.0 * ratio, 3.0, 7.0, elasticity, 5.0, power, 1.0)[0])
    np.testing.assert_allclose(slope, -used, rtol=1e-5 if ratio > 0.01 else 1e-3)


def test_demand_below_its_lowest_price_is_flat():
    """Below a hundredth of the reference price, negative prices included, each usd of fall is worth the same tonnes."""
    worth = [demand_surplus(ISOELASTIC, price, 3.0, 100.0, 0.2, 5.0, 2.0) for price in (-1.0, 0.0, 1.0)]
    assert worth[0] - worth[1] == pytest.approx(worth[1] - worth[2], rel=1e-9)


def test_a_plant_on_its_curve_earns_the_surplus_of_the_potential():
    """Revenue less the integral of marginal cost equals K w log(1 + e^z)."""
    e = engine_after(0, quarters=1, runs=1)
    n, a, t = e.network, e.answer, e.terms
    for m in range(n.plant_start.size - 1):
        net = sum(n.output_per_unit[s] * a.price[0, n.output_node[s]]
                  for s in range(n.recipe_output_start[m], n.recipe_output_start[m + 1]))  # fmt: skip
        net -= sum(n.input_per_unit[s] * a.price_index[0, n.input_buyer[s]]
                   for s in range(n.recipe_input_start[m], n.recipe_input_start[m + 1]))  # fmt: skip
        for k in range(n.plant_start[m], n.plant_start[m + 1]):
            y, capacity = a.output_t[0, k], t.plant_capacity_t[0, k]
            if not 0.0 < y < 0.999 * capacity:
                continue
            cost, spread, u = t.plant_cost[0, k], t.plant_spread[0, k], y / capacity
            earned = net + t.plant_support[0, k]
            spent = cost * y + spread * capacity * (xlogy(u, u) + xlogy(1.0 - u, 1.0 - u))
            np.testing.assert_allclose(
                earned * y - spent, plant_surplus(earned, capacity, cost, spread), rtol=1e-6
            )


class Places(NamedTuple):
    """What welfare reads of a layout, for a market by hand."""

    node_good: Any
    node_country: Any
    buyer_good: Any
    buyer_country: Any
    route_origin: Any
    route_destination: Any
    plant_country: Any
    plant_recipe: Any
    quota_holder: Any
    quota_actor: Any
    support_start: Any
    support_plants: Any
    support_payer: Any
    support_share: Any
    support_by_users: Any


def ints(*values):
    """Return whole numbers as an array."""
    return np.array(values, dtype=np.int64)


def two_countries(form=LINEAR_DEMAND):
    """Return network and places of one good in two countries, a plant and a buyer in each, nearly perfect choice."""
    nothing = np.zeros(0, dtype=np.int64)
    network = Network(
        component_node_start=ints(0, 2), component_buyer_start=ints(0, 2), component_recipe_start=ints(0, 2),
        component_quota_start=ints(0, 0), node_market=ints(0, 0), node_disposal=np.zeros(2, bool),
        buyer_market=ints(0, 0), route_start=ints(0, 2, 4), route_node=ints(0, 1, 0, 1), route_buyer=ints(0, 0, 1, 1),
        recipe_output_start=ints(0, 1, 2), output_node=ints(0, 1), output_per_unit=np.ones(2),
        recipe_input_start=ints(0, 0, 0), input_buyer=nothing, input_per_unit=np.zeros(0), plant_start=ints(0, 1, 2),
        plant_form=ints(LINEAR, LINEAR), demand_form=ints(form, form), market_sharpness=np.array([400.0]),
        market_price_scale=np.array([50.0]), route_quota_start=np.zeros(5, np.int64), route_quota=nothing,
        quota_market=nothing,
    )  # fmt: skip
    here = ints(0, 1)
    places = Places(ints(0, 0), here, ints(0, 0), here, ints(0, 1, 0, 1), ints(0, 0, 1, 1), here, here,
                    nothing, nothing, ints(0), nothing, nothing, np.zeros((0, 2)), nothing)  # fmt: skip
    return network, places


def cleared(tariff, form=LINEAR_DEMAND):
    """Return welfare and imports of home (country 0) under a specific tariff.

    Demand `100 - p` and `80 - p`, supply `(p - 30) / 2` at home and `2 (p - 10)` abroad.
    """
    network, places = two_countries(form)
    terms, answer = allocate_terms(network, 1), allocate_answer(network, 1)
    terms.plant_capacity_t[:] = 1e4
    terms.plant_cost[:] = [30.0, 10.0]
    terms.plant_spread[:] = [2.0, 0.5]
    terms.demand_t[:] = [100.0, 80.0]
    terms.demand_price[:] = 1.0
    terms.route_import_duty[0, 1] = tariff
    Clearer(network).clear(terms, answer, warm=False)
    assert not answer.status.any()
    found = welfare(network, places, terms, answer, np.zeros((1, 0)), np.zeros((1, 4)), 2)
    return found, answer.flow_t[0, 1] - answer.flow_t[0, 2]


def test_dead_weight_loss_of_a_tariff_is_the_textbook_triangle():
    """Linear demand and supply: the world loses half the tariff times the trade that stops; treasury gets the tariff.

    Import demand `115 - 1.5 p`, export supply `3 p' - 100`, `p = p' + t`: trade falls by t, so the world loses t^2 / 2.
    """
    for tariff in (2.0, 6.0):
        (free, traded), (taxed, left) = cleared(0.0), cleared(tariff)
        assert traded - left == pytest.approx(tariff, rel=1e-2)
        change = [float((b - a).sum()) for a, b in zip(free, taxed, strict=True)]
        assert sum(change) == pytest.approx(-tariff * tariff / 2.0, rel=1e-2)
        assert taxed.treasury_usd[0, 0] == pytest.approx(tariff * left, rel=1e-3)
        home = float((taxed.total_usd - free.total_usd)[0, 0])
        abroad = tariff * (1.5 / 4.5)  # how far the price abroad falls: the burden by slopes
        triangle = 0.5 * (tariff - abroad) * (traded - left)
        assert home == pytest.approx(abroad * left - triangle, rel=1e-2)


def test_fixed_demand_counts_what_it_costs():
    """With use fixed, a dearer tonne costs its users the rise, whatever the choke would be."""
    assert demand_surplus(FIXED_DEMAND, 12.0, 5.0, 1.0, 0.0, 1.0, 1.0) == -60.0
    assert choke_integral(5.0, 0.0, 5.0, 2.0) == pytest.approx(5.0 / 2.0 * 2.0 * (np.pi / 4.0), rel=1e-14)


def test_welfare_reads_only():
    """Counting the welfare of an answer changes neither terms nor answer."""
    e = engine_after(5, quarters=1)
    before = [array.copy() for array in (*e.terms, *e.answer, *e.columns)]
    measured(e)
    for old, new in zip(before, (*e.terms, *e.answer, *e.columns), strict=True):
        np.testing.assert_array_equal(old, new)


def test_who_goes_over_at_the_substitutes_price_gains_and_loses_nothing():
    """At the price of the substitute it is one whether users go over; above it they gain by going, below they lose."""
    shape = (200.0, 0.4, 4.0, 3.0)
    for price, sign in ((300.0, 0), (500.0, 1), (220.0, -1)):
        stayed = demand_surplus(0, price, 100.0, *shape)
        gone = elsewhere_surplus(0, 300.0, 0.4, 60.0, *shape)
        change = demand_surplus(0, price, 60.0, *shape) + gone - stayed
        assert np.sign(round(change / stayed, 12)) == sign
    assert elsewhere_surplus(LINEAR_DEMAND, 300.0, 0.4, 60.0, *shape) == 0.0
    assert elsewhere_surplus(0, 300.0, 0.0, 60.0, *shape) == 0.0


def test_users_lose_no_more_by_a_price_than_its_rise_times_what_they_used():
    """Users that high prices drive away lose at most the rise of price, or up to the substitute's, on their old use."""
    change = {"measures": [{"type": "export_tax", "actor": "CHN", "quarter": "2025Q1",
                            "fields": {"good": ["gallium_refined"], "rate": 2.0}}]}  # fmt: skip
    worlds = {}
    for name, changes in (("free", {"measures": []}), ("taxed", change)):
        scenario = prepare("tiny", changes={**changes, "parameters": {"demand_noise": 0.0}})
        e = Engine(scenario, 1, world=calibrate(prepare("tiny", changes={"measures": []})), decide=DECISIONS)
        for _ in range(12):
            e.step()
        worlds[name] = e
    free, taxed = worlds["free"], worlds["taxed"]
    japan = free.world.countries.index("JPN")
    buyer = np.flatnonzero((free.layout.buyer_country == japan) & (free.layout.buyer_good == 0))[0]
    assert taxed.columns.buyer_substituted[0, buyer] > 0.1
    lost = {}
    for counted in (True, False):
        told = [
            welfare_by_good(
                e.network, e.layout, e.terms, e.answer, e.history.support_usd_per_t, e.history.floor_public_share,
                len(e.world.countries), elsewhere_of(e.layout, e.columns, e.values) if counted else None,
            ) for e in (free, taxed)
        ]  # fmt: skip
        users = [found.consumer_usd + found.variety_usd for found in told]
        lost[counted] = float((users[0] - users[1])[0, 0, japan])
    substitute = elsewhere_of(taxed.layout, taxed.columns, taxed.values).price[0, buyer]
    rise = max(taxed.answer.price_index[0, buyer], substitute) - free.answer.price_index[0, buyer]
    most = float(rise * free.answer.final_use_t[0, buyer])
    assert 0.0 < lost[True] <= most * (1.0 + 1e-9)
    assert lost[False] > 1.5 * lost[True]
