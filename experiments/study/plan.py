"""From a study to its runs: one row for each, and the chunks they are computed in.

Runs are numbered scenario by scenario, policy by policy, point by point, replicate by replicate. A run's luck depends
on its point and replicate, so all policies meet the same. Chunks gather runs of one policy whose luck counts up, as
these go through the compiled engine together; which chunk a run is in changes nothing in its figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.study.design import Points, choose_points
from experiments.study.factor import Factor
from experiments.study.policy import check_sign_policies
from experiments.study.study import Study
from experiments.study.study_field import LEAST_CHUNK, MOST_RUNS, USUAL_CHUNK, USUAL_CHUNKS
from model.error import OreblocError

Ints = NDArray[np.int64]
#: Columns of the table of runs that are no factors.
KEYS = ("run", "scenario", "policy", "point", "replicate", "luck")


@dataclass(frozen=True)
class Plan:
    """The runs of a study: `runs` has the columns of `KEYS` and one for each factor.

    `chunk` [runs] says where each goes.
    """

    runs: pd.DataFrame
    chunk: Ints
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Number of runs."""
        return len(self.runs)

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return int(self.chunk.max()) + 1 if len(self.chunk) else 0


@dataclass(frozen=True)
class _Policy:
    scenario: str
    number: int
    values: dict[str, Any]


def make_plan(study: Study, wanted: int | None = None) -> Plan:
    """Return the runs of a study, as near to `wanted` in all as its design allows. Raises `OreblocError`."""
    if wanted is not None and not 1 <= wanted <= MOST_RUNS:
        raise OreblocError(f"Number of runs is {wanted:,}; it must be 1 to {MOST_RUNS:,}.")
    plan = _planned_together(study, wanted) if study.design.together else _planned(study, wanted)
    if (
        wanted is None
    ):  # fewer runs may have fewer settings of the levers: the report tells those that are missing
        check_sign_policies(study, plan.runs)
    return plan


def _planned(study: Study, wanted: int | None) -> Plan:
    """Return runs in which the levers' settings are policies, each met by every point."""
    policies, notes = _policies(study)
    if wanted is not None and wanted < len(policies):
        policies, notes = _policies(study, wanted)
    each = None if wanted is None else max(round(wanted / len(policies)), 1)
    replicates = study.replicates
    if each is not None and not study.uncertainties:
        replicates = each
    size = None if each is None else max(round(each / replicates), 1)
    points = choose_points(study.design, study.uncertainties, study.seed, size)
    return _laid_out(study, policies, points, replicates, [*notes, points.note], wanted)


def _planned_together(study: Study, wanted: int | None) -> Plan:
    """Return runs in which levers and uncertainties are sampled as one space, once for each scenario."""
    names = list(study.scenarios)
    size = None if wanted is None else max(round(wanted / (len(names) * study.replicates)), 1)
    points = choose_points(study.design, study.factors, study.seed, size)
    policies = [_Policy(name, number, {}) for number, name in enumerate(names)]
    return _laid_out(study, policies, points, study.replicates, [points.note], wanted)


def _policies(study: Study, most: int | None = None) -> tuple[list[_Policy], list[str]]:
    """Return every scenario under every setting of the levers that act in it.

    Settings that are sampled from ranges are so few that there are at most so many in all, one a scenario at the least.
    """
    size = None if most is None else max(most // len(study.scenarios), 1)
    found: list[_Policy] = []
    notes: list[str] = []
    for name in study.scenarios:
        levers = [lever for lever in study.levers if lever.acts_in(name)]
        ranged = any(lever.spread is not None for lever in levers)
        settings = choose_points(study.policies, levers, study.seed, size if ranged else None)
        notes.append(settings.note)
        for place in range(settings.count):
            values = {lever: column[place] for lever, column in settings.values.items()}
            found.append(_Policy(name, len(found), values))
    return found, notes


def _laid_out(
    study: Study,
    policies: Sequence[_Policy],
    points: Points,
    replicates: int,
    notes: Sequence[str],
    wanted: int | None,
) -> Plan:
    each = points.count * replicates
    total = each * len(policies)
    if total > MOST_RUNS:
        raise OreblocError(
            f"Study {study.name} has {total:,} runs; it must have {MOST_RUNS:,} or fewer. Take fewer points, "
            f"replicates or "
            "values of levers."
        )
    point = np.tile(np.repeat(np.arange(points.count), replicates), len(policies))
    replicate = np.tile(np.arange(replicates), points.count * len(policies))
    policy = np.repeat(np.arange(len(policies)), each)
    by_point = points.luck if study.luck == "by_point" else np.zeros(points.count, dtype=np.int64)
    luck = by_point[point] * replicates + replicate
    if not study.common_luck:
        luck = luck + policy * (int(by_point.max()) + 1) * replicates
    columns: dict[str, Any] = {
        "run": np.arange(total),
        "scenario": pd.Categorical.from_codes(
            np.array([list(study.scenarios).index(policies[p].scenario) for p in range(len(policies))])[
                policy
            ],
            list(study.scenarios),
        ),
        "policy": policy,
        "point": point,
        "replicate": replicate,
        "luck": luck,
    }
    for factor in study.factors:
        columns[factor.name] = _column(factor, policies, points, policy, point)
    runs = pd.DataFrame(columns)
    return Plan(runs, _chunks(study, runs), tuple(_told(notes, total, wanted)))


def _column(factor: Factor, policies: Sequence[_Policy], points: Points, policy: Ints, point: Ints) -> Any:
    """Return a factor's value in every run, missing where it does not act."""
    acts = np.array([factor.acts_in(p.scenario) for p in policies])[policy]
    if factor.name in points.values:
        return _typed(points.values[factor.name], point, acts, factor)
    return _typed([p.values.get(factor.name) for p in policies], policy, acts, factor)


def _typed(
    values: list[Any] | NDArray[np.float64], place: Ints, acts: NDArray[np.bool_], factor: Factor
) -> Any:
    if isinstance(values, np.ndarray):
        return np.where(acts, values[place], np.nan)
    if factor.is_number:
        numbers = np.array([np.nan if value is None else float(value) for value in values])
        return np.where(acts, numbers[place], np.nan)
    words = np.array([None if value is None else _text(value) for value in values], dtype=object)
    chosen = words[place]
    chosen[~acts] = None
    return pd.Categorical(chosen)


def _text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value)


def _told(notes: Sequence[str], total: int, wanted: int | None) -> list[str]:
    told = list(dict.fromkeys(note for note in notes if note))
    if wanted is not None and wanted != total:
        told.append(f"{total:,} runs, the nearest to {wanted:,} that the design allows")
    return told


def variant_codes(study: Study, runs: pd.DataFrame) -> Ints:
    """Return [runs]: a number for each set of runs that differ in luck and batched parameters only."""
    apart = [factor.name for factor in study.factors if not factor.in_batch]
    keys = [runs["scenario"].cat.codes if name == "scenario" else runs[name] for name in ("scenario", *apart)]
    codes = np.zeros(len(runs), dtype=np.int64)
    for key in keys:
        place, names = pd.factorize(key, use_na_sentinel=False)
        codes = pd.factorize(codes * len(names) + place)[0]
    return codes


def _chunks(study: Study, runs: pd.DataFrame) -> Ints:
    """Return the chunk of every run: by variant, then by the how manieth time it meets its luck, then by luck."""
    variant, luck = variant_codes(study, runs), runs["luck"].to_numpy()
    order = np.lexsort((luck, variant))
    same = (np.diff(variant[order], prepend=-1) == 0) & (np.diff(luck[order], prepend=-1) == 0)
    turn = np.empty(len(runs), dtype=np.int64)
    turn[order] = _count_repeats(same)
    order = np.lexsort((luck, turn, variant))
    chunk = np.empty(len(runs), dtype=np.int64)
    chunk[order] = np.arange(len(runs)) // chunk_size(study, len(runs))
    return chunk


def chunk_size(study: Study, runs: int) -> int:
    """Return how many runs a chunk holds: what the study says, else so that there are several for every worker."""
    return study.chunk or min(max(-(-runs // USUAL_CHUNKS), LEAST_CHUNK), USUAL_CHUNK)


def _count_repeats(same: NDArray[np.bool_]) -> Ints:
    """Return how many neighbours before each element are the same as it, without a gap."""
    place = np.arange(same.size)
    started = np.maximum.accumulate(np.where(same, 0, place))
    return place - started


def batches(runs: pd.DataFrame, variant: Ints, most: int) -> list[Ints]:
    """Return row numbers of runs of one variant whose luck counts up by one, at most so many together."""
    luck = runs["luck"].to_numpy()
    left = np.lexsort((luck, variant))
    found: list[Ints] = []
    while left.size:  # each pass takes every luck of a variant once
        new = (np.diff(variant[left], prepend=-1) != 0) | (np.diff(luck[left], prepend=-1) != 0)
        row, left = left[new], left[~new]
        breaks = (np.diff(variant[row], prepend=-2) != 0) | (np.diff(luck[row], prepend=-2) != 1)
        for part in np.split(row, np.flatnonzero(breaks)[1:]):
            found += [part[first : first + most] for first in range(0, part.size, most)]
    return found
