"""Production quota: the state sets what may be mined or smelted, and may back it with credit.

A cap on all sales of the country's own output, at home and abroad; it gives every tonne one scarcity price, so plants
run less. Set above what would be made it binds nobody. The exporter's flood is a rising quota with state credit: money
per tonne of output and a lower required return for what its firms build. Cap, Support, Push.
"""

import math

import numpy as np

from model.field import Field
from model.instrument import PERIODS, Cap, Edit, Instrument, Push, Site, Support, listed, spoken, term
from model.instruments.common import GOOD, HOLDER
from model.network import Floats, Ints
from model.order import Order

FIELDS = (
    GOOD,
    Field("quantity_t", "path", "Production quota",
          "tonnes that may be made in a period: one number, or one for each period since the start; left out: rate",
          unit="t", low=0.0, default=None, remedy="Leave it out for no quota."),
    Field("period", "choice", "Period", "the time the tonnes are for", choices=tuple(PERIODS), default="year"),
    Field("rate", "path", "Share of usual output", "the quota over the mean of the four quarters before",
          unit="share", low=0.0, high=10.0, default=1.0, remedy="Write 0.8 for a cut by a fifth."),
    Field("growth", "share", "Growth of the quota", "yearly growth of usual output since the start",
          unit="share", low=-0.5, high=0.5, default=0.0, remedy="Write 0.05 for 5 % a year."),
    Field("credit_usd_per_t", "path", "State credit", "what the state pays producers per tonne made",
          unit="usd a t", low=0.0, default=0.0, remedy="Leave it out for none."),
    Field("discount_factor", "path", "Factor on the required return", "below 1 where state banks lend cheaply",
          unit="1", low=0.1, high=2.0, default=1.0, remedy="Write 0.7 for a return three tenths lower."),
    HOLDER,
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    goods = listed(fields["good"])
    height = spoken(fields["rate"], "", percent=True) + " of usual output"
    if fields["quantity_t"] is not None:
        height = spoken(fields["quantity_t"], f"t a {fields['period']}")
    credit = ""
    if fields["credit_usd_per_t"]:
        credit = f" with a credit of {spoken(fields['credit_usd_per_t'], 'usd a tonne')}"
    return f"{order.actor} limits its production of {goods} to {height}{credit} {term(order)}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return a cap on all own sales of each good, and what state credit pays and lowers."""
    fields, edits = order.fields, list[Edit]()
    active = site.active(order)
    credit = site.path(order, fields["credit_usd_per_t"])
    factor = 1.0 + active * (site.path(order, fields["discount_factor"]) - 1.0)
    for good in fields["good"]:
        routes, plants = site.sales(order.actor, good), site.plants_of(order.actor, good, "")
        if routes.size:
            edits.append(_cap(order, site, routes, active))
        if plants.size and credit.any():
            nothing = np.zeros_like(active)
            edits.append(
                Support(plants, active, nothing, 0.0, 0.0, None, math.inf, math.inf, math.inf, flat=credit)
            )
        if plants.size and np.any(factor != 1.0):
            edits.append(Push("site_discount_factor", plants, factor))
    return edits


def _cap(order: Order, site: Site, routes: Ints, active: Floats) -> Cap:
    fields, nothing = order.fields, np.zeros_like(active)
    if fields["quantity_t"] is None:
        rate, growth = site.path(order, fields["rate"]), fields["growth"]
        return Cap(routes, active, nothing, rate, fields["holder"], growth=growth, side="output")
    period = PERIODS[fields["period"]]
    tonnes = site.path(order, fields["quantity_t"], period) / period
    return Cap(routes, active, tonnes, nothing, fields["holder"], period, side="output")


INSTRUMENT = Instrument(
    name="production_quota",
    title="Production quota",
    summary="Sets how much may be mined or smelted, with state credit if wanted.",
    fields=FIELDS,
    text=text,
    compile=compile,
)
