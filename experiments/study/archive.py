"""Reading a study's folder: tidy frames, parts of the series, and the pair that the EMA Workbench takes.

Only what is asked for is read: columns and runs are chosen before the files are, so a study larger than memory can be
looked at. The files are plain Parquet, for DuckDB and polars as well (`SELECT ... FROM 'DIR/series/*.parquet'`).
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
from numpy.typing import NDArray

from experiments.study.store import RUNS, SERIES, Store, first_line
from experiments.study.study import Study
from model.error import OreblocError
from model.name import did_you_mean

_OUTCOME = "outcome."


class Archive:
    """The results of a study. `orebloc.study(DIR)` opens one.

    - `study` what was asked, `manifest` what the folder says of itself
    - `runs` one row for each run that is done: scenario, policy, point, replicate, luck, factors, status, error,
      seconds, host, worst_violation, hashes
    - `outcomes` run and the declared outcomes, float64
    - `series()` run, quarter, and the declared columns, float32
    """

    def __init__(self, folder: str | Path) -> None:
        self.store = Store(folder)
        self.manifest = self.store.manifest()
        #: What analyses found out at some length, so that each is computed once.
        self.answers: dict[tuple[str, ...], Any] = {}

    def __repr__(self) -> str:
        done, chunks = len(self.store.done()), self.manifest["chunks"]
        return (
            f"<Study {self.manifest['name']}: {self.manifest['runs']:,} runs, {done} of {chunks} chunks done>"
        )

    @cached_property
    def study(self) -> Study:
        """The study."""
        return self.store.study()

    @property
    def is_complete(self) -> bool:
        """Whether all chunks are done."""
        return len(self.store.done()) == self.manifest["chunks"]

    @cached_property
    def _records(self) -> pd.DataFrame:
        records = self._read(RUNS)
        return records.sort_values("run", ignore_index=True)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """Return the runs that are done, with what they tried and how they went."""
        experiments = self.store.experiments().drop(columns="chunk")
        record = self._records.drop(columns=[name for name in self._records if name.startswith(_OUTCOME)])
        return experiments.merge(record, on="run", how="inner", validate="one_to_one")

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """Return run and one column for each declared outcome."""
        names = [name for name in self._records if name == "run" or name.startswith(_OUTCOME)]
        return self._records[names].rename(columns=lambda name: name.removeprefix(_OUTCOME))

    @cached_property
    def table(self) -> pd.DataFrame:
        """Return runs and outcomes side by side."""
        return self.runs.merge(self.outcomes, on="run", validate="one_to_one")

    def series(
        self, columns: Sequence[str] | None = None, runs: Sequence[int] | None = None, *, long: bool = False
    ) -> pd.DataFrame:
        """Return the series of some columns (all if None) of some runs (all if None), sorted by run and quarter.

        With `long` one row for each run, quarter and column: run, quarter, metric, good, country, value.
        """
        chosen = list(columns) if columns is not None else list(self.manifest["columns"])
        for name in chosen:
            if name not in self.manifest["columns"]:
                remedy = did_you_mean(
                    name, self.manifest["columns"], f"It has {', '.join(self.manifest['columns'])}."
                )
                raise OreblocError(f"Column {name!r} is not in the study's series. {remedy}")
        wide = self._read(SERIES, ["run", "quarter", *chosen], runs)
        order = {quarter: place for place, quarter in enumerate(self.manifest["quarters"])}
        place = wide["quarter"].map(order).to_numpy(int)
        wide = wide.iloc[np.lexsort((place, wide["run"].to_numpy()))].reset_index(drop=True)
        return _lengthened(wide) if long else wide

    def paths(
        self, column: str, runs: Sequence[int] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return run numbers and their paths [runs, quarters] of one column."""
        table = self.series([column], runs)
        size = len(self.manifest["quarters"])
        return table["run"].to_numpy()[::size], table[column].to_numpy().reshape(-1, size)

    def flows(self) -> pd.DataFrame:
        """Return the trade flows that were kept; empty where none were declared."""
        return self._read("flows") if self.store.files("flows") else pd.DataFrame()

    def agents(self) -> pd.DataFrame:
        """Return the firms and states that were kept; empty where none were declared."""
        return self._read("agents") if self.store.files("agents") else pd.DataFrame()

    def ema(self, *, paths: bool = False) -> tuple[pd.DataFrame, dict[str, NDArray[Any]]]:
        """Return (experiments, outcomes) as the EMA Workbench has them, of complete runs.

        Experiments: one row for each run with the factors, `scenario` (point and replicate), `policy` and `model`
        (the study's scenario). Outcomes: name to [runs]; with `paths` also the columns of the series, [runs,
        quarters].
        """
        table = self.table
        table = table[table["status"] == "ok"].reset_index(drop=True)
        experiments = table[[factor.name for factor in self.study.factors]].copy()
        experiments["scenario"] = table["point"] * self.study.replicates + table["replicate"]
        experiments["policy"] = table["policy"].astype(str)
        experiments["model"] = table["scenario"].astype(str)
        outcomes: dict[str, NDArray[Any]] = {
            outcome.name: table[outcome.name].to_numpy() for outcome in self.study.outcomes
        }
        if paths:
            keep = table["run"].to_numpy()
            for column in self.manifest["columns"]:
                runs, found = self.paths(column)
                outcomes[column] = found[np.searchsorted(runs, keep)]
        return experiments, outcomes

    def _read(
        self, table: str, columns: list[str] | None = None, runs: Sequence[int] | None = None
    ) -> pd.DataFrame:
        files = self.store.files(table)
        if not files:
            raise OreblocError(
                f"Study in {self.store.folder} has no run done yet. `orebloc study resume {self.store.folder}` "
                f"goes on."
            )
        chosen = None if runs is None else ds.field("run").isin(pa.array(list(runs), pa.int64()))
        try:
            parts = ds.dataset([str(path) for path in files], format="parquet")
            return parts.to_table(columns=columns, filter=chosen).to_pandas()
        except (OSError, pa.ArrowException) as error:
            raise OreblocError(
                f"A {table} file of {self.store.folder} cannot be read: {first_line(error)}. `orebloc study resume "
                f"{self.store.folder}` computes damaged chunks again."
            ) from None


def open_study(folder: str | Path) -> Archive:
    """Return the results of a study. Raises `OreblocError` where the folder holds none."""
    return Archive(folder)


def _lengthened(wide: pd.DataFrame) -> pd.DataFrame:
    long = wide.melt(["run", "quarter"], var_name="column", value_name="value")
    parts = long.pop("column").str.split(".", n=2, expand=True)
    for place, name in enumerate(("metric", "good", "country")):
        long.insert(2 + place, name, parts[place].astype("category"))
    return long
