"""Opening one run of a study: it is computed again by itself, and compared with what was stored.

A run's figures depend on the study, its row and its luck alone, so they must agree bit for bit after the cast to
float32, and their hash before it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from experiments.results import Results
from experiments.run import Recorder
from experiments.study.archive import Archive
from experiments.study.kernel import MISSED, OK, Kernel, series_hash
from model.error import OreblocError


@dataclass(frozen=True)
class Reopened:
    """A run computed again: its results, and how they agree with what is stored.

    `same` columns of `columns` agree bit for bit after the cast, `largest` is the largest relative difference,
    `hash_same` whether the numbers before the cast were the same.
    """

    run: int
    row: dict[str, Any]
    results: Results
    columns: int
    same: int
    largest: float
    hash_same: bool

    @property
    def agrees(self) -> bool:
        """Whether everything agrees bit for bit."""
        return self.same == self.columns and self.hash_same


def open_run(archive: Archive, run: int) -> Reopened:
    """Compute a run of a study again and compare.

    One that missed is computed up to the quarter where it did. Raises `OreblocError` for one that is not there, or that
    raised or was killed.
    """
    count = archive.manifest["runs"]
    if not 0 <= run < count:
        raise OreblocError(f"Run is {run}; it must be 0 to {count - 1}.")
    archive.store.check_hashes()
    table = archive.table
    found = table[table["run"] == run]
    if found.empty:
        raise OreblocError(
            f"Run {run} is not done yet. `orebloc study resume {archive.store.folder}` goes on."
        )
    row = found.iloc[0]
    if row["status"] not in (OK, MISSED):
        raise OreblocError(f"Run {run} has status {row['status']}: {row['error']}")
    values, results = _computed(archive, found)
    stored = archive.series(runs=[run])
    fresh = values[:, 0].astype(np.float32)
    same, largest = 0, 0.0
    for place, column in enumerate(archive.study.columns):
        kept = stored[column].to_numpy(np.float32)
        same += int(
            np.array_equal(kept.view(np.uint32), fresh[place].view(np.uint32)) or _equal(kept, fresh[place])
        )
        largest = max(largest, _apart(kept, fresh[place]))
    given = {str(name): row[name] for name in archive.runs.columns}
    return Reopened(
        run,
        given,
        results,
        len(archive.study.columns),
        same,
        largest,
        row["series_hash"] == series_hash(values[:, 0]),
    )


def _computed(archive: Archive, found: pd.DataFrame) -> tuple[np.ndarray, Results]:
    """Return the run's numbers [columns, 1, quarters] in float64, and its full results."""
    kernel = Kernel(archive.study)
    scenario, reader = kernel.variant(found.iloc[0])
    name = str(found["scenario"].iloc[0])
    batched = {
        factor.change: float(found[factor.name].iloc[0])
        for factor in archive.study.factors
        if factor.in_batch and factor.acts_in(name)
    }
    told = (
        scenario.with_changes(batched) if batched else scenario
    )  # so that the results' manifest tells the run's own values
    engine = kernel.engine(told, found, reader)
    recorder = Recorder(engine)
    values = np.full((len(archive.study.columns), 1, scenario.quarters), np.nan)
    for step in range(scenario.quarters):
        engine.step()
        if engine.columns.missed[0, 0] > 0.0:
            break
        recorder.take()
        values[:, :, step] = reader.read(engine)
    return values, recorder.results()


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.array_equal(a, b, equal_nan=True))


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest relative difference; infinite where only one is known."""
    if np.any(np.isnan(a) != np.isnan(b)):
        return float("inf")
    size = np.maximum(np.abs(a), np.abs(b))
    apart = np.divide(np.abs(a - b), size, out=np.zeros(len(a)), where=size > 0.0)
    return float(np.nanmax(apart, initial=0.0))
