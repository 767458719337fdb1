"""What a session leaves as tables: complete, harmless in spreadsheets, and without a person who asks for it."""

import csv
import io
import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import orebloc
from viz.classroom.event import Event
from viz.classroom.export import harmless, spreadsheet
from viz.classroom.store import Store, read_events

SEATS = ["CHN", "JPN", "USA"]
ABOUT = {seat: {"label": seat, "role": "state", "public": []} for seat in SEATS}
OPENED = {
    "title": "Room", "code": "ABCDEFG", "policy": "draft", "opening": {}, "rule_hash": "", "data_hash": "",
    "plan": [{"name": "negotiate", "round": 1, "minutes": None}], "seats": ABOUT,
    "record": {"rounds": []},
}  # fmt: skip
PEOPLE = ("p1-aaa", "p2-bbb", "p3-ccc")
DOCUMENT = {"id": "deal_1", "kind": "memorandum", "members": ["CHN", "JPN"], "clauses": []}


def written(path, said):
    """Write a session in which people join and say things: `said` are (person's number, kind, text)."""
    made = [("session_opened", "server", OPENED)]
    for number, person in enumerate(PEOPLE):
        joined = {
            "person": person,
            "name": f"Name {number}",
            "resume": f"hash r{number}",
            "device": f"hash d{number}",
        }
        made.append(("person_joined", person, joined))
        made.append(("person_seated", "desk", {"person": person, "seat": SEATS[number]}))
    for number, (who, kind, text) in enumerate(said):
        made.append((kind, PEOPLE[who], _body(kind, text, number, PEOPLE[who], SEATS[who])))
    store = Store(path)
    store.append([Event(n, 1e9 + n, kind, by, body) for n, (kind, by, body) in enumerate(made, start=1)])
    store.close()
    return path


def _body(kind, text, number, person, seat):
    return {
        "message_sent": {"message": f"m{number}", "room": "public", "seat": seat, "text": text, "round": 1,
                         "is_promise": False},
        "word_given": {"person": person, "word": text},
        "survey_answered": {"person": person, "answers": {"why": text}},
        "person_renamed": {"person": person, "name": text},
        "draft_set": {"seat": seat, "version": number + 1, "orders": [{"type": text}], "texts": [text], "fault": ""},
        "deal_proposed": {"deal": f"deal_{number}", "seat": seat, "text": text, "answers": {},
                          "document": {**DOCUMENT, "id": f"deal_{number}", "title": text}},
    }[kind]  # fmt: skip


KINDS = ("message_sent", "word_given", "survey_answered", "person_renamed", "draft_set", "deal_proposed")
TEXTS = st.one_of(
    st.sampled_from(
        ["=1+1", "+A1", "-2", "@SUM(A1)", "\t=1", " =cmd|'/c'!A0", "\uff1d1", 'a,"b"\nc', "plain"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), min_size=1, max_size=12),
)
SAID = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(KINDS), TEXTS), max_size=8)


def rows(files, name):
    return list(csv.DictReader(io.StringIO(files[name].decode("utf-8-sig"), newline="")))


@settings(max_examples=25, deadline=None)
@given(SAID, st.booleans(), st.sets(st.sampled_from(PEOPLE)))
def test_rows_are_the_logs_and_no_cell_is_a_formula(tmp_path_factory, said, with_names, without):
    """Whoever is left out, tables have a row for each event, message, deal and person, and all cells are harmless."""
    path = written(tmp_path_factory.mktemp("session") / "s.orebloc", said)
    files = spreadsheet(path, with_names, without)
    kinds = [event.kind for event in read_events(path)]
    assert [row["kind"] for row in rows(files, "events.csv")] == kinds
    assert len(rows(files, "messages.csv")) == kinds.count("message_sent")
    assert len(rows(files, "deals.csv")) == kinds.count("deal_proposed")
    assert len(rows(files, "people.csv")) == kinds.count("person_joined")
    for name in files:
        if name.endswith(".csv"):
            cells = [cell for row in rows(files, name) for cell in row.values()]
            assert all(cell.strip(" \u00a0")[:1] not in tuple("=+@\t\r\uff1d") for cell in cells)
    counted = json.loads(files["manifest.json"])["rows"]
    assert counted == {name: len(rows(files, name)) for name in counted}
    assert set(zipfile.ZipFile(io.BytesIO(files["session.zip"])).namelist()) == set(files) - {"session.zip"}


def test_keys_are_left_out_however_deep_they_lie(tmp_path):
    """Resume codes, devices and the desk's key are in no row, inside lists and tables of a body either."""
    path = written(tmp_path / "s.orebloc", [])
    number = len(read_events(path)) + 1
    store = Store(path)
    deep = {
        "text": "kept",
        "answers": [{"resume": "secret1", "inner": {"device": "secret2", "key": "secret3"}}],
    }
    store.append([Event(number, 2e9, "told", "desk", {"seat": "", **deep})])
    store.close()
    files = spreadsheet(path, with_names=True)
    assert b"kept" in files["events.csv"] and b"inner" in files["events.csv"]
    assert not any(b"secret" in content for name, content in files.items() if name != "session.zip")


def test_texts_that_begin_like_formulas_are_quoted_and_numbers_are_not():
    """A leading sign, tab, line end or full-width sign gets a quote; a negative number stays a number."""
    for text in ("=1", "+1", "-1", "@a", "\t=1", "\n=1", "  =1", "\uff1d1"):
        assert harmless(text) == "'" + text
    assert harmless("a=1") == "a=1" and harmless(-1.5) == -1.5 and harmless("") == ""


def test_a_person_left_out_is_in_no_byte_but_as_a_pseudonym(tmp_path):
    """With names asked for, one person's name, words, drafts and titles are nowhere; the others' are all there."""
    said = [(who, kind, f"canary{who}") for who in (0, 1) for kind in KINDS]
    path = written(tmp_path / "s.orebloc", said)
    before = path.read_bytes()
    files = spreadsheet(path, with_names=True, without=["p1-aaa"])
    packed = b"".join(content for name, content in files.items() if name != "session.zip")
    assert b"canary0" not in packed and b"Name 0" not in packed and b"p1-aaa" in packed
    assert packed.count(b"canary1") > 6 and b"hash" not in packed.replace(b"rule_hash", b"")
    assert spreadsheet(path, True, ["canary1"])["people.csv"].count(b"canary0") > 0  # found by name as well
    assert path.read_bytes() == before


def test_the_command_writes_a_folder_that_appears_whole(tmp_path, capsys):
    """Names only where asked for; a folder with something in it, an unknown person or file is one message."""
    path = written(tmp_path / "s.orebloc", [(0, "message_sent", "hello")])
    out = tmp_path / "new" / "out"
    assert orebloc.main(["export", str(path), "--out", str(out)]) == 0
    assert "Name 0" not in "".join(f.read_text("utf-8") for f in out.glob("*.csv"))
    assert [p.name for p in out.parent.iterdir()] == ["out"]
    assert orebloc.main(["export", str(path), "--out", str(out)]) == 2
    named = tmp_path / "named"
    assert orebloc.main(["export", str(path), "--names", "--out", str(named)]) == 0
    assert "Name 0" in (named / "people.csv").read_text("utf-8")
    capsys.readouterr()
    for words in (["--without", "Nobody"], []):
        session = path if words else tmp_path / "missing.orebloc"
        other = tmp_path / "other"
        assert orebloc.main(["export", str(session), *words, "--out", str(other)]) == 2
        told = capsys.readouterr().err
        assert told.count("\n") == 1 and ("nobody" in told or "does not exist" in told)
        assert not other.exists()


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\x00 and no more", b"text"])
def test_a_file_that_is_no_session_is_one_message(tmp_path, capsys, content):
    """An empty, cut or foreign file is refused with what to give."""
    path = tmp_path / "odd"
    path.write_bytes(content)
    assert orebloc.main(["export", str(path), "--out", str(tmp_path / "out")]) == 2
    assert "Give a session's file" in capsys.readouterr().err
