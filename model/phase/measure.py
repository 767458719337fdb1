"""Measures at work: which are in force, what they write into a quarter's terms, what they remember.

Inside a quarter taxes and duties count by their days; a cap active for a share f of the days allows
`f limit + (1 - f) reference flow`; a floor stands at `f floor + (1 - f) last quarter's landed price`, and of
several floors the highest counts; a ban or a zero limit for the whole quarter closes its routes.
"""

import math

from model.compiled import phase, rule
from model.measure_table import BASE_QUARTERS
from model.rules.support import support_rate

#: A measure that was out of force for longer than this takes a new reference, quarters.
_FORGETS = 4
_WHOLE = 1.0 - 1e-12
_LAGGED, _BEFORE = 0, 2


@rule
def moment(table, history, run, m, step):
    """Return the position in arrays over time at which measure `m` stands."""
    if table.measure_dated[m] > 0:
        return BASE_QUARTERS + step
    age = step - int(history.measure_since[run, m])
    last = table.measure_active.shape[1] - 1
    return min(max(BASE_QUARTERS + age, BASE_QUARTERS), last)


@rule
def in_force(table, history, run, m, step):
    """Return the share of the quarter's days on which measure `m` is in force in this run."""
    if not history.measure_force[run, m] > 0.0:
        return 0.0
    return table.measure_active[m, moment(table, history, run, m, step)]


@rule
def is_exempt(table, history, run, m, r, duty):
    """Tell whether route `r` is exempt from measure `m` in this run, by a treaty in force between its two ends.

    `duty` 1: the measure is a tax or duty, which some exemptions are confined to; 0: a cap, or no export measure.
    """
    origin, destination = table.route_origin[r], table.route_destination[r]
    if origin < 0 or destination < 0:
        return False
    if table.measure_exemptible[m] > 0 and history.exempt[run, origin * table.countries + destination] > 0.0:
        return True
    freed = history.route_exempt[run, duty * table.route_origin.size + r]
    if table.measure_exemptible[m] > 0 and freed > 0.0:
        return True
    treaty = table.measure_treaty[m]
    if treaty < 0:
        return False
    first = treaty * table.countries
    both = history.treaty_member[run, first + origin] * history.treaty_member[run, first + destination]
    return both > 0.0


@rule
def is_cap_limited(table, history, run, g, step):
    """Tell whether cap `g` limits anything this quarter: some tonnes by quota, or an approval rate below 1."""
    m = table.cap_measure[g]
    if not in_force(table, history, run, m, step) > 0.0:
        return False
    rate = table.cap_rate[g, moment(table, history, run, m, step)] * history.measure_level[run, m]
    return not (table.cap_by_licence[g] > 0 and rate >= 1.0)


@phase
def enter_force(table, history, step):
    """Note which measures begin this quarter, and which routes are under an export cap."""
    for run in range(history.measure_force.shape[0]):
        for m in range(history.measure_force.shape[1]):
            if in_force(table, history, run, m, step) > 0.0:
                if step - history.measure_last_on[run, m] > _FORGETS:
                    history.measure_begin[run, m] = step
                history.measure_last_on[run, m] = step
        for r in range(history.route_restricted.shape[1]):
            history.route_restricted[run, r] = 0.0
        for g in range(table.cap_measure.size):
            if is_cap_limited(table, history, run, g, step):
                m = table.cap_measure[g]
                for e in range(table.cap_start[g], table.cap_start[g + 1]):
                    r = table.cap_route[e]
                    if not is_exempt(table, history, run, m, r, 0):
                        history.route_restricted[run, r] = 1.0


@phase
def apply_caps(table, history, terms, step):
    """Write quotas, the routes that count towards them, and close routes under a ban."""
    quotas = table.cap_measure.size
    for run in range(terms.quota_t.shape[0]):
        for g in range(quotas):
            m = table.cap_measure[g]
            for e in range(table.cap_start[g], table.cap_start[g + 1]):
                covered = not is_exempt(table, history, run, m, table.cap_route[e], 0)
                terms.quota_cover[run, table.cap_cover[e]] = 1.0 if covered else 0.0
            history.quota_limit_t[run, g] = 0.0
            history.quota_outside_t[run, g] = 0.0
            terms.quota_t[run, g] = math.inf
            active = in_force(table, history, run, m, step)
            if not active > 0.0:
                history.quota_carry_t[run, g] = 0.0
                continue
            if history.measure_begin[run, m] == step and table.cap_declared[g] == 0:
                history.quota_reference_t[run, g] = (
                    history.quota_flow_t[run, g]
                    + history.quota_flow_t[run, quotas + g]
                    + history.quota_flow_t[run, 2 * quotas + g]
                    + history.quota_flow_t[run, 3 * quotas + g]
                ) / 4.0
            at, level = moment(table, history, run, m, step), history.measure_level[run, m]
            years = max(step - max(history.measure_begin[run, m], 0.0), 0.0) / 4.0
            growth = math.exp(years * math.log1p(table.cap_growth[g]))
            reference = history.quota_reference_t[run, g] * growth
            rate, limit = table.cap_rate[g, at] * level, table.cap_limit_t[g, at] * level
            history.quota_limit_t[run, g] = active * limit
            history.quota_outside_t[run, g] = (1.0 - active) * history.quota_reference_t[run, g]
            if not is_cap_limited(table, history, run, g, step):
                continue
            carried = history.quota_carry_t[run, g]
            terms.quota_t[run, g] = active * limit + carried + (active * rate + 1.0 - active) * reference
            if active > _WHOLE and limit <= 0.0 and rate <= 0.0:
                terms.quota_t[run, g] = 0.0
                for e in range(table.cap_start[g], table.cap_start[g + 1]):
                    if terms.quota_cover[run, table.cap_cover[e]] > 0.0:
                        terms.route_weight[run, table.cap_route[e]] = 0.0


@phase
def apply_costs(table, history, terms, step):
    """Write taxes, duties and tariffs; those of several measures add."""
    for run in range(terms.route_export_tax.shape[0]):
        for r in range(terms.route_export_tax.shape[1]):
            terms.route_export_tax[run, r] = 0.0
            terms.route_export_duty[run, r] = 0.0
            terms.route_tariff[run, r] = 0.0
            terms.route_import_duty[run, r] = 0.0
        for c in range(table.cost_measure.size):
            m = table.cost_measure[c]
            if not history.measure_force[run, m] > 0.0:
                continue
            what = table.cost_what[c]
            amount = table.cost_value[c, moment(table, history, run, m, step)]
            amount *= history.measure_level[run, m]
            if amount == 0.0:
                continue
            for e in range(table.cost_start[c], table.cost_start[c + 1]):
                r = table.cost_route[e]
                if is_exempt(table, history, run, m, r, 1):
                    continue
                if what == 0:
                    terms.route_export_tax[run, r] += amount
                elif what == 1:
                    terms.route_export_duty[run, r] += amount
                elif what == 2:
                    terms.route_tariff[run, r] += amount
                else:
                    terms.route_import_duty[run, r] += amount


@rule
def index_price(table, history, run, i, back):
    """Return reference price `i` of so many quarters back (0: the last one), NaN where no node had a price."""
    nodes = history.node_price.shape[1] // 4
    amount, total = 0.0, 0.0
    for p in range(table.index_start[i], table.index_start[i + 1]):
        value = history.node_price[run, (3 - back) * nodes + table.index_node[p]]
        if value == value:
            amount += table.index_weight[p] * value
            total += table.index_weight[p]
    return amount / total if total > 0.0 else math.nan


@rule
def index_mean(table, history, run, i):
    """Return the mean of reference price `i` over the last four quarters."""
    first = index_price(table, history, run, i, 3) + index_price(table, history, run, i, 2)
    return (first + index_price(table, history, run, i, 1) + index_price(table, history, run, i, 0)) / 4.0


@rule
def floor_height(table, history, run, f, step):
    """Return the full height of floor `f`, usd_per_t; remember its reference when it begins."""
    m = table.floor_measure[f]
    level = history.measure_level[run, m]
    i = table.floor_index[f]
    if i < 0:
        return table.floor_price[f, moment(table, history, run, m, step)] * level
    kind = table.index_kind[i]
    height = index_price(table, history, run, i, 0) if kind == _LAGGED else index_mean(table, history, run, i)
    if kind == _BEFORE:
        if history.measure_begin[run, m] == step:
            history.index_reference[run, i] = height
        height = history.index_reference[run, i]
    return table.index_share[i] * level * height if height == height else 0.0


@phase
def apply_floors(table, history, terms, step):
    """Write minimum landed prices and who gets the top-up; the highest floor of a route counts."""
    for run in range(terms.route_floor.shape[0]):
        for r in range(terms.route_floor.shape[1]):
            terms.route_floor[run, r] = 0.0
            history.floor_public_share[run, r] = 0.0
            history.floor_measure[run, r] = -1.0
        for f in range(table.floor_measure.size):
            m = table.floor_measure[f]
            active = in_force(table, history, run, m, step)
            if not active > 0.0:
                continue
            whole = floor_height(table, history, run, f, step)
            for e in range(table.floor_start[f], table.floor_start[f + 1]):
                r = table.floor_route[e]
                if is_exempt(table, history, run, m, r, 0):
                    continue
                height = whole
                if active < 1.0:
                    landed = history.landed_price[run, r]
                    height = active * whole + (1.0 - active) * (landed if landed == landed else whole)
                if height > terms.route_floor[run, r]:
                    terms.route_floor[run, r] = height
                    history.floor_public_share[run, r] = table.floor_public[f]
                    history.floor_measure[run, r] = m


@phase
def apply_supports(table, history, terms, step):
    """Write what supported plants are paid per tonne, and what a measure adds to plants' costs."""
    for run in range(terms.plant_support.shape[0]):
        for k in range(terms.plant_support.shape[1]):
            terms.plant_support[run, k] = 0.0
        for s in range(table.support_measure.size):
            m = table.support_measure[s]
            active = in_force(table, history, run, m, step)
            history.support_usd_per_t[run, s] = 0.0
            if not active > 0.0:
                continue
            at, level = moment(table, history, run, m, step), history.measure_level[run, m]
            i = table.support_index[s]
            rate = active * level * table.support_flat[s, at]
            if i >= 0:
                rate += active * support_rate(
                    table.support_strike[s, at] * level,
                    table.support_upside_price[s] * level,
                    table.support_upside_share[s],
                    index_price(table, history, run, i, 0),
                    history.support_output_t[run, s],
                    table.support_volume_t[s],
                    table.support_outlay_usd[s],
                    table.support_payback_usd[s],
                )
            history.support_usd_per_t[run, s] = rate
            for p in range(table.support_start[s], table.support_start[s + 1]):
                terms.plant_support[run, table.support_plant[p]] += rate
        for d in range(table.dearer_measure.size):
            m = table.dearer_measure[d]
            if not history.measure_force[run, m] > 0.0:
                continue
            added = table.dearer_value[d, moment(table, history, run, m, step)]
            for p in range(table.dearer_start[d], table.dearer_start[d + 1]):
                terms.plant_cost[run, table.dearer_plant[p]] += added * history.measure_level[run, m]


@phase
def apply_stocks(table, history, terms, step):
    """Write states' orders, and releases within what they hold."""
    for run in range(terms.buyer_order_t.shape[0]):
        for j in range(terms.buyer_order_t.shape[1]):
            terms.buyer_order_t[run, j] = 0.0
            terms.buyer_release_t[run, j] = 0.0
        for s in range(table.stock_measure.size):
            m = table.stock_measure[s]
            if not history.measure_force[run, m] > 0.0:
                continue
            at, level, j = (
                moment(table, history, run, m, step),
                history.measure_level[run, m],
                table.stock_buyer[s],
            )
            terms.buyer_order_t[run, j] += level * table.stock_buy_t[s, at]
            terms.buyer_release_t[run, j] += level * table.stock_release_t[s, at]
        for j in range(terms.buyer_order_t.shape[1]):
            held = history.state_stock_t[run, j]
            terms.buyer_release_t[run, j] = min(terms.buyer_release_t[run, j], held)


@phase
def apply_preferences(table, history, network, terms, step):
    """Multiply preferences for the kinds of supplier that measures favour; each buyer's sum stays what it was."""
    for run in range(terms.route_weight.shape[0]):
        for p in range(table.preference_measure.size):
            m = table.preference_measure[p]
            if not in_force(table, history, run, m, step) > 0.0:
                continue
            factor = table.preference_factor[p, moment(table, history, run, m, step)]
            factor = 1.0 + (factor - 1.0) * history.measure_level[run, m]
            for e in range(table.preference_start[p], table.preference_start[p + 1]):
                r = table.preference_route[e]
                j = network.route_buyer[r]
                first, last = network.route_start[j], network.route_start[j + 1]
                before, after = 0.0, 0.0
                for q in range(first, last):
                    before += terms.route_weight[run, q]
                    after += terms.route_weight[run, q] * (factor if q == r else 1.0)
                terms.route_weight[run, r] *= factor
                for q in range(first, last):
                    terms.route_weight[run, q] *= before / after if after > 0.0 else 1.0


@phase
def remember(table, history, answer, quarter, cover):
    """Note the quarter's flows, prices, output and stocks; carry what is left of a period's limit. `quarter`: index."""
    quotas, nodes = table.cap_measure.size, answer.price.shape[1]
    for run in range(answer.price.shape[0]):
        for g in range(quotas):
            flow = 0.0
            for e in range(table.cap_start[g], table.cap_start[g + 1]):
                flow += cover[run, table.cap_cover[e]] * answer.flow_t[run, table.cap_route[e]]
            limit = history.quota_limit_t[run, g]
            used = max(flow - history.quota_outside_t[run, g], 0.0)
            left = limit + history.quota_carry_t[run, g] - used
            ends = (quarter + 1) % table.cap_period[g] == 0
            history.quota_carry_t[run, g] = 0.0 if ends or limit <= 0.0 else max(left, 0.0)
            for back in range(3):
                later = history.quota_flow_t[run, (back + 1) * quotas + g]
                history.quota_flow_t[run, back * quotas + g] = later
            history.quota_flow_t[run, 3 * quotas + g] = flow
        for i in range(3 * nodes):
            history.node_price[run, i] = history.node_price[run, i + nodes]
        for i in range(nodes):
            history.node_price[run, 3 * nodes + i] = answer.price[run, i]
        for s in range(table.support_measure.size):
            made = 0.0
            for p in range(table.support_start[s], table.support_start[s + 1]):
                made += answer.output_t[run, table.support_plant[p]]
            history.support_output_t[run, s] = made
        for r in range(answer.flow_t.shape[1]):
            history.landed_price[run, r] = answer.landed_price[run, r]
        for j in range(history.state_stock_t.shape[1]):
            held = history.state_stock_t[run, j] + answer.order_t[run, j] - answer.release_t[run, j]
            history.state_stock_t[run, j] = max(held, 0.0)
