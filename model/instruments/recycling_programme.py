"""Recycling programme: collection grows sooner, and recyclers are paid per tonne.

A Push on the growth of the recycled share while recycling pays, and a flat Support for the country's recyclers.
What can be recovered stays within what is discarded. The Outlay is the actor's.
"""

import math

import numpy as np

from model.field import Field
from model.instrument import Edit, Instrument, Push, Site, Support, listed, spoken, term
from model.instruments.common import BURDEN, COST, GOOD, burden_check, outlay
from model.order import Order

FIELDS = (
    GOOD,
    Field("speed_factor", "path", "Factor on the growth", "of the recycled share, over the usual", unit="1",
          low=1.0, high=10.0, default=2.0, remedy="Write 2 for twice as fast."),
    Field("rate_usd_per_t", "path", "Support of recyclers", "money per tonne recovered", unit="usd a t",
          low=0.0, default=0.0, remedy="Leave it out for none."),
    COST,
    BURDEN,
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    speed, goods = spoken(fields["speed_factor"], "times as fast"), listed(fields["good"])
    paid = ""
    if fields["rate_usd_per_t"]:
        paid = f" and pays recyclers {spoken(fields['rate_usd_per_t'], 'usd a tonne')}"
    cost = spoken(fields["usd_per_year"], "usd a year")
    return f"{order.actor} makes recycling of {goods} grow {speed}{paid}, for {cost}, {term(order)}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return the push at the actor's buyers, the support of its recyclers, and the outlay."""
    fields, active, edits = order.fields, site.active(order), list[Edit]()
    factor = 1.0 + active * (site.path(order, fields["speed_factor"]) - 1.0)
    rate, nothing = site.path(order, fields["rate_usd_per_t"]), np.zeros_like(active)
    for good in fields["good"]:
        buyers, plants = site.buyers_of(order.actor, good), site.plants_of(order.actor, good, "")
        recyclers = plants[(site.tables.plants["kind"].iloc[plants] == "recycler").to_numpy()]
        if buyers.size and np.any(factor != 1.0):
            edits.append(Push("buyer_recycling_factor", buyers, factor))
        if recyclers.size and rate.any():
            edits.append(
                Support(
                    recyclers, active, nothing, 0.0, 0.0, None, math.inf, math.inf, math.inf,
                    flat=rate, burden=fields["burden"],
                )
            )  # fmt: skip
    return edits + list[Edit](outlay(order, site, active) if edits else [])


INSTRUMENT = Instrument(
    name="recycling_programme",
    title="Recycling programme",
    summary="Makes recycling grow sooner and pays recyclers.",
    fields=FIELDS,
    text=text,
    check=burden_check,
    compile=compile,
)
