"""Price-gap subsidy with burden shares: members make up the price of their producers, and share the outlay.

Every member runs a contract for difference for its own plants; what all of them pay out is then divided by
the burden shares, whoever's producers received it.
"""

from collections.abc import Sequence
from typing import Any

from model.clause import Clause, ClauseKind, Draft, Scope
from model.clauses.common import BURDEN, GOOD, countries_words, goods_words, shares_words, written
from model.field import Field
from model.instrument import spoken
from model.name import WORLD
from model.pact import Burden, Pact

_MONEY: dict[str, Any] = {"unit": "usd a t", "low": 0.0}
FIELDS = (
    GOOD,
    Field("strike_usd_per_t", "path", "Strike price", "the price made up to; left out: one is to be examined",
          default=None, remedy="Leave the clause out for no support.", **_MONEY),
    Field("upside_share", "share", "Upside share", "share of the gain above upside_usd_per_t paid back",
          unit="share", low=0.0, high=1.0, default=0.0, remedy="Write 0.3 for 30 %."),
    Field("upside_usd_per_t", "number", "Upside price", "price above which is paid back; left out: the strike",
          default=None, remedy="Leave it out for the strike.", **_MONEY),
    Field("index_country", "place", "Index country", "a country, or WORLD for the average", default=WORLD),
    Field("outlay_cap_usd", "number", "Cap on the outlay", "most that each member's producers get in a year",
          unit="usd", low=0.0, default=None, remedy="Leave it out for no cap."),
    BURDEN,
)  # fmt: skip


def article(clause: Clause, members: Sequence[str]) -> list[str]:
    """Return the paragraphs of the article."""
    fields = clause.fields
    goods, burden = goods_words(fields["good"]), shares_words(fields["burden"])
    if fields["strike_usd_per_t"] is None:
        return [f"The members examine a price-gap subsidy for {goods}. This text sets no price."]
    index = "the world" if fields["index_country"] == WORLD else countries_words([fields["index_country"]])
    strike = spoken(fields["strike_usd_per_t"], "US dollars a tonne")
    paragraphs = [
        f"Producers of {goods} in a member are paid what the price in {index} falls short of {strike}."
    ]
    if fields["upside_share"]:
        above = (
            strike if fields["upside_usd_per_t"] is None else spoken(fields["upside_usd_per_t"], "US dollars")
        )
        paragraphs.append(f"They pay back {100 * fields['upside_share']:g} % of what it exceeds {above}.")
    if fields["outlay_cap_usd"] is not None:
        cap = spoken(fields["outlay_cap_usd"], "US dollars a year")
        paragraphs.append(f"The producers of one member get at most {cap}.")
    return [*paragraphs, f"The members bear the outlay in these shares: {burden}."]


def check(clause: Clause, members: Sequence[str]) -> tuple[str, str] | None:
    """Return the fault of an upside price without an upside share."""
    if clause.fields["upside_usd_per_t"] is not None and not clause.fields["upside_share"]:
        reason = "Price-gap subsidy has an upside price and pays nothing back"
        return "upside_usd_per_t", f"{reason}. Write upside_share, or leave it out."
    return None


def orders(clause: Clause, scope: Scope) -> list[Draft]:
    """Return one price support for each member's own producers."""
    fields = clause.fields
    if fields["strike_usd_per_t"] is None:
        return []
    keys = ("good", "strike_usd_per_t", "upside_share", "upside_usd_per_t", "index_country", "outlay_cap_usd")
    return [Draft("price_support", member, written(fields, *keys)) for member in scope.members]


def pacts(clause: Clause) -> list[Pact]:
    """Return how the outlay is borne."""
    if clause.fields["strike_usd_per_t"] is None:
        return []
    return [Burden("price_support", clause.fields["burden"])]


CLAUSE = ClauseKind(
    name="gap_subsidy",
    title="Price-gap subsidy",
    summary="Makes up producers' price and shares the outlay.",
    fields=FIELDS,
    article=article,
    orders=orders,
    pacts=pacts,
    check=check,
    weaker={"strike_usd_per_t": "low", "outlay_cap_usd": "cap", "upside_share": "high"},
)
