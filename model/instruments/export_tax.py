"""Export tax: a share of the price, or money per tonne, to the exporter's treasury."""

from model.field import Field
from model.instrument import Cost, Edit, Instrument, Site, listed, spoken, term
from model.instruments.common import EXEMPT, GOOD, TARGETS
from model.order import Order

FIELDS = (
    GOOD,
    TARGETS,
    EXEMPT,
    Field("rate", "path", "Export tax",
          "share of the price inside: one number, or one for each quarter since the start",
          unit="share", low=0.0, high=10.0, default=0.0, remedy="Write 0.25 for 25 %."),
    Field("duty_usd_per_t", "path", "Export duty",
          "money per tonne: one number, or one for each quarter since the start",
          unit="usd a t", low=0.0, default=0.0, remedy="Leave it out for no duty."),
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    goods, targets = listed(fields["good"]), listed(fields["target"])
    taxes = [spoken(fields["rate"], "", percent=True)] if fields["rate"] else []
    duties = [spoken(fields["duty_usd_per_t"], "usd a tonne")] if fields["duty_usd_per_t"] else []
    height = " plus ".join(taxes + duties)
    return f"{order.actor} taxes exports of {goods} to {targets} at {height} {term(order)}."


def check(order: Order) -> tuple[str, str] | None:
    """Return the fault of an order that taxes nothing."""
    if order.fields["rate"] or order.fields["duty_usd_per_t"]:
        return None
    return "rate", f"Export tax of {order.actor} is 0. Write rate or duty_usd_per_t, or remove the measure."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return a tax and a duty for the routes of each good."""
    active, edits = site.active(order), list[Edit]()
    for what, name in (("export_tax", "rate"), ("export_duty", "duty_usd_per_t")):
        value = active * site.path(order, order.fields[name])
        groups = [site.outbound(order, good) for good in order.fields["good"]]
        edits += [Cost(what, routes, value) for routes in groups if routes.size and value.any()]
    return edits


INSTRUMENT = Instrument(
    name="export_tax",
    title="Export tax",
    summary="Taxes exports by value or by weight.",
    fields=FIELDS,
    text=text,
    check=check,
    compile=compile,
    exemptible=True,
)
