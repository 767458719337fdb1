"""Scratch arrays of a clearing, allocated once and used by every run and quarter."""

from typing import NamedTuple

import numpy as np

from model.network import Bools, Floats, Ints, Network


class Workspace(NamedTuple):
    """Scratch for one run at a time. N, B, R, M, K, G as in `Network`; n is the largest component's unknowns."""

    node_active: Bools  # [N] can sell and is wanted
    buyer_active: Bools  # [B] has an open route
    recipe_active: Bools  # [M] can be fed and can sell
    route_open: Bools  # [R]
    quota_active: Bools  # [G]
    entry_active: Bools  # [entries of route_quota] an open route that counts towards an active quota
    node_marked: Bools  # [N] scratch
    buyer_marked: Bools  # [B] scratch
    log_supply: Floats  # [N]
    log_demand: Floats  # [N]
    supply_by_output: Floats  # [N] d log supply / d log output
    supply_by_price: Floats  # [N] d log supply / d price, stocks only
    log_node_output: Floats  # [N]
    node_output: Floats  # [N] tonnes, as far as they are not too small to add up
    node_demand: Floats  # [N]
    price_index: Floats  # [B]
    log_use: Floats  # [B]
    log_final: Floats  # [B]
    final_slope: Floats  # [B]
    log_bought: Floats  # [B]
    bought_by_use: Floats  # [B] d log bought / d log use
    bought_by_price: Floats  # [B] d log bought / d price, stocks only
    use: Floats  # [B] tonnes, as far as they are not too small to add up
    log_weight: Floats  # [R] log of the preference
    log_share: Floats  # [R]
    share: Floats  # [R]
    flow: Floats  # [R] tonnes, 0 where too small
    slope: Floats  # [R] d landed / d price
    landed: Floats  # [R]
    log_output: Floats  # [M] all plants of a recipe
    output_slope: Floats  # [M] d log output / d net price
    log_flow: Floats  # [G]
    flow_sum: Floats  # [G] tonnes
    index_row: Floats  # [B largest, n] d index / d unknowns
    bought_row: Floats  # [B largest, n] d log bought / d unknowns
    net_row: Floats  # [n] d net price / d unknowns
    jacobian: Floats  # [n, n]
    matrix: Floats  # [n, n + 1] the linear system of a step
    residual: Floats  # [n]
    trial_residual: Floats  # [n]
    unknown: Floats  # [n]
    trial: Floats  # [n]
    step: Floats  # [n]
    scale: Floats  # [n]
    pivots: Ints  # [n] row exchanges of the elimination


_BY_NODE = (
    "node_active node_marked log_supply log_demand supply_by_output supply_by_price log_node_output node_output "
    "node_demand"
)
_BY_BUYER = (
    "buyer_active buyer_marked price_index log_use log_final final_slope log_bought bought_by_use "
    "bought_by_price use"
)
_BY_ROUTE = "route_open log_weight log_share share flow slope landed"
_BY_RECIPE = "recipe_active log_output output_slope"
_BY_QUOTA = "quota_active log_flow flow_sum"
_BY_UNKNOWN = "net_row residual trial_residual unknown trial step scale pivots"
_FLAGS = (
    "node_active",
    "node_marked",
    "buyer_active",
    "buyer_marked",
    "route_open",
    "recipe_active",
    "quota_active",
    "entry_active",
)


def allocate_workspace(network: Network) -> Workspace:
    """Return scratch arrays large enough for every component of `network`."""
    n = int(np.max(np.diff(network.component_node_start) + np.diff(network.component_quota_start), initial=1))
    most_buyers = int(np.max(np.diff(network.component_buyer_start), initial=1))
    sizes = {
        _BY_NODE: network.node_market.size,
        _BY_BUYER: network.buyer_market.size,
        _BY_ROUTE: network.route_node.size,
        _BY_RECIPE: network.plant_start.size - 1,
        _BY_QUOTA: network.quota_market.size,
        "entry_active": network.route_quota.size,
        _BY_UNKNOWN: n,
    }
    shapes: dict[str, tuple[int, ...]] = {
        name: (size,) for names, size in sizes.items() for name in names.split()
    }
    shapes |= {
        "index_row": (most_buyers, n),
        "bought_row": (most_buyers, n),
        "jacobian": (n, n),
        "matrix": (n, n + 1),
    }
    kinds = dict.fromkeys(_FLAGS, np.dtype(np.bool_)) | {"pivots": np.dtype(np.int64)}
    return Workspace(
        **{name: np.zeros(shapes[name], kinds.get(name, np.float64)) for name in Workspace._fields}
    )
