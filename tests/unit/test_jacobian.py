"""The exact derivatives of the equilibrium conditions, held against finite differences."""

import json
from pathlib import Path

import numpy as np
import pytest

from model.market.balance import evaluate
from model.market.derivative import differentiate
from model.market.gather import gather
from model.market.problem import _Chain
from model.market.reach import find_participants
from model.market.workspace import allocate_workspace

PROBLEMS = json.loads((Path(__file__).parent.parent / "reference" / "market_equilibria.json").read_text())
WIDTH, POWER = 1e-7, 4.0


def _with_everything(problem: dict, seed: int):
    """A chain with stocks, orders, ad valorem rates, duties, supports and disposal at random."""
    chain = _Chain(problem)
    random = np.random.Generator(np.random.PCG64(seed))
    terms, network = chain.terms, chain.network
    scale = chain.price_scale
    buyers, nodes = network.buyer_market.size, network.node_market.size
    typical = float(np.sum(terms.demand_t[0])) / buyers
    for field, size in (
        ("buyer_stock_t", 0.5),
        ("buyer_restock_t", 0.2),
        ("buyer_release_t", 0.1),
        ("buyer_order_t", 0.1),
    ):
        getattr(terms, field)[0] = random.uniform(0.0, size * typical, buyers)
    for field in ("buyer_draw_price", "buyer_restock_price"):
        getattr(terms, field)[0] = scale * random.uniform(0.5, 1.5, buyers)
    terms.buyer_draw_share[0] = random.uniform(0.1, 0.8, buyers)
    for field in ("node_store_price", "node_sell_price"):
        getattr(terms, field)[0] = scale * random.uniform(0.5, 1.5, nodes)
    terms.node_store_share[0] = random.uniform(0.0, 0.9, nodes)
    terms.node_stock_t[0] = random.uniform(0.0, 0.3 * typical, nodes)
    terms.node_sell_share[0] = random.uniform(0.0, 0.5, nodes)
    terms.node_supply_t[0] = random.uniform(0.0, 0.01 * typical, nodes)
    routes = network.route_node.size
    for field in ("route_export_tax", "route_tariff"):
        getattr(terms, field)[0] = random.uniform(0.0, 0.3, routes)
    for field in ("route_export_duty", "route_import_duty"):
        getattr(terms, field)[0] = scale * random.uniform(0.0, 0.05, routes)
    terms.plant_support[0] = scale * random.uniform(0.0, 0.05, terms.plant_support.shape[1])
    disposal = random.uniform(size=nodes) < 0.3
    return chain, network._replace(node_disposal=disposal), terms, random


@pytest.mark.parametrize("number", [0, 2, 5, 7, 10, 13, 15])
def test_jacobian_is_the_derivative_of_the_residual(number: int) -> None:
    """With every feature of the market switched on, each column of the Jacobian is the slope of the residual."""
    chain, network, terms, random = _with_everything(PROBLEMS[number], number)
    ws = allocate_workspace(network)
    find_participants(network, terms, 0, ws, 0)
    gather(network, terms, 0, ws, 0)
    n = network.node_market.size + network.quota_market.size
    x = chain.price_scale * random.uniform(0.6, 1.4, n)
    x[network.node_market.size :] *= 0.2
    ws.unknown[:n] = x
    residual = np.zeros(n)
    evaluate(network, ws, 0, x, residual, 1.0, WIDTH, POWER)
    differentiate(network, ws, 0, x, 1.0)
    exact = ws.jacobian[:n, :n].copy()
    for u in range(n):
        step = 1e-6 * chain.price_scale
        up, down = x.copy(), x.copy()
        up[u] += step
        down[u] -= step
        above, below = np.zeros(n), np.zeros(n)
        evaluate(network, ws, 0, up, above, 1.0, WIDTH, POWER)
        evaluate(network, ws, 0, down, below, 1.0, WIDTH, POWER)
        slope = (above - below) / (2 * step)
        active = ws.node_active[: network.node_market.size]
        rows = np.concatenate([active, ws.quota_active])
        np.testing.assert_allclose(exact[rows, u], slope[rows], rtol=2e-5, atol=2e-5 / chain.price_scale)
