"""Information sharing: partners pool what they know, so that firms err less and buyers panic less.

With n partners the error of the actor's firms about prices falls to `1 / sqrt(1 + n)` of what it was, and the rise of
the risk that its buyers perceive by `calm`. Pushes on `site_error_factor` and `buyer_risk_factor`. The Outlay is small.
Nothing physical changes by itself.
"""

import math

from model.field import Field
from model.instrument import Edit, Instrument, Push, Site, listed, term
from model.instruments.common import COST, GOOD, outlay
from model.order import Order

FIELDS = (
    GOOD,
    Field("partner", "countries", "Partner", "who shares with the actor"),
    Field("calm", "share", "Calm", "part by which perceived risk rises less", unit="share", low=0.0, high=1.0,
          default=0.5, remedy="Write 0.5 for half the panic."),
    COST,
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    goods, partners = listed(order.fields["good"]), order.fields["partner"]
    whom = listed(partners) if partners else "nobody"
    return f"{order.actor} shares what it knows of {goods} with {whom} {term(order)}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return the pushes on errors of the actor's firms and on the fear of its buyers."""
    fields, active, edits = order.fields, site.active(order), list[Edit]()
    others = [code for code in fields["partner"] if code != order.actor]
    if not others:
        return edits
    less = 1.0 / math.sqrt(1.0 + len(others))
    for good in fields["good"]:
        plants, buyers = site.plants_of(order.actor, good, ""), site.buyers_of(order.actor, good)
        if plants.size:
            edits.append(Push("site_error_factor", plants, 1.0 + active * (less - 1.0)))
        if buyers.size and fields["calm"] > 0.0:
            edits.append(Push("buyer_risk_factor", buyers, 1.0 - active * fields["calm"]))
    return edits + list[Edit](outlay(order, site, active) if edits else [])


INSTRUMENT = Instrument(
    name="information_sharing",
    title="Information sharing",
    summary="Pools what partners know: smaller errors, less panic.",
    fields=FIELDS,
    text=text,
    compile=compile,
)
