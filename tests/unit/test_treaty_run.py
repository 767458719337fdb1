"""Treaties in a run: each clause bites, on against off; votes, breaches and notice take their course."""

import numpy as np
import pytest
from treaty_world import (
    EXEMPT,
    FLOOR,
    GOOD,
    HEAD,
    VOTES_BY_HAND,
    WORLD,
    balanced,
    decided,
    engine,
    licence,
    member,
    move,
    route,
    steps,
    treaty,
)

from model.engine import Engine
from model.error import OreblocError, ScenarioError
from model.order import order_from
from model.scenario import scenario_from
from model.treaty import treaty_from
from model.treaty_move import BY_NAME as MOVES
from model.treaty_state import IN_FORCE, LAPSED, LEFT, NONE, PROPOSED, RATIFIED, SIGNED, SUSPENDED


def test_a_dated_treaty_binds_from_its_date():
    """Signed, then in force; its measures come on in the quarter of entry, and end after its last one."""
    e = engine(treaty(FLOOR, ended="2025Q4", members=["USA", "JPN"]))
    states, floors = [], []
    for _ in range(5):
        e.step()
        states.append(e.columns.treaty_state[0, 0])
        floors.append(e.terms.route_floor[0, route(e, "CHN", "USA")])
    assert states == [SIGNED, IN_FORCE, IN_FORCE, IN_FORCE, LAPSED]
    assert [floor > 0.0 for floor in floors] == [False, True, True, True, False]


def test_the_common_floor_spares_members_and_raises_the_rest():
    """I1, I2: outsiders land at the floor or above, a member's goods do not meet it; on against off."""
    e, off = steps(engine(treaty(FLOOR, members=["USA", "JPN"])), 3), steps(engine(), 3)
    from_china, from_japan = route(e, "CHN", "USA"), route(e, "JPN", "USA")
    assert e.answer.landed_price[0, from_china] >= 2e6 * (1.0 - 1e-9) > off.answer.landed_price[0, from_china]
    assert e.terms.route_floor[0, from_japan] == 0.0
    assert balanced(e)


def test_exemption_frees_members_from_a_licence_only_while_it_bites():
    """On against off: the member pays less and the outsider not; without a licence the clause changes nothing."""
    on, off = steps(engine(treaty(EXEMPT), measures=[licence()]), 4), steps(engine(measures=[licence()]), 4)
    to_japan, to_usa = route(on, "CHN", "JPN"), route(on, "CHN", "USA")
    assert on.answer.landed_price[0, to_japan] < 0.9 * off.answer.landed_price[0, to_japan]
    assert on.answer.flow_t[0, to_japan] > off.answer.flow_t[0, to_japan]
    assert on.history.route_restricted[0, to_japan] == 0.0 < on.history.route_restricted[0, to_usa]
    idle, none = steps(engine(treaty(EXEMPT)), 4), steps(engine(), 4)
    np.testing.assert_array_equal(idle.answer.price, none.answer.price)


def test_exemption_answers_to_its_goods_and_kind():
    """Other goods stay restricted; an exemption from duties lifts a tax and leaves a licence."""
    other = {"type": "mutual_exemption", "fields": {"good": "germanium"}}
    duties = {"type": "mutual_exemption", "fields": {"covers": "duties"}}
    tax = {
        "type": "export_tax",
        "actor": "CHN",
        "quarter": "2025Q1",
        "fields": {"good": "gallium", "rate": 0.4},
    }
    e = steps(engine(treaty(other), measures=[licence()]), 3)
    assert e.history.route_restricted[0, route(e, "CHN", "JPN")] == 1.0
    e = steps(engine(treaty(duties), measures=[licence(), tax]), 3)
    assert e.history.route_restricted[0, route(e, "CHN", "JPN")] == 1.0
    assert e.terms.route_export_tax[0, route(e, "CHN", "JPN")] == 0.0
    assert e.terms.route_export_tax[0, route(e, "CHN", "USA")] == 0.4


def test_adding_a_member_never_takes_exempted_flows_away():
    """I47: every route freed for two members is freed for three."""
    # All is verified, so nobody resells: the same routes.
    checked = {**EXEMPT, "fields": {**EXEMPT["fields"], "verification": 1.0}}
    two = steps(engine(treaty(checked), measures=[licence()]), 3)
    three = steps(engine(treaty(checked, members=["CHN", "JPN", "USA"]), measures=[licence()]), 3)
    assert (three.history.route_exempt >= two.history.route_exempt).all()
    assert three.history.route_exempt.sum() > two.history.route_exempt.sum()


@pytest.mark.parametrize("rule", ["destination", "use", "producer", "fund"])
def test_the_levy_is_shared_by_its_rule(rule):
    """What members receive adds up to nothing more than was levied; by destination nothing moves."""
    clause = {**FLOOR, "fields": {**FLOOR["fields"], "levy": rule}}
    e = steps(engine(treaty(clause, members=["USA", "JPN", "EU27"])), 3)
    countries, levy = e.world.countries, e.columns.country_levy_usd[0]
    levied = e.columns.country_topup_usd[0].sum()
    assert levied > 0.0
    assert abs(levy.sum()) <= 1e-9 * levied
    assert balanced(e)
    if rule == "destination":
        assert not levy.any()
        return
    assert np.abs(levy).sum() > 0.0
    after = levy + e.columns.country_topup_usd[0]
    inside = [countries.index(code) for code in ("USA", "JPN", "EU27")]
    assert abs(after[inside].sum() - levied) <= 1e-9 * levied
    if rule == "fund":
        np.testing.assert_allclose(after[inside], levied / 3.0)
    if rule == "use":
        mine = e.world.buyers["good"] == GOOD
        use = [e.answer.use_t[0, np.flatnonzero(mine & (e.world.buyers["country"] == c))].sum()
               for c in ("USA", "JPN", "EU27")]  # fmt: skip
        np.testing.assert_allclose(after[inside], levied * np.array(use) / sum(use))


def test_the_outlay_of_a_price_support_is_borne_by_shares():
    """Each member bears its share of what all producers got, whoever's they are."""
    fields = {"good": "gallium", "strike_usd_per_t": 3e6, "burden": {"JPN": 0.2, "USA": 0.8}}
    e = steps(engine(treaty({"type": "gap_subsidy", "fields": fields}, members=["JPN", "USA"])), 4)
    paid, share = e.columns.country_support_usd[0], e.columns.country_burden_usd[0]
    borne, total = paid + share, paid.sum()
    assert total > 0.0 and np.abs(share).sum() > 0.0
    assert borne[e.world.countries.index("USA")] == pytest.approx(0.8 * total)
    assert borne[e.world.countries.index("JPN")] == pytest.approx(0.2 * total)
    assert balanced(e)


def test_an_outlay_is_shared_by_who_really_paid_it():
    """A support that two treasuries, or users, paid is given back to the first two and shared once, by nobody else."""
    fields = {"good": "gallium", "strike_usd_per_t": 3e6, "burden": {"JPN": 0.2, "USA": 0.8}}
    e = engine(treaty({"type": "gap_subsidy", "fields": fields}, members=["JPN", "USA"]))
    usa, korea, japan = (e.world.countries.index(code) for code in ("USA", "KOR", "JPN"))
    share = np.zeros_like(e.layout.support_share)
    share[:, usa], share[:, korea] = 0.5, 0.5
    e.layout = e.layout._replace(support_share=share, support_payer=np.full_like(e.layout.support_payer, -1))
    steps(e, 4)
    paid = e.columns.country_support_usd[0]
    borne = paid + e.columns.country_burden_usd[0]
    assert borne[korea] == pytest.approx(0.0, abs=1e-9 * paid.sum()) and paid[korea] > 0.0
    assert borne[usa] == pytest.approx(0.8 * paid.sum()) and borne[japan] == pytest.approx(0.2 * paid.sum())
    assert balanced(e)
    e.layout = e.layout._replace(support_by_users=np.ones_like(e.layout.support_by_users))
    steps(e, 1)
    assert not e.columns.country_burden_usd.any() and balanced(e)


def responding(group):
    """Return an engine whose joint stock is full, after CHN has stopped selling to JPN only for two quarters."""
    stop = {
        "type": "export_ban",
        "actor": "CHN",
        "quarter": "2025Q3",
        "fields": {"good": "gallium", "target": ["JPN"]},
    }
    fields = {"good": "gallium", "quantity_t": 80.0, "entitlement": {"JPN": 0.25, "USA": 0.75}, "price_ratio": 10.0,
              "response_group": group}  # fmt: skip
    e = engine(treaty({"type": "joint_stockpile", "fields": fields}, members=["JPN", "USA"]), measures=[stop])
    buyers = e.world.buyers
    for code, tonnes in (("JPN", 20.0), ("USA", 60.0)):
        mine = ((buyers["good"] == GOOD) & (buyers["country"] == code)).to_numpy()
        e.history.state_stock_t[:, mine] = tonnes
    usa = ((buyers["good"] == GOOD) & (buyers["country"] == "USA")).to_numpy()
    released, lacking = [], []
    japan = ((buyers["good"] == GOOD) & (buyers["country"] == "JPN")).to_numpy()
    for _ in range(5):
        lacking.append(float((e.history.usual_use_t - e.history.bought_t)[0, japan].sum()))
        e.step()
        released.append(float(e.terms.buyer_release_t[0, usa].sum()))
    return released, lacking


def test_a_response_group_releases_for_a_member_that_is_short():
    """While Japan is cut off the other member releases its part of what Japan lacks; by itself it would not."""
    together, lacking = responding(True)
    alone, _ = responding(False)
    assert lacking[3] > 0.0 and not any(alone)
    assert together[:3] == [0.0, 0.0, 0.0] and together[3] == pytest.approx(0.75 * lacking[3])
    assert together[4] <= 0.75 * max(lacking[4], 0.0)  # what the first has let go is not what it lacks


def test_a_coordinated_restriction_raises_the_target_price():
    """I19, I21: members ship no more to the target than the joint quota; it pays more than without."""
    fields = {"good": "gallium", "target": ["USA"], "form": "quota", "quantity_t": 2.0, "period": "quarter"}
    clause = {"type": "coordinated_restriction", "fields": fields}
    e, off = steps(engine(treaty(clause)), 4), steps(engine(), 4)
    shipped = sum(e.answer.flow_t[0, route(e, code, "USA")] for code in ("CHN", "JPN"))
    before = sum(off.answer.flow_t[0, route(off, code, "USA")] for code in ("CHN", "JPN"))
    assert shipped <= 2.0 * (1.0 + 1e-6) < before
    buyer = np.flatnonzero((e.world.buyers["good"] == GOOD) & (e.world.buyers["country"] == "USA"))[0]
    assert e.columns.buyer_average_price[0, buyer] > off.columns.buyer_average_price[0, buyer]


def test_signing_calms_and_a_claim_suspends():
    """Tension falls at signature; a claim raises it and suspends the exemption for its quarters, the treaty stays."""
    border = {"type": "territorial_integrity", "fields": {"suspension_quarters": 4}}
    e, off = (
        engine(treaty(EXEMPT, border), measures=[licence()]),
        engine(treaty(EXEMPT), measures=[licence()]),
    )
    pair = e.world.countries.index("CHN") * len(e.world.countries) + e.world.countries.index("JPN")
    steps(e, 1), steps(off, 1)
    assert e.columns.tension[0, pair] < off.columns.tension[0, pair]
    steps(e, 1)
    way = route(e, "CHN", "JPN")
    assert e.history.route_restricted[0, way] == 0.0
    before = e.columns.tension[0, pair]
    move(e, "claim_territory", "JPN", against="CHN")
    held = []
    for _ in range(5):
        e.step()
        held.append(e.history.route_restricted[0, way])
        assert e.columns.treaty_state[0, 0] == IN_FORCE
        if len(held) == 1:
            assert e.columns.tension[0, pair] > before + 0.15
    assert held == [1.0, 1.0, 1.0, 1.0, 0.0]


def test_one_voice_forbids_signing_alone():
    """A member's vote for a treaty without its fellows counts only where no clause forbids it."""
    voice = treaty({"type": "one_voice"}, id="bloc", members=["JPN", "USA"], in_force="2025Q1")
    deal = decided(EXEMPT, id="deal", kind="memorandum", members=["JPN", "CHN"])
    for treaties, expected in (((voice, deal), PROPOSED), ((deal,), IN_FORCE)):
        e = steps(engine(*treaties), 1)
        for code in ("JPN", "CHN"):
            move(e, "sign_treaty", code, treaty="deal")
        e.step()
        assert e.columns.treaty_state[0, len(treaties) - 1] == expected


def test_states_decide_run_by_run():
    """Proposed at the start, signed where all vote, ratified after its delay, in force; elsewhere it stays proposed."""
    e = engine(decided(FLOOR, members=["USA", "JPN"], minimum_members=2), runs=2)
    e.step()
    assert list(e.columns.treaty_state[:, 0]) == [PROPOSED, PROPOSED]
    for code in ("USA", "JPN"):
        move(e, "sign_treaty", code, runs=[True, False], treaty="pact")
    seen = []
    for _ in range(5):
        e.step()
        seen.append(e.columns.treaty_state[0, 0])
        assert e.columns.treaty_state[1, 0] == PROPOSED
    assert seen == [SIGNED, SIGNED, RATIFIED, IN_FORCE, IN_FORCE]
    way = route(e, "CHN", "USA")
    assert e.terms.route_floor[0, way] > 0.0 == e.terms.route_floor[1, way]


def test_a_framework_past_its_deadline_fails_by_hazard():
    """Unsigned talks go on or fail: about the stated share of runs fail each quarter, none before the deadline."""
    talks = decided(EXEMPT, kind="framework", deadline_days=30, proposed="2025-01-10", failure_share=0.3)
    e = engine(talks, runs=400)
    e.step()
    assert (e.columns.treaty_state[:, 0] == PROPOSED).all()
    e.step()
    failed = (e.columns.treaty_state[:, 0] == LAPSED).mean()
    assert 0.2 < failed < 0.4


def test_a_cheat_is_seen_suspended_and_returns():
    """It carries out nothing of its own, is seen after the lag, loses the exemption, and returns with its promise."""
    clauses = (EXEMPT, FLOOR)
    head = {"members": ["CHN", "JPN", "USA"], "detection_lag_quarters": 2, "detection_share": 1.0}
    e = steps(engine(treaty(*clauses, **head, suspension_quarters=2), measures=[licence()]), 2)
    other, mine = route(e, "KOR", "JPN"), route(e, "CHN", "JPN")
    assert e.terms.route_floor[0, other] > 0.0
    move(e, "break_treaty", "JPN", treaty="pact")
    e.step()
    assert member(e, "JPN")[0] == IN_FORCE and e.terms.route_floor[0, other] == 0.0
    assert e.history.route_restricted[0, mine] == 0.0
    e.step()
    assert member(e, "JPN")[0] == SUSPENDED and e.history.route_restricted[0, mine] == 1.0
    steps(e, 3)
    assert member(e, "JPN")[0] == SUSPENDED
    move(e, "break_treaty", "JPN", treaty="pact", broken=False)
    e.step()
    assert member(e, "JPN")[0] == IN_FORCE and e.terms.route_floor[0, other] > 0.0


def test_leaving_takes_its_notice_and_too_few_end_it():
    """Notice of two quarters; with one member left the treaty lapses."""
    e = steps(engine(treaty(FLOOR, members=["USA", "JPN"])), 2)
    move(e, "leave_treaty", "JPN", treaty="pact")
    states = []
    for _ in range(3):
        e.step()
        states.append((member(e, "JPN")[0], e.columns.treaty_state[0, 0]))
    assert states[:2] == [(IN_FORCE, IN_FORCE), (IN_FORCE, IN_FORCE)]
    assert states[2][1] == LAPSED and states[2][0] in (LEFT, LAPSED)
    assert e.terms.route_floor[0, route(e, "CHN", "USA")] == 0.0


def test_a_treaty_on_the_table_changes_nothing():
    """Without votes prices are those of no treaty, to the last bit."""
    e, off = steps(engine(decided(FLOOR, EXEMPT, members=["USA", "JPN"])), 4), steps(engine(), 4)
    np.testing.assert_array_equal(e.answer.price, off.answer.price)
    assert e.columns.treaty_state[0, 0] == PROPOSED
    later = steps(engine(decided(FLOOR, members=["USA", "JPN"], proposed="2026Q1")), 2)
    assert later.columns.treaty_state[0, 0] == NONE


def test_a_batch_equals_its_runs():
    """A run's course does not depend on its batch, and a fork goes on as its origin."""
    talks = decided(EXEMPT, kind="framework", deadline_days=30, proposed="2025-01-10", failure_share=0.3)
    whole = steps(engine(talks, runs=8), 6)
    made = scenario_from({**HEAD, "treaties": [talks]})
    part = Engine(made, 4, 7, first_run=4, world=WORLD, decide=VOTES_BY_HAND)
    copy = steps(part, 3).fork()
    steps(part, 3), steps(copy, 3)
    np.testing.assert_array_equal(whole.columns.treaty_state[4:], part.columns.treaty_state)
    np.testing.assert_array_equal(copy.columns.treaty_state, part.columns.treaty_state)
    np.testing.assert_array_equal(whole.answer.price[4:], part.answer.price)


def test_a_treaty_can_be_proposed_during_a_run():
    """Taken in at the start of a quarter it equals the same treaty of the scenario, whatever there was before."""
    old, new = treaty(EXEMPT, id="old"), decided(FLOOR, id="new", members=["USA", "JPN"], proposed="2025Q3")
    there, later = (
        steps(engine(old, new, measures=[licence()]), 2),
        steps(engine(old, measures=[licence()]), 2),
    )
    later.add_treaty(treaty_from(new))
    for e in (there, later):
        for _ in range(5):
            for code in ("USA", "JPN"):
                move(e, "sign_treaty", code, treaty="new")
            e.step()
    assert list(there.columns.treaty_state[0]) == [IN_FORCE, IN_FORCE]
    np.testing.assert_array_equal(there.columns.treaty_state, later.columns.treaty_state)
    # Who may sell on is known from the scenario's treaties alone, so the later one has fewer nodes.
    key = ["good", "country", "kind"]
    mine = there.world.nodes.set_index(key).index.isin(later.world.nodes.set_index(key).index)
    assert mine.sum() == len(later.world.nodes)
    np.testing.assert_allclose(later.answer.price, there.answer.price[:, mine], rtol=1e-9)
    assert later.terms.route_floor[0, route(later, "CHN", "USA")] > 0.0
    with pytest.raises(OreblocError, match="Treaty new is there already"):
        later.add_treaty(treaty_from(new))


@pytest.mark.parametrize(
    ("kind", "actor", "fields", "message"),
    [
        ("sign_treaty", "JPN", {"treaty": "pakt"}, "Did you mean pact?"),
        ("sign_treaty", "KOR", {"treaty": "pact"}, "KOR is not named in treaty pact"),
        ("claim_territory", "NOR", {"against": "JPN"}, "NOR of claim_territory is not in this world"),
    ],
)
def test_a_move_without_sense_is_refused(kind, actor, fields, message):
    """The message says what there is."""
    with pytest.raises(ScenarioError, match=message):
        move(engine(treaty(EXEMPT)), kind, actor, **fields)


@pytest.mark.parametrize("kind", list(MOVES))
def test_a_move_has_a_sentence(kind):
    """Each names actor and treaty and ends with a full stop."""
    fields = {"against": "JPN"} if kind == "claim_territory" else {"treaty": "pact"}
    order = order_from({"type": kind, "actor": "CHN", "quarter": "2026Q1", "fields": fields}, MOVES)
    words = MOVES[kind].text(order)
    assert words.startswith("CHN ") and words.endswith(".") and "2026Q1" in words
