"""Routes exempt from a quota in a run: no wedge, no tonnes counted, open under a ban, no rent."""

from typing import Any

import numpy as np
import pytest

from agents import DECISIONS
from experiments.random_problem import constructed_problem
from model.engine import Engine
from model.market import Clearer, allocate_answer
from model.market.problem import _Chain
from model.measure_plan import MeasurePlan
from model.network import Answer, Terms
from model.tiny import tiny_scenario, tiny_world

QUOTA = {"type": "export_quota", "actor": "CHN", "quarter": "2025Q1",
         "fields": {"good": "lithium_refined", "quantity_t": 6_000.0, "period": "quarter"}}  # fmt: skip


def chain_under_quota(limit_share: float | None) -> _Chain:
    """Return a chain of two stages whose first supplier sells at most a share of its free flow; None for no quota."""
    problem, free = constructed_problem(3, stages=2, nodes=5)
    stage = problem["stages"][0]
    if limit_share is not None:
        arcs = [[0, j] for j in range(stage["buyers"])]
        limit = limit_share * float(sum(free[0].flow[i, j] for i, j in arcs))
        stage["quotas"] = [{"arcs": arcs, "limit": limit}]
    return _Chain(problem)


def clear(chain: _Chain, terms: Terms | None = None) -> Answer:
    answer = allocate_answer(chain.network, 1)
    assert Clearer(chain.network).clear(terms or chain.terms, answer, warm=False) == 0
    assert answer.violation.max() <= 1e-9
    return answer


def with_cover(chain: _Chain, cover: Any) -> Terms:
    terms = Terms(*(array.copy() for array in chain.terms))
    terms.quota_cover[0] = cover
    return terms


@pytest.mark.parametrize("share", [0.5, 0.0])
def test_a_quota_that_covers_no_route_is_no_quota(share: float) -> None:
    """With every route exempt, prices, flows and certificates are those without the quota, a ban included."""
    chain = chain_under_quota(share)
    free, bound = clear(chain_under_quota(None)), clear(chain)
    exempt = clear(chain, with_cover(chain, 0.0))
    assert not np.allclose(bound.price, free.price, rtol=1e-6)
    for name in ("price", "price_index", "flow_t", "landed_price", "output_t"):
        np.testing.assert_allclose(getattr(exempt, name), getattr(free, name), rtol=1e-12, atol=1e-12)


def test_an_exempt_route_carries_no_wedge_and_is_not_counted() -> None:
    """The other routes together stay within the limit and pay the wedge; the exempt one pays price and freight only."""
    chain = chain_under_quota(0.5)
    routes = np.flatnonzero(np.diff(chain.network.route_quota_start))
    cover = np.ones(routes.size)
    cover[0] = 0.0
    terms = with_cover(chain, cover)
    terms.quota_t[0] = 0.5 * clear(chain, with_cover(chain, 0.0)).flow_t[0, routes[1:]].sum()
    answer = clear(chain, terms)
    wedge, limit = answer.wedge[0, 0], terms.quota_t[0, 0]
    assert wedge > 1e-3
    assert answer.flow_t[0, routes[1:]].sum() == pytest.approx(limit, rel=1e-9)
    assert answer.flow_t[0, routes].sum() > 1.01 * limit
    paid = np.maximum(
        answer.price[0, 0] + wedge * cover + terms.route_freight[0, routes], terms.route_floor[0, routes]
    )
    np.testing.assert_allclose(answer.landed_price[0, routes], paid, rtol=1e-12)


def test_a_ban_leaves_exempt_routes_open() -> None:
    """Under a quota of zero only the exempt route still carries goods."""
    chain = chain_under_quota(0.0)
    routes = np.flatnonzero(np.diff(chain.network.route_quota_start))
    cover = np.zeros(routes.size)
    cover[1:] = 1.0
    flow = clear(chain, with_cover(chain, cover)).flow_t[0, routes]
    assert flow[0] > 0.0 and np.all(flow[1:] == 0.0)


def test_exemption_is_by_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two runs under one quota only the one whose routes count has a wedge, rents, and restricted by-products."""
    scenario = tiny_scenario(QUOTA)
    engine = Engine(scenario, 2, world=tiny_world(scenario), decide=DECISIONS)
    engine.values[1] = engine.values[0]
    apply = MeasurePlan.apply

    def exempt_second(plan: MeasurePlan, step: int, terms: Terms, *others: Any) -> None:
        apply(plan, step, terms, *others)
        terms.quota_cover[1] = 0.0

    monkeypatch.setattr(MeasurePlan, "apply", exempt_second)
    engine.step()
    under = np.flatnonzero(np.diff(engine.network.route_quota_start))
    node = engine.network.route_node[under[0]]
    assert engine.answer.wedge[0, 0] > 0.0 and engine.answer.wedge[1, 0] == 0.0
    assert engine.answer.flow_t[1, under].sum() > 1.01 * engine.answer.flow_t[0, under].sum()
    assert engine.columns.firm_rent_usd[0].sum() > 0.0 and engine.columns.firm_rent_usd[1].sum() == 0.0
    share = engine.columns.node_restricted_share[:, node]
    assert share[0] > 0.0 and share[1] == 0.0
