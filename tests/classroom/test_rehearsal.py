"""A rehearsal plays the whole session with bots and says what to mend."""

import pytest

import orebloc
from model.error import OreblocError
from viz.classroom.fold import fold
from viz.classroom.opening import open_rooms
from viz.classroom.rehearsal import findings, report
from viz.classroom.store import read_events

WORDS = ["rehearse", "--scenario", "tiny", "--seats", "CHN,JPN,USA", "--rounds", "2"]


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    path = tmp_path_factory.mktemp("rehearsal") / "try.orebloc"
    assert orebloc.main([*WORDS, "--file", str(path)]) == 0
    return path


def test_the_whole_session_is_played_and_kept(rehearsed):
    """From lobby to debrief: both rounds, practice, a message of each seat and round, the event of round 2."""
    state = fold(read_events(rehearsed))
    assert len(state.record["rounds"]) == 2 and set(state.outcomes) == {0, 1, 2}
    assert len(state.messages) == 6 and len(state.deals) == 2
    assert [one["kind"] for one in state.record["rounds"][1]["events"]] == ["outage"]
    assert sum(len(orders) for one in state.record["rounds"] for orders in one["sheets"].values()) > 0


def test_the_report_says_time_seats_rounds_and_file(rehearsed):
    """The report is written beside the session's file and names every seat, round and the way on."""
    text = (rehearsed.parent / "try_report.txt").read_text(encoding="utf-8")
    assert "90 booked" in text and "minutes to spare" in text
    assert all(name in text for name in ("China", "Japan", "United States"))
    assert f"--resume --file {rehearsed}" in text


def test_the_session_opens_where_the_report_says(rehearsed, tmp_path):
    """Resumed, it stands at the debrief, its clock stopped, with the minutes of the plan left."""
    assert "opens it at the debrief, its clock stopped" in (rehearsed.parent / "try_report.txt").read_text()
    copy = tmp_path / "again.orebloc"
    copy.write_bytes(rehearsed.read_bytes())
    [room] = open_rooms({"resume": True, "file": str(copy)})
    state = room.state
    room.close()
    assert state.phase.name == "debrief" and state.ends_at is None
    assert state.left_seconds == pytest.approx(60.0 * state.phase.minutes, abs=1.0)


def test_the_same_seed_is_the_same_rehearsal(rehearsed, tmp_path):
    """Bots draw from the seed alone; a different one gives another game."""
    sheets = []
    for seed in ("1", "2"):
        path = tmp_path / f"{seed}.orebloc"
        assert orebloc.main([*WORDS, "--seed", seed, "--file", str(path)]) == 0
        sheets.append([one["sheets"] for one in fold(read_events(path)).record["rounds"]])
    assert sheets[0] == [one["sheets"] for one in fold(read_events(rehearsed)).record["rounds"]] != sheets[1]


class _Near:
    seconds = (30.0,)


class _Found:
    """A rehearsal as it would be after a session in which Japan did nothing and no price moved."""

    def __init__(self, state, path):
        from collections import Counter

        self.room = type("Room", (), {"state": state, "store": type("Store", (), {"path": path})})
        self.near, self.accepted, self.refused = _Near(), Counter({"CHN": 9, "USA": 5}), Counter()
        self.kinds = {"CHN": {"export_tax"}}


def test_boring_seats_dull_rounds_and_a_plan_too_long_are_told(rehearsed):
    """A seat without orders is named first, a round without movement is dull, and minutes over the slot are counted."""
    state = fold(read_events(rehearsed))
    for row in state.outcomes[1]["prices"]:
        row["outside_change"] = 0.01
    for row in state.outcomes[2]["prices"]:
        row["outside_change"] = -0.5
    found = findings(_Found(state, rehearsed), "short_30", 1.0)
    assert [row["seat"] for row in found["seats"]] == ["JPN", "USA", "CHN"]
    assert [row["is_boring"] for row in found["seats"]] == [True, False, False]
    assert [row["is_dull"] for row in found["rounds"]] == [True, False]
    planned = sum(phase.minutes or 0.0 for phase in state.plan)
    assert found["minutes"] == pytest.approx(
        planned + 10.0 + 1.5
    )  # half a minute for practice and two rounds
    text = report(found)
    assert "too long" in text and "little to do" in text and "Dull" in text


@pytest.mark.parametrize("rounds", ["99", "0"])
def test_rounds_that_the_scenario_does_not_have_are_refused_before_anything_is_written(
    rounds, tmp_path, capsys
):
    """One message with value, limit and remedy; neither a file nor a folder is left."""
    path = tmp_path / "new" / "try.orebloc"
    assert orebloc.main([*WORDS[:-1], rounds, "--file", str(path)]) == 2
    told = capsys.readouterr().err
    assert f"Rounds are {rounds}; scenario tiny has quarters for 1 to 3. Write --rounds 3 or fewer." in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("worlds", [1, 2])
def test_a_session_that_cannot_open_leaves_no_file(worlds, tmp_path, monkeypatch):
    """Where the model fails on the opening, of one world or the second of two, the files made so far go again."""
    answers = [{"ok": True, "opening": {}}] * (worlds - 1) + [{"ok": False, "message": "no opening"}]
    monkeypatch.setattr("viz.classroom.model_desk.ModelDesk.answer", lambda *_: answers.pop(0))
    options = {"scenario": "tiny", "template": "short_75", "seats": ["CHN", "JPN"], "rounds": 1, "minutes": {},
               "policy": "draft", "title": "", "resume": False, "file": str(tmp_path / "s.orebloc")}  # fmt: skip
    with pytest.raises(OreblocError, match="no opening"):
        open_rooms({**options, "worlds": worlds})
    assert not answers and list(tmp_path.iterdir()) == []


def test_a_class_for_a_seat_that_is_not_there_leaves_no_file(tmp_path):
    """The refusal comes after the session is sound, and takes its file back."""
    program = tmp_path / "idea.py"
    program.write_text("class Still:\n    def decide(self, view):\n        return []\n")
    options = {"scenario": "tiny", "template": "short_75", "seats": ["CHN", "JPN"], "rounds": 1, "minutes": {},
               "policy": "draft", "title": "", "resume": False, "file": str(tmp_path / "s.orebloc")}  # fmt: skip
    with pytest.raises(OreblocError, match="--pilot names seat 'USA'"):
        open_rooms({**options, "pilots": [f"USA={program}:Still"]})
    assert not list(tmp_path.glob("*.orebloc*"))


def test_a_mistake_is_one_message(tmp_path, capsys):
    """A file that is there is not written over, and an unknown step is refused with the steps there are."""
    path = tmp_path / "there.orebloc"
    path.write_text("mine")
    assert orebloc.main([*WORDS, "--file", str(path)]) == 2 and path.read_text() == "mine"
    assert orebloc.main([*WORDS, "--minutes", "lunch=60"]) == 2
    assert "negotiate" in capsys.readouterr().err
