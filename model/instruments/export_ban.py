"""Export ban: nothing may leave for the targets.

A ban for a whole quarter closes the routes. For part of a quarter it leaves the other days' share of the
mean flow of the four quarters before.
"""

import numpy as np

from model.instrument import Cap, Edit, Instrument, Site, listed, term
from model.instruments.common import EXEMPT, GOOD, HOLDER, TARGETS
from model.order import Order

FIELDS = (GOOD, TARGETS, EXEMPT, HOLDER)


def text(order: Order) -> str:
    """Return the order as a sentence."""
    goods, targets = listed(order.fields["good"]), listed(order.fields["target"])
    return f"{order.actor} bans exports of {goods} to {targets} {term(order)}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return a cap of zero for each good."""
    active = site.active(order)
    nothing = np.zeros_like(active)
    groups = [site.outbound(order, good) for good in order.fields["good"]]
    return [Cap(routes, active, nothing, nothing, order.fields["holder"]) for routes in groups if routes.size]


INSTRUMENT = Instrument(
    name="export_ban",
    title="Export ban",
    summary="Stops exports to the targets.",
    fields=FIELDS,
    text=text,
    compile=compile,
    exemptible=True,
)
