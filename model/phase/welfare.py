"""Welfare of one quarter, counted flow by flow and plant by plant from the terms and the answer of a clearing.

Reads no state of the engine, so that it serves a clearing that only might be. See `model/welfare.py` for the words.
"""

import math

from model.compiled import inner, phase, rule
from model.ledger import split_landed
from model.market.offer import softplus, variable_cost
from model.market.want import LOWEST_PRICE_RATIO, final_use
from model.network import FIXED_DEMAND, LINEAR, LINEAR_DEMAND

_TERMS = 60


@rule
def ratio_integral(power, top):
    """Return the integral of `t^(power - 1) / (1 + t)` from 0 to `top` (at most 1), for `power` above 0.

    `top^a / (a (1 + top)) F(1, 1; a + 1; top / (1 + top))`: Gauss's series after Pfaff's change of argument, whose
    terms at least halve. Source: AbramowitzStegun1972, 15.3.4 and 15.1.1.
    """
    if top <= 0.0:
        return 0.0
    z = top / (1.0 + top)
    term, total = 1.0, 1.0
    for n in range(1, _TERMS):
        term *= z * n / (power + n)
        total += term
        if term < 1e-17 * total:
            break
    return math.exp(power * math.log(top)) / (power * (1.0 + top)) * total


@rule
def choke_integral(ratio, elasticity, choke_ratio, choke_power):
    """Return the integral of `x^-eps / (1 + (x / kappa)^nu)` from `ratio` to infinity; eps + nu > 1, ratio > 0.

    With `t = (x / kappa)^nu` it is `kappa^(1 - eps) / nu` times the integral of `t^(a - 1) / (1 + t)`,
    `a = (1 - eps) / nu`; the part above t = 1 is turned by `t -> 1 / t`.
    """
    a = (1.0 - elasticity) / choke_power
    log_t = choke_power * (math.log(ratio) - math.log(choke_ratio))
    if log_t >= 0.0:
        inner = ratio_integral(1.0 - a, math.exp(-min(log_t, 700.0)))
    else:
        inner = ratio_integral(1.0 - a, 1.0)
        sign, power = 1.0, a
        while power < 0.5:  # 1 / (1 + t) = 1 - t / (1 + t), until the power is safely above 0
            flat = -log_t if abs(power) < 1e-12 else -math.expm1(power * log_t) / power
            inner += sign * flat
            sign, power = -sign, power + 1.0
        rest = ratio_integral(power, 1.0) - ratio_integral(power, math.exp(max(log_t, -700.0)))
        inner += sign * rest
    return math.exp((1.0 - elasticity) * math.log(choke_ratio)) / choke_power * inner


@rule
def demand_surplus(form, price, quantity_t, reference, elasticity, choke_ratio, choke_power):
    """Return the integral of final demand above the price index `price`, usd: what use is worth beyond `price`.

    Linear demand: `(intercept - P)^2 / (2 slope)`. Fixed demand has no choke: what it costs, with a minus, so that
    only changes mean something. Isoelastic demand is flat below 0.01 of its reference price.
    """
    if form == FIXED_DEMAND:
        return -price * quantity_t
    if form == LINEAR_DEMAND:
        gap = max(quantity_t - price, 0.0)
        return gap * gap / (2.0 * reference)
    lowest = LOWEST_PRICE_RATIO * reference
    below = 0.0
    if price < lowest:
        log_use, _ = final_use(form, lowest, quantity_t, reference, elasticity, choke_ratio, choke_power, 1.0)
        below = (lowest - price) * math.exp(log_use)
    ratio = max(price / reference, LOWEST_PRICE_RATIO)
    scale = quantity_t * reference * (1.0 + math.exp(-choke_power * math.log(choke_ratio)))
    return below + scale * choke_integral(ratio, elasticity, choke_ratio, choke_power)


@rule
def plant_surplus(net, capacity_t, cost, spread):
    """Return a logistic plant's surplus at a net price: `K w log(1 + e^z)`, usd."""
    return capacity_t * spread * softplus((net - cost) / spread)


@rule
def plant_cost(form, output_t, capacity_t, cost, spread):
    """Return a plant's variable cost, usd: the integral of its marginal cost, for either form."""
    if form == LINEAR:
        return cost * output_t + 0.5 * spread * output_t * output_t
    return variable_cost(output_t, capacity_t, cost, spread)


@inner
def count_trade(network, layout, terms, answer, public_share, counts, average, countries, run):
    """Add what the flows of one run bring to treasuries and holders of rents; note what buyers pay on average."""
    for j in range(network.route_start.size - 1):
        paid, tonnes = 0.0, 0.0
        cell = layout.buyer_good[j] * countries
        for r in range(network.route_start[j], network.route_start[j + 1]):
            flow = answer.flow_t[run, r]
            if not flow > 0.0:
                continue
            landed = answer.landed_price[run, r]
            paid += flow * landed
            tonnes += flow
            origin, destination = layout.route_origin[r], layout.route_destination[r]
            wedge = 0.0
            for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
                g = network.route_quota[s]
                rent = answer.wedge[run, g]
                if not rent > 0.0 or terms.quota_cover[run, s] <= 0.0:
                    continue
                wedge += rent
                holder = origin
                if layout.quota_holder[g] == 1 and layout.quota_actor[g] >= 0:
                    holder = layout.quota_actor[g]
                elif layout.quota_holder[g] == 2:
                    holder = destination
                counts.rent_usd[run, cell + holder] += rent * flow
            taxed, _, duty, top_up = split_landed(
                answer.price[run, network.route_node[r]],
                wedge,
                terms.route_export_tax[run, r],
                terms.route_export_duty[run, r],
                terms.route_freight[run, r],
                terms.route_tariff[run, r],
                terms.route_import_duty[run, r],
                landed,
            )
            top_up = top_up if top_up > 0.0 else 0.0
            to_state = top_up * public_share[run, r]
            counts.treasury_usd[run, cell + origin] += taxed * flow
            counts.treasury_usd[run, cell + destination] += (duty + to_state) * flow
            counts.rent_usd[run, cell + origin] += (top_up - to_state) * flow
        average[j] = paid / tonnes if tonnes > 0.0 else answer.price_index[run, j]


@rule
def elsewhere_surplus(
    form, substitute_price, share, quantity_t, reference, elasticity, choke_ratio, choke_power
):
    """Return what use is worth that went over to substitutes, beyond their price, usd; `quantity_t` is what stayed.

    Those users would have paid as all others, and now pay `substitute_price` whatever the metal costs: the demand curve
    of the part `share` of all use, above that price. Linear demand has no substitutes.
    """
    if form == LINEAR_DEMAND or not share > 0.0 or not share < 1.0:
        return 0.0
    gone = quantity_t * share / (1.0 - share)
    return demand_surplus(form, substitute_price, gone, reference, elasticity, choke_ratio, choke_power)


@inner
def count_buyers(network, layout, terms, answer, elsewhere, counts, average, countries, run):
    """Add what final users gain in money, the worth of variety, and what stock funds pay."""
    for j in range(network.route_start.size - 1):
        index, paid = answer.price_index[run, j], average[j]
        if not index == index:
            continue
        cell = layout.buyer_good[j] * countries + layout.buyer_country[j]
        final = answer.final_use_t[run, j]
        if terms.demand_t[run, j] > 0.0:
            worth = demand_surplus(
                network.demand_form[j],
                index,
                terms.demand_t[run, j],
                terms.demand_price[run, j],
                terms.demand_elasticity[run, j],
                terms.demand_choke_ratio[run, j],
                terms.demand_choke_power[run, j],
            )
            counts.consumer_usd[run, cell] += worth - (paid - index) * final
            counts.consumer_usd[run, cell] += elsewhere_surplus(
                network.demand_form[j],
                elsewhere.price[run, j],
                elsewhere.share[run, j],
                terms.demand_t[run, j],
                terms.demand_price[run, j],
                terms.demand_elasticity[run, j],
                terms.demand_choke_ratio[run, j],
                terms.demand_choke_power[run, j],
            )
        counts.variety_usd[run, cell] += (paid - index) * answer.use_t[run, j]
        counts.treasury_usd[run, cell] += paid * (answer.release_t[run, j] - answer.order_t[run, j])


@inner
def count_plants(network, layout, terms, answer, counts, average, countries, run):
    """Add what plants earn over their inputs and variable cost, support included; stored output at its price."""
    for m in range(network.plant_start.size - 1):
        net = 0.0
        for s in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
            price = answer.price[run, network.output_node[s]]
            net += network.output_per_unit[s] * price if price == price else 0.0
        for s in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
            price = average[network.input_buyer[s]]
            net -= network.input_per_unit[s] * price if price == price else 0.0
        good = layout.node_good[network.output_node[network.recipe_output_start[m]]]
        for k in range(network.plant_start[m], network.plant_start[m + 1]):
            output = answer.output_t[run, k]
            if not output > 0.0:
                continue
            spent = plant_cost(
                network.plant_form[k],
                output,
                terms.plant_capacity_t[run, k],
                terms.plant_cost[run, k],
                terms.plant_spread[run, k],
            )
            cell = good * countries + layout.plant_country[k]
            counts.producer_usd[run, cell] += (net + terms.plant_support[run, k]) * output - spent


@inner
def count_supply(layout, terms, answer, counts, countries, run):
    """Add the worth of supply that comes whatever the price, and take off what joint producers throw away."""
    for i in range(layout.node_good.size):
        price = answer.price[run, i]
        if price == price:
            cell = layout.node_good[i] * countries + layout.node_country[i]
            free = terms.node_supply_t[run, i] - answer.disposed_t[run, i]
            counts.producer_usd[run, cell] += price * free


@inner
def count_support(network, layout, answer, support_rate, counts, countries, run):
    """Take price supports from the treasuries, or users, that pay them."""
    for s in range(layout.support_payer.size):
        for p in range(layout.support_start[s], layout.support_start[s + 1]):
            k = layout.support_plants[p]
            first = network.recipe_output_start[layout.plant_recipe[k]]
            cell = layout.node_good[network.output_node[first]] * countries
            paid, told = support_rate[run, s] * answer.output_t[run, k], 0.0
            for payer in range(countries):
                told += layout.support_share[s, payer]
                if layout.support_by_users[s] > 0:
                    counts.consumer_usd[run, cell + payer] -= layout.support_share[s, payer] * paid
                else:
                    counts.treasury_usd[run, cell + payer] -= layout.support_share[s, payer] * paid
            if not told > 0.0:
                counts.treasury_usd[run, cell + layout.plant_country[k]] -= paid


@phase
def count_welfare(
    network, layout, terms, answer, elsewhere, support_rate, public_share, counts, average, countries
):
    """Fill `counts` (arrays [runs, goods * countries], zero before) for every run; `average` [B] is scratch."""
    for run in range(answer.price.shape[0]):
        count_trade(network, layout, terms, answer, public_share, counts, average, countries, run)
        count_buyers(network, layout, terms, answer, elsewhere, counts, average, countries, run)
        count_plants(network, layout, terms, answer, counts, average, countries, run)
        count_supply(layout, terms, answer, counts, countries, run)
        count_support(network, layout, answer, support_rate, counts, countries, run)
