"""Parameters fitted to what happened: each candidate is run through episodes and set against their tests.

How far a test's median is from what was observed is counted in half the width of its band, so that every test speaks
in its own terms: 1 is at the band's edge. The miss of a candidate is the root of the mean square of these, by the
tests' weights. Sizes that cannot be negative are compared by their logarithms.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.study.pool import DONE, PROGRESS, REFUSED, LocalPool
from experiments.study.store import told, write_file
from experiments.validation import Episode, judge, load_episode, run_record
from model.error import OreblocError

COMPUTE = "experiments.study.episode_fit:compute"
#: A test without a result misses by so many half bands.
NO_RESULT = 3.0
_WAIT_SECONDS = 0.5


def compute(task: tuple[str, dict[str, float], int], tell: Any = None) -> dict[str, float]:
    """Return the medians of an episode's tests, `EPISODE.TEST`, with parameters set, over so many runs."""
    name, parameters, runs = task
    episode = load_episode(name)
    scenario = episode.scenario.with_changes(
        {f"parameters.{key}": value for key, value in parameters.items()}
    )
    record = run_record(scenario, episode, runs)
    return {f"{episode.name}.{test['id']}": judge(record, test).value for test in episode.tests}


def compared(episode: Episode) -> list[Mapping[str, Any]]:
    """Return the tests that say what was observed, and count."""
    return [test for test in episode.tests if test["observed"] is not None and test["weight"] > 0.0]


def miss(test: Mapping[str, Any], value: float) -> float:
    """Return how far a value is from what was observed, in half widths of the test's band."""
    low, high, seen = (float(test[key]) for key in ("low", "high", "observed"))
    if not math.isfinite(value):
        return NO_RESULT
    if high <= low:
        return 0.0 if value == seen else NO_RESULT
    if min(low, seen) > 0.0:
        if value <= 0.0:
            return NO_RESULT
        low, high, seen, value = (math.log(number) for number in (low, high, seen, value))
    return min(abs(value - seen) / (0.5 * (high - low)), NO_RESULT)


def misfit(episodes: Sequence[Episode], values: Mapping[str, float]) -> float:
    """Return the root of the mean square of misses over the tests of episodes, by weight."""
    total = weight = 0.0
    for episode in episodes:
        for test in compared(episode):
            total += test["weight"] * miss(test, values[f"{episode.name}.{test['id']}"]) ** 2
            weight += test["weight"]
    if not weight:
        names = ", ".join(episode.name for episode in episodes)
        raise OreblocError(
            f"Episodes {names} have no test that says what was observed. Write observed in one or more."
        )
    return math.sqrt(total / weight)


class EpisodeRounds:
    """Tries candidates in episodes and keeps each round's answers in a file, where they are found again."""

    def __init__(
        self, episodes: Sequence[str], runs: int, folder: Path, pool: LocalPool, limit: float
    ) -> None:
        self.episodes = episodes
        self.runs = runs
        self.folder = folder
        self.pool = pool
        self.limit = limit

    def __call__(self, number: int, candidates: list[dict[str, Any]]) -> list[dict[str, float]]:
        """Return the medians of all tests under each candidate; nothing for one whose worker was lost."""
        return self.kept_or_computed(self.folder / f"round_{number:03d}.json", candidates)

    def kept_or_computed(self, path: Path, candidates: list[dict[str, Any]]) -> list[dict[str, float]]:
        """Return what a file holds of candidates; compute and write it where it is not there."""
        if path.is_file():
            return _kept(path, candidates)
        found = self._computed(candidates)
        plain = [{key: value if value == value else None for key, value in row.items()} for row in found]
        text = json.dumps({"candidates": candidates, "found": plain}, indent=1, allow_nan=False)
        with told(self.folder):
            write_file(path, (text + "\n").encode())
        return found

    def _computed(self, candidates: list[dict[str, Any]]) -> list[dict[str, float]]:
        tasks = [(row, name) for row in range(len(candidates)) for name in self.episodes]
        for job, (row, name) in enumerate(tasks):
            self.pool.submit(job, (name, candidates[row], self.runs), self.limit)
        found: list[dict[str, float]] = [{} for _ in candidates]
        lost: set[int] = set()
        left = len(tasks)
        while left:
            event = self.pool.wait(_WAIT_SECONDS)
            if event is None or event.kind == PROGRESS:
                continue
            left -= 1
            if event.kind == REFUSED:
                raise OreblocError(str(event.content))
            if event.kind == DONE:
                found[tasks[event.job][0]].update(event.content)
            else:
                lost.add(tasks[event.job][0])
        return [{} if row in lost else values for row, values in enumerate(found)]


def _kept(path: Path, candidates: list[dict[str, Any]]) -> list[dict[str, float]]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        same = kept["candidates"] == json.loads(json.dumps(candidates))
    except (OSError, ValueError, KeyError, TypeError):
        raise OreblocError(f"{path} cannot be read. Remove it; the round is computed again.") from None
    if not same:
        raise OreblocError(f"{path} is a round of another search. Choose another folder.")
    return [
        {key: math.nan if value is None else value for key, value in row.items()} for row in kept["found"]
    ]
