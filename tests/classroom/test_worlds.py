"""Several worlds of one class on one server: joining, one desk, nothing of one world in another, nothing lost."""

import json
import time

import pytest
from classroom_kit import NearDesk
from classroom_server import ROOT, Client, Host, free_port, serving
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from experiments.debrief.gap import part_gap
from experiments.game import Game
from experiments.scenario_file import load_scenario
from model.error import OreblocError
from viz.classroom.access import ROOM_WRONG_A_MINUTE
from viz.classroom.loop import run_to_end
from viz.classroom.opening import MOST_PLAYERS, _models, files_of, open_rooms
from viz.classroom.room import Room
from viz.classroom.server import DESK_COOKIE, DEVICE
from viz.classroom.server import ROUTES as WORLD_ROUTES
from viz.classroom.worlds import ROUTES, Worlds, class_application

SEATS = ("CHN", "JPN", "USA")
OPTIONS = {
    "scenario": "tiny", "template": "standard_90", "seats": list(SEATS), "rounds": 1, "minutes": {}, "policy": "draft",
    "title": "", "seed": None, "resume": False,
}  # fmt: skip
SECRET = "canary of world A"
JOIN = {"id": "join-of-the-matrix", "kind": "join", "body": {"code": "AAAAAAA", "name": "Eve"}}


class Asked:
    """A class of two worlds behind HTTP."""

    def __init__(self, port, worlds):
        self.port, self.worlds, self.number = port, worlds, 0

    def client(self, **cookies):
        return Client(self.port, **cookies)

    def give(self, client, kind, path, **body):
        self.number += 1
        given = {"id": f"command-{self.number:06d}", "kind": kind, "body": body}
        return client.ask("POST", path, given)

    def join(self, name, code):
        client = self.client()
        status, _, text = self.give(client, "join", "/api/command", code=code, name=name)
        return client, status, json.loads(text)


def made(folder, count=2, twins=()):
    """Return rooms of new worlds, worked out in this process."""
    rooms = open_rooms({**OPTIONS, "file": folder / "class.orebloc", "worlds": count, "twins": twins})
    for room in rooms:
        room.player = room.thinker = room.checker = NearDesk()
    return rooms


@pytest.fixture(scope="module")
def hosted(tmp_path_factory):
    """Two worlds that differ in one value; one person in each, and the desks."""
    worlds = Worlds(made(tmp_path_factory.mktemp("worlds"), 2, ["parameters.panic=0"]))
    with serving(class_application(worlds)) as port:
        asked = Asked(port, worlds)
        asked.ann, *_ = asked.join("Ann", worlds.rooms[0].state.code)
        asked.bob, *_ = asked.join("Bob", worlds.rooms[1].state.code)
        asked.desk = asked.client()
        assert asked.desk.ask("POST", "/api/desk", {"key": worlds.link_key})[0] == 200
        asked.assistant = asked.client()
        key = worlds.rooms[0].link_key
        assert asked.assistant.ask("POST", "/world/1/api/desk", {"key": key})[0] == 200
        asked.give(asked.ann, "take_seat", "/world/1/api/command", seat="JPN")
        asked.give(asked.bob, "take_seat", "/world/2/api/command", seat="CHN")
        yield asked


def test_the_twin_differs_in_the_one_value_and_in_nothing_else(hosted):
    """Scenario, seed and seats are the same but for the value named; screens of students name only the world."""
    first, second = (room.state for room in hosted.worlds.rooms)
    assert first.world["difference"] == "" and second.world["difference"] == "panic 0"
    records = [json.loads(json.dumps(state.record)) for state in (first, second)]
    assert records[1]["scenario"].pop("parameters")["panic"] == 0
    records[0]["scenario"].pop("parameters", None)
    assert records[0] == records[1] and first.seats.keys() == second.seats.keys()
    told = json.loads(hosted.bob.ask("GET", "/world/2/api/view")[2])
    assert told["common"]["world"] == "World B" and "panic" not in json.dumps(told)


def test_people_are_spread_evenly_by_the_code_of_the_class_and_a_lost_answer_makes_nobody_twice(hosted):
    """The code of all leads to the emptiest world; the same join again is the same person; a wrong code is nobody's."""
    before = [len(room.state.people) for room in hosted.worlds.rooms]
    found = [hosted.join(f"P{n}", hosted.worlds.code)[2]["base"] for n in range(4)]
    assert sorted(found) == ["/world/1", "/world/1", "/world/2", "/world/2"]
    given = {"id": "lost-answer-1", "kind": "join", "body": {"code": hosted.worlds.code, "name": "Lost"}}
    bases = {json.loads(hosted.client().ask("POST", "/api/command", given)[2])["base"] for _ in range(3)}
    assert len(bases) == 1
    after = [len(room.state.people) for room in hosted.worlds.rooms]
    assert sum(after) - sum(before) == 5
    assert hosted.join("Eve", "AAAAAAA")[1] == 403
    assert hosted.worlds.rooms[0].guesses is hosted.worlds.rooms[1].guesses
    assert hosted.worlds.rooms[0].guesses.room.most * 3 <= ROOM_WRONG_A_MINUTE


def test_somebody_comes_back_to_their_own_world(hosted):
    """A resume code finds its world from the page of all; a second tap of a known device joins nothing."""
    client, _, answer = hosted.join("Cat", hosted.worlds.rooms[1].state.code)
    other = hosted.client()
    status, _, text = other.ask("POST", "/api/resume", {"code": answer["resume"]})
    assert status == 200 and json.loads(text)["base"] == "/world/2"
    assert json.loads(other.ask("GET", "/world/2/api/view")[2])["own"]["name"] == "Cat"
    assert json.loads(other.ask("GET", "/api/view")[2]) == {"own": {"kind": "person"}, "base": "/world/2"}
    before = hosted.worlds.rooms[0].state.seq
    again = hosted.give(client, "join", "/api/command", code=hosted.worlds.rooms[0].state.code, name="Cat")
    assert json.loads(again[2])["base"] == "/world/2" and hosted.worlds.rooms[0].state.seq == before


def test_a_key_of_one_world_opens_nothing_in_another(hosted):
    """Every route of world B answers people and assistants of A as it answers a stranger, and nothing changes."""
    before = hosted.worlds.rooms[1].state.seq
    device, desk = hosted.ann.cookies[f"{DEVICE}_1"], hosted.assistant.cookies[f"{DESK_COOKIE}_1"]
    names = (DEVICE, f"{DEVICE}_1", f"{DEVICE}_2", DESK_COOKIE, f"{DESK_COOKIE}_1", f"{DESK_COOKIE}_2")
    for path, method, *_ in WORLD_ROUTES:
        asked = "/world/2" + path.replace("{seat}", "CHN").replace("{key}", "k").replace(
            "{name}", "session.zip"
        )
        body = (
            {"id": "foreign-command", "kind": "raise_hand", "body": {"up": True}}
            if method == "POST"
            else None
        )
        for view in ("", "?as=desk"):
            stranger = hosted.client().ask(method, asked + view, body)
            for key in (device, desk):
                foreign = hosted.client(**dict.fromkeys(names, key)).ask(method, asked + view, body)
                assert foreign[0] == stranger[0], (asked, view)
                if "/api/view" in asked and foreign[0] == 200:
                    assert json.loads(foreign[2])["own"] == json.loads(stranger[2])["own"]
    with pytest.raises(InvalidStatus):
        cookie = {"Cookie": f"{DESK_COOKIE}={desk}; {DESK_COOKIE}_2={desk}"}
        with connect(
            f"ws://127.0.0.1:{hosted.port}/world/2/api/live?as=desk", additional_headers=cookie, proxy=None
        ):
            pass
    assert hosted.worlds.rooms[1].state.seq == before


@pytest.mark.parametrize(
    ("path", "method", "who"), [row[:3] for row in ROUTES], ids=[f"{r[1]} {r[0]}" for r in ROUTES]
)
def test_the_routes_above_the_worlds(hosted, path, method, who):
    """What is the desk's alone is nothing for strangers, people and the assistant of one world."""
    asked = path.replace("{key}", "made-up")
    if method == "POST" and path != "/api/command":
        return  # keys and codes: tried above and below
    body = JOIN if method == "POST" else None
    others = [hosted.client(), hosted.client(**hosted.ann.cookies), hosted.client(**hosted.assistant.cookies)]
    got = [client.ask(method, asked, body)[0] for client in others]
    if method == "POST":
        assert got == [
            403,
            200,
            403,
        ]  # a stranger's wrong code; a second tap; an assistant who is nobody in the room
    else:
        assert got == ([404] * 3 if who == "desk" else [200] * 3)
        assert hosted.desk.ask(method, asked)[0] == 200


def test_the_desk_s_comparison_is_the_desk_s_alone(hosted):
    """Who has handed in is told to the desk of all; the projector's comparison has no such thing, and no secret."""
    room = hosted.worlds.rooms[0]
    orders = [{"type": "export_tax", "fields": {"good": SECRET, "rate": 0.5}}]
    while room.state.phase.name not in ("negotiate", "orders"):
        hosted.give(hosted.desk, "go_on", "/world/1/api/command?as=desk", step=room.state.step)
    hosted.give(hosted.ann, "set_draft", "/world/1/api/command", version=0, orders=orders)
    assert hosted.desk.ask("POST", "/api/desk", {"key": "again"})[0] == 404
    assert '"missing"' in hosted.desk.ask("GET", "/api/view?as=desk")[2]
    for client in (hosted.client(), hosted.ann, hosted.bob, hosted.assistant):
        assert client.ask("GET", "/api/view?as=desk")[0] == 404
        text = client.ask("GET", "/api/view?as=wall")[2]
        assert "missing" not in text and SECRET not in text and room.state.code not in text
        assert "panic" not in text  # a twin's difference is the desk's until the debrief
    for path in ("/world/2/api/view", "/world/2/api/view?as=wall"):
        assert SECRET not in hosted.bob.ask("GET", path)[2]
    assert SECRET not in hosted.desk.ask("GET", "/world/2/api/view?as=desk")[2]


def test_the_class_s_desk_leads_every_world_and_an_assistant_one(hosted):
    """One key goes on in both; that of an assistant in its own only."""
    steps = [room.state.step for room in hosted.worlds.rooms]
    for number in (1, 2):
        path = f"/world/{number}/api/command?as=desk"
        assert hosted.give(hosted.desk, "tell", path, text="All of you")[0] == 200
        assert hosted.give(hosted.assistant, "tell", path, text="Mine")[0] == (200 if number == 1 else 403)
    assert steps == [room.state.step for room in hosted.worlds.rooms]


RULE = {"type": "export_tax", "actor": "CHN", "quarter": "2025Q2", "fields": {"good": "gallium", "rate": 0.5}}
DUTY = [{"type": "import_tariff", "fields": {"good": ["gallium_refined"], "target": ["CHN"], "rate": 0.5}}]


def games(rule, orders):
    """Return a game of a round on `tiny` without the rule, and one with it, in which the USA gave these orders."""
    found = []
    for measures, given in (([], []), ([RULE] if rule else [], orders)):
        game = Game(load_scenario("tiny").with_changes({"measures": measures}), seed=5)
        game.play_round({"USA": given})
        found.append(game)
    return found


@pytest.mark.parametrize(
    ("rule", "orders"), [(True, []), (False, DUTY), (True, DUTY)], ids=["rule", "people", "both"]
)
def test_a_gap_is_parted_into_the_rule_s_and_the_people_s(rule, orders):
    """Parts add up to the gap; what does not differ has none of it, and what does has some."""
    parted = part_gap(*games(rule, orders))
    rows = [*parted["prices"], *parted["scores"].values()]
    for row in rows:
        assert row["rule"] + row["people"] == pytest.approx(row["twin"] - row["base"], rel=1e-9, abs=1e-6)
    for part, differs in (("rule", rule), ("people", bool(orders))):
        assert any(abs(row[part]) > 1e-6 for row in rows) == differs


def test_the_desk_parts_the_gap_once_all_worlds_are_in_the_debrief(tmp_path):
    """Before, and for a class without twins, it is told why not; then the wall has it."""
    worlds = Worlds(made(tmp_path, 2, ["parameters.panic=0"]))
    alone = Worlds(worlds.rooms[:1])
    assert "no world has a rule" in run_to_end(alone.part_gaps())["message"]
    assert "none has played" in run_to_end(worlds.part_gaps())["message"]
    with serving(class_application(worlds)) as port:
        desk, stranger = Client(port), Client(port)
        assert desk.ask("POST", "/api/desk", {"key": worlds.link_key})[0] == 200
        assert stranger.ask("POST", "/api/gaps", {})[0] == 404
        early = 0
        while any(room.state.phase.name != "debrief" for room in worlds.rooms):
            if any(room.state.record["rounds"] for room in worlds.rooms):
                early += "debrief first" in desk.ask("POST", "/api/gaps", {})[2]
            for number, room in enumerate(worlds.rooms, start=1):
                given = {
                    "id": f"on-{number}-{room.state.seq:06d}",
                    "kind": "go_on",
                    "body": {"step": room.state.step},
                }
                if room.state.phase.name not in ("resolving", "debrief"):
                    desk.ask("POST", f"/world/{number}/api/command?as=desk", given)
            time.sleep(0.05)
        assert early and json.loads(stranger.ask("GET", "/api/view?as=wall")[2])["gaps"] == []
        assert json.loads(desk.ask("POST", "/api/gaps", {})[2]) == {"ok": True}
        (gap,) = json.loads(stranger.ask("GET", "/api/view?as=wall")[2])["gaps"]
        assert "panic 0" in stranger.ask("GET", "/api/view?as=wall")[2]
        assert gap["number"] == 2 and {"good", "base", "twin", "rule", "people"} == gap["prices"][0].keys()
    for room in worlds.rooms:
        room.close()


def test_worlds_share_a_bounded_number_of_processes():
    """However many worlds there are: two for rounds, one for what-ifs, one for checks."""
    for count in (2, 4, 6):
        models = _models(count)
        assert len({id(worker) for trio in models for worker in trio}) == MOST_PLAYERS + 2


@pytest.mark.parametrize(("asked", "words"), [
    ({"worlds": 7}, "Worlds are 7; a server takes 1 to 6"),
    ({"worlds": 1, "twins": ["end=2026Q4"]}, "need 2 or more"),
    ({"twins": ["panic"]}, "must be PATH=VALUE"),
    ({"twins": ["parameters.panik=1"]}, "panik"),
    ({"resume": True}, "does not exist"),
])  # fmt: skip
def test_what_cannot_be_is_said_and_nothing_is_written(tmp_path, asked, words):
    """Too many worlds, a twin that is none, a value that is not there, files that are missing: one message."""
    with pytest.raises(OreblocError, match=words):
        open_rooms({**OPTIONS, "file": tmp_path / "c.orebloc", **asked})
    assert not list(tmp_path.iterdir())


def test_worlds_are_resumed_together_or_not_at_all(tmp_path):
    """All files come back in their order by the one name; one that is missing is told."""
    for room in made(tmp_path, 3):
        room.close()
    rooms = open_rooms({**OPTIONS, "file": tmp_path / "class.orebloc", "resume": True})
    assert [room.state.world["name"] for room in rooms] == ["World A", "World B", "World C"]
    assert len({room.state.world["code"] for room in rooms}) == 1
    for room in rooms:
        room.close()
    files_of(tmp_path / "class.orebloc", 3)[2].rename(tmp_path / "elsewhere")
    with pytest.raises(OreblocError, match="not all worlds of one class"):
        open_rooms({**OPTIONS, "file": tmp_path / "class.orebloc", "resume": True})


def test_a_kill_loses_nothing_in_any_world(tmp_path):
    """The server is killed while people of both worlds write; what was acknowledged is there, once, in its world."""
    base = tmp_path / "class.orebloc"
    for room in made(tmp_path, 2):
        room.close()
    host = Host([ROOT / "tests" / "classroom_host.py", base, free_port()])
    said = {1: [], 2: []}
    try:
        clients = {}
        for number in (1, 2):
            clients[number] = Client(host.port)
            given = {
                "id": f"join-of-world-{number}",
                "kind": "join",
                "body": {"code": host.code, "name": "Ann"},
            }
            assert clients[number].ask("POST", "/api/command", given)[0] == 200
        for kill in range(2):
            until = time.monotonic() + 0.4
            while time.monotonic() < until:
                for number, client in clients.items():
                    name = f"world-{number}-rename-{kill}-{len(said[number])}"
                    given = {"id": name, "kind": "rename", "body": {"name": name[6:]}}
                    if client.ask("POST", f"/world/{number}/api/command", given)[0] == 200:
                        said[number].append(name[6:])
            host.kill()
            host.start()
    finally:
        host.kill()
    for number, file in enumerate(files_of(base, 2), start=1):
        room = Room(file)
        kept = [event.body["name"] for event in read(file) if event.kind == "person_renamed"]
        assert len(said[number]) > 5 and kept == said[number]
        room.close()


def read(file):
    from viz.classroom.store import read_events

    return read_events(file)
