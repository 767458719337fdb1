"""What the desk leads and everybody reads: parts of the wall, news by round, events taken back, refusals in words."""

import pytest
from classroom_kit import Class, small_game

from experiments.debrief.outcome import opening_cells
from viz.classroom.form import form_of
from viz.classroom.state import WALL
from viz.classroom.view import WALL as PROJECTOR
from viz.classroom.view import view
from viz.classroom.word import change_in_words, fault_word, order_word


@pytest.fixture(scope="module")
def game():
    return small_game()


@pytest.fixture
def room(game, tmp_path):
    found = Class(tmp_path / "session.orebloc", game)
    found.ann = found.join("Ann", "CHN")
    return found


def common(room):
    return view(room.state, PROJECTOR, 0.0)["common"]


def test_the_desk_leads_the_wall_and_each_step_begins_anew(room):
    """A part that is chosen is everybody's; an unknown one is refused; the next step takes the choice away."""
    assert common(room)["wall"] == ""
    for part in WALL:
        room.desk("show_on_wall", part=part)
        assert common(room)["wall"] == part
    assert "one of prices" in room.refused("desk", "show_on_wall", part="secrets of Japan")
    assert "no command" in room.refused(room.ann, "show_on_wall", part="prices")
    room.on_to("negotiate", 1)
    assert common(room)["wall"] == ""


def test_news_are_of_now_for_their_round_alone(room):
    """What was told in round 1 is old in round 2, an event of round 2 is new there, and both are old in the debrief."""
    room.on_to("negotiate", 1)
    room.desk("tell", text="Five minutes")
    assert [one["is_now"] for one in common(room)["news"]] == [True]
    room.on_to("negotiate", 2)
    room.desk("inject", event={"kind": "outage", "actor": "CHN", "good": "gallium"}, headline="Power cut")
    assert {one["text"]: one["is_now"] for one in common(room)["news"]} == {
        "Five minutes": False,
        "Power cut": True,
    }
    name = room.state.injects[0]["id"]
    assert "no such event" in room.refused("desk", "withdraw_event", inject="other")
    room.desk("withdraw_event", inject=name)
    assert not room.state.injects and [one["text"] for one in common(room)["news"]] == ["Five minutes"]
    room.on_to("debrief", 2)
    assert not any(one["is_now"] for one in common(room)["news"])


def test_names_that_differ_in_case_alone_are_told_apart(room):
    """A second ann gets a number, as a second Ann does."""
    assert room.state.people[room.join("ANN", "JPN")].name == "ANN 2"


def test_who_is_late_is_told_the_rule_and_seated_by_the_desk(room):
    """Once play has begun a team takes nobody unasked, and the refusal says so; the desk may seat somebody there."""
    room.on_to("negotiate", 1)
    late = room.join("Late", "")
    assert "Play has begun" in room.refused(late, "take_seat", seat="CHN")
    room.desk("seat_person", person=late, seat="CHN")
    assert room.state.people[late].seat == "CHN"


def test_a_role_sheet_tells_the_share_that_all_screens_show(game, room):
    """What everybody knows of China's gallium is the opening's share, not what its own view guesses."""
    share = opening_cells(game)["production_share", "gallium_refined", "CHN"]
    assert f"Makes {share:.0%} of the world's gallium (primary output)." in room.state.seats["CHN"]["public"]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Good of CHN is missing. Write good: a mineral. (CHN in 2025Q1, orders[0].fields.good)",
         "Good of China is missing: a mineral."),
        ("Import tariff of JPN is 0. Write rate or duty_usd_per_t, or remove. (JPN in 2025Q1, orders[0].fields.rate)",
         "Import tariff of Japan is 0. Write rate or duty in usd per tonne, or remove."),
        ("Treaty deal_401ae453c775 has no clauses. Write [[...clauses]] with type and fields. (clauses)",
         "The treaty has no clauses. Add a clause."),
    ],
)  # fmt: skip
def test_refusals_read_without_codes(message, words):
    """Places in files, ids and codes are gone, what is wrong and what to do stay."""
    assert fault_word(message) == words


def test_orders_and_what_ifs_are_in_words():
    """Labels, units and names stand for fields, and a what-if names the order that was taken out."""
    order = {"type": "export_tax", "fields": {"good": ["gallium_refined"], "rate": 0.25, "target": ["JPN"]}}
    assert order_word(order) == "Export tax: good Gallium; export tax 25 %; target Japan"
    told = change_in_words(
        {"treaties": [{"title": "Stock pact"}]}, {"what": "treaty", "round": 1, "number": 1}, {}
    )
    assert told == "without the treaty \u201cStock pact\u201d in round 1"
    change = {"what": "order", "round": 1, "seat": "CHN", "number": 1}
    assert "had not ordered Export tax" in change_in_words(
        {"sheets": {"CHN": [order]}}, change, {"CHN": "China"}
    )


def test_sheets_do_not_ask_who_else_pays():
    """What would bind others is asked in a treaty's clauses only; an offtake's own payer stays."""
    form = form_of("state", ["gallium_refined"], ["CHN", "USA"])
    asked = {(kind["type"], f["name"]) for kind in form["kinds"] for f in kind["fields"]}
    assert {kind for kind, name in asked if name in ("burden", "members", "payer")} == {"offtake"}
    assert "burden" in {f["name"] for clause in form["clauses"] for f in clause["fields"]}


def test_sheets_offer_no_moves_of_the_table():
    """Proposing, countering and signing are done under Deals; leaving and breaking stay; countries have names."""
    form = form_of("state", ["gallium_refined"], ["CHN"])
    kinds = {kind["type"] for kind in form["kinds"]}
    assert (
        not kinds & {"propose_treaty", "counter_treaty", "sign_treaty"}
        and {"leave_treaty", "repeal"} <= kinds
    )
    assert form["names"] == {"CHN": "China"}
