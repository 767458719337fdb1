"""What people read has no codes in it: help of forms, treaties, views of all screens of a game that was played."""

import re

import pytest
from classroom_kit import Class, small_game
from full_clause import FULL

from model.event import EVENT_KINDS
from model.name import COUNTRY_NAMES
from viz.classroom.debrief_page import debrief_page, told_of
from viz.classroom.form import form_of
from viz.classroom.loop import run_to_end
from viz.classroom.view import DESK_VIEWER, Viewer, own
from viz.classroom.word import EVENTS

#: Codes of countries and of groups of rare earths, the word for everybody, and names with underscores.
CODE = re.compile(rf"\b(?:WORLD|{'|'.join(COUNTRY_NAMES)}|lace|ndpr|dytb|[a-z]+(?:_[a-z0-9]+)+)\b")
TAX = {"type": "export_tax", "fields": {"good": "gallium", "target": ["JPN"], "rate": 0.5}}
SUPPORT = {"type": "production_subsidy", "fields": {"good": "gallium_refined", "rate_usd_per_t": 71.6258655}}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A class with a measure to repeal, an event to come and one that came, a what-if and open secrets."""
    room = Class(tmp_path_factory.mktemp("words") / "s.orebloc", small_game())
    ann, _ = room.join("Ann", "CHN"), room.join("Bob", "JPN")
    room.on_to("negotiate", 1)
    room.do(ann, "set_draft", version=room.state.sheets["CHN"].version, orders=[TAX, SUPPORT])
    room.desk("inject", event={"kind": "outage", "actor": "CHN", "good": "gallium_refined"}, headline="Dark")
    room.on_to("negotiate", 2)
    room.desk("inject", event={"kind": "visit", "actor": "CHN", "target": "EU27"}, headline="Tea")
    room.ann = ann
    return room


@pytest.mark.parametrize("role", ["exporter", "state", "miner", "refiner"])
def test_forms_say_everything_in_words(role):
    """Titles, summaries, labels, help and units of every order and clause name nothing by its code."""
    form = form_of(role, ["gallium_refined"], ["CHN", "EU27"])
    for kind in [*form["kinds"], *form["clauses"]]:
        texts = [kind["title"], kind["summary"]]
        texts += [field[part] for field in kind["fields"] for part in ("label", "help", "unit")]
        assert not [text for text in texts if CODE.search(text)], kind["type"]
    targets = [f["help"] for k in form["kinds"] for f in k["fields"] if f["name"] == "target"]
    assert role in ("miner", "refiner") or "countries, or all others" in targets


def test_treaties_read_without_codes(found):
    """The text that people sign names countries and goods, whatever its clauses are."""
    members = ["USA", "EU27", "JPN"]
    for kind, versions in FULL.items():
        for fields in versions:
            fields = {**fields, **({"downstream": ["germanium"]} if "downstream" in fields else {})}
            document = {"id": "deal_1", "kind": "plurilateral", "title": "A pact", "members": members,
                        "clauses": [{"type": kind, "fields": fields}]}  # fmt: skip
            answer = found.room.thinker.desk.answer(
                "draft", {"record": found.state.record, "document": document, "ask": False}
            )
            assert answer["ok"], answer
            assert not CODE.findall(answer["text"]), answer["text"]


def test_the_desk_and_a_seat_read_names(found):
    """Of what-ifs, events to come and measures in force each is a line in words, numbers rounded."""
    desk = own(found.state, DESK_VIEWER, 0.0)
    entry = desk["entries"][0]
    assert entry["events"] == ["power cut (Gallium, China)"]
    assert entry["sheets"]["CHN"][0].startswith("Export tax: good gallium; target Japan")
    assert [one["text"] for one in desk["injects"]] == ["state visit (China and European Union)"]
    measures = own(found.state, Viewer("person", found.ann), 0.0)["market"]["measures"]
    texts = [one["text"] for one in measures]
    assert texts and not [text for text in texts if CODE.search(text)]
    assert any("71.63" in text for text in texts)
    assert found.room.common()["names"]["CHN"] == "China"


def test_every_event_of_the_model_has_a_name():
    """The desk can let all of them happen, and calls each by its name."""
    assert set(EVENTS) == set(EVENT_KINDS)


def test_the_replay_reads_without_codes(found):
    """The page of the debrief, tables and charts included, names no country, good or order by its code."""
    found.on_to("debrief", 2)
    found.desk("open", what="secrets", is_open=True)
    run_to_end(found.room.ask_what_if({"what": "event", "round": 1, "number": 1}))
    page = debrief_page(told_of(found.state))
    assert "What if: without the power cut (Gallium, China) in round 1" in page
    page = re.sub(r"<(style|script)\b.*?</\1>|<code>.*?</code>", "", page, flags=re.DOTALL)
    texts = re.findall(r">([^<>]+)<", page)
    assert not {text for text in texts if CODE.search(text)}
