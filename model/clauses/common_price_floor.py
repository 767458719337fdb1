"""Common price floor: imports from outsiders cost members at least the same price at the border.

Each member holds a border-adjusted floor from which the others are exempt. Without cover downstream, finished goods
let the outside metal in; with it, those goods have a floor too. The levy rule divides what the tariff form raises.
A floor without a price, or a reference, is a promise to examine one: nothing runs.
"""

from collections.abc import Sequence
from typing import Any

from model.clause import Clause, ClauseKind, Draft, Scope
from model.clauses.common import GOOD, countries_words, goods_words
from model.field import Field
from model.instrument import spoken
from model.instruments.common import TARGETS
from model.name import WORLD
from model.pact import LEVY_RULES, LevySharing, Pact

_MONEY: dict[str, Any] = {"unit": "usd a t", "low": 0.0}
FIELDS = (
    GOOD,
    TARGETS,
    Field("price_usd_per_t", "path", "Price floor", "lowest landed price; left out: one is to be examined",
          default=None, remedy="Leave the clause out for no floor.", **_MONEY),
    Field("reference", "choice", "Reference", "declared price, or the price of the four quarters before the start, "
          "or of the last four quarters", choices=("declared", "before", "lagged_mean"), default="declared"),
    Field("share", "number", "Share of the reference price", "the floor over the reference price", unit="share",
          low=0.0, high=10.0, default=1.0, remedy="Write 1.2 for a fifth above it."),
    Field("reference_country", "place", "Reference country", "a country, or WORLD for the average",
          default=WORLD),
    Field("form", "choice", "Legal form", "tariff: the members get the top-up; minimum_price: the seller",
          choices=("tariff", "minimum_price"), default="tariff"),
    Field("downstream", "goods", "Goods made of it", "finished goods held at a floor of their own", default=[]),
    Field("downstream_usd_per_t", "path", "Floor of goods made of it", "lowest landed price of those goods",
          default=None, remedy="Leave downstream out for no cover.", **_MONEY),
    Field("levy", "choice", "Levy sharing", "who gets the top-up: the member of destination, members by use, by "
          "output, or the joint fund", choices=LEVY_RULES, default="destination"),
)  # fmt: skip
_LEVY = {
    "destination": "goes to the member where the goods arrive",
    "use": "is divided among the members by their use of the good",
    "producer": "is divided among the members by their output of the good",
    "fund": "goes in equal parts to the members' joint fund",
}


def is_set(clause: Clause) -> bool:
    """Return whether the clause names a price or a reference."""
    return clause.fields["price_usd_per_t"] is not None or clause.fields["reference"] != "declared"


def article(clause: Clause, members: Sequence[str]) -> list[str]:
    """Return the paragraphs of the article."""
    fields = clause.fields
    goods, whence = goods_words(fields["good"]), countries_words(fields["target"])
    if not is_set(clause):
        return [
            f"The members examine a common price floor for {goods} from {whence}. This text sets no price."
        ]
    first = f"Imports of {goods} from {whence} cost a member at least {_height(clause)} at its border."
    paragraphs = [first, "Goods of the other members are exempt."]
    if fields["form"] == "tariff":
        paragraphs.append(f"The gap to the floor is levied as a tariff and {_LEVY[fields['levy']]}.")
    else:
        paragraphs.append("The floor is a minimum price: the seller keeps the gap.")
    if fields["downstream"]:
        cover = spoken(fields["downstream_usd_per_t"], "US dollars a tonne")
        paragraphs.append(
            f"So that they do not bring the metal in, {goods_words(fields['downstream'])} cost at least {cover}."
        )
    return paragraphs


def _height(clause: Clause) -> str:
    fields = clause.fields
    if fields["reference"] == "declared":
        return spoken(fields["price_usd_per_t"], "US dollars a tonne")
    span = {"before": "before the start", "lagged_mean": "just past"}[fields["reference"]]
    where = (
        "the world"
        if fields["reference_country"] == WORLD
        else countries_words([fields["reference_country"]])
    )
    return f"{100 * fields['share']:g} % of the mean price in {where} of the four quarters {span}"


def check(clause: Clause, members: Sequence[str]) -> tuple[str, str] | None:
    """Return the fault of a floor with two heights, or of cover downstream without a price."""
    fields = clause.fields
    if fields["reference"] != "declared" and fields["price_usd_per_t"] is not None:
        reason = "Common price floor is declared and has a reference too"
        return "price_usd_per_t", f"{reason}. Remove price_usd_per_t or set reference to declared."
    if bool(fields["downstream"]) != (fields["downstream_usd_per_t"] is not None):
        reason = "Cover downstream needs both the goods and their price"
        return "downstream", f"{reason}. Write downstream and downstream_usd_per_t, or neither."
    if fields["downstream"] and not is_set(clause):
        return (
            "downstream",
            "Common price floor is only examined. Write its price before that of goods made of it.",
        )
    return None


def orders(clause: Clause, scope: Scope) -> list[Draft]:
    """Return one floor for each member, the others exempt, and one for the goods made of it."""
    if not is_set(clause):
        return []
    fields, drafts = clause.fields, list[Draft]()
    keys = ("price_usd_per_t",) if fields["reference"] == "declared" else ("share", "reference_country")
    height = {key: fields[key] for key in ("reference", "form", *keys)}
    for member in scope.members:
        border = {"target": fields["target"], "exempt": scope.others(member)}
        drafts.append(Draft("price_floor", member, {"good": fields["good"], **border, **height}))
        if fields["downstream"]:
            cover = {"price_usd_per_t": fields["downstream_usd_per_t"], "form": fields["form"]}
            drafts.append(Draft("price_floor", member, {"good": fields["downstream"], **border, **cover}))
    return drafts


def pacts(clause: Clause) -> list[Pact]:
    """Return how the levy is shared, where there is one."""
    levied = is_set(clause) and clause.fields["form"] == "tariff"
    return [LevySharing(clause.fields["levy"])] if levied else []


CLAUSE = ClauseKind(
    name="common_price_floor",
    title="Common price floor at the border",
    summary="Holds imports from outsiders at a common minimum price.",
    fields=FIELDS,
    article=article,
    orders=orders,
    pacts=pacts,
    check=check,
    weaker={"price_usd_per_t": "low", "share": "low", "downstream": "both", "downstream_usd_per_t": "low"},
)
