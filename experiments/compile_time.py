"""Compilation of the rules: whether it is still to come, and how long it took."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from numba.core import config, event

from experiments.precompile import compile_beside


def is_cold() -> bool:
    """Return whether no run has finished with these rules yet, so that most of them are still to be compiled."""
    folder = Path(str(config.CACHE_DIR)) if config.CACHE_DIR else None
    return folder is None or not (folder / _MARK).exists()


def tell_if_cold(tell: bool = True) -> None:
    """Before a first run: say that rules will be compiled, and have half of them compiled by a process beside."""
    if is_cold():
        if tell:
            print(COMPILING, file=sys.stderr, flush=True)
        compile_beside()


def mark_warm() -> None:
    """Remember that a run has finished with these rules, all of them compiled and kept."""
    if config.CACHE_DIR:
        with suppress(OSError):
            (Path(str(config.CACHE_DIR)) / _MARK).touch()


#: What tells rules aside, compiled in the first run of this version and kept.
COMPILING = "compiling the rules, which takes a minute or two the first time and after an update ..."
_MARK = "complete"


class CompileClock:
    """Seconds that compilation has taken so far; rules read from the cache take none."""

    def __init__(self) -> None:
        self.listener = event.TimingListener()

    @property
    def seconds(self) -> float:
        """Return the seconds so far."""
        return float(self.listener.duration) if self.listener.done else 0.0


@contextmanager
def compile_clock() -> Iterator[CompileClock]:
    """Time every compilation inside the block."""
    clock = CompileClock()
    with event.install_listener("numba:compile", clock.listener):
        yield clock
