"""Choosing points: where in the space of its factors a study looks.

Samples are drawn on the unit cube by SciPy (`scipy.stats.qmc`) and SALib and laid over the factors' ranges by the
inverse of their distributions. Every design takes a number of runs and gives the nearest size it can. Besides its
values a point has a `luck`: points of one block of a Saltelli design, or of one Morris trajectory, meet the same
luck, so that what a factor does is not mistaken for chance. Sources: Saltelli2010, Campolongo2007, Owen1998.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.study.factor import Factor
from experiments.study.study import Sampling
from model.error import OreblocError

Floats = NDArray[np.float64]
#: Points where a study names no number of runs.
USUAL_POINTS = 256
#: Values of each factor on the grid of Morris' method.
MORRIS_LEVELS = 4


@dataclass(frozen=True)
class Points:
    """Points of a design: `values[factor]` has one value each, `luck` [points] counts up from 0."""

    values: dict[str, list[Any] | NDArray[np.float64]]
    luck: NDArray[np.int64]
    note: str = ""

    @property
    def count(self) -> int:
        """Number of points."""
        return int(self.luck.size)


def choose_points(
    sampling: Sampling, factors: Sequence[Factor], seed: int, wanted: int | None = None
) -> Points:
    """Return the points of a design, as near to `wanted` (else to the design's own number) as its kind allows."""
    if not factors:
        return Points({}, np.zeros(1, dtype=np.int64))
    asked = wanted or sampling.runs
    points = _KINDS[sampling.kind](sampling, factors, seed, asked)
    note = ""
    if asked is not None and points.count != asked:
        kind = sampling.kind.replace("_", " ")
        note = f"{kind}: {points.count:,} points, the nearest to {asked:,} that it can have"
    return Points(points.values, points.luck, note)


def problem_of(factors: Sequence[Factor]) -> dict[str, Any]:
    """Return the factors as SALib describes a problem, on the unit cube."""
    return {
        "num_vars": len(factors),
        "names": [f.name for f in factors],
        "bounds": [[0.0, 1.0]] * len(factors),
    }


def _spread_over(factors: Sequence[Factor], cube: Floats, luck: NDArray[np.int64] | None = None) -> Points:
    values = {factor.name: factor.at(cube[:, column]) for column, factor in enumerate(factors)}
    return Points(values, np.arange(len(cube)) if luck is None else luck)


def _full_factorial(sampling: Sampling, factors: Sequence[Factor], seed: int, asked: int | None) -> Points:
    """Every value with every other; ranges are cut into as many levels as come nearest to the number asked for."""
    fixed = math.prod(len(factor.values) for factor in factors if factor.spread is None)
    ranged = sum(factor.spread is not None for factor in factors)
    levels = _levels(sampling, asked, fixed, ranged) if ranged else 0
    axes: list[Any] = [
        list(factor.values) if factor.spread is None else factor.at((np.arange(levels) + 0.5) / levels)
        for factor in factors
    ]
    rows = list(itertools.product(*axes))
    values: dict[str, Any] = {
        factor.name: [row[column] for row in rows] for column, factor in enumerate(factors)
    }
    return Points(values, np.arange(len(rows)))


def _levels(sampling: Sampling, asked: int | None, fixed: int, ranged: int) -> int:
    if asked is None:
        return sampling.levels or 3
    root = max((asked / fixed) ** (1.0 / ranged), 1.0)
    return min((math.floor(root), math.ceil(root)), key=lambda level: abs(fixed * level**ranged - asked))


def _latin_hypercube(sampling: Sampling, factors: Sequence[Factor], seed: int, asked: int | None) -> Points:
    from scipy.stats import qmc  # where it is used: workers do without, and start a second sooner

    cube = qmc.LatinHypercube(len(factors), rng=np.random.default_rng(seed)).random(asked or USUAL_POINTS)
    return _spread_over(factors, cube)


def _sobol(sampling: Sampling, factors: Sequence[Factor], seed: int, asked: int | None) -> Points:
    from scipy.stats import qmc

    power = nearest_power(asked or USUAL_POINTS)
    cube = qmc.Sobol(len(factors), scramble=True, rng=np.random.default_rng(seed)).random_base2(power)
    return _spread_over(factors, cube)


def nearest_power(wanted: float) -> int:
    """Return the power of two, as its exponent, that is nearest to a number."""
    low = max(math.floor(math.log2(max(wanted, 1.0))), 0)
    return low if wanted - 2.0**low <= 2.0 ** (low + 1) - wanted else low + 1


def saltelli_block(factors: int, second_order: bool) -> int:
    """Return the number of points of one block of a Saltelli design."""
    return 2 * factors + 2 if second_order else factors + 2


def _saltelli(sampling: Sampling, factors: Sequence[Factor], seed: int, asked: int | None) -> Points:
    from SALib.sample import sobol

    block = saltelli_block(len(factors), sampling.second_order)
    base = 2 ** nearest_power((asked or block * USUAL_POINTS) / block)
    cube = sobol.sample(
        problem_of(factors), base, calc_second_order=sampling.second_order, scramble=True, seed=seed
    )
    return _spread_over(factors, cube, np.arange(len(cube)) // block)


def _morris(sampling: Sampling, factors: Sequence[Factor], seed: int, asked: int | None) -> Points:
    from SALib.sample import morris

    block = len(factors) + 1
    trajectories = max(round((asked or 20 * block) / block), 2)
    cube = morris.sample(problem_of(factors), trajectories, num_levels=MORRIS_LEVELS, seed=seed)
    return _spread_over(factors, cube, np.arange(len(cube)) // block)


def _monte_carlo(sampling: Sampling, factors: Sequence[Factor], seed: int, asked: int | None) -> Points:
    cube = np.random.default_rng(seed).random((asked or USUAL_POINTS, len(factors)))
    return _spread_over(factors, cube)


def _table(sampling: Sampling, factors: Sequence[Factor], seed: int, asked: int | None) -> Points:
    rows: Sequence[Mapping[str, Any]] = sampling.rows[: asked or len(sampling.rows)]
    if not rows:
        raise OreblocError("The table of points is empty; it must have 1 row or more. Add rows.")
    values: dict[str, Any] = {factor.name: [row[factor.name] for row in rows] for factor in factors}
    return Points(values, np.arange(len(rows)))


_KINDS = {
    "full_factorial": _full_factorial,
    "latin_hypercube": _latin_hypercube,
    "sobol": _sobol,
    "saltelli": _saltelli,
    "morris": _morris,
    "monte_carlo": _monte_carlo,
    "table": _table,
}
