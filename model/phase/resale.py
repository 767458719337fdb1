"""Selling on: what an exempt country buys and sells to those who may not buy so themselves, and who notices.

A reseller is a plant like a smuggler: it buys where goods arrive spared and sells at a node of its own, at a cost with
the fine it risks; `1 / (1 + exp(-(gap - cost - q fine) / scale))` of its capacity runs. The anti-leak rule bounds that
capacity by the shipments whose end use nobody verified. Without anything that spares its country it has none.
"""

import math

from model.compiled import inner, phase
from model.parameter import POSITION
from model.rules.leak import enforced, police
from model.rules.treaty import is_kept, unseen_leak
from model.treaty_state import IN_FORCE

_MOST, _COST = POSITION["leak_share"], POSITION["leak_cost_share"]
_CHECKED, _TOLERANCE = POSITION["origin_check_share"], POSITION["resale_tolerance"]
_POLICE, _FORGET = POSITION["policing_speed"], POSITION["policing_fade"]
_STATE = POSITION["discount_state"]


@inner
def is_kept_from(layout, columns, history, terms, run, r, s):
    """Tell whether an export measure bears on route `s` and not on route `r` of the same seller, which is spared."""
    routes = layout.route_origin.size
    if not history.route_exempt[run, routes + r] > 0.0 or history.route_exempt[run, routes + s] > 0.0:
        return False
    if history.route_exempt[run, r] > 0.0 and columns.route_held_share[run, s] > 0.0:
        return True
    taxed = terms.route_export_tax[run, s] > terms.route_export_tax[run, r]
    return taxed or terms.route_export_duty[run, s] > terms.route_export_duty[run, r]


@inner
def way_to(network, layout, i, buyer):
    """Return the route from reseller's node `i` to a buyer, -1 for none."""
    for p in range(layout.node_route_start[i], layout.node_route_start[i + 1]):
        if network.route_buyer[layout.node_routes[p]] == buyer:
            return layout.node_routes[p]
    return -1


@inner
def open_ways(network, layout, columns, history, terms, run, i, r):
    """Open the ways of the reseller at `i` to buyers who cannot have as it does what came in by route `r`.

    Returns the usual tonnes of those closed ways, their worth where they go (usd), and the part under export measures.
    """
    usual, worth, kept = 0.0, 0.0, 0.0
    v = network.route_node[r]
    for p in range(layout.node_route_start[v], layout.node_route_start[v + 1]):
        s = layout.node_routes[p]
        destination = layout.route_destination[s]
        at_home = destination == layout.route_origin[s] or destination == layout.node_country[i]
        if at_home or not layout.route_usual_t[s] > 0.0:
            continue
        barred = is_kept_from(layout, columns, history, terms, run, r, s)
        floored = terms.route_floor[run, s] > 0.0 and terms.route_floor[run, r] <= 0.0
        if not barred and not floored:
            continue
        q = way_to(network, layout, i, network.route_buyer[s])
        if q < 0 or (not barred and terms.route_floor[run, q] > 0.0):
            continue
        columns.route_passes[run, q] = 1.0
        usual += layout.route_usual_t[s]
        worth += layout.route_usual_t[s] * columns.buyer_price[run, network.route_buyer[s]]
        if barred:
            kept += layout.route_usual_t[s]
    return usual, worth, kept


@phase
def find_resale(network, layout, columns, history, terms, answer, values):
    """Find what each reseller may sell on next quarter, to whom and at which price, and what customs learned."""
    for run in range(values.shape[0]):
        for n in range(layout.resale_plant.size):
            i, j, k = layout.resale_node[n], layout.resale_buyer[n], layout.resale_plant[n]
            for p in range(layout.node_route_start[i], layout.node_route_start[i + 1]):
                columns.route_passes[run, layout.node_routes[p]] = 0.0
            may, spared, usual, worth = 0.0, 0.0, 0.0, 0.0
            for r in range(network.route_start[j], network.route_start[j + 1]):
                foreign = layout.route_origin[r] != layout.route_destination[r]
                flow = answer.flow_t[run, r]
                if not foreign or not flow > 0.0 or layout.node_leak[network.route_node[r]]:
                    continue
                closed, value, kept = open_ways(network, layout, columns, history, terms, run, i, r)
                if not closed > 0.0:
                    continue
                usual += closed
                worth += value
                verified = history.route_checked[run, r] if kept > 0.0 else values[run, _CHECKED]
                may += unseen_leak(flow, values[run, _MOST], verified)
                spared += flow if kept > 0.0 else 0.0
            c, capacity = layout.node_country[i], terms.plant_capacity_t[run, k]
            looked = enforced(columns.country_enforcement[run, c], columns.country_enforcement_factor[run, c])
            used = answer.output_t[run, k] / capacity if capacity > 0.0 else 0.0
            columns.node_policing[run, i] = police(
                columns.node_policing[run, i],
                looked * columns.node_watched[run, i],
                used,
                values[run, _POLICE],
                values[run, _FORGET],
            )
            columns.node_held_t[run, i] = may
            columns.node_spared_t[run, i] = spared
            columns.node_watched[run, i] = 1.0
            if usual > 0.0:
                columns.node_outside_price[run, i] = worth / usual


@inner
def is_covered(table, layout, columns, run, e, i):
    """Tell whether exemption `e` binds the country of the reseller at `i` and covers its good."""
    x = table.exemption_treaty[e]
    row = x * table.countries + layout.node_country[i]
    bound = columns.treaty_state[run, x] == IN_FORCE and columns.member_state[run, row] == IN_FORCE
    return bound and table.exemption_route[e, layout.node_routes[layout.node_route_start[i]]] > 0


@phase
def watch_resale(table, layout, columns, answer, values):
    """Count what each member sold on of what its exemptions let in, and whether it is worth its while to look away.

    It polices while the loss of an exemption weighs more than what its traders make until they are seen.
    """
    for run in range(values.shape[0]):
        for row in range(columns.member_spared_t.shape[1]):
            columns.member_spared_t[run, row] = 0.0
            columns.member_resold_t[run, row] = 0.0
        discount = math.pow(1.0 + max(values[run, _STATE], 1e-4), -0.25)
        for n in range(layout.resale_plant.size):
            i = layout.resale_node[n]
            spared = columns.node_spared_t[run, i]
            if not spared > 0.0:
                continue
            outside = columns.node_outside_price[run, i]
            gap = max(0.0, outside - columns.buyer_price[run, layout.resale_buyer[n]])
            gain = max(0.0, gap - values[run, _COST] * outside) * columns.node_held_t[run, i]
            counted, covered, kept = -1, False, False
            for e in range(table.exemption_treaty.size):  # by treaty, and within it by clause
                x = table.exemption_treaty[e]
                if x == counted or not is_covered(table, layout, columns, run, e, i):
                    continue
                counted, covered = x, True
                row = x * table.countries + layout.node_country[i]
                columns.member_spared_t[run, row] += spared
                columns.member_resold_t[run, row] += answer.output_t[run, layout.resale_plant[n]]
                kept = kept or is_kept(gain, gap * spared, table.lag[x], table.detection[x], discount)
            if covered and not kept:
                columns.node_watched[run, i] = 0.0
        for row in range(columns.member_spared_t.shape[1]):
            most = values[run, _TOLERANCE] * columns.member_spared_t[run, row]
            if columns.member_resold_t[run, row] > most:
                columns.member_resale_quarters[run, row] += 1.0
            else:
                columns.member_resale_quarters[run, row] = 0.0
