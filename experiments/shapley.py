"""Shapley values: what each of a few causes adds on average over all orders in which they may be switched on.

Source: Shapley1953, CastroGomezTejada2009.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

#: All sets of up to this many causes are run.
MOST_EXACT = 8
#: Orders sampled beyond that, each with its reverse.
ORDERS = 12
Set = frozenset[int]


class Shares(NamedTuple):
    """Parts of a change: `value` [causes], `error` [causes] (0 where exact), `exact`, scenarios run, their values."""

    value: np.ndarray
    error: np.ndarray
    exact: bool
    evaluations: int


def shapley(
    values: Callable[[Sequence[Set]], Sequence[float]],
    causes: int,
    *,
    most_exact: int = MOST_EXACT,
    orders: int = ORDERS,
    seed: int = 0,
) -> Shares:
    """Return the Shapley value of each of `causes` players in the game `values` (sets in, numbers out, in order).

    Exact up to `most_exact`; beyond, the mean over sampled orders and their reverses, with its standard error. The sum
    is `values(all) - values(none)` either way, to rounding.
    """
    if causes == 0:
        return Shares(np.zeros(0), np.zeros(0), True, 1)
    if causes <= most_exact:
        return _exact(values, causes)
    return _sampled(values, causes, orders, seed)


def _exact(values: Callable[[Sequence[Set]], Sequence[float]], causes: int) -> Shares:
    sets = [
        frozenset(some) for size in range(causes + 1) for some in itertools.combinations(range(causes), size)
    ]
    worth = dict(zip(sets, values(sets), strict=True))
    found = np.zeros(causes)
    for cause in range(causes):
        terms = [
            math.factorial(len(some)) * math.factorial(causes - len(some) - 1) / math.factorial(causes)
            * (worth[some | {cause}] - worth[some])
            for some in sets
            if cause not in some
        ]  # fmt: skip
        found[cause] = math.fsum(terms)
    return Shares(_exactly(found, worth), np.zeros(causes), True, len(sets))


def _sampled(
    values: Callable[[Sequence[Set]], Sequence[float]], causes: int, orders: int, seed: int
) -> Shares:
    random = np.random.default_rng([2025, seed])
    forward = [random.permutation(causes) for _ in range(orders)]
    walks = [[frozenset(map(int, order[:k])) for k in range(causes + 1)]
             for way in forward for order in (way, way[::-1])]  # fmt: skip
    sets = list(dict.fromkeys(some for walk in walks for some in walk))
    worth = dict(zip(sets, values(sets), strict=True))
    steps = np.zeros((len(walks), causes))
    for row, walk in enumerate(walks):
        for before, after in itertools.pairwise(walk):
            (cause,) = after - before
            steps[row, cause] = worth[after] - worth[before]
    pairs = 0.5 * (steps[0::2] + steps[1::2])  # an order and its reverse are one draw
    error = pairs.std(axis=0, ddof=1) / math.sqrt(orders) if orders > 1 else np.full(causes, np.nan)
    return Shares(_exactly(pairs.mean(axis=0), worth), error, False, len(sets))


def _exactly(found: np.ndarray, worth: Mapping[Set, float]) -> np.ndarray:
    """Lay the last rounding on the largest part, so that the parts add up to the change."""
    whole = worth[frozenset(range(found.size))] - worth[frozenset()]
    found[int(np.argmax(np.abs(found)))] += whole - math.fsum(found)
    return found
