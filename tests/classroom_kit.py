"""A classroom without sockets for tests: a room on a fake clock, a model that answers at once in this process."""

import asyncio
import json

from experiments.game import Game
from viz.classroom.event import DESK
from viz.classroom.loop import run_to_end
from viz.classroom.model_desk import ModelDesk
from viz.classroom.room import Room
from viz.classroom.session import session_of

SEATS = ("CHN", "JPN", "USA", "EU27")


class Clock:
    """Server time that a test moves."""

    def __init__(self, now=1_000_000.0):
        self.now = now

    def __call__(self):
        return self.now


class NearDesk:
    """The model's worker without a process: the same jobs, answered here."""

    def __init__(self):
        self.desk = ModelDesk()
        self.fault = None

    async def ask(self, job, limit=0.0, **arguments):
        await asyncio.sleep(0)
        if self.fault and job == "resolve":
            return {"ok": False, "message": self.fault}
        return json.loads(json.dumps(self.desk.answer(job, json.loads(json.dumps(arguments)))))

    def stop(self):
        pass


class Class:
    """A room with its people: `sits` maps a name to a seat; `do` gives a command and asserts how it went."""

    def __init__(self, path, game=None, clock=None, near=None, **session):
        self.clock = clock or Clock()
        self.room = Room(path, self.clock)
        self.room.player = self.room.thinker = self.room.checker = near or NearDesk()
        self.people, self.count = {}, 0
        if game is not None:
            self.room.open(session_of(game, seats=SEATS, **{"rounds": 2, **session}), game)

    @property
    def state(self):
        return self.room.state

    def give(self, by, kind, device="", ident="", **body):
        self.count += 1
        given = {"id": ident or f"command-{self.count:06d}", "kind": kind, "body": body}
        return run_to_end(self.room.command(by, device, given))

    def do(self, by, kind, **body):
        status, answer = self.give(by, kind, **body)
        assert answer["ok"], answer
        return answer

    def refused(self, by, kind, **body):
        status, answer = self.give(by, kind, **body)
        assert not answer["ok"] and 400 <= status < 500, answer
        return answer["message"]

    def join(self, name, seat=""):
        status, answer = self.give(
            "", "join", device=f"key of {name}", code=self.state.code, name=name, seat=seat
        )
        assert answer["ok"], answer
        person = self.room.person_of(f"key of {name}")
        self.people[name] = person
        return person

    def desk(self, kind, **body):
        return self.do(DESK, kind, **body)

    def on(self):
        """Go on to the next step; a round is worked out on the way."""
        self.desk("go_on", step=self.state.step)
        if self.state.phase.name == "resolving":
            self.resolve()

    def resolve(self):
        run_to_end(self._resolve())

    async def _resolve(self):
        self.room.tick()
        here, tasks = asyncio.get_running_loop(), list(self.room.tasks)
        await asyncio.gather(*[task for task in tasks if task.get_loop() is here])
        while not all(
            task.done() for task in tasks
        ):  # a server beside, in another thread, works the round out
            await asyncio.sleep(0.02)

    def on_to(self, phase, number):
        while (self.state.phase.name, self.state.phase.round) != (phase, number):
            self.on()


def small_game(until="2026Q4", world=None):
    return Game("tiny", until=until, world=world)
