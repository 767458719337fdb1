"""The ledger: every payment is one amount moved between two accounts, so all balances add up to nothing.

Who is paid what for the tonnes the clearing shipped:

- users pay the landed price: the producers' price to the firms of the node, quota rents to the licence holder,
  export taxes to the origin's treasury, freight to carriers, duties to the destination's treasury, a floor's
  top-up to that treasury or to the sellers, by the floor's form;
- firms pay their inputs at the average landed price to the users' side that bought them, their variable cost (the
  integral of the market's own cost curve) and the keep of capacity, and for new capacity when it is started;
- treasuries pay price supports; stock funds buy and release at the average landed price.

Producers of one node share its sales by output. Sources: instruments, setting and 1 to 9.
"""

import math
from typing import NamedTuple

import numpy as np

from model.compiled import inner, phase, rule
from model.market.offer import variable_cost
from model.network import Floats
from model.parameter import POSITION
from model.rules.operation import idle_level, keep_cost

_IDLE = POSITION["idle_utilisation"]
_NEW = 3
_FIRMS, _STATE, _BUYERS = 0, 1, 2


class Books(NamedTuple):
    """Scratch of a settlement: sums by node and buyer of one run, and what is posted so far."""

    node_sales: Floats  # [N] usd at producers' prices, rents and top-ups of firms included
    node_rent: Floats  # [N] the part that is quota rent
    node_output: Floats  # [N] tonnes made
    good_amount: Floats  # [4, goods] tonnes: made less shipped; shipped; bought less used; made
    turnover: Floats  # [1]


def allocate_books(nodes: int, goods: int) -> Books:
    """Return scratch arrays for one thread."""
    return Books(np.zeros(nodes), np.zeros(nodes), np.zeros(nodes), np.zeros((4, goods)), np.zeros(1))


@rule
def post(balance, run, payer, payee, amount, turnover):
    """Move `amount` usd from one account to another; a negative amount moves back.

    No early return for nothing: it would make the compiler count references to both arrays, ten times the work.
    """
    balance[run, payer] -= amount
    balance[run, payee] += amount
    turnover[0] += abs(amount)


@rule
def split_landed(price, wedge, export_tax, export_duty, freight, tariff, import_duty, landed):
    """Return per tonne what goes to origin's treasury, carriers, destination's treasury and top-up, usd.

    Together with `price` and `wedge` the four add up to the landed price.
    """
    taxed = (price + wedge) * export_tax + export_duty
    at_border = price + wedge + taxed + freight
    duty = at_border * tariff + import_duty
    top_up = landed - (at_border + duty)
    return taxed, freight, duty, top_up


@inner
def book_trade(network, layout, terms, answer, public_share, columns, books, run):
    """Post what users pay for the flows of one run, and gather producers' sales by node."""
    balance, turnover = columns.balance_usd, books.turnover
    books.node_sales[:] = 0.0
    books.node_rent[:] = 0.0
    transit = layout.transit_account
    for r in range(layout.route_origin.size):
        flow = answer.flow_t[run, r]
        if flow <= 0.0:
            continue
        i, origin, destination = network.route_node[r], layout.route_origin[r], layout.route_destination[r]
        user = layout.user_account + destination
        price = answer.price[run, i]
        wedge = 0.0
        for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
            g = network.route_quota[s]
            rent = answer.wedge[run, g]
            if not rent > 0.0 or terms.quota_cover[run, s] <= 0.0:
                continue
            wedge += rent
            if layout.quota_holder[g] == _FIRMS:
                pooled = 1.0
                for p in range(layout.quota_firm_start[g], layout.quota_firm_start[g + 1]):
                    licensed, part = layout.quota_firm[p], layout.quota_firm_share[p] * rent * flow
                    post(balance, run, user, licensed, part, turnover)
                    columns.firm_revenue_usd[run, licensed] += part
                    columns.firm_rent_usd[run, licensed] += part
                    pooled -= layout.quota_firm_share[p]
                pooled = max(pooled, 0.0) * rent * flow
                post(balance, run, user, transit, pooled, turnover)
                books.node_sales[i] += pooled
                books.node_rent[i] += pooled
            elif layout.quota_holder[g] == _STATE:
                holder = layout.quota_actor[g] if layout.quota_actor[g] >= 0 else origin
                post(balance, run, user, layout.treasury_account + holder, rent * flow, turnover)
                columns.country_rent_usd[run, holder] += rent * flow
            else:
                columns.country_rent_usd[run, destination] += rent * flow
        taxed, freight, duty, top_up = split_landed(
            price,
            wedge,
            terms.route_export_tax[run, r],
            terms.route_export_duty[run, r],
            terms.route_freight[run, r],
            terms.route_tariff[run, r],
            terms.route_import_duty[run, r],
            answer.landed_price[run, r],
        )
        top_up = top_up if top_up > 0.0 else 0.0
        to_state = top_up * public_share[run, r]
        post(balance, run, user, transit, price * flow, turnover)
        post(balance, run, user, layout.treasury_account + origin, taxed * flow, turnover)
        post(balance, run, user, layout.freight_account, freight * flow, turnover)
        post(balance, run, user, layout.treasury_account + destination, (duty + to_state) * flow, turnover)
        post(balance, run, user, transit, (top_up - to_state) * flow, turnover)
        books.node_sales[i] += (price + top_up - to_state) * flow
        columns.country_export_tax_usd[run, origin] += taxed * flow
        columns.country_tariff_usd[run, destination] += duty * flow
        columns.country_topup_usd[run, destination] += to_state * flow
        columns.country_spending_usd[run, destination] += answer.landed_price[run, r] * flow


@inner
def book_sales(network, layout, answer, columns, books, run):
    """Hand each node's sales to the firms there by output (by installed capacity where nothing was made)."""
    balance, turnover, firms = columns.balance_usd, books.turnover, columns.firm_revenue_usd.shape[1]
    for i in range(layout.node_good.size):
        sales = books.node_sales[i]
        if sales == 0.0:
            continue
        by_output = books.node_output[i] > 0.0
        weight = 0.0
        for s in range(layout.node_recipe_start[i], layout.node_recipe_start[i + 1]):
            m = layout.node_recipes[s]
            for k in range(network.plant_start[m], network.plant_start[m + 1]):
                size = answer.output_t[run, k] if by_output else columns.plant_installed_t[run, k]
                weight += layout.node_recipe_rate[s] * size
        if weight <= 0.0:
            post(balance, run, layout.transit_account, layout.other_account, sales, turnover)
            continue
        for s in range(layout.node_recipe_start[i], layout.node_recipe_start[i + 1]):
            m = layout.node_recipes[s]
            for k in range(network.plant_start[m], network.plant_start[m + 1]):
                size = answer.output_t[run, k] if by_output else columns.plant_installed_t[run, k]
                part = layout.node_recipe_rate[s] * size / weight
                account = layout.plant_account[k]
                post(balance, run, layout.transit_account, account, part * sales, turnover)
                if account < firms:
                    columns.firm_revenue_usd[run, account] += part * sales
                    columns.firm_rent_usd[run, account] += part * books.node_rent[i]


@inner
def book_costs(network, layout, terms, answer, columns, books, values, run):
    """Post firms' inputs, variable costs and the keep of running capacity."""
    balance, turnover, firms = columns.balance_usd, books.turnover, columns.firm_cost_usd.shape[1]
    for m in range(network.plant_start.size - 1):
        for k in range(network.plant_start[m], network.plant_start[m + 1]):
            output = answer.output_t[run, k]
            account = layout.plant_account[k]
            capacity = terms.plant_capacity_t[run, k]
            spent = 0.0
            if output > 0.0:
                spent = variable_cost(output, capacity, terms.plant_cost[run, k], terms.plant_spread[run, k])
            if layout.plant_site[k] >= 0:
                usual = 1.0 if layout.plant_kind[k] == _NEW else layout.plant_base_utilisation[k]
                level = idle_level(values[run, _IDLE], usual)
                spent += capacity * keep_cost(terms.plant_spread[run, k], level)
            post(balance, run, account, layout.labour_account, spent, turnover)
            if output > 0.0:
                for s in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
                    j = network.input_buyer[s]
                    paid = columns.buyer_average_price[run, j] * network.input_per_unit[s] * output
                    post(balance, run, account, layout.user_account + layout.buyer_country[j], paid, turnover)
                    spent += paid
            if account < firms:
                columns.firm_cost_usd[run, account] += spent


@inner
def book_states(layout, answer, support_rate, columns, books, run):
    """Post price supports to firms, and the purchases and releases of stock funds."""
    balance, turnover, firms = columns.balance_usd, books.turnover, columns.firm_revenue_usd.shape[1]
    for s in range(layout.support_by_users.size):
        side = layout.user_account if layout.support_by_users[s] > 0 else layout.treasury_account
        for p in range(layout.support_start[s], layout.support_start[s + 1]):
            k = layout.support_plants[p]
            paid = support_rate[run, s] * answer.output_t[run, k]
            told = 0.0
            for payer in range(layout.support_share.shape[1]):
                told += layout.support_share[s, payer]
                part = layout.support_share[s, payer] * paid
                post(balance, run, side + payer, layout.plant_account[k], part, turnover)
                if layout.support_by_users[s] == 0:
                    columns.country_support_usd[run, payer] += part
            if not told > 0.0:
                payer = layout.plant_country[k]
                post(balance, run, side + payer, layout.plant_account[k], paid, turnover)
                columns.country_support_usd[run, payer] += paid
            if layout.plant_account[k] < firms:
                columns.firm_revenue_usd[run, layout.plant_account[k]] += paid
    for j in range(layout.buyer_good.size):
        user = layout.user_account + layout.buyer_country[j]
        fund = layout.fund_account + layout.buyer_country[j]
        price = columns.buyer_average_price[run, j]
        post(balance, run, fund, user, price * answer.order_t[run, j], turnover)
        post(balance, run, user, fund, price * answer.release_t[run, j], turnover)


@inner
def average_prices(network, answer, columns, run):
    """Write the landed price each buyer paid per tonne; where nothing was bought, the last known one stays."""
    for j in range(answer.purchases_t.shape[1]):
        paid, tonnes = 0.0, 0.0
        for r in range(network.route_start[j], network.route_start[j + 1]):
            if answer.flow_t[run, r] > 0.0:
                paid += answer.flow_t[run, r] * answer.landed_price[run, r]
                tonnes += answer.flow_t[run, r]
        if tonnes > 0.0:
            columns.buyer_average_price[run, j] = paid / tonnes


@inner
def book_tonnes(network, layout, terms, answer, columns, books, run):
    """Write the tonne accounts of every good: what was made against what was shipped, stored and thrown away."""
    books.node_output[:] = 0.0
    books.good_amount[:] = 0.0
    for i in range(layout.node_good.size):
        made = 0.0
        for s in range(layout.node_recipe_start[i], layout.node_recipe_start[i + 1]):
            m = layout.node_recipes[s]
            for k in range(network.plant_start[m], network.plant_start[m + 1]):
                made += layout.node_recipe_rate[s] * answer.output_t[run, k]
        books.node_output[i] = made
        good = layout.node_good[i]
        taken = answer.stored_t[run, i] + answer.disposed_t[run, i] - answer.sold_from_stock_t[run, i]
        books.good_amount[0, good] += made + terms.node_supply_t[run, i] - taken
        books.good_amount[3, good] += made
    for j in range(layout.buyer_good.size):
        good = layout.buyer_good[j]
        for r in range(network.route_start[j], network.route_start[j + 1]):
            books.good_amount[0, good] -= answer.flow_t[run, r]
            books.good_amount[1, good] += answer.flow_t[run, r]
            books.good_amount[2, good] += answer.flow_t[run, r]
        used = answer.use_t[run, j] + answer.restock_t[run, j] + answer.order_t[run, j]
        books.good_amount[2, good] -= used - answer.draw_t[run, j] - answer.release_t[run, j]
    for good in range(columns.good_residual_t.shape[1]):
        columns.good_residual_t[run, good] = books.good_amount[0, good]
        columns.good_shipped_t[run, good] = books.good_amount[1, good]
        columns.good_use_residual_t[run, good] = books.good_amount[2, good]
        columns.good_produced_t[run, good] = books.good_amount[3, good]


@inner
def clear_flows(columns, run):
    """Set the quarter's money columns to nothing."""
    columns.firm_revenue_usd[run, :] = 0.0
    columns.firm_rent_usd[run, :] = 0.0
    columns.firm_cost_usd[run, :] = 0.0
    columns.firm_capex_usd[run, :] = 0.0
    columns.country_export_tax_usd[run, :] = 0.0
    columns.country_tariff_usd[run, :] = 0.0
    columns.country_topup_usd[run, :] = 0.0
    columns.country_rent_usd[run, :] = 0.0
    columns.country_support_usd[run, :] = 0.0
    columns.country_spending_usd[run, :] = 0.0
    columns.turnover_usd[run, 0] = 0.0


@phase
def book_quarter(network, layout, terms, answer, support_rate, public_share, columns, values, books):
    """Settle one quarter of every run: tonnes first, then money."""
    for run in range(answer.price.shape[0]):
        books.turnover[0] = 0.0
        clear_flows(columns, run)
        average_prices(network, answer, columns, run)
        book_tonnes(network, layout, terms, answer, columns, books, run)
        book_trade(network, layout, terms, answer, public_share, columns, books, run)
        book_sales(network, layout, answer, columns, books, run)
        book_costs(network, layout, terms, answer, columns, books, values, run)
        book_states(layout, answer, support_rate, columns, books, run)
        columns.turnover_usd[run, 0] = books.turnover[0]
        columns.money_residual_usd[run, 0] = sum_exactly(columns.balance_usd, run)


@rule
def sum_exactly(balance, run):
    """Return the sum of a run's balances with the lost low digits carried (Neumaier 1974)."""
    total, lost = 0.0, 0.0
    for a in range(balance.shape[1]):
        amount = balance[run, a]
        together = total + amount
        if math.fabs(total) >= math.fabs(amount):
            lost += (total - together) + amount
        else:
            lost += (amount - together) + total
        total = together
    return total + lost
