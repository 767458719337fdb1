"""Why a measure has no effect in a world: the words for the manifest and for `orebloc check`."""

from collections.abc import Sequence
from typing import Any

from model.instrument import (
    Cap,
    Cost,
    Edit,
    Floor,
    Fund,
    PlantCost,
    Preference,
    Priority,
    Push,
    Site,
    Stock,
    StockRule,
    Support,
)
from model.instruments import BY_NAME
from model.name import chain_of
from model.order import Order
from model.quarter_date import first_date, last_date, quarter_label
from model.scenario import Scenario

#: Orders that a country gives as a buyer.
_OF_BUYERS = (
    "import_tariff", "trade_defence", "price_floor", "stock_order", "strategic_stockpile", "defence_priority",
    "joint_purchasing", "standards", "substitution_programme", "recycling_programme", "information_sharing",
)  # fmt: skip


def without_effect(order: Order, made: list[Edit], site: Site, scenario: Scenario) -> tuple[list[str], str]:
    """Return the order's goods on which its edits have no effect, and why; no goods and no words if none."""
    goods = list(order.fields.get("good", []))
    if not site.active(order).any():
        return goods, _out_of_time(order, site)
    covered = _covered_goods(made, site)
    missed = [good for good in goods if good not in covered]
    reasons = dict.fromkeys(_why(order, good, site, scenario) for good in missed)
    return missed, "; ".join(reasons)


def clause_notes(
    measures: Sequence[Any], places: Sequence[Any], first: int, site: Site, scenario: Scenario
) -> list[dict[str, Any]]:
    """Return, for each clause, the goods on which no member's order does anything in this world, and why.

    `measures`: those of all clauses, the first with number `first`; `places` say which clause each carries out. That
    some members have nothing to do, since they do not make or buy a good, is as it should be.
    """
    notes = []
    for part in places:
        made = [measures[number - first] for number in range(part.first, part.last)]
        found = [without_effect(measure.order, measure.edits, site, scenario) for measure in made]
        wanted = [(good, n) for n, m in enumerate(made) for good in m.order.fields.get("good", [])]
        works = {good for good, n in wanted if good not in found[n][0]}
        goods = list(dict.fromkeys(good for good, _ in wanted if good not in works))
        treaty = scenario.treaties[part.treaty]
        if goods and (treaty.clauses[part.clause].fields.get("good") or len(goods) == len(scenario.goods)):
            why = "; ".join(dict.fromkeys(why for _, why in found if why))
            words = BY_NAME[made[0].order.type].text(made[0].order)
            notes.append({"measure": part.first, "treaty": treaty.id, "article": part.clause + 1, "text": words,
                          "goods": goods, "why": why})  # fmt: skip
    return notes


def _out_of_time(order: Order, site: Site) -> str:
    first, last = quarter_label(site.start), quarter_label(site.start + site.quarters - 1)
    if first_date(order.quarter) > last_date(last):
        return f"it starts in {order.quarter}, after the last quarter {last}"
    return (
        f"it ends in {order.end}: no day of the base year {site.base_year} or of {first} to {last} is in it"
    )


def _covered_goods(made: list[Edit], site: Site) -> set[str]:
    covered: set[str] = set()
    for edit in made:
        if isinstance(edit, Cap | Cost | Floor | Preference):
            covered |= set(site.tables.routes["good"].iloc[edit.routes])
        elif isinstance(edit, Support | PlantCost | Fund):
            covered |= set(site.tables.plants["good"].iloc[edit.plants])
        elif isinstance(edit, Push):
            covered |= _pushed_goods(edit, site)
        elif isinstance(edit, Stock | StockRule | Priority):
            covered.add(site.tables.buyers["good"].iloc[edit.buyer])
    return covered


def _pushed_goods(push: Push, site: Site) -> set[str]:
    if push.what.startswith("site_"):
        return set(site.tables.plants["good"].iloc[push.rows])
    return set(site.tables.buyers["good"].iloc[push.rows]) if push.what.startswith("buyer_") else set()


def _why(order: Order, good: str, site: Site, scenario: Scenario) -> str:
    if good not in scenario.goods:
        return f"{good} is not in the scenario"
    actor = order.actor
    if not set(site.codes(actor)) & set(site.tables.countries):
        return f"{actor} does not stand apart in this world: what it makes and uses is part of OTH"
    if order.type in _OF_BUYERS:
        if not site.buyers_of(actor, good).size:
            return f"{actor} does not buy {good}"
    elif not _makes(site, actor, good):
        return f"{actor} does not make {good}{_instead(site, actor, good, scenario)}"
    if order.fields.get("firm"):
        return f"{order.fields['firm']} has no plant of {good} in {actor}"
    return f"no route of {good} between {actor} and the targets is covered"


def _makes(site: Site, country: str, good: str) -> bool:
    nodes = site.tables.nodes
    mine = (
        nodes["country"].isin(site.codes(country)) & (nodes["good"] == good) & (nodes["kind"] == "producer")
    )
    return bool(mine.any())


def _instead(site: Site, country: str, good: str, scenario: Scenario) -> str:
    """Return the other stages of the same mineral that the country makes: what the measure may have meant."""
    chain = [other for other in scenario.goods if chain_of(other) == chain_of(good) and other != good]
    made = [other for other in chain if _makes(site, country, other)]
    return f"; {country} makes {', '.join(made)}" if made else ""
