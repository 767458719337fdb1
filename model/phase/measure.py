"""Measures at work: which are in force, what they write into a quarter's terms, what they remember.

Inside a quarter taxes and duties count by their days; a cap active for a share f of the days allows
`f limit + (1 - f) reference flow`; a floor stands at `f floor + (1 - f) last quarter's landed price`, and of
several floors the highest counts; a ban or a zero limit for the whole quarter closes its routes.
"""

import math

from model.compiled import inner, phase
from model.measure_table import BASE_QUARTERS, PRICE_QUARTERS
from model.rules.stock import DAYS_PER_QUARTER
from model.rules.stockpile import buy_t, is_short, let_go_t, refill_t, stock_gap
from model.rules.support import capped_duty, offtake_rate, support_rate

#: A measure that was out of force for longer than this takes a new reference, quarters.
_FORGETS = 4
_WHOLE = 1.0 - 1e-12
_LAGGED, _BEFORE = 0, 2
_EXPORT, _OUTPUT = 0, 1
_UNCAPPED, _DECLARED = -1, -2
#: Share by which the use that stock rules go by follows a quarter's: a mean of about eight quarters.
_USE_SPEED = 0.125
#: Prices ahead of the run are known without chance; those that stock rules see lie as far below or above them.
_SWING = 0.05


@inner
def date_of(history, run, step):
    """Return the quarter at which measures stand: `step`, or as many quarters on as a look is ahead of it."""
    return step + int(history.ahead[run, 0])


@inner
def moment(table, history, run, m, step):
    """Return the position in arrays over time at which measure `m` stands."""
    date, last = date_of(history, run, step), table.measure_active.shape[1] - 1
    if table.measure_dated[m] > 0:
        return min(BASE_QUARTERS + date, last)
    age = date - int(history.measure_since[run, m])
    return min(max(BASE_QUARTERS + age, BASE_QUARTERS), last)


@inner
def in_force(table, history, run, m, step):
    """Return the share of the quarter's days on which measure `m` is in force in this run."""
    if not history.measure_force[run, m] > 0.0:
        return 0.0
    return table.measure_active[m, moment(table, history, run, m, step)]


@inner
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


@inner
def is_cap_limited(table, history, run, g, step):
    """Tell whether cap `g` limits anything this quarter: some tonnes by quota, or an approval rate below 1."""
    m = table.cap_measure[g]
    if not in_force(table, history, run, m, step) > 0.0:
        return False
    rate = table.cap_rate[g, moment(table, history, run, m, step)] * history.measure_level[run, m]
    free = table.cap_by_licence[g] > 0 and table.cap_side[g] != _OUTPUT
    return not (free and rate >= 1.0)


@phase
def enter_force(table, history, step):
    """Note which measures begin this quarter, and which routes are under an export cap."""
    for run in range(history.measure_force.shape[0]):
        date = date_of(history, run, step)
        for m in range(history.measure_force.shape[1]):
            if in_force(table, history, run, m, step) > 0.0:
                if date - history.measure_last_on[run, m] > _FORGETS:
                    history.measure_begin[run, m] = date
                history.measure_last_on[run, m] = date
        for r in range(history.route_restricted.shape[1]):
            history.route_restricted[run, r] = 0.0
        for g in range(table.cap_measure.size):
            if table.cap_side[g] == _EXPORT and is_cap_limited(table, history, run, g, step):
                m = table.cap_measure[g]
                for e in range(table.cap_start[g], table.cap_start[g + 1]):
                    r = table.cap_route[e]
                    if not is_exempt(table, history, run, m, r, 0):
                        history.route_restricted[run, r] = 1.0


@inner
def is_certified(table, history, run, g, r):
    """Tell whether route `r` comes from producers with the certificate that cap `g` asks for."""
    d, origin = table.cap_certificate[g], table.route_origin[r]
    if d < 0 or origin < 0:
        return False
    return history.certified[run, d * table.countries + origin] > 0.0


@phase
def apply_caps(table, history, terms, step):
    """Write quotas, the routes that count towards them, and close routes under a ban."""
    quotas = table.cap_measure.size
    for run in range(terms.quota_t.shape[0]):
        date = date_of(history, run, step)
        for g in range(quotas):
            m = table.cap_measure[g]
            for e in range(table.cap_start[g], table.cap_start[g + 1]):
                r = table.cap_route[e]
                covered = not is_exempt(table, history, run, m, r, 0)
                covered = covered and not is_certified(table, history, run, g, r)
                terms.quota_cover[run, table.cap_cover[e]] = 1.0 if covered else 0.0
            history.quota_limit_t[run, g] = 0.0
            history.quota_outside_t[run, g] = 0.0
            terms.quota_t[run, g] = math.inf
            active = in_force(table, history, run, m, step)
            if not active > 0.0:
                history.quota_carry_t[run, g] = 0.0
                continue
            begins = history.measure_begin[run, m] == date or table.cap_rolling[g] > 0
            if begins and table.cap_declared[g] == 0:
                history.quota_reference_t[run, g] = (
                    history.quota_flow_t[run, g]
                    + history.quota_flow_t[run, quotas + g]
                    + history.quota_flow_t[run, 2 * quotas + g]
                    + history.quota_flow_t[run, 3 * quotas + g]
                ) / 4.0
            at, level = moment(table, history, run, m, step), history.measure_level[run, m]
            years = max(date - max(history.measure_begin[run, m], 0.0), 0.0) / 4.0
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


@inner
def index_price(table, history, run, i, back):
    """Return reference price `i` of so many quarters back (0: the last one), NaN where no node had a price."""
    nodes = history.node_price.shape[1] // PRICE_QUARTERS
    first = max(PRICE_QUARTERS - 1 - back, 0) * nodes
    amount, total = 0.0, 0.0
    for p in range(table.index_start[i], table.index_start[i + 1]):
        value = history.node_price[run, first + table.index_node[p]]
        if value == value:
            amount += table.index_weight[p] * value
            total += table.index_weight[p]
    return amount / total if total > 0.0 else math.nan


@inner
def index_mean(table, history, run, i):
    """Return the mean of reference price `i` over four quarters, up to its lag."""
    lag = table.index_lag[i] - 1
    first = index_price(table, history, run, i, lag + 3) + index_price(table, history, run, i, lag + 2)
    return (
        first + index_price(table, history, run, i, lag + 1) + index_price(table, history, run, i, lag)
    ) / 4.0


@inner
def index_long_mean(table, history, run, i):
    """Return the mean of reference price `i` over all quarters remembered, NaN where none is known."""
    amount, known = 0.0, 0
    for back in range(PRICE_QUARTERS):
        value = index_price(table, history, run, i, back)
        if value == value:
            amount += value
            known += 1
    return amount / known if known > 0 else math.nan


@inner
def index_before(table, history, run, i, m, step):
    """Return the mean of reference price `i` before measure `m` began; it is remembered in the first quarter."""
    if history.measure_begin[run, m] == date_of(history, run, step):
        history.index_reference[run, i] = index_mean(table, history, run, i)
    return history.index_reference[run, i]


@inner
def margin_duty(table, history, run, c, m, step, duty):
    """Return the duty of cost `c` (share of customs value) within its dumping and injury margins."""
    declared = table.cost_normal[c] == _DECLARED
    normal = table.cost_normal_usd[c]
    if not declared:
        normal = index_before(table, history, run, table.cost_normal[c], m, step)
    export = index_before(table, history, run, table.cost_export[c], m, step)
    injury = math.nan
    if table.cost_injury[c] >= 0:
        injury = index_before(table, history, run, table.cost_injury[c], m, step)
    return capped_duty(duty, normal, export, injury)


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
            if table.cost_normal[c] != _UNCAPPED:
                amount = margin_duty(table, history, run, c, m, step, amount)
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


@inner
def floor_height(table, history, run, f, step):
    """Return the full height of floor `f`, usd_per_t; remember its reference when it begins."""
    m = table.floor_measure[f]
    level = history.measure_level[run, m]
    i = table.floor_index[f]
    declared = table.floor_price[f, moment(table, history, run, m, step)] * level
    if i < 0:
        return declared
    kind = table.index_kind[i]
    if kind == _BEFORE:
        height = index_before(table, history, run, i, m, step)
    elif kind == _LAGGED:
        height = index_price(table, history, run, i, table.index_lag[i] - 1)
    else:
        height = index_mean(table, history, run, i)
    return declared + table.index_share[i] * level * height if height == height else declared


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
        for d in range(table.product_floor.size):
            f = table.product_floor[d]
            m = table.floor_measure[f]
            active = in_force(table, history, run, m, step)
            if not active > 0.0:
                continue
            for e in range(table.product_start[d], table.product_start[d + 1]):
                r = table.product_route[e]
                if is_exempt(table, history, run, m, r, 0):
                    continue
                passed = active * table.product_content[d] * raw_topup(table, history, run, e)
                landed = history.landed_price[run, r]
                if passed <= 0.0:
                    continue
                if table.floor_public[f] > 0.0:
                    terms.route_import_duty[run, r] += passed
                elif landed == landed:
                    height = landed - history.topup_usd_per_t[run, r] + passed
                    if height > terms.route_floor[run, r]:
                        terms.route_floor[run, r] = height
                        history.floor_public_share[run, r] = 0.0
                        history.floor_measure[run, r] = m


@inner
def raw_topup(table, history, run, e):
    """Return what floors added last quarter to the good that the product on entry `e` holds, usd_per_t of the good."""
    amount, known = 0.0, 0
    for p in range(table.product_raw_start[e], table.product_raw_start[e + 1]):
        r = table.product_raw[p]
        if history.landed_price[run, r] == history.landed_price[run, r]:
            amount += history.topup_usd_per_t[run, r]
            known += 1
    return amount / known if known > 0 else 0.0


@inner
def contracted_t(table, history, run, s, step):
    """Return the tonnes of all offtakes in force on the output that offtake `s` is from, so that none is sold twice."""
    total = 0.0
    for other in range(table.support_measure.size):
        if table.support_discount[other] < 0.0:
            continue
        if not in_force(table, history, run, table.support_measure[other], step) > 0.0:
            continue
        if share_plants(table, s, other):
            total += table.support_volume_t[other]
    return total


@inner
def share_plants(table, s, other):
    """Tell whether two supports have a plant in common."""
    for p in range(table.support_start[s], table.support_start[s + 1]):
        for q in range(table.support_start[other], table.support_start[other + 1]):
            if table.support_plant[p] == table.support_plant[q]:
                return True
    return False


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
            if i >= 0 and table.support_discount[s] >= 0.0:
                rate += active * offtake_rate(
                    table.support_strike[s, at] * level,
                    table.support_discount[s],
                    table.support_take[s],
                    index_price(table, history, run, i, 0),
                    history.support_output_t[run, s],
                    table.support_volume_t[s],
                    contracted_t(table, history, run, s, step),
                )
            elif i >= 0:
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
        for d in range(table.certificate_cap.size):
            m = table.certificate_measure[d]
            active = in_force(table, history, run, m, step)
            added = active * table.certificate_usd_per_t[d, moment(table, history, run, m, step)]
            for p in range(table.certificate_start[d], table.certificate_start[d + 1]):
                c = table.certificate_country[p]
                if added > 0.0 and c >= 0 and history.certified[run, d * table.countries + c] > 0.0:
                    terms.plant_cost[run, table.certificate_plant[p]] += added


@inner
def lacks_t(table, history, run, u, step):
    """Return what the state of stock rule `u` lacks (t) beyond its last release, 0 while its rule calls for none."""
    m, j, i = table.rule_measure[u], table.rule_buyer[u], table.rule_index[u]
    if not in_force(table, history, run, m, step) > 0.0:
        return 0.0
    usual, bought = history.usual_use_t[run, j], history.bought_t[run, j]
    price, mean = index_price(table, history, run, i, 0), index_long_mean(table, history, run, i)
    if not is_short(price, mean, table.rule_release_above[u], usual, bought, table.rule_short_share[u]):
        return 0.0
    return max(0.0, usual - bought - history.rule_release_t[run, u])


@inner
def group_part_t(table, history, run, u, step):
    """Return rule `u`'s part (t) of what all members of its response group lack, by entitlement: their targets.

    What each lacks stands where its order will.
    """
    lacking, targets, own = 0.0, 0.0, 0.0
    for v in range(table.rule_group.size):
        m = table.rule_measure[v]
        if table.rule_group[v] != table.rule_group[u] or not in_force(table, history, run, m, step) > 0.0:
            continue
        target = table.rule_target_t[v, moment(table, history, run, m, step)] * history.measure_level[run, m]
        lacking += history.rule_order_t[run, v]
        targets += target
        own += target if v == u else 0.0
    return lacking * own / targets if targets > 0.0 else 0.0


@inner
def move_by_rule(table, history, run, u, step, swing):
    """Write what stock rule `u` orders and releases this quarter; what its group asks of it stands in its release.

    It sees the price of last quarter times `swing`.
    """
    helped = history.rule_release_t[run, u] if table.rule_group[u] >= 0 else 0.0
    if table.rule_group[u] >= 0:
        history.rule_owed_t[run, u] = 0.0
    history.rule_order_t[run, u] = 0.0
    history.rule_release_t[run, u] = 0.0
    m, j, i = table.rule_measure[u], table.rule_buyer[u], table.rule_index[u]
    active = in_force(table, history, run, m, step)
    if not active > 0.0:
        return
    at = moment(table, history, run, m, step)
    price, mean = swing * index_price(table, history, run, i, 0), index_long_mean(table, history, run, i)
    usual, bought = history.usual_use_t[run, j], history.bought_t[run, j]
    vault = table.rule_strike[u] >= 0.0
    held = history.rule_stock_t[run, u]
    if not vault:
        held = history.state_stock_t[run, j]
        for other in range(table.rule_measure.size):
            if table.rule_buyer[other] == j:
                held = max(0.0, held - history.rule_stock_t[run, other])
    level = history.measure_level[run, m]
    days_t = level * table.rule_target_days[u, at] / DAYS_PER_QUARTER * usual
    target = days_t + level * table.rule_target_t[u, at]
    gap = stock_gap(target, table.rule_capacity_t[u], held, table.rule_build_quarters[u])
    short = is_short(price, mean, table.rule_release_above[u], usual, bought, table.rule_short_share[u])
    supply, most = history.rule_supply_t[run, u], table.rule_buy_most[u]
    if short and vault:
        if price > table.rule_strike[u]:
            history.rule_release_t[run, u] = active * held / max(table.rule_release_quarters[u], 1.0)
    elif short:
        lacking = max(usual - bought, helped)
        history.rule_release_t[run, u] = active * let_go_t(
            held, table.rule_release_quarters[u], table.rule_release_share[u], lacking, 0.0
        )
    elif helped > 0.0:
        history.rule_owed_t[run, u] = 1.0
        history.rule_release_t[run, u] = active * let_go_t(
            held, table.rule_release_quarters[u], table.rule_release_share[u], helped, 0.0
        )
    elif vault:
        owed = history.rule_owed_t[run, u]
        quarters = table.rule_refill_quarters[u]
        history.rule_order_t[run, u] = active * refill_t(
            gap, owed, price, table.rule_strike[u], quarters, most, supply
        )
    else:
        history.rule_order_t[run, u] = active * buy_t(gap, price, mean, table.rule_buy_below[u], most, supply)


@inner
def move_rules(table, history, run, step):
    """Write what all stock rules of a run order and release this quarter, response groups together.

    Ahead of the run a rule is asked at a price a swing below and one above what is known, and half of each counts: with
    no swing a steady price would lie neither above nor below its mean.
    """
    for u in range(table.rule_measure.size):
        if table.rule_group[u] >= 0:
            history.rule_order_t[run, u] = lacks_t(table, history, run, u, step)
    for u in range(table.rule_measure.size):
        if table.rule_group[u] >= 0:
            history.rule_release_t[run, u] = group_part_t(table, history, run, u, step)
    for u in range(table.rule_measure.size):
        if not history.ahead[run, 0] > 0.0:
            move_by_rule(table, history, run, u, step, 1.0)
            continue
        helped = history.rule_release_t[run, u]
        move_by_rule(table, history, run, u, step, 1.0 - _SWING)
        order, release = history.rule_order_t[run, u], history.rule_release_t[run, u]
        history.rule_release_t[run, u] = helped
        move_by_rule(table, history, run, u, step, 1.0 + _SWING)
        history.rule_order_t[run, u] = 0.5 * (order + history.rule_order_t[run, u])
        history.rule_release_t[run, u] = 0.5 * (release + history.rule_release_t[run, u])


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
        move_rules(table, history, run, step)
        for u in range(table.rule_measure.size):
            terms.buyer_order_t[run, table.rule_buyer[u]] += history.rule_order_t[run, u]
            terms.buyer_release_t[run, table.rule_buyer[u]] += history.rule_release_t[run, u]
        for j in range(terms.buyer_order_t.shape[1]):
            history.priority_t[run, j] = 0.0
        for p in range(table.priority_measure.size):
            m, j = table.priority_measure[p], table.priority_buyer[p]
            if not history.measure_force[run, m] > 0.0:
                continue
            share = table.priority_share[p, moment(table, history, run, m, step)]
            first = min(share * history.measure_level[run, m], 1.0) * terms.demand_t[run, j]
            terms.demand_t[run, j] -= first
            terms.buyer_order_t[run, j] += first
            history.priority_t[run, j] += first
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


@inner
def remember_prices(history, answer, run):
    """Note the quarter's prices inside as the last of those remembered; the oldest are forgotten."""
    nodes = answer.price.shape[1]
    last = (PRICE_QUARTERS - 1) * nodes
    for i in range(last):
        history.node_price[run, i] = history.node_price[run, i + nodes]
    for i in range(nodes):
        history.node_price[run, last + i] = answer.price[run, i]


@inner
def remember_output(table, history, answer, run):
    """Note what the plants under each support made."""
    for s in range(table.support_measure.size):
        made = 0.0
        for p in range(table.support_start[s], table.support_start[s + 1]):
            made += answer.output_t[run, table.support_plant[p]]
        history.support_output_t[run, s] = made


@inner
def remember_use(history, answer, run):
    """Note what was used and bought, states' own orders aside: stock rules go by both."""
    for j in range(history.usual_use_t.shape[1]):
        history.usual_use_t[run, j] += _USE_SPEED * (answer.use_t[run, j] - history.usual_use_t[run, j])
        history.bought_t[run, j] = answer.purchases_t[run, j] - answer.order_t[run, j]


@phase
def remember(table, history, answer, quarter, cover):
    """Note the quarter's flows, prices, output and stocks; carry what is left of a period's limit. `quarter`: index."""
    quotas = table.cap_measure.size
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
            if table.cap_by_own[g] == 0:
                flow = 0.0
                for e in range(table.reference_start[g], table.reference_start[g + 1]):
                    flow += answer.flow_t[run, table.reference_route[e]]
            history.quota_flow_t[run, 3 * quotas + g] = flow
        remember_prices(history, answer, run)
        remember_output(table, history, answer, run)
        for r in range(answer.flow_t.shape[1]):
            history.landed_price[run, r] = answer.landed_price[run, r]
        for j in range(history.state_stock_t.shape[1]):
            held = history.state_stock_t[run, j] + answer.order_t[run, j] - answer.release_t[run, j]
            history.state_stock_t[run, j] = max(held, 0.0)
        remember_use(history, answer, run)


@phase
def serve_first(history, answer):
    """Count what was bought for users who are served first as their use: nothing of it goes into the state's stock."""
    for run in range(answer.order_t.shape[0]):
        for j in range(answer.order_t.shape[1]):
            first = min(history.priority_t[run, j], answer.order_t[run, j])
            answer.order_t[run, j] -= first
            answer.use_t[run, j] += first
            answer.final_use_t[run, j] += first


@phase
def remember_topups(table, history, terms, answer):
    """Note what floors added to each landed price: products that hold a good under a floor pay their part of it."""
    for run in range(answer.flow_t.shape[0]):
        for r in range(answer.flow_t.shape[1]):
            history.topup_usd_per_t[run, r] = 0.0
        for g in range(table.cap_measure.size):
            rent = answer.wedge[run, g]
            for e in range(table.cap_start[g], table.cap_start[g + 1]):
                if rent > 0.0 and terms.quota_cover[run, table.cap_cover[e]] > 0.0:
                    history.topup_usd_per_t[run, table.cap_route[e]] += rent
        for r in range(answer.flow_t.shape[1]):
            inside = answer.price[run, table.route_node[r]] + history.topup_usd_per_t[run, r]
            taxed = inside * (1.0 + terms.route_export_tax[run, r]) + terms.route_export_duty[run, r]
            at_border = taxed + terms.route_freight[run, r]
            free = at_border * (1.0 + terms.route_tariff[run, r]) + terms.route_import_duty[run, r]
            added = answer.landed_price[run, r] - free
            history.topup_usd_per_t[run, r] = added if added > 0.0 else 0.0


@phase
def remember_certificates(table, history, answer, step):
    """Note what the uncertified paid, and certify producers for whom a certificate would have paid for a year."""
    count = table.certificate_cap.size
    for run in range(history.premium.shape[0]):
        for d in range(count):
            m = table.certificate_measure[d]
            wedge = answer.wedge[run, table.certificate_cap[d]]
            running = in_force(table, history, run, m, step) > 0.0
            year = 0.0
            for back in range(3):
                history.premium[run, back * count + d] = history.premium[run, (back + 1) * count + d]
                year += history.premium[run, back * count + d]
            history.premium[run, 3 * count + d] = wedge if running and wedge > 0.0 else 0.0
            year += history.premium[run, 3 * count + d]
            cost = table.certificate_usd_per_t[d, moment(table, history, run, m, step)]
            if not running or step - history.measure_begin[run, m] < 3 or 0.25 * year < cost:
                continue
            for c in range(table.countries):
                if table.certificate_may[d, c] > 0:
                    history.certified[run, d * table.countries + c] = 1.0


@inner
def remember_supply(table, history, answer, run, u):
    """Note the supply outside that stock rule `u` goes by."""
    supply = 0.0
    for e in range(table.rule_start[u], table.rule_start[u + 1]):
        supply += answer.flow_t[run, table.rule_route[e]]
    history.rule_supply_t[run, u] = supply


@inner
def settle_rule(table, history, run, u):
    """Count what stock rule `u` took in and let go: a vault's tonnes and what it is owed, a group's help."""
    if table.rule_strike[u] < 0.0:
        if table.rule_group[u] >= 0 and history.rule_owed_t[run, u] > 0.0:
            # what it gave is not what it lacks
            history.bought_t[run, table.rule_buyer[u]] += history.rule_release_t[run, u]
        return
    moved = history.rule_order_t[run, u] - history.rule_release_t[run, u]
    history.rule_stock_t[run, u] = max(0.0, history.rule_stock_t[run, u] + moved)
    history.rule_owed_t[run, u] = max(0.0, history.rule_owed_t[run, u] - moved)


@phase
def remember_rules(table, history, terms, answer):
    """Note the supply outside that stock rules go by, and what vaults hold and are owed."""
    for run in range(answer.flow_t.shape[0]):
        for u in range(table.rule_measure.size):
            j = table.rule_buyer[u]
            remember_supply(table, history, answer, run, u)
            asked = terms.buyer_order_t[run, j] - history.priority_t[run, j]
            got = min(answer.order_t[run, j] / asked, 1.0) if asked > 0.0 else 0.0
            offered = terms.buyer_release_t[run, j]
            taken = min(answer.release_t[run, j] / offered, 1.0) if offered > 0.0 else 0.0
            history.rule_order_t[run, u] *= got
            history.rule_release_t[run, u] *= taken
            settle_rule(table, history, run, u)
