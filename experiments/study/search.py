"""Searching levers: the best policy under a budget, or values that come nearest to what happened.

Candidates are asked of Optuna in batches and told back (ask and tell). Each batch is a round that is kept, a study of
its own where candidates are tried in a study's futures, so that a search that was interrupted goes on from the rounds
that are there. All candidates meet the same futures with the same luck, which takes most of the noise out of comparing
them. Source: Bergstra2011.
"""

import contextlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.study.analysis import complete, outcome_of
from experiments.study.archive import Archive
from experiments.study.factor import Factor
from experiments.study.plan import make_plan
from experiments.study.pool import USUAL_LIMIT, LocalPool
from experiments.study.runner import COMPUTE, carry_on, worker_count
from experiments.study.store import MANIFEST, Store
from experiments.study.study import Study
from model.error import OreblocError

#: Loss of a candidate none of whose runs is complete.
_NO_ANSWER = 1e300


@dataclass(frozen=True)
class Budget:
    """An outcome whose mean may be `most` at most, or must be `least` at least."""

    outcome: str
    most: float | None = None
    least: float | None = None

    def over(self, mean: Mapping[str, float]) -> float:
        """Return by how much means break it; 0 within it."""
        value = mean[self.outcome]
        above = value - self.most if self.most is not None else 0.0
        below = self.least - value if self.least is not None else 0.0
        return max(above, below, 0.0)

    def words(self) -> str:
        """Return it as words: tariff at most 5 and at least 2."""
        parts = [
            f"at {side} {limit:,.6g}"
            for side, limit in (("most", self.most), ("least", self.least))
            if limit is not None
        ]
        return f"{self.outcome} {' and '.join(parts)}"


@dataclass(frozen=True)
class Found:
    """What a search found: `best` values of the levers, its `loss`, and every candidate tried, a row each.

    `trials` has round, the levers, loss, over (how far beyond the budget, 0 within it) and the outcomes' means.
    """

    best: dict[str, Any]
    loss: float
    trials: pd.DataFrame


Means = dict[str, float]
Loss = Callable[[Mapping[str, float]], float]
#: Tries the candidates of a round, by its number; returns each one's outcomes, nothing for one without an answer.
Evaluate = Callable[[int, list[dict[str, Any]]], list[Means]]
#: Is told the number of every round that is done, and all candidates so far.
Told = Callable[[int, pd.DataFrame], None]


def best_policy(
    study: Study,
    outcome: str,
    folder: str | Path,
    *,
    budget: Budget | tuple[str, float] | None = None,
    rounds: int = 8,
    batch: int = 8,
    workers: int | None = None,
    limit: float = USUAL_LIMIT,
    told: Told | None = None,
) -> Found:
    """Return the levers with the best mean of an outcome by its goal, over all futures of the study.

    `budget` names an outcome whose mean is limited (a pair: name and the most it may be). The study must have one
    scenario and levers. Raises `OreblocError`.
    """
    goal = outcome_of(study, outcome).goal
    if goal == "none":
        raise OreblocError(
            f"Outcome {outcome} has no goal; it must be higher or lower. Write goal in the study."
        )
    sign = 1.0 if goal == "lower" else -1.0
    kept = Budget(budget[0], most=budget[1]) if isinstance(budget, tuple) else budget
    if kept is not None:
        outcome_of(study, kept.outcome)
    return search(study, lambda mean: sign * mean[outcome], folder, budget=kept, rounds=rounds, batch=batch,
                  workers=workers, limit=limit, told=told)  # fmt: skip


def fit(
    study: Study,
    targets: Mapping[str, float],
    folder: str | Path,
    *,
    scales: Mapping[str, float] | None = None,
    rounds: int = 8,
    batch: int = 8,
    workers: int | None = None,
    limit: float = USUAL_LIMIT,
    told: Told | None = None,
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

    return search(
        study, distance, folder, rounds=rounds, batch=batch, workers=workers, limit=limit, told=told
    )


def search(
    study: Study,
    loss: Loss,
    folder: str | Path,
    *,
    budget: Budget | None = None,
    rounds: int = 8,
    batch: int = 8,
    workers: int | None = None,
    limit: float = USUAL_LIMIT,
    told: Told | None = None,
    compute: str = COMPUTE,
) -> Found:
    """Return the levers of least loss, a function of the outcomes' means over the futures. Raises `OreblocError`."""
    if len(study.scenarios) != 1 or not study.levers:
        raise OreblocError(
            f"Study {study.name} has {len(study.scenarios)} scenarios and {len(study.levers)} levers; a search "
            f"needs one scenario and at least one lever."
        )
    with contextlib.closing(LocalPool(worker_count(workers), compute)) as pool:

        def tried(number: int, candidates: list[dict[str, Any]]) -> list[Means]:
            return _tried(study, candidates, Path(folder) / f"round_{number:03d}", pool, limit)

        return ask_and_tell(
            study.levers, study.seed, tried, loss, budget=budget, rounds=rounds, batch=batch, told=told
        )


def ask_and_tell(
    levers: Sequence[Factor],
    seed: int,
    evaluate: Evaluate,
    loss: Loss,
    *,
    budget: Budget | None = None,
    rounds: int = 8,
    batch: int = 8,
    told: Told | None = None,
) -> Found:
    """Return the levers of least loss, asking Optuna for a batch of candidates a round. Raises `OreblocError`.

    The same seed, levers and answers give the same candidates.
    """
    import optuna

    for what, count in (("rounds", rounds), ("candidates a round", batch)):
        if count < 1:
            raise OreblocError(f"Number of {what} is {count}; it must be 1 or more.")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():  # Optuna 5 has another way, Optuna 4 has none
        warnings.simplefilter("ignore", FutureWarning)
        sampler = optuna.samplers.TPESampler(
            seed=seed % 2**32, constant_liar=True, n_startup_trials=2 * batch,
            constraints_func=(lambda trial: (trial.user_attrs["over"],)) if budget else None,
        )  # fmt: skip
    asked = optuna.create_study(sampler=sampler)
    rows: list[dict[str, Any]] = []
    for number in range(rounds):
        trials = [asked.ask() for _ in range(batch)]
        candidates = [{lever.name: _suggest(trial, lever) for lever in levers} for trial in trials]
        means = evaluate(number, candidates)
        for trial, candidate, mean in zip(trials, candidates, means, strict=True):
            value = loss(mean) if mean else _NO_ANSWER
            over = budget.over(mean) if budget and mean else 0.0
            if np.isnan(value) or np.isnan(over):
                value, over = _NO_ANSWER, 0.0
            trial.set_user_attr("over", over)
            asked.tell(trial, value)
            rows.append({"round": number, **candidate, "loss": value, "over": over, **mean})
        if told:
            told(number, pd.DataFrame(rows))
    return _best(pd.DataFrame(rows), levers, budget)


def _best(trials: pd.DataFrame, levers: Sequence[Factor], budget: Budget | None) -> Found:
    trials = trials[trials["loss"] < _NO_ANSWER]
    if trials.empty:
        raise OreblocError(
            "No candidate has an answer: all runs failed, or an outcome is not a number. Try one alone."
        )
    within = trials[trials["over"] <= 0.0]
    if budget is not None and within.empty:
        raise OreblocError(
            f"No candidate of {len(trials)} keeps within the budget of {budget.words()}; the nearest is "
            f"{trials['over'].min():.6g} off. Widen the budget, or the levers."
        )
    best = within.loc[within["loss"].idxmin()]
    return Found({lever.name: best[lever.name] for lever in levers}, float(best["loss"]), trials)


def _suggest(trial: Any, lever: Factor) -> Any:
    if lever.spread is None:
        return lever.values[trial.suggest_int(lever.name, 0, len(lever.values) - 1)]
    return lever.spread.sample(trial.suggest_float(lever.name, 0.0, 1.0))


def _tried(
    study: Study, candidates: list[dict[str, Any]], folder: Path, pool: LocalPool, limit: float
) -> list[Means]:
    """Return the outcomes' means of each candidate over all futures; nothing for one without a complete run."""
    part = study.with_changes(policies={"kind": "table", "rows": candidates})
    store = Store(folder)
    if not (folder / MANIFEST).is_file():
        store.create(part, make_plan(part))
    elif store.manifest()["study"] != part.to_mapping():
        raise OreblocError(f"{folder} holds a round of another search. Choose another folder.")
    store.check_hashes()
    carry_on(store, pool=pool, limit=limit)
    table = complete(Archive(folder))
    names = [outcome.name for outcome in study.outcomes]
    found: list[Means] = []
    for number in range(len(candidates)):
        mine = table[table["policy"] == number]
        found.append(
            {name: float(np.mean(mine[name].to_numpy(float))) for name in names} if len(mine) else {}
        )
    return found
