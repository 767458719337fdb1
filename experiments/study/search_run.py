"""Carrying out a search file: into a folder of its own, from which it goes on if it was interrupted.

search.json        the search, hashes of rules and data; written first
round_000 ...      each round: a study's folder, or the medians of episodes' tests
defaults.json      the same of the parameters as they ship (episodes)
trials.csv         every candidate: levers, loss, how far beyond the budget, outcomes
found.json         what was found
"""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.study.episode_fit import COMPUTE, EpisodeRounds, misfit
from experiments.study.pool import USUAL_LIMIT, LocalPool
from experiments.study.runner import worker_count
from experiments.study.search import Found, Told, ask_and_tell, best_policy, fit
from experiments.study.search_file import Search
from experiments.study.store import check_new, plain, told, write_file
from model.base.data import data_hash
from model.cache import rule_hash
from model.error import OreblocError

RECORD = "search.json"
#: Part of the candidates whose levers are told as a range.
_BEST = 0.1


@dataclass(frozen=True)
class Verdict:
    """What a search came to.

    `found` the best candidate and all tried; `means` its outcomes; `range` of each lever among the best tenth;
    `before` and `after` the misfit of every episode under the parameters as they ship and as found.
    """

    found: Found
    means: dict[str, float]
    range: dict[str, tuple[Any, Any]]
    before: dict[str, float]
    after: dict[str, float]


def run_search(
    search: Search,
    folder: str | Path,
    *,
    rounds: int | None = None,
    workers: int | None = None,
    limit: float = USUAL_LIMIT,
    progress: Told | None = None,
) -> Verdict:
    """Carry out a search, going on from the rounds that are in the folder. Raises `OreblocError`.

    `rounds` instead of the file's; `progress` is told the number of each round done and all candidates so far.
    """
    place, many = Path(folder), search.rounds if rounds is None else rounds
    worker_count(workers)
    if many < 1:
        raise OreblocError(f"Number of rounds is {many}; it must be 1 or more. Leave it out for the file's.")
    if not limit > 0.0:
        raise OreblocError(f"Time limit is {limit:g} s; it must be above 0 s. Leave it out for an hour.")
    _begin(search, place)

    def tell(number: int, trials: pd.DataFrame) -> None:
        with told(place):
            write_file(place / "trials.csv", trials.to_csv(index=False).encode())
        if progress:
            progress(number, trials)

    if search.episodes:
        verdict = _fitted(search, place, many, workers, limit, tell)
    else:
        verdict = _of(search, _searched(search, place, many, workers, limit, tell))
    with told(place):
        write_file(place / "found.json", (json.dumps(_record(verdict), indent=1) + "\n").encode())
    return verdict


def _begin(search: Search, folder: Path) -> None:
    """Write what is searched into a new folder, or check that a folder holds the same search."""
    record = plain(
        {"name": search.name, "search": search.raw, "rule_hash": rule_hash(), "data_hash": data_hash()}
    )
    path = folder / RECORD
    if not path.is_file():
        check_new(folder)
        with told(folder):
            folder.mkdir(parents=True, exist_ok=True)
            write_file(path, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode())
        return
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise OreblocError(f"{path} cannot be read. Search into another folder.") from None
    for what, key in (("rules", "rule_hash"), ("base data", "data_hash")):
        if kept.get(key) != record[key]:
            raise OreblocError(
                f"Search in {folder} was begun with {what} {kept.get(key)}; this installation has {record[key]}. "
                "Use the version that began it, or search into another folder."
            )
    if kept != record:
        raise OreblocError(
            f"Output folder {folder} holds search {kept.get('name')}, not this one as it is written now; nothing was "
            "overwritten. Choose another --out."
        )


def _searched(
    search: Search, folder: Path, rounds: int, workers: int | None, limit: float, tell: Told
) -> Found:
    assert search.study is not None
    more: dict[str, Any] = {
        "rounds": rounds, "batch": search.batch, "workers": workers, "limit": limit, "told": tell,
    }  # fmt: skip
    if search.outcome:
        return best_policy(search.study, search.outcome, folder, budget=search.budget, **more)
    return fit(search.study, search.targets, folder, scales=search.scales, **more)


def _fitted(
    search: Search, folder: Path, rounds: int, workers: int | None, limit: float, tell: Told
) -> Verdict:
    with contextlib.closing(LocalPool(worker_count(workers), COMPUTE)) as pool:
        sources = list(search.sources.values())
        tries = EpisodeRounds(sources, search.runs, folder, pool, limit)
        usual = tries.kept_or_computed(folder / "defaults.json", [{}])[0]

        def loss(values: Mapping[str, float]) -> float:
            return misfit(search.episodes, values)

        found = ask_and_tell(
            search.levers, search.seed, tries, loss, rounds=rounds, batch=search.batch, told=tell
        )
    verdict = _of(search, found)
    every = (*search.episodes, *search.judged)
    before, after = (
        {episode.name: misfit([episode], values) for episode in every if values}
        for values in (usual, verdict.means)
    )
    return Verdict(found, verdict.means, verdict.range, before, after)


def _of(search: Search, found: Found) -> Verdict:
    trials, names = found.trials, [lever.name for lever in search.levers]
    within = trials[trials["over"] <= 0.0].sort_values("loss", kind="stable")
    beside = [name for name in trials if name not in (*names, "round", "loss", "over")]
    best = within.iloc[0]
    few = within.head(max(round(_BEST * len(trials)), 1))
    return Verdict(
        found,
        {name: float(best[name]) for name in beside},
        {name: (_least(few[name]), _most(few[name])) for name in names},
        {},
        {},
    )


def _least(column: "pd.Series[Any]") -> Any:
    return column.min() if column.dtype.kind in "fiu" else column.iloc[0]


def _most(column: "pd.Series[Any]") -> Any:
    return column.max() if column.dtype.kind in "fiu" else column.iloc[-1]


def _record(verdict: Verdict) -> dict[str, Any]:
    def simple(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: simple(item) for key, item in value.items()}
        if isinstance(value, tuple | list):
            return [simple(item) for item in value]
        value = value.item() if isinstance(value, np.generic) else value
        return None if isinstance(value, float) and value != value else value

    return {
        "best": simple(verdict.found.best), "loss": verdict.found.loss, "candidates": len(verdict.found.trials),
        "outcomes": simple(verdict.means), "best_tenth": simple(verdict.range), "misfit_before": verdict.before,
        "misfit_after": verdict.after,
    }  # fmt: skip
