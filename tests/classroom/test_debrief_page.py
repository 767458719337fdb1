"""The replay: what it tells, what it keeps back until the secrets are opened, and that its file stands alone."""

import html
import math
import re
from html.parser import HTMLParser

import pytest
from classroom_kit import Class, small_game

from viz.classroom.chart import price_figure, share_figure
from viz.classroom.debrief_page import debrief_page, told_of
from viz.classroom.export import spreadsheet
from viz.classroom.question import first_cause, questions
from viz.classroom.word import (
    change_word,
    event_word,
    good_word,
    group_word,
    measure_word,
    moment_word,
    money_word,
    order_word,
    price_word,
)

CANARY = "canary whisper"
PACT = {
    "kind": "memorandum", "title": "Pact <of> two", "members": ["CHN", "JPN"],
    "clauses": [{"type": "mutual_exemption", "fields": {}}],
}  # fmt: skip
TAX = [{"type": "export_tax", "fields": {"good": "gallium", "rate": 0.3}}]


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Two rounds with a treaty, an order, a promise, a whisper, a note and words, up to the debrief."""
    found = Class(tmp_path_factory.mktemp("replay") / "s.orebloc", small_game())
    ann, bob = found.join("Ann", "CHN"), found.join("Bob", "JPN")
    found.on_to("negotiate", 1)
    found.do(ann, "propose_deal", document=PACT)
    deal = next(iter(found.state.deals))
    found.do(bob, "sign_deal", deal=deal, version=1)
    found.do(ann, "send_message", room="public", text="No taxes <b>ever</b>", is_promise=True)
    found.do(ann, "send_message", room="CHN+JPN", text=CANARY)
    found.do(ann, "set_draft", version=0, orders=TAX)
    found.desk("bookmark", text="Loud & long")
    found.on_to("reveal", 1)
    early = debrief_page(told_of(found.state))
    found.on_to("debrief", 2)
    found.do(bob, "give_word", word="<i>tense")
    found.desk("open", what="words", is_open=True)
    closed = debrief_page(told_of(found.state))
    found.desk("open", what="secrets", is_open=True)
    return found, early, closed, debrief_page(told_of(found.state))


class Seen(HTMLParser):
    """The tags of a page with their attributes, and whether each that opens closes."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "input", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


def test_it_tells_every_round_and_what_the_debrief_found(room):
    """Headlines, prices, the treaty, notes, promises and words are there; a round not played is not."""
    found, _, closed, _ = room
    for number in (1, 2):
        outcome = found.state.outcomes[number]
        part = re.search(rf'id="round-{number}".*?</section>', closed, re.S)[0]
        assert outcome["headline"] in part and outcome["quarter_to"] in part
        assert all(price_word(row["outside"]) in part for row in outcome["prices"])
        assert "Pact &lt;of&gt; two" in part
    assert 'id="round-3"' not in closed and "Loud &amp; long" in closed and "not judged" in closed
    seen = Seen(closed)
    assert not seen.open  # every element is closed
    assert not re.search(r"<i>tense|<of>|<b>ever", closed)


def test_orders_and_whispers_wait_until_the_secrets_are_opened(room):
    """Before, no byte of an order or of private talk is in the page; after, both are."""
    _, early, closed, opened = room
    order = order_word(TAX[0])
    assert CANARY not in early + closed and order not in early + closed and "Loud" not in early
    assert CANARY in opened and order in opened and "Signed and done" in opened


def test_the_room_gets_no_inline_code_and_the_file_stands_alone(room):
    """Served, it keeps to `default-src 'self'`; as a file, it points at nothing but itself."""
    found, _, closed, _ = room
    for tag, given in Seen(closed).tags:
        assert tag != "style" and "style" not in given and not any(name.startswith("on") for name in given)
        assert tag != "script" or given["src"].startswith("/assets/classroom/")
    alone = spreadsheet(found.room.store.path)["debrief.html"].decode()
    seen = Seen(alone)
    assert not seen.open and all(tag != "script" for tag, _ in seen.tags)
    links = [given[name] for _, given in seen.tags for name in ("href", "src") if name in given]
    assert links and all(link.startswith("#") or link == "data:," for link in links)
    assert "url(" not in alone and "@import" not in alone
    ids = {given["id"] for _, given in seen.tags if "id" in given}
    assert {link[1:] for link in links if link.startswith("#")} <= ids


def test_who_is_left_out_of_the_export_is_left_out_of_its_page(room):
    """What one person typed is not in the file: neither promise nor title; the other's word is."""
    found, *_ = room
    alone = spreadsheet(found.room.store.path, without=["Ann"])["debrief.html"].decode()
    assert (
        "No taxes" not in alone and CANARY not in alone and "Pact" not in alone and "&lt;i&gt;tense" in alone
    )


def test_before_the_first_round_there_is_nothing_to_replay(tmp_path, room):
    """The page of a lobby says so, and so does the file of an export."""
    found = Class(
        tmp_path / "new.orebloc",
        small_game(world=room[0].room.player.desk.game(room[0].state.record).engine.world),
    )
    for page in (debrief_page(told_of(found.state)), debrief_page(told_of(found.state), is_file=True)):
        assert "when the first round has been played" in page and not Seen(page).open


def test_what_the_desk_hides_is_not_replayed(tmp_path, room):
    """A promise that the desk has hidden is told to nobody, neither on the wall nor in the replay."""
    found, _, _, opened = room
    promise = next(m for m in found.state.messages if m.is_promise)
    assert "No taxes" in opened
    found.desk("hide_message", message=promise.id, is_hidden=True)
    assert "No taxes" not in debrief_page(told_of(found.state))
    found.desk("hide_message", message=promise.id, is_hidden=False)
    assert debrief_page(told_of(found.state)) == opened


def test_questions_come_from_what_was_seen(room):
    """The page asks once about a kind of moment, and about the cause of the largest move; a round not told, nothing."""
    found, _, closed, _ = room
    told, rounds, _ = told_of(found.state)
    asked = questions([told["opening"], *rounds], told["debrief"], {"CHN": "China"})
    kinds = {one["kind"] for one in told["debrief"]["moments"]}
    assert {"bloc", "price"} <= kinds and sum("did each member give up" in one.text for one in asked) == 1
    move = next(one for one in asked if one.text.startswith("Who expected this?"))
    part = re.search(rf'id="round-{move.round}".*?</section>', closed, re.S)[0]
    assert move.text in html.unescape(part) and "To ask the room" in part
    assert not questions([told["opening"]], {}, {})


def test_questions_ask_about_broken_promises_and_leaders_that_stay():
    """A broken promise and a leader that lost no share are asked about; one that fell, or a kept promise, is not."""

    def point(share, change=None, causes=()):
        return {
            "prices": [{"good": "gallium_refined", "outside_change": change}],
            "shares": [{"good": "gallium_refined", "country": "CHN", "share": share}],
            "causes": list(causes),
        }

    def texts(last, kept):
        debrief = {
            "moments": [{"round": 2, "kind": "price", "text": "It rose, the largest move of the game."}],
            "promises": [{"seat": "JPN", "text": "No tax", "kept": kept, "round": 1}],
        }
        causes = [{"good": "gallium_refined", "total": 3.0, "parts": [{"cause": "drift", "amount": -1.0},
                                                                      {"cause": "CHN", "amount": 4.0}]}]  # fmt: skip
        points = [point(0.9), point(0.9), point(last, 0.8, causes)]
        return [one.seen + one.text for one in questions(points, debrief, {"CHN": "China", "JPN": "Japan"})]

    broken = texts(0.89, False)
    assert [("Japan promised: \u201cNo tax\u201d" in one, "Mostly China" in one, "China makes 89 %" in one)
            for one in broken] == [(True, False, False), (False, True, False), (False, False, True)]  # fmt: skip
    assert len(texts(0.5, True)) == 1


def test_the_cause_is_the_one_that_went_the_way_of_the_price():
    """Of a price that rose, the part that raised it most is told, however much another lowered it."""
    parts = [
        {"cause": "treaties", "amount": -9.0},
        {"cause": "drift", "amount": 3.0},
        {"cause": "JPN", "amount": 7.0},
    ]
    point = {"prices": [{"good": "gallium_refined", "outside_change": 0.1}],
             "causes": [{"good": "gallium_refined", "total": 1.0, "parts": parts}]}  # fmt: skip
    assert first_cause(point, {}) == "Japan"
    assert first_cause({**point, "causes": []}, {}) == ""


def test_a_chart_draws_the_numbers_of_its_table():
    """Prices are those of the outcomes, unknown ones interrupt the line; shares with the others sum to one."""

    def point(quarter, outside, inside, shares):
        row = {"good": "gallium_refined", "leader": "CHN", "outside": outside, "inside": inside}
        parts = [{"good": "gallium_refined", "country": c, "share": s} for c, s in shares.items()]
        return {"quarter_to": quarter, "prices": [row], "shares": parts}

    points = [point("2025Q4", 1000.0, 500.0, {"CHN": 0.9, "JPN": 0.1}), point("2026Q4", None, 600.0, {"CHN": 0.6}),
              point("2027Q4", 4000.0, 700.0, {"CHN": 0.5, "JPN": 0.3, "DEU": 0.01})]  # fmt: skip
    prices = price_figure(points, "gallium_refined")
    assert prices.title == "Gallium outside China: 4,000\u00a0usd/t, 4.0\u00a0times that of 2025Q4"
    assert math.isnan(prices.table["outside"].iloc[1]) and list(prices.table["inside"]) == [
        500.0,
        600.0,
        700.0,
    ]
    assert prices.body.count("<circle") == 5 and prices.body.count('class="mark"') == 2
    shares = share_figure(points, "gallium_refined")
    assert list(shares.table.columns) == ["CHN", "JPN", "others"]
    assert shares.table.sum(axis=1).tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert shares.title == "Gallium: China falls from 90 % to 50 %"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (price_word(None), "none"), (price_word(9999.6), "10,000 usd/t"), (price_word(12_340.0), "12.3 usd/kg"),
        (price_word(-5.0, True), "\u22125.00 usd/t"), (price_word(5.0, True), "+5.00 usd/t"),
        (price_word(0.0), "0.00 usd/t"),
        (change_word(None), ""), (change_word(0.0), "0.0 %"), (change_word(-0.123), "\u221212 %"),
        (change_word(1.5), "2.5 times"),
        (money_word(-2.5e9), "\u22122.50 bn usd"), (money_word(3e6), "3.00 m usd"),
        (measure_word("CHN taxes exports of gallium_refined to JPN at 30 %"),
         "China taxes exports of gallium to Japan at 30 %"),
        (measure_word("JPN limits ndpr_concentrate and tungsten_refined of WORLD to 5,299.7812 t and 0.142857 %"),
         "Japan limits NdPr concentrate and refined tungsten of the whole world to 5,300 t and 0.1429 %"),
        (group_word("The price of dytb outside China fell by 66%."), "The price of Dy/Tb outside China fell by 66%."),
        (moment_word({"kind": "price", "text": "The price of ndpr rose"}), "The price of NdPr rose"),
        (event_word({"kind": "outage", "actor": "CHN", "good": "gallium_refined"}), "power cut (Gallium, China)"),
        (event_word({"kind": "visit", "actor": "CHN", "target": "EU27"}), "state visit (China and European Union)"),
        (moment_word({"kind": "bloc", "text": "In force: USA_first pact"}), "In force: USA_first pact"),
        (good_word("tungsten_concentrate"), "Tungsten concentrate"), (good_word("ndpr_refined"), "NdPr"),
        (order_word({"type": "export_quota",
                     "fields": {"good": ["gallium"], "rate": {"2026Q1": 0.5}, "is_open": True}}),
         "Export quota: good gallium; rate 2026Q1 0.5; is open yes"),
    ],
)  # fmt: skip
def test_words(said, meant):
    """Numbers come with units and signs, names without code's marks."""
    assert said.replace("\u00a0", " ") == meant
