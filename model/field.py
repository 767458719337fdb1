"""Typed fields: what a person may write in an order, a scenario or a project, and how it is checked.

Forms, `--set` and the checks of scenario files all read the same fields. A message names the subject,
the value with its unit, the limit with its unit, the remedy, and the file and field:

    Export quota of CHN on gallium_refined is -3 t; it must be 0 t or more. Remove the measure to lift
    the quota. (crisis.toml, measures[2].fields.quantity_t)
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NoReturn

from model import name as names
from model.error import ScenarioError
from model.quarter_date import first_date, is_quarter

REQUIRED: Any = object()  #: default of a field that must be written

#: What a field may hold. A path is one number, a list with one for each quarter (the last holds on), or a
#: table of the quarters from which each number holds. Dated numbers are a table of years or quarters.
KINDS = ("number", "integer", "share", "path", "flag", "text", "choice", "quarter",
         "good", "goods", "country", "countries", "place", "shares", "weights", "dated", "words",
         "table")  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where something was written: file, path in it, and the names in force there."""

    file: str = ""
    path: str = ""
    rare_earths: str = "joint"
    eu_members: bool = False

    def at(self, key: str | int) -> "Place":
        """Return the place of a key or of a list's element below this one."""
        step = f"[{key}]" if isinstance(key, int) else f".{key}" if self.path else str(key)
        return replace(self, path=self.path + step)

    def refuse(self, message: str) -> NoReturn:
        """Raise a `ScenarioError` with the message and this place."""
        where = ", ".join(part for part in (self.file, self.path) if part)
        raise ScenarioError(f"{message} ({where})" if where else message)


@dataclass(frozen=True)
class Field:
    """One typed entry: `name` in the file, `label` in messages, limits in `unit`."""

    name: str
    kind: str
    label: str
    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    default: Any = REQUIRED
    remedy: str = ""

    def limit(self) -> str:
        """Return the accepted range in words."""
        low, high = self.low, self.high
        if low is not None and high is not None:
            return f"between {amount(low, self.unit)} and {amount(high, self.unit)}"
        if low is not None:
            return f"{amount(low, self.unit)} or more"
        return f"{amount(high, self.unit)} or less" if high is not None else "a number"


def amount(value: object, unit: str) -> str:
    """Return a value with its unit: `-3 t`, `0.5`, `0.1 per year`."""
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return f"{text} {bare_unit(unit)}".strip()


def bare_unit(unit: str) -> str:
    """Return a unit for a sentence: shares and pure numbers have none, `share per year` is `per year`."""
    first, _, rest = unit.partition(" ")
    return rest if first in ("1", "share") else unit


def read_fields(fields: Sequence[Field], mapping: object, place: Place, about: str = "") -> dict[str, Any]:
    """Return the checked values of all fields, defaults filled in. `about` follows a label: ` of CHN`.

    Raises `ScenarioError` for an unknown or missing key and for a value outside its limits.
    """
    if not isinstance(mapping, Mapping):
        place.refuse(f"{_shown(mapping)} is not a table of fields.")
    refuse_unknown(mapping, [field.name for field in fields], place)
    return {field.name: read_field(field, mapping, place, about) for field in fields}


def refuse_unknown(mapping: Mapping[str, Any], known: Sequence[str], place: Place) -> None:
    """Raise for the first key that is not known, with the likeliest name."""
    for key in mapping:
        if key not in known:
            remedy = names.did_you_mean(str(key), known, f"Known: {', '.join(known)}.")
            place.at(str(key)).refuse(f"Field {key!r} is unknown. {remedy}")


def read_field(field: Field, mapping: Mapping[str, Any], place: Place, about: str = "") -> Any:
    """Return one checked value, or the field's default where it is not written."""
    value = mapping.get(field.name)
    if value is None:
        if field.default is REQUIRED:
            place.at(field.name).refuse(f"{field.label}{about} is missing. Write {field.name}: {field.help}.")
        return field.default
    return _READERS[field.kind](field, value, place.at(field.name), about)


def _number(field: Field, value: Any, place: Place, about: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        place.refuse(f"{field.label}{about} is {_shown(value)}; it must be a number{_in(field.unit)}.")
    if not math.isfinite(value) or _outside(field, value):
        remedy = f" {field.remedy}" if field.remedy else ""
        place.refuse(
            f"{field.label}{about} is {amount(value, field.unit)}; it must be {field.limit()}.{remedy}"
        )
    return float(value)


def _outside(field: Field, value: float) -> bool:
    return (field.low is not None and value < field.low) or (field.high is not None and value > field.high)


def _integer(field: Field, value: Any, place: Place, about: str) -> int:
    number = _number(field, value, place, about)
    if number != int(number):
        place.refuse(f"{field.label}{about} is {amount(value, field.unit)}; it must be a whole number.")
    return int(number)


def _path(field: Field, value: Any, place: Place, about: str) -> float | list[float] | dict[str, float]:
    if isinstance(value, Mapping) and value:
        return _dated_path(field, value, place, about)
    if not isinstance(value, list):
        return _number(field, value, place, about)
    if not value:
        place.refuse(f"{field.label}{about} is an empty list; write one number, or one for each quarter.")
    return [_number(field, item, place.at(i), about) for i, item in enumerate(value)]


def _dated_path(field: Field, value: Mapping[str, Any], place: Place, about: str) -> dict[str, float]:
    steps = {str(key): _number(field, item, place.at(str(key)), about) for key, item in value.items()}
    for key in steps:
        if not is_quarter(key):
            place.at(key).refuse(
                f"{field.label}{about} has a step at {key!r}; write a quarter such as 2025Q1."
            )
    return dict(sorted(steps.items()))


def _flag(field: Field, value: Any, place: Place, about: str) -> bool:
    if not isinstance(value, bool):
        place.refuse(f"{field.label}{about} is {_shown(value)}; it must be true or false.")
    return value


def _text(field: Field, value: Any, place: Place, about: str) -> str:
    if not isinstance(value, str):
        place.refuse(f"{field.label}{about} is {_shown(value)}; it must be text.")
    return value


def _choice(field: Field, value: Any, place: Place, about: str) -> str:
    if value not in field.choices:
        remedy = names.did_you_mean(str(value), field.choices, "").strip()
        known = ", ".join(field.choices)
        place.refuse(f"{field.label}{about} is {_shown(value)}; it must be one of {known}. {remedy}".strip())
    return str(value)


def _words(field: Field, value: Any, place: Place, about: str) -> list[str]:
    return [_choice(field, text, spot, about) for text, spot in _items(field, value, place, about)]


def _quarter(field: Field, value: Any, place: Place, about: str) -> str:
    text = value.isoformat() if isinstance(value, date) else value
    try:
        first_date(text if isinstance(text, str) else "")
    except ScenarioError:
        example = "a quarter such as 2025Q1 or a date such as 2025-04-04"
        place.refuse(f"{field.label}{about} is {_shown(value)}; it must be {example}.")
    return str(text).strip().upper()


def _goods(field: Field, value: Any, place: Place, about: str) -> list[str]:
    goods: list[str] = []
    for text, spot in _items(field, value, place, about):
        found = names.traded_goods(text, place.rare_earths)
        if not found:
            spot.refuse(f"{field.label}{about} is {text!r}, which is not a good. {names.good_remedy(text)}")
        goods += [good for good in found if good not in goods]
    return goods


def _good(field: Field, value: Any, place: Place, about: str) -> str:
    goods = _goods(field, _text(field, value, place, about), place, about)
    if len(goods) > 1:
        place.refuse(
            f"{field.label}{about} is {value!r}, which stands for {', '.join(goods)}. Write one of them."
        )
    return goods[0]


def _countries(field: Field, value: Any, place: Place, about: str) -> list[str]:
    countries: list[str] = []
    for text, spot in _items(field, value, place, about):
        found = [names.WORLD] if text == names.WORLD else _country_codes(field, text, spot, about)
        countries += [country for country in found if country not in countries]
    return countries


def _country(field: Field, value: Any, place: Place, about: str) -> str:
    text = _text(field, value, place, about)
    _country_codes(field, text, place, about)
    return text


def _place(field: Field, value: Any, place: Place, about: str) -> str:
    return names.WORLD if value == names.WORLD else _country(field, value, place, about)


def _country_codes(field: Field, text: str, place: Place, about: str) -> list[str]:
    if text not in names.COUNTRIES:
        remedy = names.country_remedy(text)
        place.refuse(f"{field.label}{about} is {text!r}, which is not a country. {remedy}")
    if text in names.EU_MEMBERS and not place.eu_members:
        remedy = "Write EU27, or set eu_members = true"
        place.refuse(f"{field.label}{about} is {text!r}, which is part of EU27 in this scenario. {remedy}.")
    return list(names.EU_MEMBERS) if text == "EU27" and place.eu_members else [text]


def _items(field: Field, value: Any, place: Place, about: str) -> list[tuple[str, Place]]:
    if isinstance(value, str):
        return [(value, place)]
    if not isinstance(value, list) or any(not isinstance(item, str) for item in value):
        place.refuse(f"{field.label}{about} is {_shown(value)}; it must be a name or a list of names.")
    return [(item, place.at(i)) for i, item in enumerate(value)]


def _shares(field: Field, value: Any, place: Place, about: str) -> dict[str, float]:
    if not isinstance(value, Mapping) or not value:
        place.refuse(f"{field.label}{about} is {_shown(value)}; it must be a table of names and shares.")
    shares = {str(key): _number(field, item, place.at(str(key)), about) for key, item in value.items()}
    if abs(sum(shares.values()) - 1.0) > 1e-6:
        place.refuse(f"{field.label}{about} adds up to {sum(shares.values()):g}; it must add up to 1.")
    return shares


def _weights(field: Field, value: Any, place: Place, about: str) -> dict[str, float]:
    if not isinstance(value, Mapping) or not value:
        place.refuse(f"{field.label}{about} is {_shown(value)}; it must be a table of names and numbers.")
    return {
        _good(field, str(key), place, about): _number(field, item, place.at(str(key)), about)
        for key, item in value.items()
    }


def _table(field: Field, value: Any, place: Place, about: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        place.refuse(f"{field.label}{about} is {_shown(value)}; it must be a table.")
    return dict(value)


def _dated(field: Field, value: Any, place: Place, about: str) -> dict[str, float]:
    if not isinstance(value, Mapping) or not value:
        place.refuse(
            f"{field.label}{about} is {_shown(value)}; it must be a table of years or quarters, {{ 2020 = 1.5 }}."
        )
    numbers = {str(key): _number(field, item, place.at(str(key)), about) for key, item in value.items()}
    for key in numbers:
        if not is_quarter(key) and not (len(key) == 4 and key.isdigit()):
            place.at(key).refuse(
                f"{field.label}{about} has a number at {key!r}; write a year such as 2020 or a quarter such as 2020Q3."
            )
    return dict(sorted(numbers.items()))


def _shown(value: object) -> str:
    return "true" if value is True else "false" if value is False else repr(value)


def _in(unit: str) -> str:
    return f" in {bare_unit(unit)}" if bare_unit(unit) else ""


_READERS = {
    "number": _number, "share": _number, "integer": _integer, "path": _path, "flag": _flag, "text": _text,
    "choice": _choice, "quarter": _quarter, "good": _good, "goods": _goods, "country": _country,
    "countries": _countries, "place": _place, "shares": _shares, "weights": _weights, "dated": _dated,
    "words": _words, "table": _table,
}  # fmt: skip
