"""Territorial integrity: a claim or threat against a member suspends what the treaty exempts between the two.

It touches the market through tension and the lapse of benefits only.
"""

from collections.abc import Sequence

from model.clause import Clause, ClauseKind
from model.field import Field
from model.pact import Pact, Tension, Territorial

FIELDS = (
    Field("suspension_quarters", "integer", "Suspension", "quarters for which exemptions between the two lapse",
          unit="quarters", low=4, high=80, default=4, remedy="Write 4 for a year, the least."),
    Field("breach_tension", "share", "Tension of a breach", "rise of tension between the two", unit="share", low=0.0,
          high=1.0, default=0.3, remedy="Write 0.3."),
    Field("signing_calm", "share", "Calm of signing", "fall of tension between members when they sign", unit="share",
          low=0.1, high=0.2, default=0.15, remedy="Write 0.15."),
)  # fmt: skip


def article(clause: Clause, members: Sequence[str]) -> list[str]:
    """Return the paragraphs of the article."""
    fields = clause.fields
    return [
        "The members respect each other's territory. A claim to it, or a threat of force, is a breach.",
        f"A breach suspends mutual exemptions between the two for {fields['suspension_quarters']} quarters at least, "
        f"and raises tension between them by {fields['breach_tension']:g}.",
        f"Signing lowers tension between members by {fields['signing_calm']:g}.",
    ]


def pacts(clause: Clause) -> list[Pact]:
    """Return the consequence of a breach, and the calm of signing."""
    fields = clause.fields
    return [
        Territorial(fields["suspension_quarters"], fields["breach_tension"]),
        Tension(-fields["signing_calm"]),
    ]


CLAUSE = ClauseKind(
    name="territorial_integrity",
    title="Territorial integrity",
    summary="A breach suspends exemptions between the two.",
    fields=FIELDS,
    article=article,
    pacts=pacts,
    weaker={"suspension_quarters": "low", "breach_tension": "low", "signing_calm": "low"},
)
