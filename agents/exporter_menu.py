"""What a dominant exporter may do: measures over the goods it dominates, taken into an engine once, all off.

Markets that are linked are decided on together (a component of the network); in each the exporter has a stance x: above
0 a wedge on its exports, 0 none, below 0 support of its own producers, as a share of the price. Beside that it has a
targeted licence for each rival. The goods restricted are those in which it holds more than `dominant_share` of the base
year's capacity, components (magnets) aside: these are downstream, what cheap inputs at home are for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from agents.strike import own_share, restrictable
from model.engine import Engine
from model.instruments import BY_NAME
from model.mode import MODE_WORDS
from model.network import Bools, Floats, Ints
from model.order import Order, order_from

#: A state further away than this in usual tension is a rival.
_APART = 0.3
#: The instruments a wedge may be made with.
WEDGES = ("export_tax", "export_licence", "export_quota")


@dataclass(frozen=True)
class Doctrine:
    """How an exporter decides, as far as it is no parameter.

    - `modes`: those it considers besides normal
    - `milk_with`: the instrument of its wedge; `wedges`: the stances it tries
    - `refine`: steps of golden section around the best of them
    - `since`: the first quarter in which it decides
    - `rivals`: codes of the states it may restrict, the four largest importers apart from it if empty
    - `most_rivals`, `most_goods`: how many rivals, and markets of each, it restricts at most
    """

    modes: tuple[str, ...] = MODE_WORDS[1:]
    milk_with: str = "export_tax"
    wedges: tuple[float, ...] = (0.15, 0.5)
    most_wedge: float = 4.0
    refine: int = 0
    rivals: tuple[str, ...] = ()
    since: str | None = None
    most_rivals: int = 4
    most_goods: int = 2


@dataclass(frozen=True)
class Menu:
    """The measures of one exporter in an engine. K linked markets that it dominates, G goods, C countries, M measures.

    - `components` [K], `goods` (numbers of its goods in each), `good_place` [G] position in `components`, -1 elsewhere
    - `wedge` [K] measures of the stance above 0, on the routes `exports`; `support` below 0, for each good
    - `licence[k, country]`: targeted licences; `rivals` country numbers
    - `downstream` [G]: goods whose producers are the exporter's downstream
    - `good_price` [G]: base-year prices that weigh goods of one market
    """

    code: str
    row: int
    doctrine: Doctrine
    components: Ints
    goods: list[list[int]]
    good_place: Ints
    wedge: list[int]
    exports: list[Ints]
    support: list[list[tuple[int, int]]]
    licence: Mapping[tuple[int, int], int]
    rivals: list[int]
    downstream: Bools
    good_price: Floats
    plant_own: Floats = field(repr=False)  # [plants, K] base price of own plants' goods
    plant_all: Floats = field(repr=False)  # [plants, K] the same for all plants
    plant_held: Floats = field(repr=False)  # [plants, K] 1: own plant of a good it restricts
    route_place: Ints = field(repr=False)  # [R] position of the route's market, -1 elsewhere
    site_place: Ints = field(repr=False)  # [S] the same for outsiders' sites of its goods
    about: Mapping[int, tuple[str, str]] = field(
        repr=False
    )  # by measure: its market, else the state it restricts
    nodes: list[Ints] = field(repr=False)  # [K] own nodes of its goods, which carry mode and stance
    # Its exports: routes, market by market; the first of each market [K + 1]; base price of each.
    abroad: tuple[Ints, Ints, Floats] = field(repr=False)

    def level(self, engine: Engine, rows: Ints, k: int, stance: Floats) -> Floats:
        """Return the level of a market's wedge, [rows]: the tax, or the part of last year's exports let through."""
        stance = np.maximum(stance, 0.0)
        if self.doctrine.milk_with == "export_tax":
            return stance
        let_through = 1.0 / (1.0 + stance)
        if self.doctrine.milk_with == "export_licence":
            return let_through
        usual = engine.world.routes["flow_t"].to_numpy(float)[self.exports[k]].sum()
        flow = engine.columns.route_mean_flow_t[rows][:, self.exports[k]].sum(axis=1)
        return np.asarray(let_through * np.where(flow > 0.0, flow, usual) / max(usual, 1e-9))


def open_menu(engine: Engine, code: str, doctrine: Doctrine) -> Menu:
    """Take the menu of a country into the engine, all off, and return it."""
    row = engine.world.countries.index(code)
    places, goods = _dominated(engine, row)
    names = list(engine.world.goods["name"])
    price = np.array([_price(engine, g) for g in range(len(names))])
    component = _good_component(engine)
    place = np.array([list(places).index(c) if c in places else -1 for c in component], dtype=np.int64)
    rivals = _rivals(engine, row, [g for group in goods for g in group], price, doctrine)
    batch = Batch(engine)
    wedge = [batch.take(_wedge_order(engine, code, doctrine, [names[g] for g in group])) for group in goods]
    support = [
        [(batch.take(_support_order(engine, code, names[g], float(price[g]))), g) for g in group]
        if "flood" in doctrine.modes or "limit" in doctrine.modes
        else []
        for group in goods
    ]
    licence = {}
    if "coerce" in doctrine.modes:
        for k, group in enumerate(goods):
            key = names[max(group, key=lambda g: (own_share(engine, row, g), g))]
            for rival in rivals:
                target = engine.world.countries[rival]
                licence[k, rival] = batch.take(_licence_order(engine, code, key, target))
    routes = engine.world.routes
    abroad = (routes["origin"] == code) & (routes["destination"] != code) & (routes["kind"] == "producer")
    exports = [
        np.flatnonzero(abroad & routes["good"].isin([names[g] for g in group])).astype(np.int64)
        for group in goods
    ]
    batch.close()
    about = {
        m: (", ".join(names[g] for g in group), "")
        for k, group in enumerate(goods)
        for m in (wedge[k], *(number for number, _ in support[k]))
    }
    about |= {m: ("", engine.world.countries[rival]) for (_, rival), m in licence.items()}
    return Menu(
        about=about,
        exports=exports, code=code, row=row, doctrine=doctrine, components=places, goods=goods, good_place=place,
        wedge=wedge, support=support, licence=licence, rivals=rivals, good_price=price,
        downstream=(engine.world.goods["stage"] == "component").to_numpy(),
        **_places(engine, row, goods, place, price),
    )  # fmt: skip


def _dominated(engine: Engine, row: int) -> tuple[Ints, list[list[int]]]:
    """Return the components where the country dominates a good that is no component (magnet), and those goods."""
    component, mine = _good_component(engine), restrictable(engine, row)
    places = sorted({int(component[g]) for g in mine})
    return np.array(places, dtype=np.int64), [[g for g in mine if component[g] == c] for c in places]


def _good_component(engine: Engine) -> Ints:
    """Return the component of each good, -1 for one without sellers."""
    found = np.full(len(engine.world.goods), -1, dtype=np.int64)
    starts = engine.network.component_node_start
    for i, good in enumerate(engine.layout.node_good):
        found[good] = np.searchsorted(starts, i, side="right") - 1
    return found


def _price(engine: Engine, good: int) -> float:
    layout = engine.layout
    mine = (layout.node_good == good) & (layout.node_base_t > 0.0)
    return (
        float(np.average(layout.node_base_price[mine], weights=layout.node_base_t[mine]))
        if mine.any()
        else 0.0
    )


def _rivals(engine: Engine, row: int, goods: list[int], price: Floats, doctrine: Doctrine) -> list[int]:
    """Return the rivals named by the doctrine, else the largest importers of its goods that stand apart from it."""
    layout, countries = engine.layout, engine.world.countries
    if doctrine.rivals:
        return [countries.index(code) for code in doctrine.rivals if code in countries]
    bought = np.zeros(len(countries))
    good = layout.node_good[engine.network.route_node]
    mine = (layout.route_origin == row) & np.isin(good, goods)
    np.add.at(bought, layout.route_destination[mine], layout.route_usual_t[mine] * price[good[mine]])
    far = layout.pair_usual[row * len(countries) :][: len(countries)] > _APART
    bought[~far] = 0.0
    order = np.argsort(-bought, kind="stable")[: doctrine.most_rivals]
    return [int(j) for j in order if bought[j] > 0.0]


def _places(engine: Engine, row: int, goods: list[list[int]], place: Ints, price: Floats) -> dict[str, Any]:
    layout, network = engine.layout, engine.network
    first = network.recipe_output_start[layout.plant_recipe]
    plant_good = layout.node_good[network.output_node[first]]
    count = len(goods)
    inside = np.zeros((plant_good.size, count))
    held = np.zeros_like(inside)
    for k, group in enumerate(goods):
        inside[:, k] = (place[plant_good] == k) * price[plant_good]
        held[:, k] = np.isin(plant_good, group) & (layout.plant_country == row) & (layout.plant_site >= 0)
    route_good = layout.node_good[network.route_node]
    route_place = place[route_good]
    sold = (layout.route_origin == row) & (layout.route_destination != row)
    markets = [np.flatnonzero(sold & (route_place == k)) for k in range(count)]
    abroad = np.concatenate([np.zeros(0, np.int64), *markets])
    flat = [g for group in goods for g in group]
    outside = np.isin(layout.site_good, flat) & (layout.site_country != row)
    return {
        "plant_own": inside * (layout.plant_country == row)[:, None],
        "plant_all": inside,
        "plant_held": held,
        "nodes": [
            np.flatnonzero(
                (layout.node_country == row) & np.isin(layout.node_good, group) & ~layout.node_leak
            )
            for group in goods
        ],
        "route_place": route_place,
        "abroad": (
            abroad,
            np.concatenate([[0], np.cumsum([len(m) for m in markets])]),
            price[route_good[abroad]],
        ),
        "site_place": np.where(outside, place[layout.site_good], -1),
    }


class Batch:
    """Measures to be taken into an engine all at once: each has its number before it is there."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.orders, self.first = engine, list[Order](), len(engine.plan.measures)

    def take(self, order: Order) -> int:
        """Return the number that an order will have as a measure."""
        self.orders.append(order)
        return self.first + len(self.orders) - 1

    def close(self) -> None:
        """Take all of them into the engine, off."""
        if self.orders:
            self.engine.add_measures(self.orders)


def _order(engine: Engine, code: str, kind: str, **fields: Any) -> Order:
    first = engine.scenario.quarter_label(engine.step_number)
    record = {"type": kind, "actor": code, "quarter": first, "end": None, "fields": fields}
    return order_from(record, BY_NAME)


def _wedge_order(engine: Engine, code: str, doctrine: Doctrine, goods: list[str]) -> Order:
    if doctrine.milk_with != "export_quota":
        return _order(engine, code, doctrine.milk_with, good=goods, rate=1.0)
    routes = engine.world.routes
    mine = (routes["origin"] == code) & (routes["destination"] != code) & (routes["kind"] == "producer")
    usual = float(routes["flow_t"].to_numpy(float)[(mine & routes["good"].isin(goods)).to_numpy()].sum())
    return _order(engine, code, "export_quota", good=goods, quantity_t=usual, together=len(goods) > 1)


def _support_order(engine: Engine, code: str, good: str, price: float) -> Order:
    if "production_subsidy" in BY_NAME:
        return _order(engine, code, "production_subsidy", good=good, rate_usd_per_t=price)
    return _order(engine, code, "price_support", good=good, strike_usd_per_t=price, index_country=code)


def _licence_order(engine: Engine, code: str, good: str, target: str) -> Order:
    return _order(engine, code, "export_licence", good=good, target=[target], rate=1.0)
