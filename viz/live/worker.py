"""Answers a plan in steps: at once from the mineral by itself, then from the whole world, then its fan.

A new request makes a session's one under way stale, so that the last one asked for is the next one answered. What is
published is arrays in the frame of the whole world.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.error import ClearingError, OreblocError
from model.instruments import BY_NAME
from model.order import order_from
from model.quarter_date import quarter_index
from viz.live.fan import Fan
from viz.live.plan import Plan, check_start, mixed, rows_of
from viz.live.record import Cancelled, Record, Recording
from viz.live.slice import Frame, Singles, carried_over
from viz.live.stage import Ground, Stage, stage_of

#: Sizes of the parts of a fan: the first ones small, so that something is seen soon.
FAN = (20, 20, 40, 40, 80)
#: Seconds between two words on how far a run is.
_TELL_EVERY = 0.5
_FIRST = ThreadPoolExecutor(2, thread_name_prefix="orebloc-first")
_WHOLE = ThreadPoolExecutor(1, thread_name_prefix="orebloc-whole")
_FANS = ThreadPoolExecutor(1, thread_name_prefix="orebloc-fan")


@dataclass(frozen=True)
class Request:
    """What a session wants to see."""

    plan: Plan
    mineral: str
    number: int
    fan: bool = False


@dataclass
class Answer:
    """What is known so far. `step` is preview, exact, fan, failed, or progress with `runs` quarters done.

    `arrays` are those of `Frame.cut`.
    """

    request: Request
    step: str
    arrays: dict[str, Singles] | None = None
    record: Record | None = None
    fan: dict[str, Singles] | None = None
    runs: int = 0
    error: str = ""
    last_good: str = ""


def frame_of(stage: Stage, mineral: str) -> Frame:
    """Return the frame of a mineral, made once for a stage."""
    frames: dict[str, Frame] = stage.__dict__.setdefault("frames", {})
    if mineral not in frames:
        frames[mineral] = Frame(stage, mineral)
    return frames[mineral]


def baseline_arrays(stage: Stage, mineral: str, ground: Ground | None = None) -> dict[str, Singles]:
    """Return the arrays of the unchanged scenario, of the whole world or of `ground`; made once."""
    chosen = ground or stage.whole
    kept: dict[tuple[int, str], dict[str, Singles]] = stage.__dict__.setdefault("baselines", {})
    key = id(chosen), mineral
    if key not in kept:
        kept[key] = frame_of(stage, mineral).cut(chosen.baseline, chosen)
    return kept[key]


def apart(stage: Stage, mineral: str) -> dict[str, float]:
    """Return how far the price outside of each good of a mineral by itself is from the whole world's, at most.

    As a part of the whole world's price, over the quarters of the scenario as it stands.
    """
    whole, alone = baseline_arrays(stage, mineral), baseline_arrays(stage, mineral, stage.alone(mineral))
    found = {}
    for good in frame_of(stage, mineral).goods:
        one, other = whole[f"{good.good}/outside"], alone[f"{good.good}/outside"]
        known = np.isfinite(one) & np.isfinite(other) & (one > 0.0)
        found[good.good] = float(np.abs(other[known] / one[known] - 1.0).max()) if known.any() else 0.0
    return found


def preview(
    stage: Stage, plan: Plan, mineral: str, is_stale: Callable[[], bool]
) -> dict[str, Singles] | None:
    """Return the answer of the mineral by itself; None where the plan is nothing for it, or there are none apart."""
    if stage.is_played:
        return None
    leaders = stage.whole.observer.restrictors
    rows = rows_of(plan, leaders, stage.whole.countries)
    goods = set(stage.goods_of(mineral))
    rows.measures = [row for row in rows.measures if goods.intersection(row["fields"].get("good", []))]
    if not rows.forks or plan.changes_nothing:
        return None
    alone, frame = stage.alone(mineral), frame_of(stage, mineral)
    first = quarter_index(plan.start) - alone.scenario.start_index
    engine = alone.at(first)
    orders = [order_from(row, BY_NAME) for row in rows.measures]
    if orders:
        for number in engine.add_measures(orders, dated=True):
            engine.switch(number, 1.0)
    recording = Recording(alone.observer)
    while not engine.is_done:
        if is_stale():
            raise Cancelled
        engine.step()
        recording.take(engine)
    before = baseline_arrays(stage, mineral, alone)
    moved = _joined(before, frame.cut(recording.record(engine), alone), first)
    return carried_over(baseline_arrays(stage, mineral), before, moved)


def _joined(before: dict[str, Singles], after: dict[str, Singles], first: int) -> dict[str, Singles]:
    """Return the past of one run and the future of another."""
    return {name: np.concatenate([before[name][:first], after[name]]) for name in before}


def exact(
    stage: Stage, plan: Plan, is_stale: Callable[[], bool] = lambda: False, mineral: str = ""
) -> Record:
    """Return the run of the plan's own scenario, as `orebloc run` gives it.

    What a stop would cost is asked for the goods of `mineral` only, where one is given: it takes longer than the run.
    """
    if plan.changes_nothing:
        return stage.whole.baseline
    whole = stage.whole
    rows = rows_of(plan, whole.observer.restrictors, whole.countries)
    scenario = mixed(stage.scenario, rows, plan.start)
    risky = [good for good in whole.headline if not mineral or good in stage.goods_of(mineral)]
    return stage.run(scenario, risky, is_stale)


def fan_of(stage: Stage, plan: Plan, mineral: str) -> Fan:
    """Return the fan of a plan, still without runs."""
    return Fan(stage, plan, mineral, [(good.good, good.leader) for good in frame_of(stage, mineral).goods])


class Worker:
    """Works off one session's requests; `publish` is called from a thread of the pools with every `Answer`.

    The pools are the process's: first answers, whole worlds and bands each wait in a line of their own, so that a lever
    is answered while others watch their bands grow, and sessions cost no threads.
    """

    def __init__(self, publish: Callable[[Answer], None]) -> None:
        self.publish = publish
        self._wanted: Request | None = None

    def ask(self, request: Request) -> None:
        """Ask for something; what was asked before is dropped."""
        self._wanted = request
        _FIRST.submit(self._guarded, request, self._answer_first)

    def close(self) -> None:
        """Drop what was asked."""
        self._wanted = None

    def _guarded(self, request: Request, work: Callable[..., None], *more: Any) -> None:
        """Do a part of the work unless it is stale; what fails is told."""
        if self._wanted is not request:
            return
        try:
            work(request, *more)
        except Cancelled:
            return
        except (OreblocError, ClearingError) as error:
            self._fail(request, str(error))
        except Exception as error:  # the page must say so, whatever it was
            words = (
                f"The model stopped: {type(error).__name__}: {error}. The last good run stays on the page."
            )
            self._fail(request, words)

    def _fail(self, request: Request, words: str) -> None:
        if self._wanted is request:
            self.publish(Answer(request, "failed", error=words))

    def _stale(self, request: Request) -> Callable[[], bool]:
        return lambda: self._wanted is not request

    def _counted(self, request: Request) -> Callable[[], bool]:
        """Return what a run asks each quarter whether to stop; it also tells how far the run is, now and then."""
        is_stale, done, told = self._stale(request), 0, time.monotonic()

        def ask() -> bool:
            nonlocal done, told
            if time.monotonic() - told > _TELL_EVERY and not is_stale():
                told = time.monotonic()
                self.publish(Answer(request, "progress", runs=done))
            done += 1
            return is_stale()

        return ask

    def _answer_first(self, request: Request) -> None:
        plan = request.plan
        stage = stage_of(plan.scenario, plan.seed)
        check_start(plan, stage.scenario)
        if plan.changes_nothing:
            arrays = baseline_arrays(stage, request.mineral)
            self.publish(Answer(request, "exact", arrays, stage.whole.baseline))
            self._go_on(request, stage)
            return
        first = preview(stage, plan, request.mineral, self._stale(request))
        if first is not None:
            self.publish(Answer(request, "preview", first))
        _WHOLE.submit(self._guarded, request, self._answer_exactly, stage)

    def _answer_exactly(self, request: Request, stage: Stage) -> None:
        record = exact(stage, request.plan, self._counted(request), request.mineral)
        arrays = frame_of(stage, request.mineral).cut(record, stage.whole)
        self.publish(Answer(request, "exact", arrays, record))
        self._go_on(request, stage)

    def _go_on(self, request: Request, stage: Stage) -> None:
        if request.fan and not stage.is_played:
            _FANS.submit(self._guarded, request, self._widen, stage, None, 0)

    def _widen(self, request: Request, stage: Stage, fan: Fan | None, part: int) -> None:
        """Add one part to the fan, then wait in line for the next."""
        fan = fan or fan_of(stage, request.plan, request.mineral)
        first = sum(FAN[:part])
        fan.add(first, FAN[part], self._stale(request))
        self.publish(Answer(request, "fan", fan=fan.bands(), runs=first + FAN[part]))
        if part + 1 < len(FAN):
            _FANS.submit(self._guarded, request, self._widen, stage, fan, part + 1)
