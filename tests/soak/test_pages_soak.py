"""An hour of play, shortened: what a session keeps does not grow with what is asked of it."""

import gc
import threading
import tracemalloc

import pytest

from viz.live.message import unpacked
from viz.page.session import Session

pytestmark = pytest.mark.soak


def test_a_session_that_plays_on_keeps_no_more() -> None:
    """After 300 more levers moved a session holds at most 5 % more memory than after the first 100."""
    done = threading.Event()
    wanted = [0]

    def hear(data: bytes) -> None:
        header, _ = unpacked(data)
        if header.get("number") == wanted[0] and header.get("step") == "exact":
            done.set()

    session = Session(hear, "?scenario=tiny&from=2026Q1", "tiny")

    def play(moves: int) -> float:
        for _ in range(moves):
            wanted[0] += 1
            done.clear()
            lever = {"type": "lever", "id": "floor", "good": "gallium_refined", "value": 300 + wanted[0]}
            session.take({"number": wanted[0], **(lever if wanted[0] > 1 else {"type": "hello"})})
            assert done.wait(120)
        gc.collect()
        return float(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    try:
        before = play(100)
        after = play(300)
    finally:
        tracemalloc.stop()
        session.close()
    assert after <= 1.05 * before, f"{before / 1e6:.1f} MB became {after / 1e6:.1f} MB"
