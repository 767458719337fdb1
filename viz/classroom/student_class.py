"""Seats decided for by a class from a Python file: registered by whoever hosts, asked once a round, as people are.

What it orders is written into the session like a sheet, so that a game replays without the file. A class is made anew
each round and knows what its view tells it.
"""

import ctypes
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from experiments.game import BUILT_IN, PEOPLE
from experiments.player_file import RANDOM, who_is
from model.error import OreblocError
from model.sheet import shown

#: Seconds that a class has for a round's orders.
LIMIT_SECONDS = 5.0


def read_classes(words: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return `--pilot` words `[SEAT=]FILE.py:Class` as paths of classes by name, and names of classes by seat.

    The name is the file's without its folder, and the class: `my_idea.py:Gambler`. Raises `OreblocError`.
    """
    classes: dict[str, str] = {}
    seats: dict[str, str] = {}
    for word in words:
        seat, mark, path = word.rpartition("=")
        file, colon, kind = path.rpartition(":")
        if not colon or not file.endswith(".py") or (mark and not seat.strip()):
            raise OreblocError(
                f"--pilot is {word!r}; it must be FILE.py:Class or SEAT=FILE.py:Class, such as my_idea.py:Gambler."
            )
        who_is(path)
        name = f"{Path(file).name}:{kind}"
        full = f"{Path(file).resolve()}:{kind}"
        if classes.setdefault(name, full) != full:
            raise OreblocError(f"--pilot names two files {name}. Rename one of them.")
        if mark:
            seats[seat.strip()] = name
    return classes, seats


def is_class(pilot: str) -> bool:
    """Whether a seat's pilot is a class from a file."""
    return pilot not in (PEOPLE, BUILT_IN, RANDOM)


def class_orders(path: str | None, name: str, seat: str, view: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a class's orders for a seat's round. Raises `OreblocError` where it is not there, fails or is slow."""
    if path is None:
        raise OreblocError(
            f"{name} is not with this server, so {seat} gave no orders. Start with --pilot {name}, or give the seat to "
            "somebody else."
        )
    described = who_is(path)
    assert described is not None
    try:
        with _limited():
            given = described[1](seat).decide(dict(view))
    except _TooSlow:
        raise OreblocError(
            f"{name} took longer than {LIMIT_SECONDS:g} s, so {seat} gave no orders. Mend the class."
        ) from None
    if not isinstance(given, list) or not all(isinstance(order, Mapping) for order in given):
        raise OreblocError(
            f"{name} gave {shown(given)} for {seat}; decide must return a list of orders. Mend the class."
        )
    return [dict(order) for order in given]


class _TooSlow(BaseException):
    """Ends a class that takes too long; no Exception, so that the class cannot take it for one of its own."""


@contextmanager
def _limited() -> Iterator[None]:
    """Raise `_TooSlow` in this thread after `LIMIT_SECONDS`, whatever thread it is, at the next step of Python code.

    Code that never comes back to Python is left to the limit of the whole job.
    """
    thread, lock, is_over = ctypes.c_ulong(threading.get_ident()), threading.Lock(), False
    throw = ctypes.pythonapi.PyThreadState_SetAsyncExc

    def stop() -> None:
        with lock:
            if not is_over:
                throw(thread, ctypes.py_object(_TooSlow))

    timer = threading.Timer(LIMIT_SECONDS, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            is_over = True
            throw(thread, None)  # one that was thrown in the last moment and has not come yet
        timer.cancel()
