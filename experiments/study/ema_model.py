"""A study as a model of the EMA Workbench, for those who work there: its uncertainties, levers and outcomes.

    from ema_workbench import SequentialEvaluator
    with SequentialEvaluator(ema_model(study)) as evaluator:
        experiments, outcomes = evaluator.perform_experiments(scenarios=20, policies=4)

One experiment is one run, computed by itself: a study of its own is some twenty times as fast.
"""

import warnings
from typing import Any

import pandas as pd

from experiments.study.factor import Factor
from experiments.study.kernel import OK, Kernel
from experiments.study.plan import KEYS
from experiments.study.study import Study
from model.error import OreblocError


class StudyRun:
    """Computes one run of a study from keywords; what the workbench calls."""

    def __init__(self, study: Study, scenario: str, luck: int) -> None:
        self.study, self.scenario, self.luck = study, scenario, luck
        self.kernel: Kernel | None = None

    def __call__(self, **given: Any) -> dict[str, float]:
        """Return the outcomes of a run. Raises `RuntimeError` for a run that is not complete."""
        self.kernel = self.kernel or Kernel(self.study)
        row: dict[str, Any] = dict.fromkeys(KEYS, 0) | {"luck": self.luck}
        row["scenario"] = pd.Categorical([self.scenario], list(self.study.scenarios))
        for factor in self.study.factors:
            row[factor.name] = given.get(factor.name)
        frame = pd.DataFrame({name: value if name == "scenario" else [value] for name, value in row.items()})
        record = self.kernel.chunk(0, frame).runs.iloc[0]
        if record["status"] != OK:
            raise RuntimeError(str(record["error"]))
        return {outcome.name: float(record[f"outcome.{outcome.name}"]) for outcome in self.study.outcomes}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "kernel": None}  # worlds are made anew where it is sent


def ema_model(study: Study, scenario: str | None = None, *, luck: int = 0) -> Any:
    """Return an `ema_workbench.Model` of a study under one of its scenarios (the first if None) and one draw of luck.

    Raises `OreblocError` for a scenario that is not there.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the workbench tells which of its optional parts are missing
        from ema_workbench import Model, ScalarOutcome

    chosen = scenario or next(iter(study.scenarios))
    if chosen not in study.scenarios:
        raise OreblocError(
            f"Scenario {chosen!r} is not in study {study.name}. It has {', '.join(study.scenarios)}."
        )
    name = "".join(part.capitalize() for part in study.name.split("_"))
    model = Model(name, function=StudyRun(study, chosen, luck))
    model.uncertainties = [_parameter(f) for f in study.uncertainties if f.acts_in(chosen)]
    model.levers = [_parameter(f) for f in study.levers if f.acts_in(chosen)]
    kinds = {"higher": ScalarOutcome.MAXIMIZE, "lower": ScalarOutcome.MINIMIZE, "none": ScalarOutcome.INFO}
    model.outcomes = [ScalarOutcome(outcome.name, kinds[outcome.goal]) for outcome in study.outcomes]
    return model


def _parameter(factor: Factor) -> Any:
    """Return a factor in the workbench's words; of a distribution it knows the range, as it samples uniformly."""
    from ema_workbench import CategoricalParameter, RealParameter

    if factor.spread is None:
        return CategoricalParameter(factor.name, list(factor.values))
    return RealParameter(factor.name, *factor.spread.support())
