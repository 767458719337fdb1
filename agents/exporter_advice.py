"""What the exporter's behaviour would order, for the view of a seat that somebody else fills."""

from typing import Any

import numpy as np

from agents.exporter import doctrine_of, make_plan
from agents.exporter_log import scaled_order
from agents.exporter_menu import WEDGES, Menu, open_menu
from agents.exporter_scout import moves_of
from model.engine import Engine
from model.parameter import POSITION

#: What the menu of an exporter is made of, targeted licences aside.
_TOOLS = (*WEDGES, "production_subsidy", "price_support")


def advise_state(engine: Engine, run: int, country: int) -> list[dict[str, Any]]:
    """Return the orders that put the behaviour's stance in force, in the quarters in which it plans; else none.

    For seats of the scenario that a behaviour fills and a player has taken. Earlier orders on the same goods are
    repealed. Restrictions on single states are not advised: when to provoke whom is the player's to judge.
    """
    code = engine.world.countries[country]
    choice = engine.scenario.seats.get(code)
    if choice is None or choice["behaviour"] != "exporter" or code not in engine.played:
        return []
    if engine.step_number % max(int(engine.values[run, POSITION["exporter_plan_quarters"]]), 1):
        return []
    twin = engine.fork()
    menu = open_menu(twin, code, doctrine_of(choice))
    if not menu.components.size:
        return []
    earlier = _earlier(engine, menu, run)
    for number in earlier:
        twin.switch(number, 0.0)
    rows = np.array([run], dtype=np.int64)
    plan = make_plan(twin, menu, rows)
    given: list[dict[str, Any]] = [{"type": "repeal", "fields": {"measure": number}} for number in earlier]
    for measure, on, level in moves_of(twin, menu, rows, plan.stance):
        if on[0] > 0.0:
            order = scaled_order(twin, measure, float(level[0]))
            given.append({"type": order.type, "fields": dict(order.fields)})
    return given


def _earlier(engine: Engine, menu: Menu, run: int) -> list[int]:
    """Return the numbers of the seat's own orders in force on goods of the menu that it gave during the run."""
    names = list(engine.world.goods["name"])
    goods = {names[g] for group in menu.goods for g in group}
    found = []
    for m, measure in enumerate(engine.plan.measures):
        own = measure.order.actor == menu.code and measure.treaty < 0 and m >= len(engine.scenario.measures)
        covers = goods.intersection(measure.order.fields.get("good", []))
        if own and covers and measure.order.type in _TOOLS and engine.history.measure_force[run, m] > 0.0:
            found.append(m)
    return found
