"""What a state has at stake in goods: what it pays for them, how far one exporter sells them, the danger of a stop."""

from typing import Any

import numpy as np

from agents.doctrine import Doctrine, doctrine_of
from agents.look_ahead import LookAhead
from model.instruments import BY_NAME
from model.network import Bools, Floats, Ints
from model.order import order_from
from model.parameter import POSITION
from model.quarter_date import quarter_label
from model.rules.stake import stop_chance
from model.seat import dominant_country

_BASE, _STRAINED, _HELD = (POSITION[f"exporter_trigger_{name}"] for name in ("base", "tension", "leverage"))


def invited(engine: Any, x: int) -> Bools:
    """Return [C]: the countries of the world that treaty `x` names."""
    count = len(engine.world.countries)
    return np.asarray(engine.treaties.table.invited[x * count : (x + 1) * count] > 0)


def membership_block(engine: Any, x: int, column: Floats) -> Floats:
    """Return a view [runs, C] of one treaty's part of a membership column."""
    count = len(engine.world.countries)
    return column[:, x * count : (x + 1) * count]


def doctrine_in_seat(engine: Any, code: str) -> Doctrine:
    """Return the doctrine of a country, as the scenario has it or its usual one."""
    seat = engine.scenario.seats.get(code, {})
    return doctrine_of(code, seat.get("doctrine"))


def treaty_goods(engine: Any, x: int) -> Ints:
    """Return the numbers of the goods that a treaty's clauses name, all where none does."""
    names = list(engine.world.goods["name"])
    named = {good for clause in engine.treaties.treaties[x].clauses for good in clause.fields.get("good", [])}
    chosen = [g for g, name in enumerate(names) if name in named]
    return np.array(chosen or range(len(names)), dtype=np.int64)


def treaty_components(engine: Any, x: int) -> Ints:
    """Return the sets of linked markets that a treaty's goods are in."""
    nodes = np.flatnonzero(np.isin(engine.layout.node_good, treaty_goods(engine, x)))
    starts = engine.network.component_node_start
    return np.unique(np.searchsorted(starts, nodes, side="right") - 1)


def goods_seen(engine: Any, look: LookAhead) -> Ints:
    """Return the goods of the linked markets that a look clears."""
    starts, layout = engine.network.component_node_start, engine.layout
    rows = [np.arange(starts[c], starts[c + 1]) for c in look.components]
    return np.unique(layout.node_good[np.concatenate(rows)])


def spending(engine: Any, goods: Ints) -> Floats:
    """Return what each country pays for goods in a quarter, usd, [runs, C]."""
    price = np.nan_to_num(engine.answer.landed_price)
    mine = np.isin(engine.layout.node_good[engine.network.route_node], goods)
    return _by_destination(engine, engine.columns.route_mean_flow_t * price, mine)


def bought_of(engine: Any, goods: Ints, seller: int) -> tuple[Floats, Floats]:
    """Return the worth at base prices of each country's purchases of goods, of `seller` and in all, [runs, C] each."""
    layout = engine.layout
    worth = engine.columns.route_mean_flow_t * layout.buyer_base_price[engine.network.route_buyer]
    mine = np.isin(layout.node_good[engine.network.route_node], goods)
    held = _by_destination(engine, worth, mine & (layout.route_origin == seller))
    return held, _by_destination(engine, worth, mine)


def dependence(engine: Any, goods: Ints, seller: int) -> Floats:
    """Return the part of each country's purchases of goods that comes from `seller`, [runs, C]."""
    held, bought = bought_of(engine, goods, seller)
    return np.divide(held, bought, out=np.zeros_like(bought), where=bought > 0.0)


def _by_destination(engine: Any, amount: Floats, mine: Bools) -> Floats:
    routes = np.flatnonzero(mine & (engine.layout.route_destination >= 0))
    where, size = engine.layout.route_destination[routes], len(engine.world.countries)
    return np.array([np.bincount(where, row, size) for row in amount[:, routes]])


def stop_measures(engine: Any, x: int) -> list[int]:
    """Return the measures, off, that stop the dominant exporter's deliveries of a treaty's goods."""
    key = f"stop {engine.treaties.treaties[x].id}"
    if key not in engine.menus:
        engine.menus[key] = _make_stop(engine, x)
    return list(engine.menus[key])


def _make_stop(engine: Any, x: int) -> list[int]:
    leader = dominant_country(engine)
    if leader < 0:
        return []
    code = engine.world.countries[leader]
    goods = [engine.world.goods["name"].iloc[g] for g in treaty_goods(engine, x) if _makes(engine, leader, g)]
    if not goods:
        return []
    start = quarter_label(engine.scenario.start_index)
    order = {"type": "export_ban", "actor": code, "quarter": start, "end": None, "fields": {"good": goods}}
    return list(engine.add_measures([order_from(order, BY_NAME)]))


def _makes(engine: Any, country: int, good: int) -> bool:
    layout = engine.layout
    mine = (layout.node_good == good) & (layout.node_country == country) & ~layout.node_leak
    return bool(layout.node_base_t[mine].sum() > 0.0)


def stop_odds(engine: Any, rows: Ints, x: int) -> Floats:
    """Return the chance a quarter that the dominant exporter stops deliveries to each country, [rows, C]."""
    leader, count = dominant_country(engine), len(engine.world.countries)
    each, which = np.unique(rows, return_inverse=True)
    depends = dependence(engine, treaty_goods(engine, x), leader)[each]
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
