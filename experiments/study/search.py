"""Searching a study's levers: the best policy under a budget, or values that come nearest to what happened.

Candidates are asked of Optuna in batches and told back (ask and tell); each batch is a study of its own in a folder
of its own, so that a search that was interrupted goes on from the rounds that are there. All candidates meet the same
futures with the same luck, which takes most of the noise out of comparing them.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.study.analysis import complete, outcome_of
from experiments.study.archive import Archive
from experiments.study.plan import make_plan
from experiments.study.pool import LocalPool
from experiments.study.runner import COMPUTE, carry_on, usual_workers
from experiments.study.store import MANIFEST, Store
from experiments.study.study import Factor, Study
from model.error import OreblocError

#: Loss of a candidate none of whose runs is complete.
_NO_ANSWER = 1e300


@dataclass(frozen=True)
class Found:
    """What a search found: `best` values of the levers, its `loss`, and every candidate tried, a row each.

    `trials` has round, the levers, loss, over (how far beyond the budget, 0 within it) and the outcomes' means.
    """

    best: dict[str, Any]
    loss: float
    trials: pd.DataFrame


Loss = Callable[[Mapping[str, float]], float]


def best_policy(
    study: Study,
    outcome: str,
    folder: str | Path,
    *,
    budget: tuple[str, float] | None = None,
    rounds: int = 8,
    batch: int = 8,
    workers: int | None = None,
) -> Found:
    """Return the levers with the best mean of an outcome by its goal, over all futures of the study.

    `budget` names an outcome whose mean may be so much at most. The study must have one scenario and levers.
    Raises `OreblocError`.
    """
    goal = outcome_of(study, outcome).goal
    if goal == "none":
        raise OreblocError(
            f"Outcome {outcome} has no goal; it must be higher or lower. Write goal in the study."
        )
    sign = 1.0 if goal == "lower" else -1.0
    if budget is not None:
        outcome_of(study, budget[0])
    return search(study, lambda mean: sign * mean[outcome], folder, budget=budget, rounds=rounds, batch=batch,
                  workers=workers)  # fmt: skip


def fit(
    study: Study,
    targets: Mapping[str, float],
    folder: str | Path,
    *,
    scales: Mapping[str, float] | None = None,
    rounds: int = 8,
    batch: int = 8,
    workers: int | None = None,
) -> Found:
    """Return the levers (parameters to be calibrated) whose mean outcomes come nearest to targets.

    Nearness is the sum of squared distances over `scales` (each target's own size if left out). Raises
    `OreblocError`.
    """
    for name in targets:
        outcome_of(study, name)
    size = {name: (scales or {}).get(name) or abs(value) or 1.0 for name, value in targets.items()}

    def distance(mean: Mapping[str, float]) -> float:
        return sum(((mean[name] - value) / size[name]) ** 2 for name, value in targets.items())

    return search(study, distance, folder, rounds=rounds, batch=batch, workers=workers)


def search(
    study: Study,
    loss: Loss,
    folder: str | Path,
    *,
    budget: tuple[str, float] | None = None,
    rounds: int = 8,
    batch: int = 8,
    workers: int | None = None,
    compute: str = COMPUTE,
) -> Found:
    """Return the levers of least loss, a function of the outcomes' means over the futures. Raises `OreblocError`."""
    if len(study.scenarios) != 1 or not study.levers:
        raise OreblocError(
            f"Study {study.name} has {len(study.scenarios)} scenarios and {len(study.levers)} levers; a search "
            f"needs one "
            "scenario and at least one lever."
        )
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(
        seed=study.seed % 2**32, constant_liar=True, n_startup_trials=2 * batch,
        constraints_func=(lambda trial: (trial.user_attrs["over"],)) if budget else None,
    )  # fmt: skip
    asked = optuna.create_study(sampler=sampler)
    rows: list[dict[str, Any]] = []
    with contextlib.closing(LocalPool(workers or usual_workers(), compute)) as pool:
        for number in range(rounds):
            trials = [asked.ask() for _ in range(batch)]
            candidates = [{lever.name: _suggest(trial, lever) for lever in study.levers} for trial in trials]
            means = _tried(study, candidates, Path(folder) / f"round_{number:03d}", pool)
            for trial, candidate, mean in zip(trials, candidates, means, strict=True):
                value = loss(mean) if mean else _NO_ANSWER
                over = max(mean[budget[0]] - budget[1], 0.0) if budget and mean else 0.0
                trial.set_user_attr("over", over)
                asked.tell(trial, value)
                rows.append({"round": number, **candidate, "loss": value, "over": over, **mean})
    trials_table = pd.DataFrame(rows)
    within = trials_table[trials_table["over"] <= 0.0]
    if budget is not None and within.empty:
        raise OreblocError(
            f"No candidate of {len(rows)} keeps within the budget of {budget[1]:g} for {budget[0]}; the nearest has "
            f"{trials_table['over'].min():g} more. Raise the budget, or widen the levers."
        )
    best = within.loc[within["loss"].idxmin()]
    return Found({lever.name: best[lever.name] for lever in study.levers}, float(best["loss"]), trials_table)


def _suggest(trial: Any, lever: Factor) -> Any:
    if lever.spread is None:
        return lever.values[trial.suggest_int(lever.name, 0, len(lever.values) - 1)]
    return lever.spread.sample(trial.suggest_float(lever.name, 0.0, 1.0))


def _tried(
    study: Study, candidates: list[dict[str, Any]], folder: Path, pool: LocalPool
) -> list[dict[str, float]]:
    """Return the outcomes' means of each candidate over all futures; nothing for one without a complete run."""
    part = study.with_changes(policies={"kind": "table", "rows": candidates})
    store = Store(folder)
    if not (folder / MANIFEST).is_file():
        store.create(part, make_plan(part))
    elif store.manifest()["study"] != part.to_mapping():
        raise OreblocError(f"{folder} holds a round of another search. Choose another folder.")
    store.check_hashes()
    carry_on(store, pool=pool)
    table = complete(Archive(folder))
    found: list[dict[str, float]] = []
    for number in range(len(candidates)):
        mine = table[table["policy"] == number]
        names = [outcome.name for outcome in study.outcomes]
        found.append(
            {name: float(np.mean(mine[name].to_numpy(float))) for name in names} if len(mine) else {}
        )
    return found
