"""Scenario files: TOML, found by name in `experiments/scenarios/` or by path. The folder is the list."""

import tomllib
from pathlib import Path

from model.error import ScenarioError
from model.name import did_you_mean
from model.scenario import Scenario, scenario_from

FOLDER = Path(__file__).parent / "scenarios"


def scenario_files() -> dict[str, Path]:
    """Return the shipped scenario files by name, the baseline first."""
    files = sorted(FOLDER.glob("*.toml"), key=lambda path: (path.stem != "baseline", path.stem))
    return {path.stem: path for path in files}


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Return the scenario of that name, or in the file at that path.

    Raises `ScenarioError` with file, field, value, limit and remedy.
    """
    path = _find(name_or_path)
    scenario = scenario_from(_read(path), file=path.name)
    if path.parent == FOLDER and scenario.name != path.stem:
        remedy = f"Write name = {path.stem!r}, or rename the file"
        raise ScenarioError(
            f"Name is {scenario.name!r}; it must be the file's. {remedy}. ({path.name}, name)"
        )
    return scenario


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
