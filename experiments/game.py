"""A game at a table: seats give orders in rounds of some quarters; machines decide for those that nobody fills.

One object serves solo play, the classroom and scripts. What was decided is its record, a plain mapping:
`Game.of(record)` plays it again to the same bits, and with another round in it, that is the counterfactual.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from agents import DECISIONS
from agents.stake import weigh_membership
from agents.treaty_words import reason
from experiments.player_file import who_is
from experiments.preparation import prepare
from experiments.results import Results
from experiments.run import Recorder
from model.calibration import calibrate
from model.engine import Engine
from model.error import OreblocError
from model.firm_decision import write_orders
from model.firm_order import FIRM_ORDERS_BY_NAME
from model.scenario import Scenario, scenario_from
from model.seat import Player, Seat, dominant_country, find_seats, seat_players, seats_of
from model.sheet import read_sheet
from model.state_order import STATE_ORDERS_BY_NAME, check_orders
from model.treaty import Treaty, treaty_from
from model.view import firm_view, state_view
from model.world import World

FORMAT = 1
QUARTERS_PER_ROUND = 4
#: Who fills a seat in a round: people give a sheet, the built-in behaviour decides for itself, chance draws.
PEOPLE, BUILT_IN = "people", "built_in"
#: What a firm's managers go on deciding in the quarters in which its people are not asked.
_RUNNING = ("mothball", "reopen")
#: What of a treaty's document the table decides, not the document.
_SETTLED = ("signed", "in_force", "ended", "proposed", "decides")

Sheets = Mapping[str, Sequence[Mapping[str, Any]]]


class _AtTable:
    """A seat filled by people: their sheet in the first quarter of a round, what keeps a firm running in the others."""

    def __init__(self, orders: Sequence[Mapping[str, Any]], seat: Seat) -> None:
        self.orders, self.seat = [dict(order) for order in orders], seat
        self.is_given = False

    @property
    def looks(self) -> bool:
        """Whether it reads more of the view than the quarter: a firm does, for what keeps it running."""
        return self.is_given and self.seat.is_firm

    def decide(self, view: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the sheet once, then what a firm's own managers see to."""
        if not self.is_given:
            self.is_given = True
            return self.orders
        return [order for order in view.get("advice", ()) if order["type"] in _RUNNING]


class Game:
    """A game of one run. Stores its scenario and what was decided; everything else follows from them.

    `scenario` is a name, path, mapping or `Scenario`; `until` its last quarter. A round has `quarters_per_round`
    quarters, the last one what is left. Raises `OreblocError` for a scenario that cannot be run.
    """

    def __init__(
        self,
        scenario: Any = "baseline",
        *,
        quarters_per_round: int = QUARTERS_PER_ROUND,
        until: str | None = None,
        seed: int | None = None,
        world: World | None = None,
    ) -> None:
        if isinstance(quarters_per_round, bool) or not isinstance(quarters_per_round, int):
            raise OreblocError(
                f"Quarters a round are {quarters_per_round!r}; they must be a whole number, such as 4."
            )
        if not 1 <= quarters_per_round <= 20:
            raise OreblocError(f"Quarters a round are {quarters_per_round}; they must be 1 to 20.")
        self.scenario: Scenario = prepare(scenario, seed=seed, until=until)
        self.quarters_per_round = quarters_per_round
        self.engine = Engine(self.scenario, 1, world=world or calibrate(self.scenario), decide=DECISIONS)
        self.seats: dict[str, Seat] = seats_of(self.engine.world, dominant_country(self.engine))
        self.recorder = Recorder(self.engine)
        self.played: list[dict[str, Any]] = []

    @classmethod
    def of(
        cls, record: Mapping[str, Any], *, world: World | None = None, until_round: int | None = None
    ) -> "Game":
        """Return a game played from its record, its first `until_round` rounds. Raises `OreblocError`."""
        if record.get("format") != FORMAT or not isinstance(record.get("rounds"), list):
            raise OreblocError(
                f"Game record has format {record.get('format')!r}; this version reads format {FORMAT}."
            )
        scenario = scenario_from(record["scenario"], file="the game's record")
        game = cls(
            scenario, quarters_per_round=record["quarters_per_round"], seed=record["seed"], world=world
        )
        for one in record["rounds"][:until_round]:
            game.play_round(
                one["sheets"], one.get("pilots", {}), one.get("events", []), one.get("treaties", [])
            )
        return game

    @property
    def record(self) -> dict[str, Any]:
        """What was decided, as JSON values: `{format, scenario, seed, quarters_per_round, rounds}`."""
        return {
            "format": FORMAT,
            "scenario": self.scenario.to_mapping(),
            "seed": self.engine.seed,
            "quarters_per_round": self.quarters_per_round,
            "rounds": [dict(one) for one in self.played],
        }

    @property
    def rounds(self) -> int:
        """Number of rounds of the whole game."""
        return -(-self.scenario.quarters // self.quarters_per_round)

    @property
    def is_done(self) -> bool:
        """Whether all rounds have been played."""
        return self.engine.is_done

    @property
    def quarter(self) -> str:
        """The quarter in which the next orders take effect; the last one played when the game is over."""
        return (
            self.engine.quarter_label
            if self.is_done
            else self.scenario.quarter_label(self.engine.step_number)
        )

    def seat(self, name: str) -> Seat:
        """Return the seat of that name. Raises `OreblocError`."""
        found = find_seats(self.seats, name)
        if len(found) != 1 or found[0].name != name:
            raise OreblocError(f"Seat {name!r} is a role, held by {len(found)} seats. Name one of them.")
        return found[0]

    def view(self, name: str) -> dict[str, Any]:
        """Return what a seat may know before the next round, at the end after the last; see docs/play.md.

        Raises `OreblocError` for no seat.
        """
        seat, engine = self.seat(name), self.engine
        if engine.is_done:  # nothing is to come: what is known at the end, in the last quarter
            engine = engine.fork()
            engine.step_number -= 1
        with _coming(engine):
            if seat.is_firm:
                return firm_view(engine, 0, seat.row)
            return {**state_view(engine, 0, seat.row), "role": seat.role}

    def check(self, name: str, orders: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return a sheet's orders for the next round in words, as accepted. Raises `OreblocError`."""
        seat = self.seat(name)
        with _coming(self.engine):
            sheet = read_sheet(name, self.quarter, list(orders))
            if seat.is_firm:
                accepted = write_orders(self.engine.fork(), 0, seat.row, sheet)
                return [FIRM_ORDERS_BY_NAME[order.type].text(order) for order in accepted]
            return [
                STATE_ORDERS_BY_NAME[order.type].text(order)
                for order in check_orders(self.engine, name, 0, sheet)
            ]

    def treaty(self, document: Mapping[str, Any], is_signed: bool = True) -> Treaty:
        """Return a treaty document as it comes into force in the next round, or as a draft. Raises `OreblocError`."""
        kept = {key: value for key, value in document.items() if key not in _SETTLED}
        dates = {"signed": self.quarter, "in_force": self.quarter} if is_signed else {"decides": True}
        treaty = treaty_from({**kept, **dates})
        absent = [code for code in treaty.members if code not in self.engine.world.countries]
        if absent:
            raise OreblocError(
                f"Treaty {treaty.id} names {', '.join(absent)}, which this world does not have apart. "
                f"Choose members from {', '.join(self.engine.world.countries)}."
            )
        if treaty.id in [other.id for other in self.engine.treaties.treaties]:
            raise OreblocError(f"Treaty {treaty.id} is there already. Give the new one an id of its own.")
        return treaty

    def would_sign(self, document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return by member whether its look-ahead signs a draft, others in it: `{signs, gain_usd, asks_usd, reason}`.

        Money is per quarter. Raises `OreblocError` for a document that cannot be a treaty.
        """
        treaty, countries = self.treaty(document, is_signed=False), list(self.engine.world.countries)
        twin = self.engine.fork()
        inside = np.array([[code in treaty.members for code in countries]])
        stakes = weigh_membership(twin, twin.add_treaty(treaty), np.array([0]), inside)
        rows = [(code, countries.index(code)) for code in treaty.members]
        return {
            code: {
                "signs": bool(stakes.total[0, c] >= stakes.asked[0, c]),
                "gain_usd": float(stakes.total[0, c]),
                "asks_usd": float(stakes.asked[0, c]),
                "reason": reason(stakes, 0, c),
            }
            for code, c in rows
        }

    def play_round(
        self,
        sheets: Sheets | None = None,
        pilots: Mapping[str, str] | None = None,
        events: Sequence[Mapping[str, Any]] = (),
        treaties: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        """Play the next round and return its entry of the record.

        `sheets` are people's orders by seat. `pilots` says who else fills a seat (`built_in`, `random`,
        `FILE.py:Class`) and goes before a sheet; a class is made anew each round. A seat in neither is the built-in
        behaviour's. `events` happen in the first quarter. `treaties` are documents that all members have signed at
        the table; they are in force from the first quarter.
        All is checked before anything is played; what fails later (`ClearingError`) leaves the game as it was.
        """
        if self.is_done:
            raise OreblocError(f"The game is over: all {self.rounds} rounds have been played. Start another.")
        entry: dict[str, Any] = {
            "quarter": self.quarter,
            "sheets": {seat: [dict(order) for order in orders] for seat, orders in (sheets or {}).items()},
            "pilots": {seat: who for seat, who in (pilots or {}).items() if who != PEOPLE},
            "events": [dict(event) for event in events],
            "treaties": [dict(document) for document in treaties],
        }
        for document in entry["treaties"]:
            self.treaty(document)
        for name, orders in entry["sheets"].items():
            if name not in entry["pilots"]:
                self.check(name, orders)
        self._advance(entry)
        self.played.append(entry)
        return entry

    def _advance(self, entry: Mapping[str, Any]) -> None:
        """Play a round on a copy, and go on from there once all its quarters have cleared."""
        engine = self.engine.fork()
        for event in entry["events"]:
            engine.inject(event)
        for document in entry["treaties"]:
            engine.add_treaty(self.treaty(document))
        seat_players(engine, DECISIONS, self._players(entry))
        taken = []
        for _ in range(min(self.quarters_per_round, engine.quarters - engine.step_number)):
            engine.step()
            taken.append(engine.fork())
        for quarter in taken:
            self.recorder.engine = quarter
            self.recorder.take()
        self.engine = self.recorder.engine = engine

    def _players(self, entry: Mapping[str, Any]) -> dict[str, Player]:
        """Return who decides in a round by seat, built-in behaviours left out."""
        players: dict[str, Player] = {
            name: _AtTable(orders, self.seats[name])
            for name, orders in entry["sheets"].items()
            if name not in entry["pilots"]
        }
        for name, who in entry["pilots"].items():
            self.seat(name)
            described = who_is(who)
            if described is not None:
                players[name] = described[1](name)
        return players

    def _filled(self) -> dict[str, str]:
        """Return who filled the seats that were not left to the built-in behaviours, as the log's header has it."""
        found: dict[str, str] = {}
        for entry in self.played:
            found.update(dict.fromkeys(entry["sheets"], PEOPLE), **entry["pilots"])
        return {seat: who for seat, who in found.items() if who != BUILT_IN}

    def copy(self) -> "Game":
        """Return an independent copy at this point that keeps the numbers seen so far, but no tables."""
        twin = self.fork()
        twin.recorder.seen = list(self.recorder.seen)
        return twin

    def fork(self) -> "Game":
        """Return an independent copy at this point, whose results begin here."""
        twin = object.__new__(Game)
        twin.__dict__.update(self.__dict__)
        twin.engine = self.engine.fork()
        twin.recorder = Recorder(twin.engine)
        twin.played = list(self.played)
        return twin

    def results(self) -> Results:
        """Return the tables of the rounds so far (of a fork: since then), with a log that `orebloc replay` runs.

        Raises `OreblocError` before the first.
        """
        self.recorder.players = self._filled()
        return self.recorder.results()


@contextmanager
def _coming(engine: Engine) -> Iterator[None]:
    """Let the engine speak of the quarter to come, in which the next orders are given; of the last one at the end."""
    inside, step = engine._inside, engine.step_number
    engine._inside, engine.step_number = True, min(step, engine.quarters - 1)
    try:
        yield
    finally:
        engine._inside, engine.step_number = inside, step
