"""Codes and links that cannot be guessed or used twice."""

from viz.classroom.access import (
    CODE_LENGTH,
    MOST_KEPT,
    ROOM_WRONG_A_MINUTE,
    SYMBOLS,
    WRONG_A_MINUTE,
    Bucket,
    Guesses,
    forget_full,
)
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
    """Whoever guesses from as many addresses as they like has in three hours a chance of at most 1e-5 of a hit."""
    assert len(set(SYMBOLS)) == len(SYMBOLS) and not set("01OIL") & set(SYMBOLS)
    guesses, spent = Guesses(), 0
    for second in range(0, 180 * 60, 5):
        for device in range(120):
            if not guesses.is_spent(f"{second} {device}", float(second)):
                guesses.spend(f"{second} {device}", float(second))
                spent += 1
    assert 100 * ROOM_WRONG_A_MINUTE < spent <= 181 * ROOM_WRONG_A_MINUTE
    assert spent / len(SYMBOLS) ** CODE_LENGTH <= 1e-5
    assert len(guesses.by_address) < 2 * MOST_KEPT + ROOM_WRONG_A_MINUTE


def test_one_address_cannot_use_up_the_rooms_tries():
    """A device that guesses without end waits after thirty a minute; everybody else may still try."""
    guesses = Guesses()
    for second in range(120):
        while not guesses.is_spent("prankster", float(second)):
            guesses.spend("prankster", float(second))
        assert not guesses.is_spent("another", float(second))
    assert len(guesses.room.times) <= WRONG_A_MINUTE + 1


def test_buckets_that_are_full_again_are_forgotten():
    """A flood of addresses leaves no more than those in use; a bucket in use is kept with its level."""
    kept = {f"a{number}": Bucket(1.0, 2.0) for number in range(MOST_KEPT + 1)}
    for bucket in kept.values():
        bucket.take(10.0)
    busy = kept["a7"]
    forget_full(kept, 10.5)
    assert len(kept) == MOST_KEPT + 1
    assert busy.take(20.0) and busy.take(20.0) and not busy.take(20.0)
    forget_full(kept, 20.1)
    assert kept == {"a7": busy}
