"""Random and hostile commands: refused with a reason, or done; never a fault, and a refusal leaves no trace."""

import json
import random
import time

import pytest
from classroom_kit import SEATS, Class, NearDesk, small_game
from classroom_server import Client, served

from viz.classroom.command import PERSON_COMMANDS
from viz.classroom.desk_command import DESK_COMMANDS, begin
from viz.classroom.event import DESK, SERVER
from viz.classroom.fold import described, fold
from viz.classroom.loop import run_to_end
from viz.classroom.server import DEVICE
from viz.classroom.store import read_events

#: Read by commands; a command that reads another word should add it here.
WORDS = ("code", "name", "seat", "up", "version", "orders", "room", "text", "is_promise", "deal", "document", "vote",
         "yes", "word", "answers", "step", "phase", "minutes", "person", "pilot", "is_locked", "policy", "event",
         "headline", "is_muted", "message", "is_hidden", "kept", "is_on", "question", "seats", "rule", "what",
         "is_open", "inject", "part")  # fmt: skip
NASTY = (None, True, False, 0, -1, 1, 2, 10**400, 1e308, float("nan"), float("inf"), "", "x" * 70_000, "\x00", "\ud800",
         "\u202egnp.exe", "=1+1", "<script>alert(1)</script>", "../../etc/passwd", "'; DROP TABLE events;--", [], {},
         [[]], [None], [{}], {"type": []}, [{"type": "export_tax", "fields": None}], {"members": "CHN", "clauses": 3},
         {"kind": "memorandum", "members": [["CHN"], {}], "clauses": [{}]}, "CHN+JPN", "CHN+CHN", "+", ["CHN", []],
         {"kind": "outage", "actor": "CHN", "good": "gallium"}, "public", "negotiate", "debrief", "majority", "draft",
         "secrets", "random", "\U0001f600" * 300)  # fmt: skip


class FirmDesk(NearDesk):
    """The real model; what it does not refuse in words but fails at is counted, and must not happen."""

    def __init__(self):
        super().__init__()
        self.failed = []

    async def ask(self, job, limit=0.0, **arguments):
        try:
            return await super().ask(job, limit, **arguments)
        except Exception as error:
            self.failed.append((job, arguments, error))
            return {"ok": False, "message": f"The model failed: {error}"}


class BriefDesk:
    """A model that refuses or agrees at once, by chance, without looking."""

    def __init__(self, chance):
        self.chance = chance

    async def ask(self, job, limit=0.0, **arguments):
        document = arguments.get("document", {"members": [], "clauses": []})
        is_treaty = all(isinstance(document.get(key), list) for key in ("members", "clauses"))
        if self.chance.random() < 0.5 or not is_treaty:
            return {"ok": False, "message": "Refused."}
        return {
            "ok": True,
            "texts": [],
            "title": "T",
            "text": "t",
            "answers": {},
            "event": arguments.get("event"),
        }

    def stop(self):
        pass


#: What would be taken, by word.
GOOD = {"seat": "CHN", "up": True, "version": 0, "orders": [], "room": "public", "text": "hello", "is_promise": True,
        "yes": True, "word": "fine", "answers": {"why": "so"}, "phase": "orders", "minutes": 1, "pilot": "random",
        "is_locked": False, "policy": "final", "headline": "Flood", "is_muted": False, "is_hidden": True, "kept": None,
        "is_on": True, "question": "Why?", "seats": ["CHN", "JPN"], "rule": "majority", "what": "scores",
        "part": "words",
        "is_open": True, "name": "Eve", "event": {"kind": "outage", "actor": "CHN", "good": "gallium"},
        "document": {"kind": "memorandum", "members": ["CHN", "JPN"], "title": "Pact",
                     "clauses": [{"type": "mutual_exemption", "fields": {}}]}}  # fmt: skip


def some_value(chance, room, word=""):
    if word in GOOD and chance.random() < 0.6:
        return GOOD[word]
    known = [*SEATS, *room.state.people, *room.state.deals, *room.state.votes, room.state.code, room.state.step,
             *(m.id for m in room.state.messages[-3:])]  # fmt: skip
    return chance.choice(known) if chance.random() < 0.5 else chance.choice(NASTY)


def some_command(chance, room, number):
    kinds = [*PERSON_COMMANDS, *DESK_COMMANDS]
    kind = chance.choice(kinds) if chance.random() < 0.97 else chance.choice(NASTY)
    body = {
        word: some_value(chance, room, word) for word in chance.sample(WORDS, chance.randrange(len(WORDS)))
    }
    if chance.random() < 0.02:
        body = chance.choice(NASTY)
    name = f"hostile-{number:07d}" if chance.random() < 0.97 else chance.choice(NASTY)
    return {"id": name, "kind": kind, "body": body}


@pytest.mark.parametrize(
    ("count", "seed"), [(3_300, 24), pytest.param(100_000, 21, marks=pytest.mark.soak)], ids=["quick", "long"]
)
def test_a_flood_of_hostile_commands_does_no_harm(tmp_path, count, seed):
    """Each gets an answer below 500 and in good time, a refusal changes nothing, and the file folds to the state."""
    chance = random.Random(seed)
    room = Class(tmp_path / "s.orebloc", small_game(), near=BriefDesk(chance))
    room.room.store.connection.execute("PRAGMA synchronous=OFF")  # the disk is not what is tested here
    for name, seat in zip("abcd", SEATS, strict=True):
        room.join(name, seat)

    async def flood():
        seen, slowest = {"done": 0, "refused": 0}, 0.0
        for number in range(count):
            by = chance.choice([DESK, "", "p9-no", *room.state.people])
            given = some_command(chance, room, number)
            if number % 11 == 0:  # sound ones in between, so that there is a session to harm
                by, given = DESK, {"id": f"sound-{number:07d}", "kind": "tell", "body": {"text": "Hear"}}
            if given["kind"] in ("jump", "go_on", "remove_person", "lock_lobby") and chance.random() < 0.95:
                continue  # else the session is over at once
            if number % (count // 30) == 0 and room.state.step + 1 < len(room.state.plan):
                room.room._commit(begin(room.state, room.state.step + 1, room.clock.now), SERVER)
            before, room.clock.now = room.state.seq, room.clock.now + 0.7
            was = described(room.state) if number % 200 == 0 else None
            began = time.perf_counter()
            status, answer = await room.room.command(by, "device", given, f"address {number % 7}")
            slowest = max(slowest, time.perf_counter() - began)
            assert status < 500 and isinstance(answer["message" if status != 200 else "seq"], str | int), (
                given
            )
            json.dumps(answer)
            if status != 200:
                assert room.state.seq == before, given
                assert was is None or described(room.state) == was, given
                seen["refused"] += 1
            else:
                seen["done"] += 1
            if number % 500 == 0:
                room.room.common()
        return seen, slowest

    seen, slowest = run_to_end(flood())
    print(f"{count} commands: {seen}, the slowest took {1e3 * slowest:.0f} ms")
    assert seen["done"] > count / 20 and seen["refused"] > count / 3, seen
    assert described(fold(read_events(room.room.store.path))) == described(room.state)


@pytest.mark.parametrize(("count", "seed"), [(300, 1), pytest.param(20_000, 2, marks=pytest.mark.soak)])
def test_hostile_requests_over_http_are_refused(tmp_path, count, seed):
    """Hundreds of requests with broken JSON and nasty values: none is a 5xx, and the server still answers."""
    chance = random.Random(seed)
    near = FirmDesk()
    room = Class(tmp_path / "s.orebloc", small_game(), near=near, clock=time.time)
    room.join("Ann", "CHN")
    room.on_to("negotiate", 1)
    with served(room.room) as port:
        paths = ("/api/command", "/api/command?as=desk", "/api/resume", "/api/desk", "/api/check", "/api/preview",
                 "/api/draft", "/api/causes", "/api/what_if")  # fmt: skip
        for number in range(count):
            odd = {chance.choice(("code", "key", "orders")): some_value(chance, room)}
            given = chance.choice([some_command(chance, room, number), odd])
            raw = json.dumps(given).encode()
            if chance.random() < 0.2:
                raw = raw[: chance.randrange(len(raw))] + chance.randbytes(5)
            if number % 50 == 0:
                raw = b"[" * 60_000
            client = Client(port, **({DEVICE: "key of Ann"} if number % 2 else {}))
            status = client.ask("POST", chance.choice(paths), raw=raw)[0]
            assert status < 500, given
        assert Client(port).ask("GET", "/healthz")[0] == 200
    assert not near.failed
