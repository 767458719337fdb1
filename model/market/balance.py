"""The equilibrium conditions of one component.

Unknowns: the producer price of each node, then the wedge of each quota. Residual of a node:
log supply - log demand; where a joint product may be thrown away, the smaller of that and `beta p`.
Residual of a quota: the smaller of `beta wedge` and log limit - log flow. Amounts are plain numbers as long as
they can be; flows of 1e-65 and less occur on the way to a solution and are taken over by `model/market/faint.py`.
"""

import math

import numpy as np

from model.compiled import rule
from model.market.exponential import exponentiate
from model.market.faint import (
    FAINT,
    FAINT_PART,
    add_logs,
    demands_in_logs,
    outputs_in_logs,
    purchase_in_logs,
    recipe_in_logs,
    uses_in_logs,
)
from model.market.offer import softplus
from model.market.want import LOG_LOWEST_PRICE_RATIO, LOWEST_PRICE_RATIO, final_use, from_stock
from model.network import ISOELASTIC, LOGISTIC

_NOTHING = -1e300


@rule
def _logarithm(amount, log_rest):
    """Return the logarithm of an amount that is a plain number or, where that is faint, a logarithm already."""
    return math.log(amount) if amount > FAINT else log_rest


@rule
def evaluate(network, ws, c, unknown, residual, sharp, width, power):
    """Fill `residual` at `unknown` and the intermediate values in `ws` that `differentiate` needs.

    `gather` must have been called for component `c`. `sharp` scales the buyers' sharpness (and, inversely, the
    plants' spread): 1 is the market itself, less is a smoother relative. `width` (usd_per_t) rounds the corners
    of linear plants and demands. Long, because calls that pass so many arrays cost more than their work;
    straight passes without branches are what the compiler does on several numbers at once, and unsigned indices
    tell it that they never count from the end.
    """
    n0, n1 = network.component_node_start[c], network.component_node_start[c + 1]
    b0, b1 = network.component_buyer_start[c], network.component_buyer_start[c + 1]
    m0, m1 = network.component_recipe_start[c], network.component_recipe_start[c + 1]
    g0, g1 = network.component_quota_start[c], network.component_quota_start[c + 1]
    nodes, buyers, recipes, quotas = n1 - n0, b1 - b0, m1 - m0, g1 - g0
    routes, plants = np.uint64(ws.sizes[0]), np.uint64(ws.sizes[1])

    # Routes: landed prices, shares, price index.
    for p in range(routes):
        ws.landed[p] = unknown[ws.open_node[p]]
    for e in range(ws.sizes[2]):
        ws.landed[ws.entry_place[e]] += unknown[ws.entry_unknown[e]]
    for p in range(routes):
        ws.landed[p] = ws.landed[p] * ws.steep[p] + ws.fixed[p]
    if ws.sizes[3] > 0:
        for p in range(routes):
            ws.slope[p] = 0.0 if ws.landed[p] < ws.floor[p] else ws.steep[p]
        for p in range(routes):
            ws.landed[p] = ws.floor[p] if ws.landed[p] < ws.floor[p] else ws.landed[p]
    for p in range(routes):
        ws.share[p] = -sharp * ws.beta[p] * ws.landed[p]
    for b in range(buyers):
        first, last = ws.first_route[b], ws.first_route[b + 1]
        if first == last:
            continue
        top = ws.share[first]
        for p in range(first + 1, last):
            top = max(top, ws.share[p])
        ws.log_top[b] = top
        for p in range(first, last):
            ws.share[p] -= top
    exponentiate(ws.share, ws.power, ws.power_bits, routes)
    for p in range(routes):
        ws.share[p] *= ws.weight[p]
    for b in range(buyers):
        first, last = ws.first_route[b], ws.first_route[b + 1]
        if first == last:
            continue
        total = 0.0
        for p in range(first, last):
            total += ws.share[p]
        inverse = 1.0 / total
        for p in range(first, last):
            ws.share[p] *= inverse
        ws.log_top[b] += math.log(total)
        index = -ws.log_top[b] / (ws.beta[first] * sharp)
        ws.price_index[b] = index
        log_price = math.log(index) if index > 0.0 else _NOTHING
        log_ratio = max(log_price - ws.demand_log_price[b], LOG_LOWEST_PRICE_RATIO)
        ws.buyer_exponent[4 * b] = ws.demand_log_top[b] - ws.demand_elasticity[b] * log_ratio
        ws.buyer_exponent[4 * b + 1] = ws.demand_power[b] * (log_ratio - ws.demand_log_choke[b])
        ws.buyer_exponent[4 * b + 2] = -power * (log_price - ws.draw_log_price[b])
        ws.buyer_exponent[4 * b + 3] = -power * (log_price - ws.restock_log_price[b])
    exponentiate(ws.buyer_exponent, ws.power, ws.power_bits, 4 * buyers)

    # Final users.
    for b in range(buyers):
        if ws.first_route[b] == ws.first_route[b + 1]:
            continue
        index, quantity = ws.price_index[b], ws.demand_t[b]
        final, slope, log_final = 0.0, 0.0, _NOTHING
        if quantity > 0.0:
            if network.demand_form[b0 + b] == ISOELASTIC:
                choke = ws.buyer_exponent[4 * b + 1]
                kept = 1.0 / (1.0 + choke)
                final = ws.buyer_exponent[4 * b] * kept
                if final <= FAINT_PART:
                    ratio = max(index / ws.demand_price[b], LOWEST_PRICE_RATIO)
                    log_final = ws.demand_log_top[b] - ws.demand_elasticity[b] * math.log(ratio)
                    choked = ws.demand_power[b] * (math.log(ratio) - ws.demand_log_choke[b])
                    log_final -= softplus(choked)
                if index > LOWEST_PRICE_RATIO * ws.demand_price[b]:
                    slope = -(ws.demand_elasticity[b] + ws.demand_power[b] * choke * kept) / index
            else:
                form = network.demand_form[b0 + b]
                log_final, slope = final_use(form, index, quantity, ws.demand_price[b], 1.0, 1.0, 1.0, width)
                final = math.exp(max(min(log_final, 700.0), -740.0))
        ws.final[b] = final
        ws.final_slope[b] = slope
        ws.log_final[b] = log_final
        ws.use[b] = final

    # Plants.
    for v in range(nodes):
        ws.node_output[v] = 0.0
        ws.node_demand[v] = 0.0
    for w in range(recipes):
        m = m0 + w
        if not ws.recipe_active[m]:
            continue
        net = 0.0
        for s in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
            i = network.output_node[s]
            if ws.node_active[i]:
                net += network.output_per_unit[s] * unknown[i - n0]
        for s in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
            net -= network.input_per_unit[s] * ws.price_index[network.input_buyer[s] - b0]
        for q in range(ws.first_plant[w], ws.first_plant[w + 1]):
            ws.depth[q] = net
    for q in range(plants):
        ws.depth[q] = ws.depth[q] + ws.plant_offset[q]
    for q in range(plants):
        z = ws.depth[q] * ws.plant_steepness[q] * sharp
        ws.plant_share[q] = -z if z > 0.0 else z
    exponentiate(ws.plant_share, ws.power, ws.power_bits, plants)
    for q in range(plants):
        e = ws.plant_share[q]
        ws.plant_share[q] = 1.0 / (1.0 + e)
        ws.plant_slope[q] = e
    for q in range(plants):
        top = 1.0 if ws.depth[q] > 0.0 else ws.plant_slope[q]
        ws.plant_output[q] = ws.plant_capacity[q] * top * ws.plant_share[q]
    for q in range(plants):
        rest = ws.plant_slope[q] if ws.depth[q] > 0.0 else 1.0
        ws.plant_slope[q] = rest * ws.plant_share[q] * ws.plant_steepness[q] * sharp
    faint = False
    for w in range(recipes):
        m = m0 + w
        if not ws.recipe_active[m]:
            continue
        output, slope = 0.0, 0.0
        first, last = ws.first_plant[w], ws.first_plant[w + 1]
        for q in range(first, last):
            output += ws.plant_output[q]
            slope += ws.plant_output[q] * ws.plant_slope[q]
        form = network.plant_form[ws.plant_row[first]]
        if output > FAINT_PART and form == LOGISTIC:
            slope /= output
        else:
            output, ws.log_output[w], slope = recipe_in_logs(ws, form, first, last, sharp, width)
        ws.output[w] = output
        ws.output_slope[w] = slope
        for s in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
            ws.node_output[network.output_node[s] - n0] += network.output_per_unit[s] * output
        for s in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
            ws.use[network.input_buyer[s] - b0] += network.input_per_unit[s] * output
    for v in range(nodes):
        faint = faint or (ws.node_active[n0 + v] and ws.node_output[v] <= FAINT)
    if faint:
        outputs_in_logs(network, ws, c)
    faint = False
    for b in range(buyers):
        faint = faint or (ws.first_route[b] < ws.first_route[b + 1] and ws.use[b] <= FAINT)
    if faint:
        uses_in_logs(network, ws, c)

    # Purchases: use less what stocks meet, plus what is bought for stocks.
    for b in range(buyers):
        first, last = ws.first_route[b], ws.first_route[b + 1]
        if first == last:
            continue
        use, index = ws.use[b], ws.price_index[b]
        kept, by_use, by_price = 1.0, 1.0, 0.0
        ws.drawn[b], ws.released[b] = 0.0, 0.0
        if ws.draw_share[b] > 0.0 or ws.release_t[b] > 0.0:
            rising, rising_slope = 0.0, 0.0
            if index > 0.0:
                rising = 1.0 / (1.0 + ws.buyer_exponent[4 * b + 2])
                rising_slope = rising * rising * ws.buyer_exponent[4 * b + 2] * power / index
            drawn, released, kept, by_use, by_price = from_stock(
                rising, rising_slope, max(use, 1e-217), ws.stock_t[b], ws.draw_share[b], ws.release_t[b]
            )
            ws.drawn[b] = drawn * use
            ws.released[b] = released * use
        extra, extra_slope = ws.order_t[b], 0.0
        restock = ws.restock_t[b]
        if restock > 0.0:
            if index > 0.0:
                e = ws.buyer_exponent[4 * b + 3]
                rising = 1.0 / (1.0 + e)
                extra_slope = -restock * rising * rising * e * power / index
                restock *= rising * e
            extra += restock
        ws.restocked[b] = restock
        bought = use * kept + extra
        if use > FAINT and bought > FAINT_PART:
            part = use * kept / bought
            ws.bought_by_use[b] = by_use * part
            ws.bought_by_price[b] = (use * by_price + extra_slope) / bought
        else:
            log_use = _logarithm(use, ws.log_use[b])
            ws.log_bought[b], ws.bought_by_use[b], ws.bought_by_price[b] = purchase_in_logs(
                log_use, kept, by_use, by_price, extra, extra_slope
            )
            bought = math.exp(max(ws.log_bought[b], -740.0))
        ws.bought[b] = bought
        for p in range(first, last):
            flow = bought * ws.share[p]
            ws.flow[p] = flow
            ws.node_demand[ws.open_node[p]] += flow
    for q in range(quotas):
        ws.quota_flow[q] = 0.0
    for e in range(ws.sizes[2]):
        ws.quota_flow[ws.entry_unknown[e] - nodes] += ws.flow[ws.entry_place[e]]
    faint = False
    for v in range(nodes):
        faint = faint or (ws.node_active[n0 + v] and ws.node_demand[v] <= FAINT)
    for q in range(quotas):
        faint = faint or (ws.quota_active[g0 + q] and ws.quota_flow[q] <= FAINT)
    if faint:
        demands_in_logs(network, ws, c, sharp)

    # Nodes: supply against demand.
    for v in range(nodes):
        i = n0 + v
        if not ws.node_active[i]:
            residual[v] = 0.0
            continue
        price, output = unknown[v], ws.node_output[v]
        withheld, withheld_slope = 0.0, 0.0
        if ws.store_share[v] > 0.0:
            withheld, withheld_slope = _falling(price, ws.store_log_price[v], power)
            withheld *= ws.store_share[v]
            withheld_slope *= ws.store_share[v]
        ws.stored[v] = withheld * output
        added, added_slope = ws.supply_t[v], 0.0
        ws.sold[v] = 0.0
        if ws.sell_t[v] > 0.0:
            unsold, unsold_slope = _falling(price, ws.sell_log_price[v], power)
            ws.sold[v] = ws.sell_t[v] * (1.0 - unsold)
            added += ws.sold[v]
            added_slope = -ws.sell_t[v] * unsold_slope
        supply = output * (1.0 - withheld) + added
        ws.supply[v] = supply
        if output > FAINT and supply > FAINT:
            ws.supply_by_output[v] = output * (1.0 - withheld) / supply
            ws.supply_by_price[v] = (added_slope - output * withheld_slope) / supply
        else:
            log_supply = _logarithm(output, ws.log_node_output[v]) + math.log1p(-withheld)
            both = add_logs(log_supply, math.log(added)) if added > 0.0 else log_supply
            part = math.exp(max(log_supply - both, -745.0))
            ws.supply_by_output[v] = part
            ws.supply_by_price[v] = added_slope / math.exp(max(both, -700.0))
            ws.supply_by_price[v] -= part * withheld_slope / (1.0 - withheld)
            ws.log_supply[v] = both
            ws.supply[v] = math.exp(max(both, -740.0))
        gap = _logarithm(ws.supply[v], ws.log_supply[v]) - _logarithm(ws.node_demand[v], ws.log_demand[v])
        if network.node_disposal[i]:
            gap = min(gap, network.market_sharpness[network.node_market[i]] * price)
        residual[v] = gap
    for q in range(quotas):
        v = nodes + q
        if ws.quota_active[g0 + q]:
            slack = ws.log_limit[q] - _logarithm(ws.quota_flow[q], ws.log_flow[q])
            residual[v] = min(unknown[v] * network.market_sharpness[network.quota_market[g0 + q]], slack)
        else:
            residual[v] = 0.0


@rule
def _falling(price, log_middle, power):
    """Return a share falling from 1 (price far below the middle) to 0 (far above), and its slope."""
    if price <= 0.0:
        return 1.0, 0.0
    e = math.exp(max(min(-power * (math.log(price) - log_middle), 700.0), -700.0))
    rising = 1.0 / (1.0 + e)
    return e * rising, -e * rising * rising * power / price
