"""Random supply-chain market problems that are hard on purpose, in the JSON problem format.

Each problem grows out of an equilibrium that is known by construction: prices and flows are drawn
first, plants and demand are fitted to them. Costs, capacities and demand are then disturbed and
measures added, so that "a millionth of the free flow" or "a floor at the price" mean what they say
without a solver's help. The same seed gives the same problem on every machine.
"""

import copy
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Problem = dict[str, Any]

STAGE_NAMES = ("concentrate", "refined", "product")


class Stage(NamedTuple):
    """One market at its constructed equilibrium. I suppliers, J buyers, K plants; prices in money per tonne."""

    sharpness: float
    price: Floats  # [I]
    preference: Floats  # [I, J]
    trade_cost: Floats  # [I, J]
    flow: Floats  # [I, J] tonnes at the constructed equilibrium
    buyer_price: Floats  # [J]
    plant_node: NDArray[np.int64]  # [K]
    plant_capacity: Floats
    plant_cost: Floats
    plant_spread: Floats
    plant_input: Floats
    plant_output: Floats


def random_problem(
    seed: int, *, stages: int = 3, nodes: int = 40, measures: bool = True, floors: bool = True
) -> Problem:
    """Return a random problem with linked `stages` (1 to 3) and up to `nodes` suppliers or buyers in a market.

    Capacities span six orders of magnitude. With `measures`: quotas from a millionth of the free flow
    to slack, overlapping and nested; floors (left out with `floors=False`) below, at and far above the
    price, some on routes under a quota; bans that leave a buyer one supplier or none; suppliers without
    a route. At least one consumer can always be served.
    """
    if not 1 <= stages <= len(STAGE_NAMES):
        raise ValueError(f"stages is {stages}; it must be 1 to {len(STAGE_NAMES)}.")
    if nodes < 2:
        raise ValueError(f"nodes is {nodes}; it must be 2 or more.")
    for attempt in range(100):
        random = np.random.default_rng([20250101, stages, nodes, seed, attempt])
        problem = _draw(random, stages, nodes, measures, floors)
        if serves_someone(problem):
            problem["name"] = f"random_{stages}_{nodes}_{seed}"
            return problem
    raise AssertionError("no servable problem in 100 draws")


def constructed_problem(seed: int, *, stages: int = 3, nodes: int = 10) -> tuple[Problem, list[Stage]]:
    """Return a problem without measures together with its exact equilibrium, one `Stage` per market."""
    random = np.random.default_rng([20250102, stages, nodes, seed])
    chain, demand = _chain(random, stages, nodes)
    return _as_problem(chain, demand), chain


def serves_someone(problem: Problem) -> bool:
    """Say whether some consumer can be reached from some mine along open routes."""
    fed: NDArray[np.bool_] | None = None
    for stage in problem["stages"]:
        is_open = open_routes(stage, fed)
        fed = np.asarray(is_open.any(axis=0))
    return bool(fed is not None and fed.any())


def open_routes(stage: Problem, fed: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Return which routes [I, J] of a stage can carry goods.

    `fed` [I] says which suppliers' inputs can reach them (None at the first stage). A route is closed
    by a zero preference, by a quota of zero, or by a supplier that cannot produce.
    """
    preference = np.asarray(stage["preference"], float)
    plants = stage["plants"]
    able = np.zeros(stage["suppliers"], bool)
    for node, capacity, inputs in zip(
        plants["node"], plants["capacity"], plants["input_per_output"], strict=True
    ):
        if capacity > 0.0 and (fed is None or inputs == 0.0 or fed[node]):
            able[node] = True
    is_open = (preference > 0.0) & able[:, None]
    for quota in stage["quotas"]:
        if quota["limit"] == 0.0:
            for i, j in quota["arcs"]:
                is_open[i, j] = False
    return is_open


def _draw(random: np.random.Generator, stages: int, nodes: int, measures: bool, floors: bool) -> Problem:
    chain, demand = _chain(random, stages, nodes)
    problem = _as_problem(chain, demand)
    _disturb(random, problem)
    if measures:
        for stage, base in zip(problem["stages"], chain, strict=True):
            _close_routes(random, stage)
            _add_quotas(random, stage, base)
            if floors:
                _add_floors(random, stage, base)
    return problem


def _size(random: np.random.Generator, nodes: int) -> int:
    """Return a number of nodes: mostly small, with a tail to the limit."""
    return int(np.clip(round(np.exp(random.uniform(np.log(1.5), np.log(nodes + 0.49)))), 1, nodes))


def _chain(random: np.random.Generator, stages: int, nodes: int) -> tuple[list[Stage], Problem]:
    """Build the chain from the consumers up, so that every market's purchases are known."""
    sizes = [_size(random, nodes) for _ in range(stages + 1)]
    levels = [2.0**s for s in range(stages)]
    demand, bought = _consumers(random, sizes[-1], levels[-1])
    prices = [level * random.uniform(0.85, 1.15, n) for level, n in zip(levels, sizes[:-1], strict=True)]
    routes = [_routes(random, prices[s], sizes[s + 1], levels[s]) for s in range(stages)]
    chain: list[Stage] = []
    for s in reversed(range(stages)):
        share, index = routes[s][3], routes[s][4]
        if s == stages - 1:
            bought = bought * _demand_factor(demand, index)
        input_price = routes[s - 1][4] if s else np.zeros(sizes[0])
        flow = share * bought
        plants = _plants(random, flow.sum(axis=1), prices[s], input_price, levels[s], s > 0)
        sharpness, preference, trade_cost = routes[s][:3]
        chain.insert(0, Stage(sharpness, prices[s], preference, trade_cost, flow, index, *plants))
        bought = np.bincount(plants[0], plants[4] * plants[5], minlength=sizes[s]).astype(float)
    return chain, demand


def _consumers(random: np.random.Generator, number: int, level: float) -> tuple[Problem, Floats]:
    quantity = 10.0 ** random.uniform(-3.0, 0.0, number)
    demand = {
        "quantity": quantity.tolist(),
        "reference_price": level,
        "elasticity": float(random.uniform(0.2, 1.2)),
        "choke_ratio": float(random.uniform(2.0, 15.0)),
        "choke_power": float(random.uniform(1.5, 4.0)),
    }
    return demand, quantity


def _demand_factor(demand: Problem, price: Floats) -> Floats:
    x = np.maximum(price / demand["reference_price"], 0.01)
    ratio, power = demand["choke_ratio"], demand["choke_power"]
    return x ** -demand["elasticity"] * (1.0 + ratio**-power) / (1.0 + (x / ratio) ** power)


def _routes(
    random: np.random.Generator, price: Floats, buyers: int, level: float
) -> tuple[float, Floats, Floats, Floats, Floats]:
    """Return sharpness, preference, trade cost, share [I, J] and buyer price [J]; suppliers span six orders."""
    suppliers = price.size
    sharpness = float(np.exp(random.uniform(np.log(3.0), np.log(40.0))) / level)
    size = 10.0 ** random.uniform(-6.0, 0.0, suppliers)
    preference = size[:, None] * np.exp(random.normal(0.0, 1.0, (suppliers, buyers)))
    preference /= preference.sum(axis=0)
    trade_cost = random.uniform(0.0, 0.1 * level, (suppliers, buyers))
    pull = np.log(preference) - sharpness * (price[:, None] + trade_cost)
    top = pull.max(axis=0)
    weight = np.exp(pull - top)
    index = -(top + np.log(weight.sum(axis=0))) / sharpness
    return sharpness, preference, trade_cost, weight / weight.sum(axis=0), index


def _plants(
    random: np.random.Generator,
    shipped: Floats,
    price: Floats,
    input_price: Floats,
    level: float,
    processes: bool,
) -> tuple[NDArray[np.int64], Floats, Floats, Floats, Floats, Floats]:
    """Return node, capacity, cost, spread, input per output and output of one to four plants a node."""
    node = np.repeat(np.arange(shipped.size), random.integers(1, 5, shipped.size))
    part = random.uniform(0.2, 1.0, node.size)
    output = shipped[node] * part / np.bincount(node, part)[node]
    use = random.uniform(0.2, 0.95, node.size)
    spread = level * random.uniform(0.02, 0.12, node.size)
    inputs = random.uniform(0.8, 1.4, node.size) if processes else np.zeros(node.size)
    cost = price[node] - inputs * input_price[node] - spread * np.log(use / (1.0 - use))
    return node, output / use, cost, spread, inputs, output


def _as_problem(chain: list[Stage], demand: Problem) -> Problem:
    stages = [
        {
            "name": STAGE_NAMES[s],
            "suppliers": int(base.price.size),
            "buyers": int(base.buyer_price.size),
            "logit_scale": base.sharpness,
            "plants": {
                "node": base.plant_node.tolist(),
                "capacity": base.plant_capacity.tolist(),
                "unit_cost": base.plant_cost.tolist(),
                "cost_spread": base.plant_spread.tolist(),
                "input_per_output": base.plant_input.tolist(),
            },
            "preference": base.preference.tolist(),
            "trade_cost": base.trade_cost.tolist(),
            "price_floor": np.zeros_like(base.trade_cost).tolist(),
            "quotas": [],
        }
        for s, base in enumerate(chain)
    ]
    return {"name": "constructed", "stages": stages, "demand": demand}


def _disturb(random: np.random.Generator, problem: Problem) -> None:
    """Move costs, capacities and demand away from the constructed equilibrium."""
    for stage in problem["stages"]:
        plants = stage["plants"]
        number = len(plants["node"])
        spread = np.array(plants["cost_spread"])
        plants["capacity"] = (np.array(plants["capacity"]) * np.exp(random.normal(0.0, 0.3, number))).tolist()
        plants["unit_cost"] = (
            np.array(plants["unit_cost"]) + spread * random.normal(0.0, 1.0, number)
        ).tolist()
    quantity = np.array(problem["demand"]["quantity"])
    problem["demand"]["quantity"] = (quantity * np.exp(random.normal(0.0, 0.3, quantity.size))).tolist()


def _close_routes(random: np.random.Generator, stage: Problem) -> None:
    """Close routes: here and there, all but one or all of a buyer's, all of a supplier's."""
    preference = np.array(stage["preference"])
    suppliers, buyers = preference.shape
    if random.random() < 0.3:
        preference[random.random(preference.shape) < random.uniform(0.05, 0.4)] = 0.0
    if random.random() < 0.3:
        buyer, kept = random.integers(buyers), random.integers(suppliers)
        weight = preference[kept, buyer] or 1.0
        preference[:, buyer] = 0.0
        preference[kept, buyer] = weight
    if buyers > 1 and random.random() < 0.2:
        preference[:, random.integers(buyers)] = 0.0
    if suppliers > 1 and random.random() < 0.2:
        preference[random.integers(suppliers), :] = 0.0
    stage["preference"] = preference.tolist()


def _add_quotas(random: np.random.Generator, stage: Problem, base: Stage) -> None:
    """Add up to eight quotas: on a supplier, on some of its buyers, on a buyer, on any routes; nested; doubled."""
    shape = base.flow.shape
    for _ in range(int(random.integers(0, 6))):
        mask = _route_set(random, shape)
        _add_quota(random, stage, base, mask)
        if random.random() < 0.3:
            _add_quota(random, stage, base, mask & (random.random(shape) < 0.6))
        if random.random() < 0.05:
            stage["quotas"].append(copy.deepcopy(stage["quotas"][-1]))
    del stage["quotas"][8:]


def _route_set(random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, bool)
    kind = random.integers(4)
    if kind == 0:
        mask[random.integers(shape[0]), :] = True
    elif kind == 1:
        mask[random.integers(shape[0]), :] = random.random(shape[1]) < 0.5
    elif kind == 2:
        mask[:, random.integers(shape[1])] = random.random(shape[0]) < 0.7
    else:
        mask = random.random(shape) < random.uniform(0.05, 0.6)
    return mask


def _add_quota(random: np.random.Generator, stage: Problem, base: Stage, mask: NDArray[np.bool_]) -> None:
    if not mask.any():
        mask = np.zeros_like(mask)
        mask[random.integers(mask.shape[0]), random.integers(mask.shape[1])] = True
    limit = float(
        base.flow[mask].sum() * 10.0 ** random.choice([random.uniform(-6.0, 0.0), random.uniform(-0.5, 0.5)])
    )
    if random.random() < 0.04:
        limit = 0.0
    stage["quotas"].append({"arcs": np.argwhere(mask).tolist(), "limit": limit})


def _add_floors(random: np.random.Generator, stage: Problem, base: Stage) -> None:
    """Put floors on some buyers' routes: below, at, above and far above the landed price."""
    landed = base.price[:, None] + base.trade_cost
    floor = np.array(stage["price_floor"])
    for _ in range(int(random.integers(0, 4))):
        mask = np.zeros(floor.shape, bool)
        mask[:, random.integers(floor.shape[1])] = random.random(floor.shape[0]) < 0.7
        if stage["quotas"] and random.random() < 0.5:
            for i, j in stage["quotas"][int(random.integers(len(stage["quotas"])))]["arcs"]:
                mask[i, j] = True
        ratio = random.choice(
            [random.uniform(0.3, 0.98), 1.0, random.uniform(1.02, 1.6), random.uniform(2.0, 10.0)]
        )
        floor[mask] = (landed * ratio)[mask]
    stage["price_floor"] = floor.tolist()
