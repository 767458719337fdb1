"""How firms decide: the built-in behaviour of miners and refiners, as one compiled pass over columns."""

import math
from typing import Any

from model.compiled import inner, phase
from model.parameter import POSITION
from model.rules.expectation import bound_by_floor, misjudge, yearly_volatility
from model.rules.investment import (
    capacity_value,
    hurdle,
    option_multiple,
    profit_index,
    required_return,
    start_building,
)
from model.rules.operation import leave, mothball, reopen, utilisation

_CREDIBLE, _CALM = POSITION["floor_credibility"], POSITION["support_calm"]
_SUPPORTED, _WEIGHT = POSITION["discount_supported"], POSITION["hurdle_weight"]
_LIFE, _USE, _RAMP = POSITION["plant_life_years"], POSITION["operating_share"], POSITION["ramp_quarters"]
_SPEED, _MOST = POSITION["invest_speed"], POSITION["invest_most"]
_PIPELINE, _ENTRY = POSITION["pipeline_most"], POSITION["entry_share"]
_PATIENCE, _SHARE = POSITION["mothball_quarters"], POSITION["mothball_share"]
_BACKED = POSITION["backed_patience"]
_REOPEN_AT, _REOPEN = POSITION["reopen_utilisation"], POSITION["reopen_share"]
_EXIT_AFTER, _EXIT = POSITION["exit_quarters"], POSITION["exit_share"]
#: A firm with more than this share of its capacity mothballed builds nothing.
_IDLE_ENOUGH = 0.05


@phase
def decide_capacity(layout, columns, terms, values, decides):
    """Write decisions for the sites of the firms that `decides` [F] names: build, mothball, reopen, close.

    Build where the value of new capacity, at the margin and the use expected when it arrives, exceeds its cost times
    the hurdle.
    """
    for run in range(values.shape[0]):
        for s in range(layout.site_firm.size):
            if not decides[layout.site_firm[s]]:
                continue
            new = layout.site_new_plant[s]
            spent = columns.site_expected_input[run, s]
            earned = misjudge(columns.site_expected_value[run, s] - spent, columns.site_error[run, s])
            value = spent + earned * math.exp(columns.site_outlook[run, s])
            assured = bound_by_floor(value, columns.site_floor[run, s], values[run, _CREDIBLE])
            support = terms.plant_support[run, new]
            supported = assured > value or support > 0.0
            net = assured + support - spent
            margin = net - terms.plant_cost[run, new]
            used = utilisation(net, terms.plant_cost[run, new], terms.plant_spread[run, new])
            volatility = yearly_volatility(columns.site_variance[run, s])
            if supported:
                volatility *= 1.0 - values[run, _CALM]
            discount = required_return(columns.site_discount[run, s], values[run, _SUPPORTED], supported)
            discount *= columns.site_discount_factor[run, s]
            delay = columns.site_lead_quarters[run, s] * columns.site_lead_factor[run, s]
            delay += columns.site_permit_quarters[run, s] * columns.site_permit_factor[run, s]
            capital = columns.site_capex[run, s] * columns.site_capex_factor[run, s]
            index = rate_project(values, run, margin, used, discount, delay, volatility, capital)
            columns.site_bare_index[run, s] = index
            relief, calm = columns.site_relief_share[run, s], columns.site_relief_factor[run, s]
            if relief > 0.0 or calm < 1.0:
                left = capital * (1.0 - relief)
                index = rate_project(values, run, margin, used, discount * calm, delay, volatility, left)
            columns.site_profit_index[run, s] = index
            installed, idle = 0.0, 0.0
            for p in range(layout.site_plant_start[s], layout.site_plant_start[s + 1]):
                k = layout.site_plants[p]
                installed += columns.plant_installed_t[run, k]
                idle += columns.plant_idle_t[run, k]
                decide_plant(layout, columns, terms, values, run, k)
            if idle > _IDLE_ENOUGH * installed:
                continue
            pipeline = columns.site_pipeline_t[run, s]
            size = max(installed, values[run, _ENTRY] * layout.site_unit_t[s])
            room = columns.site_room_t[run, s] - installed - pipeline
            columns.site_invest_t[run, s] = start_building(
                index, size, pipeline, room, values[run, _SPEED], values[run, _MOST], values[run, _PIPELINE]
            )


@inner
def rate_project(values, run, margin, used, discount, delay, volatility, capital):
    """Return the profit index of new capacity: its value over what it costs the firm times the hurdle.

    It is valued at `used`, the site's own utilisation, where that is below the usual one.
    """
    use = min(values[run, _USE], used)
    worth = capacity_value(margin, use, discount, delay, values[run, _RAMP], values[run, _LIFE])
    asked = hurdle(option_multiple(discount, 0.0, volatility), values[run, _WEIGHT])
    return profit_index(worth, capital, asked)


@inner
def decide_plant(layout, columns, terms, values, run, k):
    """Write one plant's decisions to mothball, reopen and close; by-products run with their host metal."""
    if layout.plant_by_product[k]:
        return
    idle = columns.plant_idle_t[run, k]
    running = columns.plant_installed_t[run, k] - idle
    losses = columns.plant_loss_quarters[run, k]
    longer = values[run, _BACKED] if layout.plant_backed[k] else 1.0
    columns.plant_mothball_t[run, k] = mothball(
        running, losses, values[run, _PATIENCE] * longer, values[run, _SHARE]
    )
    if idle > 0.0:
        expected = utilisation(
            columns.plant_expected_net[run, k], terms.plant_cost[run, k], terms.plant_spread[run, k]
        )
        if losses <= 0.0:
            columns.plant_reopen_t[run, k] = reopen(
                idle, expected, values[run, _REOPEN_AT], values[run, _REOPEN]
            )
        patience = (values[run, _PATIENCE] + values[run, _EXIT_AFTER]) * longer
        columns.plant_exit_t[run, k] = leave(idle, losses, patience, values[run, _EXIT])


def decide_all_firms(engine: Any) -> None:
    """Write the decisions of every firm of the engine by the built-in behaviour."""
    everybody = engine.columns.firm_cost_usd[0] == engine.columns.firm_cost_usd[0]
    decide_capacity(engine.layout, engine.columns, engine.terms, engine.values, everybody)
