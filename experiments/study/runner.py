"""Carrying out a study: which chunks are left, who computes them, what happens when a worker dies.

A chunk whose worker died is tried once more, for the cause may lie outside; one that kills again is halved until the
run at fault stands alone, as is one whose worker gives no sign of life for too long. That run is recorded with status
`killed`, and the study goes on.
"""

import contextlib
import itertools
import json
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from experiments.compile_time import is_cold, mark_warm
from experiments.run import BATCH
from experiments.study.kernel import (
    WORLDS,
    Answer,
    Reader,
    Task,
    arrow_table,
    join_answers,
    killed_answer,
    rows_to_bytes,
)
from experiments.study.plan import make_plan
from experiments.study.pool import (
    DIED,
    DONE,
    HUNG,
    PROGRESS,
    RAISED,
    REFUSED,
    USUAL_LIMIT,
    Event,
    LocalPool,
    Pool,
)
from experiments.study.store import LOCK, Store, told
from experiments.study.study import Study
from model.base.data import data_hash
from model.cache import rule_hash
from model.error import OreblocError

COMPUTE = "experiments.study.kernel:compute"
#: Workers that one chunk may kill before what is left of it is given up.
MOST_DEATHS = 64
_WAIT_SECONDS = 0.5
#: Threads that write chunks: flushing to disk takes longer than all else, and does not need the interpreter.
_WRITERS = 8
#: Chunks that may wait to be written; the driver holds no more than these.
_MOST_UNWRITTEN = 16
#: How often a run by itself is given to a cluster again: there a task falls with whatever shares its worker.
_DOUBTS = 2
#: The least that a part of a chunk that hung may be silent, seconds: a new worker reads rules and base data first.
_LEAST_LIMIT = 60.0


@dataclass
class _Job:
    """Rows of one chunk that a worker is given, and for how many seconds it may be silent about them.

    `deaths` of workers that had them, `told` runs reported done.
    """

    chunk: int
    rows: NDArray[np.int64]
    limit: float
    deaths: int = 0
    told: int = 0


@dataclass
class _Chunk:
    """A chunk that is on its way in parts: what has come, and how many runs are still out."""

    left: int
    parts: list[Answer] = field(default_factory=list)
    deaths: int = 0


@dataclass
class Tally:
    """What a call did: runs computed, by status; deaths of workers; notes on what was repaired."""

    runs: int = 0
    status: dict[str, int] = field(default_factory=dict)
    deaths: int = 0
    notes: list[str] = field(default_factory=list)
    first_error: str = ""

    @property
    def failed(self) -> int:
        """Runs that have no complete series."""
        return self.runs - self.status.get("ok", 0)


Progress = Callable[[int, Tally], None]


def run_study(
    study: Study,
    folder: str | Path,
    *,
    runs: int | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    limit: float = USUAL_LIMIT,
    compute: str = COMPUTE,
    started: Callable[[Store], None] | None = None,
) -> Store:
    """Run a study into a new folder and return its store. Raises `OreblocError`.

    `runs` asks for so many in all, `workers` local processes (one per core), `scheduler` the address of a Dask
    cluster; `progress` is called with the runs newly done and the tally; `started` once the folder stands. A worker
    that gives no sign of life for `limit` seconds is replaced, and what it was at is told apart run by run.
    """
    plan = make_plan(study, runs)
    store = Store(folder)
    store.create(study, plan, runs)
    if started:
        started(store)
    carry_on(store, workers=workers, scheduler=scheduler, progress=progress, limit=limit, compute=compute)
    return store


def resume_study(
    folder: str | Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    limit: float = USUAL_LIMIT,
    compute: str = COMPUTE,
) -> Tally:
    """Go on with a study where it stopped, after repairing what can be repaired; return what was done."""
    store = Store(folder)
    store.check_hashes()
    return carry_on(
        store, workers=workers, scheduler=scheduler, progress=progress, limit=limit, compute=compute
    )


def carry_on(
    store: Store,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    limit: float = USUAL_LIMIT,
    compute: str = COMPUTE,
    pool: Pool | None = None,
) -> Tally:
    """Compute the chunks of a folder that are not done. Raises `OreblocError`.

    `pool`: workers that are there already and stay; `limit` as in `run_study`.
    """
    if not limit > 0.0:
        raise OreblocError(f"Time limit is {limit:g} s; it must be above 0 s. Leave it out for an hour.")
    with _only_one(store):
        notes = store.repair()
        study, experiments = store.study(), store.experiments()
        left = sorted(set(range(store.manifest()["chunks"])) - store.done())
        runner = _Runner(store, study, experiments, left, progress, limit)
        runner.tally.notes += notes
        if not left:
            return runner.tally
        if compute == COMPUTE:
            check_outcomes(study)
        if pool is not None:
            runner.run(pool)
            return runner.tally
        with contextlib.closing(_pool(workers, scheduler, compute, len(left))) as own:
            runner.run(own)
        if compute == COMPUTE and not scheduler:
            mark_warm()
        return runner.tally


def check_outcomes(study: Study) -> None:
    """Raise `OreblocError` where an outcome is not recorded in one of the scenarios, before runs are spent on it."""
    for scenario in study.scenarios.values():
        Reader(study, WORLDS, scenario)


def _pool(workers: int | None, scheduler: str | None, compute: str, chunks: int) -> Any:
    if scheduler:
        from experiments.study.cluster import DaskPool

        return DaskPool(scheduler, compute)
    return LocalPool(min(worker_count(workers), chunks), compute, cold=compute == COMPUTE and is_cold())


def worker_count(workers: int | None) -> int:
    """Return the number of workers asked for, one per processor if None. Raises `OreblocError` below one."""
    if workers is not None and workers < 1:
        raise OreblocError(
            f"Number of workers is {workers}; it must be 1 or more. Leave it out for one per core."
        )
    return workers or usual_workers()


def usual_workers() -> int:
    """Return the number of processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _only_one(store: Store) -> Iterator[None]:
    """Hold the folder for one runner at a time; the system lets go of it when that one ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # not on this system; a second runner would only repeat work
        yield
        return
    with told(store.folder):
        file = open(store.folder / LOCK, "w", encoding="utf-8")  # noqa: SIM115 - closed below
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OreblocError(
                f"Study in {store.folder} is being run by another process. Wait for it, or end it first."
            ) from None
        yield


class _Runner:
    """Hands out chunks and takes answers."""

    def __init__(
        self,
        store: Store,
        study: Study,
        experiments: pd.DataFrame,
        left: list[int],
        progress: Progress | None,
        limit: float,
    ) -> None:
        self.store, self.study, self.progress = store, study, progress
        self.text = json.dumps(study.to_mapping())
        self.experiments = experiments.drop(columns="chunk")
        self.table = arrow_table(self.experiments)
        self.chunk_rows = _rows_by_chunk(experiments["chunk"].to_numpy())
        self.limit = limit
        self.waiting = deque(_Job(chunk, self.chunk_rows[chunk], limit) for chunk in left)
        self.open: dict[int, _Chunk] = {}
        self.jobs: dict[int, _Job] = {}
        self.numbers = itertools.count()
        self.tries_again, self.doubts = False, 0
        self.unwritten: deque[tuple[Future[None], Answer]] = deque()
        self.tally = Tally()

    def run(self, pool: Pool) -> None:
        """Compute everything that is left."""
        self.tries_again = pool.tries_again
        self.doubts = _DOUBTS if pool.tries_again else 0
        with ThreadPoolExecutor(_WRITERS) as self.writers:
            while self.waiting or self.jobs:
                while self.waiting and pool.room > 0:
                    self._hand_out(pool)
                event = pool.wait(_WAIT_SECONDS)
                if event is not None and event.job in self.jobs:
                    self._take(event)
                self._settle(_MOST_UNWRITTEN)
            self._settle(0)
        self.store.settle()

    def _settle(self, most: int) -> None:
        """Count the chunks that are on disk; wait until at most so many are not. Raises `OreblocError`."""
        while self.unwritten and (self.unwritten[0][0].done() or len(self.unwritten) > most):
            written, answer = self.unwritten.popleft()
            written.result()
            self._count(answer)

    def _hand_out(self, pool: Pool) -> None:
        job, number = self.waiting.popleft(), next(self.numbers)
        self.jobs[number] = job
        rows = rows_to_bytes(_rows_of(self.table, job.rows))
        pool.submit(number, Task(self.text, job.chunk, rows, rule_hash(), data_hash()), job.limit)

    def _take(self, event: Event) -> None:
        job = self.jobs[event.job]
        if event.kind == PROGRESS:
            self._tell(job, int(event.content))
            return
        del self.jobs[event.job]
        if event.kind == REFUSED:
            raise OreblocError(str(event.content))
        if event.kind == DONE:
            self._tell(job, len(job.rows) - job.told)
            self._done(job, event.content)
        elif event.kind in (DIED, HUNG, RAISED):
            self._lost(job, event)

    def _tell(self, job: _Job, runs: int) -> None:
        job.told += runs
        if self.progress:
            self.progress(runs, self.tally)

    def _done(self, job: _Job, answer: Answer) -> None:
        whole = self.open.setdefault(job.chunk, _Chunk(len(self.chunk_rows[job.chunk])))
        whole.parts.append(answer)
        whole.left -= len(job.rows)
        if whole.left > 0:
            return
        del self.open[job.chunk]
        answer = whole.parts[0] if len(whole.parts) == 1 else join_answers(job.chunk, whole.parts)
        self.unwritten.append((self.writers.submit(self.store.keep, answer), answer))

    def _count(self, answer: Answer) -> None:
        self.tally.runs += sum(answer.status.values())
        for word, count in answer.status.items():
            self.tally.status[word] = self.tally.status.get(word, 0) + count
        self.tally.first_error = self.tally.first_error or answer.error
        if self.progress:
            self.progress(0, self.tally)

    def _lost(self, job: _Job, event: Event) -> None:
        """Try again what a dead worker had, in halves if it hung or it was not the first time."""
        self._tell(job, -job.told)
        self.tally.deaths += event.kind != RAISED
        whole = self.open.setdefault(job.chunk, _Chunk(len(self.chunk_rows[job.chunk])))
        whole.deaths += 1
        first = job.deaths == 0 and event.kind == DIED and not self.tries_again
        if whole.deaths > MOST_DEATHS:
            self._give_up(job, f"Not computed: its chunk had ended {MOST_DEATHS} workers before.")
        elif first:
            self.waiting.appendleft(_Job(job.chunk, job.rows, job.limit, 1))
        elif len(job.rows) == 1 and event.kind != RAISED and job.deaths <= self.doubts:
            self.waiting.appendleft(_Job(job.chunk, job.rows, job.limit, job.deaths + 1))
        elif len(job.rows) == 1:
            how = str(event.content) if event.kind == RAISED else f"worker {event.content}"
            self._give_up(job, f"Run {int(self.experiments['run'].iloc[job.rows[0]])}: {how}.")
        else:
            half = len(job.rows) // 2
            for rows in (job.rows[half:], job.rows[:half]):
                limit = self._limit_of(rows) if event.kind == HUNG else job.limit
                self.waiting.appendleft(_Job(job.chunk, rows, limit, 1))

    def _limit_of(self, rows: NDArray[np.int64]) -> float:
        """Return how long a part of a chunk that hung may be silent: less, as fewer runs go through together."""
        return max(self.limit * min(len(rows), BATCH) / BATCH, min(self.limit, _LEAST_LIMIT))

    def _give_up(self, job: _Job, error: str) -> None:
        rows = self.experiments.iloc[job.rows]
        self._tell(job, len(job.rows))
        self._done(job, killed_answer(self.study, job.chunk, rows, error))


def _rows_of(table: pa.Table, rows: NDArray[np.int64]) -> pa.Table:
    """Return rows of a table, given in rising order; without a copy where they lie side by side, as most chunks do."""
    if rows.size and rows[-1] - rows[0] + 1 == rows.size:
        return table.slice(int(rows[0]), rows.size)
    return table.take(rows)


def _rows_by_chunk(chunk: NDArray[Any]) -> list[NDArray[np.int64]]:
    order = np.argsort(chunk, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(chunk[order])) + 1)
