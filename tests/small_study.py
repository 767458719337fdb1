"""A study small enough for tests, and ways for its workers to come to grief."""

import os
import signal
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.study import kernel
from experiments.study.archive import Archive
from experiments.study.kernel import Answer, Task, compute, parquet_bytes, rows_from_bytes, same_word
from experiments.study.plan import make_plan
from experiments.study.pool import DONE, Event
from experiments.study.runner import Tally, carry_on
from experiments.study.store import Store
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
BAD_RUN = 65


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


def five_chunks() -> Study:
    """Return a study of 320 runs of one quarter in five chunks: whoever dies at the second dies at 20 %."""
    return small_study(until="2025Q1", design={"kind": "latin_hypercube", "runs": 107}, outcomes=OUTCOMES[:2])


class Here:
    """A pool that computes in this process, one task at a time: where what is kept is tested, not who computes."""

    tries_again = False

    def __init__(self, *_: Any, **__: Any) -> None:
        self.answers: deque[Event] = deque()

    @property
    def room(self) -> int:
        return int(not self.answers)

    def submit(self, job: int, task: Task, limit: float) -> None:
        self.answers.append(Event(DONE, job, compute(task)))

    def wait(self, seconds: float) -> Event | None:
        return self.answers.popleft() if self.answers else None

    def close(self) -> None:
        pass


def run_here(study: Study, folder: Path) -> Store:
    """Run a study into a new folder in this process: the numbers are those of any worker."""
    store = Store(folder)
    store.create(study, make_plan(study))
    carry_on(store, pool=Here())
    return store


def resume_here(folder: Path) -> Tally:
    """Go on with a folder in this process."""
    store = Store(folder)
    store.check_hashes()
    return carry_on(store, pool=Here())


def folder_of(study: Study, folder: Path, outcome: Any) -> Archive:
    """Return a study's folder whose runs have `outcome(runs)` as first outcome, without running the engine."""
    plan = make_plan(study)
    store = Store(folder)
    store.create(study, plan)
    for number in range(plan.chunks):
        rows = plan.runs[plan.chunk == number].reset_index(drop=True)
        values = np.tile(
            np.asarray(outcome(rows), float)[None, :, None], (len(study.columns), 1, len(study.quarters))
        )
        sheet = kernel._Sheet(
            np.arange(len(rows)), values, np.zeros(len(rows)), ["ok"] * len(rows), [""] * len(rows), 0.0
        )
        store.keep(kernel._answer(study, number, rows, [sheet]))
    return Archive(folder)


_MOVING = ["seconds", "host"]


def tables(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return runs and series without times and hosts, in the order of runs."""
    archive = Archive(folder)
    runs = archive.table.drop(columns=_MOVING)
    words = {name: str for name in runs.columns if runs[name].dtype == "category"}
    return runs.astype(words), archive.series()


def assert_same(folder: Path, other: Path, *, but: tuple[int, ...] = ()) -> None:
    """Compare every number bit for bit, runs `but` aside."""
    for one, two in zip(tables(folder), tables(other), strict=True):
        one, two = (t[~t["run"].isin(but)].reset_index(drop=True) for t in (one, two))
        assert len(one) and list(one.columns) == list(two.columns)
        for name in one.columns:
            if one[name].dtype.kind == "f":
                a, b = (t[name].to_numpy() for t in (one, two))
                bits = f"u{a.dtype.itemsize}"
                assert a.dtype == b.dtype and (a.view(bits) == b.view(bits)).all(), name
            else:
                assert one[name].tolist() == two[name].tolist(), name


def _once(folder: Path, name: str) -> bool:
    """Tell whether this is the first call for a name, for all processes together."""
    try:
        os.close(os.open(folder / name, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def dies_once(task: Task, tell: Callable[[int], None] | None = None) -> Answer:
    """Compute; the worker that meets chunk 1 first is killed as if by somebody outside. Every chunk begun is noted."""
    folder = Path(os.environ["OREBLOC_TEST_FOLDER"])
    with open(folder / "begun", "a", encoding="utf-8") as file:
        file.write(f"{task.chunk}\n")
    if task.chunk == 1 and _once(folder, "died"):
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
    runs = pa.ipc.open_stream(task.rows).read_all()["run"]
    size = len(runs)
    record = {
        "run": runs,
        "status": same_word("ok", size),
        "error": pa.array([""] * size),
        "outcome.share": np.zeros(size),
    }
    return Answer(task.chunk, {"series": _EMPTY, "runs": parquet_bytes(pa.table(record))}, {"ok": size})


_QUARTERS = pa.DictionaryArray.from_arrays(pa.array([], pa.int16()), pa.array(["2025Q1"]))
_EMPTY = parquet_bytes(pa.table({"run": pa.array([], pa.int64()), "quarter": _QUARTERS}))
