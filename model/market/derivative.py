"""The exact derivatives of the equilibrium conditions in `model/market/balance.py`."""

import math

import numpy as np

from model.compiled import rule
from model.market.faint import FAINT, log_amount


@rule
def _part(amount, log_part, whole, log_whole):
    """Return a part over its whole, by logarithms where the whole is faint."""
    if whole > FAINT:
        return amount / whole
    return math.exp(max(log_part - log_whole, -745.0))


@rule
def differentiate(network, ws, c, unknown, sharp):
    """Fill `ws.jacobian` with d residual / d unknown at the point last evaluated.

    One long function, as `evaluate`. A buyer's purchases depend on few prices: rows of buyers are filled and
    used from `first_column` to `last_column` and for the quotas, whose columns come last.
    """
    n0, n1 = network.component_node_start[c], network.component_node_start[c + 1]
    b0, b1 = network.component_buyer_start[c], network.component_buyer_start[c + 1]
    m0, m1 = network.component_recipe_start[c], network.component_recipe_start[c + 1]
    g0, g1 = network.component_quota_start[c], network.component_quota_start[c + 1]
    nodes, buyers, recipes = n1 - n0, b1 - b0, m1 - m0
    n = nodes + g1 - g0
    # Unsigned, so that the compiler works on several columns at once.
    begin, tail, end = np.uint64(0), np.uint64(nodes), np.uint64(n)
    jac = ws.jacobian
    for v in range(n):
        for u in range(begin, end):
            jac[v, u] = 0.0

    # Price indices; what final users add to purchases.
    for b in range(buyers):
        if ws.first_route[b] == ws.first_route[b + 1]:
            continue
        first, last = np.uint64(ws.first_column[b]), np.uint64(ws.last_column[b])
        for u in range(first, last):
            ws.index_row[b, u] = 0.0
        for u in range(tail, end):
            ws.index_row[b, u] = 0.0
        for p in range(ws.first_route[b], ws.first_route[b + 1]):
            push = ws.share[p] * ws.slope[p]
            ws.index_row[b, ws.open_node[p]] += push
            for e in range(ws.first_entry[p], ws.first_entry[p + 1]):
                ws.index_row[b, ws.entry_unknown[e]] += push
        direct = ws.bought_by_price[b]
        if ws.final_slope[b] != 0.0:
            part = _part(ws.final[b], ws.log_final[b], ws.use[b], ws.log_use[b])
            direct += ws.bought_by_use[b] * ws.final_slope[b] * part
        for u in range(first, last):
            ws.bought_row[b, u] = direct * ws.index_row[b, u]
        for u in range(tail, end):
            ws.bought_row[b, u] = direct * ws.index_row[b, u]

    # Plants: supply at their nodes, inputs at their buyers.
    for w in range(recipes):
        m = m0 + w
        if not ws.recipe_active[m]:
            continue
        for u in range(begin, end):
            ws.net_row[u] = 0.0
        s0, s1 = network.recipe_output_start[m], network.recipe_output_start[m + 1]
        first, last = tail, begin
        for s in range(s0, s1):
            v = network.output_node[s] - n0
            first, last = min(first, np.uint64(v)), max(last, np.uint64(v + 1))
            if ws.node_active[n0 + v]:
                ws.net_row[v] += network.output_per_unit[s]
        t0, t1 = network.recipe_input_start[m], network.recipe_input_start[m + 1]
        for t in range(t0, t1):
            b = network.input_buyer[t] - b0
            a = network.input_per_unit[t]
            left, right = np.uint64(ws.first_column[b]), np.uint64(ws.last_column[b])
            first, last = min(first, left), max(last, right)
            for u in range(left, right):
                ws.net_row[u] -= a * ws.index_row[b, u]
            for u in range(tail, end):
                ws.net_row[u] -= a * ws.index_row[b, u]
        slope = ws.output_slope[w]
        for s in range(s0, s1):
            v = network.output_node[s] - n0
            if not ws.node_active[n0 + v]:
                continue
            per = network.output_per_unit[s]
            if ws.node_output[v] > FAINT:
                push = per * ws.output[w] / ws.node_output[v]
            else:
                part = math.log(per) + log_amount(ws.output[w], ws.log_output[w]) - ws.log_node_output[v]
                push = math.exp(max(part, -745.0))
            push *= slope * ws.supply_by_output[v]
            for u in range(first, last):
                jac[v, u] += push * ws.net_row[u]
            for u in range(tail, end):
                jac[v, u] += push * ws.net_row[u]
        for t in range(t0, t1):
            b = network.input_buyer[t] - b0
            per = network.input_per_unit[t]
            if ws.use[b] > FAINT:
                push = per * ws.output[w] / ws.use[b]
            else:
                part = math.log(per) + log_amount(ws.output[w], ws.log_output[w]) - ws.log_use[b]
                push = math.exp(max(part, -745.0))
            push *= slope * ws.bought_by_use[b]
            left, right = np.uint64(ws.first_column[b]), np.uint64(ws.last_column[b])
            for u in range(left, right):
                ws.bought_row[b, u] += push * ws.net_row[u]
            for u in range(tail, end):
                ws.bought_row[b, u] += push * ws.net_row[u]

    for v in range(nodes):
        if ws.node_active[n0 + v]:
            jac[v, v] += ws.supply_by_price[v]
    # Demand at the nodes and flow under the quotas.
    for b in range(buyers):
        if ws.first_route[b] == ws.first_route[b + 1]:
            continue
        first, last = np.uint64(ws.first_column[b]), np.uint64(ws.last_column[b])
        beta = ws.beta[ws.first_route[b]] * sharp
        for u in range(first, last):
            ws.bought_row[b, u] += beta * ws.index_row[b, u]
        for u in range(tail, end):
            ws.bought_row[b, u] += beta * ws.index_row[b, u]
        for p in range(ws.first_route[b], ws.first_route[b + 1]):
            e0, e1 = ws.first_entry[p], ws.first_entry[p + 1]
            seller = ws.open_node[p]
            for s in range(e0 - 1, e1):
                # The node's own row comes first, then those of the route's quotas.
                if s < e0:
                    v = seller
                    whole, log_whole = ws.node_demand[v], ws.log_demand[v]
                else:
                    v = ws.entry_unknown[s]
                    whole, log_whole = ws.quota_flow[v - nodes], ws.log_flow[v - nodes]
                weight = _part(ws.flow[p], ws.log_bought[b] + ws.log_share[p], whole, log_whole)
                if not weight > 0.0:
                    continue
                for u in range(first, last):
                    jac[v, u] -= weight * ws.bought_row[b, u]
                for u in range(tail, end):
                    jac[v, u] -= weight * ws.bought_row[b, u]
                own = weight * beta * ws.slope[p]
                jac[v, seller] += own
                for e in range(e0, e1):
                    jac[v, ws.entry_unknown[e]] += own

    # Complementarity: where the other side is the smaller one, its own derivative.
    for v in range(n):
        own = 0.0
        if v < nodes:
            i = n0 + v
            if not ws.node_active[i]:
                own = 1.0
            elif network.node_disposal[i]:
                beta = network.market_sharpness[network.node_market[i]]
                supply = math.log(ws.supply[v]) if ws.supply[v] > FAINT else ws.log_supply[v]
                demand = math.log(ws.node_demand[v]) if ws.node_demand[v] > FAINT else ws.log_demand[v]
                own = beta if beta * unknown[v] <= supply - demand else 0.0
        else:
            q = v - nodes
            beta = network.market_sharpness[network.quota_market[g0 + q]]
            flow = math.log(ws.quota_flow[q]) if ws.quota_flow[q] > FAINT else ws.log_flow[q]
            if not ws.quota_active[g0 + q]:
                own = 1.0
            elif beta * unknown[v] <= ws.log_limit[q] - flow:
                own = beta
        if own > 0.0:
            for u in range(begin, end):
                jac[v, u] = 0.0
            jac[v, v] = own
