"""Each instrument that acts beside the market bites: the same small run with it and without differs as stated."""

import numpy as np
import pytest
from mechanism import METAL, ORE, measure, shock, tiny, whole

from model.schema import RING

BOOM = (shock("demand", METAL, "WORLD", 1.6, "2025Q2"),)
SHORT = (shock("supply", ORE, "AUS", 0.5, "2025Q3", "2025Q4"),)
START = "2025Q2"


def sites(story, country, good=METAL):
    """Return the sites of a country that make a good."""
    layout, world = story.engine.layout, story.engine.world
    mine = layout.site_country == world.countries.index(country)
    return mine & (layout.site_good == list(world.goods["name"]).index(good))


def country(story, code):
    """Return a country's number."""
    return story.engine.world.countries.index(code)


def test_technology_control_makes_building_abroad_dearer_and_slower():
    """Capital cost and time double abroad; what is new there is worth less to its firm; at home nothing changes."""
    control = measure("technology_control", "CHN", METAL, START, capex_factor=2.0, lead_factor=2.0)
    on, off = tiny(control, shocks=BOOM), tiny(shocks=BOOM)
    abroad, home = sites(on, "AUS"), sites(on, "CHN")
    assert np.all(on["site_capex_factor"][1:, abroad] == 2.0)
    assert np.all(on["site_lead_factor"][0] == 1.0) and np.all(on["site_lead_factor"][1:, abroad] == 2.0)
    assert np.all(on["site_lead_factor"][:, home] == 1.0)
    assert np.all(on["site_profit_index"][1, abroad] < 0.7 * off["site_profit_index"][1, abroad])
    np.testing.assert_array_equal(on["site_profit_index"][1, home], off["site_profit_index"][1, home])
    assert on["site_invest_t"][:, abroad].sum() < off["site_invest_t"][:, abroad].sum()


def test_a_fast_track_brings_capacity_sooner():
    """Without the wait for a permit, and in half the time, what is started is there earlier."""
    quick = measure("fast_track", "AUS", METAL, START, permit_factor=0.0, lead_factor=0.5)
    on, off = tiny(quick, shocks=BOOM), tiny(shocks=BOOM)
    waits = []
    for story in (on, off):
        (s,) = np.flatnonzero(sites(story, "AUS"))
        ring = story["site_arrival_t"][:, s * RING : (s + 1) * RING]
        assert story["site_invest_t"][1, s] > 0.0
        waits.append(min((slot - 1) % RING for slot in np.flatnonzero(ring[1] > ring[0] + 1e-9)))
    assert waits[0] <= 0.6 * waits[1]


@pytest.mark.parametrize("form", ["grant", "equity", "loan"])
def test_a_fund_makes_projects_pay_and_is_charged_to_its_treasuries(form):
    """Index of profit up; treasuries pay their shares; firms less; money balances; no more than the fund."""
    burden = {"CHN": 0.25, "AUS": 0.75}
    fund = measure("investment_fund", "AUS", METAL, START, host=["AUS"], form=form, share=0.5, amount_usd=1e9,
                   burden=burden)  # fmt: skip
    on, off = tiny(fund, shocks=BOOM), tiny(shocks=BOOM)
    home = sites(on, "AUS")
    assert np.all(on["site_profit_index"][1, home] > 1.02 * off["site_profit_index"][1, home])
    np.testing.assert_allclose(on["site_bare_index"][1, home], off["site_profit_index"][1, home])
    paid = on["country_fund_usd"].sum(axis=0)
    assert paid[country(on, "AUS")] == pytest.approx(3.0 * paid[country(on, "CHN")]) and paid.sum() > 1e6
    spent = on.engine.history.fund_spent_usd[0, 0]
    assert paid.sum() <= spent * (1.0 + 1e-12) <= 1e9 * (1.0 + 1e-12)
    if form == "loan":
        assert paid.sum() < 0.7 * spent
    scale = np.abs(on["balance_usd"][-1]).sum()
    assert np.abs(on["money_residual_usd"]).max() <= 1e-12 * scale


def test_an_additional_fund_pays_only_what_would_not_be_built():
    """Where the boom alone makes building pay, the fund that asks for additionality keeps its money."""
    fields = {"form": "grant", "share": 0.3, "amount_usd": 1e9}
    every, strict = (
        tiny(measure("investment_fund", "AUS", METAL, START, additional=only, **fields), shocks=BOOM)
        for only in (False, True)
    )
    assert 0.0 <= strict["country_fund_usd"].sum() < 0.9 * every["country_fund_usd"].sum()


def test_research_bears_fruit_late_and_abroad_too():
    """Nothing before its delay; then users substitute faster, outsiders half as much; it costs from the first day."""
    research = measure(
        "research_programme", "CHN", METAL, START, speed=2.0, usd_per_year=4e8, delay_quarters=4
    )
    on, off = tiny(research, shocks=BOOM), tiny(shocks=BOOM)
    factor = on["buyer_substitution_factor"]
    mine, other = on.buyer(METAL, "CHN"), on.buyer(METAL, "OTH")
    assert np.all(factor[:5] == 1.0) and np.all(factor[5:, mine] == 3.0) and np.all(factor[5:, other] == 2.0)
    grown = [story["buyer_substituted"][:, mine] for story in (on, off)]
    np.testing.assert_array_equal(grown[0][:5], grown[1][:5])
    assert (grown[0] - grown[1]).max() > 0.05
    np.testing.assert_allclose(on["country_programme_usd"][1:, country(on, "CHN")], 1e8)


def test_research_into_processing_makes_plants_cheaper():
    """A gain of 1 saves a third of the capital cost at home."""
    research = measure(
        "research_programme", "AUS", METAL, START, aim="processing", speed=1.0, delay_quarters=0
    )
    on = tiny(research)
    assert np.all(on["site_capex_factor"][1:, sites(on, "AUS")] == pytest.approx(1.0 / 1.5))


def test_a_substitution_programme_works_at_home_only():
    """The actor's users substitute faster; what stays for good stays."""
    programme = measure("substitution_programme", "CHN", METAL, START, speed_factor=3.0, usd_per_year=4e6)
    on, off = tiny(programme, shocks=BOOM), tiny(shocks=BOOM)
    mine = on.buyer(METAL, "CHN")
    assert on["buyer_substituted"][4, mine] > 1.1 * off["buyer_substituted"][4, mine]
    assert np.all(on["buyer_substitution_factor"][:, on.buyer(METAL, "OTH")] == 1.0)
    assert np.all(np.diff(on["buyer_substituted_forever"][:, mine]) >= 0.0)


def test_a_recycling_programme_recovers_more_within_discards():
    """The recycled share grows faster, recyclers are paid, and never more is recovered than was thrown away."""
    programme = measure(
        "recycling_programme", "CHN", METAL, START, speed_factor=4.0, rate_usd_per_t=5000.0, usd_per_year=4e6
    )
    on, off = tiny(programme, shocks=BOOM), tiny(shocks=BOOM)
    k = int(on.engine.layout.recycler_plant[0])
    assert on["plant_recycled_share"][8, k] > 1.05 * off["plant_recycled_share"][8, k]
    assert on["country_support_usd"][2, country(on, "CHN")] == pytest.approx(5000.0 * on["output_t"][2, k])


def test_information_shrinks_errors_and_fear():
    """With three partners errors are halved and perceived risk rises less in a shortage."""
    shared = measure("information_sharing", "CHN", METAL, "2025Q1", partner=["AUS", "OTH", "JPN"], calm=0.8)
    on, off = (tiny(*given, shocks=BOOM, expectation_noise=0.2) for given in ((shared,), ()))
    home, mine = sites(on, "CHN"), on.buyer(METAL, "CHN")
    np.testing.assert_allclose(on["site_error"][2, home], 0.5 * off["site_error"][2, home])
    assert on["buyer_risk"][3, mine] < 0.8 * off["buyer_risk"][3, mine]


def test_enforcement_raises_the_effort_of_its_country():
    """The actor's effort doubles, that of others stays, and its treasury pays."""
    on = tiny(measure_without_good("enforcement", "CHN", effort_factor=2.0, usd_per_year=8e6))
    factor, mine = on["country_enforcement_factor"], country(on, "CHN")
    assert np.all(factor[1:, mine] == 2.0) and np.all(np.delete(factor, mine, axis=1) == 1.0)
    assert np.all(on["country_programme_usd"][1:, mine] == 2e6)


def test_a_stock_rule_goes_by_the_price_it_names():
    """Under a licence metal gets dear outside, cheap inside: a stock that goes by the price inside goes on buying."""
    licence = measure("export_licence", "CHN", METAL, START, rate=0.8)
    size = {"target_t": 2_000.0, "price_ratio": 9.0, "shortfall": 0.9}
    held = {}
    for place in ("CHN", "AUS"):
        rule = measure("strategic_stockpile", "OTH", METAL, START, index_country=place, **size)
        story = tiny(licence, rule, end="2026Q2")
        held[place] = story["buyer_reserve_t"][-1, story.buyer(METAL, "OTH")]
    assert held["CHN"] > 1_000.0 and held["AUS"] < 0.5 * held["CHN"]


def test_enforcement_keeps_more_at_home():
    """Under a ban, what a country pays for policing keeps smugglers back; nothing else is ordered."""
    ban = measure("export_ban", "CHN", "gallium", START)
    effort = measure_without_good("enforcement", "CHN", effort_factor=3.0)
    with_, without = (
        whole("gallium", orders, quarters=6, policing_speed=0.0) for orders in ([ban, effort], [ban])
    )
    leak = with_.engine.layout.node_leak[with_.engine.network.route_node]
    on, off = (story["flow_t"][:, leak].sum() for story in (with_, without))
    assert off > 1.0 and on < 0.9 * off


def measure_without_good(kind, actor, **fields):
    """Return an order that names no good."""
    return {"type": kind, "actor": actor, "quarter": START, "end": None, "fields": fields}


def test_downstream_cover_lays_the_top_up_on_products():
    """A floor on ore alone leaves metal free; covered, metal from the same origin pays its content of the top-up."""
    floor = {"price_usd_per_t": 60_000.0, "target": ["CHN"]}
    bare = tiny(measure("price_floor", "AUS", ORE, START, **floor))
    covered = tiny(measure("price_floor", "AUS", ORE, START, downstream={METAL: 0.5}, **floor))
    r, raw = covered.route(METAL, "CHN", "AUS"), covered.route(ORE, "CHN", "AUS")
    assert np.all(bare["route_import_duty"][:, r] == 0.0)
    duty, topup = covered["route_import_duty"][3:, r], covered["landed_price"][2:-1, raw]
    assert np.all(duty > 0.0) and np.all(topup >= 60_000.0 - 1e-6)
    assert covered["flow_t"][4, r] < 0.99 * bare["flow_t"][4, r]
    kept = tiny(
        measure("price_floor", "AUS", ORE, START, downstream={METAL: 0.5}, form="minimum_price", **floor)
    )
    assert np.all(kept["route_floor"][3:, r] > 0.0) and np.all(kept["country_tariff_usd"] == 0.0)


def test_named_firms_get_the_rent_of_their_licences():
    """Licences for one firm give it the rent, whoever made the tonnes; tonnes and prices stay."""
    fields = {"rate": 0.5, "target": ["OTH"]}
    pooled = tiny(measure("export_licence", "CHN", METAL, START, **fields))
    named = tiny(measure("export_licence", "CHN", METAL, START, firm_shares={"Delta Scrap": 1.0}, **fields))
    np.testing.assert_array_equal(pooled["flow_t"][2], named["flow_t"][2])
    firms = list(named.engine.world.firms["name"])
    rent = named["firm_rent_usd"][2]
    assert rent[firms.index("Delta Scrap")] == pytest.approx(pooled["firm_rent_usd"][2].sum())
    assert (
        rent[firms.index("Jiangxi Metal")] == 0.0 < pooled["firm_rent_usd"][2][firms.index("Jiangxi Metal")]
    )


def test_burden_shares_divide_a_support():
    """Two treasuries pay a support by their shares, not the actor alone."""
    paid = tiny(measure("price_support", "AUS", METAL, START, strike_usd_per_t=90_000.0,
                        burden={"AUS": 0.4, "CHN": 0.6}))["country_support_usd"]  # fmt: skip
    assert paid[3, 0] > 1e6 and paid[3, 1] == pytest.approx(1.5 * paid[3, 0])


def test_a_support_ends_at_its_caps():
    """A year's outlay stays below its cap, and so does what producers pay back above the upside price."""
    gap = {"strike_usd_per_t": 90_000.0}
    boom = {"strike_usd_per_t": 0.0, "upside_usd_per_t": 1_000.0, "upside_share": 0.5}
    for fields, cap, sign in ((gap, "outlay_cap_usd", 1.0), (boom, "payback_cap_usd", -1.0)):
        free = (
            sign * tiny(measure("price_support", "AUS", METAL, START, **fields))["country_support_usd"][3, 0]
        )
        most = 0.2 * free
        capped = tiny(measure("price_support", "AUS", METAL, START, **fields, **{cap: 4.0 * most}))
        paid = sign * capped["country_support_usd"][3, 0]
        assert free > 1e6 and 0.5 * most < paid <= 1.2 * most, (cap, free, paid)


def eligible(quantity_t, period):
    """Return the story of a support for so many tonnes in a period (None: for all), and its plants."""
    fields = {"quantity_t": quantity_t, "period": period} if quantity_t else {}
    story = tiny(measure("price_support", "AUS", METAL, START, strike_usd_per_t=90_000.0, **fields))
    return story, story.engine.plan.supports[0].plants


def test_a_support_pays_for_its_eligible_tonnes_alone():
    """Two fifths of output eligible: so much of the gap, by the tonnes made before; the period is what is stated."""
    free, plants = eligible(None, None)
    tonnes = 0.4 * float(free["output_t"][2, plants].sum())
    capped, _ = eligible(tonnes, "quarter")
    aus = country(free, "AUS")
    paid, all_paid = (story["country_support_usd"][3, aus] for story in (capped, free))
    made = capped["output_t"][:, plants].sum(axis=1)
    nodes = free.engine.world.nodes
    makers = np.flatnonzero((nodes["good"] == METAL) & (nodes["kind"] == "producer"))
    index = np.average(capped["price"][2, makers], weights=nodes["production_t"].to_numpy()[makers])
    assert all_paid > 1e6 and 0.3 * all_paid < paid < 0.5 * all_paid
    assert paid == pytest.approx((90_000.0 - index) * tonnes / made[2] * made[3], rel=1e-9)
    np.testing.assert_array_equal(eligible(4.0 * tonnes, "year")[0]["output_t"], capped["output_t"])
    np.testing.assert_array_equal(eligible(1e9, "year")[0]["output_t"], free["output_t"])


def test_a_production_quota_hits_all_sales_and_strains_nobody():
    """Output falls to the quota; no export restriction is felt: no tension, no smuggling."""
    on, off = tiny(measure("production_quota", "CHN", METAL, START, rate=0.7)), tiny()
    layout = on.engine.layout
    made = layout.plant_country == country(on, "CHN")
    made &= np.isin(layout.plant_recipe, np.flatnonzero(on.engine.world.recipes["good"] == METAL))
    sold = on["flow_t"][3][[on.route(METAL, "CHN", to) for to in ("AUS", "CHN", "OTH")]].sum()
    before = off["flow_t"][0][[off.route(METAL, "CHN", to) for to in ("AUS", "CHN", "OTH")]].sum()
    assert sold < 0.8 * before and on["output_t"][3][made].sum() < 0.85 * off["output_t"][3][made].sum()
    np.testing.assert_array_equal(on["pair_strain"], off["pair_strain"])


def test_a_quota_above_output_with_credit_floods():
    """With a quota nobody reaches, state credit raises output and lowers the price."""
    flood = measure(
        "production_quota", "CHN", METAL, START, rate=3.0, credit_usd_per_t=15_000.0, discount_factor=0.6
    )
    on, off = tiny(flood), tiny()
    i = on.node(METAL, "CHN")
    assert np.all(on["price"][2:6, i] < 0.99 * off["price"][2:6, i])
    assert np.all(on["site_discount_factor"][1:, sites(on, "CHN")] == 0.6)


def test_an_offtake_lowers_the_required_return_only_if_it_is_bankable():
    """Ten years and firm: lenders ask less. Short, or take-or-pay of a half: they do not."""
    fields = {"seller": "AUS", "quantity_t": 4000.0, "price_usd_per_t": 70_000.0}
    firm, short, loose = (
        tiny(measure("offtake", "CHN", METAL, START, **fields, **more))
        for more in ({}, {"years": 3.0}, {"take_or_pay": 0.5})
    )
    home = sites(firm, "AUS")
    assert np.all(firm["site_discount_factor"][1:, home] < 0.8)
    for other in (short, loose):
        assert np.all(other["site_discount_factor"] == 1.0)


def test_a_defence_priority_is_used_whatever_the_price():
    """When supply fails, who is served first uses more than without, and nothing of it goes into the state's stock."""
    crisis = (
        shock("supply", METAL, "CHN", 0.3, "2025Q3", "2026Q1"),
        shock("supply", METAL, "AUS", 0.3, "2025Q3"),
    )
    first = measure("defence_priority", "OTH", METAL, START, share=0.5)
    on, off = tiny(first, shocks=crisis), tiny(shocks=crisis)
    j = on.buyer(METAL, "OTH")
    assert on["final_use_t"][3, j] > 1.03 * off["final_use_t"][3, j]
    assert np.all(on["buyer_reserve_t"] == 0.0) and np.all(on["good_use_residual_t"] < 1e-6)
