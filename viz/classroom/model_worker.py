"""A process that works for the room: the model may be slow or fail, the room never waits for it.

Spawned, asked over a pipe, one job at a time; a job over its limit ends the process, and the next job gets a new one.
"""

import asyncio
import multiprocessing
import multiprocessing.connection
import os
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

LIMIT_SECONDS = 60.0
#: Seconds that a process has to get ready before its first job.
START_SECONDS = 600.0


def _serve(pipe: multiprocessing.connection.Connection) -> None:
    """Answer jobs until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(5)  # people who press a button go before the model
    from viz.classroom.model_desk import ModelDesk

    desk = ModelDesk()
    while True:
        try:
            job, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = desk.answer(job, arguments)
        except Exception as error:  # a fault of ours must not take the room down
            answer = {"ok": False, "message": f"The model failed: {type(error).__name__}: {error}"}
        pipe.send(answer)


class ModelWorker:
    """One worker process. `ask` may be called from many tasks; they wait in line."""

    def __init__(self, target: Any = _serve) -> None:
        self.target = target
        self.process: Any = None
        self.pipe: Any = None
        self.line = asyncio.Lock()
        self.thread = ThreadPoolExecutor(1)

    async def ask(self, job: str, limit: float = LIMIT_SECONDS, **arguments: Any) -> dict[str, Any]:
        """Return the answer to a job: `{"ok": bool, ...}`; over the limit, a refusal that says so."""
        async with self.line:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.thread, self._ask, job, arguments, limit)

    def _ask(self, job: str, arguments: Mapping[str, Any], limit: float) -> dict[str, Any]:
        try:
            if (
                self._begin() and job != "warm" and "record" in arguments
            ):  # getting ready is not the job's time
                self.pipe.send(("warm", {"record": arguments["record"]}))
                if self.pipe.poll(START_SECONDS):
                    self.pipe.recv()
            self.pipe.send((job, dict(arguments)))
            if self.pipe.poll(limit):
                answer: dict[str, Any] = self.pipe.recv()
                return answer
        except (EOFError, OSError):
            self.stop()
            return {"ok": False, "message": "The model's process ended. Try again."}
        except (ValueError, TypeError, RecursionError) as error:  # what cannot be sent over the pipe
            self.stop()
            return {"ok": False, "message": f"The model cannot be asked that: {type(error).__name__}."}
        self.stop()
        return {
            "ok": False,
            "message": f"The model took longer than {limit:g} s. Try again, or change the orders.",
        }

    def _begin(self) -> bool:
        """Start the process where none runs; return whether it was started."""
        if self.process is not None and self.process.is_alive():
            return False
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=self.target, args=(other,), daemon=True)
        self.process.start()
        other.close()
        return True

    def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.join(5)
            self.pipe.close()
            self.process = None
