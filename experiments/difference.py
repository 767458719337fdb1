"""What differs between two scenarios, cause by cause, and the scenarios between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.scenario_file import extended_scenario
from experiments.shapley import Set
from model.error import OreblocError
from model.scenario import Scenario

_LISTS = {"measures": "measure", "treaties": "treaty", "shocks": "shock", "projects": "project",
          "demand": "demand path",          "events": "event"}  # fmt: skip
_TABLES = {"parameters": "assumption", "uncertain": "assumption", "base": "base year", "seats": "strategy",
           "players": "strategy", "doctrines": "strategy", "behaviours": "strategy"}  # fmt: skip
_TITLES = ("name", "title", "description", "expected", "sources", "seed", "extends")
_SAME = ("start", "end", "base_year", "goods", "countries", "rare_earths", "eu_members")


@dataclass(frozen=True)
class Cause:
    """One thing that differs. `rows` are (key of the scenario, what A has, what B has; None where it has nothing)."""

    kind: str
    label: str
    rows: tuple[tuple[str, Any, Any], ...]


def differences(a: Scenario, b: Scenario, by: str = "each") -> list[Cause]:
    """Return the causes in which B differs from A. `by`: each, clause, kind (of cause or measure), actor.

    Raises `OreblocError` where the two have no common world (start, end, goods ...).
    """
    one, two = a.to_mapping(), b.to_mapping()
    for key in _SAME:
        if one.get(key) != two.get(key):
            raise OreblocError(
                f"{key} is {two.get(key)!r} in {b.name} and {one.get(key)!r} in {a.name}; it must be the same, so that "
                "causes can be switched one by one. Set it alike in both."
            )
    causes: list[Cause] = []
    for key, kind in _LISTS.items():
        causes.extend(_list_causes(key, kind, one.get(key) or [], two.get(key) or [], by))
    for key in sorted({*one, *two} - {*_LISTS, *_TITLES, *_SAME}):
        causes.extend(_table_causes(key, one.get(key), two.get(key)))
    return _together(causes, by)


def _list_causes(key: str, kind: str, one: Sequence[Any], two: Sequence[Any], by: str) -> list[Cause]:
    """Return what was taken out of a list and what was put in; a treaty of the same id is changed, not exchanged."""
    gone = [row for row in one if row not in two]
    new = [row for row in two if row not in one]
    causes = []
    if key == "treaties":
        for row in list(gone):
            match = next((other for other in new if other.get("id") == row.get("id")), None)
            if match is not None and "id" in row:
                gone.remove(row)
                new.remove(match)
                causes.append(Cause(kind, f"changed: {_words(key, match)}", ((key, row, match),)))
        if by == "clause":
            causes += [cause for row in new for cause in _clause_causes(row)]
            new = [row for row in new if not row.get("clauses")]
    if key == "measures":
        for row in list(gone):
            match = next((other for other in new if _same_measure(row, other)), None)
            if match is not None:
                gone.remove(row)
                new.remove(match)
                causes.append(Cause(kind, _change_words(row, match), ((key, row, match),)))
    causes += [Cause(kind, f"without: {_words(key, row)}", ((key, row, None),)) for row in gone]
    return causes + [Cause(kind, _words(key, row), ((key, None, row),)) for row in new]


def _same_measure(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    """Tell whether two rows are one measure with another end or other numbers."""
    fields = [row.get("fields") or {} for row in (one, two)]
    alike = all(one.get(key) == two.get(key) for key in ("type", "actor", "quarter"))
    return alike and all(fields[0].get(key) == fields[1].get(key) for key in ("good", "target", "exempt"))


def _change_words(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Return what became of a measure: that it ends, or that its numbers move."""
    words = _words("measures", new)
    if old.get("fields") == new.get("fields") and new.get("end") is not None:
        return f"end of {words.rpartition(' from ')[0]} after {new['end']}"
    return f"changed: {words}"


def _clause_causes(treaty: Mapping[str, Any]) -> list[Cause]:
    name = treaty.get("title") or treaty.get("id") or treaty.get("use")
    return [
        Cause("clause", f"{_clause_words(clause)} ({name})", (("clause", treaty, clause),))
        for clause in treaty["clauses"]
    ]


def _clause_words(clause: Mapping[str, Any]) -> str:
    """Return what a clause is and the goods it names: a treaty may have several of a type."""
    goods = _few_goods(clause.get("fields") or {})
    return str(clause["type"]).replace("_", " ") + (f" on {goods}" if goods else "")


def _few_goods(fields: Mapping[str, Any]) -> str:
    goods = fields.get("good") or ""
    return goods if isinstance(goods, str) else ", ".join(goods[:2]) + (" ..." if len(goods) > 2 else "")


def _table_causes(key: str, one: Any, two: Any) -> list[Cause]:
    if one == two:
        return []
    kind = _TABLES.get(key, "assumption")
    if isinstance(one or {}, Mapping) and isinstance(two or {}, Mapping) and key != "base":
        left, right = dict(one or {}), dict(two or {})
        names = [name for name in sorted({*left, *right}) if left.get(name) != right.get(name)]
        rows = [(name, left.get(name), right.get(name)) for name in names]
        return [
            Cause(kind, _entry_words(key, name, new), ((f"{key}.{name}", old, new),))
            for name, old, new in rows
        ]
    return [Cause(kind, key.replace("_", " "), ((key, one, two),))]


def _entry_words(table: str, name: str, value: Any) -> str:
    """Return an entry of a table in words: who decides for a country and from when, or a parameter and its value."""
    if table not in ("seats", "players"):
        return f"{table}.{name} = {value}"
    if value is None:
        return f"nobody decides for {name}"
    given = {"behaviour": value} if isinstance(value, str) else dict(value)
    by, since = str(given.pop("behaviour", table[:-1])), given.pop("since", None)
    rest = ", ".join(
        f"{key} {number}" for key, number in given.items() if not isinstance(number, Mapping | list)
    )
    detail = f", {rest}" if rest else ""
    return f"{name} decides for itself ({by}{detail})" + (f" from {since}" if since else "")


def _words(key: str, row: Mapping[str, Any]) -> str:
    """Return a row in words: a measure's own sentence, a treaty's title, what a shock does."""
    if key == "measures":
        kind = str(row["type"]).replace("_", " ")
        return f"{kind} of {row['actor']} on {_few_goods(row.get('fields', {}))} from {row['quarter']}"
    if key == "treaties":
        return str(row.get("title") or row.get("id") or row.get("use"))
    if key == "shocks":
        return f"{row.get('kind')} of {row.get('good')} in {row.get('country')} times {row.get('factor')}"
    return str(row.get("name") or row.get("good") or row.get("type") or key)


def _together(causes: list[Cause], by: str) -> list[Cause]:
    """Return the causes one by one, or put together by kind or by who gives the order."""
    if by not in ("kind", "actor"):
        return causes
    groups: dict[tuple[str, str], list[Cause]] = {}
    for cause in causes:
        groups.setdefault((cause.kind, _group(cause, by)), []).append(cause)
    return [
        group[0]
        if len(group) == 1
        else Cause(kind, f"{name} ({len(group)})", tuple(r for c in group for r in c.rows))
        for (kind, name), group in groups.items()
    ]


def _group(cause: Cause, by: str) -> str:
    key, old, new = cause.rows[0]
    row = new if new is not None else old
    if key != "measures":
        return f"{cause.kind}s"
    kind = str(row["type"]).replace("_", " ")
    return f"{kind}s" if by == "kind" else f"measures of {row['actor']}"


def mixed(a: Scenario, b: Scenario, causes: Sequence[Cause], chosen: Set) -> Scenario:
    """Return A with the chosen causes switched to what B has; all chosen is B itself, none A."""
    if not chosen:
        return a
    if len(chosen) == len(causes):
        return b
    raw: dict[str, Any] = {**a.to_mapping()}
    clauses: dict[str, tuple[dict[str, Any], list[Any]]] = {}
    for number in sorted(chosen):
        for key, old, new in causes[number].rows:
            if key == "clause":
                clauses.setdefault(str(old.get("id")), (dict(old), []))[1].append(new)
            elif key in _LISTS:
                rows = [row for row in raw.get(key) or [] if old is None or row != old]
                raw[key] = rows if new is None else [*rows, new]
            else:
                _set(raw, key, new)
    for treaty, kept in clauses.values():
        ordered = [clause for clause in treaty["clauses"] if clause in kept]
        raw["treaties"] = [*(raw.get("treaties") or []), {**treaty, "clauses": ordered}]
    return extended_scenario(raw)


def _set(raw: dict[str, Any], key: str, value: Any) -> None:
    table, _, name = key.partition(".")
    if not name:
        raw[table] = value
        return
    changed = dict(raw.get(table) or {})
    changed.pop(name, None)
    raw[table] = changed if value is None else {**changed, name: value}
