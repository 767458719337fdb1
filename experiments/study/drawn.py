"""A run of a study as a scenario of its own: what was chosen and drawn for it stands in the scenario, its luck beside.

Run as number `luck`, the scenario gives the study's numbers bit for bit.
"""

from pathlib import Path
from typing import Any

import numpy as np

from experiments.study.archive import Archive
from experiments.study.kernel import OK
from model.error import OreblocError
from model.scenario import Scenario, scenario_from


def drawn_run(folder: str | Path, run: int) -> tuple[Scenario, int]:
    """Return scenario and luck of a run. Raises `OreblocError` for one that is not there or did not end well."""
    archive = Archive(folder)
    archive.store.check_hashes()
    count = archive.manifest["runs"]
    if not 0 <= run < count:
        raise OreblocError(f"Run of {folder} is {run}; it must be 0 to {count - 1}. Choose another.")
    found = archive.runs[archive.runs["run"] == run]
    if found.empty:
        raise OreblocError(f"Run {run} is not done yet. `orebloc study resume {folder}` goes on.")
    row = found.iloc[0]
    if row["status"] != OK:
        raise OreblocError(f"Run {run} of {folder} has status {row['status']}: {row['error']}")
    return _scenario(archive, row, run), int(row["luck"])


def _scenario(archive: Archive, row: Any, run: int) -> Scenario:
    study, name = archive.study, str(row["scenario"])
    acting = [factor for factor in study.factors if factor.acts_in(name)]
    changes = {factor.change: _plain(row[factor.name]) for factor in acting}
    raw = study.scenarios[name].with_changes({**changes, "seed": study.seed}).to_mapping()
    chosen = {factor.path for factor in acting}  # given a value, it is no longer drawn
    raw["uncertain"] = {key: value for key, value in raw.get("uncertain", {}).items() if key not in chosen}
    raw["title"] = f"{study.title}: run {run}, {name.replace('_', ' ')}"
    return scenario_from(raw)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
