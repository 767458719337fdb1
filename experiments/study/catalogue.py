"""Running every study that ships into one folder, and reading off whether their signs still come.

    FOLDER/NAME        the folder of each study, as `orebloc study run NAME` writes it

What is there of the same studies, sizes, rules and data is gone on with, so an interrupted run loses nothing; anything
else in the folder is refused before the first run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from experiments.study.archive import Archive
from experiments.study.plan import make_plan
from experiments.study.pool import USUAL_LIMIT, Pool
from experiments.study.runner import carry_on
from experiments.study.sign_check import SignCheck, check_signs
from experiments.study.store import MANIFEST, Store, check_new
from experiments.study.study import Study
from experiments.study.study_file import load_study, study_files
from model.cache import rule_hash
from model.error import OreblocError

#: Keys of a study that change no run.
_WORDS = ("title", "question", "expected", "runtime", "found", "found_by", "signs")


@dataclass(frozen=True)
class Entry:
    """A study of the catalogue that was run: its folder, and what became of its signs."""

    study: Study
    archive: Archive
    checks: list[SignCheck]


#: Is told the name of each study before it runs, its place and how many there are.
Told = Callable[[str, int, int], None]


def usual_folder() -> Path:
    """Return where the catalogue goes: under the rules that run it, so that other rules begin anew."""
    return Path("results") / f"catalogue-{rule_hash()}"


def shipped() -> dict[str, Study]:
    """Return the studies that ship, by name."""
    return {name: load_study(name) for name in study_files()}


def run_catalogue(
    folder: str | Path,
    studies: Mapping[str, Study] | None = None,
    *,
    runs: int | None = None,
    workers: int | None = None,
    limit: float = USUAL_LIMIT,
    told: Told | None = None,
    pool: Pool | None = None,
) -> list[Entry]:
    """Run studies (all that ship if None) into a folder, each its own size or `runs`; return what came out.

    Raises `OreblocError`.
    """
    found = shipped() if studies is None else studies
    stores = {name: _store(Path(folder) / name, study, runs) for name, study in found.items()}
    for place, (name, study) in enumerate(found.items()):
        if told:
            told(name, place, len(found))
        store = stores[name]
        if not (store.folder / MANIFEST).is_file():
            store.create(study, make_plan(study, runs), runs)
        carry_on(store, workers=workers, limit=limit, pool=pool)
    return [entry(store.folder, found[name]) for name, store in stores.items()]


def entry(folder: Path, study: Study) -> Entry:
    """Return a study's folder with what its runs say of the signs as they are written now."""
    archive = Archive(folder)
    return Entry(study, archive, check_signs(archive, study.signs))


def _store(folder: Path, study: Study, runs: int | None) -> Store:
    """Return the store of a folder that is new, or holds this study in this size by these rules."""
    store = Store(folder)
    if not (folder / MANIFEST).is_file():
        check_new(folder)
        return store
    store.check_hashes()
    manifest = store.manifest()
    if _asked(manifest["study"]) != _asked(study.to_mapping()):
        raise OreblocError(
            f"{folder} holds study {manifest['name']} as it was written before; nothing was overwritten. Choose "
            "another --out."
        )
    if manifest["wanted"] != runs:
        had = "its own number of" if manifest["wanted"] is None else f"{manifest['wanted']:,}"
        raise OreblocError(
            f"{folder} was begun with {had} runs, not {'its own number' if runs is None else f'{runs:,}'}; nothing was "
            "overwritten. Give the same --runs, or choose another --out."
        )
    return store


def _asked(mapping: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in mapping.items() if key not in _WORDS}
