"""One voice: no member signs a deal of its own with an outsider on these goods.

Negotiating together changes the division of the surplus (`model.rules.treaty.joint_share`) and takes longer; a
member that signs alone resets the outside options of the rest.
"""

from collections.abc import Sequence

from model.clause import Clause, ClauseKind
from model.clauses.common import ANY_GOOD, countries_words, goods_words
from model.field import Field
from model.pact import OneVoice, Pact

FIELDS = (
    ANY_GOOD,
    Field("toward", "countries", "Toward", "the outsiders meant; left out: all", default=[]),
)


def article(clause: Clause, members: Sequence[str]) -> list[str]:
    """Return the paragraphs of the article."""
    whom = countries_words(clause.fields["toward"]) if clause.fields["toward"] else "a country outside"
    goods = goods_words(clause.fields["good"])
    return [
        f"The members negotiate with {whom} as one on {goods}. No member signs an agreement of its own on them."
    ]


def pacts(clause: Clause) -> list[Pact]:
    """Return the promise."""
    return [OneVoice(tuple(clause.fields["good"]), tuple(clause.fields["toward"]))]


def check(clause: Clause, members: Sequence[str]) -> tuple[str, str] | None:
    """Return the fault of a promise about a member."""
    inside = [code for code in clause.fields["toward"] if code in members]
    if inside:
        return "toward", f"One voice is meant toward {', '.join(inside)}, a member. Name countries outside."
    return None


CLAUSE = ClauseKind(
    name="one_voice",
    title="One voice",
    summary="No member signs bilaterally with outsiders.",
    fields=FIELDS,
    article=article,
    pacts=pacts,
    check=check,
)
