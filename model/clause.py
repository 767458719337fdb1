"""Clauses: what a treaty says, article by article, and what runs when it is in force.

A clause is `{type, fields}`. Its kind has typed fields (forms are generated from them), an article in plain
English, the orders its members give, and its pacts. The article and the effects are made from the same
fields, so that what a person reads is what runs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from model.field import Field, Place, read_fields, refuse_unknown
from model.name import did_you_mean
from model.pact import Pact

_KEYS = ("type", "fields")


@dataclass(frozen=True)
class Clause:
    """One promise. `fields` holds a value for every field of its kind, defaults included."""

    type: str
    fields: Mapping[str, Any]

    def to_mapping(self) -> dict[str, Any]:
        """Return the clause as JSON values, without what was left out."""
        return {"type": self.type, "fields": {k: v for k, v in self.fields.items() if v is not None}}


@dataclass(frozen=True)
class Scope:
    """For whom and what a clause is read: the members, and the goods of the world (for `all goods`)."""

    members: tuple[str, ...]
    goods: tuple[str, ...] = ()

    def goods_of(self, clause: Clause) -> list[str]:
        """Return the goods a clause is about; all of the world's where it names none."""
        return list(clause.fields.get("good") or self.goods)

    def others(self, member: str) -> list[str]:
        """Return the other members."""
        return [other for other in self.members if other != member]


class Draft(NamedTuple):
    """An order of one member before it is checked: its type, who gives it, its fields."""

    type: str
    actor: str
    fields: dict[str, Any]


def _no_orders(clause: Clause, scope: Scope) -> list[Draft]:
    return []


def _no_pacts(clause: Clause) -> list[Pact]:
    return []


@dataclass(frozen=True, kw_only=True)
class ClauseKind:
    """A type of clause.

    `article(clause, members)` gives its paragraphs; `orders(clause, scope)` the orders the members take;
    `pacts(clause)` what else it does; `check(clause, members)` None, or the field at fault and the reason with a
    remedy.
    `weaker` names, for fields that are numbers, which one promises less and stays when two treaties merge: the `low`
    or the `high` one (none where one has none), or the lower `cap` (none is no cap); a list is kept only where
    `both` have one. `all_if_empty` are the lists that mean everything when left out.
    """

    name: str
    title: str
    summary: str
    fields: tuple[Field, ...]
    article: Callable[[Clause, Sequence[str]], list[str]]
    orders: Callable[[Clause, Scope], list[Draft]] = _no_orders
    pacts: Callable[[Clause], list[Pact]] = _no_pacts
    check: Callable[[Clause, Sequence[str]], tuple[str, str] | None] = lambda clause, members: None
    weaker: Mapping[str, str] = field(default_factory=dict)
    all_if_empty: tuple[str, ...] = ("good", "toward", "host")


def clause_from(
    mapping: Any, kinds: Mapping[str, ClauseKind], members: Sequence[str], place: Place
) -> Clause:
    """Read and check one clause of a treaty between `members`. Raises `ScenarioError`."""
    if not isinstance(mapping, Mapping):
        place.refuse(f"{mapping!r} is not a clause; write type and fields.")
    word = mapping.get("type")
    if word not in kinds:
        remedy = did_you_mean(str(word), kinds, f"Known: {', '.join(kinds)}.")
        place.at("type").refuse(f"Clause type {word!r} is unknown. {remedy}")
    kind = kinds[str(word)]
    known = [field.name for field in kind.fields]
    for key in mapping:
        if key in known:
            place.at(str(key)).refuse(f"Field {key!r} is not in its place. Did you mean fields.{key}?")
    refuse_unknown(mapping, _KEYS, place)
    about = f" of clause {kind.name}"
    values = read_fields(kind.fields, mapping.get("fields") or {}, place.at("fields"), about)
    clause = Clause(kind.name, _with_all_shares(kind, values, members))
    fault = _share_fault(kind, clause, members) or kind.check(clause, members)
    if fault is not None:
        place.at("fields").at(fault[0]).refuse(fault[1])
    return clause


def _with_all_shares(kind: ClauseKind, values: dict[str, Any], members: Sequence[str]) -> dict[str, Any]:
    """Return the values with equal shares where shares by member are left out."""
    equal = {member: 1.0 / len(members) for member in members}
    left_out = {field.name for field in kind.fields if field.kind == "shares" and values[field.name] is None}
    return {key: equal if key in left_out else value for key, value in values.items()}


def _share_fault(kind: ClauseKind, clause: Clause, members: Sequence[str]) -> tuple[str, str] | None:
    for entry in kind.fields:
        if entry.kind == "shares":
            for name in clause.fields[entry.name]:
                if name not in members:
                    fault = f"{entry.label} of clause {kind.name} names {name!r}, which is not a member"
                    return entry.name, f"{fault}. Name members only: {', '.join(members)}."
    return None
