"""Production subsidy: the state pays producers so much for every tonne, whatever the price. A flat Support."""

import math

import numpy as np

from model.field import Field
from model.instrument import Edit, Instrument, Site, Support, listed, spoken, term
from model.instruments.common import BURDEN, FIRM, GOOD, burden_check, payers
from model.order import Order

FIELDS = (
    GOOD,
    Field("country", "country", "Country of the producers", "where the plants are; left out: the actor",
          default=None),
    FIRM,
    Field("rate_usd_per_t", "path", "Subsidy",
          "money per tonne made: one number, or one for each quarter since the start",
          unit="usd a t", low=0.0, remedy="Remove the measure for no subsidy."),
    BURDEN,
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    rate = spoken(fields["rate_usd_per_t"], "usd a tonne")
    who = fields["firm"] or "producers"
    makers = f"{who} of {listed(fields['good'])} in {fields['country'] or order.actor}"
    share = f", paid by {listed(payers(order))}" if fields["burden"] else ""
    return f"{order.actor} subsidises {makers} with {rate} {term(order)}{share}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return a flat support for the plants of each good."""
    fields, active = order.fields, site.active(order)
    rate, nothing = site.path(order, fields["rate_usd_per_t"]), np.zeros_like(active)
    groups = [
        site.plants_of(fields["country"] or order.actor, good, fields["firm"]) for good in fields["good"]
    ]
    return [
        Support(
            plants, active, nothing, 0.0, 0.0, None, math.inf, math.inf, math.inf,
            flat=rate, burden=fields["burden"],
        )
        for plants in groups
        if plants.size
    ]  # fmt: skip


INSTRUMENT = Instrument(
    name="production_subsidy",
    title="Production subsidy",
    summary="Pays producers per tonne, whatever the price.",
    fields=FIELDS,
    text=text,
    check=burden_check,
    compile=compile,
)
