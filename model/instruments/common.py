"""Fields and steps that several instruments share."""

import numpy as np

from model.field import Field
from model.instrument import Outlay, Site
from model.name import COUNTRIES, country_remedy
from model.network import Floats
from model.order import Order

#: Quarters of the base year at the head of arrays over time.
BASE = 4

GOOD = Field("good", "goods", "Good", "a traded good, a mineral, or a list of them")
TARGETS = Field("target", "countries", "Target", "countries, or WORLD for all others", default=["WORLD"])
EXEMPT = Field("exempt", "countries", "Exempt country", "countries that are spared", default=[])
HOLDER = Field("holder", "choice", "Holder of the rent",
               "who gets the scarcity price: exporters, the state (auction), buyers (import-administered)",
               choices=("firms", "state", "buyers"), default="firms")  # fmt: skip
FIRM = Field("firm", "text", "Firm", "one firm's plants; left out: all", default="")
BURDEN = Field("burden", "shares", "Burden shares",
               "who pays how much: a table of countries and shares that add up to 1; left out: the actor",
               unit="share", low=0.0, high=1.0, default=None)  # fmt: skip

COST = Field("usd_per_year", "path", "Outlay", "public money a year: one number, or one for each quarter",
             unit="usd", low=0.0, default=0.0, remedy="Leave it out for none.")  # fmt: skip


def payers(order: Order) -> list[str]:
    """Return who pays an order: the countries of its burden shares, else the actor."""
    return list(order.fields["burden"] or [order.actor])


def burden_check(order: Order) -> tuple[str, str] | None:
    """Return the fault of burden shares of what is not a country."""
    for code in order.fields["burden"] or {}:
        if code not in COUNTRIES:
            reason = f"names {code!r}, which is not a country. {country_remedy(code)}"
            return "burden", f"Burden shares of {order.actor} {reason}"
    return None


def delayed(active: Floats, quarters: float) -> Floats:
    """Return [T]: the days in force of what takes so many quarters to show."""
    wait = int(quarters)
    late = np.zeros_like(active)
    late[BASE + wait :] = active[BASE : active.size - wait] if wait else active[BASE:]
    return late


def outlay(order: Order, site: Site, active: Floats) -> list[Outlay]:
    """Return what an order's `usd_per_year` costs a quarter, if anything."""
    usd = active * site.path(order, order.fields["usd_per_year"]) / 4.0
    return [Outlay(usd, order.fields.get("burden"))] if usd.any() else []
