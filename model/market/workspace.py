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
    node_marked: Bools  # [N] scratch
    buyer_marked: Bools  # [B] scratch
    log_supply: Floats  # [N]
    log_demand: Floats  # [N]
    supply_by_output: Floats  # [N] d log supply / d log output
    supply_by_price: Floats  # [N] d log supply / d price, stocks only
    log_node_output: Floats  # [N]
    node_output: Floats  # [N] tonnes, as far as they are not too small to add up
    node_demand: Floats  # [N]
    index: Floats  # [B] price index P
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


def allocate_workspace(network: Network) -> Workspace:
    """Return scratch arrays large enough for every component of `network`."""
    nodes, buyers = network.node_market.size, network.buyer_market.size
    routes, recipes = network.route_node.size, network.plant_start.size - 1
    quotas = int(network.component_quota_start[-1])
    n = int(np.max(np.diff(network.component_node_start) + np.diff(network.component_quota_start), initial=1))
    most_buyers = int(np.max(np.diff(network.component_buyer_start), initial=1))
    flags = [np.zeros(size, dtype=np.bool_) for size in (nodes, buyers, recipes, routes, quotas, nodes, buyers)]
    by_node = [np.zeros(nodes) for _ in range(7)]
    by_buyer = [np.zeros(buyers) for _ in range(8)]
    by_route = [np.zeros(routes) for _ in range(6)]
    by_recipe = [np.zeros(recipes) for _ in range(2)]
    dense = [np.zeros((most_buyers, n)), np.zeros((most_buyers, n)), np.zeros(n), np.zeros((n, n))]
    system = [np.zeros((n, n + 1)), *(np.zeros(n) for _ in range(6))]
    return Workspace(*flags, *by_node, *by_buyer, *by_route, *by_recipe, np.zeros(quotas), np.zeros(quotas), *dense, *system, np.zeros(n, dtype=np.int64))
