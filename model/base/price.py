"""Base-year prices: outside price of each good in usd_per_t of contained product, with stated fallbacks.

A missing price follows its parent's: by the ratio of the nearest year that has both, or by the payable share
between a mine stage and the refined stage.
"""

from typing import Any

from model.base.data import cite, nearest_year, read_table, rows
from model.base.note import Notes
from model.error import OreblocError
from model.good import Good, catalogue


def published_price(good: str, year: int) -> float | None:
    """Return the price of a good in usd_per_t from the first form in price_form.csv that has the year."""
    forms = rows("price_form", good=good)
    for choice in sorted({row["choice"] for row in forms}):
        value = _composed([row for row in forms if row["choice"] == choice], year)
        if value is not None:
            return value
    return None


def _composed(forms: list[dict], year: int) -> float | None:
    """Return the weighted sum of quotations, or None where one is missing in the year."""
    total = 0.0
    for row in forms:
        quote = _quotation(row["data_mineral"], row["form"], year)
        if quote is None:
            return None
        total += quote * row["to_usd_per_t"] * row["weight"]
    return total


def _quotation(mineral: str, form: str, year: int) -> float | None:
    frame = read_table("prices")
    found = frame[(frame["mineral"] == mineral) & (frame["form"] == form) & (frame["year"] == year)]
    return None if found.empty else float(found["price"].iloc[0])


def outside_prices(goods: list[Good], year: int, scenario: Any, notes: Notes) -> dict[str, float]:
    """Return the price outside any restricting country by good, usd_per_t.

    Raises `OreblocError` where a good has no price, no parent with a price and no statement in the scenario.
    """
    stated = {row["good"]: float(row["outside_usd_per_t"]) for row in scenario.base.prices}
    prices: dict[str, float] = {}
    for good in goods:
        if good.name in stated:
            prices[good.name] = stated[good.name]
            notes.add(
                good.name, "price", "stated by the scenario", stated[good.name], "usd_per_t", "scenario"
            )
            continue
        value = _price(good, year, stated, notes)
        if value is None:
            raise OreblocError(
                f"Base year {year} has no price of {good.name} nor of what its price follows. "
                f"Choose another base_year, leave {good.mineral} out of goods, or state base.prices."
            )
        prices[good.name] = value
    return prices


def _price(good: Good, year: int, stated: dict[str, float], notes: Notes) -> float | None:
    own = published_price(good.name, year)
    if own is not None:
        return own
    payable = _payable(good.name)
    if payable is not None:
        return _from_payable(good, *payable, year, stated, notes)
    parent = good.parent
    return None if parent is None else _follow(good, parent, year, stated, notes)


def _payable(good: str) -> tuple[str, float, dict] | None:
    """Return (other good, factor on its price, row of payable.csv) linking a stage to the other of its chain."""
    for row in rows("payable", good=good):
        return row["next_good"], float(row["payable_share"]), row
    for row in rows("payable", next_good=good):
        if rows("price_form", good=row["good"]):
            return row["good"], 1.0 / float(row["payable_share"]), row
    return None


def _from_payable(
    good: Good, other: str, factor: float, row: dict, year: int, stated: dict[str, float], notes: Notes
) -> float | None:
    base = stated.get(other) or published_price(other, year)
    if base is None:
        relative = catalogue()[other]
        base = None if relative.parent is None else _follow(relative, relative.parent, year, stated, notes)
    if base is None:
        return None
    what = f"payable share between {good.name} and {other}"
    notes.add(good.name, "price", what, float(row["payable_share"]), "share", cite("payable", row))
    return base * factor


def _follow(good: Good, parent: str, year: int, stated: dict[str, float], notes: Notes) -> float | None:
    """Return the price that moves with the parent's since the nearest year that has both."""
    base = stated.get(parent) or published_price(parent, year)
    years = sorted({int(y) for y in read_table("prices")["year"]})
    both = [
        y
        for y in years
        if published_price(good.name, y) is not None and published_price(parent, y) is not None
    ]
    if base is None or not both:
        return None
    near = nearest_year(both, year)
    ratio = published_price(good.name, near) / published_price(parent, near)  # type: ignore[operator]
    notes.add(good.name, "price", f"moves with {parent} since {near}", ratio, "ratio", "prices.csv")
    return base * ratio
