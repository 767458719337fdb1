"""From firms' orders to decision columns: what a person, a script or a class of a student decides."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from model.error import OreblocError
from model.firm_order import FIRM_ORDERS_BY_NAME
from model.order import Order, order_from
from model.view import sites_of


def clear_decisions(engine: Any, run: int, firm: int) -> None:
    """Set a firm's decisions of the quarter to nothing."""
    columns = engine.columns
    for s in sites_of(engine, firm):
        columns.site_invest_t[run, s] = 0.0
        plants = engine.sites["plants"].iloc[s]
        for decided in (columns.plant_mothball_t, columns.plant_reopen_t, columns.plant_exit_t):
            decided[run, plants] = 0.0


def write_orders(
    engine: Any, run: int, firm: int, orders: Iterable[Mapping[str, Any] | Order]
) -> list[Order]:
    """Replace a firm's decisions by these orders and return them checked. Raises `OreblocError`.

    A missing actor or quarter is the firm and the quarter of the run.
    """
    name = str(engine.world.firms["name"].iloc[firm])
    clear_decisions(engine, run, firm)
    accepted = []
    for given in orders:
        order = (
            given
            if isinstance(given, Order)
            else order_from(_complete(engine, name, given), FIRM_ORDERS_BY_NAME)
        )
        if order.actor != name:
            raise OreblocError(
                f"{name} gave an order of {order.actor}; a firm decides for itself only. Leave the actor out."
            )
        _write(engine, run, firm, order)
        accepted.append(order)
    return accepted


def _complete(engine: Any, name: str, given: Any) -> Any:
    if not isinstance(given, Mapping):
        return given
    return {"actor": name, "quarter": engine.quarter_label, "end": None, **given}


def _write(engine: Any, run: int, firm: int, order: Order) -> None:
    columns, s = engine.columns, _site(engine, firm, order)
    plants = list(engine.sites["plants"].iloc[s])
    if order.type == "invest":
        wanted = float(order.fields["capacity_t_per_year"]) / 4.0
        _check_room(engine, run, s, plants, wanted, order)
        columns.site_invest_t[run, s] += wanted
        return
    share = float(order.fields["share"])
    idle = columns.plant_idle_t[run, plants]
    installed = columns.plant_installed_t[run, plants]
    whole = {"mothball": installed - idle, "reopen": idle, "exit": installed}[order.type]
    decided = {
        "mothball": columns.plant_mothball_t, "reopen": columns.plant_reopen_t, "exit": columns.plant_exit_t
    }[order.type]  # fmt: skip
    decided[run, plants] += share * whole


def _site(engine: Any, firm: int, order: Order) -> int:
    goods = order.fields["good"]
    good = goods[0] if isinstance(goods, list | tuple) else goods
    country = order.fields["country"]
    for s in sites_of(engine, firm):
        row = engine.sites.iloc[s]
        if row["good"] == good and row["country"] == country:
            return s
    own = ", ".join(
        f"{engine.sites['good'].iloc[s]} in {engine.sites['country'].iloc[s]}" for s in sites_of(engine, firm)
    )
    raise OreblocError(
        f"{order.actor} has no plants of {good} in {country}, so it cannot {order.type} there. It has: {own or 'none'}."
    )


def _check_room(engine: Any, run: int, s: int, plants: list[int], wanted: float, order: Order) -> None:
    columns = engine.columns
    room = (
        columns.site_room_t[run, s]
        - columns.plant_installed_t[run, plants].sum()
        - columns.site_pipeline_t[run, s]
    )
    if np.isfinite(room) and wanted > room + 1e-9:
        where = f"{order.fields['good']} in {order.fields['country']}"
        raise OreblocError(
            f"{order.actor} asks for {4.0 * wanted:,.6g} t a year of {where}; "
            f"the host metal leaves room for {4.0 * max(room, 0.0):,.6g} t a year. Ask for less."
        )
