"""Export quota: at most so many tonnes may leave the country in a period.

This is the example to copy for a new instrument. It needs four things: typed fields, a sentence, a
compile step that turns an order into edits of the network, and a line in `model/instruments/__init__.py`.
A `check` is needed only where two fields can contradict each other.
Forms, `--set`, the checks of scenario files and the contract tests find the rest by themselves.

Economics: the quota opens a wedge between the price inside and the price outside, the scarcity price of a
licence. It goes to the `holder`: exporting firms pro rata, the state if it auctions licences, or buyers if
importing countries hand them out. Limits of a half year or a year are paced evenly over their quarters;
what is not shipped is carried on within the period and lapses at its end.
"""

import numpy as np

from model.field import Field
from model.instrument import PERIODS, Cap, Edit, Instrument, Site, listed, spoken, term
from model.instruments.common import EXEMPT, GOOD, HOLDER, TARGETS
from model.name import chain_of
from model.order import Order

FIELDS = (
    GOOD,
    TARGETS,
    EXEMPT,
    Field(
        name="quantity_t",
        kind="path",
        label="Export quota",
        help="tonnes that may be exported in a period: one number, or one for each period since the start",
        unit="t",
        low=0.0,
        remedy="Remove the measure to lift the quota.",
    ),
    Field(
        "period", "choice", "Period", "the time the tonnes are for", choices=tuple(PERIODS), default="quarter"
    ),
    Field("together", "flag", "Joint limit", "whether all goods share the tonnes", default=False),
    HOLDER,
)


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    tonnes = spoken(fields["quantity_t"], f"t a {fields['period']}")
    each = " together" if fields["together"] else ""
    goods, targets = listed(fields["good"]), listed(fields["target"])
    return f"{order.actor} limits exports of {goods}{each} to {targets} to {tonnes} {term(order)}."


def check(order: Order) -> tuple[str, str] | None:
    """Return the fault of a joint limit on goods of several chains, which no market clears together."""
    chains = sorted({chain_of(good) for good in order.fields["good"]})
    if not order.fields["together"] or len(chains) < 2:
        return None
    reason = f"covers {listed(chains)} together; it must cover goods of one chain. Write one measure for each"
    return "together", f"Export quota of {order.actor} {reason}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return one cap for each good, or one for all of them together."""
    fields = order.fields
    groups = [site.outbound(order, good) for good in fields["good"]]
    if fields["together"]:
        groups = [np.concatenate(groups)]
    return [_cap(order, site, routes) for routes in groups if routes.size]


def _cap(order: Order, site: Site, routes: np.ndarray) -> Cap:
    period = PERIODS[order.fields["period"]]
    per_quarter = site.path(order, order.fields["quantity_t"], period) / period
    nothing_by_licence = np.zeros_like(per_quarter)
    active = site.active(order)
    return Cap(routes, active, per_quarter, nothing_by_licence, order.fields["holder"], period)


INSTRUMENT = Instrument(
    name="export_quota",
    title="Export quota",
    summary="Caps the tonnes of a good that leave the country.",
    fields=FIELDS,
    text=text,
    check=check,
    compile=compile,
    exemptible=True,
)
