"""Invest: expectations, what growth rivals have announced, and carrying out what firms decide."""

import math

from model.compiled import inner, phase
from model.draw import EXPECTATION_ERROR, PERMIT, normal, uniform, waiting_time
from model.ledger import post
from model.parameter import POSITION
from model.rules.expectation import expect, lasting, log_change, perceive_variance
from model.rules.investment import delayed_share, foresee, keep_share, ramp_left, ramp_share, still_coming
from model.rules.operation import count_losses, idle_level, interest, keep_cost, surplus
from model.schema import RING

_SPEED, _CALM = POSITION["expectation_speed"], POSITION["volatility_speed"]
_ERROR = POSITION["expectation_noise"]
_ELASTICITY, _WEIGHT = POSITION["foresight_elasticity"], POSITION["foresight_weight"]
_RAMP, _IDLE = POSITION["ramp_quarters"], POSITION["idle_utilisation"]
_FAILURE, _SLIP = POSITION["project_failure_share"], POSITION["project_slip_quarters"]
_DEBT = POSITION["debt_share"]
_NEW = 3
#: Announced projects due later than this many quarters are not reckoned with.
_HORIZON = 20
#: A plant without a market is judged as if it earned this many spreads less than its cost.
_NO_MARKET = 5.0
#: A quota binds where its wedge is more than this share of a typical price; slack ones come out as small as 1e-75.
_BINDS = 1e-6


@phase
def misjudge_sites(layout, columns, values, seed, first_run, step):
    """Draw each site's error about prices for the quarter."""
    for run in range(values.shape[0]):
        for s in range(layout.site_firm.size):
            luck = normal(uniform(seed, first_run + run, step, EXPECTATION_ERROR, layout.site_luck[s]))
            columns.site_error[run, s] = values[run, _ERROR] * luck * columns.site_error_factor[run, s]


@phase
def form_expectations(network, layout, columns, terms, answer, values, quarters):
    """Let firms and buyers learn from prices that stood for `quarters` [runs]; count plants' quarters of loss."""
    for run in range(values.shape[0]):
        gone = quarters[run]
        speed = lasting(values[run, _SPEED], gone)
        for s in range(layout.site_firm.size):
            m = layout.site_recipe[s]
            value, before, spent = 0.0, 0.0, 0.0
            for o in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
                i = network.output_node[o]
                price = answer.price[run, i]
                known = columns.node_price[run, i]
                value += network.output_per_unit[o] * (max(price, 0.0) if price == price else known)
                before += network.output_per_unit[o] * known
            for o in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
                j = network.input_buyer[o]
                price = answer.price_index[run, j]
                spent += network.input_per_unit[o] * (
                    price if price == price else columns.buyer_price[run, j]
                )
            change = log_change(value, before)
            columns.site_variance[run, s] = perceive_variance(
                columns.site_variance[run, s], change, values[run, _CALM]
            )
            columns.site_expected_value[run, s] = expect(columns.site_expected_value[run, s], value, speed)
            columns.site_expected_input[run, s] = expect(columns.site_expected_input[run, s], spent, speed)
            made = answer.price[run, layout.site_node[s]]
            for p in range(layout.site_plant_start[s], layout.site_plant_start[s + 1]):
                k = layout.site_plants[p]
                net = value - spent + terms.plant_support[run, k]
                cost, spread = terms.plant_cost[run, k], terms.plant_spread[run, k]
                if not made == made and columns.plant_installed_t[run, k] > 0.0:
                    net = min(net, cost - _NO_MARKET * spread)
                columns.plant_expected_net[run, k] = expect(columns.plant_expected_net[run, k], net, speed)
                usual = 1.0 if layout.plant_kind[k] == _NEW else layout.plant_base_utilisation[k]
                keep = keep_cost(spread, idle_level(values[run, _IDLE], usual))
                if layout.plant_kind[k] == _NEW and not layout.plant_backed[k]:
                    keep += interest(
                        columns.site_capex[run, s], values[run, _DEBT], columns.site_discount[run, s]
                    )
                earned = surplus(columns.plant_expected_net[run, k], cost, spread)
                if columns.plant_installed_t[run, k] > 0.0:
                    columns.plant_loss_quarters[run, k] = count_losses(
                        columns.plant_loss_quarters[run, k], earned, keep, gone
                    )
        for i in range(layout.node_good.size):
            price = answer.price[run, i]
            if price == price:
                columns.node_price[run, i] = max(price, 0.0)
                columns.node_expected_price[run, i] = expect(
                    columns.node_expected_price[run, i], max(price, 0.0), speed
                )
        for j in range(layout.buyer_good.size):
            price = answer.price_index[run, j]
            if price == price:
                columns.buyer_price[run, j] = price
                columns.buyer_expected_price[run, j] = expect(
                    columns.buyer_expected_price[run, j], price, speed
                )


@phase
def foresee_prices(network, layout, columns, terms, answer, values, node_coming, buyer_growth, step, ahead):
    """Write each site's outlook: the change of log margin that announced demand and capacity imply at its lead time.

    It is the outlook in the quarter `step`, or as many quarters on as `ahead` [runs] says, as far as `step` knows.
    `node_coming` [N] and `buyer_growth` [B] are scratch. Demand is the projection everybody knows; capacity is what
    is under construction or announced, as far as measures let it reach the site's buyers. At a processing stage both
    move the margin over inputs, whose prices are passed on.
    """
    for run in range(values.shape[0]):
        for i in range(layout.node_good.size):
            node_coming[i] = 0.0
        for s in range(layout.site_firm.size):
            add_outputs(network, layout.site_recipe[s], columns.site_pipeline_t[run, s], node_coming)
        then = min(step + int(ahead[run]), layout.outlook.shape[1] - 1)
        for p in range(layout.project_site.size):
            if layout.project_announced[p] <= step and layout.project_start[p] <= then + _HORIZON:
                coming = part_coming(layout, columns, values, run, p, step)
                coming -= part_come(layout, columns, values, run, p, step, then - step)
                coming *= layout.project_capacity_t[p]
                add_outputs(network, layout.site_recipe[layout.project_site[p]], coming, node_coming)
        for j in range(layout.buyer_good.size):
            there, coming = 0.0, 0.0
            for r in range(network.route_start[j], network.route_start[j + 1]):
                if is_open(network, terms, answer, run, r):
                    i = network.route_node[r]
                    taste = layout.route_alpha[r] * columns.route_taste[run, r]
                    there += taste * columns.node_capacity_t[run, i]
                    coming += taste * node_coming[i]
            buyer_growth[j] = math.log(1.0 + coming / there) if there > 0.0 else 0.0
        for s in range(layout.site_firm.size):
            lead = int(
                columns.site_lead_quarters[run, s] * columns.site_lead_factor[run, s]
                + columns.site_permit_quarters[run, s] * columns.site_permit_factor[run, s]
            )
            later = min(then + lead + 4, layout.outlook.shape[1] - 1)
            reach, growth = 0.0, 0.0
            i = layout.site_node[s]
            for p in range(layout.node_route_start[i], layout.node_route_start[i + 1]):
                r = layout.node_routes[p]
                j = network.route_buyer[r]
                if is_open(network, terms, answer, run, r):
                    size = layout.route_alpha[r] * columns.buyer_smooth_use_t[run, j]
                    reach += size
                    growth += size * buyer_growth[j]
            good = layout.site_good[s]
            demand = math.log(layout.outlook[good, later] / layout.outlook[good, then])
            supply = growth / reach if reach > 0.0 else 0.0
            columns.site_outlook[run, s] = foresee(
                demand, supply, values[run, _ELASTICITY], values[run, _WEIGHT]
            )


@inner
def part_coming(layout, columns, values, run, p, step):
    """Return the part of a project's capacity that everybody expects still to come, from what can be seen now."""
    elapsed = step - columns.project_arrival[run, p]
    if elapsed >= 0.0:
        return ramp_left(values[run, _RAMP], elapsed)
    keep = keep_share(layout.project_failure_share[p], values[run, _FAILURE])
    return still_coming(keep, float(step - layout.project_start[p]), slip_of(layout, values, run, p))


@inner
def slip_of(layout, values, run, p):
    """Return the mean delay of a project, quarters: its own, else the usual one."""
    slip = layout.project_slip_quarters[p]
    return slip if slip >= 0.0 else values[run, _SLIP]


@inner
def part_come(layout, columns, values, run, p, step, ahead):
    """Return the part of a project's capacity that comes within `ahead` quarters, on the mean of what can be seen now.

    What has arrived ramps up. What has not comes late by chance, `finish_projects` step by step from its arrival.
    """
    ramp, elapsed = values[run, _RAMP], step - columns.project_arrival[run, p]
    if elapsed >= 0.0:
        return ramp_left(ramp, elapsed) - ramp_left(ramp, elapsed + ahead)
    overdue, slip, come = step - layout.project_start[p], slip_of(layout, values, run, p), 0.0
    for e in range(ahead):
        share = ramp_share(ramp, e)
        if share <= 0.0:
            break
        late = float(ahead - e) if overdue >= 0 else ahead - e + overdue + 0.5  # delays are rounded
        come += share * delayed_share(late, slip)
    return come * part_coming(layout, columns, values, run, p, step)


@inner
def is_open(network, terms, answer, run, r):
    """Tell whether more could be sold along a route: not closed, and no quota on it binds."""
    for q in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
        g = network.route_quota[q]
        binds = _BINDS * network.market_price_scale[network.quota_market[g]]
        covered = terms.quota_cover[run, q] > 0.0
        if covered and (terms.quota_t[run, g] <= 0.0 or answer.wedge[run, g] > binds):
            return False
    return True


@inner
def add_outputs(network, recipe, tonnes, node_amount):
    """Add to each output's node what `tonnes` of the primary output bring."""
    for o in range(network.recipe_output_start[recipe], network.recipe_output_start[recipe + 1]):
        node_amount[network.output_node[o]] += tonnes * network.output_per_unit[o]


@phase
def carry_out(network, layout, columns, values, seed, first_run, step, turnover):
    """Carry out decisions: start and finish capacity, mothball, reopen and close; post capital cost."""
    for run in range(values.shape[0]):
        turnover[0] = 0.0
        for s in range(layout.site_firm.size):
            started = columns.site_invest_t[run, s]
            if started > 0.0:
                start_capacity(layout, columns, values, seed, first_run, run, s, step, started)
                paid = started * columns.site_capex[run, s] * columns.site_capex_factor[run, s]
                firm = layout.site_firm[s]
                post(columns.balance_usd, run, firm, layout.capital_account, paid, turnover)
                columns.firm_capex_usd[run, firm] += paid
            slot = s * RING + (step + 1) % RING
            arrived = columns.site_arrival_t[run, slot]
            if arrived > 0.0:
                columns.site_arrival_t[run, slot] = 0.0
                columns.site_pipeline_t[run, s] = max(0.0, columns.site_pipeline_t[run, s] - arrived)
                columns.plant_installed_t[run, layout.site_new_plant[s]] += arrived
        finish_projects(layout, columns, values, run, step, turnover)
        for k in range(layout.plant_kind.size):
            run_down(columns, run, k)
        columns.turnover_usd[run, 0] += turnover[0]


@inner
def start_capacity(layout, columns, values, seed, first_run, run, s, step, started):
    """Put capacity under construction: permit, lead time, then even steps of ramp-up."""
    draw = uniform(seed, first_run + run, step, PERMIT, layout.site_luck[s])
    wait = waiting_time(draw, columns.site_permit_quarters[run, s] * columns.site_permit_factor[run, s])
    ramp = values[run, _RAMP]
    steps = max(1, int(ramp + 0.5))
    lead = columns.site_lead_quarters[run, s] * columns.site_lead_factor[run, s]
    first = max(1, int(lead + wait + 0.5))
    first = min(first, RING - 2 - steps)
    for elapsed in range(steps):
        slot = s * RING + (step + 1 + first + elapsed) % RING
        columns.site_arrival_t[run, slot] += started * ramp_share(ramp, elapsed)
    columns.site_pipeline_t[run, s] += started


@inner
def finish_projects(layout, columns, values, run, step, turnover):
    """Let announced projects that were not dropped produce, step by step from their arrival."""
    for p in range(layout.project_site.size):
        arrival = columns.project_arrival[run, p]
        if not arrival < 1e9:
            continue
        elapsed = step + 1 - int(arrival)
        share = ramp_share(values[run, _RAMP], elapsed)
        if elapsed < 0 or share <= 0.0:
            continue
        s = layout.project_site[p]
        columns.plant_installed_t[run, layout.project_plant[p]] += share * layout.project_capacity_t[p]
        whole = layout.project_capex_usd[p]
        if not whole >= 0.0:
            whole = layout.project_capacity_t[p] * columns.site_capex[run, s]
        firm = layout.site_firm[s]
        post(columns.balance_usd, run, firm, layout.capital_account, share * whole, turnover)
        columns.firm_capex_usd[run, firm] += share * whole


@inner
def run_down(columns, run, k):
    """Move a plant's capacity between running, mothballed and closed as decided, within what there is.

    What is mothballed closes first.
    """
    installed, idle = columns.plant_installed_t[run, k], columns.plant_idle_t[run, k]
    closed = min(max(columns.plant_exit_t[run, k], 0.0), installed)
    idle = max(0.0, idle - closed)
    installed -= closed
    reopened = min(max(columns.plant_reopen_t[run, k], 0.0), idle)
    idle -= reopened
    idle += min(max(columns.plant_mothball_t[run, k], 0.0), installed - idle)
    columns.plant_installed_t[run, k] = installed
    columns.plant_idle_t[run, k] = max(0.0, min(idle, installed))


@phase
def forget_decisions(columns):
    """Set all decision columns to nothing before firms decide."""
    for run in range(columns.site_invest_t.shape[0]):
        columns.site_invest_t[run, :] = 0.0
        columns.plant_mothball_t[run, :] = 0.0
        columns.plant_reopen_t[run, :] = 0.0
        columns.plant_exit_t[run, :] = 0.0
