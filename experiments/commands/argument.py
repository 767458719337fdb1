"""What several commands share: how a whole number is read, and the bar that shows how far a run is."""

import argparse
import sys
import threading
from collections.abc import Callable
from typing import Any


def whole_number(subject: str, limit: str, example: str) -> Callable[[str], int]:
    """Return a reader of whole numbers for argparse, which says what it wants."""

    def read(word: str) -> int:
        try:
            return int(word)
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"{subject} is {word}; it must be a whole number of {limit}. Write {example}, say"
            ) from None

    return read


def progress_bar(total: int, name: str, quiet: bool, unit: str = "quarter") -> Any:
    """Return a bar on the error output; silent where nobody looks."""
    from tqdm import tqdm

    from experiments.compile_time import tell_if_cold

    tell_if_cold(not quiet)
    tqdm.set_lock(threading.RLock())  # tqdm's own is shared between processes, and outlives a killed one
    silent = quiet or not sys.stderr.isatty()
    return tqdm(total=total, unit=unit, desc=name, disable=silent, leave=False)
