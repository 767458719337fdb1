"""The state of a session: what the events so far amount to. Records only; `fold.py` writes them."""

from dataclasses import dataclass, field
from typing import Any

#: Phases that end by themselves when their time is over.
TIMED = ("briefing", "negotiate", "orders", "reveal", "debrief")
#: What counts for a seat whose sheet is not final at the deadline.
POLICIES = {
    "draft": "If time runs out, this draft counts.",
    "final": "If time runs out, only what you handed in counts; a draft does not.",
    "hold": "If time runs out and you have not handed in, your seat gives no new orders.",
    "bot": "If time runs out and you have not handed in, the machine decides for your seat this round.",
}


#: What the wall can show large, as the desk chooses.
WALL = ("prices", "why", "security", "independence", "wealth", "cash", "treaties", "words", "moments", "machines",
        "notes", "what_if", "promises", "signed", "orders")  # fmt: skip


@dataclass(frozen=True)
class Phase:
    """One step of the session: name, round (0 is practice), minutes (None: until somebody goes on)."""

    name: str
    round: int = 0
    minutes: float | None = None


@dataclass
class Person:
    """Somebody in the room: pseudonym, seat, the hash of the code with which they come back, their devices' hashes."""

    id: str
    name: str
    resume: str
    seat: str = ""
    devices: set[str] = field(default_factory=set)
    is_removed: bool = False
    is_forgotten: bool = False
    has_read: bool = False
    has_hand_up: bool = False


@dataclass
class Sheet:
    """A seat's orders of the round: the draft with its version, and what was handed in last."""

    version: int = 0
    orders: list[dict[str, Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    fault: str = ""
    by: str = ""
    at: float = 0.0
    handed_in: list[dict[str, Any]] | None = None
    is_final: bool = False


@dataclass
class Deal:
    """A draft of a treaty between seats; `state` is open, signed, in_force or withdrawn."""

    id: str
    document: dict[str, Any]
    text: str
    by: str
    version: int = 1
    state: str = "open"
    signed: list[str] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    round: int = 0


@dataclass
class Message:
    """Something said in a room: `public`, or the seats that hear it joined by `+`."""

    id: str
    room: str
    seat: str
    text: str
    at: float
    round: int
    is_promise: bool = False
    is_hidden: bool = False
    kept: bool | None = None


@dataclass
class Vote:
    """A question to some seats, by a rule of `model.vote`, of the treaty `deal` where one is named; None while open.

    `weights` are the parts of all weight, by seat; `share` what has to be exceeded.
    """

    id: str
    question: str
    seats: list[str]
    rule: str
    weights: dict[str, float] = field(default_factory=dict)
    share: float = 0.5
    deal: str = ""
    cast: dict[str, bool] = field(default_factory=dict)
    result: bool | None = None


@dataclass
class State:
    """A session. `record` is the game's (see `experiments.game.Game`), `outcomes` what its rounds brought, by round."""

    seq: int = 0
    title: str = ""
    code: str = ""
    #: Which of a class's worlds this is: `{number, of, name, difference, code}`; empty for a session by itself.
    world: dict[str, Any] = field(default_factory=dict)
    plan: tuple[Phase, ...] = (Phase("lobby"),)
    step: int = 0
    ends_at: float | None = None
    left_seconds: float | None = None
    policy: str = "draft"
    seats: dict[str, dict[str, Any]] = field(default_factory=dict)
    pilots: dict[str, str] = field(default_factory=dict)
    #: Names of the classes from files that the server has; any of them may be a pilot.
    classes: list[str] = field(default_factory=list)
    captains: dict[str, str] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    sheets: dict[str, Sheet] = field(default_factory=dict)
    locked: dict[str, dict[str, Any]] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
    opening: dict[str, Any] = field(default_factory=dict)
    outcomes: dict[int, dict[str, Any]] = field(default_factory=dict)
    failure: str = ""
    deals: dict[str, Deal] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    votes: dict[str, Vote] = field(default_factory=dict)
    injects: list[dict[str, Any]] = field(default_factory=list)
    news: list[dict[str, Any]] = field(default_factory=list)
    bookmarks: list[dict[str, Any]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    surveys: dict[str, dict[str, Any]] = field(default_factory=dict)
    quiz: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    muted: set[str] = field(default_factory=set)
    is_locked: bool = False
    is_chat_on: bool = True
    is_open: dict[str, bool] = field(default_factory=dict)
    desk_keys: set[str] = field(default_factory=set)
    what_ifs: list[dict[str, Any]] = field(default_factory=list)
    #: What the desk has put on the wall, one of `WALL`; empty for what goes with the step.
    wall: str = ""

    @property
    def phase(self) -> Phase:
        """The step of the session that runs now."""
        return self.plan[self.step]

    @property
    def is_paused(self) -> bool:
        """Whether the clock of a timed phase stands still."""
        return self.left_seconds is not None

    def seated(self, seat: str) -> list[Person]:
        """Return the people of a seat."""
        return [p for p in self.people.values() if p.seat == seat and not p.is_removed]

    def teams(self) -> dict[str, list[Person]]:
        """Return the people of every seat."""
        found: dict[str, list[Person]] = {seat: [] for seat in self.seats}
        for person in self.people.values():
            if person.seat in found and not person.is_removed:
                found[person.seat].append(person)
        return found

    def pilot(self, seat: str, team: list[Person] | None = None) -> str:
        """Return who decides for a seat: `people`, where somebody sits there and no other pilot is named, or who."""
        there = self.seated(seat) if team is None else team
        return self.pilots.get(seat) or ("people" if there else "built_in")
