"""Workers that hang without dying: noticed after a time limit, replaced, and what they hung on found."""

import contextlib
import time
from collections import deque
from pathlib import Path
from typing import Any

import pytest
from small_study import BAD_RUN, empty, small_study

from experiments.study.archive import Archive
from experiments.study.kernel import Task, rows_from_bytes
from experiments.study.plan import make_plan
from experiments.study.pool import DONE, HUNG, Event, LocalPool
from experiments.study.runner import carry_on
from experiments.study.store import Store
from model.error import OreblocError


def test_a_silent_worker_is_replaced() -> None:
    """A worker that is silent for longer than its task allows is ended and told of; the others' tasks are answered.

    One that gives signs of life may take as long as it likes.
    """
    with contextlib.closing(LocalPool(2, "hanging:answer")) as pool:
        for job, task in enumerate(("quick", "stopped", "talks", "quick")):
            pool.submit(job, task, 1.5)
        found: dict[int, Event] = {}
        end = time.monotonic() + 60
        while len(found) < 4 and time.monotonic() < end:
            event = pool.wait(0.1)
            if event and event.kind in (DONE, HUNG):
                found[event.job] = event
    assert {job: event.kind for job, event in found.items()} == {0: DONE, 1: HUNG, 2: DONE, 3: DONE}
    assert found[1].content == "gave no sign of life for 1.5 s and was ended"


class _Frozen:
    """A pool whose worker hangs on whatever holds one run."""

    tries_again = False
    room = 1

    def __init__(self) -> None:
        self.given: list[tuple[int, float]] = []
        self.events: deque[Event] = deque()

    def submit(self, job: int, task: Task, limit: float) -> None:
        runs = rows_from_bytes(task.rows)["run"].to_numpy()
        self.given.append((len(runs), limit))
        hangs = BAD_RUN in runs
        what: Any = f"gave no sign of life for {limit:g} s and was ended" if hangs else empty(task)
        self.events.append(Event(HUNG if hangs else DONE, job, what))

    def wait(self, seconds: float) -> Event | None:
        return self.events.popleft() if self.events else None

    def close(self) -> None:
        pass


def test_a_run_that_hangs_is_found_and_recorded(tmp_path: Path) -> None:
    """The chunk it is in is halved down to it, with less and less patience; it is recorded, all others are kept."""
    study, pool = small_study(outcomes=small_study().to_mapping()["outcomes"][:1]), _Frozen()
    store = Store(tmp_path / "out")
    store.create(study, make_plan(study))
    tally = carry_on(store, pool=pool, limit=3600.0, compute="small_study:empty")
    assert tally.status == {"ok": 119, "killed": 1} and tally.deaths == 7
    runs = Archive(tmp_path / "out").runs.set_index("run")
    assert runs["error"][BAD_RUN] == f"Run {BAD_RUN}: worker gave no sign of life for 60 s and was ended."
    limits = [limit for size, limit in pool.given]
    assert limits[0] == 3600.0 and min(limits) == 60.0 and sum(limits) < 4 * 3600.0
    with pytest.raises(OreblocError, match="Time limit is 0 s; it must be above 0 s"):
        carry_on(store, limit=0.0)
