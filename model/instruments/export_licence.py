"""Export licence: the state approves a share of the normal flow.

`q <= rate * (mean flow of the four quarters before)`. An approval rate of 1 is free trade. Applications take
`delay_days`, during which nothing is approved. By default all targets share the approved tonnes, as licences
go where they pay most; with `each_destination` every target has its own limit.

A seller in the network is a country, so whose metal is shipped is not told apart. Licences given to named firms
(`firm_shares`) therefore limit the country's tonnes like any other, and give those firms the scarcity price, whoever
made the tonnes: as if they sold their licences to those who ship. Shares of firms without plants there are split
by output.
"""

import numpy as np

from model.field import Field
from model.instrument import Cap, Edit, Instrument, Site, highest_of, listed, spoken, term
from model.instruments.common import EXEMPT, GOOD, HOLDER, TARGETS
from model.network import Ints
from model.order import Order

FIELDS = (
    GOOD,
    TARGETS,
    EXEMPT,
    Field("rate", "path", "Approval rate",
          "share of the normal flow that is approved: one number, or one for each quarter since the start",
          unit="share", low=0.0, high=1.0, remedy="Write 1 for free trade."),
    Field("delay_days", "integer", "Delay", "days from the start until the first approval", unit="days",
          low=0.0, high=730.0, default=0, remedy="Leave it out for approvals without delay."),
    Field("reference_t", "number", "Normal flow",
          "tonnes a quarter the rate is of; left out: the mean of the four quarters before the start",
          unit="t", low=0.0, default=None, remedy="Leave it out to take the flow before the start."),
    Field("growth", "share", "Growth of the normal flow", "yearly growth of the reference since the start",
          unit="share", low=-0.5, high=0.5, default=0.0, remedy="Write 0.03 for 3 % a year."),
    Field("each_destination", "flag", "Limit for each target", "whether each target has its own limit",
          default=False),
    HOLDER,
    Field("firm_shares", "shares", "Licences by firm",
          "which firms get the licences: a table of firms and shares that add up to 1; left out: by output",
          unit="share", low=0.0, high=1.0, default=None),
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    rate = spoken(fields["rate"], "", percent=True)
    goods, targets = listed(fields["good"]), listed(fields["target"])
    firms = f", for {listed(list(fields['firm_shares']))}" if fields["firm_shares"] else ""
    only = "only " if highest_of(fields["rate"]) < 1.0 else ""
    part = f"{only}{rate} of its normal exports of {goods}"
    return f"{order.actor} lets through {part} to {targets} {term(order)}{firms}."


def check(order: Order) -> tuple[str, str] | None:
    """Return the fault of licences for firms whose rent goes to somebody else."""
    if not order.fields["firm_shares"] or order.fields["holder"] == "firms":
        return None
    reason = f"but the rent goes to {order.fields['holder']}. Set holder to firms, or remove firm_shares"
    return "firm_shares", f"Licences of {order.actor} are given to firms, {reason}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return one cap for each good, or for each good and destination."""
    groups = [routes for good in order.fields["good"] for routes in _groups(order, site, good)]
    return [_cap(order, site, routes) for routes in groups if routes.size]


def _groups(order: Order, site: Site, good: str) -> list[Ints]:
    routes = site.outbound(order, good)
    if not order.fields["each_destination"]:
        return [routes]
    places = site.tables.routes["destination"].to_numpy()[routes]
    return [routes[places == place] for place in sorted(set(places))]


def _cap(order: Order, site: Site, routes: Ints) -> Cap:
    fields = order.fields
    active, approving = site.active(order), site.active(order, fields["delay_days"])
    waiting = np.divide(approving, active, out=np.ones_like(active), where=active > 0.0)
    rate = site.path(order, fields["rate"]) * waiting
    nothing_fixed = np.zeros_like(rate)
    return Cap(
        routes, active, nothing_fixed, rate, fields["holder"], 1, fields["reference_t"], fields["growth"],
        firm_share=fields["firm_shares"],
    )  # fmt: skip


INSTRUMENT = Instrument(
    name="export_licence",
    title="Export licence",
    summary="Lets a share of the normal exports through.",
    fields=FIELDS,
    text=text,
    check=check,
    compile=compile,
    exemptible=True,
)
