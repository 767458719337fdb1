"""Seats for a class: names that somebody wrote, or so many of a mix of all roles."""

import itertools
from collections.abc import Sequence

from experiments.game import Game
from model.error import OreblocError
from model.seat import ROLES

#: Seats a class takes first, as far as the world has them and rounds make them matter.
_STATES = ("CHN", "USA", "EU27", "JPN", "KOR", "AUS", "IND", "CAN", "MYS", "VNM", "COD", "IDN", "CHL", "BRA")
_FIRMS = ("Lynas", "MP Materials", "Shin-Etsu", "China Northern Rare Earth", "Umicore", "Iluka", "Solvay",
          "Vacuumschmelze", "JL Mag", "Teck", "Nyrstar")  # fmt: skip
USUAL_SEATS = 12
#: The turn in which roles are seated after the exporter.
_MIX = ("state", "miner", "refiner", "state")


def class_seats(game: Game, wanted: Sequence[str] = ()) -> list[str]:
    """Return the seats of a class: those named, so many, or as many as usual. Raises `OreblocError`."""
    if len(wanted) == 1 and wanted[0].isdigit():
        return _mixed(game, int(wanted[0]))
    if not wanted:
        return _mixed(game, USUAL_SEATS)
    return [game.seat(name).name for name in dict.fromkeys(wanted)]


def _mixed(game: Game, count: int) -> list[str]:
    """Return so many seats, as far as there are: the exporter, then states, miners and refiners in turn."""
    if not 2 <= count <= 60:
        raise OreblocError(f"Seats are {count}; a class needs 2 to 60.")
    waiting = {role: _known_first(game, role) for role in ROLES}
    found: list[str] = []
    for role in itertools.chain(("exporter",), itertools.cycle(_MIX)):
        if len(found) == count or not any(waiting.values()):
            return found
        if waiting[role]:
            found.append(waiting[role].pop(0))
    return found


def _known_first(game: Game, role: str) -> list[str]:
    """Return the seats of a role, those first that people know by name."""
    usual = [name for name in (*_STATES, *_FIRMS) if name in game.seats]
    named = [*usual, *(name for name in game.seats if name not in usual and name != "OTH")]
    return [name for name in named if game.seats[name].role == role]
