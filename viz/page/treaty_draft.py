"""A treaty being drafted: its clauses as forms made from their typed fields, read back from a signed one or a link."""

import json
from collections.abc import Mapping
from typing import Any

from experiments.title import short_title
from model.clause import clause_from
from model.clauses import BY_NAME
from model.error import OreblocError
from model.field import Place
from model.price_limit import base_prices, check_prices
from model.state_order import STATE_ORDERS_BY_NAME
from model.world import World
from viz.country import country_name
from viz.live.lever import price_factor, price_unit
from viz.live.order_form import Entry, Known, entries, read_value, told_fault
from viz.live.stage import Stage
from viz.page.sheet import Ask

_DRAFT = STATE_ORDERS_BY_NAME["draft_treaty"]
#: What need not be filled and yet stands with what must be.
_SHOWN = ("form", "levy", "downstream")
_MONEY = "USD a tonne"
#: Where a draft's clause would stand on a sheet: refusals lead from there to its field.
_PLACE = Place("", "orders[0].fields.document.clauses[0]")
_KINDS = {"number": "number", "check": "check", "select": "select", "checks": "checks"}


def made_of(world: World, good: str) -> set[str]:
    """Return the other goods that some recipe makes of a good."""
    network, recipes = world.network, world.recipes["good"].tolist()
    bought = world.buyers["good"].to_numpy()[network.input_buyer]
    spans = zip(network.recipe_input_start[:-1], network.recipe_input_start[1:], strict=True)
    made = {
        str(out)
        for out, (first, last) in zip(recipes, spans, strict=True)
        if good in bought[first:last].tolist()
    }
    return made - {good}


class Draft:
    """Clauses by type, each the fields written in the model's units; a price is shown in the good's own unit."""

    def __init__(self, stage: Stage, good: str, quarters: list[str]) -> None:
        self.stage, self.good = stage, good
        self.clauses: dict[str, dict[str, Any]] = {}
        goods = tuple((name, short_title(name)) for name in stage.whole.goods)
        codes = tuple((code, country_name(code)) for code in stage.whole.countries if code != "OTH")
        known = Known(goods, codes, tuple(quarters), (), (), "")
        self.entries = {
            entry.path: entry for entry in entries(_DRAFT, known) if entry.path.startswith("clause.")
        }
        self.prices = base_prices(stage.whole.world)

    def has(self, path: str) -> bool:
        """Tell whether a field of the page is one of a clause."""
        return path in self.entries

    def fields(self) -> list[Ask]:
        """Return a switch for every kind of clause, then the form of each that is in the treaty."""
        switches = [
            Ask(path, entry.label, "check", path.split(".")[1] in self.clauses, group="Clauses")
            for path, entry in self.entries.items()
            if entry.shape == "clause"
        ]
        forms = [
            self._ask(entry, self.clauses[path.split(".")[1]])
            for path, entry in self.entries.items()
            if entry.shape != "clause" and path.split(".")[1] in self.clauses and self._applies(path)
        ]
        return [*switches, *forms]

    def _applies(self, path: str) -> bool:
        """Tell whether a field makes sense for the good: cover of what is made of it needs something that is."""
        _, clause, name = path.split(".")
        held = self.clauses[clause].get("downstream")
        return not name.startswith("downstream") or bool(held or made_of(self.stage.whole.world, self.good))

    def _ask(self, entry: Entry, fields: Mapping[str, Any]) -> Ask:
        _, clause, name = entry.path.split(".")
        value = fields.get(name, entry.value)
        unit, choices = entry.unit, entry.choices
        if name == "downstream":
            offered = {*made_of(self.stage.whole.world, self.good), *(value or [])}
            choices = tuple(pair for pair in choices if pair[0] in offered)
        if entry.unit == _MONEY:
            unit = price_unit(self._good_of(name, fields))
            value = value / self._factor(name, fields) if isinstance(value, int | float) else value
        if isinstance(value, float) and entry.is_percent:
            value *= 100.0
        if isinstance(value, float):
            value = float(f"{value:.6g}")
        if isinstance(value, Mapping):
            value = "; ".join(f"{key} {number:g}" for key, number in value.items())
        if isinstance(value, list) and entry.shape != "checks":
            value = "; ".join(f"{item:g}" for item in value)
        kind = _KINDS.get(entry.shape, "text")
        kind = "text" if isinstance(value, str) and kind == "number" else kind
        folded = name == "good" or (not entry.is_first and name not in _SHOWN)
        return Ask(
            entry.path,
            entry.label,
            kind,
            value,
            choices,
            entry.help,
            unit,
            group=BY_NAME[clause].title,
            more=folded,
        )

    def _good_of(self, name: str, fields: Mapping[str, Any]) -> str:
        if name.startswith("downstream"):
            named = (
                fields.get("downstream") or sorted(made_of(self.stage.whole.world, self.good)) or [self.good]
            )
        else:
            named = fields.get("good") or [self.good]
        return named if isinstance(named, str) else str(named[0])

    def _factor(self, name: str, fields: Mapping[str, Any]) -> float:
        return price_factor(self._good_of(name, fields))

    def set(self, path: str, value: Any, members: list[str]) -> None:
        """Take over a switch or a field. Raises `OreblocError` for what the clause cannot hold; it stays as it was."""
        entry = self.entries[path]
        _, clause, name = path.split(".")
        if entry.shape == "clause":
            self.clauses.pop(clause, None)
            if value:
                self.clauses[clause] = (
                    {"good": [self.good]} if f"clause.{clause}.good" in self.entries else {}
                )
            return
        if clause not in self.clauses:
            raise OreblocError(f"{BY_NAME[clause].title} is not in the treaty. Switch it on first.")
        fields, read = dict(self.clauses[clause]), read_value(entry, value)
        if entry.unit == _MONEY and read is not None:
            factor = self._factor(name, fields)
            read = [one * factor for one in read] if isinstance(read, list) else (
                read * factor if isinstance(read, int | float) else read)  # fmt: skip
        fields.pop(name, None)
        if read is not None:
            fields[name] = read
        # a field is refused at once for itself; what is still missing beside it, when the states are asked
        self._check(clause, fields, members, only=name)
        self.clauses[clause] = fields

    def _check(self, clause: str, fields: Mapping[str, Any], members: list[str], only: str = "") -> None:
        kind = BY_NAME[clause]
        try:
            found = clause_from({"type": clause, "fields": fields}, BY_NAME, members, _PLACE)
            check_prices(kind.fields, found.fields, self.prices, _PLACE, f" of clause {clause}")
        except OreblocError as error:
            place, words = told_fault(str(error), list(self.entries.values()))
            if not only or place in ("", f"clause.{clause}.{only}"):
                raise OreblocError(words) from None

    def check(self, members: list[str]) -> None:
        """Raise `OreblocError` for the first clause that cannot be."""
        for clause, fields in self.clauses.items():
            self._check(clause, fields, members)

    def record(self) -> list[dict[str, Any]]:
        """Return the clauses as JSON values, in the order in which they were put in."""
        return [{"type": name, "fields": dict(fields)} for name, fields in self.clauses.items()]

    def word(self) -> str:
        """Return the clauses as one word of an address."""
        return json.dumps(self.record(), separators=(",", ":"))

    def load(self, clauses: Any) -> None:
        """Take over clauses from a treaty, or from the word of an address. Raises `OreblocError`."""
        try:
            rows = json.loads(clauses) if isinstance(clauses, str) else clauses
            found = {str(row["type"]): dict(row.get("fields") or {}) for row in rows}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise OreblocError("The clauses of the link cannot be read. Draft the treaty anew.") from None
        unknown = [name for name in found if name not in BY_NAME]
        if unknown:
            raise OreblocError(f"Clause {unknown[0]!r} is unknown. Known: {', '.join(BY_NAME)}.")
        self.clauses = found
        first = next((fields["good"] for fields in found.values() if fields.get("good")), None)
        if first:
            good = first if isinstance(first, str) else str(first[0])
            self.good = good if good in self.stage.whole.goods else self.good
