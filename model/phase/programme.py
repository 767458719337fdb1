"""Public programmes: what funds offer and pay for new capacity, and what programmes and stocks cost.

All money is booked in the ledger as one amount between two accounts: treasuries pay firms and wages, stock funds pay
their keep, users pay for their tonnes in a vault.
"""

from model.compiled import inner, phase
from model.ledger import post, sum_exactly
from model.phase.invest import part_come
from model.phase.measure import in_force, moment
from model.rules.investment import annuity
from model.rules.support import loan_subsidy

_GRANT, _EQUITY, _LOAN = 0, 1, 2
#: Public money never bears more than this of a project's capital cost.
_MOST_RELIEF = 0.9


@inner
def fund_worth(table, w, discount):
    """Return the part of each dollar advanced by fund `w` that is a gift to a firm of this required return."""
    if table.fund_form[w] == _LOAN:
        years = table.fund_years[w]
        return loan_subsidy(annuity(discount, years), annuity(table.fund_rate[w], years))
    return 1.0 if table.fund_form[w] == _GRANT else 0.0


@inner
def fund_share(table, history, run, w, step):
    """Return the share of capital cost that fund `w` bears this quarter; 0 when its money is spent."""
    m = table.fund_measure[w]
    active = in_force(table, history, run, m, step)
    if not active > 0.0 or history.fund_spent_usd[run, w] >= table.fund_budget_usd[w]:
        return 0.0
    share = table.fund_share[w, moment(table, history, run, m, step)] * history.measure_level[run, m]
    return max(0.0, min(active * share, _MOST_RELIEF))


@inner
def pays_at(table, history, layout, run, w, s):
    """Tell whether fund `w` pays at site `s`: a treaty's fund does so in its members only, as they are now."""
    x = table.measure_treaty[table.fund_measure[w]]
    return x < 0 or history.treaty_member[run, x * table.countries + layout.site_country[s]] > 0.0


@phase
def offer_funds(table, history, layout, columns, step):
    """Write for each site what funds would take off its capital cost, and how far equity lowers its required return."""
    for run in range(columns.site_relief_share.shape[0]):
        for s in range(layout.site_new_plant.size):
            columns.site_relief_share[run, s] = 0.0
            columns.site_relief_factor[run, s] = 1.0
        for w in range(table.fund_measure.size):
            share = fund_share(table, history, run, w, step)
            if share <= 0.0:
                continue
            for p in range(table.fund_start[w], table.fund_start[w + 1]):
                k = table.fund_plant[p]
                s = layout.plant_site[k]
                if s < 0 or layout.site_new_plant[s] != k or not pays_at(table, history, layout, run, w, s):
                    continue
                discount = columns.site_discount[run, s]
                relief = columns.site_relief_share[run, s] + share * fund_worth(table, w, discount)
                columns.site_relief_share[run, s] = min(relief, _MOST_RELIEF)
                if table.fund_form[w] == _EQUITY and table.fund_rate[w] < discount:
                    blend = 1.0 - share * (1.0 - table.fund_rate[w] / discount)
                    columns.site_relief_factor[run, s] *= blend


@phase
def pay_funds(table, history, layout, columns, step, turnover):
    """Pay funds' part of the capacity started this quarter, within what is left of each budget."""
    for run in range(columns.site_relief_share.shape[0]):
        turnover[0] = 0.0
        columns.country_fund_usd[run, :] = 0.0
        for w in range(table.fund_measure.size):
            share = fund_share(table, history, run, w, step)
            for p in range(table.fund_start[w], table.fund_start[w + 1]):
                k = table.fund_plant[p]
                s = layout.plant_site[k]
                if share <= 0.0 or s < 0 or layout.site_new_plant[s] != k:
                    continue
                if not pays_at(table, history, layout, run, w, s):
                    continue
                if table.fund_additional[w] > 0 and columns.site_bare_index[run, s] > 1.0:
                    continue
                capital = columns.site_invest_t[run, s] * columns.site_capex[run, s]
                capital *= columns.site_capex_factor[run, s]
                left = max(0.0, table.fund_budget_usd[w] - history.fund_spent_usd[run, w])
                advanced = min(share * capital, left)
                if advanced <= 0.0:
                    continue
                history.fund_spent_usd[run, w] += advanced
                worth = fund_worth(table, w, columns.site_discount[run, s])
                paid = advanced * (worth if table.fund_form[w] == _LOAN else 1.0)
                firm = layout.site_firm[s]
                columns.firm_capex_usd[run, firm] -= paid
                for c in range(table.countries):
                    part = paid * table.fund_burden[w, c]
                    post(columns.balance_usd, run, layout.treasury_account + c, firm, part, turnover)
                    columns.country_fund_usd[run, c] += part
        columns.turnover_usd[run, 0] += turnover[0]


@phase
def count_announced(layout, columns, values, announced_t, step, ahead):
    """Write for each site what announced projects bring within `ahead` quarters: no fund pays for it."""
    for run in range(announced_t.shape[0]):
        for s in range(announced_t.shape[1]):
            announced_t[run, s] = 0.0
        for p in range(layout.project_site.size):
            if layout.project_announced[p] <= step:
                come = part_come(layout, columns, values, run, p, step, ahead)
                announced_t[run, layout.project_site[p]] += come * layout.project_capacity_t[p]


@phase
def book_programmes(table, history, layout, columns, answer, step, turnover):
    """Post programmes' outlays, the keep of stocks, and what users pay for and get from their vaults."""
    for run in range(columns.country_programme_usd.shape[0]):
        turnover[0] = 0.0
        balance = columns.balance_usd
        columns.country_programme_usd[run, :] = 0.0
        for o in range(table.outlay_measure.size):
            m = table.outlay_measure[o]
            if not history.measure_force[run, m] > 0.0:
                continue
            paid = table.outlay_usd[o, moment(table, history, run, m, step)] * history.measure_level[run, m]
            for c in range(table.countries):
                part = paid * table.outlay_burden[o, c]
                post(balance, run, layout.treasury_account + c, layout.labour_account, part, turnover)
                columns.country_programme_usd[run, c] += part
        for u in range(table.rule_measure.size):
            j = table.rule_buyer[u]
            price, c = columns.buyer_average_price[run, j], layout.buyer_country[j]
            fund, user = layout.fund_account + c, layout.user_account + c
            strike, held = table.rule_strike[u], history.rule_stock_t[run, u]
            if strike < 0.0:
                held = history.state_stock_t[run, j]
                for other in range(table.rule_measure.size):
                    if table.rule_buyer[other] == j:
                        held = max(0.0, held - history.rule_stock_t[run, other])
            if history.measure_last_on[run, table.rule_measure[u]] < -1.0:
                held = 0.0  # what stood there before the rule ever held is nobody's keep
            keep = 0.25 * table.rule_carry[u] * held * price
            if strike < 0.0:
                post(balance, run, fund, layout.labour_account, keep, turnover)
                columns.country_programme_usd[run, c] += keep
                continue
            moved = history.rule_order_t[run, u] - history.rule_release_t[run, u]
            post(balance, run, user, layout.labour_account, keep, turnover)
            post(balance, run, user, fund, 0.25 * table.rule_fee[u] * held * strike, turnover)
            post(balance, run, user, fund, (price - strike) * moved, turnover)
        columns.turnover_usd[run, 0] += turnover[0]
        columns.money_residual_usd[run, 0] = sum_exactly(columns.balance_usd, run)
