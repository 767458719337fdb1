"""The network a market is cleared on: who may sell what to whom, in flat arrays.

Everything here is fixed while a batch of runs lives. What governments, firms and chance change from
quarter to quarter is in `Terms`; what a clearing finds is in `Answer`. The three are named tuples of
arrays because compiled rules accept those and a reader can still say `network.route_node`.

Order of rows: nodes, buyers and recipes are sorted by component (a set of linked markets that can be
cleared by itself), routes by buyer, plants by recipe. `*_start` arrays give the slice of each owner.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Plant forms: a logistic cost curve, or constant-slope marginal cost (textbook problems).
LOGISTIC, LINEAR = 0, 1
#: Demand forms: isoelastic with choke, linear inverse demand, fixed quantity.
ISOELASTIC, LINEAR_DEMAND, FIXED_DEMAND = 0, 1, 2


class Network(NamedTuple):
    """Topology of linked markets. C components, N nodes, B buyers, R routes, M recipes, K plants, G quotas.

    A node is a seller: one country in one market. A buyer is a country in a market: its final users
    and the plants there that take the good as input. A recipe is a fixed proportion of outputs to
    inputs at one place; its plants differ only in capacity, cost and owner.
    """

    component_node_start: Ints  # [C+1]
    component_buyer_start: Ints  # [C+1]
    component_recipe_start: Ints  # [C+1]
    component_quota_start: Ints  # [C+1]
    node_market: Ints  # [N]
    node_disposal: Bools  # [N] joint product: surplus may be thrown away, price >= 0
    buyer_market: Ints  # [B]
    route_start: Ints  # [B+1] routes of a buyer
    route_node: Ints  # [R]
    route_buyer: Ints  # [R]
    recipe_output_start: Ints  # [M+1]
    output_node: Ints
    output_per_unit: Floats  # tonnes of this output per tonne of the primary output
    recipe_input_start: Ints  # [M+1]
    input_buyer: Ints
    input_per_unit: Floats  # tonnes of this input per tonne of the primary output
    plant_start: Ints  # [M+1] plants of a recipe
    plant_form: Ints  # [K] LOGISTIC or LINEAR
    demand_form: Ints  # [B]
    market_sharpness: Floats  # [markets] beta, 1/(usd_per_t)
    market_price_scale: Floats  # [markets] usd_per_t, a typical price; sets step sizes only
    route_quota_start: Ints  # [R+1] quotas a route counts towards
    route_quota: Ints
    quota_market: Ints  # [G] market of the quota's first route


def compiled_once(network: Network) -> Network:
    """Return `network` with arrays of its own, writeable and contiguous, each of its type.

    Numba compiles a rule anew for every combination of array kinds it is called with; tables hand out read-only arrays
    or others as it suits them, and the market's rules take half a minute each time.
    """
    kinds = {Ints: np.int64, Floats: np.float64, Bools: np.bool_}
    wanted = Network.__annotations__
    return Network(*[np.array(a, dtype=kinds[wanted[n]], order="C") for n, a in network._asdict().items()])


def with_quotas(network: Network, quota_routes: list[Ints]) -> tuple[Network, Ints]:
    """Return `network` with these quotas (each a set of route numbers), and the position of each in it.

    Quotas are stored by component; all routes of one quota must lie in one component.
    """
    route_market = network.buyer_market[network.route_buyer]
    component = np.searchsorted(network.component_buyer_start, network.route_buyer, side="right") - 1
    owner = np.array([component[routes[0]] for routes in quota_routes], dtype=np.int64)
    for routes, c in zip(quota_routes, owner, strict=True):
        if np.any(component[routes] != c):
            raise ValueError("a quota may only cover routes of linked markets")
    position = np.empty(len(quota_routes), dtype=np.int64)
    position[np.argsort(owner, kind="stable")] = np.arange(len(quota_routes))
    pairs = sorted(
        (int(r), int(position[q])) for q, routes in enumerate(quota_routes) for r in set(routes.tolist())
    )
    counts = np.bincount([r for r, _ in pairs], minlength=network.route_node.size)
    per_component = np.bincount(owner, minlength=network.component_node_start.size - 1)
    market = np.empty(len(quota_routes), dtype=np.int64)
    for routes, place in zip(quota_routes, position, strict=True):
        market[place] = route_market[routes[0]]
    changed = network._replace(
        component_quota_start=np.concatenate([[0], np.cumsum(per_component)]).astype(np.int64),
        route_quota_start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        route_quota=np.array([q for _, q in pairs], dtype=np.int64),
        quota_market=market,
    )
    return changed, position


class Terms(NamedTuple):
    """What a quarter's clearing is given. Every array is float64 [runs, rows]; money is usd_per_t.

    Landed price of a route: `max(((p + wedge) (1 + export_tax) + export_duty + freight) (1 + tariff)
    + import_duty, floor)`.
    """

    plant_capacity_t: Floats  # [runs, K] tonnes of primary output per quarter
    plant_cost: Floats  # [runs, K] cash cost at half capacity
    plant_spread: Floats  # [runs, K] logistic spread w; the slope of marginal cost for LINEAR
    plant_support: Floats  # [runs, K] subsidy per tonne of output
    route_weight: Floats  # [runs, R] preference A_ij; 0 closes the route
    route_freight: Floats
    route_export_tax: Floats  # share of price
    route_export_duty: Floats
    route_tariff: Floats  # share of customs value
    route_import_duty: Floats
    route_floor: Floats  # minimum landed price, 0 for none
    demand_t: Floats  # [runs, B] final demand at the reference price (LINEAR_DEMAND: intercept)
    demand_price: Floats  # reference price (LINEAR_DEMAND: slope of inverse demand)
    demand_elasticity: Floats
    demand_choke_ratio: Floats
    demand_choke_power: Floats
    buyer_stock_t: Floats  # [runs, B] stock that may be drawn down
    buyer_draw_share: Floats  # largest share of use met from stock, when the price is far above
    buyer_draw_price: Floats  # price at which half of that is drawn
    buyer_restock_t: Floats  # largest restocking order, when the price is far below
    buyer_restock_price: Floats  # price at which half of that is ordered
    buyer_release_t: Floats  # state stock offered whatever the price
    buyer_order_t: Floats  # state order whatever the price
    node_store_share: Floats  # [runs, N] largest share of output withheld, at a price far below
    node_store_price: Floats
    node_stock_t: Floats
    node_sell_share: Floats  # largest share of the stock offered, at a price far above
    node_sell_price: Floats
    node_supply_t: Floats  # supply whatever the price
    quota_t: Floats  # [runs, G] limit on the sum of flows; inf for none
    quota_cover: (
        Floats  # [runs, entries of route_quota] 1 where the route counts towards the quota, 0 where exempt
    )


class Answer(NamedTuple):
    """What a clearing finds. Prices and wedges are also its starting point (warm start).

    `flow_t`, `landed_price` [runs, R]; `output_t` [runs, K]; buyers [runs, B]; nodes [runs, N];
    `violation`, `iterations`, `status` [runs, C].
    """

    price: Floats  # [runs, N] producer price inside; NaN where the node cannot sell
    wedge: Floats  # [runs, G] scarcity price of each quota; NaN where its routes are closed
    price_index: Floats  # [runs, B] NaN where the buyer has no open route
    purchases_t: Floats  # [runs, B]
    use_t: Floats  # [runs, B] final use and plants' inputs
    final_use_t: Floats  # [runs, B]
    draw_t: Floats  # [runs, B] met from buyers' own stock
    release_t: Floats  # [runs, B] met from state stock
    restock_t: Floats  # [runs, B] bought for buyers' own stock
    order_t: Floats  # [runs, B] bought for state stock
    flow_t: Floats  # [runs, R]
    landed_price: Floats  # [runs, R]
    output_t: Floats  # [runs, K]
    stored_t: Floats  # [runs, N] output withheld into producers' stock
    sold_from_stock_t: Floats  # [runs, N]
    disposed_t: Floats  # [runs, N] surplus of joint products thrown away
    violation: Floats  # [runs, C] certificate: largest relative violation
    iterations: Ints  # [runs, C]
    status: Ints  # [runs, C] 0 solved, 1 missed
