"""Stock order: the state buys for its stock, or releases from it, so many tonnes a quarter.

A purchase is demand whatever the price; a release is supply to the country's own buyers, never more than
the state holds.
"""

from model.field import Field
from model.instrument import Edit, Instrument, Site, Stock, listed, spoken, term
from model.instruments.common import GOOD
from model.order import Order

FIELDS = (
    GOOD,
    Field("move", "choice", "Move", "buy for the stock, or release from it", choices=("buy", "release")),
    Field("quantity_t", "path", "Stock order",
          "tonnes a quarter: one number, or one for each quarter since the start",
          unit="t", low=0.0, remedy="Write move = \"release\" to sell from the stock."),
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    does = "buys" if fields["move"] == "buy" else "releases"
    tonnes = spoken(fields["quantity_t"], "t a quarter")
    place = "for its stock" if fields["move"] == "buy" else "from its stock"
    return f"{order.actor} {does} {tonnes} of {listed(fields['good'])} {place} {term(order)}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return the moves at the actor's buyer of each good, split evenly over EU members where apart."""
    tonnes, edits = site.active(order) * site.path(order, order.fields["quantity_t"]), list[Edit]()
    for good in order.fields["good"]:
        buyers = site.buyers_of(order.actor, good)
        for buyer in buyers:
            part = tonnes / buyers.size
            buying = order.fields["move"] == "buy"
            edits.append(Stock(int(buyer), part if buying else 0.0 * part, 0.0 * part if buying else part))
    return edits


INSTRUMENT = Instrument(
    name="stock_order",
    title="Stock order",
    summary="Buys for the state's stock or releases from it.",
    fields=FIELDS,
    text=text,
    compile=compile,
)
