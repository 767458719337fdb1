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
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

from experiments.study.worker import DONE, PROGRESS, RAISED, READY, REFUSED, read_frame, write_frame
from model.error import OreblocError

DIED, HUNG = "died", "hung"
#: Seconds that a worker may take to start and load compiled rules, however short the limit of its chunk.
STARTING_SECONDS = 120.0
#: Workers that end before they were ready, one after another, until the study gives up.
MOST_FALSE_STARTS = 3
#: Tasks a worker holds: the one it computes, and one so that it need not wait for the next.
_AT_A_TIME = 2
#: Seconds that a chunk may go without a sign of life before its worker is taken for hung.
USUAL_LIMIT = 3600.0


@dataclass(frozen=True)
class Event:
    """What becomes of a job: `kind` is one of done, progress, refused, raised, died, hung."""

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

    def submit(self, job: int, task: Any, limit: float) -> None:
        """Hand over a task under a job's number; its worker is ended after `limit` seconds without a sign of life."""

    def wait(self, seconds: float) -> Event | None:
        """Return the next event, or None where nothing happened in that time."""

    def close(self) -> None:
        """Stop all work."""


class _Worker:
    """One process, the thread that listens to it, and the one that speaks to it: neither it nor we wait for the other.

    `heard` is when it last gave a sign of life, or was given the task it is at.
    """

    def __init__(self, compute: str, events: "queue.Queue[tuple[_Worker, str, int, Any]]") -> None:
        self.tasks: deque[tuple[int, Any, float]] = deque()
        self.unsent: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.ready = self.hung = False
        self.heard = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "experiments.study.worker", compute],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(), start_new_session=True,
        )  # fmt: skip
        self.events = events
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._speak, daemon=True).start()

    def _listen(self) -> None:
        try:
            while True:
                self.events.put((self, *read_frame(self.process.stdout)))  # type: ignore[arg-type]
        except (EOFError, OSError, ValueError):
            self.events.put((self, DIED, -1, _ended(self.process)))

    def _speak(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # it has died; the other thread tells
            while (message := self.unsent.get()) is not None:
                write_frame(self.process.stdin, message)  # type: ignore[arg-type]

    def give(self, job: int, task: Any, limit: float) -> None:
        if not self.tasks:
            self.heard = time.monotonic()
        self.tasks.append((job, task, limit))
        self.unsent.put((job, task))

    def is_overdue(self) -> bool:
        """Return whether it has been silent for longer than its task allows."""
        if not self.tasks:
            return False
        patience = self.tasks[0][2] if self.ready else max(self.tasks[0][2], STARTING_SECONDS)
        return time.monotonic() - self.heard > patience

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.unsent.put(None)
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

    def submit(self, job: int, task: Any, limit: float = USUAL_LIMIT) -> None:
        """Give a task to the worker with the fewest; one that is still starting takes it when it is ready."""
        min(self.workers, key=lambda worker: (len(worker.tasks), not worker.ready)).give(job, task, limit)

    def wait(self, seconds: float) -> Event | None:
        """Return the next event of a job. Raises `OreblocError` where workers cannot start at all."""
        self._end_the_hung()
        try:
            worker, kind, job, content = self.events.get(timeout=seconds)
        except queue.Empty:
            return None
        worker.heard = time.monotonic()
        if kind == READY:
            worker.ready, self.false_starts = True, 0
            return None
        if kind == DIED:
            return self._replace(worker, str(content))
        if kind in (DONE, REFUSED, RAISED):
            worker.tasks.popleft()
            self.cold = False
        return Event(kind, job, content)

    def _end_the_hung(self) -> None:
        """Kill workers that have been silent for too long; that they died comes as an event like any other."""
        for worker in self.workers:
            if not worker.hung and worker.is_overdue():
                worker.hung = True
                worker.process.kill()

    def _replace(self, worker: _Worker, how: str) -> Event | None:
        if worker not in self.workers:
            return None
        if worker.hung:
            how = f"gave no sign of life for {worker.tasks[0][2]:g} s and was ended"
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
        for job, task, limit in tasks[len(lost) :]:
            new.give(job, task, limit)
        return Event(HUNG if worker.hung else DIED, lost[0][0], how) if lost else None

    def close(self) -> None:
        """Stop all workers, at once."""
        workers, self.workers = self.workers, []
        for worker in workers:
            worker.stop()


__all__ = [
    "DIED",
    "DONE",
    "HUNG",
    "PROGRESS",
    "RAISED",
    "REFUSED",
    "USUAL_LIMIT",
    "Event",
    "LocalPool",
    "Pool",
]
