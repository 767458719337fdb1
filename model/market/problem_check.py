"""Checks of a market problem before it is solved: one clear message, naming the field."""

import difflib
import math
from collections.abc import Sequence
from typing import Any

from model.error import OreblocError


def _fail(name: str, field: str, what: str, remedy: str) -> None:
    raise OreblocError(f"Problem {name!r}, {field}: {what}. {remedy}")


def _number(name: str, field: str, value: Any, low: float, *, above: bool = False) -> None:
    """Refuse anything but a finite number of at least (or above) `low`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        _fail(name, field, f"is {value!r}, not a finite number", "Give a number.")
    if value < low or (above and value == low):
        limit = f"above {low:g}" if above else f"{low:g} or more"
        _fail(name, field, f"is {value:g}; it must be {limit}", f"Write a number {limit}.")


def _numbers(name: str, field: str, values: Any, count: int, low: float, *, above: bool = False) -> None:
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != count:
        length = len(values) if isinstance(values, Sequence) else "no list"
        _fail(name, field, f"has length {length}; it must be a list of {count}", "One number per row.")
    for k, value in enumerate(values):
        _number(name, f"{field}[{k}]", value, low, above=above)


def _key(name: str, where: str, table: Any, key: str) -> Any:
    if not isinstance(table, dict) or key not in table:
        _fail(name, where, f"has no {key!r}", "The problem format lists the keys that are needed.")
    return table[key]


#: Keys of each part; others are let pass as remarks, unless they look like one of these misspelt.
_KNOWN = {
    "problem": ("name", "stages", "demand", "solution", "status"),
    "stage": ("name", "suppliers", "buyers", "logit_scale", "plants", "preference", "trade_cost", "price_floor",
              "quotas"),
    "plants": ("node", "form", "capacity", "unit_cost", "cost_spread", "slope", "input_per_output"),
    "quota": ("arcs", "limit"),
    "demand": ("form", "quantity", "reference_price", "elasticity", "choke_ratio", "choke_power", "intercept", "slope"),
}  # fmt: skip


def _refuse_misspelt(name: str, where: str, part: str, table: Any) -> None:
    for key in table if isinstance(table, dict) else ():
        near = difflib.get_close_matches(str(key), _KNOWN[part], n=1, cutoff=0.75)
        if key not in _KNOWN[part] and near:
            _fail(name, where, f"has a field {key!r}", f"Did you mean {near[0]!r}?")


def _check_plants(name: str, where: str, stage: dict[str, Any], *, first: bool) -> None:
    plants = _key(name, where, stage, "plants")
    _refuse_misspelt(name, f"{where}.plants", "plants", plants)
    nodes = _key(name, f"{where}.plants", plants, "node")
    if not isinstance(nodes, Sequence) or len(nodes) == 0:
        _fail(name, f"{where}.plants.node", "is empty", "A stage needs at least one plant.")
    for k, node in enumerate(nodes):
        if not isinstance(node, int) or not 0 <= node < stage["suppliers"]:
            what = f"is {node!r}; supplier nodes are 0 to {stage['suppliers'] - 1}"
            _fail(name, f"{where}.plants.node[{k}]", what, "Number nodes from zero.")
    count = len(nodes)
    forms = plants.get("form", ["logistic"] * count)
    if len(forms) != count or any(form not in ("logistic", "linear") for form in forms):
        what = f"is {forms!r}; it must be 'logistic' or 'linear' per plant"
        _fail(name, f"{where}.plants.form", what, "Give one form per plant.")
    _numbers(name, f"{where}.plants.capacity", _key(name, where, plants, "capacity"), count, 0.0)
    _numbers(name, f"{where}.plants.unit_cost", _key(name, where, plants, "unit_cost"), count, -math.inf)
    if not first:
        inputs = _key(name, f"{where}.plants", plants, "input_per_output")
        _numbers(name, f"{where}.plants.input_per_output", inputs, count, 0.0)
    elif any(value != 0.0 for value in plants.get("input_per_output") or []):
        what = f"is {plants['input_per_output']!r}; the first stage has no inputs"
        _fail(name, f"{where}.plants.input_per_output", what, "Write 0 for each plant, or leave it out.")
    for k, form in enumerate(forms):
        key = "slope" if form == "linear" else "cost_spread"
        values = _key(name, f"{where}.plants", plants, key)
        if not isinstance(values, Sequence) or len(values) != count:
            _fail(name, f"{where}.plants.{key}", f"must be a list of {count}", "One number per plant.")
        _number(name, f"{where}.plants.{key}[{k}]", values[k], 0.0, above=form == "logistic")


def _check_table(name: str, where: str, stage: dict[str, Any], key: str, low: float, *, needed: bool) -> None:
    table = stage.get(key)
    if table is None and not needed:
        return
    if not isinstance(table, Sequence) or len(table) != stage["suppliers"]:
        _fail(
            name,
            f"{where}.{key}",
            f"must have {stage['suppliers']} rows, one per supplier",
            "Check its shape.",
        )
        return
    for i, row in enumerate(table):
        _numbers(name, f"{where}.{key}[{i}]", row, stage["buyers"], low)


def _check_quotas(name: str, where: str, stage: dict[str, Any]) -> None:
    for g, quota in enumerate(stage.get("quotas") or []):
        place = f"{where}.quotas[{g}]"
        _refuse_misspelt(name, place, "quota", quota)
        _number(name, f"{place}.limit", _key(name, place, quota, "limit"), 0.0)
        arcs = _key(name, place, quota, "arcs")
        if not arcs:
            _fail(name, f"{place}.arcs", "is empty", "Name at least one route [supplier, buyer].")
        for arc in arcs:
            inside = isinstance(arc, Sequence) and len(arc) == 2 and all(isinstance(x, int) for x in arc)
            inside = inside and 0 <= arc[0] < stage["suppliers"] and 0 <= arc[1] < stage["buyers"]
            if not inside:
                sides = f"{stage['suppliers']} suppliers and {stage['buyers']} buyers"
                what = f"holds {arc!r}, which is no route of {sides}"
                _fail(name, f"{place}.arcs", what, "Routes are [supplier, buyer], numbered from zero.")
        if len({tuple(arc) for arc in arcs}) < len(arcs):
            _fail(name, f"{place}.arcs", "names a route twice", "Name each route once.")


def _check_demand(name: str, demand: Any, count: int) -> None:
    form = demand.get("form", "isoelastic") if isinstance(demand, dict) else None
    _refuse_misspelt(name, "demand", "demand", demand)
    if form not in ("isoelastic", "linear", "fixed"):
        _fail(
            name,
            "demand.form",
            f"is {form!r}; it must be 'isoelastic', 'linear' or 'fixed'",
            "Change the form.",
        )
    if form == "linear":
        _numbers(name, "demand.intercept", _key(name, "demand", demand, "intercept"), count, -math.inf)
        _numbers(name, "demand.slope", _key(name, "demand", demand, "slope"), count, 0.0, above=True)
        return
    _numbers(name, "demand.quantity", _key(name, "demand", demand, "quantity"), count, 0.0)
    if form == "isoelastic":
        for key in ("reference_price", "elasticity", "choke_ratio", "choke_power"):
            values = _key(name, "demand", demand, key)
            if isinstance(values, Sequence):
                _numbers(name, f"demand.{key}", values, count, 0.0, above=key != "elasticity")
            else:
                _number(name, f"demand.{key}", values, 0.0, above=key != "elasticity")
        _check_steepness(name, demand, count)


def _check_steepness(name: str, demand: dict[str, Any], count: int) -> None:
    """Refuse demand whose outlay grows for ever with the price: it may have no equilibrium."""

    def each(key: str) -> list[float]:
        value = demand[key]
        return list(value) if isinstance(value, Sequence) else [value] * count

    for elasticity, power in zip(each("elasticity"), each("choke_power"), strict=True):
        if elasticity + power <= 1.0:
            what = f"and choke_power add up to {elasticity + power:g}; they must add up to more than 1"
            _fail(name, "demand.elasticity", what, "Raise one of them: 2 is usual for choke_power.")


def check_problem(problem: Any) -> None:
    """Raise OreblocError with the field, the value and the remedy if `problem` is not well formed."""
    if not isinstance(problem, dict):
        raise OreblocError("A problem must be an object with 'stages' and 'demand'.")
    name = str(problem.get("name", "unnamed"))
    _refuse_misspelt(name, "problem", "problem", problem)
    stages = _key(name, "problem", problem, "stages")
    if not isinstance(stages, Sequence) or not stages:
        _fail(name, "stages", "is empty", "Give at least one stage.")
    for s, stage in enumerate(stages):
        where = f"stages[{s}]"
        _refuse_misspelt(name, where, "stage", stage)
        for key in ("suppliers", "buyers"):
            value = _key(name, where, stage, key)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                _fail(
                    name,
                    f"{where}.{key}",
                    f"is {value!r}; it must be a whole number, 1 or more",
                    "Change it.",
                )
        if s > 0 and stages[s - 1]["buyers"] != stage["suppliers"]:
            what = f"is {stage['suppliers']} but the stage before has {stages[s - 1]['buyers']} buyers"
            _fail(name, f"{where}.suppliers", what, "The buyers of a stage are the suppliers of the next.")
        _number(name, f"{where}.logit_scale", _key(name, where, stage, "logit_scale"), 0.0, above=True)
        _check_plants(name, where, stage, first=s == 0)
        _check_table(name, where, stage, "preference", 0.0, needed=True)
        _check_table(name, where, stage, "trade_cost", -math.inf, needed=True)
        _check_table(name, where, stage, "price_floor", -math.inf, needed=False)
        _check_quotas(name, where, stage)
    _check_demand(name, _key(name, "problem", problem, "demand"), stages[-1]["buyers"])
