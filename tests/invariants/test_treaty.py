"""Invariants of treaties, on random tiny worlds under random restrictions."""

import numpy as np
import pytest
from mechanism import METAL, ORE
from random_world import FIRST, START, free, pact, pairs, random_restrictions, random_world

from model.treaty import treaty_from
from model.treaty_order import treaty_orders

EACH = pytest.mark.parametrize("seed", range(8))
EVERYBODY = ("AUS", "CHN", "OTH")
EXEMPT = {"type": "mutual_exemption", "fields": {}}
_TAXES = ("route_export_tax", "route_export_duty")


def members_of(seed):
    """Return two members, or all three in every fourth world."""
    return [["AUS", "CHN"], ["CHN", "OTH"], ["AUS", "OTH"], list(EVERYBODY)][seed % 4]


def covered(story, t):
    """Return for each route whether a quota that it counts towards is in force."""
    network, cover = story.engine.network, story["quota_cover"][t] > 0.0
    counts = np.zeros(network.route_node.size, dtype=bool)
    for r in range(counts.size):
        own = slice(network.route_quota_start[r], network.route_quota_start[r + 1])
        limits = story["quota_t"][t, network.route_quota[own]]
        counts[r] = np.any(cover[own] & np.isfinite(limits))
    return counts


def between(story, members):
    """Return the routes between different members."""
    routes = story.engine.world.routes
    inside = routes["origin"].isin(members) & routes["destination"].isin(members)
    return np.flatnonzero(inside & (routes["origin"] != routes["destination"]))


@EACH
def test_i16_no_export_measure_of_a_member_falls_on_trade_between_members(seed):
    """I16: under an exemption no quota, licence, ban or tax touches these routes; without it some do."""
    members, orders = members_of(seed), random_restrictions(seed, *EVERYBODY)
    story, bare = random_world(seed, *orders, treaties=(pact(members, EXEMPT),)), random_world(seed, *orders)
    routes = between(story, members)
    touched = 0
    for t in range(FIRST, len(story["flow_t"])):
        assert not covered(story, t)[routes].any()
        assert all(np.all(story[tax][t, routes] == 0.0) for tax in _TAXES)
        assert np.all(story["route_weight"][t, routes] > 0.0)
        closed = bare["route_weight"][t, routes] == 0.0
        touched += int(np.sum(covered(bare, t)[routes] | (bare[_TAXES[0]][t, routes] > 0.0) | closed))
    assert touched > 0


@EACH
def test_i19_members_send_the_target_no_more_than_the_joint_cap(seed):
    """I19: in every quarter; and in some of them the cap is what holds."""
    usual = free(seed)
    routes = [usual.route(METAL, origin, "OTH") for origin in ("AUS", "CHN")]
    limit = 0.6 * float(usual["flow_t"][:, routes].sum(axis=1).min())
    fields = {"good": METAL, "target": ["OTH"], "form": "quota", "quantity_t": limit, "period": "quarter",
              "shares": {"AUS": 0.3, "CHN": 0.7}}  # fmt: skip
    clause = {"type": "coordinated_restriction", "fields": fields}
    story = random_world(seed, treaties=(pact(["AUS", "CHN"], clause),))
    sent = story["flow_t"][FIRST:, routes].sum(axis=1)
    assert np.all(sent <= limit * (1.0 + 1e-6)) and sent.max() > 0.5 * limit


@EACH
@pytest.mark.parametrize("form", ["tax", "licence", "ban"])
def test_i20_members_restrict_alike(seed, form):
    """I20: orders of all members are the same but for who gives them; a tax is the same on each member's routes."""
    draw = np.random.default_rng(seed)
    number = {"tax": {"tax_rate": float(draw.uniform(0.05, 0.6))}, "ban": {},
              "licence": {"approved_share": float(draw.uniform(0.1, 0.9))}}[form]  # fmt: skip
    clause = {
        "type": "coordinated_restriction",
        "fields": {"good": METAL, "target": ["OTH"], "form": form, **number},
    }
    document = treaty_from(pact(["AUS", "CHN"], clause))
    (orders,) = treaty_orders(document, START, [ORE, METAL], sparing=False)
    assert [order.actor for order in orders] == ["AUS", "CHN"]
    assert orders[0].type == orders[1].type and orders[0].fields == orders[1].fields
    if form == "tax":
        story = random_world(seed, treaties=(pact(["AUS", "CHN"], clause),))
        rates = [
            story["route_export_tax"][FIRST:, story.route(METAL, code, "OTH")] for code in ("AUS", "CHN")
        ]
        assert np.all(rates[0] == number["tax_rate"]) and np.array_equal(*rates)


@EACH
def test_i23_entitlements_add_up_to_the_joint_stock(seed):
    """I23: members' orders sum to the stock; nobody holds more than its entitlement; something is held."""
    share = float(np.random.default_rng(seed).uniform(0.2, 0.8))
    entitled = {"CHN": share, "OTH": 1.0 - share}
    clause = {
        "type": "joint_stockpile",
        "fields": {"good": METAL, "quantity_t": 3000.0, "build_quarters": 4.0, "entitlement": entitled},
    }
    document = pact(["CHN", "OTH"], clause)
    (orders,) = treaty_orders(treaty_from(document), START, [ORE, METAL])
    assert sum(order.fields["target_t"] for order in orders) == pytest.approx(3000.0, rel=1e-12)
    story = random_world(seed, treaties=(document,))
    for code, part in entitled.items():
        held = story["buyer_reserve_t"][:, story.buyer(METAL, code)]
        assert np.all(held <= part * 3000.0 * (1.0 + 1e-12)) and held.max() > 0.0


@EACH
def test_i38_a_border_clause_acts_through_tension_alone(seed):
    """I38: where tension costs nothing the clause moves nothing to the last bit; where it does, it moves trade."""
    border = pact(["AUS", "CHN"], {"type": "territorial_integrity", "fields": {}})
    for strength in (0.0, 1.0):
        story, without = (
            random_world(seed, treaties=treaties, tension_cost=strength, end="2026Q4")
            for treaties in ((border,), ())
        )
        assert np.any(story["tension"] != without["tension"])
        same = np.array_equal(story["flow_t"], without["flow_t"])
        assert same == (strength == 0.0)


@EACH
def test_i47_a_new_member_takes_no_exemption_away(seed):
    """I47: every route spared by a treaty of two is spared by the treaty of three, and more are."""
    orders = random_restrictions(seed, *EVERYBODY)
    three = random_world(seed, *orders, treaties=(pact(list(EVERYBODY), EXEMPT),))
    for two in (["AUS", "CHN"], ["CHN", "OTH"], ["AUS", "OTH"]):
        few = random_world(seed, *orders, treaties=(pact(two, EXEMPT),))
        gained = 0
        for t in range(FIRST, len(few["flow_t"])):
            spared = ~covered(few, t) & (few["route_export_tax"][t] == 0.0) & (few["route_weight"][t] > 0.0)
            wide = (
                ~covered(three, t) & (three["route_export_tax"][t] == 0.0) & (three["route_weight"][t] > 0.0)
            )
            assert np.all(wide[spared])
            gained += int(wide.sum() - spared.sum())
        assert gained > 0


def test_the_random_restrictions_are_of_all_kinds():
    """Over the worlds tested every kind of restriction occurs, and every pair of countries has a route."""
    kinds = {order["type"] for seed in range(8) for order in random_restrictions(seed, *EVERYBODY)}
    assert kinds == {"export_quota", "export_licence", "export_tax", "export_ban"}
    assert len(pairs()) == 6
