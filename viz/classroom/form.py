"""Order forms of a seat, made from the typed fields of instruments, firms' orders and clauses: nothing by hand."""

from collections.abc import Iterable, Mapping
from typing import Any

from model.clauses import CLAUSES
from model.field import REQUIRED, Field
from model.firm_order import FIRM_ORDERS
from model.instruments import INSTRUMENTS
from model.state_order import REPEAL, own_fields
from model.treaty_move import MOVES
from viz.classroom.word import help_word
from viz.country import country_name

#: Moves that are made on the table of deals, not on a sheet.
_AT_THE_TABLE = ("propose_treaty", "counter_treaty", "sign_treaty", "draft_treaty")
#: What a seat of each role is shown first; the rest unfolds.
FIRST = {
    "exporter": ("export_licence", "export_quota", "export_tax"),
    "state": ("strategic_stockpile", "import_tariff", "production_subsidy"),
    "miner": ("invest", "mothball", "reopen"),
    "refiner": ("invest", "mothball", "reopen"),
}


def form_of(role: str, goods: Iterable[str], countries: Iterable[str]) -> dict[str, Any]:
    """Return the order kinds of a role, its first ones first, treaties' clauses, and names that fields may hold."""
    kinds: list[Any] = list(FIRM_ORDERS) if role in ("miner", "refiner") else [*INSTRUMENTS, REPEAL, *MOVES]
    kinds = [kind for kind in kinds if kind.name not in _AT_THE_TABLE]
    first = FIRST[role]
    ordered = sorted(kinds, key=lambda kind: first.index(kind.name) if kind.name in first else len(first))
    return {
        "first": list(first),
        "kinds": [_kind(kind, own_fields(kind)) for kind in ordered],
        "clauses": []
        if role in ("miner", "refiner")
        else [_kind(clause, clause.fields) for clause in CLAUSES],
        "goods": list(goods),
        "countries": (codes := list(countries)),
        "names": {code: country_name(code) for code in codes},
    }


def _kind(kind: Any, fields: Iterable[Field]) -> dict[str, Any]:
    return {
        "type": kind.name,
        "title": kind.title,
        "summary": help_word(kind.summary),
        "fields": [_field(f) for f in fields],
    }


def _field(field: Field) -> Mapping[str, Any]:
    is_required = field.default is REQUIRED
    return {
        "name": field.name,
        "kind": field.kind,
        "label": field.label,
        "help": help_word(field.help),
        "unit": field.unit,
        "low": field.low,
        "high": field.high,
        "choices": list(field.choices),
        "is_required": is_required,
        "default": None if is_required or not _is_plain(field.default) else field.default,
    }


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str | list | dict)
