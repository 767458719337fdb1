"""How well a clearing holds: the largest relative violation of the equilibrium conditions."""

from model.compiled import inner


@inner
def certificate(network, ws, c, unknown):
    """Return the largest relative violation of component `c` at the point last evaluated (shares of 1).

    A node's imbalance and a quota's excess, each over total demand (tonnes bought in the component's own
    market); the smaller of a quota's relative slack and its wedge over the typical price; for a joint
    product the smaller of its surplus and its price; and a joint product's negative price.
    """
    n0, n1 = network.component_node_start[c], network.component_node_start[c + 1]
    nodes = n1 - n0
    worst = 0.0
    total, known = 0.0, -1
    for i in range(n0, n1):
        if not ws.node_active[i]:
            continue
        market = network.node_market[i]
        if market != known:
            total, known = max(_market_total(network, ws, c, market), 1e-300), market
        gap = (ws.supply[i - n0] - ws.node_demand[i - n0]) / total
        if network.node_disposal[i]:
            price = unknown[i - n0] / network.market_price_scale[market]
            worst = max(worst, -gap, -price, min(gap, price))
        else:
            worst = max(worst, abs(gap))
    g0 = network.component_quota_start[c]
    for g in range(g0, network.component_quota_start[c + 1]):
        if not ws.quota_active[g]:
            continue
        market = network.quota_market[g]
        if market != known:
            total, known = max(_market_total(network, ws, c, market), 1e-300), market
        flow, limit = ws.quota_flow[g - g0], ws.limit_t[g - g0]
        wedge = unknown[nodes + g - g0] / network.market_price_scale[market]
        worst = max(worst, (flow - limit) / total, -wedge, min((limit - flow) / limit, wedge))
    if not worst <= 1e300:
        return 1e300
    return worst


@inner
def _market_total(network, ws, c, market):
    """Return tonnes bought in `market`."""
    total = 0.0
    b0 = network.component_buyer_start[c]
    for j in range(b0, network.component_buyer_start[c + 1]):
        if ws.buyer_active[j] and network.buyer_market[j] == market:
            total += ws.bought[j - b0]
    return total
