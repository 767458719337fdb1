"""A class's own game as a stage of the pages: its rounds as they were played, the quarters after them by machines.

Levers change the scenario under it, and the class's orders, treaties and events are given again. A game opens by its
file (`results/session.orebloc`), or on the server of a class by a word (`class:NUMBER:MARK`) whose mark only those are
told who may see the game; it is that of one moment, so that a word told earlier opens no round played later.
"""

import hmac
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.game import Game
from model.error import OreblocError
from model.scenario import Scenario, scenario_from
from viz.live.game_word import GAMES, game_word, is_word
from viz.live.record import Cancelled, Record, Recording
from viz.live.stage import Ground, Stage

_NO_GAME = "That word opens no game of this server. Take the link of the desk or of the debrief."


def game_stage(name: str) -> Stage:
    """Return the stage of a class's game by its file or word. Raises `OreblocError`."""
    from viz.classroom.fold import fold
    from viz.classroom.store import read_events

    path = _file_of(name) if is_word(name) else Path(name)
    state = fold(read_events(path))
    if is_word(name):
        right = game_word(int(name.split(":")[1]), _served()["secret"], state.record)
        if not hmac.compare_digest(name.encode(), right.encode()):
            raise OreblocError(_NO_GAME)
    if not state.record.get("rounds"):
        raise OreblocError(f"Session {path.name} has no round that was played. Open it after the first one.")
    played_to = state.outcomes[len(state.record["rounds"])]["quarter_to"]
    return GameStage(state.record, f"{state.title}, as it was played to {played_to}", name)


def _served() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(os.environ.get(GAMES) or '{"secret": "", "files": []}')
    return found


def _file_of(word: str) -> Path:
    number, files = word.split(":")[1], _served()["files"]
    if not number.isdigit() or int(number) >= len(files):
        raise OreblocError(_NO_GAME)
    return Path(files[int(number)])


class _Taker:
    """Stands where a game keeps its recorder, and hands each quarter played to the pages' recording."""

    def __init__(self, recording: Recording, is_stale: Callable[[], bool]) -> None:
        self.recording, self.is_stale, self.engine = recording, is_stale, None

    def take(self) -> None:
        """Keep the quarter. Raises `Cancelled`."""
        if self.is_stale():
            raise Cancelled
        self.recording.take(self.engine)  # type: ignore[arg-type]


class GameStage(Stage):
    """A class's game: `record` is that of `experiments.game.Game`. It has no minerals apart and no bands."""

    is_played = True

    def __init__(self, record: Mapping[str, Any], title: str, name: str) -> None:
        scenario = scenario_from(record["scenario"], file="the game's record").with_changes({"title": title})
        super().__init__(scenario, name=name)
        self.record = record
        self.whole = _PlayedGround(self)

    def run(
        self,
        scenario: Scenario,
        risk_goods: Sequence[str] = (),
        is_stale: Callable[[], bool] = lambda: False,
    ) -> Record:
        """Play the class's rounds on another scenario, and the quarters after them with machines only."""
        record, whole = self.record, self.whole
        game = Game(
            scenario, quarters_per_round=record["quarters_per_round"], seed=record["seed"],
            world=whole.with_scenario(scenario),
        )  # fmt: skip
        recording = Recording(whole.observer, risk_goods)
        game.recorder = _Taker(recording, is_stale)  # type: ignore[assignment]
        for one in record["rounds"]:
            game.play_round(one["sheets"], one["pilots"], one["events"], one["treaties"])
        while not game.is_done:
            game.play_round()
        return recording.record(game.engine)


class _PlayedGround(Ground):
    """The world of a class's game, whose baseline is the game."""

    def __init__(self, stage: GameStage) -> None:
        super().__init__(stage.scenario, is_whole=True)
        self.stage = stage

    def _run_baseline(self) -> Record:
        return self.stage.run(self.scenario, self.headline)
