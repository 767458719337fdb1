"""The promises of every registered clause. A new one needs a row in `tests/full_clause.py`; the rest is found."""

import json
from pathlib import Path

import pytest
from full_clause import FULL

import model.clauses
from model.clause import Scope, clause_from
from model.clauses import BY_NAME, CLAUSES
from model.error import ScenarioError
from model.field import KINDS, Place
from model.instruments import BY_NAME as INSTRUMENTS
from model.order import order_from
from model.pact import Burden, Exemption, LevySharing, OneVoice, Tension, Territorial

FOLDER = Path(model.clauses.__file__).parent
MEMBERS = ("USA", "EU27", "JPN")
SCOPE = Scope(MEMBERS, ("gallium_refined", "germanium_refined"))
EVERY = pytest.mark.parametrize("kind", CLAUSES, ids=lambda kind: kind.name)
CASES = pytest.mark.parametrize(
    ("name", "fields"), [(name, fields) for name, rows in FULL.items() for fields in rows]
)


#: Words by which an article says that it is a promise and no more.
PROMISES = ("members examine", "members promote", "members work on", "members align")


#: Pacts that the plan of treaties reads in any case; a burden is read beside the outlay that it names.
READ = (Exemption, LevySharing, OneVoice, Tension, Territorial)


def clause_of(name, fields):
    return clause_from({"type": name, "fields": fields}, BY_NAME, MEMBERS, Place())


def effects(clause):
    """Return what a clause runs: orders and pacts."""
    kind = BY_NAME[clause.type]
    return kind.orders(clause, SCOPE), kind.pacts(clause)


def running(clause):
    """Return what acts in a run: orders, and the pacts that are read there."""
    orders, pacts = effects(clause)
    shared = [pact for pact in pacts if isinstance(pact, Burden) and pact.what == "price_support"]
    return orders, [pact for pact in pacts if isinstance(pact, READ)] + shared


def other_values(field, value):
    """Return values of the field other than the one given."""
    if field.kind == "flag":
        return [not value]
    if field.kind == "choice":
        return [choice for choice in field.choices if choice != value]
    if field.kind == "goods":
        return [["germanium_refined"]]
    if field.kind == "countries":
        return [["KOR"], ["USA"]]
    if field.kind == "shares":
        return [{"USA": 0.1, "EU27": 0.6, "JPN": 0.3}]
    if field.kind in ("place", "country"):
        return ["USA"]
    if field.kind == "integer":
        return [(value or 4) + 1]
    spread = [0.3, 0.11, 2.5] if (field.high or 10.0) <= 10.0 else [3.0, 7e5]
    inside = [x for x in spread if (field.low or 0.0) <= x <= (field.high or 1e12)]
    return [x for x in inside if x != value][:1]


def test_every_clause_file_is_registered():
    """A file of the folder that defines a clause is in the list, under its file's name, and has a case here."""
    files = {path.stem for path in FOLDER.glob("*.py") if "CLAUSE =" in path.read_text()}
    assert files == set(BY_NAME) == set(FULL)
    assert len(BY_NAME) == len(CLAUSES)


@EVERY
def test_a_clause_explains_itself(kind):
    """Title, summary and every field's label and help are there; forms are built from them."""
    assert kind.title and kind.summary.endswith(".")
    for field in kind.fields:
        assert field.kind in KINDS and field.label and field.help
        assert (field.kind == "choice") == bool(field.choices)
        numeric = field.kind in ("path", "number", "share", "shares", "integer")
        assert not numeric or (field.unit and field.low is not None), f"{field.name} needs a unit and a limit"
    assert set(kind.weaker) <= {field.name for field in kind.fields}


@CASES
def test_a_clause_survives_json(name, fields):
    """A clause read, written and read again is the same."""
    clause = clause_of(name, fields)
    again = clause_from(json.loads(json.dumps(clause.to_mapping())), BY_NAME, MEMBERS, Place())
    assert again == clause


@CASES
def test_an_article_reads_well(name, fields):
    """Every paragraph is a full sentence without a hole."""
    paragraphs = BY_NAME[name].article(clause_of(name, fields), MEMBERS)
    assert paragraphs
    for words in paragraphs:
        assert words[0].isupper() and words.endswith(".") and "None" not in words and "  " not in words


@CASES
def test_what_runs_stands_in_the_article(name, fields):
    """No field changes what runs without changing what a person reads."""
    clause = clause_of(name, fields)
    kind = BY_NAME[name]
    for field in kind.fields:
        for value in other_values(field, clause.fields[field.name]):
            try:
                changed = clause_of(name, {**fields, field.name: value})
            except ScenarioError:
                continue
            if effects(changed) != effects(clause):
                assert kind.article(changed, MEMBERS) != kind.article(clause, MEMBERS), field.name


def test_faster_permits_are_ordered_in_every_member():
    """What the article says of permits is an order of each member, with the factor that stands there."""
    clause = clause_of("joint_projects", {"good": "gallium", "permit_factor": 0.5})
    drafts, _ = effects(clause)
    quick = {draft.actor: draft.fields["permit_factor"] for draft in drafts if draft.type == "fast_track"}
    assert quick == dict.fromkeys(MEMBERS, 0.5)
    assert any(
        "50 % of the usual time" in words for words in BY_NAME["joint_projects"].article(clause, MEMBERS)
    )


@CASES
def test_what_stands_in_the_article_runs(name, fields):
    """Words have an effect: a field that changes the article changes orders or pacts, unless it only promises."""
    clause, kind = clause_of(name, fields), BY_NAME[name]
    if not any(running(clause)):
        assert any(words in kind.article(clause, MEMBERS)[0] for words in PROMISES)
        return
    for field in kind.fields:
        for value in other_values(field, clause.fields[field.name]):
            try:
                changed = clause_of(name, {**fields, field.name: value})
            except ScenarioError:
                continue
            if kind.article(changed, MEMBERS) != kind.article(clause, MEMBERS):
                assert running(changed) != running(clause), field.name


@EVERY
def test_every_field_is_read(kind):
    """Each field of a clause changes its article in one case at least."""
    silent = {field.name for field in kind.fields}
    for fields in FULL[kind.name]:
        clause = clause_of(kind.name, fields)
        for field in kind.fields:
            for value in other_values(field, clause.fields[field.name]):
                try:
                    changed = clause_of(kind.name, {**fields, field.name: value})
                except ScenarioError:
                    continue
                if kind.article(changed, MEMBERS) != kind.article(clause, MEMBERS):
                    silent.discard(field.name)
    assert not silent - {"form"}, f"{kind.name} never states {silent}"


@CASES
def test_orders_are_sound_or_refused_by_name(name, fields):
    """Every order is accepted by its instrument; one whose instrument is unknown is refused, not skipped."""
    for draft in BY_NAME[name].orders(clause_of(name, fields), SCOPE):
        record = {"type": draft.type, "actor": draft.actor, "quarter": "2026Q1", "fields": draft.fields}
        if draft.type in INSTRUMENTS:
            assert order_from(record, INSTRUMENTS).actor in MEMBERS
        else:
            with pytest.raises(ScenarioError, match=f"Order type '{draft.type}' is unknown"):
                order_from(record, INSTRUMENTS)


@CASES
def test_members_spare_each_other(name, fields):
    """A measure at the border that a clause puts up exempts all other members."""
    for draft in BY_NAME[name].orders(clause_of(name, fields), SCOPE):
        if "exempt" in draft.fields:
            assert set(draft.fields["exempt"]) == set(MEMBERS) - {draft.actor}


@CASES
def test_an_unknown_field_is_refused(name, fields):
    """A field that the clause does not have is an error."""
    with pytest.raises(ScenarioError, match="Field 'colour' is unknown"):
        clause_of(name, {**fields, "colour": "red"})


@EVERY
def test_numbers_outside_their_limits_are_refused(kind):
    """Below the low and above the high limit, and not a number: each is an error that names the limit."""
    fields = FULL[kind.name][0]
    for field in kind.fields:
        if field.kind not in ("path", "number", "share", "integer"):
            continue
        bad = [field.low - 1.0] + ([field.high + 1.0] if field.high is not None else [])
        for value in [*bad, "many", float("nan")]:
            with pytest.raises(ScenarioError, match="it must be"):
                clause_of(kind.name, {**fields, field.name: value})


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("gap_subsidy", {"good": "gallium", "burden": {"USA": 0.5, "CHN": 0.5}}, "names 'CHN', which is not a member"),
        ("gap_subsidy", {"good": "gallium", "burden": {"USA": 0.5}}, "adds up to 0.5"),
        ("gap_subsidy", {"good": "gallium", "upside_usd_per_t": 1.0}, "pays nothing back"),
        ("offtake", {"good": "gallium", "seller": "CHN"}, "it must be a member"),
        ("offtake", {"good": "gallium", "seller": "JPN", "shares": {"JPN": 1.0}}, "has no buyer"),
        ("coordinated_restriction", {"good": "gallium", "target": ["JPN"], "form": "ban"}, "aimed at JPN, a member"),
        ("coordinated_restriction", {"good": "gallium", "target": ["CHN"], "form": "quota"}, "Write quantity_t"),
        ("coordinated_restriction", {"good": "gallium", "target": ["CHN"], "form": "ban", "tax_rate": 0.1}, "takes no"),
        ("one_voice", {"toward": ["USA"]}, "toward USA, a member"),
        ("common_price_floor", {"good": "gallium", "reference": "before", "price_usd_per_t": 1.0}, "reference too"),
        ("common_price_floor", {"good": "gallium", "price_usd_per_t": 1.0, "downstream": ["magnets"]}, "or neither"),
        ("territorial_integrity", {"suspension_quarters": 3}, "between 4 quarters and 80 quarters"),
        ("mutual_exemption", {"good": "unobtainium"}, "is not a good"),
    ],
)  # fmt: skip
def test_contradictions_are_refused(name, fields, message):
    """Fields that contradict each other or the members: one message, with a remedy."""
    with pytest.raises(ScenarioError, match=message):
        clause_of(name, fields)
