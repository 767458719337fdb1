"""Search files: TOML, found by name in `experiments/searches/` or by path. The folder is the list.

A search for the best policy, or for parameters that meet targets, is a study with a table `[search]`; one that fits
parameters to episodes of history has levers and episodes only.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.study.analysis import outcome_of
from experiments.study.factor import Factor, check_factors, read_factors
from experiments.study.search import Budget
from experiments.study.study import Study, study_from
from experiments.study.study_field import HEAD
from experiments.study.study_file import SEARCHES
from experiments.validation import Episode, load_episode
from model.error import OreblocError, ScenarioError
from model.field import Field, Place, read_field, read_fields, refuse_unknown
from model.name import did_you_mean
from model.parameter import PARAMETERS

_SEARCH = (
    Field("outcome", "text", "Outcome", "the outcome whose mean is to be best, by its goal", default=""),
    Field("rounds", "integer", "Number of rounds", "batches of candidates, one after the other", low=1, high=1000,
          default=8, remedy="Write 1 or more."),
    Field("batch", "integer", "Batch", "candidates tried together", low=1, high=1000, default=12,
          remedy="Write 1 or more."),
    Field("runs", "integer", "Number of runs", "runs of an episode behind every median", low=1, high=999, default=3,
          remedy="An odd number has a middle."),
)  # fmt: skip
_BUDGET = (
    Field("outcome", "text", "Outcome", "the outcome whose mean is limited"),
    Field("most", "number", "Most", "what it may be at most", default=None),
    Field("least", "number", "Least", "what it must be at least", default=None),
)
_TARGET = (
    Field("value", "number", "Value", "what the mean is to be"),
    Field("scale", "number", "Scale", "the distance that counts as one", default=None, low=1e-12),
)
_KINDS = ("outcome", "targets", "episodes")
_HEAD_OF_FIT = ("name", "title", "question", "runtime", "found", "seed", "expected", "levers", "search")


@dataclass(frozen=True)
class Search:
    """A checked search: `levers` to be found, by one of three marks.

    `outcome` of `study` best within `budget`; `targets` of the study's outcomes met, distances counted in `scales`;
    `episodes` met, others `judged` by what was found. `raw` is what was written.
    """

    name: str
    title: str
    question: str
    runtime: str
    found: str
    seed: int
    levers: tuple[Factor, ...]
    rounds: int
    batch: int
    study: Study | None = None
    outcome: str = ""
    budget: Budget | None = None
    targets: Mapping[str, float] = field(default_factory=dict)
    scales: Mapping[str, float] = field(default_factory=dict)
    episodes: tuple[Episode, ...] = ()
    judged: tuple[Episode, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    runs: int = 3
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


def search_files() -> dict[str, Path]:
    """Return the shipped search files by name."""
    return {path.stem: path for path in sorted(SEARCHES.glob("*.toml"))}


def load_search(name_or_path: str | Path) -> Search:
    """Return the search of that name, or in the file at that path. Raises `OreblocError` with file and field."""
    files = search_files()
    path = files.get(str(name_or_path)) or Path(name_or_path)
    if not path.is_file():
        remedy = did_you_mean(str(name_or_path), files, "`orebloc study list` lists them.")
        raise ScenarioError(f"Search {str(name_or_path)!r} is no file and no search that ships. {remedy}")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path.name} cannot be read as TOML: {error}. Mend the file there.") from None
    return search_from(raw, file=path.name, folder=path.parent)


def search_from(raw: Mapping[str, Any], *, file: str = "", folder: Path | None = None) -> Search:
    """Read and check a search. Raises `OreblocError` at the first fault, with file and field."""
    place = Place(file=file)
    table = raw.get("search")
    spot = place.at("search")
    if not isinstance(table, Mapping):
        place.refuse(
            "A search needs a table [search] with outcome, targets or episodes. docs/study.md shows one."
        )
    marks = [kind for kind in _KINDS if kind in table]
    if len(marks) != 1:
        spot.refuse(
            f"A search has {' and '.join(marks) or 'no mark'}; it must have one of outcome, targets and episodes."
        )
    extra = ("budget", "targets", "episodes", "judged")
    read = read_fields(_SEARCH, {key: value for key, value in table.items() if key not in extra}, spot)
    if marks[0] == "episodes":
        return _of_episodes(raw, table, read, place, folder or Path())
    study = study_from({k: v for k, v in raw.items() if k != "search"}, file=file, folder=folder)
    if len(study.scenarios) != 1 or not study.levers:
        place.refuse(
            f"Search {study.name} has {len(study.scenarios)} scenarios and {len(study.levers)} levers; it must have "
            "one scenario and at least one lever."
        )
    targets, scales = _targets(table.get("targets", {}), study, spot.at("targets"))
    return Search(
        **_head_of(study), levers=study.levers, rounds=read["rounds"], batch=read["batch"], study=study,
        outcome=_known(study, read["outcome"], spot) if marks[0] == "outcome" else "",
        budget=_budget(table.get("budget"), study, spot.at("budget")), targets=targets, scales=scales,
        raw={**study.to_mapping(), "search": dict(table)},
    )  # fmt: skip


def _head_of(study: Study) -> dict[str, Any]:
    return {name: getattr(study, name) for name in ("name", "title", "question", "runtime", "found", "seed")}


def _known(study: Study, name: str, place: Place) -> str:
    try:
        outcome_of(study, name)
    except OreblocError as error:
        place.refuse(str(error))
    return name


def _budget(value: Any, study: Study, place: Place) -> Budget | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        place.refuse(f"Budget is {value!r}; it must be a table with outcome, and most or least.")
    budget = Budget(**read_fields(_BUDGET, value, place))
    if budget.most is None and budget.least is None:
        place.refuse("Budget limits nothing. Write most or least.")
    if budget.most is not None and budget.least is not None and budget.least > budget.most:
        place.refuse(
            f"Budget of {budget.outcome} is at least {budget.least:g} and at most {budget.most:g}; no value is both. "
            "Exchange least and most."
        )
    _known(study, budget.outcome, place)
    return budget


def _targets(value: Any, study: Study, place: Place) -> tuple[dict[str, float], dict[str, float]]:
    if not isinstance(value, Mapping):
        place.refuse(f"Targets are {value!r}; they must be a table of outcomes with value and scale.")
    targets: dict[str, float] = {}
    scales: dict[str, float] = {}
    for name, row in value.items():
        _known(study, name, place)
        read = read_fields(_TARGET, row if isinstance(row, Mapping) else {"value": row}, place.at(name))
        targets[name] = read["value"]
        if read["scale"] is not None:
            scales[name] = read["scale"]
    return targets, scales


def _of_episodes(
    raw: Mapping[str, Any], table: Mapping[str, Any], read: Mapping[str, Any], place: Place, folder: Path
) -> Search:
    refuse_unknown(raw, _HEAD_OF_FIT, place)
    known = ("name", "title", "question", "runtime", "found", "seed")
    head = {item.name: read_field(item, raw, place) for item in HEAD if item.name in known}
    levers = read_factors(raw.get("levers", {}), "lever", [], place.at("levers"))
    if not levers:
        place.at("levers").refuse("A search has no levers; it must have one or more. Write [levers].")
    for lever in levers:
        if lever.path not in PARAMETERS:
            place.at("levers").at(lever.name).refuse(
                f"Lever {lever.name} is {lever.path}; episodes differ in all but parameters, so it must be one."
            )
    check_factors(levers, {}, place)
    sources: dict[str, str] = {}
    spot = place.at("search")
    fitted = _episodes(table.get("episodes", []), spot.at("episodes"), folder, sources)
    judged = _episodes(table.get("judged", []), spot.at("judged"), folder, sources)
    if not fitted:
        spot.at("episodes").refuse("The list of episodes is empty; name at least one.")
    return Search(
        **head, levers=levers, rounds=read["rounds"], batch=read["batch"], runs=read["runs"],
        episodes=fitted, judged=judged, sources=sources, raw=dict(raw),
    )  # fmt: skip


def _episodes(value: Any, place: Place, folder: Path, sources: dict[str, str]) -> tuple[Episode, ...]:
    """Return the episodes named; `sources` is told where a worker finds each."""
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        place.refuse(f"Episodes are {value!r}; they must be a list of names or files.")
    found = []
    for word in value:
        beside = folder / word
        source = str(beside.resolve()) if word.endswith(".toml") and beside.is_file() else word
        episode = load_episode(source)
        if episode.name in sources:
            place.refuse(f"Episode {episode.name} is there twice. Name it once.")
        sources[episode.name] = source
        found.append(episode)
    return tuple(found)
