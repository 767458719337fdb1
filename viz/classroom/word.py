"""Numbers, goods and orders in words, as the classroom's pages say them."""

import re
from collections.abc import Mapping
from typing import Any

from viz.country import country_name
from viz.live.title import short_title

#: Prices from here on are told by the kilogram.
_BY_KILOGRAM = 1e4


def good_word(good: str) -> str:
    """Return a good's name as a heading: Gallium, NdPr, Tungsten concentrate."""
    return short_title(good).removesuffix(" refined")


def sized(largest: float) -> tuple[float, str]:
    """Return what to divide prices in usd per tonne by, the largest being given, and the unit's name."""
    return (1000.0, "usd per kilogram") if largest >= _BY_KILOGRAM else (1.0, "usd per tonne")


def price_word(value: float | None, is_signed: bool = False) -> str:
    """Return a price in usd per tonne with its unit; `is_signed` for a difference."""
    if value is None:
        return "none"
    size, unit = (1000.0, "usd/kg") if abs(value) >= _BY_KILOGRAM else (1.0, "usd/t")
    sign = "" if not is_signed and value >= 0.0 else "+" if value > 0.0 else "\u2212" if value < 0.0 else ""
    number = abs(value) / size
    return f"{sign}{number:,.{0 if number >= 100 else 1 if number >= 10 else 2}f}\u00a0{unit}"


def change_word(share: float | None) -> str:
    """Return a change with its sign: +12 %, -3.4 %, or how many times where it more than doubles."""
    if share is None:
        return ""
    if share >= 1.0:
        return f"{1.0 + share:.1f}\u00a0times"
    sign = "+" if share > 0.0 else "\u2212" if share < 0.0 else ""
    return f"{sign}{abs(100.0 * share):.{1 if abs(share) < 0.0995 else 0}f}\u00a0%"


def measure_word(text: str) -> str:
    """Return a measure's text with names in place of codes of countries and goods."""
    named = re.sub(r"\b[A-Z]{3}\b", lambda code: country_name(code[0]), text)
    return re.sub(
        r"\b[a-z]+(?:_[a-z]+)+\b", lambda good: good[0].removesuffix("_refined").replace("_", " "), named
    )


def moment_word(moment: Mapping[str, Any]) -> str:
    """Return a key moment in words; what people called their treaties stays as it is."""
    text = str(moment["text"])
    return measure_word(text) if moment["kind"] in ("restriction", "floor") else text


def money_word(usd: float | None) -> str:
    """Return an amount of money in millions or billions of usd."""
    if usd is None:
        return "none"
    sign = "\u2212" if usd < 0.0 else ""
    size, unit = (1e9, "bn usd") if abs(usd) >= 1e9 else (1e6, "m usd")
    number = abs(usd) / size
    return f"{sign}{number:,.{0 if number >= 100 else 1 if number >= 10 else 2}f}\u00a0{unit}"


def order_word(order: Mapping[str, Any]) -> str:
    """Return an order as a line: its kind and what was filled in."""
    fields = "; ".join(f"{plain(name)} {plain(value)}" for name, value in order.get("fields", {}).items())
    return f"{plain(order['type'])}{': ' + fields if fields else ''}"


def plain(value: Any) -> str:
    """Return a field's name or value without code's marks."""
    if isinstance(value, Mapping):
        return ", ".join(f"{plain(key)} {plain(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace("_", " ")
