"""Fast track: permits for the country's own mines and plants take less time. A Push on the wait for a permit."""

import numpy as np

from model.field import Field
from model.instrument import Edit, Instrument, Push, Site, listed, spoken, term
from model.instruments.common import FIRM, GOOD
from model.order import Order

FIELDS = (
    GOOD,
    FIRM,
    Field("permit_factor", "path", "Factor on the wait for a permit", "the wait over what it would be",
          unit="1", low=0.0, high=1.0, default=0.5, remedy="Write 0.5 for half the time."),
    Field("lead_factor", "path", "Factor on the time to build", "the time over what it would be",
          unit="1", low=0.3, high=1.0, default=1.0, remedy="Write 1 for no effect."),
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    wait = spoken(fields["permit_factor"], "", percent=True)
    goods = listed(fields["good"])
    return (
        f"{order.actor} fast-tracks its projects of {goods}: permits take {wait} of the time {term(order)}."
    )


def compile(order: Order, site: Site) -> list[Edit]:
    """Return pushes on the permits, and on the time to build, of the actor's sites."""
    fields, active, edits = order.fields, site.active(order), list[Edit]()
    for good in fields["good"]:
        plants = site.plants_of(order.actor, good, fields["firm"])
        for what, name in (("site_permit_factor", "permit_factor"), ("site_lead_factor", "lead_factor")):
            factor = 1.0 + active * (site.path(order, fields[name]) - 1.0)
            if plants.size and np.any(factor != 1.0):
                edits.append(Push(what, plants, factor))
    return edits


INSTRUMENT = Instrument(
    name="fast_track",
    title="Permitting fast track",
    summary="Shortens the wait for permits.",
    fields=FIELDS,
    text=text,
    compile=compile,
)
