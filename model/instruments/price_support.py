"""Price support: the state pays producers the gap between a strike price and an index.

Per eligible tonne `max(0, strike - R) - upside_share * max(0, R - upside_price)`; without an upside share the
contract is one-way. R is the index last published, a producer price that the supported plants do not set this
quarter. Tonnes beyond `quantity_t` earn nothing: the rate per tonne is scaled by last quarter's output.
Yearly caps on the outlay and on what producers pay back scale the rate in the same way. The actor pays, another
treasury (`payer`), or several by shares (`burden`).
"""

import math
from typing import Any

from model.field import Field
from model.instrument import PERIODS, Edit, Instrument, Site, Support, highest_of, listed, spoken, term
from model.instruments.common import BURDEN, GOOD, burden_check
from model.order import Order

_MONEY: dict[str, Any] = {"unit": "usd a t", "low": 0.0}
FIELDS = (
    GOOD,
    Field("country", "country", "Country of the producers", "where the plants are; left out: the actor",
          default=None),
    Field("firm", "text", "Firm", "one firm's plants; left out: all", default=""),
    Field("strike_usd_per_t", "path", "Strike price",
          "the price made up to: one number, or one for each quarter since the start",
          remedy="Remove the measure for no support.", **_MONEY),
    Field("upside_share", "share", "Upside share", "share of the gain above upside_usd_per_t paid back",
          unit="share", low=0.0, high=1.0, default=0.0, remedy="Write 0.3 for 30 %."),
    Field("upside_usd_per_t", "number", "Upside price",
          "price above which is paid back; left out: the strike", default=None, **_MONEY),
    Field("index_country", "place", "Index country", "a country, or WORLD for the average", default="WORLD"),
    Field("quantity_t", "number", "Eligible quantity", "tonnes in a period; left out: all output",
          unit="t", low=0.0, default=None, remedy="Remove the measure for no support."),
    Field("period", "choice", "Period", "the time the tonnes are for", choices=tuple(PERIODS),
          default="year"),
    Field("outlay_cap_usd", "number", "Cap on the outlay", "most the state pays in a year", unit="usd",
          low=0.0, default=None, remedy="Leave it out for no cap."),
    Field("payback_cap_usd", "number", "Cap on the payback", "most producers pay in a year", unit="usd",
          low=0.0, default=None, remedy="Leave it out for no cap."),
    Field("payer", "country", "Payer", "whose treasury pays; left out: the actor", default=None),
    BURDEN,
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    strike, goods = spoken(fields["strike_usd_per_t"], "usd a tonne"), listed(fields["good"])
    producers = f"producers of {goods} in {fields['country'] or order.actor}"
    ways = "takes part of the gain above it and " if fields["upside_share"] else ""
    payer = fields["payer"] or (listed(list(fields["burden"])) if fields["burden"] else "")
    paid = f", paid by {payer}" if payer else ""
    return f"{order.actor} {ways}pays {producers} the gap to {strike} {term(order)}{paid}."


def check(order: Order) -> tuple[str, str] | None:
    """Return the fault of an upside price below the strike (producers would pay and be paid at once), or of payers."""
    fields = order.fields
    if fields["payer"] and fields["burden"]:
        return "payer", f"Price support of {order.actor} has a payer and burden shares. Write one of them."
    upside, strike = fields["upside_usd_per_t"], fields["strike_usd_per_t"]
    highest = highest_of(strike)
    if upside is None or upside >= highest:
        return burden_check(order)
    reason = f"is {upside:g} usd a t; it must be the strike price, {highest:g} usd a t, or more"
    return "upside_usd_per_t", f"Upside price of {order.actor} {reason}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return a support for the plants of each good."""
    fields, edits = order.fields, list[Edit]()
    active, strike = site.active(order), site.path(order, fields["strike_usd_per_t"])
    highest = float(strike.max())
    upside = highest if fields["upside_usd_per_t"] is None else fields["upside_usd_per_t"]
    volume = _or_all(fields["quantity_t"]) / PERIODS[fields["period"]]
    outlay, payback = (_or_all(fields[name]) / 4.0 for name in ("outlay_cap_usd", "payback_cap_usd"))
    for good in fields["good"]:
        plants = site.plants_of(fields["country"] or order.actor, good, fields["firm"])
        index = site.index(good, fields["index_country"], "lagged")
        if plants.size and index:
            edits.append(
                Support(
                    plants, active, strike, upside, fields["upside_share"], index, volume, outlay, payback,
                    burden={fields["payer"]: 1.0} if fields["payer"] else fields["burden"],
                )
            )  # fmt: skip
    return edits


def _or_all(value: float | None) -> float:
    return math.inf if value is None else value


INSTRUMENT = Instrument(
    name="price_support",
    title="Price support",
    summary="Pays producers the gap between a strike price and an index.",
    fields=FIELDS,
    text=text,
    check=check,
    compile=compile,
)
