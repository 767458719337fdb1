"""Forgetting a person: nothing typed is left in the file, and the game plays again to the same numbers."""

import hashlib
import json
import time

import pytest
from classroom_kit import Class, small_game

import orebloc
from viz.classroom.event import DESK
from viz.classroom.session_replay import replay_session
from viz.classroom.store import read_events

CANARY, TITLE = "canary of ann", "Pact of the canary"
PACT = {"kind": "memorandum", "title": TITLE, "members": ["CHN", "JPN"],
        "clauses": [{"type": "mutual_exemption", "fields": {}}]}  # fmt: skip
TAX = [{"type": "export_tax", "fields": {"good": "gallium", "rate": 0.3}}]


@pytest.fixture(scope="module")
def game():
    return small_game()


@pytest.fixture
def room(tmp_path, game):
    """A session whose first person has a name, says things, drafts a treaty and orders, up to the debrief."""
    found = Class(tmp_path / "s.orebloc", small_game(world=game.engine.world), rounds=1)
    found.ann, found.bob = found.join("Ann Canary", "CHN"), found.join("Bob", "JPN")
    found.on_to("negotiate", 1)
    found.do(found.ann, "send_message", room="public", text=CANARY)
    found.do(found.bob, "send_message", room="public", text="what bob says stays")
    found.do(found.ann, "propose_deal", document=PACT)
    deal = next(iter(found.state.deals))
    found.do(found.bob, "sign_deal", deal=deal, version=1)
    found.do(found.ann, "set_draft", version=0, orders=TAX)
    found.do(found.ann, "hand_in", version=1)
    found.on_to("debrief", 1)
    found.do(found.ann, "give_word", word="canary")
    found.do(found.ann, "answer_survey", answers={"learned": CANARY})
    return found


def economics(state):
    """The hash of what the game was and brought, treaties' titles aside."""
    record = json.loads(json.dumps(state.record).replace(TITLE, "A treaty"))
    kept = ("prices", "shares", "seats", "scoreboards")
    numbers = {n: {key: one[key] for key in kept} for n, one in state.outcomes.items()}
    return hashlib.sha256(json.dumps([record, numbers], sort_keys=True).encode()).hexdigest()


def bytes_of(path):
    return b"".join(one.read_bytes() for one in path.parent.iterdir() if one.name.startswith(path.name))


def test_a_person_goes_out_of_the_file_and_the_game_stays(room):
    """The desk forgets somebody: no byte of the file tells name or words, the rest stays, the game replays equal."""
    path, before = room.room.store.path, economics(room.state)
    assert CANARY.encode() in bytes_of(path)
    count = len(read_events(path))
    room.desk("forget_person", person=room.ann)
    left = bytes_of(path)
    assert all(word.encode() not in left for word in (CANARY, "Ann Canary", TITLE, '"canary"'))
    assert b"what bob says stays" in left
    assert economics(room.state) == before
    assert room.state.people[room.ann].name == room.ann and room.state.people[room.ann].is_removed
    assert room.state.record["rounds"][0]["sheets"]["CHN"] and room.state.deals  # what the seat did
    assert room.room.person_of("key of Ann Canary") == ""
    assert len(read_events(path)) == count + 1  # a note of it; the chain fits
    assert "forgotten already" in room.refused(DESK, "forget_person", person=room.ann)
    room.do(room.bob, "give_word", word="still here")  # the server goes on with the new chain
    assert len(read_events(path)) == count + 2
    assert not any(one["differences"] for one in replay_session(path)["rounds"])


def test_people_are_forgotten_after_the_game_only(tmp_path, game):
    """In a round a team would lose its draft, so the desk is told to wait; strangers and players are refused."""
    found = Class(tmp_path / "s.orebloc", small_game(world=game.engine.world))
    ann = found.join("Ann", "CHN")
    found.on_to("negotiate", 1)
    assert "after the game" in found.refused(DESK, "forget_person", person=ann)
    assert "not in this session" in found.refused(DESK, "forget_person", person=["Ann"])
    assert "no command" in found.refused(ann, "forget_person", person=ann)


def test_the_command_forgets_in_a_file_that_no_server_has_open(room, capsys):
    """By name or pseudonym; a running session, and nobody's name, are refused with one line."""
    path = room.room.store.path
    room.room.store.beat(time.time())
    assert orebloc.main(["forget", str(path), "Ann Canary"]) == 2
    assert "is running" in capsys.readouterr().err and CANARY.encode() in bytes_of(path)
    room.room.store.beat(1.0)
    room.room.store.close()
    assert orebloc.main(["forget", str(path), "Nobody"]) == 2
    assert orebloc.main(["forget", str(path), "Ann Canary"]) == 0
    assert CANARY.encode() not in bytes_of(path) and room.ann in capsys.readouterr().out
