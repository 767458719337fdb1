"""Market problems as JSON: chains of stages in, the same with `solution` and `status` out.

A problem has `stages` (suppliers, buyers, logit_scale, plants, preference, trade_cost, price_floor, quotas)
and `demand`; the buyers of a stage are the suppliers of the next, those of the last stage the consumers.
`docs/problem_format.md` describes every key.
"""

from typing import Any

import numpy as np
from scipy.optimize import linprog, nnls

from model.error import OreblocError
from model.market.clearing import SOLVED, Clearer, allocate_answer, allocate_terms
from model.network import (
    FIXED_DEMAND,
    ISOELASTIC,
    LINEAR,
    LINEAR_DEMAND,
    LOGISTIC,
    Answer,
    Floats,
    Network,
    Terms,
    with_quotas,
)

Problem = dict[str, Any]
_PLANT_FORMS = {"logistic": LOGISTIC, "linear": LINEAR}
_DEMAND_FORMS = {"isoelastic": ISOELASTIC, "linear": LINEAR_DEMAND, "fixed": FIXED_DEMAND}
#: Answers of a search closer than this (share of the typical price) are the same.
_SAME = 1e-5


class _Chain:
    """A problem laid out as a network: where each stage's rows begin, and the terms of its one run."""

    def __init__(self, problem: Problem) -> None:
        self.stages = problem["stages"]
        self.demand = problem["demand"]
        self.first_node = np.concatenate([[0], np.cumsum([s["suppliers"] for s in self.stages])])
        self.first_buyer = np.concatenate([[0], np.cumsum([s["buyers"] for s in self.stages])])
        self.price_scale = _price_scale(problem)
        self._lay_out_plants()
        self._lay_out_routes()
        self.network, self.position = self._network()
        self.terms = self._terms()

    def _lay_out_plants(self) -> None:
        """Group plants of one node, input coefficient and form into recipes; remember where each plant went."""
        keys: dict[tuple[int, int, float, str], list[int]] = {}
        rows: list[Any] = []
        for s, stage in enumerate(self.stages):
            plants = stage["plants"]
            forms = plants.get("form", ["logistic"] * len(plants["node"]))
            for k, node in enumerate(plants["node"]):
                a = float(plants["input_per_output"][k]) if s > 0 else 0.0
                linear = forms[k] == "linear"
                spread = plants["slope"][k] if linear else plants["cost_spread"][k]
                keys.setdefault((s, int(node), a, forms[k]), []).append(len(rows))
                rows.append((plants["capacity"][k], plants["unit_cost"][k], spread, _PLANT_FORMS[forms[k]]))
        self.recipes = sorted(keys)
        order = [row for key in self.recipes for row in keys[key]]
        self.plant_rows = [rows[k] for k in order]
        self.plant_start = np.concatenate([[0], np.cumsum([len(keys[key]) for key in self.recipes])])
        self.plant_position = np.empty(len(rows), dtype=np.int64)
        self.plant_position[order] = np.arange(len(rows))

    def _lay_out_routes(self) -> None:
        """Number routes buyer by buyer, supplier by supplier."""
        pairs: list[Any] = []
        for s, stage in enumerate(self.stages):
            for j in range(stage["buyers"]):
                pairs.extend((s, i, j) for i in range(stage["suppliers"]))
        self.routes = pairs
        self.route_number = {pair: r for r, pair in enumerate(pairs)}

    def _network(self) -> tuple[Network, Any]:
        stages = self.stages
        nodes, buyers = int(self.first_node[-1]), int(self.first_buyer[-1])
        whole = np.array([0, 0], dtype=np.int64)
        output = [self.first_node[s] + node for s, node, _, _ in self.recipes]
        inputs = [(self.first_buyer[s - 1] + node, a) if a > 0.0 else None for s, node, a, _ in self.recipes]
        demand_form = np.zeros(buyers, dtype=np.int64)
        form = self.demand.get("form", "isoelastic")
        demand_form[self.first_buyer[-2] :] = _DEMAND_FORMS[form]
        stage_of_node = np.repeat(np.arange(len(stages)), [s["suppliers"] for s in stages])
        stage_of_buyer = np.repeat(np.arange(len(stages)), [s["buyers"] for s in stages])
        network = Network(
            component_node_start=np.array([0, nodes], dtype=np.int64),
            component_buyer_start=np.array([0, buyers], dtype=np.int64),
            component_recipe_start=np.array([0, len(self.recipes)], dtype=np.int64),
            component_quota_start=whole,
            node_market=stage_of_node.astype(np.int64),
            node_disposal=np.zeros(nodes, dtype=np.bool_),
            buyer_market=stage_of_buyer.astype(np.int64),
            route_start=_starts([s["suppliers"] for s in stages for _ in range(s["buyers"])]),
            route_node=np.array([self.first_node[s] + i for s, i, _ in self.routes], dtype=np.int64),
            route_buyer=np.array([self.first_buyer[s] + j for s, _, j in self.routes], dtype=np.int64),
            recipe_output_start=np.arange(len(self.recipes) + 1, dtype=np.int64),
            output_node=np.array(output, dtype=np.int64),
            output_per_unit=np.ones(len(self.recipes)),
            recipe_input_start=_starts([0 if x is None else 1 for x in inputs]),
            input_buyer=np.array([x[0] for x in inputs if x is not None], dtype=np.int64),
            input_per_unit=np.array([x[1] for x in inputs if x is not None], dtype=np.float64),
            plant_start=self.plant_start.astype(np.int64),
            plant_form=np.array([row[3] for row in self.plant_rows], dtype=np.int64),
            demand_form=demand_form,
            market_sharpness=np.array([float(s["logit_scale"]) for s in stages]),
            market_price_scale=_stage_scales(self.stages, self.price_scale, form),
            route_quota_start=np.zeros(len(self.routes) + 1, dtype=np.int64),
            route_quota=np.zeros(0, dtype=np.int64),
            quota_market=np.zeros(0, dtype=np.int64),
        )
        quotas = [
            np.array([self.route_number[s, i, j] for i, j in quota["arcs"]], dtype=np.int64)
            for s, stage in enumerate(stages)
            for quota in stage.get("quotas", [])
        ]
        return with_quotas(network, quotas)

    def _terms(self) -> Terms:
        terms = allocate_terms(self.network, 1)
        capacity, cost, spread, _ = zip(*self.plant_rows, strict=True)
        terms.plant_capacity_t[0] = capacity
        terms.plant_cost[0] = cost
        terms.plant_spread[0] = spread
        for key, column in (
            ("preference", terms.route_weight),
            ("trade_cost", terms.route_freight),
            ("price_floor", terms.route_floor),
        ):
            column[0] = self._by_route(key)
        limits = [quota["limit"] for stage in self.stages for quota in stage.get("quotas", [])]
        terms.quota_t[0, self.position] = limits
        last = slice(int(self.first_buyer[-2]), int(self.first_buyer[-1]))
        demand = self.demand
        if demand.get("form", "isoelastic") == "linear":
            terms.demand_t[0, last] = demand["intercept"]
            terms.demand_price[0, last] = demand["slope"]
        else:
            terms.demand_t[0, last] = demand["quantity"]
        if demand.get("form", "isoelastic") == "isoelastic":
            terms.demand_price[0, last] = demand["reference_price"]
            terms.demand_elasticity[0, last] = demand["elasticity"]
            terms.demand_choke_ratio[0, last] = demand["choke_ratio"]
            terms.demand_choke_power[0, last] = demand["choke_power"]
        return terms

    def _by_route(self, key: str) -> Floats:
        missing = -np.inf if key == "price_floor" else 0.0
        tables = [
            np.asarray(stage.get(key) or np.full((stage["suppliers"], stage["buyers"]), missing), dtype=float)
            for stage in self.stages
        ]
        return np.concatenate([table.T.ravel() for table in tables])

    def solution(self, answer: Answer, run: int) -> dict[str, Any]:
        """Return run `run` of `answer` in the problem's own shapes; numbers without meaning are null."""
        output = answer.output_t[run][self.plant_position]
        out: dict[str, Any] = {
            "prices": [],
            "quota_wedges": [],
            "buyer_prices": [],
            "flows": [],
            "production": [],
        }
        plant = quota = 0
        wedges = _smallest_wedges(self.network, self.terms, answer, run)
        price, index = self._with_idle(answer, run, wedges)
        wedges = wedges[self.position]
        for s, stage in enumerate(self.stages):
            nodes = slice(int(self.first_node[s]), int(self.first_node[s + 1]))
            buyers = slice(int(self.first_buyer[s]), int(self.first_buyer[s + 1]))
            out["prices"].append(_nullable(price[nodes]))
            out["buyer_prices"].append(_nullable(index[buyers]))
            first = self.route_number[s, 0, 0]
            flows = answer.flow_t[run][first : first + stage["suppliers"] * stage["buyers"]]
            out["flows"].append(flows.reshape(stage["buyers"], stage["suppliers"]).T.tolist())
            count = len(stage["plants"]["node"])
            out["production"].append(output[plant : plant + count].tolist())
            plant += count
            count = len(stage.get("quotas", []))
            out["quota_wedges"].extend(_nullable(wedges[quota : quota + count]))
            quota += count
        return out

    def _with_idle(self, answer: Answer, run: int, wedges: Floats) -> tuple[Floats, Floats]:
        """Return node prices and buyers' price indices, also of those who could trade and have no use for it."""
        price, index = answer.price[run].copy(), answer.price_index[run].copy()
        for s, stage in enumerate(self.stages):
            self._price_outsiders(price, index, s, stage)
            for j in range(int(self.first_buyer[s]), int(self.first_buyer[s + 1])):
                if np.isnan(index[j]):
                    index[j] = self._idle_index(j, price, wedges, float(stage["logit_scale"]))
        return price, index

    def _idle_index(self, buyer: int, price: Floats, wedges: Floats, sharpness: float) -> float:
        """Return what a buyer who buys nothing would pay; NaN without an open route."""
        net, terms = self.network, self.terms
        pull = []
        for r in range(net.route_start[buyer], net.route_start[buyer + 1]):
            quotas = net.route_quota[net.route_quota_start[r] : net.route_quota_start[r + 1]]
            weight, seller = terms.route_weight[0, r], price[net.route_node[r]]
            if weight > 0.0 and not np.isnan(seller) and np.all(terms.quota_t[0, quotas] > 0.0):
                landed = seller + np.sum(wedges[quotas]) + terms.route_freight[0, r]
                pull.append(np.log(weight) - sharpness * max(landed, terms.route_floor[0, r]))
        return -float(np.logaddexp.reduce(pull)) / sharpness if pull else float("nan")

    def _price_outsiders(self, price: Floats, index: Floats, s: int, stage: dict[str, Any]) -> None:
        """Give suppliers without an open route a price at which they would not produce."""
        plants = stage["plants"]
        forms = plants.get("form", ["logistic"] * len(plants["node"]))
        for node in range(stage["suppliers"]):
            place = int(self.first_node[s]) + node
            own = [k for k, at in enumerate(plants["node"]) if at == node]
            if not np.isnan(price[place]) or not own:
                continue
            lowest = []
            for k in own:
                width = 1e-7 * self.price_scale if forms[k] == "linear" else plants["cost_spread"][k]
                a = plants["input_per_output"][k] if s > 0 else 0.0
                feed = a * index[int(self.first_buyer[s - 1]) + node] if a > 0.0 else 0.0
                if plants["capacity"][k] > 0.0 and not np.isnan(feed):
                    lowest.append(plants["unit_cost"][k] + feed - 80.0 * width)
            if lowest:
                price[place] = min(lowest)


def _starts(counts: list[int]) -> Any:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _nullable(values: Floats) -> list[float | None]:
    return [None if np.isnan(v) else float(v) for v in values]


def _price_scale(problem: Problem) -> float:
    """Return a typical price: the consumers' reference, or what costs along the chain add up to."""
    demand = problem["demand"]
    form = demand.get("form", "isoelastic")
    if form == "isoelastic":
        return float(np.median(demand["reference_price"]))
    if form == "linear":
        return float(max(np.median(np.abs(demand["intercept"])), 1e-12))
    total = 0.0
    for stage in problem["stages"]:
        total += float(
            np.median(np.abs(stage["plants"]["unit_cost"])) + np.median(np.abs(stage["trade_cost"]))
        )
    return max(total, 1e-12)


def _stage_scales(stages: list[dict[str, Any]], consumers: float, form: str) -> Floats:
    """Return a typical price per stage: what costs add up to on the way, within reach of the consumers' price.

    Only starting points and step sizes depend on it. Textbook forms, whose costs may be all zero or far apart,
    start from the consumers' price everywhere.
    """
    if form != "isoelastic":
        return np.full(len(stages), consumers)
    scales = []
    before = 0.0
    for stage in stages:
        plants = stage["plants"]
        weight = np.maximum(np.asarray(plants["capacity"], dtype=float), 1e-300)
        inputs = np.asarray(plants.get("input_per_output") or 0.0, dtype=float)
        before = float(
            np.average(np.asarray(plants["unit_cost"], dtype=float) + inputs * before, weights=weight)
        )
        scales.append(min(max(abs(before), 0.02 * consumers), consumers))
    return np.array(scales)


def _smallest_wedges(network: Network, terms: Terms, answer: Answer, run: int) -> Floats:
    """Return the wedges of smallest norm that give every route the same total as the solution's.

    Wedges of duplicate or nested quotas are not unique; only their sums on the routes are.
    """
    wedge = answer.wedge[run].copy()
    routes, quotas = network.route_node.size, wedge.size
    flow = np.zeros(quotas)
    covers = np.zeros((routes, quotas))
    for r in range(routes):
        for s in range(network.route_quota_start[r], network.route_quota_start[r + 1]):
            g = network.route_quota[s]
            covers[r, g] = 1.0
            flow[g] += answer.flow_t[run, r]
    limit = terms.quota_t[run]
    binding = np.flatnonzero(~np.isnan(wedge) & (flow >= limit * (1.0 - 1e-9)) & (limit > 0.0))
    table = np.unique(covers[:, binding], axis=0)
    if np.linalg.matrix_rank(table) == binding.size:
        return wedge
    wedge[binding] = _smallest_positive(table, wedge[binding])
    return wedge


def _smallest_positive(table: Floats, values: Floats) -> Floats:
    """Return the smallest non-negative numbers with the same sums, row by row of `table`, as `values`.

    A weighted non-negative least squares finds which are positive; given those, the smallest solution of the
    equations is exact.
    """
    scale = max(float(np.max(values)), 1e-300)
    weight = 1e5
    system = np.vstack([weight * table, np.eye(values.size)])
    sums = table @ values / scale
    found, _ = nnls(system, np.concatenate([weight * sums, np.zeros(values.size)]))
    positive = found > 1e-9
    exact = np.zeros(values.size)
    exact[positive] = np.linalg.lstsq(table[:, positive], sums, rcond=None)[0]
    if np.min(exact) < -1e-12 or np.max(np.abs(table @ exact - sums)) > 1e-12:
        return values
    return np.maximum(exact, 0.0) * scale


def _is_feasible(chain: _Chain) -> bool:
    """Tell whether fixed demand can be met at all: a linear programme over routes, plants and quotas."""
    if chain.demand.get("form", "isoelastic") != "fixed":
        return True
    net, terms = chain.network, chain.terms
    open_route = terms.route_weight[0] > 0.0
    routes, plants = net.route_node.size, net.plant_form.size
    balance = np.zeros((net.node_market.size, routes + plants))
    need = np.zeros((net.buyer_market.size, routes + plants))
    balance[net.route_node, np.arange(routes)] = 1.0
    need[net.route_buyer, np.arange(routes)] = 1.0
    for m in range(net.plant_start.size - 1):
        columns = routes + np.arange(net.plant_start[m], net.plant_start[m + 1])
        balance[net.output_node[m], columns] = -1.0
        for s in range(net.recipe_input_start[m], net.recipe_input_start[m + 1]):
            need[net.input_buyer[s], columns] = -net.input_per_unit[s]
    limits = np.zeros((net.quota_market.size, routes + plants))
    for r in range(routes):
        limits[net.route_quota[net.route_quota_start[r] : net.route_quota_start[r + 1]], r] = 1.0
    bounds = [(0.0, None if is_open else 0.0) for is_open in open_route]
    bounds += [(0.0, float(capacity)) for capacity in terms.plant_capacity_t[0]]
    total = float(np.sum(terms.demand_t[0]))
    found = linprog(
        np.zeros(routes + plants),
        A_ub=limits if limits.size else None,
        b_ub=terms.quota_t[0] if limits.size else None,
        A_eq=np.vstack([balance, need]),
        b_eq=np.concatenate([np.zeros(balance.shape[0]), terms.demand_t[0] * (1.0 - 1e-9)]),
        bounds=bounds,
        method="highs",
    )
    return bool(found.status == 0) or total == 0.0


def solve_problem(problem: Problem, *, search: int = 0) -> Problem:
    """Return `problem` with a `solution` and a `status`: `solved`, `infeasible` or `missed`.

    With `search` = N the market is solved from N more starting points; every different answer found is
    listed under `solutions`. Raises OreblocError if the problem is not well formed.
    """
    from model.market.problem_check import check_problem

    check_problem(problem)
    chain = _Chain(problem)
    out = {key: value for key, value in problem.items() if key not in ("solution", "solutions", "status")}
    if not _is_feasible(chain):
        return {**out, "status": "infeasible", "solution": None}
    clearer = Clearer(chain.network)
    answer = allocate_answer(chain.network, 1)
    clearer.clear(chain.terms, answer, warm=False)
    solved = int(answer.status[0, 0]) == SOLVED
    out["status"] = "solved" if solved else "missed"
    out["violation"] = float(answer.violation[0, 0])
    out["iterations"] = int(answer.iterations[0, 0])
    out["solution"] = chain.solution(answer, 0) if solved else None
    if search > 0:
        out["solutions"] = _search(chain, clearer, answer if solved else None, search)
        if not solved and out["solutions"]:
            out["status"], out["solution"] = "solved", out["solutions"][0]
    return out


def _search(chain: _Chain, clearer: Clearer, first: Answer | None, starts: int) -> list[dict[str, Any]]:
    """Clear from `starts` scattered price vectors; return the different solutions found, first one first."""
    found: list[Floats] = []
    solutions: list[dict[str, Any]] = []
    candidates = [first] if first is not None else []
    scatter = np.random.Generator(np.random.PCG64(20240))
    for start in range(starts):
        answer = allocate_answer(chain.network, 1)
        nodes = answer.price.shape[1]
        width = (0.3, 1.0, 2.0)[start % 3]
        answer.price[0] = chain.price_scale * np.exp(scatter.normal(0.0, width, nodes))
        clearer.clear(chain.terms, answer, warm=False)
        candidates.append(answer)
    for answer in candidates:
        if answer is None or int(answer.status[0, 0]) != SOLVED:
            continue
        prices = np.nan_to_num(answer.price[0])
        scale = chain.price_scale
        if all(np.max(np.abs(prices - other)) > _SAME * max(scale, np.max(np.abs(other))) for other in found):
            found.append(prices)
            solutions.append(chain.solution(answer, 0))
    return solutions


def solve_problems(problems: list[Problem], *, search: int = 0) -> list[Problem]:
    """Solve a list to its end, each problem with its own status; a malformed one raises OreblocError."""
    for number, problem in enumerate(problems):
        if not isinstance(problem, dict):
            raise OreblocError(f"Problem {number} is not an object; give a problem or a list of problems.")
    return [solve_problem(problem, search=search) for problem in problems]


def solve_market(problem: Problem | list[Problem], *, search: int = 0) -> Problem | list[Problem]:
    """Return a problem, or each of a list, with its `solution` and `status`, see `solve_problem`."""
    if isinstance(problem, list):
        return solve_problems(problem, search=search)
    return solve_problem(problem, search=search)
