"""Workers of a Dask cluster: any that a scheduler's address reaches, so SLURM and Kubernetes through Dask's own
deployers.

Answers come back as bytes and are written by the driver: workers need no file system in common with it. A worker that
dies while it computes a chunk is replaced by the cluster and the chunk goes to another; a chunk that kills as many as
the cluster allows (`distributed.scheduler.allowed-failures`) comes back as died.
"""

import contextlib
import os
import queue
import sys
import threading
import time
from typing import Any

from experiments.study.pool import DIED, DONE, RAISED, REFUSED, USUAL_LIMIT, Event
from experiments.study.worker import function_at
from model.error import OreblocError

_WAIT_SECONDS = 15
#: Exit code of a worker whose chunk took too long.
_HUNG = 75


def answer(compute: str, task: Any, limit: float) -> tuple[str, Any]:
    """Compute a task on a worker of the cluster; return what became of it. The worker ends if it takes too long."""
    clock = threading.Timer(limit, os._exit, (_HUNG,))
    clock.daemon = True
    clock.start()
    try:
        return DONE, function_at(compute)(task, None)
    except OreblocError as error:
        return REFUSED, str(error)
    except Exception as error:
        return RAISED, f"{type(error).__name__}: {error}"
    finally:
        clock.cancel()


class DaskPool:
    """The workers behind a scheduler's address."""

    tries_again = True

    def __init__(self, address: str, compute: str) -> None:
        from distributed import Client

        try:
            self.client = Client(address, timeout=f"{_WAIT_SECONDS}s", set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise OreblocError(
                f"Scheduler {address} cannot be reached: {type(error).__name__}. Give the address that the Dask "
                f"cluster "
                "tells, such as tcp://127.0.0.1:8786."
            ) from None
        self.compute, self.address = compute, address
        self.alone_since: float | None = None
        self.told = False
        self.events: queue.Queue[tuple[int, Any]] = queue.Queue()
        self.futures: dict[int, Any] = {}

    @property
    def room(self) -> int:
        """How many more tasks keep every thread of the cluster busy, with as many waiting."""
        return max(2 * max(self._threads(), 1) - len(self.futures), 0)

    def _threads(self) -> int:
        """Return the number of threads of the cluster; say so where there is none. Raises `OreblocError`."""
        try:
            if self.client.status == "closed":
                raise ConnectionError
            threads = sum(
                self.client.sync(self.client.scheduler.ncores, callback_timeout=_WAIT_SECONDS).values()
            )
        except (
            OSError,
            TimeoutError,
            AttributeError,
        ) as error:  # the client drops its scheduler when it gives up
            raise OreblocError(
                f"Scheduler {self.address} was lost: {type(error).__name__}. What is done is kept; `orebloc study "
                "resume` goes on, here or with another --scheduler."
            ) from None
        self._mind(threads)
        return threads

    def _mind(self, threads: int) -> None:
        """Say once that the cluster has no worker, after it had none for a while."""
        if threads:
            self.alone_since = None
            return
        self.alone_since = self.alone_since or time.monotonic()
        if not self.told and time.monotonic() - self.alone_since > _WAIT_SECONDS:
            self.told = True
            print(
                f"Scheduler {self.address} has no worker; waiting for one. Start some: dask worker {self.address}",
                file=sys.stderr,
            )

    def submit(self, job: int, task: Any, limit: float = USUAL_LIMIT) -> None:
        """Hand over a task; here the limit is the whole chunk's, as workers of a cluster tell nothing meanwhile."""
        future = self.client.submit(
            answer, self.compute, task, limit, key=f"orebloc-{id(self)}-{job}", pure=False, retries=0
        )
        self.futures[job] = future
        future.add_done_callback(lambda done: self.events.put((job, done)))

    def wait(self, seconds: float) -> Event | None:
        """Return the next event of a job."""
        try:
            job, future = self.events.get(timeout=seconds)
        except queue.Empty:
            self._threads()
            return None
        if self.futures.pop(job, None) is None:
            return None
        if future.status != "finished":
            lost = future.exception() if future.status == "error" else None
            return Event(DIED, job, f"was lost ({type(lost).__name__})" if lost else "was lost")
        try:
            kind, content = future.result()
        except Exception as error:  # the worker that kept the answer died before it was fetched
            return Event(DIED, job, f"was lost ({type(error).__name__})")
        return Event(kind, job, content)

    def close(self) -> None:
        """Take back what is not done; the cluster stays."""
        with contextlib.suppress(Exception):
            if self.client.status == "running":
                self.client.cancel(list(self.futures.values()))
        self.client.close(timeout=_WAIT_SECONDS)
