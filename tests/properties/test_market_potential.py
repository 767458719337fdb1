"""The market is the minimum of a convex potential, and a general minimiser finds the same answer."""

import numpy as np
import pytest
from market_potential import Potential, surplus, wanted
from scipy.integrate import quad
from scipy.optimize import check_grad

from experiments.random_problem import constructed_problem
from model.market.problem import solve_problem


def with_quotas(seed: int, stages: int) -> dict:
    """Return a problem without floors, with a binding and a slack quota in every stage."""
    problem, chain = constructed_problem(seed, stages=stages, nodes=6)
    for stage, base in zip(problem["stages"], chain, strict=True):
        biggest = int(base.flow.sum(axis=1).argmax())
        arcs = [[biggest, j] for j in range(0, stage["buyers"], 2)]
        free = float(sum(base.flow[i, j] for i, j in arcs))
        stage["quotas"] = [{"arcs": arcs, "limit": 0.6 * free}, {"arcs": arcs[:1], "limit": 3.0 * free}]
    return problem


@pytest.mark.parametrize("stages", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_same_answer_as_minimising_the_potential(seed: int, stages: int) -> None:
    """Flows agree to a millionth of the trade in the market, and no price makes the potential smaller."""
    problem = with_quotas(seed, stages)
    potential = Potential(problem)
    solution = solve_problem(problem)["solution"]
    ours = np.concatenate([*solution["prices"], solution["quota_wedges"]])
    minimum = potential.minimise()
    value, gradient = potential.value(ours)
    total = float(np.sum(solution["flows"][-1]))
    assert np.max(np.abs(gradient[: potential.nodes])) <= 1e-9 * total
    assert value <= potential.value(minimum)[0] + 1e-12 * abs(value)
    for flow, other in zip(solution["flows"], potential.flows(minimum), strict=True):
        np.testing.assert_allclose(flow, other, atol=1e-6 * np.sum(flow), rtol=0)


def test_gradient_is_excess_supply() -> None:
    """The gradient of the potential is excess supply and unused quota."""
    potential = Potential(with_quotas(1, 2))
    random = np.random.default_rng(1)
    quotas = sum(potential.quotas)
    point = np.concatenate([random.uniform(0.8, 2.5, potential.nodes), random.uniform(0.0, 0.3, quotas)])
    error = check_grad(lambda x: potential.value(x)[0], lambda x: potential.value(x)[1], point)
    assert error <= 1e-5


def test_surplus_is_the_integral_of_demand() -> None:
    """The closed form of consumer surplus differs between two prices by the integral of demand."""
    demand = with_quotas(2, 1)["demand"]
    demand["quantity"] = [1.0]
    for low, high in ((0.3, 0.7), (0.9, 4.0), (2.0, 60.0)):
        area = quad(lambda p: float(wanted(demand, np.array([p]))[0]), low, high, epsabs=1e-12)[0]
        difference = surplus(demand, np.array([low]))[0] - surplus(demand, np.array([high]))[0]
        assert difference == pytest.approx(area, rel=1e-8)
