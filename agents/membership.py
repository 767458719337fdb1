"""Who signs a treaty, who stays, who would join: each state's gain by clearing the markets with it and without it.

For every country named in a treaty, the markets are cleared with the members expected and once more with that country
in or out. Its gain is the difference of its own welfare, weighed by its doctrine: now, once firms have built, and in a
stop of deliveries by the dominant exporter. Stable within: no member gains by leaving; stable without: no outsider by
joining. Source: dAspremont1983, Nordhaus2015.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.bargain import divide_gains
from agents.doctrine import Doctrine, doctrine_of
from agents.hypothesis import programme_cost
from agents.look_ahead import LookAhead, chunks
from agents.weighing import money, weigh_goods
from model.instruments import BY_NAME
from model.network import Bools, Floats, Ints
from model.order import Order, order_from
from model.parameter import POSITION
from model.phase.treaty import share_outlays
from model.quarter_date import quarter_label
from model.rules.stake import border_cost, feared_answer, stop_chance, weigh
from model.seat import dominant_country
from model.treaty_state import COUNTERED, IN_FORCE, PROPOSED, SIGNED, SUSPENDED
from model.union import is_spoken_for, union_rows

#: Quarters between two looks at a treaty on the table, and at one in force.
TABLE_QUARTERS, REVIEW_QUARTERS = 4, 8
#: How far ahead a state looks: until firms have built.
HORIZON_QUARTERS = 20.0
#: Rounds in which those who would not sign are left out and the rest asked again.
_ROUNDS = 3
_BASE, _STRAINED, _HELD = (POSITION[f"exporter_trigger_{name}"] for name in ("base", "tension", "leverage"))
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

    `now` and `later` are plain dollars of welfare and payments under the treaty, in the coming quarter and once firms
    have built: for people to read, nobody decides by them.
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


class _Known:
    """Weighed welfare in treaty `x` by run and membership while nothing is decided: each is cleared once."""

    def __init__(self, engine: Any, x: int) -> None:
        self.engine, self.x = engine, x
        self.doctrines = [_doctrine(engine, code) for code in engine.world.countries]
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
                self.engine, np.array([row for row, _ in keys]), _components(self.engine, self.x)
            )
            inside = np.stack([asked[key] for key in keys])
            found = _worth(self.engine, look, self.x, inside, self.doctrines)
            self.worths |= {key: tuple(line[n] for line in found) for n, key in enumerate(keys)}

    def worth(self, rows: Ints, inside: Bools) -> _Worth:
        """Return the weighed welfare of every country in the runs `rows` with the members `inside` [rows, C]."""
        self.learn(rows, [inside])
        known = [self.worths[int(row), inside[k].tobytes()] for k, row in enumerate(rows)]
        return _Worth(*(np.stack(parts) for parts in zip(*known, strict=True)))


def decide_treaties(engine: Any) -> None:
    """Write votes and notices of every state about the treaties that are decided in the run."""
    for x, treaty in enumerate(engine.treaties.treaties):
        if not treaty.decides:
            continue
        _stop_measure(engine, x)  # taken in at once, so that no run depends on when another one decides
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
    inside = np.tile(_invited(engine, x), (rows.size, 1)) & ~held
    _block(engine, x, engine.columns.member_payment_usd)[rows] = 0.0  # talks that failed bind nobody
    known = _Known(engine, x)
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
    _block(engine, x, engine.columns.member_payment_usd)[rows] = np.where(inside, payment, 0.0)
    votes = _block(engine, x, engine.columns.member_vote)
    played = _played(engine)
    votes[np.ix_(rows, ~played)] = inside[:, ~played].astype(float)
    signed = has_signed_before(_block(engine, x, engine.columns.member_state))[rows]
    _tell(engine, x, rows, told, inside, "signs", "does not sign", held)
    _log_moves(engine, x, rows, told, "sign_treaty", inside & ~signed & ~played)


def _review(engine: Any, x: int, rows: Ints) -> None:
    """Have members leave that lose more than they ask for, and outsiders sign that gain."""
    inside = _block(engine, x, engine.columns.member_state)[rows] == IN_FORCE
    stakes = weigh_membership(engine, x, rows, inside)
    total, asked = _as_union(engine, x, stakes)
    leaves = inside & (total < -asked)
    held = held_by_voice(engine, x, rows)
    joins = ~inside & ~held & _invited(engine, x) & (total > asked)
    free = ~_played(engine)
    notice, votes = (
        _block(engine, x, engine.columns.member_notice),
        _block(engine, x, engine.columns.member_vote),
    )
    for k, row in enumerate(rows):
        notice[row, leaves[k] & free & (notice[row] < 0.0)] = engine.step_number
        votes[row, joins[k] & free] = 1.0
    _tell(engine, x, rows, stakes, (inside & ~leaves) | joins, "stays in", "stays out of", held)
    _log_moves(engine, x, rows, stakes, "leave_treaty", leaves & free)
    _log_moves(engine, x, rows, stakes, "sign_treaty", joins & free)


def _as_union(engine: Any, x: int, stakes: Stakes) -> tuple[Floats, Floats]:
    """Return gains and what is asked for, [rows, C]: members of a union that speaks as one have its sum.

    None of them signs what not all of them are named in.
    """
    union = union_rows(engine.scenario, engine.world.countries)
    named = union & _invited(engine, x)
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
    left_out = (bound & ~_invited(engine, x)).any(axis=2)
    return np.asarray((bound & left_out[:, :, None]).any(axis=1))


def has_signed_before(state: Floats) -> Bools:
    """Tell of members' states whether they have signed and not left."""
    return np.asarray((state >= SIGNED) & (state <= SUSPENDED))


def weigh_membership(
    engine: Any, x: int, rows: Ints, inside: Bools, known: _Known | None = None, asked: Bools | None = None
) -> Stakes:
    """Return what each country gains by being in treaty `x` rather than out of it, others as in `inside` [rows, C].

    Countries that the treaty does not name, or that are not `asked` [C] (all if None), have nothing at stake (0).
    `known` remembers what was cleared before, as long as nothing is decided in between.
    """
    _stop_measure(engine, x)
    countries = list(engine.world.countries)
    stakes = Stakes(*(np.zeros(inside.shape) for _ in Stakes._fields))
    named = np.flatnonzero(_invited(engine, x) if asked is None else _invited(engine, x) & asked)
    if not named.size:
        return stakes
    known = _Known(engine, x) if known is None else known
    others = {c: _flipped(inside, int(c)) for c in named}
    known.learn(rows, [inside, *others.values()])
    base = known.worth(rows, inside)
    leader = dominant_country(engine)
    spending = _spending(engine, x)[rows]
    tension = engine.columns.tension[rows].reshape(rows.size, len(countries), -1)
    depends = _dependence(engine, x, leader)[rows]
    strikes = _strikes(engine, x, leader)
    for c in named:
        flipped = known.worth(rows, others[c])
        sign = np.where(inside[:, c], 1.0, -1.0)
        for part, held, given in zip(_Worth._fields, base, flipped, strict=True):
            getattr(stakes, part)[:, c] = sign * (held[:, c] - given[:, c])
        doctrine = known.doctrines[c]
        fellows = inside.copy()
        fellows[:, c] = False
        for k, row in enumerate(rows):
            mean = float(tension[k, c][fellows[k]].mean()) if fellows[k].any() else 0.0
            values = engine.values[row]
            stakes.quarrels[k, c] = -border_cost.py_func(
                doctrine.tension, values[_BORDER], spending[k, c], mean
            )
            if strikes and c != leader:
                stakes.answer[k, c] = -feared_answer.py_func(
                    doctrine.retaliation, values[_THETA], depends[k, c], spending[k, c]
                )
        stakes.asked[:, c] = doctrine.hurdle_share * spending[:, c]
    return stakes


def _flipped(inside: Bools, c: int) -> Bools:
    """Return the members [rows, C] with one country in where it was out, and out where it was in."""
    other = inside.copy()
    other[:, c] = ~inside[:, c]
    return other


def stability(engine: Any, x: int, run: int = 0, members: Bools | None = None) -> list[dict[str, Any]]:
    """Return, for each country named in a treaty, what it gains by being in, and whether it would leave or join.

    Members are those bound now, or all that are named where the treaty is not in force, or `members` [C]. Rows of
    `country`, `member`, `gain_usd`, the parts, `verdict` (stays, would leave, would join, stays out) and `reason`.
    """
    rows = np.array([run])
    bound = _block(engine, x, engine.columns.member_state)[rows] == IN_FORCE
    invited = _invited(engine, x)
    inside = bound if bound.any() else np.tile(invited, (1, 1))
    inside = inside if members is None else np.tile(members, (1, 1))
    stakes = weigh_membership(engine, x, rows, inside)
    found = []
    for c in np.flatnonzero(invited):
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


def reason(stakes: Stakes, row: int, c: int) -> str:
    """Return why in words and numbers: what a country gains by being in, the largest parts first."""
    parts = [(name, float(stakes[part][row, c])) for part, name in enumerate(PARTS)]
    parts = sorted((p for p in parts if abs(p[1]) >= 5e4), key=lambda p: -abs(p[1]))
    total, asked = float(stakes.total[row, c]), float(stakes.asked[row, c])
    named = ", ".join(f"{name} {money(usd)}" for name, usd in parts[:4]) or "nothing moves"
    bar = f", asks for {money(asked).lstrip('+')}" if asked > 0.0 else ""
    return f"in rather than out is worth {money(total)} a quarter{bar}: {named}"


def _worth(engine: Any, look: LookAhead, x: int, inside: Bools, doctrines: list[Doctrine]) -> _Worth:
    """Return the weighed welfare of every country with these members."""
    patience = np.array([d.patience for d in doctrines])
    ahead = np.full(inside.shape[0], HORIZON_QUARTERS)
    stop = [(measure, 1.0) for measure in _stop_measure(engine, x)]
    cut = _parts(engine, look, x, look.clear(stop, {x: inside}, felt=True), doctrines) if stop else None
    now = _parts(engine, look, x, look.clear((), {x: inside}), doctrines)
    later = _parts(engine, look, x, look.later(ahead), doctrines)
    users, made, treasury, rent = (
        weigh.py_func(a, b, patience) for a, b in zip(now[:4], later[:4], strict=True)
    )
    if cut is None:
        return _Worth(users, made, treasury, rent, np.zeros(inside.shape), now[5], later[5])
    built = _parts(engine, look, x, look.after(stop, ahead), doctrines)
    cost = weigh.py_func(np.maximum(now[4] - cut[4], 0.0), np.maximum(later[4] - built[4], 0.0), patience)
    risk = np.array([d.risk for d in doctrines])
    safety = -risk * _chance(engine, look.rows, x) * cost
    return _Worth(users, made, treasury, rent, safety, now[5], later[5])


def _parts(
    engine: Any, look: LookAhead, x: int, cleared: Any, doctrines: list[Doctrine]
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Return users, producers, treasury and rent weighed, and the plain total without and with what members pay."""
    found = weigh_goods(engine, look, cleared, doctrines)
    goods = _goods_cleared(engine, look)
    users, made, treasury, rent, total = (line[:, goods].sum(axis=1) for line in found)
    paid = _transfers(engine, look, x) - programme_cost(look)
    shared = np.array([d.treasury for d in doctrines]) * paid
    return users, made, treasury + shared, rent, total, total + paid


def _transfers(engine: Any, look: LookAhead, x: int) -> Floats:
    """Return what members pay each other under the treaty's levies and burdens, usd a quarter received, [rows, C]."""
    table, scratch = engine.treaties.table, look.scratch
    if not (table.levy_treaty.size or table.burden_treaty.size or table.pays.any()):
        return np.zeros((look.rows.size, table.countries))
    booked = scratch.columns._replace(
        **{
            name: np.zeros_like(getattr(scratch.columns, name))
            for name in ("balance_usd", "country_levy_usd", "country_burden_usd", "turnover_usd", "money_residual_usd")
        }
    )  # fmt: skip
    share_outlays(
        table, engine.plan.table, engine.network, engine.layout, scratch.terms, scratch.answer, scratch.history, booked,
        np.zeros(1),
    )  # fmt: skip
    return np.asarray(booked.country_levy_usd - booked.country_burden_usd)


def _stop_measure(engine: Any, x: int) -> list[int]:
    """Return the measures, off, that stop the dominant exporter's deliveries of the goods."""
    key = f"stop {engine.treaties.treaties[x].id}"
    if key not in engine.menus:
        engine.menus[key] = _make_stop(engine, x)
    return list(engine.menus[key])


def _make_stop(engine: Any, x: int) -> list[int]:
    leader = dominant_country(engine)
    if leader < 0:
        return []
    code = engine.world.countries[leader]
    goods = [engine.world.goods["name"].iloc[g] for g in _goods(engine, x) if _makes(engine, leader, g)]
    if not goods:
        return []
    start = quarter_label(engine.scenario.start_index)
    order = {"type": "export_ban", "actor": code, "quarter": start, "end": None, "fields": {"good": goods}}
    return list(engine.add_measures([order_from(order, BY_NAME)]))


def _makes(engine: Any, country: int, good: int) -> bool:
    layout = engine.layout
    mine = (layout.node_good == good) & (layout.node_country == country) & ~layout.node_leak
    return bool(layout.node_base_t[mine].sum() > 0.0)


def _chance(engine: Any, rows: Ints, x: int) -> Floats:
    """Return the chance a quarter that the dominant exporter stops deliveries to each country, [rows, C]."""
    leader, count = dominant_country(engine), len(engine.world.countries)
    each, which = np.unique(rows, return_inverse=True)
    depends = _dependence(engine, x, leader)[each]
    chance = np.zeros((each.size, count))
    for k, row in enumerate(each):
        values = engine.values[row]
        for c in range(count):
            if c != leader:
                strain = engine.columns.tension[row, leader * count + c]
                chance[k, c] = stop_chance.py_func(
                    values[_BASE], values[_STRAINED], values[_HELD], strain, depends[k, c]
                )
    return chance[which]


def _dependence(engine: Any, x: int, leader: int) -> Floats:
    """Return the part of each country's purchases of the treaty's goods that comes from the exporter, [runs, C]."""
    layout, flow = engine.layout, engine.columns.route_mean_flow_t
    worth = flow * layout.buyer_base_price[engine.network.route_buyer]
    mine = np.isin(layout.node_good[engine.network.route_node], _goods(engine, x))
    bought = _by_destination(engine, worth, mine)
    held = _by_destination(engine, worth, mine & (layout.route_origin == leader))
    return np.divide(held, bought, out=np.zeros_like(bought), where=bought > 0.0)


def _spending(engine: Any, x: int) -> Floats:
    """Return what each country pays for the treaty's goods in a quarter, usd, [runs, C]."""
    layout = engine.layout
    price = np.nan_to_num(engine.answer.landed_price)
    mine = np.isin(layout.node_good[engine.network.route_node], _goods(engine, x))
    return _by_destination(engine, engine.columns.route_mean_flow_t * price, mine)


def _by_destination(engine: Any, amount: Floats, mine: Bools) -> Floats:
    routes = np.flatnonzero(mine & (engine.layout.route_destination >= 0))
    where, size = engine.layout.route_destination[routes], len(engine.world.countries)
    return np.array([np.bincount(where, row, size) for row in amount[:, routes]])


def _strikes(engine: Any, x: int, leader: int) -> bool:
    """Tell whether the treaty has measures against outsiders, of which the dominant exporter is one."""
    if leader < 0 or _invited(engine, x)[leader]:
        return False
    return any(part.treaty == x and part.last > part.first for part in engine.plan.clause_orders)


def _goods(engine: Any, x: int) -> Ints:
    """Return the numbers of the goods that a treaty's clauses name, all where none does."""
    names = list(engine.world.goods["name"])
    named = {good for clause in engine.treaties.treaties[x].clauses for good in clause.fields.get("good", [])}
    chosen = [g for g, name in enumerate(names) if name in named]
    return np.array(chosen or range(len(names)), dtype=np.int64)


def _components(engine: Any, x: int) -> Ints:
    """Return the sets of linked markets that a treaty's goods are in."""
    nodes = np.flatnonzero(np.isin(engine.layout.node_good, _goods(engine, x)))
    starts = engine.network.component_node_start
    return np.unique(np.searchsorted(starts, nodes, side="right") - 1)


def _goods_cleared(engine: Any, look: LookAhead) -> Ints:
    """Return the goods of the linked markets that a look clears."""
    starts, layout = engine.network.component_node_start, engine.layout
    rows = [np.arange(starts[c], starts[c + 1]) for c in look.components]
    return np.unique(layout.node_good[np.concatenate(rows)])


def _invited(engine: Any, x: int) -> Bools:
    count = len(engine.world.countries)
    return np.asarray(engine.treaties.table.invited[x * count : (x + 1) * count] > 0)


def _block(engine: Any, x: int, column: Floats) -> Floats:
    """Return a view [runs, C] of one treaty's part of a membership column."""
    count = len(engine.world.countries)
    return column[:, x * count : (x + 1) * count]


def _played(engine: Any) -> Bools:
    """Return [C]: seats whose orders come from a player."""
    played = getattr(engine, "played", ())
    return np.array([code in played for code in engine.world.countries], dtype=bool)


def _doctrine(engine: Any, code: str) -> Doctrine:
    seat = engine.scenario.seats.get(code, {})
    return doctrine_of(code, seat.get("doctrine"))


def _tell(
    engine: Any, x: int, rows: Ints, stakes: Stakes, yes: Bools, does: str, does_not: str, held: Bools
) -> None:
    """Keep the reasons of the first run."""
    if not rows.size or rows[0] != 0:
        return
    treaty = engine.treaties.treaties[x]
    for c in np.flatnonzero(_invited(engine, x)):
        code = engine.world.countries[c]
        verb = does if yes[0, c] else does_not
        bound = is_spoken_for(engine.scenario, engine.world.countries, treaty.members, code)
        union = "; the EU negotiates as one, and not all of its members are named" if bound else ""
        union += "; it has promised to speak as one with states that are not named" if held[0, c] else ""
        engine.decisions.append({
            "quarter": engine.quarter_label, "seat": code, "treaty": treaty.id, "choice": verb,
            "gain_usd": float(stakes.total[0, c]),
            "why": f"{code} {verb} {treaty.title}: {reason(stakes, 0, int(c))}{union}.",
        })  # fmt: skip


def _log_moves(engine: Any, x: int, rows: Ints, stakes: Stakes, move: str, who: Bools) -> None:
    """Write the moves of the first run into the log, each with its reason."""
    if not rows.size or rows[0] != 0:
        return
    treaty = engine.treaties.treaties[x]
    for c in np.flatnonzero(who[0] & _invited(engine, x)):
        code = engine.world.countries[c]
        order = Order(move, code, engine.quarter_label, None, {"treaty": treaty.id})
        engine.record(code, order, why=reason(stakes, 0, int(c)))
