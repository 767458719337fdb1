"""Standards-based market: a share of members' demand goes to certified producers only.

Certification costs; a premium emerges where the mandated demand exceeds what is certified. Certified outsiders
gain as well, which makes this softer than a floor.
"""

from collections.abc import Sequence

from model.clause import Clause, ClauseKind, Draft, Scope
from model.clauses.common import ANY_GOOD, countries_words, goods_words
from model.field import Field
from model.instrument import spoken

FIELDS = (
    ANY_GOOD,
    Field("mandated_share", "path", "Certified share", "share of demand that must be certified; left out: a standard "
          "is to be written", unit="share", low=0.0, high=1.0, default=None, remedy="Write 0.3 for 30 %."),
    Field("cost_usd_per_t", "number", "Cost of certification", "what compliance costs a producer", unit="usd a t",
          low=0.0, default=0.0, remedy="Leave it out for no cost."),
    Field("recognised", "countries", "Recognised country", "outsiders whose producers are certified too", default=[]),
)  # fmt: skip


def article(clause: Clause, members: Sequence[str]) -> list[str]:
    """Return the paragraphs of the article."""
    fields = clause.fields
    goods = goods_words(fields["good"])
    if fields["mandated_share"] is None:
        return [f"The members work on common standards for {goods}. No share is mandated by this text."]
    outside = countries_words(fields["recognised"]) if fields["recognised"] else ""
    also = f" and in {outside}" if outside else ""
    share = spoken(fields["mandated_share"], "", percent=True)
    return [
        f"Of each member's demand for {goods}, {share} is met from certified producers.",
        f"Producers in the members{also} are certified where they meet the standard, at "
        f"{spoken(fields['cost_usd_per_t'], 'US dollars a tonne')}.",
    ]


def orders(clause: Clause, scope: Scope) -> list[Draft]:
    """Return one standard for each member."""
    fields = clause.fields
    if fields["mandated_share"] is None:
        return []
    certified = sorted({*scope.members, *fields["recognised"]})
    same = {
        "good": scope.goods_of(clause),
        "share": fields["mandated_share"],
        "cost_usd_per_t": fields["cost_usd_per_t"],
        "certified": certified,
    }
    return [Draft("standards", member, dict(same)) for member in scope.members]


CLAUSE = ClauseKind(
    name="standards",
    title="Standards-based market",
    summary="Reserves a share of demand for certified producers.",
    fields=FIELDS,
    article=article,
    orders=orders,
    weaker={"mandated_share": "low", "cost_usd_per_t": "low"},
)
