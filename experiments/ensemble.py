"""Chosen numbers of every run of a scenario, quarter by quarter: what comparing and explaining need."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from agents import DECISIONS
from experiments.observer import Floats, Observer
from experiments.run import BATCH, seat_all
from model.engine import Engine
from model.scenario import Scenario
from model.world import World

Number = tuple[str, str, str]  # metric, good, country


@dataclass(frozen=True)
class Ensemble:
    """Numbers of all runs: `values[(metric, good, country)]` is [runs, quarters]; `violation` the worst certificate."""

    scenario: Scenario
    quarters: list[str]
    values: dict[Number, Floats]
    restrictors: dict[str, str]
    violation: float


def gather(
    scenario: Scenario,
    world: World,
    runs: int,
    wanted: Callable[[str, str, str], bool],
    *,
    quarters: Iterable[str] | None = None,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Ensemble:
    """Run `runs` runs of a scenario on its calibrated world and keep the numbers that are `wanted`.

    `quarters`: those to read (all if None), which saves time where few are needed. Run r meets the same luck in every
    scenario of the same seed. Raises `ClearingError` for a missed market.
    """
    observer = Observer(world)
    places = [
        (p, c, (panel.metric, *cell))
        for p, panel in enumerate(observer.panels)
        for c, cell in enumerate(panel.cells)
        if wanted(panel.metric, *cell)
    ]
    read = set(quarters) if quarters is not None else None
    labels = [scenario.quarter_label(step) for step in range(scenario.quarters)]
    kept = [label for label in labels if read is None or label in read]
    threads = workers or os.cpu_count() or 1

    def run(part: tuple[int, int]) -> tuple[Floats, float]:
        first, size = part
        engine = Engine(scenario, size, first_run=first, world=world, decide=DECISIONS)
        seat_all([engine], {})
        found = np.full((len(places), size, len(kept)), np.nan)
        worst = 0.0
        for label in labels:
            engine.step()
            worst = max(worst, float(np.nanmax(engine.answer.violation)))
            if read is None or label in read:
                panels = observer.observe(engine)
                for row, (panel, cell, _) in enumerate(places):
                    found[row, :, kept.index(label)] = panels[panel][:, cell]
            if progress:
                progress(size)
            if kept and label == kept[-1]:
                break
        return found, worst

    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(run, batches(runs, threads)))
    together = np.concatenate([found for found, _ in parts], axis=1)
    values = {key: together[row] for row, (_, _, key) in enumerate(places)}
    return Ensemble(scenario, kept, values, observer.restrictors, max(worst for _, worst in parts))


def batches(runs: int, threads: int) -> list[tuple[int, int]]:
    """Return first run and size of each batch: one for every thread, none too large for a processor's cache."""
    batch = min(BATCH, -(-runs // threads))
    return [(first, min(batch, runs - first)) for first in range(0, runs, batch)]
