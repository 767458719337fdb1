"""Codes and links that cannot be guessed or used twice."""

import math

from viz.classroom.access import CODE_LENGTH, SYMBOLS, WRONG_A_MINUTE, Budget
from viz.classroom.room import Room


def test_the_desks_link_opens_once(tmp_path):
    """The link gives a key once; used again, or guessed, it gives none."""
    room = Room(tmp_path / "s.orebloc")
    link = room.link_key
    assert not room.open_desk("") and not room.open_desk("wrong") and room.link_key == link
    key = room.open_desk(link)
    assert room.is_desk(key) and not room.is_desk(link)
    assert not room.open_desk(link) and not room.open_desk("")
    room.close()


def test_guessing_the_code_is_hopeless():
    """In 90 minutes the whole room may try so few of all codes that a hit has a chance of at most 1e-5."""
    assert len(set(SYMBOLS)) == len(SYMBOLS) and not set("01OIL") & set(SYMBOLS)
    tries = WRONG_A_MINUTE * 90
    assert tries / len(SYMBOLS) ** CODE_LENGTH <= 1e-5
    budget, spent = Budget(), 0
    for second in range(90 * 60):
        while not budget.is_spent(float(second)):
            budget.spend(float(second))
            spent += 1
    assert spent <= tries + WRONG_A_MINUTE and math.isfinite(spent)
