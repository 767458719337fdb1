"""Scratch arrays of a clearing, allocated once and used by every run and quarter."""

from typing import Any, NamedTuple

import numpy as np

from model.network import Bools, Floats, Ints, Network


class Workspace(NamedTuple):
    """Scratch for one run at a time.

    Whole network: N, B, R, M, G as in `Network`. One component at a time, rows counted from its first: `n`
    nodes, `b` buyers, `r` open routes (closed ones left out, buyer by buyer), `m` recipes, `k` plants with
    capacity (recipe by recipe), `q` entries (an open route and a quota that it counts towards), `g` quotas,
    `x` unknowns (nodes, then quotas), all as large as the largest component needs.

    What is named like a field of `Terms` or `Network` is gathered from there once a clearing; `evaluate`
    writes the rest. An amount is a plain number of tonnes; where that is next to nothing (`FAINT` in
    `model/market/faint.py`) its logarithm, `log_*`, holds instead.
    """

    node_active: Bools  # [N] can sell and is wanted
    buyer_active: Bools  # [B] has an open route
    recipe_active: Bools  # [M] can be fed and can sell
    route_open: Bools  # [R]
    quota_active: Bools  # [G] limits an open route
    node_marked: Bools  # [N] scratch
    buyer_marked: Bools  # [B] scratch
    sizes: Ints  # [4] open routes, plants, entries, routes with a floor
    # Open routes
    first_route: Ints  # [b+1]
    open_route: Ints  # [r] its row in the network
    open_node: Ints  # [r] seller
    weight: Floats  # [r]
    beta: Floats  # [r]
    steep: Floats  # [r] d landed / d price, floor aside
    fixed: Floats  # [r] landed price of a free good, floor aside
    floor: Floats  # [r]
    first_entry: Ints  # [r+1]
    entry_place: Ints  # [q] open route
    entry_unknown: Ints  # [q] unknown of the quota
    landed: Floats  # [r]
    slope: Floats  # [r] d landed / d price
    share: Floats  # [r] of the buyer's purchases
    flow: Floats  # [r] tonnes
    log_share: Floats  # [r] filled where flows are faint
    # Plants and recipes
    first_plant: Ints  # [m+1]
    plant_row: Ints  # [k] its row in the network
    plant_capacity: Floats  # [k]
    plant_offset: Floats  # [k] support less cost
    plant_spread: Floats  # [k]
    plant_steepness: Floats  # [k] 1 / spread, 0 for linear plants
    depth: Floats  # [k] how far in the money, in spreads
    plant_share: Floats  # [k] scratch
    plant_output: Floats  # [k] tonnes
    plant_slope: Floats  # [k] d log output / d net price
    output: Floats  # [m] tonnes of the primary output, all plants
    output_slope: Floats  # [m] d log output / d net price
    log_output: Floats  # [m]
    # Buyers
    demand_t: Floats  # [b]
    demand_price: Floats  # [b]
    demand_elasticity: Floats  # [b]
    demand_power: Floats  # [b] of the choke
    demand_log_price: Floats  # [b] log of the reference price
    demand_log_choke: Floats  # [b] log of the choke ratio
    demand_log_top: Floats  # [b] log of demand at the reference price, before the choke
    stock_t: Floats  # [b]
    draw_share: Floats  # [b] 0 without stock
    draw_log_price: Floats  # [b]
    release_t: Floats  # [b]
    restock_t: Floats  # [b]
    restock_log_price: Floats  # [b]
    order_t: Floats  # [b]
    first_column: Ints  # [b] the sellers whose prices move the buyer's purchases: from here
    last_column: Ints  # [b] up to here (exclusive)
    log_top: Floats  # [b] log of the largest weightless share
    price_index: Floats  # [b]
    buyer_exponent: Floats  # [4 b] final use, choke, draw, restocking
    final: Floats  # [b] tonnes
    final_slope: Floats  # [b] d log final / d price
    use: Floats  # [b] tonnes
    drawn: Floats  # [b] tonnes from own stock
    released: Floats  # [b] tonnes from the state
    restocked: Floats  # [b] tonnes bought for own stock
    bought: Floats  # [b] tonnes
    bought_by_use: Floats  # [b] d log bought / d log use
    bought_by_price: Floats  # [b] d log bought / d price, stocks only
    log_final: Floats  # [b]
    log_use: Floats  # [b]
    log_bought: Floats  # [b]
    # Nodes and quotas
    store_share: Floats  # [n]
    store_log_price: Floats  # [n]
    sell_t: Floats  # [n] most that may be sold from stock
    sell_log_price: Floats  # [n]
    supply_t: Floats  # [n] whatever the price
    node_output: Floats  # [n] tonnes
    node_demand: Floats  # [n] tonnes
    supply: Floats  # [n] tonnes
    stored: Floats  # [n] tonnes
    sold: Floats  # [n] tonnes from stock
    supply_by_output: Floats  # [n] d log supply / d log output
    supply_by_price: Floats  # [n] d log supply / d price, stocks only
    log_node_output: Floats  # [n]
    log_supply: Floats  # [n]
    log_demand: Floats  # [n]
    limit_t: Floats  # [g]
    log_limit: Floats  # [g]
    quota_flow: Floats  # [g] tonnes
    log_flow: Floats  # [g]
    # Constants of buyers' demand, kept from clearing to clearing with what they were computed from
    known_price: Floats  # [B]
    known_ratio: Floats  # [B]
    known_power: Floats  # [B]
    known_log_price: Floats  # [B]
    known_log_ratio: Floats  # [B]
    known_log_top: Floats  # [B] less log demand
    # Linear algebra and scratch
    power: Floats  # scratch of `exponentiate`
    power_bits: Ints  # the same memory
    index_row: Floats  # [b, x] d index / d unknowns
    bought_row: Floats  # [b, x] d log bought / d unknowns
    net_row: Floats  # [x] d net price / d unknowns
    jacobian: Floats  # [x, x]
    matrix: Floats  # [x, x + 1] the linear system of a step
    residual: Floats  # [x]
    trial_residual: Floats  # [x]
    unknown: Floats  # [x]
    trial: Floats  # [x]
    step: Floats  # [x]
    scale: Floats  # [x]
    pivots: Ints  # [x] row exchanges of the elimination


_BY_ALL_NODES = "node_active node_marked"
_BY_ALL_BUYERS = (
    "buyer_active buyer_marked known_price known_ratio known_power "
    "known_log_price known_log_ratio known_log_top"
)
_BY_ROUTE = "open_route open_node weight beta steep fixed floor landed slope share flow log_share"
_BY_PLANT = (
    "plant_row plant_capacity plant_offset plant_spread plant_steepness depth plant_share plant_output "
    "plant_slope"
)
_BY_RECIPE = "output output_slope log_output"
_BY_BUYER = (
    "demand_t demand_price demand_elasticity demand_power demand_log_price demand_log_choke demand_log_top "
    "stock_t draw_share draw_log_price release_t restock_t restock_log_price order_t first_column last_column "
    "log_top price_index final final_slope use drawn released restocked bought bought_by_use bought_by_price "
    "log_final log_use log_bought"
)
_BY_NODE = (
    "store_share store_log_price sell_t sell_log_price supply_t node_output node_demand supply stored sold "
    "supply_by_output supply_by_price log_node_output log_supply log_demand"
)
_BY_QUOTA = "limit_t log_limit quota_flow log_flow"
_BY_UNKNOWN = "net_row residual trial_residual unknown trial step scale pivots"
_FLAGS = "node_active node_marked buyer_active buyer_marked route_open recipe_active quota_active"
_WHOLE = (
    "sizes first_route open_route open_node first_entry entry_place entry_unknown first_plant plant_row "
    "first_column last_column pivots"
)


def _largest(starts: Ints, of: Ints | None = None) -> int:
    """Return the largest number of rows of a component; `of` are the starts of rows within rows."""
    edges = starts if of is None else of[starts]
    return int(np.max(np.diff(edges), initial=1))


def allocate_workspace(network: Network) -> Workspace:
    """Return scratch arrays large enough for every component of `network`."""
    nodes = _largest(network.component_node_start)
    buyers = _largest(network.component_buyer_start)
    routes = _largest(network.component_buyer_start, network.route_start)
    recipes = _largest(network.component_recipe_start)
    plants = _largest(network.component_recipe_start, network.plant_start)
    quotas = _largest(network.component_quota_start)
    x = int(np.max(np.diff(network.component_node_start) + np.diff(network.component_quota_start), initial=1))
    by_buyer_route = network.route_quota_start[network.route_start]
    sizes: dict[str, int] = {
        _BY_ALL_NODES: network.node_market.size,
        _BY_ALL_BUYERS: network.buyer_market.size,
        "recipe_active": network.plant_start.size - 1,
        "route_open": network.route_node.size,
        "quota_active": network.quota_market.size,
        "sizes": 4,
        "first_route": buyers + 1,
        _BY_ROUTE: routes,
        "first_entry": routes + 1,
        "entry_place entry_unknown": _largest(network.component_buyer_start, by_buyer_route),
        "first_plant": recipes + 1,
        _BY_PLANT: plants,
        _BY_RECIPE: recipes,
        _BY_BUYER: buyers,
        "buyer_exponent": 4 * buyers,
        _BY_NODE: nodes,
        _BY_QUOTA: quotas,
        "power": max(routes, plants, 4 * buyers),
        _BY_UNKNOWN: x,
    }
    shapes: dict[str, tuple[int, ...]] = {
        name: (size,) for names, size in sizes.items() for name in names.split()
    }
    shapes |= {
        "index_row": (buyers, x),
        "bought_row": (buyers, x),
        "jacobian": (x, x),
        "matrix": (x, x + 1),
    }
    kinds: dict[str, type] = dict.fromkeys(_FLAGS.split(), np.bool_)
    kinds |= dict.fromkeys(_WHOLE.split(), np.int64)
    arrays: dict[str, Any] = {
        name: np.zeros(shape, kinds.get(name, np.float64)) for name, shape in shapes.items()
    }
    arrays["power_bits"] = arrays["power"].view(np.int64)
    for name in ("known_price", "known_ratio", "known_power"):
        arrays[name][:] = np.nan
    return Workspace(**arrays)
