"""Which sellers, buyers and plants take part: who can be fed, who can sell, who wants to buy."""

from model.compiled import rule


@rule
def _feed_forward(network, terms, run, ws, c):
    """Switch off what cannot be supplied, following goods downstream; return whether anything changed."""
    changed = False
    for m in range(network.component_recipe_start[c], network.component_recipe_start[c + 1]):
        if not ws.recipe_active[m]:
            continue
        fed = True
        for s in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
            fed = fed and ws.buyer_active[network.input_buyer[s]]
        if not fed:
            ws.recipe_active[m] = False
            changed = True
    for i in range(network.component_node_start[c], network.component_node_start[c + 1]):
        if ws.node_active[i] and not _has_goods(network, terms, run, ws, c, i):
            ws.node_active[i] = False
            changed = True
    for j in range(network.component_buyer_start[c], network.component_buyer_start[c + 1]):
        any_open = False
        for r in range(network.route_start[j], network.route_start[j + 1]):
            ws.route_open[r] = ws.route_open[r] and ws.node_active[network.route_node[r]] and ws.buyer_active[j]
            any_open = any_open or ws.route_open[r]
        if ws.buyer_active[j] and not any_open:
            ws.buyer_active[j] = False
            changed = True
    return changed


@rule
def _has_goods(network, terms, run, ws, c, i):
    """Tell whether node `i` has an active producer, a stock it would sell, or a fixed supply."""
    if terms.node_supply_t[run, i] > 0.0:
        return True
    if terms.node_stock_t[run, i] > 0.0 and terms.node_sell_share[run, i] > 0.0:
        return True
    for m in range(network.component_recipe_start[c], network.component_recipe_start[c + 1]):
        if ws.recipe_active[m]:
            for s in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
                if network.output_node[s] == i:
                    return True
    return False


@rule
def _want_backward(network, terms, run, ws, c):
    """Switch off what nobody wants, following goods upstream; return whether anything changed."""
    changed = False
    for j in range(network.component_buyer_start[c], network.component_buyer_start[c + 1]):
        if ws.buyer_active[j] and not _wants(network, terms, run, ws, c, j):
            ws.buyer_active[j] = False
            changed = True
    first, last = network.component_node_start[c], network.component_node_start[c + 1]
    for i in range(first, last):
        if not ws.node_active[i]:
            continue
        outlet = False
        for j in range(network.component_buyer_start[c], network.component_buyer_start[c + 1]):
            if not ws.buyer_active[j]:
                continue
            for r in range(network.route_start[j], network.route_start[j + 1]):
                if network.route_node[r] == i and ws.route_open[r]:
                    outlet = True
        if not outlet:
            ws.node_active[i] = False
            changed = True
    for m in range(network.component_recipe_start[c], network.component_recipe_start[c + 1]):
        if not ws.recipe_active[m]:
            continue
        outlet = False
        for s in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
            outlet = outlet or ws.node_active[network.output_node[s]]
        if not outlet:
            ws.recipe_active[m] = False
            changed = True
    return changed


@rule
def _wants(network, terms, run, ws, c, j):
    """Tell whether buyer `j` has final users, active plants, or orders for stock."""
    if terms.demand_t[run, j] > 0.0 or terms.buyer_restock_t[run, j] > 0.0 or terms.buyer_order_t[run, j] > 0.0:
        return True
    for m in range(network.component_recipe_start[c], network.component_recipe_start[c + 1]):
        if ws.recipe_active[m]:
            for s in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
                if network.input_buyer[s] == j:
                    return True
    return False


@rule
def find_participants(network, terms, run, ws, c):
    """Set the active flags of component `c`: a fixed point of 'can be supplied' and 'is wanted'.

    A route is open if its weight is positive and none of its quotas is zero. A processor whose inputs
    cannot reach it has its own routes closed too, down the chain.
    """
    for m in range(network.component_recipe_start[c], network.component_recipe_start[c + 1]):
        ws.recipe_active[m] = False
        for k in range(network.plant_start[m], network.plant_start[m + 1]):
            if terms.plant_capacity_t[run, k] > 0.0:
                ws.recipe_active[m] = True
    for i in range(network.component_node_start[c], network.component_node_start[c + 1]):
        ws.node_active[i] = True
    for j in range(network.component_buyer_start[c], network.component_buyer_start[c + 1]):
        ws.buyer_active[j] = True
        for r in range(network.route_start[j], network.route_start[j + 1]):
            ws.route_open[r] = terms.route_weight[run, r] > 0.0
            for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
                if terms.quota_t[run, network.route_quota[s]] <= 0.0:
                    ws.route_open[r] = False
    changed = True
    while changed:
        changed = _feed_forward(network, terms, run, ws, c)
        changed = _want_backward(network, terms, run, ws, c) or changed
    for g in range(network.component_quota_start[c], network.component_quota_start[c + 1]):
        ws.quota_active[g] = False
    for j in range(network.component_buyer_start[c], network.component_buyer_start[c + 1]):
        for r in range(network.route_start[j], network.route_start[j + 1]):
            ws.route_open[r] = ws.route_open[r] and ws.buyer_active[j] and ws.node_active[network.route_node[r]]
            if ws.route_open[r]:
                for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
                    g = network.route_quota[s]
                    ws.quota_active[g] = terms.quota_t[run, g] < 1e300
