"""Peeling a box around cases, a slice at a time (the patient rule induction method). Source: FriedmanFisher1999."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: Part of the runs inside that one slice takes off, and part of all runs that a box holds at the least.
_SLICE, _LEAST_MASS = 0.05, 0.05


@dataclass(frozen=True)
class Peeled:
    """A box: `low` and `high` [factors], the share of the cases inside, of the inside that are cases, of all inside."""

    low: Floats
    high: Floats
    coverage: float
    density: float
    mass: float


def best_box(x: Floats, cases: Bools, least: float) -> Peeled | None:
    """Return the box on the way of peeling `x` [runs, factors] with the best mean of coverage and density.

    None where the last box holds cases less densely than `least`, or nothing can be peeled.
    """
    inside = np.arange(len(x))
    trail: list[Peeled] = []
    while True:
        trail.append(_measured(x, cases, inside))
        left = _best_slice(x[inside], cases[inside])
        if left is None or left.sum() < _LEAST_MASS * len(x):
            break
        inside = inside[left]
    if len(trail) < 2 or trail[-1].density < least:
        return None
    return max(
        trail, key=lambda box: 2.0 * box.coverage * box.density / max(box.coverage + box.density, 1e-12)
    )


def _measured(x: Floats, cases: Bools, inside: NDArray[np.int64]) -> Peeled:
    held, found = x[inside], int(cases[inside].sum())
    return Peeled(
        held.min(axis=0), held.max(axis=0), found / max(int(cases.sum()), 1), found / len(inside),
        len(inside) / len(x),
    )  # fmt: skip


def _best_slice(x: Floats, cases: Bools) -> Bools | None:
    """Return which runs stay when the slice is taken off that raises the density most for each run it costs."""
    best, best_gain = None, -np.inf
    density = cases.mean()
    for column in x.T:
        for stays in (column >= np.quantile(column, _SLICE), column <= np.quantile(column, 1.0 - _SLICE)):
            kept = int(stays.sum())
            if not 0 < kept < len(column):
                continue
            gain = (cases[stays].mean() - density) / (len(column) - kept)
            if gain > best_gain:
                best, best_gain = stays, gain
    return best
