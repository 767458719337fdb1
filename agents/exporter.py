"""The dominant exporter that chooses: a stance in every market it dominates, and restrictions on single states.

`decide_states(engine)` decides for every run at once and switches the measures of the menu (`agents/exporter_menu.py`).
Each quarter it takes note of what strikes it and may, by a draw, restrict a state that provoked it. Once in
`exporter_plan_quarters`, and when provoked, it clears the market for a handful of stances, now and once the world has
answered, and takes the one of most worth (`agents/exporter_worth.py`).

Modes: **normal** no stance of its own; **milk** a wedge on exports; **limit** the wedge that keeps outsiders' price
below an entrant's full cost; **flood** support of its producers while they run low or outsiders have announced much;
**coerce** a licence against one state; **negotiate** restrictions suspended for concessions.
"""

from typing import Any, NamedTuple

import numpy as np

from agents.exporter_coercion import press
from agents.exporter_log import log_changes, standing
from agents.exporter_menu import Doctrine, Menu, open_menu
from agents.exporter_scout import Judged, Scout, Trial, merge, merge_where, moves_of, switch_some
from agents.exporter_words import tell_plan
from agents.exporter_worth import Quarter
from model.engine import Engine
from model.mode import COERCE, FLOOD, LIMIT, MILK, NEGOTIATE, NORMAL
from model.network import Bools, Floats, Ints
from model.parameter import POSITION
from model.quarter_date import quarter_index
from model.rules.exporter import may_flood

_GOLDEN = 0.6180339887498949
#: Wedges between which the best one is sought where it is refined.
_LADDER = (0.1, 0.25, 0.5, 1.0, 2.0)
#: Outsiders' price is held at this share of the cheapest entrant's full cost.
_BELOW = 0.98


class Plan(NamedTuple):
    """What an exporter decides for the runs `rows`: stance and mode in its K markets, with what it compared."""

    rows: Ints
    stance: Floats  # [rows, K]
    mode: Ints  # [rows, K]
    considered: dict[int, Judged]  # by mode


def make_plan(engine: Engine, menu: Menu, rows: Ints) -> Plan:
    """Return the stance of most worth in every market of the runs `rows`, found by clearing; nothing is changed."""
    scout, doctrine = Scout(engine, menu, rows), menu.doctrine
    shape = (rows.size, menu.components.size)
    wedges: tuple[float, ...] = ()
    if "milk" in doctrine.modes or "limit" in doctrine.modes:
        wedges = _LADDER if doctrine.refine else doctrine.wedges
    tried = scout.judge_all([Trial(np.full(shape, wedge)) for wedge in (0.0, *wedges)])
    free = tried[0]
    considered = {NORMAL: free}
    if "milk" in doctrine.modes:
        considered[MILK] = (
            keep_wedge(engine, menu, rows, tried[1:]) if doctrine.refine == 0 else refine(scout, tried)
        )
        tried.append(considered[MILK])
    gate = flood_gate(engine, menu, rows, free.now)
    where: dict[int, tuple[Bools, Floats]] = {}
    if "limit" in doctrine.modes:
        wedge = limit_stance(tried)
        where[LIMIT] = wedge > 0.0, wedge
    if "flood" in doctrine.modes:
        where[FLOOD] = gate, np.where(gate, -np.broadcast_to(scout.flood_support, shape), 0.0)
    where = {mode: one for mode, one in where.items() if np.any(one[0])}
    looked = scout.judge_all(
        [Trial(stance, (), np.asarray(inside.any(axis=0))) for inside, stance in where.values()]
    )
    for (mode, (inside, _)), one in zip(where.items(), looked, strict=True):
        considered[mode] = merge_where(inside, one, free)
    return choose(engine, menu, rows, considered, gate)


def keep_wedge(engine: Engine, menu: Menu, rows: Ints, tried: list[Judged]) -> Judged:
    """Return the best of the wedges tried, market by market; the present one within the exporter's inertia."""
    worth = np.stack([one.worth for one in tried])
    present = engine.columns.node_stance[rows][:, [nodes[0] for nodes in menu.nodes]]
    slack = inertia(engine, rows, tried[0])
    best = np.argmax(worth, axis=0)
    for n, one in enumerate(tried):
        best = np.where((present == one.stance) & (worth.max(axis=0) - worth[n] <= slack), n, best)
    return merge(tried, best)


def inertia(engine: Engine, rows: Ints, seen: Judged) -> Floats:
    """Return the gain, usd a quarter, for which the exporter changes what it does, [rows, K]."""
    return np.asarray(engine.values[rows, POSITION["exporter_inertia"], None] * seen.now.value)


def refine(scout: Scout, tried: list[Judged]) -> Judged:
    """Return the best of the stances tried, narrowed down by golden section around it, market by market."""
    steps, menu = scout.menu.doctrine.refine, scout.menu
    stances = np.stack([one.stance for one in tried])
    worths = np.stack([one.worth for one in tried])
    best = np.argmax(worths, axis=0)
    last = np.full_like(stances[:1], menu.doctrine.most_wedge)
    ladder = np.concatenate([stances[:1], stances, last])
    rows, places = np.indices(best.shape)
    low, high = ladder[best, rows, places], ladder[best + 2, rows, places]
    inner, outer = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_inner, at_outer = scout.judge_all([Trial(inner), Trial(outer)])
    for _ in range(steps):
        left = at_inner.worth > at_outer.worth
        low, high = np.where(left, low, inner), np.where(left, outer, high)
        fresh = np.where(left, high - _GOLDEN * (high - low), low + _GOLDEN * (high - low))
        seen = scout.judge(fresh)
        kept = merge([at_inner, at_outer], np.where(left, 0, 1))
        at_inner = merge([seen, kept], np.where(left, 0, 1))
        at_outer = merge([seen, kept], np.where(left, 1, 0))
        inner, outer = at_inner.stance, at_outer.stance
    ends = [*tried, at_inner, at_outer]
    return merge(ends, np.argmax(np.stack([one.worth for one in ends]), axis=0))


def limit_stance(tried: list[Judged]) -> Floats:
    """Return the wedge at which outsiders' price is just below the cheapest entrant's full cost, [rows, K].

    Now and, where it looks ahead, later: demand that grows makes room for entrants whom today's price keeps out.
    Read off the stances already cleared; 0 where free trade is above it already or no stance tried reaches it.
    """
    order = np.argsort(np.stack([one.stance for one in tried]), axis=0, kind="stable")
    stance = np.take_along_axis(np.stack([one.stance for one in tried]), order, axis=0)
    entry = np.take_along_axis(np.stack([_entry(one) for one in tried]), order, axis=0)
    found = np.zeros(stance.shape[1:])
    for n in range(stance.shape[0] - 1):
        below, above = entry[n], entry[n + 1]
        part = (_BELOW - below) / np.maximum(above - below, 1e-12)
        crosses = (below < _BELOW) & (above >= _BELOW)
        found = np.where(crosses, stance[n] + part * (stance[n + 1] - stance[n]), found)
    return found


def _entry(one: Judged) -> Floats:
    return one.now.entry if one.later is None else np.maximum(one.now.entry, one.later.entry)


def flood_gate(engine: Engine, menu: Menu, rows: Ints, free: Quarter) -> Bools:
    """Return where flooding is considered, [rows, K]: own plants run low, or outsiders have announced much."""
    announced = announced_share(engine, menu, rows)
    gate = np.zeros(free.share.shape, dtype=np.bool_)
    for r, k in np.ndindex(*gate.shape):
        gate[r, k] = may_flood(free.utilisation[r, k], announced[r, k])
    return gate


def announced_share(engine: Engine, menu: Menu, rows: Ints) -> Floats:
    """Return outsiders' capacity under construction over all capacity of the exporter's goods, [rows, K]."""
    layout, columns = engine.layout, engine.columns
    found = np.zeros((rows.size, menu.components.size))
    for k, group in enumerate(menu.goods):
        coming = columns.site_pipeline_t[rows][:, menu.site_place == k] * menu.good_price[
            layout.site_good[menu.site_place == k]
        ]  # fmt: skip
        mine = np.isin(layout.node_good, group) & ~layout.node_leak
        there = columns.node_capacity_t[rows][:, mine] * menu.good_price[layout.node_good[mine]]
        found[:, k] = coming.sum(axis=1) / np.maximum(there.sum(axis=1), 1e-9)
    return found


def choose(engine: Engine, menu: Menu, rows: Ints, considered: dict[int, Judged], gate: Bools) -> Plan:
    """Return the mode of most worth; the present one is kept where the gain is within the exporter's inertia."""
    modes = sorted(considered)
    worth = np.stack([considered[mode].worth for mode in modes])
    for n, mode in enumerate(modes):
        if mode == FLOOD:
            worth[n] = np.where(gate, worth[n], -np.inf)
        elif mode == LIMIT:
            worth[n] = np.where(considered[mode].stance > 0.0, worth[n], -np.inf)
    best = np.argmax(worth, axis=0)
    slack = inertia(engine, rows, considered[NORMAL])
    present = mode_now(engine, menu, rows)
    for n, mode in enumerate(modes):
        stay = (present == mode) & (worth.max(axis=0) - worth[n] <= slack)
        best = np.where(stay, n, best)
    chosen = merge([considered[mode] for mode in modes], best)
    return Plan(rows, chosen.stance, np.array(modes)[best], considered)


def mode_now(engine: Engine, menu: Menu, rows: Ints) -> Ints:
    """Return the present mode in every market, [rows, K]."""
    return engine.columns.node_mode[rows][:, [nodes[0] for nodes in menu.nodes]].astype(np.int64)


def carry_out(engine: Engine, menu: Menu, plan: Plan) -> None:
    """Switch the menu's measures as planned and write modes and stances into the columns."""
    for measure, on, level in moves_of(engine, menu, plan.rows, plan.stance):
        switch_some(engine, measure, plan.rows, on, level)
    columns = engine.columns
    for k, nodes in enumerate(menu.nodes):
        columns.node_mode[np.ix_(plan.rows, nodes)] = plan.mode[:, k, None]
        columns.node_stance[np.ix_(plan.rows, nodes)] = plan.stance[:, k, None]
    columns.country_planned[plan.rows, menu.row] = engine.step_number + 1.0


def decide_exporter(engine: Engine, menu: Menu) -> None:
    """Decide for every run of the engine: press on states that provoked, plan where it is time, note the modes."""
    columns, step = engine.columns, engine.step_number
    before = standing(engine, menu)
    pressed = press(engine, menu)
    planned = columns.country_planned[:, menu.row]
    due = (planned <= 0.0) | (step + 1.0 - planned >= engine.values[:, POSITION["exporter_plan_quarters"]])
    rows = np.flatnonzero(due | pressed).astype(np.int64)
    if rows.size:
        plan = make_plan(engine, menu, rows)
        carry_out(engine, menu, plan)
        if rows[0] == 0:
            tell_plan(engine, menu, plan)
    log_changes(engine, menu, before)
    _note_mode(engine, menu)


def _note_mode(engine: Engine, menu: Menu) -> None:
    columns, countries = engine.columns, len(engine.world.countries)
    mode = columns.node_mode[:, [nodes[0] for nodes in menu.nodes]].max(axis=1)
    pairs = slice(menu.row * countries, (menu.row + 1) * countries)
    calm = mode <= NEGOTIATE
    mode = np.where(calm & (columns.pair_truce[:, pairs] > 0.0).any(axis=1), NEGOTIATE, mode)
    columns.country_mode[:, menu.row] = np.where(
        (columns.pair_coercion[:, pairs] > 0.0).any(axis=1), COERCE, mode
    )


def decide_states(engine: Engine) -> None:
    """Decide for the states that choose by themselves (`seats` of the scenario); without any, nothing happens."""
    for code, choice in engine.scenario.seats.items():
        if choice["behaviour"] != "exporter" or code in getattr(engine, "played", ()):
            continue
        if code not in engine.menus:
            engine.menus[code] = open_menu(engine, code, doctrine_of(choice))
        menu = engine.menus[code]
        since = menu.doctrine.since
        waits = since is not None and engine.scenario.start_index + engine.step_number < quarter_index(since)
        if menu.components.size and not waits:
            decide_exporter(engine, menu)


def doctrine_of(choice: Any) -> Doctrine:
    """Return the doctrine that a scenario's seat asks for."""
    given = {name: value for name, value in choice.items() if name != "behaviour"}
    options: Any = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return Doctrine(**options)
