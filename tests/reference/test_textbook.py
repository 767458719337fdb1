"""Textbook problems with printed answers: transport problems and spatial price equilibria.

Posed with sharp choice, linear schedules or flat plants. Each file names its source; `expected` holds
what is printed there. Sources print rounded numbers, and sharp choice is still choice: half a per cent
is what a reader may expect.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from experiments.market_check import check_market
from model.market.problem import solve_problem

FILES = sorted((Path(__file__).parent / "textbook").glob("*.json"))
TOLERANCE = 0.005

Problem = dict[str, Any]


def load(path: Path) -> Problem:
    """Read one textbook problem."""
    return json.loads(path.read_text())


@pytest.fixture(params=FILES, ids=[path.stem for path in FILES])
def textbook(request: pytest.FixtureRequest) -> Problem:
    """One textbook problem."""
    return load(request.param)


def cost_of(problem: Problem, flows: list[Any], production: list[Any]) -> float:
    """Return what transport and production of a plan cost."""
    total = 0.0
    for stage, flow, made in zip(problem["stages"], flows, production, strict=True):
        made = np.array(made)
        plants = stage["plants"]
        total += float(np.sum(np.array(stage["trade_cost"]) * np.array(flow)))
        total += float(np.sum(np.array(plants["unit_cost"]) * made + np.array(plants["slope"]) * made**2 / 2))
    return total


def assert_printed(expected: Problem, flows: list[Any], production: list[Any], prices: Problem) -> None:
    """Compare with what is printed: flows against the buyer's purchases, all else against itself."""
    for want, got in zip(expected.get("flows", []), flows, strict=False):
        got = np.array(got)
        want = np.array(want, float)
        known = np.isfinite(want)
        allowed = TOLERANCE * got.sum(axis=0) * np.ones_like(got)
        assert np.all(np.abs(got - want)[known] <= allowed[known]), (want, got)
    for want, got in zip(expected.get("production", []), production, strict=False):
        np.testing.assert_allclose(got, want, rtol=TOLERANCE)
    if "consumption" in expected:
        np.testing.assert_allclose(np.sum(flows[-1], axis=0), expected["consumption"], rtol=TOLERANCE)
    for key in ("prices", "buyer_prices"):
        for want, got in zip(expected.get(key, []), prices.get(key, []), strict=False):
            scale = float(np.max(np.abs(want)))
            np.testing.assert_allclose(got, want, rtol=TOLERANCE, atol=TOLERANCE * scale)


def test_enough_textbooks() -> None:
    """There are at least six transport problems or equilibria, three of them with elastic schedules."""
    problems = [load(path) for path in FILES]
    assert len(problems) >= 6
    assert sum(problem["demand"]["form"] == "linear" for problem in problems) >= 3
    assert all(problem["source"] and problem["expected"] for problem in problems)


def test_printed_answer(textbook: Problem) -> None:
    """The market finds the printed flows, prices and cost within half a per cent."""
    solved = solve_problem(textbook)
    assert solved["status"] == "solved"
    solution = solved["solution"]
    assert_printed(textbook["expected"], solution["flows"], solution["production"], solution)
    if "cost" in textbook["expected"]:
        cost = cost_of(textbook, solution["flows"], solution["production"])
        assert cost == pytest.approx(textbook["expected"]["cost"], rel=TOLERANCE)


def test_certificate(textbook: Problem) -> None:
    """An independent reading of the equilibrium conditions finds no violation."""
    check = check_market(solve_problem(textbook))
    assert check.violation <= 1e-9, check
    assert check.flat <= 1e-6, check


def test_print_is_right(textbook: Problem) -> None:
    """A linear or quadratic programme that knows nothing of this market confirms what is printed."""
    expected = textbook["expected"]
    if textbook["demand"]["form"] == "fixed":
        cost, flows = least_cost(textbook)
        assert cost == pytest.approx(expected["cost"], rel=1e-6)
        assert_printed({"flows": expected.get("flows", [])}, flows, [], {})
    else:
        flow, prices = most_welfare(textbook)
        assert_printed(
            expected, [flow], [flow.sum(axis=1)], {"prices": [prices[0]], "buyer_prices": [prices[1]]}
        )


def least_cost(problem: Problem) -> tuple[float, list[Any]]:
    """Return cost and flows of the linear programme with flat plants, stages linked by pass-through plants."""
    shapes = [(stage["suppliers"], stage["buyers"]) for stage in problem["stages"]]
    starts = np.concatenate([[0], np.cumsum([i * j for i, j in shapes])])
    cost, upper, below, limit, equal, amount = [], [], [], [], [], []
    for s, stage in enumerate(problem["stages"]):
        for i in range(shapes[s][0]):
            row = np.zeros(starts[-1])
            row[starts[s] + i * shapes[s][1] : starts[s] + (i + 1) * shapes[s][1]] = 1.0
            below.append(row)
            limit.append(stage["plants"]["capacity"][i])
            if s > 0:
                link = stage["plants"]["input_per_output"][i] * row
                link[starts[s - 1] + i : starts[s] : shapes[s - 1][1]] -= 1.0
                equal.append(link)
                amount.append(0.0)
        cost.extend(
            np.array(stage["trade_cost"]).ravel() + np.repeat(stage["plants"]["unit_cost"], shapes[s][1])
        )
        upper.extend(np.where(np.array(stage["preference"]).ravel() > 0.0, np.inf, 0.0))
    for j, quantity in enumerate(problem["demand"]["quantity"]):
        row = np.zeros(starts[-1])
        row[starts[-2] + j :: shapes[-1][1]] = 1.0
        equal.append(row)
        amount.append(quantity)
    bounds = [(0.0, u) for u in upper]
    found = linprog(cost, A_ub=below, b_ub=limit, A_eq=equal, b_eq=amount, bounds=bounds)
    assert found.status == 0
    return found.fun, [found.x[starts[s] : starts[s + 1]].reshape(shapes[s]) for s in range(len(shapes))]


def most_welfare(problem: Problem) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return shipments that maximise welfare in one market, and the prices at both ends (Samuelson 1952)."""
    (stage,) = problem["stages"]
    suppliers, buyers = stage["suppliers"], stage["buyers"]
    cost, slope = np.array(stage["plants"]["unit_cost"]), np.array(stage["plants"]["slope"])
    top, fall = np.array(problem["demand"]["intercept"]), np.array(problem["demand"]["slope"])
    trade = np.array(stage["trade_cost"])
    scale = float(np.max(top / fall)) / 10.0

    def ends(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        q = x.reshape(suppliers, buyers) * scale
        return cost + slope * q.sum(axis=1), top - fall * q.sum(axis=0)

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        q = x.reshape(suppliers, buyers) * scale
        made, used = q.sum(axis=1), q.sum(axis=0)
        value = cost @ made + slope @ made**2 / 2 - top @ used + fall @ used**2 / 2 + np.sum(trade * q)
        supply_price, demand_price = ends(x)
        slack = supply_price[:, None] + trade - demand_price
        return float(value) / scale, slack.ravel()

    upper = np.where(np.array(stage["preference"]).ravel() > 0.0, np.inf, 0.0)
    start = np.where(upper > 0.0, 0.1, 0.0)
    found = minimize(
        loss,
        start,
        jac=True,
        method="SLSQP",
        bounds=list(zip(np.zeros(start.size), upper, strict=True)),
        options={"maxiter": 2000, "ftol": 1e-15},
    )
    return found.x.reshape(suppliers, buyers) * scale, ends(found.x)
