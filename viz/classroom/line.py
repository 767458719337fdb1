"""Commands that come together are written together: decided one by one, one wait for the disk, then answered."""

import asyncio
from collections.abc import Callable
from typing import Any

from viz.classroom.store import Store

#: What a command comes to: HTTP status and answer.
Answered = tuple[int, dict[str, Any]]


class Line:
    """Commands that wait to be written. `undo` puts the state back to what is in the file, where the disk refused."""

    def __init__(self, store: Store, undo: Callable[[], None]) -> None:
        self.store, self.undo = store, undo
        self.waiting: list[tuple[Callable[[], Answered], asyncio.Future[Answered]]] = []

    async def take(self, write: Callable[[], Answered]) -> Answered:
        """Return what `write` returns, once everything it wrote is on the disk.

        Raises `OreblocError` where the disk refuses; then nothing of those who were in line together has happened.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answered] = loop.create_future()
        if not self.waiting:
            loop.call_soon(self._settle)
        self.waiting.append((write, answer))
        return await answer

    def _settle(self) -> None:
        """Write all who wait. Nothing else runs meanwhile, so no screen sees what is not on the disk yet."""
        turns, self.waiting = self.waiting, []
        try:
            with self.store.together():
                answers = [write() for write, _ in turns]
        except Exception as error:
            try:
                self.undo()
            finally:  # nobody waits for ever, even where the file cannot be read again
                for _, future in turns:
                    if not future.done():
                        future.set_exception(error)
            return
        for (_, future), answer in zip(turns, answers, strict=True):
            if not future.done():
                future.set_result(answer)
