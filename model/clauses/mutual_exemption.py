"""Mutual exemption: members' export measures do not bind towards each other.

This is the example to copy for a new clause. It needs typed fields, an article that states every one of them,
what runs (orders, pacts, or both), and a line in `model/clauses/__init__.py`. A `check` is needed only where
fields can contradict each other or the members. The contract tests find the rest by themselves.

Economics: worth the restriction avoided times what is bought, and the outage avoided; free while no measure
exists. The anti-leak rule keeps exempted goods from a restricted third country: a member takes in no more than it
uses and stores, and of what leaks on, at most the unverified share stays unseen.
"""

from collections.abc import Sequence

from model.clause import Clause, ClauseKind
from model.clauses.common import ANY_GOOD, goods_words
from model.field import Field
from model.pact import Exemption, Pact

FIELDS = (
    ANY_GOOD,
    Field(
        name="covers",
        kind="choice",
        label="Measures covered",
        help="every export measure, or duties only",
        choices=("every_measure", "duties"),
        default="every_measure",
    ),
    Field(
        name="verification",
        kind="share",
        label="Verified share",
        help="share of exempted shipments whose end use is checked",
        unit="share",
        low=0.0,
        high=1.0,
        default=0.7,
        remedy="Write 0.7 for 70 %.",
    ),
)


def article(clause: Clause, members: Sequence[str]) -> list[str]:
    """Return the paragraphs of the article."""
    fields = clause.fields
    duties = fields["covers"] == "duties"
    what = "export duty" if duties else "export quota, licence, ban, tax or other restriction"
    kept = " Quantity limits stay as they are." if duties else ""
    return [
        f"No {what} of a member on {goods_words(fields['good'])} applies to shipments to another member.{kept}",
        "A member takes in no more under this article than it uses and puts in store, and lets nothing of it go on to "
        "a country that the exporting member restricts.",
        f"The end use of {100 * fields['verification']:g} % of exempted shipments is verified.",
    ]


def pacts(clause: Clause) -> list[Pact]:
    """Return the exemption."""
    fields = clause.fields
    return [Exemption(tuple(fields["good"]), fields["verification"], fields["covers"] == "duties")]


CLAUSE = ClauseKind(
    name="mutual_exemption",
    title="Mutual exemption from export restrictions",
    summary="Members' export measures do not bind towards each other.",
    fields=FIELDS,
    article=article,
    pacts=pacts,
    weaker={"verification": "low"},
)
