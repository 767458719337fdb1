"""Each mechanism bites: the same small run with it on and off differs in the named quantity, in the stated sense."""

import numpy as np
import pytest
from base_scenario import scenario
from mechanism import METAL, ORE, measure, shock, tiny, whole

from agents import DECISIONS
from model.engine import Engine
from model.opening import MOST_RECOVERED

CRASH = (shock("demand", METAL, "WORLD", 0.3, "2025Q2"),)
SLUMP = (shock("demand", METAL, "WORLD", 0.3, "2025Q2", "2027Q2"),)
BOOM = (shock("demand", METAL, "WORLD", 1.6, "2025Q2"),)
SHORT = (shock("supply", ORE, "AUS", 0.5, "2025Q3", "2025Q3"),)
BAN = measure("export_ban", "CHN", METAL, "2025Q3")
GALLIUM_BAN = measure("export_ban", "CHN", "gallium", "2025Q2")


def smuggled(story):
    """Return the tonnes that left through leaks in each quarter."""
    leak = story.engine.layout.node_leak[story.engine.network.route_node]
    return story["flow_t"][:, leak].sum(axis=1)


def test_learning_lowers_cost():
    """Refineries' cash cost falls with output down to what learning may reach."""
    on, off = tiny(learning_least=0.6)["node_cost_ratio"], tiny(learning_least=1.0)["node_cost_ratio"]
    assert np.all(off == 1.0)
    assert on[-1].min() < 0.98 and np.all(np.diff(on, axis=0) <= 0.0)


def test_substitution_grows_under_high_prices():
    """After years of high prices users need less; at speed 0 they do not."""
    on, off = (tiny(shocks=BOOM, substitution_speed=speed) for speed in (0.5, 0.0))
    assert np.all(off["buyer_substituted"] == 0.0)
    users = on.engine.world.buyers["final_use_t"].to_numpy() > 0.0
    assert np.all(on["buyer_substituted"][-1][users] > 0.01)
    assert np.all(on["final_use_t"][8][users] < 0.99 * off["final_use_t"][8][users])


def test_recycled_share_grows_while_it_pays():
    """At high prices the recycled share of discards grows at its rate; at rate 0 it stays."""
    on, off = (tiny(shocks=BOOM, recycling_growth=growth) for growth in (0.2, 0.0))
    k = int(on.engine.layout.recycler_plant[0])
    assert np.ptp(off["plant_recycled_share"][:, k]) == 0.0
    assert on["plant_recycled_share"][-1, k] > 1.05 * off["plant_recycled_share"][-1, k]
    assert on["output_t"][-1, k] > 1.05 * off["output_t"][-1, k]


def test_recycling_falls_with_the_price():
    """In a slump recyclers recover less; at power 0 they recover the same share of discards."""
    on, off = (tiny(shocks=CRASH, recycling_power=power) for power in (1.0, 0.0))
    k = int(on.engine.layout.recycler_plant[0])
    assert on["plant_installed_t"][6, k] < 0.95 * off["plant_installed_t"][6, k]


def test_outages_take_capacity():
    """When every producer is hit each quarter, capacity is lost; without outages none is."""
    on, off = tiny(outage_probability=1.0), tiny()
    assert np.all(off["node_outage_share"] == 0.0) and np.all(on["node_outage_share"][1:] > 0.01)
    assert on["plant_capacity_t"][4].sum() < 0.99 * off["plant_capacity_t"][4].sum()
    assert np.all(on["price"][4] > off["price"][4])


def test_taste_turns_from_a_restricting_supplier():
    """Buyers abroad come to prefer others to a supplier that restricted its exports; at speed 0 they do not."""
    quota = measure("export_quota", "CHN", METAL, "2025Q3", "2026Q4", quantity_t=3_000.0, period="quarter")
    on, off = (tiny(quota, taste_speed=speed) for speed in (0.3, 0.0))
    abroad = on.route(METAL, "CHN", "OTH")
    assert np.all(off["route_taste"] == 1.0)
    assert on["route_taste"][8, abroad] < 0.9
    share = [
        s["flow_t"][9, abroad] / s["flow_t"][9, [abroad, s.route(METAL, "AUS", "OTH")]].sum()
        for s in (on, off)
    ]
    assert share[0] < share[1]


def test_restrictions_raise_tension_and_its_cost():
    """A ban raises tension of the pair, and tension its trade cost; without either mechanism cost stays."""
    on, calm, free = (
        tiny(BAN, tension_from_restriction=rise, tension_cost=cost)
        for rise, cost in ((0.3, 1.0), (0.0, 1.0), (0.3, 0.0))
    )
    pair = on.engine.layout.route_pair[on.route(METAL, "CHN", "OTH")]
    assert on["tension"][6, pair] > calm["tension"][6, pair] + 0.1
    # what OTH ships to CHN is not banned, and costs more to ship
    back = on.route(ORE, "OTH", "CHN")
    strained = (
        on["tension"][6, on.engine.layout.route_pair[back]]
        > calm["tension"][6, on.engine.layout.route_pair[back]]
    )
    assert strained
    assert on["route_freight"][7, back] > 1.1 * calm["route_freight"][7, back]
    assert free["route_freight"][7, back] == calm["route_freight"][0, back]


def test_buyers_stocks_dampen_a_short_shock():
    """Stocks are drawn when supply fails for a quarter, and the price rises less than without."""
    on, off = (tiny(shocks=SHORT, draw_most=most) for most in (0.7, 0.0))
    assert on["draw_t"][2].sum() > on["draw_t"][1].sum() and np.all(off["draw_t"] == 0.0)
    i = on.node(ORE, "AUS")
    assert on["price"][2, i] / on["price"][1, i] < off["price"][2, i] / off["price"][1, i]


def test_stock_targets_follow_risk():
    """Buyers who fear for supply want larger stocks; at multiple 0 they want the same days."""
    on, off = (tiny(BAN, stock_risk_multiple=multiple) for multiple in (3.0, 0.0))
    j = on.buyer(METAL, "OTH")
    assert on["buyer_target_t"][6, j] > 1.3 * off["buyer_target_t"][6, j]


def test_panic_bids_up_the_price():
    """Buyers cut off pay more for stocks the more they panic; at 0 they order as in calm times."""
    on, off = (tiny(BAN, panic=panic, stock_risk_multiple=3.0) for panic in (7.0, 0.0))
    j = on.buyer(METAL, "OTH")
    assert on["price_index"][2:8, j].max() > 1.1 * off["price_index"][2:8, j].max()


def test_hoarding_keeps_stocks():
    """Buyers who hoard draw less when they are cut off."""
    on, off = (tiny(BAN, hoarding=hoarding) for hoarding in (8.0, 0.0))
    j = on.buyer(METAL, "OTH")
    assert on["draw_t"][3:6, j].sum() < 0.9 * off["draw_t"][3:6, j].sum()


def test_expansions_come_sooner_than_new_sites():
    """The share shortens the lead time of sites that produce, and of no other."""
    short, full = (tiny(expansion_lead_share=share) for share in (0.5, 1.0))
    layout = full.engine.layout
    held = np.bincount(layout.plant_site[layout.plant_site >= 0], layout.plant_base_t[layout.plant_site >= 0])
    lead = short["site_lead_quarters"][0] / full["site_lead_quarters"][0]
    assert np.all(lead[held > 0.0] < 0.7) and np.all(lead[held == 0.0] == 1.0)


def test_plants_that_do_not_earn_their_interest_are_given_up():
    """After a boom, new plants that owe close in the slump; those that owe nothing run on as they did."""
    boom = (
        shock("demand", METAL, "WORLD", 1.6, "2025Q2", "2027Q4"),
        shock("demand", METAL, "WORLD", 0.8, "2028Q1"),
    )
    owing, free = (tiny(shocks=boom, debt_share=share, end="2031Q4") for share in (1.0, 0.0))
    new = (owing.engine.layout.plant_kind == 3) & ~owing.engine.layout.plant_backed
    idle = [s["plant_idle_t"][-8:, new].sum() for s in (owing, free)]
    assert owing["plant_installed_t"][:, new].max() > 0.0 and idle[0] > idle[1]


def test_backed_firms_bear_losses_longer():
    """Where patience is one, plants of states and of firms with backed projects are mothballed as soon as others."""
    long, short = (tiny(shocks=CRASH, backed_patience=patience) for patience in (5.0, 1.0))
    backed = long.engine.layout.plant_backed
    assert backed.any() and not backed.all()
    assert long["plant_idle_t"][:, backed].sum() < 0.5 * short["plant_idle_t"][:, backed].sum()


def test_mothballed_plants_close():
    """After years of loss mothballed plants close; at share 0 they never do."""
    on, off = (tiny(shocks=CRASH, exit_share=share) for share in (0.3, 0.0))
    used = [0, 1, 3, 4]
    assert on["plant_installed_t"][-1, used].sum() < 0.9 * on["plant_installed_t"][0, used].sum()
    assert np.array_equal(off["plant_installed_t"][-1, used], off["plant_installed_t"][0, used])


def test_mothballed_plants_reopen():
    """When prices recover mothballed plants come back; at share 0 they stay shut."""
    on, off = (tiny(shocks=SLUMP, reopen_share=share, exit_share=0.0) for share in (0.3, 0.0))
    assert on["plant_idle_t"].sum(axis=1).max() > 100.0
    assert on["plant_idle_t"][-1].sum() < 0.7 * off["plant_idle_t"][-1].sum()


def test_losses_mothball():
    """Plants that lose are mothballed; at share 0 they run on."""
    on, off = (tiny(shocks=CRASH, mothball_share=share) for share in (0.2, 0.0))
    assert on["plant_idle_t"].max() > 100.0 and np.all(off["plant_idle_t"] == 0.0)


def test_firms_misjudge_prices():
    """Firms' errors have the stated deviation and change what is built."""
    on, off = tiny(expectation_noise=0.2), tiny()
    assert np.all(off["site_error"] == 0.0)
    assert 0.1 < on["site_error"].std() < 0.3
    assert np.any(on["site_invest_t"] != off["site_invest_t"])


def test_foresight_of_capacity_and_demand_changes_building():
    """Firms that count on announced growth see another price ahead; at weight 0 they see today's."""
    on, off = (tiny(foresight_weight=weight) for weight in (1.0, 0.0))
    assert np.all(off["site_outlook"] == 0.0) and np.abs(on["site_outlook"]).max() > 0.02
    assert on["site_invest_t"].sum() != off["site_invest_t"].sum()


def test_permits_delay_mines():
    """Waiting for permits keeps new mines from arriving."""
    on, off = (
        tiny(shocks=BOOM, permit_quarters_mine=wait, opening_pipeline=0.0, end="2031Q4")
        for wait in (20.0, 0.0)
    )
    i = on.node(ORE, "CHN")
    assert on["node_capacity_t"][-1, i] < 0.99 * off["node_capacity_t"][-1, i]


def test_believed_floors_build_capacity():
    """A border floor that firms believe in makes its members build; one without credit does not."""
    floor = measure("price_floor", "AUS", METAL, "2026Q1", price_usd_per_t=150_000.0)
    on, off = (
        tiny(floor, floor_credibility=credit, invest_speed=0.01, end="2028Q4") for credit in (1.0, 0.0)
    )
    s = int(np.flatnonzero(on.engine.layout.site_node == on.node(METAL, "AUS"))[0])
    assert on["site_profit_index"][4:, s].mean() > off["site_profit_index"][4:, s].mean()
    assert on["site_invest_t"][4:, s].sum() > off["site_invest_t"][4:, s].sum()


def test_new_capacity_waits_for_qualification():
    """Buyers qualify new capacity with a lag; at speed 1 they do at once."""
    on, off = (tiny(shocks=BOOM, qualification_speed=speed) for speed in (0.1, 1.0))
    assert np.array_equal(off["node_qualified_t"], off["node_capacity_t"])
    lag = on["node_capacity_t"][-1] - on["node_qualified_t"][-1]
    assert np.all(lag >= 0.0) and lag.max() > 100.0


def test_smugglers_carry_part_of_what_is_banned():
    """Without smugglers nothing of a banned good leaves; with them part of what is held back, within their share."""
    on, off = (whole("gallium", [GALLIUM_BAN], leak_share=s) for s in (0.25, 0.0))
    sent, held = smuggled(on), on["node_held_t"].sum(axis=1)
    assert np.all(sent[2:4] > 0.0) and np.all(smuggled(off) < 1e-6 * sent[2])
    assert sent[1] == 0.0 and np.all(sent[2:] < 0.25 * held[1:-1])


def test_enforcement_keeps_smugglers_back():
    """The more of them are caught, the less they carry, and a country's own enforcement is what counts."""
    lax, usual, strict = (
        smuggled(whole("gallium", [GALLIUM_BAN], enforcement=e, policing_speed=0.0)).sum()
        for e in (0.0, 0.3, 0.9)
    )
    assert strict < 0.3 * usual < 0.3 * lax
    story = whole("gallium", [GALLIUM_BAN], enforcement=0.3, policing_speed=0.0)
    engine = Engine(story.engine.scenario, 1, decide=DECISIONS)
    engine.columns.country_enforcement[0, engine.world.countries.index("CHN")] = 0.9
    sent = 0.0
    while not engine.is_done:
        engine.step()
        sent += engine.answer.flow_t[0, engine.layout.node_leak[engine.network.route_node]].sum()
    assert sent == pytest.approx(strict, rel=1e-9)


def test_customs_learn_the_ways_round():
    """Where smuggling lasts it shrinks as customs learn; at speed 0 it does not shrink by that."""
    on, off = (whole("gallium", [GALLIUM_BAN], policing_speed=speed) for speed in (0.4, 0.0))
    leak = on.engine.layout.node_leak
    assert np.all(off["node_policing"] == 0.0) and on["node_policing"][-1, leak].max() > 0.3
    assert smuggled(on)[12:].sum() < 0.6 * smuggled(off)[12:].sum()


def test_smuggling_costs_what_is_at_stake():
    """What smugglers pay beside the goods follows the price outside, quarter by quarter."""
    story = whole("gallium", [GALLIUM_BAN], policing_speed=0.0, enforcement=0.4, leak_fine_multiple=2.0)
    k = int(story.engine.layout.leak_plant[0])
    i = int(np.flatnonzero(story.engine.layout.node_leak)[0])
    outside = story["node_outside_price"][:, i]
    assert np.ptp(outside) > 0.05 * outside.mean()
    assert story["plant_cost"][1:, k] == pytest.approx((0.1 + 0.4 * 2.0) * outside[:-1], rel=1e-12)


def test_producers_storage_is_limited():
    """Under a lasting quota or ban producers' stock of a by-product stops at its limit, and output gives way."""
    for order in (
        measure("export_quota", "OTH", ORE, "2025Q2", quantity_t=500.0, period="quarter"),
        measure("export_ban", "OTH", ORE, "2025Q2"),
    ):
        on, off = (tiny(order, store_most_quarters=most) for most in (2.0, 40.0))
        i = on.node(ORE, "OTH")
        usual = on.engine.layout.node_usual_t[i] * on.engine.layout.outlook[0, :20].max()
        assert off["node_stock_t"][-1, i] > 1.3 * on["node_stock_t"][-1, i] > 1.3 * usual
        assert on["node_stock_t"][:, i].max() <= 2.0 * usual * (1.0 + 1e-9)
        mine = np.flatnonzero(on.engine.world.plants["country"] == "OTH")
        assert on["output_t"][-1, mine].sum() < 0.7 * off["output_t"][-1, mine].sum()
        assert np.abs(on["good_residual_t"]).max() < 1e-6 * usual


def test_lives_are_drawn_per_run():
    """Where the life of products is uncertain, no run's recyclers recover more of the discards than there is."""
    spread = {"life_tungsten": {"kind": "uniform", "low": 4.0, "high": 40.0}}
    engine = Engine(scenario(goods=["tungsten"], uncertain=spread), 4, decide=DECISIONS)
    share = engine.columns.plant_recycled_share[:, engine.layout.recycler_plant]
    assert np.ptp(engine.parameter("life_tungsten")) > 3.0
    assert share.max() <= MOST_RECOVERED * (1.0 + 1e-9)
    multiple = engine.columns.buyer_scrap_multiple
    assert np.any(np.ptp(multiple, axis=0) > 0.05)


def test_projects_slip():
    """Announced projects come later by the mean delay; without it they come when announced."""
    late, punctual = (
        whole("gallium", [], quarters=16, projects=20, project_slip_quarters=s) for s in (12.0, 0.0)
    )
    start = late.engine.layout.project_start
    drawn = late.engine.layout.project_slip_quarters < 0.0
    assert drawn.sum() >= 20
    assert np.all(punctual["project_arrival"][0][drawn] == start[drawn])
    assert 4.0 < (late["project_arrival"][0][drawn] - start[drawn]).mean() < 20.0


def test_projects_fail():
    """Projects that surely fail never produce; those that surely do not, do."""
    dead, live = (whole("gallium", [], quarters=16, projects=20, project_failure_share=s) for s in (1.0, 0.0))
    drawn = dead.engine.layout.project_failure_share < 0.0
    assert drawn.sum() >= 20
    assert np.all(np.isinf(dead["project_arrival"][0][drawn]))
    assert np.all(np.isfinite(live["project_arrival"][0][drawn]))


def test_demand_path_moves_demand():
    """Under announced pledges demand for cobalt in 2030 is larger than under stated policies."""
    pledged, stated = (whole("cobalt", [], demand_path=path) for path in ("APS", "STEPS"))
    assert pledged["demand_t"][-1].sum() > 1.01 * stated["demand_t"][-1].sum()


def test_demand_shocks_scale_demand():
    """A demand shock multiplies wanted use in its quarters and only there."""
    on, off = tiny(shocks=(shock("demand", METAL, "CHN", 1.2, "2025Q3", "2025Q3"),)), tiny()
    j = on.buyer(METAL, "CHN")
    ratio = on["demand_t"][:5, j] / off["demand_t"][:5, j]
    assert ratio == pytest.approx([1.0, 1.0, 1.2, 1.0, 1.0], rel=1e-9)
    assert on["price"][2, on.node(METAL, "CHN")] > off["price"][2, off.node(METAL, "CHN")]


def test_supply_shocks_scale_capacity():
    """A supply shock multiplies usable capacity in its quarters and only there, and the price rises."""
    on, off = tiny(shocks=SHORT), tiny()
    ratio = on["plant_capacity_t"][:3, 0] / off["plant_capacity_t"][:3, 0]
    assert ratio == pytest.approx([1.0, 1.0, 0.5], rel=1e-9)
    assert on["price"][2, on.node(ORE, "AUS")] > off["price"][2, off.node(ORE, "AUS")]


@pytest.mark.parametrize(
    ("name", "column"), [("demand_noise", "demand_t"), ("supply_noise", "plant_capacity_t")]
)
def test_noise_moves_its_quantity(name, column):
    """Noise of demand moves demand by its deviation, noise of supply usable capacity."""
    on, off = tiny(**{name: 0.05})[column], tiny()[column]
    used = off[0] > 0.0
    change = np.log(on[1:4, used] / off[1:4, used])
    assert 0.005 < change.std() < 0.15


def test_support_pays_the_strike():
    """Supported producers are paid the gap between strike and index per tonne, and make more."""
    support = measure("price_support", "AUS", ORE, "2025Q3", strike_usd_per_t=60_000.0)
    on, off = tiny(support), tiny()
    paid, made = on["country_support_usd"][4, 0], on["output_t"][4, :3].sum()
    index = 60_000.0 - paid / made
    assert np.all(off["country_support_usd"] == 0.0) and paid > 0.0
    assert on["price"][:5].min() * 0.8 < index < 60_000.0
    assert index == pytest.approx(on["price"][3, on.node(ORE, "AUS")], rel=0.1)
    assert made > off["output_t"][4, :3].sum()
