import json

import pytest

from model.error import ScenarioError
from model.field import Place
from model.instruments import BY_NAME as INSTRUMENTS
from model.pact import Exemption
from model.quarter_date import quarter_index
from model.treaty import treaty_from, with_member, without_member
from model.treaty_library import shipped_ids, shipped_treaty, treaty_of_row
from model.treaty_merge import merge
from model.treaty_order import treaty_orders
from model.treaty_state import IN_FORCE, LAPSED, NONE, PROPOSED, SIGNED
from model.treaty_text import text

FLOOR = {"type": "common_price_floor", "fields": {"good": "gallium", "price_usd_per_t": 4e5}}
EXEMPTION = {"type": "mutual_exemption", "fields": {"good": "gallium"}}


def treaty(*clauses, **head):
    base = {
        "id": "pact",
        "kind": "club",
        "members": ["USA", "EU27", "JPN"],
        "clauses": list(clauses) or [FLOOR],
    }
    return treaty_from({**base, **head}, Place("file.toml", "treaties[0]"))


def test_a_treaty_survives_json():
    """A document read, written and read again is the same, for every treaty that ships and one with all dates."""
    full = treaty(FLOOR, EXEMPTION, proposed="2026Q1", signed="2026Q2", in_force="2026Q4", ended="2030Q4")
    for document in [full, *map(shipped_treaty, shipped_ids())]:
        assert treaty_from(json.loads(json.dumps(document.to_mapping()))) == document


def test_each_member_puts_up_the_floor_and_spares_the_others():
    """The orders are ordinary ones, dated, with the article as their source."""
    orders = treaty_orders(treaty(FLOOR, EXEMPTION), "2026Q2", ("gallium_refined",), end="2030Q4")
    assert [len(group) for group in orders] == [3, 0]
    first = orders[0][0]
    assert (first.type, first.actor, first.quarter, first.end) == ("price_floor", "USA", "2026Q2", "2030Q4")
    assert first.fields["exempt"] == ["EU27", "JPN"]
    assert first.source == "Pact, Article 1"


def test_an_unknown_instrument_is_refused_with_its_clause():
    """A clause whose instrument does not exist fails loudly, with its place."""
    without = {name: kind for name, kind in INSTRUMENTS.items() if name != "price_floor"}
    with pytest.raises(ScenarioError, match=r"'price_floor' is unknown.*clauses\[0\].type"):
        treaty_orders(treaty(), "2026Q2", (), kinds=without)


def test_all_goods_are_those_of_the_world():
    """A clause without goods is about all goods of the scenario."""
    pool = treaty({"type": "standards", "fields": {"mandated_share": 0.3}})
    if "standards" not in INSTRUMENTS:
        pytest.skip("needs the standards instrument")
    orders = treaty_orders(pool, "2026Q2", ("gallium_refined", "cobalt_refined"))
    assert orders[0][0].fields["good"] == ["gallium_refined", "cobalt_refined"]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ({"id": "The Pact"}, "lower snake case"),
        ({"kind": "pact"}, "it must be one of memorandum, club"),
        ({"members": ["USA"]}, "Members of treaty pact are 1; a club has 2 or more"),
        ({"members": "WORLD"}, "needs its members by name"),
        ({"kind": "memorandum"}, "are 3; a memorandum has exactly 2"),
        ({"kind": "plurilateral", "members": ["USA", "JPN"]}, "has 3 or more"),
        ({"kind": "framework"}, "Deadline of framework pact is missing"),
        ({"minimum_members": 4}, "it has 3. Write fewer"),
        ({"signed": "2026Q2", "in_force": "2026Q1"}, "in_force 2026Q1, before it is signed"),
        ({"signed": "2026Q2", "decides": True}, "decided in the run"),
        ({"notice_quarters": -1}, "it must be between 0 quarters and 400 quarters"),
        ({"clauses": []}, "has no clauses"),
        ({"clauses": [{"type": "mutual_exemptions"}]}, "Did you mean mutual_exemption"),
        ({"clauses": [{"type": "mutual_exemption", "good": "gallium"}]}, "Did you mean fields.good"),
        ({"colour": "red"}, "Field 'colour' is unknown"),
    ],
)  # fmt: skip
def test_a_faulty_treaty_is_told_in_one_message(head, message):
    """The message names the treaty, the limit and the remedy, and where it stands."""
    with pytest.raises(ScenarioError, match=message) as told:
        treaty(**head)
    assert "file.toml, treaties[0]" in str(told.value)


def test_eu_members_apart_are_one_party():
    """A memorandum of the United States and the EU stays one of two sides where its members stand apart."""
    place = Place(eu_members=True)
    both = treaty_from(
        {"id": "m", "kind": "memorandum", "members": ["USA", "EU27"], "clauses": [EXEMPTION]}, place
    )
    assert len(both.members) == 28


def test_the_course_by_dates():
    """A scripted treaty is proposed, signed, in force and lapsed on its dates; one that states decide has none."""
    dated = treaty(proposed="2026Q1", signed="2026Q2", in_force="2026Q4", ended="2027Q1")
    states = [
        dated.scripted_state(quarter_index(q))
        for q in ("2025Q4", "2026Q1", "2026Q3", "2026Q4", "2027Q1", "2027Q2")
    ]
    assert states == [NONE, PROPOSED, SIGNED, IN_FORCE, IN_FORCE, LAPSED]
    memorandum = shipped_treaty("eu_us_memorandum")
    assert memorandum.scripted_state(quarter_index("2026Q2")) == IN_FORCE
    assert treaty(proposed="2026Q1", decides=True).scripted_state(quarter_index("2026Q3")) == NONE


def test_the_deadline_counts_from_the_proposal():
    """Thirty days from 4 February 2026 is 6 March; a written deadline stands for itself."""
    assert shipped_treaty("eu_us_memorandum_draft").deadline == "2026-03-06"
    assert treaty(kind="framework", ratify_by="2026Q1").deadline == "2026-03-31"
    assert treaty().deadline is None


def test_the_text_has_an_article_for_every_clause():
    """Articles are numbered through: the clauses, then entry into force, duration, compliance."""
    words = text(treaty(FLOOR, EXEMPTION, term_quarters=20))
    titles = [line for line in words.splitlines() if line.startswith("Article ")]
    assert titles[0] == "Article 1. Common price floor at the border"
    assert titles[-1] == "Article 5. Compliance"
    assert "at least 400,000 US dollars a tonne" in words
    assert "It lasts 20 quarters." in words
    assert "The United States, the European Union and Japan (the members)" in words


@pytest.mark.parametrize(
    "change",
    [
        {"proposed": "2026-02-04"}, {"signed": "2026-02-04"}, {"ended": "2030Q1"}, {"in_force": "2027Q1"},
        {"ratify_by": "2026Q4"}, {"deadline_days": 30}, {"minimum_members": 3}, {"term_quarters": 8},
        {"notice_quarters": 3}, {"veto_delay_quarters": 0.5}, {"detection_lag_quarters": 1.0},
        {"detection_share": 0.9}, {"suspension_quarters": 6}, {"deadline_days": 30, "failure_share": 0.5},
        {"members": ["USA", "JPN", "KOR"]}, {"title": "A pact"}, {"kind": "plurilateral"},
    ],
    ids=str,
)  # fmt: skip
def test_what_the_head_says_stands_in_the_text(change):
    """Whatever the document says of its course, a person reads."""
    base = {key: value for key, value in change.items() if key == "deadline_days" and len(change) > 1}
    assert text(treaty(**change)) != text(treaty(**base))


def test_membership_can_change():
    """Equal shares stay equal; others keep their proportion, and the newcomer has none."""
    parts = {"USA": 0.5, "EU27": 0.3, "JPN": 0.2}
    subsidy = {"type": "gap_subsidy", "fields": {"good": "gallium", "strike_usd_per_t": 4e5}}
    uneven = {"type": "gap_subsidy", "fields": {**subsidy["fields"], "burden": parts}}
    club = with_member(treaty(subsidy, uneven), "KOR")
    assert club.members == ("USA", "EU27", "JPN", "KOR")
    assert set(club.clauses[0].fields["burden"].values()) == {0.25}
    assert club.clauses[1].fields["burden"] == parts
    left = without_member(club, "JPN")
    assert left.clauses[1].fields["burden"] == pytest.approx({"USA": 0.625, "EU27": 0.375})
    assert with_member(club, "KOR") == club
    assert treaty_from(left.to_mapping()) == left


def test_a_merged_forum_joins_members_and_keeps_the_weaker_promise():
    """Union of members and goods; the lower floor; a clause of one speaks to all; shares stay whole."""
    a = treaty(FLOOR, EXEMPTION, id="a", members=["USA", "JPN"])
    low = {"good": "germanium", "price_usd_per_t": 3e5}
    pile = {"type": "joint_stockpile", "fields": {"good": "gallium", "quantity_t": 50.0}}
    b = treaty({**FLOOR, "fields": low}, pile, id="b", members=["JPN", "KOR", "AUS"], notice_quarters=6)
    forum = merge(a, b)
    assert forum.members == ("USA", "JPN", "KOR", "AUS")
    assert [clause.type for clause in forum.clauses] == [
        "common_price_floor",
        "mutual_exemption",
        "joint_stockpile",
    ]
    floor, _, stock = (clause.fields for clause in forum.clauses)
    assert (floor["price_usd_per_t"], floor["good"]) == (3e5, ["gallium_refined", "germanium_refined"])
    assert sum(stock["entitlement"].values()) == pytest.approx(1.0)
    assert (forum.notice_quarters, forum.signed, forum.in_force) == (6, None, None)
    assert treaty_from(forum.to_mapping()) == forum


def test_what_cannot_be_reconciled_stays_side_by_side():
    """A tax here and a ban there are two clauses; what was aimed at a new member falls away."""
    fields = {"good": "gallium", "target": ["CHN"], "form": "tax", "tax_rate": 0.2}
    tax = {"type": "coordinated_restriction", "fields": fields}
    ban = {
        "type": "coordinated_restriction",
        "fields": {"good": "gallium", "target": ["CHN", "USA"], "form": "ban"},
    }
    on_korea = {"type": "one_voice", "fields": {"toward": ["KOR"]}}
    forum = merge(treaty(tax, on_korea, id="a"), treaty(ban, EXEMPTION, id="b", members=["KOR", "AUS"]))
    shown = [(c.type, c.fields.get("form"), c.fields.get("target")) for c in forum.clauses]
    assert ("coordinated_restriction", "tax", ["CHN"]) in shown
    assert ("coordinated_restriction", "ban", ["CHN"]) in shown
    assert [kind for kind, _, _ in shown].count("coordinated_restriction") == 2
    assert "one_voice" not in [kind for kind, _, _ in shown]


def test_merging_never_shrinks_an_exemption():
    """The exempted goods of a forum are those of both, and all where one exempts all."""
    some = treaty(EXEMPTION, id="a")
    every = treaty({"type": "mutual_exemption"}, id="b", members=["AUS", "CAN"])
    other = treaty({"type": "mutual_exemption", "fields": {"good": "cobalt"}}, id="c", members=["AUS", "CAN"])
    goods = [pact.goods for pact in merge(some, other).pacts() if isinstance(pact, Exemption)]
    assert goods == [("gallium_refined", "cobalt_refined")]
    assert [pact.goods for pact in merge(some, every).pacts()] == [()]


def test_a_row_names_a_shipped_treaty_and_may_change_its_dates():
    """An id alone is enough; keys are laid over; on the table again it loses its dates; a wrong id is told."""
    assert treaty_of_row({"id": "msp_forum"}) == shipped_treaty("msp_forum")
    assert treaty_of_row({"id": "msp_forum", "ended": "2030Q1"}).ended == "2030Q1"
    again = treaty_of_row({"id": "eu_us_memorandum", "decides": True})
    assert again.decides and again.signed is None
    with pytest.raises(ScenarioError, match="Did you mean msp_forum"):
        treaty_of_row({"id": "msp_forums"})


def test_shipped_treaties_say_where_they_are_from():
    """Each has a source with a tag, and the EU's partnerships are fourteen."""
    shipped = [shipped_treaty(name) for name in shipped_ids()]
    for document in shipped:
        assert any(tag in document.source for tag in ("[read]", "[recalled]")), document.id
    assert (
        sum(document.id.endswith("_partnership") and document.id.startswith("eu_") for document in shipped)
        == 14
    )
