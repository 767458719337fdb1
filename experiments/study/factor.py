"""What a study varies: levers (chosen) and uncertainties (not chosen), how they are read and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.study.study_field import LEVER
from model.distribution import Distribution, distribution_from
from model.error import ScenarioError
from model.field import Field, Place, read_field, refuse_unknown
from model.name import did_you_mean
from model.parameter import PARAMETERS
from model.scenario import Scenario

#: Read from the scenario as well as from the table of values, so that runs that differ in it cannot share a batch.
_READ_FROM_SCENARIO = ("dominant_share",)


def _uniform(u: NDArray[np.float64], v: Mapping[str, Any]) -> Any:
    return v["low"] + u * (v["high"] - v["low"])


def _triangular(u: NDArray[np.float64], v: Mapping[str, Any]) -> Any:
    low, mode, high = v["low"], v["mode"], v["high"]
    left = low + np.sqrt(u * (high - low) * (mode - low))
    right = high - np.sqrt((1.0 - u) * (high - low) * (high - mode))
    return np.where(u * (high - low) < mode - low, left, right)


#: Columns of the tables of a study, whose names neither factors nor outcomes may take.
TAKEN = (
    "run", "scenario", "policy", "point", "replicate", "luck", "quarter", "status", "chunk", "label", "error",
    "seconds", "host", "worst_violation", "rule_hash", "data_hash", "series_hash",
)  # fmt: skip
#: Distributions that many numbers are drawn from at once, bit for bit as `Distribution.sample` draws one.
_AT_ONCE = {"uniform": _uniform, "triangular": _triangular}


@dataclass(frozen=True)
class Factor:
    """One thing that varies: a lever (chosen) or an uncertainty (not chosen).

    `path` is a parameter's name or a path of the scenario; either `values` are tried one by one, or numbers are drawn
    from `spread`. `scenarios`: those of the study it acts in (None: all).
    """

    name: str
    role: str
    path: str
    values: tuple[Any, ...] = ()
    spread: Distribution | None = None
    scenarios: tuple[str, ...] | None = None
    unit: str = ""

    @property
    def in_batch(self) -> bool:
        """Whether runs with different values may share a batch.

        Most parameters are columns of the engine's values.
        """
        known = PARAMETERS.get(self.path)
        return known is not None and not known.one_for_all and self.path not in _READ_FROM_SCENARIO

    @property
    def change(self) -> str:
        """The path by which a scenario is changed."""
        return f"parameters.{self.path}" if self.path in PARAMETERS else self.path

    @property
    def is_number(self) -> bool:
        """Whether all its values are numbers."""
        return all(isinstance(v, int | float) and not isinstance(v, bool) for v in self.values)

    def at(self, u: NDArray[np.float64]) -> list[Any] | NDArray[np.float64]:
        """Return the values at places 0 to 1 of its range, one for each; as an array where they are drawn at once."""
        if self.spread is None:
            places = np.minimum((np.asarray(u) * len(self.values)).astype(int), len(self.values) - 1)
            return [self.values[place] for place in places]
        if self.spread.kind in _AT_ONCE:  # the same arithmetic as one by one, a hundred times as fast
            clipped = np.clip(np.asarray(u, float), 1e-12, 1.0 - 1e-12)
            return np.asarray(_AT_ONCE[self.spread.kind](clipped, self.spread.values), float)
        return [self.spread.sample(float(place)) for place in u]

    def acts_in(self, scenario: str) -> bool:
        """Whether it changes anything in a scenario of the study."""
        return self.scenarios is None or scenario in self.scenarios

    def ends(self) -> list[Any]:
        """Return values to try when the study is checked."""
        if self.spread is None:
            return list(self.values)
        low, high = self.spread.support()
        return [value for value in (low, high) if np.isfinite(value)]


def read_factors(value: Any, role: str, scenarios: Sequence[str], place: Place) -> tuple[Factor, ...]:
    """Read a table of levers or uncertainties (`role`). Raises `OreblocError` with file and field."""
    if not isinstance(value, Mapping):
        place.refuse(f"{place.path} is {value!r}; it must be a table, one entry for each {role}.")
    return tuple(_factor(name, row, role, scenarios, place.at(name)) for name, row in value.items())


def _factor(name: str, row: Any, role: str, scenarios: Sequence[str], place: Place) -> Factor:
    subject = f"{role.capitalize()} {name}"
    if not isinstance(row, Mapping):
        place.refuse(f"{subject} is {row!r}; it must be a table with values, or with low and high.")
    path = read_field(LEVER[0], row, place, f" of {name}") or name
    if path not in PARAMETERS and "." not in path:
        remedy = did_you_mean(
            path, PARAMETERS, "Write a parameter's name, or a path such as measures.0.fields.rate."
        )
        place.refuse(
            f"{subject} does not exist: {path!r} is no parameter and no path of a scenario. {remedy}"
        )
    chosen = _acts_in(row, scenarios, place, subject)
    rest = {key: item for key, item in row.items() if key not in ("path", "scenarios", "unit")}
    unit = read_field(LEVER[3], row, place) or (PARAMETERS[path].unit if path in PARAMETERS else "")
    if "values" in rest and "kind" not in rest:
        return Factor(name, role, path, _values(rest, place, subject), None, chosen, unit)
    return Factor(name, role, path, (), _spread(rest, role, place, subject, path), chosen, unit)


def _acts_in(
    row: Mapping[str, Any], scenarios: Sequence[str], place: Place, subject: str
) -> tuple[str, ...] | None:
    if "scenarios" not in row:
        return None
    chosen = tuple(read_texts(row["scenarios"], place.at("scenarios")))
    for word in chosen:
        if word not in scenarios:
            remedy = did_you_mean(word, scenarios, f"It has {', '.join(scenarios)}.")
            place.at("scenarios").refuse(
                f"{subject} acts in {word!r}, which is no scenario of the study. {remedy}"
            )
    return chosen


def _values(rest: Mapping[str, Any], place: Place, subject: str) -> tuple[Any, ...]:
    refuse_unknown(rest, ["values"], place)
    values = rest["values"]
    if not isinstance(values, list) or not values:
        place.at("values").refuse(f"{subject} has values {values!r}; they must be a list of one or more.")
    return tuple(values)


def _spread(rest: Mapping[str, Any], role: str, place: Place, subject: str, path: str) -> Distribution:
    if "kind" in rest:
        spread = distribution_from(rest, place, path)
    else:
        known = " or a distribution (kind, ...)" if role == "uncertainty" else ""
        for key in ("low", "high"):
            if key not in rest:
                place.refuse(f"{subject} has no {key}. Write values, or low and high{known}.")
        refuse_unknown(rest, ["low", "high"], place)
        low, high = (read_field(item, rest, place, f" of {path}") for item in LEVER[1:3])
        if not low < high:
            remedy = "Exchange them." if low > high else "Write a higher high, or the value as a constant."
            place.refuse(
                f"{subject} goes from low {low:g} to high {high:g}; low must be below high. {remedy}"
            )
        spread = distribution_from({"kind": "uniform", "low": low, "high": high}, place, path)
    low, high = spread.support()
    if not low < high:
        place.refuse(f"{subject} goes from low {low:g} to high {high:g}; low must be below high.")
    return spread


def check_names(levers: Sequence[Factor], doubts: Sequence[Factor], place: Place) -> None:
    """Refuse names that are there twice or are columns of the table of runs."""
    seen: dict[str, str] = {}
    for factor in (*levers, *doubts):
        spot = place.at("levers" if factor.role == "lever" else "uncertainties").at(factor.name)
        if factor.name in TAKEN:
            spot.refuse(
                f"{factor.role.capitalize()} {factor.name!r} has the name of a column of ours. Choose another."
            )
        if factor.name in seen:
            spot.refuse(f"{factor.name!r} is a {seen[factor.name]} as well. Keep one of them.")
        seen[factor.name] = factor.role


def check_cell(factor: Factor, value: Any, row: int, place: Place) -> None:
    """Refuse a value of one's own table that the factor cannot have, with its row. Raises `ScenarioError`."""
    what = f"{factor.role.capitalize()} {factor.name} is {value!r} in row {row}; it must be"
    if factor.spread is None:
        if value not in factor.values:
            place.refuse(f"{what} one of its values, {', '.join(str(known) for known in factor.values)}.")
        return
    low, high = factor.spread.support()
    if isinstance(value, bool) or not isinstance(value, int | float):
        place.refuse(f"{what} a number from {low:g} to {high:g}.")
    chosen = factor.spread.values["values"] if factor.spread.kind == "choice" else None
    if chosen is not None and value not in chosen:
        place.refuse(f"{what} one of its choice, {', '.join(f'{known:g}' for known in chosen)}.")
    if not low <= value <= high:
        place.refuse(f"{what} {low:g} to {high:g}, as its range says. Change the row or the range.")


def check_factors(factors: Sequence[Factor], scenarios: Mapping[str, Scenario], place: Place) -> None:
    """Try every factor's ends in every scenario it acts in, so that what cannot be run is told before it is."""
    for factor in factors:
        spot = place.at("levers" if factor.role == "lever" else "uncertainties").at(factor.name)
        if factor.path in PARAMETERS:
            _check_limits(factor, spot)
            continue
        for name, scenario in scenarios.items():
            if factor.acts_in(name):
                for value in factor.ends():
                    _try(scenario, name, factor, value, spot)


def _check_limits(factor: Factor, place: Place) -> None:
    """Refuse a parameter's values where they reach beyond what the parameter may be."""
    known = PARAMETERS[factor.path]
    limits = Field(factor.name, "number", f"{factor.role.capitalize()} {factor.name}", known.what, known.unit,
                   known.low, known.high)  # fmt: skip
    for value in factor.values if factor.spread is None else factor.spread.support():
        wide = isinstance(value, float) and not np.isfinite(value)
        if wide or not known.low <= float(read_number(value, limits, place)) <= known.high:
            remedy = " Truncate the distribution with low and high." if factor.spread is not None else ""
            place.refuse(f"{limits.label} reaches {value:g}; it must stay {limits.limit()}.{remedy}")


def read_number(value: Any, limits: Field, place: Place) -> float:
    """Return a number. Raises `ScenarioError` for anything else."""
    free = Field(limits.name, "number", limits.label, limits.help, limits.unit)
    return float(read_field(free, {limits.name: value}, place))


def _try(scenario: Scenario, name: str, factor: Factor, value: Any, place: Place) -> None:
    try:
        scenario.with_changes({factor.change: value})
    except ScenarioError as error:
        place.refuse(
            f"{factor.role.capitalize()} {factor.name} cannot be {value!r} in scenario {name}: {error}"
        )


def read_list(value: Any, place: Place) -> list[Any]:
    """Return a list; a word alone is a list of one. Raises `ScenarioError` for anything else."""
    rows = [value] if isinstance(value, str) else value if value is not None else []
    if not isinstance(rows, list):
        place.refuse(f"{place.path} is {value!r}; it must be a list.")
    return rows


def read_texts(value: Any, place: Place) -> list[str]:
    """Return a list of texts. Raises `ScenarioError` for anything else."""
    rows = read_list(value, place)
    for i, row in enumerate(rows):
        if not isinstance(row, str):
            place.at(i).refuse(f"{place.path} holds {row!r}; it must be text.")
    return rows
