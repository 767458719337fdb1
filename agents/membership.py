"""Who signs a treaty, who stays, who would join: each state by what it gains (`agents/stake.py`).

Those sign who gain if those sign who gain. Stable within: no member gains by leaving; stable without: no outsider by
joining. Source: dAspremont1983, Nordhaus2015.
"""

from typing import Any

import numpy as np

from agents.bargain import divide_gains, moved
from agents.exposure import invited, membership_block, stop_measures
from agents.stake import PARTS, Known, Stakes, weigh_membership
from agents.treaty_words import Paid, log_moves, reason, tell
from model.network import Bools, Floats, Ints
from model.treaty_note import has_signed
from model.treaty_state import COUNTERED, IN_FORCE, PROPOSED, SUSPENDED
from model.union import union_rows

#: Quarters between two looks at a treaty on the table, and at one in force.
TABLE_QUARTERS, REVIEW_QUARTERS = 4, 8
#: Rounds in which those who would not sign are left out and the rest asked again.
_ROUNDS = 3


def decide_treaties(engine: Any) -> None:
    """Write votes and notices of every state about the treaties that are decided in the run."""
    for x, treaty in enumerate(engine.treaties.treaties):
        if not treaty.decides:
            continue
        stop_measures(engine, x)  # taken in at once, so that no run depends on when another one decides
        state, since = engine.columns.treaty_state[:, x], engine.columns.treaty_since[:, x]
        age = engine.step_number - since
        tabled = ((state == PROPOSED) | (state == COUNTERED)) & (age % TABLE_QUARTERS == 1)
        bound = (state == IN_FORCE) & (age > 0) & (age % REVIEW_QUARTERS == 0)
        if tabled.any():
            _sign(engine, x, np.flatnonzero(tabled))
        if bound.any():
            _review(engine, x, np.flatnonzero(bound))


def _sign(engine: Any, x: int, rows: Ints) -> None:
    """Have those sign who gain if those sign who gain; an order of a player stands."""
    held = held_by_voice(engine, x, rows)
    inside = np.tile(invited(engine, x), (rows.size, 1)) & ~held
    membership_block(engine, x, engine.columns.member_payment_usd)[rows] = (
        0.0  # talks that failed bind nobody
    )
    known = Known(engine, x)
    told = weigh_membership(engine, x, rows, inside, known)
    for left in range(_ROUNDS - 1, -1, -1):
        total, asked = _as_union(engine, x, told)
        willing = inside & (total >= asked)
        willing, payment = divide_gains(engine, x, rows, inside, willing, told)
        other = (willing != inside).any(axis=1)
        if not other.any() or not left:
            break
        inside = willing
        again = weigh_membership(engine, x, rows[other], inside[other], known, inside[other].any(axis=0))
        for new, old in zip(again, told, strict=True):
            # Who was left out keeps the reason for which it was.
            old[other] = np.where(inside[other], new, old[other])
    inside = willing
    membership_block(engine, x, engine.columns.member_payment_usd)[rows] = payment = np.where(
        inside, payment, 0.0
    )
    votes = membership_block(engine, x, engine.columns.member_vote)
    played = _played(engine)
    votes[np.ix_(rows, ~played)] = inside[:, ~played].astype(float)
    signed = has_signed(membership_block(engine, x, engine.columns.member_state))[rows]
    paid = Paid(payment[0], is_weighed=False)
    tell(engine, x, rows, told, ["signs" if yes else "does not sign" for yes in inside[0]], held, paid)
    log_moves(engine, x, rows, told, "sign_treaty", inside & ~signed & ~played, paid)


def _review(engine: Any, x: int, rows: Ints) -> None:
    """Have members leave that lose more than they ask for, and outsiders sign that gain."""
    state = membership_block(engine, x, engine.columns.member_state)[rows]
    inside = state == IN_FORCE
    stakes = weigh_membership(engine, x, rows, inside)
    total, asked = _as_union(engine, x, stakes)
    leaves = inside & (total < -asked)
    held = held_by_voice(engine, x, rows)
    joins = ~inside & ~held & invited(engine, x) & (total > asked)
    free = ~_played(engine)
    notice, votes = (
        membership_block(engine, x, engine.columns.member_notice),
        membership_block(engine, x, engine.columns.member_vote),
    )
    gives = leaves & (notice[rows] < 0.0)
    choices = [
        _choice(*of_country)
        for of_country in zip(state[0], notice[rows[0]] >= 0.0, leaves[0], joins[0], free, strict=True)
    ]
    for k, row in enumerate(rows):
        notice[row, leaves[k] & free & (notice[row] < 0.0)] = engine.step_number
        votes[row, joins[k] & free] = 1.0
    paid = _paid_now(engine, x, int(rows[0]), inside[0])
    tell(engine, x, rows, stakes, choices, held, paid)
    log_moves(engine, x, rows, stakes, "leave_treaty", gives & free, paid)
    log_moves(engine, x, rows, stakes, "sign_treaty", joins & free, paid)


def _choice(state: float, noticed: bool, leaves: bool, joins: bool, free: bool) -> str:
    """Return what a country does at a look at a treaty in force, as a verb before its title.

    Of a seat of a player (not `free`) only what the built-in behaviour would do is known.
    """
    if state == IN_FORCE and noticed:
        return "has given notice to leave"
    if leaves:
        return "gives notice to leave" if free else "would give notice to leave"
    if state == IN_FORCE:
        return "stays in"
    if state == SUSPENDED:
        return "is suspended from"
    if has_signed(np.asarray(state)):
        return "has signed"
    if joins:
        return "joins" if free else "would join"
    return "stays out of"


def _paid_now(engine: Any, x: int, run: int, inside: Bools) -> Paid:
    """Return what the members `inside` [C] of a treaty in force pay each other of what they agreed at signing."""
    due = membership_block(engine, x, engine.columns.member_payment_usd)[run]
    return Paid(moved(due, inside), is_weighed=True)


def _as_union(engine: Any, x: int, stakes: Stakes) -> tuple[Floats, Floats]:
    """Return gains and what is asked for, [rows, C]: members of a union that speaks as one have its sum.

    None of them signs what not all of them are named in.
    """
    union = union_rows(engine.scenario, engine.world.countries)
    named = union & invited(engine, x)
    total, asked = stakes.total.copy(), stakes.asked.copy()
    if named.any():
        total[:, named] = total[:, named].sum(axis=1, keepdims=True) if (named == union).all() else -np.inf
        asked[:, named] = asked[:, named].sum(axis=1, keepdims=True)
    return total, asked


def held_by_voice(engine: Any, x: int, rows: Ints) -> Bools:
    """Tell whom a promise of one voice keeps from signing treaty `x` without its fellow members, [rows, C]."""
    table, countries = engine.treaties.table, len(engine.world.countries)
    speaks = table.voice.reshape(table.least.size, table.least.size)[:, x] > 0
    state = engine.columns.member_state[rows].reshape(rows.size, table.least.size, countries)
    bound = (state == IN_FORCE) & (engine.columns.treaty_state[rows] == IN_FORCE)[:, :, None]
    bound &= speaks[None, :, None]
    left_out = (bound & ~invited(engine, x)).any(axis=2)
    return np.asarray((bound & left_out[:, :, None]).any(axis=1))


def bound_members(engine: Any, x: int, run: int = 0) -> Bools:
    """Return the countries that treaty `x` binds now, [C]."""
    return np.asarray(membership_block(engine, x, engine.columns.member_state)[run] == IN_FORCE)


def stability(engine: Any, x: int, run: int = 0, members: Bools | None = None) -> list[dict[str, Any]]:
    """Return, for each country named in a treaty, what it gains by being in, and whether it would leave or join.

    Members are those bound now, or all that are named where the treaty is not in force, or `members` [C]. Rows of
    `country`, `member`, `gain_usd`, `asks_usd` (what it loses or gains before it moves), the parts, `verdict` (stays,
    would leave, would join, stays out) and `reason`.
    """
    rows = np.array([run])
    bound, named = bound_members(engine, x, run), invited(engine, x)
    chosen = members if members is not None else bound if bound.any() else named
    inside = np.tile(chosen, (1, 1))
    paid = _paid_now(engine, x, run, chosen)
    stakes = weigh_membership(engine, x, rows, inside)
    found = []
    for c in np.flatnonzero(named):
        gain, asked = float(stakes.total[0, c]), float(stakes.asked[0, c])
        if inside[0, c]:
            verdict = "would leave" if gain < -asked else "stays"
        else:
            verdict = "would join" if gain > asked else "stays out"
        parts = {name: float(stakes[part][0, c]) for part, name in enumerate(Stakes._fields[: len(PARTS)])}
        plain = {"now_usd": float(stakes.now[0, c]), "later_usd": float(stakes.later[0, c])}
        found.append({
            "country": engine.world.countries[c], "member": bool(inside[0, c]), "gain_usd": gain,
            "asks_usd": asked, **parts, **plain, "verdict": verdict, "reason": reason(stakes, 0, int(c), paid),
        })  # fmt: skip
    return found


def _played(engine: Any) -> Bools:
    """Return [C]: seats whose orders come from a player."""
    played = getattr(engine, "played", ())
    return np.array([code in played for code in engine.world.countries], dtype=bool)
