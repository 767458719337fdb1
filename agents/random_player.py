"""A player who gambles: legal orders drawn at random, the same in every replay.

Its chance comes from `view["luck"]`, a number of the seat, the quarter and the run, and from nowhere else.
"""

from typing import Any

from model.draw import PLAYER, uniform
from model.error import ScenarioError
from model.field import REQUIRED, Field, Place
from model.instruments import BY_NAME
from model.order import order_from
from model.quarter_date import quarter_index, quarter_label

#: Chance that a state gives an order in a quarter, and that it repeals one of its own.
_ACTS, _REPEALS = 0.25, 0.15
_GRAIN = 2.0**52


class RandomPlayer:
    """Fills any seat. States take up instruments and repeal them; firms build, mothball, reopen and close."""

    def decide(self, view: dict[str, Any]) -> list[dict[str, Any]]:
        """Return at most two orders."""
        chance = _Chance(view["luck"])
        return _state(view, chance) if "goods" in view else _firm(view, chance)


class _Chance:
    """Uniform numbers, one after the other, from one number."""

    def __init__(self, luck: float) -> None:
        self.source, self.count = int(luck * _GRAIN), 0

    def number(self) -> float:
        """Return the next number between 0 and 1."""
        self.count += 1
        return float(uniform(self.source, 0, 0, PLAYER, self.count))

    def one_of(self, things: list[Any]) -> Any:
        """Return one of some things."""
        return things[min(int(self.number() * len(things)), len(things) - 1)]


def _state(view: dict[str, Any], chance: _Chance) -> list[dict[str, Any]]:
    orders: list[dict[str, Any]] = []
    own = [
        m["id"]
        for m in view["measures"]
        if m["actor"] == view["seat"] and m["in_force"] and not m["by_treaty"]
    ]
    if own and chance.number() < _REPEALS:
        orders.append({"type": "repeal", "fields": {"measure": chance.one_of(own)}})
    if view["goods"] and chance.number() < _ACTS:
        orders += _measure(view, chance)
    return orders


def _measure(view: dict[str, Any], chance: _Chance) -> list[dict[str, Any]]:
    """Return one order of an instrument, or none where what was drawn is not legal."""
    kind, good = chance.one_of(list(BY_NAME.values())), chance.one_of(view["goods"])
    fields = {f.name: _value(f, view, good, chance) for f in kind.fields if f.default is REQUIRED}
    if kind.name == "stock_order":
        fields["quantity_t"] = min(fields["quantity_t"], good["stock_order_most_t"])
    last = quarter_index(view["quarter"]) + 1 + int(chance.number() * 12)
    order = {"type": kind.name, "actor": view["seat"], "quarter": view["quarter"], "end": quarter_label(last)}
    try:
        order_from({**order, "fields": fields}, BY_NAME, Place())
    except ScenarioError:
        return []
    return [{**order, "fields": fields}]


def _value(field: Field, view: dict[str, Any], good: dict[str, Any], chance: _Chance) -> Any:
    """Return a value within a field's limits."""
    others = [code for code in view["countries"] if code not in (view["seat"], "OTH")] or view["countries"]
    if field.kind in ("good", "goods"):
        return good["good"]
    if field.kind in ("country", "countries", "place"):
        return chance.one_of(others)
    if field.kind == "choice":
        return chance.one_of(list(field.choices))
    if field.kind == "flag":
        return chance.number() < 0.5
    if field.kind == "quarter":
        return view["quarter"]
    if field.kind in ("number", "share", "path", "integer"):
        low = field.low or 0.0
        most = field.high if field.high is not None else low + 2.0 * _usual(field, good)
        number = low + chance.number() * (min(most, 1e12) - low)
        return int(number) if field.kind == "integer" else number
    return "" if field.kind == "text" else {}


def _usual(field: Field, good: dict[str, Any]) -> float:
    """Return a number of the usual size in a field's unit: the good's price, or tonnes of it."""
    price = good["landed_price_usd_per_t"] or good["price_usd_per_t"] or 1.0
    tonnes = max(good["output_t"], good["use_t"], 1.0)
    if "usd" in field.unit:
        return float(price if " a t" in field.unit or "per_t" in field.unit else price * tonnes)
    return float(tonnes if field.unit.startswith("t") else 1.0)


def _firm(view: dict[str, Any], chance: _Chance) -> list[dict[str, Any]]:
    if not view["sites"] or chance.number() > _ACTS:
        return []
    site = chance.one_of(view["sites"])
    where = {"good": site["good"], "country": site["country"]}
    kind = chance.one_of(["invest", "mothball", "reopen", "exit"])
    if kind != "invest":
        return [{"type": kind, "fields": {**where, "share": 0.5 * chance.number()}}]
    taken = site["capacity_t"] + site["pipeline_t"]
    room = float("inf") if site["room_t"] is None else max(site["room_t"] - taken, 0.0)
    wanted = min(0.4 * chance.number() * site["capacity_t"], 3.9 * room)
    return [{"type": "invest", "fields": {**where, "capacity_t_per_year": wanted}}] if wanted > 0.0 else []
