"""The results of a run: tables in memory, a folder on disk.

A folder holds `series.parquet`, `flows.parquet`, `manifest.json`, `log.jsonl` (the orders of run 0), for an ensemble
`quantiles.parquet`, and the pages a caller adds, such as `report.html`. It is written under a temporary name and
renamed when complete.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.folder import finish_folder
from model.error import OreblocError
from model.name import did_you_mean

SERIES_COLUMNS = ["run", "quarter", "good", "country", "metric", "value", "unit"]
FLOW_COLUMNS = [
    "run", "quarter", "good", "origin", "destination", "quantity_t", "landed_price_usd_per_t", "wedge_usd_per_t",
]  # fmt: skip
QUANTILE_COLUMNS = ["quarter", "good", "country", "metric", "quantile", "value", "unit"]
_WORDS = ("quarter", "good", "country", "metric", "unit", "origin", "destination")
Cells = tuple[tuple[str, str], ...]
_TABLES = ("series", "flows", "quantiles")


@dataclass(frozen=True, repr=False)
class Results:
    """What a run, or an ensemble, left behind.

    - `series`: run, quarter (`2025Q1`), good, country, metric, value, unit. Good `all` and country `WLD` are
      totals. With more than one run it holds the declared outcomes only (`manifest["outcomes"]`)
    - `quantiles`: quarter, good, country, metric, quantile, value, unit over the runs; empty for one run
    - `flows`: run, quarter, good, origin, destination, quantity_t, landed_price_usd_per_t, wedge_usd_per_t
    - `manifest`: scenario, seed, versions, rule and data hash, certificate, assumptions, data that are weak, what each
      measure cost whom (`measure_money`), what states that choose decided and why (`decisions`)
    - `log`: the orders given in run 0 as JSON Lines, which `orebloc replay` runs again; see `experiments/log.py`
    """

    series: pd.DataFrame
    flows: pd.DataFrame
    quantiles: pd.DataFrame
    manifest: dict[str, Any]
    folder: Path | None = field(default=None, compare=False)
    log: str = field(default="", compare=False)

    def value(self, metric: str, good: str, country: str = "WLD", quarter: str | None = None) -> float:
        """Return one number of run 0, or the ensemble's median; the last quarter by default.

        Raises `OreblocError` where nothing of the kind was recorded.
        """
        table = self.central()
        quarter = quarter or self.manifest["end"]
        rows = table[
            (table["metric"] == metric)
            & (table["good"] == good)
            & (table["country"] == country)
            & (table["quarter"] == quarter)
        ]
        if rows.empty:
            raise OreblocError(_not_recorded(table, metric, good, country, quarter))
        return float(rows["value"].iloc[0])

    def __repr__(self) -> str:
        manifest = self.manifest
        runs = f"{manifest['runs']:,} run{'' if manifest['runs'] == 1 else 's'}"
        return (
            f"<Results of {manifest['name']}: {manifest['start']} to {manifest['end']}, {runs}, "
            f"seed {manifest['seed']}; {len(self.series):,} rows of series, {len(self.flows):,} of flows>"
        )

    @property
    def decisions(self) -> list[dict[str, Any]]:
        """Return what states that choose decided in run 0, in order: quarter, seat, why in words, and the numbers."""
        return list(self.manifest.get("decisions", []))

    def central(self) -> pd.DataFrame:
        """Return the one series to show: the run, or the median over an ensemble's runs."""
        if self.quantiles.empty:
            return self.series[self.series["run"] == 0]
        return self.quantiles[self.quantiles["quantile"] == 0.5]

    def save(self, folder: str | Path, pages: Mapping[str, str] | None = None) -> Path:
        """Write everything into a new or empty folder, all or nothing; return its path. Raises `OreblocError`."""
        target = Path(folder)
        check_folder(target)
        try:
            return self._save(target, pages or {})
        except OSError as error:
            raise OreblocError(
                f"Results cannot be written to {target}: {_reason(error)}. {self._rescue(target, pages or {})}"
            ) from error

    def _rescue(self, target: Path, pages: Mapping[str, str]) -> str:
        """Write everything to the temporary folder of the system instead; return in words where it is."""
        shelter = Path(tempfile.mkdtemp(prefix="orebloc-"))
        place = shelter / target.name
        try:
            self._save(place, pages)
        except OSError:
            shutil.rmtree(shelter, ignore_errors=True)
            return "Nothing was kept there. Free space there, or choose another folder."
        return f"They are complete in {place} instead. Move that folder, or choose another one next time."

    def _save(self, target: Path, pages: Mapping[str, str]) -> Path:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            self._write(work, pages)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
        finish_folder(work, target)
        return target

    def _write(self, folder: Path, pages: Mapping[str, str]) -> None:
        for name in _TABLES:
            table = getattr(self, name)
            if name != "quantiles" or not table.empty:
                _plain(table).to_parquet(folder / f"{name}.parquet", index=False)
        text = json.dumps(self.manifest, indent=1, allow_nan=False, ensure_ascii=False)
        (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
        if self.log:
            (folder / "log.jsonl").write_text(self.log, encoding="utf-8")
        for name, page in pages.items():
            (folder / name).write_text(page, encoding="utf-8")


def _not_recorded(table: pd.DataFrame, metric: str, good: str, country: str, quarter: str) -> str:
    """Return what is wrong with a question for a number: the first word that nothing is recorded under."""
    for column, word in (("metric", metric), ("good", good), ("country", country), ("quarter", quarter)):
        known = sorted(str(name) for name in table[column].unique())
        if word not in known:
            few = f"It has {', '.join(known)}." if len(known) <= 12 else f"It has {len(known)} others."
            span = f"It has {known[0]} to {known[-1]}." if known and column == "quarter" else few
            remedy = span if column == "quarter" else did_you_mean(str(word), known, few)
            where = "the results" if column in ("metric", "quarter") else f"{metric} of the results"
            return f"{column.capitalize()} {word!r} is not in {where}. {remedy}"
        table = table[table[column] == word]
    return f"There is no {metric} of {good} in {country} in {quarter}."


def read_tables(folder: str | Path) -> dict[str, Any]:
    """Return what a results folder holds, as the arguments of `Results`. Raises `OreblocError`."""
    place = Path(folder)
    if not (place / "manifest.json").is_file():
        raise OreblocError(
            f"{place} holds no results: manifest.json is missing. Give the folder of a finished run."
        )
    read: dict[str, Any] = {"folder": place}
    for name in _TABLES:
        path = place / f"{name}.parquet"
        read[name] = pd.read_parquet(path) if path.is_file() else pd.DataFrame(columns=QUANTILE_COLUMNS)
    read["manifest"] = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    log = place / "log.jsonl"
    read["log"] = log.read_text(encoding="utf-8") if log.is_file() else ""
    return read


def default_folder(scenario_name: str) -> Path:
    """Return a new, time-stamped folder name under `results/`."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    base = Path("results") / f"{scenario_name}-{stamp}"
    folder, attempt = base, 2
    while folder.exists():
        folder, attempt = base.with_name(f"{base.name}-{attempt}"), attempt + 1
    return folder


def check_folder(folder: Path) -> None:
    """Raise `OreblocError` where results cannot be written to a folder; leave nothing behind."""
    try:
        _refuse_non_empty(folder)
        place = folder.absolute().parent
        while not place.exists():
            place = place.parent
        with tempfile.TemporaryDirectory(dir=place, prefix=".orebloc-"):
            pass
    except OSError as error:
        raise OreblocError(
            f"Output folder {folder} cannot be written: {_reason(error)}. "
            "It must be new or empty, in a folder you may write to. Choose another --out."
        ) from error


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _refuse_non_empty(folder: Path) -> None:
    """Raise `OreblocError` where results would be mixed with, or overwrite, something else."""
    if folder.exists() and not folder.is_dir():
        raise OreblocError(
            f"Output {folder} is a file; it must be a new or empty folder. Choose another --out."
        )
    if folder.is_dir() and any(folder.iterdir()):
        count = len(list(folder.iterdir()))
        raise OreblocError(
            f"Output folder {folder} holds {count} file{'s' if count > 1 else ''}; it must be new or empty. "
            "Choose another --out, or move the old results away."
        )


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with dictionary columns for words, as parquet keeps them small."""
    words = {name: "category" for name in _WORDS if name in table and len(table)}
    return table.astype(words)


class SeriesTable:
    """Collects blocks of numbers, one a quarter and metric, and becomes one long table."""

    def __init__(self, units: Mapping[str, str]) -> None:
        self.units = units
        self.blocks: list[_Block] = []

    def add(
        self, keys: Sequence[float], quarter: str, metric: str, cells: Cells, values: NDArray[np.float64]
    ) -> None:
        """Add values [keys, cells]; the keys are runs or quantiles."""
        if keys and cells:
            self.blocks.append(_Block(np.asarray(keys), quarter, metric, cells, values))

    def frame(self, key: str, columns: list[str]) -> pd.DataFrame:
        """Return the long table; `key` names the column of the keys. Words are categories."""
        blocks = self.blocks
        sizes = [block.values.size for block in blocks]
        data = {
            key: _joined([np.repeat(block.keys, len(block.cells)) for block in blocks]),
            "quarter": _repeated([block.quarter for block in blocks], sizes),
            "metric": _repeated([block.metric for block in blocks], sizes),
            "good": self._words(0),
            "country": self._words(1),
            "value": _joined([block.values.ravel() for block in blocks]).astype(np.float64),
            "unit": _repeated([self.units[block.metric] for block in blocks], sizes),
        }
        return pd.DataFrame(data)[columns]

    def _words(self, side: int) -> pd.Categorical:
        """Return the goods (0) or countries (1) of all rows."""
        every = {block.cells: None for block in self.blocks}
        names = sorted({cell[side] for cells in every for cell in cells})
        place = {name: position for position, name in enumerate(names)}
        codes = {cells: np.array([place[cell[side]] for cell in cells]) for cells in every}
        rows = [np.tile(codes[block.cells], len(block.keys)) for block in self.blocks]
        return pd.Categorical.from_codes(_joined(rows).astype(np.int64), names)


class _Block(NamedTuple):
    """Numbers of one quarter and metric: `values` [keys, cells]."""

    keys: NDArray[Any]
    quarter: str
    metric: str
    cells: Cells
    values: NDArray[np.float64]


def _joined(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.empty(0)


def _repeated(words: list[str], sizes: list[int]) -> pd.Categorical:
    names = list(dict.fromkeys(words))
    place = {name: position for position, name in enumerate(names)}
    codes = np.repeat(np.array([place[word] for word in words], dtype=np.int64), sizes)
    return pd.Categorical.from_codes(codes, names)
