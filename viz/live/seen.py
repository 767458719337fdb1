"""Scripted measures as they could be known at the time: no later step, no later end, and what began, moved or ended."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from model.instruments import BY_NAME
from model.order import Order
from model.quarter_date import first_date, is_quarter, quarter_index, quarter_label
from model.scenario import Scenario

#: Measures that show what a state stores are nobody else's to know.
_SECRET = ("strategic_stockpile", "stock_order")


def seen_text(measure: Mapping[str, Any], now: str, seat: str) -> str:
    """Return a measure of a view in words as of a quarter; one's own and those of treaties are known to their end."""
    if measure["actor"] == seat or measure["by_treaty"]:
        return str(measure["text"])
    order = Order(
        measure["type"], measure["actor"], measure["quarter"], measure.get("end"), measure["fields"]
    )
    return _text(order, now)


def _text(order: Order, now: str) -> str:
    fields = {name: _as_of(value, now) for name, value in order.fields.items()}
    is_known = order.end is not None and quarter_index(order.end) <= quarter_index(now)
    return BY_NAME[order.type].text(replace(order, fields=fields, end=order.end if is_known else None))


def _as_of(value: Any, now: str) -> Any:
    """Return what a path of quarters holds in one quarter; anything else as it is."""
    if not isinstance(value, Mapping) or not value or not all(is_quarter(str(key)) for key in value):
        return value
    past = [key for key in value if quarter_index(str(key)) <= quarter_index(now)]
    return value[past[-1] if past else next(iter(value))]


def happened(scenario: Scenario, first: str, last: str) -> list[tuple[str, str, str]]:
    """Return (when, who, what) for all scripted measures that began, moved or ended from one quarter to another."""
    span = range(quarter_index(first), quarter_index(last) + 1)
    found = []
    for order in scenario.measures:
        if order.type in _SECRET:
            continue
        if quarter_index(order.quarter) in span:
            found.append((order.quarter, order.actor, _text(order, order.quarter)))
        for step in sorted({key for value in order.fields.values() for key in _steps(value)}):
            if quarter_index(step) in span and quarter_index(step) > quarter_index(order.quarter):
                found.append((step, order.actor, _text(replace(order, quarter=step), step)))
        if order.end is not None and quarter_index(order.end) in span:
            title = BY_NAME[order.type].title
            goods = order.fields.get("good") or []
            on = " and ".join([goods] if isinstance(goods, str) else goods)
            found.append((order.end, order.actor, f"{title} of {order.actor} on {on} ends."))
    return sorted(found, key=lambda row: first_date(row[0]))


def _steps(value: Any) -> list[str]:
    return [str(key) for key in value if is_quarter(str(key))] if isinstance(value, Mapping) else []


def before(quarter: str) -> str:
    """Return the quarter before."""
    return quarter_label(quarter_index(quarter) - 1)
