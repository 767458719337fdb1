"""Merging two clubs into a forum.

The rule, clause by clause:

- members are the union, in the order of the first treaty, then of the second;
- a clause that only one treaty has is kept, and then speaks to all members;
- where both have a clause of the same type and form, the merged one covers the goods of both and promises what
  the weaker one promised (`ClauseKind.weaker` says which number that is), so that nobody is bound to more than
  it has signed; shares by member are averaged by number of members; flags hold if both hold;
- what was aimed at an outsider that is now a member falls away;
- choices that differ (a tax here, a quota there) cannot be reconciled: both clauses stay;
- of deadlines, terms and notices the longer holds, of least members the larger, of detection the weaker.

The forum is on the table: it has no dates, and its members have to sign it.
"""

from collections.abc import Mapping
from typing import Any

from model.clause import Clause, ClauseKind
from model.clauses import BY_NAME
from model.field import Field
from model.treaty import Treaty, treaty_from


def merge(first: Treaty, second: Treaty, name: str | None = None) -> Treaty:
    """Return the forum that joins two treaties; `name` is its id (default: both ids joined)."""
    members = [*first.members, *(code for code in second.members if code not in first.members)]
    rest = list(second.clauses)
    clauses = []
    for clause in first.clauses:
        twin = next((other for other in rest if _reconcilable(clause, other)), None)
        if twin is not None:
            rest.remove(twin)
            clause = _reconciled(clause, twin, len(first.members), len(second.members))
        clauses.append(clause)
    open_to_all = [_for_all(clause, members) for clause in [*clauses, *rest]]
    record = {
        "id": name or f"{first.id}_{second.id}",
        "title": f"Forum of {first.title} and {second.title}",
        "kind": "plurilateral" if len(members) > 2 else first.kind,
        "members": members,
        **_common_head(first, second, len(members)),
        "source": "; ".join(part for part in (first.source, second.source) if part),
        "clauses": [clause.to_mapping() for clause in open_to_all if clause is not None],
    }
    return treaty_from(record)


def _common_head(first: Treaty, second: Treaty, members: int) -> dict[str, Any]:
    terms = [treaty.term_quarters for treaty in (first, second)]
    days = [treaty.deadline_days for treaty in (first, second) if treaty.deadline_days is not None]
    head = {
        "minimum_members": min(members, max(first.minimum_members, second.minimum_members)),
        "term_quarters": None if None in terms else max(term for term in terms if term is not None),
        "deadline_days": max(days) if days else None,
    }
    for key, weaker in _WEAKER_HEAD.items():
        head[key] = weaker(getattr(first, key), getattr(second, key))
    return head


_WEAKER_HEAD = {
    "notice_quarters": max,
    "veto_delay_quarters": max,
    "failure_share": max,
    "detection_lag_quarters": max,
    "detection_share": min,
    "suspension_quarters": min,
    "side_payments": min,
}


def _reconcilable(a: Clause, b: Clause) -> bool:
    """Return whether two clauses are of one type and agree in every choice and place."""
    if a.type != b.type:
        return False
    fixed = [field.name for field in BY_NAME[a.type].fields if field.kind in ("choice", "place", "country")]
    return all(a.fields[name] == b.fields[name] for name in fixed)


def _reconciled(a: Clause, b: Clause, members_a: int, members_b: int) -> Clause:
    kind, weight = BY_NAME[a.type], members_a / (members_a + members_b)
    fields = {}
    for field in kind.fields:
        one, other = a.fields[field.name], b.fields[field.name]
        fields[field.name] = _joined(field, kind, one, other, weight)
    return Clause(a.type, fields)


def _joined(field: Field, kind: ClauseKind, a: Any, b: Any, weight: float) -> Any:
    """Return one field of two clauses; `weight` is that of the first's shares by member."""
    weaker = kind.weaker.get(field.name)
    if field.kind in ("goods", "countries"):
        everything = field.name in kind.all_if_empty or weaker == "both"
        return [] if everything and not (a and b) else [*a, *(item for item in b if item not in a)]
    if field.kind == "shares":
        return _averaged(a, b, weight)
    if field.kind == "flag":
        return a and b
    if a is None or b is None:
        return None if weaker in ("low", "high") else a if b is None else b
    if weaker in ("low", "cap"):
        return a if _level(a) <= _level(b) else b
    return b if weaker == "high" and _level(b) > _level(a) else a


def _level(value: Any) -> float:
    """Return the mean of a path of numbers."""
    values = (
        list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else [value]
    )
    return float(sum(values) / len(values))


def _averaged(a: Mapping[str, float], b: Mapping[str, float], weight: float) -> dict[str, float]:
    names = [*a, *(name for name in b if name not in a)]
    return {name: weight * a.get(name, 0.0) + (1.0 - weight) * b.get(name, 0.0) for name in names}


def _for_all(clause: Clause, members: list[str]) -> Clause | None:
    """Return the clause without outsiders that have become members; None where it was about them only."""
    fields = dict(clause.fields)
    for key in ("toward", "target", "recognised"):
        if fields.get(key):
            fields[key] = [code for code in fields[key] if code not in members]
            if not fields[key] and key != "recognised":
                return None
    return Clause(clause.type, fields)
