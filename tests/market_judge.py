"""Solve one random market and judge the answer: what worker processes of the long checks run."""

from experiments.market_check import check_market
from experiments.random_problem import random_problem
from model.market.problem import solve_problem


def judge(seed: int) -> tuple[int, str, float, float, int]:
    """Return seed, status, our own and the independent violation, and the iterations of one problem."""
    solved = solve_problem(random_problem(seed))
    checked = check_market(solved).violation if solved["status"] == "solved" else float("inf")
    return seed, solved["status"], solved["violation"], checked, solved["iterations"]
