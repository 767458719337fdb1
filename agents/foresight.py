"""What a later look assumes: how firms and buyers answer prices stage by stage, as compiled passes over columns."""

from model.compiled import inner, phase
from model.parameter import POSITION
from model.phase.drift import recycle
from model.phase.invest import part_come
from model.phase.measure import (
    moment,
    move_rules,
    remember_output,
    remember_prices,
    remember_supply,
    remember_use,
    settle_rule,
)
from model.rules.demand import revert, substitute
from model.rules.expectation import lasting, yearly_volatility
from model.rules.exporter import entry_cost
from model.rules.investment import capacity_value, hurdle, option_multiple
from model.schema import RING

_SUB_SPEED, _SUB_MOST = POSITION["substitution_speed"], POSITION["substitution_most"]
_SUB_FROM, _SUB_STAY = POSITION["substitution_threshold"], POSITION["substitution_permanent"]
_SUB_POWER = POSITION["substitution_power"]
_WEIGHT, _USE = POSITION["hurdle_weight"], POSITION["operating_share"]
_PIPELINE, _ENTRY = POSITION["pipeline_most"], POSITION["entry_share"]
_RAMP, _LIFE = POSITION["ramp_quarters"], POSITION["plant_life_years"]


@phase
def carry_on(layout, columns, arrivals, rows, begun, values, answer, begins, stage, step):
    """Carry on what firms decided through one stage of a later look: capacity comes or stops, buyers substitute.

    Stage `stage` lasts from quarter `begins` [runs, stages + 1] to the next after `step`. What is under
    construction arrives when due (`arrivals`, the engine's, run `rows` [runs]); what is begun in a stage, `begun`
    [runs, sites, stages] a quarter, after its lead time. Announced projects come as they do on average, late and in
    steps. Prices are those of `answer`, last cleared; products are discarded and recycled as in as many quarters.
    """
    for run in range(rows.size):
        start, end = begins[run, stage], begins[run, stage + 1]
        long, first, last = end - start, int(start), int(end)
        for s in range(layout.site_firm.size):
            pipeline, installed, arrived = columns.site_pipeline_t[run, s], 0.0, 0.0
            for p in range(layout.site_plant_start[s], layout.site_plant_start[s + 1]):
                installed += columns.plant_installed_t[run, layout.site_plants[p]]
            for q in range(first + 1, last + 1):
                arrived += arrivals[rows[run], s * RING + (step + q) % RING]
            size = max(installed, values[run, _ENTRY] * layout.site_unit_t[s])
            room = min(
                values[run, _PIPELINE] * size - pipeline + arrived,
                columns.site_room_t[run, s] - installed - pipeline,
            )
            started = max(min(columns.site_invest_t[run, s] * long, room), 0.0)
            begun[run, s, stage] = started / long
            delay = wait_of(columns, values, run, s)
            for n in range(stage + 1):
                whole = begins[run, n + 1] - begins[run, n]
                before = min(max(start - begins[run, n] - delay, 0.0), whole)
                after = min(max(end - begins[run, n] - delay, 0.0), whole)
                arrived += begun[run, s, n] * (after - before)
            columns.site_pipeline_t[run, s] = max(pipeline + started - arrived, 0.0)
            columns.plant_installed_t[run, layout.site_new_plant[s]] += arrived
        for p in range(layout.project_site.size):
            if layout.project_announced[p] <= step:
                come = part_come(layout, columns, values, run, p, step, last)
                come -= part_come(layout, columns, values, run, p, step, first)
                columns.plant_installed_t[run, layout.project_plant[p]] += come * layout.project_capacity_t[p]
        for k in range(layout.plant_kind.size):
            idle = columns.plant_idle_t[run, k]
            running = columns.plant_installed_t[run, k] - idle
            stopped = columns.plant_mothball_t[run, k]
            if stopped > 0.0 and running > 0.0:
                idle += running * lasting(min(stopped / running, 1.0), long)
            elif columns.plant_reopen_t[run, k] > 0.0:
                idle = max(idle - columns.plant_reopen_t[run, k] * long, 0.0)
            columns.plant_idle_t[run, k] = idle
        for j in range(layout.buyer_good.size):
            ratio = answer.price_index[run, j] / layout.buyer_base_price[j]
            if not ratio == ratio:
                continue
            share, forever = columns.buyer_substituted[run, j], columns.buyer_substituted_forever[run, j]
            for _ in range(last - first):
                grown = substitute(
                    share,
                    ratio,
                    values[run, _SUB_FROM],
                    values[run, _SUB_SPEED] * columns.buyer_substitution_factor[run, j],
                    values[run, _SUB_MOST],
                    values[run, _SUB_POWER],
                )
                undone = revert(share, forever, ratio, values[run, _SUB_FROM], values[run, _SUB_SPEED])
                share += grown - undone
                forever += values[run, _SUB_STAY] * grown
            columns.buyer_substituted[run, j] = share
            columns.buyer_substituted_forever[run, j] = forever
        for _ in range(last - first):
            recycle(layout, columns, answer, values, run)


@phase
def remember_stage(table, history, answer, begins, stage, step):
    """Let measures remember the quarters of a stage, prices and use as last cleared, and states' stocks move in them.

    What is ordered is taken to be got. The last quarter of the stage is yet to come: it is the one cleared next.
    """
    for run in range(history.ahead.shape[0]):
        remember_output(table, history, answer, run)
        for u in range(table.rule_measure.size):
            if history.measure_force[run, table.rule_measure[u]] > 0.0:
                remember_supply(table, history, answer, run, u)
        first, last = int(begins[run, stage]), int(begins[run, stage + 1])
        for q in range(first, last):
            history.ahead[run, 0] = q
            if q > first:
                move_rules(table, history, run, step)
            remember_use(history, answer, run)
            remember_prices(history, answer, run)
            move_stocks_on(table, history, run, step)
        history.ahead[run, 0] = last


@inner
def move_stocks_on(table, history, run, step):
    """Take into states' stocks what measures order in a quarter, and let go what they release."""
    for s in range(table.stock_measure.size):
        m, j = table.stock_measure[s], table.stock_buyer[s]
        if history.measure_force[run, m] > 0.0:
            at, level = moment(table, history, run, m, step), history.measure_level[run, m]
            moved = level * (table.stock_buy_t[s, at] - table.stock_release_t[s, at])
            history.state_stock_t[run, j] = max(history.state_stock_t[run, j] + moved, 0.0)
    for u in range(table.rule_measure.size):
        j = table.rule_buyer[u]
        moved = history.rule_order_t[run, u] - history.rule_release_t[run, u]
        history.state_stock_t[run, j] = max(history.state_stock_t[run, j] + moved, 0.0)
        settle_rule(table, history, run, u)


@phase
def feel_shortage(table, history, answer):
    """Let stock rules see what the quarter just cleared brings: its prices, and what is bought in it."""
    for run in range(history.ahead.shape[0]):
        remember_use(history, answer, run)
        remember_prices(history, answer, run)


@inner
def wait_of(columns, values, run, s):
    """Return the mean wait from starting capacity to its use, quarters: lead time, permit and half the ramp."""
    lead = columns.site_lead_quarters[run, s] * columns.site_lead_factor[run, s]
    permit = columns.site_permit_quarters[run, s] * columns.site_permit_factor[run, s]
    return lead + permit + 0.5 * values[run, _RAMP]


@phase
def let_demand_grow(layout, terms, step, quarters):
    """Move final demand along its projection by so many quarters [runs]; nobody lives off stocks that long."""
    for run in range(quarters.size):
        then = min(step + int(quarters[run]), layout.growth.shape[0] - 1)
        for j in range(layout.buyer_good.size):
            now = layout.growth[step, j]
            if now > 0.0:
                terms.demand_t[run, j] *= layout.growth[then, j] / now
            terms.buyer_draw_share[run, j] = 0.0
            terms.buyer_restock_t[run, j] = 0.0
        for i in range(layout.node_good.size):
            terms.node_stock_t[run, i] = 0.0


@phase
def compare_entry(network, layout, columns, terms, price, price_index, values, site_place, ratio):
    """Write the largest price over full cost, [runs, K], among sites with a `site_place` that could be built on."""
    for run in range(price.shape[0]):
        ratio[run, :] = 0.0
        for s in range(layout.site_firm.size):
            place = site_place[s]
            if place < 0 or columns.site_room_t[run, s] <= 0.0:
                continue
            m, new = layout.site_recipe[s], layout.site_new_plant[s]
            value, spent = 0.0, 0.0
            for o in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
                value += network.output_per_unit[o] * max(price[run, network.output_node[o]], 0.0)
            for o in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
                spent += network.input_per_unit[o] * price_index[run, network.input_buyer[o]]
            if not value - spent == value - spent:
                continue
            discount = columns.site_discount[run, s] * columns.site_discount_factor[run, s]
            volatility = yearly_volatility(columns.site_variance[run, s])
            asked = hurdle(option_multiple(discount, 0.0, volatility), values[run, _WEIGHT])
            delay = columns.site_lead_quarters[run, s] * columns.site_lead_factor[run, s]
            delay += columns.site_permit_quarters[run, s] * columns.site_permit_factor[run, s]
            one = capacity_value(
                1.0, values[run, _USE], discount, delay, values[run, _RAMP], values[run, _LIFE]
            )
            capital = columns.site_capex[run, s] * columns.site_capex_factor[run, s]
            full = entry_cost(
                terms.plant_cost[run, new], spent, capital, asked, one, terms.plant_support[run, new]
            )
            ratio[run, place] = max(ratio[run, place], value / max(full, 1e-12))
