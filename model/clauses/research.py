"""Research: members pay together for substitution, recycling or better processing.

A public good: all importers gain, those who do not pay as well.
"""

from collections.abc import Sequence

from model.clause import Clause, ClauseKind, Draft, Scope
from model.clauses.common import ANY_GOOD, BURDEN, goods_words, scaled, shares_words
from model.field import Field
from model.instrument import spoken
from model.pact import Burden, Pact

FIELDS = (
    ANY_GOOD,
    Field("aim", "choice", "Aim", "what is sought", choices=("substitution", "recycling", "processing"),
          default="substitution"),
    Field("usd_per_year", "path", "Programme", "money a year in all; left out: programmes are only aligned", unit="usd",
          low=0.0, default=None, remedy="Leave the clause out for no programme."),
    Field("speed", "number", "Gain in speed", "of what is sought, over the usual, by all members' money", unit="1",
          low=0.0, high=5.0, default=0.5, remedy="Write 0.5 for half as fast again."),
    BURDEN,
)  # fmt: skip


def article(clause: Clause, members: Sequence[str]) -> list[str]:
    """Return the paragraphs of the article."""
    fields = clause.fields
    aim, goods = fields["aim"], goods_words(fields["good"])
    if fields["usd_per_year"] is None:
        return [f"The members align their research on {aim} of {goods}. No sum is committed by this text."]
    return [
        f"The members spend {spoken(fields['usd_per_year'], 'US dollars a year')} on research on {aim} of {goods}.",
        f"It is to make {aim} {100 * fields['speed']:g} % faster.",
        f"They bear it in these shares: {shares_words(fields['burden'])}.",
    ]


def orders(clause: Clause, scope: Scope) -> list[Draft]:
    """Return each member's part of the programme."""
    fields = clause.fields
    if fields["usd_per_year"] is None:
        return []
    same = {"good": scope.goods_of(clause), "aim": fields["aim"]}
    return [
        Draft("research_programme", member,
              {**same, "usd_per_year": scaled(fields["usd_per_year"], part), "speed": part * fields["speed"]})
        for member, part in fields["burden"].items() if member in scope.members and part
    ]  # fmt: skip


def pacts(clause: Clause) -> list[Pact]:
    """Return how the programme is borne."""
    return (
        []
        if clause.fields["usd_per_year"] is None
        else [Burden("research_programme", clause.fields["burden"])]
    )


CLAUSE = ClauseKind(
    name="research",
    title="Research",
    summary="Members pay together for substitution, recycling or processing.",
    fields=FIELDS,
    article=article,
    orders=orders,
    pacts=pacts,
    weaker={"usd_per_year": "low", "speed": "low"},
)
