"""Amounts next to nothing, as logarithms: what `evaluate` falls back on where plain numbers would underflow.

Whatever sums up to less than `FAINT` is summed once more in logarithms. Parts of such sums have logarithms as
soon as they are below `FAINT_PART`, which is so much larger that no factor (tonnes per tonne) comes between.
"""

import math

from model.compiled import inner, rule
from model.market.offer import offer

FAINT, FAINT_PART = 1e-230, 1e-200
_NOTHING = -1e300


@rule
def add_logs(a, b):
    """Return log(e^a + e^b)."""
    if a < b:
        a, b = b, a
    if b <= a - 745.0:
        return a
    return a + math.log1p(math.exp(b - a))


@inner
def recipe_in_logs(ws, form, first, last, sharp, width):
    """Return output, log output and its slope of a recipe's plants `first` to `last - 1`: faint ones, linear ones.

    Fills the plants' own output.
    """
    log_output, weighted = _NOTHING, 0.0
    for q in range(first, last):
        spread = ws.plant_spread[q]
        if ws.plant_steepness[q] > 0.0:
            spread /= sharp
        log_one, slope = offer(form, ws.depth[q], ws.plant_capacity[q], 0.0, spread, width)
        ws.plant_output[q] = math.exp(max(log_one, -745.0))
        both = add_logs(log_output, log_one)
        old = math.exp(max(log_output - both, -745.0))
        new = math.exp(max(log_one - both, -745.0))
        weighted = old * weighted + new * slope
        log_output = both
    return math.exp(max(min(log_output, 700.0), -740.0)), log_output, weighted


@rule
def log_amount(amount, log_rest):
    """Return the logarithm of a part: of the plain number, or the logarithm it already is."""
    return math.log(amount) if amount > FAINT_PART else log_rest


@inner
def outputs_in_logs(network, ws, c):
    """Fill `log_node_output` of nodes with faint output."""
    n0, n1 = network.component_node_start[c], network.component_node_start[c + 1]
    m0, m1 = network.component_recipe_start[c], network.component_recipe_start[c + 1]
    for v in range(n1 - n0):
        ws.log_node_output[v] = _NOTHING
    for m in range(m0, m1):
        if not ws.recipe_active[m]:
            continue
        log_output = log_amount(ws.output[m - m0], ws.log_output[m - m0])
        for s in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
            v = network.output_node[s] - n0
            if ws.node_output[v] <= FAINT:
                part = math.log(network.output_per_unit[s]) + log_output
                ws.log_node_output[v] = add_logs(ws.log_node_output[v], part)


@inner
def uses_in_logs(network, ws, c):
    """Fill `log_use` of buyers with faint use."""
    b0, b1 = network.component_buyer_start[c], network.component_buyer_start[c + 1]
    m0, m1 = network.component_recipe_start[c], network.component_recipe_start[c + 1]
    for b in range(b1 - b0):
        ws.log_use[b] = ws.log_final[b]
    for m in range(m0, m1):
        if not ws.recipe_active[m]:
            continue
        log_output = log_amount(ws.output[m - m0], ws.log_output[m - m0])
        for s in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
            b = network.input_buyer[s] - b0
            if ws.use[b] <= FAINT:
                part = math.log(network.input_per_unit[s]) + log_output
                ws.log_use[b] = add_logs(ws.log_use[b], part)


@rule
def purchase_in_logs(log_use, kept, by_use, by_price, extra, extra_slope):
    """Return log purchases of a buyer with faint use, and their slopes in log use and in the price.

    `kept` is the share of use that is bought, `by_use` d log kept use / d log use, `by_price` d kept / d price.
    """
    log_bought = log_use + math.log(kept)
    by_price /= kept
    if extra > 0.0:
        both = add_logs(log_bought, math.log(extra))
        part = math.exp(max(log_bought - both, -745.0))
        return both, by_use * part, by_price * part + extra_slope / extra * (1.0 - part)
    return log_bought, by_use, by_price


@inner
def demands_in_logs(network, ws, c, sharp):
    """Fill `log_demand` of nodes and `log_flow` of quotas that are faint, and `log_share` of all open routes."""
    nodes = network.component_node_start[c + 1] - network.component_node_start[c]
    buyers = network.component_buyer_start[c + 1] - network.component_buyer_start[c]
    quotas = network.component_quota_start[c + 1] - network.component_quota_start[c]
    for v in range(nodes):
        ws.log_demand[v] = _NOTHING
    for q in range(quotas):
        ws.log_flow[q] = _NOTHING
    for b in range(buyers):
        if ws.first_route[b] == ws.first_route[b + 1]:
            continue
        log_bought = log_amount(ws.bought[b], ws.log_bought[b])
        ws.log_bought[b] = log_bought
        for p in range(ws.first_route[b], ws.first_route[b + 1]):
            ws.log_share[p] = math.log(ws.weight[p]) - sharp * ws.beta[p] * ws.landed[p] - ws.log_top[b]
            v = ws.open_node[p]
            if ws.node_demand[v] <= FAINT:
                ws.log_demand[v] = add_logs(ws.log_demand[v], log_bought + ws.log_share[p])
            for e in range(ws.first_entry[p], ws.first_entry[p + 1]):
                q = ws.entry_unknown[e] - nodes
                if ws.quota_flow[q] <= FAINT:
                    ws.log_flow[q] = add_logs(ws.log_flow[q], log_bought + ws.log_share[p])
