"""What members of a treaty pay each other so that all sign: the gain of all over what each asks for, divided.

The drafter (the member named first) faces the others. Alone each of them gets the share a of what is over; those who
negotiate one text together get `a + (1 - a)(1 - 1/N) kappa`, and wait longer for it. Source: HornWolinsky1988.
"""

from typing import Any

import numpy as np

from model.network import Bools, Floats, Ints
from model.parameter import POSITION
from model.rules.treaty import delayed_value, divide, is_worth_signing, joint_share
from model.union import union_rows

_SHARE, _RIVALRY = POSITION["bargain_share"], POSITION["bargain_rivalry"]
_DISCOUNT = POSITION["discount_state"]


def divide_gains(
    engine: Any, x: int, rows: Ints, inside: Bools, willing: Bools, stakes: Any
) -> tuple[Bools, Floats]:
    """Return who signs treaty `x` and what each then pays a quarter (usd, below 0: receives), [rows, C] each.

    `inside` are those expected, `willing` those of them who would sign without payments, `stakes` their gains. Where
    the treaty has no side payments, or all together gain less than they ask for, nobody pays. A union that speaks as
    one signs with all its members named or not at all; seats of players are left out.
    """
    payment = np.zeros(inside.shape)
    treaty = engine.treaties.treaties[x]
    if not treaty.side_payments:
        return willing, payment
    countries = list(engine.world.countries)
    drafter = countries.index(treaty.members[0]) if treaty.members[0] in countries else -1
    free = np.array([code not in engine.played for code in countries], dtype=bool)
    union = union_rows(engine.scenario, engine.world.countries)
    named = np.array([code in treaty.members for code in countries], dtype=bool)
    if union.any() and not named[union].all():
        free &= ~union
    signs = willing.copy()
    for k, row in enumerate(rows):
        party = inside[k] & free
        others = np.flatnonzero(party & (np.arange(party.size) != drafter))
        if drafter < 0 or not party[drafter] or not others.size:
            continue
        shares = agreed(
            stakes.total[k], stakes.asked[k], drafter, others, treaty.collective,
            float(engine.treaties.table.delay[x]), engine.values[row],
        )  # fmt: skip
        if shares is not None:
            signs[k, party] = True
            payment[k, party] = stakes.total[k, party] - shares[party]
    return signs, payment


def moved(agreed_usd: Floats, bound: Bools) -> Floats:
    """Return what countries pay a quarter of what they agreed, usd (below 0: receive), [C]: among those `bound`."""
    due = np.where(bound, agreed_usd, 0.0)
    paid, owed = float(due.clip(min=0.0).sum()), float(-due.clip(max=0.0).sum())
    if not min(paid, owed) > 0.0:
        return np.zeros(due.size)
    return np.asarray(due * min(paid, owed) / np.where(due > 0.0, paid, owed))


def agreed(
    gain: Floats, asked: Floats, drafter: int, others: Ints, together: bool, delay: float, values: Floats
) -> Floats | None:
    """Return what each country has of the agreement, usd a quarter [C]; None where there is nothing to divide.

    What the drafter and the `others` have adds up to the gain of all, and nobody has less than it asked for.
    """
    party = [drafter, *others]
    total, outside = float(gain[party].sum()), float(asked[others].sum())
    discount = (1.0 + float(values[_DISCOUNT])) ** -0.25
    mine = float(asked[drafter])
    if not is_worth_signing.py_func(delayed_value.py_func(total, delay, discount), mine, outside):
        return None
    bargainers = float(others.size) if together else 1.0
    share = joint_share.py_func(float(values[_SHARE]), bargainers, float(values[_RIVALRY]))
    found = np.zeros(gain.size)
    group = divide.py_func(total, outside, mine, share)
    found[others] = asked[others] + (group - outside) / others.size
    found[drafter] = divide.py_func(total, mine, outside, 1.0 - share)
    return found
