"""Commands that come together are one write to the disk, and fail together where the disk refuses."""

import asyncio

import pytest
from classroom_kit import Class, NearDesk, small_game

from viz.classroom.fold import described, fold
from viz.classroom.loop import run_to_end
from viz.classroom.store import read_events


@pytest.fixture(scope="module")
def near():
    return NearDesk()


@pytest.fixture(scope="module")
def world():
    return small_game().engine.world


@pytest.fixture
def room(tmp_path, world, near):
    found = Class(tmp_path / "s.orebloc", small_game(world=world), near=near)
    found.people = {
        name: found.join(name, seat) for name, seat in (("Ann", "CHN"), ("Bob", "JPN"), ("Cat", "CHN"))
    }
    found.on_to("negotiate", 1)
    return found


def together(room, given):
    """Give commands (by, id, kind, body) at the same moment; return status and answer of each."""

    async def all_of_them():
        return await asyncio.gather(
            *(room.room.command(by, f"device {ident}", {"id": ident, "kind": kind, "body": body})
              for by, ident, kind, body in given)
        )  # fmt: skip

    return run_to_end(all_of_them())


def says(room, name, number):
    return (
        room.people[name],
        f"say-{number:06d}",
        "send_message",
        {"room": "public", "text": f"word {number}"},
    )


def test_thirty_commands_at_once_are_one_write(room):
    """All are acknowledged with their own numbers, in the file and in the state, after a single transaction."""
    commits = []
    room.room.store.connection.set_trace_callback(
        lambda sql: commits.append(sql) if sql == "COMMIT" else None
    )
    answers = together(room, [says(room, "Ann", number) for number in range(30)])
    assert len(commits) == 1
    assert [status for status, _ in answers] == [200] * 30
    assert len({answer["seq"] for _, answer in answers}) == 30
    assert [m.text for m in room.state.messages] == [f"word {number}" for number in range(30)]
    assert described(fold(read_events(room.room.store.path))) == described(room.state)


def test_a_refusal_among_others_is_its_own(room):
    """One that cannot be, one that is no JSON and one sent twice spoil nothing for those who came with them."""
    bob = room.people["Bob"]
    answers = together(room, [
        says(room, "Ann", 1),
        (bob, "no-such-thing", "fly", {}),
        (bob, "not-a-number", "set_draft", {"version": 0, "orders": [{"type": "export_tax", "rate": float("nan")}]}),
        says(room, "Ann", 2),
        says(room, "Ann", 2),
    ])  # fmt: skip
    assert [status for status, _ in answers] == [200, 404, 422, 200, 200]
    assert answers[3] == answers[4]
    assert [m.text for m in room.state.messages] == ["word 1", "word 2"]


def test_each_sees_what_those_before_it_did(room):
    """Of two teammates who write the same version at the same moment one is told of the other."""
    draft = {"version": 0, "orders": []}
    answers = together(
        room, [(room.people[name], f"draft-of-{name}", "set_draft", draft) for name in ("Ann", "Cat")]
    )
    assert sorted(status for status, _ in answers) == [200, 409]
    assert room.state.sheets["CHN"].version == 1


def test_a_join_sent_twice_at_once_is_one_person_on_two_devices(room):
    """Both answers carry a resume code, both devices are the same person's."""
    body = {"code": room.state.code, "name": "Dan"}
    answers = together(room, [("", "join-of-dan", "join", body)] * 2)
    assert [status for status, _ in answers] == [200, 200] and all(answer["resume"] for _, answer in answers)
    assert [p.name for p in room.state.people.values()].count("Dan") == 1


def test_a_disk_that_refuses_undoes_all_of_them(room):
    """None of those in line has happened, in the file or in the state; with room again they can be sent again."""
    connection = room.room.store.connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")
    before = described(room.state)
    long = [(by, ident, kind, {**body, "text": body["text"] + " " + "y" * 400})
            for by, ident, kind, body in (says(room, "Ann", number) for number in range(40))]  # fmt: skip
    answers = together(room, long)
    assert {status for status, _ in answers} == {507} and "Make room" in answers[0][1]["message"]
    assert described(room.state) == before == described(fold(read_events(room.room.store.path)))
    assert list(room.state.seats) == list(before["seats"])  # in the order in which they were given
    connection.execute("PRAGMA max_page_count=1000000")
    assert {status for status, _ in together(room, long)} == {200}
    assert len(room.state.messages) == 40
    assert described(fold(read_events(room.room.store.path))) == described(room.state)
