"""Investment fund: public money pays part of what new capacity costs, until it is spent.

A grant lowers the capital cost by its share. Equity lowers the required return on its share to the fund's. A loan is
worth `1 - A(r_private) / A(r_public)` of its amount, with A the present value of 1 a year over its life: firms
count that, and treasuries are charged that (credit subsidy); the principal is capital that comes back. The budget
counts what is advanced. With `additional` the fund pays only where the firm would not have built without. Only
capacity that firms decide on is covered, not projects announced before. A Fund.
"""

import numpy as np

from model.field import Field
from model.instrument import Edit, Fund, Instrument, Site, listed, spoken, term
from model.instruments.common import BURDEN, FIRM, GOOD, burden_check
from model.order import Order

FIELDS = (
    GOOD,
    Field("host", "countries", "Host", "where new capacity is paid for; left out: at the actor's", default=[]),
    FIRM,
    Field("form", "choice", "Form", "how it is given", choices=("grant", "equity", "loan"), default="grant"),
    Field("share", "path", "Share of the cost", "of the capital cost that the fund bears", unit="share", low=0.0,
          high=0.9, default=0.3, remedy="Write 0.3 for 30 %."),
    Field("amount_usd", "number", "Fund", "money committed in all", unit="usd", low=0.0,
          remedy="Remove the measure for no fund."),
    Field("public_return", "share", "Public return", "what equity or a loan asks a year", unit="share per year",
          low=0.0, high=0.5, default=0.04, remedy="Write 0.04 for 4 % a year."),
    Field("loan_years", "number", "Life of the loan", "years over which it is paid back", unit="years",
          low=1.0, high=50.0, default=15.0, remedy="Write 15 for fifteen years."),
    Field("additional", "flag", "Additional only", "whether it pays only what would not be built without",
          default=False),
    BURDEN,
)  # fmt: skip


def text(order: Order) -> str:
    """Return the order as a sentence."""
    fields = order.fields
    share, money = spoken(fields["share"], "", percent=True), spoken(fields["amount_usd"], "usd")
    hosts, goods = listed(fields["host"] or [order.actor]), listed(fields["good"])
    what = {"grant": "grants", "equity": "equity", "loan": "loans"}[fields["form"]]
    paid = f", paid by {listed(list(fields['burden']))}" if fields["burden"] else ""
    return f"{order.actor} bears {share} of new {goods} capacity in {hosts} by {what} of {money} {term(order)}{paid}."


def compile(order: Order, site: Site) -> list[Edit]:
    """Return one fund for all goods together."""
    fields = order.fields
    if not site.is_here(order.actor):
        return []
    hosts = fields["host"] or [order.actor]
    plants = np.concatenate([site.plants_in(hosts, good, fields["firm"]) for good in fields["good"]])
    if not plants.size:
        return []
    fund = Fund(
        plants=plants, form=fields["form"],
        share=site.path(order, fields["share"]), budget_usd=fields["amount_usd"],
        rate=fields["public_return"], years=fields["loan_years"], additional=fields["additional"],
        burden=fields["burden"],
    )  # fmt: skip
    return [fund]


INSTRUMENT = Instrument(
    name="investment_fund",
    title="Investment fund",
    summary="Pays part of what new capacity costs.",
    fields=FIELDS,
    text=text,
    check=burden_check,
    compile=compile,
)
