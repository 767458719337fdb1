"""Calibrated worlds that all sessions share: the baseline of a scenario, whole and mineral by mineral.

Calibrating and setting up take longer than a run. A mineral by itself runs in a third of the time of all of them, and
from a snapshot at the quarter of a change in less; what the minerals have in common (tension, the state of the
world) makes its figures differ from those of the whole by parts in a thousand, so it serves for a first answer and
for fans, and the whole world follows.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from agents import DECISIONS
from experiments.observer import Observer
from experiments.outcome import headline_goods
from experiments.preparation import prepare
from experiments.run import seat_all
from experiments.scenario_file import extended_scenario
from experiments.study.drawn import drawn_run
from model.calibration import calibrate
from model.engine import Engine
from model.error import OreblocError
from model.name import chain_of
from model.scenario import Scenario
from model.world import World
from viz.live.game_word import is_class_game, is_word
from viz.live.reach import check_reach
from viz.live.record import Record, Recording, run_record
from viz.live.study_run import read_study_run

#: A snapshot is kept every so many quarters.
_EVERY = 4
#: Scenarios whose worlds are kept.
_MOST = 6


class Ground:
    """One calibrated world, its observer, its baseline run (number `luck` of the scenario) and snapshots of it."""

    def __init__(self, scenario: Scenario, is_whole: bool = False, luck: int = 0) -> None:
        self.scenario = scenario
        self.is_whole = is_whole
        self.luck = luck
        self._lock = threading.RLock()
        self._snapshots: list[Engine] = []
        self._parts: list[Recording] = []

    @cached_property
    def world(self) -> World:
        """The calibrated world."""
        return calibrate(self.scenario)

    @cached_property
    def observer(self) -> Observer:
        """Reads metrics off the engine; its restricting countries are the baseline's in every run."""
        return Observer(self.world)

    def with_scenario(self, scenario: Scenario) -> World:
        """Return the world under another scenario that shares the base year."""
        return replace(self.world, scenario=scenario)

    @property
    def goods(self) -> list[str]:
        """Names of the goods."""
        return [str(name) for name in self.world.goods["name"]]

    @property
    def countries(self) -> list[str]:
        """Codes of the countries."""
        return [str(code) for code in self.world.countries]

    @property
    def headline(self) -> list[str]:
        """Goods of the last stages."""
        return headline_goods(self.world)

    @cached_property
    def baseline(self) -> Record:
        """The run without any change."""
        with self._lock:
            return self._run_baseline()

    def _run_baseline(self) -> Record:
        engine = Engine(self.scenario, 1, first_run=self.luck, world=self.world, decide=DECISIONS)
        seat_all([engine], {})
        recording = Recording(self.observer, self.headline if self.is_whole else ())
        snapshots = []
        while not engine.is_done:
            if engine.step_number % _EVERY == 0:
                snapshots.append(engine.fork())
            engine.step()
            recording.take(engine)
        self._snapshots = snapshots
        return recording.record(engine)

    def at(self, step: int) -> Engine:
        """Return an engine of its own, the baseline run up to before quarter number `step`."""
        _ = self.baseline
        with self._lock:
            engine = self._snapshots[min(step // _EVERY, len(self._snapshots) - 1)].fork()
        while engine.step_number < step:
            engine.step()
        return engine


class Stage:
    """A scenario as the pages need it: the whole world, and each mineral by itself; `luck` is the run's number.

    `name` is what `stage_of` finds it by: a scenario's name, a file, a run of a study, a class's game.
    """

    #: Whether people played it: then there are no minerals apart and no bands.
    is_played = False

    def __init__(self, scenario: Scenario, luck: int = 0, name: str = "") -> None:
        self.scenario = scenario
        self.luck = luck
        self.name = name or scenario.name
        self.whole = Ground(scenario, is_whole=True, luck=luck)
        self._alone: dict[str, Ground] = {}
        self._lock = threading.Lock()

    def run(
        self, scenario: Scenario, risk_goods: Sequence[str] = (), is_stale: Callable[[], bool] = lambda: False
    ) -> Record:
        """Run a changed scenario of this stage's base year under its luck."""
        world, observer = self.whole.with_scenario(scenario), self.whole.observer
        return run_record(scenario, world, observer, risk_goods=risk_goods, luck=self.luck, is_stale=is_stale)

    def alone(self, mineral: str) -> Ground:
        """Return the world of one mineral by itself. Raises `OreblocError` for a game that people played."""
        if self.is_played:
            raise OreblocError(
                "A game that people played has no minerals by themselves. Ask this of the scenario it began with, or "
                "of the class's debrief."
            )
        with self._lock:
            if mineral not in self._alone:
                goods = ["rare_earths", "permanent_magnets"] if mineral == "rare_earths" else [mineral]
                here = [good for good in self.whole.goods if chain_of(good) == mineral]
                if mineral == "rare_earths" and "permanent_magnets" not in here:
                    goods = ["rare_earths"]
                self._alone[mineral] = Ground(_narrowed(self.scenario, goods, here), luck=self.luck)
            return self._alone[mineral]

    @property
    def minerals(self) -> list[str]:
        """Minerals with their chains, in the order of the goods."""
        return list(dict.fromkeys(chain_of(good) for good in self.whole.goods))

    def goods_of(self, mineral: str) -> list[str]:
        """Goods of a mineral's chain, upstream first."""
        return [good for good in self.whole.goods if chain_of(good) == mineral]

    def quarter_labels(self) -> list[str]:
        """Names of all quarters."""
        return [self.scenario.quarter_label(step) for step in range(self.scenario.quarters)]

    def base_shares(self, good: str) -> dict[str, float]:
        """Shares of output in the base year, by country."""
        nodes = self.whole.world.nodes
        mine = nodes[(nodes["kind"] == "producer") & (nodes["good"] == good)]
        made = mine.groupby("country")["production_t"].sum()
        total = float(made.sum())
        return {str(code): float(np.divide(tonnes, total)) for code, tonnes in made.items() if tonnes > 0.0}


def _narrowed(scenario: Scenario, minerals: list[str], goods: list[str]) -> Scenario:
    """Return the scenario with one mineral's chain and the measures that bear on it only."""
    bears = [
        order for order in scenario.measures if set(goods).intersection(order.fields.get("good") or goods)
    ]
    raw = {**scenario.to_mapping(), "goods": minerals, "measures": [order.to_mapping() for order in bears]}
    return extended_scenario(raw)


class _Kept:
    """Stages by scenario and seed, the least used thrown away."""

    def __init__(self) -> None:
        self._stages: OrderedDict[Hashable, Stage] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Stage]) -> Stage:
        with self._lock:
            if key in self._stages:
                self._stages.move_to_end(key)
                return self._stages[key]
        stage = make()
        with self._lock:
            stage = self._stages.setdefault(key, stage)
            while len(self._stages) > _MOST:
                self._stages.popitem(last=False)
            return stage


_KEPT = _Kept()


def stage_of(scenario: str | Path, seed: int | None = None) -> Stage:
    """Return the stage of a scenario by name or file, of a run of a study (`study:FOLDER:RUN`), or of a class's game.

    A file is read again when it has changed. Raises `OreblocError` where it cannot be read.
    """
    from viz.live.class_game import game_stage

    if is_class_game(str(scenario)):
        if not is_word(str(scenario)):
            check_reach(scenario)
        return _KEPT.get((str(scenario), _stamp(Path(scenario))), lambda: game_stage(str(scenario)))
    run = read_study_run(str(scenario))
    if run is not None:
        check_reach(run[0])
        return _KEPT.get((str(scenario), seed), lambda: Stage(*drawn_run(*run), name=str(scenario)))
    path = Path(scenario)
    if path.suffix:
        check_reach(path)
    stamp = _stamp(path) if path.suffix == ".toml" else 0
    return _KEPT.get(
        (str(scenario), stamp, seed), lambda: Stage(prepare(scenario, seed=seed), name=str(scenario))
    )


def _stamp(path: Path) -> int:
    """Return when a file was written last, 0 for what is none."""
    return path.stat().st_mtime_ns if path.is_file() else 0
