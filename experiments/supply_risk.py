"""Supply at risk: what it would cost if the leading supplier of a good stopped exporting for a year.

Found by clearing that counterfactual: the market of the quarter just run, once more, with every route abroad from the
good's largest exporter closed, smuggling included. Buyers may draw a quarter of the stock they hold, since it must last
the year; a state fills what its buyers no longer get from there, with at most a quarter of its stock. Whatever stocks
lose or gain counts at today's price, with the stop and without, since that is what filling them again costs once it is
over: drawing on stocks helps, and is not free. The cost of a country is four times what its welfare loses, payments of
its treasury to who stopped netted; who gains by another's stop (a restricted producer whose licences are worth more)
has nothing at risk.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.market import Clearer
from model.network import Answer, Floats, Terms
from model.welfare import elsewhere_of, welfare

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
    today = _parts(e, e.terms, e.answer, countries) + _stock_worth(e, e.answer, countries)
    parts = np.zeros((runs, len(goods), countries, len(_SHARED)))
    leader = np.zeros((runs, len(goods)), dtype=np.int64)
    for position, good in enumerate(goods):
        routes = np.flatnonzero((e.world.routes["good"] == good).to_numpy())
        leader[:, position] = _leaders(e, routes, countries)
        answer = Answer(*(array.copy() for array in e.answer))  # type: ignore[arg-type]
        gone = _gone(e, routes, leader[:, position])
        closed, lost_t = e.terms.route_weight.copy(), np.zeros(e.answer.use_t.shape)
        closed[:, routes] = np.where(gone, 0.0, closed[:, routes])
        sent = np.where(gone & (e.answer.flow_t[:, routes] > 0.0), e.answer.flow_t[:, routes], 0.0)
        np.add.at(lost_t.T, e.network.route_buyer[routes], sent.T)
        component = (
            np.searchsorted(e.network.component_buyer_start, e.network.route_buyer[routes[0]], side="right")
            - 1
        )
        stopped = terms._replace(route_weight=closed, **_stocks(e, terms, int(component), lost_t))
        clearer.clear(stopped, answer, warm=True, components=np.array([component], dtype=np.int64))
        lost = today - _parts(e, stopped, answer, countries) - _stock_worth(e, answer, countries)
        lost[answer.status[:, component] != 0] = np.nan
        parts[:, position] = _QUARTERS * lost
    return SupplyRisk(np.maximum(parts.sum(axis=-1), 0.0), leader, parts)


def _under_siege(e: Any) -> Terms:
    """Return the terms of the quarter with stocks as they are after it."""
    return e.terms._replace(buyer_stock_t=e.columns.buyer_stock_t.copy())  # type: ignore[no-any-return]


def _stocks(e: Any, terms: Terms, component: int, lost_t: Floats) -> dict[str, Floats]:
    """Return what buyers of a component may draw and what states release and order, a quarter of a year's stop.

    `lost_t` [runs, buyers]: what each bought from who stops; a state fills that gap and no more, and buys nothing for
    its stock meanwhile.
    """
    buyers = slice(e.network.component_buyer_start[component], e.network.component_buyer_start[component + 1])
    stock, release, order = (
        array.copy() for array in (e.terms.buyer_stock_t, e.terms.buyer_release_t, e.terms.buyer_order_t)
    )
    stock[:, buyers] = terms.buyer_stock_t[:, buyers] / _QUARTERS
    filled = np.minimum(e.columns.buyer_reserve_t / _QUARTERS, lost_t)
    release = np.maximum(release, filled)
    order[lost_t > 0.0] = 0.0
    return {"buyer_stock_t": stock, "buyer_release_t": release, "buyer_order_t": order}


def _leaders(e: Any, routes: NDArray[np.int64], countries: int) -> NDArray[np.int64]:
    """Return for each run the country that ships most abroad of a good."""
    origin, destination = e.layout.route_origin[routes], e.layout.route_destination[routes]
    sent = np.zeros((e.answer.flow_t.shape[0], countries))
    flow = np.where(origin != destination, e.answer.flow_t[:, routes], 0.0)
    np.add.at(sent.T, origin, flow.T)
    if "OTH" in e.world.countries:  # the rest of the world is many, and stops nothing as one
        sent[:, e.world.countries.index("OTH")] = 0.0
    return np.asarray(sent.argmax(axis=1))


def _gone(e: Any, routes: NDArray[np.int64], leader: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return [runs, routes] which of a good's routes lead abroad from each run's leader, smugglers' included."""
    origin, destination = e.layout.route_origin[routes], e.layout.route_destination[routes]
    leaky = e.layout.node_leak[e.network.route_node[routes]]
    return np.asarray(
        (origin[None, :] == leader[:, None]) & ((destination[None, :] != leader[:, None]) | leaky[None, :])
    )


def _stock_worth(e: Any, answer: Answer, countries: int) -> Floats:
    """Return what welfare leaves out of stocks under an answer, [runs, countries, 3], were they valued as today.

    A state's purchases are paid in welfare and its sales earn, without what the stock then is worth; a private stock is
    charged at the price of the answer, and counts at today's here.
    """
    paid, today = _paid(e, answer), _paid(e, e.answer)
    drawn = answer.draw_t - answer.restock_t
    final = np.where(answer.use_t > 0.0, answer.final_use_t / np.maximum(answer.use_t, 1e-300), 1.0)
    dearer = np.where(drawn != 0.0, (paid - today) * drawn, 0.0)
    public = np.where(answer.order_t != answer.release_t, today * (answer.order_t - answer.release_t), 0.0)
    worth = np.zeros((answer.price.shape[0], countries, len(_SHARED)))
    for part, value in enumerate((final * dearer, (1.0 - final) * dearer, public)):
        np.add.at(worth[:, :, part].T, e.layout.buyer_country, value.T)
    return worth


def _paid(e: Any, answer: Answer) -> Floats:
    """Return the mean landed price of each buyer's purchases, [runs, buyers]; its price index where it buys nothing."""
    flow, value = np.zeros(answer.use_t.shape), np.zeros(answer.use_t.shape)
    sent = np.where(answer.flow_t > 0.0, answer.flow_t, 0.0)
    np.add.at(flow.T, e.network.route_buyer, sent.T)
    np.add.at(value.T, e.network.route_buyer, np.where(sent > 0.0, sent * answer.landed_price, 0.0).T)
    return np.where(flow > 0.0, value / np.maximum(flow, 1e-300), answer.price_index)


def _parts(e: Any, terms: Terms, answer: Answer, countries: int) -> Floats:
    """Return the welfare of users, producers and the treasury, [runs, countries, 3]."""
    support, public = e.history.support_usd_per_t, e.history.floor_public_share
    elsewhere = elsewhere_of(e.layout, e.columns, e.values)
    found = welfare(e.network, e.layout, terms, answer, support, public, countries, elsewhere)._asdict()
    return np.stack([sum(np.asarray(found[name]) for name in names) for names in _SHARED], axis=-1)
