"""Border-adjusted price floor: imports from outsiders cost at least the floor.

Landed price `max(landed, floor)` on routes from non-members. In the tariff form the top-up is the importer's
revenue; in the minimum-price form the outside seller keeps it. Of several floors the highest counts.

The height is declared; or a share of a reference price of the four quarters before the start, or of four quarters up to
`lag_quarters` ago; or built up from costs (cost-plus: cash cost, inputs and capital of new plants at base-year prices,
times the share); or negotiated: the weight `cost_weight` on cost-plus and the rest on the lagged price.

Downstream: finished goods that hold the metal would leak in. With `downstream` (good: tonnes of metal in a tonne) a
product from outsiders pays, next quarter, its content times what the floor added to metal from the same origin:
as a duty in the tariff form, as a floor of its own in the minimum-price form.
"""

import numpy as np

from model.field import Field
from model.instrument import Downstream, Edit, Floor, Index, Instrument, Site, listed, spoken, term
from model.instruments.common import GOOD, TARGETS
from model.network import Floats
from model.order import Order

_INDEXED = ("before", "lagged_mean", "negotiated")
_COSTED = ("cost_plus", "negotiated")
FIELDS = (
    GOOD,
    TARGETS,
    Field("exempt", "countries", "Member", "members of the floor, whose goods are exempt", default=[]),
    Field("price_usd_per_t", "path", "Price floor",
          "lowest landed price: one number, or one for each quarter since the start",
          unit="usd a t", low=0.0, default=None, remedy="Remove the measure for no floor."),
    Field("reference", "choice", "Reference",
          "declared price; the price of the four quarters before the start, or of the last four quarters; cost_plus; "
          "or negotiated, between cost_plus and the last four quarters",
          choices=("declared", "before", "lagged_mean", "cost_plus", "negotiated"), default="declared"),
    Field("share", "number", "Share of the reference price", "the floor over the reference price",
          unit="share", low=0.0, high=10.0, default=1.0, remedy="Write 1.2 for a fifth above it."),
    Field("reference_country", "place", "Reference country", "a country, or WORLD for the average",
          default="WORLD"),
    Field("lag_quarters", "integer", "Update lag", "quarters by which the reference is late", unit="quarters",
          low=1.0, high=4.0, default=1, remedy="Write 1 for the price as last published."),
    Field("cost_country", "place", "Country of the costs", "whose new plants' costs count, or WORLD",
          default="WORLD"),
    Field("cost_weight", "share", "Weight of the costs", "in a negotiated floor, the rest is the lagged price",
          unit="share", low=0.0, high=1.0, default=0.5, remedy="Write 1 for cost-plus alone."),
    Field("capital_return", "share", "Return on capital", "a year, in cost-plus", unit="share", low=0.0,
          high=0.5, default=0.1, remedy="Write 0.1 for 10 % a year."),
    Field("downstream", "weights", "Downstream cover",
          "goods that hold the metal, and tonnes of it in a tonne of each: a table; left out: none",
          unit="t a t", low=0.0, high=1.0, default=None, remedy="Leave it out for no cover."),
    Field("form", "choice", "Legal form", "tariff: the treasury gets the top-up; minimum_price: the seller",
          choices=("tariff", "minimum_price"), default="tariff"),
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    height = f"{100 * fields['share']:g} % of {_WORDS.get(fields['reference'], 'the reference price')}"
    if fields["reference"] == "declared":
        height = spoken(fields["price_usd_per_t"], "usd a tonne")
    goods, targets = listed(fields["good"]), listed(fields["target"])
    products = f", and {listed(list(fields['downstream']))} by content" if fields["downstream"] else ""
    return (
        f"{order.actor} holds imports of {goods} from {targets} at {height} or more{products} {term(order)}."
    )


_WORDS = {
    "cost_plus": "the full cost of new plants",
    "negotiated": "a price between full cost and the market's",
}


def check(order: Order) -> tuple[str, str] | None:
    """Return the fault of a declared floor without a price, of a referenced one with it, of a product elsewhere."""
    declared = order.fields["reference"] == "declared"
    if declared and order.fields["price_usd_per_t"] is None:
        return (
            "price_usd_per_t",
            f"Price floor of {order.actor} is missing. Write price_usd_per_t, or a reference.",
        )
    if not declared and order.fields["price_usd_per_t"] is not None:
        fault = "is declared and has a reference too. Remove price_usd_per_t or set reference to declared"
        return "price_usd_per_t", f"Price floor of {order.actor} {fault}."
    if order.fields["downstream"] and len(order.fields["good"]) > 1:
        reason = "covers products of several goods at once; it must be clear which metal they hold"
        return "downstream", f"Price floor of {order.actor} {reason}. Write one measure for each good."
    return None


def compile(order: Order, site: Site) -> list[Edit]:
    """Return a floor for the routes of each good, and the routes of the products it covers."""
    fields, edits, active = order.fields, list[Edit](), site.active(order)
    products = tuple(
        Downstream(site.inbound(order, product), content)
        for product, content in (fields["downstream"] or {}).items()
    )
    for good in fields["good"]:
        routes, height = site.inbound(order, good), _height(order, site, good)
        if routes.size and height is not None:
            edits.append(Floor(routes, active, *height, fields["form"] == "tariff", products))
    return edits


def _height(order: Order, site: Site, good: str) -> tuple[Floats, Index | None] | None:
    """Return the declared part of the floor and the reference price beside it; None where one is unknown."""
    fields, reference = order.fields, order.fields["reference"]
    if reference == "declared":
        return site.path(order, fields["price_usd_per_t"]), None
    weight = {"cost_plus": 1.0, "negotiated": fields["cost_weight"]}.get(reference, 0.0)
    fixed = 0.0
    if reference in _COSTED:
        cost = site.full_cost(good, fields["cost_country"], fields["capital_return"], _YEARS)
        if not np.isfinite(cost):
            return None
        fixed = weight * fields["share"] * cost
    index = None
    if reference in _INDEXED:
        kind = "before" if reference == "before" else "lagged_mean"
        share = (1.0 - weight) * fields["share"]
        index = site.index(good, fields["reference_country"], kind, share, fields["lag_quarters"])
        if index is None:
            return None
    return site.path(order, fixed), index


#: Life over which cost-plus spreads the capital cost.
_YEARS = 20.0
INSTRUMENT = Instrument(
    name="price_floor",
    title="Price floor",
    summary="Holds imports from outsiders at a minimum price.",
    fields=FIELDS,
    text=text,
    check=check,
    compile=compile,
)
