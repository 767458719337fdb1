"""What must hold of each instrument, on random small worlds; tendencies with how often they held."""

import numpy as np
import pytest
from mechanism import METAL, ORE, measure
from random_world import START, free, random_world

from model.ledger import split_landed
from model.rules.support import offtake_rate, support_rate

SEEDS = range(8)
EACH = pytest.mark.parametrize("seed", SEEDS)


def parts(story, t, r):
    """Return what a tonne on a route brings in a quarter: taxes, freight, duties, top-up."""
    network, p = story.engine.network, story
    wedge = 0.0
    for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
        wedge += max(p["wedge"][t, network.route_quota[s]], 0.0) * p["quota_cover"][t, s]
    return split_landed.py_func(
        p["price"][t, network.route_node[r]], wedge, p["route_export_tax"][t, r], p["route_export_duty"][t, r],
        p["route_freight"][t, r], p["route_tariff"][t, r], p["route_import_duty"][t, r], p["landed_price"][t, r],
    )  # fmt: skip


@EACH
@pytest.mark.parametrize("form", ["tariff", "minimum_price"])
def test_floor(seed, form):
    """I1, I2, I3, I5: outsiders land at the floor or above, members and dear goods pay nothing, revenue is exact."""
    floor = measure("price_floor", "OTH", METAL, START, price_usd_per_t=70_000.0, exempt=["AUS"], form=form)
    story = random_world(seed, floor)
    outside, member = story.route(METAL, "CHN", "OTH"), story.route(METAL, "AUS", "OTH")
    landed = story["landed_price"]
    assert np.all(landed[2:, outside] >= 70_000.0 - 1e-6)
    assert np.all(story["route_floor"][:, member] == 0.0)
    for t in range(2, len(landed)):
        top_up = parts(story, t, outside)[3]
        unfloored = landed[t, outside] - top_up
        assert top_up >= -1e-6 and (top_up < 1e-3 or unfloored < 70_000.0)
        revenue = story["country_topup_usd"][t, story.engine.world.countries.index("OTH")]
        kept = top_up * story["flow_t"][t, outside] if form == "tariff" else 0.0
        assert revenue == pytest.approx(kept, rel=1e-9, abs=1e-3)


@EACH
def test_a_floor_below_every_price_changes_nothing(seed):
    """I48: it leaves prices and flows as they are."""
    low = random_world(seed, measure("price_floor", "OTH", METAL, START, price_usd_per_t=100.0))
    np.testing.assert_allclose(low["flow_t"], free(seed)["flow_t"], rtol=1e-7, atol=1e-9)


def test_a_floor_does_not_hold_the_price_above_autarky():
    """I4, a tendency: producers at home fetch no more under a high floor than if nothing came in at all.

    Users may: what little they still import at the floor is dear, and a ban spares them that.
    """
    held = []
    for seed in SEEDS:
        floor = random_world(seed, measure("price_floor", "AUS", METAL, START, price_usd_per_t=150_000.0))
        closed = random_world(seed, measure("export_ban", "CHN", METAL, START, target=["AUS"]))
        i = floor.node(METAL, "AUS")
        held.append(np.nanmax(floor["price"][3:7, i] / closed["price"][3:7, i]) <= 1.0 + 1e-6)
    assert np.mean(held) >= 0.75, f"held in {np.sum(held)} of {len(held)} worlds"


@EACH
def test_price_support(seed):
    """I6, I7, I9: the outlay is the formula on what was made, never negative one way; producers get the strike."""
    story = random_world(seed, measure("price_support", "AUS", METAL, START, strike_usd_per_t=75_000.0))
    engine, aus = story.engine, story.engine.world.countries.index("AUS")
    nodes = engine.world.nodes
    makers = np.flatnonzero((nodes["good"] == METAL) & (nodes["kind"] == "producer"))
    weight = nodes["production_t"].to_numpy()[makers]
    plants = engine.plan.supports[0].plants
    for t in range(2, len(story["price"])):
        index = float(story["price"][t - 1, makers] @ weight / weight.sum())
        rate = max(0.0, 75_000.0 - index)
        outlay = story["country_support_usd"][t, aus]
        assert outlay >= 0.0
        assert outlay == pytest.approx(rate * story["output_t"][t, plants].sum(), abs=0.01, rel=1e-12)
        made = story["output_t"][t, plants].sum()
        assert made > 0.0 and outlay / made + index >= 75_000.0 - 1e-6


def test_revenue_under_support_and_offtake_rises_with_the_index():
    """I8: a higher index never leaves the producer with less per tonne."""
    index = np.linspace(1.0, 200.0, 400)
    for share in (0.0, 0.3, 1.0):
        made = [r + support_rate(110.0, 150.0, share, r, 10.0, 8.0, np.inf, np.inf) for r in index]
        assert np.all(np.diff(made) >= -1e-9)
    made = [r + offtake_rate(90.0, 0.1, 1.0, r, 10.0, 8.0, 8.0) for r in index]
    assert np.all(np.diff(made) >= -1e-9)


@pytest.mark.parametrize("take", [0.6, 0.8, 1.0])
def test_offtake_volumes(take):
    """I10, I11: settled on no more than was made, and on the take-or-pay share at least while the buyer loses."""
    draw = np.random.default_rng(3)
    for _ in range(200):
        index, least = draw.uniform(10.0, 200.0, 2)
        output, volume = draw.uniform(0.1, 50.0, 2)
        gap = max(least, 0.95 * index) - index
        settled = offtake_rate(least, 0.05, take, index, output, volume, volume) * output / gap
        delivered = min(output, volume)
        assert settled <= delivered * (1.0 + 1e-12)
        assert settled >= take * delivered * (1.0 - 1e-12)
        assert gap > 0.0 or settled == pytest.approx(delivered)


@EACH
def test_no_tonne_is_sold_twice(seed):
    """I12: two offtakes on the same plants settle together no more than these make."""
    fields = {"seller": "AUS", "quantity_t": 60_000.0, "price_usd_per_t": 5e6, "take_or_pay": 1.0}
    story = random_world(seed, *(measure("offtake", c, METAL, START, **fields) for c in ("CHN", "OTH")))
    nodes = story.engine.world.nodes
    makers = np.flatnonzero((nodes["good"] == METAL) & (nodes["kind"] == "producer"))
    weight = nodes["production_t"].to_numpy()[makers]
    plants = story.engine.plan.supports[0].plants
    for t in range(3, len(story["price"])):
        gap = 5e6 - float(story["price"][t - 1, makers] @ weight / weight.sum())
        settled_t = story["country_support_usd"][t].sum() / gap
        assert 0.0 < settled_t <= story["output_t"][t, plants].sum() * (1.0 + 1e-9)


@EACH
def test_standards(seed):
    """I13, I14, I15: only the uncertified pay the premium; it is never negative; without a mandate there is none."""
    fields = {"certified": ["AUS"], "barred": ["CHN"]}
    story = random_world(seed, measure("standards", "OTH", METAL, START, share=0.5, **fields))
    network, dear = story.engine.network, story.route(METAL, "CHN", "OTH")
    certified = story.route(METAL, "AUS", "OTH")
    covered = {
        int(r) for r in range(network.route_node.size)
        for s in range(network.route_quota_start[r], network.route_quota_start[r + 1])
        if story["quota_cover"][3, s] > 0.0
    }  # fmt: skip
    assert dear in covered and certified not in covered
    assert np.all(story["wedge"][3:] >= 0.0)
    none = random_world(seed, measure("standards", "OTH", METAL, START, share=0.0, **fields))
    assert np.all(np.isinf(none["quota_t"]))


def test_a_standard_brings_a_premium_and_producers_follow():
    """A mandate of 90 % has a premium somewhere; where producers may follow at a low cost they do, and it falls."""
    fields = {"certified": ["AUS"], "share": 0.9}
    barred, open_ = (
        random_world(1, measure("standards", "OTH", METAL, START, barred=who, cost_usd_per_t=100.0, **fields))
        for who in (["CHN"], [])
    )
    assert barred["wedge"][3:6].max() > 1000.0
    assert barred["wedge"][-1, 0] > 100.0
    chn = open_.engine.world.countries.index("CHN")
    assert open_.engine.history.certified[0, chn] == 1.0
    assert open_["wedge"][-1, 0] < 0.01 * barred["wedge"][-1, 0]


@EACH
def test_trade_defence(seed):
    """I29, I30: the duty is within the margin of the year before, and revenue is duty times customs value."""
    case = measure("trade_defence", "OTH", METAL, "2026Q1", target=["CHN"], normal_country="AUS")
    story = random_world(seed, case)
    r, i = story.route(METAL, "CHN", "OTH"), story.node(METAL, "CHN")
    export = story["price"][:4, i].mean()
    normal = story["price"][:4, story.node(METAL, "AUS")].mean()
    duty = story["route_tariff"][4:, r]
    np.testing.assert_allclose(duty, max(0.0, normal / export - 1.0), atol=1e-12)
    for t in range(4, len(story["price"])):
        customs = story["price"][t, i] + story["route_freight"][t, r]
        revenue = story["country_tariff_usd"][t, story.engine.world.countries.index("OTH")]
        assert revenue == pytest.approx(duty[t - 4] * customs * story["flow_t"][t, r], abs=1e-3, rel=1e-9)


def test_a_dumping_case_has_a_margin():
    """With a normal value of half as much again the duty is a half; the lesser duty is no higher; a rate caps it."""
    fields = {"target": ["CHN"], "normal_usd_per_t": 1e6}
    whole, lesser, capped = (
        random_world(2, measure("trade_defence", "AUS", METAL, "2026Q1", **fields, **more))
        for more in ({}, {"lesser_duty": True}, {"rate": 0.25})
    )
    r = whole.route(METAL, "CHN", "AUS")
    export = whole["price"][:4, whole.node(METAL, "CHN")].mean()
    assert whole["route_tariff"][5, r] == pytest.approx(min(1e6 / export - 1.0, 10.0))
    assert lesser["route_tariff"][5, r] < whole["route_tariff"][5, r]
    assert capped["route_tariff"][5, r] == pytest.approx(0.25)


@EACH
@pytest.mark.parametrize("form", ["state", "vault"])
def test_stockpile(seed, form):
    """I22, I24, I25: within nothing and the room, released only in a crisis, and the fund's outflow adds up."""
    fields = {
        "capacity_t": 4000.0,
        "build_quarters": 3.0,
        "buy_below": 1.2,
        "buy_most": 0.3,
        "price_ratio": 1.15,
    }
    size = {"target_t": 5000.0}
    if form == "vault":
        size |= {"form": "vault", "strike_usd_per_t": 80_000.0, "fee": 0.02}
    story = random_world(seed, measure("strategic_stockpile", "OTH", METAL, START, **fields, **size))
    engine, j = story.engine, story.buyer(METAL, "OTH")
    held = story["buyer_reserve_t"][:, j]
    assert np.all(held >= 0.0) and np.all(held <= 4000.0 * (1.0 + 1e-12)) and held.max() > 0.0
    price, use = story["price"], story["use_t"][:, j]
    index = engine.plan.rules[0].index
    seen = price[:, index.nodes] @ index.weight
    released = story["release_t"][:, j]
    bought = story["purchases_t"][:, j] - story["order_t"][:, j]
    opening = float(engine.world.nodes["price_usd_per_t"].to_numpy()[index.nodes] @ index.weight)
    usual = float(engine.plan.base_flow_t[engine.plan.route_buyer == j].sum())
    for t in range(len(price)):
        past = np.concatenate([np.full(8, opening), seen[:t]])[-8:]
        short = past[-1] > 1.15 * past.mean() or (t > 0 and (usual - bought[t - 1]) / usual > 0.05)
        assert released[t] == 0.0 or short, f"released in quarter {t} without a crisis"
        usual += 0.125 * (use[t] - usual)
    fund = engine.layout.fund_account + engine.world.countries.index("OTH")
    flow = np.diff(story["balance_usd"][:, fund], prepend=0.0)
    paid, moved = story["buyer_average_price"][:, j], story["order_t"][:, j] - released
    keep = 0.25 * 0.08 * held * paid
    out = moved * paid + keep if form == "state" else moved * 80_000.0 - 0.25 * 0.02 * held * 80_000.0
    np.testing.assert_allclose(-flow[2:], out[2:], rtol=1e-9, atol=1e-3)
    assert np.abs(story["money_residual_usd"]).max() <= 1e-12 * np.abs(story["balance_usd"][-1]).sum()


def test_a_stockpile_is_released_in_a_crisis():
    """Some random world has one: without releases the test above would say nothing."""
    fields = {"target_t": 3000.0, "buy_below": 1.5, "buy_most": 0.5, "price_ratio": 1.1}
    stories = [random_world(s, measure("strategic_stockpile", "OTH", METAL, START, **fields)) for s in SEEDS]
    assert sum(story["release_t"].max() > 10.0 for story in stories) >= 2


@EACH
@pytest.mark.parametrize("form", ["grant", "equity", "loan"])
def test_fund(seed, form):
    """I26, I27: no more is advanced than committed; what it brings is there after the time to build, not before."""
    fund = measure("investment_fund", "AUS", METAL, START, form=form, share=0.6, amount_usd=2e7)
    story = random_world(seed, fund)
    assert story.engine.history.fund_spent_usd[0, 0] <= 2e7 * (1.0 + 1e-12)
    lead = int(story["site_lead_quarters"].min())
    plants = story.engine.layout.plant_account >= 0
    grown = story["plant_installed_t"][: 2 + lead][:, plants]
    np.testing.assert_allclose(grown, free(seed)["plant_installed_t"][: 2 + lead][:, plants], rtol=1e-9)


@EACH
def test_information(seed):
    """I32, I33: no tonne moves in the quarter it begins; the error falls as one over the root of partners and one."""
    shared = measure("information_sharing", "CHN", METAL, START, partner=["AUS", "OTH"])
    story = random_world(seed, shared)
    for name in ("buyer_stock_t", "node_stock_t", "flow_t", "output_t"):
        np.testing.assert_array_equal(story[name][:3], free(seed)[name][:3])
    layout = story.engine.layout
    mine = (layout.site_country == 1) & (layout.site_good == 1)
    assert np.all(story["site_error_factor"][3, mine] == pytest.approx(1.0 / np.sqrt(3.0)))


@EACH
def test_programmes(seed):
    """I34, I35: recovered stays within discards so far; substitution is never negative, its permanent part stays."""
    orders = [
        measure("recycling_programme", "CHN", METAL, START, speed_factor=8.0, rate_usd_per_t=20_000.0),
        measure("substitution_programme", "CHN", METAL, START, speed_factor=8.0),
    ]
    story = random_world(seed, *orders)
    recyclers, users = story.engine.layout.recycler_plant, story.engine.layout.recycler_buyer
    k, j = int(recyclers[0]), int(users[0])
    assert np.all(story["output_t"][1:, k] <= story["buyer_discard_t"][:-1, j] * (1.0 + 1e-9))
    assert np.all(story["buyer_substituted"] >= 0.0)
    assert np.all(np.diff(story["buyer_substituted_forever"], axis=0) >= 0.0)


@EACH
def test_joint_purchasing_holds_the_club_to_its_share(seed):
    """The club buys no more from its targets than the share, and keeps the wedge; sellers get no more."""
    club = measure("joint_purchasing", "AUS", METAL, START, members=["OTH"], target=["CHN"], rate=0.8)
    story = random_world(seed, club)
    routes = [story.route(METAL, "CHN", to) for to in ("AUS", "OTH")]
    usual = free(seed)["flow_t"][:2, routes].sum(axis=1)
    base = story.engine.plan.base_flow_t[routes].sum()
    limit = 0.8 * (2.0 * base + usual.sum()) / 4.0
    assert np.all(story["flow_t"][2:, routes].sum(axis=1) <= limit * (1.0 + 1e-6))
    i = story.node(METAL, "CHN")
    assert story["price"][2, i] <= free(seed)["price"][2, i] * (1.0 + 1e-9)
    assert np.all(story["firm_rent_usd"] == 0.0)


def test_a_support_does_not_raise_what_users_pay():
    """Section 2, a tendency: more supported output, no dearer metal for users (each world, first year)."""
    held = []
    for seed in SEEDS:
        story = random_world(seed, measure("price_support", "AUS", METAL, START, strike_usd_per_t=90_000.0))
        j = story.buyer(METAL, "AUS")
        held.append(np.all(story["price_index"][2:6, j] <= free(seed)["price_index"][2:6, j] * (1.0 + 1e-6)))
    assert np.mean(held) >= 0.75, f"held in {np.sum(held)} of {len(held)} worlds"


def test_ore_is_not_touched_by_a_priority_on_metal():
    """A priority is of final users of its good: ore, which has none, sees no order."""
    story = random_world(4, measure("defence_priority", "CHN", ORE, START, share=1.0))
    np.testing.assert_array_equal(story["flow_t"], free(4)["flow_t"])
