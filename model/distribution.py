"""Uncertain parameters as distributions, sampled by the inverse of the cumulative distribution.

One uniform number gives one value, so a parameter's draw never shifts another's.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from model.field import Field, Place, read_fields
from model.name import did_you_mean

_STANDARD = NormalDist()


@dataclass(frozen=True)
class Distribution:
    """A distribution of one number: its kind and that kind's numbers. `sample(u)` takes u in (0, 1)."""

    kind: str
    values: Mapping[str, Any]

    def sample(self, u: float) -> float:
        """Return the value below which a share `u` of the distribution lies."""
        return _SAMPLERS[self.kind](min(max(u, 1e-12), 1.0 - 1e-12), self.values)

    def support(self) -> tuple[float, float]:
        """Return the smallest and the largest value that can be drawn."""
        if self.kind == "choice":
            return min(self.values["values"]), max(self.values["values"])
        return self.values["low"], self.values["high"]

    def to_mapping(self) -> dict[str, Any]:
        """Return the distribution as JSON values."""
        return {"kind": self.kind, **self.values}


def _uniform(u: float, v: Mapping[str, Any]) -> float:
    return v["low"] + u * (v["high"] - v["low"])


def _triangular(u: float, v: Mapping[str, Any]) -> float:
    low, mode, high = v["low"], v["mode"], v["high"]
    if high == low:
        return low
    if u * (high - low) < mode - low:
        return low + math.sqrt(u * (high - low) * (mode - low))
    return high - math.sqrt((1.0 - u) * (high - low) * (high - mode))


def _normal(u: float, v: Mapping[str, Any]) -> float:
    normal = NormalDist(v["mean"], v["sd"])
    return _clip(normal.inv_cdf(_between(u, normal.cdf(v["low"]), normal.cdf(v["high"]))), v)


def _lognormal(u: float, v: Mapping[str, Any]) -> float:
    normal = NormalDist(math.log(v["median"]), v["sd_log"])
    low = normal.cdf(math.log(v["low"])) if v["low"] > 0.0 else 0.0
    high = normal.cdf(math.log(v["high"])) if v["high"] < math.inf else 1.0
    return _clip(math.exp(normal.inv_cdf(_between(u, low, high))), v)


def _between(u: float, low: float, high: float) -> float:
    return min(max(low + u * (high - low), 1e-15), 1.0 - 1e-15)


def _clip(value: float, v: Mapping[str, Any]) -> float:
    return min(max(value, v["low"]), v["high"])


def _choice(u: float, v: Mapping[str, Any]) -> float:
    weights = v["weights"] or [1.0] * len(v["values"])
    target, total = u * sum(weights), 0.0
    for value, weight in zip(v["values"], weights, strict=True):
        total += weight
        if target < total:
            return value
    return v["values"][-1]


_SAMPLERS = {"uniform": _uniform, "triangular": _triangular, "normal": _normal,
             "lognormal": _lognormal, "choice": _choice}  # fmt: skip
_LOW = Field("low", "number", "Lowest value", "the lowest value drawn")
_HIGH = Field("high", "number", "Highest value", "the highest value drawn")
_FIELDS = {
    "uniform": (_LOW, _HIGH),
    "triangular": (_LOW, Field("mode", "number", "Mode", "the likeliest value"), _HIGH),
    "normal": (Field("mean", "number", "Mean", "the mean before truncation"),
               Field("sd", "number", "Standard deviation", "the spread", low=1e-12), _LOW, _HIGH),
    "lognormal": (Field("median", "number", "Median", "the median before truncation", low=1e-300),
                  Field("sd_log", "number", "Spread of the logarithm", "the spread of the log", low=1e-12),
                  Field("low", "number", "Lowest value", "the lowest value drawn", low=0.0, default=0.0),
                  Field("high", "number", "Highest value", "the highest value drawn", default=math.inf)),
    "choice": (Field("values", "path", "Values", "the list of values to choose from"),
               Field("weights", "path", "Weights", "one weight for each value", low=0.0, default=None)),
}  # fmt: skip


def distribution_from(mapping: Any, place: Place, subject: str) -> Distribution:
    """Read a distribution such as `{kind = "uniform", low = 1, high = 2}`. Raises `ScenarioError`."""
    kind = mapping.get("kind") if isinstance(mapping, Mapping) else None
    if kind not in _FIELDS:
        remedy = did_you_mean(str(kind), _FIELDS, "").strip()
        known = ", ".join(_FIELDS)
        place.at("kind").refuse(
            f"Distribution of {subject} is {kind!r}; it must be one of {known}. {remedy}".strip()
        )
    rest = {key: value for key, value in mapping.items() if key != "kind"}
    values = read_fields(_FIELDS[str(kind)], rest, place, f" of {subject}")
    _check(str(kind), values, place, subject)
    return Distribution(str(kind), values)


def _check(kind: str, values: dict[str, Any], place: Place, subject: str) -> None:
    if kind == "choice":
        values["values"] = _listed(values["values"])
        values["weights"] = _listed(values["weights"]) if values["weights"] is not None else None
        weights = values["weights"]
        if weights is not None and (len(weights) != len(values["values"]) or sum(weights) <= 0.0):
            place.at("weights").refuse(
                f"Weights of {subject} must be one for each value, with a sum above 0."
            )
        return
    order = [values["low"], values.get("mode", values["low"]), values["high"]]
    if order != sorted(order):
        place.refuse(f"Distribution of {subject} has low {order[0]:g}, mode {order[1]:g}, high {order[2]:g}; "
                     "they must not decrease.")  # fmt: skip


def _listed(value: Any) -> list[float]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]
