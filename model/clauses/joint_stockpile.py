"""Joint stockpile: members hold a common stock, with entitlements and a response group for crises.

In a crisis of one, each member releases its entitlement's part of what is missing in all that are short; what it lets
go at home frees supply for the others. Shocks that do not hit all members at once make a common stock smaller than the
sum of separate ones. Buying x of outside supply raises its price by about x over the sum of elasticities, so the stock
is built over quarters.
"""

from collections.abc import Sequence

from model.clause import Clause, ClauseKind, Draft, Scope
from model.clauses.common import ANY_GOOD, goods_words, shares_words
from model.field import Field
from model.instrument import spoken

FIELDS = (
    ANY_GOOD,
    Field("quantity_t", "number", "Joint stock", "tonnes of each good in all; left out: stocks are only coordinated",
          unit="t", low=0.0, default=None, remedy="Leave the clause out for no stock."),
    Field("build_quarters", "number", "Time to build", "quarters over which it is bought", unit="quarters", low=1.0,
          high=80.0, default=8.0, remedy="Write 8 for two years."),
    Field("entitlement", "shares", "Entitlements", "who pays for and may draw how much, by member; left out: equal "
          "parts", unit="share", low=0.0, high=1.0, default=None),
    Field("response_group", "flag", "Response group", "whether members release together in a crisis", default=True),
    Field("price_ratio", "number", "Trigger price", "price over its mean of two years that makes a crisis", unit="1",
          low=1.0, high=10.0, default=2.0, remedy="Write 2 for twice the usual price."),
    Field("shortfall", "share", "Trigger shortfall", "missing share of use that makes a crisis", unit="share", low=0.0,
          high=1.0, default=0.05, remedy="Write 0.05 for 5 %."),
)  # fmt: skip


def article(clause: Clause, members: Sequence[str]) -> list[str]:
    """Return the paragraphs of the article."""
    fields = clause.fields
    goods = goods_words(fields["good"])
    if fields["quantity_t"] is None:
        return [f"The members work on common rules for their stocks of {goods}. No joint stock is bought."]
    tonnes = spoken(fields["quantity_t"], "t")
    paragraphs = [
        f"The members build a joint stock of {tonnes} of {goods} within {fields['build_quarters']:g} quarters.",
        f"They pay for it, and may draw on it, in these shares: {shares_words(fields['entitlement'])}.",
    ]
    if fields["response_group"]:
        paragraphs.append(
            f"A response group releases stock for all members when the price is {fields['price_ratio']:g} times its "
            f"mean of two years, or {100 * fields['shortfall']:g} % of use is missing, each its part of that."
        )
    return paragraphs


def orders(clause: Clause, scope: Scope) -> list[Draft]:
    """Return one stockpile for each member, as large as its entitlement."""
    fields = clause.fields
    if fields["quantity_t"] is None:
        return []
    triggers = ("price_ratio", "shortfall") if fields["response_group"] else ()
    rule = {key: fields[key] for key in ("build_quarters", *triggers)}
    rule["together"] = fields["response_group"]
    goods, tonnes = scope.goods_of(clause), fields["quantity_t"]
    return [
        Draft("strategic_stockpile", member, {"good": goods, "target_t": share * tonnes, **rule})
        for member, share in fields["entitlement"].items() if member in scope.members and share
    ]  # fmt: skip


CLAUSE = ClauseKind(
    name="joint_stockpile",
    title="Joint stockpile and crisis response",
    summary="Holds a common stock with entitlements and a response group.",
    fields=FIELDS,
    article=article,
    orders=orders,
    weaker={"quantity_t": "low", "build_quarters": "high", "price_ratio": "high", "shortfall": "high"},
)
