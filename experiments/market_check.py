"""An independent judge of a solved market problem, in plain NumPy: give it any solver's answer.

Nothing here is shared with the compiled market. From the published prices and wedges it computes what
every plant would make and every buyer would buy, compares that with the published quantities, and
reports the largest relative violation of the equilibrium conditions.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.random_problem import open_routes

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Problem = dict[str, Any]

#: Largest share of its capacity that a supplier without an open route may produce.
IDLE_SHARE = 1e-12


class MarketCheck(NamedTuple):
    """What was found; every figure is a share (0 is perfect).

    `imbalance`: supply against shipments at a node, over the stage's purchases. `excess`: flow beyond a
    quota, over the same. `complementarity`: the smaller of a quota's relative slack and its wedge over
    the reference price. `mismatch`: published quantities against those the prices imply, over the
    stage's purchases, and published buyer prices over the reference price. `convention`: 1 where a price
    should be null and is not, or the reverse. `flat`: how far a plant of constant cost is from the price
    or the output that its cost asks for; it is not part of `violation`, because solvers may smooth the step of such
    plants. `worst` says where.
    """

    imbalance: float
    excess: float
    complementarity: float
    mismatch: float
    convention: float
    flat: float
    worst: str

    @property
    def violation(self) -> float:
        """Return the largest of the figures."""
        return max(self.imbalance, self.excess, self.complementarity, self.mismatch, self.convention)


class _Found:
    """Collects the largest figure of each kind and where the largest of all was."""

    def __init__(self) -> None:
        kinds = ("imbalance", "excess", "complementarity", "mismatch", "convention", "flat")
        self.figures = dict.fromkeys(kinds, 0.0)
        self.worst = ""

    def add(self, kind: str, value: float, where: str) -> None:
        value = float("inf") if np.isnan(value) else float(value)
        if kind != "flat" and value > max(v for k, v in self.figures.items() if k != "flat"):
            self.worst = f"{kind} at {where}"
        self.figures[kind] = max(self.figures[kind], value)


def check_market(problem: Problem) -> MarketCheck:
    """Check a problem that carries a `solution` with status `solved`; see `MarketCheck` for the figures."""
    found = _Found()
    solution = problem["solution"]
    fed: Bools | None = None
    input_price: Floats | None = None
    wedges = list(solution["quota_wedges"])
    reference = float(problem["demand"].get("reference_price", _scale(problem)))
    routes = []
    for s, stage in enumerate(problem["stages"]):
        is_open = open_routes(stage, fed)
        price = _numbers(solution["prices"][s])
        mu = _numbers(wedges[: len(stage["quotas"])])
        del wedges[: len(stage["quotas"])]
        share, index = _choice(stage, is_open, price, mu)
        _check_nulls(found, s, stage, is_open, fed, solution, price, mu)
        routes.append((is_open, price, mu, share, index, input_price, fed))
        input_price, fed = index, np.asarray(is_open.any(axis=0))
    bought = _final_demand(problem["demand"], routes[-1][4], solution["flows"][-1])
    for s in reversed(range(len(problem["stages"]))):
        bought = _check_stage(found, s, problem["stages"][s], solution, routes[s], bought, reference)
    return MarketCheck(**found.figures, worst=found.worst)


def _scale(problem: Problem) -> float:
    """Return a typical price for problems whose demand has none."""
    demand = problem["demand"]
    if "intercept" in demand:
        return float(np.mean(np.abs(demand["intercept"])))
    costs = np.abs(np.concatenate([np.ravel(stage["plants"]["unit_cost"]) for stage in problem["stages"]]))
    trade = np.concatenate([np.ravel(stage["trade_cost"]) for stage in problem["stages"]])
    return float(max(costs.max(), trade.max(), 1e-300))


def _numbers(values: list[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], float)


def _choice(stage: Problem, is_open: Bools, price: Floats, mu: Floats) -> tuple[Floats, Floats]:
    """Return each supplier's share [I, J] in each buyer's purchases and the buyer's price index [J]."""
    wedge = np.zeros(is_open.shape)
    for quota, value in zip(stage["quotas"], mu, strict=True):
        for i, j in quota["arcs"]:
            wedge[i, j] += 0.0 if np.isnan(value) else value
    landed = np.maximum(price[:, None] + wedge + np.array(stage["trade_cost"]), stage["price_floor"])
    beta = stage["logit_scale"]
    preference = np.where(is_open, stage["preference"], 1.0)
    pull = np.where(is_open, np.log(preference) - beta * np.where(is_open, landed, 0.0), -np.inf)
    has_route = is_open.any(axis=0)
    top = np.where(has_route, pull.max(axis=0, initial=-np.inf), 0.0)
    weight = np.exp(pull - top)
    total = np.where(has_route, weight.sum(axis=0), 1.0)
    index = np.where(has_route, -(top + np.log(total)) / beta, np.nan)
    return weight / total, index


def _check_nulls(
    found: _Found,
    s: int,
    stage: Problem,
    is_open: Bools,
    fed: Bools | None,
    solution: Problem,
    price: Floats,
    mu: Floats,
) -> None:
    """Check which prices and wedges are null."""
    buyer_price = _numbers(solution["buyer_prices"][s])
    for j, has_route in enumerate(np.asarray(is_open.any(axis=0))):
        if np.isnan(buyer_price[j]) == has_route:
            found.add("convention", 1.0, f"price of stage {s} buyer {j}")
    for i, has_route in enumerate(np.asarray(is_open.any(axis=1))):
        if has_route and not np.isfinite(price[i]):
            found.add("convention", 1.0, f"price of stage {s} supplier {i}")
        if fed is not None and not fed[i] and not _makes_without_input(stage, i) and not np.isnan(price[i]):
            found.add("convention", 1.0, f"price of stage {s} supplier {i}, whose inputs cannot reach it")
    for g, quota in enumerate(stage["quotas"]):
        live = any(is_open[i, j] for i, j in quota["arcs"])
        if quota["limit"] == 0.0 and not np.isnan(mu[g]):
            found.add("convention", 1.0, f"wedge of stage {s} quota {g}, a ban")
        if live and not np.isfinite(mu[g]):
            found.add("convention", 1.0, f"wedge of stage {s} quota {g}")


def _makes_without_input(stage: Problem, node: int) -> bool:
    plants = stage["plants"]
    rows = zip(plants["node"], plants["capacity"], plants["input_per_output"], strict=True)
    return any(k == node and capacity > 0.0 and inputs == 0.0 for k, capacity, inputs in rows)


def _final_demand(demand: Problem, index: Floats, flow: list[list[float]]) -> Floats:
    """Return what each consumer wants [J] at its price index; nothing where it has no route."""
    form = demand.get("form", "isoelastic")
    served = np.isfinite(index)
    price = np.where(served, index, 1.0)
    if form == "fixed":
        wanted = np.array(demand["quantity"], float)
        return wanted
    if form == "linear":
        slope, intercept = np.array(demand["slope"], float), np.array(demand["intercept"], float)
        wanted = np.where(
            slope > 0.0, np.maximum(intercept - price, 0.0) / np.where(slope > 0, slope, 1.0), np.nan
        )
        wanted = np.where(np.isnan(wanted), np.array(flow).sum(axis=0), wanted)
        return np.where(served, wanted, 0.0)
    x = np.maximum(price / demand["reference_price"], 0.01)
    ratio, power = demand["choke_ratio"], demand["choke_power"]
    factor = x ** -demand["elasticity"] * (1.0 + ratio**-power) / (1.0 + (x / ratio) ** power)
    return np.where(served, np.array(demand["quantity"]) * factor, 0.0)


def _check_stage(
    found: _Found, s: int, stage: Problem, solution: Problem, route: tuple, bought: Floats, reference: float
) -> Floats:
    """Check one market, whose buyers want `bought` [J]; return what its plants take from the one before [I]."""
    is_open, price, mu, share, index, input_price, fed = route
    flow = np.array(solution["flows"][s], float)
    made = np.array(solution["production"][s], float)
    total = max(float(bought.sum()), 1e-300)
    buyer_price = _numbers(solution["buyer_prices"][s])
    gap = np.abs(np.where(np.isfinite(index), buyer_price - index, 0.0)).max(initial=0.0)
    found.add("mismatch", gap / reference, f"buyer prices of stage {s}")
    found.add("mismatch", np.abs(flow - share * bought).max(initial=0.0) / total, f"flows of stage {s}")
    output = _outputs(found, s, stage, price, input_price, fed, made, is_open, total, reference)
    shipped = flow.sum(axis=1)
    supply = np.bincount(stage["plants"]["node"], output, minlength=stage["suppliers"])
    has_route = is_open.any(axis=1)
    imbalance = np.where(has_route, np.abs(supply - shipped), np.abs(shipped))
    found.add(
        "imbalance", imbalance.max(initial=0.0) / total, f"stage {s} supplier {int(imbalance.argmax())}"
    )
    _check_quotas(found, s, stage, flow, is_open, mu, total, reference)
    takes = np.array(stage["plants"]["input_per_output"]) * made
    return np.bincount(stage["plants"]["node"], takes, minlength=stage["suppliers"]).astype(float)


def _outputs(
    found: _Found,
    s: int,
    stage: Problem,
    price: Floats,
    input_price: Floats | None,
    fed: Bools | None,
    made: Floats,
    is_open: Bools,
    total: float,
    reference: float,
) -> Floats:
    """Return what the prices make each plant produce [K]; where they leave it open, what was published."""
    plants = stage["plants"]
    forms = plants.get("form", ["logistic"] * len(plants["node"]))
    slopes = plants.get("slope", [0.0] * len(plants["node"]))
    output = np.zeros(len(plants["node"]))
    for k, node in enumerate(plants["node"]):
        capacity, inputs = plants["capacity"][k], plants["input_per_output"][k]
        can_run = capacity > 0.0 and np.isfinite(price[node]) and (fed is None or inputs == 0.0 or fed[node])
        where = f"stage {s} plant {k}"
        if not can_run:
            found.add("mismatch", abs(made[k]) / total, where)
            continue
        paid = inputs * input_price[node] if inputs and input_price is not None else 0.0
        margin = price[node] - paid - plants["unit_cost"][k]
        if forms[k] == "logistic":
            output[k] = capacity * _logistic(margin / plants["cost_spread"][k])
        elif slopes[k] > 0.0:
            output[k] = min(max(margin / slopes[k], 0.0), capacity)
        else:
            output[k] = min(max(made[k], 0.0), capacity)
            idle, busy = (capacity - output[k]) / total, output[k] / total
            found.add("flat", min(idle, max(margin, 0.0) / reference), where)
            found.add("flat", min(busy, max(-margin, 0.0) / reference), where)
        if not is_open[node].any():
            found.add("convention", float(made[k] > IDLE_SHARE * capacity), f"{where}, which has no route")
            output[k] = made[k]
        found.add("mismatch", abs(made[k] - output[k]) / total, where)
    return output


def _logistic(z: float) -> float:
    if z >= 0.0:
        return float(1.0 / (1.0 + np.exp(-min(z, 700.0))))
    e = np.exp(max(z, -700.0))
    return float(e / (1.0 + e))


def _check_quotas(
    found: _Found,
    s: int,
    stage: Problem,
    flow: Floats,
    is_open: Bools,
    mu: Floats,
    total: float,
    reference: float,
) -> None:
    for g, quota in enumerate(stage["quotas"]):
        limit = quota["limit"]
        used = sum(flow[i, j] for i, j in quota["arcs"])
        where = f"stage {s} quota {g}"
        found.add("excess", max(used - limit, 0.0) / total, where)
        if np.isnan(mu[g]) or limit == 0.0:
            continue
        found.add("complementarity", max(-mu[g], 0.0) / reference, where)
        found.add("complementarity", min(max(1.0 - used / limit, 0.0), abs(mu[g]) / reference), where)
