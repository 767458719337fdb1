"""Laws of a treaty's course and of how gains are divided."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from model.rules import treaty as rules
from model.treaty_state import (
    COUNTERED,
    IN_FORCE,
    LAPSED,
    LEFT,
    NONE,
    PROPOSED,
    RATIFIED,
    SIGNED,
    SUSPENDED,
)

STATES = st.integers(0, 8)
COUNTS = st.integers(0, 30)
SHARE = st.floats(0.0, 1.0)
MONEY = st.floats(0.0, 1e6)
DISCOUNT = st.floats(0.5, 0.999)
FLAG = st.booleans()
law = settings(max_examples=200, deadline=None, derandomize=True)

next_treaty = rules.next_treaty.py_func
next_member = rules.next_member.py_func


def step(state, **changes):
    """Return the next state of a treaty of three at rest in `state`, with something changed."""
    quiet = {"tabled": False, "countered": False, "signatories": 0, "ratifiers": 0, "members": 3, "active": 3,
             "least_members": 2, "collective": True, "overdue": False, "failure_share": 0.15, "luck": 0.5,
             "over": False}  # fmt: skip
    return next_treaty(state, **{**quiet, **changes})


def member(state, **changes):
    quiet = {"elapsed": 0, "signs": False, "delay": 1.3, "binds": True, "seen": False, "in_breach": False,
             "penalty": 4, "noticed": -1, "notice": 2}  # fmt: skip
    return next_member(state, **{**quiet, **changes})


def test_the_course_of_a_club():
    """Proposed, countered, signed, ratified, in force, suspended, back, lapsed: one step a quarter."""
    assert step(NONE) == NONE
    assert step(NONE, tabled=True) == PROPOSED
    assert step(PROPOSED, countered=True) == COUNTERED
    assert step(COUNTERED) == PROPOSED
    assert step(PROPOSED, signatories=1) == PROPOSED
    assert step(PROPOSED, signatories=2) == SIGNED
    assert step(SIGNED, ratifiers=1) == SIGNED
    assert step(SIGNED, ratifiers=2) == RATIFIED
    assert step(RATIFIED) == IN_FORCE
    assert step(IN_FORCE) == IN_FORCE
    assert step(IN_FORCE, active=1) == SUSPENDED
    assert step(SUSPENDED, active=1) == SUSPENDED
    assert step(SUSPENDED) == IN_FORCE
    assert step(IN_FORCE, members=1) == LAPSED
    assert step(IN_FORCE, over=True) == LAPSED
    assert step(LAPSED) == LAPSED
    assert step(LAPSED, tabled=True) == PROPOSED


def test_two_sides_are_bound_by_signature():
    """A memorandum is in force when both have signed, without ratification."""
    assert step(PROPOSED, signatories=2, collective=False) == IN_FORCE
    assert rules.ratification_delay.py_func(False, 27.0, 0.1) == 0.0


@law
@given(st.integers(2, 60), SHARE)
def test_every_veto_player_adds_delay(players, per_veto):
    """Together ratification takes one quarter and a part for each member."""
    delay = rules.ratification_delay.py_func(True, float(players), per_veto)
    assert delay == 1.0 + per_veto * players
    assert delay >= rules.ratification_delay.py_func(True, float(players - 1), per_veto) >= 1.0


@law
@given(SHARE, SHARE)
def test_a_deadline_slips_or_fails(failure, luck):
    """Past it the talks fail exactly where the draw is below the hazard, and go on otherwise; before it never."""
    late = step(PROPOSED, overdue=True, failure_share=failure, luck=luck)
    assert late == (LAPSED if luck < failure else PROPOSED)
    assert step(PROPOSED, failure_share=failure, luck=luck) == PROPOSED
    assert step(PROPOSED, overdue=True, failure_share=failure, luck=luck, signatories=2) == SIGNED


@law
@given(STATES, FLAG, FLAG, COUNTS, COUNTS, COUNTS, COUNTS, st.integers(2, 30), FLAG, FLAG, SHARE, SHARE, FLAG)
def test_nothing_is_in_force_without_its_least_members(
    state, tabled, countered, yes, ratified, members, active, least, collective, overdue, failure, luck, over
):
    """A treaty comes into force only from ratification (or two signatures), and stays so only with members enough."""
    after = next_treaty(
        state,
        tabled,
        countered,
        yes,
        ratified,
        members,
        active,
        least,
        collective,
        overdue,
        failure,
        luck,
        over,
    )
    assert 0 <= after <= 8
    if after == IN_FORCE:
        assert state in (RATIFIED, IN_FORCE, SUSPENDED) or (not collective and yes >= least)
        if state in (IN_FORCE, SUSPENDED):
            assert active >= least and members >= least and not over
    if state == SIGNED and ratified < least:
        assert after in (SIGNED, LAPSED)


def test_the_course_of_a_member():
    """It signs, ratifies after its delay, is bound, suspended for a breach seen, returns, leaves after notice."""
    assert member(PROPOSED) == PROPOSED
    assert member(PROPOSED, signs=True) == SIGNED
    assert member(PROPOSED, signs=True, delay=0.0) == RATIFIED
    assert member(SIGNED, elapsed=1) == SIGNED
    assert member(SIGNED, elapsed=2) == RATIFIED
    assert member(RATIFIED, binds=False) == RATIFIED
    assert member(RATIFIED) == IN_FORCE
    assert member(IN_FORCE, seen=True) == SUSPENDED
    assert member(SUSPENDED, elapsed=3) == SUSPENDED
    assert member(SUSPENDED, elapsed=4, in_breach=True) == SUSPENDED
    assert member(SUSPENDED, elapsed=4) == IN_FORCE
    assert member(IN_FORCE, noticed=1) == IN_FORCE
    assert member(IN_FORCE, noticed=2) == LEFT
    assert member(SIGNED, noticed=0, binds=False) == LEFT
    assert member(LEFT) == LEFT
    assert member(LEFT, signs=True) == SIGNED


@law
@given(st.floats(0.0, 40.0), st.floats(0.0, 8.0), SHARE, SHARE)
def test_a_breach_is_seen_after_its_lag(breach, lag, detection, luck):
    """Never before the lag; from then on with the chance stated."""
    seen = rules.is_seen.py_func(breach, lag, detection, luck)
    assert seen == (breach >= lag and luck < detection)


@law
@given(MONEY, MONEY, st.floats(0.0, 8.0), SHARE, DISCOUNT, st.floats(1.0, 3.0))
def test_a_promise_is_kept_for_punishment(gain, loss, lag, detection, discount, more):
    """Gains until detection against losses after it; more punishment never breaks a promise."""
    kept = rules.is_kept.py_func(gain, loss, lag, detection, discount)
    gains = gain * (1.0 - math.pow(discount, lag))
    losses = detection * math.pow(discount, lag) * loss
    if not math.isclose(gains, losses, rel_tol=1e-9):
        assert kept == (gains < losses)
    if kept and gains < losses:
        assert rules.is_kept.py_func(gain, loss * more, lag, detection, discount)
        assert rules.is_kept.py_func(gain / more, loss, lag, detection, discount)
    assert rules.is_kept.py_func(gain, loss, 0.0, detection, discount)
    if gain > 1e-9 and lag > 1e-6:
        assert not rules.is_kept.py_func(gain, loss, lag, 0.0, discount)


@law
@given(MONEY, SHARE, SHARE)
def test_leaks_stay_within_the_unverified_share(tonnes, leaking, verification):
    """I17: at most `1 - v` of exempted tonnes go on, and none where all are verified."""
    leak = rules.unseen_leak.py_func(tonnes, leaking, verification)
    assert 0.0 <= leak <= (1.0 - verification) * tonnes
    assert rules.unseen_leak.py_func(tonnes, leaking, 1.0) == 0.0


@law
@given(SHARE, st.integers(1, 60), SHARE)
def test_bargaining_as_one_raises_the_share(alone, members, rivalry):
    """Between the share alone and 1, rising with members; the share alone for one or without rivalry."""
    joint = rules.joint_share.py_func
    together = joint(alone, float(members), rivalry)
    assert alone - 1e-12 <= together <= 1.0 + 1e-12
    assert joint(alone, float(members + 1), rivalry) >= together - 1e-12
    assert joint(alone, 1.0, rivalry) == alone == joint(alone, float(members), 0.0)


def test_the_worked_share_of_five():
    """Five buyers at 0.3 each, rivalry 0.5: 0.58 together."""
    assert math.isclose(rules.joint_share.py_func(0.3, 5.0, 0.5), 0.58)


@law
@given(MONEY, MONEY, MONEY, SHARE)
def test_nobody_signs_below_its_outside_option(total, mine, theirs, share):
    """I36, I37: both parts add up to the total and neither is below its outside option; else nobody signs."""
    got = rules.divide.py_func(total, mine, theirs, share)
    if rules.is_worth_signing.py_func(total, mine, theirs):
        slack = 1e-9 * max(1.0, total)
        other = rules.divide.py_func(total, theirs, mine, 1.0 - share)
        assert math.isclose(got + other, total, rel_tol=1e-9, abs_tol=1e-9)
        assert got >= mine - slack and other >= theirs - slack
    else:
        assert got == mine


@law
@given(MONEY, st.floats(0.0, 20.0), DISCOUNT)
def test_delay_costs(value, delay, discount):
    """What comes later is worth no more, and as much without delay."""
    assert rules.delayed_value.py_func(value, delay, discount) <= value
    assert rules.delayed_value.py_func(value, 0.0, discount) == value


@law
@given(SHARE, st.floats(-1.0, 1.0))
def test_tension_stays_bounded(tension, change):
    """Tension after an event stays within 0 and 1."""
    assert 0.0 <= rules.tension_after.py_func(tension, change) <= 1.0
