"""What hostile, unlucky or broken things do to a session: nothing that anybody notices later."""

import asyncio
import sqlite3
import time

import pytest
from classroom_kit import Class, NearDesk, small_game

from model.error import OreblocError
from viz.classroom.event import Event
from viz.classroom.loop import run_to_end
from viz.classroom.model_worker import ModelWorker
from viz.classroom.store import Store, read_events
from viz.classroom.view import DESK_VIEWER

TAX = [{"type": "export_tax", "fields": {"good": "gallium", "rate": 0.3}}]
PACT = {
    "kind": "memorandum",
    "members": ["CHN", "JPN"],
    "clauses": [{"type": "mutual_exemption", "fields": {}}],
}


@pytest.fixture(scope="module")
def world():
    return small_game().engine.world


@pytest.fixture(scope="module")
def near():
    return NearDesk()


@pytest.fixture
def room(tmp_path, world, near):
    near.fault = None
    found = Class(tmp_path / "session.orebloc", small_game(world=world), near=near)
    found.ann, found.bob = found.join("Ann", "CHN"), found.join("Bob", "JPN")
    return found


def test_a_proposal_cannot_take_the_place_of_a_deal(room):
    """Naming another deal in a proposal makes a new deal; the deal of others stays as it was."""
    room.on_to("negotiate", 1)
    room.do(room.ann, "propose_deal", document=PACT)
    (deal,) = room.state.deals.values()
    eve = room.join("Eve", "USA")
    theirs = {**PACT, "members": ["USA", "JPN"]}
    room.do(eve, "propose_deal", deal=deal.id, document={**theirs, "id": deal.id})
    assert len(room.state.deals) == 2 and room.state.deals[deal.id].document["members"] == ["CHN", "JPN"]
    assert "not one of yours" in room.refused(eve, "counter_deal", deal=deal.id, document=theirs)


def test_other_terms_keep_the_members(room):
    """Nobody is dropped from a deal by a counter-offer; another member may come in."""
    room.on_to("negotiate", 1)
    three = {**PACT, "kind": "plurilateral", "members": ["CHN", "JPN", "USA"]}
    room.join("Cat", "USA")
    room.do(room.ann, "propose_deal", document=PACT)
    (deal,) = room.state.deals
    room.do(room.bob, "counter_deal", deal=deal, document=three)
    assert "USA would be left out" in room.refused(room.ann, "counter_deal", deal=deal, document=PACT)
    assert room.state.deals[deal].document["members"] == ["CHN", "JPN", "USA"]


def test_a_deal_is_in_force_only_if_the_round_was_played_with_it(room):
    """While the markets clear nothing is signed; what was signed before is in the round's record."""
    room.on_to("negotiate", 1)
    room.do(room.ann, "propose_deal", document=PACT)
    room.do(room.ann, "propose_deal", document=PACT)
    first, late = room.state.deals.values()
    room.do(room.bob, "sign_deal", deal=first.id, version=1)
    room.on_to("orders", 1)
    room.desk("go_on", step=room.state.step)
    assert "clearing" in room.refused(room.bob, "sign_deal", deal=late.id, version=1)
    assert "clearing" in room.refused(room.ann, "propose_deal", document=PACT)
    room.resolve()
    assert (first.state, late.state) == ("in_force", "open")
    assert [one["id"] for one in room.state.record["rounds"][0]["treaties"]] == [first.id]


def test_the_desk_lowers_a_hand(room):
    """A hand that was raised is lowered by the desk; lowered again, nothing happens."""
    room.do(room.ann, "raise_hand", up=True)
    assert room.state.people[room.ann].has_hand_up
    room.desk("lower_hand", person=room.ann)
    events = room.state.seq
    assert not room.state.people[room.ann].has_hand_up
    room.desk("lower_hand", person=room.ann)
    assert room.state.seq == events
    assert "not in this session" in room.refused("desk", "lower_hand", person="nobody")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "\ud800"])
def test_what_is_no_json_is_refused_and_leaves_the_file_writable(room, bad):
    """NaN, infinity and half a character are refused; the next command is written."""
    room.on_to("negotiate", 1)
    events = room.state.seq
    room.refused(room.ann, "set_draft", version=0, orders=[{"type": "export_tax", "fields": {"rate": bad}}])
    assert room.state.seq == events
    room.do(room.ann, "set_draft", version=0, orders=TAX)
    assert read_events(room.room.store.path)[-1].kind == "draft_set"


def test_the_file_holds_no_key_and_no_code_with_which_somebody_comes_in(room):
    """Device keys and resume codes are in the file as hashes only."""
    status, answer = room.give(
        "", "join", device="key-of-cat-1234567890", code=room.state.code, name="Cat", seat=""
    )
    assert status == 200 and answer["resume"]
    room.room.store.close()
    content = b"".join(
        path.read_bytes() for path in room.room.store.path.parent.glob(room.room.store.path.name + "*")
    )
    assert b"Cat" in content
    assert answer["resume"].encode() not in content and b"key-of-cat-1234567890" not in content


def test_a_join_sent_again_is_the_same_person(room):
    """Where the answer to a join got lost, sending it again makes no second person, and the new code works."""
    first = room.give("", "join", device="one", ident="lost-answer", code=room.state.code, name="Cat")[1]
    people = len(room.state.people)
    again = room.give("", "join", device="two", ident="lost-answer", code=room.state.code, name="Cat")[1]
    assert again["ok"] and len(room.state.people) == people
    assert room.room.person_of("two") == room.room.person_of("one") != ""
    assert room.room.resume(first["resume"], "three")[0] == 403
    assert room.room.resume(again["resume"], "three")[0] == 200
    assert room.give("", "join", device="x", ident="lost-answer", code="WRONG", name="Cat")[0] == 403


def test_a_skipped_negotiation_does_not_play_last_rounds_sheets_again(room):
    """The desk jumps to the orders of the next round: sheets are empty there."""
    room.on_to("orders", 1)
    room.do(room.ann, "set_draft", version=0, orders=TAX)
    room.do(room.ann, "hand_in", version=1)
    room.on_to("reveal", 1)
    room.desk("jump", phase="orders")
    assert (room.state.phase.name, room.state.phase.round) == ("orders", 2)
    assert room.state.sheets["CHN"].orders == [] and not room.state.sheets["CHN"].is_final


def test_a_practice_round_that_fails_keeps_its_drafts(room):
    """Back to the orders of the practice round, what was written is still there."""
    room.on_to("orders", 0)
    room.do(room.ann, "set_draft", version=0, orders=TAX)
    room.room.player.fault = "It failed."
    room.desk("go_on", step=room.state.step)
    room.resolve()
    room.desk("back_to_orders")
    assert room.state.sheets["CHN"].orders == TAX


def test_a_full_disk_stops_the_clock_and_not_the_room(room):
    """While the disk refuses, the desk is told and nothing changes; afterwards the clock goes on by itself."""

    async def play():
        step = room.state.step
        task = asyncio.create_task(room.room.run())
        await asyncio.sleep(0.25)
        assert "cannot be written" in room.room.own(DESK_VIEWER)["disk_fault"]
        assert room.state.step == step
        room.room.store.append = real
        await asyncio.sleep(0.25)
        assert room.room.own(DESK_VIEWER)["disk_fault"] == "" and room.state.phase.name == "orders"
        task.cancel()

    room.on_to("negotiate", 1)
    real = room.room.store.append

    def full(*_, **__):
        raise OreblocError("Session file cannot be written: database or disk is full.")

    room.room.store.append = full
    room.clock.now = room.state.ends_at + 1
    run_to_end(play())


def test_a_stop_is_credited_from_the_last_sign_of_life(room):
    """A server that ran on for three minutes after the last event gives back only the time it was away."""
    room.on_to("negotiate", 1)
    ends = room.state.ends_at
    room.clock.now += 180
    room.room.store.beat(room.clock.now)
    room.room.store.close()
    room.clock.now += 60
    again = Class(room.room.store.path, clock=room.clock)
    again.room.take_up()
    assert again.state.ends_at == pytest.approx(ends + 60)


def test_an_edited_file_is_told(room):
    """One changed byte in an event breaks the chain, and the message names the event."""
    room.room.store.close()
    with sqlite3.connect(room.room.store.path) as file:
        file.execute("UPDATE events SET body = replace(body, 'Ann', 'Eve') WHERE kind = 'person_joined'")
    file.close()
    with pytest.raises(OreblocError, match="event 2 does not fit"):
        read_events(room.room.store.path)


def test_what_the_disk_refuses_is_not_half_written(tmp_path):
    """Two events of which the second cannot be written leave none of them."""
    store = Store(tmp_path / "s.orebloc")
    store.append([Event(1, 0.0, "a", "server", {})])
    with pytest.raises(OreblocError, match="cannot be written"):
        store.append([Event(2, 0.0, "b", "server", {}), Event(1, 0.0, "c", "server", {})])
    store.append([Event(2, 0.0, "d", "server", {})])
    store.close()
    assert [event.kind for event in read_events(tmp_path / "s.orebloc")] == ["a", "d"]


def test_names_of_seats_that_are_no_texts_are_refused(room):
    """A list where a seat's name belongs is a refusal."""
    for kind in ("seat_person", "tell", "mute", "pilot_seat"):
        room.refused("desk", kind, person=room.ann, seat=["CHN"], text="x", is_muted=True)


def _sleep(pipe):
    """A model that answers nothing in time, and dies on request."""
    job, _ = pipe.recv()
    if job == "die":
        raise SystemExit(1)
    time.sleep(60)


def test_a_model_that_sleeps_or_dies_does_not_hold_the_room():
    """The loop goes on turning within a tenth of a second, and the asker hears of the limit or the end."""
    worker = ModelWorker(_sleep)

    async def play():
        lags, done = [], asyncio.Event()

        async def watch():
            while not done.is_set():
                before = time.perf_counter()
                await asyncio.sleep(0.01)
                lags.append(time.perf_counter() - before)

        watcher = asyncio.create_task(watch())
        late = await worker.ask("sleep", 0.5)
        dead = await worker.ask("die", 60.0)
        done.set()
        await watcher
        return late, dead, sorted(lags)[int(0.99 * len(lags))]

    late, dead, lag = run_to_end(play())
    worker.stop()
    assert not late["ok"] and "longer than 0.5 s" in late["message"]
    assert not dead["ok"] and "ended" in dead["message"]
    assert lag < 0.1


def _slow_start(pipe):
    """A model that takes its time to get ready, then answers at once with the jobs so far."""
    jobs = []
    while True:
        jobs.append(pipe.recv()[0])
        if jobs == ["warm"]:
            time.sleep(1.0)
        pipe.send({"ok": True, "jobs": jobs})


def test_a_model_that_starts_slowly_has_its_jobs_time_afterwards():
    """The limit of the first job begins when the process is ready; it is made ready once."""
    worker = ModelWorker(_slow_start)

    async def play():
        return [await worker.ask("check", 0.9, record={}) for _ in range(2)]

    answers = run_to_end(play())
    worker.stop()
    assert [answer["jobs"] for answer in answers] == [["warm", "check"], ["warm", "check", "check"]]
