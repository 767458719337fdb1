"""Joint purchasing: a club of buyers holds back together, and keeps the price it forgoes.

A Cap on what the members buy from the targets, as a share of what they bought before. Its scarcity price is the
members' (an import quota run by the buyers): they pay the sellers less. A club has power over the suppliers it
restrains only as far as those have nowhere else to sell.
"""

import numpy as np

from model.field import Field
from model.instrument import Cap, Edit, Instrument, Site, listed, spoken, term
from model.instruments.common import GOOD
from model.name import WORLD
from model.order import Order

FIELDS = (
    GOOD,
    Field("members", "countries", "Member", "who buys together with the actor", default=[]),
    Field("target", "countries", "Target", "sellers they restrain, or WORLD for all outside the club",
          default=[WORLD]),
    Field("rate", "path", "Share of usual purchases", "what they buy together over the four quarters before",
          unit="share", low=0.0, high=1.0, remedy="Write 0.9 to buy a tenth less."),
    Field("growth", "share", "Growth of usual purchases", "yearly growth of the reference since the start",
          unit="share", low=-0.5, high=0.5, default=0.0, remedy="Write 0.03 for 3 % a year."),
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    club = f" with {listed(fields['members'])}" if fields["members"] else ""
    rate, goods = spoken(fields["rate"], "", percent=True), listed(fields["good"])
    return f"{order.actor} buys jointly{club}: {rate} of usual {goods} from {listed(fields['target'])} {term(order)}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return one cap for the whole club on each good."""
    fields, edits = order.fields, list[Edit]()
    if not site.is_here(order.actor):
        return edits
    active, members = site.active(order), [order.actor, *fields["members"]]
    rate, nothing = site.path(order, fields["rate"]), np.zeros_like(active)
    for good in fields["good"]:
        routes = site.into(members, good, fields["target"])
        if routes.size:
            cap = Cap(routes, active, nothing, rate, "buyers", growth=fields["growth"], side="import")
            edits.append(cap)
    return edits


INSTRUMENT = Instrument(
    name="joint_purchasing",
    title="Joint purchasing",
    summary="Lets a club of buyers restrain its purchases from chosen sellers.",
    fields=FIELDS,
    text=text,
    compile=compile,
)
