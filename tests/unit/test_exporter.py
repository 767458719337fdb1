"""The exporter that chooses: each mode where there is reason for it, and not without; the same in any batch."""

import functools

import numpy as np
import pytest
from base_scenario import scenario
from export_world import GOOD, Market, engine

from agents import DECISIONS, DominantExporter, TradeModel, exporter_worth
from agents.exporter_coercion import note_strikes
from agents.weighing import capital_charge
from model.engine import Engine
from model.mode import COERCE, FLOOD, LIMIT, MILK, NEGOTIATE, NORMAL
from model.parameter import POSITION

#: Outsiders can put up capacity at a moderate price, quickly enough to matter within the exporter's view.
CONTESTED = Market(fringe_capacity_t=20.0, fringe_slope=1e-3, capex=600.0, entrant_cost=450.0, elasticity=0.8)
#: Nobody can enter.
SAFE = Market(fringe_capacity_t=20.0, fringe_slope=1e-3, elasticity=0.8)
QUICK = {"invest_most": 0.5, "invest_speed": 0.5, "exporter_foresight_quarters": 24.0}


def stance_of(e, run=0):
    """Return the mode and the stance of CHN."""
    node = int(np.flatnonzero(e.world.nodes["country"] == "CHN")[0])
    return int(e.columns.node_mode[run, node]), float(e.columns.node_stance[run, node])


def after_a_quarter(market, **parameters):
    """Return mode and stance after the first quarter, with the figures of every mode considered."""
    e = engine(market, **{**QUICK, **parameters})
    e.step()
    return (*stance_of(e), e.decisions[0])


def test_milk_without_foresight_and_not_without_a_weight_on_rent():
    """An exporter that looks at the present alone takes a wedge; one that gains nothing by rent leaves trade alone."""
    assert after_a_quarter(CONTESTED)[0] == MILK
    mode, stance, _ = after_a_quarter(CONTESTED, exporter_rent_weight=0.0)
    assert (mode, stance) == (NORMAL, 0.0)


def test_limit_where_entry_would_follow_and_not_where_none_can():
    """With its mind on what follows it keeps the price below an entrant's full cost; safe from entry it milks.

    Entrants go by today's price here: who still expects the last one, or counts on demand to grow, is not kept out.
    """
    patient = {
        "exporter_horizon": 0.9,
        "exporter_future_weight": 1.0,
        "expectation_speed": 1.0,
        "foresight_weight": 0.0,
    }
    mode, stance, told = after_a_quarter(CONTESTED, **patient)
    assert mode == LIMIT
    assert told["considered"]["limit"]["entry"] < 1.0 < told["considered"]["milk"]["entry"]
    assert stance < after_a_quarter(CONTESTED)[1]
    assert after_a_quarter(SAFE, **patient)[0] == MILK


def test_the_plants_it_builds_have_to_earn_their_return(monkeypatch):
    """What its own firms would build under a stance costs it a return: without that its later rent is larger."""

    def later_rent():
        short = Market(capacity_t=75.0, fringe_capacity_t=20.0, fringe_slope=1e-3, own_capex=100.0)
        told = after_a_quarter(short, exporter_horizon=0.5)[2]["considered"]["normal"]
        return told["rent_later_usd"]

    charged = later_rent()
    monkeypatch.setattr(
        exporter_worth, "capital_charge", lambda engine, look: 0.0 * capital_charge(engine, look)
    )
    assert later_rent() > charged + 1.0


IDLE = Market(fringe_capacity_t=60.0, fringe_slope=1.0, fringe_cost=330.0, elasticity=0.5)
GRABBING = {"exporter_rent_weight": 0.05, "exporter_future_weight": 3.0, "exporter_horizon": 0.9}


def test_flood_for_market_share_with_idle_plants_and_not_without_either():
    """Half idle, it supports its producers to win the market later; neither without the aim nor at full use."""
    assert after_a_quarter(IDLE, **GRABBING)[0] == FLOOD
    assert after_a_quarter(IDLE, **{**GRABBING, "exporter_future_weight": 0.0})[0] != FLOOD
    busy = Market(**{**IDLE.__dict__, "capacity_t": 75.0})
    mode, _, told = after_a_quarter(busy, **GRABBING)
    assert mode != FLOOD
    assert "flood" not in told["considered"]


TARIFF = {"type": "import_tariff", "actor": "OTH", "quarter": "2026Q1", "end": None,
          "fields": {"good": GOOD, "target": ["CHN"], "rate": 0.2}}  # fmt: skip
HAWK = {"exporter_rent_weight": 0.1, "exporter_security_weight": 2.0, "exporter_trigger_base": 6.0}
RIVALRY = {"behaviour": "exporter", "modes": ["coerce", "negotiate"], "rivals": ["OTH"]}
HARD = Market(elasticity=0.3, fringe_capacity_t=5.0, fringe_slope=1e-3)


@functools.cache
def modes_over(quarters, measures=(), **parameters):
    """Return the country's mode in every quarter."""
    return _modes(quarters, tuple(measures), tuple(sorted(parameters.items())))


def _modes(quarters, measures, parameters):
    given = tuple(TARIFF for _ in measures)
    e = engine(HARD, seat=RIVALRY, measures=given, **{**HAWK, **dict(parameters)})
    row = e.world.countries.index("CHN")
    found = []
    for _ in range(quarters):
        e.step()
        found.append(int(e.columns.country_mode[0, row]))
    return found, e.decisions


def test_coerce_after_a_provocation_and_not_without():
    """It answers a tariff the quarter after with a licence on the goods that hurt; without one it does nothing."""
    found, told = modes_over(8, ("tariff",))
    assert COERCE in found and found.index(COERCE) == 5
    assert told[-1]["target"] == "OTH" and "OTH" in told[-1]["why"]
    assert COERCE not in modes_over(8)[0]


def test_no_coercion_where_security_is_worth_nothing_or_the_odds_are_nil():
    """Neither where harm to a rival counts for nothing, nor where the draw never falls."""
    assert COERCE not in modes_over(8, ("tariff",), exporter_security_weight=0.0)[0]
    assert COERCE not in modes_over(8, ("tariff",), exporter_trigger_base=-20.0)[0]


def test_restrictions_end_within_a_year_and_are_suspended_for_concessions():
    """Once provocation fades it stops: as a truce where it hopes for concessions, else plainly."""
    found = modes_over(16, ("tariff",))[0]
    first = found.index(COERCE)
    assert NEGOTIATE in found[first:]
    assert found.index(NEGOTIATE) - first <= 4 + 4
    assert NEGOTIATE not in modes_over(16, ("tariff",), exporter_deal_chance=0.0)[0]


def pressed(**parameters):
    """Return an engine whose exporter restricts OTH and stays provoked, and the place of the pair."""
    e = engine(
        HARD, seat=RIVALRY, measures=(TARIFF,), **{**HAWK, "exporter_provocation_fade": 0.01, **parameters}
    )
    pair = e.world.countries.index("CHN") * len(e.world.countries) + e.world.countries.index("OTH")
    while not e.columns.pair_coercion[0, pair]:
        e.step()
    return e, pair


def licence_rate(e):
    """Return the part of applications that the licence against OTH lets through."""
    return float(e.history.measure_level[0, e.menus["CHN"].licence[0, e.world.countries.index("OTH")]])


def when_time_is_up(**parameters):
    """Return what is said when a restriction has run its time and no new one is drawn, and the quarters left."""
    e, pair = pressed(**parameters)
    e.values[:, POSITION["exporter_trigger_base"]] = -20.0
    e.columns.pair_coercion[:, pair] = 1.0
    e.step()
    return e.decisions[-1], e.columns.pair_coercion[0, pair]


def test_it_goes_on_while_provoked_where_that_is_worth_more_and_counts_concessions():
    """Harm to a rival outweighs its concessions, so it goes on; they still make suspending worth more."""
    (hopeful, left), (hopeless, _) = (when_time_is_up(exporter_deal_chance=chance) for chance in (1.0, 0.0))
    assert "goes on restricting OTH" in hopeful["why"] and left == 1.0
    assert hopeful["going_on_usd"] > hopeful["suspending_usd"] > hopeless["suspending_usd"]


def test_a_second_strike_meets_a_harder_answer():
    """Provoked anew while it restricts, it lets a twentieth through."""
    e, pair = pressed()
    first = float(e.values[0, POSITION["exporter_licence_rate"]])
    assert licence_rate(e) == first > 0.05
    e.columns.pair_struck[:, pair] = 0.0
    e.columns.pair_coercion[:, pair] = 3.0
    e.step()
    assert licence_rate(e) == 0.05


def test_treaties_without_it_and_jumps_of_tension_are_strikes():
    """Half a strike for a treaty that leaves it out, none where it is in; one for a jump of tension."""
    e, pair = pressed()
    menu, rival = e.menus["CHN"], e.world.countries.index("OTH")
    assert note_strikes(e, menu)[0, rival] == 0.0
    members = np.ones((1, len(e.world.countries)))
    e.history = e.history._replace(treaty_member=members)
    assert note_strikes(e, menu)[0, rival] == 0.0
    members[:, menu.row] = 0.0
    assert note_strikes(e, menu)[0, rival] == 0.5
    for rise, strikes in ((0.1, 0.0), (0.2, 1.0)):
        e.columns.tension[:, pair] += rise
        assert note_strikes(e, menu)[0, rival] == strikes


@pytest.mark.parametrize("usual", [0.0, 0.1, 0.15, 0.2, 0.3])
def test_sanctions_provoke_whatever_the_tension_before(usual):
    """A jump of 0.15, which is what sanctions bring, counts as one from any level: rounding does not decide."""
    e, pair = pressed()
    e.columns.pair_tension[:, pair] = usual
    e.columns.tension[:, pair] = usual + 0.15
    assert note_strikes(e, e.menus["CHN"])[0, e.world.countries.index("OTH")] == 1.0


def modes_under(story, quarters=8):
    """Return the exporter's mode in every quarter of a world with treaties or events and no measure against it."""
    e = engine(HARD, seat=RIVALRY, story=story, **HAWK)
    assert not e.scenario.measures
    found = []
    for _ in range(quarters):
        e.step()
        found.append(int(e.columns.country_mode[0, e.world.countries.index("CHN")]))
    return found


@pytest.mark.parametrize(("fellow", "answered"), [("AUS", True), ("CHN", False)])
def test_joining_a_treaty_without_it_is_answered(fellow, answered):
    """A state that binds itself to others, with no measure at all, is restricted soon after; bound to it, it is not."""
    club = {"id": "club", "kind": "club", "members": [fellow, "OTH"], "signed": "2025Q4", "in_force": "2026Q1",
            "clauses": [{"type": "information"}]}  # fmt: skip
    found = modes_under({"treaties": [club]})
    assert COERCE not in found[:5]
    assert (COERCE in found[5:]) == answered


def test_each_rival_is_judged_by_itself():
    """Of two states that provoke it in the same quarter, the one that buys from it is restricted, the other spared.

    Judged as one, both would be, as the two together are worth restricting.
    """
    club = {"id": "club", "kind": "club", "members": ["AUS", "OTH"], "signed": "2025Q4", "in_force": "2026Q1",
            "clauses": [{"type": "information"}]}  # fmt: skip
    e = engine(HARD, seat={**RIVALRY, "rivals": ["OTH", "AUS"]}, story={"treaties": [club]}, **HAWK)
    for _ in range(6):
        e.step()
    told = {row["target"]: row for row in e.decisions if row.get("target")}
    places = {code: e.world.countries.index(code) for code in ("OTH", "AUS", "CHN")}
    held = e.columns.pair_coercion[0, places["CHN"] * len(e.world.countries) :]
    assert held[places["OTH"]] > 0.0 and "restricts gallium_refined for OTH" in told["OTH"]["why"]
    assert held[places["AUS"]] == 0.0 and "spares it" in told["AUS"]["why"]
    assert told["AUS"]["worth_usd"] == 0.0 < told["OTH"]["worth_usd"]


def test_a_licence_on_what_is_shut_already_is_no_restriction():
    """Provoked by a state that a ban keeps from its goods, it has nothing to gain, and spares it."""
    ban = {"type": "export_ban", "actor": "CHN", "quarter": "2025Q1", "end": None,
           "fields": {"good": GOOD, "target": ["OTH"]}}  # fmt: skip
    e = engine(HARD, seat=RIVALRY, measures=(ban, TARIFF), **HAWK)
    for _ in range(8):
        e.step()
    told = [row for row in e.decisions if row.get("target") == "OTH"]
    assert told and all("spares it" in row["why"] for row in told)


@pytest.mark.parametrize(("rise", "answered"), [(0.3, True), (0.1, False)])
def test_a_jump_of_tension_is_answered(rise, answered):
    """An event that strains the two much is answered like a strike, with nothing in force; a little strain is not."""
    event = {"kind": "claim", "actor": "OTH", "target": "CHN", "quarter": "2026Q1", "tension": rise}
    found = modes_under({"events": [event]})
    assert COERCE not in found[:4]
    assert (COERCE in found[4:]) == answered


@pytest.mark.parametrize("runs", [1, 3])
def test_same_in_any_batch(runs):
    """A run decides alike by itself and beside others, bit for bit."""
    given = {**QUICK, "exporter_horizon": 0.5, "demand_noise": 0.05}
    whole = engine(CONTESTED, 4, **given)
    part = engine(CONTESTED, runs, **given)
    for _ in range(6):
        whole.step()
        part.step()
    for name in ("node_stance", "node_mode", "node_price", "country_mode"):
        assert np.array_equal(getattr(whole.columns, name)[:runs], getattr(part.columns, name)), name


def test_a_fork_decides_like_the_original():
    """Forked in the middle, both go on alike, decisions and words included."""
    e = engine(HARD, seat=RIVALRY, measures=(TARIFF,), **HAWK)
    for _ in range(5):
        e.step()
    twin = e.fork()
    for _ in range(6):
        e.step()
        twin.step()
    assert e.decisions == twin.decisions
    for name, array in e.columns._asdict().items():
        assert np.array_equal(array, getattr(twin.columns, name), equal_nan=True), name


def test_no_seat_no_difference():
    """Without a seat nothing is taken into the engine."""
    e = engine(CONTESTED, seat=None)
    e.step()
    assert (len(e.plan.measures), e.menus, e.decisions) == (0, {}, [])


def test_it_plans_once_a_year():
    """Between plans the stance stays; after four quarters it plans anew."""
    e = engine(CONTESTED, **QUICK)
    row = e.world.countries.index("CHN")
    planned = []
    for _ in range(9):
        e.step()
        planned.append(e.columns.country_planned[0, row])
    assert planned == [1.0] * 4 + [5.0] * 4 + [9.0]


def test_what_it_switches_stands_in_the_log_with_its_reason():
    """The tax it chooses is an order of the log with its rate and why; without a seat the log is empty."""
    e = engine(CONTESTED, **QUICK)
    e.step()
    (entry,) = e.log
    assert (entry["seat"], entry["quarter"], entry["order"]["type"]) == ("CHN", "2025Q1", "export_tax")
    assert entry["order"]["fields"]["rate"] == pytest.approx(stance_of(e)[1])
    assert entry["why"] == e.decisions[0]["why"]
    idle = engine(CONTESTED, seat=None)
    idle.step()
    assert idle.log == []


def test_restrictions_and_their_end_stand_in_the_log():
    """A licence against the state that provoked it, later its repeal, each with its reason."""
    e = engine(HARD, seat=RIVALRY, measures=(TARIFF,), **HAWK)
    for _ in range(12):
        e.step()
    types = [entry["order"]["type"] for entry in e.log]
    assert types[0] == "export_licence" and "repeal" in types
    assert e.log[0]["order"]["fields"]["target"] == ["OTH"]
    assert all("OTH" in entry["why"] for entry in e.log)


def test_the_reason_for_an_end_is_the_one_that_decided():
    """A faded anger is told as it was before the truce forgot it; worths are told only where they chose."""
    e = engine(HARD, seat=RIVALRY, measures=(TARIFF,), **HAWK)
    for _ in range(20):
        e.step()
    ends = [row for row in e.decisions if "suspending_usd" in row]
    assert ends
    for row in ends:
        if "has faded" in row["why"]:
            assert 0.0 <= row["provocation"] < 0.3 and "million" not in row["why"]
            assert "goes on" not in row["why"]
        else:
            more = row["going_on_usd"] > row["suspending_usd"]
            assert row["provocation"] >= 0.3 and more == ("goes on" in row["why"])


class Echo(DominantExporter):
    """Takes the seat and does what it is advised."""

    def decide(self, view):
        """Return the behaviour's own orders."""
        return super().decide(view)


def test_a_player_who_follows_the_advice_plays_like_the_behaviour():
    """The advice in the view, given as orders, leads to the prices that the behaviour itself leads to."""
    e = engine(CONTESTED, **QUICK)
    model = TradeModel(e.scenario, agent_classes={"CHN": Echo}, seed=7, world=e.world)
    assert "CHN" in model.engine.played
    for quarter in range(6):
        e.step()
        model.step()
        np.testing.assert_allclose(
            model.engine.answer.price, e.answer.price, rtol=1e-9 if quarter < 4 else 0.02
        )
    given = [row["order"]["type"] for row in model.log if row["seat"] == "CHN"]
    assert given == ["export_tax", "repeal", "export_tax"]


def test_it_chooses_in_the_whole_world_too():
    """On the calibrated world of gallium it decides, told in words, and markets keep clearing."""
    made = scenario(goods=["gallium"], end="2026Q4", seats={"CHN": "exporter"})
    e = Engine(made, 2, decide=DECISIONS).run()
    assert {row["seat"] for row in e.decisions} == {"CHN"}
    assert all(row["why"].startswith("CHN ") for row in e.decisions)
    assert e.columns.worst_violation.max() <= 1e-9
