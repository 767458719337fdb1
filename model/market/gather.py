"""What one clearing needs, gathered once into contiguous rows, so that iterations touch nothing else."""

import math

import numpy as np

from model.compiled import rule
from model.market.landed_price import landed_line
from model.network import ISOELASTIC, LOGISTIC


@rule
def gather(network, terms, run, ws, c):
    """Fill the gathered fields of `ws` for component `c`, whose participants are known.

    Long, like all that is handed the whole network: each call costs more than its work.
    """
    n0, n1 = network.component_node_start[c], network.component_node_start[c + 1]
    b0, b1 = network.component_buyer_start[c], network.component_buyer_start[c + 1]
    m0, m1 = network.component_recipe_start[c], network.component_recipe_start[c + 1]
    g0, g1 = network.component_quota_start[c], network.component_quota_start[c + 1]
    nodes = n1 - n0

    # Open routes, buyer by buyer, and the quotas that they count towards.
    routes, entries, floors = 0, 0, 0
    for j in range(b0, b1):
        b = j - b0
        ws.first_route[b] = routes
        ws.first_column[b] = nodes
        ws.last_column[b] = 0
        if not ws.buyer_active[j]:
            continue
        beta = network.market_sharpness[network.buyer_market[j]]
        for r in range(network.route_start[j], network.route_start[j + 1]):
            if not ws.route_open[r]:
                continue
            v = network.route_node[r] - n0
            ws.open_route[routes] = r
            ws.open_node[routes] = v
            ws.weight[routes] = terms.route_weight[run, r]
            ws.beta[routes] = beta
            steep, fixed = landed_line(
                terms.route_export_tax[run, r],
                terms.route_export_duty[run, r],
                terms.route_freight[run, r],
                terms.route_tariff[run, r],
                terms.route_import_duty[run, r],
            )
            ws.steep[routes] = steep
            ws.slope[routes] = steep
            ws.fixed[routes] = fixed
            ws.floor[routes] = terms.route_floor[run, r]
            if ws.floor[routes] > -1e300:
                floors += 1
            ws.first_column[b] = min(ws.first_column[b], v)
            ws.last_column[b] = max(ws.last_column[b], v + 1)
            ws.first_entry[routes] = entries
            for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
                g = network.route_quota[s]
                if terms.quota_cover[run, s] > 0.0 and terms.quota_t[run, g] < 1e300:
                    ws.entry_place[entries] = routes
                    ws.entry_unknown[entries] = nodes + g - g0
                    entries += 1
            routes += 1
    ws.first_route[b1 - b0] = routes
    ws.first_entry[routes] = entries

    # Plants with capacity, recipe by recipe; a buyer of inputs is moved by the prices of what is made of them.
    plants = 0
    for m in range(m0, m1):
        ws.first_plant[m - m0] = plants
        if not ws.recipe_active[m]:
            continue
        for k in range(network.plant_start[m], network.plant_start[m + 1]):
            capacity = terms.plant_capacity_t[run, k]
            if not capacity > 0.0:
                continue
            ws.plant_row[plants] = k
            ws.plant_capacity[plants] = capacity
            ws.plant_offset[plants] = terms.plant_support[run, k] - terms.plant_cost[run, k]
            spread = terms.plant_spread[run, k]
            ws.plant_spread[plants] = spread
            ws.plant_steepness[plants] = 1.0 / spread if network.plant_form[k] == LOGISTIC else 0.0
            plants += 1
    ws.first_plant[m1 - m0] = plants
    for m in range(m0, m1):
        s0, s1 = network.recipe_input_start[m], network.recipe_input_start[m + 1]
        if not ws.recipe_active[m] or s0 == s1:
            continue
        first, last = nodes, 0
        for s in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
            v = network.output_node[s] - n0
            first, last = min(first, v), max(last, v + 1)
        for s in range(s0, s1):
            # Own routes are what counts here; a range already widened by another recipe does no harm.
            b = network.input_buyer[s] - b0
            first, last = min(first, ws.first_column[b]), max(last, ws.last_column[b])
        for s in range(s0, s1):
            b = network.input_buyer[s] - b0
            ws.first_column[b], ws.last_column[b] = first, last
    ws.sizes[0], ws.sizes[1], ws.sizes[2], ws.sizes[3] = routes, plants, entries, floors

    # Buyers.
    for j in range(b0, b1):
        if not ws.buyer_active[j]:
            continue
        b = j - b0
        quantity, price = terms.demand_t[run, j], terms.demand_price[run, j]
        ws.demand_t[b] = quantity
        ws.demand_price[b] = price
        if quantity > 0.0 and network.demand_form[j] == ISOELASTIC:
            ratio, power = terms.demand_choke_ratio[run, j], terms.demand_choke_power[run, j]
            if price != ws.known_price[j]:
                ws.known_price[j] = price
                ws.known_log_price[j] = math.log(price)
            if ratio != ws.known_ratio[j] or power != ws.known_power[j]:
                ws.known_ratio[j], ws.known_power[j] = ratio, power
                ws.known_log_ratio[j] = math.log(ratio)
                ws.known_log_top[j] = math.log1p(math.exp(-power * math.log(ratio)))
            ws.demand_elasticity[b] = terms.demand_elasticity[run, j]
            ws.demand_power[b] = power
            ws.demand_log_price[b] = ws.known_log_price[j]
            ws.demand_log_choke[b] = ws.known_log_ratio[j]
            ws.demand_log_top[b] = math.log(quantity) + ws.known_log_top[j]
        stock, share = terms.buyer_stock_t[run, j], terms.buyer_draw_share[run, j]
        ws.stock_t[b] = stock
        ws.draw_share[b] = share if stock > 0.0 else 0.0
        if ws.draw_share[b] > 0.0:
            ws.draw_log_price[b] = math.log(terms.buyer_draw_price[run, j])
        ws.release_t[b] = terms.buyer_release_t[run, j]
        ws.restock_t[b] = terms.buyer_restock_t[run, j]
        if ws.restock_t[b] > 0.0:
            ws.restock_log_price[b] = math.log(terms.buyer_restock_price[run, j])
        ws.order_t[b] = terms.buyer_order_t[run, j]

    # Nodes and quotas.
    for i in range(n0, n1):
        v = i - n0
        ws.store_share[v] = terms.node_store_share[run, i]
        if ws.store_share[v] > 0.0:
            ws.store_log_price[v] = math.log(terms.node_store_price[run, i])
        ws.sell_t[v] = terms.node_stock_t[run, i] * terms.node_sell_share[run, i]
        if ws.sell_t[v] > 0.0:
            ws.sell_log_price[v] = math.log(terms.node_sell_price[run, i])
        ws.supply_t[v] = terms.node_supply_t[run, i]
    for g in range(g0, g1):
        ws.limit_t[g - g0] = terms.quota_t[run, g]
        ws.log_limit[g - g0] = math.log(terms.quota_t[run, g]) if ws.quota_active[g] else np.inf
