"""A session's game is played again from its file and held against what the room saw."""

import json
import sqlite3

import pytest

import orebloc
from viz.classroom.event import Event
from viz.classroom.store import Store, read_events

WORDS = ["rehearse", "--scenario", "tiny", "--seats", "CHN,JPN", "--rounds", "2"]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    path = tmp_path_factory.mktemp("replay") / "try.orebloc"
    assert orebloc.main([*WORDS, "--file", str(path)]) == 0
    return path


def changed(session, path, change):
    """Write a session's events anew, with a right hash chain, each body changed by `change(event) -> body`."""
    store = Store(path)
    store.append([Event(e.seq, e.at, e.kind, e.by, change(e)) for e in read_events(session)])
    store.close()
    return path


def test_the_rounds_are_equal_number_for_number(session, tmp_path, capsys):
    """Under the same rules both rounds agree; its results can be saved, with a log that replays to the same series."""
    capsys.readouterr()
    assert orebloc.main(["replay", str(session), "--out", str(tmp_path / "own")]) == 0
    told = capsys.readouterr().out
    assert "All 2 rounds brought what the session stored" in told and "round 2 to 2026Q4: equal" in told
    assert (tmp_path / "own" / "log.jsonl").is_file()


def test_what_differs_is_told(session, tmp_path, capsys):
    """A price stored otherwise than the model brings it is named with both numbers, in its round alone."""

    def dearer(event):
        body = json.loads(json.dumps(event.body))
        if event.kind == "round_resolved" and body["round"] == 2:
            body["outcome"]["prices"][0]["outside"] *= 2.0
        return body

    path = changed(session, tmp_path / "other.orebloc", dearer)
    capsys.readouterr()
    assert orebloc.main(["replay", str(path)]) == 1
    told = capsys.readouterr().out
    assert "round 1 to 2025Q4: equal" in told and "round 2 to 2026Q4: 1 numbers differ" in told
    assert "prices[1].outside" in told and "1 of 2 rounds differ" in told


def test_other_rules_need_force(session, tmp_path, capsys):
    """A session of another version is refused with what to do, and with --force played and told."""
    other = changed(session, tmp_path / "old.orebloc",
                    lambda e: {**e.body, **({"rule_hash": "old"} if "rule_hash" in e.body else {})})  # fmt: skip
    assert orebloc.main(["replay", str(other)]) == 2
    assert "--force" in capsys.readouterr().err
    assert orebloc.main(["replay", str(other), "--force"]) == 0
    assert "other rules" in capsys.readouterr().out


def test_a_file_written_in_or_without_rounds_is_refused(session, tmp_path, capsys):
    """An edited event does not fit the hash chain; a session from the lobby has nothing to play."""
    edited = tmp_path / "edited.orebloc"
    edited.write_bytes(session.read_bytes())
    with sqlite3.connect(edited) as connection:
        connection.execute("UPDATE events SET at = at + 1 WHERE seq = 3")
    assert orebloc.main(["replay", str(edited)]) == 2 and "changed" in capsys.readouterr().err
    lobby = tmp_path / "lobby.orebloc"
    store = Store(lobby)
    store.append(read_events(session)[:1])
    store.close()
    assert orebloc.main(["replay", str(lobby)]) == 2 and "no round" in capsys.readouterr().err
    assert orebloc.main(["replay", str(session), "--until", "2025Q4"]) == 2
