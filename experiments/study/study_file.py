"""Study files: TOML, found by name in `experiments/catalogue/` or by path. The folder is the list."""

import tomllib
from pathlib import Path
from typing import Any

from experiments.study.study import Study, study_from
from model.error import ScenarioError
from model.name import did_you_mean

FOLDER = Path(__file__).parent.parent / "catalogue"
SEARCHES = Path(__file__).parent.parent / "searches"


def study_files() -> dict[str, Path]:
    """Return the shipped study files by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def load_study(name_or_path: str | Path) -> Study:
    """Return the study of that name, or in the file at that path. Raises `OreblocError` with file and field."""
    path = _find(name_or_path)
    if "search" in _read(path):
        raise ScenarioError(
            f"{path.name} is a search, not a study. Write `orebloc study search {name_or_path}`. ({path.name}, search)"
        )
    study = study_from(_read(path), file=path.name, folder=path.parent)
    if path.parent == FOLDER and study.name != path.stem:
        raise ScenarioError(
            f"Name is {study.name!r}; it must be the file's. Write name = {path.stem!r}, or rename the file. "
            f"({path.name}, name)"
        )
    return study


def listing(folder: Path = FOLDER) -> list[dict[str, str]]:
    """Return name, title, question and runtime of every study (or search) that ships."""
    raw = [_read(path) for path in sorted(folder.glob("*.toml"))]
    return [{key: str(row.get(key, "")) for key in ("name", "title", "question", "runtime")} for row in raw]


def _find(name_or_path: str | Path) -> Path:
    files = study_files()
    if str(name_or_path) in files:
        return files[str(name_or_path)]
    path = Path(name_or_path)
    if path.is_file():
        return path
    if path.is_dir():
        raise ScenarioError(
            f"Study {path} is a folder. Give the path of a TOML file in it, or a study's name."
        )
    if path.suffix == ".toml" or len(path.parts) > 1:
        raise ScenarioError(
            f"Study file {path} does not exist. Give the path of a TOML file, or a study's name."
        )
    remedy = did_you_mean(str(name_or_path), files, "`orebloc study list` lists them.")
    raise ScenarioError(f"Study {str(name_or_path)!r} is unknown. {remedy}")


def _read(path: Path) -> dict[str, Any]:
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
