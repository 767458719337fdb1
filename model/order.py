"""Orders: the one schema for everything that is decided.

A scenario's dated measures, a player's sheet, a clause's effect and the log all hold orders
`{type, actor, quarter, end, fields}`, JSON values only. `quarter` and `end` are quarters (`2025Q1`) or ISO
dates; both belong to the time in force; no `end` means for good.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from model.field import Field, Place, read_field, read_fields, refuse_unknown
from model.name import did_you_mean
from model.quarter_date import first_date, last_date

_KEYS = ("type", "actor", "quarter", "end", "fields", "source")
_ACTOR = Field("actor", "country", "Actor", "the code of the country that gives the order")
_FIRM = Field("actor", "text", "Actor", "the name of the firm that gives the order")
_QUARTER = Field("quarter", "quarter", "Start", "the quarter or day from which it holds")
_END = Field("end", "quarter", "End", "the last quarter or day it holds", default=None)
_SOURCE = Field("source", "text", "Source", "where the order is documented", default="")


@dataclass(frozen=True)
class Order:
    """One decision. `fields` holds a value for every field of its kind, defaults included."""

    type: str
    actor: str
    quarter: str
    end: str | None
    fields: Mapping[str, Any]
    source: str = ""

    def to_mapping(self) -> dict[str, Any]:
        """Return the order as JSON values."""
        record = {"type": self.type, "actor": self.actor, "quarter": self.quarter, "end": self.end}
        return {**record, "fields": dict(self.fields), **({"source": self.source} if self.source else {})}


@dataclass(frozen=True)
class OrderKind:
    """A type of order: its fields (forms are generated from them), its sentence, its own checks.

    `check(order)` returns None, or the field at fault and the reason in a full sentence with a remedy.
    """

    name: str
    title: str
    summary: str
    fields: tuple[Field, ...]
    text: Callable[[Order], str]
    check: Callable[[Order], tuple[str, str] | None] = lambda order: None
    actor: str = "country"


def order_from(mapping: Any, kinds: Mapping[str, OrderKind], place: Place | None = None) -> Order:
    """Read and check one order. Raises `ScenarioError`; nothing is left unchecked but its effect."""
    place = place or Place()
    if not isinstance(mapping, Mapping):
        place.refuse(f"{mapping!r} is not an order; write type, actor, quarter, end and fields.")
    _refuse_stray_fields(mapping, kinds, place)
    refuse_unknown(mapping, _KEYS, place)
    kind = _kind_of(mapping, kinds, place)
    actor = read_field(_FIRM if kind.actor == "firm" else _ACTOR, mapping, place)
    fields = mapping.get("fields") or {}
    values = read_fields(kind.fields, fields, place.at("fields"), _about(actor, fields))
    quarter, end = read_field(_QUARTER, mapping, place), read_field(_END, mapping, place)
    if end is not None and last_date(end) < first_date(quarter):
        remedy = "Leave end out for a measure that stays"
        place.at("end").refuse(
            f"End of the {kind.title.lower()} of {actor} is {end}; it must not be before {quarter}. {remedy}."
        )
    order = Order(kind.name, actor, quarter, end, values, read_field(_SOURCE, mapping, place))
    fault = kind.check(order)
    if fault is not None:
        place.at("fields").at(fault[0]).refuse(fault[1])
    return order


def _refuse_stray_fields(mapping: Mapping[str, Any], kinds: Mapping[str, OrderKind], place: Place) -> None:
    """Raise for a field of the order's kind that stands beside `fields` and not in it."""
    kind = kinds.get(str(mapping.get("type")))
    for key in mapping:
        if key not in _KEYS and kind is not None and key in (field.name for field in kind.fields):
            place.at(str(key)).refuse(f"Field {key!r} is not in its place. Did you mean fields.{key}?")


def _kind_of(mapping: Mapping[str, Any], kinds: Mapping[str, OrderKind], place: Place) -> OrderKind:
    word = mapping.get("type")
    if word not in kinds:
        remedy = did_you_mean(str(word), kinds, f"Known: {', '.join(kinds)}.")
        place.at("type").refuse(f"Order type {word!r} is unknown. {remedy}")
    return kinds[str(word)]


def _about(actor: str, fields: Any) -> str:
    """Return the words that follow a label: ` of CHN on gallium_refined`."""
    good = fields.get("good") if isinstance(fields, Mapping) else None
    goods = [good] if isinstance(good, str) else good if isinstance(good, list) else []
    words = ", ".join(str(item) for item in goods)
    return f" of {actor} on {words}" if words else f" of {actor}"
