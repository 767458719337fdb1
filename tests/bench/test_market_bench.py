"""One clearing of the market against a general convex solver on the same problem, in one run."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from market_potential import Potential

from experiments.random_problem import constructed_problem
from model.market.clearing import Clearer, allocate_answer
from model.market.problem import _Chain, solve_problem  # its layout is what is timed

clarabel = pytest.importorskip("clarabel")

REPEATS = 11
RUNS = 64
SIZES = [(1, 8), (1, 12), (1, 20), (3, 8), (3, 12), (3, 20)]
AT_LEAST = 100.0


def bench_problem(stages: int, suppliers: int, buyers: int) -> dict[str, Any]:
    """Return a market of even size with a binding quota in every stage and pure isoelastic demand."""
    random = np.random.default_rng([stages, suppliers, buyers])
    problem, _ = constructed_problem(1, stages=stages, nodes=2)
    sizes = [suppliers] * stages + [buyers]
    for s, stage in enumerate(problem["stages"]):
        level, rows, columns = 2.0**s, sizes[s], sizes[s + 1]
        stage["suppliers"], stage["buyers"], stage["logit_scale"] = rows, columns, 8.0 / level
        plants = rows * 3
        stage["plants"] = {
            "node": [k // 3 for k in range(plants)],
            "capacity": (random.uniform(0.5, 2.0, plants) / plants).tolist(),
            "unit_cost": random.uniform(0.5, 0.9, plants).tolist(),
            "cost_spread": [0.08 * level] * plants,
            "input_per_output": [1.1 if s else 0.0] * plants,
        }
        weight = random.uniform(0.2, 1.0, (rows, columns))
        stage["preference"] = (weight / weight.sum(axis=0)).tolist()
        stage["trade_cost"] = random.uniform(0.0, 0.1 * level, (rows, columns)).tolist()
        stage["price_floor"] = np.zeros((rows, columns)).tolist()
        stage["quotas"] = [{"arcs": [[0, j] for j in range(columns)], "limit": 0.4 / rows}]
    problem["demand"] = {
        "quantity": [0.5 / buyers] * buyers,
        "reference_price": 2.0 ** (stages - 1),
        "elasticity": 0.4,
        "choke_ratio": 1e9,
        "choke_power": 2.0,
    }
    return problem


def gap_to_baseline(problem: dict[str, Any], baseline: Any) -> float:
    """Return how far the baseline's flows are from ours, over each market's trade."""
    potential = Potential(problem)
    ours = solve_problem(problem)["solution"]["flows"]
    theirs = potential.flows(np.array(baseline.x)[: potential.nodes + sum(potential.quotas)])
    return max(float(np.max(np.abs(np.array(a) - b)) / np.sum(a)) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.bench
def test_clearing_against_a_conic_solver() -> None:
    """Same flows to a millionth; then, continuing from the quarter before, a hundred times faster (geometric mean).

    A quarter's clearing starts from last quarter's prices; a general conic solver cannot. The time from a
    cold start (typical prices) is shown beside it. No size falls far short of the mean.
    """
    from conic_market import ConicMarket

    print("\nOne clearing against Clarabel (exponential and power cones): medians, microseconds per clearing")
    head = ("stages x nodes", "conic", "cold", "warm", "conic/cold", "conic/warm", "steps", "gap")
    print(f"{head[0]:>15}" + "".join(f"{title:>12}" for title in head[1:]))
    ratios = []
    for stages, nodes in SIZES:
        problem = bench_problem(stages, nodes, nodes)
        market, batch = ConicMarket(problem), Batch(problem)
        gap = gap_to_baseline(problem, market.solver().solve())
        assert gap <= 1e-6, f"the baseline does not agree: {gap}"
        batch.clear_cold()
        times: dict[str, list[float]] = {"conic": [], "cold": [], "warm": []}
        for _ in range(REPEATS):
            solver = market.solver()
            times["conic"].append(seconds(solver.solve))
            times["cold"].append(seconds(batch.clear_cold) / RUNS)
            batch.move_quotas()
            times["warm"].append(seconds(batch.clear_warm) / RUNS)
            steps = float(batch.answer.iterations.mean())
        assert not batch.answer.status.any()
        conic, cold, warm = (statistics.median(values) for values in times.values())
        ratios.append(conic / warm)
        figures = (conic * 1e6, cold * 1e6, warm * 1e6, conic / cold, conic / warm, steps)
        print(
            f"{stages:>10} x {nodes:<2}" + "".join(f"{figure:12.1f}" for figure in figures) + f"{gap:12.0e}"
        )
    mean = statistics.geometric_mean(ratios)
    print(f"conic/warm, geometric mean: {mean:.0f}")
    assert mean >= AT_LEAST, ratios
    assert min(ratios) >= 0.7 * AT_LEAST, ratios


def seconds(action: Callable[[], Any]) -> float:
    """Return the time of one call."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


class Batch:
    """The same problem in many runs, whose quotas move a little from quarter to quarter."""

    def __init__(self, problem: dict[str, Any]) -> None:
        chain = _Chain(problem)
        self.clearer = Clearer(chain.network)
        self.terms = type(chain.terms)(*(np.repeat(column, RUNS, axis=0) for column in chain.terms))
        self.limit = self.terms.quota_t.copy()
        self.answer = allocate_answer(chain.network, RUNS)
        self.random = np.random.default_rng(1)

    def clear_cold(self) -> None:
        """Clear from typical prices."""
        self.answer.price[:] = np.nan
        self.answer.wedge[:] = 0.0
        self.clearer.clear(self.terms, self.answer, warm=False)

    def clear_warm(self) -> None:
        """Clear from the prices of the quarter before."""
        self.clearer.clear(self.terms, self.answer)

    def move_quotas(self) -> None:
        """Set every quota of every run within five per cent of the problem's."""
        self.terms.quota_t[:] = self.limit * self.random.uniform(0.95, 1.05, self.limit.shape)
