"""Running a log again: the same series bit for bit, or a fork that goes on otherwise from a quarter."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from agents import DECISIONS
from agents.scripted_player import LoggedPlayer
from experiments.log import Log, read_log
from experiments.player_file import fill_seats
from experiments.results import Results
from experiments.run import Recorder
from model.base.data import data_hash
from model.cache import rule_hash
from model.calibration import calibrate
from model.engine import CHANCE, Engine
from model.error import OreblocError
from model.parameter import POSITION
from model.quarter_date import quarter_index
from model.scenario import Scenario
from model.seat import Player, dominant_country, seat_players, seats_of
from model.treaty_note import TREATIES

#: What a fork may change, by the head of the path.
_CHANGES = ("parameters", "measures", "seed")


def replay(
    log: str | Path,
    *,
    until: str | None = None,
    fork: bool = False,
    changes: Mapping[str, Any] | None = None,
    players: Mapping[str, Any] | None = None,
    force: bool = False,
) -> Results:
    """Run a log again and return its results: the series of the game bit for bit, up to `until` if given.

    `fork=True` goes on after `until` to the end of the scenario: with built-in behaviours or `players` in the seats,
    and with `changes` by path (`parameters.NAME`, `measures.N...`, `seed`) from the quarter after. Raises
    `OreblocError` for a log that is torn, was changed, or was written under other rules or data; `force=True` runs the
    last two all the same.
    """
    read = read_log(log)
    notes = check_origin(read, force)
    last = _last(read.scenario, until)
    if not fork and (changes or players):
        raise OreblocError(
            "Changes and players hold from a fork on. Write --fork and --until QUARTER with them."
        )
    if fork and until is None:
        raise OreblocError(
            "A fork needs the quarter after which it begins. Write --until QUARTER with --fork."
        )
    engine = Engine(read.scenario, 1, world=calibrate(read.scenario), decide=DECISIONS)
    seats = seats_of(engine.world, dominant_country(engine))
    for seat in [*read.header["players"], *(entry["seat"] for entry in read.entries)]:
        if seat not in seats and seat not in (CHANCE, TREATIES):
            raise OreblocError(
                f"Log {log} has orders of {seat!r}, which is no seat of its scenario. Take the log as it was written."
            )
    logged: dict[str, Player] = {
        seat: LoggedPlayer(read.orders(seat, last)) for seat in read.header["players"]
    }
    seat_players(engine, DECISIONS, logged)
    recorder = Recorder(engine, dict(read.header["players"]))
    _run_to(engine, recorder, last, read.orders(CHANCE))
    _compare(read, engine, last, force)
    if fork:
        _go_on(engine, recorder, changes or {}, players or {})
    results = recorder.results()
    results.manifest.update(replay={"log": str(log), "until": until, "fork": fork, "changes": dict(changes or {}),
                                    "notes": notes})  # fmt: skip
    return results


def check_origin(log: Log, force: bool) -> list[str]:
    """Return what of a log is not of here: rules, data, or lines changed. Raises `OreblocError` unless forced."""
    found = []
    for key, here, what in (("rule_hash", rule_hash(), "rules"), ("data_hash", data_hash(), "base data")):
        if log.header[key] != here:
            found.append(f"it was written under other {what} ({log.header[key]}, here {here})")
    if log.changed:
        found.append("its orders were changed after it was written")
    if found and not force:
        raise OreblocError(
            f"The log does not replay exactly: {'; '.join(found)}. --force runs it all the same; "
            "the series will differ."
        )
    return found


def _last(scenario: Scenario, until: str | None) -> str:
    if until is None:
        return scenario.end
    if not scenario.start_index <= quarter_index(until) <= quarter_index(scenario.end):
        raise OreblocError(
            f"--until is {until}; it must lie within the log's scenario, {scenario.start} to {scenario.end}."
        )
    return until


def _run_to(
    engine: Engine, recorder: Recorder, last: str, injected: Mapping[str, list[dict[str, Any]]] | None = None
) -> None:
    while not engine.is_done and engine.scenario.start_index + engine.step_number <= quarter_index(last):
        for order in (injected or {}).get(engine.scenario.quarter_label(engine.step_number), []):
            engine.inject({key: value for key, value in order["fields"].items() if key != "quarter"})
        engine.step()
        recorder.take()


def _compare(log: Log, engine: Engine, last: str, force: bool) -> None:
    """Raise `OreblocError` where the orders given again are not those of the log."""
    wanted = [dict(entry) for entry in log.entries if quarter_index(entry["quarter"]) <= quarter_index(last)]
    for before, now in zip(wanted, engine.log, strict=False):
        if before != now and not force:
            raise OreblocError(
                f"Line {before['seq'] + 1} of the log is an order of {before['seat']} in {before['quarter']} that was "
                "not given again. Take the log as it was written, or write --force."
            )
    if len(wanted) != len(engine.log) and not force:
        raise OreblocError(
            f"The log has {len(wanted)} orders up to {last}, and {len(engine.log)} were given again. "
            "Take the log as it was written, or write --force."
        )


def _go_on(
    engine: Engine, recorder: Recorder, changes: Mapping[str, Any], players: Mapping[str, Any]
) -> None:
    """Change what the fork changes, fill the seats anew, and run to the end."""
    _change(engine, changes)
    filled = fill_seats(players, seats_of(engine.world, dominant_country(engine)))
    seat_players(engine, DECISIONS, {seat: make(seat) for seat, (_, make) in filled.items()})
    recorder.players = {seat: words for seat, (words, _) in filled.items()}
    _run_to(engine, recorder, engine.scenario.end)


def _change(engine: Engine, changes: Mapping[str, Any]) -> None:
    for path in changes:
        if path.split(".")[0].split("[")[0] not in _CHANGES:
            raise OreblocError(
                f"--set {path} cannot change in the middle of a game; a fork may change {', '.join(_CHANGES)}. "
                "Change the rest in a run from the start."
            )
    if not changes:
        return
    before, after = engine.scenario, engine.scenario.with_changes(dict(changes))
    for name, value in after.parameters.items():
        if value != before.parameters[name] or f"parameters.{name}" in changes:
            engine.values[:, POSITION[name]] = value
    engine.seed = after.seed
    _change_measures(engine, before, after)


def _change_measures(engine: Engine, before: Scenario, after: Scenario) -> None:
    """End the scripted measures that the fork changes, and put the changed ones in force."""
    olds: list[Any] = list(before.measures)
    news: list[Any] = list(after.measures)
    gone = [n for n, old in enumerate(olds) if n >= len(news) or old != news[n]]
    come = [new for n, new in enumerate(news) if n >= len(olds) or olds[n] != new]
    for number in gone:
        engine.switch(number, np.zeros(engine.runs))
    if come:
        for number in engine.add_measures(come, dated=True):
            engine.switch(number, 1.0)
