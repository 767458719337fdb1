"""Somebody else's class in a seat: it sees a copy of the view, and its failure is one message."""

import copy
import traceback
from pathlib import Path
from typing import Any

from model.error import OreblocError


class GuardedPlayer:
    """Passes a copy of the view on; an error of the player becomes an `OreblocError` with seat, quarter and line."""

    def __init__(self, seat: str, player: Any) -> None:
        self.seat, self.player = seat, player

    def decide(self, view: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what the player decides. Raises `OreblocError`."""
        try:
            given: list[dict[str, Any]] = self.player.decide(copy.deepcopy(view))
        except OreblocError:
            raise
        except (Exception, SystemExit) as error:
            raise OreblocError(failure(self.seat, self.player, view["quarter"], error)) from error
        return given


def failure(seat: str, player: Any, quarter: str, error: BaseException) -> str:
    """Return the words for a class that failed: seat, class, quarter, error, file and line."""
    name = type(player).__name__
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{seat} ({name}) failed in {quarter}: {what} ({line_of(player, error)}). Mend the class there."


def line_of(player: Any, error: BaseException) -> str:
    """Return file and line of the error: the last line of the class's own file, else the last of all."""
    code = getattr(getattr(type(player), "decide", None), "__code__", None)
    own = code.co_filename if code is not None else ""
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if frame.filename == own] or list(frames)
    if not mine:
        return "no line known"
    return f"{Path(mine[-1].filename).name}, line {mine[-1].lineno}"
