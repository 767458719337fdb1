"""Compilation of the rules: whether it is still to come, and how long it took."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from numba.core import config, event


def is_cold() -> bool:
    """Return whether no compiled rule is kept yet, so that the first run compiles them all."""
    folder = Path(str(config.CACHE_DIR)) if config.CACHE_DIR else None
    return folder is None or next(folder.rglob("*.nbi"), None) is None


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
