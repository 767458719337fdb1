"""Who signs a treaty, who stays, who would join: each state by what it gains (`agents/stake.py`).

Those sign who gain if those sign who gain. Stable within: no member gains by leaving; stable without: no outsider by
joining. Source: dAspremont1983, Nordhaus2015.
"""

from typing import Any

import numpy as np

from agents.bargain import divide_gains
from agents.exposure import invited, membership_block, stop_measures
from agents.stake import PARTS, Known, Stakes, weigh_membership
from agents.treaty_words import log_moves, reason, tell
from model.network import Bools, Floats, Ints
from model.treaty_note import has_signed
from model.treaty_state import COUNTERED, IN_FORCE, PROPOSED
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
        moved = (willing != inside).any(axis=1)
        if not moved.any() or not left:
            break
        inside = willing
        again = weigh_membership(engine, x, rows[moved], inside[moved], known, inside[moved].any(axis=0))
        for new, old in zip(again, told, strict=True):
            # Who was left out keeps the reason for which it was.
            old[moved] = np.where(inside[moved], new, old[moved])
    inside = willing
    membership_block(engine, x, engine.columns.member_payment_usd)[rows] = np.where(inside, payment, 0.0)
    votes = membership_block(engine, x, engine.columns.member_vote)
    played = _played(engine)
    votes[np.ix_(rows, ~played)] = inside[:, ~played].astype(float)
    signed = has_signed(membership_block(engine, x, engine.columns.member_state))[rows]
    tell(engine, x, rows, told, inside, "signs", "does not sign", held)
    log_moves(engine, x, rows, told, "sign_treaty", inside & ~signed & ~played)


def _review(engine: Any, x: int, rows: Ints) -> None:
    """Have members leave that lose more than they ask for, and outsiders sign that gain."""
    inside = membership_block(engine, x, engine.columns.member_state)[rows] == IN_FORCE
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
    for k, row in enumerate(rows):
        notice[row, leaves[k] & free & (notice[row] < 0.0)] = engine.step_number
        votes[row, joins[k] & free] = 1.0
    tell(engine, x, rows, stakes, (inside & ~leaves) | joins, "stays in", "stays out of", held)
    log_moves(engine, x, rows, stakes, "leave_treaty", leaves & free)
    log_moves(engine, x, rows, stakes, "sign_treaty", joins & free)


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


def stability(engine: Any, x: int, run: int = 0, members: Bools | None = None) -> list[dict[str, Any]]:
    """Return, for each country named in a treaty, what it gains by being in, and whether it would leave or join.

    Members are those bound now, or all that are named where the treaty is not in force, or `members` [C]. Rows of
    `country`, `member`, `gain_usd`, the parts, `verdict` (stays, would leave, would join, stays out) and `reason`.
    """
    rows = np.array([run])
    bound = membership_block(engine, x, engine.columns.member_state)[rows] == IN_FORCE
    named = invited(engine, x)
    inside = bound if bound.any() else np.tile(named, (1, 1))
    inside = inside if members is None else np.tile(members, (1, 1))
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
            "country": engine.world.countries[c], "member": bool(inside[0, c]), "gain_usd": gain, **parts, **plain,
            "verdict": verdict, "reason": reason(stakes, 0, int(c)),
        })  # fmt: skip
    return found


def _played(engine: Any) -> Bools:
    """Return [C]: seats whose orders come from a player."""
    played = getattr(engine, "played", ())
    return np.array([code in played for code in engine.world.countries], dtype=bool)
