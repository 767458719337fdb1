"""Research programme: public research, whose fruit comes late and is shared by all.

Aims: `substitution` (users learn to do without sooner), `recycling` (what is recovered grows sooner), `processing` (new
plants cost less). A Push that begins `delay_quarters` after the start; outsiders get `spillover` of it, as research is
published: a public good that others ride on. The Outlay is paid from the first day.
"""

import numpy as np

from model.field import Field
from model.instrument import Edit, Instrument, Push, Site, listed, spoken, term
from model.instruments.common import BURDEN, COST, GOOD, burden_check, delayed, outlay
from model.order import Order

_WHAT = {
    "substitution": "buyer_substitution_factor",
    "recycling": "buyer_recycling_factor",
    "processing": "site_capex_factor",
}
FIELDS = (
    GOOD,
    Field("aim", "choice", "Aim", "what is sought", choices=tuple(_WHAT), default="substitution"),
    COST,
    Field("speed", "number", "Gain in speed", "of substitution or recycling, over the usual; in processing: "
          "twice the part of capital cost saved", unit="1", low=0.0, high=5.0, default=0.5,
          remedy="Write 0.5 for half as fast again."),
    Field("delay_quarters", "integer", "Time to fruit", "quarters until results are in use", unit="quarters",
          low=0.0, high=80.0, default=8, remedy="Write 8 for two years."),
    Field("spillover", "share", "Spillover", "part of the gain that everybody else has too", unit="share",
          low=0.0, high=1.0, default=0.5, remedy="Write 0 to keep it secret."),
    BURDEN,
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    money, goods = spoken(fields["usd_per_year"], "usd a year"), listed(fields["good"])
    return f"{order.actor} spends {money} on research into {fields['aim']} of {goods} {term(order)}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return the pushes at home and abroad, and the outlay."""
    fields, active = order.fields, site.active(order)
    edits: list[Edit] = []
    if not site.is_here(order.actor):
        return edits
    late, what = delayed(active, fields["delay_quarters"]), _WHAT[fields["aim"]]
    rows_in = site.plants_in if fields["aim"] == "processing" else site.buyers_in
    for good in fields["good"]:
        own = rows_in([order.actor], good)
        others = np.setdiff1d(rows_in(list(site.tables.countries), good), own)
        for rows, part in ((own, 1.0), (others, fields["spillover"])):
            gain = part * fields["speed"] * late
            factor = 1.0 / (1.0 + 0.5 * gain) if fields["aim"] == "processing" else 1.0 + gain
            if rows.size and np.any(factor != 1.0):
                edits.append(Push(what, rows, factor))
    return edits + list[Edit](outlay(order, site, active))


INSTRUMENT = Instrument(
    name="research_programme",
    title="Research programme",
    summary="Pays for research into substitution, recycling or processing.",
    fields=FIELDS,
    text=text,
    check=burden_check,
    compile=compile,
)
