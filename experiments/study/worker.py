"""A worker process: reads tasks from its standard input, computes them, writes answers to its standard output.

Started by `experiments.study.pool` as a plain Python process, so that a person's script needs no `__main__` guard.
Frames are a length of eight bytes and a pickle. When whoever started it goes away, its input ends and so does it, at
once.
"""

import importlib
import os
import pickle
import queue
import struct
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO

from model.error import OreblocError

READY, PROGRESS, DONE, REFUSED, RAISED = "ready", "progress", "done", "refused", "raised"
_LENGTH = struct.Struct(">Q")


def write_frame(stream: BinaryIO, message: Any) -> None:
    """Write one message."""
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def read_frame(stream: BinaryIO) -> Any:
    """Return the next message. Raises `EOFError` where there is none, or only part of one."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    size = _LENGTH.unpack(head)[0]
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return pickle.loads(data)


def function_at(name: str) -> Callable[..., Any]:
    """Return the function that `module:name` tells."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)  # type: ignore[no-any-return]


def serve(compute: str) -> None:
    """Answer tasks until the input ends."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not mix with answers
    function = function_at(compute)
    waiting: queue.Queue[Any] = queue.Queue()
    threading.Thread(target=_listen, args=(source, waiting), daemon=True).start()
    write_frame(sink, (READY, None, None))
    while True:
        number, task = waiting.get()
        write_frame(sink, _answered(function, number, task, sink))


def _answered(function: Callable[..., Any], number: int, task: Any, sink: BinaryIO) -> tuple[str, int, Any]:
    try:
        return DONE, number, function(task, lambda runs: write_frame(sink, (PROGRESS, number, runs)))
    except OreblocError as error:
        return REFUSED, number, str(error)
    except Exception as error:  # told to whoever waits, who decides what becomes of the chunk
        return RAISED, number, f"{type(error).__name__}: {error}"


def _listen(source: BinaryIO, waiting: "queue.Queue[Any]") -> None:
    try:
        while True:
            waiting.put(read_frame(source))
    except (EOFError, OSError):
        os._exit(0)  # nobody is left to answer to


if __name__ == "__main__":
    serve(sys.argv[1])
