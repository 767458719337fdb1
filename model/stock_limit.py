"""How many tonnes a quarter a state may order for its stock: a part of what the world makes of the good.

A stock order buys whatever the price, so one for more than there is cannot be cleared. Several states may still ask for
too much together; a part of the world's output keeps that rare.
"""

from collections.abc import Mapping
from typing import Any

from model.field import Place
from model.price_limit import highest
from model.world import World

#: Part of the world's output in a quarter of the base year that one state may buy for its stock in a quarter.
MOST_SHARE = 0.25
_TYPE, _FIELD = "stock_order", "quantity_t"


def stock_order_most(world: World) -> dict[str, float]:
    """Return for each good the tonnes a quarter that a state may buy for its stock."""
    made = world.nodes.groupby("good")["production_t"].sum()
    return {str(good): MOST_SHARE * float(tonnes) for good, tonnes in made.items()}


def check_stock_order(order: Any, most: Mapping[str, float], place: Place) -> None:
    """Refuse a purchase for the stock beyond the limit. Raises `ScenarioError` with good, value, limit and remedy."""
    if order.type != _TYPE or order.fields["move"] != "buy":
        return
    asked = highest(order.fields[_FIELD])
    for good in order.fields["good"]:
        limit = most.get(good, float("inf"))
        if asked > limit * (1.0 + 1e-9):
            place.at("fields").at(_FIELD).refuse(
                f"Stock order of {order.actor} on {good} is {asked:,.0f} t a quarter; it must be {limit:,.0f} t or "
                f"less, {MOST_SHARE:.0%} of what the world makes in a quarter of the base year. Buy less, over longer."
            )
