"""The course of a treaty: signing, ratification, deadline, breach, suspension, leaving; and how gains are divided.

States are those of `model.treaty_state`. A treaty and each of its members have one; LEFT belongs to members,
COUNTERED and LAPSED to treaties.
"""

import math

from model.compiled import rule
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


@rule
def ratification_delay(collective, veto_players, per_veto):
    """Return quarters from signing to ratification: `1 + per_veto n` together, none between two.

    Source: PolicyRecord.
    """
    return 1.0 + per_veto * veto_players if collective else 0.0


@rule
def next_treaty(
    state, tabled, countered, signatories, ratifiers, members, active, least_members, collective, overdue,
    failure_share, luck, over,
):  # fmt: skip
    """Return a treaty's state a quarter on.

    - `tabled`: somebody puts it on the table; `countered`: a member answers with other terms
    - counts: `signatories`, `ratifiers` (signed and ratified), `members` (neither left nor never in), `active` (of
      these, not suspended), and the `least_members` that it needs
    - `collective` treaties go through ratification, others bind on signature
    - `overdue`: past the deadline, where talks fail with `failure_share` a quarter against the draw `luck`
    - `over`: its term has ended
    """
    if state in (NONE, LAPSED):
        return PROPOSED if tabled else state
    if state in (PROPOSED, COUNTERED):
        if signatories >= least_members:
            return SIGNED if collective else IN_FORCE
        if overdue and luck < failure_share:
            return LAPSED
        return COUNTERED if countered else PROPOSED
    if over or members < least_members:
        return LAPSED
    if state == SIGNED:
        return RATIFIED if ratifiers >= least_members else SIGNED
    if state == RATIFIED:
        return IN_FORCE
    return IN_FORCE if active >= least_members else SUSPENDED


@rule
def next_member(state, elapsed, signs, delay, binds, seen, in_breach, penalty, noticed, notice):
    """Return a member's state a quarter on; `elapsed` quarters in the present one.

    - `signs`: it signs now, or again after it has left; `delay` quarters of ratification follow
    - `binds`: the treaty is in force
    - `seen`: a breach of its own came to light now; `in_breach`: the breach goes on; `penalty` quarters of suspension
    - `noticed`: quarters since it gave notice to leave, negative for none; `notice` quarters must pass
    """
    if state in (PROPOSED, LEFT):
        if not signs:
            return state
        return SIGNED if delay > 0.0 else RATIFIED
    if state < SIGNED or state > SUSPENDED:
        return state
    if noticed >= 0.0 and (noticed >= notice or not binds):
        return LEFT
    if state == SIGNED:
        return RATIFIED if elapsed >= delay else SIGNED
    if state == RATIFIED:
        return IN_FORCE if binds else RATIFIED
    if state == IN_FORCE:
        return SUSPENDED if seen else IN_FORCE
    return IN_FORCE if elapsed >= penalty and not in_breach else SUSPENDED


@rule
def is_seen(breach_quarters, lag, detection, luck):
    """Return whether a breach comes to light: from `lag` quarters on, with chance `detection` against `luck`."""
    return breach_quarters >= lag and luck < detection


@rule
def is_kept(gain, loss, lag, detection, quarterly_discount):
    """Return whether a promise is kept: `g (1 - d^tau) / (1 - d) <= q d^tau l / (1 - d)`.

    `gain` a quarter from cheating until it is seen `lag` quarters on, `loss` a quarter once punished, `detection`
    the chance q of being seen, `quarterly_discount` d a quarter below 1. Source: Maggi1999.
    """
    held = math.pow(quarterly_discount, lag)
    return gain * (1.0 - held) / (1.0 - quarterly_discount) <= detection * held * loss / (
        1.0 - quarterly_discount
    )


@rule
def unseen_leak(exempted_t, leaking_share, verification):
    """Return exempted tonnes that may go on to a restricted third country: at most the unverified ones."""
    return exempted_t * min(leaking_share, 1.0 - verification)


@rule
def joint_share(share, members, rivalry):
    """Return the share of the surplus of `members` who bargain as one: `a + (1 - a)(1 - 1/N) kappa`.

    `share` a is what each gets alone, `rivalry` kappa (0 to 1) how far the partner can play one off against another.
    The partner's share is the rest to 1. Source: HornWolinsky1988.
    """
    return share + (1.0 - share) * (1.0 - 1.0 / max(members, 1.0)) * rivalry


@rule
def is_worth_signing(total, outside, partner_outside):
    """Return whether an agreement leaves something to divide over both outside options."""
    return total >= outside + partner_outside


@rule
def divide(total, outside, partner_outside, share):
    """Return what one side gets: its outside option, and `share` of the surplus over both where there is one.

    The partner gets the rest of `total`. Without a surplus nothing is signed and both keep their outside options.
    """
    return outside + share * max(0.0, total - outside - partner_outside)


@rule
def delayed_value(value, delay, quarterly_discount):
    """Return the present value of what comes after a delay: `value d^delay`."""
    return value * math.pow(quarterly_discount, delay)


@rule
def tension_after(pair_tension, change):
    """Return tension of a pair after an event, 0 to 1."""
    return max(0.0, min(1.0, pair_tension + change))
