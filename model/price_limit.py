"""How much money a tonne an order may name: a bound by what the good costs in the base year.

A typed field knows no good, so its limit is open; here the world is at hand. Whatever asks for more than `MOST_TIMES`
the price of the base year is a slip of the keyboard, or a way to win a game by a number that means nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from model.field import Field, Place
from model.world import World

#: Money a tonne may be so many times the good's price in the base year.
MOST_TIMES = 20.0
_UNIT = "usd a t"
_DOWNSTREAM = "downstream"


def base_prices(world: World) -> dict[str, float]:
    """Return the price of each good in the base year, usd a tonne."""
    goods = world.goods
    return dict(zip(map(str, goods["name"]), map(float, goods["price_usd_per_t"]), strict=True))


def check_prices(
    fields: Sequence[Field], values: Mapping[str, Any], prices: Mapping[str, float], place: Place, about: str
) -> None:
    """Refuse money a tonne beyond the limit in any field of an order or clause. `about` follows a label: ` of JPN`.

    Raises `ScenarioError` with good, value, limit and remedy.
    """
    for field in fields:
        if not field.unit.startswith(_UNIT) or values.get(field.name) is None:
            continue
        named = values.get(_DOWNSTREAM if field.name.startswith(_DOWNSTREAM) else "good") or []
        for good in [named] if isinstance(named, str) else named:
            value, most = highest(values[field.name]), MOST_TIMES * prices.get(good, float("inf"))
            if value > most:
                place.at("fields").at(field.name).refuse(
                    f"{field.label}{about} on {good} is {_money(value)}; it must be {_money(most)} or less, "
                    f"{MOST_TIMES:.0f} times its price in the base year ({_money(prices[good])}). Write less."
                )


def highest(value: Any) -> float:
    """Return the highest number of a field: one number, a path by quarter, or a list."""
    if isinstance(value, Mapping):
        return max(map(float, value.values()), default=0.0)
    return max(map(float, value), default=0.0) if isinstance(value, list) else float(value)


def _money(usd_per_t: float) -> str:
    """Return an amount a tonne for a message: as people write it, or in words where it is beyond all reason."""
    if usd_per_t >= 1e12:
        return "more than a million million usd a t"
    return f"{usd_per_t:,.0f} usd a t" if usd_per_t >= 100.0 else f"{usd_per_t:.3g} usd a t"
