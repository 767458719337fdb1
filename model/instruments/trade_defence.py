"""Trade defence: anti-dumping and countervailing duties on named origins, no higher than the margin found.

Anti-dumping: the margin is `(normal value - export price) / export price`, each the mean of the four quarters
before. The export price is the producer price in the origin; the normal value is the producer price in a
surrogate country, or a declared one. With the lesser duty, what the actor's own producers' price is above the
export price caps it too. Countervailing: the rate is the subsidy margin that was found. A Cost on routes that
carries its margin.
"""

import numpy as np

from model.field import Field
from model.instrument import Cost, Edit, Instrument, Margin, Site, listed, spoken, term
from model.instruments.common import EXEMPT, GOOD
from model.network import Ints
from model.order import Order

#: A duty that only its margin bounds.
_WHOLE_MARGIN = 10.0
FIELDS = (
    GOOD,
    Field("target", "countries", "Target", "origins that the case is against"),
    EXEMPT,
    Field("form", "choice", "Form", "anti-dumping, or countervailing against a subsidy",
          choices=("anti_dumping", "countervailing"), default="anti_dumping"),
    Field("rate", "path", "Duty", "share of the customs value; left out: the whole dumping margin",
          unit="share", low=0.0, high=10.0, default=None, remedy="Write 0.25 for 25 %."),
    Field("normal_country", "place", "Surrogate country",
          "whose producer price is the normal value, or WORLD for the average", default="WORLD"),
    Field("normal_usd_per_t", "number", "Normal value", "declared; left out: the surrogate country's price",
          unit="usd a t", low=0.0, default=None, remedy="Leave it out to take the surrogate country's price."),
    Field("lesser_duty", "flag", "Lesser duty", "whether the injury margin caps the duty too", default=False),
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    kind = "an anti-dumping duty" if fields["form"] == "anti_dumping" else "a countervailing duty"
    height = "of the dumping margin"
    if fields["rate"] is not None:
        height = f"of {spoken(fields['rate'], '', percent=True)}"
        height += " at most" if fields["form"] == "anti_dumping" else ""
    goods, targets = listed(fields["good"]), listed(fields["target"])
    return f"{order.actor} levies {kind} {height} on imports of {goods} from {targets} {term(order)}."


def check(order: Order) -> tuple[str, str] | None:
    """Return the fault of a countervailing duty without the subsidy margin that was found."""
    if order.fields["form"] == "countervailing" and order.fields["rate"] is None:
        return (
            "rate",
            f"Countervailing duty of {order.actor} is missing. Write rate: the subsidy margin found.",
        )
    return None


def compile(order: Order, site: Site) -> list[Edit]:
    """Return for each good and origin a tariff with its margin."""
    fields, edits = order.fields, list[Edit]()
    rate = _WHOLE_MARGIN if fields["rate"] is None else fields["rate"]
    value = site.active(order) * site.path(order, rate)
    for good in fields["good"]:
        routes = site.inbound(order, good)
        origins = site.tables.routes["origin"].to_numpy()[routes]
        for origin in sorted(set(origins)):
            edits += _cost(order, site, good, origin, routes[origins == origin], value)
    return edits


def _cost(order: Order, site: Site, good: str, origin: str, routes: Ints, value: np.ndarray) -> list[Edit]:
    fields = order.fields
    if fields["form"] == "countervailing":
        return [Cost("tariff", routes, value)]
    declared = fields["normal_usd_per_t"]
    normal = None if declared is not None else site.index(good, fields["normal_country"], "before")
    export = site.index(good, origin, "before")
    injury = site.index(good, order.actor, "before") if fields["lesser_duty"] else None
    if export is None or (normal is None and declared is None):
        return []
    return [Cost("tariff", routes, value, Margin(export, normal, declared or 0.0, injury))]


INSTRUMENT = Instrument(
    name="trade_defence",
    title="Anti-dumping or countervailing duty",
    summary="Taxes imports from named origins up to the margin found.",
    fields=FIELDS,
    text=text,
    check=check,
    compile=compile,
)
