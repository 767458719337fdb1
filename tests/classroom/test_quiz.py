"""The questions before round 1: from the role sheet, explained, and told to the desk as counts only."""

import json

import pytest
from classroom_kit import Class, small_game

from viz.classroom.export import spreadsheet
from viz.classroom.quiz import quiz_of
from viz.classroom.state import POLICIES
from viz.classroom.view import DESK_VIEWER, WALL, Viewer, view


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    found = Class(tmp_path_factory.mktemp("quiz") / "s.orebloc", small_game(), rounds=1)
    found.ann, found.bob = found.join("Ann", "CHN"), found.join("Bob", "JPN")
    return found


def test_every_question_has_one_right_answer_that_the_sheet_gives(room):
    """For every seat and policy: three to five questions, choices that differ, the right one as sheet and rule say."""
    for policy in POLICIES:
        for seat, about in room.state.seats.items():
            for role in ("state", "exporter", "miner", "refiner"):
                asked = {one["id"]: one for one in quiz_of(seat, {**about, "role": role}, policy)}
                assert 3 <= len(asked) <= 5
                for one in asked.values():
                    assert len({*one["choices"]}) == len(one["choices"]) >= 2 and one["why"]
                right = {name: one["choices"][one["right"]] for name, one in asked.items()}
                assert right["watch"] == about["watch"]
                assert ("cash" in right["score"]) == (role in ("miner", "refiner"))
                assert asked["deadline"]["why"] == POLICIES[policy]


def test_right_answers_are_not_always_in_one_place(room):
    """Seats have them in different places, so that nobody learns a place from a neighbour."""
    places = {
        one["right"] for seat, about in room.state.seats.items() for one in quiz_of(seat, about, "draft")
    }
    assert len(places) > 1


def test_the_desk_sees_counts_and_nobody_sees_names(room):
    """First answers count; desk and wall learn how many were right, exports nothing; after practice it is over."""
    seat = view(room.state, Viewer("person", room.ann), 0.0)["own"]["quiz"]
    for one in seat:
        room.do(room.ann, "answer_quiz", question=one["id"], choice=one["right"])
    room.do(
        room.ann, "answer_quiz", question="treaty", choice=(seat[2]["right"] + 1) % 2
    )  # too late to change
    (treaty,) = [one for one in quiz_of("JPN", room.state.seats["JPN"], "draft") if one["id"] == "treaty"]
    room.do(room.bob, "answer_quiz", question="treaty", choice=(treaty["right"] + 1) % 3)
    desk = view(room.state, DESK_VIEWER, 0.0)["own"]
    counts = {one["id"]: (one["right"], one["answered"]) for one in desk["quiz_counts"]}
    assert counts["treaty"] == (1, 2) and counts["score"] == (1, 1)
    assert view(room.state, Viewer("person", room.ann), 0.0)["own"]["answered"]["treaty"] == seat[2]["right"]
    for viewer in (WALL, Viewer("person", room.bob)):
        assert "quiz_counts" not in json.dumps(view(room.state, viewer, 0.0))
    assert b"quiz" not in spreadsheet(room.room.store.path)["events.csv"]
    for wrong in (
        {"question": "treaty", "choice": 9},
        {"question": "treaty", "choice": True},
        {"question": "x", "choice": 0},
    ):
        assert "no answer" in room.refused(room.bob, "answer_quiz", **wrong)
    room.on_to("negotiate", 1)
    assert "begun" in room.refused(room.bob, "answer_quiz", question="score", choice=0)
    assert view(room.state, Viewer("person", room.bob), 0.0)["own"]["quiz"] == []
