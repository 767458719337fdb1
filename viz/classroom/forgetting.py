"""Forgetting a person: name, words, keys and codes go out of a session's file; what the seat decided stays."""

import time
from pathlib import Path
from typing import Any

from model.error import OreblocError
from viz.classroom.asking import Refusal
from viz.classroom.blanking import find_people, forgotten
from viz.classroom.event import DESK, Event
from viz.classroom.state import State
from viz.classroom.store import Store, read_events

#: Seconds since a server's last note in the file within which it is taken to be running.
_RUNNING_SECONDS = 5.0


def forgettable(state: State, person: Any) -> str:
    """Return the person, by pseudonym, who may be forgotten now. Raises `Refusal`."""
    if not isinstance(person, str) or person not in state.people:
        raise Refusal("That person is not in this session.")
    if state.people[person].is_forgotten:
        raise Refusal("That person has been forgotten already.")
    if state.phase.name not in ("lobby", "debrief", "closed"):
        raise Refusal("Forget people after the game: their drafts would be lost to their team now.")
    return person


def forget_in(store: Store, person: str, now: float) -> None:
    """Rewrite a file without what a person typed, and note that it was done. Raises `OreblocError`."""
    events = read_events(store.path)
    note = Event(events[-1].seq + 1, now, "person_forgotten", DESK, {"person": person})
    store.rewrite(forgotten(events, person), [note])


def forget_person(path: Path, word: str) -> str:
    """Forget a person, by pseudonym or name, in a file that no server has open; return the pseudonym.

    Raises `OreblocError` for nobody, for two, or for a session that is running.
    """
    people = find_people(read_events(path), [word])
    store, now = Store(path), time.time()
    try:
        if abs(now - store.last_beat()) < _RUNNING_SECONDS:
            raise OreblocError(
                f"Session {path} is running. Use the desk's button, or stop the server, wait 5 s, and try again."
            )
        (person,) = people
        forget_in(store, person, now)
    finally:
        store.close()
    return person
