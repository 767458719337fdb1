"""Who fills which seat, as a person says it: `CHN=random`, `JPN=orders.json`, `USA=my_idea.py:Gambler`.

A class needs only `decide(self, view) -> list of orders` and no import of ours. It is made anew for every run.
"""

import importlib.util
import json
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agents.guarded_player import GuardedPlayer
from agents.random_player import RandomPlayer
from agents.scripted_player import ScriptedPlayer
from model.error import OreblocError, ScenarioError
from model.name import did_you_mean
from model.quarter_date import first_date
from model.seat import Player, Seat, find_seats
from model.sheet import json_fault, shown

BUILT_IN, RANDOM = "built_in", "random"
_LISTS = (".json", ".jsonl", ".toml")
#: Makes a seat's player for one run.
Maker = Callable[[str], Player]


def read_pairs(pairs: Sequence[str]) -> dict[str, str]:
    """Return `--player SEAT=WHO` words by seat. Raises `OreblocError` for one without seat, who or `=`."""
    players: dict[str, str] = {}
    for pair in pairs:
        seat, mark, who = pair.partition("=")
        if not mark or not seat.strip() or not who.strip():
            raise OreblocError(f"--player is {pair!r}; it must be SEAT=WHO, such as CHN=my_idea.py:Gambler.")
        if seat.strip() in players:
            raise OreblocError(f"--player names {seat.strip()} twice. Leave one of them out.")
        players[seat.strip()] = who.strip()
    return players


def fill_seats(players: Mapping[str, Any], seats: Mapping[str, Seat]) -> dict[str, tuple[str, Maker]]:
    """Return by seat the words for who fills it and how to make that player; built-in ones are left out.

    A seat is a country, a firm, or a role, which means all seats of that role; one's own name goes before its role.
    Raises `OreblocError` for an unknown seat or player.
    """
    filled: dict[str, tuple[str, Maker]] = {}
    for word in sorted(players, key=lambda name: name in seats):
        found = find_seats(seats, word)
        described = who_is(players[word])
        for seat in found:
            filled.pop(seat.name, None)
            if described is not None:
                filled[seat.name] = described
    return filled


def who_is(who: Any) -> tuple[str, Maker] | None:
    """Return the words for a player and how to make it, None for the built-in behaviour. Raises `OreblocError`.

    `who` is `built_in`, `random`, a file of orders, `FILE.py:Class`, a class, or an object with `decide`.
    """
    if isinstance(who, str | Path):
        return _named(str(who))
    if not callable(getattr(who, "decide", None)):
        raise OreblocError(
            f"Player is {shown(who)}; it must have a method decide(self, view) that returns a list of orders."
        )
    if isinstance(who, type):
        return f"class {who.__name__}", _maker(who)
    return f"a {type(who).__name__}", lambda seat: GuardedPlayer(seat, who)


def _named(who: str) -> tuple[str, Maker] | None:
    if who == BUILT_IN:
        return None
    if who == RANDOM:
        return RANDOM, lambda seat: RandomPlayer()
    if who.endswith(_LISTS):
        orders = read_orders(Path(who))
        return f"orders of {Path(who).name}", lambda seat: ScriptedPlayer(orders)
    path, mark, name = who.rpartition(":")
    file = path if mark and path.endswith(".py") else who
    if file.endswith(".py"):
        return who, _maker(load_class(Path(file), name if mark and path.endswith(".py") else ""))
    remedy = did_you_mean(who, (BUILT_IN, RANDOM), "Write my_idea.py:Gambler for a class in a file.")
    raise OreblocError(
        f"Player {who!r} is unknown; it must be {BUILT_IN}, {RANDOM}, a file of orders, or a class. {remedy}"
    )


def _maker(kind: type) -> Maker:
    def make(seat: str) -> Player:
        try:
            return GuardedPlayer(seat, kind())
        except (Exception, SystemExit) as error:
            raise OreblocError(
                f"Player class {kind.__name__} cannot be made: {type(error).__name__}: {error}. "
                "It must need no arguments."
            ) from error

    return make


def load_class(path: Path, name: str = "") -> type:
    """Return a player's class from a Python file; without a name, the only one there that decides.

    Raises `OreblocError` for a file that is not there or fails, and for a class that is not there or does not decide.
    """
    if not path.is_file():
        raise OreblocError(
            f"Player file {path} does not exist. Give the path of a Python file, as FILE.py:Class."
        )
    spec = importlib.util.spec_from_file_location(f"orebloc_player_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise OreblocError(f"Player file {path} is not a Python file. Give one, as FILE.py:Class.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    if str(path.resolve().parent) not in sys.path:
        sys.path.append(str(path.resolve().parent))  # its own helpers lie beside it
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise OreblocError(
            f"Player file {path} cannot be read: {_fault(path, error)}. Mend the file there."
        ) from error
    kinds = {key: value for key, value in vars(module).items() if isinstance(value, type)}
    deciding = [key for key, value in kinds.items() if callable(getattr(value, "decide", None))]
    own = [key for key in deciding if kinds[key].__module__ == spec.name]
    if not name and len(own) == 1:
        return kinds[own[0]]
    if name not in deciding:
        there = f"It has {', '.join(own)}." if own else "It has no class with decide(self, view)."
        what = f"no class {name!r} that decides" if name else "no single class that decides"
        raise OreblocError(f"Player file {path} has {what}. {did_you_mean(name, own, there)}")
    return kinds[name]


def _fault(path: Path, error: BaseException) -> str:
    import traceback

    if isinstance(error, SyntaxError):
        return f"{error.msg} (line {error.lineno})"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path
    ]
    where = f" (line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {error}{where}"


def read_orders(path: Path) -> list[dict[str, Any]]:
    """Return the orders of a file: a JSON list, JSON Lines, or TOML with [[orders]]. Raises `OreblocError`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OreblocError(
            f"Orders cannot be read from {path}: {error}. Give a JSON or TOML file."
        ) from error
    try:
        rows = _rows(text, path.suffix)
    except ValueError as error:
        raise OreblocError(
            f"{path} is not {path.suffix[1:].upper()}: {error}. Mend the file there."
        ) from None
    if not isinstance(rows, list):
        raise OreblocError(f"{path} holds {shown(rows)}; it must hold a list of orders ([[orders]] in TOML).")
    return [_row(path, number, row) for number, row in enumerate(rows)]


def _rows(text: str, suffix: str) -> Any:
    if suffix == ".toml":
        return json.loads(json.dumps(tomllib.loads(text).get("orders", []), default=str))
    if suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return json.loads(text)


def _row(path: Path, number: int, row: Any) -> dict[str, Any]:
    where = f"({path.name}, order {number + 1})"
    if not isinstance(row, Mapping):
        raise OreblocError(
            f"{shown(row)} is not an order; write type, quarter, end and fields as a mapping. {where}"
        )
    if json_fault(row):
        raise OreblocError(f"The order holds {json_fault(row)}. {where}")
    quarter = row.get("quarter")
    try:
        first_date(quarter if isinstance(quarter, str) else "")
    except ScenarioError:
        raise OreblocError(
            f"Quarter of the order is {shown(quarter)}; it must be the quarter in which it is given, such as 2026Q1. "
            f"{where}"
        ) from None
    return dict(row)
