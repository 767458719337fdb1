"""Compiling the measures of a scenario into edits of the network, once for each batch of runs.

`compile_measures(tables, scenario)` returns a `MeasurePlan`. Its `quota_routes` become the quotas of the
network, in that order (`model.network.with_quotas`); the plan then writes each quarter's terms.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from model.instrument import Cap, Cost, Edit, Floor, Fund, Site, Support, Tables
from model.instruments import BY_NAME
from model.measure_note import clause_notes, without_effect
from model.measure_plan import (
    BASE_QUARTERS,
    COSTS,
    HOLDERS,
    History,
    Measure,
    MeasurePlan,
    is_limited,
    reference_of,
)
from model.measure_table import burden_shares, edits_of, ints, table_of
from model.network import Answer, Bools, Floats
from model.order import Order
from model.scenario import Scenario
from model.treaty_plan import ClauseOrders, treaty_measures

__all__ = ["COSTS", "HOLDERS", "History", "MeasurePlan", "carry_over", "compile_measures", "extend_plan"]


def compile_measures(tables: Tables, scenario: Scenario) -> MeasurePlan:
    """Compile the scenario's measures for a world (or its tables, before it is complete)."""
    site = Site(tables, scenario.base_year, scenario.start_index, scenario.quarters, scenario.eu_members)
    measures: list[Measure] = []
    notes: list[dict[str, Any]] = []
    for number, order in enumerate(scenario.measures):
        measure = compile_order(order, site)
        measures.append(measure)
        missed, why = without_effect(order, measure.edits, site, scenario)
        if missed:
            text = BY_NAME[order.type].text(order)
            notes.append({"measure": number, "text": text, "goods": missed, "why": why})
    of_clauses, places = treaty_measures(
        scenario.treaties,
        site.first_label,
        scenario.goods,
        lambda order, treaty: compile_order(order, site, dated=False, treaty=treaty),
        len(measures),
        scenario.eu_members,
    )
    notes += clause_notes(of_clauses, places, len(measures), site, scenario)
    stock = _state_stock(site, scenario)
    return _plan(site, [*measures, *of_clauses], notes, stock, len(scenario.treaties), places)


def compile_order(order: Order, site: Site, *, dated: bool = True, treaty: int = -1) -> Measure:
    """Return an order with its edits. Switched measures (`dated=False`) count time from when they are switched on."""
    if not dated:
        order = Order(order.type, order.actor, site.first_label, None, order.fields, order.source)
    instrument = BY_NAME[order.type]
    edits: list[Edit] = instrument.compile(order, site)
    return Measure(order, edits, site.active(order), dated, treaty, instrument.exemptible)


def extend_plan(
    plan: MeasurePlan,
    more: Sequence[Measure],
    treaties: int | None = None,
    clause_orders: Sequence[ClauseOrders] = (),
) -> MeasurePlan:
    """Return a plan with more measures after those there are."""
    count = plan.treaties if treaties is None else treaties
    measures = [*plan.measures, *more]
    orders = [*plan.clause_orders, *clause_orders]
    return _plan(plan.site, measures, plan.notes, plan.base_state_stock_t, count, orders, plan)


def carry_over(
    plan: MeasurePlan, history: History, wider: MeasurePlan, flows_t: Sequence[Floats], answer: Answer
) -> History:
    """Return the memory for a plan that has more measures, all new ones off; new quotas know past flows.

    `flows_t`: flows of the last four quarters, oldest first, each [runs, R].
    """
    runs = history.measure_force.shape[0]
    fresh = wider.new_history(runs)
    old, count = len(plan.measures), plan.treaties * len(plan.countries)
    for name in ("force", "level", "since", "last_on", "begin"):
        getattr(fresh, f"measure_{name}")[:, :old] = getattr(history, f"measure_{name}")
    fresh.measure_force[:, old:] = 0.0
    fresh.measure_last_on[:, old:] = -1e3
    fresh.treaty_member[:, :count] = history.treaty_member
    for name in (
        "node_price",
        "landed_price",
        "topup_usd_per_t",
        "usual_use_t",
        "bought_t",
        "priority_t",
        "floor_public_share",
        "route_restricted",
        "exempt",
        "route_checked",
        "route_exempt",
        "floor_measure",
        "state_stock_t",
    ):
        getattr(fresh, name)[:] = getattr(history, name)
    size, wide = len(plan.caps), len(wider.caps)
    place = {id(cap): g for g, cap in enumerate(plan.caps)}
    for g, cap in enumerate(wider.caps):
        before = place.get(id(cap))
        for back in range(4):
            flow = flows_t[back][:, reference_of(cap)].sum(axis=1)
            if before is not None:
                flow = history.quota_flow_t[:, back * size + before]
            fresh.quota_flow_t[:, back * wide + g] = flow
        if before is not None:
            for name in ("reference_t", "carry_t", "limit_t", "outside_t"):
                getattr(fresh, f"quota_{name}")[:, g] = getattr(history, f"quota_{name}")[:, before]
    for i, before in _same(wider.indices, plan.indices):
        fresh.index_reference[:, i] = history.index_reference[:, before]
    _carry_certificates(plan, history, wider, fresh)
    _carry_rules(plan, history, wider, fresh, flows_t)
    for w, before in _same(edits_of(wider.measures, Fund), edits_of(plan.measures, Fund)):
        fresh.fund_spent_usd[:, w] = history.fund_spent_usd[:, before]
    for s, support in enumerate(wider.supports):
        fresh.support_output_t[:, s] = answer.output_t[:, support.plants].sum(axis=1)
    for s, before in _same(wider.supports, plan.supports):
        fresh.support_output_t[:, s] = history.support_output_t[:, before]
        fresh.support_usd_per_t[:, s] = history.support_usd_per_t[:, before]
    return fresh


def _carry_certificates(plan: MeasurePlan, history: History, wider: MeasurePlan, fresh: History) -> None:
    """Bring along who is certified, and what the uncertified paid."""
    count = len(plan.countries)
    old, new = ([cap.certificate for cap in p.caps if cap.certificate] for p in (plan, wider))
    for d, before in _same(new, old):
        fresh.certified[:, d * count : (d + 1) * count] = history.certified[
            :, before * count : (before + 1) * count
        ]
        for back in range(4):
            fresh.premium[:, back * len(new) + d] = history.premium[:, back * len(old) + before]


def _carry_rules(
    plan: MeasurePlan, history: History, wider: MeasurePlan, fresh: History, flows_t: Sequence[Floats]
) -> None:
    """Bring along what stock rules remember; new ones know the last quarter's supply."""
    for u, rule in enumerate(wider.rules):
        fresh.rule_supply_t[:, u] = flows_t[-1][:, rule.supply_routes].sum(axis=1)
    for u, before in _same(wider.rules, plan.rules):
        for name in ("order", "release", "stock", "owed", "supply"):
            getattr(fresh, f"rule_{name}_t")[:, u] = getattr(history, f"rule_{name}_t")[:, before]


def _same(new: Sequence[Any], old: Sequence[Any]) -> list[tuple[int, int]]:
    place = {id(item): k for k, item in enumerate(old)}
    return [(k, place[id(item)]) for k, item in enumerate(new) if id(item) in place]


def _plan(
    site: Site,
    measures: list[Measure],
    notes: list[dict[str, Any]],
    stock: Floats,
    treaties: int = 0,
    clause_orders: Sequence[ClauseOrders] = (),
    before: MeasurePlan | None = None,
) -> MeasurePlan:
    """Lay out measures; `before` is a plan of the same site that has the dated ones already."""
    tables = site.tables
    country = {code: i for i, code in enumerate(tables.countries)}
    actor = [country.get(measure.order.actor, -1) for measure in measures]
    edits = [(m, edit) for m, measure in enumerate(measures) for edit in measure.edits]
    caps = [(m, e) for m, e in edits if isinstance(e, Cap) and (not measures[m].dated or is_limited(e).any())]
    caps.sort(key=lambda pair: (int(pair[1].routes.min()), pair[0]))
    dated = [(m, e) for m, e in edits if measures[m].dated]
    supports = [(m, e) for m, e in edits if isinstance(e, Support)]
    routes = tables.routes
    origin, destination = (
        ints([country.get(code, -1) for code in routes["origin"]]) if before is None else before.route_origin,
        ints([country.get(code, -1) for code in routes["destination"]])
        if before is None
        else before.route_destination,
    )
    wedge = {} if before is None else {id(c): w for c, w in zip(before.caps, before.base_wedge, strict=True)}
    return MeasurePlan(
        start=site.start,
        quarters=site.quarters,
        countries=list(tables.countries),
        measures=measures,
        table=table_of(
            measures,
            caps,
            ints(routes["node"].tolist()),
            origin,
            destination,
            list(tables.countries),
            ints([country.get(code, -1) for code in tables.plants["country"]]),
            len(site.times),
        ),
        site=site,
        quota_routes=[cap.routes for _, cap in caps],
        quota_measure=ints([m for m, _ in caps]),
        quota_actor=ints([actor[m] for m, _ in caps]),
        quota_holder=ints([HOLDERS.index(cap.holder) for _, cap in caps]),
        caps=[cap for _, cap in caps],
        floors=[e for _, e in edits if isinstance(e, Floor)],
        supports=[support for _, support in supports],
        support_measure=ints([m for m, _ in supports]),
        support_payer=ints([actor[m] for m, _ in supports]),
        support_share=np.array(
            [burden_shares(measures[m], support.burden, list(tables.countries)) for m, support in supports]
        ).reshape(len(supports), len(tables.countries)),
        support_by_users=ints([int(support.by_users) for _, support in supports]),
        quota_firms=_quota_firms(site, [cap for _, cap in caps]),
        base_costs=_base_costs(site, [e for _, e in dated if isinstance(e, Cost)]),
        base_closed=_base_closed(site, [cap for m, cap in caps if measures[m].dated]),
        base_restricted=np.array(
            [measures[m].dated and is_limited(cap)[:BASE_QUARTERS].any() for m, cap in caps], dtype=bool
        ),
        base_wedge=np.array(
            [
                (wedge[id(cap)] if id(cap) in wedge else _base_wedge(site, m, cap))
                if measures[m].dated
                else 0.0
                for m, cap in caps
            ]
        ),
        route_origin=origin,
        route_destination=destination,
        route_buyer=ints(routes["buyer"].tolist()),
        base_flow_t=_column(routes, "flow_t"),
        base_price=_column(tables.nodes, "price_usd_per_t"),
        base_landed_price=_column(routes, "landed_price_usd_per_t"),
        base_output_t=_column(tables.plants, "capacity_t") * _column(tables.plants, "utilisation"),
        base_state_stock_t=stock,
        notes=notes,
        treaties=treaties,
        clause_orders=list(clause_orders),
    )


def _base_costs(site: Site, edits: list[Cost]) -> dict[str, Floats]:
    """Return taxes, duties and tariffs of dated measures in the mean of the base year, [R] each."""
    costs = {what: np.zeros(len(site.tables.routes)) for what in COSTS}
    for edit in edits:
        costs[edit.what][edit.routes] += edit.value[:BASE_QUARTERS].mean()
    return costs


def _base_closed(site: Site, caps: list[Cap]) -> Bools:
    """Return [R]: closed by dated measures in all quarters of the base year."""
    closed = np.zeros((BASE_QUARTERS, len(site.tables.routes)), dtype=bool)
    for cap in caps:
        whole = (cap.active > 1.0 - 1e-12) & (cap.limit_t <= 0.0) & (cap.rate <= 0.0)
        closed[:, cap.routes] |= whole[:BASE_QUARTERS, None]
    return np.asarray(closed.all(axis=0))


def _state_stock(site: Site, scenario: Scenario) -> Floats:
    """Return [B]: opening stocks that the scenario puts in the hands of states."""
    stock = np.zeros(len(site.tables.buyers))
    for row in scenario.base.stocks:
        buyers = site.buyers_of(row["country"], row["good"]) if row["holder"] == "state" else ()
        for buyer in buyers:
            stock[buyer] += row["quantity_t"] / len(buyers)
    return stock


def _quota_firms(site: Site, caps: list[Cap]) -> list[tuple[int, int, float]]:
    """Return (quota, firm number, share) of licences that name firms; firms without plants here are left out."""
    plants = site.tables.plants
    if "firm" not in plants:
        return []
    number = dict(zip(plants["firm_name"], plants["firm"], strict=True))
    return [
        (g, int(number[name]), share)
        for g, cap in enumerate(caps)
        for name, share in (cap.firm_share or {}).items()
        if name in number
    ]


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
