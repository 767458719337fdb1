"""Supply at risk: what it would cost if the leading supplier of a good stopped exporting for a year.

Found by clearing that counterfactual: the market of the quarter just run, once more, with every route abroad from the
good's largest exporter closed, smuggling included. Buyers may draw a quarter of the stock they hold, and states
release a quarter of theirs, since both must last the year. The cost of a country is four times what its welfare loses;
who gains by another's stop (a restricted producer whose licences are worth more) has nothing at risk.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.market import Clearer
from model.network import Answer, Floats, Terms
from model.welfare import welfare

_QUARTERS = 4.0
#: Whose loss a part of welfare is: users, producers, the treasury.
_SHARED = (("consumer_usd", "variety_usd"), ("producer_usd", "rent_usd"), ("treasury_usd",))


class SupplyRisk(NamedTuple):
    """A year's stop: `cost_usd` [runs, goods, countries], 0 where nothing is lost; `leader` [runs, goods].

    `part_usd` [runs, goods, countries, 3]: what users, producers and the treasury lose, gains below 0; the cost is
    net of all three.
    """

    cost_usd: Floats
    leader: NDArray[np.int64]
    part_usd: Floats


def supply_at_risk(engine: Any, goods: list[str]) -> SupplyRisk:
    """Return the cost of a stop by each good's leading exporter in the quarter the engine has just run.

    Reads the engine and clears on copies; a market that misses its tolerance leaves its cost unknown (NaN).
    """
    e = engine
    countries, runs = len(e.world.countries), e.answer.price.shape[0]
    clearer = Clearer(e.network, power=e.clearer.power)
    terms = _under_siege(e)
    today = _parts(e, e.terms, e.answer, countries)
    parts = np.zeros((runs, len(goods), countries, len(_SHARED)))
    leader = np.zeros((runs, len(goods)), dtype=np.int64)
    for position, good in enumerate(goods):
        routes = np.flatnonzero((e.world.routes["good"] == good).to_numpy())
        leader[:, position] = _leaders(e, routes, countries)
        answer = Answer(*(array.copy() for array in e.answer))  # type: ignore[arg-type]
        closed = _closed(e, routes, leader[:, position])
        component = (
            np.searchsorted(e.network.component_buyer_start, e.network.route_buyer[routes[0]], side="right")
            - 1
        )
        stopped = terms._replace(route_weight=closed, **_stocks(e, terms, int(component)))
        clearer.clear(stopped, answer, warm=True, components=np.array([component], dtype=np.int64))
        lost = today - _parts(e, stopped, answer, countries)
        lost[answer.status[:, component] != 0] = np.nan
        parts[:, position] = _QUARTERS * lost
    return SupplyRisk(np.maximum(parts.sum(axis=-1), 0.0), leader, parts)


def _under_siege(e: Any) -> Terms:
    """Return the terms of the quarter with stocks as they are after it."""
    return e.terms._replace(buyer_stock_t=e.columns.buyer_stock_t.copy())  # type: ignore[no-any-return]


def _stocks(e: Any, terms: Terms, component: int) -> dict[str, Floats]:
    """Return what buyers of a component may draw and states release in each quarter of a year; others as they were."""
    buyers = slice(e.network.component_buyer_start[component], e.network.component_buyer_start[component + 1])
    stock, release = e.terms.buyer_stock_t.copy(), e.terms.buyer_release_t.copy()
    stock[:, buyers] = terms.buyer_stock_t[:, buyers] / _QUARTERS
    reserve = e.columns.buyer_reserve_t[:, buyers] / _QUARTERS
    release[:, buyers] = np.maximum(release[:, buyers], reserve)
    order = e.terms.buyer_order_t.copy()
    order[:, buyers] = 0.0
    return {"buyer_stock_t": stock, "buyer_release_t": release, "buyer_order_t": order}


def _leaders(e: Any, routes: NDArray[np.int64], countries: int) -> NDArray[np.int64]:
    """Return for each run the country that ships most abroad of a good."""
    origin, destination = e.layout.route_origin[routes], e.layout.route_destination[routes]
    sent = np.zeros((e.answer.flow_t.shape[0], countries))
    flow = np.where(origin != destination, e.answer.flow_t[:, routes], 0.0)
    np.add.at(sent.T, origin, flow.T)
    return np.asarray(sent.argmax(axis=1))


def _closed(e: Any, routes: NDArray[np.int64], leader: NDArray[np.int64]) -> Floats:
    """Return route weights with every route abroad from each run's leader closed."""
    weight: Floats = e.terms.route_weight.copy()
    origin, destination = e.layout.route_origin[routes], e.layout.route_destination[routes]
    leaky = e.layout.node_leak[e.network.route_node[routes]]
    gone = (origin[None, :] == leader[:, None]) & ((destination[None, :] != leader[:, None]) | leaky[None, :])
    weight[:, routes] = np.where(gone, 0.0, weight[:, routes])
    return weight


def _parts(e: Any, terms: Terms, answer: Answer, countries: int) -> Floats:
    """Return the welfare of users, producers and the treasury, [runs, countries, 3]."""
    support, public = e.history.support_usd_per_t, e.history.floor_public_share
    found = welfare(e.network, e.layout, terms, answer, support, public, countries)._asdict()
    return np.stack([sum(np.asarray(found[name]) for name in names) for names in _SHARED], axis=-1)
