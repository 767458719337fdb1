"""Who may do what over HTTP: every route of the application, for every kind of viewer."""

import json
import time

import pytest
from classroom_kit import Class, small_game
from classroom_server import Client, served
from starlette.routing import Mount, Route, WebSocketRoute
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from viz.classroom.access import WRONG_A_MINUTE
from viz.classroom.explore import Explore
from viz.classroom.loop import run_to_end
from viz.classroom.server import DESK_COOKIE, DEVICE, MOST_BYTES, ROUTES, application

#: Who looks: a stranger, the projector, a student of Japan, one of China, one whom the desk has removed, the desk.
VIEWERS = ("stranger", "wall", "japan", "china", "removed", "desk")
ROOM = (403, 403, 200, 200, 403, 200)
OPEN, DESK_ONLY, PERSONS = (200,) * 6, (404,) * 5 + (200,), (403, 403, 200, 200, 403, 403)
HAND = {"id": "hand-of-the-matrix", "kind": "raise_hand", "body": {"up": False}}
NOTE = {"id": "note-of-the-matrix", "kind": "bookmark", "body": {"text": "note"}}
PACT = {
    "kind": "memorandum",
    "members": ["CHN", "JPN"],
    "clauses": [{"type": "mutual_exemption", "fields": {}}],
}
#: What each viewer gets: (method, path of the table, what is asked, its body, status by viewer). A route without a row
#: fails.
MATRIX = (
    ("GET", "/", "/", None, OPEN),
    ("GET", "/play", "/play", None, OPEN),
    ("GET", "/wall", "/wall", None, OPEN),
    ("GET", "/desk", "/desk", None, DESK_ONLY),
    ("GET", "/desk/open/{key}", "/desk/open/made-up", None, OPEN),
    ("GET", "/sheet/{seat}", "/sheet/CHN", None, (404, 404, 404, 200, 404, 200)),
    ("GET", "/sheet/{seat}", "/sheet/XXX", None, (404,) * 6),
    ("GET", "/debrief", "/debrief", None, OPEN),
    ("GET", "/api/view", "/api/view", None, OPEN),
    ("GET", "/api/view", "/api/view?as=wall", None, OPEN),
    ("GET", "/api/view", "/api/view?as=desk", None, DESK_ONLY),
    ("GET", "/api/form", "/api/form", None, PERSONS),
    ("GET", "/api/form", "/api/form?seat=CHN", None, (403, 403, 200, 200, 403, 200)),
    ("GET", "/api/see", "/api/see?seat=CHN", None, DESK_ONLY),
    ("GET", "/api/qr.svg", "/api/qr.svg", None, OPEN),
    ("GET", "/export/{name}", "/export/events.csv", None, DESK_ONLY),
    ("GET", "/export/{name}", "/export/session.zip?names=yes", None, DESK_ONLY),
    ("GET", "/explore", "/explore/", None, ROOM),
    ("GET", "/explore", "/explore/?scenario=class:0:made-up", None, ROOM),
    ("LIVE", "/explore", "/explore/jupyter/api/kernels/k/channels?session_id=s", None, (403,) * 6),
    ("GET", "/healthz", "/healthz", None, OPEN),
    ("GET", "/assets", "/assets/classroom/common.js", None, OPEN),
    ("GET", "/assets", "/assets/../classroom/server.py", None, (404,) * 6),
    ("POST", "/api/command", "/api/command", HAND, (403, 403, 200, 200, 403, 403)),
    ("POST", "/api/command", "/api/command?as=desk", NOTE, (403, 403, 404, 404, 403, 200)),
    ("POST", "/api/resume", "/api/resume", {"code": "23456789ABCDE"}, (403,) * 6),
    ("POST", "/api/desk", "/api/desk", {"key": "made up"}, (404,) * 6),
    ("POST", "/api/check", "/api/check", {"orders": []}, PERSONS),
    ("POST", "/api/preview", "/api/preview", {"orders": []}, PERSONS),
    ("POST", "/api/draft", "/api/draft", {"document": PACT}, PERSONS),
    ("POST", "/api/causes", "/api/causes", {"round": 1}, DESK_ONLY),
    ("POST", "/api/what_if", "/api/what_if", {"change": {"what": "seat", "seat": "CHN"}}, DESK_ONLY),
    ("LIVE", "/api/live", "/api/live", None, OPEN),
    ("LIVE", "/api/live", "/api/live?as=wall", None, OPEN),
    ("LIVE", "/api/live", "/api/live?as=desk", None, (403,) * 5 + (200,)),
)


def no_start(self):
    """Stand for pages that do not start: who may ask for them is asked here, not what they answer."""
    raise ConnectionError


@pytest.fixture(scope="module")
def hosted(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Explore, "_start", no_start)
        yield from host(tmp_path_factory)


def host(tmp_path_factory):
    room = Class(tmp_path_factory.mktemp("access") / "session.orebloc", small_game(), clock=time.time)
    room.ann, room.bob = room.join("Ann", "CHN"), room.join("Bob", "JPN")
    room.desk("remove_person", person=room.join("Rob", "CHN"))
    room.on_to("negotiate", 2)
    room.desk_key = room.room.open_desk(room.room.link_key)
    with served(room.room) as port:
        room.port = port
        room.viewers = {
            "stranger": {},
            "wall": {},
            "japan": {DEVICE: "key of Bob"},
            "china": {DEVICE: "key of Ann"},
            "removed": {DEVICE: "key of Rob"},
            "desk": {DESK_COOKIE: room.desk_key},
        }
        yield room


def live_status(room, path, cookies):
    """Return 200 where the live view is sent, else the status of the refusal."""
    sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    try:
        with connect(f"ws://127.0.0.1:{room.port}{path}", additional_headers=sent, proxy=None) as line:
            assert json.loads(line.recv(timeout=10))["is_whole"] is True
        return 200
    except InvalidStatus as refused:
        return refused.response.status_code


def test_every_route_has_a_row(hosted):
    """The matrix names all routes that the application has, and none that it has not."""
    found = set()
    for route in application(hosted.room).routes:
        assert isinstance(route, Route | WebSocketRoute | Mount)
        if isinstance(route, Route):
            found |= {(method, route.path) for method in route.methods - {"HEAD"}}
        else:
            found.add(("LIVE" if isinstance(route, WebSocketRoute) else "GET", route.path))
            if route.path == "/explore":
                found.add(("LIVE", route.path))
    assert found == {row[:2] for row in MATRIX}


@pytest.mark.parametrize(("method", "route", "path", "body", "expected"), MATRIX, ids=[r[2] for r in MATRIX])
def test_each_viewer_gets_what_is_theirs(hosted, method, route, path, body, expected):
    """Strangers, the projector, two students, a removed one and the desk: each with the status of the matrix."""
    got = []
    for viewer in VIEWERS:
        cookies = dict(hosted.viewers[viewer])
        if method == "LIVE":
            got.append(live_status(hosted, path, cookies))
        else:
            got.append(Client(hosted.port, **cookies).ask(method, path, body)[0])
    assert dict(zip(VIEWERS, got, strict=True)) == dict(zip(VIEWERS, expected, strict=True))


def test_other_methods_are_refused(hosted):
    """PUT, DELETE, PATCH, OPTIONS and a POST where a GET belongs answer 405 or 404, and change nothing."""
    before = hosted.state.seq
    for row in MATRIX:
        for method in {"PUT", "DELETE", "PATCH", "OPTIONS", "POST", "GET"} - {row[0]}:
            if (method, row[1]) not in {one[:2] for one in MATRIX} and row[0] != "LIVE":
                answer = Client(hosted.port, **hosted.viewers["desk"]).ask(method, row[2])
                assert answer[0] in (404, 405), (method, row[2], answer[0])
    assert hosted.state.seq == before


def test_the_forms_and_views_are_those_of_the_viewer(hosted):
    """A student who asks for another seat's form or view gets their own; made-up cookies are a stranger's."""
    japan = Client(hosted.port, **hosted.viewers["japan"])
    own, asked = (japan.ask("GET", path)[2] for path in ("/api/form", "/api/form?seat=CHN"))
    assert own == asked
    for cookies, kind in (({}, "nobody"), ({DEVICE: "made up", DESK_COOKIE: "made up"}, "nobody"),
                          (hosted.viewers["japan"], "person"), (hosted.viewers["removed"], "nobody")):  # fmt: skip
        assert (
            json.loads(Client(hosted.port, **cookies).ask("GET", "/api/view?seat=CHN")[2])["own"]["kind"]
            == kind
        )


def test_looking_changes_nothing(hosted):
    """GET and HEAD of every address, by every viewer, add no event."""
    before = hosted.state.seq
    for cookies in hosted.viewers.values():
        for row in MATRIX:
            for method in ("GET", "HEAD"):
                status = Client(hosted.port, **cookies).ask(method, row[2])[0]
                assert status < 500 or (
                    row[1] == "/explore" and status == 503
                )  # pages that do not start here
    assert hosted.state.seq == before


def test_every_answer_carries_the_headers(hosted):
    """Only own scripts may run, types are not guessed, nothing is framed or cached; scripts see no cookie."""
    for method, route, path, body, _ in MATRIX:
        if method == "LIVE" or route == "/assets":
            continue
        headers = Client(hosted.port).ask(method, path, body)[1]
        policy = headers["Content-Security-Policy"]
        assert (
            "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        )
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cache-Control"] == "no-store"
    given = {
        "id": "join-for-the-cookie",
        "kind": "join",
        "body": {"code": hosted.state.code, "name": "Cookie"},
    }
    assets = Client(hosted.port).ask("GET", "/assets/classroom/common.js")[1]
    assert (
        assets["Cache-Control"] == "no-cache"
        and assets["ETag"]
        and assets["X-Content-Type-Options"] == "nosniff"
    )
    cookie = Client(hosted.port).ask("POST", "/api/command", given)[1]["Set-Cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie


def test_pages_of_other_addresses_may_neither_send_nor_listen(hosted):
    """A foreign Origin is refused for POST and for the WebSocket, even with a right cookie."""
    player, before = Client(hosted.port, **{DEVICE: "key of Ann"}), hosted.state.seq
    given = {"id": "foreign-hand-up", "kind": "raise_hand", "body": {"up": True}}
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{hosted.port + 1}"):
        for pattern, method, *_ in ROUTES:
            if method == "POST":
                assert player.ask("POST", pattern, given, {"Origin": origin})[0] in (403, 404)
        with pytest.raises(InvalidStatus), connect(f"ws://127.0.0.1:{hosted.port}/api/live", origin=origin):
            pass
    assert hosted.state.seq == before
    own = {"Cookie": f"{DEVICE}=key of Ann"}
    with connect(f"ws://127.0.0.1:{hosted.port}/api/live", origin=f"http://127.0.0.1:{hosted.port}",
                 additional_headers=own, proxy=None) as line:  # fmt: skip
        assert json.loads(line.recv(timeout=10))["own"]["name"] == "Ann"


def test_large_bodies_are_refused(hosted):
    """More than 64 kB is 413 by its stated length, and no command either where the length is not stated."""
    player, before = Client(hosted.port, **{DEVICE: "key of Ann"}), hosted.state.seq
    assert player.ask("POST", "/api/command", raw=b" " * (MOST_BYTES + 1))[0] == 413
    given = json.dumps({"id": "chunked-hand-up", "kind": "raise_hand", "body": {"up": True}}).encode()
    pieces = iter([given, b" " * MOST_BYTES, b" " * 9])
    assert player.ask("POST", "/api/command", raw=pieces)[0] in (413, 422)
    assert hosted.state.seq == before


def test_a_removed_device_does_not_come_back(hosted):
    """Reload, resume code and the old key are all refused after the desk has taken a person out."""
    client = Client(hosted.port)
    given = {"id": "join-of-the-removed", "kind": "join", "body": {"code": hosted.state.code, "name": "Gone"}}
    answer = json.loads(client.ask("POST", "/api/command", given)[2])
    person = hosted.room.person_of(client.cookies[DEVICE])
    desk = Client(hosted.port, **{DESK_COOKIE: hosted.desk_key})
    out = {"id": "remove-this-one", "kind": "remove_person", "body": {"person": person}}
    assert desk.ask("POST", "/api/command?as=desk", out)[0] == 200
    assert json.loads(client.ask("GET", "/api/view")[2])["own"]["kind"] == "nobody"
    hand = {"id": "hand-of-the-gone", "kind": "raise_hand", "body": {"up": True}}
    assert client.ask("POST", "/api/command", hand)[0] == 403
    assert client.ask("POST", "/api/resume", {"code": answer["resume"]})[0] == 403


def test_a_device_that_guesses_makes_itself_wait_and_nobody_else(tmp_path):
    """After thirty wrong codes from an address even the right one waits there, a minute long; others join."""
    room = Class(tmp_path / "s.orebloc", small_game())

    def join(name, code, address):
        given = {"id": f"join-{name:>08}", "kind": "join", "body": {"code": code, "name": name}}
        return run_to_end(room.room.command("", name, given, address))[0]

    for number in range(WRONG_A_MINUTE // 2):
        assert join(f"n{number}", "AAAAAAA", "prankster") == 403
        assert room.room.resume("AAAAAAAAAAAAA", "d", "prankster")[0] == 403
    assert join("Late", room.state.code, "prankster") == 429
    assert room.room.resume("AAAAAAAAAAAAA", "d", "prankster")[0] == 429
    assert join("Ann", room.state.code, "another") == 200
    room.clock.now += 61
    assert join("Late", room.state.code, "prankster") == 200


def test_an_address_is_that_of_the_device_behind_a_proxy_of_this_machine(hosted):
    """Wrong codes count by what a proxy on the loopback forwards, so that one device locks no class out."""
    wrong = {"id": "wrong-code-1", "kind": "join", "body": {"code": "AAAAAAA", "name": "Eve"}}
    there = {"X-Forwarded-For": "198.51.100.7"}
    seen = [
        Client(hosted.port).ask("POST", "/api/command", wrong, there)[0] for _ in range(WRONG_A_MINUTE + 1)
    ]
    assert seen == [403] * WRONG_A_MINUTE + [429]
    right = {"id": "right-code-1", "kind": "join", "body": {"code": hosted.state.code, "name": "Kim"}}
    assert Client(hosted.port).ask("POST", "/api/command", right)[0] == 200
