"""Whether the runs of a study show the signs it expects, by more than chance may make."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from experiments.study import analysis
from experiments.study.archive import Archive
from experiments.study.policy import find_policy
from experiments.study.sign import Sign
from model.error import OreblocError


@dataclass(frozen=True)
class SignCheck:
    """What the runs say of a sign.

    `value` is a mean difference under the same luck in the outcome's unit (`kind` difference), a rank correlation
    (`trend`), or how much more one factor decides than another (`score`); `error` is twice the standard error, so that
    it shows where it is further from 0. `shown` tells whether the sign is there;
    `missing` says which policy these runs do not have, so that nothing can be told.
    """

    sign: Sign
    kind: str
    value: float
    error: float
    shown: bool
    missing: str = ""

    @property
    def as_told(self) -> bool:
        """Whether the sign is there exactly where the study says that the runs bore it out."""
        return not self.missing and self.shown == self.sign.holds


def check_signs(archive: Archive, signs: Sequence[Sign] | None = None) -> list[SignCheck]:
    """Return what a study's runs say of its signs (the archive's own if None). Raises `OreblocError`."""
    return [_checked(archive, sign) for sign in (archive.study.signs if signs is None else signs)]


def _checked(archive: Archive, sign: Sign) -> SignCheck:
    if sign.policy:
        return _difference(archive, sign)
    return _score(archive, sign) if sign.more_than else _trend(archive, sign)


def _difference(archive: Archive, sign: Sign) -> SignCheck:
    """Return the mean difference of two policies over the futures that both have met."""
    wide = analysis.by_future(archive, sign.outcome)
    labels = analysis.policy_labels(archive)
    pair = [find_policy(name, labels) for name in (sign.policy, sign.against or labels[min(labels)])]
    for name, number in zip((sign.policy, sign.against), pair, strict=True):
        if number not in wide:
            missing = "is not among these runs" if number is None else "has no complete run yet"
            return SignCheck(sign, "difference", 0.0, float("inf"), False, f"\u201c{name}\u201d {missing}")
    apart = (wide[pair[0]] - wide[pair[1]]).to_numpy(float)
    value, error = _mean(apart)
    if sign.way == "same":
        return SignCheck(sign, "difference", value, error, abs(value) <= float(sign.within or 0.0))
    return SignCheck(sign, "difference", value, error, _goes(sign, value, error))


def _mean(values: np.ndarray) -> tuple[float, float]:
    if values.size < 2:
        return (float(values.mean()) if values.size else float("nan")), float("inf")
    return float(values.mean()), float(2.0 * values.std(ddof=1) / np.sqrt(values.size))


def _goes(sign: Sign, value: float, error: float) -> bool:
    side = value if sign.way == "higher" else -value
    return bool(side > error)


def _trend(archive: Archive, sign: Sign) -> SignCheck:
    """Return the rank correlation of outcome and factor over all complete runs in which the factor acts."""
    table = analysis.complete(archive)
    if not pd.api.types.is_numeric_dtype(table[sign.factor]):
        raise OreblocError(
            f"Sign {sign.says!r} follows factor {sign.factor}, whose values are words; only numbers go up or down. "
            "Compare two policies instead."
        )
    rows = table[[sign.factor, sign.outcome]].dropna()
    if len(rows) < analysis.LEAST_RUNS or rows[sign.outcome].nunique() < 2 or rows[sign.factor].nunique() < 2:
        return SignCheck(sign, "trend", 0.0, float("inf"), False)
    value = float(spearmanr(rows[sign.factor], rows[sign.outcome]).statistic)
    error = 2.0 / float(np.sqrt(len(rows) - 1))
    return SignCheck(sign, "trend", value, error, _goes(sign, value, error))


def _score(archive: Archive, sign: Sign) -> SignCheck:
    """Return how much more of the outcome a factor decides than another, by the best method the design allows."""
    table = analysis.deciding_factors(archive, sign.outcome).set_index("factor")
    scores = table["score"]
    for name in (sign.factor, sign.more_than):
        if name not in scores.index:
            raise OreblocError(
                f"Sign {sign.says!r} asks what {name} decides, which the design does not vary. Name one of "
                f"{', '.join(scores.index)}."
            )
    value = float(scores[sign.factor] - scores[sign.more_than])
    error = float(np.hypot(table["error"][sign.factor], table["error"][sign.more_than]))
    if not np.isfinite(error):
        error = float("inf")
    return SignCheck(sign, "score", value, error, value > error and bool(table["sure"][sign.factor]))
