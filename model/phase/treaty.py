"""Treaties at work: their course run by run, what they exempt, which measures they switch, who pays whom.

A treaty with dates follows them; one that states decide about follows their votes. Either way a member in breach is
suspended once seen, leaves after notice, and a treaty without its least members binds nobody.
"""

from model.compiled import inner, phase, rule
from model.draw import TREATY, TREATY_BREACH, TREATY_RESALE, uniform
from model.ledger import post, split_landed, sum_exactly
from model.rules.treaty import is_seen, next_member, next_treaty, tension_after
from model.treaty_state import IN_FORCE, LAPSED, LEFT, NONE, PROPOSED, RATIFIED, SIGNED, SUSPENDED

_BY_USE, _BY_OUTPUT, _FUND = 1, 2, 3


@phase
def advance_treaties(table, columns, seed, first_run, step):
    """Move every treaty and its members a quarter on; decisions of the quarter are used up."""
    countries = table.countries
    for run in range(columns.treaty_state.shape[0]):
        for x in range(table.least.size):
            before = columns.treaty_state[run, x]
            for c in range(countries):
                move_member(table, columns, run, x, c, seed, first_run, step)
                bar_reseller(table, columns, run, x, c, seed, first_run, step)
            luck = uniform(seed, first_run + run, step, TREATY, table.luck[x])
            after = float(course(table, columns, run, x, before, luck, step))
            if after != before:
                columns.treaty_state[run, x] = after
                columns.treaty_since[run, x] = step
                if after == IN_FORCE and before != SUSPENDED:
                    columns.treaty_began[run, x] = step
                follow(table, columns, run, x, after, step)
            calm_signatories(table, columns, run, x, step)
            columns.treaty_tabled[run, x] = 0.0
            columns.treaty_countered[run, x] = 0.0
        claim_territory(table, columns, run, step)
        for row in range(columns.member_vote.shape[1]):
            columns.member_vote[run, row] = 0.0


@inner
def move_member(table, columns, run, x, c, seed, first_run, step):
    """Move one member of a treaty a quarter on."""
    row = x * table.countries + c
    if table.invited[row] == 0:
        return
    treaty, state = columns.treaty_state[run, x], columns.member_state[run, row]
    now = table.scripted[x, step + 1]
    signs = columns.member_vote[run, row] > 0.0 and not is_spoken_for(table, columns, run, x, c)
    binds = treaty in (IN_FORCE, SUSPENDED)
    if columns.member_cheats[run, row] > 0.0 and state == IN_FORCE:
        columns.member_breach[run, row] += 1.0
    elif columns.member_cheats[run, row] <= 0.0:
        columns.member_breach[run, row] = 0.0
    luck = uniform(seed, first_run + run, step, TREATY_BREACH, table.member_luck[row])
    breach = columns.member_breach[run, row]
    seen = breach > 0.0 and is_seen(breach, table.lag[x], table.detection[x], luck)
    noticed = columns.member_notice[run, row]
    noticed = step - noticed if noticed >= 0.0 else -1.0
    elapsed = step - columns.member_since[run, row]
    if now >= 0:
        after = float(now)
        if now == IN_FORCE and state in (IN_FORCE, SUSPENDED, LEFT):
            after = float(
                next_member(
                    int(state), elapsed, signs, table.delay[x], True, seen, breach > 0.0, table.penalty[x], noticed,
                    table.notice[x],
                )
            )  # fmt: skip
    elif treaty in (NONE, LAPSED):
        after = state
    else:
        after = float(
            next_member(
                int(state), elapsed, signs, table.delay[x], binds, seen, breach > 0.0, table.penalty[x], noticed,
                table.notice[x],
            )
        )  # fmt: skip
    if after == state:
        return
    columns.member_state[run, row] = after
    columns.member_since[run, row] = step
    if has_signed(after) and not has_signed(state):
        columns.member_signed[run, row] = step
    if after == LEFT:
        columns.member_notice[run, row] = -1.0


@inner
def bar_reseller(table, columns, run, x, c, seed, first_run, step):
    """Take a member's exemption from it for the treaty's penalty once it is seen that spared goods are sold on."""
    row = x * table.countries + c
    quarters = columns.member_resale_quarters[run, row]
    if not quarters > 0.0 or columns.member_state[run, row] != IN_FORCE:
        return
    luck = uniform(seed, first_run + run, step, TREATY_RESALE, table.member_luck[row])
    if is_seen(quarters, table.lag[x], table.detection[x], luck):
        columns.member_barred[run, row] = step
        columns.member_resale_quarters[run, row] = 0.0


@rule
def has_signed(state):
    """Tell whether a member in this state has signed and not left."""
    return SIGNED <= state <= SUSPENDED


@inner
def is_spoken_for(table, columns, run, x, c):
    """Tell whether another treaty in force forbids country `c` to sign treaty `x` without its fellow members."""
    countries, treaties = table.countries, table.least.size
    for other in range(treaties):
        if table.voice[other * treaties + x] == 0 or columns.treaty_state[run, other] != IN_FORCE:
            continue
        if columns.member_state[run, other * countries + c] != IN_FORCE:
            continue
        for d in range(countries):
            fellow = columns.member_state[run, other * countries + d] == IN_FORCE
            if d != c and fellow and table.invited[x * countries + d] == 0:
                return True
    return False


@inner
def course(table, columns, run, x, before, luck, step):
    """Return the treaty's next state from its members' and its dates."""
    signed, ratified, active = 0.0, 0.0, 0.0
    for c in range(table.countries):
        state = columns.member_state[run, x * table.countries + c]
        if has_signed(state):
            signed += 1.0
            ratified += 1.0 if state >= RATIFIED else 0.0
            active += 1.0 if state in (RATIFIED, IN_FORCE) else 0.0
    now, least = table.scripted[x, step + 1], table.least[x]
    if now >= 0:
        if now != IN_FORCE:
            return now
        if signed < least:
            return LAPSED
        return IN_FORCE if active >= least else SUSPENDED
    bound = before in (IN_FORCE, SUSPENDED)
    return next_treaty(
        int(before),
        columns.treaty_tabled[run, x] > 0.0 or (before == NONE and step >= table.tabled_step[x]),
        columns.treaty_countered[run, x] > 0.0,
        signed,
        ratified,
        signed,
        active,
        least,
        table.collective[x] > 0,
        step > table.deadline[x],
        table.failure_share[x],
        luck,
        bound and step - columns.treaty_began[run, x] >= table.term[x],
    )


@inner
def follow(table, columns, run, x, after, step):
    """Let members follow a treaty that is tabled, enters into force or lapses."""
    for c in range(table.countries):
        row = x * table.countries + c
        if table.invited[row] == 0:
            continue
        state = columns.member_state[run, row]
        follows = state
        if after == PROPOSED and not has_signed(state):
            follows = float(PROPOSED)
        elif after == IN_FORCE and state == RATIFIED:
            follows = float(IN_FORCE)
        elif after == LAPSED:
            follows = float(LAPSED)
        if follows != state:
            columns.member_state[run, row] = follows
            columns.member_since[run, row] = step


@inner
def calm_signatories(table, columns, run, x, step):
    """Change tension between those who sign now and all who have signed."""
    if table.calm[x] == 0.0:
        return
    countries = table.countries
    for c in range(countries):
        if columns.member_signed[run, x * countries + c] != step:
            continue
        for d in range(countries):
            row = x * countries + d
            both_now = columns.member_signed[run, row] == step
            if d != c and has_signed(columns.member_state[run, row]) and (not both_now or d < c):
                strain(columns, run, c, d, countries, table.calm[x])


@inner
def strain(columns, run, c, d, countries, change):
    """Change tension of a pair, both ways."""
    there, back = c * countries + d, d * countries + c
    columns.tension[run, there] = tension_after(columns.tension[run, there], change)
    columns.tension[run, back] = tension_after(columns.tension[run, back], change)


@inner
def claim_territory(table, columns, run, step):
    """Note claims of one country on another's territory; a treaty's clause makes them raise tension."""
    countries = table.countries
    for c in range(countries):
        for d in range(countries):
            pair = c * countries + d
            if columns.pair_claims[run, pair] <= 0.0:
                continue
            columns.pair_claims[run, pair] = 0.0
            columns.pair_claimed[run, pair] = step
            columns.pair_claimed[run, d * countries + c] = step
            worst = 0.0
            for x in range(table.least.size):
                if columns.treaty_state[run, x] == IN_FORCE and table.claim_quarters[x] > 0.0:
                    first = x * countries
                    both = columns.member_state[run, first + c] == columns.member_state[run, first + d]
                    if both and columns.member_state[run, first + c] == IN_FORCE:
                        worst = max(worst, table.claim_tension[x])
            if worst > 0.0:
                strain(columns, run, c, d, countries, worst)


@phase
def bind_members(table, layout, columns, history, step):
    """Write who is bound, which routes their exemptions free, and switch the clauses' measures, run by run."""
    countries, routes = table.countries, layout.route_origin.size
    for run in range(columns.treaty_state.shape[0]):
        for x in range(table.least.size):
            bound = columns.treaty_state[run, x] == IN_FORCE
            for c in range(countries):
                row = x * countries + c
                member = bound and columns.member_state[run, row] == IN_FORCE
                history.treaty_member[run, row] = 1.0 if member else 0.0
        for r in range(history.route_exempt.shape[1]):
            history.route_exempt[run, r] = 0.0
        for r in range(routes):
            history.route_checked[run, r] = 0.0
        for e in range(table.exemption_treaty.size):
            x = table.exemption_treaty[e]
            if columns.treaty_state[run, x] != IN_FORCE:
                continue
            first = x * countries
            for r in range(routes):
                origin, destination = layout.route_origin[r], layout.route_destination[r]
                both = (
                    history.treaty_member[run, first + origin]
                    * history.treaty_member[run, first + destination]
                )
                if table.exemption_route[e, r] == 0 or both <= 0.0:
                    continue
                claimed = columns.pair_claimed[run, origin * countries + destination]
                barred = columns.member_barred[run, first + destination]
                if step - claimed < table.claim_quarters[x] or step - barred < table.penalty[x]:
                    continue
                checked = max(history.route_checked[run, r], table.exemption_checked[e])
                history.route_checked[run, r] = checked
                history.route_exempt[run, routes + r] = 1.0
                if table.exemption_duties[e] == 0:
                    history.route_exempt[run, r] = 1.0
        for k in range(table.measure.size):
            m, c = table.measure[k], table.measure_actor[k]
            row = table.measure_treaty[k] * countries + c
            on = c >= 0 and history.treaty_member[run, row] > 0.0 and columns.member_cheats[run, row] <= 0.0
            if on and history.measure_force[run, m] <= 0.0:
                history.measure_since[run, m] = step
            history.measure_force[run, m] = 1.0 if on else 0.0


@phase
def share_outlays(table, measures, network, layout, terms, answer, history, columns, turnover):
    """Book what members pay each other: the common floor's levy by its rule, supports by their shares, agreed payments.

    After the quarter's books; every payment moves between two accounts. `turnover` [1] is scratch.
    """
    for run in range(answer.price.shape[0]):
        turnover[0] = 0.0
        for c in range(table.countries):
            columns.country_levy_usd[run, c] = 0.0
            columns.country_burden_usd[run, c] = 0.0
        for levy in range(table.levy_treaty.size):
            if table.levy_rule[levy] > 0:
                for g in range(columns.good_produced_t.shape[1]):
                    share_levy(
                        table, network, layout, terms, answer, history, columns, turnover, run, levy, g
                    )
        for b in range(table.burden_treaty.size):
            share_support(table, measures, layout, answer, history, columns, turnover, run, b)
        for x in range(table.least.size):
            if table.pays[x] > 0:
                pay_agreed(table, layout, history, columns, turnover, run, x)
        columns.turnover_usd[run, 0] += turnover[0]
        columns.money_residual_usd[run, 0] = sum_exactly(columns.balance_usd, run)


@inner
def pay_agreed(table, layout, history, columns, turnover, run, x):
    """Pay what members agreed at signing, as far as those bound pay and receive: both sides move the same money."""
    first, paid, owed = x * table.countries, 0.0, 0.0
    for c in range(table.countries):
        if history.treaty_member[run, first + c] > 0.0:
            amount = columns.member_payment_usd[run, first + c]
            paid += max(amount, 0.0)
            owed += max(-amount, 0.0)
    moved = min(paid, owed)
    if not moved > 0.0:
        return
    for c in range(table.countries):
        if history.treaty_member[run, first + c] > 0.0:
            amount = columns.member_payment_usd[run, first + c]
            amount *= moved / (paid if amount > 0.0 else owed)
            post(
                columns.balance_usd,
                run,
                layout.treasury_account + c,
                layout.transit_account,
                amount,
                turnover,
            )
            columns.country_levy_usd[run, c] -= amount


@inner
def levied(table, network, layout, terms, answer, history, run, levy, good, r):
    """Return the top-up (usd) that route `r` brought under a levy's floors on a good."""
    m = int(history.floor_measure[run, r])
    if (
        m < 0
        or m >= table.measure_levy.size
        or table.measure_levy[m] != levy
        or not answer.flow_t[run, r] > 0.0
    ):
        return 0.0
    i = network.route_node[r]
    if layout.node_good[i] != good:
        return 0.0
    wedge = 0.0
    for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
        rent = answer.wedge[run, network.route_quota[s]]
        if rent > 0.0 and terms.quota_cover[run, s] > 0.0:
            wedge += rent
    top_up = split_landed(
        answer.price[run, i],
        wedge,
        terms.route_export_tax[run, r],
        terms.route_export_duty[run, r],
        terms.route_freight[run, r],
        terms.route_tariff[run, r],
        terms.route_import_duty[run, r],
        answer.landed_price[run, r],
    )[3]
    return max(top_up, 0.0) * history.floor_public_share[run, r] * answer.flow_t[run, r]


@inner
def levy_weight(table, network, layout, answer, run, levy, good, c):
    """Return what a member's part of a levy goes by: its use or output of the good (t), or 1."""
    amount = 0.0
    if table.levy_rule[levy] == _BY_USE:
        for j in range(layout.buyer_good.size):
            if layout.buyer_good[j] == good and layout.buyer_country[j] == c:
                amount += answer.use_t[run, j]
        return amount
    if table.levy_rule[levy] == _BY_OUTPUT:
        for i in range(layout.node_good.size):
            if layout.node_good[i] != good or layout.node_country[i] != c or layout.node_leak[i]:
                continue
            for s in range(layout.node_recipe_start[i], layout.node_recipe_start[i + 1]):
                recipe = layout.node_recipes[s]
                for k in range(network.plant_start[recipe], network.plant_start[recipe + 1]):
                    amount += layout.node_recipe_rate[s] * answer.output_t[run, k]
        return amount
    return 1.0


@inner
def share_levy(table, network, layout, terms, answer, history, columns, turnover, run, levy, good):
    """Divide the top-up of a levy's floors on one good among the members bound; none is left over."""
    first = table.levy_treaty[levy] * table.countries
    total, weights = 0.0, 0.0
    for r in range(layout.route_origin.size):
        total += levied(table, network, layout, terms, answer, history, run, levy, good, r)
    for c in range(table.countries):
        if history.treaty_member[run, first + c] > 0.0:
            weights += levy_weight(table, network, layout, answer, run, levy, good, c)
    if total <= 0.0 or weights <= 0.0:
        return
    for r in range(layout.route_origin.size):
        amount = levied(table, network, layout, terms, answer, history, run, levy, good, r)
        c = layout.route_destination[r]
        post(columns.balance_usd, run, layout.treasury_account + c, layout.transit_account, amount, turnover)
        columns.country_levy_usd[run, c] -= amount
    to_fund = table.levy_rule[levy] == _FUND
    for c in range(table.countries):
        if history.treaty_member[run, first + c] > 0.0:
            part = levy_weight(table, network, layout, answer, run, levy, good, c) / weights * total
            account = layout.fund_account + c if to_fund else layout.treasury_account + c
            post(columns.balance_usd, run, layout.transit_account, account, part, turnover)
            columns.country_levy_usd[run, c] += part


@inner
def refund_support(layout, columns, turnover, run, s, plant, paid):
    """Give back what treasuries paid a plant under support `s`: each its own share, the host where nobody is named."""
    told = 0.0
    for c in range(layout.support_share.shape[1]):
        part = layout.support_share[s, c] * paid
        told += layout.support_share[s, c]
        post(columns.balance_usd, run, layout.transit_account, layout.treasury_account + c, part, turnover)
        columns.country_burden_usd[run, c] -= part
    if not told > 0.0:
        c = layout.plant_country[plant]
        post(columns.balance_usd, run, layout.transit_account, layout.treasury_account + c, paid, turnover)
        columns.country_burden_usd[run, c] -= paid


@inner
def share_support(table, measures, layout, answer, history, columns, turnover, run, burden):
    """Divide what treasuries paid under a clause's price supports among the members bound, by their shares, once."""
    first = table.burden_treaty[burden] * table.countries
    total, shares = 0.0, 0.0
    for c in range(table.countries):
        if history.treaty_member[run, first + c] > 0.0:
            shares += table.burden_share[burden, c]
    if shares <= 0.0:
        return
    for s in range(measures.support_measure.size):
        m = measures.support_measure[s]
        if m >= table.measure_burden.size or table.measure_burden[m] != burden:
            continue
        if layout.support_by_users[s] > 0:
            continue  # users paid within their prices; treasuries have nothing to share
        for p in range(measures.support_start[s], measures.support_start[s + 1]):
            k = measures.support_plant[p]
            paid = history.support_usd_per_t[run, s] * answer.output_t[run, k]
            total += paid
            refund_support(layout, columns, turnover, run, s, k, paid)
    for c in range(table.countries):
        if history.treaty_member[run, first + c] > 0.0:
            part = table.burden_share[burden, c] / shares * total
            post(
                columns.balance_usd, run, layout.treasury_account + c, layout.transit_account, part, turnover
            )
            columns.country_burden_usd[run, c] += part
