"""Orders that states give in play: what is taken in, what is refused and how, who may know of it."""

import json

import numpy as np
import pytest

from agents import DECISIONS, State, TradeModel
from agents.scripted_player import ScriptedPlayer
from model.engine import Engine
from model.error import OreblocError
from model.field import REQUIRED
from model.instruments import BY_NAME, INSTRUMENTS
from model.seat import seat_players
from model.state_order import STATE_ORDERS_BY_NAME, check_orders, in_force, own_fields, take_orders
from model.tiny import tiny_scenario, tiny_world
from model.treaty_move import BY_NAME as MOVES_BY_NAME
from model.view import Sight, state_view

TAX = {"type": "export_tax", "fields": {"good": "lithium_refined", "rate": 0.3}}
BUY = {"type": "stock_order", "fields": {"good": "lithium_refined", "move": "buy", "quantity_t": 50.0}}


def engine(runs=1, players=None, *measures):
    scenario = tiny_scenario(*measures)
    made = Engine(scenario, runs, world=tiny_world(scenario), decide=DECISIONS)
    if players is not None:
        seat_players(made, DECISIONS, players)
    return made


def dated(order, quarter, actor="CHN"):
    return {**order, "actor": actor, "quarter": quarter, "end": None}


def prices(e, quarters):
    seen = []
    for _ in range(quarters):
        e.step()
        seen.append(e.answer.price.copy())
    return np.array(seen)


def test_an_order_in_play_is_the_measure_of_a_scenario():
    """A tax ordered in 2025Q3 gives the prices of the same tax dated 2025Q3 in the scenario, and changes them."""
    order = dated(TAX, "2025Q3")
    played = prices(engine(1, {"CHN": ScriptedPlayer([order])}), 8)
    np.testing.assert_allclose(played, prices(engine(1, None, order), 8), rtol=1e-9)
    assert np.nanmax(np.abs(played[2:] / prices(engine(), 8)[2:] - 1.0)) > 1e-3


def test_an_order_may_begin_later_and_end():
    """An order given now with a later date holds from that date to its end."""

    class Planner(State):
        def decide(self, view):
            if view["quarter"] != "2025Q1":
                return []
            return [{**TAX, "quarter": "2025Q3", "end": "2025Q4"}]

    scenario = tiny_scenario()
    m = TradeModel(scenario, {"CHN": Planner}, world=tiny_world(scenario))
    held = []
    for _ in range(6):
        m.step()
        held.append(float(m.engine.terms.route_export_tax.max()))
    assert held == [0.0, 0.0, 0.3, 0.3, 0.0, 0.0]


def test_repeal_ends_a_measure_at_once():
    """A repealed tax is gone from the quarter of the repeal, whether it was ordered or scripted."""
    orders = [dated({"type": "repeal", "fields": {"measure": 0}}, "2025Q3")]
    e = engine(1, {"CHN": ScriptedPlayer(orders)}, dated(TAX, "2025Q1"))
    held = []
    for _ in range(4):
        e.step()
        held.append(float(e.terms.route_export_tax.max()))
    assert held == [0.3, 0.3, 0.0, 0.0]


def test_each_run_of_a_batch_takes_its_own_orders():
    """The same order of two runs is one measure, switched on in those runs only; every run goes as by itself."""
    e = engine(3)
    e._inside = True
    take_orders(e, {"CHN": [[TAX], [], [TAX, BUY]]})
    e._inside = False
    assert [m.order.type for m in e.plan.measures] == ["export_tax", "stock_order"]
    assert e.history.measure_force.tolist() == [[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]
    batch = prices(e, 4)
    for run, orders in enumerate(([TAX], [], [TAX, BUY])):
        script = ScriptedPlayer([dated(order, "2025Q1") for order in orders])
        scenario = tiny_scenario()
        alone = Engine(scenario, 1, first_run=run, world=tiny_world(scenario), decide=DECISIONS)
        seat_players(alone, DECISIONS, {"CHN": script})
        np.testing.assert_allclose(batch[:, run], prices(alone, 4)[:, 0], rtol=1e-9)
    assert [entry["order"]["type"] for entry in e.log] == ["export_tax"]


def test_the_same_order_twice_on_a_sheet_counts_twice():
    """Two identical taxes add up."""
    e = engine()
    e._inside = True
    take_orders(e, {"CHN": [[TAX, TAX]]})
    e._inside = False
    e.step()
    assert float(e.terms.route_export_tax.max()) == pytest.approx(0.6)


REFUSED = {
    "another seat": ({**TAX, "actor": "AUS"}, "is an order of 'AUS'; a seat gives its own orders only"),
    "the past": ({**TAX, "quarter": "2024Q4"}, "is 2024Q4; it must be 2025Q1 or later"),
    "after the end": ({**TAX, "quarter": "2031Q1"}, "it must be 2029Q4 or earlier"),
    "unknown good": ({"type": "export_tax", "fields": {"good": "gold", "rate": 0.1}}, "not a good"),
    "good not there": (
        {"type": "export_tax", "fields": {"good": "gallium", "rate": 0.1}},
        "gallium_refined, which this world does not have",
    ),
    "country not apart": (
        {"type": "export_tax", "fields": {"good": "lithium", "rate": 0.1, "target": ["USA"]}},
        "is USA, which this world has within OTH",
    ),
    "unknown type": ({"type": "export_tex", "fields": {}}, "Did you mean export_tax"),
    "beyond its limit": ({"type": "export_tax", "fields": {"good": "lithium", "rate": -1}}, "it must be"),
    "no mapping": (3, "it must be a mapping with type and fields"),
    "not JSON": ({"type": "export_tax", "fields": {"good": "lithium", "rate": np.float32(0.1)}}, "numpy.float32"),
    "not a number": ({"type": "export_tax", "fields": {"good": "lithium", "rate": float("nan")}}, "nan as fields.rate"),
    "no measure": ({"type": "repeal", "fields": {"measure": 9}}, "none of its measures. It has none in force"),
    "repeal later": ({"type": "repeal", "quarter": "2026Q1", "fields": {"measure": 0}}, "takes effect at once"),
    "no treaty": ({"type": "sign_treaty", "fields": {"treaty": "pact"}}, "'pact' is not in this run"),
}  # fmt: skip


@pytest.mark.parametrize("given", REFUSED.values(), ids=REFUSED)
def test_a_wrong_order_is_refused_in_one_message(given):
    """Seat, quarter, what is wrong and what to write instead stand in one line."""
    order, words = given

    class Wrong:
        def decide(self, view):
            return [order]

    with pytest.raises(OreblocError) as told:
        engine(1, {"CHN": Wrong()}).step()
    assert words in str(told.value)
    assert "\n" not in str(told.value) and ("CHN" in str(told.value) or order["type"] == "sign_treaty")


@pytest.mark.parametrize("given", [None, "buy", TAX, 7])
def test_what_is_no_list_is_refused(given):
    """A `decide` that returns no list is told what to return."""

    class Wrong:
        def decide(self, view):
            return given

    with pytest.raises(OreblocError, match=r"CHN decided .* in 2025Q1; it must return a list of orders"):
        engine(1, {"CHN": Wrong()}).step()


def test_nothing_takes_effect_where_one_order_is_wrong():
    """All orders of a quarter are checked before any is taken in."""
    e = engine()
    with pytest.raises(OreblocError):
        take_orders(e, {"CHN": [[TAX]], "AUS": [[{"type": "nonsense"}]]})
    assert e.plan.measures == [] and e.log == []


def test_a_seat_cannot_flood_the_game():
    """More than forty orders in a quarter are refused."""
    with pytest.raises(OreblocError, match="gave 41 orders in .*; it may give 40 at most"):
        check_orders(engine(), "CHN", 0, [TAX] * 41)


def test_every_instrument_is_an_order_in_play():
    """Whatever a scenario may write as a measure, a seat may order, and treaty moves and repeal besides."""
    assert set(STATE_ORDERS_BY_NAME) == {*BY_NAME, *MOVES_BY_NAME, "repeal", "draft_treaty"}
    assert {"sign_treaty", "leave_treaty", "claim_territory"} <= set(STATE_ORDERS_BY_NAME)


def test_treaty_moves_reach_the_runs_that_ordered_them():
    """A claim of one run of two is made in that run only, and raises nothing in the other."""
    claim = {"type": "claim_territory", "fields": {"against": "AUS"}}
    e = engine(2)
    e._inside = True
    take_orders(e, {"CHN": [[], [claim]]})
    assert e.columns.pair_claims.sum(axis=1).tolist() == [0.0, 1.0]


PACT = {
    "id": "pact", "kind": "memorandum", "members": ["AUS", "CHN"],
    "clauses": [{"type": "mutual_exemption", "fields": {"good": ["lithium_refined"]}}],
}  # fmt: skip


def draft(**changes):
    return [{"type": "draft_treaty", "fields": {"document": {**PACT, **changes}}}]


def test_a_state_drafts_a_treaty_and_others_sign():
    """A treaty drafted in play is on the table, is signed by both, and then spares its members the quota."""

    class Host:
        def decide(self, view):
            orders = draft() if view["quarter"] == "2025Q2" else []
            return orders + [{"type": "sign_treaty", "fields": {"treaty": t["id"]}} for t in view["treaties"]]

    class Guest:
        def decide(self, view):
            return [{"type": "sign_treaty", "fields": {"treaty": t["id"]}} for t in view["treaties"]]

    quota = {"type": "export_quota", "actor": "CHN", "quarter": "2025Q1", "end": None,
             "fields": {"good": "lithium_refined", "quantity_t": 5000.0}}  # fmt: skip
    e = engine(1, {"AUS": Host(), "CHN": Guest()}, quota)
    routes = e.world.routes
    mine = (routes["good"] == "lithium_refined") & (routes["origin"] == "CHN")
    to_member, to_other = (
        int(np.flatnonzero(mine & (routes["destination"] == c))[0]) for c in ("AUS", "OTH")
    )
    states, restricted = [], []
    for _ in range(6):
        e.step()
        view = state_view(e, 0, 0)
        states.append([t["state"] for t in view["treaties"]])
        restricted.append(e.history.route_restricted[0, [to_member, to_other]].tolist())
    assert states[0] == [] and states[-1] == ["in force"]
    assert restricted[0] == [1.0, 1.0] and restricted[-1] == [0.0, 1.0]
    assert [entry["order"]["type"] for entry in e.log][0] == "draft_treaty"


@pytest.mark.parametrize(
    "orders, words",
    [
        (draft(members=["AUS", "OTH"]), "drafts a treaty without itself"),
        (draft(kind="pact"), "must be one of"),
        (draft(clauses=[{"type": "peace", "fields": {}}]), "peace"),
        ([{"type": "draft_treaty", "fields": {"document": 3}}], "it must be a table"),
    ],
)
def test_a_wrong_draft_is_refused(orders, words):
    """What is no treaty, or one of others, is refused with its place."""
    with pytest.raises(OreblocError, match=words):
        check_orders(engine(), "CHN", 0, orders)


METAL = "lithium_refined"


@pytest.mark.parametrize(
    "kind, field, value, fields, clause",
    [
        ("price_support", "burden", {"CHN": 0.5, "AUS": 0.5}, {"strike_usd_per_t": 90000.0}, "gap_subsidy"),
        ("price_support", "payer", "AUS", {"strike_usd_per_t": 90000.0}, "gap_subsidy"),
        ("research_programme", "burden", {"AUS": 1.0}, {"usd_per_year": 1e8}, "research"),
        ("investment_fund", "burden", {"AUS": 1.0}, {"share": 0.4, "amount_usd": 1e9}, "joint_projects"),
        ("production_subsidy", "burden", {"AUS": 1.0}, {"rate_usd_per_t": 5000.0}, ""),
        ("joint_purchasing", "members", ["AUS"], {"rate": 0.6}, ""),
        ("standards", "members", ["CHN", "AUS"], {"certified": ["CHN"], "share": 0.6}, "standards"),
    ],
)
def test_an_order_neither_spends_nor_binds_for_others(kind, field, value, fields, clause):
    """Who else would pay or be bound is named with the remedy; scenarios may write it, and a seat may name itself."""
    order = {"type": kind, "fields": {"good": METAL, **fields, field: value}}
    with pytest.raises(OreblocError) as refusal:
        check_orders(engine(), "CHN", 0, [order])
    told = str(refusal.value)
    assert "of CHN names AUS; a state's order may name CHN only. Leave the field out" in told
    assert told.endswith(f"orders[0].fields.{field})")
    assert f"a treaty with clause {clause} (draft_treaty)" in told if clause else "treaty" not in told
    tiny_scenario(dated(order, "2025Q1"))
    own = {"burden": {"CHN": 1.0}, "payer": "CHN", "members": ["CHN"]}[field]
    assert check_orders(engine(), "CHN", 0, [{**order, "fields": {**order["fields"], field: own}}])


def test_what_no_form_asks_may_be_left_out():
    """A machine that fills in what is required, and a form, give no order that would bind others."""
    for kind in INSTRUMENTS:
        assert all(f in own_fields(kind) for f in kind.fields if f.default is REQUIRED), kind.name


def view_after(quarters, country, *measures):
    e = engine(1, None, *measures)
    for _ in range(quarters):
        e.step()
    return e, state_view(e, 0, e.world.countries.index(country))


def test_a_view_hides_the_stocks_of_others():
    """Others' stock orders and reserves are in no part of a view; one's own are."""
    measures = [dated(BUY, "2025Q1"), dated(TAX, "2025Q1")]
    e, own = view_after(3, "CHN", *measures)
    _, other = view_after(3, "AUS", *measures)
    assert [m["type"] for m in own["measures"]] == ["stock_order", "export_tax"]
    assert [m["type"] for m in other["measures"]] == ["export_tax"]
    held = float(e.columns.buyer_reserve_t.max())
    assert held == pytest.approx(150.0)
    assert f"{held:.6g}" in json.dumps(own) and not any(g["reserve_t"] for g in other["goods"])


def test_a_view_hides_what_others_mean_to_store():
    """A stockpile's target is its own state's to know; what a treaty in force has members store is public."""
    stockpile = {"type": "strategic_stockpile", "fields": {"good": "lithium_refined", "target_t": 7.5e7}}
    own, other = (view_after(2, code, dated(stockpile, "2025Q1"))[1] for code in ("CHN", "AUS"))
    assert [m["type"] for m in own["measures"]] == ["strategic_stockpile"]
    assert other["measures"] == [] and "75000000" not in json.dumps(other)
    clause = {"type": "joint_stockpile", "fields": {"good": "lithium_refined", "quantity_t": 900.0}}
    pact = {**PACT, "in_force": "2025Q1", "signed": "2025Q1", "clauses": [clause]}
    scenario = tiny_scenario(treaties=[pact])
    e = Engine(scenario, world=tiny_world(scenario), decide=DECISIONS)
    e.step()
    listed = state_view(e, 0, e.world.countries.index("OTH"))["measures"]
    assert {m["actor"] for m in listed if m["type"] == "strategic_stockpile"} == {"AUS", "CHN"}


def test_a_view_hides_what_is_to_come():
    """A scripted measure of a later year is known to nobody but its own actor."""
    later = dated(TAX, "2027Q1")
    assert [m["in_force"] for m in view_after(1, "CHN", later)[1]["measures"]] == [False]
    assert view_after(1, "AUS", later)[1]["measures"] == []


def test_a_view_is_json_before_and_after_the_first_quarter():
    """Every value is a JSON value, and the base year stands in before the first clearing."""
    for quarters in (0, 2):
        _, view = view_after(quarters, "AUS")
        json.dumps(view, allow_nan=False)
        metal = next(good for good in view["goods"] if good["good"] == "lithium_refined")
        assert metal["leading_supplier"] == "CHN" and 0.0 < metal["dependence_share"] < 1.0
        assert sum(row["share"] for row in metal["suppliers"]) == pytest.approx(1.0)


def test_a_view_agrees_with_the_market():
    """Tonnes sold by all producers in the view are the flows of the clearing; own figures are exact."""
    e, view = view_after(2, "CHN")
    metal = next(good for good in view["goods"] if good["good"] == "lithium_refined")
    mine = (e.world.routes["good"] == "lithium_refined") & (e.world.routes["origin"] == "CHN")
    assert sum(row["quantity_t"] for row in metal["customers"]) == pytest.approx(
        e.answer.flow_t[0][mine.to_numpy()].sum()
    )
    plants = (e.world.plants["good"] == "lithium_refined") & (e.world.plants["country"] == "CHN")
    assert metal["output_t"] == pytest.approx(e.answer.output_t[0][plants.to_numpy()].sum())


def test_foreign_figures_are_known_with_an_error():
    """With noise other countries' output is misjudged, one's own is not; without noise nothing is."""
    e = engine()
    e.step()
    sight = Sight(e, 0)
    china = e.world.countries.index("CHN")
    assert sight.noise(china, "lithium_refined", "CHN") == 1.0
    assert 0.0 < abs(sight.noise(china, "lithium_refined", "AUS") - 1.0) < 0.25
    quiet = tiny_scenario(parameters={"view_noise": 0.0})
    still = Engine(quiet, 1, world=tiny_world(quiet), decide=DECISIONS)
    still.step()
    assert Sight(still, 0).noise(china, "lithium_refined", "AUS") == 1.0


def test_advice_is_what_the_built_in_behaviour_would_do():
    """The view carries the orders that `Deciders.advise` returns for the country."""
    e = engine()
    e.decide = DECISIONS._replace(advise=lambda engine, run, country: [{"type": "x", "country": country}])
    assert state_view(e, 0, 1)["advice"] == [{"type": "x", "country": 1}]


def test_built_in_states_know_which_seats_are_played():
    """Built-in behaviours are asked after the views were made, and are told which seats to leave alone."""
    asked = []

    def states(e):
        asked.append((e.played, len(e.plan.measures)))

    e = engine()
    seat_players(e, DECISIONS._replace(states=states), {"CHN": ScriptedPlayer([dated(TAX, "2025Q1")])})
    e.step()
    assert asked == [(frozenset({"CHN"}), 0)]
    assert in_force(e, 0) == [0]
