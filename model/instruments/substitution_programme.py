"""Substitution programme: the state helps its users change to other materials sooner.

A Push on the speed at which the country's users substitute while prices are high; what is permanent of it stays when
prices fall. The Outlay is the actor's.
"""

import numpy as np

from model.field import Field
from model.instrument import Edit, Instrument, Push, Site, listed, spoken, term
from model.instruments.common import BURDEN, COST, GOOD, burden_check, outlay
from model.order import Order

FIELDS = (
    GOOD,
    Field("speed_factor", "path", "Factor on the speed", "of substitution, over the usual", unit="1", low=1.0,
          high=10.0, default=2.0, remedy="Write 2 for twice as fast."),
    COST,
    BURDEN,
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    speed, goods = spoken(fields["speed_factor"], "times as fast"), listed(fields["good"])
    cost = spoken(fields["usd_per_year"], "usd a year")
    return f"{order.actor} helps its users substitute {goods} {speed}, for {cost}, {term(order)}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return the push at the actor's buyers, and the outlay."""
    active, edits = site.active(order), list[Edit]()
    factor = 1.0 + active * (site.path(order, order.fields["speed_factor"]) - 1.0)
    for good in order.fields["good"]:
        buyers = site.buyers_of(order.actor, good)
        if buyers.size and np.any(factor != 1.0):
            edits.append(Push("buyer_substitution_factor", buyers, factor))
    return edits + list[Edit](outlay(order, site, active) if edits else [])


INSTRUMENT = Instrument(
    name="substitution_programme",
    title="Substitution programme",
    summary="Helps users change to other materials sooner.",
    fields=FIELDS,
    text=text,
    check=burden_check,
    compile=compile,
)
