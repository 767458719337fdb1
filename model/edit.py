"""Compiling the measures of a scenario into edits of the network, once for each batch of runs.

`compile_measures(tables, scenario)` returns a `MeasurePlan`. Its `quota_routes` become the quotas of the
network, in that order (`model.network.with_quotas`); the plan then writes each quarter's terms.
"""

from typing import Any

import numpy as np

from model.instrument import Cap, Cost, Edit, Floor, Site, Stock, Support, Tables
from model.instruments import BY_NAME
from model.measure_note import without_effect
from model.measure_plan import BASE_QUARTERS, COSTS, HOLDERS, History, MeasurePlan, is_limited
from model.network import Bools, Floats, Ints
from model.quarter_date import quarter_index
from model.scenario import Scenario

__all__ = ["COSTS", "HOLDERS", "History", "MeasurePlan", "compile_measures"]


def compile_measures(tables: Tables, scenario: Scenario) -> MeasurePlan:
    """Compile the scenario's measures for a world (or its tables, before it is complete)."""
    site = Site(tables, scenario.base_year, scenario.start_index, scenario.quarters, scenario.eu_members)
    edits: list[tuple[int, Edit]] = []
    notes: list[dict[str, Any]] = []
    for number, order in enumerate(scenario.measures):
        made = BY_NAME[order.type].compile(order, site)
        edits += [(number, edit) for edit in made]
        missed, why = without_effect(order, made, site, scenario)
        if missed:
            text = BY_NAME[order.type].text(order)
            notes.append({"measure": number, "text": text, "goods": missed, "why": why})
    return _plan(site, scenario, edits, notes)


def _plan(
    site: Site, scenario: Scenario, edits: list[tuple[int, Edit]], notes: list[dict[str, Any]]
) -> MeasurePlan:
    tables = site.tables
    starts = [quarter_index(order.quarter) - site.start for order in scenario.measures]
    country = {code: i for i, code in enumerate(tables.countries)}
    actor = [country.get(order.actor, -1) for order in scenario.measures]
    caps = [(m, e) for m, e in edits if isinstance(e, Cap) and is_limited(e).any()]
    caps.sort(key=lambda pair: (int(pair[1].routes.min()), pair[0]))
    floors = [(m, e) for m, e in edits if isinstance(e, Floor)]
    supports = [(m, e) for m, e in edits if isinstance(e, Support)]
    costs = _costs(site, [e for _, e in edits if isinstance(e, Cost)])
    closed, restricted = _shut(site, [cap for _, cap in caps])
    buy, release = _stock_moves(site, [e for _, e in edits if isinstance(e, Stock)])
    routes, stock = tables.routes, _state_stock(site, scenario)
    return MeasurePlan(
        start=site.start,
        quarters=site.quarters,
        countries=list(tables.countries),
        quota_routes=[cap.routes for _, cap in caps],
        quota_measure=_ints([m for m, _ in caps]),
        quota_actor=_ints([actor[m] for m, _ in caps]),
        quota_holder=_ints([HOLDERS.index(cap.holder) for _, cap in caps]),
        caps=[cap for _, cap in caps],
        cap_start=_ints([starts[m] for m, _ in caps]),
        costs={what: value[BASE_QUARTERS:] for what, value in costs.items()},
        closed=closed[BASE_QUARTERS:],
        restricted=restricted[BASE_QUARTERS:],
        floors=[floor for _, floor in floors],
        floor_start=_ints([starts[m] for m, _ in floors]),
        floor_measure=_ints([m for m, _ in floors]),
        supports=[support for _, support in supports],
        support_measure=_ints([m for m, _ in supports]),
        support_payer=_ints([actor[m] for m, _ in supports]),
        buy_t=buy[BASE_QUARTERS:],
        release_t=release[BASE_QUARTERS:],
        base_costs={what: value[:BASE_QUARTERS].mean(axis=0) for what, value in costs.items()},
        base_closed=np.asarray(closed[:BASE_QUARTERS].all(axis=0)),
        base_restricted=np.array([is_limited(cap)[:BASE_QUARTERS].any() for _, cap in caps], dtype=bool),
        base_wedge=np.array([_base_wedge(site, m, cap) for m, cap in caps]),
        route_origin=_ints([country.get(code, -1) for code in routes["origin"]]),
        route_destination=_ints([country.get(code, -1) for code in routes["destination"]]),
        base_flow_t=_column(routes, "flow_t"),
        base_price=_column(tables.nodes, "price_usd_per_t"),
        base_landed_price=_column(routes, "landed_price_usd_per_t"),
        base_output_t=_column(tables.plants, "capacity_t") * _column(tables.plants, "utilisation"),
        base_state_stock_t=stock,
        notes=notes,
    )


def _costs(site: Site, edits: list[Cost]) -> dict[str, Floats]:
    shape = (len(site.times), len(site.tables.routes))
    costs = {what: np.zeros(shape) for what in COSTS}
    for edit in edits:
        costs[edit.what][:, edit.routes] += edit.value[:, None]
    return costs


def _shut(site: Site, caps: list[Cap]) -> tuple[Bools, Bools]:
    """Return [T, R] twice: closed for the whole quarter, restricted at all."""
    shape = (len(site.times), len(site.tables.routes))
    closed, restricted = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for cap in caps:
        whole = (cap.active > 1.0 - 1e-12) & (cap.limit_t <= 0.0) & (cap.rate <= 0.0)
        closed[:, cap.routes] |= whole[:, None]
        restricted[:, cap.routes] |= is_limited(cap)[:, None]
    return closed, restricted


def _stock_moves(site: Site, edits: list[Stock]) -> tuple[Floats, Floats]:
    shape = (len(site.times), len(site.tables.buyers))
    buy, release = np.zeros(shape), np.zeros(shape)
    for edit in edits:
        buy[:, edit.buyer] += edit.buy_t
        release[:, edit.buyer] += edit.release_t
    return buy, release


def _state_stock(site: Site, scenario: Scenario) -> Floats:
    """Return [B]: opening stocks that the scenario puts in the hands of states."""
    stock = np.zeros(len(site.tables.buyers))
    for row in scenario.base.stocks:
        buyers = site.buyers_of(row["country"], row["good"]) if row["holder"] == "state" else ()
        for buyer in buyers:
            stock[buyer] += row["quantity_t"] / len(buyers)
    return stock


def _base_wedge(site: Site, measure: int, cap: Cap) -> float:
    """Return the base-year wedge that calibration laid to this measure on these routes."""
    gaps = getattr(site.tables, "checks", {}).get("base_measures")
    if gaps is None:
        return 0.0
    goods = site.tables.routes["good"].iloc[cap.routes].unique()
    mine = gaps[(gaps["measure"] == measure) & gaps["good"].isin(goods)]
    return float(mine["wedge_usd_per_t"].max()) if len(mine) else 0.0


def _column(table: Any, name: str) -> Floats:
    """Return a column of numbers, NaN where the table has none yet."""
    if name not in table:
        return np.full(len(table), np.nan)
    return table[name].to_numpy(float)


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)
