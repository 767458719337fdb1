"""Border-adjusted price floor: imports from outsiders cost at least the floor.

Landed price `max(landed, floor)` on routes from non-members. In the tariff form the top-up is the importer's
revenue; in the minimum-price form the outside seller keeps it. The floor is a declared price, or a share
of a reference price that the rule does not move within the quarter. Of several floors the highest counts.
"""

from model.field import Field
from model.instrument import Edit, Floor, Instrument, Site, listed, spoken, term
from model.instruments.common import GOOD, TARGETS
from model.order import Order

FIELDS = (
    GOOD,
    TARGETS,
    Field("exempt", "countries", "Member", "members of the floor, whose goods are exempt", default=[]),
    Field("price_usd_per_t", "path", "Price floor",
          "lowest landed price: one number, or one for each quarter since the start",
          unit="usd a t", low=0.0, default=None, remedy="Remove the measure for no floor."),
    Field("reference", "choice", "Reference",
          "declared price, or the price of the four quarters before the start, or of the last four quarters",
          choices=("declared", "before", "lagged_mean"), default="declared"),
    Field("share", "number", "Share of the reference price", "the floor over the reference price",
          unit="share", low=0.0, high=10.0, default=1.0, remedy="Write 1.2 for a fifth above it."),
    Field("reference_country", "place", "Reference country", "a country, or WORLD for the average",
          default="WORLD"),
    Field("form", "choice", "Legal form", "tariff: the treasury gets the top-up; minimum_price: the seller",
          choices=("tariff", "minimum_price"), default="tariff"),
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    goods, targets = listed(fields["good"]), listed(fields["target"])
    height = f"{100 * fields['share']:g} % of the reference price"
    if fields["reference"] == "declared":
        height = spoken(fields["price_usd_per_t"], "usd a tonne")
    return f"{order.actor} holds imports of {goods} from {targets} at {height} or more {term(order)}."


def check(order: Order) -> tuple[str, str] | None:
    """Return the fault of a declared floor without a price, or of a referenced one with it."""
    declared = order.fields["reference"] == "declared"
    if declared and order.fields["price_usd_per_t"] is None:
        return (
            "price_usd_per_t",
            f"Price floor of {order.actor} is missing. Write price_usd_per_t, or a reference.",
        )
    if not declared and order.fields["price_usd_per_t"] is not None:
        fault = "is declared and has a reference too. Remove price_usd_per_t or set reference to declared"
        return "price_usd_per_t", f"Price floor of {order.actor} {fault}."
    return None


def compile(order: Order, site: Site) -> list[Edit]:
    """Return a floor for the routes of each good."""
    fields, edits = order.fields, list[Edit]()
    active = site.active(order)
    declared = fields["reference"] == "declared"
    price = site.path(order, fields["price_usd_per_t"] if declared else 0.0)
    for good in fields["good"]:
        routes, index = site.inbound(order, good), None
        if not declared:
            index = site.index(good, fields["reference_country"], fields["reference"], fields["share"])
        if routes.size and (declared or index):
            edits.append(Floor(routes, active, price, index, fields["form"] == "tariff"))
    return edits


INSTRUMENT = Instrument(
    name="price_floor",
    title="Price floor",
    summary="Holds imports from outsiders at a minimum price.",
    fields=FIELDS,
    text=text,
    check=check,
    compile=compile,
)
