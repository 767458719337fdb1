"""A session in play: commands in, events to the disk, views out, the clock, and jobs for the model.

Order of things: validate, commit, then acknowledge, then show. Everything here runs on one event loop, so commands
cannot overtake each other; the model works in processes of its own.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.cache import rule_hash
from model.error import OreblocError
from model.name import did_you_mean
from viz.classroom.access import RESUME_LENGTH, Guesses, folded, hashed, is_same, new_code, new_key
from viz.classroom.asking import Ask, Refusal
from viz.classroom.command import decide
from viz.classroom.desk_command import begin
from viz.classroom.event import DESK, SERVER, Event
from viz.classroom.fold import fold
from viz.classroom.forgetting import forget_in, forgettable
from viz.classroom.line import Line
from viz.classroom.model_worker import START_SECONDS, ModelWorker
from viz.classroom.state import State
from viz.classroom.store import Store, read_events
from viz.classroom.view import Viewer, common, may_see_game, own_parts

if TYPE_CHECKING:
    from experiments.game import Game
    from viz.classroom.model_desk import ModelDesk

#: Seconds between two looks at the clock, and between two views of a screen at least.
TICK_SECONDS, SHOW_SECONDS = 0.1, 0.05
#: Seconds between two notes in the file that the server runs: what a stop can cost of a clock at most.
BEAT_SECONDS = 1.0
CHECK_LIMIT, ROUND_LIMIT = 10.0, 90.0
#: Seconds after which the causes of a round are given up: up to 256 rounds are played again for them.
WHY_LIMIT = 300.0
#: Seconds that a draft waits for the model's word on it before it is saved without.
CHECK_PATIENCE = 2.0


#: Who works for a room: rounds; what-ifs and previews; checks of sheets.
Models = tuple[ModelWorker, ModelWorker, ModelWorker]


class Room:
    """One session: `path` is its file. `clock` gives server time in unix seconds."""

    def __init__(
        self, path: Path, clock: Callable[[], float] = time.time, models: Models | None = None
    ) -> None:
        self.clock = clock
        self.store = Store(path)
        self.state: State = fold(read_events(path))
        #: Rounds, what-ifs and previews, and the quick checks of sheets wait for none of each other.
        self.player, self.thinker, self.checker = models or (ModelWorker(), ModelWorker(), ModelWorker())
        self.disk_fault = ""
        #: Set at every change of what screens show; `version` counts the changes.
        self.changed, self.version = asyncio.Event(), 0
        self.online: dict[str, int] = {}
        self.guesses = Guesses()
        self.line = Line(self.store, self._undo)
        self.tasks: set[asyncio.Task[Any]] = set()
        self.link_key = new_key()
        self.busy_round: int | None = None
        #: Whether the checks of sheets are ready; until then drafts are saved without, and nobody waits.
        self.is_warm = True
        self.addresses: list[str] = []
        #: Paths of the classes from files that may fill seats, by name; they are not in the session's file.
        self.classes: dict[str, str] = {}
        #: Makes the word under which this session's game opens in Explore, where the server has Explore.
        self.word_of: Callable[[Mapping[str, Any]], str] | None = None
        self._word: tuple[Any, str] = (None, "")

    # --- opening ----------------------------------------------------------------------------------------------------

    def open(self, session: Mapping[str, Any], game: "Game", model: "ModelDesk | None" = None) -> None:
        """Write the first event of a new session: title, plan, seats, policy, and the game's record and opening.

        `model` works out the opening; worlds of a class share one, as they share what is calibrated.
        """
        from model.base.data import data_hash
        from viz.classroom.model_desk import ModelDesk

        if self.state.seq:
            raise OreblocError(
                f"Session file {self.store.path} is in use already. Resume it, or name another file."
            )
        record, seats = game.record, list(session["seats"])
        opened = (model or ModelDesk()).answer("open", {"record": record, "seats": seats})
        if not opened["ok"]:
            raise OreblocError(opened["message"])
        body = {**session, "code": new_code(), "record": record, "opening": opened["opening"],
                "rule_hash": rule_hash(), "data_hash": data_hash()}  # fmt: skip
        self._commit([("session_opened", body)], SERVER)

    def take_up(self) -> None:
        """Go on after a stop: a running clock gets back what it lost, an unfinished round starts again."""
        now, state = self.clock(), self.state
        made: list[tuple[str, dict[str, Any]]] = [("server_started", {"rule_hash": rule_hash()})]
        if state.ends_at is not None:
            last = max(read_events(self.store.path)[-1].at, min(self.store.last_beat(), now))
            made.append(
                (
                    "time_set",
                    {"ends_at": max(state.ends_at, last) + max(now - last, 0.0), "left_seconds": None},
                )
            )
        self._commit(made, SERVER)

    def register(self, classes: Mapping[str, str], seats: Mapping[str, str]) -> None:
        """Let classes from files fill seats: `classes` by name with their paths, `seats` with the class that begins.

        Raises `OreblocError` for a seat that is not there.
        """
        for seat in seats:
            if seat not in self.state.seats:
                hint = did_you_mean(seat, self.state.seats, f"Seats are {', '.join(self.state.seats)}.")
                raise OreblocError(f"--pilot names seat {seat!r}, which is not in this session. {hint}")
        self.classes = dict(classes)
        made: list[tuple[str, dict[str, Any]]] = []
        if sorted(classes) != self.state.classes:
            made.append(("classes_registered", {"classes": sorted(classes)}))
        made += [("seat_piloted", {"seat": seat, "pilot": name}) for seat, name in seats.items()]
        if made:
            self._commit(made, SERVER)

    # --- events -----------------------------------------------------------------------------------------------------

    def _commit(
        self,
        made: Sequence[tuple[str, Mapping[str, Any]]],
        by: str,
        who: str = "",
        command: str = "",
        answer: Any = None,
    ) -> None:
        now = self.clock()
        events = [
            Event(self.state.seq + number, now, kind, by, body)
            for number, (kind, body) in enumerate(made, start=1)
        ]
        self.store.append(events, who, command, answer)
        fold(events, self.state)
        self.touch()

    def touch(self) -> None:
        """Have the screens look again."""
        self.version += 1
        self.changed.set()

    async def command(
        self, by: str, device: str, given: Mapping[str, Any], address: str = ""
    ) -> tuple[int, dict[str, Any]]:
        """Return (status, answer) of a command `{id, kind, body}` by a person or the desk; same id, same answer.

        `address` is where it comes from, for the count of wrong codes.
        """
        name, kind, body = given.get("id"), given.get("kind"), given.get("body", {})
        if not isinstance(name, str) or not 8 <= len(name) <= 64 or not isinstance(kind, str):
            return _refused(Refusal("A command is {id, kind, body}; the id has 8 to 64 characters.", 422))
        if not isinstance(body, Mapping):
            return _refused(Refusal("The body of a command is a table.", 422))
        kept_name = hashed(name) if kind == "join" else name
        before = self.store.answer(by, kept_name)
        if before is not None and kind != "join":
            return 200, before
        try:
            if kind == "forget_person" and by == DESK:
                return 200, self.forget(body)
            found = await self._find_out(by, kind, body, address)
            return await self.line.take(lambda: self._decided(by, device, kind, body, found, kept_name))
        except Refusal as refusal:
            return _refused(refusal)
        except OreblocError as error:
            return _refused(Refusal(str(error), 507))

    def _decided(
        self, by: str, device: str, kind: str, body: Mapping[str, Any], found: dict[str, Any], kept_name: str
    ) -> tuple[int, dict[str, Any]]:
        """Decide on a command, write what it comes to, and return (status, answer). Raises `OreblocError`."""
        before = self.store.answer(by, kept_name)  # it may have come twice while the model was asked
        if before is not None:
            return (200, before) if kind != "join" else self._joined_before(before["person"], device, found)
        if kind == "join":
            found["person"] = f"p{len(self.state.people) + 1}-{found['id'][1:7]}"
        try:
            ask = Ask(kind, body, by, self.clock(), {**found, "device_hash": hashed(device)})
            made = decide(self.state, ask)
            answer = {"ok": True, "seq": self.state.seq + len(made)}
            kept = {**answer, "person": found["person"]} if kind == "join" else answer
            self._commit(made, found.get("person", by), by, kept_name, kept)
        except Refusal as refusal:
            return _refused(refusal)
        except OreblocError:  # a ValueError too: the disk refused, which undoes all who are written together
            raise
        except ValueError:
            return _refused(Refusal("The command holds something that is no plain number or text.", 422))
        return 200, answer | ({"resume": found["resume"]} if kind == "join" else {})

    def _joined_before(
        self, person: str, device: str, found: Mapping[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        """Answer a join that was sent again because its answer got lost: the same person, a fresh resume code."""
        if self.state.people[person].is_removed:
            return _refused(Refusal("You were taken out of this session. Ask the facilitator.", 403))
        made = [
            ("device_added", {"person": person, "device": hashed(device)}),
            ("resume_renewed", {"person": person, "resume": found["resume_hash"]}),
        ]
        self._commit(made, person)
        return 200, {"ok": True, "seq": self.state.seq, "resume": found["resume"]}

    def forget(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Take a person out of the session's file for good. Raises `Refusal`, and `OreblocError` for a full disk."""
        person = forgettable(self.state, body.get("person"))
        forget_in(self.store, person, self.clock())
        self._undo()
        return {"ok": True, "seq": self.state.seq}

    def _undo(self) -> None:
        """Put the state back to what the file holds."""
        self.state.__dict__.update(fold(read_events(self.store.path)).__dict__)
        self.touch()

    async def _find_out(self, by: str, kind: str, body: Mapping[str, Any], address: str) -> dict[str, Any]:
        """Return what a command needs besides the state: new ids, and what the model says."""
        fresh = {"id": f"{kind[:1]}{secrets.token_hex(6)}"}
        if kind == "join":
            return fresh | self._newcomer(body, address)
        if kind == "set_draft" and by in self.state.people:
            return fresh | await self._checked(self.state.people[by].seat, body.get("orders"))
        if kind in ("propose_deal", "counter_deal"):
            name = f"deal_{fresh['id'][1:]}"
            if kind == "counter_deal":
                name = str(body.get("deal"))
                self._may_counter(by, name)
            return fresh | await self._drafted(name, body)
        if kind == "inject" and by == DESK:
            event = body.get("event")
            answer = await self.thinker.ask("event", ROUND_LIMIT, record=self.state.record, event=event)
            return fresh | ({"event": answer["event"]} if answer["ok"] else {"fault": answer["message"]})
        return fresh

    def _newcomer(self, body: Mapping[str, Any], address: str) -> dict[str, Any]:
        code = body.get("code")
        self._may_try(address)
        if not isinstance(code, str) or not is_same(folded(code), self.state.code):
            self.guesses.spend(address, self.clock())
            raise Refusal("That is not the code of this session. Look at the wall again.", 403)
        resume = new_code(RESUME_LENGTH)
        return {"resume": resume, "resume_hash": hashed(resume)}

    def _may_try(self, address: str) -> None:
        if self.guesses.is_spent(address, self.clock()):
            raise Refusal("Too many wrong codes were tried from here. Wait a minute.", 429)

    async def _checked(self, seat: str, orders: Any) -> dict[str, Any]:
        if not seat or not isinstance(orders, list) or not self.is_warm:
            return {}
        asked = asyncio.ensure_future(
            self.checker.ask("check", CHECK_LIMIT, record=self.state.record, seat=seat, orders=orders)
        )
        done, _ = await asyncio.wait({asked}, timeout=CHECK_PATIENCE)
        if (
            not done
        ):  # a model that is just starting keeps nobody waiting: faults are told when the round is played
            self.tasks.add(asked)
            asked.add_done_callback(self.tasks.discard)
            return {"texts": [], "fault": ""}
        answer = asked.result()
        if answer["ok"]:
            return {"texts": answer["texts"], "fault": ""}
        return {"texts": [], "fault": answer["message"]}

    def _may_counter(self, by: str, name: str) -> None:
        """Refuse terms for a deal of others before the model is asked about them."""
        person, deal = self.state.people.get(by), self.state.deals.get(name)
        if person is None or deal is None or person.seat not in deal.document["members"]:
            raise Refusal("That deal is not one of yours.", 403)

    async def _drafted(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        document = body.get("document")
        if not isinstance(document, Mapping):
            raise Refusal("A deal needs a document.", 422)
        document = {**document, "id": name}
        answer = await self.thinker.ask("draft", 30.0, record=self.state.record, document=document)
        if not answer["ok"]:
            return {"fault": answer["message"]}
        kept = {**document, "title": answer["title"]}
        return {"document": kept, "text": answer["text"], "answers": answer["answers"]}

    # --- people and devices -----------------------------------------------------------------------------------------

    def person_of(self, device: str) -> str:
        """Return the person whose device holds this key, empty for nobody's."""
        mark = hashed(device) if device else ""
        return next((p.id for p in self.state.people.values() if mark and mark in p.devices), "")

    def resume(self, code: str, device: str, address: str = "") -> tuple[int, dict[str, Any]]:
        """Let somebody come back with their resume code on a device."""
        mark = hashed(folded(code))
        try:
            self._may_try(address)
            people = (p for p in self.state.people.values() if is_same(p.resume, mark) and not p.is_removed)
            person = next(people, None)
            if person is None:
                self.guesses.spend(address, self.clock())
                raise Refusal("Nobody has this code. Ask the facilitator.", 403)
            self._commit([("device_added", {"person": person.id, "device": hashed(device)})], person.id)
        except Refusal as refusal:
            return _refused(refusal)
        except OreblocError as error:
            return _refused(Refusal(str(error), 507))
        return 200, {"ok": True, "seq": self.state.seq}

    def open_desk(self, key: str) -> str:
        """Return a key for the desk in exchange for the one-time link's, empty for a wrong or used one."""
        if not self.link_key or not is_same(key, self.link_key):
            return ""
        fresh = new_key()
        self.let_desk(fresh)
        self.link_key = ""
        return fresh

    def let_desk(self, key: str) -> None:
        """Take a key as the facilitator's from now on. Raises `OreblocError` where the disk refuses."""
        self._commit([("desk_opened", {"key": hashed(key)})], DESK)

    def is_desk(self, key: str) -> bool:
        """Whether a cookie's key is the facilitator's."""
        return bool(key) and hashed(key) in self.state.desk_keys

    # --- clock and model --------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look at the clock and at rounds to be worked out, until cancelled."""
        self.is_warm = False
        self._start(self._warm())
        beaten = 0.0
        while True:
            try:
                self.tick()
                if abs(self.clock() - beaten) >= BEAT_SECONDS:
                    beaten = self.clock()
                    self.store.beat(beaten)
                self._tell_fault("")
            except (
                OreblocError
            ) as error:  # a full disk stops the clock, not the room: it goes on when there is room
                self._tell_fault(str(error))
            await asyncio.sleep(TICK_SECONDS)

    async def _warm(self) -> None:
        """Get the model ready, one process after another: people go before it."""
        for worker in (self.player, self.checker, self.thinker):
            await worker.ask("warm", START_SECONDS, record=self.state.record)
            self.is_warm = self.is_warm or worker is self.checker

    def _tell_fault(self, fault: str) -> None:
        if fault != self.disk_fault:
            self.disk_fault = fault
            self.touch()

    def tick(self) -> None:
        """Begin the next step where the time is over; start working out a round that waits for it."""
        state, now = self.state, self.clock()
        if not state.seq:
            return
        if state.ends_at is not None and now >= state.ends_at and state.step + 1 < len(state.plan):
            self._commit(begin(state, state.step + 1, now), SERVER)
        if state.phase.name == "resolving" and not state.failure and self.busy_round is None:
            self.busy_round = state.phase.round
            self._start(self._resolve())

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _resolve(self) -> None:
        """Ask the model for the round, and write what it brought or that it failed."""
        state, number = self.state, self.state.phase.round
        try:
            treaties = (
                [deal.document for deal in state.deals.values() if deal.state == "signed"] if number else []
            )
            events = [one["event"] for one in state.injects if one["round"] == number]
            pilots = {seat: state.pilot(seat) for seat in state.seats if state.pilot(seat) not in ("people",)}
            locked = {seat: one for seat, one in state.locked.items() if one["how"] != "bot"}
            answer = await self.player.ask(
                "resolve", ROUND_LIMIT, record=state.record, locked=locked, events=events, treaties=treaties,
                pilots=pilots, classes=self.classes, seats=list(state.seats), is_practice=number == 0,
            )  # fmt: skip
            if not answer["ok"]:
                self._commit([("round_failed", {"round": number, "message": answer["message"]})], SERVER)
                return
            body = {
                "round": number,
                "entry": answer["entry"],
                "outcome": answer["outcome"],
                "rule_hash": rule_hash(),
            }
            self._commit([("round_resolved", body), *begin(state, state.step + 1, self.clock())], SERVER)
        except OreblocError as error:
            self._tell_fault(str(error))
        finally:
            self.busy_round = None

    async def think(self, job: str, limit: float, **arguments: Any) -> dict[str, Any]:
        """Ask the model something beside the rounds."""
        return await self.thinker.ask(job, limit, record=self.state.record, **arguments)

    async def ask_causes(self, number: int) -> dict[str, Any]:
        """Work out why prices moved in a round, and tell it to everybody."""
        answer = await self.think("causes", WHY_LIMIT, round=number)
        if answer["ok"] and number <= len(self.state.record["rounds"]):
            self._commit([("causes_told", {"round": number, "causes": answer["causes"]})], DESK)
        return answer

    async def ask_what_if(self, change: Mapping[str, Any]) -> dict[str, Any]:
        """Play the class's own game again with one thing changed, and keep the answer for the debrief."""
        answer = await self.think("what_if", 60.0, change=change)
        if answer.pop("ok"):
            self._commit([("what_if_answered", answer)], DESK)
            return {"ok": True, **answer}
        return {"ok": False, **answer}

    # --- views ------------------------------------------------------------------------------------------------------

    def common(self) -> dict[str, Any]:
        """Return what every screen shows now."""
        return common(self.state, self.clock(), self.online)

    def own(self, viewer: Viewer) -> dict[str, Any]:
        """Return what a viewer may know besides."""
        return {key: value for _, make in self.own_parts(viewer) for key, value in make().items()}

    def own_parts(self, viewer: Viewer) -> list[tuple[str, Callable[[], dict[str, Any]]]]:
        """Return it part by part: wall and desk learn where people find the server, the desk of a full disk."""
        parts = own_parts(self.state, viewer, self.online)
        if viewer.kind in ("wall", "desk"):
            parts.append(("addresses", lambda: {"addresses": self.addresses}))
        if viewer.kind == "desk":
            parts.append(("disk", lambda: {"disk_fault": self.disk_fault}))
        if self.word_of is not None and may_see_game(self.state, viewer):
            parts.append(("game", lambda: {"game_link": self.game_link()}))
        return parts

    def game_link(self) -> str:
        """Return where the game opens in Explore, as it is now; who may know it says `view.may_see_game`."""
        if self.word_of is None:
            return ""
        if self._word[0] is not self.state.record:
            self._word = self.state.record, self.word_of(self.state.record)
        return f"/explore/?scenario={self._word[1]}"

    def come(self, person: str) -> None:
        """Count a page of a person as connected."""
        self.online[person] = self.online.get(person, 0) + 1
        self.touch()

    def go(self, person: str) -> None:
        """Count it out again."""
        left = self.online.get(person, 0) - 1
        if left > 0:
            self.online[person] = left
        else:
            self.online.pop(person, None)
        self.touch()

    def close(self) -> None:
        """Stop the model's processes and close the file."""
        for task in list(self.tasks):
            task.cancel()
        self.player.stop()
        self.thinker.stop()
        self.checker.stop()
        self.store.close()


def _refused(refusal: Refusal) -> tuple[int, dict[str, Any]]:
    return refusal.status, {"ok": False, "message": str(refusal)}
