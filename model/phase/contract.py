"""Contract: from the state to what the markets are given; measures then edit it."""

import math

from model.compiled import phase
from model.draw import SUPPLY_NOISE, normal, uniform
from model.parameter import POSITION
from model.rules.demand import demand_t
from model.rules.leak import detection, enforced, leak_cost, leak_spread
from model.rules.qualification import neutral_weight, qualify
from model.rules.risk import tension_cost
from model.rules.stock import (
    coverage,
    draw_price,
    fear,
    restock_t,
    rising_share,
    store_room,
    store_share,
    target_t,
    urgency,
    usual_turnover,
)

_QUALIFY = POSITION["qualification_speed"]
_NOISE = POSITION["supply_noise"]
_TENSION = POSITION["tension_cost"]
_RISK = POSITION["stock_risk_multiple"]
_DRAW, _DRAW_PRICE = POSITION["draw_most"], POSITION["draw_price_ratio"]
_RESTOCK_PRICE, _RESTOCK = POSITION["restock_price_ratio"], POSITION["restock_speed"]
_RESTOCK_MOST = POSITION["restock_most"]
_PANIC, _HOARD, _CALM = POSITION["panic"], POSITION["hoarding"], POSITION["calm_quarters"]
_STORE_PRICE, _STORE_HOST = POSITION["store_price_ratio"], POSITION["store_share_host"]
_SELL, _SELL_PRICE = POSITION["sell_share"], POSITION["sell_price_ratio"]
_POWER = POSITION["stock_response_power"]
_STORE_MOST, _ANCHOR = POSITION["store_most_quarters"], POSITION["store_anchor_share"]
_LEAK_SHARE, _LEAK_COST = POSITION["leak_share"], POSITION["leak_cost_share"]
_LEAK_SPREAD, _FINE = POSITION["leak_spread_share"], POSITION["leak_fine_multiple"]
_RECYCLER = 4
_IMPORT = 2


@phase
def offer_capacity(network, layout, columns, values, terms, seed, first_run, step):
    """Write plants' capacity and cost, and the capacity behind every node that buyers have qualified.

    Smugglers go by what measures held back last quarter, resellers by what came in spared,
    both by last quarter's prices.
    """
    for run in range(values.shape[0]):
        for n in range(layout.leak_plant.size):
            k = layout.leak_plant[n]
            i = network.output_node[network.recipe_output_start[layout.plant_recipe[k]]]
            columns.plant_installed_t[run, k] = values[run, _LEAK_SHARE] * columns.node_held_t[run, i]
        for n in range(layout.resale_plant.size):
            columns.plant_installed_t[run, layout.resale_plant[n]] = columns.node_held_t[
                run, layout.resale_node[n]
            ]
        for i in range(layout.node_good.size):
            capacity = 0.0
            for s in range(layout.node_recipe_start[i], layout.node_recipe_start[i + 1]):
                m = layout.node_recipes[s]
                for k in range(network.plant_start[m], network.plant_start[m + 1]):
                    running = columns.plant_installed_t[run, k] - columns.plant_idle_t[run, k]
                    capacity += layout.node_recipe_rate[s] * running
            columns.node_capacity_t[run, i] = capacity
            columns.node_qualified_t[run, i] = qualify(
                columns.node_qualified_t[run, i], capacity, values[run, _QUALIFY]
            )
        for m in range(network.plant_start.size - 1):
            i = network.output_node[network.recipe_output_start[m]]
            luck = normal(uniform(seed, first_run + run, step, SUPPLY_NOISE, layout.node_luck[i]))
            usable = math.exp(values[run, _NOISE] * luck) * (1.0 - columns.node_outage_share[run, i])
            ratio = columns.node_cost_ratio[run, i]
            for k in range(network.plant_start[m], network.plant_start[m + 1]):
                running = columns.plant_installed_t[run, k] - columns.plant_idle_t[run, k]
                if layout.plant_kind[k] < _RECYCLER:
                    running *= usable
                terms.plant_capacity_t[run, k] = max(running, 0.0) * layout.supply_shock[step, k]
                terms.plant_cost[run, k] = layout.plant_base_cost[k] * ratio
                terms.plant_spread[run, k] = layout.plant_spread[k]
        for n in range(layout.leak_plant.size):
            k = layout.leak_plant[n]
            m = layout.plant_recipe[k]
            i, j = network.output_node[network.recipe_output_start[m]], network.recipe_input_start[m]
            c = layout.node_country[i]
            looked = enforced(columns.country_enforcement[run, c], columns.country_enforcement_factor[run, c])
            caught = detection(looked, columns.node_policing[run, i])
            price, home = columns.node_outside_price[run, i], columns.buyer_price[run, network.input_buyer[j]]
            terms.plant_cost[run, k] = leak_cost(price, values[run, _LEAK_COST], caught, values[run, _FINE])
            terms.plant_spread[run, k] = leak_spread(price, home, values[run, _LEAK_SPREAD])
        for n in range(layout.resale_plant.size):
            k, i, j = layout.resale_plant[n], layout.resale_node[n], layout.resale_buyer[n]
            if not terms.plant_capacity_t[run, k] > 0.0:
                continue
            c = layout.node_country[i]
            looked = enforced(columns.country_enforcement[run, c], columns.country_enforcement_factor[run, c])
            caught = detection(looked * columns.node_watched[run, i], columns.node_policing[run, i])
            price, home = columns.node_outside_price[run, i], columns.buyer_price[run, j]
            terms.plant_cost[run, k] = leak_cost(price, values[run, _LEAK_COST], caught, values[run, _FINE])
            terms.plant_spread[run, k] = leak_spread(price, home, values[run, _LEAK_SPREAD])


@phase
def strain_pairs(layout, columns, restricted):
    """Write the share of each pair's usual trade, either way, that is under an export restriction [runs, R]."""
    countries = columns.country_rent_usd.shape[1]
    for run in range(restricted.shape[0]):
        columns.pair_strain[run, :] = 0.0
        for r in range(layout.route_origin.size):
            origin, destination = layout.route_origin[r], layout.route_destination[r]
            if restricted[run, r] > 0.0 and origin != destination:
                there, back = origin * countries + destination, destination * countries + origin
                columns.pair_strain[run, there] += layout.route_usual_t[r]
                columns.pair_strain[run, back] += layout.route_usual_t[r]
        for c in range(countries * countries):
            if layout.pair_usual_t[c] > 0.0:
                columns.pair_strain[run, c] /= layout.pair_usual_t[c]


@phase
def weigh_routes(network, layout, columns, values, terms):
    """Write preferences and trade costs: `A = alpha taste K`, scaled to each buyer's constant sum.

    Resellers reach only those who cannot buy as they do.
    """
    for run in range(values.shape[0]):
        for j in range(layout.buyer_good.size):
            total = 0.0
            for r in range(network.route_start[j], network.route_start[j + 1]):
                capacity = columns.node_qualified_t[run, network.route_node[r]]
                if layout.route_resale[r] and columns.route_passes[run, r] <= 0.0:
                    capacity = 0.0
                total += layout.route_alpha[r] * columns.route_taste[run, r] * capacity
            for r in range(network.route_start[j], network.route_start[j + 1]):
                capacity = columns.node_qualified_t[run, network.route_node[r]]
                if layout.route_resale[r] and columns.route_passes[run, r] <= 0.0:
                    capacity = 0.0
                alpha = layout.route_alpha[r] * columns.route_taste[run, r]
                terms.route_weight[run, r] = neutral_weight(alpha, capacity, total, layout.buyer_budget[j])
                pair = layout.route_pair[r]
                dearer = tension_cost(
                    columns.tension[run, pair], layout.pair_usual[pair], values[run, _TENSION]
                )
                terms.route_freight[run, r] = layout.route_freight[r] * dearer


@phase
def want_goods(layout, columns, values, terms, days, step):
    """Write final demand and buyers' stocks; `days` [B] is the target in days of use, negative for the default."""
    for run in range(values.shape[0]):
        for j in range(layout.buyer_good.size):
            terms.demand_t[run, j] = demand_t(
                layout.buyer_base_final_t[j],
                layout.growth[step, j],
                layout.demand_shock[step, j],
                columns.buyer_disturbance[run, j],
                columns.buyer_substituted[run, j],
            )
            terms.demand_t[run, j] *= columns.buyer_demand_factor[run, j]
            use, stock = columns.buyer_smooth_use_t[run, j], columns.buyer_stock_t[run, j]
            risk, expected = columns.buyer_risk[run, j], columns.buyer_expected_price[run, j]
            wanted_days = days[run, j]
            wanted = target_t(wanted_days, use, risk, values[run, _RISK])
            columns.buyer_target_t[run, j] = wanted
            cover = coverage(stock, target_t(wanted_days, use, 0.0, values[run, _RISK]))
            largest = values[run, _DRAW] if wanted > 0.0 else 0.0
            afraid = fear(risk, stock, use, values[run, _CALM])
            middle = draw_price(expected, values[run, _DRAW_PRICE], cover, afraid, values[run, _HOARD])
            urgent = urgency(afraid, values[run, _PANIC])
            top = expected * values[run, _RESTOCK_PRICE] * urgent
            power = values[run, _POWER]
            rising_draw = rising_share(expected, middle, power)
            rising_restock = rising_share(expected, top, power)
            usual = usual_turnover(use, stock, largest, rising_draw, rising_restock)
            terms.buyer_stock_t[run, j] = stock
            terms.buyer_draw_share[run, j] = largest
            terms.buyer_draw_price[run, j] = max(middle, 1e-9)
            terms.buyer_restock_t[run, j] = (
                restock_t(
                    stock,
                    wanted,
                    use,
                    min(1.0, values[run, _RESTOCK] * urgent),
                    values[run, _RESTOCK_MOST] * urgent,
                    usual,
                )
                if wanted > 0.0
                else 0.0
            )
            terms.buyer_restock_price[run, j] = max(top, 1e-9)


@phase
def hold_back(network, layout, columns, values, terms, usual, step):
    """After measures: find what they hold back at each node, and let producers store by-products made anyway.

    A quota's usual flow is that of the routes which count towards it in the run; `usual` [G] is scratch.
    """
    for run in range(values.shape[0]):
        for i in range(layout.node_good.size):
            columns.node_restricted_share[run, i] = 0.0
        for g in range(usual.size):
            usual[g] = layout.quota_usual_t[g]
        for r in range(layout.route_origin.size):
            for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
                if terms.quota_cover[run, s] <= 0.0:
                    usual[network.route_quota[s]] -= layout.route_usual_t[r]
        for r in range(layout.route_origin.size):
            i = network.route_node[r]
            growth = layout.outlook[layout.node_good[i], step]
            held = 1.0 if terms.route_weight[run, r] <= 0.0 else 0.0
            grown = held
            for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
                g = network.route_quota[s]
                limit = terms.quota_t[run, g]
                if (
                    layout.quota_side[g] != _IMPORT
                    and limit < 1e300
                    and terms.quota_cover[run, s] > 0.0
                    and usual[g] > 0.0
                ):
                    held = max(held, 1.0 - limit / usual[g])
                    grown = max(grown, 1.0 - limit / (usual[g] * growth))
            columns.route_held_share[run, r] = max(grown, 0.0)
            columns.node_restricted_share[run, i] += max(held, 0.0) * layout.route_usual_t[r]
        for i in range(layout.node_good.size):
            columns.node_restricted_share[run, i] /= max(layout.node_usual_t[i], 1e-12)
            restricted = min(columns.node_restricted_share[run, i], 1.0)
            columns.node_restricted_share[run, i] = restricted
            anchor = max(
                columns.node_expected_price[run, i], values[run, _ANCHOR] * layout.node_base_price[i]
            )
            bound = layout.node_by_product[i]
            made = layout.node_usual_t[i] * layout.outlook[layout.node_good[i], step]
            room = store_room(columns.node_stock_t[run, i], made, values[run, _STORE_MOST])
            columns.node_store_room[run, i] = room
            terms.node_store_share[run, i] = room * store_share(
                0.0, values[run, _STORE_HOST], bound, restricted
            )
            terms.node_store_price[run, i] = max(anchor * values[run, _STORE_PRICE], 1e-9)
            terms.node_stock_t[run, i] = columns.node_stock_t[run, i]
            terms.node_sell_share[run, i] = values[run, _SELL] * (1.0 - restricted)
            terms.node_sell_price[run, i] = max(anchor * values[run, _SELL_PRICE], 1e-9)


@phase
def see_floors(network, layout, columns, terms):
    """Write the output value that border floors would assure each site: the rivals' floor less its own freight.

    Closed routes assure nothing.
    """
    for run in range(terms.route_floor.shape[0]):
        for s in range(layout.site_node.size):
            columns.site_floor[run, s] = 0.0
        for j in range(layout.buyer_good.size):
            highest = 0.0
            for r in range(network.route_start[j], network.route_start[j + 1]):
                highest = max(highest, terms.route_floor[run, r])
            if highest <= 0.0:
                continue
            for r in range(network.route_start[j], network.route_start[j + 1]):
                if terms.route_floor[run, r] <= 0.0 and terms.route_weight[run, r] > 0.0:
                    assured = highest - terms.route_freight[run, r]
                    i = network.route_node[r]
                    for s in range(layout.site_node.size):
                        if layout.site_node[s] == i:
                            columns.site_floor[run, s] = max(columns.site_floor[run, s], assured)
