"""Numbers, goods and orders in words, as the classroom's pages say them."""

import re
from collections.abc import Mapping
from typing import Any

from experiments.title import goods_words, short_title
from model.firm_order import FIRM_ORDERS_BY_NAME
from model.name import ALL_GOODS
from model.state_order import STATE_ORDERS_BY_NAME
from viz.country import country_name

#: Prices from here on are told by the kilogram.
_BY_KILOGRAM = 1e4
#: Groups of rare earths that the model knows by a code.
_GROUPS = {"lace": "La/Ce", "ndpr": "NdPr", "dytb": "Dy/Tb"}
#: What may happen by the desk's hand: its kind, its name, and what it does.
EVENTS: dict[str, tuple[str, str]] = {
    "outage": ("power cut", "half of a producer's plants stop"),
    "strike": ("strike", "a quarter of a producer's plants stop"),
    "demand": ("boom", "users want 15 % more"),
    "sanctions": ("sanctions", "between two states"),
    "provocation": ("provocation", "between two states"),
    "claim": ("claim on territory", "one state claims what is the other's"),
    "visit": ("state visit", "it calms two states"),
    "discovery": ("discovery", "new plants are cheaper"),
}


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


def group_word(text: str) -> str:
    """Return a text of the model with the names of groups of rare earths in place of their codes."""
    return re.sub(r"\b(?:lace|ndpr|dytb)\b", lambda code: _GROUPS[code[0]], text)


def measure_word(text: str) -> str:
    """Return a measure's text with names in place of codes of countries and goods, and numbers as one says them."""
    named = re.sub(r"\b(?:[A-Z]{3}|EU27)\b", lambda code: country_name(code[0]), text)
    named = re.sub(r"\bWORLD\b", "the whole world", named)
    named = re.sub(r"\b[a-z]+(?:_[a-z]+)+\b", lambda code: _spelt(code[0]), named)
    return re.sub(r"\b\d[\d,]*\.\d{3,}", lambda number: _rounded(number[0]), group_word(named))


def _spelt(code: str) -> str:
    return goods_words(code) if code in ALL_GOODS else code.removesuffix("_refined").replace("_", " ")


def _rounded(number: str) -> str:
    value = float(number.replace(",", ""))
    return f"{value:,.0f}" if value >= 1000.0 else f"{value:.4g}"


def help_word(text: str) -> str:
    """Return what a field of a form is for, without codes of files."""
    text = re.sub(r"\bWORLD for (?=all\b)", "", text).replace("WORLD", "the whole world")
    for pattern, words in _UNITS:
        text = pattern.sub(words, text)
    return re.sub(r"\b[a-z]+(?:_[a-z]+)+\b", lambda code: code[0].replace("_", " "), text)


#: Units within the names of fields, and their words.
_UNITS = (
    (re.compile(r"\b([a-z]+(?:_[a-z]+)*)_usd_per_t\b"), r"\1 in usd per tonne"),
    (re.compile(r"\btarget_days\b"), "target in days"),
    (re.compile(r"\b([a-z]+(?:_[a-z]+)*)_t\b"), r"\1 in tonnes"),
)
#: What a refusal of the model says that is meant for authors of files, and what people in a class read instead.
_TECHNICAL = (
    (re.compile(r"\s*\([^()]*\b(?:orders\[\d+\][^()]*|clauses|members|clauses\[\d+\][^()\s]*)\)\s*$"), ""),
    (re.compile(r"^Treaty deal_[0-9a-f]+"), "The treaty"),
    (re.compile(r"treaty deal_[0-9a-f]+"), "the treaty"),
    (re.compile(r"Write \[\[\.\.\.clauses\]\] with type and fields\."), "Add a clause."),
    (re.compile(r" is missing\. Write \w+: "), " is missing: "),
    *_UNITS,
)


#: A student's class as it is written on the command line: no word of a sentence.
_FILE = re.compile(r"(\S+\.py(?::\w+)?)")


def fault_word(message: str) -> str:
    """Return a refusal of the model without places in files, ids and codes."""
    for pattern, words in _TECHNICAL:
        message = pattern.sub(words, message)
    return "".join(part if _FILE.fullmatch(part) else measure_word(part) for part in _FILE.split(message))


def moment_word(moment: Mapping[str, Any]) -> str:
    """Return a key moment in words; what people called their treaties stays as it is."""
    text = str(moment["text"])
    if moment["kind"] in ("restriction", "floor"):
        return measure_word(text)
    return group_word(text) if moment["kind"] == "price" else text


def money_word(usd: float | None) -> str:
    """Return an amount of money in millions or billions of usd."""
    if usd is None:
        return "none"
    sign = "\u2212" if usd < 0.0 else ""
    size, unit = (1e9, "bn usd") if abs(usd) >= 1e9 else (1e6, "m usd")
    number = abs(usd) / size
    return f"{sign}{number:,.{0 if number >= 100 else 1 if number >= 10 else 2}f}\u00a0{unit}"


def order_title(kind: str) -> str:
    """Return what an order of a kind is called, as its form says it."""
    found = {**FIRM_ORDERS_BY_NAME, **STATE_ORDERS_BY_NAME}.get(kind)
    return found.title if found else plain(kind)


def event_word(event: Mapping[str, Any]) -> str:
    """Return an event in words: `power cut (Gallium, China)`, `sanctions (China and Japan)`."""
    name = EVENTS.get(str(event.get("kind")), (plain(event.get("kind")),))[0]
    between = " and ".join(_named(event[key]) for key in ("actor", "target") if event.get(key))
    about = ", ".join(filter(None, (_named(event["good"]) if event.get("good") else "", between)))
    return f"{name} ({about})" if about else name


def order_word(order: Mapping[str, Any]) -> str:
    """Return an order as a line: its kind and what was filled in, with labels and units of the order's form."""
    kind = {**FIRM_ORDERS_BY_NAME, **STATE_ORDERS_BY_NAME}.get(str(order["type"]))
    known = {field.name: field for field in kind.fields} if kind else {}
    fields = "; ".join(
        _filled(known.get(name), name, value) for name, value in order.get("fields", {}).items()
    )
    return f"{order_title(str(order['type']))}{': ' + fields if fields else ''}"


def _filled(field: Any, name: str, value: Any) -> str:
    """Return a field of an order with its value: `Import tariff 30 %`."""
    if field is None:
        return f"{plain(name)} {_named(value)}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and field.unit.startswith("share"):
        return f"{field.label.lower()} {100.0 * value:.4g} %"
    unit = {"1": "", "usd a t": "usd per tonne"}.get(field.unit, field.unit) if is_number else ""
    amount = f"{value:,.10g}" if is_number else _named(value)
    return f"{field.label.lower()} {amount}{' ' + unit if unit else ''}"


def _named(value: Any) -> str:
    """Return a field's value with names of goods and countries for codes."""
    if isinstance(value, list | tuple):
        return ", ".join(_named(item) for item in value)
    if value == "WORLD":
        return "the whole world"
    if not isinstance(value, str):
        return plain(value)
    if value in ALL_GOODS:
        return good_word(value)
    if re.fullmatch(r"[A-Z]{3}|EU27", value):
        return country_name(value)
    return _GROUPS.get(value) or plain(value)


def change_in_words(entry: Mapping[str, Any], change: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return what a what-if changes: `entry` is the record's round that it names, empty where it names none."""
    what, number = change.get("what"), int(change.get("number") or 1) - 1
    if what == "seat":
        return f"a machine had played {names.get(str(change['seat']), str(change['seat']))}"
    when = f"in round {change.get('round')}"
    if what == "order":
        seat = str(change["seat"])
        orders = entry.get("sheets", {}).get(seat, [])
        told = order_word(orders[number]) if number < len(orders) else "an order"
        return f"{names.get(seat, seat)} had not ordered {told} {when}"
    rows = entry.get("treaties" if what == "treaty" else "events", [])
    one = rows[number] if number < len(rows) else {}
    quoted = (
        f"treaty \u201c{one.get('title') or 'of that number'}\u201d" if what == "treaty" else event_word(one)
    )
    return f"without the {quoted} {when}"


def plain(value: Any) -> str:
    """Return a field's name or value without code's marks."""
    if isinstance(value, Mapping):
        return ", ".join(f"{plain(key)} {plain(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace("_", " ")
