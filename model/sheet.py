"""A sheet: the orders that one seat gives in one quarter, looked at before anything reads their meaning.

JSON values only, so that every sheet can be logged and replayed. Messages name seat, quarter and place.
"""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from model.error import OreblocError
from model.order import Order

#: Most orders that a seat may give in one quarter.
MOST_ORDERS = 40
_LONGEST = 60


def read_sheet(seat: str, quarter: str, given: Any) -> list[dict[str, Any]]:
    """Return a seat's orders as plain mappings of their own, actor, quarter and end filled in.

    Raises `OreblocError` for what is no list of orders, for a value that is not JSON, for too many orders, and for an
    order of another seat.
    """
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise OreblocError(
            f"{seat} decided {shown(given)} in {quarter}; it must return a list of orders. "
            "Return [] to do nothing."
        )
    orders = [order.to_mapping() if isinstance(order, Order) else order for order in given]
    if len(orders) > MOST_ORDERS:
        raise OreblocError(
            f"{seat} gave {len(orders):,} orders in {quarter}; it may give {MOST_ORDERS} at most. "
            "Give the rest in later quarters."
        )
    return [_plain(seat, quarter, number, order) for number, order in enumerate(orders)]


def _plain(seat: str, quarter: str, number: int, order: Any) -> dict[str, Any]:
    where = f"Order {number + 1} of {seat} in {quarter}"
    if not isinstance(order, Mapping):
        raise OreblocError(
            f"{where} is {shown(order)}; it must be a mapping with type and fields, "
            'such as {"type": "export_tax", "fields": {"good": "gallium", "rate": 0.1}}.'
        )
    fault = json_fault(order)
    if fault:
        raise OreblocError(f"{where} holds {fault}. Write plain numbers, texts, lists and mappings.")
    actor = order.get("actor", seat)
    if actor != seat:
        raise OreblocError(
            f"{where} is an order of {shown(actor)}; a seat gives its own orders only. Leave the actor out."
        )
    copied: dict[str, Any] = json.loads(json.dumps(dict(order)))
    return {**copied, "actor": seat, "quarter": copied.get("quarter") or quarter, "end": copied.get("end")}


def json_fault(value: Any, where: str = "") -> str:
    """Return what of a value JSON does not have, in words with its place; empty if nothing."""
    if value is None or isinstance(value, bool | str):
        return ""
    if isinstance(value, int | float):
        return "" if math.isfinite(value) else f"{value} as {where or 'a value'}"
    if isinstance(value, Mapping):
        odd = next((key for key in value if not isinstance(key, str)), None)
        if odd is not None:
            return f"the key {shown(odd)}, which is no text,{f' in {where}' if where else ''}".rstrip(",")
        parts = [json_fault(item, f"{where}.{key}" if where else key) for key, item in value.items()]
        return next((fault for fault in parts if fault), "")
    if isinstance(value, list | tuple):
        parts = [json_fault(item, f"{where}[{i}]") for i, item in enumerate(value)]
        return next((fault for fault in parts if fault), "")
    return f"{shown(value)} ({type(value).__module__}.{type(value).__name__}) as {where or 'a value'}"


def shown(value: Any) -> str:
    """Return a value for a message, cut where it is long."""
    try:
        text = repr(value)
    except Exception as error:  # somebody else's class may fail to show itself
        text = f"a {type(value).__name__} that cannot be shown ({type(error).__name__})"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
