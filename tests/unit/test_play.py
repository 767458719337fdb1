"""Play solo without a browser: a seat's score, advice, order forms, saved games, and the page's screens."""

import json
import re
import threading

import numpy as np
import pytest

from experiments.game import Game
from experiments.game_advice import advise
from experiments.preparation import prepare
from experiments.replay import replay
from experiments.seat_score import seat_scores
from experiments.solo import Solo
from model.calibration import calibrate
from model.error import OreblocError
from model.instruments import INSTRUMENTS
from model.quarter_date import first_date
from viz.live.message import unpacked
from viz.live.order_form import Known, entries, grouped, kinds_of, read_order, told_fault
from viz.live.seat_word import money
from viz.live.seen import happened
from viz.page.play import Play
from viz.page.play_form import fields_of, form_html
from viz.page.play_link import from_link, to_link

UNTIL = "2026Q4"
STORE = {"type": "strategic_stockpile", "fields": {"good": ["gallium_refined"], "target_days": 60.0}}
TAX = {"type": "export_tax", "fields": {"good": "gallium", "rate": 0.3}}


@pytest.fixture(scope="module")
def world():
    return calibrate(prepare("tiny", until=UNTIL))


def solo_of(world, *seats):
    return Solo("tiny", seats or ("JPN",), until=UNTIL, world=world)


@pytest.fixture(scope="module")
def played(world):
    """Japan's game to its end: a stockpile in the first year, nothing in the second."""
    solo = solo_of(world)
    solo.add("JPN", STORE)
    solo.play()
    solo.play()
    return solo


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_a_states_score_is_that_of_the_results(played):
    """The parts, weighted, add up to `score_usd` of the results over all quarters."""
    rows = played.game.results().series
    rows = rows[(rows["metric"] == "score_usd") & (rows["country"] == "JPN")]
    score = seat_scores(played.game, ["JPN"])["JPN"]
    np.testing.assert_allclose(score.total_usd, rows["value"].sum(), rtol=1e-12)


def test_a_year_is_what_the_score_grew_by(played):
    """Years add up to the score of the game, and the machine's game is that of the scenario."""
    total = sum(played.gained("JPN", n).total_usd for n in range(2))
    np.testing.assert_allclose(total, played.years[-1].scores["JPN"].total_usd, rtol=1e-12)
    alone = Game("tiny", until=UNTIL, world=played.game.engine.world)
    for _ in range(2):
        alone.play_round()
    assert seat_scores(alone, ["JPN"])["JPN"] == played.years[-1].machine["JPN"]


def test_a_year_without_orders_is_set_beside_the_one_played(world):
    """What the orders did is the year against the same year with empty sheets; without orders nothing."""
    solo = solo_of(world)
    year = solo.play()
    assert year.idle["JPN"] == year.scores["JPN"]
    solo.add("JPN", STORE)
    solo.play()
    assert solo.gained("JPN").total_usd != solo.years[-1].idle["JPN"].total_usd


def test_leaving_out_the_only_order_gives_the_game_without_it(played):
    """An order's worth is the score less that of a game played with empty sheets."""
    bare = solo_of(played.game.engine.world)
    bare.play()
    bare.play()
    worth = played.years[-1].scores["JPN"].total_usd - bare.years[-1].scores["JPN"].total_usd
    assert played.without("JPN", 0, 0).gain_usd == worth != 0.0
    with pytest.raises(OreblocError, match="no order 2"):
        played.without("JPN", 0, 1)


def test_a_saved_game_plays_again(played):
    """The file gives the same scores bit for bit, and so does the link."""
    saved = json.loads(json.dumps(played.saved))
    assert Solo.of(saved).years[-1].scores == played.years[-1].scores
    assert Solo.of(from_link(to_link(played, "tiny"))).years[-1].scores == played.years[-1].scores


@pytest.mark.parametrize(
    "wrong", [[], {"rounds": 3}, {"scenario": {}, "rounds": [1]}, {"scenario": {}, "rounds": [], "seats": 5}]
)
def test_what_is_no_saved_game_is_refused(wrong):
    """A file of something else is told in a sentence."""
    with pytest.raises(OreblocError, match="saved"):
        Solo.of(wrong)


def test_a_game_of_a_table_is_no_solo_game(world):
    """A record with events, or seats of others, is refused by what it has."""
    game = Game("tiny", until=UNTIL, world=world)
    game.play_round({"JPN": []}, events=[{"kind": "outage", "actor": "CHN", "good": "gallium"}])
    with pytest.raises(OreblocError, match="events"):
        Solo.of({**game.record, "seats": ["JPN"]})
    with pytest.raises(OreblocError, match="JPN"):
        Solo.of({**game.record, "rounds": [{"sheets": {"JPN": []}}], "seats": ["USA"]})


def test_a_games_log_replays(played, tmp_path):
    """The log of a game with people in it is replayed to the same series."""
    place = tmp_path / "log.jsonl"
    results = played.game.results()
    place.write_text(results.log, encoding="utf-8")
    again = replay(place)
    assert again.series["value"].equals(results.series["value"])


def test_advice_is_ranked_by_what_the_score_gains(world):
    """The best advice comes first and gains, when taken and played, what it said."""
    solo = solo_of(world)
    found = advise(solo.game, "JPN", rounds=1)
    gains = [one.gain_usd for one in found]
    assert gains == sorted(gains, reverse=True) and len(found) >= 4
    for order in found[0].orders:
        solo.add("JPN", order)
    solo.play()
    done = solo.gained("JPN").total_usd - solo.years[-1].idle["JPN"].total_usd
    np.testing.assert_allclose(done, gains[0], rtol=1e-9)
    assert not solo.game.is_done and len(solo.game.played) == 1


def test_an_exporter_hears_its_built_in_conduct_and_a_firm_its_managers(world):
    """Advice of those seats is for orders on their own goods, and is legal."""
    firm = "Chalco"
    for seat in ("CHN", firm):
        solo = solo_of(world, seat)
        for one in advise(solo.game, seat, rounds=1)[:2]:
            assert solo.game.check(seat, one.orders)


def test_every_order_of_every_seat_has_a_form(world):
    """Each kind is in one group, its form opens with its defaults, and a new instrument would be there by itself.

    No form asks who else pays.
    """
    solo = solo_of(world)
    known = Known.of(solo.game.view("JPN"), UNTIL)
    shown = [kind.name for _, kinds in grouped(False, known) for kind in kinds]
    assert len(shown) == len(set(shown)) and {one.name for one in INSTRUMENTS} <= set(shown)
    for kind in kinds_of(False).values():
        html = form_html(kind, known)
        for field in kind.fields:
            binds = field.name in ("burden", "members") or (field.name, field.kind) == ("payer", "country")
            is_asked = f'name="fields.{field.name}"' in html
            assert field.kind == "table" or is_asked != binds, (kind.name, field.name)
        order = read_order(kind, fields_of(kind, known), known)
        assert order["type"] == kind.name


def test_what_is_written_becomes_the_order(world):
    """Per cent become shares, lists quarters; what is no number is refused at its field."""
    solo = solo_of(world, "CHN")
    known, kind = Known.of(solo.game.view("CHN"), UNTIL), kinds_of(False)["export_tax"]
    written = fields_of(kind, known) | {
        "fields.good": ["gallium_refined"],
        "fields.rate": "30",
        "end": "2025Q4",
    }
    order = read_order(kind, written, known)
    assert order["fields"]["rate"] == 0.3 and order["end"] == "2025Q4"
    assert "30 %" in solo.check("CHN", order)
    assert read_order(kind, written | {"fields.rate": "10; 20"}, known)["fields"]["rate"] == [0.1, 0.2]
    with pytest.raises(OreblocError) as refusal:
        solo.check("CHN", read_order(kind, written | {"fields.rate": "much"}, known))
    place, told = told_fault(str(refusal.value), entries(kind, known))
    assert place == "fields.rate" and "must be a number" in told and "orders[" not in told


def test_a_price_beyond_all_reason_is_no_order(world):
    """A floor of twenty times the base year's price is taken, one above it refused at its field, in a treaty too."""
    solo = solo_of(world)
    price = float(world.goods.set_index("name")["price_usd_per_t"]["gallium_refined"])

    def floor(usd):
        return {"type": "price_floor", "fields": {"good": ["gallium_refined"], "price_usd_per_t": usd}}

    assert solo.check("JPN", floor(20.0 * price))
    with pytest.raises(OreblocError, match=r"20 times its price.*price_usd_per_t\)$"):
        solo.check("JPN", floor(20.1 * price))
    clause = {"type": "common_price_floor", "fields": floor([price, 30.0 * price])["fields"]}
    document = {"id": "club", "kind": "memorandum", "members": ["JPN", "USA"], "clauses": [clause]}
    with pytest.raises(OreblocError, match=r"20 times its price.*clauses\[0\]\.fields\.price_usd_per_t"):
        solo.check("JPN", {"type": "draft_treaty", "fields": {"document": document}})


def test_a_state_cannot_order_more_than_there_is(world):
    """A quarter of what the world makes may go into a state's stock; more is refused at its field; sales may be any."""
    solo = solo_of(world)
    made = float(world.nodes.set_index("good").loc["gallium_refined", "production_t"].sum())

    def order(tonnes, move="buy"):
        return {
            "type": "stock_order",
            "fields": {"good": ["gallium_refined"], "move": move, "quantity_t": tonnes},
        }

    assert solo.check("JPN", order(0.25 * made)) and solo.check("JPN", order(9.0 * made, "release"))
    for tonnes in (0.26 * made, [1.0, 2.0 * made]):
        with pytest.raises(OreblocError, match=r"25% of what the world makes.*quantity_t\)$"):
            solo.check("JPN", order(tonnes))


def test_a_treaty_is_drafted_from_its_clauses(world):
    """A draft with a clause goes on the table; in the next year it can be signed."""
    solo = solo_of(world)
    known, kind = Known.of(solo.game.view("JPN"), UNTIL), kinds_of(False)["draft_treaty"]
    written = fields_of(kind, known) | {
        "document.title": "Gallium club", "document.members": ["JPN", "USA", "KOR"],
        "clause.information.on": True, "clause.information.good": ["gallium_refined"],
    }  # fmt: skip
    document = read_order(kind, written, known)["fields"]["document"]
    assert document["id"] == "gallium_club" and [one["type"] for one in document["clauses"]] == [
        "information"
    ]
    assert "gallium_club" in solo.check("JPN", {"type": "draft_treaty", "fields": {"document": document}})
    with pytest.raises(OreblocError) as refusal:
        solo.check("JPN", read_order(kind, written | {"document.members": ["JPN"]}, known))
    assert told_fault(str(refusal.value), entries(kind, known))[0] == "document.members"


def test_a_treaty_drafted_in_play_is_signed_and_in_force(world):
    """Drafted on one year's sheet, signed by both seats on the next, it is in force at the end."""
    solo = solo_of(world, "JPN", "USA")
    known, kind = Known.of(solo.game.view("JPN"), UNTIL), kinds_of(False)["draft_treaty"]
    written = fields_of(kind, known) | {
        "document.title": "Gallium club", "document.members": ["JPN", "USA"],
        "document.kind": "memorandum",
        "clause.information.on": True, "clause.information.good": ["gallium_refined"],
    }  # fmt: skip
    solo.add("JPN", read_order(kind, written, known))
    solo.play()
    for seat in ("JPN", "USA"):
        known = Known.of(solo.game.view(seat), UNTIL)
        assert "gallium_club" in [name for name, _ in known.treaties]
        solo.add(seat, read_order(kinds_of(False)["sign_treaty"], {"fields.treaty": "gallium_club"}, known))
    solo.play()
    treaty = next(one for one in solo.game.view("JPN")["treaties"] if one["id"] == "gallium_club")
    assert treaty["members"] == {"JPN": "in force", "USA": "in force"}


@pytest.fixture
def page():
    """A page, and what it was told, each act done at once."""
    heard = []
    return Play(lambda data: heard.append(unpacked(data)[0]), "", "tiny"), heard


def test_a_game_from_the_seat_to_the_debrief(page):
    """Setup, briefing, a refusal at its field, an order, the year, its result, the end."""
    play, heard = page
    play.work({"act": "hello"})
    assert "Japan" in words(heard[-1]["regions"]["head"])
    play.work({"act": "start", "values": {"scenario": "tiny", "until": "2025Q4", "seats": ["JPN"]}})
    told = words(heard[-1]["regions"]["head"])
    assert "You are Japan" in told and "Germanium" in told and "lets through" in told and "Safety" in told
    play.work({"act": "begin"})
    play.work({"act": "kind", "value": "strategic_stockpile"})
    play.work({"act": "add", "values": {"fields.good": ["gallium_refined"], "fields.target_days": "-4"}})
    assert "0 days" in heard[-1]["faults"]["fields.target_days"] and not play.solo.sheets["JPN"]
    play.work({"act": "add", "values": {"fields.good": ["gallium_refined"], "fields.target_days": "60"}})
    assert "holds 60 days" in words(heard[-1]["regions"]["sheet"])
    play.work({"act": "preview"})
    assert "Over the coming year" in words(heard[-1]["regions"]["extra"])
    play.work({"act": "play"})
    told = words(heard[-1]["regions"]["head"])
    assert heard[-1]["screen"] == "result" and "your orders" in told and "Treasury" in told
    assert 'class="plot' in heard[-1]["regions"]["world"]
    play.work({"act": "on"})
    assert heard[-1]["screen"] == "debrief" and "Most was decided by: Japan holds" in words(
        heard[-1]["regions"]["head"]
    )
    again = Play(lambda data: heard.append(unpacked(data)[0]), heard[-1]["address"], "baseline")
    again.work({"act": "hello"})
    assert heard[-1]["screen"] == "debrief" and not heard[-1]["error"]
    assert again.solo.years[-1].scores == play.solo.years[-1].scores


def test_a_sheet_not_yet_played_comes_back_from_the_link(page):
    """What stands on the sheet is in the address; amounts beyond all measure are still written out."""
    play, heard = page
    play.work({"act": "start", "values": {"scenario": "tiny", "until": "2025Q4", "seats": ["JPN"]}})
    play.work({"act": "begin"})
    play.work({"act": "kind", "value": "strategic_stockpile"})
    play.work({"act": "add", "values": {"fields.good": ["gallium_refined"], "fields.target_days": "60"}})
    again = Play(lambda data: heard.append(unpacked(data)[0]), heard[-1]["address"], "baseline")
    again.work({"act": "hello"})
    assert again.screen == "orders" and again.solo.sheets == play.solo.sheets and not heard[-1]["error"]
    assert "holds 60 days" in words(heard[-1]["regions"]["sheet"])
    assert money(1.2345e14) == "$123,450 bn" and money(4.04e9) == "$4.04 bn"


def test_a_choice_made_while_busy_is_not_lost(page):
    """The last choice is done afterwards; what plays a year twice is not."""
    play, heard = page
    play.work({"act": "start", "values": {"scenario": "tiny", "until": "2025Q4", "seats": ["JPN"]}})
    play.work({"act": "begin"})
    play.is_busy = True
    for message in ({"act": "kind", "value": "import_tariff"}, {"act": "play"}):
        play.take(message)
    play.work({"act": "good", "value": "germanium_refined"})
    for thread in [one for one in threading.enumerate() if one.name == "orebloc-play"]:
        thread.join(60)
    assert play.kind == "import_tariff" and play.good == "germanium_refined" and not play.solo.years
    assert "Import tariff" in heard[-1]["regions"]["sheet"]


def test_nothing_to_come_is_told(page):
    """Steps and measures of later quarters stand nowhere; those of the year do, in the order of their dates."""
    play, heard = page
    play.work({"act": "start", "values": {"scenario": "tiny", "until": "2026Q4", "seats": ["JPN"]}})
    told = words(" ".join(heard[-1]["regions"].values()))
    assert (
        "through only 50 %" in told and "2025Q3" not in told and "2026Q1" not in told and "2027" not in told
    )
    play.work({"act": "begin"})
    assert "Nothing yet" in words(heard[-1]["regions"]["world"])
    play.work({"act": "play"})
    told = words(heard[-1]["regions"]["world"])
    assert (
        "through only 5 %" in told
        and "ends" in told
        and "through 100 %" not in told
        and "from 2027" not in told
    )
    decided = words(heard[-1]["regions"]["head"])
    assert "2025Q3: China lets through only 5 %" in decided and "No other state" not in decided
    play.work({"act": "on"})
    assert "through only 50 %" not in words(
        heard[-1]["regions"]["world"]
    )  # in force from the quarter to come on


def test_scripted_measures_are_told_when_they_happen():
    """Beginnings, steps and ends come in the order of their dates; what is stored is nobody's to know."""
    rows = happened(prepare("tiny"), "2025Q1", "2026Q1")
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), key=first_date)
    assert ("2025Q3", "CHN") in [row[:2] for row in rows] and "2025-11-08" in [row[0] for row in rows]
    assert not happened(prepare("tiny"), "2026Q2", "2026Q4")
    stored = {**STORE, "actor": "USA", "quarter": "2025Q2"}
    assert len(happened(prepare("tiny").with_changes({"measures": [stored]}), "2025Q1", "2026Q1")) == 0


def test_what_cannot_be_is_told_and_nothing_is_lost(page, monkeypatch):
    """No seat, a link that is none, a file that is none, a model that fails: a sentence, and the game stays."""
    play, heard = page
    play.work({"act": "start", "values": {"scenario": "tiny", "seats": []}})
    assert "Choose a seat" in heard[-1]["error"] and heard[-1]["screen"] == "setup"
    other = Play(lambda data: heard.append(unpacked(data)[0]), "game=nonsense", "tiny")
    other.work({"act": "hello"})
    assert "no game" in heard[-1]["error"] and "Take a seat" in heard[-1]["regions"]["head"]
    play.work({"act": "load", "value": "{"})
    assert "not JSON" in heard[-1]["error"]
    play.work({"act": "start", "values": {"scenario": "tiny", "until": "2025Q4", "seats": ["JPN"]}})
    play.work({"act": "begin"})
    monkeypatch.setattr(Game, "_advance", lambda self, entry: 1 / 0)
    play.work({"act": "play"})
    assert "The model stopped" in heard[-1]["error"] and heard[-1]["screen"] == "orders"
    assert not play.solo.years and not play.solo.machine.played
