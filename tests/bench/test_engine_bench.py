"""The engine against the plain twin, and what its speed depends on: all in one run, on the machine at hand.

Prints tables of marks and figures; only the twin's agreement is asserted, for a shared machine may be slow for reasons
of its own.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from twin.compare import differences, tight_clearing
from twin.twin_model import TwinModel

from agents import DECISIONS
from experiments.run import run_scenario
from experiments.scenario_file import load_scenario
from model.calibration import calibrate
from model.engine import Engine
from model.parameter import PARAMETERS
from model.scenario import Scenario
from model.world import World

ROOT = Path(__file__).parents[2]
MINERALS = ["gallium", "antimony", "cobalt", "tungsten", "lithium", "graphite"]
pytestmark = pytest.mark.bench


def seconds(action: Callable[[], Any]) -> float:
    """Return the time of one call."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def engine_of(scenario: Scenario, world: World, runs: int, first_run: int = 0) -> Engine:
    return Engine(scenario, runs, first_run=first_run, world=world, decide=DECISIONS)


def show(mark: str, wanted: str, figure: str, met: bool | None = None) -> None:
    """Print one line of the table of marks."""
    print(f"{mark:<58}{wanted:>14}{figure:>18}  {'' if met is None else 'met' if met else 'NOT MET'}")


def timed_twin(scenario: Scenario, world: World, run: int) -> float:
    """Return the time of a whole run of the twin, set-up aside, after checking that it agrees with the engine."""
    engine = engine_of(scenario, world, 1, run)
    twin = TwinModel(scenario, world, run, dict(zip(PARAMETERS, engine.values[0].tolist(), strict=True)))
    taken, worst = 0.0, 0.0
    for _ in range(scenario.quarters):
        with tight_clearing():
            engine.step()
        taken += seconds(twin.step)
        worst = max(worst, *differences(twin, engine).values())
    assert worst <= 1e-9, f"the twin does not agree: {worst}"
    return taken


def test_against_the_plain_twin() -> None:
    """Whole baseline, one core: 256 runs together, and one alone, against Mesa objects; iterations a clearing."""
    scenario = load_scenario("baseline")
    world = calibrate(scenario)
    engine_of(scenario, world, 1).step()  # compiled
    twin = statistics.median(timed_twin(scenario, world, run) for run in range(3))
    single = statistics.median(seconds(engine_of(scenario, world, 1).run) for _ in range(5))
    iterations = []
    many = engine_of(scenario, world, 256)

    def run_all() -> None:
        while not many.is_done:
            many.step()
            iterations.append(float(many.answer.iterations.mean()))

    each = seconds(run_all) / 256
    print(
        f"\nBaseline, {scenario.quarters} quarters, {len(world.routes)} routes, {len(world.plants)} plants; one core"
    )
    print(
        f"  plain twin {twin:.2f} s a run; engine {1e3 * single:.0f} ms alone, {1e3 * each:.0f} ms in an ensemble"
    )
    show(
        "ensemble of 256 runs against the twin, per core", ">= 100", f"{twin / each:.0f}", twin / each >= 100
    )
    show("single run against the twin", ">= 8", f"{twin / single:.0f}", twin / single >= 8)
    mean = statistics.mean(iterations[1:])
    show("Newton iterations a clearing from the quarter before", "<= 3.5", f"{mean:.2f}", mean <= 3.5)


def test_cost_by_number_of_runs() -> None:
    """Cost per run falls with the number of runs to a constant; what is left per quarter is Python's."""
    scenario = load_scenario("baseline").with_changes({"end": "2030Q4"})
    world = calibrate(scenario)
    engine_of(scenario, world, 1).step()
    print(f"\nCost by number of runs (baseline, {scenario.quarters} quarters, one core)")
    print(f"{'runs':>8}{'opening ms':>14}{'ms per run':>14}{'us per run and quarter':>26}")
    quarters, per_quarter = scenario.quarters, {}
    for runs in (1, 8, 64, 256):
        opened: list[Engine] = []
        opening = seconds(lambda runs=runs, opened=opened: opened.append(engine_of(scenario, world, runs)))
        taken = seconds(opened[0].run)
        per_quarter[runs] = taken / quarters
        each = taken / runs
        print(f"{runs:>8}{1e3 * opening:>14.0f}{1e3 * each:>14.1f}{1e6 * each / quarters:>26.0f}")
    more = (per_quarter[64] - per_quarter[8]) / 56
    fixed = max(per_quarter[1] - more, 0.0)
    print(f"  fixed per quarter (Python, calls): {1e6 * fixed:.0f} us; each further run: {1e6 * more:.0f} us")
    show("cost per run, 256 runs against 64", "flat", f"{per_quarter[256] / per_quarter[64] / 4:.2f}")


def test_cost_by_goods_and_firms() -> None:
    """Cost per run against the number of goods and firms: about linear in routes."""
    baseline = load_scenario("baseline").with_changes({"end": "2030Q4"})
    print("\nCost by goods (64 runs, one core)")
    print(
        f"{'minerals':>10}{'goods':>8}{'firms':>8}{'plants':>8}{'routes':>8}{'us/run/quarter':>18}{'ns/route':>10}"
    )
    costs = []
    for size in (1, 3, 6, 0):
        scenario = baseline.with_changes({"goods": MINERALS[:size]}) if size else baseline
        world = calibrate(scenario)
        engine_of(scenario, world, 1).step()
        each = seconds(engine_of(scenario, world, 64).run) / 64 / scenario.quarters
        routes = len(world.routes)
        costs.append(each / routes)
        counts = (len(world.goods), len(world.firms), len(world.plants), routes)
        figures = f"{1e6 * each:>18.0f}{1e9 * each / routes:>10.0f}"
        print(f"{size or 'all':>10}" + "".join(f"{n:>8}" for n in counts) + figures)
    show("cost per route, all goods against one", "flat", f"{costs[-1] / costs[0]:.2f}")


def test_runs_a_second_on_two_cores() -> None:
    """Full baseline runs a second with two threads, results gathered; and what bounds it."""
    scenario = load_scenario("baseline")
    world = calibrate(scenario)
    engine_of(scenario, world, 1).step()
    clearing = []

    def watched(first: int) -> None:
        engine = engine_of(scenario, world, 64, first)
        clear = engine.clearer.clear

        def timed(*arguments: Any, **options: Any) -> int:
            began = time.perf_counter()
            missed = clear(*arguments, **options)
            clearing.append(time.perf_counter() - began)
            return missed

        engine.clearer.clear = timed
        engine.run()

    with ThreadPoolExecutor(2) as pool:
        bare = seconds(lambda: list(pool.map(watched, (0, 64, 128, 192))))
    whole = seconds(lambda: run_scenario(scenario, runs=256, workers=2))
    print(f"\nFull baseline runs, 256 in batches of 64 on two threads ({os.cpu_count()} cores here)")
    show("runs a second, engine alone", "guide: 50", f"{256 / bare:.1f}")
    show("runs a second, calibration and results included", "guide: 50", f"{256 / whole:.1f}")
    show("share of the threads' time in clearing", "", f"{sum(clearing) / (2 * bare):.0%}")


def test_time_to_the_first_result(tmp_path: Path) -> None:
    """From a cold shell to the results of `orebloc run tiny`, before and after rules are compiled and kept."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    times = []
    for attempt in range(3):
        command = [sys.executable, "-m", "orebloc", "run", "tiny", "--out", str(tmp_path / f"out_{attempt}")]
        times.append(
            seconds(
                lambda command=command: subprocess.run(
                    command, env=environment, check=True, capture_output=True
                )
            )
        )
    print("\nFrom a cold shell to the results of `orebloc run tiny`")
    show("without the compile cache", "", f"{times[0]:.1f} s")
    show("with it", "", f"{float(np.min(times[1:])):.1f} s")
