"""A class from a file in a seat: chosen at the desk, its orders in the record; a bad one stops nobody."""

import threading

import numpy as np
import pytest
from classroom_kit import Class, small_game

from experiments.game import Game
from model.error import OreblocError
from viz.classroom import student_class
from viz.classroom.event import DESK
from viz.classroom.student_class import read_classes

TAXING = """
class Taxer:
    def decide(self, view):
        assert view["seat"] == "CHN"
        return [{"type": "export_tax", "fields": {"good": "gallium", "rate": 0.3}}]

class Failing:
    def decide(self, view):
        raise KeyError("no idea")

class Slow:
    def decide(self, view):
        while True:
            pass

class Silent:
    def decide(self, view):
        return None
"""


@pytest.fixture(scope="module")
def world():
    return small_game().engine.world


@pytest.fixture
def words(tmp_path):
    path = tmp_path / "my_idea.py"
    path.write_text(TAXING, encoding="utf-8")
    return [f"{path}:{name}" for name in ("Taxer", "Failing", "Slow", "Silent")]


@pytest.fixture
def room(tmp_path, words, world):
    made = Class(tmp_path / "session.orebloc", small_game(world=world))
    made.room.register(*read_classes(words))
    return made


def test_a_class_decides_for_a_seat_and_the_record_needs_no_file(room, tmp_path):
    """The desk gives a seat to a class; its orders act, are in the record, and play again without the file."""
    room.desk("pilot_seat", seat="CHN", pilot="my_idea.py:Taxer")
    room.on_to("reveal", 1)
    entry = room.state.record["rounds"][0]
    assert entry["sheets"]["CHN"] == [{"type": "export_tax", "fields": {"good": "gallium", "rate": 0.3}}]
    assert "CHN" not in entry["pilots"]
    (tmp_path / "my_idea.py").unlink()
    first = room.room.player.desk.game(room.state.record)
    again = Game.of(room.state.record, world=first.engine.world)
    np.testing.assert_array_equal(again.engine.answer.price, first.engine.answer.price)
    room.desk("pilot_seat", seat="CHN", pilot="")
    room.on_to("reveal", 2)
    assert "CHN" not in room.state.record["rounds"][1]["sheets"]


@pytest.mark.parametrize(
    ("name", "words_told"), [("Failing", "no idea"), ("Slow", "took longer"), ("Silent", "a list of orders")]
)
def test_a_bad_class_gives_no_orders_and_says_why(room, monkeypatch, name, words_told):
    """It raises, never returns, or returns nothing: the round is played, the desk is told."""
    monkeypatch.setattr(student_class, "LIMIT_SECONDS", 0.2)
    room.desk("pilot_seat", seat="CHN", pilot=f"my_idea.py:{name}")
    room.on_to("reveal", 1)
    assert room.state.record["rounds"][0]["sheets"]["CHN"] == []
    assert words_told in room.state.outcomes[1]["dropped"]["CHN"][0]


def test_a_class_that_the_server_was_not_given_plays_nothing(room, tmp_path, words):
    """After a restart without it the seat gives no orders, and the message names what to write."""
    room.desk("pilot_seat", seat="CHN", pilot="my_idea.py:Taxer")
    room.room.register({}, {})
    assert room.refused(DESK, "pilot_seat", seat="JPN", pilot="my_idea.py:Taxer")
    room.on_to("reveal", 1)
    assert "--pilot my_idea.py:Taxer" in room.state.outcomes[1]["dropped"]["CHN"][0]


def test_words_of_the_command_line(words, tmp_path, room):
    """A seat in front begins with the class; what cannot be is one message."""
    classes, seats = read_classes([f"JPN={words[0]}", words[0]])
    assert seats == {"JPN": "my_idea.py:Taxer"} and list(classes) == ["my_idea.py:Taxer"]
    room.room.register(classes, seats)
    assert room.state.pilot("JPN") == "my_idea.py:Taxer"
    for bad in ("my_idea.py", f"={words[0]}", "nothing.py:Gambler", words[0].replace("Taxer", "Taxxer")):
        with pytest.raises(OreblocError):
            read_classes([bad])
    with pytest.raises(OreblocError, match="not in this session"):
        room.room.register(classes, {"ZAF": "my_idea.py:Taxer"})


def test_a_slow_class_is_ended_in_any_thread(monkeypatch, words, world):
    """Also where the model is not asked in the main thread; what comes after runs undisturbed."""
    monkeypatch.setattr(student_class, "LIMIT_SECONDS", 0.2)
    view, told = small_game(world=world).view("CHN"), []

    def ask():
        for word in (words[2], words[0]):
            try:
                told.append(student_class.class_orders(word, "it", "CHN", view))
            except OreblocError as error:
                told.append(str(error))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(30.0)
    assert "took longer" in told[0] and told[1][0]["type"] == "export_tax"
