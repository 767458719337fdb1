"""What factors tell of a number in runs that were not looked at: extra trees, judged out of sample.

A forest always finds something to split by, luck as well. So it is fitted on four fifths of the futures and judged on
the fifth it has not seen, in turn; a factor's score is what mixing up its values costs there. What the forest does not
foretell is luck (or what no tree sees). Sources: Geurts2006, Gregorutti2017.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Trees of a forest, parts the futures are cut into, and times a factor's values are mixed up in each.
TREES, _PARTS, _TIMES = 100, 5, 5
#: Futures of one leaf at the least, and leaves that a tree has at the most.
_LEAF, _LEAVES = 5, 60
#: Standard errors by which a score must exceed nothing to be told apart from luck.
SURE = 2.0


@dataclass(frozen=True)
class Fit:
    """How far factors foretell runs that were held out.

    `told`: part of the variance that is foretold (at or below 0 where nothing is), `told_error` its standard error;
    `scores` and `errors` [factors]: the part that a factor carries, with all it does together with others.
    """

    told: float
    told_error: float
    scores: Floats
    errors: Floats

    @property
    def is_better_than_luck(self) -> bool:
        """Whether the forest foretells more than the mean alone does, by more than its standard error."""
        return self.told > max(self.told_error, 0.0)


def judged_out_of_sample(x: Floats, y: Floats, future: NDArray[np.int64], seed: int) -> Fit | None:
    """Return how far `x` [runs, factors] foretells `y` [runs]; None where too few futures differ.

    Runs of one `future` share their luck, so that they are held out together.
    """
    names, place = np.unique(future, return_inverse=True)
    parts = min(_PARTS, len(names) // 2)
    if parts < 2 or np.ptp(y) == 0.0 or not x.shape[1]:
        return None
    rng = np.random.default_rng(seed)
    part = rng.permutation(np.arange(len(names)) % parts)[place]
    leaf = max(_LEAF * round(len(y) / len(names)), len(y) // _LEAVES)
    gain, lost, base = np.zeros(len(y)), np.zeros(x.shape), np.zeros(len(y))
    for number in range(parts):
        seen, held = part != number, part == number
        forest = _fitted(x[seen], y[seen], leaf, seed)
        base[held] = (y[held] - y[seen].mean()) ** 2
        missed = (y[held] - forest.predict(x[held])) ** 2
        gain[held] = base[held] - missed
        lost[held] = _mixed_up(forest, x[held], y[held], rng) - missed[:, None]
    whole = float(base.mean())
    told, told_error = _by_future(gain[:, None] / whole, place)
    scores, errors = _by_future(lost / (2.0 * whole), place)
    return Fit(float(told[0]), float(told_error[0]), scores, errors)


def _fitted(x: Floats, y: Floats, leaf: int, seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor

    forest = ExtraTreesRegressor(TREES, min_samples_leaf=leaf, max_features=1.0, random_state=seed % 2**32)
    return forest.fit(x, y)


def _mixed_up(forest: Any, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return [runs, factors]: the mean squared miss where one factor's values are dealt out anew."""
    found = np.empty(x.shape)
    for column in range(x.shape[1]):
        many = np.tile(x, (_TIMES, 1))
        many[:, column] = np.concatenate([rng.permutation(x[:, column]) for _ in range(_TIMES)])
        found[:, column] = ((forest.predict(many).reshape(_TIMES, -1) - y) ** 2).mean(axis=0)
    return found


def _by_future(values: Floats, place: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the mean of [runs, columns] and its standard error, futures taken as independent of each other."""
    count = np.bincount(place)
    total = np.stack([np.bincount(place, column) for column in values.T], axis=1)
    mean = total.sum(axis=0) / count.sum()
    apart = (total - count[:, None] * mean) / count.mean()
    return mean, np.sqrt((apart**2).sum(axis=0) / max(len(count) - 1, 1) / len(count))
