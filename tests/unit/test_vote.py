"""Voting rules: who carries a vote, and what a treaty says of it."""

import pytest

from model.error import ScenarioError
from model.treaty import treaty_from
from model.treaty_text import text
from model.vote import is_carried, voter_weights

VOTERS = ("A", "B", "C")


@pytest.mark.parametrize(
    ("rule", "yes", "weights", "share", "carried"),
    [
        ("unanimity", "ABC", None, 0.5, True), ("unanimity", "AB", None, 0.5, False),
        ("unanimity", "", None, 0.5, False),
        ("majority", "AB", None, 0.5, True), ("majority", "A", None, 0.5, False),
        ("majority", "AB", None, 0.67, False), ("majority", "A", {"A": 99.0}, 0.5, False),
        ("weighted", "A", {"A": 6.0, "B": 3.0, "C": 1.0}, 0.5, True),
        ("weighted", "BC", {"A": 6.0, "B": 3.0, "C": 1.0}, 0.5, False),
        ("weighted", "A", {"A": 5.0, "B": 5.0}, 0.5, False), ("weighted", "AB", {}, 0.5, True),
        ("weighted", "A", {"A": 6.0, "B": 3.0, "C": 1.0}, 0.65, False),
    ],
)  # fmt: skip
def test_a_vote_is_carried_by_its_rule(rule, yes, weights, share, carried):
    """Unanimity needs everybody, a majority more than the share of heads, a weighted vote more than that of weight."""
    assert is_carried({voter: voter in yes for voter in VOTERS}, VOTERS, rule, weights, share) is carried
    assert is_carried(dict.fromkeys(yes, True), VOTERS, rule, weights, share) is carried  # silence is no yes


def test_nobody_carries_nothing():
    """Without voters nothing is carried, whatever the rule; weights of others do not count."""
    assert not any(is_carried({}, (), rule) for rule in ("unanimity", "majority", "weighted"))
    assert voter_weights(("A", "B"), {"A": 1.0, "B": 3.0, "C": 96.0}) == {"A": 0.25, "B": 0.75}


def test_a_treaty_says_how_its_members_vote():
    """The rule stands in an article of its own where the treaty has one; weights may name members only."""
    document = {"id": "pact", "kind": "memorandum", "members": ["USA", "JPN"],
                "clauses": [{"type": "mutual_exemption", "fields": {}}]}  # fmt: skip
    silent = treaty_from(document)
    assert "Decisions" not in text(silent) and "vote" not in silent.to_mapping()
    assert silent.voting == ("unanimity", 0.5, None)
    told = treaty_from({**document, "vote": "weighted"})
    assert "more than half of the weight" in text(told) and "in the base year" in text(told)
    assert treaty_from(told.to_mapping()) == told
    with pytest.raises(ScenarioError, match="not among its members"):
        treaty_from({**document, "vote": "weighted", "vote_weights": {"KOR": 1.0}})
