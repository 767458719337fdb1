"""The laboratory against its peers, side by side in one run: what a run costs from the question to results on disk.

Prints a table of marks and figures; only what must hold on any machine is asserted.
"""

import contextlib
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
from experiments.study.plan import make_plan
from experiments.study.pool import LocalPool
from experiments.study.runner import carry_on, run_study
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


def dispatch_seconds(folder: Path, runs: int, pool: LocalPool) -> tuple[float, float]:
    """Return time and processor time of a run with an empty kernel: design, files, handing out and keeping.

    Workers are there already, as EMA's evaluators are when they are timed.
    """

    def work() -> None:
        study = small_study(
            scenarios=["tiny"], levers={}, chunk=1024, design={"kind": "latin_hypercube", "runs": runs},
            outcomes=OUTCOMES[:1],
        )  # fmt: skip
        store = Store(folder)
        store.create(study, make_plan(study))
        carry_on(store, pool=pool, compute="small_study:empty")

    times: list[float] = []
    used = processor_seconds(lambda: times.append(seconds(work)))
    return times[0] / runs, used / runs


def test_the_cost_of_dispatch(tmp_path: Path) -> None:
    """What a run costs where the model costs nothing, against EMA's evaluators: the least of three, by turns."""
    ours: list[tuple[float, float]] = []
    one: list[float] = []
    two: list[float] = []
    with contextlib.closing(LocalPool(1, "small_study:empty")) as pool:
        dispatch_seconds(tmp_path / "first", 2048, pool)
        for turn in range(3):
            ours.append(dispatch_seconds(tmp_path / str(turn), 102_400, pool))
            one.append(ema_seconds(2000, parallel=False))
            two.append(ema_seconds(1000, parallel=True))
    took, lean = (min(column) for column in zip(*ours, strict=True))
    show(
        "dispatch with an empty kernel, a run: time, driver's processor time",
        "",
        f"{1e6 * took:.1f}, {1e6 * lean:.1f} us",
    )
    for name, wanted, other in (("sequential", 30, min(one)), ("multiprocessing", 100, min(two))):
        ratio = other / took
        show(f"EMA's {name} evaluator over ours", f"at least {wanted}", f"{ratio:.0f}", ratio >= wanted)
        show(f"  EMA {name}, a run", "", f"{1e6 * other:.0f} us")
    show("  load of the machine meanwhile", "", f"{os.getloadavg()[0]:.1f}")
    assert took < min(one) and took < min(two)


def test_two_workers_against_one(tmp_path: Path) -> None:
    """Two workers on 512 baseline runs, against one; starting included. What two use beyond one is told as well."""
    times: list[float] = []
    used: list[float] = []
    for workers in (1, 2):
        study, folder = baseline_study(512, chunk=64), tmp_path / str(workers)
        used.append(
            processor_seconds(
                lambda f=folder, s=study, w=workers: times.append(seconds(lambda: run_study(s, f, workers=w)))
            )
        )
    show("two workers over one", "at least 1.7", f"{times[0] / times[1]:.2f}", times[0] / times[1] >= 1.7)
    show(
        "  processor time of two over one: 2 over this is what a free machine gives",
        "",
        f"{used[1] / used[0]:.2f}",
    )
    show("  one worker: time, processor time", "", f"{times[0]:.0f}, {used[0]:.0f} s")
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
