"""What a study is: its question, the scenarios compared, what is varied, what is looked at, and how points are
chosen.

A study is a mapping (a TOML file, or a dictionary in Python) that `study_from` reads and checks; messages name the
file and the field as those of scenarios do.
"""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from experiments.outcome import ALL_GOODS, METRICS, WORLD
from experiments.preparation import prepare
from experiments.study.factor import (
    TAKEN,
    Factor,
    check_cell,
    check_factors,
    check_names,
    read_factors,
    read_list,
    read_texts,
)
from experiments.study.sign import Sign, read_signs
from experiments.study.study_field import DESIGN, HEAD, KEEP, OUTCOME, PARTS, SCENARIO
from model.error import OreblocError
from model.field import Field, Place, read_field, read_fields, refuse_unknown
from model.name import COUNTRIES, country_remedy, did_you_mean
from model.parameter import PARAMETERS
from model.quarter_date import quarter_index, quarter_label
from model.scenario import Scenario


@dataclass(frozen=True)
class Sampling:
    """How points are chosen; see `experiments.study.design`. `rows` are those of one's own table."""

    kind: str
    runs: int | None = None
    levels: int | None = None
    rows: tuple[Mapping[str, Any], ...] = ()
    together: bool = False
    second_order: bool = False


@dataclass(frozen=True)
class Outcome:
    """One number of a run: a metric summed over `goods` and `countries`, taken over quarters `first` to `last`.

    Country `*` is the one whose inside price is set against the outside one. `goal` says which side is better.
    """

    name: str
    metric: str
    goods: tuple[str, ...]
    countries: tuple[str, ...]
    take: str
    first: str | None
    last: str | None
    goal: str
    title: str

    @property
    def column(self) -> str:
        """The column of the series it is read from: metric.good.country."""
        return f"{self.metric}.{'+'.join(self.goods)}.{'+'.join(self.countries)}"

    @property
    def unit(self) -> str:
        """The metric's unit."""
        return METRICS[self.metric].unit


@dataclass(frozen=True)
class Study:
    """A checked study. `scenarios` are ready to run by the study's names for them; `raw` is what was written."""

    name: str
    title: str
    question: str
    expected: tuple[str, ...]
    runtime: str
    found: str
    found_by: str
    seed: int
    replicates: int
    until: str | None
    chunk: int | None
    luck: str
    common_luck: bool
    scenarios: Mapping[str, Scenario]
    levers: tuple[Factor, ...]
    uncertainties: tuple[Factor, ...]
    design: Sampling
    policies: Sampling
    outcomes: tuple[Outcome, ...]
    signs: tuple[Sign, ...]
    flows: int
    agents: int
    file: str = field(default="", compare=False)
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def factors(self) -> tuple[Factor, ...]:
        """Levers, then uncertainties."""
        return (*self.levers, *self.uncertainties)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the series, in order, each once."""
        return tuple(dict.fromkeys(outcome.column for outcome in self.outcomes))

    @property
    def quarters(self) -> list[str]:
        """Names of the quarters run, the same in all scenarios."""
        scenario = next(iter(self.scenarios.values()))
        return [scenario.quarter_label(step) for step in range(scenario.quarters)]

    def to_mapping(self) -> dict[str, Any]:
        """Return the study as it was written, as JSON values."""
        return copy.deepcopy(dict(self.raw))

    def with_changes(self, **changes: Any) -> "Study":
        """Return a checked copy with keys of the file replaced: `study.with_changes(replicates=4)`."""
        return study_from({**self.to_mapping(), **changes}, file=self.file)


def define_study(**keys: Any) -> Study:
    """Return a study from the keys of a study file, as Python values. Raises `OreblocError`.

    `define_study(name="mine", question="...", scenarios=["baseline"], uncertainties={...}, outcomes=[...])`
    """
    return study_from(keys)


def study_from(mapping: Mapping[str, Any], *, file: str = "", folder: Path | None = None) -> Study:
    """Read and check a study. Raises `OreblocError` at the first fault, with file and field.

    `folder` is where paths of files begin (the working folder if None).
    """
    raw = json.loads(json.dumps(dict(mapping), default=_plain))
    place = Place(file=file)
    refuse_unknown(raw, [*(item.name for item in HEAD), *PARTS], place)
    head = {item.name: read_field(item, raw, place) for item in HEAD}
    if not (head["name"].isidentifier() and head["name"] == head["name"].lower()):
        place.at("name").refuse(
            f"Name is {head['name']!r}; it must be in lower snake case, such as floor_height."
        )
    head["title"] = head["title"] or head["name"].replace("_", " ").capitalize()
    raw["scenarios"] = _stand_alone(raw.get("scenarios"), place.at("scenarios"), folder or Path())
    constants = _constants(raw.get("constants", {}), place.at("constants"))
    scenarios = _scenarios(raw["scenarios"], constants, head, place.at("scenarios"))
    levers = read_factors(raw.get("levers", {}), "lever", list(scenarios), place.at("levers"))
    doubts = read_factors(
        raw.get("uncertainties", {}), "uncertainty", list(scenarios), place.at("uncertainties")
    )
    check_names(levers, doubts, place)
    check_factors((*levers, *doubts), scenarios, place)
    design = _sampling(raw, "design", doubts or levers, folder, place)
    policies = _sampling(raw, "policies", levers, folder, place)
    _check_sampling(design, policies, levers, doubts, place)
    names = [factor.name for factor in (*levers, *doubts)]
    outcomes = _outcomes(raw.get("outcomes"), scenarios, names, place.at("outcomes"))
    keep = read_fields(KEEP, raw.get("keep", {}), place.at("keep"))
    return Study(
        **head,
        expected=tuple(read_texts(raw.get("expected", []), place.at("expected"))),
        scenarios=scenarios,
        levers=levers,
        uncertainties=doubts,
        design=design,
        policies=policies,
        outcomes=outcomes,
        signs=read_signs(
            raw.get("signs", []), [o.name for o in outcomes], [*names, "policy"], place.at("signs")
        ),
        **keep,
        file=file,
        raw=raw,
    )


def _stand_alone(value: Any, place: Place, folder: Path) -> list[dict[str, Any]]:
    """Return the scenarios as rows that hold everything: name, source word, the scenario as it resolves."""
    rows = [
        {"name": _word(row), "scenario": row} if isinstance(row, str) else row
        for row in read_list(value, place)
    ]
    if not rows:
        place.refuse('The list of scenarios is empty; name at least one, such as ["baseline"].')
    return [_one_alone(row, place.at(i), folder) for i, row in enumerate(rows)]


def _word(path: str) -> str:
    return Path(path).stem if path.endswith(".toml") else path


def _one_alone(row: Any, place: Place, folder: Path) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        place.refuse(f"Scenario is {row!r}; it must be a name or a table with name and scenario.")
    changes = row.get("changes", {})
    if not isinstance(changes, Mapping):
        place.at("changes").refuse(f"Changes are {changes!r}; they must be a table of paths and values.")
    written = row.get("written")
    read = read_fields(SCENARIO, {k: v for k, v in row.items() if k not in ("changes", "written")}, place)
    if written is None:
        source = folder / read["scenario"]
        written = prepare(source if source.suffix == ".toml" else read["scenario"]).to_mapping()
    return {**read, "changes": dict(changes), "written": written}


def _scenarios(
    rows: Sequence[Mapping[str, Any]], constants: Mapping[str, Any], head: Mapping[str, Any], place: Place
) -> dict[str, Scenario]:
    found: dict[str, Scenario] = {}
    for i, row in enumerate(rows):
        spot = place.at(i)
        if row["name"] in found:
            spot.at("name").refuse(f"Scenario {row['name']} is there twice. Give each its own name.")
        try:
            found[row["name"]] = prepare(
                row["written"],
                changes={**constants, **row["changes"]},
                seed=head["seed"],
                until=head["until"],
            )
        except OreblocError as error:
            spot.refuse(f"Scenario {row['name']} cannot be run: {error}")
    first = next(iter(found.values()))
    for name, scenario in found.items():
        if (scenario.start, scenario.end) != (first.start, first.end):
            place.refuse(
                f"Scenario {name} runs from {scenario.start} to {scenario.end}; it must run from {first.start} to "
                f"{first.end} as {next(iter(found))} does. Set start and end in its changes, or until."
            )
    return found


def _constants(value: Any, place: Place) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        place.refuse(f"Constants are {value!r}; they must be a table of names and values.")
    return {f"parameters.{name}" if name in PARAMETERS else name: item for name, item in value.items()}


def _sampling(
    raw: Mapping[str, Any], key: str, factors: Sequence[Factor], folder: Path | None, place: Place
) -> Sampling:
    spot = place.at(key)
    value = raw.get(key)
    if value is None:
        drawn = any(factor.spread is not None for factor in factors)
        return Sampling("latin_hypercube" if drawn else "full_factorial")
    if not isinstance(value, Mapping):
        spot.refuse(f"{key} is {value!r}; it must be a table with kind and runs.")
    read = read_fields(DESIGN, {k: v for k, v in value.items() if k != "rows"}, spot)
    rows = value.get("rows")
    if read["file"]:
        rows = _table_rows((folder or Path()) / read["file"], spot.at("file"))
        raw[key].update(rows=rows, file="")  # type: ignore[index]
    if (rows is not None) != (read["kind"] == "table"):
        spot.refuse(
            'A table needs rows or a file, and no other design takes them. Write kind = "table" and rows.'
        )
    return Sampling(
        read["kind"], read["runs"], read["levels"], tuple(rows or ()), read["together"], read["second_order"]
    )


def _table_rows(path: Path, place: Place) -> list[dict[str, Any]]:
    import pandas as pd

    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        place.refuse(
            f"Table {path} cannot be read: {error}. Give a CSV file with one column for each factor."
        )
    return json.loads(table.to_json(orient="records"))  # type: ignore[no-any-return]


def _check_sampling(
    design: Sampling, policies: Sampling, levers: Sequence[Factor], doubts: Sequence[Factor], place: Place
) -> None:
    sampled = [*levers, *doubts] if design.together else list(doubts)
    for key, sampling, factors in (("design", design, sampled), ("policies", policies, levers)):
        spot = place.at(key)
        for i, row in enumerate(sampling.rows):
            names = [factor.name for factor in factors]
            for name in row:
                if name not in names:
                    remedy = did_you_mean(str(name), names, f"It has {', '.join(names) or 'none'}.")
                    spot.at("rows").at(i).refuse(f"Column {name!r} is no factor of this design. {remedy}")
            for name in names:
                if row.get(name) is None:
                    spot.at("rows").at(i).refuse(
                        f"Row {i + 1} has no value for {name}. Write one in every row."
                    )
            for factor in factors:
                check_cell(factor, row[factor.name], i + 1, spot.at("rows").at(i).at(factor.name))
        if sampling.kind in ("saltelli", "morris") and len(factors) < 2:
            spot.refuse(
                f"Design {sampling.kind} varies {len(factors)} factors; it needs 2 or more. Choose another design."
            )


def _outcomes(
    value: Any, scenarios: Mapping[str, Scenario], factors: Sequence[str], place: Place
) -> tuple[Outcome, ...]:
    rows = read_list(value, place)
    if not rows:
        place.refuse(
            "The list of outcomes is empty; write at least one [[outcomes]] with name, metric, good, country."
        )
    first = next(iter(scenarios.values()))
    found = [_outcome(row, first, place.at(i)) for i, row in enumerate(rows)]
    for i, outcome in enumerate(found):
        if outcome.name in [other.name for other in found[:i]]:
            place.at(i).refuse(f"Outcome {outcome.name} is there twice. Give each its own name.")
        if outcome.name in TAKEN or outcome.name in factors:
            whose = "a factor" if outcome.name in factors else "a column of ours"
            place.at(i).at("name").refuse(
                f"Outcome {outcome.name!r} has the name of {whose}. Choose another."
            )
    return tuple(found)


def _outcome(row: Any, scenario: Scenario, place: Place) -> Outcome:
    if not isinstance(row, Mapping):
        place.refuse(f"Outcome is {row!r}; it must be a table with name, metric, good and country.")
    read = read_fields(OUTCOME, {k: v for k, v in row.items() if k not in ("good", "country")}, place)
    if read["metric"] not in METRICS:
        remedy = did_you_mean(read["metric"], METRICS, "docs/results.md lists them.")
        place.at("metric").refuse(f"Metric {read['metric']!r} is unknown. {remedy}")
    for key in ("first", "last"):
        if read[key] is not None:
            read[key] = quarter_label(quarter_index(read[key]))
            if not scenario.start_index <= quarter_index(read[key]) <= quarter_index(scenario.end):
                place.at(key).refuse(
                    f"Quarter {read[key]} is not run; it must lie within {scenario.start} to {scenario.end}."
                )
    if read["first"] and read["last"] and quarter_index(read["first"]) > quarter_index(read["last"]):
        place.refuse(f"Outcome {read['name']} looks from {read['first']} to {read['last']}; exchange them.")
    return Outcome(
        goods=_goods(row.get("good", ALL_GOODS), scenario, place.at("good")),
        countries=_countries(row.get("country", WORLD), place.at("country")),
        **read,
    )


def _goods(value: Any, scenario: Scenario, place: Place) -> tuple[str, ...]:
    if value == ALL_GOODS:
        return (ALL_GOODS,)
    read = Field("good", "goods", "Good", "a traded good, a list of them, or all")
    goods = read_field(
        read, {"good": value}, Place(place.file, "", scenario.rare_earths, scenario.eu_members)
    )
    for good in goods:
        if good not in scenario.goods:
            place.refuse(
                f"Good {good} is not in scenario {scenario.name}. It has {', '.join(scenario.goods)}."
            )
    return tuple(goods)


def _countries(value: Any, place: Place) -> tuple[str, ...]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not words:
        place.refuse(f"Country is {value!r}; it must be a code, a list of them, {WORLD} or *.")
    for word in words:
        if word not in (*COUNTRIES, WORLD, "*") and not str(word).islower():
            place.refuse(f"Country {word!r} is unknown. {country_remedy(str(word))}")
    return tuple(words)


def _plain(value: Any) -> Any:
    """Return numpy's arrays and numbers as plain ones, anything else in words."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)
