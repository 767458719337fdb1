"""Workers of a Dask cluster: any that a scheduler's address reaches, so SLURM and Kubernetes through Dask's own
deployers.

Answers come back as bytes and are written by the driver: workers need no file system in common with it. A worker that
dies while it computes a chunk is replaced by the cluster and the chunk goes to another; a chunk that kills as many as
the cluster allows (`distributed.scheduler.allowed-failures`) comes back as died.
"""

import contextlib
import queue
from typing import Any

from experiments.study.pool import DIED, DONE, RAISED, REFUSED, Event
from experiments.study.worker import function_at
from model.error import OreblocError

_WAIT_SECONDS = 15


def answer(compute: str, task: Any) -> tuple[str, Any]:
    """Compute a task on a worker of the cluster; return what became of it."""
    try:
        return DONE, function_at(compute)(task, None)
    except OreblocError as error:
        return REFUSED, str(error)
    except Exception as error:
        return RAISED, f"{type(error).__name__}: {error}"


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
        self.compute = compute
        self.events: queue.Queue[tuple[int, Any]] = queue.Queue()
        self.futures: dict[int, Any] = {}

    @property
    def room(self) -> int:
        """How many more tasks keep every thread of the cluster busy, with as many waiting."""
        return max(2 * max(sum(self.client.nthreads().values()), 1) - len(self.futures), 0)

    def submit(self, job: int, task: Any) -> None:
        """Hand over a task."""
        future = self.client.submit(
            answer, self.compute, task, key=f"orebloc-{id(self)}-{job}", pure=False, retries=0
        )
        self.futures[job] = future
        future.add_done_callback(lambda done: self.events.put((job, done)))

    def wait(self, seconds: float) -> Event | None:
        """Return the next event of a job."""
        try:
            job, future = self.events.get(timeout=seconds)
        except queue.Empty:
            return None
        if self.futures.pop(job, None) is None:
            return None
        if future.status == "finished":
            kind, content = future.result()
            return Event(kind, job, content)
        return Event(
            DIED,
            job,
            f"was lost ({type(future.exception()).__name__})" if future.status == "error" else "was lost",
        )

    def close(self) -> None:
        """Take back what is not done; the cluster stays."""
        with contextlib.suppress(Exception):
            self.client.cancel(list(self.futures.values()))
        self.client.close()
