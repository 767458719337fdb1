"""The life of a treaty in a run: what its head says of term, delay, notice, detection and members is what happens."""

import numpy as np
import pytest
from treaty_world import EXEMPT, FLOOR, decided, engine, licence, member, move, route, steps, treaty

from agents import DECISIONS
from experiments.preparation import prepare
from model.calibration import calibrate
from model.engine import Engine
from model.treaty_library import shipped_ids
from model.treaty_state import COUNTERED, IN_FORCE, LAPSED, LEFT, PROPOSED, RATIFIED, SIGNED, SUSPENDED

THREE = {"members": ["CHN", "JPN", "USA"]}
PAIR = {"members": ["USA", "JPN"]}


def course(e, quarters):
    """Return the state of the first treaty in each of the coming quarters."""
    found = []
    for _ in range(quarters):
        e.step()
        found.append(int(e.columns.treaty_state[0, 0]))
    return found


def signed_by(e, *codes):
    """Have countries sign the first treaty in the coming quarter."""
    for code in codes:
        move(e, "sign_treaty", code, treaty="pact")
    return e


def test_a_term_runs_out():
    """Of two quarters: in force for two, then lapsed, its floor gone; without a term it goes on."""
    e = signed_by(steps(engine(decided(FLOOR, **PAIR, term_quarters=2)), 1), "USA", "JPN")
    found = course(e, 8)
    assert found.count(IN_FORCE) == 2 and found[-1] == LAPSED
    assert e.terms.route_floor[0, route(e, "CHN", "USA")] == 0.0
    assert course(signed_by(steps(engine(decided(FLOOR, **PAIR)), 1), "USA", "JPN"), 8)[-1] == IN_FORCE


@pytest.mark.parametrize(
    ("head", "quarters"), [({"veto_delay_quarters": 1.5}, 4), ({"kind": "memorandum"}, 0)]
)
def test_every_veto_player_delays_what_two_sides_sign_at_once(head, quarters):
    """Two members that can veto for 1.5 quarters each: four quarters from signing; a memorandum binds on signature."""
    e = signed_by(steps(engine(decided(EXEMPT, **PAIR, **head)), 1), "USA", "JPN")
    found = course(e, 7)
    assert found[:quarters] == [SIGNED] * quarters
    assert found[quarters : quarters + 1] == [RATIFIED if quarters else IN_FORCE] and found[-1] == IN_FORCE


@pytest.mark.parametrize(
    ("head", "signs"),
    [({}, True), ({"minimum_members": 3}, False), ({"kind": "framework", "deadline_days": 3000}, False)],
)
def test_who_is_enough_is_what_the_kind_or_the_head_says(head, signs):
    """Two of three suffice for a club; not where three are asked for, and a framework needs all."""
    e = signed_by(steps(engine(decided(EXEMPT, **THREE, **head)), 1), "USA", "JPN")
    assert (course(e, 5)[-1] == IN_FORCE) == signs
    assert course(signed_by(e, "CHN"), 5)[-1] == IN_FORCE


def test_a_plurilateral_needs_most():
    """Two of four are not most; three are."""
    head = {"kind": "plurilateral", "members": ["CHN", "JPN", "USA", "KOR"]}
    e = signed_by(steps(engine(decided(EXEMPT, **head)), 1), "USA", "JPN")
    assert course(e, 4)[-1] == PROPOSED
    assert course(signed_by(e, "KOR"), 6)[-1] == IN_FORCE


def test_a_counter_offer_keeps_talks_going():
    """Countered for a quarter, then on the table again, and it can still be signed; nothing else moves."""
    e, other = (steps(engine(decided(FLOOR, **PAIR)), 1) for _ in range(2))
    move(e, "counter_treaty", "JPN", treaty="pact")
    assert course(e, 2) == [COUNTERED, PROPOSED] and course(other, 2) == [PROPOSED] * 2
    np.testing.assert_array_equal(e.answer.price, other.answer.price)
    assert course(signed_by(e, "USA", "JPN"), 5)[-1] == IN_FORCE


def test_who_left_may_sign_again_and_what_lapsed_be_proposed_again():
    """A member that left is bound again once it signs and ratifies; lapsed for want of members, it is tabled anew."""
    e = steps(engine(treaty(FLOOR, **THREE, notice_quarters=0)), 2)
    move(e, "leave_treaty", "JPN", treaty="pact")
    steps(e, 1)
    assert member(e, "JPN")[0] == LEFT and e.columns.treaty_state[0, 0] == IN_FORCE
    floor = route(e, "KOR", "JPN")
    assert e.terms.route_floor[0, floor] == 0.0
    steps(signed_by(e, "JPN"), 4)
    assert member(e, "JPN")[0] == IN_FORCE and e.terms.route_floor[0, floor] > 0.0
    talks = signed_by(steps(engine(decided(FLOOR, **PAIR, term_quarters=1)), 1), "USA", "JPN")
    assert course(talks, 6)[-1] == LAPSED
    move(talks, "propose_treaty", "USA", treaty="pact")
    assert course(talks, 1) == [PROPOSED]
    assert IN_FORCE in course(signed_by(talks, "USA", "JPN"), 4)


@pytest.mark.parametrize("quarters", [0, 3])
def test_notice_is_what_the_head_says(quarters):
    """Who gives notice is bound for as long as it takes, and no longer."""
    e = steps(engine(treaty(FLOOR, **THREE, notice_quarters=quarters)), 2)
    move(e, "leave_treaty", "JPN", treaty="pact")
    bound = []
    for _ in range(5):
        e.step()
        bound.append(bool(e.terms.route_floor[0, route(e, "KOR", "JPN")] > 0.0))
    assert bound == [n < quarters for n in range(5)]


@pytest.mark.parametrize(("share", "seen"), [(1.0, True), (0.0, False)])
def test_a_breach_is_seen_by_its_chance(share, seen):
    """Always or never seen: a treaty of two in which one is suspended binds nobody, and comes back with its promise."""
    head = {"detection_lag_quarters": 1, "detection_share": share, "suspension_quarters": 1}
    e = steps(engine(treaty(EXEMPT, **head), measures=[licence()]), 2)
    move(e, "break_treaty", "JPN", treaty="pact")
    assert (SUSPENDED in course(e, 3)) == seen
    assert e.history.route_restricted[0, route(e, "CHN", "JPN")] == float(seen)
    move(e, "break_treaty", "JPN", treaty="pact", broken=False)
    assert course(e, 3)[-1] == IN_FORCE
    assert e.history.route_restricted[0, route(e, "CHN", "JPN")] == 0.0


@pytest.mark.parametrize(
    ("fields", "goods", "partner", "free"),
    [
        ({}, "gallium", "CHN", False), ({"good": "gallium"}, "gallium", "CHN", False),
        ({"good": "gallium"}, "germanium", "CHN", True), ({"toward": ["CHN"]}, "gallium", "CHN", False),
        ({"toward": ["CHN"]}, "gallium", "KOR", True),
    ],
)  # fmt: skip
def test_one_voice_is_about_its_goods_and_whom_it_names(fields, goods, partner, free):
    """A deal alone on other goods, or with somebody whom the clause does not mean, is free; with all, any is."""
    voice = treaty(
        {"type": "one_voice", "fields": fields}, id="bloc", members=["JPN", "USA"], in_force="2025Q1"
    )
    pact = {"type": "mutual_exemption", "fields": {"good": goods}}
    for members, signs in (([partner, "JPN"], free), ([partner, "JPN", "USA"], True)):
        deal = decided(pact, members=members, minimum_members=len(members))
        e = signed_by(steps(engine(deal, voice), 1), *members)
        assert (course(e, 5)[-1] == IN_FORCE) == signs, members


def tension_after(claimed, **fields):
    """Return tension of CHN and JPN after they signed a border clause, and a quarter after a claim if there is one."""
    border = {"type": "territorial_integrity", "fields": fields}
    e = steps(engine(treaty(border)), 2)
    if claimed:
        move(e, "claim_territory", "JPN", against="CHN")
        steps(e, 1)
    countries = e.world.countries
    return float(e.columns.tension[0, countries.index("CHN") * len(countries) + countries.index("JPN")])


@pytest.mark.parametrize(
    ("field", "claimed", "sign"), [("signing_calm", False, -1), ("breach_tension", True, 1)]
)
def test_a_border_clause_calms_and_strains_by_its_numbers(field, claimed, sign):
    """A greater number moves tension further: down by signing, up by a claim."""
    little, much = (tension_after(claimed, **{field: size}) for size in (0.1, 0.2))
    assert sign * (much - little) > 0.05


def test_agreements_that_exist_keep_to_their_dates_side_by_side():
    """All documents that ship, in one run: each in the state its dates say, where two of its members are there."""
    rows = [{"id": name} for name in shipped_ids()]
    made = prepare("tiny", changes={"treaties": rows})
    e = Engine(made, 1, world=calibrate(made), decide=DECISIONS)
    there = [len(set(t.members) & set(e.world.countries)) >= 2 for t in e.treaties.treaties]
    assert sum(there) > 10 and len(there) == len(rows)
    while not e.is_done:
        quarter = made.start_index + e.step_number
        e.step()
        said = [t.scripted_state(quarter) for t in e.treaties.treaties]
        seen = e.columns.treaty_state[0]
        assert [int(x) for x, here in zip(seen, there, strict=True) if here] == [
            x for x, here in zip(said, there, strict=True) if here
        ]
        assert not any(x == IN_FORCE for x, here in zip(seen, there, strict=True) if not here)
    usa = [x for x, t in enumerate(e.treaties.treaties) if "USA" in t.members and seen[x] == IN_FORCE]
    assert len(usa) >= 4


def test_of_two_floors_that_overlap_the_higher_holds():
    """A member of two clubs asks for the higher floor of outsiders, and spares the members of each from that club's."""
    low = {"type": "common_price_floor", "fields": {"good": "gallium", "price_usd_per_t": 1e6}}
    one = treaty(FLOOR, id="high", members=["USA", "JPN"])
    two = treaty(low, id="low", members=["USA", "KOR"])
    e = steps(engine(one, two), 3)
    floors = [float(e.terms.route_floor[0, route(e, origin, "USA")]) for origin in ("CHN", "KOR", "JPN")]
    assert floors == [2e6, 2e6, 1e6]
