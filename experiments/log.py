"""The log of a game: JSON Lines that replay it exactly.

Line 1 is `{format, scenario, seed, version, rule_hash, data_hash, players, orders}` with the whole scenario; then one
line for each order, `{seq, quarter, seat, order}`, with `why` where a state that chooses says why. Seats of `players`
are replayed from the log; what built-in behaviours of states ordered stands there to be read, and is decided anew.
`orders` is the hash of the lines after the first.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.error import OreblocError
from model.quarter_date import is_quarter, quarter_index
from model.scenario import Scenario, scenario_from
from model.sheet import shown

FORMAT = 1
_HEAD = ("format", "scenario", "seed", "version", "rule_hash", "data_hash", "players")
_ENTRY = ("seq", "quarter", "seat", "order")
_WHY = "why"


@dataclass(frozen=True)
class Log:
    """A log as it was read: header, entries, the scenario of the header, whether the entries were changed since."""

    header: Mapping[str, Any]
    entries: tuple[Mapping[str, Any], ...]
    scenario: Scenario
    changed: bool

    def orders(self, seat: str, until: str | None = None) -> dict[str, list[dict[str, Any]]]:
        """Return a seat's orders by the quarter in which they were given, up to and with `until`."""
        last = None if until is None else quarter_index(until)
        found: dict[str, list[dict[str, Any]]] = {}
        for entry in self.entries:
            if entry["seat"] == seat and (last is None or quarter_index(entry["quarter"]) <= last):
                found.setdefault(entry["quarter"], []).append(dict(entry["order"]))
        return found


def log_text(
    manifest: Mapping[str, Any], players: Mapping[str, str], entries: Sequence[Mapping[str, Any]]
) -> str:
    """Return a log as text: the header from a run's manifest, then its orders."""
    lines = [_line({key: entry[key] for key in (*_ENTRY, _WHY) if key in entry}) for entry in entries]
    header = {
        "format": FORMAT,
        "scenario": manifest["scenario"],
        "seed": manifest["seed"],
        "version": manifest["versions"]["orebloc"],
        "rule_hash": manifest["rule_hash"],
        "data_hash": manifest["data_hash"],
        "players": dict(players),
        "orders": _digest(lines),
    }
    return "".join(f"{line}\n" for line in [_line(header), *lines])


def write_log(path: Path, text: str) -> None:
    """Write a log, all or nothing."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(name, path)


def read_log(path: str | Path) -> Log:
    """Read and check a log; a results folder stands for its `log.jsonl`. Raises `OreblocError` at the first fault."""
    place = Path(path) / "log.jsonl" if Path(path).is_dir() else Path(path)
    try:
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise OreblocError(f"Log {place} does not exist. Give a log.jsonl, or the folder of a run.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise OreblocError(f"Log {place} cannot be read: {error}. Give the log.jsonl of a run.") from error
    lines = text.splitlines()
    if not lines:
        raise OreblocError(f"Log {place} is empty; its first line must be the header. Give another log.")
    if not text.endswith("\n"):
        raise OreblocError(
            f"Log {place} is torn: line {len(lines)} stops in the middle. "
            "Remove that line to replay what stands before it."
        )
    rows = [_row(place, number, line) for number, line in enumerate(lines, start=1)]
    header = _header(place, rows[0])
    scenario = scenario_from(header["scenario"], file=place.name).with_changes({"seed": header["seed"]})
    entries = [_entry(place, number, row, scenario) for number, row in enumerate(rows[1:], start=1)]
    for number in range(1, len(entries)):
        if quarter_index(entries[number]["quarter"]) < quarter_index(entries[number - 1]["quarter"]):
            _refuse(
                place,
                number + 2,
                f"its quarter is {entries[number]['quarter']}, before that of the line above",
            )
    return Log(header, tuple(entries), scenario, header.get("orders") not in (None, _digest(lines[1:])))


def _row(place: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        return _refuse(place, number, f"it is not JSON ({error})")


def _header(place: Path, header: Any) -> Mapping[str, Any]:
    if not isinstance(header, Mapping) or any(key not in header for key in _HEAD):
        missing = [key for key in _HEAD if not isinstance(header, Mapping) or key not in header]
        _refuse(place, 1, f"it is no header: {', '.join(missing)} missing")
    if header["format"] != FORMAT:
        _refuse(place, 1, f"its format is {shown(header['format'])}; this version reads format {FORMAT}")
    if not isinstance(header["players"], Mapping) or not isinstance(header["scenario"], Mapping):
        _refuse(place, 1, "its scenario and its players must be tables")
    return dict(header)


def _entry(place: Path, number: int, row: Any, scenario: Scenario) -> Mapping[str, Any]:
    line = number + 1
    if not isinstance(row, Mapping) or set(row) - {_WHY} != set(_ENTRY):
        _refuse(place, line, f"it must be {', '.join(_ENTRY)}")
    if row["seq"] != number:
        _refuse(
            place,
            line,
            f"its number is {shown(row['seq'])}, it must be {number}; an order is missing or out of place",
        )
    quarter = row["quarter"]
    if not isinstance(quarter, str) or not is_quarter(quarter):
        _refuse(place, line, f"its quarter is {shown(quarter)}; it must be such as 2026Q1")
    if not scenario.start_index <= quarter_index(quarter) <= quarter_index(scenario.end):
        _refuse(
            place,
            line,
            f"its quarter is {quarter}; the scenario runs from {scenario.start} to {scenario.end}",
        )
    if not isinstance(row["seat"], str) or not isinstance(row["order"], Mapping):
        _refuse(place, line, "its seat must be a name and its order a table")
    return dict(row)


def _refuse(place: Path, line: int, why: str) -> Any:
    raise OreblocError(f"Log {place} cannot be replayed: line {line}: {why}. Take the log as it was written.")


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
