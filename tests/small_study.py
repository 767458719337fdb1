"""A study small enough for tests, and ways for its workers to come to grief."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.study.kernel import Answer, Task, compute, parquet_bytes, rows_from_bytes
from experiments.study.study import Study, define_study

OUTCOMES = [
    {"name": "share", "metric": "production_share", "good": "gallium", "country": "CHN", "goal": "lower"},
    {
        "name": "price",
        "metric": "outside_price_usd_per_t",
        "good": "germanium",
        "country": "*",
        "take": "mean",
    },
    {"name": "value", "metric": "production_value_usd", "take": "sum", "first": "2025Q2", "last": "2025Q3"},
]
DOUBTS = {
    "discount_private": {"low": 0.05, "high": 0.15},
    "stock_days": {"kind": "triangular", "low": 20, "mode": 45, "high": 90},
}
#: Run number at which `killer` and `raiser` come to grief.
BAD_RUN = 70


def small_study(**changes: Any) -> Study:
    """Return a study of two scenarios and a lever over four quarters."""
    keys: dict[str, Any] = {
        "name": "small",
        "question": "Does the lever matter?",
        "until": "2025Q4",
        "chunk": 64,
        "seed": 5,
        "scenarios": [
            {"name": "plain", "scenario": "tiny"},
            {"name": "taxed", "scenario": "tiny", "changes": {"measures.1.fields.growth": 0.01}},
        ],
        "levers": {"tax": {"path": "measures.3.fields.rate", "values": [0.1, 0.2], "scenarios": ["taxed"]}},
        "uncertainties": DOUBTS,
        "design": {"kind": "latin_hypercube", "runs": 40},
        "outcomes": OUTCOMES,
    }
    return define_study(**{**keys, **changes})


def _once(folder: Path, name: str) -> bool:
    """Tell whether this is the first call for a name, for all processes together."""
    try:
        os.close(os.open(folder / name, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def dies_once(task: Task, tell: Callable[[int], None] | None = None) -> Answer:
    """Compute; the worker that meets chunk 1 first is killed as if by somebody outside."""
    if task.chunk == 1 and _once(Path(os.environ["OREBLOC_TEST_FOLDER"]), "died"):
        os.kill(os.getpid(), signal.SIGKILL)
    return compute(task, tell)


def killer(task: Task, tell: Callable[[int], None] | None = None) -> Answer:
    """Compute; a chunk that holds `BAD_RUN` kills whoever computes it."""
    if BAD_RUN in rows_from_bytes(task.rows)["run"].to_numpy():
        os.kill(os.getpid(), signal.SIGKILL)
    return compute(task, tell)


def slow(task: Task, tell: Callable[[int], None] | None = None) -> Answer:
    """Compute, and take a while about it; chunks after the first take so long that a driver is killed before."""
    time.sleep(0.5 if task.chunk == 0 else 8.0)
    return compute(task, tell)


def never_starts(task: Task, tell: Callable[[int], None] | None = None) -> Answer:
    """Refuse as a worker with other rules would."""
    return compute(Task(task.study, task.chunk, task.rows, "0" * 16, task.data_hash), tell)


def empty(task: Task, tell: Callable[[int], None] | None = None) -> Answer:
    """Answer without computing anything: what is left is the cost of handing out, collecting and keeping."""
    runs = rows_from_bytes(task.rows)["run"].to_numpy()
    size = len(runs)
    record = {
        "run": runs,
        "status": pd.Categorical.from_codes(np.zeros(size, np.int8), ["ok"]),
        "error": pd.Categorical.from_codes(np.zeros(size, np.int8), [""]),
        "outcome.share": np.zeros(size),
    }
    return Answer(task.chunk, pd.DataFrame(record), {"series": _EMPTY})


_EMPTY = parquet_bytes(pa.table({"run": pa.array([], pa.int64()), "quarter": pa.array([], pa.string())}))
