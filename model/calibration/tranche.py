"""Tranches of a recipe: how capacity is laid along the cost curve so that base output and elasticity come out.

At base prices a recipe earns a margin m per tonne (outputs less inputs). Each firm holds

- `base`: cash cost a sourced or stated share of m, deep in the money;
- `marginal`: cash cost m, half used; its capacity gives the country's supply its short-run elasticity;
- `reserve`: cash cost above m, idle; it makes utilisation what it is.

With u and u' = u (1 - u) / w of each tranche, capacities K solve output, utilisation and elasticity:
`sum K u = y`, `sum K = y / utilisation`, `(p / y) sum K u' = elasticity`.
"""

import math
from dataclasses import dataclass

import numpy as np

from model.network import Floats

#: Spread of marginal, reserve and new plants as a share of margin.
SPREAD_SHARE = 0.08
#: The base tranche sits this many spreads below the margin.
BASE_DEPTH = 7.0
#: Cash costs below this share of margin are kept; a sourced cost above it is replaced.
HIGHEST_COST_SHARE = 0.9
#: Multiples of the reserve's cost that are tried.
RESERVE_STEPS = (1.0, 1.2, 1.5, 2.0, 3.0)


@dataclass(frozen=True)
class Tranche:
    """Capacity (tonnes of primary output per quarter), cash cost and spread (usd_per_t) and use at base prices."""

    kind: str
    capacity_t: float
    cost_usd_per_t: float
    spread_usd_per_t: float
    utilisation: float


def logistic(z: float) -> float:
    """Return 1 / (1 + e^-z)."""
    return 1.0 / (1.0 + math.exp(-z)) if z >= 0.0 else math.exp(z) / (1.0 + math.exp(z))


def tranches(
    output_t: float,
    margin: float,
    price: float,
    elasticity: float,
    utilisation: float,
    cost_share: float,
    reserve_share: float,
) -> list[Tranche]:
    """Return tranches whose output at base prices is exactly `output_t` tonnes per quarter.

    `price` (usd_per_t of primary output) is what `elasticity` refers to. Where elasticity or utilisation is out of
    reach, output stays exact and the nearest capacities are taken; `implied_elasticity` tells the result. Much idle
    capacity just above the price would make supply elastic, so the reserve's cost is raised until both are met.
    """
    spread_share = min(SPREAD_SHARE, (1.0 - cost_share) / BASE_DEPTH)
    spreads = np.array([spread_share, SPREAD_SHARE, SPREAD_SHARE]) * margin
    for raised in RESERVE_STEPS:
        costs = np.array([cost_share, 1.0, reserve_share * raised]) * margin
        used = np.array([logistic((margin - c) / w) for c, w in zip(costs, spreads, strict=True)])
        slope = used * (1.0 - used) / spreads
        capacity, met = _capacities(used, slope * price, elasticity, utilisation)
        if met:
            break
    capacity *= output_t / float(capacity @ used)
    kinds = ("base", "marginal", "reserve")
    return [
        Tranche(kind, float(k), float(c), float(w), float(u))
        for kind, k, c, w, u in zip(kinds, capacity, costs, spreads, used, strict=True)
        if k > 0.0
    ]


def _capacities(used: Floats, slope: Floats, elasticity: float, utilisation: float) -> tuple[Floats, bool]:
    """Return non-negative capacities per tonne of output, and whether both targets are met; elasticity goes first."""
    system = np.array([used, slope, np.ones(3)])
    solution = np.linalg.solve(system, np.array([1.0, elasticity, 1.0 / utilisation]))
    if (solution >= 0.0).all():
        return solution, True
    for idle in (2, 1):
        keep = [i for i in range(3) if i != idle]
        right = [1.0, elasticity if idle == 2 else 1.0 / utilisation]
        part = np.linalg.solve(system[np.ix_([0, 1 if idle == 2 else 2], keep)], np.array(right))
        if (part >= 0.0).all():
            return np.insert(part, idle, 0.0), False
    return np.array([1.0 / used[0], 0.0, 0.0]), False


def implied_elasticity(parts: list[Tranche], price: float) -> float:
    """Return the elasticity of output in the price of the primary output at base prices."""
    output = sum(t.capacity_t * t.utilisation for t in parts)
    slope = sum(t.capacity_t * t.utilisation * (1.0 - t.utilisation) / t.spread_usd_per_t for t in parts)
    return price * slope / output if output > 0.0 else 0.0
