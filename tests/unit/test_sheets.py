"""The pages of questions and answers, without a browser."""

import re
import threading
import time
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from experiments.scenario_file import load_scenario, scenario_files
from experiments.validation import Outcome, Verdict, load_episode
from model.clauses import CLAUSES
from model.error import OreblocError
from viz.country import country_name
from viz.live.message import unpacked
from viz.live.stage import stage_of
from viz.page import validation
from viz.page.compare import Compare
from viz.page.fork import first_beside
from viz.page.method import Method
from viz.page.path import widest_gap
from viz.page.sheet import Sheet, Superseded, card, table
from viz.page.treaty import TreatyTable
from viz.page.treaty_draft import made_of
from viz.page.why import Why

CHANGED = (
    "scenario=tiny&from=2026Q1&floor.gallium_refined=900&good=gallium_refined&mineral=gallium&country=JPN"
)
PLAIN = "scenario=tiny&good=gallium_refined&mineral=gallium&country=JPN"


def opened(kind: type[Sheet], query: str = CHANGED) -> tuple[Any, list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []
    return kind(lambda data: heard.append(unpacked(data)[0]), query, "tiny"), heard


def words(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", html)


def test_why_tells_what_a_change_does() -> None:
    """With and without the changes, the parts are named and add up to the difference."""
    page, _ = opened(Why)
    page.set("at", "2027Q4")
    told = words(page.answer())
    assert "The price of gallium outside China" in told and "with the changes" in told
    assert "Shapley" in told
    assert "price floor" in told


def test_why_tells_shares_in_points_from_an_axis_near_them() -> None:
    """Parts of a share are points, bars begin near the numbers where these hardly move, and the source is named."""
    page, heard = opened(
        Why, CHANGED + "&ask.question=change&ask.metric=production_share&ask.country=CHN&ask.at=2027Q4"
    )
    page._thread.asked = page._asked
    told = words(page.answer())
    assert "share of world output of gallium in China" in told and " points" in told
    assert "not at 0" in told and "Shapley" in told and "seed 1" in told
    said = [header["status"] for header in heard if header.get("busy")]
    assert said and all("steps" in one for one in said)
    page._asked += 1
    with pytest.raises(Superseded):
        page.answer()


def test_why_tells_what_happened_between_two_quarters() -> None:
    """Measures that came into force between the quarters, and what would have changed anyhow, are parts."""
    page, _ = opened(Why, PLAIN)
    page.set("good", "germanium_refined")
    page.set("first", "2025Q2")
    page.set("at", "2026Q2")
    assert "anyhow" in words(page.answer())
    with pytest.raises(OreblocError, match="must lie before"):
        page.set("at", "2025Q1")


def test_compare_sets_scenarios_side_by_side() -> None:
    """Four charts on common axes, numbers at some quarters, and what differs."""
    page, _ = opened(Compare)
    page.set("s0", "tiny")
    page.set("s1", "mine")
    html = page.answer()
    assert html.count("<svg") == 8  # each wide and narrow
    assert "price floor" in words(html) and "points" in words(html)


def test_compare_refuses_what_cannot_be_compared() -> None:
    """One scenario alone, or one of other quarters, is refused in a sentence."""
    page, _ = opened(Compare)
    page.set("s0", "tiny")
    page.set("s1", "tiny")
    with pytest.raises(OreblocError, match="Only one"):
        page.answer()
    page.set("s1", "no_measures")
    with pytest.raises(OreblocError, match="runs from"):
        page.answer()


@pytest.mark.parametrize("name", scenario_files())
def test_what_is_set_beside_a_scenario_runs_over_the_same_quarters(name: str) -> None:
    """Over every scenario that ships: one that can be compared is proposed wherever there is one."""
    spans = {other: (load_scenario(other).start, load_scenario(other).end) for other in scenario_files()}
    alike = [other for other in spans if spans[other] == spans[name] and other != name]
    found = first_beside(name, load_scenario(name))
    assert found in alike if alike else found is None


@pytest.mark.parametrize("name", ["tiny", "lithium_boom_2021", "rare_earths_single"])
def test_compare_opens_where_nothing_can_be_compared(name: str) -> None:
    """The page says so under a heading, and what to do; no field offers what would be refused."""
    page, _ = opened(Compare, f"scenario={name}")
    told = page.answer()
    assert not page.error and page.chosen == [name, "-", "-", "-"]
    assert "<h1" in told and load_scenario(name).end in told and "Move a lever" in told
    assert page.fields() == []


def test_forks_kept_are_compared_and_come_back_from_the_link() -> None:
    """A floor kept stays while another is set; both stand beside the scenario, and a link brings them back."""
    page, _ = opened(Compare)
    page.act("keep")
    with pytest.raises(OreblocError, match="kept already"):
        page.act("keep")
    lower, _ = opened(
        Compare, page.link().replace("floor.gallium_refined=900", "floor.gallium_refined=700", 1)
    )
    assert lower.chosen == ["tiny", "fork0", "mine", "-"]
    told = words(lower.answer())
    assert "900 USD/kg" in told and "700 USD/kg" in told
    numbers = lower._runs["fork0"][1].path("inside_price_usd_per_t", "gallium_refined", "CHN")
    again, _ = opened(Compare, lower.link())
    again.answer()
    assert (again._runs["fork0"][1].path("inside_price_usd_per_t", "gallium_refined", "CHN") == numbers).all()
    lower.act("forget")
    assert lower.chosen == ["tiny", "mine", "-", "-"] and "kept=" not in lower.link()


def test_the_widest_gap_is_told_with_its_place() -> None:
    """Paths that end alike are told apart where they were furthest from each other; equal ones are not."""
    paths = {"a": np.array([1.0, 1.0, 1.0]), "b": np.array([1.0, 0.7, 1.0]), "c": np.array([1.0, 1.1, 1.0])}
    assert widest_gap(paths) == ("b", 1)
    assert widest_gap({"a": paths["a"], "b": paths["a"]})[0] == ""


def test_what_is_refused_stays_in_its_field_until_it_is_mended() -> None:
    """A late answer does not take the message away, nothing is signed meanwhile, and the next edit clears it."""
    page, heard = opened(TreatyTable)
    page.take({"type": "set", "id": "notice", "value": "-3", "number": 2})
    assert "-3" in heard[-1]["error"] and heard[-1]["stale"]
    field = next(one for one in heard[-1]["fields"] if one["id"] == "notice")
    assert field["value"] == "-3" and field["fault"]
    page._work(page._asked, 1)  # the answer that was under way
    assert "-3" in heard[-1]["error"] and heard[-1]["stale"]
    page.take({"type": "act", "id": "sign", "number": 3})
    assert "Mend first" in heard[-1]["error"] and not [one for one in heard if one["kind"] == "go"]
    page._do({"type": "set", "id": "notice", "value": "3"})
    assert page._faults() == "" and page.notice == 3


def test_an_answer_nobody_waits_for_stops() -> None:
    """What is still worked out when something else is asked ends at its next step, and is told nowhere."""
    page, heard = opened(Method, PLAIN)
    steps: list[int] = []

    def answer() -> str:
        say = page.teller()
        for n in range(3):
            steps.append(n)
            say(f"{n} of 3")
            page._asked += n  # asked anew after the second step
        return "done"

    page.answer = answer
    page._work(page._asked, 1)
    assert steps == [0, 1, 2] and heard[-1]["status"] == "1 of 3"


def test_the_treaty_table_asks_every_state() -> None:
    """Each member has a verdict with a reason in words and money, and the text is that of the draft."""
    page, heard = opened(TreatyTable)
    html = page.answer()
    told = words(html)
    for name in ("United States", "European Union", "Japan", "South Korea"):
        assert re.search(rf"{name} (signs|does not sign)", told), name
    assert "in rather than out is worth" in told.lower() or "In rather than out is worth" in told
    assert "Article 1" in told
    against = [code for code, signs in page.verdicts.items() if not signs]
    names = [country_name(code) for code in against]
    button = next(field for field in page.fields() if field.id == "sign")
    assert not against or all(name in button.label for name in names)
    page.act("sign")
    assert all(name in page.plan.treaty["title"] for name in names)
    (gone,) = [header for header in heard if header["kind"] == "go"]
    assert "treaty=" in gone["address"] and gone["address"].startswith("/explore/?")


def test_a_signed_treaty_runs_and_comes_back_from_its_link() -> None:
    """What is signed at the table is in the scenario of the link, in force from the quarter chosen."""
    page, _ = opened(TreatyTable)
    page.act("sign")
    again, _ = opened(TreatyTable, page.link())
    (treaty,) = again.changed().treaties
    assert treaty.in_force == "2026Q1"
    assert treaty.members == ("USA", "EU27", "JPN", "KOR")


FLOOR = "clause.common_price_floor"


def test_a_signed_treaty_is_opened_again_with_its_terms() -> None:
    """Floor, members, notice and other clauses come back from what was signed."""
    page, _ = opened(TreatyTable)
    page.set(f"{FLOOR}.price_usd_per_t", "800")
    page.set("clause.information.on", False)
    page.set("clause.gap_subsidy.on", True)
    page.set("clause.gap_subsidy.strike_usd_per_t", 700)
    page.set("members", ["USA", "JPN", "KOR"])
    page.set("notice", 6)
    page.act("sign")
    link = "&".join(part for part in page.link().split("&") if not part.startswith("ask."))
    again, _ = opened(TreatyTable, link)
    shown = {field.id: field.value for field in again.fields()}
    assert (
        shown[f"{FLOOR}.price_usd_per_t"] == 800.0 and shown["clause.gap_subsidy.strike_usd_per_t"] == 700.0
    )
    assert not shown["clause.information.on"] and shown["notice"] == 6
    assert shown["members"] == ["USA", "JPN", "KOR"]
    assert again.draft().to_mapping()["clauses"] == page.draft().to_mapping()["clauses"]
    (floor, *_) = again.draft().clauses
    assert floor.fields["price_usd_per_t"] == 800_000.0


def test_every_kind_of_clause_can_be_drafted() -> None:
    """Each kind has a switch, and a form of all its fields once it is in the treaty; a link brings the draft back."""
    page, _ = opened(TreatyTable)
    for kind in CLAUSES:
        page.set(f"clause.{kind.name}.on", True)
    there = {field.id for field in page.fields()}
    for kind in CLAUSES:
        names = {field.name for field in kind.fields}
        assert {f"clause.{kind.name}.{name}" for name in names if not name.startswith("downstream")} <= there
    assert not any("downstream" in name for name in there)  # nothing is made of gallium here
    page.set(f"{FLOOR}.price_usd_per_t", "800; 900")
    again, _ = opened(TreatyTable, page.link())
    assert again.draft_.clauses == page.draft_.clauses
    assert again.draft_.clauses["common_price_floor"]["price_usd_per_t"] == [800_000.0, 900_000.0]


def test_cover_downstream_offers_what_is_made_of_the_good() -> None:
    """Of NdPr magnets are made, of gallium nothing that this world has."""
    world = stage_of("baseline").whole.world
    assert made_of(world, "ndpr_refined") == {"permanent_magnets"}
    assert made_of(world, "lithium_concentrate") == {"lithium_refined"} and not made_of(
        world, "gallium_refined"
    )


@pytest.mark.parametrize(
    "field, value, told",
    [
        ("members", ["JPN"], "2 or more"),
        (f"{FLOOR}.price_usd_per_t", "dear", "must be a number"),
        (f"{FLOOR}.price_usd_per_t", "99999999", "20 times its price in the base year"),
        ("notice", -1, "0 to 40"),
        ("good", "gold", "not in this scenario"),
    ],
)
def test_a_treaty_that_cannot_be_is_refused(field: str, value: Any, told: str) -> None:
    """Too few members and absurd terms are told with what they must be."""
    page, _ = opened(TreatyTable)
    with pytest.raises(OreblocError, match=told):
        page.set(field, value)
        page.answer()


def test_a_treaty_without_clauses_is_refused() -> None:
    """A text that says nothing is no treaty."""
    page, _ = opened(TreatyTable)
    for clause in list(page.draft_.clauses):
        page.set(f"clause.{clause}.on", False)
    with pytest.raises(OreblocError, match="no clause"):
        page.answer()


def test_method_names_sources_and_weak_numbers() -> None:
    """Assumptions of the good chosen, parameters with sources, instruments, limits."""
    page, _ = opened(Method, PLAIN)
    told = words(page.answer())
    for part in ("What was assumed for Gallium", "Parameters", "Export licence", "no forecast", "estimated"):
        assert part in told


def test_method_holds_the_model_to_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests and bands stand there from the start; asked for, they have the results of `orebloc validate`."""
    episode = load_episode("lithium_boom_2021")
    first = Verdict(episode, (Outcome(episode.tests[0], 7.89, True, False),), {"placebo": 1.2}, 9)
    monkeypatch.setattr(validation, "_VERDICTS", [])
    monkeypatch.setattr(validation, "episode_files", lambda: {episode.name: None})
    monkeypatch.setattr(validation, "validate", lambda asked: first)
    page, _ = opened(Method, PLAIN)
    before = page.answer()
    assert 'data-act="validate"' in before and episode.title in before and "7.89" not in before
    page.act("validate")
    after = words(page.answer())
    assert "7.89" in after and "1 of 1 directions right" in after and "1.2-fold" in after


def test_the_last_question_is_the_one_that_is_answered() -> None:
    """Of two questions in a row only the later one's answer is sent."""
    page, heard = opened(Method, PLAIN)
    page.take({"type": "hello", "number": 1})
    page.take({"type": "set", "id": "good", "value": "germanium_refined", "number": 2})
    ends = time.monotonic() + 60
    while not any(header.get("html") for header in heard) and time.monotonic() < ends:
        time.sleep(0.02)
    for thread in [thread for thread in threading.enumerate() if thread.name == "orebloc-sheet"]:
        thread.join(60)
    answers = [header for header in heard if header.get("html")]
    assert "assumed for Germanium" in answers[-1]["html"]
    assert all(answer["number"] == 2 for answer in answers[-1:])


def test_an_answer_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the model raises becomes a sentence; the last answer stays."""
    page, heard = opened(Method, PLAIN)
    monkeypatch.setattr(page, "answer", lambda: 1 / 0)
    page._work(page._asked, 3)
    assert "The model stopped: ZeroDivisionError" in heard[-1]["error"]
    assert heard[-1]["html"] is None


def test_html_is_escaped() -> None:
    """Whatever stands in a cell or title is text."""
    assert "<b>" not in table("<b>", ("<b>",), [["<b>"]]) and "<b>" not in card("<b>", "")


def test_why_sets_this_run_against_one_that_was_kept() -> None:
    """A fork kept beside the scenario is asked about by its name; what differs is what does it."""
    page, _ = opened(Why, PLAIN + "&kept=" + quote(CHANGED, safe="") + "&ask.question=runs&ask.at=2027Q4")
    assert page.error == "" and page.other == "fork0"
    told = words(page.answer())
    assert "under Kept: " in told and "price floor" in told and "does not change" not in told
    with pytest.raises(OreblocError, match="other run"):
        page.set("other", "fork7")
