"""Drift: what moves by itself between quarters: demand, substitution, recycling, learning, risk, outages."""

import math

from model.compiled import inner, phase
from model.draw import DEMAND_DISTURBANCE, OUTAGE, TENSION, normal, uniform
from model.parameter import FAMILIES, POSITION
from model.rules.demand import disturb, revert, substitute
from model.rules.expectation import expect
from model.rules.leak import enforced, held_back_t, police
from model.rules.learning import cost_ratio
from model.rules.operation import after_outage, outage_size
from model.rules.qualification import adapt_taste, wanted_taste
from model.rules.recycling import ageing_t, grow_share, recovered_t
from model.rules.risk import perceive, price_signal, tension

_PERSIST, _DEVIATION = POSITION["demand_persistence"], POSITION["demand_noise"]
_SUB_SPEED, _SUB_MOST = POSITION["substitution_speed"], POSITION["substitution_most"]
_SUB_FROM, _SUB_STAY = POSITION["substitution_threshold"], POSITION["substitution_permanent"]
_SUB_POWER = POSITION["substitution_power"]
_REC_POWER, _REC_GROWTH = POSITION["recycling_power"], POSITION["recycling_growth"]
_REC_MOST, _LEARN_LEAST = POSITION["recycling_most"], POSITION["learning_least"]
_YEARS = POSITION["learning_experience_years"]
_RISE, _FALL, _FROM_PRICE = POSITION["risk_rise"], POSITION["risk_fall"], POSITION["risk_from_price"]
_MARKUP, _TASTE = POSITION["risk_markup"], POSITION["taste_speed"]
_HIT, _HIT_SHARE, _HIT_DECAY = (
    POSITION["outage_probability"],
    POSITION["outage_share"],
    POSITION["outage_decay"],
)
_HIT_MOST = POSITION["outage_most"]
_T_PERSIST, _T_RISE = POSITION["tension_persistence"], POSITION["tension_from_restriction"]
_T_NOISE = POSITION["tension_noise"]
_LIFE = POSITION[f"life_{FAMILIES[0]}"]
_PER_FAMILY = POSITION[f"life_{FAMILIES[1]}"] - POSITION[f"life_{FAMILIES[0]}"]
_RECYCLING = POSITION[f"recycling_{FAMILIES[0]}"]
_POLICE, _FORGET = POSITION["policing_speed"], POSITION["policing_fade"]
_USE_SPEED = 0.25
#: A quota refuses buyers where its wedge is more than this share of a typical price.
_BINDS = 1e-3


@phase
def drift_demand(layout, columns, answer, values, seed, first_run, step):
    """Move disturbances of demand, substitution, and the use that stock targets are set on."""
    for run in range(values.shape[0]):
        for j in range(layout.buyer_good.size):
            luck = normal(uniform(seed, first_run + run, step, DEMAND_DISTURBANCE, layout.buyer_luck[j]))
            columns.buyer_disturbance[run, j] = disturb(
                columns.buyer_disturbance[run, j], values[run, _PERSIST], values[run, _DEVIATION], luck
            )
            ratio = columns.buyer_expected_price[run, j] / layout.buyer_base_price[j]
            share, forever = columns.buyer_substituted[run, j], columns.buyer_substituted_forever[run, j]
            grown = substitute(
                share,
                ratio,
                values[run, _SUB_FROM],
                values[run, _SUB_SPEED] * columns.buyer_substitution_factor[run, j],
                values[run, _SUB_MOST],
                values[run, _SUB_POWER],
            )
            undone = revert(share, forever, ratio, values[run, _SUB_FROM], values[run, _SUB_SPEED])
            columns.buyer_substituted[run, j] = share + grown - undone
            columns.buyer_substituted_forever[run, j] = forever + values[run, _SUB_STAY] * grown
            columns.buyer_smooth_use_t[run, j] = expect(
                columns.buyer_smooth_use_t[run, j], answer.use_t[run, j], _USE_SPEED
            )


@phase
def drift_recycling(network, layout, columns, answer, values):
    """Age products in use, discard the oldest, and set what recyclers may recover next quarter."""
    for run in range(values.shape[0]):
        recycle(layout, columns, answer, values, run)


@inner
def recycle(layout, columns, answer, values, run):
    """Age the products of one run by a quarter, and set what its recyclers may recover."""
    for j in range(layout.buyer_good.size):
        life = 4.0 * values[run, _LIFE + _PER_FAMILY * layout.buyer_life_quarters_good[j]]
        entering = 0.0
        for e in range(layout.embodied_start[j], layout.embodied_start[j + 1]):
            entering += layout.embodied_rate[e] * answer.final_use_t[run, layout.embodied_buyer[e]]
        entering *= columns.buyer_scrap_multiple[run, j]
        young, middle, old = (
            columns.buyer_use_young_t[run, j],
            columns.buyer_use_middle_t[run, j],
            columns.buyer_use_old_t[run, j],
        )
        leave_young, leave_middle = ageing_t(young, life), ageing_t(middle, life)
        leave_old = ageing_t(old, life)
        columns.buyer_use_young_t[run, j] = young + entering - leave_young
        columns.buyer_use_middle_t[run, j] = middle + leave_young - leave_middle
        columns.buyer_use_old_t[run, j] = old + leave_middle - leave_old
        columns.buyer_discard_t[run, j] = leave_old
        columns.buyer_heap_t[run, j] += leave_old
    for p in range(layout.recycler_plant.size):
        k, j = layout.recycler_plant[p], layout.recycler_buyer[p]
        if j < 0:
            continue
        columns.buyer_heap_t[run, j] = max(0.0, columns.buyer_heap_t[run, j] - answer.output_t[run, k])
        ratio = columns.buyer_price[run, j] / layout.buyer_base_price[j]
        share = grow_share(
            columns.plant_recycled_share[run, k],
            values[run, _RECYCLING + _PER_FAMILY * layout.buyer_life_quarters_good[j]],
            ratio,
            values[run, _REC_GROWTH] * columns.buyer_recycling_factor[run, j],
            values[run, _REC_MOST],
        )
        columns.plant_recycled_share[run, k] = share
        columns.plant_installed_t[run, k] = recovered_t(
            columns.buyer_discard_t[run, j], share, ratio, values[run, _REC_POWER], 0.98
        )


@phase
def drift_leaks(network, layout, columns, terms, answer, values, step):
    """Find what measures held back around each leak, its price where it was to go, and what customs learned."""
    for run in range(values.shape[0]):
        for n in range(layout.leak_plant.size):
            k, source = layout.leak_plant[n], layout.leak_source[n]
            i = network.output_node[network.recipe_output_start[layout.plant_recipe[k]]]
            growth = layout.outlook[layout.node_good[i], step]
            held, worth = 0.0, 0.0
            for p in range(layout.node_route_start[source], layout.node_route_start[source + 1]):
                r = layout.node_routes[p]
                if layout.route_origin[r] != layout.route_destination[r]:
                    share = columns.route_held_share[run, r]
                    tonnes = held_back_t(layout.route_usual_t[r], growth, share)
                    held += tonnes
                    worth += tonnes * columns.buyer_price[run, network.route_buyer[r]]
            columns.node_held_t[run, i] = held
            if held > 0.0:
                columns.node_outside_price[run, i] = worth / held
            capacity, c = terms.plant_capacity_t[run, k], layout.node_country[i]
            used = answer.output_t[run, k] / capacity if capacity > 0.0 else 0.0
            columns.node_policing[run, i] = police(
                columns.node_policing[run, i],
                enforced(columns.country_enforcement[run, c], columns.country_enforcement_factor[run, c]),
                used,
                values[run, _POLICE],
                values[run, _FORGET],
            )


@phase
def drift_cost(network, layout, columns, values):
    """Let cash cost fall with cumulative output, and host metals grow."""
    for run in range(values.shape[0]):
        for s in range(layout.site_node.size):
            i = layout.site_node[s]
            columns.node_cost_ratio[run, i] = cost_ratio(
                columns.node_cumulative_t[run, i],
                layout.node_experience_t[i] * values[run, _YEARS],
                columns.site_learning[run, s],
                values[run, _LEARN_LEAST],
            )
            growth = layout.plant_host_growth[layout.site_new_plant[s]]
            columns.site_room_t[run, s] *= math.exp(0.25 * math.log1p(growth))


@inner
def refused_share(network, columns, terms, answer, run, r):
    """Return the part of a route's usual flow that buyers are refused: what is held back, unless quotas are slack."""
    if terms.route_weight[run, r] > 0.0:
        binds = False
        for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
            g = network.route_quota[s]
            asked = answer.wedge[run, g] / network.market_price_scale[network.quota_market[g]]
            if terms.quota_cover[run, s] > 0.0 and (terms.quota_t[run, g] <= 0.0 or asked > _BINDS):
                binds = True
        if not binds:
            return 0.0
    return min(columns.route_held_share[run, r], 1.0)


@phase
def drift_risk(network, layout, columns, terms, answer, values, seed, first_run, step):
    """Move outages, the risk buyers see, tension between countries, and taste for suppliers."""
    countries = columns.country_rent_usd.shape[1]
    for run in range(values.shape[0]):
        for i in range(layout.node_good.size):
            hit = uniform(seed, first_run + run, step, OUTAGE, layout.node_luck[i]) < values[run, _HIT]
            size = outage_size(values[run, _HIT_SHARE], values[run, _HIT_MOST], layout.node_base_share[i])
            columns.node_outage_share[run, i] = after_outage(
                columns.node_outage_share[run, i], hit, size, values[run, _HIT_DECAY]
            )
            columns.node_risk[run, i] = perceive(
                columns.node_risk[run, i],
                columns.node_restricted_share[run, i],
                values[run, _RISE],
                values[run, _FALL],
            )
        for j in range(layout.buyer_good.size):
            held, usual = 0.0, 0.0
            sharpness = network.market_sharpness[network.buyer_market[j]] * layout.buyer_base_price[j]
            for r in range(network.route_start[j], network.route_start[j + 1]):
                i = network.route_node[r]
                at_home = layout.route_origin[r] == layout.route_destination[r]
                risk = 0.0 if at_home else columns.node_risk[run, i]
                usual += layout.route_usual_t[r]
                if not at_home:
                    held += layout.route_usual_t[r] * refused_share(network, columns, terms, answer, run, r)
                wanted = wanted_taste(risk, values[run, _MARKUP], sharpness)
                columns.route_taste[run, r] = adapt_taste(
                    columns.route_taste[run, r], wanted, values[run, _TASTE]
                )
            signal = price_signal(
                columns.buyer_price[run, j], columns.buyer_expected_price[run, j], values[run, _FROM_PRICE]
            )
            signal = max(signal, held / usual if usual > 0.0 else 0.0)
            columns.buyer_risk[run, j] = perceive(
                columns.buyer_risk[run, j],
                signal,
                values[run, _RISE] * columns.buyer_risk_factor[run, j],
                values[run, _FALL],
            )
        for c in range(countries * countries):
            if c // countries == c % countries:
                continue
            luck = normal(uniform(seed, first_run + run, step, TENSION, layout.pair_luck[c]))
            strain = columns.pair_strain[run, c] * values[run, _T_RISE]
            columns.tension[run, c] = tension(
                columns.tension[run, c],
                layout.pair_usual[c],
                values[run, _T_PERSIST],
                strain,
                values[run, _T_NOISE] * luck,
            )
