"""Standards-based market: part of demand must be certified, and a premium emerges for what is.

Buyers in the mandating countries take at most `1 - share` of their usual purchases from origins without a certificate.
The Cap's scarcity price is the premium: what a tonne without certificate costs beyond its own price, and so what a
certified one fetches more. It stays with the buyers, as with certificates that they trade. Producers of a country
become certified, for good, when a year's premium was their cost or more; the cost then falls on all their output
of the good.
"""

import numpy as np

from model.field import Field
from model.instrument import Cap, Certificate, Edit, Instrument, Site, listed, spoken, term
from model.instruments.common import GOOD
from model.order import Order

FIELDS = (
    GOOD,
    Field("members", "countries", "Member", "who mandates the share together with the actor", default=[]),
    Field("certified", "countries", "Certified origin", "origins that are certified from the start"),
    Field("barred", "countries", "Barred origin", "origins that can never be certified", default=[]),
    Field("share", "path", "Mandated share", "share of purchases that must be certified",
          unit="share", low=0.0, high=1.0, remedy="Write 0 for no mandate."),
    Field("cost_usd_per_t", "path", "Cost of the certificate", "what it costs a producer per tonne made",
          unit="usd a t", low=0.0, default=0.0, remedy="Leave it out for none."),
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    club = f" with {listed(fields['members'])}" if fields["members"] else ""
    share, goods = spoken(fields["share"], "", percent=True), listed(fields["good"])
    origins = f"like that from {listed(fields['certified'])}" if fields["certified"] else "from nowhere yet"
    return f"{order.actor} mandates{club} that {share} of its {goods} be certified, {origins}, {term(order)}."


def check(order: Order) -> tuple[str, str] | None:
    """Return the fault of origins that are certified from the start and never."""
    both = [code for code in order.fields["barred"] if code in order.fields["certified"]]
    if not both:
        return None
    reason = f"is {listed(both)}, certified from the start as well; it must be one or the other"
    return (
        "barred",
        f"Barred origin of {order.actor} {reason}. Take {listed(both)} out of barred or certified.",
    )


def compile(order: Order, site: Site) -> list[Edit]:
    """Return for each good a cap on what comes uncertified to the mandating countries."""
    fields, edits = order.fields, list[Edit]()
    if not site.is_here(order.actor):
        return edits
    active = site.active(order)
    rate, nothing = 1.0 - site.path(order, fields["share"]), np.zeros_like(active)
    cost = site.path(order, fields["cost_usd_per_t"])
    first = site.country_numbers(fields["certified"])
    barred = set(site.country_numbers(fields["barred"]).tolist())
    for good in fields["good"]:
        routes = site.into([order.actor, *fields["members"]], good)
        made = site.plants_in(list(site.tables.countries), good)
        makers = site.country_numbers(sorted(set(site.tables.plants["country"].iloc[made])))
        may = np.array([c for c in makers if c not in barred], dtype=np.int64)
        certificate = Certificate(first, may, cost, made)
        if routes.size:
            edits.append(
                Cap(
                    routes, active, nothing, rate, "buyers",
                    side="import", reference_routes=routes, rolling=True, certificate=certificate,
                )
            )  # fmt: skip
    return edits


INSTRUMENT = Instrument(
    name="standards",
    title="Standards-based market",
    summary="Mandates a certified share of purchases; a premium emerges.",
    fields=FIELDS,
    text=text,
    check=check,
    compile=compile,
)
