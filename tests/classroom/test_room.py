"""A session from the lobby to the debrief: what counts, what is refused, what survives."""

import pytest
from classroom_kit import Class, small_game

from experiments.game import Game
from viz.classroom.event import DESK
from viz.classroom.fold import described, fold
from viz.classroom.store import read_events

TAX = [{"type": "export_tax", "fields": {"good": "gallium", "rate": 0.3}}]
PACT = {
    "kind": "memorandum",
    "members": ["CHN", "JPN"],
    "clauses": [{"type": "mutual_exemption", "fields": {}}],
}


@pytest.fixture(scope="module")
def world():
    return small_game().engine.world


@pytest.fixture
def room(tmp_path, world):
    found = Class(tmp_path / "session.orebloc", small_game(world=world))
    found.ann, found.bob = found.join("Ann", "CHN"), found.join("Bob", "JPN")
    return found


def test_a_session_goes_from_the_lobby_to_the_debrief(room):
    """Practice does not count; two rounds are played with the sheets handed in; its record plays again."""
    room.on_to("orders", 0)
    room.do(room.ann, "set_draft", version=0, orders=TAX)
    room.on_to("negotiate", 1)
    assert room.state.record["rounds"] == [] and 0 in room.state.outcomes
    room.do(room.ann, "set_draft", version=0, orders=TAX)
    room.do(room.ann, "hand_in", version=1)
    room.on_to("reveal", 1)
    first = room.state.record["rounds"][0]
    assert first["sheets"]["CHN"] == TAX and first["sheets"]["JPN"] == []
    assert "USA" not in first["sheets"] and first["pilots"]["USA"] == "built_in"
    room.on_to("debrief", 2)
    told = [one["text"] for one in room.room.common()["debrief"]["moments"] if one["kind"] == "restriction"]
    assert told and all("China" in text and "CHN" not in text and "_" not in text for text in told)
    again = Game.of(room.state.record, world=room.room.player.desk.game(room.state.record).engine.world)
    last = again.recorder.seen[-1][0]
    assert room.state.outcomes[2]["quarter_to"] == last == "2026Q4"


def test_what_counts_at_the_deadline_is_the_policy(tmp_path, world):
    """A draft that was never handed in counts, or not, or the machine decides, by the session's policy."""
    for policy, sheet in (("draft", TAX), ("final", []), ("hold", []), ("bot", None)):
        room = Class(tmp_path / f"{policy}.orebloc", small_game(world=world), policy=policy)
        ann = room.join("Ann", "CHN")
        room.on_to("orders", 1)
        room.do(ann, "set_draft", version=0, orders=TAX)
        room.on_to("reveal", 1)
        assert room.state.record["rounds"][0]["sheets"].get("CHN") == sheet


def test_nobody_can_block_the_room(room):
    """With everybody silent, every timed step ends at its time, and the session goes on by itself."""
    room.on_to("negotiate", 1)
    seen = []
    while (room.state.phase.name, room.state.phase.round) != ("negotiate", 2) and len(seen) < 9:
        seen.append(room.state.phase.name)
        room.clock.now = room.state.ends_at + 0.01
        room.resolve()
    assert seen == ["negotiate", "orders", "reveal"]
    assert (room.state.phase.name, room.state.phase.round) == ("negotiate", 2)


def test_a_clock_is_never_negative_and_never_ends_twice(room):
    """Paused time is kept, an extension adds to it, and a second tick after the end begins nothing more."""
    room.on_to("negotiate", 1)
    room.clock.now += 100
    room.desk("pause")
    left = room.state.left_seconds
    room.clock.now += 10_000
    room.desk("resume_clock")
    assert room.state.ends_at == pytest.approx(room.clock.now + left)
    room.desk("extend", minutes=2)
    assert room.state.ends_at == pytest.approx(room.clock.now + left + 120)
    room.clock.now = room.state.ends_at + 5
    room.room.tick()
    step = room.state.step
    room.room.tick()
    assert room.state.step == step and room.state.phase.name == "orders"


def test_the_same_command_twice_happens_once(room):
    """A command that is sent again gets its first answer, and a double tap on the next step goes one step."""
    room.on_to("negotiate", 1)
    given = {"version": 0, "orders": TAX}
    first = room.give(room.ann, "set_draft", ident="the-same-id", **given)
    events = room.state.seq
    assert (
        room.give(room.ann, "set_draft", ident="the-same-id", **given) == first and room.state.seq == events
    )
    step = room.state.step
    room.desk("go_on", step=step)
    assert "already" in room.refused(DESK, "go_on", step=step)


def test_teammates_cannot_overwrite_each_other_unseen(room):
    """A draft on an old version is refused with the name of who changed it."""
    cat = room.join("Cat", "CHN")
    room.on_to("negotiate", 1)
    room.do(room.ann, "set_draft", version=0, orders=TAX)
    assert "Ann changed this sheet" in room.refused(cat, "set_draft", version=0, orders=[])


def test_a_faulty_sheet_is_told_and_cannot_be_handed_in(room):
    """The model's refusal stands on the sheet; at the deadline faulty orders are dropped, the others count."""
    room.on_to("negotiate", 1)
    wrong = {"type": "export_tax", "fields": {"good": "unobtainium", "rate": 0.3}}
    room.do(room.ann, "set_draft", version=0, orders=[*TAX, wrong])
    assert "unobtainium" in room.state.sheets["CHN"].fault
    assert "unobtainium" in room.refused(room.ann, "hand_in", version=1)
    room.on_to("reveal", 1)
    assert room.state.record["rounds"][0]["sheets"]["CHN"] == TAX
    assert "unobtainium" in room.state.outcomes[1]["dropped"]["CHN"][0]


def test_a_deal_signed_in_the_room_binds_in_the_next_round(room):
    """China and Japan sign an exemption; in the round it is in force in the engine, and Japan pays less for gallium."""
    room.on_to("negotiate", 1)
    room.do(room.ann, "propose_deal", document=PACT)
    (deal,) = room.state.deals.values()
    assert deal.state == "open" and set(deal.answers) == {"CHN", "JPN"} and "exempt" in deal.text
    assert "new terms" in room.refused(room.bob, "sign_deal", deal=deal.id, version=7)
    room.do(room.bob, "sign_deal", deal=deal.id, version=1)
    assert deal.state == "signed"
    room.on_to("reveal", 1)
    assert room.state.deals[deal.id].state == "in_force"
    treaties = {t["id"]: t["state"] for t in room.state.outcomes[1]["treaties"]}
    assert treaties[deal.id] == "in force"
    quota = [{"type": "export_quota", "fields": {"good": "gallium", "quantity_t": 5}}]
    desk = room.room.player.desk
    both = [desk.answer("resolve", {"record": {**room.state.record, "rounds": []}, "pilots": {}, "events": [],
            "locked": {"CHN": {"orders": quota}}, "treaties": treaties, "seats": ["JPN"], "is_practice": True})
            for treaties in ([], [deal.document])]  # fmt: skip
    landed = [
        next(g["landed_price_usd_per_t"] for g in answer["outcome"]["views"]["JPN"]["goods"]
             if g["good"] == "gallium_refined") for answer in both
    ]  # fmt: skip
    assert landed[1] < 0.9 * landed[0]


def test_a_round_that_fails_leaves_the_room_running(room):
    """The desk sees why, tries again or goes back to orders; sheets are kept."""
    room.on_to("orders", 1)
    room.do(room.ann, "set_draft", version=0, orders=TAX)
    room.room.player.fault = "Gallium missed its tolerance."
    room.desk("go_on", step=room.state.step)
    room.resolve()
    assert room.state.phase.name == "resolving" and "tolerance" in room.state.failure
    room.desk("back_to_orders")
    assert room.state.phase.name == "orders" and room.state.sheets["CHN"].orders == TAX
    room.room.player.fault = None
    room.on()
    assert room.state.phase.name == "reveal"


def test_a_round_taken_back_is_played_anew(room):
    """Rolling back is an event: the record is shorter, nothing is erased from the file, deals are signed again."""
    room.on_to("reveal", 1)
    events = room.state.seq
    room.desk("rollback")
    assert room.state.record["rounds"] == [] and room.state.phase.name == "negotiate"
    assert len(read_events(room.room.store.path)) > events
    room.on_to("reveal", 1)
    assert len(room.state.record["rounds"]) == 1


def test_an_event_of_the_desk_happens_in_the_coming_round(room):
    """An outage in China makes the round's gallium dearer than it was without."""
    room.on_to("reveal", 1)
    quiet = room.state.outcomes[1]["prices"]
    room.desk("rollback")
    room.desk("inject", event={"kind": "outage", "actor": "CHN", "good": "gallium"}, headline="A plant burns")
    assert "burns" in room.state.news[-1]["text"]
    room.on_to("reveal", 1)
    assert room.state.outcomes[1]["prices"][0]["outside"] > 1.01 * quiet[0]["outside"]
    assert "comet" in room.refused(DESK, "inject", event={"kind": "comet"}, headline="No")


def test_a_seat_goes_to_the_machine_and_back(room):
    """A seat handed to a machine gives no sheet; handed back, its people's sheet counts again."""
    room.on_to("negotiate", 1)
    room.do(room.ann, "set_draft", version=0, orders=TAX)
    room.desk("pilot_seat", seat="CHN", pilot="random")
    room.on_to("reveal", 1)
    assert room.state.record["rounds"][0]["pilots"]["CHN"] == "random"
    room.desk("pilot_seat", seat="CHN", pilot="")
    room.on_to("negotiate", 2)
    room.do(room.ann, "set_draft", version=0, orders=TAX)
    room.on_to("reveal", 2)
    assert room.state.record["rounds"][1]["sheets"]["CHN"] == TAX


def test_a_stopped_server_goes_on_where_it_was(room, tmp_path):
    """From its file a session has the same state, and a clock that ran gets the lost time back."""
    room.on_to("negotiate", 1)
    room.do(room.ann, "set_draft", version=0, orders=TAX)
    left = room.state.ends_at - room.clock.now
    before = described(fold(read_events(room.room.store.path)))
    assert before == described(room.state)
    room.room.store.close()
    room.clock.now += 600
    again = Class(room.room.store.path, clock=room.clock)
    again.room.take_up()
    assert again.state.ends_at - again.clock.now == pytest.approx(left)
    assert again.state.sheets["CHN"].orders == TAX
    assert again.room.person_of("key of Ann") == room.ann


def test_a_vote_by_weight_counts_what_minerals_are_worth_to_each(room):
    """Weights are parts of what the seats' use was worth; the larger user carries the vote."""
    room.on_to("negotiate", 1)
    room.desk("open_vote", question="A floor?", seats=["CHN", "JPN"], rule="weighted")
    (vote,) = room.state.votes.values()
    worth = room.state.opening["worth"]
    assert vote.weights["JPN"] == pytest.approx(worth["JPN"] / (worth["JPN"] + worth["CHN"]))
    small, large = sorted(("CHN", "JPN"), key=vote.weights.get)
    by = {"CHN": room.ann, "JPN": room.bob}
    room.do(by[small], "cast_vote", vote=vote.id, yes=False)
    room.do(by[large], "cast_vote", vote=vote.id, yes=True)
    assert vote.result is True
    room.desk("open_vote", question="Again?", seats=["CHN", "JPN"], rule="majority")
    again = list(room.state.votes.values())[-1]
    room.do(by[large], "cast_vote", vote=again.id, yes=True)
    room.desk("close_vote", vote=again.id)
    assert again.result is False and again.weights == {}
    for wrong in ("lots", ["majority"], None):
        assert "rule must be" in room.refused(DESK, "open_vote", question="?", seats=["CHN"], rule=wrong)


def test_members_of_a_treaty_vote_by_its_own_rule(room):
    """The treaty's text says how its members vote, and that is how a vote of its members is counted."""
    room.on_to("negotiate", 1)
    document = {
        "kind": "memorandum", "title": "Pact", "members": ["CHN", "JPN"], "vote": "weighted", "vote_share": 0.65,
        "vote_weights": {"CHN": 0.3, "JPN": 0.7}, "clauses": [{"type": "mutual_exemption", "fields": {}}],
    }  # fmt: skip
    room.do(room.ann, "propose_deal", document=document)
    deal = next(iter(room.state.deals.values()))
    assert "more than 65 % of the weight" in deal.text and "CHN 30 %, JPN 70 %" in deal.text
    assert "not been signed" in room.refused(DESK, "open_vote", question="Let the USA in?", deal=deal.id)
    room.do(room.bob, "sign_deal", deal=deal.id, version=1)
    room.desk("open_vote", question="Let the USA in?", deal=deal.id)
    vote = list(room.state.votes.values())[-1]
    assert (vote.rule, vote.seats, vote.share) == ("weighted", ["CHN", "JPN"], 0.65)
    room.do(room.bob, "cast_vote", vote=vote.id, yes=True)
    room.desk("close_vote", vote=vote.id)
    assert vote.result is True  # seven tenths of the weight, against one of two


def test_votes_messages_and_hands(room):
    """A vote closes when all have voted, a muted seat cannot write, a private room is its seats' alone."""
    room.on_to("negotiate", 1)
    room.desk("open_vote", question="Join the floor?", seats=["CHN", "JPN"], rule="unanimity")
    (vote,) = room.state.votes.values()
    room.do(room.ann, "cast_vote", vote=vote.id, yes=True)
    room.do(room.bob, "cast_vote", vote=vote.id, yes=False)
    assert vote.result is False and "closed" in room.refused(room.bob, "cast_vote", vote=vote.id, yes=True)
    assert "not one of yours" in room.refused(room.ann, "send_message", room="JPN+USA", text="hm")
    room.do(room.ann, "send_message", room="CHN+JPN", text="I keep licences open", is_promise=True)
    room.desk("judge_promise", message=room.state.messages[0].id, kept=False)
    assert room.state.messages[0].kept is False
    room.desk("mute", seat="CHN", is_muted=True)
    assert "muted" in room.refused(room.ann, "send_message", room="public", text="hello")
