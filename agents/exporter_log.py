"""What an exporter that chooses switched in the first run, as orders of the log with the reasons it gave."""

from collections.abc import Mapping, Sequence
from typing import Any

from agents.exporter_menu import Menu
from model.engine import Engine
from model.order import Order
from model.state_order import REPEAL

#: The number of each instrument of the menu that its level scales.
MAIN_FIELDS = {
    "export_tax": "rate", "export_licence": "rate", "export_quota": "quantity_t",
    "production_subsidy": "rate_usd_per_t", "price_support": "strike_usd_per_t", "import_tariff": "rate",
    "strategic_stockpile": "target_days",
}  # fmt: skip
Standing = Mapping[int, tuple[float, float]]


def standing(engine: Engine, menu: Menu) -> Standing:
    """Return by measure of the menu whether it is on in the first run, and its level."""
    force, level = engine.history.measure_force[0], engine.history.measure_level[0]
    return {m: (float(force[m]), float(level[m])) for m in menu.about}


def log_changes(engine: Engine, menu: Menu, before: Standing) -> None:
    """Write into the log what differs from `before`: a measure put on or changed, or a repeal.

    Each with the reason last given for its market or for the state it restricts.
    """
    for m, (on, level) in standing(engine, menu).items():
        was_on, was_level = before[m]
        if on <= 0.0 and was_on <= 0.0:
            continue
        if on > 0.0 and was_on > 0.0 and level == was_level:
            continue
        order = scaled_order(engine, m, level) if on > 0.0 else _repeal(engine, menu, m)
        engine.record(menu.code, order, why=_why(engine.decisions, menu.code, *menu.about[m]))


def scaled_order(engine: Engine, measure: int, level: float) -> Order:
    """Return the order behind a measure of the menu with the number that it holds at this level, from now on."""
    order = engine.plan.measures[measure].order
    fields = {key: value for key, value in order.fields.items() if value is not None}
    if order.type in MAIN_FIELDS:
        main = MAIN_FIELDS[order.type]
        fields = {**fields, main: fields[main] * float(level)}
    return Order(order.type, order.actor, engine.quarter_label, None, fields)


def _repeal(engine: Engine, menu: Menu, measure: int) -> Order:
    return Order(REPEAL.name, menu.code, engine.quarter_label, None, {"measure": measure})


def _why(told: Sequence[Mapping[str, Any]], seat: str, market: str, target: str) -> str:
    for row in reversed(told):
        if (row["seat"], row.get("market", ""), row.get("target", "")) == (seat, market, target):
            return str(row["why"])
    return ""
