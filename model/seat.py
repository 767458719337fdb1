"""Seats and who fills them: every state and every firm is a seat; a player is anything with `decide(view)`.

`seated(base, players)` puts players in front of the built-in behaviours, which go on deciding for all other seats. All
players of a quarter see the same situation: no order takes effect before everybody has decided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from model.error import OreblocError
from model.field import Place
from model.firm_decision import write_orders
from model.name import did_you_mean
from model.quarter import Deciders
from model.sheet import read_sheet
from model.state_order import take_orders
from model.view import Sight, firm_view, state_view

ROLES = ("state", "exporter", "miner", "refiner")
_FIRMS = ("miner", "refiner")


class Player(Protocol):
    """Whoever fills a seat: a built-in behaviour, a script, a person, or a class of one's own.

    One that reads nothing but the quarter may say so by an attribute `looks = False`: making a view takes longer than
    a quarter's markets.
    """

    def decide(self, view: dict[str, Any]) -> list[dict[str, Any]]:
        """Return this quarter's orders."""


@dataclass(frozen=True)
class Seat:
    """A place in the game: a country's code or a firm's name, its role, and its row."""

    name: str
    role: str
    row: int

    @property
    def is_firm(self) -> bool:
        """Whether it is a firm's."""
        return self.role in _FIRMS


def seats_of(world: Any, leader: int) -> dict[str, Seat]:
    """Return the seats of a world by name, states first; `leader` is the dominant exporter's row, -1 for none."""
    states = [
        Seat(code, "exporter" if row == leader else "state", row) for row, code in enumerate(world.countries)
    ]
    pairs = zip(world.firms["name"], world.firms["role"], strict=True)
    firms = [Seat(str(name), str(role), row) for row, (name, role) in enumerate(pairs)]
    return {seat.name: seat for seat in [*states, *firms]}


def find_seats(seats: Mapping[str, Seat], word: str) -> list[Seat]:
    """Return the seat of that name, or all of that role. Raises `OreblocError` for neither."""
    if word in seats:
        return [seats[word]]
    if word in ROLES:
        return [seat for seat in seats.values() if seat.role == word]
    codes = [name for name, seat in seats.items() if not seat.is_firm]
    otherwise = (
        f"Countries are {', '.join(codes)}; roles are {', '.join(ROLES)}; or write the name of a firm."
    )
    remedy = did_you_mean(word, [*seats, *ROLES], otherwise)
    raise OreblocError(f"Seat {word!r} is no country, firm or role of this scenario. {remedy}")


def check_exporters(scenario: Any, countries: Sequence[str]) -> None:
    """Raise `ScenarioError` for a seat that is to choose as an exporter and is no country of the world."""
    for code, seat in scenario.seats.items():
        if seat["behaviour"] == "exporter" and code not in countries:
            Place(f"scenario {scenario.name}").at("seats").at(code).refuse(
                f"Seat {code} is an exporter's, but {code} does not stand apart in this world. "
                f"Take the seat out, or give it to one of {', '.join(countries)}."
            )


def dominant_country(engine: Any) -> int:
    """Return the country that dominates the most goods' base capacity, -1 if none dominates any."""
    layout, countries = engine.layout, len(engine.world.countries)
    count, share = np.zeros(countries), float(engine.scenario.parameters["dominant_share"])
    for g in range(layout.outlook.shape[0]):
        mine = layout.node_good == g
        owned = np.bincount(layout.node_country[mine], layout.node_base_t[mine], countries)
        count += owned > share * max(owned.sum(), 1e-300)
    return int(np.argmax(count)) if count.max() > 0.0 else -1


def seat_players(engine: Any, base: Deciders, players: Mapping[str, Player]) -> None:
    """Let players (by the seat's name) decide in this engine, and `base` for all other seats.

    Raises `OreblocError` for a seat that is not there.
    """
    seats = seats_of(engine.world, dominant_country(engine))
    for name in players:
        find_seats(seats, name)
    states = {name: player for name, player in players.items() if not seats[name].is_firm}
    firms = {name: player for name, player in players.items() if seats[name].is_firm}
    engine.played = frozenset(states)

    def ask_states(e: Any) -> None:
        sheets = _state_sheets(e, seats, states)
        if base.states is not None:
            base.states(e)
        take_orders(e, sheets)

    def ask_firms(e: Any) -> None:
        if base.firms is not None:
            base.firms(e)
        for name, player in firms.items():
            _ask_firm(e, seats[name], player)

    engine.decide = base._replace(states=ask_states, firms=ask_firms)


def _state_sheets(
    engine: Any, seats: Mapping[str, Seat], players: Mapping[str, Player]
) -> dict[str, list[Any]]:
    if not players:
        return {}
    wanted = any(getattr(player, "looks", True) for player in players.values())
    sights = [Sight(engine, run) if wanted else None for run in range(engine.runs)]
    return {
        name: [
            read_sheet(
                name, engine.quarter_label, player.decide(_shown_to(seats[name], player, engine, run, sight))
            )
            for run, sight in enumerate(sights)
        ]
        for name, player in players.items()
    }


def _shown_to(seat: Seat, player: Player, engine: Any, run: int, sight: Sight | None) -> dict[str, Any]:
    if not getattr(player, "looks", True):
        return {"quarter": engine.quarter_label}
    return {**state_view(engine, run, seat.row, sight), "role": seat.role}


def _ask_firm(engine: Any, seat: Seat, player: Player) -> None:
    for run in range(engine.runs):
        looks = getattr(player, "looks", True)
        given = player.decide(
            firm_view(engine, run, seat.row) if looks else {"quarter": engine.quarter_label}
        )
        sheet = read_sheet(seat.name, engine.quarter_label, given)
        for order in write_orders(engine, run, seat.row, sheet):
            engine.record(seat.name, order, run=run)
