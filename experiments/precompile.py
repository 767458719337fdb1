"""Compile what happens outside the market, in a process of its own: `python -m experiments.precompile`.

The market's rules and all others take about equally long to compile. Who runs the first time compiles the market, which
comes first in a quarter, and starts this beside it; what is compiled here is found in the cache when its turn comes.
"""

import subprocess
import sys
from pathlib import Path

from model.error import OreblocError


def compile_beside() -> None:
    """Start compiling the phases in a process of its own, which ends by itself; nobody need wait for it."""
    subprocess.Popen(
        [sys.executable, "-m", "experiments.precompile"],
        cwd=Path(__file__).resolve().parent.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _compile_phases() -> None:
    """Run a small world in which the market is never cleared: its first prices hold for ever."""
    from experiments.preparation import prepare
    from experiments.run import run_scenario
    from model.market import clearing

    clearing.clear_batch = lambda *_: 0
    run_scenario(prepare("tiny", until="2025Q2"))


if __name__ == "__main__":
    try:
        _compile_phases()
    except OreblocError:
        sys.exit(1)
