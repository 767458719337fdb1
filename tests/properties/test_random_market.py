"""Random markets that are hard on purpose, and the generator and the judge themselves."""

import copy
import json

import numpy as np
import pytest

from experiments.market_check import check_market
from experiments.random_problem import constructed_problem, open_routes, random_problem, serves_someone
from model.market.problem import solve_problem


@pytest.mark.parametrize("first", range(0, 400, 50))
def test_hard_markets_are_solved(first: int) -> None:
    """Every random problem is solved from a cold start, to 1e-9 by an independent check."""
    for seed in range(first, first + 50):
        solved = solve_problem(random_problem(seed))
        assert solved["status"] == "solved", f"seed {seed}"
        check = check_market(solved)
        assert check.violation <= 1e-9, f"seed {seed}: {check}"


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_constructed_equilibria_are_found(stages: int) -> None:
    """Where the equilibrium is known by construction, flows and prices come out."""
    for seed in range(20):
        problem, chain = constructed_problem(seed, stages=stages)
        solution = solve_problem(problem)["solution"]
        for s, stage in enumerate(chain):
            total = stage.flow.sum()
            np.testing.assert_allclose(solution["flows"][s], stage.flow, atol=1e-8 * total, rtol=0)
            np.testing.assert_allclose(
                solution["production"][s], stage.plant_output, atol=1e-8 * total, rtol=0
            )
            np.testing.assert_allclose(solution["buyer_prices"][s], stage.buyer_price, rtol=1e-7)


def test_same_seed_same_problem() -> None:
    """A seed names one problem, another seed another; problems are JSON."""
    assert json.dumps(random_problem(7)) == json.dumps(random_problem(7))
    assert json.dumps(random_problem(7)) != json.dumps(random_problem(8))


def test_generator_covers_what_is_hard() -> None:
    """A few hundred problems hold every hard feature that they are meant to."""
    seen = dict.fromkeys(
        ("big", "spread", "tiny", "slack", "ban", "both", "far", "alone", "none", "outcast", "nested"), 0
    )
    for seed in range(300):
        problem = random_problem(seed)
        assert serves_someone(problem)
        for stage in problem["stages"]:
            capacity = np.bincount(stage["plants"]["node"], stage["plants"]["capacity"])
            floor = np.array(stage["price_floor"])
            routes = (np.array(stage["preference"]) > 0.0).sum(axis=0)
            sets = [frozenset(map(tuple, quota["arcs"])) for quota in stage["quotas"]]
            under_quota = frozenset().union(*sets)
            seen["big"] += max(stage["suppliers"], stage["buyers"]) >= 35
            seen["spread"] += capacity.max() > 1e5 * capacity.min()
            seen["tiny"] += any(0.0 < quota["limit"] < 1e-5 for quota in stage["quotas"])
            seen["slack"] += any(quota["limit"] > 1.0 for quota in stage["quotas"])
            seen["ban"] += any(quota["limit"] == 0.0 for quota in stage["quotas"])
            seen["both"] += any(floor[i, j] > 0.0 for i, j in under_quota)
            seen["far"] += bool((floor > 4.0 * problem["demand"]["reference_price"]).any())
            seen["alone"] += bool((routes == 1).any()) and stage["suppliers"] > 1
            seen["none"] += bool((routes == 0).any())
            seen["outcast"] += bool((~open_routes(stage, None).any(axis=1)).any())
            seen["nested"] += any(a < b for a in sets for b in sets)
    assert min(seen.values()) >= 5, seen


def test_judge_sees_what_is_wrong() -> None:
    """The independent check objects to a wrong price, flow, production, wedge, or a missing null."""
    problem = solve_problem(random_problem(3))
    assert check_market(problem).violation <= 1e-9

    def spoil(key: str, stage: int, change: float) -> float:
        spoilt = copy.deepcopy(problem)
        row = spoilt["solution"][key][stage]
        while isinstance(row[0], list):
            row = max(row, key=lambda inner: max(x or 0.0 for x in inner))
        at = max(range(len(row)), key=lambda k: row[k] or 0.0)
        row[at] *= 1.0 + change
        return check_market(spoilt).violation

    for key in ("prices", "buyer_prices", "flows", "production"):
        assert spoil(key, 2, 1e-3) > 1e-6, key
    spoilt = copy.deepcopy(problem)
    spoilt["solution"]["buyer_prices"][2][0] = None
    assert check_market(spoilt).violation >= 1.0


@pytest.mark.parametrize(("stages", "nodes"), [(0, 10), (4, 10), (3, 1)])
def test_generator_refuses(stages: int, nodes: int) -> None:
    """Sizes that make no chain are refused with the limits."""
    with pytest.raises(ValueError, match="must be"):
        random_problem(1, stages=stages, nodes=nodes)
