"""A player who does what is written down: each order is given in the quarter in which it begins."""

from collections.abc import Iterable, Mapping
from typing import Any

from model.quarter_date import quarter_index


class ScriptedPlayer:
    """Fills any seat with a list of orders, each with a `quarter`."""

    looks = False

    def __init__(self, orders: Iterable[Mapping[str, Any]]) -> None:
        self.orders = [dict(order) for order in orders]

    def decide(self, view: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the orders of the quarter."""
        now = quarter_index(view["quarter"])
        return [order for order in self.orders if quarter_index(order["quarter"]) == now]


class LoggedPlayer:
    """Fills a seat with what a log says it ordered, by the quarter in which it was given."""

    looks = False

    def __init__(self, orders: Mapping[str, list[dict[str, Any]]]) -> None:
        self.orders = orders

    def decide(self, view: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the logged orders of the quarter."""
        return self.orders.get(view["quarter"], [])
