"""Published equilibria of small supply chains, solved by two independent methods that agree to 1e-7."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.market_check import check_market
from model.error import OreblocError
from model.market.problem import solve_market, solve_problem

HERE = Path(__file__).parent
EQUILIBRIA: list[dict[str, Any]] = json.loads((HERE / "market_equilibria.json").read_text())
SEVERAL: dict[str, Any] = json.loads((HERE / "several_equilibria.json").read_text())[0]
SEVERAL_PRICES = [(0.998, 0.998), (2.219, 0.944), (0.944, 2.219)]


@pytest.fixture(scope="module", params=EQUILIBRIA, ids=[problem["name"] for problem in EQUILIBRIA])
def pair(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """One published problem and what we make of it, its published solution removed before."""
    bare = {key: value for key, value in request.param.items() if key != "solution"}
    return request.param, solve_problem(bare)


def total_demand(problem: dict[str, Any]) -> float:
    """Return what the consumers buy."""
    return float(np.sum(problem["solution"]["flows"][-1]))


def largest_gap(ours: list[Any], published: list[Any]) -> float:
    """Return the largest absolute difference, stage by stage."""
    pairs = zip(ours, published, strict=True)
    return max(float(np.max(np.abs(np.array(a, float) - np.array(b, float)))) for a, b in pairs)


@pytest.mark.parametrize("key", ["flows", "production"])
def test_quantities(pair: tuple[dict[str, Any], dict[str, Any]], key: str) -> None:
    """Flows and production are as published, to a millionth of total demand."""
    published, ours = pair
    assert ours["status"] == "solved"
    assert largest_gap(ours["solution"][key], published["solution"][key]) <= 1e-6 * total_demand(published)


def test_buyer_prices(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Buyers' price indices are as published, to a millionth."""
    published, ours = pair
    assert largest_gap(ours["solution"]["buyer_prices"], published["solution"]["buyer_prices"]) <= 1e-6


def test_wedges(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Quota wedges are as published, to a millionth."""
    published, ours = pair
    if published["solution"]["quota_wedges"]:
        assert (
            largest_gap([ours["solution"]["quota_wedges"]], [published["solution"]["quota_wedges"]]) <= 1e-6
        )


def test_certificate(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """The independent check agrees with both: no violation beyond 1e-9."""
    published, ours = pair
    assert check_market(published).violation <= 1e-9
    assert check_market(ours).violation <= 1e-9
    assert ours["violation"] <= 1e-9


def test_problem_is_left_alone() -> None:
    """Solving returns a new object and changes nothing in the one given."""
    problem = copy.deepcopy(EQUILIBRIA[2])
    solve_problem(problem)
    assert problem == EQUILIBRIA[2]


def test_search_finds_all_three() -> None:
    """A search from many starts finds the three equilibria of the chain with floors; without it there is one."""
    alone = solve_problem(SEVERAL)
    assert alone["status"] == "solved"
    assert check_market(alone).violation <= 1e-9
    found = solve_problem(SEVERAL, search=50)["solutions"]
    prices = sorted(tuple(round(price, 3) for price in solution["prices"][0]) for solution in found)
    assert prices == sorted(SEVERAL_PRICES)
    for solution in found:
        assert check_market({**SEVERAL, "solution": solution}).violation <= 1e-9


def spoilt(**changes: Any) -> dict[str, Any]:
    """Return the first problem with fields of its first stage changed."""
    problem = copy.deepcopy(EQUILIBRIA[0])
    problem["stages"][0].update(changes)
    return problem


def test_a_misspelt_field_is_refused_and_a_remark_is_not() -> None:
    """A key that looks like one of the format's is a mistake; any other is let pass."""
    for key, meant in (("price_flor", "price_floor"), ("quota", "quotas"), ("prefrence", "preference")):
        with pytest.raises(OreblocError, match=f"has a field '{key}'. Did you mean '{meant}'"):
            solve_problem(spoilt(**{key: []}))
    assert solve_problem(spoilt(comment="of my own"))["status"] == "solved"


def test_inputs_of_the_first_stage_are_refused() -> None:
    plants = {**EQUILIBRIA[0]["stages"][0]["plants"]}
    plants["input_per_output"] = [1.0] * len(plants["node"])
    with pytest.raises(OreblocError, match="the first stage has no inputs"):
        solve_problem(spoilt(plants=plants))


def test_demand_whose_outlay_never_falls_is_refused() -> None:
    problem = copy.deepcopy(EQUILIBRIA[0])
    problem["demand"]["elasticity"], problem["demand"]["choke_power"] = 0.3, 0.5
    with pytest.raises(OreblocError, match="add up to 0.8; they must add up to more than 1"):
        solve_problem(problem)


def test_python_takes_a_list_as_the_command_does() -> None:
    assert [problem["status"] for problem in solve_market(EQUILIBRIA[:2])] == ["solved", "solved"]  # type: ignore[index]
