import math

import pytest

from model.treaty_stability import settle_members, stability_of

CODES = ("AUS", "CAN", "JPN", "KOR", "NOR", "USA")


def public_good(members):
    """Return payoffs of n members who each abate n (linear benefit 1, cost n^2 / 2): the textbook's coalition."""
    n = len(members)
    each = n if n > 1 else 1
    total = n * each + (len(CODES) - n)
    return {code: total - 0.5 * (each if code in members else 1) ** 2 for code in CODES}


def exclusive(members):
    """Return payoffs where a member gains 3 from every fellow member and pays 1."""
    n = len(members)
    return {code: 3.0 * (n - 1) - 1.0 if code in members else 0.0 for code in CODES}


def test_a_public_good_holds_two_or_three():
    """Linear benefits and quadratic costs: three is stable, four is not (Barrett's result for this case)."""
    three = stability_of(CODES[:3], CODES, public_good)
    assert three.is_stable
    four = stability_of(CODES[:4], CODES, public_good)
    assert four.would_leave == list(CODES[:4])


def test_benefits_for_members_only_hold_everybody():
    """What outsiders are kept from makes the grand coalition stable, and the way there pays from two members on."""
    everybody = stability_of(CODES, CODES, exclusive)
    assert everybody.is_stable and everybody.transfer_surplus > 0.0
    assert settle_members(CODES[:2], CODES, exclusive) == frozenset(CODES)


def test_gains_are_differences_of_payoffs():
    """Gains of staying and joining are those of the sets with and without the country."""
    found = stability_of(("AUS", "CAN"), CODES, exclusive)
    assert found.gain_of_staying == {"AUS": 2.0, "CAN": 2.0}
    assert found.gain_of_joining["JPN"] == 5.0
    assert found.would_join == list(CODES[2:])
    assert math.isclose(found.transfer_surplus, 4.0)


@pytest.mark.parametrize("start", [CODES[:4], CODES])
def test_moving_one_by_one_ends_in_a_stable_set(start):
    """In the public-good game joining and leaving ends at three members from anywhere above that."""
    assert len(settle_members(start, CODES, public_good)) == 3
