"""What states do by themselves: the doctrine says what they consider, looking ahead or a rule says whether they do it.

`decide_measures(engine)` decides for every seat of the behaviour `state`, in all runs. Once in `exporter_plan_quarters`
a state clears the markets for each size of measure that its doctrine considers, now and once firms have built, and
takes the one of most weighed welfare in each linked market. Those who plan in a quarter do so at once, before any of
them acts, so that the order of seats does not matter. Each quarter it answers in kind what its partners hold back
from it, and stores while a stop by the leading supplier is a danger (`model.rules.stake`). A doctrine without such data
does nothing. Source: Axelrod1984, StockPolicy.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.doctrine import doctrine_of
from agents.exporter_log import scaled_order
from agents.exporter_scout import switch_some
from agents.kit import Kit, Option, open_kits
from agents.look_ahead import FEW_STAGES, LookAhead, chunks
from agents.weighing import HORIZON_QUARTERS, capital_charge, goods_cleared, money, weigh_goods
from model.engine import Engine
from model.network import Bools, Floats, Ints
from model.order import Order
from model.parameter import POSITION
from model.rules.stake import answer_in_kind, stock_days_wanted, stop_chance, stop_danger, weigh
from model.state_order import REPEAL

_PLAN, _INERTIA = POSITION["exporter_plan_quarters"], POSITION["exporter_inertia"]
_BASE, _STRAINED, _HELD = (POSITION[f"exporter_trigger_{name}"] for name in ("base", "tension", "leverage"))
#: What is held back below this share is not noticed.
_NOTICED = 0.1
#: Levels closer than this are left as they are.
_SAME = 0.05
#: What the level of each tool of a kit is.
_LEVELS = {
    "export_tax": "of {:.0%} of the price", "export_quota": "of {:.0%} of usual exports",
    "export_licence": "for {:.0%} of usual exports", "import_tariff": "of {:.0%} of the price",
    "production_subsidy": "of {:.0%} of the base price",
}  # fmt: skip
_LINES = ("users", "producers", "public money", "quota rents")


def decide_measures(engine: Engine) -> None:
    """Decide for the states that act by themselves (`seats` of the scenario); without any, nothing happens."""
    acting = {
        code: doctrine_of(code, seat.get("doctrine"))
        for code, seat in engine.scenario.seats.items()
        if seat["behaviour"] == "state" and seat.get("acts", True)
        and code not in engine.played and code in engine.world.countries
    }  # fmt: skip
    closed = {code: doctrine for code, doctrine in acting.items() if f"kit {code}" not in engine.menus}
    if closed:
        engine.menus.update({f"kit {code}": kit for code, kit in open_kits(engine, closed).items()})
    kits = [engine.menus[f"kit {code}"] for code in acting]
    for rows, planning in _due(engine, kits):
        _plan(engine, planning, rows)
    if engine.step_number > 0 and kits:
        barriers = _barriers(engine)
        for kit in kits:
            _answer(engine, kit, barriers)
            _store(engine, kit)


def _due(engine: Engine, kits: Sequence[Kit]) -> list[tuple[Ints, list[Kit]]]:
    """Return the runs in which it is time to plan, with the states for which it is."""
    groups: dict[bytes, tuple[Ints, list[Kit]]] = {}
    for kit in kits:
        planned = engine.columns.country_planned[:, kit.row]
        due = (planned <= 0.0) | (engine.step_number + 1.0 - planned >= engine.values[:, _PLAN])
        rows = np.flatnonzero(due).astype(np.int64)
        if rows.size and kit.options and kit.places.size:
            groups.setdefault(rows.tobytes(), (rows, []))[1].append(kit)
    return list(groups.values())


def _plan(engine: Engine, kits: list[Kit], rows: Ints) -> None:
    """Look ahead for states, and switch each to the size of most weighed welfare in each linked market."""
    seen = [_Trial(kit, option) for kit in kits for option in (None, *kit.options)]
    found = _lines(engine, seen, rows)
    for kit in kits:
        lines = [one for trial, one in zip(seen, found, strict=True) if trial.kit is kit]
        worth = np.stack([one.sum(axis=0) for one in lines])  # [options, rows, places]
        for n, option in enumerate(kit.options, start=1):
            for place in range(kit.places.size):
                if place not in option.measures:
                    worth[n, :, place] = -np.inf
        asked = kit.doctrine.hurdle_share * _spending(engine, kit)[rows]
        best = np.argmax(worth, axis=0)
        best = np.where(worth.max(axis=0) - worth[0] > asked, best, 0)
        best = _kept(engine, kit, rows, worth, best)
        _carry_out(engine, kit, rows, best, lines)
        engine.columns.country_planned[rows, kit.row] = engine.step_number + 1.0


def _kept(engine: Engine, kit: Kit, rows: Ints, worth: Floats, best: Ints) -> Ints:
    """Return the option chosen, [rows, places]; the present one where the best gains no more than the state's inertia.

    That is the share `exporter_inertia` of what it buys and makes in the market, as an exporter that chooses has it.
    """
    slack = engine.values[rows, _INERTIA, None] * (_spending(engine, kit)[rows] + _making(engine, kit))
    present = _present(engine, kit, rows)
    mine = np.take_along_axis(worth, present[None], axis=0)[0]
    gain = np.take_along_axis(worth, best[None], axis=0)[0] - mine
    return np.where(gain <= slack, present, best)


def _present(engine: Engine, kit: Kit, rows: Ints) -> Ints:
    """Return the option that is in force in each linked market, 0 for none, [rows, places]."""
    history, found = engine.history, np.zeros((rows.size, kit.places.size), dtype=np.int64)
    for n, option in enumerate(kit.options, start=1):
        for place, measures in option.measures.items():
            on = history.measure_force[rows, measures[0]] > 0.0
            size = np.abs(history.measure_level[rows, measures[0]] - option.size) < _SAME
            found[on & size, place] = n
    return found


def _making(engine: Engine, kit: Kit) -> Floats:
    """Return the base year's value of what the state makes in each linked market, usd a quarter, [places]."""
    layout = engine.layout
    value = (
        layout.node_base_t * layout.node_base_price * ((layout.node_country == kit.row) & ~layout.node_leak)
    )
    groups = goods_cleared(engine, kit.places)
    return np.array([np.nansum(value[np.isin(layout.node_good, goods)]) for goods in groups])


class _Trial(NamedTuple):
    """What is looked at: a state's option, None for nothing of its own, the others' measures as they stand."""

    kit: Kit
    option: Option | None

    @property
    def places(self) -> Ints:
        """The linked markets that it touches."""
        return self.kit.places if self.option is None else self.kit.places[sorted(self.option.measures)]


def _lines(engine: Engine, trials: Sequence[_Trial], rows: Ints) -> list[Floats]:
    """Return the weighed lines of the state's welfare under each trial, [lines, rows, places of its kit].

    Trials are looked at together, as rows of one batch; what is told of markets without the option means nothing.
    """
    found = list[Floats]()
    for part in chunks(len(trials), rows.size):
        some = [trials[n] for n in part]
        look = LookAhead(engine, np.tile(rows, len(some)))
        look.blocks = [(n * rows.size, (n + 1) * rows.size, trial.places) for n, trial in enumerate(some)]
        now = _weighed(engine, some, look, look.clear(_moves(engine, rows, some)))
        built = look.later(np.full(look.rows.size, HORIZON_QUARTERS), FEW_STAGES)
        later = _weighed(engine, some, look, built, capital_charge(engine, look))
        for trial, a, b in zip(some, now, later, strict=True):
            found.append(np.asarray(weigh.py_func(a, b, trial.kit.doctrine.patience)))
    return found


def _moves(engine: Engine, rows: Ints, trials: Sequence[_Trial]) -> list[tuple[int, Floats, Floats]]:
    """Return the moves that in each trial's rows take back what the state has on and put its option in force."""
    kits = {trial.kit.code: trial.kit for trial in trials}
    shape, own = (len(trials), rows.size), {code: _own(kit) for code, kit in kits.items()}
    every = sorted({m for measures in own.values() for m in measures})
    on = {m: np.tile(engine.history.measure_force[rows, m], (shape[0], 1)) for m in every}
    level = {m: np.tile(engine.history.measure_level[rows, m], (shape[0], 1)) for m in every}
    off = {m: on[m].copy() for m in every}
    for n, trial in enumerate(trials):
        for m in own[trial.kit.code]:
            on[m][n] = off[m][n] = 0.0
        for m in [m for measures in trial.option.measures.values() for m in measures] if trial.option else ():
            on[m][n], level[m][n] = 1.0, trial.option.size  # type: ignore[union-attr]
    taken_back = [(m, off[m].reshape(-1), level[m].reshape(-1)) for m in every]
    return taken_back + [(m, on[m].reshape(-1), level[m].reshape(-1)) for m in every]


def _own(kit: Kit) -> list[int]:
    """Return the measures among which it chooses by looking ahead."""
    return sorted({m for option in kit.options for measures in option.measures.values() for m in measures})


def _weighed(
    engine: Engine, trials: Sequence[_Trial], look: LookAhead, cleared: Any, charge: Floats | None = None
) -> list[Floats]:
    """Return the lines of each trial's state, [lines, rows, places of its kit]."""
    doctrines = [trials[0].kit.doctrine] * len(engine.world.countries)
    for trial in trials:
        doctrines[trial.kit.row] = trial.kit.doctrine
    lines = weigh_goods(engine, look, cleared, doctrines, charge)[: len(_LINES)]
    size, found = look.rows.size // len(trials), []
    for n, trial in enumerate(trials):
        rows, groups = slice(n * size, (n + 1) * size), goods_cleared(engine, trial.kit.places)
        found.append(
            np.stack(
                [
                    np.stack([line[rows, :, trial.kit.row][:, goods].sum(axis=1) for goods in groups], axis=1)
                    for line in lines
                ]
            )
        )
    return found


def _spending(engine: Engine, kit: Kit) -> Floats:
    """Return what its users pay in each linked market, usd a quarter, [runs, places]."""
    layout, network = engine.layout, engine.network
    price = np.nan_to_num(engine.answer.landed_price if engine.warm else engine.plan.base_landed_price)
    paid = engine.columns.route_mean_flow_t * price
    mine = layout.route_destination == kit.row
    good = layout.node_good[network.route_node]
    groups = goods_cleared(engine, kit.places)
    return np.stack([paid[:, mine & np.isin(good, goods)].sum(axis=1) for goods in groups], axis=1)


def _carry_out(engine: Engine, kit: Kit, rows: Ints, best: Ints, lines: list[Floats]) -> None:
    for place in range(kit.places.size):
        chosen = best[:, place]
        for m in {m for option in kit.options for m in option.measures.get(place, ())}:
            sizes = [
                (n, o.size) for n, o in enumerate(kit.options, start=1) if m in o.measures.get(place, ())
            ]
            on = np.isin(chosen, [n for n, _ in sizes])
            level = np.select([chosen == n for n, _ in sizes], [size for _, size in sizes], 1.0)
            why = _plan_words(kit, int(chosen[0]), place, lines) if rows[0] == 0 else ""
            if rows[0] == 0 and chosen[0] and not on[0]:
                why = f"it gives way to {_tool_words(kit.options[chosen[0] - 1])}, {why}"
            _switch(engine, kit, m, rows, on.astype(float), level, why)


def _tool_words(option: Option) -> str:
    return " ".join(["the", option.tool.replace("_", " "), *_level_words(option.tool, option.size, 0.0)])


def _level_words(tool: str, level: float, days: float) -> list[str]:
    """Return how large a measure of the kit is in words, nothing where its size says nothing."""
    if tool == "strategic_stockpile":
        return [f"of {level * days:.0f} days of use"]
    return [_LEVELS[tool].format(level)] if tool in _LEVELS else []


def _plan_words(kit: Kit, n: int, place: int, lines: list[Floats]) -> str:
    if n == 0:
        tried = np.stack([one.sum(axis=0)[0, place] for one in lines[1:]])
        known = tried[np.isfinite(tried)]
        gain = float(known.max() - lines[0].sum(axis=0)[0, place]) if known.size else 0.0
        return f"none of what it considers is worth it: {money(gain)} a quarter at best"
    change = (lines[n] - lines[0])[:, 0, place]
    parts = sorted(zip(_LINES, change.tolist(), strict=True), key=lambda part: -abs(part[1]))
    named = ", ".join(f"{name} {money(usd)}" for name, usd in parts if abs(usd) >= 5e4)
    return f"worth {money(float(change.sum()))} a quarter by its weights against none: {named}"


def _answer(engine: Engine, kit: Kit, barriers: tuple[Floats, Floats]) -> None:
    """Hold back from each partner a share of what it holds back, while it does."""
    rows = np.arange(engine.runs, dtype=np.int64)
    share = kit.doctrine.reciprocity
    wanted: dict[int, tuple[Floats, Floats, str]] = {}
    for partner in sorted({partner for partner, _ in kit.answers}):
        code = engine.world.countries[partner]
        held = _share_of_trade(engine, barriers[0], partner, kit.row)
        raised = _share_of_trade(engine, barriers[1], kit.row, partner)
        by_export = np.array([answer_in_kind.py_func(x, share, _NOTICED) for x in held])
        by_import = np.array([answer_in_kind.py_func(x, share, _NOTICED) for x in raised])
        if (partner, "export") not in kit.answers:
            by_export, by_import = np.zeros_like(by_export), np.maximum(by_import, by_export)
        what = f"{code} holds back {held[0]:.0%} of what it sold it, and taxes what it buys from it {raised[0]:+.0%}"
        for kind, size in (("export", by_export), ("import", by_import)):
            m = kit.answers.get((partner, kind))
            if m is not None:
                wanted[m] = (size > 0.0).astype(float), 1.0 - size if kind == "export" else size, what
    _switch_all(engine, kit, rows, wanted)


def _barriers(engine: Engine) -> tuple[Floats, Floats]:
    """Return what is held back of every route, and by how much its tariff is raised, beyond the base year, [runs, R].

    Held back are caps by tonnes, export taxes by the part of the price that they are.
    """
    tax = np.maximum(engine.terms.route_export_tax - engine.plan.base_costs["export_tax"], 0.0)
    held = np.maximum(engine.columns.route_held_share, tax / (1.0 + tax))
    return held, np.maximum(engine.terms.route_tariff - engine.plan.base_costs["tariff"], 0.0)


def held_back(engine: Engine, origin: int, destination: int) -> Floats:
    """Return the part of what one country sold another that it holds back beyond the base year, by value, [runs]."""
    return _share_of_trade(engine, _barriers(engine)[0], origin, destination)


def _share_of_trade(engine: Engine, share: Floats, origin: int, destination: int) -> Floats:
    """Return the mean by base-year value of a share of every route [runs, R], between two countries, [runs]."""
    routes, usual = _usual_trade(engine, origin, destination)
    total = float(usual.sum())
    return (share[:, routes] * usual).sum(axis=1) / total if total > 0.0 else np.zeros(engine.runs)


def _usual_trade(engine: Engine, origin: int, destination: int) -> tuple[Ints, Floats]:
    """Return the routes between two countries, smuggled flows aside, and their base-year value, usd a quarter."""
    known = engine.menus.setdefault("usual trade", {})  # fixed for the run
    if (origin, destination) not in known:
        layout, network = engine.layout, engine.network
        mine = (layout.route_origin == origin) & (layout.route_destination == destination)
        routes = np.flatnonzero(mine & ~layout.node_leak[network.route_node])
        price = layout.buyer_base_price[network.route_buyer[routes]]
        known[origin, destination] = routes, layout.route_usual_t[routes] * price
    return known[origin, destination]  # type: ignore[no-any-return]


def _store(engine: Engine, kit: Kit) -> None:
    """Store days of use of what a stop by the leading supplier would put in danger."""
    rows, goods = np.arange(engine.runs, dtype=np.int64), list(kit.stock)
    if not goods:
        return
    days, least = kit.doctrine.stock_days, kit.doctrine.stock_danger
    share, leader = leading_suppliers(engine, kit.row, goods)
    danger = _danger(engine, kit.row, share, leader)
    wanted: dict[int, tuple[Floats, Floats, str]] = {}
    for n, good in enumerate(goods):
        level = np.array([stock_days_wanted.py_func(days, x, least) for x in danger[:, n]]) / days
        code, held = engine.world.countries[leader[0, n]], max(share[0, n], 1e-9)
        why = (
            f"{share[0, n]:.0%} of its purchases come from {code}, which stops deliveries within a year by a chance of "
            f"{danger[0, n] / held:.0%}: {danger[0, n]:.0%} of a year's are in danger; it stores from {least:.0%} on"
        )
        wanted[kit.stock[good]] = (level > 0.0).astype(float), level, why
    _switch_all(engine, kit, rows, wanted)


def _danger(engine: Engine, row: int, share: Floats, leader: Ints) -> Floats:
    """Return the part of a year's purchases that a stop by these suppliers puts in danger, [runs, goods]."""
    strain = np.take_along_axis(engine.columns.tension, leader * len(engine.world.countries) + row, axis=1)
    danger = np.zeros(share.shape)
    for run, n in np.ndindex(*share.shape):
        values, held = engine.values[run], share[run, n]
        chance = stop_chance.py_func(values[_BASE], values[_STRAINED], values[_HELD], strain[run, n], held)
        danger[run, n] = stop_danger.py_func(chance, held)
    return danger


def leading_suppliers(engine: Engine, row: int, goods: Sequence[int]) -> tuple[Floats, Ints]:
    """Return the largest foreign supplier's share in a country's purchases, and who it is, [runs, goods]."""
    layout, size = engine.layout, len(engine.world.countries)
    known = engine.menus.setdefault("bought from", {})  # fixed for the run
    if (row, *goods) not in known:
        good = layout.node_good[engine.network.route_node]
        routes = np.flatnonzero(np.isin(good, goods) & (layout.route_destination == row))
        place = {g: n for n, g in enumerate(goods)}
        cell = np.array([place[g] for g in good[routes]], dtype=np.int64) * size + layout.route_origin[routes]
        known[row, *goods] = routes, cell
    routes, cell = known[row, *goods]
    bought = [np.bincount(cell, flow[routes], len(goods) * size) for flow in engine.columns.route_mean_flow_t]
    by_origin = np.array(bought).reshape(engine.runs, len(goods), size)
    total = by_origin.sum(axis=2)
    by_origin[:, :, _no_suppliers(engine, row)] = 0.0
    return by_origin.max(axis=2) / np.maximum(total, 1e-12), by_origin.argmax(axis=2).astype(np.int64)


def _no_suppliers(engine: Engine, row: int) -> list[int]:
    """Return the countries that no stop is feared of: itself, and the rest of the world, which is many."""
    return [c for c, code in enumerate(engine.world.countries) if c == row or code == "OTH"]


def _switch_all(
    engine: Engine, kit: Kit, rows: Ints, wanted: Mapping[int, tuple[Floats, Floats, str]]
) -> None:
    """Switch measures, by number, to (on, level) in some runs where anything changes, and give the reason."""
    if not wanted:
        return
    on, level = (np.stack([one[part] for one in wanted.values()], axis=1) for part in (0, 1))
    history, numbers = engine.history, list(wanted)
    moved = _moved(
        history.measure_force[rows][:, numbers], history.measure_level[rows][:, numbers], on, level
    )
    for n in np.flatnonzero(moved.any(axis=0)):
        m = numbers[n]
        _switch(engine, kit, m, rows, *wanted[m])


def _moved(force: Floats, levels: Floats, on: Floats, level: Floats) -> Bools:
    """Tell where a measure is to be switched: on or off, or to a level that is another one."""
    return ((on > 0.0) != (force > 0.0)) | ((on > 0.0) & (np.abs(level - levels) > _SAME))


def _switch(engine: Engine, kit: Kit, m: int, rows: Ints, on: Floats, level: Floats, why: str) -> None:
    """Switch a measure in some runs where anything changes; tell and log the first run's change with its reason."""
    force, levels = engine.history.measure_force[rows, m], engine.history.measure_level[rows, m]
    moved = _moved(force, levels, on, level)
    if not moved.any():
        return
    level = np.where(moved & (on > 0.0), level, levels)
    on = np.where(moved, on, force)
    switch_some(engine, m, rows, on, level)
    if rows[0] != 0 or not moved[0]:
        return
    quarter, measure = engine.quarter_label, engine.plan.measures[m]
    if on[0] > 0.0:
        order = scaled_order(engine, m, float(level[0]))
    else:
        order = Order(REPEAL.name, kit.code, quarter, None, {"measure": m})
    goods = ", ".join(measure.order.fields["good"])
    size = _level_words(measure.order.type, float(level[0]), kit.doctrine.stock_days) if on[0] > 0.0 else []
    target = [code for code in measure.order.fields.get("target", []) if code != "WORLD"]
    toward = f" towards {', '.join(target)}" if target else ""
    verb = "sets" if on[0] > 0.0 else "lifts"
    tool = " ".join([measure.order.type.replace("_", " "), *size])
    engine.record(kit.code, order, why=why)
    engine.decisions.append({
        "quarter": quarter, "seat": kit.code, "measure": m, "tool": measure.order.type, "on": bool(on[0] > 0.0),
        "level": float(level[0]), "why": f"{kit.code} {verb} {tool} on {goods}{toward}: {why}.",
    })  # fmt: skip
