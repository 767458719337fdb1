"""What states decided about treaties in the first run, and why, in words and numbers: rows of `engine.decisions`."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.exposure import invited
from agents.stake import PARTS, Stakes
from agents.weighing import money
from model.network import Bools, Floats, Ints
from model.order import Order
from model.union import is_spoken_for

#: Parts of a stake that a reason names, and the least that is worth a word.
_NAMED, _LEAST_USD = 4, 5e4
#: Change of a reason, as a part of it, up to which it is the same as before.
_SAME = 0.1


class Paid(NamedTuple):
    """What countries pay the other members of a treaty, usd a quarter, below 0 what they receive, [C].

    `is_weighed`: stakes have it in public money already, as at a look at a treaty in force.
    """

    usd: Floats
    is_weighed: bool


def reason(stakes: Stakes, row: int, c: int, paid: Paid | None = None) -> str:
    """Return why in words and numbers: what a country gains by being in, plain too, and the largest parts first."""
    total, asked = float(stakes.total[row, c]), float(stakes.asked[row, c])
    parts = _largest(stakes, row, c)
    rest = total - sum(parts.values())
    shown = {**parts, "the rest": rest} if parts and abs(rest) >= _LEAST_USD else parts
    named = ", ".join(f"{name} {money(usd)}" for name, usd in shown.items()) or "nothing moves"
    bar = f", asks for {money(asked).lstrip('+')}" if asked > 0.0 else ""
    now, later = (_amount(float(usd[row, c])) for usd in (stakes.now, stakes.later))
    return (
        f"in rather than out is worth {_amount(total)} a quarter by its weights (plain: {now} now, {later} once firms "
        f"have built){bar}: {named}{_paid_words(paid, c, total)}"
    )


def _amount(usd: float) -> str:
    """Return an amount with its sign; no minus before nothing."""
    return money(usd if abs(usd) >= _LEAST_USD else 0.0)


def _paid_words(paid: Paid | None, c: int, total: float) -> str:
    """Return what a country pays or receives each quarter, and what it is left with."""
    usd = 0.0 if paid is None else float(paid.usd[c])
    if paid is None or usd == 0.0:
        return ""
    size = abs(usd)
    sum_ = money(size).lstrip("+") if size >= _LEAST_USD else f"{size:,.0f} usd"
    words = f"it pays the other members {sum_}" if usd > 0.0 else f"it receives {sum_} from the other members"
    left = "counted in public money" if paid.is_weighed else f"{_amount(total - usd)} with that"
    return f"; {words} each quarter, {left}"


def _largest(stakes: Stakes, row: int, c: int) -> dict[str, float]:
    """Return the parts that count most, usd a quarter, the largest first."""
    parts = [(name, float(stakes[part][row, c])) for part, name in enumerate(PARTS)]
    parts = sorted((p for p in parts if abs(p[1]) >= _LEAST_USD), key=lambda p: -abs(p[1]))
    return dict(parts[:_NAMED])


def tell(
    engine: Any, x: int, rows: Ints, stakes: Stakes, choices: Sequence[str], held: Bools, paid: Paid
) -> None:
    """Keep the reasons of the first run, but for what was told before and has not changed by more than a tenth.

    `choices` are what each country of the world does in the first of `rows`: a verb before the treaty's title.
    """
    if not rows.size or rows[0] != 0:
        return
    treaty = engine.treaties.treaties[x]
    for c in np.flatnonzero(invited(engine, x)):
        code = engine.world.countries[c]
        verb, payment = choices[int(c)], float(paid.usd[c])
        reasons = _largest(stakes, 0, int(c))
        if _was_told(engine, code, treaty.id, verb, {**reasons, "payment": payment}):
            continue
        bound = is_spoken_for(engine.scenario, engine.world.countries, treaty.members, code)
        union = "; the EU negotiates as one, and not all of its members are named" if bound else ""
        union += "; it has promised to speak as one with states that are not named" if held[0, c] else ""
        engine.decisions.append({
            "quarter": engine.quarter_label, "seat": code, "treaty": treaty.id, "choice": verb,
            "gain_usd": float(stakes.total[0, c]), "now_usd": float(stakes.now[0, c]),
            "later_usd": float(stakes.later[0, c]), "payment_usd": payment, "reasons": reasons,
            "why": f"{code} {verb} {treaty.title}: {reason(stakes, 0, int(c), paid)}{union}.",
        })  # fmt: skip


def _was_told(engine: Any, code: str, treaty: str, verb: str, reasons: dict[str, float]) -> bool:
    """Tell whether the last row on the treaty says the same: the choice, and each amount within a tenth of itself."""
    for row in reversed(engine.decisions):
        if row["seat"] == code and row.get("treaty") == treaty and "reasons" in row:
            known = {**row["reasons"], "payment": row["payment_usd"]}
            same = known.keys() == reasons.keys() and all(
                abs(reasons[name] - usd) <= _SAME * abs(usd) for name, usd in known.items()
            )
            return bool(same and row["choice"] == verb)
    return False


def log_moves(engine: Any, x: int, rows: Ints, stakes: Stakes, move: str, who: Bools, paid: Paid) -> None:
    """Write the moves of the first run into the log, each with its reason."""
    if not rows.size or rows[0] != 0:
        return
    treaty = engine.treaties.treaties[x]
    for c in np.flatnonzero(who[0] & invited(engine, x)):
        code = engine.world.countries[c]
        order = Order(move, code, engine.quarter_label, None, {"treaty": treaty.id})
        engine.record(code, order, why=reason(stakes, 0, int(c), paid))
