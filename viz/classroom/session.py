"""Setting a session up: template of length, seats for a class, role sheets from the data."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.class_seat import class_seats
from experiments.debrief.outcome import opening_cells
from experiments.game import Game
from model.error import OreblocError
from model.name import did_you_mean
from viz.classroom.form import FIRST
from viz.classroom.role_sheet import role_sheet
from viz.classroom.state import POLICIES

TEMPLATES = Path(__file__).with_name("template")


def templates() -> dict[str, dict[str, Any]]:
    """Return the session lengths that ship, by name: title, rounds, minutes of each step."""
    found = {
        path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(TEMPLATES.glob("*.toml"))
    }
    return dict(sorted(found.items(), key=lambda item: item[1]["rounds"]))


def session_of(
    game: Game,
    *,
    template: str = "standard_90",
    seats: Sequence[str] = (),
    rounds: int | None = None,
    minutes: Mapping[str, float] | None = None,
    policy: str = "draft",
    title: str = "",
) -> dict[str, Any]:
    """Return the body of a session's first event. Raises `OreblocError` for what cannot be.

    `seats` are names of seats, or a number; `minutes` replaces the template's, step by step.
    """
    known = templates()
    if template not in known:
        hint = did_you_mean(template, known, f"Templates are {', '.join(known)}.")
        raise OreblocError(f"Template {template!r} is unknown. {hint}")
    if policy not in POLICIES:
        raise OreblocError(f"Policy {policy!r} is unknown; it must be one of {', '.join(POLICIES)}.")
    wanted = int(known[template]["rounds"]) if rounds is None else rounds
    if not 1 <= wanted <= game.rounds:
        raise OreblocError(
            f"Rounds are {wanted}; scenario {game.scenario.name} has quarters for 1 to {game.rounds}. Write --rounds "
            f"{game.rounds} or fewer."
        )
    chosen, opening = class_seats(game, seats), opening_cells(game)
    return {
        "title": title or game.scenario.title or game.scenario.name,
        "template": template,
        "policy": policy,
        "plan": plan_of({**known[template]["minutes"], **(minutes or {})}, wanted),
        "seats": {
            name: {**role_sheet(game, name, opening), "levers": _levers(game, name)} for name in chosen
        },
    }


def plan_of(minutes: Mapping[str, float], rounds: int) -> list[dict[str, Any]]:
    """Return the steps of a session in order, as `{name, round, minutes}`; practice is round 0 and does not count."""
    for name, value in minutes.items():
        if not 0.0 < float(value) <= 24 * 60:
            raise OreblocError(f"Minutes of {name} are {value}; they must be above 0 and at most a day.")
    steps: list[dict[str, Any]] = [_step("lobby", 0, None), _step("briefing", 0, minutes["briefing"])]
    if minutes.get("practice"):
        steps += [
            _step("orders", 0, minutes["practice"]),
            _step("resolving", 0, None),
            _step("reveal", 0, None),
        ]
    for number in range(1, rounds + 1):
        steps += [_step("negotiate", number, minutes["negotiate"]), _step("orders", number, minutes["orders"]),
                  _step("resolving", number, None), _step("reveal", number, minutes["reveal"])]  # fmt: skip
    steps[-1]["minutes"] = None  # the last reveal stays until the facilitator goes on
    return [*steps, _step("debrief", rounds, minutes["debrief"]), _step("closed", rounds, None)]


def _step(name: str, number: int, minutes: float | None) -> dict[str, Any]:
    return {"name": name, "round": number, "minutes": minutes}


def _levers(game: Game, name: str) -> list[str]:
    from model.firm_order import FIRM_ORDERS_BY_NAME
    from model.instruments import BY_NAME

    kinds: Mapping[str, Any] = {**BY_NAME, **FIRM_ORDERS_BY_NAME}
    return [f"{kinds[kind].title}: {kinds[kind].summary}" for kind in FIRST[game.seats[name].role]]
