"""Does a class keep the contract of a player? Anybody may ask before a game; nobody of ours is needed to say."""

import copy
import json
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents import DECISIONS
from agents.guarded_player import GuardedPlayer, failure
from experiments.preparation import prepare
from model.calibration import calibrate
from model.engine import Engine
from model.error import OreblocError
from model.scenario import Scenario
from model.seat import ROLES, Player, Seat, dominant_country, find_seats, seat_players, seats_of
from model.sheet import json_fault, read_sheet, shown

#: Longest mean time of a decision that passes, seconds.
LONGEST_S = 0.5
_QUARTERS = 8


@dataclass(frozen=True)
class PlayerCheck:
    """One promise of the contract: its name, whether it was kept, and what was seen."""

    name: str
    is_kept: bool
    message: str


@dataclass(frozen=True)
class PlayerReport:
    """What a trial of a class found. `ok`: the class keeps the contract; print it to read it."""

    player: str
    seat: str
    checks: list[PlayerCheck] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every promise was kept."""
        return all(check.is_kept for check in self.checks)

    def __str__(self) -> str:
        head = f"{self.player} in the seat of {self.seat}: {'keeps' if self.ok else 'does not keep'} the contract"
        lines = [
            f"{'ok  ' if check.is_kept else 'FAIL'}  {check.name}: {check.message}" for check in self.checks
        ]
        return "\n".join([head, *lines])


def check_player(
    player: type,
    scenario: str | Path | Mapping[str, Any] | Scenario = "tiny",
    *,
    role: str = "state",
    seat: str | None = None,
) -> PlayerReport:
    """Try a class out in a seat for two years and report whether it keeps the contract of a player.

    It is asked for JSON values, legal orders, an unchanged view, the same orders from the same view, a decision within
    half a second, and an answer to views with nothing in them. `role` (`state`, `exporter`, `miner`, `refiner`) takes
    the first seat of that role, `seat` one by name. Raises `OreblocError` for a scenario or seat that is not there.
    """
    ready = prepare(scenario)
    engine = Engine(ready, 1, world=calibrate(ready), decide=DECISIONS)
    chosen = _seat(engine, role, seat)
    name = getattr(player, "__name__", shown(player))
    made = _made(player)
    if not made.is_kept:
        return PlayerReport(name, chosen.name, [made])
    trial = _Trial(player, chosen)
    legal = _played(engine, trial)
    seen = trial.views
    checks = [
        made,
        legal,
        _unchanged(player, seen),
        _repeats(player, seen),
        _quick(trial),
        _edges(player, seen),
    ]
    return PlayerReport(name, chosen.name, checks)


def _seat(engine: Engine, role: str, seat: str | None) -> Seat:
    seats = seats_of(engine.world, dominant_country(engine))
    if seat is not None:
        return find_seats(seats, seat)[0]
    if role not in ROLES:
        raise OreblocError(f"Role is {role!r}; it must be one of {', '.join(ROLES)}.")
    found = find_seats(seats, role)
    if not found:
        raise OreblocError(f"The scenario has no seat of role {role}. Choose another role or scenario.")
    return found[0]


def _made(player: Any) -> PlayerCheck:
    name = "is made without arguments and has decide(self, view)"
    try:
        made = player() if isinstance(player, type) else player
    except (Exception, SystemExit) as error:
        return PlayerCheck(name, False, f"making it raised {type(error).__name__}: {error}")
    if not isinstance(player, type):
        return PlayerCheck(name, False, f"{shown(player)} is no class")
    has = callable(getattr(made, "decide", None))
    return PlayerCheck(name, has, "it is" if has else "it has no method decide")


class _Trial:
    """A player in play: keeps what it was shown, how long it took, and how many orders it gave."""

    def __init__(self, player: type, seat: Seat) -> None:
        self.seat, self.inner = seat, GuardedPlayer(seat.name, player())
        self.views: list[dict[str, Any]] = []
        self.seconds: list[float] = []
        self.orders = 0

    def decide(self, view: dict[str, Any]) -> list[dict[str, Any]]:
        """Ask the player."""
        self.views.append(copy.deepcopy(view))
        started = time.perf_counter()
        given = self.inner.decide(view)
        self.seconds.append(time.perf_counter() - started)
        self.orders += len(read_sheet(self.seat.name, view["quarter"], given))
        return given


def _played(engine: Engine, trial: _Trial) -> PlayerCheck:
    name = f"plays {min(_QUARTERS, engine.quarters)} quarters with legal orders of JSON values"
    players: dict[str, Player] = {trial.seat.name: trial}
    seat_players(engine, DECISIONS, players)
    try:
        while not engine.is_done and engine.step_number < _QUARTERS:
            engine.step()
    except OreblocError as error:
        if not trial.views:
            raise
        return PlayerCheck(name, False, str(error))
    return PlayerCheck(name, True, f"{trial.orders} orders, all accepted")


def _ask(player: type, view: dict[str, Any]) -> Any:
    return player().decide(view)


def _unchanged(player: type, views: list[dict[str, Any]]) -> PlayerCheck:
    name = "leaves the view as it is"
    for view in views:
        shown_view = copy.deepcopy(view)
        try:
            _ask(player, shown_view)
        except (Exception, SystemExit):
            continue  # told by another check
        changed = [key for key in {**view, **shown_view} if view.get(key) != shown_view.get(key)]
        if changed:
            what = f"it changed {', '.join(sorted(changed))} in {view['quarter']}; work on a copy (copy.deepcopy)"
            return PlayerCheck(name, False, what)
    return PlayerCheck(name, True, f"{len(views)} views came back unchanged")


def _repeats(player: type, views: list[dict[str, Any]]) -> PlayerCheck:
    """Show the same views in the same order to two new players."""
    name = "decides the same from the same views"
    one, other = player(), player()
    for view in views:
        try:
            first, second = one.decide(copy.deepcopy(view)), other.decide(copy.deepcopy(view))
        except (Exception, SystemExit):
            continue  # told by another check
        if json_fault(first) or json_fault(second):
            continue
        if json.dumps(first, sort_keys=True) != json.dumps(second, sort_keys=True):
            what = f"two games went apart in {view['quarter']}; draw from random.Random(view['luck'])"
            return PlayerCheck(name, False, what)
    return PlayerCheck(name, True, "two games of it went alike")


def _quick(trial: _Trial) -> PlayerCheck:
    name = f"decides within {LONGEST_S:g} s"
    if not trial.seconds:
        return PlayerCheck(name, False, "it never came to a decision")
    mean, longest = statistics.mean(trial.seconds), max(trial.seconds)
    return PlayerCheck(
        name, mean <= LONGEST_S, f"{1000 * mean:.1f} ms on average, {1000 * longest:.1f} ms at most"
    )


def _edges(player: type, views: list[dict[str, Any]]) -> PlayerCheck:
    name = "answers views with nothing in them"
    if not views:
        return PlayerCheck(name, False, "no view was shown")
    for view in edge_views(views[-1]):
        asked: Any = None
        try:
            asked = player()
            given = asked.decide(copy.deepcopy(view))
            read_sheet(view["seat"], view["quarter"], given)
        except OreblocError as error:
            return PlayerCheck(name, False, str(error))
        except (Exception, SystemExit) as error:
            return PlayerCheck(name, False, failure(view["seat"], asked, view["quarter"], error))
    return PlayerCheck(name, True, "it does")


def edge_views(view: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return views as they are at the edges: nothing traded or owned, no price known, no number but zero."""
    empty = {key: [] if isinstance(value, list) else value for key, value in view.items()}
    return [empty, _blank(view, None), _blank(view, 0.0)]


def _blank(view: Mapping[str, Any], number: float | None) -> dict[str, Any]:
    """Return the view with prices unknown (None) or all amounts zero, keys and words kept."""

    def blank(value: Any, key: str) -> Any:
        if isinstance(value, Mapping):
            return {name: blank(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [blank(item, key) for item in value]
        if isinstance(value, float) and key != "luck":
            return number if number is not None or "price" in key or key.endswith("_days") else value
        return value

    kept = ("measures", "treaties", "advice")  # their numbers are orders, not sightings
    return {name: copy.deepcopy(item) if name in kept else blank(item, name) for name, item in view.items()}
