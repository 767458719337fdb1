"""Clearing a batch of runs: warm start, fallback ladder, certificate, tonnes."""

import math

import numpy as np

from model.compiled import inner, rule
from model.market.certificate import certificate
from model.market.gather import gather
from model.market.newton import COLD, WARM, improve
from model.market.reach import find_participants
from model.market.workspace import allocate_workspace
from model.network import Answer, Ints, Network, Terms

#: Residuals (pure numbers, logarithms of ratios) are driven this far down; certificates follow.
RESIDUAL_TOLERANCE = 1e-11
#: A certificate above this is a miss.
CERTIFICATE_TOLERANCE = 1e-9
SOLVED, MISSED = 0, 1
_WARM_STEPS, _COLD_STEPS = 60, 600
_WHOLE = ("iterations", "status")


@rule
def clear_component(network, terms, answer, run, ws, c, tolerance, width, power, warm):
    """Clear one component of one run from the prices in `answer`; write its status and certificate.

    Warm starts try plain Newton first, then short steps from the same prices; then from typical prices;
    then a ladder of smoother relatives of the market, each starting from the last one's answer.
    """
    n0, n1 = network.component_node_start[c], network.component_node_start[c + 1]
    g0, g1 = network.component_quota_start[c], network.component_quota_start[c + 1]
    nodes = n1 - n0
    warm_steps, cold_steps = np.int64(_WARM_STEPS), np.int64(_COLD_STEPS)  # bare literals are compiled apart
    find_participants(network, terms, run, ws, c)
    gather(network, terms, run, ws, c)
    _start(network, answer, run, ws, c)
    total, reached = 0, False
    if warm:
        total, reached = improve(network, ws, c, tolerance, 1.0, width, power, WARM, warm_steps)
        if not reached:
            _start(network, answer, run, ws, c)
    if not reached:
        used, reached = improve(network, ws, c, tolerance, 1.0, width, power, COLD, cold_steps)
        total += used
    if not reached and certificate(network, ws, c, ws.unknown) <= 1e-12:
        reached = True
    if not reached and warm:
        _start_typical(network, ws, c)
        used, reached = improve(network, ws, c, tolerance, 1.0, width, power, COLD, cold_steps)
        total += used
    if not reached:
        _start_typical(network, ws, c)
        for rung in range(13):
            smoother = math.exp(-1.2 * (12 - rung))
            used, reached = improve(
                network,
                ws,
                c,
                tolerance if rung == 12 else 1e-6,
                smoother,
                width / smoother,
                power,
                COLD,
                cold_steps,
            )
            total += used
    violation = certificate(network, ws, c, ws.unknown)
    answer.violation[run, c] = violation
    answer.iterations[run, c] = total
    answer.status[run, c] = SOLVED if violation <= CERTIFICATE_TOLERANCE else MISSED
    for i in range(n0, n1):
        answer.price[run, i] = ws.unknown[i - n0] if ws.node_active[i] else math.nan
    for g in range(g0, g1):
        if ws.quota_active[g]:
            answer.wedge[run, g] = ws.unknown[nodes + g - g0]
        else:
            answer.wedge[run, g] = math.nan if terms.quota_t[run, g] <= 0.0 else 0.0


@inner
def _start(network, answer, run, ws, c):
    """Take the prices and wedges in `answer` as the starting point; typical prices where there are none."""
    n0, n1 = network.component_node_start[c], network.component_node_start[c + 1]
    for i in range(n0, n1):
        price = answer.price[run, i]
        if not abs(price) < 1e300:
            price = network.market_price_scale[network.node_market[i]]
        if network.node_disposal[i]:
            price = max(price, 0.0)
        ws.unknown[i - n0] = price
    for g in range(network.component_quota_start[c], network.component_quota_start[c + 1]):
        wedge = answer.wedge[run, g]
        if not (wedge >= 0.0 and wedge < 1e300) or not ws.quota_active[g]:
            wedge = 0.0
        ws.unknown[n1 - n0 + g - network.component_quota_start[c]] = wedge


@inner
def _start_typical(network, ws, c):
    """Start from each market's typical price and no wedges."""
    n0, n1 = network.component_node_start[c], network.component_node_start[c + 1]
    for i in range(n0, n1):
        ws.unknown[i - n0] = network.market_price_scale[network.node_market[i]]
    for g in range(network.component_quota_start[c], network.component_quota_start[c + 1]):
        ws.unknown[n1 - n0 + g - network.component_quota_start[c]] = 0.0


@inner
def write_tonnes(network, answer, run, ws, c):
    """Write the tonnes and landed prices of the point last evaluated into `answer` (one long function)."""
    n0, n1 = network.component_node_start[c], network.component_node_start[c + 1]
    b0, b1 = network.component_buyer_start[c], network.component_buyer_start[c + 1]
    m0, m1 = network.component_recipe_start[c], network.component_recipe_start[c + 1]
    for j in range(b0, b1):
        b = j - b0
        active = ws.buyer_active[j]
        answer.price_index[run, j] = ws.price_index[b] if active else math.nan
        answer.use_t[run, j] = ws.use[b] if active else 0.0
        answer.final_use_t[run, j] = ws.final[b] if active else 0.0
        answer.purchases_t[run, j] = ws.bought[b] if active else 0.0
        answer.draw_t[run, j] = ws.drawn[b] if active else 0.0
        answer.release_t[run, j] = ws.released[b] if active else 0.0
        answer.restock_t[run, j] = ws.restocked[b] if active else 0.0
        answer.order_t[run, j] = ws.order_t[b] if active else 0.0
    for r in range(network.route_start[b0], network.route_start[b1]):
        answer.flow_t[run, r] = 0.0
        answer.landed_price[run, r] = math.nan
    for p in range(ws.sizes[0]):
        answer.flow_t[run, ws.open_route[p]] = ws.flow[p]
        answer.landed_price[run, ws.open_route[p]] = ws.landed[p]
    for k in range(network.plant_start[m0], network.plant_start[m1]):
        answer.output_t[run, k] = 0.0
    for q in range(ws.sizes[1]):
        answer.output_t[run, ws.plant_row[q]] = ws.plant_output[q]
    for i in range(n0, n1):
        stored, sold, disposed = 0.0, 0.0, 0.0
        if ws.node_active[i]:
            v = i - n0
            stored, sold = ws.stored[v], ws.sold[v]
            if network.node_disposal[i]:
                disposed = max(ws.supply[v] - ws.node_demand[v], 0.0)
        answer.stored_t[run, i] = stored
        answer.sold_from_stock_t[run, i] = sold
        answer.disposed_t[run, i] = disposed


@rule
def clear_batch(network, terms, answer, ws, components, first, last, tolerance, relative_width, power, warm):
    """Clear these components of runs `first` to `last - 1`; return the number of components missed."""
    missed = 0
    for run in range(first, last):
        for c in components:
            width = (
                relative_width
                * network.market_price_scale[network.node_market[network.component_node_start[c]]]
            )
            clear_component(network, terms, answer, run, ws, c, tolerance, width, power, warm)
            write_tonnes(network, answer, run, ws, c)
            missed += answer.status[run, c]
    return missed


def allocate_terms(network: Network, runs: int) -> Terms:
    """Return neutral terms: no plants' capacity, no demand, no measures, no stocks; every route weighs 1.

    Every route counts towards its quotas.
    """
    nodes, buyers = network.node_market.size, network.buyer_market.size
    routes, plants = network.route_node.size, network.plant_form.size
    quotas = network.quota_market.size
    rows = {
        "plant": plants,
        "route": routes,
        "demand": buyers,
        "buyer": buyers,
        "node": nodes,
        "quota": quotas,
        "quota_cover": network.route_quota.size,
    }
    filled = {
        "route_weight": 1.0,
        "plant_spread": 1.0,
        "demand_price": 1.0,
        "demand_choke_ratio": 10.0,
        "demand_choke_power": 2.0,
        "buyer_draw_price": 1.0,
        "buyer_restock_price": 1.0,
        "node_store_price": 1.0,
        "node_sell_price": 1.0,
        "quota_t": np.inf,
        "quota_cover": 1.0,
        "route_floor": -np.inf,
    }
    width = {n: rows.get(n, rows[n.split("_")[0]]) for n in Terms._fields}
    return Terms(*(np.full((runs, width[n]), filled.get(n, 0.0)) for n in Terms._fields))


def allocate_answer(network: Network, runs: int) -> Answer:
    """Return an answer whose prices are unknown (NaN): the first clearing starts from typical prices."""
    by_node = "price stored_t sold_from_stock_t disposed_t"
    by_buyer = "price_index purchases_t use_t final_use_t draw_t release_t restock_t order_t"
    sizes = {
        by_node: network.node_market.size,
        by_buyer: network.buyer_market.size,
        "flow_t landed_price": network.route_node.size,
        "output_t": network.plant_form.size,
        "wedge": network.quota_market.size,
        "violation iterations status": network.component_node_start.size - 1,
    }
    shapes = {name: (runs, size) for names, size in sizes.items() for name in names.split()}
    arrays = {
        name: np.zeros(shapes[name], np.int64 if name in _WHOLE else np.float64) for name in Answer._fields
    }
    arrays["price"][:] = np.nan
    return Answer(**arrays)  # type: ignore[arg-type]


class Clearer:
    """Clears batches of runs on one network, holding the scratch arrays between quarters.

    One clearer serves one thread. `power` is the steepness of stocks' response to the price.
    """

    def __init__(self, network: Network, *, power: float = 4.0, relative_width: float = 1e-7) -> None:
        self.network = network
        self.power = power
        self.relative_width = relative_width
        self.workspace = allocate_workspace(network)
        self.components = np.arange(network.component_node_start.size - 1)

    def clear(
        self,
        terms: Terms,
        answer: Answer,
        *,
        warm: bool = True,
        components: Ints | None = None,
    ) -> int:
        """Clear every run from the prices in `answer`; return how many components missed the tolerance.

        `answer` is overwritten for the given `components` (all if None); `answer.status` and `answer.violation` say
        how each ended.
        """
        if components is None:
            components = self.components
        return int(
            clear_batch(
                self.network,
                terms,
                answer,
                self.workspace,
                components,
                0,
                answer.price.shape[0],
                RESIDUAL_TOLERANCE,
                self.relative_width,
                self.power,
                warm,
            )
        )
