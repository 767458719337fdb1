"""Technology control: equipment and know-how stay at home, so what others build costs more and takes longer.

A Push on capital cost and lead time of the targets' sites, whoever owns them. A mutual exemption from export
restrictions spares its partners.
"""

import numpy as np

from model.field import Field
from model.instrument import Edit, Instrument, Push, Site, listed, spoken, term
from model.instruments.common import EXEMPT, GOOD, TARGETS
from model.name import WORLD
from model.order import Order

FIELDS = (
    GOOD,
    TARGETS,
    EXEMPT,
    Field("capex_factor", "path", "Factor on capital cost", "what others' new plants cost, over what they would",
          unit="1", low=1.0, high=10.0, default=1.3, remedy="Write 1 for no effect."),
    Field("lead_factor", "path", "Factor on lead time", "how long others' plants take, over what they would",
          unit="1", low=1.0, high=5.0, default=1.5, remedy="Write 1 for no effect."),
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    cost = spoken(fields["capex_factor"], "times the capital cost")
    time = spoken(fields["lead_factor"], "times the time")
    goods, targets = listed(fields["good"]), listed(fields["target"])
    return f"{order.actor} controls technology for {goods}: plants in {targets} take {time} and {cost} {term(order)}."


def check(order: Order) -> tuple[str, str] | None:
    """Return the fault of a control without effect."""
    if any(order.fields[name] != 1.0 for name in ("capex_factor", "lead_factor")):
        return None
    return (
        "capex_factor",
        f"Technology control of {order.actor} changes nothing. Write capex_factor or lead_factor, or remove it.",
    )


def compile(order: Order, site: Site) -> list[Edit]:
    """Return pushes on the capital cost and the lead time of sites abroad."""
    fields, edits = order.fields, list[Edit]()
    if not site.is_here(order.actor):
        return edits
    active, inside = site.active(order), [*site.codes(order.actor), *fields["exempt"]]
    where = list(site.tables.countries) if WORLD in fields["target"] else fields["target"]
    others = [code for country in where for code in site.codes(country) if code not in inside]
    place = {code: i for i, code in enumerate(site.tables.countries)}
    for good in fields["good"]:
        plants = site.plants_in(others, good) if others else np.zeros(0, np.int64)
        homes = np.array([place[code] for code in site.tables.plants["country"].iloc[plants]], dtype=np.int64)
        for what, name in (("site_capex_factor", "capex_factor"), ("site_lead_factor", "lead_factor")):
            factor = 1.0 + active * (site.path(order, fields[name]) - 1.0)
            if plants.size and np.any(factor != 1.0):
                edits.append(Push(what, plants, factor, homes))
    return edits


INSTRUMENT = Instrument(
    name="technology_control",
    title="Technology control",
    summary="Makes plants abroad dearer and slower to build.",
    fields=FIELDS,
    text=text,
    check=check,
    compile=compile,
    exemptible=True,
)
