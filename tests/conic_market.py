"""The market as a convex conic programme for a general solver (Clarabel): the baseline of the benchmark.

It minimises the market's potential in prices: exponential cones for the buyers' log-sum-exp price index and
for the plants' log(1 + e^z), a power cone for each consumer's surplus. Without floors; demand must be
isoelastic with an elasticity below 1 and no choke within reach.
"""

import math
from typing import Any

import clarabel
import numpy as np
from scipy import sparse

Problem = dict[str, Any]


class ConicMarket:
    """A problem laid out for Clarabel once; `solver()` makes a solver ready to run."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        stages = problem["stages"]
        self.nodes = sum(stage["suppliers"] for stage in stages)
        self.quotas = sum(len(stage["quotas"]) for stage in stages)
        self.rows: list[dict[int, float]] = []
        self.offsets: list[float] = []
        self.cones: list[Any] = []
        self.cost: list[float] = [0.0] * (self.nodes + self.quotas)
        self._lay_out()

    def solver(self) -> Any:
        """Return a Clarabel solver with the whole programme in it."""
        size = len(self.cost)
        entries = [(r, c, v) for r, row in enumerate(self.rows) for c, v in row.items()]
        r, c, v = zip(*entries, strict=True)
        table = sparse.csc_matrix((v, (r, c)), shape=(len(self.rows), size))
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-9
        nothing = sparse.csc_matrix((size, size))
        return clarabel.DefaultSolver(
            nothing, np.array(self.cost), table, np.array(self.offsets), self.cones, settings
        )

    def _new(self, cost: float = 0.0) -> int:
        self.cost.append(cost)
        return len(self.cost) - 1

    def _row(self, terms: dict[int, float], constant: float) -> None:
        """Append one slack `s = constant + terms x`; Clarabel wants `A x + s = b`."""
        self.rows.append({at: -value for at, value in terms.items() if value})
        self.offsets.append(constant)

    def _exponential(self, terms: dict[int, float], constant: float) -> int:
        """Return a new variable that is at least exp(terms x + constant)."""
        top = self._new()
        self._row(terms, constant)
        self._row({}, 1.0)
        self._row({top: 1.0}, 0.0)
        self.cones.append(clarabel.ExponentialConeT())
        return top

    def _at_most_one(self, variables: list[int]) -> None:
        self._row(dict.fromkeys(variables, -1.0), 1.0)
        self.cones.append(clarabel.NonnegativeConeT(1))

    def _lay_out(self) -> None:
        for g in range(self.quotas):
            self._row({self.nodes + g: 1.0}, 0.0)
        if self.quotas:
            self.cones.append(clarabel.NonnegativeConeT(self.quotas))
        first_node, first_quota, paid = 0, self.nodes, []
        for stage in self.problem["stages"]:
            self._plants(stage, first_node, paid)
            paid = self._buyers(stage, first_node, first_quota)
            for g, quota in enumerate(stage["quotas"]):
                self.cost[first_quota + g] = quota["limit"]
            first_node += stage["suppliers"]
            first_quota += len(stage["quotas"])
        self._consumers(paid)

    def _plants(self, stage: Problem, first_node: int, paid: list[int]) -> None:
        plants = stage["plants"]
        for k, node in enumerate(plants["node"]):
            w = plants["cost_spread"][k]
            t = self._new(plants["capacity"][k] * w)
            terms = {first_node + node: 1.0 / w, t: -1.0}
            if plants["input_per_output"][k]:
                terms[paid[node]] = -plants["input_per_output"][k] / w
            parts = [self._exponential(terms, -plants["unit_cost"][k] / w), self._exponential({t: -1.0}, 0.0)]
            self._at_most_one(parts)

    def _buyers(self, stage: Problem, first_node: int, first_quota: int) -> list[int]:
        beta = stage["logit_scale"]
        wedges: dict[tuple[int, int], list[int]] = {}
        for g, quota in enumerate(stage["quotas"]):
            for i, j in quota["arcs"]:
                wedges.setdefault((i, j), []).append(first_quota + g)
        paid = []
        for j in range(stage["buyers"]):
            price = self._new()
            parts = []
            for i in range(stage["suppliers"]):
                terms = {price: beta, first_node + i: -beta} | dict.fromkeys(wedges.get((i, j), []), -beta)
                constant = math.log(stage["preference"][i][j]) - beta * stage["trade_cost"][i][j]
                parts.append(self._exponential(terms, constant))
            self._at_most_one(parts)
            paid.append(price)
        return paid

    def _consumers(self, paid: list[int]) -> None:
        demand = self.problem["demand"]
        level, e = demand["reference_price"], demand["elasticity"]
        for quantity, price in zip(demand["quantity"], paid, strict=True):
            v = self._new(-quantity * level / (1.0 - e))
            self._row({price: 1.0 / level}, 0.0)
            self._row({}, 1.0)
            self._row({v: 1.0}, 0.0)
            self.cones.append(clarabel.PowerConeT(1.0 - e))
