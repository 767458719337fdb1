"""What each state gains by a treaty: the markets cleared with it and without it, weighed by its doctrine.

For every country asked, the markets are cleared with the members expected and once more with that country in or out.
Its gain is the difference of its own welfare and of its public money, weighed by its doctrine: now, once firms have
built (less what the new capacity costs), and in a stop of deliveries by the dominant exporter.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.doctrine import Doctrine
from agents.exposure import (
    doctrine_in_seat,
    goods_seen,
    invited,
    spending,
    stop_measures,
    stop_odds,
    treaty_components,
    treaty_goods,
)
from agents.look_ahead import LookAhead, chunks
from agents.strike import Feared, feared, treaty_strikes
from agents.treaty_cost import FundMoney, fund_money, funds_offered, received
from agents.weighing import HORIZON_QUARTERS, capital_charge, weigh_goods
from model.network import Bools, Floats, Ints
from model.parameter import POSITION
from model.rules.stake import border_cost, feared_answer, weigh
from model.seat import dominant_country

_THETA, _BORDER = POSITION["state_retaliation_share"], POSITION["state_border_share"]
#: Words for the parts of a stake, in the order of `Stakes`.
PARTS = (
    "users",
    "producers",
    "public money",
    "quota rents",
    "safety from a stop",
    "quarrels",
    "the exporter's answer",
)


class Stakes(NamedTuple):
    """What each country gains by being in a treaty, weighed by its doctrine, usd a quarter, [rows, C] each.

    `now` and `later` are plain dollars of welfare and public money under the treaty, in the coming quarter and once
    firms have built: for people to read, nobody decides by them.
    """

    users: Floats
    producers: Floats
    treasury: Floats
    rent: Floats
    safety: Floats
    quarrels: Floats
    answer: Floats
    asked: Floats  # what it asks for before it moves
    now: Floats
    later: Floats

    @property
    def total(self) -> Floats:
        """Return the sum of the seven parts."""
        return np.asarray(sum(self[: len(PARTS)]))


class _Worth(NamedTuple):
    """Weighed welfare under one membership, [rows, C] each, with the expected cost of a stop; the last two plain."""

    users: Floats
    producers: Floats
    treasury: Floats
    rent: Floats
    safety: Floats
    now: Floats
    later: Floats


class _Quarter(NamedTuple):
    """Weighed lines of one cleared quarter, [rows, C] each; `total` is plain welfare, `plain` with public money."""

    users: Floats
    producers: Floats
    treasury: Floats
    rent: Floats
    total: Floats
    plain: Floats


class Known:
    """Weighed welfare in treaty `x` by run and membership while nothing is decided: each is cleared once."""

    def __init__(self, engine: Any, x: int) -> None:
        self.engine, self.x = engine, x
        self.doctrines = [doctrine_in_seat(engine, code) for code in engine.world.countries]
        self.worths: dict[tuple[int, bytes], tuple[Floats, ...]] = {}

    def learn(self, rows: Ints, memberships: Sequence[Bools]) -> None:
        """Clear what is not known yet of the runs `rows` with each of the memberships [rows, C], all together."""
        asked = {
            (int(row), inside[k].tobytes()): inside[k] for inside in memberships for k, row in enumerate(rows)
        }
        fresh = [key for key in asked if key not in self.worths]
        for part in chunks(len(fresh), 1):
            keys = [fresh[n] for n in part]
            look = LookAhead(
                self.engine, np.array([row for row, _ in keys]), treaty_components(self.engine, self.x)
            )
            inside = np.stack([asked[key] for key in keys])
            found = _worth(self.engine, look, self.x, inside, self.doctrines)
            self.worths |= {key: tuple(line[n] for line in found) for n, key in enumerate(keys)}

    def worth(self, rows: Ints, inside: Bools) -> _Worth:
        """Return the weighed welfare of every country in the runs `rows` with the members `inside` [rows, C]."""
        self.learn(rows, [inside])
        known = [self.worths[int(row), inside[k].tobytes()] for k, row in enumerate(rows)]
        return _Worth(*(np.stack(parts) for parts in zip(*known, strict=True)))


def weigh_membership(
    engine: Any, x: int, rows: Ints, inside: Bools, known: Known | None = None, asked: Bools | None = None
) -> Stakes:
    """Return what each country gains by being in treaty `x` rather than out of it, others as in `inside` [rows, C].

    Countries that the treaty does not name, or that are not `asked` [C] (all if None), have nothing at stake (0).
    `known` remembers what was cleared before, as long as nothing is decided in between.
    """
    stop_measures(engine, x)
    stakes = Stakes(*(np.zeros(inside.shape) for _ in Stakes._fields))
    named = np.flatnonzero(invited(engine, x) if asked is None else invited(engine, x) & asked)
    if not named.size:
        return stakes
    known = Known(engine, x) if known is None else known
    others = {c: _flipped(inside, int(c)) for c in named}
    known.learn(rows, [inside, *others.values()])
    base = known.worth(rows, inside)
    spends = spending(engine, treaty_goods(engine, x))[rows]
    answer = _answer_to(engine, x, rows, inside, named)
    for c in named:
        flipped = known.worth(rows, others[c])
        sign = np.where(inside[:, c], 1.0, -1.0)
        for part, held, given in zip(_Worth._fields, base, flipped, strict=True):
            getattr(stakes, part)[:, c] = sign * (held[:, c] - given[:, c])
        doctrine = known.doctrines[c]
        stakes.quarrels[:, c] = _quarrels(engine, rows, inside, int(c), doctrine, spends)
        if answer is not None:
            for k, row in enumerate(rows):
                stakes.answer[k, c] = -feared_answer.py_func(
                    doctrine.retaliation, engine.values[row, _THETA], answer.chance[k, c], answer.depends[k, c],
                    answer.spends[k, c],
                )  # fmt: skip
        stakes.asked[:, c] = doctrine.hurdle_share * spends[:, c]
    return stakes


def _flipped(inside: Bools, c: int) -> Bools:
    """Return the members [rows, C] with one country in where it was out, and out where it was in."""
    other = inside.copy()
    other[:, c] = ~inside[:, c]
    return other


def _answer_to(engine: Any, x: int, rows: Ints, inside: Bools, named: Ints) -> Feared | None:
    """Return what those named have to fear of the dominant exporter for being in, None where there is no exporter."""
    leader = dominant_country(engine)
    if leader < 0:
        return None
    members = inside.copy()
    members[:, named[named != leader]] = True
    return feared(engine, rows, leader, treaty_strikes(engine, x, leader, members))


def _quarrels(
    engine: Any, rows: Ints, inside: Bools, c: int, doctrine: Doctrine, spends: Floats
) -> list[float]:
    """Return what it costs a country to be bound to the other members, by its tension with them, for each run."""
    count = len(engine.world.countries)
    tension = engine.columns.tension[rows].reshape(rows.size, count, -1)
    fellows = inside.copy()
    fellows[:, c] = False
    found = []
    for k, row in enumerate(rows):
        mean = float(tension[k, c][fellows[k]].mean()) if fellows[k].any() else 0.0
        found.append(-border_cost.py_func(doctrine.tension, engine.values[row, _BORDER], spends[k, c], mean))
    return found


def _worth(engine: Any, look: LookAhead, x: int, inside: Bools, doctrines: list[Doctrine]) -> _Worth:
    """Return the weighed welfare of every country with these members."""
    patience = np.array([d.patience for d in doctrines])
    ahead = np.full(inside.shape[0], HORIZON_QUARTERS)
    stop = [(measure, 1.0) for measure in stop_measures(engine, x)]
    cut = _quarter(engine, look, look.clear(stop, {x: inside}, felt=True), doctrines).total if stop else None
    seen = look.clear((), {x: inside})
    now = _quarter(engine, look, seen, doctrines, received(engine, look))
    offered = funds_offered(engine, look, x)
    seen = look.later(ahead)
    paid = None if offered is None else fund_money(engine, look, x, offered)
    later = _later(engine, look, seen, doctrines, received(engine, look), paid)
    if paid is not None:
        weights = np.array([d.treasury for d in doctrines])
        now = now._replace(treasury=now.treasury - weights * paid.spent, plain=now.plain - paid.spent)
    users, made, treasury, rent = (
        weigh.py_func(a, b, patience) for a, b in zip(now[:4], later[:4], strict=True)
    )
    safety = np.zeros(inside.shape)
    if cut is not None:
        built = _quarter(engine, look, look.after(stop, ahead), doctrines).total
        cost = weigh.py_func(np.maximum(now.total - cut, 0.0), np.maximum(later.total - built, 0.0), patience)
        safety = -np.array([d.risk for d in doctrines]) * stop_odds(engine, look.rows, x) * cost
    return _Worth(users, made, treasury, rent, safety, now.plain, later.plain)


def _later(
    engine: Any,
    look: LookAhead,
    cleared: Any,
    doctrines: list[Doctrine],
    money: Floats,
    funds: FundMoney | None,
) -> _Quarter:
    """Return the quarter once firms have built, net of what new capacity costs them and public funds."""
    charge = capital_charge(engine, look, None if funds is None else funds.relief)
    money = money if funds is None else money - funds.lasting
    return _quarter(engine, look, cleared, doctrines, money, charge)


def _quarter(
    engine: Any,
    look: LookAhead,
    cleared: Any,
    doctrines: list[Doctrine],
    money: Any = 0.0,
    charge: Floats | None = None,
) -> _Quarter:
    """Return the lines of a cleared quarter with public `money` received [rows, C], net of a `charge` on capacity."""
    found = weigh_goods(engine, look, cleared, doctrines, charge)
    goods = goods_seen(engine, look)
    users, made, treasury, rent, total = (line[:, goods].sum(axis=1) for line in found)
    weights = np.array([d.treasury for d in doctrines])
    plain = total + money - (0.0 if charge is None else charge[:, goods].sum(axis=1))
    return _Quarter(users, made, treasury + weights * money, rent, total, plain)
