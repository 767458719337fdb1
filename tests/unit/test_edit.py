from dataclasses import replace

import numpy as np
import pytest
from measure_world import FLOW_T, answer, measure, scenario, tables, terms

from model.edit import COSTS, HOLDERS, compile_measures
from model.instrument import Site
from model.instruments import export_quota
from model.rules.support import support_rate

WORLD = tables()
ROUTES = WORLD.routes


def route(good, origin, destination, leak=False):
    """Return the number of one route."""
    kinds = WORLD.nodes["kind"].to_numpy()[ROUTES["node"]]
    mine = (ROUTES["good"] == good) & (ROUTES["origin"] == origin) & (ROUTES["destination"] == destination)
    return int(np.flatnonzero(mine & ((kinds == "leak") == leak))[0])


JAPAN, AMERICA = route("gallium_refined", "CHN", "JPN"), route("gallium_refined", "CHN", "USA")


def plan_of(*measures, **changes):
    """Return the plan of these measures, terms and history for it."""
    plan = compile_measures(WORLD, scenario(*measures, **changes))
    return plan, terms(WORLD, plan), plan.new_history(2)


def step(plan, made, history, number, flow_t=FLOW_T, **changes):
    """Apply and record one quarter."""
    plan.apply(number, made, history)
    plan.record(number, made, history, answer(WORLD, flow_t, **changes))


def test_no_measure_changes_nothing():
    """Without measures every rate is zero and no weight moves."""
    plan, made, history = plan_of()
    plan.apply(0, made, history)
    assert all((getattr(made, f"route_{what}") == 0.0).all() for what in COSTS)
    assert (made.route_floor == 0.0).all() and (made.plant_support == 0.0).all()
    assert (made.route_weight == 7.0).all() and made.quota_t.shape == (2, 0)


def test_a_quota_covers_exports_only():
    """Domestic sales and smuggled flows stay outside a quota's routes."""
    plan, _, _ = plan_of(measure("export_quota", quantity_t=12))
    covered = ROUTES.loc[plan.quota_routes[0]]
    assert set(covered["destination"]) == {"JPN", "USA", "OTH"}
    assert (WORLD.nodes["kind"].to_numpy()[covered["node"]] == "producer").all()
    assert set(covered["good"]) == {"gallium_refined"}


def test_a_quota_inside_a_quarter_counts_by_its_days():
    """f of the days under the limit, the rest at the reference flow."""
    plan, made, history = plan_of(measure("export_quota", quarter="2025-05-16", quantity_t=12))
    step(plan, made, history, 0)
    assert np.isinf(made.quota_t).all()
    plan.apply(1, made, history)
    share = 46 / 91
    assert made.quota_t == pytest.approx(share * 12 + (1 - share) * 3 * FLOW_T)
    plan.apply(2, made, history)
    assert made.quota_t == pytest.approx(12)


def test_what_a_year_leaves_is_carried_within_it_and_lapses():
    """A yearly quota is paced by quarter; the unused part moves on until the year ends."""
    plan, made, history = plan_of(measure("export_quota", quarter="2025Q1", quantity_t=80, period="year"))
    limits = []
    for number, flow in enumerate([5.0, 5.0, 7.0, 5.0, 5.0]):
        step(plan, made, history, number, flow)
        limits.append(made.quota_t[0, 0])
    assert limits == pytest.approx([20, 25, 30, 29, 20])


def test_a_joint_quota_sums_goods():
    """With `together`, one limit holds for the sum."""
    made = scenario(measure("export_quota", good=["gallium", "germanium"], quantity_t=9))
    apart = made.measures[0]
    joint = replace(apart, fields={**apart.fields, "together": True})
    site = Site(WORLD, made.base_year, made.start_index, made.quarters)
    sizes = [[cap.routes.size for cap in export_quota.compile(order, site)] for order in (apart, joint)]
    assert sizes == [[3, 3], [6]]


def test_a_licence_is_a_share_of_the_four_quarters_before():
    """The reference is fixed when the measure starts and does not follow the throttled flow."""
    plan, made, history = plan_of(measure("export_licence", quarter="2026Q1", rate=0.5))
    for number, flow in enumerate([8.0, 12.0, 16.0, 4.0]):
        step(plan, made, history, number, flow)
    step(plan, made, history, 4, 1.0)
    assert made.quota_t == pytest.approx(0.5 * 3 * 10.0)
    plan.apply(5, made, history)
    assert made.quota_t == pytest.approx(0.5 * 3 * 10.0)


def test_an_approval_rate_of_one_is_free_trade():
    """The cap of a rate of one is no cap."""
    plan, made, history = plan_of(measure("export_licence", quarter="2025Q1", rate=[0.5, 1.0]))
    step(plan, made, history, 0)
    assert made.quota_t == pytest.approx(15.0)
    plan.apply(1, made, history)
    assert np.isinf(made.quota_t).all()


def test_a_licence_of_the_base_year_knows_the_flow_it_cut():
    """Base-year flow over the rate then in force is the free flow."""
    plan, made, history = plan_of(
        measure("export_licence", quarter="2023Q1", rate={"2023Q1": 0.5, "2025Q1": 0.8})
    )
    plan.apply(0, made, history)
    assert made.quota_t == pytest.approx(0.8 * 3 * FLOW_T / 0.5)
    assert plan.base_restricted.all()


def test_waiting_for_approval_stops_the_flow():
    """During the delay nothing is approved: the rate counts for the days after it."""
    plan, made, history = plan_of(measure("export_licence", rate=0.6, delay_days=45))
    step(plan, made, history, 0)
    plan.apply(1, made, history)
    assert made.quota_t == pytest.approx(0.6 * (91 - 45) / 91 * 30)


def test_a_declared_reference_grows():
    """A declared normal flow replaces the mean before, and grows by the year."""
    plan, made, history = plan_of(
        measure("export_licence", quarter="2025Q1", rate=0.5, reference_t=100, growth=0.1)
    )
    plan.apply(0, made, history)
    assert made.quota_t == pytest.approx(50.0)
    plan.apply(4, made, history)
    assert made.quota_t == pytest.approx(55.0)


def test_each_destination_can_have_its_own_limit():
    """`each_destination` makes one quota for each target."""
    plan, _, _ = plan_of(measure("export_licence", rate=0.5, each_destination=True))
    assert [routes.size for routes in plan.quota_routes] == [1, 1, 1]


def test_a_ban_of_a_whole_quarter_closes_the_route():
    """Weight and limit are zero; a quarter banned in part keeps the other days' flow."""
    plan, made, history = plan_of(measure("export_ban", quarter="2025-02-10", end="2025Q2", target=["USA"]))
    step(plan, made, history, 0)
    assert made.quota_t == pytest.approx(40 / 90 * FLOW_T)
    assert (made.route_weight == 7.0).all()
    step(plan, made, history, 1)
    assert (made.route_weight[:, AMERICA] == 0.0).all() and (made.quota_t == 0.0).all()
    assert (made.route_weight[:, JAPAN] == 7.0).all()
    made.route_weight[:] = 7.0
    plan.apply(2, made, history)
    assert (made.route_weight == 7.0).all() and np.isinf(made.quota_t).all()
    assert (history.route_restricted[:, AMERICA] == 0.0).all()
    plan.enter(1, history)
    assert (history.route_restricted[:, AMERICA] == 1.0).all()


def test_taxes_count_by_days_and_add():
    """Two tariffs on a route add; a third that holds half the quarter counts half."""
    orders = [
        measure("import_tariff", actor="USA", quarter="2025Q1", rate=0.25),
        measure("import_tariff", actor="USA", quarter="2025Q1", rate=0.10, target=["CHN"], duty_usd_per_t=9),
        measure("export_tax", quarter="2025-02-15", rate=0.2),
    ]
    plan, made, history = plan_of(*orders)
    plan.apply(0, made, history)
    assert made.route_tariff[:, AMERICA] == pytest.approx(0.35)
    assert made.route_import_duty[:, AMERICA] == pytest.approx(9.0)
    assert made.route_export_tax[:, AMERICA] == pytest.approx(0.2 * 45 / 90)
    assert made.route_tariff[:, route("gallium_refined", "USA", "USA")] == pytest.approx(0.0)
    assert made.route_tariff[:, JAPAN] == pytest.approx(0.0)
    smuggled = route("gallium_refined", "CHN", "USA", leak=True)
    assert made.route_tariff[:, smuggled] == pytest.approx(0.25)
    assert made.route_export_tax[:, smuggled] == pytest.approx(0.0)


def test_the_highest_floor_counts_and_its_form_decides_who_gets_the_top_up():
    """Of two floors the higher stands; members are exempt (instruments I2)."""
    orders = [
        measure("price_floor", actor="JPN", quarter="2025Q1", price_usd_per_t=150, exempt=["USA"]),
        measure(
            "price_floor", actor="JPN", quarter="2025Q1", price_usd_per_t=[180, 140], form="minimum_price"
        ),
    ]
    plan, made, history = plan_of(*orders)
    member = route("gallium_refined", "USA", "JPN")
    plan.apply(0, made, history)
    assert made.route_floor[0, [JAPAN, member, AMERICA]].tolist() == [180.0, 180.0, 0.0]
    assert history.floor_public_share[0, JAPAN] == 0.0
    plan.apply(1, made, history)
    assert made.route_floor[0, [JAPAN, member]].tolist() == [150.0, 140.0]
    assert history.floor_public_share[0, [JAPAN, member]].tolist() == [1.0, 0.0]


def test_a_floor_inside_a_quarter_is_mixed_with_last_quarters_landed_price():
    """Half the days at the floor, half at the price seen before."""
    plan, made, history = plan_of(
        measure("price_floor", actor="JPN", quarter="2025-02-15", price_usd_per_t=200)
    )
    plan.apply(0, made, history)
    assert made.route_floor[:, JAPAN] == pytest.approx(0.5 * 200 + 0.5 * 120)


def test_a_reference_floor_uses_the_four_quarters_before():
    """`before` freezes the mean at the start; `lagged_mean` follows with the past."""
    orders = [
        measure("price_floor", actor="JPN", quarter="2025Q2", reference="before", share=1.5),
        measure("price_floor", actor="USA", quarter="2025Q2", reference="lagged_mean"),
    ]
    plan, made, history = plan_of(*orders)
    step(plan, made, history, 0, price=200.0)
    step(plan, made, history, 1, price=300.0)
    assert made.route_floor[:, JAPAN] == pytest.approx(1.5 * 125)
    plan.apply(2, made, history)
    assert made.route_floor[:, JAPAN] == pytest.approx(1.5 * 125)
    assert made.route_floor[:, AMERICA] == pytest.approx((100 + 100 + 200 + 300) / 4)


def paid_per_t(index, output_t=10.0, **changes):
    """Return what a two-way support pays: strike 110, upside share 0.3 above 150."""
    rest = {"volume_t": np.inf, "outlay_cap_usd": np.inf, "payback_cap_usd": np.inf, **changes}
    return np.array([support_rate(110.0, 150.0, 0.3, price, output_t, *rest.values()) for price in index])


def test_support_pays_the_gap_and_takes_a_share_of_the_gain():
    """Outlay per tonne is max(0, K - R) - y max(0, R - K2) (instruments I6)."""
    assert paid_per_t([60.0, 110.0, 140.0, 200.0, np.nan]) == pytest.approx([50.0, 0.0, 0.0, -15.0, 0.0])


def test_a_producers_revenue_never_falls_with_the_price():
    """Index plus support is at least the strike and rises with the index (instruments I7, I8)."""
    index = np.linspace(1.0, 400.0, 500)
    revenue = index + paid_per_t(index)
    assert (np.diff(revenue) >= -1e-9).all()
    assert (revenue >= 110.0 - 1e-9).all()


def test_support_stops_at_the_eligible_tonnes_and_the_caps():
    """Half of the output eligible: half the rate; caps bind on money."""
    assert paid_per_t([60.0], volume_t=5.0) == pytest.approx(25.0)
    assert paid_per_t([60.0], outlay_cap_usd=100.0) == pytest.approx(10.0)
    assert paid_per_t([200.0], payback_cap_usd=30.0) == pytest.approx(-3.0)


def test_support_follows_the_index_last_published():
    """The rate of a quarter rests on the price of the one before."""
    order = measure("price_support", actor="USA", quarter="2025Q1", strike_usd_per_t=150, index_country="CHN")
    plan, made, history = plan_of(order)
    step(plan, made, history, 0, price=90.0)
    assert made.plant_support[0].tolist() == [0.0, 50.0, 0.0, 0.0, 0.0]
    assert history.support_usd_per_t[0, 0] == 50.0
    plan.apply(1, made, history)
    assert made.plant_support[0, 1] == pytest.approx(60.0)
    assert plan.countries[plan.support_payer[0]] == "USA"


def test_a_state_releases_no_more_than_it_holds():
    """Purchases fill the stock, releases empty it, and it is never negative (instruments I22)."""
    orders = [
        measure("stock_order", actor="JPN", quarter="2025Q1", end="2025Q1", move="buy", quantity_t=3),
        measure("stock_order", actor="JPN", quarter="2025Q2", move="release", quantity_t=4),
    ]
    opening = {"stocks": [{"good": "gallium", "country": "JPN", "holder": "state", "quantity_t": 2}]}
    plan, made, history = plan_of(*orders, base=opening)
    buyer = 1
    seen = []
    for number in range(4):
        plan.apply(number, made, history)
        seen.append(
            (made.buyer_order_t[0, buyer], made.buyer_release_t[0, buyer], history.state_stock_t[0, buyer])
        )
        moved = answer(WORLD, FLOW_T)
        moved.order_t[:], moved.release_t[:] = made.buyer_order_t, made.buyer_release_t
        plan.record(number, made, history, moved)
    assert seen == [(3, 0, 2), (0, 4, 5), (0, 1, 1), (0, 0, 0)]


def test_the_plan_says_who_gets_the_money():
    """Each quota has an actor and a holder; taxes belong to the ends of the route."""
    orders = [measure("export_quota", quantity_t=3, holder="state"), measure("export_ban", target=["JPN"])]
    plan, _, _ = plan_of(*orders)
    assert {HOLDERS[h] for h in plan.quota_holder} == {"state", "firms"}
    assert {plan.countries[a] for a in plan.quota_actor} == {"CHN"}
    assert plan.countries[plan.route_origin[AMERICA]] == "CHN"
    assert plan.countries[plan.route_destination[AMERICA]] == "USA"


def test_a_measure_that_covers_nothing_is_noted():
    """A good outside the scenario is no error but a note for the manifest."""
    plan, _, _ = plan_of(measure("export_ban", good="tungsten"), measure("export_ban", actor="AUS"))
    assert [note["why"] for note in plan.notes] == [
        "tungsten_refined is not in the scenario",
        "AUS does not stand apart in this world: what it makes and uses is part of OTH",
    ]


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (measure("export_ban", actor="JPN"), "JPN does not make gallium_refined"),
        (
            measure("export_ban", quarter="2029Q1"),
            "it starts in 2029Q1, after the last quarter 2027Q4",
        ),
        (
            measure("export_ban", quarter="2020Q1", end="2021Q4"),
            "it ends in 2021Q4: no day of the base year 2024 or of 2025Q1 to 2027Q4 is in it",
        ),
        (
            measure("export_ban", target=["AUS"]),
            "no route of gallium_refined between CHN and the targets is covered",
        ),
        (measure("price_support", firm="Nobody", strike_usd_per_t=9), "Nobody has no plant of gallium_refined in CHN"),
    ],
)  # fmt: skip
def test_the_note_says_why_a_measure_has_no_effect(order, why):
    """Maker, time, targets and firm are told apart."""
    plan, _, _ = plan_of(order)
    assert [(note["measure"], note["goods"], note["why"]) for note in plan.notes] == [
        (0, ["gallium_refined"], why)
    ]


def test_a_measure_that_bites_on_some_of_its_goods_is_noted_for_the_others():
    """Only the goods without effect are named."""
    plan, _, _ = plan_of(measure("export_quota", good=["gallium", "tungsten"], quantity_t=3))
    assert [note["goods"] for note in plan.notes] == [["tungsten_refined"]]
    assert len(plan.caps) == 1


def test_quotas_stand_in_the_order_of_their_routes():
    """The network keeps quotas by component; the plan's order is the same."""
    orders = [measure("export_ban", good="germanium"), measure("export_ban", good="gallium")]
    plan, _, _ = plan_of(*orders)
    firsts = [int(routes.min()) for routes in plan.quota_routes]
    assert firsts == sorted(firsts)
    assert plan.quota_measure.tolist() == [1, 0]


def test_runs_do_not_touch_each_other():
    """A run's terms are the same alone and in a batch."""
    orders = [
        measure("export_licence", rate=0.5),
        measure("price_support", actor="USA", strike_usd_per_t=150),
    ]
    plan, _, _ = plan_of(*orders)
    flow = np.linspace(1.0, 20.0, len(ROUTES) * 3).reshape(3, -1)
    together, batch = plan.new_history(3), terms(WORLD, plan, 3)
    alone, single = plan.new_history(1), terms(WORLD, plan, 1)
    for number in range(4):
        plan.apply(number, batch, together)
        plan.record(number, batch, together, answer(WORLD, flow, 3))
        plan.apply(number, single, alone)
        plan.record(number, single, alone, answer(WORLD, flow[2:], 1))
    assert np.array_equal(batch.quota_t[2:], single.quota_t)
    assert np.array_equal(together.quota_flow_t[2:], alone.quota_flow_t)
