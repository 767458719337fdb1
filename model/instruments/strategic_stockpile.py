"""Strategic stockpile: a state buys cheap and steadily, and releases by rule in a crisis. A StockRule.

Buys while the price is below `buy_below` times its mean of eight quarters, up to the target and never more than
`buy_most` of the supply that crosses borders. Releases when the price is above `price_ratio` times that mean or
purchases fall short of use by more than `shortfall`: `min(stock / release_quarters, release_share * (use -
available))`. The stock fund pays purchases and the keep, and is paid for what it releases.

As a vault it holds what users booked (`target_t`) at a strike price: bought while the market is at or below it, handed
out at it in the same crises, and bought back within `refill_quarters` whatever the price. Users pay the difference
between market and strike, the keep, and a fee.
"""

import math

from model.field import Field
from model.instrument import Edit, Instrument, Site, StockRule, listed, spoken, term
from model.instruments.common import GOOD
from model.order import Order

FIELDS = (
    GOOD,
    Field("target_days", "path", "Target in days", "days of use to hold: one number, or one for each quarter",
          unit="days", low=0.0, high=3650.0, default=0.0, remedy="Write 60 for two months."),
    Field("target_t", "path", "Target in tonnes", "tonnes to hold, beside the days", unit="t", low=0.0,
          default=0.0, remedy="Leave it out to go by days of use."),
    Field("capacity_t", "number", "Room", "the most that can be held; left out: no limit", unit="t", low=0.0,
          default=None, remedy="Leave it out for no limit."),
    Field("build_quarters", "number", "Time to build", "quarters over which it is built up at least",
          unit="quarters", low=1.0, high=80.0, default=8.0, remedy="Write 8 for two years."),
    Field("buy_below", "number", "Buys below", "price over its mean of two years up to which it buys",
          unit="1", low=0.0, high=10.0, default=1.0, remedy="Write 10 to buy whatever the price."),
    Field("buy_most", "share", "Buys at most", "share of the supply that crosses borders, a quarter",
          unit="share", low=0.0, high=1.0, default=0.05, remedy="Write 0.05 for 5 %."),
    Field("price_ratio", "number", "Trigger price", "price over its mean of two years that makes a crisis",
          unit="1", low=1.0, high=10.0, default=2.0, remedy="Write 2 for twice the usual price."),
    Field("shortfall", "share", "Trigger shortfall", "missing share of use that makes a crisis", unit="share",
          low=0.0, high=1.0, default=0.05, remedy="Write 0.05 for 5 %."),
    Field("release_quarters", "number", "Time to release", "quarters over which all would be released",
          unit="quarters", low=1.0, high=40.0, default=3.0, remedy="Write 3 for three quarters."),
    Field("release_share", "share", "Share of the shortfall", "that is released at most", unit="share",
          low=0.0, high=1.0, default=1.0, remedy="Write 1 for all of it."),
    Field("carry", "share", "Keep", "yearly cost of holding, of the value held", unit="share", low=0.0,
          high=0.5, default=0.08, remedy="Write 0.08 for 8 % a year."),
    Field("index_country", "place", "Index country", "whose price triggers, or WORLD for the average",
          default="WORLD"),
    Field("form", "choice", "Form", "a state's stock, or a vault that users book",
          choices=("state", "vault"), default="state"),
    Field("strike_usd_per_t", "number", "Strike price", "of a vault: what users pay and get for their tonnes",
          unit="usd a t", low=0.0, default=None, remedy="Leave it out for a state's stock."),
    Field("fee", "share", "Fee", "of a vault: yearly, of the value at the strike", unit="share", low=0.0,
          high=0.5, default=0.01, remedy="Write 0.01 for 1 % a year."),
    Field("refill_quarters", "number", "Time to return", "of a vault: quarters to buy back what was taken",
          unit="quarters", low=1.0, high=40.0, default=4.0, remedy="Write 4 for a year."),
    Field("together", "flag", "Response group", "under a treaty: releases its part of what any member lacks",
          default=False),
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    parts = [spoken(fields["target_days"], "days of use")] if fields["target_days"] else []
    parts += [spoken(fields["target_t"], "t")] if fields["target_t"] else []
    size, goods = " and ".join(parts), listed(fields["good"])
    where = "in a stockpile that is released with its partners'" if fields["together"] else "in a stockpile"
    if fields["form"] == "vault":
        where = f"in a vault at {spoken(fields['strike_usd_per_t'], 'usd a tonne')}"
    return f"{order.actor} holds {size} of {goods} {where}, for crises {term(order)}."


def check(order: Order) -> tuple[str, str] | None:
    """Return the fault of a stockpile without target, or a vault without strike or tonnes."""
    fields, who = order.fields, f"Strategic stockpile of {order.actor}"
    if not fields["target_days"] and not fields["target_t"]:
        return "target_days", f"{who} has no target. Write target_days or target_t, or remove the measure."
    vault = fields["form"] == "vault"
    if vault and fields["strike_usd_per_t"] is None:
        return "strike_usd_per_t", f"{who} is a vault without a strike price. Write strike_usd_per_t."
    if vault and fields["target_days"]:
        return "target_days", f"{who} is a vault; users book tonnes. Write target_t instead of target_days."
    if not vault and fields["strike_usd_per_t"] is not None:
        return (
            "strike_usd_per_t",
            f"{who} is a state's stock without a strike. Set form to vault, or remove it.",
        )
    return None


def compile(order: Order, site: Site) -> list[Edit]:
    """Return a rule at the actor's buyers of each good; fixed tonnes are split evenly over EU members where apart."""
    fields, edits = order.fields, list[Edit]()
    days, tonnes = site.path(order, fields["target_days"]), site.path(order, fields["target_t"])
    room = math.inf if fields["capacity_t"] is None else fields["capacity_t"]
    for good in fields["good"]:
        buyers, abroad = site.buyers_of(order.actor, good), site.abroad(good)
        for buyer in buyers:
            index = site.index(good, fields["index_country"], "lagged")
            if index is None:
                continue
            edits.append(
                StockRule(
                    buyer=int(buyer), index=index, supply_routes=abroad,
                    target_days=days, target_t=tonnes / buyers.size, capacity_t=room / buyers.size,
                    build_quarters=fields["build_quarters"], buy_below=fields["buy_below"],
                    buy_most=fields["buy_most"] / buyers.size, release_above=fields["price_ratio"],
                    short_share=fields["shortfall"], release_quarters=fields["release_quarters"],
                    release_share=fields["release_share"], carry=fields["carry"],
                    strike=fields["strike_usd_per_t"], fee=fields["fee"],
                    refill_quarters=fields["refill_quarters"], together=fields["together"],
                )
            )  # fmt: skip
    return edits


INSTRUMENT = Instrument(
    name="strategic_stockpile",
    title="Strategic stockpile",
    summary="Buys for a stock and releases from it by rule, or keeps users' tonnes in a vault.",
    fields=FIELDS,
    text=text,
    check=check,
    compile=compile,
)
