"""Local workers: plain processes, each with one task at a time and one waiting, replaced when one dies.

Why not `concurrent.futures`: there one dead process breaks the whole pool, takes the others' work with it and does
not say whose task it was. Here a worker's death costs its own task and names it, which is what finding a bad run
needs.
"""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

from experiments.study.worker import DONE, PROGRESS, RAISED, READY, REFUSED, read_frame, write_frame
from model.error import OreblocError

DIED = "died"
#: Workers that end before they were ready, one after another, until the study gives up.
MOST_FALSE_STARTS = 3
#: Tasks a worker holds: the one it computes, and one so that it need not wait for the next.
_AT_A_TIME = 2


@dataclass(frozen=True)
class Event:
    """What a worker tells of a job: `kind` is one of done, progress, refused, raised, died."""

    kind: str
    job: int
    content: Any = None


class Pool(Protocol):
    """Whoever computes tasks: local processes, or a Dask cluster.

    `tries_again`: whether a task was given to several workers before its death is told.
    """

    tries_again: bool

    @property
    def room(self) -> int:
        """How many more jobs may be handed over now."""

    def submit(self, job: int, task: Any) -> None:
        """Hand over a task under a job's number."""

    def wait(self, seconds: float) -> Event | None:
        """Return the next event, or None where nothing happened in that time."""

    def close(self) -> None:
        """Stop all work."""


class _Worker:
    """One process and the thread that listens to it."""

    def __init__(self, compute: str, events: "queue.Queue[tuple[_Worker, str, int, Any]]") -> None:
        self.tasks: deque[tuple[int, Any]] = deque()
        self.ready = False
        self.process = subprocess.Popen(
            [sys.executable, "-m", "experiments.study.worker", compute],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(), start_new_session=True,
        )  # fmt: skip
        self.events = events
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            while True:
                self.events.put((self, *read_frame(self.process.stdout)))  # type: ignore[arg-type]
        except (EOFError, OSError, ValueError):
            self.events.put((self, DIED, -1, _ended(self.process)))

    def give(self, job: int, task: Any) -> None:
        self.tasks.append((job, task))
        with contextlib.suppress(OSError):  # it has died; its thread tells
            write_frame(self.process.stdin, (job, task))  # type: ignore[arg-type]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                stream.close()  # type: ignore[union-attr]


def _ended(process: "subprocess.Popen[bytes]") -> str:
    """Return how a process ended, in words."""
    code = process.wait()
    if code < 0:
        try:
            return f"was killed by signal {signal.Signals(-code).name}"
        except ValueError:
            return f"was killed by signal {-code}"
    return f"ended with exit code {code}"


def _environment() -> dict[str, str]:
    """Return the environment of a worker: it finds our packages as we do, and its libraries keep to one thread."""
    one = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
    )
    return {**os.environ, **one, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}


class LocalPool:
    """So many workers on this machine; where rules are still to be compiled (`cold`) one computes before the others."""

    tries_again = False

    def __init__(self, workers: int, compute: str, cold: bool = False) -> None:
        self.compute = compute
        self.cold = cold
        self.events: queue.Queue[tuple[_Worker, str, int, Any]] = queue.Queue()
        self.false_starts = 0
        self.workers = [_Worker(compute, self.events) for _ in range(workers)]

    @property
    def room(self) -> int:
        """How many more tasks keep every worker busy, with one waiting for each."""
        if self.cold:
            return int(not any(worker.tasks for worker in self.workers))
        return sum(max(_AT_A_TIME - len(worker.tasks), 0) for worker in self.workers)

    @property
    def processes(self) -> list[int]:
        """The workers' process numbers."""
        return [worker.process.pid for worker in self.workers]

    def submit(self, job: int, task: Any) -> None:
        """Give a task to the worker with the fewest; one that is still starting takes it when it is ready."""
        min(self.workers, key=lambda worker: (len(worker.tasks), not worker.ready)).give(job, task)

    def wait(self, seconds: float) -> Event | None:
        """Return the next event of a job. Raises `OreblocError` where workers cannot start at all."""
        try:
            worker, kind, job, content = self.events.get(timeout=seconds)
        except queue.Empty:
            return None
        if kind == READY:
            worker.ready, self.false_starts = True, 0
            return None
        if kind == DIED:
            return self._replace(worker, str(content))
        if kind in (DONE, REFUSED, RAISED):
            worker.tasks.popleft()
            self.cold = False
        return Event(kind, job, content)

    def _replace(self, worker: _Worker, how: str) -> Event | None:
        if worker not in self.workers:
            return None
        if not worker.ready:
            self.false_starts += 1
            if self.false_starts >= MOST_FALSE_STARTS:
                raise OreblocError(
                    f"Workers cannot start: {self.false_starts} in a row ended before they were ready; the last "
                    f"one {how}. "
                    "What it said is above. Try --workers 1, or free memory."
                )
        worker.stop()
        new = _Worker(self.compute, self.events)
        self.workers[self.workers.index(worker)] = new
        tasks = list(worker.tasks)
        lost = tasks[:1] if worker.ready else []  # one that never was ready has touched none
        for job, task in tasks[len(lost) :]:
            new.give(job, task)
        return Event(DIED, lost[0][0], how) if lost else None

    def close(self) -> None:
        """Stop all workers, at once."""
        workers, self.workers = self.workers, []
        for worker in workers:
            worker.stop()


__all__ = ["DIED", "DONE", "PROGRESS", "RAISED", "REFUSED", "Event", "LocalPool", "Pool"]
