"""Goods sold on: an exempt country passes them to others, is seen after a lag, and loses its exemption."""

import functools
import json

import numpy as np
import pytest

from agents.firm import decide_all_firms
from model.calibration import calibrate
from model.calibration.resale import resale_key, resale_pairs
from model.engine import Engine
from model.quarter import Deciders
from model.scenario import scenario_from
from model.treaty_note import TREATIES

GOOD = "gallium_refined"
HEAD = {
    "name": "hand", "start": "2025Q1", "end": "2028Q4", "base_year": 2024, "goods": ["gallium"],
    "countries": ["CHN", "JPN", "USA", "EU27", "KOR"],
    "parameters": {"demand_noise": 0.0, "supply_noise": 0.0, "tension_noise": 0.0, "outage_probability": 0.0},
}  # fmt: skip
LICENCE = {
    "type": "export_licence",
    "actor": "CHN",
    "quarter": "2025Q1",
    "fields": {"good": "gallium", "rate": 0.2},
}
TAX = {"type": "export_tax", "actor": "CHN", "quarter": "2025Q1", "fields": {"good": "gallium", "rate": 1.5}}


def pact(verification=0.0, **head):
    clause = {"type": "mutual_exemption", "fields": {"good": "gallium", "verification": verification}}
    dates = {"signed": "2025Q1", "in_force": "2025Q2"}
    return {"id": "pact", "kind": "club", "members": ["CHN", "JPN"], "clauses": [clause], "detection_share": 0.0,
            **dates, **head}  # fmt: skip


def story(*treaties, measures=(LICENCE,), quarters=12, **parameters):
    """Return an engine after so many quarters, and [quarters] of what JPN and everybody sold on, t."""
    return _story(json.dumps([treaties, measures, quarters, parameters]))


@functools.cache
def _story(stated):
    treaties, measures, quarters, parameters = json.loads(stated)
    made = scenario_from({**HEAD, "treaties": treaties, "measures": measures,
                          "parameters": {**HEAD["parameters"], **parameters}})  # fmt: skip
    engine = Engine(made, 1, 7, decide=Deciders(firms=decide_all_firms))
    sold, spared, barred = [], [], []
    for _ in range(quarters):
        engine.step()
        sold.append(engine.answer.output_t[0, engine.layout.resale_plant].copy())
        spared.append(engine.columns.node_spared_t[0, engine.layout.resale_node].copy())
        barred.append(float(engine.columns.member_barred[0].max()) if treaties else -1000.0)
    return engine, np.array(sold), np.array(spared), barred


def test_goods_spared_are_sold_on_to_those_kept_from_them():
    """JPN, exempt from China's licence, sells on to restricted buyers only, who pay less; on against off."""
    engine, sold, _, _ = story(pact())
    assert sold[3:].sum() > 0.0
    routes = engine.world.routes
    resale = (routes["kind"] == "resale").to_numpy()
    flow = engine.answer.flow_t[0]
    assert set(routes["origin"][resale & (flow > 0.0)]) == {"JPN"}
    assert flow[resale & (routes["destination"] == "CHN").to_numpy()].sum() == 0.0
    assert flow[resale & (routes["destination"] == "USA").to_numpy()].sum() > 0.0
    checked = story(pact(0.999))[0]
    buyer = np.flatnonzero((engine.world.buyers["country"] == "USA").to_numpy())[0]
    assert engine.columns.buyer_price[0, buyer] < checked.columns.buyer_price[0, buyer]


def test_i17_no_more_goes_on_than_nobody_verified():
    """I17: in every quarter what goes on is at most the unverified share of what came in spared a quarter ago."""
    for verification in (0.0, 0.6, 0.9):
        _, sold, spared, _ = story(pact(verification))
        assert (sold[1:] <= (1.0 - verification) * spared[:-1] * (1.0 + 1e-9)).all()
        assert sold.sum() > 0.0


@pytest.mark.parametrize("measures", [(), (LICENCE,)])
def test_nothing_changes_where_nothing_is_sold_on(measures):
    """Verified wholly, or nothing to be spared from: prices and flows are those without resellers, bit by bit."""
    there = story(pact(0.5), measures=measures, leak_share=0.0 if measures else 0.5)[0]
    without = story(pact(1.0), measures=measures, leak_share=0.0 if measures else 0.5)[0]
    assert there.layout.resale_plant.size and not without.layout.resale_plant.size
    mine = (there.world.nodes["kind"] != "resale").to_numpy()
    np.testing.assert_array_equal(there.answer.price[:, mine], without.answer.price)
    paths = (there.world.routes["kind"] != "resale").to_numpy()
    np.testing.assert_array_equal(there.answer.flow_t[:, paths], without.answer.flow_t)


def test_a_tax_spared_is_passed_on_too():
    """An exemption from duties: goods go on to those who pay the export tax."""
    duties = pact()
    duties["clauses"][0]["fields"]["covers"] = "duties"
    assert story(duties, measures=(TAX,))[1].sum() > 0.0
    assert story(duties, measures=(LICENCE,))[1].sum() == 0.0


def test_what_is_seen_costs_the_exemption():
    """Never before the lag; then it ends for the penalty, is told with its reason, and comes back."""
    head = {"detection_share": 1.0, "detection_lag_quarters": 2, "suspension_quarters": 4}
    engine, sold, spared, barred = story(pact(**head), quarters=14)
    first = next(step for step, at in enumerate(barred) if at >= 0.0)
    begun = int(np.flatnonzero(sold.sum(axis=1) > 0.0)[0])
    assert barred[first] == first and first >= begun + 2
    assert (spared[first : first + 4] == 0.0).all() and spared[first + 4].sum() > 0.0
    assert sold[first + 1 : first + 4].sum() == 0.0
    told = [row for row in engine.decisions if row["choice"] == "loses its exemption"]
    logged = [row for row in engine.log if row["seat"] == TREATIES]
    assert told[0]["seat"] == "JPN" and "went on to countries" in told[0]["why"]
    assert logged[0]["order"]["fields"] == {"treaty": "pact", "quarters": 4.0} and "%" in logged[0]["why"]
    unseen = story(pact(detection_share=0.0), quarters=14)
    assert max(unseen[3]) < 0.0 and not unseen[0].log


def test_a_state_that_cannot_be_caught_looks_away():
    """It polices its resellers for fear of losing the exemption only: where nothing is ever seen it does not."""
    watched, free = (
        story(pact(detection_share=0.9, detection_lag_quarters=4), quarters=4),
        story(pact(), quarters=4),
    )
    places = watched[0].layout.resale_node
    node = places[list(watched[0].world.nodes["country"].iloc[places]).index("JPN")]
    assert watched[0].columns.node_watched[0, node] == 1.0 and free[0].columns.node_watched[0, node] == 0.0
    assert free[1].sum() > watched[1].sum()


def test_policing_thins_what_goes_on():
    """The more its own state polices, the less JPN's resellers pass on, and customs that learn leave less."""
    effort = {"type": "enforcement", "actor": "JPN", "quarter": "2025Q1", "fields": {"effort_factor": 3.0}}
    watched = {"detection_share": 0.9, "detection_lag_quarters": 100}
    usual, hard = (story(pact(**watched), measures=(LICENCE, *more))[1] for more in ((), (effort,)))
    assert 0.0 < hard.sum() < 0.8 * usual.sum()


FLOOR = {"type": "price_floor", "actor": "USA", "quarter": "2025Q2",
         "fields": {"good": "gallium", "price_usd_per_t": 2e6, "target": ["CHN"]}}  # fmt: skip


def test_goods_come_in_below_a_floor_through_a_third_country():
    """A floor that covers China alone lets its goods in through others; on everybody, or all checked, nothing."""
    engine, sold, _, _ = story(measures=(FLOOR,))
    routes, flow = engine.world.routes, engine.answer.flow_t[0]
    resale = (routes["kind"] == "resale").to_numpy()
    assert sold.sum() > 0.0 and set(routes["destination"][resale & (flow > 0.0)]) == {"USA"}
    wide = {**FLOOR, "fields": {**FLOOR["fields"], "target": "WORLD"}}
    assert story(measures=(wide,))[1].sum() == 0.0
    assert story(measures=(FLOOR,), origin_check_share=1.0)[1].sum() == 0.0


def test_a_member_that_breaks_the_common_floor_lets_goods_in():
    """While JPN does not hold the floor, what it buys below it goes on to the other members as its own."""
    clause = {"type": "common_price_floor", "fields": {"good": "gallium", "price_usd_per_t": 2e6}}
    made = scenario_from({**HEAD, "treaties": [pact(members=["JPN", "USA", "EU27"], clauses=[clause])]})
    sums = {}
    for broken in (False, True):
        engine = Engine(made, 1, 7, decide=Deciders(firms=decide_all_firms))
        row = engine.world.countries.index("JPN")
        total = 0.0
        for step in range(8):
            if step == 3 and broken:
                engine.columns.member_cheats[:, row] = 1.0
            engine.step()
            total += engine.answer.output_t[0, engine.layout.resale_plant].sum()
        sums[broken] = total
    assert sums[True] > 0.0 == sums[False]


def test_resellers_are_there_where_something_spares_a_country():
    """Members of an exemption that is not wholly verified, and only on its goods; scenarios without one have none."""
    made = scenario_from({**HEAD, "treaties": [pact()]})
    buyers = [(GOOD, "JPN"), (GOOD, "KOR"), ("germanium_refined", "JPN"), (GOOD, "OTH")]
    assert resale_pairs(made, buyers) == {(GOOD, "JPN")}
    assert resale_pairs(scenario_from({**HEAD, "treaties": [pact(1.0)]}), buyers) == set()
    assert resale_key(made) and not resale_key(scenario_from(HEAD))
    world = calibrate(scenario_from({**HEAD, "measures": [FLOOR]}))
    places = world.nodes[world.nodes["kind"] == "resale"]["country"]
    assert set(places) == {"JPN", "EU27", "KOR"} & set(world.buyers["country"])


def test_money_and_tonnes_balance_with_resellers():
    """Accounts sum to nothing and tonnes to nothing while goods are sold on."""
    engine, sold, _, _ = story(pact())
    scale = np.abs(engine.columns.balance_usd).sum()
    assert sold.sum() > 0.0 and abs(engine.columns.money_residual_usd[0, 0]) <= 1e-9 * scale
    assert np.abs(engine.columns.good_residual_t).max() <= 1e-9 * engine.columns.good_shipped_t.max()
