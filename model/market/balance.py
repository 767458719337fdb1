"""The equilibrium conditions of one component and their exact derivatives.

Unknowns: the producer price of each node, then the wedge of each quota. Residual of a node:
log supply - log demand; where a joint product may be thrown away, the smaller of that and `beta p`.
Residual of a quota: the smaller of `beta wedge` and log limit - log flow. Everything is in logarithms,
because flows of 1e-65 occur on the way to a solution.

The two functions are long because the compiler must see each as one: handing a network and its terms to
another function copies hundreds of words.
"""

import math

import numpy as np

from model.compiled import rule
from model.market.landed_price import landed_price
from model.market.offer import logistic, offer
from model.market.want import final_use, from_stock, restocking
from model.network import LOGISTIC

_NOTHING = -1e300
#: Logarithms above this are summed as plain numbers; only what is smaller takes the slow path.
_TINY = -600.0


@rule
def _add_logs(a, b):
    """Return log(e^a + e^b)."""
    if a < b:
        a, b = b, a
    if b <= a - 745.0:
        return a
    return a + math.log1p(math.exp(b - a))


@rule
def _log_total(amount, log_rest):
    """Return log(amount + e^log_rest), for a plain sum and a remainder too small to be one."""
    total = amount + (math.exp(max(log_rest, -740.0)) if log_rest > _NOTHING else 0.0)
    if total > 1e-300:
        return math.log(total)
    return log_rest


@rule
def _output_in_logs(network, terms, run, m, net, sharp, width):
    """Return log output of recipe `m` and its slope where output is too small to add up, or plants are linear."""
    log_output = _NOTHING
    weighted = 0.0
    for k in range(network.plant_start[m], network.plant_start[m + 1]):
        capacity = terms.plant_capacity_t[run, k]
        if capacity <= 0.0:
            continue
        spread = terms.plant_spread[run, k]
        if network.plant_form[k] == LOGISTIC:
            spread /= sharp
        log_one, slope = offer(
            network.plant_form[k],
            net + terms.plant_support[run, k],
            capacity,
            terms.plant_cost[run, k],
            spread,
            width,
        )
        both = _add_logs(log_output, log_one)
        old = math.exp(max(log_output - both, -745.0))
        new = math.exp(max(log_one - both, -745.0))
        weighted = old * weighted + new * slope
        log_output = both
    return log_output, weighted


@rule
def evaluate(network, terms, run, ws, c, unknown, residual, sharp, width, power):
    """Fill `residual` at `unknown` and the intermediate values in `ws` that `differentiate` needs.

    `sharp` scales the buyers' sharpness (and, inversely, the plants' spread): 1 is the market itself,
    less is a smoother relative. `width` (usd_per_t) rounds the corners of linear plants and demands.
    """
    n0, n1 = network.component_node_start[c], network.component_node_start[c + 1]
    b0, b1 = network.component_buyer_start[c], network.component_buyer_start[c + 1]
    m0, m1 = network.component_recipe_start[c], network.component_recipe_start[c + 1]
    g0, g1 = network.component_quota_start[c], network.component_quota_start[c + 1]
    nodes = n1 - n0

    # Buyers: landed prices, shares, price index.
    for j in range(b0, b1):
        if not ws.buyer_active[j]:
            continue
        beta = network.market_sharpness[network.buyer_market[j]] * sharp
        top = _NOTHING
        for r in range(network.route_start[j], network.route_start[j + 1]):
            if not ws.route_open[r]:
                continue
            wedge = 0.0
            for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
                if ws.entry_active[s]:
                    wedge += unknown[nodes + network.route_quota[s] - g0]
            landed, slope = landed_price(
                unknown[network.route_node[r] - n0],
                wedge,
                terms.route_export_tax[run, r],
                terms.route_export_duty[run, r],
                terms.route_freight[run, r],
                terms.route_tariff[run, r],
                terms.route_import_duty[run, r],
                terms.route_floor[run, r],
            )
            ws.landed[r] = landed
            ws.slope[r] = slope
            value = ws.log_weight[r] - beta * landed
            ws.log_share[r] = value
            top = max(top, value)
        total = 0.0
        for r in range(network.route_start[j], network.route_start[j + 1]):
            if ws.route_open[r]:
                ws.share[r] = math.exp(max(ws.log_share[r] - top, -745.0))
                total += ws.share[r]
        log_total = top + math.log(total)
        inverse = 1.0 / total
        for r in range(network.route_start[j], network.route_start[j + 1]):
            if ws.route_open[r]:
                ws.log_share[r] -= log_total
                ws.share[r] *= inverse
        ws.price_index[j] = -log_total / beta

    # Plants: output of each recipe; final users.
    for i in range(n0, n1):
        ws.log_node_output[i] = _NOTHING
        ws.log_demand[i] = _NOTHING
        ws.node_output[i] = 0.0
        ws.node_demand[i] = 0.0
    for j in range(b0, b1):
        ws.log_use[j] = _NOTHING
        ws.use[j] = 0.0
        ws.log_final[j] = _NOTHING
        ws.final_slope[j] = 0.0
        if ws.buyer_active[j] and terms.demand_t[run, j] > 0.0:
            log_final, slope = final_use(
                network.demand_form[j],
                ws.price_index[j],
                terms.demand_t[run, j],
                terms.demand_price[run, j],
                terms.demand_elasticity[run, j],
                terms.demand_choke_ratio[run, j],
                terms.demand_choke_power[run, j],
                width,
            )
            ws.log_final[j] = log_final
            ws.final_slope[j] = slope
            if log_final > _TINY:
                ws.use[j] = math.exp(min(log_final, 700.0))
            else:
                ws.log_use[j] = log_final
    for m in range(m0, m1):
        if not ws.recipe_active[m]:
            continue
        net = 0.0
        for s in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
            i = network.output_node[s]
            if ws.node_active[i]:
                net += network.output_per_unit[s] * unknown[i - n0]
        for s in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
            net -= network.input_per_unit[s] * ws.price_index[network.input_buyer[s]]
        total, weighted = 0.0, 0.0
        for k in range(network.plant_start[m], network.plant_start[m + 1]):
            capacity = terms.plant_capacity_t[run, k]
            if capacity > 0.0 and network.plant_form[k] == LOGISTIC:
                spread = terms.plant_spread[run, k] / sharp
                used = logistic((net + terms.plant_support[run, k] - terms.plant_cost[run, k]) / spread)
                total += capacity * used
                weighted += capacity * used * (1.0 - used) / spread
        log_output = _NOTHING
        if total > 1e-250:
            log_output = math.log(total)
            weighted /= total
        if total <= 1e-250 or network.plant_form[network.plant_start[m]] != LOGISTIC:
            log_output, weighted = _output_in_logs(network, terms, run, m, net, sharp, width)
        ws.log_output[m] = log_output
        ws.output_slope[m] = weighted
        output = math.exp(min(log_output, 700.0)) if log_output > _TINY else 0.0
        for s in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
            i = network.output_node[s]
            if log_output > _TINY:
                ws.node_output[i] += network.output_per_unit[s] * output
            else:
                amount = math.log(network.output_per_unit[s]) + log_output
                ws.log_node_output[i] = _add_logs(ws.log_node_output[i], amount)
        for s in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
            j = network.input_buyer[s]
            if log_output > _TINY:
                ws.use[j] += network.input_per_unit[s] * output
            else:
                amount = math.log(network.input_per_unit[s]) + log_output
                ws.log_use[j] = _add_logs(ws.log_use[j], amount)
    for i in range(n0, n1):
        ws.log_node_output[i] = _log_total(ws.node_output[i], ws.log_node_output[i])

    # Purchases: use less what stocks meet, plus what is bought for stocks.
    for g in range(g0, g1):
        ws.log_flow[g] = _NOTHING
        ws.flow_sum[g] = 0.0
    for j in range(b0, b1):
        if not ws.buyer_active[j]:
            continue
        ws.log_use[j] = _log_total(ws.use[j], ws.log_use[j])
        log_bought = ws.log_use[j]
        ws.bought_by_use[j] = 1.0
        ws.bought_by_price[j] = 0.0
        stock, release = terms.buyer_stock_t[run, j], terms.buyer_release_t[run, j]
        if (stock > 0.0 and terms.buyer_draw_share[run, j] > 0.0) or release > 0.0:
            _, _, bought, by_use, by_price = from_stock(
                ws.price_index[j],
                math.exp(max(log_bought, -500.0)),
                stock,
                terms.buyer_draw_share[run, j],
                terms.buyer_draw_price[run, j],
                release,
                power,
            )
            log_bought += math.log(bought)
            ws.bought_by_use[j] = by_use
            ws.bought_by_price[j] = by_price / bought
        extra, extra_slope = restocking(
            ws.price_index[j], terms.buyer_restock_t[run, j], terms.buyer_restock_price[run, j], power
        )
        extra += terms.buyer_order_t[run, j]
        if extra > 0.0:
            both = _add_logs(log_bought, math.log(extra))
            kept = math.exp(max(log_bought - both, -745.0))
            ws.bought_by_use[j] *= kept
            ws.bought_by_price[j] = ws.bought_by_price[j] * kept + extra_slope / extra * (1.0 - kept)
            log_bought = both
        ws.log_bought[j] = log_bought
        bought = math.exp(min(log_bought, 700.0)) if log_bought > _TINY else 0.0
        for r in range(network.route_start[j], network.route_start[j + 1]):
            if ws.route_open[r]:
                log_flow = log_bought + ws.log_share[r]
                i = network.route_node[r]
                flow = bought * ws.share[r] if log_flow > _TINY else 0.0
                ws.flow[r] = flow
                ws.node_demand[i] += flow
                if log_flow <= _TINY:
                    ws.log_demand[i] = _add_logs(ws.log_demand[i], log_flow)
                for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
                    if ws.entry_active[s]:
                        g = network.route_quota[s]
                        ws.flow_sum[g] += flow
                        if log_flow <= _TINY:
                            ws.log_flow[g] = _add_logs(ws.log_flow[g], log_flow)
    for i in range(n0, n1):
        ws.log_demand[i] = _log_total(ws.node_demand[i], ws.log_demand[i])
    for g in range(g0, g1):
        ws.log_flow[g] = _log_total(ws.flow_sum[g], ws.log_flow[g])

    # Nodes: supply against demand.
    for i in range(n0, n1):
        v = i - n0
        if not ws.node_active[i]:
            residual[v] = 0.0
            continue
        price = unknown[v]
        log_supply = ws.log_node_output[i]
        ws.supply_by_output[i] = 1.0
        ws.supply_by_price[i] = 0.0
        if terms.node_store_share[run, i] > 0.0:
            withheld, slope = restocking(
                price, terms.node_store_share[run, i], terms.node_store_price[run, i], power
            )
            log_supply += math.log1p(-withheld)
            ws.supply_by_price[i] = -slope / (1.0 - withheld)
        added = terms.node_supply_t[run, i]
        added_slope = 0.0
        if terms.node_stock_t[run, i] > 0.0 and terms.node_sell_share[run, i] > 0.0:
            kept, slope = restocking(price, 1.0, terms.node_sell_price[run, i], power)
            sold = terms.node_stock_t[run, i] * terms.node_sell_share[run, i]
            added += sold * (1.0 - kept)
            added_slope = -sold * slope
        if added > 0.0:
            both = _add_logs(log_supply, math.log(added))
            share = math.exp(max(log_supply - both, -745.0))
            ws.supply_by_output[i] = share
            ws.supply_by_price[i] = ws.supply_by_price[i] * share + added_slope / math.exp(max(both, -700.0))
            log_supply = both
        ws.log_supply[i] = log_supply
        gap = log_supply - ws.log_demand[i]
        if network.node_disposal[i]:
            gap = min(gap, network.market_sharpness[network.node_market[i]] * price)
        residual[v] = gap
    for g in range(g0, g1):
        v = nodes + g - g0
        if ws.quota_active[g]:
            slack = math.log(terms.quota_t[run, g]) - ws.log_flow[g]
            residual[v] = min(unknown[v] * network.market_sharpness[network.quota_market[g]], slack)
        else:
            residual[v] = 0.0


@rule
def differentiate(network, terms, run, ws, c, unknown, residual, sharp):
    """Fill `ws.jacobian` with d residual / d unknown at the point last evaluated."""
    n0, n1 = network.component_node_start[c], network.component_node_start[c + 1]
    b0, b1 = network.component_buyer_start[c], network.component_buyer_start[c + 1]
    m0, m1 = network.component_recipe_start[c], network.component_recipe_start[c + 1]
    g0, g1 = network.component_quota_start[c], network.component_quota_start[c + 1]
    nodes = n1 - n0
    n = nodes + g1 - g0
    columns = np.uint64(n)  # unsigned, so that the compiler works on several columns at once
    jac = ws.jacobian
    for v in range(n):
        for u in range(columns):
            jac[v, u] = 0.0

    # Price indices; what final users add to purchases.
    for j in range(b0, b1):
        row = j - b0
        for u in range(columns):
            ws.index_row[row, u] = 0.0
            ws.bought_row[row, u] = 0.0
        if not ws.buyer_active[j]:
            continue
        for r in range(network.route_start[j], network.route_start[j + 1]):
            if not ws.route_open[r]:
                continue
            push = ws.share[r] * ws.slope[r]
            ws.index_row[row, network.route_node[r] - n0] += push
            for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
                if ws.entry_active[s]:
                    ws.index_row[row, nodes + network.route_quota[s] - g0] += push
        direct = ws.bought_by_price[j]
        if ws.final_slope[j] != 0.0:
            direct += (
                ws.bought_by_use[j]
                * ws.final_slope[j]
                * math.exp(max(ws.log_final[j] - ws.log_use[j], -745.0))
            )
        for u in range(columns):
            ws.bought_row[row, u] = direct * ws.index_row[row, u]

    # Plants: supply at their nodes, inputs at their buyers.
    for m in range(m0, m1):
        if not ws.recipe_active[m]:
            continue
        for u in range(columns):
            ws.net_row[u] = 0.0
        for s in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
            i = network.output_node[s]
            if ws.node_active[i]:
                ws.net_row[i - n0] += network.output_per_unit[s]
        for s in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
            row = network.input_buyer[s] - b0
            a = network.input_per_unit[s]
            for u in range(columns):
                ws.net_row[u] -= a * ws.index_row[row, u]
        for s in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
            i = network.output_node[s]
            if not ws.node_active[i]:
                continue
            part = math.log(network.output_per_unit[s]) + ws.log_output[m] - ws.log_node_output[i]
            push = math.exp(max(part, -745.0)) * ws.output_slope[m] * ws.supply_by_output[i]
            for u in range(columns):
                jac[i - n0, u] += push * ws.net_row[u]
        for s in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
            j = network.input_buyer[s]
            part = math.log(network.input_per_unit[s]) + ws.log_output[m] - ws.log_use[j]
            push = math.exp(max(part, -745.0)) * ws.output_slope[m] * ws.bought_by_use[j]
            for u in range(columns):
                ws.bought_row[j - b0, u] += push * ws.net_row[u]

    for i in range(n0, n1):
        if ws.node_active[i]:
            jac[i - n0, i - n0] += ws.supply_by_price[i]
    # Demand at the nodes and flow under the quotas.
    for j in range(b0, b1):
        if not ws.buyer_active[j]:
            continue
        row = j - b0
        beta = network.market_sharpness[network.buyer_market[j]] * sharp
        for u in range(columns):
            ws.bought_row[row, u] += beta * ws.index_row[row, u]
        for r in range(network.route_start[j], network.route_start[j + 1]):
            if not ws.route_open[r]:
                continue
            i = network.route_node[r]
            log_flow = ws.log_bought[j] + ws.log_share[r]
            if ws.node_demand[i] > 1e-250:
                weight = ws.flow[r] / ws.node_demand[i]
            else:
                weight = math.exp(max(log_flow - ws.log_demand[i], -745.0))
            first, last = network.route_quota_start[r], network.route_quota_start[r + 1]
            for s in range(first - 1, last):
                # The node's own row comes first, then those of the route's quotas.
                v = i - n0
                if s >= first:
                    if not ws.entry_active[s]:
                        continue
                    g = network.route_quota[s]
                    v = nodes + g - g0
                    if ws.flow_sum[g] > 1e-250:
                        weight = ws.flow[r] / ws.flow_sum[g]
                    else:
                        weight = math.exp(max(log_flow - ws.log_flow[g], -745.0))
                if not weight > 0.0:
                    continue
                for u in range(columns):
                    jac[v, u] -= weight * ws.bought_row[row, u]
                own = weight * beta * ws.slope[r]
                jac[v, i - n0] += own
                for q in range(first, last):
                    if ws.entry_active[q]:
                        jac[v, nodes + network.route_quota[q] - g0] += own

    # Complementarity: where the other side is the smaller one, its own derivative.
    for i in range(n0, n1):
        v = i - n0
        if not ws.node_active[i]:
            for u in range(columns):
                jac[v, u] = 0.0
            jac[v, v] = 1.0
        elif network.node_disposal[i]:
            beta = network.market_sharpness[network.node_market[i]]
            if beta * unknown[v] <= ws.log_supply[i] - ws.log_demand[i]:
                for u in range(columns):
                    jac[v, u] = 0.0
                jac[v, v] = beta
    for g in range(g0, g1):
        v = nodes + g - g0
        beta = network.market_sharpness[network.quota_market[g]]
        if not ws.quota_active[g]:
            for u in range(columns):
                jac[v, u] = 0.0
            jac[v, v] = 1.0
        elif beta * unknown[v] <= math.log(terms.quota_t[run, g]) - ws.log_flow[g]:
            for u in range(columns):
                jac[v, u] = 0.0
            jac[v, v] = beta
