"""Coroutines run from plain code, whether or not a loop is running here."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from viz.classroom.loop import run_to_end


async def doubled(number):
    await asyncio.sleep(0)
    return 2 * number


def test_a_coroutine_runs_with_and_without_a_loop():
    """The answer is the same from plain code and from within a running loop, as in a notebook."""

    async def inside():
        return run_to_end(doubled(4))

    with ThreadPoolExecutor(1) as thread:  # a loop of this thread's own may run here already
        nested = thread.submit(asyncio.run, inside()).result()
    assert run_to_end(doubled(4)) == 8 == nested
