"""Nobody is sent what is not theirs: every secret carries a canary, and every byte that leaves the server is searched.

The class plays over real HTTP and WebSockets. What each viewer is sent, headers included, is kept and searched for the
canaries that are not theirs; the facilitator's exports are searched for keys, and for names where none were asked for.
"""

import io
import json
import random
import threading
import time
import zipfile

import pytest
from classroom_kit import SEATS, Class, NearDesk, small_game
from classroom_server import Client, served
from websockets.sync.client import connect

from viz.classroom.debrief_page import debrief_page, told_of
from viz.classroom.server import DESK_COOKIE, DEVICE
from viz.classroom.view import WALL, view

MARKS = {seat: f"canary{number}x" for number, seat in enumerate(SEATS)}
READABLE = ("/api/view", "/api/view?as=wall", "/api/view?as=desk", "/api/form", "/api/see?seat=CHN", "/sheet/CHN",
            "/sheet/JPN", "/play", "/wall", "/desk", "/debrief", "/export/events.csv", "/healthz")  # fmt: skip
EXPORTS = ("events.csv", "orders.csv", "messages.csv", "deals.csv", "outcomes.csv", "people.csv", "codebook.csv",
           "manifest.json", "debrief.html", "session.xlsx", "session.zip")  # fmt: skip


@pytest.fixture(scope="module")
def world():
    return small_game().engine.world


class MarkingDesk(NearDesk):
    """The real model, whose private answers carry the mark of the seat that they are for."""

    async def ask(self, job, limit=0.0, **arguments):
        answer = await super().ask(job, limit, **arguments)
        if job in ("check", "preview"):
            mark = MARKS[arguments["seat"]]
            answer.update({"texts": [mark], "note": mark} if answer["ok"] else {"message": mark})
        if job == "draft" and answer["ok"]:
            for member, one in answer["answers"].items():
                one["reason"] = MARKS.get(member, "")
        if job == "resolve" and answer["ok"]:
            for seat, mark in MARKS.items():
                for part in (answer["outcome"]["views"], answer["outcome"]["seats"]):
                    if seat in part:
                        part[seat] = {**part[seat], "secret": mark}
                answer["outcome"]["dropped"][seat] = [mark]
        return answer


class Watched:
    """A viewer: its client and live view, and every byte that it was sent. `name` is a person's or what they are."""

    def __init__(self, port, name, seat="", cookies=None, look="me"):
        self.name, self.seat, self.heard, self.look = name, seat, [], look
        self.client = Client(port, **(cookies or {}))
        self.line, self.thread, self.ready = None, None, threading.Event()

    def listen(self):
        """Keep every frame of the live view from now on."""
        self.thread = threading.Thread(target=self._keep, daemon=True)
        self.thread.start()
        assert self.ready.wait(20)

    def _keep(self):
        cookies = "; ".join(f"{key}={value}" for key, value in self.client.cookies.items())
        with connect(f"ws://127.0.0.1:{self.client.port}/api/live?as={self.look}", proxy=None,
                     additional_headers={"Cookie": cookies} if cookies else {}) as self.line:  # fmt: skip
            self.ready.set()
            for text in self.line:
                self.heard.append(text)

    def ask(self, method, path, body=None):
        """Ask something, and keep the answer with its headers; cookies that are set are this device's own."""
        status, headers, text = self.client.ask(method, path, body)
        told = [f"{key}: {value}" for key, value in headers.items() if key.lower() != "set-cookie"]
        self.heard.append("\n".join([*told, text]))
        return status, text

    def close(self):
        self.line.close()
        self.thread.join(10)


class Hunt:
    """A class at play, and who may be sent which mark: `allowed` maps a mark to seats, `names` to persons' names."""

    def __init__(self, room, port, chance):
        self.room, self.port, self.chance, self.number = room, port, chance, 0
        self.allowed = {mark: {seat} for seat, mark in MARKS.items()}
        self.keys, self.rates, self.found, self.bytes, self.texts = {}, {}, set(), 0, 0
        self.viewers = [Watched(port, "wall", look="wall"), Watched(port, "stranger")]
        self.people = [self._join(f"nobody{n}x", seat) for n, seat in enumerate([*SEATS, SEATS[0]])]
        self.desk = Watched(port, "desk", look="desk")
        self.desk.ask("POST", "/api/desk", {"key": room.room.link_key})
        self.keys[self.desk.client.cookies[DESK_COOKIE]] = ""
        self.viewers += [*self.people, self.desk]
        for viewer in self.viewers:
            viewer.listen()

    def _join(self, name, seat):
        viewer = Watched(self.port, name, seat)
        answer = json.loads(self.give(viewer, "join", code=self.room.state.code, name=name, seat=seat))
        self.keys[answer["resume"]] = name
        self.keys[viewer.client.cookies[DEVICE]] = ""
        return viewer

    def give(self, viewer, kind, **body):
        self.number += 1
        given = {"id": f"command-{self.number:06d}", "kind": kind, "body": body}
        path = f"/api/command{'?as=desk' if viewer.look == 'desk' else ''}"
        return viewer.ask("POST", path, given)[1]

    def secrets(self):
        """Yield (mark, seats that may know, persons by name who may know)."""
        for mark, seats in self.allowed.items():
            yield mark, seats, set()
        for key, name in self.keys.items():
            yield key, set(), {name}
        for person in self.room.state.people.values():
            yield (
                person.name,
                {person.seat},
                {person.name, "desk"},
            )  # a team knows its names, the others do not
            yield person.resume, set(), set()
            for device in person.devices:
                yield device, set(), set()

    def search(self):
        """Fail for a mark in what somebody was sent since the last search who may not know it."""
        time.sleep(0.15)  # what is on its way arrives
        for viewer in self.viewers:
            heard, viewer.heard[:] = list(viewer.heard), []
            text = "\n".join(heard)
            self.bytes, self.texts = self.bytes + len(text), self.texts + len(heard)
            for mark, seats, names in self.secrets():
                knows_all = viewer.look == "desk" and mark in self.allowed
                if knows_all or viewer.seat in seats or viewer.name in names:
                    self.found |= {mark} if mark in text else set()
                elif mark in text:
                    near = max(text.find(mark) - 200, 0)
                    raise AssertionError((mark, viewer.name, self.room.state.phase, text[near:][:260]))

    def lift(self):
        """Lift the secrecy of what a round has made public: treaties in force, measures of sheets that were played."""
        for deal in self.room.state.deals.values():
            if deal.state == "in_force":
                self.allowed.pop(deal.document["title"], None)
        played = json.dumps([one["sheets"] for one in self.room.state.record["rounds"]])
        public = json.dumps([one["measures"] for one in self.room.state.outcomes.values()])
        for rate in [rate for rate in self.rates if rate in played or rate in public]:
            self.allowed.pop(rate, None)

    def secret(self, word, *seats):
        """Return a new mark that only these seats may know."""
        self.number += 1
        mark = f"{word}{self.number}x"
        self.allowed[mark] = set(seats)
        return mark

    def act(self):
        """One command or question of somebody, some of it not possible; its secrets carry marks."""
        chance, viewer = self.chance, self.chance.choice(self.people)
        seat = viewer.seat
        other = chance.choice([one for one in SEATS if one != seat])
        version, act = self.room.state.sheets[seat].version, chance.randrange(11)
        pact = {"kind": "memorandum", "members": [seat, other],
                "clauses": [{"type": "mutual_exemption", "fields": {}}]}  # fmt: skip
        if act == 0:
            orders = [{"type": "export_tax", "fields": {"good": self.secret("good", seat), "rate": 0.1}}]
            self.give(viewer, "set_draft", version=version, orders=orders)
            viewer.ask("POST", "/api/check", {"orders": orders})
        elif act in (1, 2):
            rate = f"0.1{2 * chance.randrange(10**8, 10**9) + 1}"
            self.allowed[rate], self.rates[rate] = {seat}, seat
            orders = [{"type": "export_tax", "fields": {"good": "gallium", "rate": float(rate)}}]
            self.give(viewer, "set_draft", version=version, orders=orders)
            viewer.ask("POST", "/api/check", {"orders": orders})
        elif act == 3:
            self.give(viewer, "hand_in", version=version)
        elif act in (4, 5):
            text = self.secret("talk", seat, other)
            self.give(viewer, "send_message", room=f"{seat}+{other}", text=text, is_promise=act == 4)
        elif act == 6:
            self.give(viewer, "propose_deal", document={**pact, "title": self.secret("deal", seat, other)})
        elif act == 7:
            for deal in list(self.room.state.deals.values()):
                self.give(viewer, "sign_deal", deal=deal.id, version=deal.version)
                self.give(
                    viewer,
                    "counter_deal",
                    deal=deal.id,
                    document={**pact, "title": self.secret("other", seat, other)},
                )
        elif act == 8:
            viewer.ask("POST", "/api/draft", {"document": {**pact, "title": self.secret("draft", seat)}})
        elif act == 9:
            self.give(self.desk, "tell", seat=seat, text=self.secret("told", seat))
        else:
            self.give(viewer, "answer_survey", answers={"why": self.secret("why")})

    def look_around(self):
        """Everybody asks for everything that there is to read, theirs or not."""
        for viewer in self.viewers:
            for path in READABLE:
                if viewer.look != "desk" or not path.startswith("/export"):
                    viewer.ask("GET", path)

    def exports(self):
        """Search the facilitator's files: no key in any, no name where none was asked for."""
        for names in ("no", "yes"):
            for name in EXPORTS:
                content = self.desk.client.ask_bytes("GET", f"/export/{name}?names={names}")[2]
                text = b"\n".join(unpacked(content)).decode()
                for key in (*self.keys, *(p.resume for p in self.room.state.people.values())):
                    assert key not in text, name
                for person in self.room.state.people.values():
                    assert (person.name in text) == (
                        names == "yes" and name in ("people.csv", "events.csv", "session.xlsx", "session.zip")
                    )
                    assert not any(device in text for device in person.devices), name

    def close(self):
        for viewer in self.viewers:
            viewer.close()


def unpacked(content):
    """Return what is in a file, archives and spreadsheets opened."""
    if not content.startswith(b"PK"):
        return [content]
    packed = zipfile.ZipFile(io.BytesIO(content))
    return [part for one in packed.namelist() for part in unpacked(packed.read(one))]


def play(path, world, seed, policy):
    """Play a whole random game and search everything; return the hunt."""
    chance = random.Random(seed)
    room = Class(path, small_game(world=world), clock=time.time, near=MarkingDesk(), policy=policy)
    for seat, mark in MARKS.items():
        room.state.seats[seat] = {**room.state.seats[seat], "private": [mark], "goals": [mark]}
    with served(room.room) as port:
        hunt = Hunt(room, port, chance)
        hunt.search()
        while room.state.phase.name != "debrief":
            step = room.state.step
            if room.state.phase.name != "resolving":
                for _ in range(6):
                    hunt.act()
                if step % 4 == 1:
                    hunt.look_around()
                hunt.search()
                hunt.give(hunt.desk, "go_on", step=step)
            until = time.monotonic() + 30
            while room.state.phase.name == "resolving" or room.state.step == step:
                assert time.monotonic() < until, (room.state.phase, room.state.failure)
                time.sleep(0.02)
            hunt.lift()
            hunt.search()
        hunt.desk.ask("POST", "/api/causes", {"round": 1})
        hunt.look_around()
        hunt.search()
        hunt.exports()
        hunt.close()
    assert set(MARKS.values()) <= hunt.found and len(hunt.found) > 12  # the search finds what is there
    print(
        f"seed {seed}: {hunt.texts} texts and frames, {hunt.bytes / 1e6:.1f} MB, {len(hunt.found)} marks seen by owners"
    )
    return hunt


def test_no_secret_of_others_is_in_any_byte(tmp_path, world):
    """A whole random game: until secrets are opened, nobody is sent a mark that is not theirs, nor an export a key."""
    play(tmp_path / "s.orebloc", world, 1, "draft")


@pytest.mark.soak
def test_no_secret_leaks_in_twenty_games(tmp_path, world):
    """The same with twenty seeds."""
    for seed in range(20):
        play(tmp_path / f"{seed}.orebloc", world, seed, ("draft", "final", "hold", "bot")[seed % 4])


def test_opened_secrets_are_shown_and_closed_again(tmp_path, world):
    """In the debrief the desk opens private talk to everybody, not before, and may close it again."""
    room = Class(tmp_path / "s.orebloc", small_game(world=world))
    ann = room.join("Ann", "CHN")
    room.on_to("negotiate", 1)
    room.do(ann, "send_message", room="CHN+JPN", text="between us two")
    assert "debrief" in room.refused("desk", "open", what="secrets", is_open=True)
    room.on_to("debrief", 2)
    seen = []
    for is_open in (False, True, False):
        room.desk("open", what="secrets", is_open=is_open)
        seen.append("between us two" in json.dumps(view(room.state, WALL, room.clock.now)))
        assert ("between us two" in debrief_page(told_of(room.state))) == is_open
    assert seen == [False, True, False]
