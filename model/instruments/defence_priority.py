"""Defence priority: part of final demand is served first, whatever the price. A Priority: those tonnes are
ordered before the market clears and used; all others share what is left.
"""

from model.field import Field
from model.instrument import Edit, Instrument, Priority, Site, listed, spoken, term
from model.instruments.common import GOOD
from model.order import Order

FIELDS = (
    GOOD,
    Field("share", "path", "Share served first", "share of final demand at the base year's price",
          unit="share", low=0.0, high=1.0, remedy="Remove the measure for no priority."),
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    share, goods = spoken(order.fields["share"], "", percent=True), listed(order.fields["good"])
    return f"{order.actor} serves defence first: {share} of its final demand for {goods} {term(order)}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return a priority at each of the actor's buyers."""
    share = site.active(order) * site.path(order, order.fields["share"])
    buyers = [j for good in order.fields["good"] for j in site.buyers_of(order.actor, good)]
    return [Priority(int(j), share) for j in buyers]


INSTRUMENT = Instrument(
    name="defence_priority",
    title="Defence priority",
    summary="Serves part of final demand first, whatever the price.",
    fields=FIELDS,
    text=text,
    compile=compile,
)
