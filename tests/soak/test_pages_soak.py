"""An hour of play, shortened: what a session keeps does not grow with what is asked of it."""

import gc
import threading
import time
import tracemalloc

import pytest

from viz.live.message import unpacked
from viz.live.worker import FAN
from viz.page.session import Session

pytestmark = pytest.mark.soak


def test_a_session_that_plays_on_keeps_no_more() -> None:
    """After 200 more levers moved a session holds at most 5 % more memory than after the first 200."""
    done, whole = threading.Event(), threading.Event()
    wanted = [0]

    def hear(data: bytes) -> None:
        header, _ = unpacked(data)
        if header.get("number") == wanted[0]:
            if header.get("step") == "exact":
                done.set()
            if header.get("runs") == sum(FAN):
                whole.set()

    session = Session(hear, "?scenario=tiny&from=2026Q1", "tiny")

    def play(moves: int) -> float:
        for _ in range(moves):
            wanted[0] += 1
            done.clear()
            whole.clear()
            lever = {"type": "lever", "id": "floor", "good": "gallium_refined", "value": 300 + wanted[0]}
            session.take({"number": wanted[0], **(lever if wanted[0] > 1 else {"type": "hello"})})
            assert done.wait(120)
        assert whole.wait(300)  # at rest: the worlds behind the bands take some megabytes while they run
        time.sleep(0.5)
        gc.collect()
        return float(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    try:
        before = play(200)  # pandas keeps up to 500 dead references to each column of a shared table
        after = play(200)
    finally:
        tracemalloc.stop()
        session.close()
    assert after <= 1.05 * before, f"{before / 1e6:.1f} MB became {after / 1e6:.1f} MB"
