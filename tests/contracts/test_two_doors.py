"""Every instrument and every clause comes in by two doors, a scenario and a player's order, does the same, and acts.

A new one is found by itself: it needs an order that bites in the tiny world, or a row in `tests/full_clause.py`.
"""

import functools

import numpy as np
import pytest
from full_clause import FULL

from agents import DECISIONS
from agents.scripted_player import ScriptedPlayer
from model.calibration import calibrate
from model.clauses import CLAUSES
from model.engine import Engine
from model.instruments import INSTRUMENTS
from model.scenario import scenario_from
from model.seat import seat_players
from model.tiny import tiny_scenario, tiny_world
from model.treaty_state import IN_FORCE

ORE, METAL = "lithium_concentrate", "lithium_refined"
START, QUARTERS = "2025Q3", 8
#: By instrument: an order of CHN that bites in the tiny world.
ORDERS = {
    "export_quota": {"good": METAL, "quantity_t": 500.0},
    "export_licence": {"good": METAL, "rate": 0.3},
    "export_ban": {"good": METAL},
    "export_tax": {"good": METAL, "rate": 0.3},
    "production_quota": {"good": METAL, "quantity_t": 4000.0},
    "technology_control": {"good": METAL},
    "import_tariff": {"good": ORE, "rate": 0.3},
    "trade_defence": {"good": ORE, "target": ["AUS"], "rate": 0.3, "normal_usd_per_t": 90000.0},
    "price_floor": {"good": ORE, "price_usd_per_t": 60000.0},
    "price_support": {"good": METAL, "strike_usd_per_t": 90000.0},
    "production_subsidy": {"good": METAL, "rate_usd_per_t": 5000.0},
    "offtake": {"good": METAL, "seller": "AUS", "quantity_t": 2000.0, "price_usd_per_t": 90000.0},
    "standards": {"good": METAL, "certified": ["AUS"], "share": 0.6},
    "joint_purchasing": {"good": ORE, "target": ["AUS"], "rate": 0.6},
    "defence_priority": {"good": METAL, "share": 0.2},
    "stock_order": {"good": METAL, "move": "buy", "quantity_t": 500.0},
    "strategic_stockpile": {"good": METAL, "target_days": 90.0, "buy_below": 2.0},
    "investment_fund": {"good": METAL, "host": ["CHN"], "share": 0.4, "amount_usd": 1e9},
    "fast_track": {"good": METAL},
    "research_programme": {"good": METAL, "usd_per_year": 1e8, "delay_quarters": 0},
    "substitution_programme": {"good": METAL, "usd_per_year": 1e8},
    "recycling_programme": {"good": METAL, "rate_usd_per_t": 5000.0},
    "information_sharing": {"good": METAL, "partner": ["AUS"]},
    "enforcement": {"usd_per_year": 1e8},
}
#: Who signs the treaty of every clause, and what it could be spared from.
MEMBERS = ("USA", "EU27", "JPN")
WORLD = {
    "name": "doors", "start": "2025Q1", "end": "2027Q4", "base_year": 2024, "goods": ["gallium"],
    "countries": ["CHN", "JPN", "USA", "EU27"],
    "measures": [
        {"type": "export_tax", "actor": "JPN", "quarter": "2025Q1", "fields": {"good": "gallium", "rate": 0.5}},
    ],
}  # fmt: skip


def ended(engine, quarters, players=None):
    """Return everything of the state after so many quarters, by name."""
    seat_players(engine, DECISIONS, players or {})
    for _ in range(quarters):
        engine.step()
    return {**engine.columns._asdict(), **engine.answer._asdict()}


def alike(one, other):
    """Tell whether two ends are the same but for the last digits."""
    names = ("price", "flow_t", "output_t", "balance_usd", "country_programme_usd", "tension", "member_state")
    return all(np.allclose(one[n], other[n], rtol=1e-6, atol=1e-3, equal_nan=True) for n in names)


def moved(one, other):
    """Return the columns of the state, treaties' own aside, in which two ends differ."""
    return [
        name
        for name, array in one.items()
        if not name.startswith(("treaty", "member", "wedge")) and array.shape == other[name].shape
        and not np.allclose(array, other[name], rtol=1e-9, atol=1e-9, equal_nan=True)
    ]  # fmt: skip


def tiny(*measures):
    made = tiny_scenario(*measures)
    return Engine(made, 1, world=tiny_world(made), decide=DECISIONS)


@functools.cache
def tiny_without():
    return ended(tiny(), QUARTERS)


def test_every_instrument_has_an_order_that_bites():
    """An instrument that is registered and not tried here is found."""
    assert set(ORDERS) == {instrument.name for instrument in INSTRUMENTS}


@pytest.mark.parametrize("name", ORDERS)
def test_an_instrument_does_the_same_by_both_doors(name):
    """Dated in the scenario or ordered by a player in that quarter: the same end, which is not that without it."""
    order = {"type": name, "actor": "CHN", "quarter": START, "end": None, "fields": ORDERS[name]}
    by_scenario = ended(tiny(order), QUARTERS)
    by_player = ended(tiny(), QUARTERS, {"CHN": ScriptedPlayer([order])})
    assert alike(by_scenario, by_player)
    assert moved(by_scenario, tiny_without())


def document(name):
    fields = dict(FULL[name][0])
    if name == "mutual_exemption":
        fields = {"good": "gallium", "covers": "duties", "verification": 1.0}
    return {"id": "pact", "kind": "club", "members": list(MEMBERS), "minimum_members": 3, "decides": True,
            "clauses": [{"type": name, "fields": fields}]}  # fmt: skip


def table(**changes):
    made = scenario_from({**WORLD, **changes})
    return Engine(made, 1, world=_world(), decide=DECISIONS)


@functools.cache
def _world():
    return calibrate(scenario_from(WORLD))


@functools.cache
def table_without():
    return ended(table(), 9)


@pytest.mark.parametrize("kind", CLAUSES, ids=lambda kind: kind.name)
def test_a_clause_does_the_same_by_both_doors(kind):
    """In a treaty of the scenario or in one that a player drafts, signed by players: the same end, and it acts."""
    pact = document(kind.name)
    signs = {"type": "sign_treaty", "quarter": "2025Q2", "end": None, "fields": {"treaty": "pact"}}
    drafts = {
        "type": "draft_treaty",
        "actor": "USA",
        "quarter": "2025Q1",
        "end": None,
        "fields": {"document": pact},
    }
    votes = {code: [{**signs, "actor": code}] for code in MEMBERS}
    by_scenario = ended(table(treaties=[{**pact, "proposed": "2025Q1"}]), 9,
                        {code: ScriptedPlayer(orders) for code, orders in votes.items()})  # fmt: skip
    votes["USA"].insert(0, drafts)
    by_player = ended(table(), 9, {code: ScriptedPlayer(orders) for code, orders in votes.items()})
    assert by_scenario["treaty_state"][0, 0] == by_player["treaty_state"][0, 0] == IN_FORCE
    assert alike(by_scenario, by_player)
    if kind.name != "one_voice":  # it acts on votes alone: `test_one_voice_forbids_signing_alone`
        assert moved(by_scenario, table_without())
