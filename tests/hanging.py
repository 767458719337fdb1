"""What a worker may do instead of computing, without anything to import first."""

import os
import signal
import time
from collections.abc import Callable


def answer(task: str, tell: Callable[[int], None]) -> str:
    """Answer a word: at once, after a while with signs of life, or never, as if the machine had stopped it."""
    if task == "stopped":
        os.kill(os.getpid(), signal.SIGSTOP)
    for _ in range(4 if task == "talks" else 0):
        time.sleep(0.6)
        tell(1)
    return task
