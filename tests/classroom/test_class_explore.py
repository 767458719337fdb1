"""Explore on the server of a class: for people of the room, apart from it, and the class's game for those who may."""

import json
import threading
import time

import pytest
from classroom_kit import Class, small_game
from classroom_server import Client, served
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from experiments.game import Game
from model.error import OreblocError
from viz.classroom.access import new_key
from viz.classroom.explore import Explore
from viz.classroom.explore_strip import strip_of
from viz.classroom.loop import run_to_end
from viz.classroom.server import DESK_COOKIE, DEVICE
from viz.classroom.view import DESK_VIEWER, NOBODY, WALL, Viewer, may_see_game
from viz.live.class_game import GAMES, game_stage
from viz.live.game_word import game_word
from viz.live.plan import Plan
from viz.live.reach import CLASS, SHARED, check_reach
from viz.live.stage import stage_of
from viz.live.worker import exact
from viz.page.lab import Lab
from viz.page.session import Session

#: What a student of China orders in round 1: seen in the price of gallium outside, so a game without it is another.
TAX = [{"type": "export_tax", "fields": {"good": "gallium", "rate": 0.5}}]
PRICE, GOOD = "outside_price_usd_per_t", "gallium_refined"
KERNEL = "/explore/jupyter/api/kernels/{}/channels?session_id={}"


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A class that has played one of two rounds, with a tax."""
    room = Class(tmp_path_factory.mktemp("explore") / "s.orebloc", small_game(), clock=time.time)
    room.ann = room.join("Ann", "CHN")
    room.on_to("negotiate", 1)
    room.do(room.ann, "set_draft", version=room.state.sheets["CHN"].version, orders=TAX)
    room.on_to("negotiate", 2)
    return room


@pytest.fixture(scope="module")
def served_room(played):
    played.desk_key = played.room.open_desk(played.room.link_key)
    with served(played.room) as port:
        yield port


def prices(game, leader):
    """Return what a game's own tables say of the price outside."""
    table = game.results().series
    return list(table[(table.metric == PRICE) & (table.good == GOOD) & (table.country == leader)]["value"])


def hello(pipe, scenario, games):
    """Stand for the pages' process: it says a port and stays."""
    pipe.send(4711)
    pipe.poll(60)


def pages(port, **cookies):
    """Return a client of the pages once they have started."""
    client, until = Client(port, **cookies), time.monotonic() + 120
    while "Explore is starting" in client.ask("GET", "/explore/")[2]:
        assert time.monotonic() < until
        time.sleep(0.2)
    return client


def test_the_game_in_explore_is_the_one_that_was_played(played):
    """Every price of every round in the stage is the record's own; without the tax they are others."""
    stage = game_stage(str(played.room.store.path))
    record = played.state.record
    outcome = played.state.outcomes[1]
    game = Game.of(record)
    leader = stage.whole.observer.restrictors[GOOD]
    path = stage.whole.baseline.path(PRICE, GOOD, leader)
    assert list(path[:4]) == prices(game, leader) and len(path) == 8
    assert outcome["quarter_to"] == stage.whole.baseline.quarters[3]
    untaxed = Game.of({**record, "rounds": [{**record["rounds"][0], "sheets": {}}]})
    assert list(path[:4]) != prices(untaxed, leader)


def test_levers_act_on_the_game_with_its_orders(played):
    """A change from a later quarter leaves the played quarters as they were, and moves those after it."""
    name = str(played.room.store.path)
    stage = stage_of(name)
    labels = stage.quarter_labels()
    plan = Plan(scenario=name, start=labels[5]).with_lever("licence", GOOD, 0.1)
    before, after = stage.whole.baseline, exact(stage, plan)
    leader = stage.whole.observer.restrictors[GOOD]
    was, now = (one.path(PRICE, GOOD, leader) for one in (before, after))
    assert list(was[:5]) == list(now[:5]) and list(was[5:]) != list(now[5:])


def test_the_page_shows_the_game_and_says_what_it_cannot(played):
    """The Explore page is sent the game under its title; a scenario's file of it is refused with the remedy."""
    heard, done = [], threading.Event()

    def emit(data):
        heard.append(data)
        if b'"step": "exact"' in data or b'"kind": "error"' in data:
            done.set()

    page = Session(emit, f"?scenario={played.room.store.path}", "tiny")
    page.take({"type": "hello", "number": 1})
    assert done.wait(60) and b"as it was played" in b"".join(heard)
    page.take({"type": "file", "number": 2})
    assert b"does not hold what people ordered" in heard[-1]
    page.close()


def test_who_may_open_the_game_and_when(played, tmp_path):
    """The desk after the first round; all others when it is closed, or in the debrief once secrets are opened."""
    room = Class(tmp_path / "s.orebloc", small_game())
    ann = room.join("Ann", "CHN")
    everybody = (WALL, NOBODY, Viewer("person", ann))
    room.on_to("negotiate", 1)
    assert not any(may_see_game(room.state, one) for one in (DESK_VIEWER, *everybody))
    room.on_to("debrief", 2)
    assert may_see_game(room.state, DESK_VIEWER) and not any(
        may_see_game(room.state, one) for one in everybody
    )
    room.desk("open", what="secrets", is_open=True)
    assert all(may_see_game(room.state, one) for one in everybody)
    room.desk("open", what="secrets", is_open=False)
    room.on_to("closed", 2)
    assert all(may_see_game(room.state, one) for one in everybody)


def test_a_word_opens_the_game_of_its_moment_only(played, monkeypatch):
    """A word made up, of another secret, file or round opens nothing; the right one does."""
    record, secret = played.state.record, new_key()
    monkeypatch.setenv(GAMES, json.dumps({"secret": secret, "files": [str(played.room.store.path)]}))
    monkeypatch.setenv(SHARED, CLASS)
    assert stage_of(game_word(0, secret, record)).is_played
    wrong = ["class:0:", "class:7:aa", "class:x:aa", "class:0:\u00e9", game_word(0, new_key(), record),
             game_word(1, secret, record), game_word(0, secret, {**record, "rounds": []})]  # fmt: skip
    for word in wrong:
        with pytest.raises(OreblocError, match="opens no game"):
            game_stage(word)


def test_the_server_of_a_class_shows_nobody_a_file(played, monkeypatch, tmp_path):
    """Sessions, results and studies on its disk are refused by their path; what ships opens."""
    monkeypatch.setenv(SHARED, CLASS)
    for path in (played.room.store.path, "results/session.orebloc", "results/x.toml", "study:results/s:1"):
        with pytest.raises(OreblocError, match="on your own machine"):
            stage_of(str(path))
    monkeypatch.setenv(SHARED, "1")  # the pages by themselves, for others too: results, but no session
    with pytest.raises(OreblocError, match="on your own machine"):
        check_reach("results/session.orebloc")
    monkeypatch.setenv(SHARED, CLASS)
    check_reach("tiny")
    monkeypatch.setattr("viz.page.lab.studies", lambda: {"results/secret_study": "secret"})
    heard = []
    lab = Lab(heard.append, "", "tiny")
    lab.tell()
    assert b"secret" not in b"".join(heard)


def test_only_people_of_the_room_get_the_pages_and_no_key_of_theirs_goes_on(played, served_room):
    """A stranger is refused page and line; a person gets both; the class's cookies stay, the pages' own come and go."""
    port = served_room
    assert Client(port).ask("GET", "/explore/")[0] == 403
    person = pages(port, **{DEVICE: "key of Ann"})
    status, headers, text = person.ask("GET", "/explore/")
    assert status == 200 and "solara" in text and "unsafe-eval" in headers["Content-Security-Policy"]
    assert all(name == DEVICE or name.startswith("solara-") for name in person.cookies)
    assert person.ask("GET", "/explore/no/such/page")[0] == 404 or "solara" in text
    session = person.cookies["solara-session-id"]
    line = f"ws://127.0.0.1:{port}{KERNEL.format('one', 'two')}"
    for cookies in ("", f"solara-session-id={session}", f"{DEVICE}=made up; solara-session-id={session}"):
        with pytest.raises(InvalidStatus), connect(line, additional_headers={"Cookie": cookies}, proxy=None):
            pass
    known = {"Cookie": f"{DEVICE}=key of Ann; solara-session-id={session}"}
    with connect(line, additional_headers=known, proxy=None) as open_line:
        open_line.ping().wait(10)
    assert Client(port).ask("GET", "/")[0] == 200 and "Join the session" in Client(port).ask("GET", "/")[2]


def test_pages_say_whose_game_they_show_and_lead_back(played, served_room):
    """Under the game's word stand session, rounds and quarter; under any other scenario that it is not the class's."""
    port, link = served_room, played.room.game_link()
    desk, person = pages(port, **{DESK_COOKIE: played.desk_key}), pages(port, **{DEVICE: "key of Ann"})
    own = desk.ask("GET", link, headers={"Accept-Encoding": "gzip, br"})[2]  # as browsers ask
    to = played.state.outcomes[1]["quarter_to"]
    assert f"Your class's own game: {played.state.title}." in own
    assert f"Up to {to} it is what you played (round 1)" in own and 'data-scenario="" hidden' in own
    assert 'href="/desk">Back to the desk' in own and 'href="/wall"' in own
    for query in ("", "?scenario=baseline", f"?scenario=class:0:{'0' * 64}"):
        other = person.ask("GET", f"/explore/{query}")[2]
        assert "Your class's own game" not in other and 'data-scenario="">' in other
        assert "Not your class's game." in other and 'href="/play">Back to your seat' in other


def test_in_a_world_the_way_back_leads_to_it(played):
    """The line names the world whose game it is, and leads to the visitor's own."""
    room = played.room
    room.word_of = room.word_of or (lambda record: "class:0:word")
    was = room.state.world
    room.state.world = {"name": "World B"}
    try:
        told = strip_of([room], room.game_link().partition("?")[2], "/world/2", is_desk=False)
    finally:
        room.state.world = was
    assert f"{room.state.title}, World B." in told and 'href="/world/2/play"' in told


def test_the_class_does_not_wait_for_the_pages(played, tmp_path):
    """Serving loads nothing of the pages; the first visitor starts them, and while they start a command is answered."""
    room = Class(tmp_path / "s.orebloc", small_game(), clock=time.time)
    room.join("Bob", "JPN")
    with served(room.room) as port:
        bob = Client(port, **{DEVICE: "key of Bob"})
        assert "Explore is starting" in bob.ask("GET", "/explore/")[2]
        began = time.monotonic()
        given = {"id": "hand-beside-explore", "kind": "raise_hand", "body": {"up": True}}
        assert bob.ask("POST", "/api/command", given)[0] == 200
        assert "Explore is starting" in bob.ask("GET", "/explore/")[2] and time.monotonic() - began < 2


def test_pages_that_ended_start_again(tmp_path):
    """When the process of the pages has died, the next visitor starts another one."""

    async def began_twice(explore):
        first = await explore._begin()
        assert await explore._begin() == first
        explore.process.kill()
        explore.process.join(10)
        assert not explore.is_up
        assert await explore._begin() != 0 and explore.is_up

    explore = Explore([tmp_path / "s.orebloc"], "tiny")
    explore.target = hello
    run_to_end(began_twice(explore))
    explore.stop()
    assert not explore.is_up


def test_a_full_or_failing_explore_is_said_and_the_desk_goes_before(tmp_path, monkeypatch):
    """Beyond the number of open pages a person gets words, the desk its page; pages that do not start are words too."""

    def fail(self):
        raise ConnectionError

    monkeypatch.setattr(Explore, "_start", fail)
    monkeypatch.setattr("viz.classroom.explore.MOST_OPEN", 0)
    room = Class(tmp_path / "s.orebloc", small_game(), clock=time.time)
    room.join("Bob", "JPN")
    key = room.room.open_desk(room.room.link_key)
    with served(room.room) as port:
        bob, desk = Client(port, **{DEVICE: "key of Bob"}), Client(port, **{DESK_COOKIE: key})
        status, _, text = bob.ask("GET", "/explore/")
        assert status == 503 and "as many as this machine takes" in text
        assert "Explore is starting" in desk.ask("GET", "/explore/")[2]
        status, _, text = bob.ask("GET", "/explore/static/x.js")
        assert status == 503 and "did not answer" in text
