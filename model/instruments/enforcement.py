"""Enforcement: a state polices its own export measures harder, so that less leaks. A Push on the policing of leaks."""

import numpy as np

from model.field import Field
from model.instrument import Edit, Instrument, Push, Site, spoken, term
from model.instruments.common import COST, outlay
from model.order import Order

FIELDS = (
    Field("effort_factor", "path", "Factor on the effort", "of policing, over the usual", unit="1", low=0.0,
          high=20.0, default=2.0, remedy="Write 2 for twice the effort."),
    COST,
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    effort = spoken(order.fields["effort_factor"], "times the usual effort")
    return f"{order.actor} polices its export measures with {effort} {term(order)}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return the push on the actor's policing, and the outlay."""
    active, rows = site.active(order), site.country_numbers([order.actor])
    factor = 1.0 + active * (site.path(order, order.fields["effort_factor"]) - 1.0)
    if not rows.size:
        return []
    pushes = [Push("country_enforcement_factor", rows, factor)] if np.any(factor != 1.0) else []
    return [*pushes, *outlay(order, site, active)]


INSTRUMENT = Instrument(
    name="enforcement",
    title="Enforcement",
    summary="Polices export measures, so that less leaks.",
    fields=FIELDS,
    text=text,
    compile=compile,
)
