"""The laboratory against its peers, side by side in one run: what a run costs from the question to results on disk.

Prints a table of marks and figures; only what must hold on any machine is asserted.
"""

import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mesa
import pytest
from small_study import OUTCOMES, small_study
from twin.twin_model import TwinModel

from experiments.scenario_file import load_scenario
from experiments.study.runner import run_study
from experiments.study.store import Store
from experiments.study.study import Study
from model.calibration import calibrate

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.bench
_DRAWN = {"discount_private": {"low": 0.08, "high": 0.12}}
_LAST = "2040Q4"


def show(mark: str, wanted: str, figure: str, met: bool | None = None) -> None:
    """Print one line of the table of marks."""
    print(f"{mark:<66}{wanted:>16}{figure:>18}  {'' if met is None else 'met' if met else 'NOT MET'}")


def seconds(action: Callable[[], Any]) -> float:
    """Return the time of one call."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def processor_seconds(action: Callable[[], Any]) -> float:
    """Return the processor time of one call, that of the processes it waited for included."""
    before = os.times()
    action()
    after = os.times()
    return sum(after[:4]) - sum(before[:4])


def baseline_study(runs: int, until: str = _LAST, chunk: int = 128) -> Study:
    """Return a study of baseline runs with the usual kinds of outcome."""
    return small_study(
        scenarios=["baseline"], levers={}, uncertainties=_DRAWN, until=until, chunk=chunk, outcomes=OUTCOMES[:2],
        design={"kind": "latin_hypercube", "runs": runs},
    )  # fmt: skip


class BatchTwin(mesa.Model):
    """The plain twin as `mesa.batch_run` takes it: it calibrates, runs a quarter a step, and reports a share."""

    worlds: dict[str, Any] = {}

    def __init__(self, number: int = 0, rng: Any = None) -> None:
        super().__init__()
        scenario = load_scenario("baseline")
        if "baseline" not in self.worlds:
            self.worlds["baseline"] = calibrate(scenario)
        self.twin = TwinModel(scenario, self.worlds["baseline"], number)
        self.datacollector = mesa.DataCollector(model_reporters={"turnover": lambda m: m.twin.turnover})

    def step(self) -> None:
        self.twin.step()
        self.datacollector.collect(self)
        self.running = self.twin.step_number < self.twin.quarters


def test_against_mesa_batch_run(tmp_path: Path) -> None:
    """A study of 256 baseline runs, to results on disk, against Mesa's batch_run on the plain twin.

    One process each.
    """
    twins, runs = 2, 256

    def slow() -> None:
        mesa.batch_run(BatchTwin, {"number": list(range(twins))}, number_processes=1, display_progress=False)

    def fast() -> None:
        run_study(baseline_study(runs), tmp_path / "out", workers=1)

    times: dict[str, float] = {}
    used = [
        processor_seconds(lambda n=n, f=f: times.update({n: seconds(f)}))
        for n, f in (("slow", slow), ("fast", fast))
    ]
    ratio, lean = (times["slow"] / twins) / (times["fast"] / runs), (used[0] / twins) / (used[1] / runs)
    show(
        "study to disk against mesa.batch_run, a run, one process",
        "at least 100",
        f"{ratio:.0f}",
        ratio >= 100,
    )
    show("  the same in processor time", "at least 100", f"{lean:.0f}", lean >= 100)
    show(
        "  mesa.batch_run, a run: time, processor time",
        "",
        f"{times['slow'] / twins:.1f}, {used[0] / twins:.1f} s",
    )
    show(
        "  study, a run, starting included",
        "",
        f"{1e3 * times['fast'] / runs:.0f}, {1e3 * used[1] / runs:.0f} ms",
    )
    show("  load of the machine meanwhile", "", f"{os.getloadavg()[0]:.1f}")
    assert Store(tmp_path / "out").done() == {0, 1}


def _nothing(a: float = 0.0, b: float = 0.0) -> dict[str, float]:
    """Return a number, as a model of the EMA Workbench that computes nothing."""
    return {"y": a + b}


def ema_seconds(runs: int, parallel: bool) -> float:
    """Return what the EMA Workbench takes a run for a model that computes nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ema_workbench import (
            Model,
            MultiprocessingEvaluator,
            RealParameter,
            ScalarOutcome,
            SequentialEvaluator,
        )  # fmt: skip

    model = Model("nothing", function=_nothing)
    model.uncertainties = [RealParameter("a", 0, 1), RealParameter("b", 0, 1)]
    model.outcomes = [ScalarOutcome("y")]
    evaluator = MultiprocessingEvaluator(model, n_processes=2) if parallel else SequentialEvaluator(model)
    with evaluator as running:
        running.perform_experiments(scenarios=20)
        return seconds(lambda: running.perform_experiments(scenarios=runs)) / runs


def dispatch_seconds(folder: Path) -> tuple[float, float]:
    """Return time and processor time of a run with an empty kernel.

    They are differences of two sizes, so that starting is not in them.
    """
    few, many = 10_240, 102_400
    times: list[float] = []
    used: list[float] = []

    def work(runs: int) -> None:
        study = small_study(
            scenarios=["tiny"], levers={}, chunk=1024, design={"kind": "latin_hypercube", "runs": runs},
            outcomes=OUTCOMES[:1],
        )  # fmt: skip
        times.append(
            seconds(lambda: run_study(study, folder / str(runs), workers=1, compute="small_study:empty"))
        )

    for runs in (few, many):
        used.append(processor_seconds(lambda r=runs: work(r)))
    return (times[1] - times[0]) / (many - few), (used[1] - used[0]) / (many - few)


def test_the_cost_of_dispatch(tmp_path: Path) -> None:
    """What a run costs where the model costs nothing, design and files included, against EMA's evaluators."""
    ours, lean = dispatch_seconds(tmp_path)
    one, two = ema_seconds(2000, parallel=False), ema_seconds(1000, parallel=True)
    show(
        "dispatch with an empty kernel, a run: time, processor time",
        "",
        f"{1e6 * ours:.1f}, {1e6 * lean:.1f} us",
    )
    show("EMA's sequential evaluator over ours", "at least 30", f"{one / ours:.0f}", one / ours >= 30)
    show("  EMA sequential, a run", "", f"{1e6 * one:.0f} us")
    show("EMA's multiprocessing evaluator over ours", "at least 100", f"{two / ours:.0f}", two / ours >= 100)
    show("  EMA multiprocessing, a run", "", f"{1e6 * two:.0f} us")
    show("  load of the machine meanwhile", "", f"{os.getloadavg()[0]:.1f}")


def test_two_workers_against_one(tmp_path: Path) -> None:
    """Two workers on 512 baseline runs to 2028, against one; starting included."""
    times = [
        seconds(lambda w=w: run_study(baseline_study(512, "2028Q4", 64), tmp_path / str(w), workers=w))
        for w in (1, 2)
    ]
    show("two workers over one", "at least 1.7", f"{times[0] / times[1]:.2f}", times[0] / times[1] >= 1.7)
    show("  load of the machine meanwhile", "", f"{os.getloadavg()[0]:.1f}")


_DRIVER = """
import resource, sys
from small_study import OUTCOMES, small_study
from experiments.study.runner import run_study
study = small_study(scenarios=["tiny"], levers={}, design={"kind": "latin_hypercube", "runs": int(sys.argv[1])},
                    outcomes=OUTCOMES[:1])
run_study(study, sys.argv[2], workers=1, compute="small_study:empty")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def driver_megabytes(runs: int, folder: Path) -> float:
    """Return the most memory the driver of a study used."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    told = subprocess.run(
        [sys.executable, "-c", _DRIVER, str(runs), str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(told.stdout.split()[-1])


def test_the_memory_of_the_driver(tmp_path: Path) -> None:
    """From 10,000 to 100,000 runs the driver grows by 50 MB at most."""
    small, large = (driver_megabytes(runs, tmp_path / str(runs)) for runs in (10_000, 100_000))
    show("driver, 10,000 to 100,000 runs", "at most 50 MB", f"{large - small:.0f} MB", large - small <= 50)
    show("  driver at 100,000 runs", "", f"{large:.0f} MB")
    assert large - small <= 50
