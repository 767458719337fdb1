"""Which sellers, buyers and plants take part: who can be fed, who can sell, who wants to buy."""

from model.compiled import rule


@rule
def find_participants(network, terms, run, ws, c):
    """Set the active flags of component `c`: a fixed point of 'can be supplied' and 'is wanted'.

    A route is open if its weight is positive and no quota that it counts towards is zero. A processor whose inputs
    cannot reach it has its own routes closed too, down the chain; what nobody wants is not made, up the
    chain. One long function: it runs every quarter, and calls that pass the whole network cost more than
    the work they do.
    """
    n0, n1 = network.component_node_start[c], network.component_node_start[c + 1]
    b0, b1 = network.component_buyer_start[c], network.component_buyer_start[c + 1]
    m0, m1 = network.component_recipe_start[c], network.component_recipe_start[c + 1]
    for m in range(m0, m1):
        ws.recipe_active[m] = False
        for k in range(network.plant_start[m], network.plant_start[m + 1]):
            if terms.plant_capacity_t[run, k] > 0.0:
                ws.recipe_active[m] = True
    for i in range(n0, n1):
        ws.node_active[i] = True
    for j in range(b0, b1):
        ws.buyer_active[j] = True
        for r in range(network.route_start[j], network.route_start[j + 1]):
            ws.route_open[r] = terms.route_weight[run, r] > 0.0
            for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
                if terms.quota_cover[run, s] > 0.0 and terms.quota_t[run, network.route_quota[s]] <= 0.0:
                    ws.route_open[r] = False

    changed = True
    while changed:
        changed = False
        # Forward: plants that are fed, sellers that have goods, buyers that have an open route.
        for i in range(n0, n1):
            stock = terms.node_stock_t[run, i] > 0.0 and terms.node_sell_share[run, i] > 0.0
            ws.node_marked[i] = stock or terms.node_supply_t[run, i] > 0.0
        for m in range(m0, m1):
            fed = ws.recipe_active[m]
            for s in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
                fed = fed and ws.buyer_active[network.input_buyer[s]]
            changed = changed or fed != ws.recipe_active[m]
            ws.recipe_active[m] = fed
            if fed:
                for s in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
                    ws.node_marked[network.output_node[s]] = True
        for i in range(n0, n1):
            changed = changed or (ws.node_active[i] and not ws.node_marked[i])
            ws.node_active[i] = ws.node_active[i] and ws.node_marked[i]
        # Backward: buyers that want goods, sellers that have an outlet, plants whose goods are wanted.
        for j in range(b0, b1):
            ws.buyer_marked[j] = (
                terms.demand_t[run, j] > 0.0
                or terms.buyer_restock_t[run, j] > 0.0
                or terms.buyer_order_t[run, j] > 0.0
            )
        for m in range(m0, m1):
            if ws.recipe_active[m]:
                for s in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
                    ws.buyer_marked[network.input_buyer[s]] = True
        for i in range(n0, n1):
            ws.node_marked[i] = False
        for j in range(b0, b1):
            reached = False
            for r in range(network.route_start[j], network.route_start[j + 1]):
                i = network.route_node[r]
                ws.route_open[r] = ws.route_open[r] and ws.node_active[i] and ws.buyer_active[j]
                reached = reached or ws.route_open[r]
            takes_part = ws.buyer_active[j] and reached and ws.buyer_marked[j]
            changed = changed or takes_part != ws.buyer_active[j]
            ws.buyer_active[j] = takes_part
            if takes_part:
                for r in range(network.route_start[j], network.route_start[j + 1]):
                    if ws.route_open[r]:
                        ws.node_marked[network.route_node[r]] = True
        for i in range(n0, n1):
            changed = changed or (ws.node_active[i] and not ws.node_marked[i])
            ws.node_active[i] = ws.node_active[i] and ws.node_marked[i]
        for m in range(m0, m1):
            outlet = False
            for s in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
                outlet = outlet or ws.node_active[network.output_node[s]]
            changed = changed or (ws.recipe_active[m] and not outlet)
            ws.recipe_active[m] = ws.recipe_active[m] and outlet

    for g in range(network.component_quota_start[c], network.component_quota_start[c + 1]):
        ws.quota_active[g] = False
    for j in range(b0, b1):
        for r in range(network.route_start[j], network.route_start[j + 1]):
            ws.route_open[r] = (
                ws.route_open[r] and ws.buyer_active[j] and ws.node_active[network.route_node[r]]
            )
            for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
                g = network.route_quota[s]
                if ws.route_open[r] and terms.quota_cover[run, s] > 0.0 and terms.quota_t[run, g] < 1e300:
                    ws.quota_active[g] = True
