"""What strikes a dominant exporter, and the odds that it answers: one count for the exporter and for who fears it.

A measure strikes it that covers routes from or to it; so does, by half, a treaty in force that leaves it out. Measures
of a treaty spare its members. A state that weighs a treaty asks what the strikes in it would add to the odds that the
exporter restricts it, by the exporter's own rule (`restrict_chance`), and what of all goods that it could hold back.
"""

from typing import Any, NamedTuple

import numpy as np

from agents.exposure import bought_of, spending
from model.network import Bools, Floats, Ints
from model.parameter import POSITION
from model.rules.exporter import leverage, remember_provocation, restrict_chance

#: Provocation from which a state may be restricted at all.
PROVOKED = 0.3
_BASE, _PROVOKE = POSITION["exporter_trigger_base"], POSITION["exporter_trigger_provocation"]
_TENSE, _HOLD = POSITION["exporter_trigger_tension"], POSITION["exporter_trigger_leverage"]
_LOSS, _SPREAD = POSITION["exporter_trigger_loss"], POSITION["exporter_trigger_diversification"]
_FADE, _SUBSTITUTE = POSITION["exporter_provocation_fade"], POSITION["substitution_most"]
_SECURITY, _RETALIATE = POSITION["exporter_security_weight"], POSITION["exporter_retaliation_weight"]
_THETA = POSITION["exporter_retaliation_share"]


def strikers(engine: Any, row: int) -> Ints:
    """Return [M]: the country behind each measure that strikes country `row`, -1 for those that do not."""
    key = f"strikers {row}"
    known = engine.menus.get(key)
    if known is None or known[0] is not engine.plan:
        known = engine.menus[key] = (engine.plan, _find_strikers(engine, row))
    return np.asarray(known[1])


def _find_strikers(engine: Any, row: int) -> Ints:
    layout, countries = engine.layout, engine.world.countries
    found = np.full(len(engine.plan.measures), -1, dtype=np.int64)
    for m, measure in enumerate(engine.plan.measures):
        actor = measure.order.actor
        if actor not in countries or actor == countries[row]:
            continue
        routes = [edit.routes for edit in measure.edits if hasattr(edit, "routes")]
        covered = np.concatenate([np.zeros(0, np.int64), *routes])
        ends = np.concatenate([layout.route_origin[covered], layout.route_destination[covered]])
        if np.any(ends == row):
            found[m] = countries.index(actor)
    return found


def count_strikes(engine: Any, row: int, on: Floats, members: Floats) -> Floats:
    """Return what each country has against country `row`, strikes, [runs, C].

    `on` [runs, M] measures in force, `members` [runs, X, C] who is bound by which treaty.
    """
    by, inside = strikers(engine, row), members[:, :, row] > 0.0
    struck = 0.5 * (members * ~inside[:, :, None]).sum(axis=1)
    for m in np.flatnonzero(by >= 0):
        x = engine.plan.measures[m].treaty
        struck[:, by[m]] += np.where(inside[:, x], 0.0, on[:, m]) if x >= 0 else on[:, m]
    return np.asarray(struck)


def treaty_strikes(engine: Any, x: int, row: int, inside: Bools) -> Floats:
    """Return the strikes that treaty `x` among members `inside` [rows, C] brings against country `row`, [rows, C]."""
    on = np.zeros((inside.shape[0], len(engine.plan.measures)))
    for part in engine.plan.clause_orders:
        if part.treaty == x:
            on[:, part.first : part.last] = 1.0
    members = np.zeros((inside.shape[0], len(engine.treaties.treaties), inside.shape[1]))
    members[:, x] = inside
    return np.where(inside, count_strikes(engine, row, on, members), 0.0)


def is_moved(felt: Any, values: Floats) -> Any:
    """Tell whether an exporter so provoked may answer: deterring weighs more with it than retaliation.

    `felt` provocation and `values` parameters of one run, or of several [runs] and [runs, P].
    """
    deters = values[..., _SECURITY] * felt > values[..., _RETALIATE] * values[..., _THETA]
    return (felt >= PROVOKED) & deters


def restrictable(engine: Any, row: int) -> list[int]:
    """Return the goods that a country dominates, components aside: those that it could hold back."""
    stage, least = list(engine.world.goods["stage"]), float(engine.scenario.parameters["dominant_share"])
    return [g for g in range(len(stage)) if stage[g] != "component" and own_share(engine, row, g) > least]


def own_share(engine: Any, row: int, good: int) -> float:
    """Return a country's share of the base year's capacity of a good."""
    layout = engine.layout
    mine = (layout.node_good == good) & ~layout.node_leak
    total = layout.node_base_t[mine].sum()
    own = layout.node_base_t[mine & (layout.node_country == row)].sum()
    return float(own / total) if total > 0.0 else 0.0


class Feared(NamedTuple):
    """What a state fears of an exporter, [rows, C] each: the odds of an answer, and what the answer could touch."""

    chance: Floats  # a quarter, by the strikes asked about
    depends: Floats  # part of purchases of all goods it could hold back that comes from it
    spends: Floats  # usd a quarter on these goods


def feared(engine: Any, rows: Ints, row: int, strikes: Floats) -> Feared:
    """Return what each country has to fear of country `row` for so many new strikes [rows, C].

    The odds are those of the exporter's rule above what they are anyhow; new capacity outside is left out of them.
    """
    goods = np.array(restrictable(engine, row), dtype=np.int64)
    held, bought = bought_of(engine, goods, row)
    depends = np.divide(held, bought, out=np.zeros_like(bought), where=bought > 0.0)
    abroad = held.copy()
    abroad[:, row] = 0.0
    exposed = abroad / np.maximum(abroad.sum(axis=1, keepdims=True), 1e-9)
    chance = np.zeros(strikes.shape)
    for k, run in enumerate(rows):
        for c in np.flatnonzero(strikes[k] > 0.0):
            chance[k, c] = _more_likely(
                engine, run, row, int(c), strikes[k, c], depends[run, c], exposed[run, c]
            )
    return Feared(chance, depends[rows], spending(engine, goods)[rows])


def _more_likely(
    engine: Any, run: int, row: int, c: int, strikes: float, depends: float, exposed: float
) -> float:
    """Return by how much strikes raise the chance that the exporter restricts a state in a quarter."""
    values, pair = engine.values[run], row * len(engine.world.countries) + c
    felt, tense = engine.columns.pair_provocation[run, pair], engine.columns.tension[run, pair]
    gap = leverage.py_func(depends, values[_SUBSTITUTE], 0.0)
    chances = [0.0, 0.0]
    for n, new in enumerate((0.0, strikes)):
        angry = remember_provocation.py_func(felt, new, values[_FADE])
        if is_moved(angry, values):
            chances[n] = restrict_chance.py_func(
                values[_BASE], values[_PROVOKE], values[_TENSE], values[_HOLD], values[_LOSS], values[_SPREAD],
                angry, tense, gap, exposed, 0.0,
            )  # fmt: skip
    return float(max(chances[1] - chances[0], 0.0))
