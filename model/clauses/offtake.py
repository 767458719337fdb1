"""Offtake: members commit to buy from a producing member for years.

Firm volume for most of a loan's life is what lets lenders advance capital; for the buyer it is worth the price
on the spot market less the price agreed, which may be negative.
"""

from collections.abc import Sequence

from model.clause import Clause, ClauseKind, Draft, Scope
from model.clauses.common import GOOD, countries_words, goods_words, shares_words
from model.field import Field
from model.instrument import spoken
from model.pact import Burden, Pact

FIELDS = (
    GOOD,
    Field("seller", "country", "Seller", "the member whose producers deliver"),
    Field("quantity_t_per_year", "number", "Offtake", "tonnes a year; left out: to be agreed", unit="t a year",
          low=0.0, default=None, remedy="Leave the clause out for no offtake."),
    Field("price_usd_per_t", "number", "Lowest price", "the least paid for a tonne", unit="usd a t", low=0.0,
          default=0.0, remedy="Leave it out for the market's price."),
    Field("discount", "share", "Discount", "part of the market price taken off above the lowest price", unit="share",
          low=0.0, high=1.0, default=0.0, remedy="Write 0.05 for 5 %."),
    Field("take_or_pay", "share", "Take or pay", "share paid for even if not taken", unit="share", low=0.0,
          high=1.0, default=0.8, remedy="Write 0.8 for 80 %."),
    Field("years", "number", "Years", "years of delivery", unit="years", low=0.25, high=50.0, default=10.0,
          remedy="Write 10 for ten years."),
    Field("shares", "shares", "Buyers' shares", "who takes how much, by member; left out: equal parts of all but "
          "the seller", unit="share", low=0.0, high=1.0, default=None),
)  # fmt: skip


def buyers(clause: Clause) -> dict[str, float]:
    """Return the buyers' shares; the seller buys nothing, the rest adds up to 1."""
    shares = {
        code: share for code, share in clause.fields["shares"].items() if code != clause.fields["seller"]
    }
    total = sum(shares.values())
    return {code: share / total for code, share in shares.items()} if total else {}


def article(clause: Clause, members: Sequence[str]) -> list[str]:
    """Return the paragraphs of the article."""
    fields = clause.fields
    goods, seller = goods_words(fields["good"]), countries_words([fields["seller"]])
    if fields["quantity_t_per_year"] is None:
        return [f"The members promote long contracts for {goods} from {seller}. No tonnes are agreed here."]
    tonnes = spoken(fields["quantity_t_per_year"], "t a year")
    price = spoken(fields["price_usd_per_t"], "US dollars a tonne")
    return [
        f"The other members buy {tonnes} of {goods} from producers in {seller} for {fields['years']:g} years, in these "
        f"shares: {shares_words(buyers(clause))}.",
        f"The price is the market's less {100 * fields['discount']:g} %, and at least {price}.",
        f"At least {100 * fields['take_or_pay']:g} % is paid for, taken or not.",
    ]


def check(clause: Clause, members: Sequence[str]) -> tuple[str, str] | None:
    """Return the fault of a seller outside, or of an offtake without a buyer."""
    seller = clause.fields["seller"]
    if seller not in members:
        return "seller", f"Seller of the offtake is {seller}; it must be a member: {', '.join(members)}."
    if not buyers(clause):
        return "shares", f"Offtake from {seller} has no buyer. Give a share to another member."
    return None


def orders(clause: Clause, scope: Scope) -> list[Draft]:
    """Return one offtake for each buyer."""
    fields = clause.fields
    if fields["quantity_t_per_year"] is None:
        return []
    same = {key: fields[key] for key in ("good", "price_usd_per_t", "discount", "take_or_pay", "years")}
    return [
        Draft("offtake", buyer, {**same, "seller": fields["seller"], "period": "year",
                                 "quantity_t": share * fields["quantity_t_per_year"]})
        for buyer, share in buyers(clause).items() if buyer in scope.members and share
    ]  # fmt: skip


def pacts(clause: Clause) -> list[Pact]:
    """Return the buyers' shares."""
    return [] if clause.fields["quantity_t_per_year"] is None else [Burden("offtake", buyers(clause))]


CLAUSE = ClauseKind(
    name="offtake",
    title="Offtake",
    summary="Members commit to buy from a producing member.",
    fields=FIELDS,
    article=article,
    orders=orders,
    pacts=pacts,
    check=check,
    weaker={
        "quantity_t_per_year": "low",
        "price_usd_per_t": "low",
        "take_or_pay": "low",
        "years": "low",
        "discount": "high",
    },
)
