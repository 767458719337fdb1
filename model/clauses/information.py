"""Information sharing: members pool what they know of stocks, flows and licences.

Less noise in forecasts and less panic buying. It changes no physical stock by itself; restrictions are seen at once
with or without it.
"""

from collections.abc import Sequence

from model.clause import Clause, ClauseKind, Draft, Scope
from model.clauses.common import ANY_GOOD, goods_words


def article(clause: Clause, members: Sequence[str]) -> list[str]:
    """Return the paragraphs of the article."""
    goods = goods_words(clause.fields["good"])
    return [
        f"The members share what they know of stocks, trade and restrictions of {goods}, and warn each other."
    ]


def orders(clause: Clause, scope: Scope) -> list[Draft]:
    """Return each member's part in the pool."""
    goods = scope.goods_of(clause)
    return [
        Draft("information_sharing", member, {"good": goods, "partner": scope.others(member)})
        for member in scope.members
    ]


CLAUSE = ClauseKind(
    name="information",
    title="Information and early warning",
    summary="Members pool what they know and warn each other.",
    fields=(ANY_GOOD,),
    article=article,
    orders=orders,
)
