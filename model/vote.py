"""How a bloc votes: by unanimity, by majority, or by weight. One function for treaties and for votes in a room."""

from collections.abc import Mapping, Sequence
from typing import Any

#: Rules of voting, and how a text says them.
RULES = {
    "unanimity": "all must agree",
    "majority": "more than {share} of the members must agree",
    "weighted": "members with more than {share} of the weight must agree",
}
HALF = 0.5


def is_carried(
    cast: Mapping[str, bool],
    voters: Sequence[str],
    rule: str,
    weights: Mapping[str, float] | None = None,
    share: float = HALF,
) -> bool:
    """Return whether a vote is carried. Who has not voted has not agreed.

    `share` of the members, or of their weight, must be exceeded; `weights` by voter need not add up to anything, and
    where none of the voters has one all count the same.
    """
    agreed = [voter for voter in voters if cast.get(voter)]
    if rule == "unanimity":
        return bool(voters) and len(agreed) == len(voters)
    worth = voter_weights(voters, weights if rule == "weighted" else None)
    return sum(worth[voter] for voter in agreed) > share * (1.0 + 1e-12)


def voter_weights(voters: Sequence[str], weights: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the part of all weight that each voter has, the same for all where no weight is known."""
    known = {voter: max(float((weights or {}).get(voter, 0.0)), 0.0) for voter in voters}
    total = sum(known.values())
    if total <= 0.0:
        return dict.fromkeys(voters, 1.0 / len(voters)) if voters else {}
    return {voter: weight / total for voter, weight in known.items()}


def voting(document: Mapping[str, Any]) -> tuple[str, float, Mapping[str, float] | None]:
    """Return how the members of a treaty document decide together: rule, share to be exceeded, weights it states."""
    share = document.get("vote_share")
    return document.get("vote") or "unanimity", HALF if share is None else share, document.get("vote_weights")


def rule_words(rule: str, share: float = HALF) -> str:
    """Return a rule as a text says it."""
    return RULES[rule].format(share="half" if share == HALF else f"{100.0 * share:g} %")
