"""Invariants that are theorems of one market, on random problems: choice sharper than demand, capacity as it stands."""

import copy

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from experiments.market_check import check_market
from experiments.random_problem import constructed_problem
from model.market.problem import solve_problem

SEEDS = st.integers(0, 1_000_000)
law = settings(max_examples=40, deadline=None, derandomize=True)


def solved(problem):
    """Return the solution of a problem that must have one."""
    out = solve_problem(problem)
    assert out["status"] == "solved" and check_market(out).violation <= 1e-9
    return out["solution"]


def choice_is_sharp(problem, *solutions):
    """Tell whether buyers tell suppliers apart more sharply than they do without the good, at all prices paid."""
    lowest = min(float(np.min(np.array(s["buyer_prices"][0], float))) for s in solutions)
    demand = problem["demand"]
    return problem["stages"][0]["logit_scale"] * lowest > demand["elasticity"] + demand["choke_power"]


def of_one_buyer(problem, buyer):
    """Return the market with one of its buyers alone."""
    problem, stage = copy.deepcopy(problem), None
    stage = problem["stages"][0]
    for key in ("preference", "trade_cost", "price_floor"):
        stage[key] = [[row[buyer]] for row in stage[key]]
    stage["buyers"] = 1
    problem["demand"]["quantity"] = [problem["demand"]["quantity"][buyer]]
    return problem


@law
@given(SEEDS, st.integers(0, 100), st.integers(0, 100), st.floats(0.5, 6.0))
def test_i04_a_floor_gives_home_producers_no_more_than_closed_borders(seed, buyer, home, height):
    """I4: in a market of one buyer, producers at home fetch no more under any floor on the others than without them."""
    problem, chain = constructed_problem(seed, stages=1, nodes=8)
    assume(problem["stages"][0]["suppliers"] > 1)
    problem = of_one_buyer(problem, buyer % problem["stages"][0]["buyers"])
    stage = problem["stages"][0]
    home %= stage["suppliers"]
    closed = copy.deepcopy(problem)
    level = height * float(np.mean(chain[0].price))
    stage["price_floor"] = [[0.0 if i == home else level] for i in range(stage["suppliers"])]
    closed["stages"][0]["preference"] = [
        [row[0] if i == home else 0.0] for i, row in enumerate(stage["preference"])
    ]
    floor, autarky, free = (
        solved(problem),
        solved(closed),
        solved({**problem, "stages": [{**stage, "price_floor": [[0.0]] * stage["suppliers"]}]}),
    )
    assume(choice_is_sharp(problem, floor, autarky, free))
    slack = 1e-8 * stage["suppliers"]
    assert floor["prices"][0][home] <= autarky["prices"][0][home] + slack
    assert floor["prices"][0][home] >= free["prices"][0][home] - slack


@law
@given(SEEDS, st.integers(0, 100), st.integers(1, 255), st.floats(0.01, 0.95))
def test_i21_a_joint_restriction_raises_what_its_target_pays(seed, target, mask, share):
    """I21: a cap on what several suppliers send to one buyer never lowers that buyer's price index."""
    problem, chain = constructed_problem(seed, stages=1, nodes=8)
    stage = problem["stages"][0]
    target %= stage["buyers"]
    members = [i for i in range(stage["suppliers"]) if mask >> (i % 8) & 1]
    assume(members and len(members) < stage["suppliers"])
    before = solved(problem)
    sent = float(sum(chain[0].flow[i, target] for i in members))
    stage["quotas"] = [{"arcs": [[i, target] for i in members], "limit": share * sent}]
    after = solved(problem)
    assume(choice_is_sharp(problem, before, after))
    paid, was = after["buyer_prices"][0][target], before["buyer_prices"][0][target]
    assert paid >= was - 1e-8
    assert np.sum(np.array(after["flows"][0])[members, target]) <= share * sent * (1.0 + 1e-8)


@law
@given(SEEDS, st.integers(0, 100))
def test_i28_no_output_without_feed(seed, pick):
    """I28: plants use what reaches them, to the tonne; cut off from their inputs they make nothing."""
    problem, chain = constructed_problem(seed, stages=2, nodes=8)
    ore, metal = problem["stages"]
    inputs = np.array(metal["plants"]["input_per_output"])
    node = np.array(metal["plants"]["node"])
    solution = solved(problem)
    used = np.bincount(node, inputs * np.array(solution["production"][1]), minlength=metal["suppliers"])
    np.testing.assert_allclose(
        used, np.sum(solution["flows"][0], axis=0), atol=1e-8 * float(chain[0].flow.sum())
    )
    assume(ore["buyers"] > 1)
    cut = pick % ore["buyers"]
    for row in ore["preference"]:
        row[cut] = 0.0
    without = solved(problem)
    made = np.array(without["production"][1])
    assert np.all(made[node == cut] <= 1e-12 * np.array(metal["plants"]["capacity"])[node == cut])
    assert np.sum(made[node != cut]) > 0.0
