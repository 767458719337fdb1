"""The session's file: torn copies, full disks, edits and foreign files."""

import random
import shutil
import sqlite3

import pytest

from model.error import OreblocError
from viz.classroom.event import Event
from viz.classroom.store import Store, read_events


def told(number):
    return Event(number, 1.5 * number, "told", "desk", {"text": f"word {number} " + "x" * 300, "seat": ""})


def filled(path, count=40):
    store = Store(path)
    for number in range(1, count + 1):
        store.append([told(number)], "desk", f"command-{number}", {"ok": True, "seq": number})
    return store


def test_a_torn_copy_opens_with_a_whole_beginning(tmp_path):
    """A log cut off anywhere, or with garbage at its tail, opens with a valid beginning, and can be gone on with."""
    chance = random.Random(7)
    store = filled(tmp_path / "whole.orebloc")
    wal = (tmp_path / "whole.orebloc-wal").read_bytes()
    seen = set()
    for number in range(40):
        path = tmp_path / f"torn{number}.orebloc"
        shutil.copy(tmp_path / "whole.orebloc", path)
        cut = len(wal) if number == 0 else chance.randrange(len(wal))
        tail = chance.randbytes(chance.randrange(3000)) if number % 2 else b""
        (tmp_path / f"{path.name}-wal").write_bytes(wal[:cut] + tail)
        torn = Store(path)
        events = read_events(path)
        assert events == [told(n) for n in range(1, len(events) + 1)]
        for event in events:
            assert torn.answer("desk", f"command-{event.seq}") == {"ok": True, "seq": event.seq}
        assert torn.answer("desk", f"command-{len(events) + 1}") is None
        torn.append([told(len(events) + 1)])
        assert len(read_events(path)) == len(events) + 1
        torn.close()
        seen.add(len(events))
    assert 40 in seen and len(seen) > 10  # the whole copy lost nothing, and cuts fell in many places
    store.close()


def test_a_full_disk_loses_nothing_and_says_so(tmp_path):
    """Events that do not fit are refused whole with one message; with room again the session goes on."""
    path = tmp_path / "full.orebloc"
    store = filled(path, 5)
    pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
    store.connection.execute(f"PRAGMA max_page_count={pages}")
    large = Event(6, 9.0, "told", "desk", {"text": "y" * 200_000, "seat": ""})
    chain = store.chain
    with pytest.raises(OreblocError, match="full.*Make room on the disk"):
        store.append([large], "desk", "command-large", {"ok": True})
    assert store.chain == chain and store.answer("desk", "command-large") is None
    assert len(read_events(path)) == 5
    store.connection.execute("PRAGMA max_page_count=1000000")
    store.append([large], "desk", "command-large", {"ok": True})
    assert read_events(path)[5] == large
    store.close()


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE events SET body = replace(body, 'word 3', 'word 4') WHERE seq = 3",
        "UPDATE events SET at = at + 1 WHERE seq = 3",
        "UPDATE events SET by = 'p1' WHERE seq = 3",
        "UPDATE events SET kind = 'bookmark_set' WHERE seq = 3",
        "DELETE FROM events WHERE seq = 3",
    ],
)
def test_an_edited_file_is_found(tmp_path, edit):
    """Whatever is changed in an event, or an event left out, the chain of hashes tells where."""
    path = tmp_path / "edited.orebloc"
    filled(path, 6).close()
    with sqlite3.connect(path) as line:
        line.execute(edit)
    line.close()
    with pytest.raises(OreblocError, match="was changed after it was written: event [34]"):
        read_events(path)


def test_foreign_files_are_refused_and_left_alone(tmp_path):
    """A text, another program's database and a future format: one message each, the content as it was; a folder too."""
    text, other, future = tmp_path / "a.txt", tmp_path / "b.db", tmp_path / "c.orebloc"
    text.write_text("no session at all, but long enough to be read as a header of something\n" * 20)
    with sqlite3.connect(other) as line:
        line.execute("CREATE TABLE birds (name TEXT)")
    line.close()
    filled(future, 1).close()
    with sqlite3.connect(future) as line:
        line.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    line.close()
    for path, told_as in ((text, "not a database"), (other, "another program"), (future, "has format 99")):
        before = path.read_bytes()
        with pytest.raises(OreblocError, match=told_as):
            Store(path)
        assert path.read_bytes() == before, path
    with pytest.raises(OreblocError, match="Session file"):
        Store(tmp_path)
