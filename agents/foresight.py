"""What a later look assumes: how firms and buyers answer a price that stays, as compiled passes over columns."""

import math

from model.compiled import phase
from model.parameter import POSITION
from model.rules.demand import revert, substitute
from model.rules.expectation import yearly_volatility
from model.rules.exporter import entry_cost
from model.rules.investment import capacity_value, hurdle, keep_share, option_multiple
from model.rules.operation import idle_level, interest, keep_cost, surplus

_IDLE, _FAILURE = POSITION["idle_utilisation"], POSITION["project_failure_share"]
_PATIENCE, _EXIT_AFTER = POSITION["mothball_quarters"], POSITION["exit_quarters"]
_SUB_SPEED, _SUB_MOST = POSITION["substitution_speed"], POSITION["substitution_most"]
_SUB_FROM, _SUB_STAY = POSITION["substitution_threshold"], POSITION["substitution_permanent"]
_SUB_POWER = POSITION["substitution_power"]
_WEIGHT, _USE = POSITION["hurdle_weight"], POSITION["operating_share"]
_DEBT, _BACKED = POSITION["debt_share"], POSITION["backed_patience"]
_RAMP, _LIFE = POSITION["ramp_quarters"], POSITION["plant_life_years"]
_NEW = 3


@phase
def foresee_margins(network, layout, columns, terms, price, price_index, values):
    """Let firms expect these prices for good: sites' margins, and which plants would not cover their keep."""
    for run in range(price.shape[0]):
        for s in range(layout.site_firm.size):
            m = layout.site_recipe[s]
            value, spent, known = 0.0, 0.0, True
            for o in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
                seen = price[run, network.output_node[o]]
                if seen == seen:
                    value += network.output_per_unit[o] * max(seen, 0.0)
                else:
                    known = False
            for o in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
                seen = price_index[run, network.input_buyer[o]]
                if seen == seen:
                    spent += network.input_per_unit[o] * seen
                else:
                    known = False
            columns.site_error[run, s] = 0.0
            if not known:
                continue
            columns.site_expected_value[run, s] = value
            columns.site_expected_input[run, s] = spent
            for p in range(layout.site_plant_start[s], layout.site_plant_start[s + 1]):
                k = layout.site_plants[p]
                cost, spread = terms.plant_cost[run, k], terms.plant_spread[run, k]
                net = value - spent + terms.plant_support[run, k]
                usual = 1.0 if layout.plant_kind[k] == _NEW else layout.plant_base_utilisation[k]
                keep = keep_cost(spread, idle_level(values[run, _IDLE], usual))
                if layout.plant_kind[k] == _NEW and not layout.plant_backed[k]:
                    capital = columns.site_capex[run, s]
                    keep += interest(capital, values[run, _DEBT], columns.site_discount[run, s])
                loses = surplus(net, cost, spread) < keep
                longer = values[run, _BACKED] if layout.plant_backed[k] else 1.0
                columns.plant_expected_net[run, k] = net
                columns.plant_loss_quarters[run, k] = (
                    (values[run, _PATIENCE] + values[run, _EXIT_AFTER]) * longer if loses else 0.0
                )


@phase
def let_answer(network, layout, columns, values, price_index, step, quarters):
    """Carry on what firms decided for so many quarters [runs]: capacity arrives and is given up, buyers substitute.

    What is started within a lead time of the end does not arrive. Announced projects count by their chance.
    """
    for run in range(quarters.size):
        for s in range(layout.site_firm.size):
            lead = columns.site_lead_quarters[run, s] * columns.site_lead_factor[run, s]
            lead += columns.site_permit_quarters[run, s] * columns.site_permit_factor[run, s]
            pipeline, installed = columns.site_pipeline_t[run, s], 0.0
            for p in range(layout.site_plant_start[s], layout.site_plant_start[s + 1]):
                installed += columns.plant_installed_t[run, layout.site_plants[p]]
            started = columns.site_invest_t[run, s] * max(quarters[run] - lead, 0.0)
            started = max(min(started, columns.site_room_t[run, s] - installed - pipeline), 0.0)
            columns.plant_installed_t[run, layout.site_new_plant[s]] += pipeline + started
        for p in range(layout.project_site.size):
            if layout.project_announced[p] <= step and columns.project_arrival[run, p] > step:
                if layout.project_start[p] <= step + quarters[run]:
                    coming = layout.project_capacity_t[p] * keep_share(
                        layout.project_failure_share[p], values[run, _FAILURE]
                    )
                    columns.plant_installed_t[run, layout.project_plant[p]] += coming
        for k in range(layout.plant_kind.size):
            idle = columns.plant_idle_t[run, k]
            running = columns.plant_installed_t[run, k] - idle
            stopped = columns.plant_mothball_t[run, k]
            if stopped > 0.0 and running > 0.0:
                share = min(stopped / running, 1.0 - 1e-9)
                after = max(quarters[run] - values[run, _PATIENCE], 0.0)
                columns.plant_idle_t[run, k] = idle + running * (1.0 - math.exp(after * math.log1p(-share)))
            elif columns.plant_reopen_t[run, k] > 0.0:
                columns.plant_idle_t[run, k] = max(idle - columns.plant_reopen_t[run, k] * quarters[run], 0.0)
        for j in range(layout.buyer_good.size):
            ratio = price_index[run, j] / layout.buyer_base_price[j]
            if not ratio == ratio:
                continue
            share, forever = columns.buyer_substituted[run, j], columns.buyer_substituted_forever[run, j]
            for _ in range(int(quarters[run])):
                grown = substitute(
                    share,
                    ratio,
                    values[run, _SUB_FROM],
                    values[run, _SUB_SPEED],
                    values[run, _SUB_MOST],
                    values[run, _SUB_POWER],
                )
                undone = revert(share, forever, ratio, values[run, _SUB_FROM], values[run, _SUB_SPEED])
                share += grown - undone
                forever += values[run, _SUB_STAY] * grown
            columns.buyer_substituted[run, j] = share


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
