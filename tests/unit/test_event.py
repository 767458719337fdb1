"""Events: dated, by chance, put in by hand; what each moves, and that nothing moves without it."""

import numpy as np
import pytest

import orebloc
from agents import DECISIONS
from experiments.scenario_file import extended_scenario
from model.base.data import read_table
from model.engine import Engine
from model.error import OreblocError, ScenarioError
from model.event import EVENT_KINDS, events_from
from model.field import Place
from model.happening import happens
from model.name import COUNTRIES
from model.tiny import tiny_scenario, tiny_world
from model.view import state_view

QUIET = {"outage_probability": 0.0, "tension_noise": 0.0, "demand_noise": 0.0, "supply_noise": 0.0}
PAIR = {"actor": "AUS", "target": "CHN", "quarter": "2025Q2"}
HERE = {"actor": "CHN", "good": "lithium_refined", "quarter": "2025Q2"}


def run(quarters, *events, runs=1, seed=None):
    scenario = tiny_scenario(events=list(events), parameters=QUIET)
    e = Engine(scenario, runs, seed, world=tiny_world(scenario), decide=DECISIONS)
    for _ in range(quarters):
        e.step()
    return e


def tension(e):
    return float(e.columns.tension[0, e.world.countries.index("AUS") * 3 + e.world.countries.index("CHN")])


@pytest.mark.parametrize("kind", [kind.name for kind in EVENT_KINDS.values() if kind.pair])
def test_politics_moves_the_tension_of_the_two(kind):
    """Tension jumps in the quarter of the event, both ways, and fades by its persistence; trade costs follow."""
    plain, struck = run(2), run(2, {"kind": kind, **PAIR})
    jump = tension(struck) - tension(plain)
    assert jump == pytest.approx(0.9 * EVENT_KINDS[kind].tension, abs=1e-6)
    back = struck.columns.tension[0, 1 * 3 + 0] - plain.columns.tension[0, 1 * 3 + 0]
    assert back == pytest.approx(jump)
    abroad = plain.layout.route_origin != plain.layout.route_destination
    pair = abroad & np.isin(plain.layout.route_pair, [1, 3])
    home = np.where(abroad, 1.0, np.nan)
    ratio = struck.terms.route_freight[0] / (plain.terms.route_freight[0] * home)
    b = float(plain.parameter("tension_cost")[0])
    assert np.allclose(ratio[pair], np.exp(b * EVENT_KINDS[kind].tension), rtol=1e-9)
    assert np.allclose(ratio[abroad & ~pair], 1.0)
    later = run(6, {"kind": kind, **PAIR})
    assert abs(tension(later) - tension(run(6))) < abs(jump)


def test_a_claim_is_a_claim_for_treaties():
    """A claim is noted for the pair, so that a clause on territory may answer."""
    e = run(2, {"kind": "claim", **PAIR})
    assert e.columns.pair_claims[0].tolist() == [0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert not run(2, {"kind": "provocation", **PAIR}).columns.pair_claims.any()


@pytest.mark.parametrize("kind", ["strike", "outage"])
def test_a_stop_takes_capacity_and_gives_it_back(kind):
    """The share of capacity is gone in the quarter, prices rise, and a year later most of it is back."""
    plain, struck = run(2), run(2, {"kind": kind, **HERE})
    plants = (plain.world.plants["country"] == "CHN") & (plain.world.plants["good"] == "lithium_refined")
    made = plants & (plain.world.plants["kind"] != "recycler")
    ratio = struck.terms.plant_capacity_t[0, made].sum() / plain.terms.plant_capacity_t[0, made].sum()
    assert ratio == pytest.approx(1.0 - EVENT_KINDS[kind].outage_share, rel=1e-6)
    assert np.nanmin(struck.answer.price[0, 3:] / plain.answer.price[0, 3:]) > 1.01
    assert run(8, {"kind": kind, **HERE}).columns.node_outage_share.max() < 0.1


def test_a_jump_of_demand_raises_use_and_price():
    """Demand in the country is multiplied by the factor in the quarter."""
    plain, struck = run(2), run(2, {"kind": "demand", **HERE, "demand_factor": 1.3})
    j = 3  # lithium_refined in CHN
    assert struck.terms.demand_t[0, j] / plain.terms.demand_t[0, j] == pytest.approx(1.3)
    assert struck.answer.price[0, 4] > plain.answer.price[0, 4]


def test_a_discovery_makes_new_plants_cheaper_for_good():
    """Capital cost falls at the country's sites of the good and nowhere else, and stays there."""
    find = {"kind": "discovery", "actor": "AUS", "good": "lithium_concentrate", "quarter": "2025Q2"}
    ratio = (run(6, find).columns.site_capex / run(6).columns.site_capex)[0]
    assert sorted(np.round(ratio, 9).tolist())[0] == 0.8 and np.sum(ratio == 1.0) == ratio.size - 1


def test_chance_is_addressed_and_has_its_hazard():
    """An event of a hazard happens that often, in the same quarters in any batch, and others do not shift it."""
    card = {"kind": "sanctions", "actor": "AUS", "target": "CHN", "name": "spat", "hazard_share": 0.1}
    e = run(0, card, runs=400)
    hits = np.array([happens(e, e.events[0], step) for step in range(20)])
    assert hits.mean() == pytest.approx(0.1, abs=0.01)
    other = run(0, {**card, "name": "first"}, card, runs=7)
    again = np.array([happens(other, other.events[1], step) for step in range(20)])
    assert np.array_equal(again, hits[:, :7]) and hits[:, :7].any()


def test_an_event_by_chance_moves_the_runs_it_hits_only():
    """Runs in which it does not happen go as without it."""
    card = {"kind": "sanctions", "actor": "AUS", "target": "CHN", "name": "spat", "hazard_share": 0.3}
    e, plain = run(1, card, runs=12), run(1, runs=12)
    hit = happens(e, e.events[0], 0)
    moved = e.columns.tension[:, 1] != plain.columns.tension[:, 1]
    assert np.array_equal(hit, moved) and 0 < hit.sum() < 12


def test_an_injected_event_is_logged_and_seen():
    """What is put in by hand happens in the coming quarter, stands in the log, and in views for a year."""
    e = run(1)
    e.inject({"kind": "strike", "actor": "CHN", "good": "lithium_refined", "title": "Strike"})
    e.step()
    assert e.columns.node_outage_share.max() > 0.0
    assert e.log[0]["seat"] == "events" and e.log[0]["order"]["fields"]["kind"] == "strike"
    seen = []
    for _ in range(5):
        seen.append([event["title"] for event in state_view(e, 0, 0)["events"]])
        e.step()
    assert seen[0] == ["Strike"] and seen[3] == [] and seen[2] == ["Strike"]


def test_an_injected_event_is_replayed(tmp_path):
    """A game with an injected event replays bit for bit from its log."""
    m = orebloc.TradeModel("tiny", until="2025Q4")
    m.step()
    m.engine.inject({"kind": "strike", "actor": "CHN", "good": "gallium"})
    while m.running:
        m.step()
    done = m.results()
    done.save(tmp_path / "game")
    again = orebloc.replay(tmp_path / "game")
    plain = orebloc.run("tiny", until="2025Q4")
    same = [
        np.array_equal(done.series["value"], other.series["value"], equal_nan=True)
        for other in (again, plain)
    ]
    assert same == [True, False] and again.log == done.log


def test_the_deck_is_there_for_the_asking():
    """`events = "deck"` brings every card of the table, dated and by chance, each with source; alone or with others."""
    cards = events_from("deck", Place())
    table = read_table("events")
    assert len(cards) == len(table) and all(card.source for card in cards)
    assert {card.kind for card in cards} == set(EVENT_KINDS)
    assert all({card.actor, card.target} - {None} <= COUNTRIES for card in cards)
    dated = [card for card in cards if card.quarter]
    assert len(dated) > 4 and all("policy_timeline.csv" in card.source for card in dated)
    both = extended_scenario({"extends": "tiny", "name": "both", "events": "deck"})
    assert len(both.events) == len(cards)
    assert len(events_from([{"kind": "deck"}, {"kind": "visit", **PAIR}], Place())) == len(cards) + 1
    single = events_from("deck", Place(rare_earths="single"))
    assert {"rare_earths_concentrate"} <= {good for card in single for good in card.goods}


@pytest.mark.parametrize(
    "given, words",
    [
        ({"kind": "rain"}, "must be one of sanctions"),
        ({"kind": "strike", "actor": "CHN", "quarter": "2025Q1"}, "has no good"),
        ({"kind": "claim", "actor": "CHN", "quarter": "2025Q1"}, "has no target"),
        ({"kind": "claim", "target": "CHN", "quarter": "2025Q1"}, "has no actor"),
        ({"kind": "claim", "actor": "AUS", "target": "CHN"}, "has neither quarter nor hazard_share"),
        ({"kind": "claim", **PAIR, "hazard_share": 0.1}, "has both"),
        ({"kind": "claim", **PAIR, "tension": 2.0}, "between -1 and 1"),
    ],
)
def test_a_wrong_event_is_told(given, words):
    """File, field and remedy, as for everything in a scenario."""
    with pytest.raises(ScenarioError, match=words):
        tiny_scenario(events=[given])


def test_events_are_a_list_with_names_of_their_own():
    """A word that is no deck, and two events of one name, are refused."""
    with pytest.raises(OreblocError, match='it must be "deck" or a list of tables'):
        tiny_scenario(events="dek")
    with pytest.raises(OreblocError, match="Event spat is there twice"):
        tiny_scenario(events=[{"kind": "visit", **PAIR, "name": "spat"}] * 2)
