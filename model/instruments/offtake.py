"""Offtake: a buyer commits to a producer's tonnes for years, at a price with a lower bound.

The price is `max(price_usd_per_t, (1 - discount) R)` with R the index last published. The metal goes through the market
like all other; the contract settles the difference to R on the tonnes delivered (a two-way Support), paid by the
buyer's treasury or its users. While the price is above the index the buyer takes no more than the take-or-pay
share. Delivered is the volume, or output where that is less; tonnes under several contracts are shared, none is
sold twice.

Bankable (as many years as the loan, take-or-pay of 0.8 or more), it lowers the required return of what the producer
builds: lenders advance `loan_share` of the capital at `loan_return` of the firm's own required return. Push on
`site_discount_factor`.
"""

import math
from typing import Any

from model.field import Field
from model.instrument import PERIODS, Edit, Instrument, Offtake, Push, Site, Support, listed, spoken, term
from model.instruments.common import FIRM, GOOD
from model.order import Order

#: Take-or-pay share from which lenders trust a contract.
_FIRM_TAKE = 0.8
_MONEY: dict[str, Any] = {"unit": "usd a t", "low": 0.0}
FIELDS = (
    GOOD,
    Field("seller", "country", "Country of the seller", "where the plants are"),
    FIRM,
    Field("quantity_t", "number", "Volume", "tonnes in a period", unit="t", low=0.0,
          remedy="Remove the measure for no offtake."),
    Field("period", "choice", "Period", "the time the tonnes are for", choices=tuple(PERIODS), default="year"),
    Field("price_usd_per_t", "path", "Lowest price",
          "the least paid for a tonne: one number, or one for each quarter since the start", default=0.0,
          remedy="Leave it out for the index alone.", **_MONEY),
    Field("discount", "share", "Discount", "part of the index taken off above the lowest price", unit="share",
          low=0.0, high=1.0, default=0.0, remedy="Write 0.05 for 5 %."),
    Field("take_or_pay", "share", "Take or pay", "share paid for even if not taken", unit="share", low=0.0,
          high=1.0, default=0.8, remedy="Write 0.8 for 80 %."),
    Field("years", "number", "Years", "years that the contract runs, for lenders; end says when it ends here",
          unit="years", low=0.25, high=50.0, default=10.0, remedy="Write 10 for ten years."),
    Field("loan_years", "number", "Life of the loan", "years a contract must run to carry a loan", unit="years",
          low=0.25, high=50.0, default=10.0, remedy="Write 10 for ten years."),
    Field("loan_share", "share", "Share lent", "share of the capital cost that lenders advance on it",
          unit="share", low=0.0, high=0.7, default=0.65, remedy="Write 0 for no loan."),
    Field("loan_return", "share", "Return on the loan", "over the firm's own required return", unit="share",
          low=0.1, high=1.0, default=0.6, remedy="Write 0.6 for three fifths of it."),
    Field("index_country", "place", "Index country", "a country, or WORLD for the average", default="WORLD"),
    Field("payer", "choice", "Payer", "whose money settles it: the actor's treasury or its users",
          choices=("state", "users"), default="state"),
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    goods, tonnes = listed(fields["good"]), spoken(fields["quantity_t"], f"t a {fields['period']}")
    seller = fields["firm"] or f"producers in {fields['seller']}"
    least = spoken(fields["price_usd_per_t"], "usd a tonne")
    return f"{order.actor} takes {tonnes} of {goods} from {seller} at {least} or more {term(order)}."


def is_bankable(order: Order) -> bool:
    """Tell whether lenders advance money on the contract."""
    fields = order.fields
    return bool(fields["years"] >= fields["loan_years"] and fields["take_or_pay"] >= _FIRM_TAKE)


def compile(order: Order, site: Site) -> list[Edit]:
    """Return for each good the settlement, and what lenders ask less."""
    fields, edits, active = order.fields, list[Edit](), site.active(order)
    if not site.is_here(order.actor):
        return edits
    least, volume = (
        site.path(order, fields["price_usd_per_t"]),
        fields["quantity_t"] / PERIODS[fields["period"]],
    )
    terms = Offtake(fields["discount"], fields["take_or_pay"])
    for good in fields["good"]:
        plants = site.plants_of(fields["seller"], good, fields["firm"])
        index = site.index(good, fields["index_country"], "lagged")
        if not plants.size or index is None:
            continue
        settled = Support(
            plants, active, least, math.inf, 0.0, index, volume, math.inf, math.inf,
            by_users=fields["payer"] == "users", offtake=terms,
        )  # fmt: skip
        edits.append(settled)
        if is_bankable(order):
            cheaper = fields["loan_share"] * (1.0 - fields["loan_return"])
            edits.append(Push("site_discount_factor", plants, 1.0 - active * cheaper))
    return edits


INSTRUMENT = Instrument(
    name="offtake",
    title="Offtake",
    summary="Commits a buyer to a producer's tonnes at a price with a lower bound.",
    fields=FIELDS,
    text=text,
    compile=compile,
)
