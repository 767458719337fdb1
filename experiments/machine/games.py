"""Playing many machine games: batches on several processes, kept one by one, so that an interrupted run goes on."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.class_seat import class_seats
from experiments.compile_time import is_cold, mark_warm
from experiments.game import QUARTERS_PER_ROUND, Game
from experiments.log import write_log
from experiments.machine.batch import BATCH, Numbers, Task
from experiments.machine.table import game_key, table_of
from experiments.study.pool import DIED, DONE, HUNG, PROGRESS, RAISED, REFUSED, LocalPool
from model.base.data import data_hash
from model.cache import rule_hash
from model.error import OreblocError

COMPUTE = "experiments.machine.batch:compute"
MOST_GAMES = 100_000
#: Seconds that a batch may take without a sign of life.
_LIMIT_SECONDS = 1800.0


def play_games(
    scenario: str, seats: Sequence[str], *, rounds: int, games: int, workers: int, folder: Path,
    seed: int | None = None, progress: Callable[[int], None] = lambda games: None,
) -> dict[str, Any]:  # fmt: skip
    """Play games by machines and return their table as JSON values.

    Batches are kept in `folder`; those that are there, of the same game under the same rules, are not played again.
    Raises `OreblocError` for what cannot be, or where a worker dies twice at the same batch.
    """
    if not 10 <= games <= MOST_GAMES:
        raise OreblocError(f"Games are {games}; they must be 10 to {MOST_GAMES:,}. Write --runs 1000.")
    game = Game(scenario, seed=seed)
    if not 1 <= rounds <= game.rounds:
        raise OreblocError(
            f"Rounds are {rounds}; the scenario has quarters for 1 to {game.rounds}. Write --rounds {game.rounds}."
        )
    chosen, mapping = class_seats(game, seats), game.scenario.to_mapping()
    tasks = [
        Task(mapping, game.engine.seed, tuple(chosen), rounds, QUARTERS_PER_ROUND, number, min(BATCH, left))
        for number, left in enumerate(range(games, 0, -BATCH))
    ]
    kept = _Kept(folder, tasks[0])
    found = {task.number: batch for task in tasks if (batch := kept.read(task)) is not None}
    progress(sum(len(batch) for batch in found.values()))
    waiting = [task for task in tasks if task.number not in found]
    if waiting:
        found |= _play(waiting, min(workers, len(waiting)), kept, progress)
    batches = [found[task.number] for task in tasks]
    whole = [one for batch in batches for one in batch]
    if all(one is None for one in whole):
        raise OreblocError(f"None of {games} games could be worked out. Try another --seed, or tell us.")
    return table_of(whole, mapping, chosen, QUARTERS_PER_ROUND)


class _Kept:
    """Batches on the disk, a file each, with what they were played under."""

    def __init__(self, folder: Path, task: Task) -> None:
        self.folder = folder / "batches"
        self.head = {
            "key": game_key(task.scenario, task.quarters_per_round), "rule_hash": rule_hash(),
            "data_hash": data_hash(), "seed": task.seed, "seats": list(task.seats), "rounds": task.rounds,
        }  # fmt: skip

    def read(self, task: Task) -> list[list[Numbers] | None] | None:
        """Return a batch, None where it has not been played, or not so."""
        try:
            found = json.loads(self._path(task).read_text(encoding="utf-8"))
            if found["head"] != self.head or len(found["games"]) != task.games:
                return None
            return [_numbers(game) for game in found["games"]]
        except (OSError, ValueError, KeyError):
            return None

    def write(self, task: Task, batch: Sequence[Sequence[Numbers] | None]) -> None:
        """Keep a batch, whole or not at all. Raises `OreblocError` where the disk refuses."""
        games = [
            None if game is None else [{"|".join(key): value for key, value in one.items()} for one in game]
            for game in batch
        ]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_log(self._path(task), json.dumps({"head": self.head, "games": games}))
        except OSError as error:
            raise OreblocError(
                f"Folder {self.folder} cannot be written: {error.strerror}. Make room, or choose another --out."
            ) from error

    def _path(self, task: Task) -> Path:
        return self.folder / f"batch_{task.number:05d}.json"


def _numbers(game: Sequence[Mapping[str, float]] | None) -> list[Numbers] | None:
    if game is None:
        return None
    return [{tuple(key.split("|")): value for key, value in one.items()} for one in game]


def _play(
    tasks: Sequence[Task], workers: int, kept: _Kept, progress: Callable[[int], None]
) -> dict[int, list[list[Numbers] | None]]:
    """Have workers play batches; one whose worker dies is tried once more."""
    pool = LocalPool(workers, COMPUTE, is_cold())
    by_number, waiting = {task.number: task for task in tasks}, list(tasks)
    found: dict[int, list[list[Numbers] | None]] = {}
    deaths: dict[int, int] = {}
    try:
        while len(found) < len(tasks):
            while waiting and pool.room > 0:
                task = waiting.pop(0)
                pool.submit(task.number, task, _LIMIT_SECONDS)
            event = pool.wait(0.5)
            if event is None:
                continue
            if event.kind == PROGRESS:
                progress(int(event.content))
            elif event.kind == DONE:
                found[event.job] = event.content
                kept.write(by_number[event.job], event.content)
                mark_warm()
            elif event.kind in (DIED, HUNG) and not deaths.get(event.job):
                deaths[event.job] = 1
                waiting.append(by_number[event.job])
            elif event.kind in (DIED, HUNG, RAISED, REFUSED):
                raise OreblocError(
                    f"Batch {event.job} of the games failed: {event.content}. What was played is kept; start again to "
                    "go on."
                )
    finally:
        pool.close()
    return found
