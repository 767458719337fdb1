"""Scenario files: TOML, found by name in `experiments/scenarios/` or by path. The folder is the list.

A file may begin from another (`extends = "baseline"`); what is read is the whole that results.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model.error import ScenarioError
from model.event import DECK
from model.field import Place
from model.name import did_you_mean
from model.scenario import Scenario, scenario_from

FOLDER = Path(__file__).parent / "scenarios"
#: Most files in a chain of `extends`, the first one included.
LONGEST_CHAIN = 5

_EXTENDS, _WITHOUT = "extends", "without_measures"
_OWN = ("name", "title", "description")  # say what a scenario is: never inherited
_MERGED = ("parameters", "uncertain", "base")
_APPENDED = ("measures", "treaties", "shocks", "events", "projects", "demand")


def scenario_files() -> dict[str, Path]:
    """Return the shipped scenario files by name, the baseline first."""
    files = sorted(FOLDER.glob("*.toml"), key=lambda path: (path.stem != "baseline", path.stem))
    return {path.stem: path for path in files}


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Return the scenario of that name, or in the file at that path, with what it extends.

    Raises `ScenarioError` with file, field, value, limit and remedy.
    """
    path = _find(name_or_path)
    scenario = scenario_from(_resolved(_read(path), path.name, (path.resolve(),)), file=path.name)
    if path.parent == FOLDER and scenario.name != path.stem:
        remedy = f"Write name = {path.stem!r}, or rename the file"
        raise ScenarioError(
            f"Name is {scenario.name!r}; it must be the file's. {remedy}. ({path.name}, name)"
        )
    return scenario


def extended_scenario(mapping: Mapping[str, Any]) -> Scenario:
    """Return the scenario of a mapping, with what it extends. Raises `ScenarioError`."""
    return scenario_from(_resolved(mapping, "", ()))


def _resolved(raw: Mapping[str, Any], file: str, chain: tuple[Path, ...]) -> dict[str, Any]:
    """Return the values of a file joined with those of the one it extends; `chain` are the files so far."""
    place, own = Place(file), dict(raw)
    if own.get("events") == DECK:
        own["events"] = [{"kind": DECK}]
    without = own.pop(_WITHOUT, False)
    if not isinstance(without, bool):
        place.at(_WITHOUT).refuse(f"{_WITHOUT} is {without!r}; it must be true or false.")
    if _EXTENDS not in own:
        if _WITHOUT in raw:
            place.at(_WITHOUT).refuse(
                f"{_WITHOUT} drops the measures of the scenario extended, and there is none. "
                'Write extends = "baseline".'
            )
        return own
    path = _extended(own.pop(_EXTENDS), place.at(_EXTENDS), chain)
    inherited = _resolved(_read(path), path.name, (*chain, path.resolve()))
    if without:
        inherited.pop("measures", None)
    merged = _merged(inherited, own, place)
    # The file's own rows are checked by themselves first, so that a fault is told by their own numbers.
    scenario_from({**merged, **{key: own.get(key, []) for key in _APPENDED}}, file=file)
    return merged


def _extended(value: Any, place: Place, chain: tuple[Path, ...]) -> Path:
    """Return the file that is extended: a shipped scenario, or a path from the folder of the extending file."""
    if not isinstance(value, str):
        place.refuse(f"extends is {value!r}; it must be the name of a scenario or the path of a TOML file.")
    near = chain[-1].parent / value if chain else Path(value)
    try:
        path = _find(value if value in scenario_files() or not near.exists() else near)
    except ScenarioError as error:
        place.refuse(str(error))
    if path.resolve() in chain:
        circle = " extends ".join(link.name for link in (*chain, path))
        place.refuse(f"Scenarios extend each other in a circle: {circle}. Take one extends out.")
    if len(chain) >= LONGEST_CHAIN:
        place.refuse(
            f"Chain of extends is longer than {LONGEST_CHAIN} files. Extend an earlier scenario directly."
        )
    return path


def _merged(inherited: dict[str, Any], own: dict[str, Any], place: Place) -> dict[str, Any]:
    """Return the inherited values with a file's own laid over, joined or appended, by key."""
    merged = {key: value for key, value in inherited.items() if key not in _OWN} | own
    for key in _MERGED:
        if key in inherited and key in own:
            if not isinstance(own[key], Mapping):
                place.at(key).refuse(f"{key} is {own[key]!r}; it must be a table.")
            merged[key] = {**inherited[key], **own[key]}
    for key in _APPENDED:
        if key in inherited and key in own:
            if not isinstance(own[key], list):
                place.at(key).refuse(f"{key} must be a list of tables; write [[{key}]].")
            merged[key] = [*inherited[key], *own[key]]
    return merged


def _find(name_or_path: str | Path) -> Path:
    files = scenario_files()
    if str(name_or_path) in files:
        return files[str(name_or_path)]
    path = Path(name_or_path)
    if path.is_file():
        return path
    if path.is_dir():
        raise ScenarioError(
            f"Scenario {path} is a folder. Give the path of a TOML file in it, or a scenario's name."
        )
    if path.suffix == ".toml" or len(path.parts) > 1:
        raise ScenarioError(
            f"Scenario file {path} does not exist. Give the path of a TOML file, or a scenario's name."
        )
    remedy = did_you_mean(str(name_or_path), files, "`orebloc scenarios` lists them.")
    raise ScenarioError(f"Scenario {str(name_or_path)!r} is unknown. {remedy}")


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise ScenarioError(f"{path} is not text. Give a TOML file in UTF-8.") from None
    except OSError as error:
        raise ScenarioError(
            f"{path} cannot be read: {error.strerror}. Give the path of a TOML file."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path.name} is not TOML: {error}. Mend the file there.") from None
