"""The market as the minimum of its convex potential: an independent way to the same equilibrium.

Without floors, production, purchases and quotas are the gradient of

    sum K w log(1 + e^z) + consumer surplus(P) + sum Q mu

in node prices and wedges (mu >= 0), where z = (p - a P_in - c) / w and P is the buyers' log-sum-exp price
index. Every bounded minimiser will do; this one is SciPy's. For small problems: it is slow.
"""

from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, hyp2f1

Problem = dict[str, Any]
Floats = np.ndarray


def surplus(demand: Problem, price: Floats) -> Floats:
    """Return each consumer's surplus, the integral of its demand from `price` to infinity."""
    x = np.maximum(price / demand["reference_price"], 0.01)
    e, nu, k = demand["elasticity"], demand["choke_power"], demand["choke_ratio"]
    s = (e + nu - 1.0) / nu
    tail = k**nu * x ** (1.0 - e - nu) / (e + nu - 1.0) * hyp2f1(1.0, s, 1.0 + s, -((k / x) ** nu))
    below = (x - price / demand["reference_price"]) * wanted(demand, price)
    return demand["reference_price"] * (np.array(demand["quantity"]) * (1.0 + k**-nu) * tail + below)


def wanted(demand: Problem, price: Floats) -> Floats:
    """Return each consumer's demand."""
    x = np.maximum(price / demand["reference_price"], 0.01)
    e, nu, k = demand["elasticity"], demand["choke_power"], demand["choke_ratio"]
    return np.array(demand["quantity"]) * x**-e * (1.0 + k**-nu) / (1.0 + (x / k) ** nu)


class Potential:
    """The potential of a problem without floors, bans or idle traders, as a function of prices and wedges."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.sizes = [stage["suppliers"] for stage in problem["stages"]]
        self.quotas = [len(stage["quotas"]) for stage in problem["stages"]]
        self.nodes = sum(self.sizes)

    def split(self, unknown: Floats) -> tuple[list[Floats], list[Floats]]:
        """Return prices and wedges by stage."""
        prices = np.split(unknown[: self.nodes], np.cumsum(self.sizes)[:-1])
        wedges = np.split(unknown[self.nodes :], np.cumsum(self.quotas)[:-1])
        return prices, wedges

    def value(self, unknown: Floats) -> tuple[float, Floats]:
        """Return the potential and its gradient."""
        total, supply, flows = self._walk(unknown)
        gradient = [made - flow.sum(axis=1) for made, flow in zip(supply, flows, strict=True)]
        slack = [
            quota["limit"] - sum(flow[i, j] for i, j in quota["arcs"])
            for stage, flow in zip(self.problem["stages"], flows, strict=True)
            for quota in stage["quotas"]
        ]
        return total, np.concatenate([*gradient, slack])

    def flows(self, unknown: Floats) -> list[Floats]:
        """Return the flows [I, J] of every stage."""
        return self._walk(unknown)[2]

    def _walk(self, unknown: Floats) -> tuple[float, list[Floats], list[Floats]]:
        prices, wedges = self.split(unknown)
        total, supply, shares, takes = 0.0, [], [], []
        paid = np.zeros(self.sizes[0])
        for stage, price, mu in zip(self.problem["stages"], prices, wedges, strict=True):
            plants = {key: np.array(value) for key, value in stage["plants"].items()}
            z = price[plants["node"]] - plants["input_per_output"] * paid[plants["node"]]
            z = (z - plants["unit_cost"]) / plants["cost_spread"]
            total += float(np.sum(plants["capacity"] * plants["cost_spread"] * np.logaddexp(0.0, z)))
            made = plants["capacity"] * expit(z)
            supply.append(np.bincount(plants["node"], made, minlength=price.size))
            takes.append(np.bincount(plants["node"], made * plants["input_per_output"], minlength=price.size))
            share, paid = self._choice(stage, price, mu)
            shares.append(share)
            total += float(sum(quota["limit"] * m for quota, m in zip(stage["quotas"], mu, strict=True)))
        total += float(np.sum(surplus(self.problem["demand"], paid)))
        bought = [*takes[1:], wanted(self.problem["demand"], paid)]
        return total, supply, [share * want for share, want in zip(shares, bought, strict=True)]

    def _choice(self, stage: Problem, price: Floats, mu: Floats) -> tuple[Floats, Floats]:
        cost = np.array(stage["trade_cost"]) + price[:, None]
        for quota, m in zip(stage["quotas"], mu, strict=True):
            for i, j in quota["arcs"]:
                cost[i, j] += m
        with np.errstate(divide="ignore"):
            pull = np.log(stage["preference"]) - stage["logit_scale"] * cost
        index = np.logaddexp.reduce(pull, axis=0)
        return np.exp(pull - index), -index / stage["logit_scale"]

    def minimise(self) -> Floats:
        """Return prices and wedges at the minimum."""
        levels = [float(self.problem["demand"]["reference_price"])] * self.nodes
        start = np.concatenate([levels, np.zeros(sum(self.quotas))])
        bounds = [(None, None)] * self.nodes + [(0.0, None)] * sum(self.quotas)
        options = {"maxiter": 20000, "maxfun": 200000, "ftol": 1e-15, "gtol": 1e-13, "maxcor": 50}
        for _ in range(5):
            start = minimize(self.value, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
        return start
