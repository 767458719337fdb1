"""What the base year's taxes, tariffs, duties and price floors lay on each route: means over its four quarters.

The measures compile as they do in a run, so that a levy in force before the start is not met as news at the start.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from model.base.measure import in_force
from model.base.note import NOTICE, Notes
from model.instrument import PERIODS, Cost, Floor, Index, Margin, Site, mean_of_year
from model.instruments import BY_NAME
from model.network import Floats
from model.rules.support import capped_duty

#: Measures that the base table knows by what they leave: price gaps, closed routes.
_BY_GAP = ("export_quota", "export_licence", "export_ban")
_AT_BORDER = ("export_tax", "import_tariff", "trade_defence", "price_floor")
_BASE = slice(0, 4)
_COLUMN = {
    "export_tax": "export_tax_share",
    "tariff": "tariff_share",
    "export_duty": "export_duty_usd_per_t",
    "import_duty": "import_duty_usd_per_t",
}
_UNIT = {"export_tax": "share", "tariff": "share", "export_duty": "usd_per_t", "import_duty": "usd_per_t"}


@dataclass(frozen=True)
class _Tables:
    """The tables of a world that has no plants yet."""

    countries: list[str]
    nodes: pd.DataFrame
    buyers: pd.DataFrame
    routes: pd.DataFrame
    plants: pd.DataFrame


def add_levies(
    scenario: Any, nodes: pd.DataFrame, buyers: pd.DataFrame, routes: pd.DataFrame, notes: Notes
) -> None:
    """Add the columns of `_COLUMN`, `floor_usd_per_t` and `floor_share` (of the year that a floor held) to `routes`."""
    for column in (*_COLUMN.values(), "floor_usd_per_t", "floor_share"):
        routes[column] = 0.0
    plants = pd.DataFrame({"country": [], "good": [], "kind": [], "firm_name": []})
    countries = sorted({*nodes["country"], *buyers["country"]})
    site = Site(
        _Tables(countries, nodes, buyers, routes, plants), scenario.base_year, 4 * (scenario.base_year + 1), 1,
        scenario.eu_members,
    )  # fmt: skip
    for index, order, share in in_force(scenario):
        if order.type == "export_quota" and share >= 1.0:
            _note_slack(index, order, scenario.base_year, site, routes, notes)
        goods = [good for good in order.fields.get("good", []) if good in scenario.goods]
        if not goods or order.type in _BY_GAP:
            continue
        if order.type not in _AT_BORDER or order.fields.get("reference") in ("cost_plus", "negotiated"):
            title = BY_NAME[order.type].title.lower()
            what = f"measures[{index}], {title} of {order.actor}, held in the base year but acts from the start on"
            for good in goods:
                notes.add(good, NOTICE, what, order.quarter, "date", "scenario")
            continue
        for edit in BY_NAME[order.type].compile(order, site):
            if isinstance(edit, Cost):
                _add_cost(edit, order, nodes, routes, notes)
            elif isinstance(edit, Floor):
                _add_floor(edit, order, nodes, routes, notes)


def _note_slack(index: int, order: Any, year: int, site: Site, routes: pd.DataFrame, notes: Notes) -> None:
    """Record a base-year quota that the base year's exports exceed."""
    fields = order.fields
    if fields.get("quantity_t") is None:
        return
    limit = 4.0 * mean_of_year(order, fields["quantity_t"], year) / PERIODS[fields["period"]]
    goods = [[good] for good in fields["good"]] if not fields.get("together") else [list(fields["good"])]
    for group in goods:
        covered = [site.outbound(order, good) for good in group]
        exported = 4.0 * float(sum(routes["flow_t"].to_numpy()[rows].sum() for rows in covered))
        if exported > 1.02 * limit:
            what = (
                f"measures[{index}], export quota of {order.actor} on {', '.join(group)}, is {limit:,.6g} t in the "
                f"base year, exports are {exported:,.6g} t: these stand, and the quota bites from the start on"
            )
            notes.add(group[0], NOTICE, what, exported, "t", "scenario")


def _add_cost(edit: Cost, order: Any, nodes: pd.DataFrame, routes: pd.DataFrame, notes: Notes) -> None:
    height = float(edit.value[_BASE].mean())
    if edit.margin is not None:
        height = _capped(height, edit.margin, nodes)
    column = routes.columns.get_loc(_COLUMN[edit.what])
    routes.iloc[edit.routes, column] += height
    good = str(routes["good"].iloc[edit.routes[0]])
    what = f"{BY_NAME[order.type].title.lower()} of {order.actor}, mean of the base year"
    notes.add(good, "measure", what, height, _UNIT[edit.what], "scenario")


def _capped(duty: float, margin: Margin, nodes: pd.DataFrame) -> float:
    normal = margin.normal_usd_per_t if margin.normal is None else _price(margin.normal, nodes)
    injury = np.nan if margin.injury is None else _price(margin.injury, nodes)
    return float(capped_duty(duty, normal, _price(margin.export, nodes), injury))


def _price(index: Index, nodes: pd.DataFrame) -> float:
    return float((index.weight * nodes["price_usd_per_t"].to_numpy()[index.nodes]).sum())


def _add_floor(edit: Floor, order: Any, nodes: pd.DataFrame, routes: pd.DataFrame, notes: Notes) -> None:
    height = edit.price[_BASE] + (0.0 if edit.index is None else edit.index.share * _price(edit.index, nodes))
    active = edit.active[_BASE]
    if not active.any():
        return
    held, whole = float(active.mean()), float((active * height).sum() / active.sum())
    higher = edit.routes[routes["floor_usd_per_t"].to_numpy()[edit.routes] < whole]
    routes.iloc[higher, routes.columns.get_loc("floor_usd_per_t")] = whole
    routes.iloc[higher, routes.columns.get_loc("floor_share")] = held
    good = str(routes["good"].iloc[edit.routes[0]])
    what = f"price floor of {order.actor}, on {held:.0%} of the base year's days"
    notes.add(good, "measure", what, whole, "usd_per_t", "scenario")
    if edit.downstream:
        what = f"downstream cover of the price floor of {order.actor} acts from the start on only"
        notes.add(good, NOTICE, what, whole, "usd_per_t", "scenario")


def landed_price(routes: pd.DataFrame, seller: Floats, freight: Floats) -> Floats:
    """Return landed prices, usd_per_t: `((price + wedge) (1 + tax) + duty + freight) (1 + tariff) + duty`, floored.

    A floor held for part of the year stands in proportion above what the price would be without it.
    """
    column = {
        name: routes[name].to_numpy(np.float64)
        for name in (*_COLUMN.values(), "floor_usd_per_t", "floor_share")
    }
    border = seller * (1.0 + column["export_tax_share"]) + column["export_duty_usd_per_t"] + freight
    free = border * (1.0 + column["tariff_share"]) + column["import_duty_usd_per_t"]
    return np.asarray(free + column["floor_share"] * np.maximum(column["floor_usd_per_t"] - free, 0.0))
