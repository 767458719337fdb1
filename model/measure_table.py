"""The measures of a plan as flat arrays for compiled rules, and what they remember.

A measure is one order; its edits (caps, costs, floors, supports, stock moves, preferences, plant costs) are rows that
name it. Arrays over time have T = 4 + Q entries, the base year's quarters first. A dated measure reads them by the
calendar, a switched one from the quarter in which it was last switched on.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from model.instrument import Cap, Cost, Edit, Floor, Index, PlantCost, Preference, Push, Stock, Support
from model.network import Floats, Ints

#: Who gets the wedge of a quota.
HOLDERS = ("firms", "state", "buyers")
COSTS = ("export_tax", "export_duty", "tariff", "import_duty")
INDEX_KINDS = ("lagged", "lagged_mean", "before")
BASE_QUARTERS = 4  # quarters of the base year at the head of arrays over time
#: Step of the last quarter in force, for a measure that never was.
NEVER = -1000.0


class MeasureTable(NamedTuple):
    """Fixed arrays. M measures, G caps, F floors, S supports, I indices, R routes, C countries.

    `*_start` [rows + 1] and `*_route` (or `_plant`, `_node`) list what a row covers.
    """

    measure_dated: Ints  # [M] 1: arrays over time go by the calendar; 0: from the switching on
    measure_active: Floats  # [M, T] share of the quarter's days in force
    measure_treaty: Ints  # [M] treaty it carries out, whose members are exempt from it; -1 for none
    measure_exemptible: Ints  # [M] 1: a mutual exemption from export restrictions lifts it
    cap_measure: Ints  # [G]
    cap_limit_t: Floats  # [G, T]
    cap_rate: Floats  # [G, T]
    cap_by_licence: Ints  # [G] 1: no tonnes of its own
    cap_period: Ints  # [G]
    cap_growth: Floats  # [G]
    cap_declared: Ints  # [G] 1: the reference flow is stated
    cap_start: Ints
    cap_route: Ints
    cap_cover: Ints  # position of the entry in the network's `route_quota`
    cost_measure: Ints
    cost_what: Ints  # position in COSTS
    cost_value: Floats  # [costs, T]
    cost_start: Ints
    cost_route: Ints
    floor_measure: Ints  # [F]
    floor_price: Floats  # [F, T]
    floor_index: Ints  # [F] -1: declared
    floor_public: Floats  # [F] share of the top-up for the treasury
    floor_start: Ints
    floor_route: Ints
    support_measure: Ints  # [S]
    support_strike: Floats  # [S, T]
    support_flat: Floats  # [S, T] paid whatever the price
    support_upside_price: Floats
    support_upside_share: Floats
    support_index: Ints
    support_volume_t: Floats
    support_outlay_usd: Floats
    support_payback_usd: Floats
    support_start: Ints
    support_plant: Ints
    stock_measure: Ints
    stock_buyer: Ints
    stock_buy_t: Floats  # [stocks, T]
    stock_release_t: Floats
    preference_measure: Ints
    preference_factor: Floats  # [preferences, T]
    preference_start: Ints
    preference_route: Ints
    dearer_measure: Ints
    dearer_value: Floats  # [plant costs, T] usd_per_t
    dearer_start: Ints
    dearer_plant: Ints
    index_kind: Ints  # [I] position in INDEX_KINDS
    index_share: Floats
    index_start: Ints
    index_node: Ints
    index_weight: Floats
    route_origin: Ints  # [R] country numbers, -1 outside
    route_destination: Ints
    countries: int


class History(NamedTuple):
    """The memory of measures. Every array is float64 [runs, rows]; M measures, G quotas, I indices, S supports."""

    measure_force: Floats  # [runs, M] 1: switched on
    measure_level: Floats  # [runs, M] scales its main number: rate, tonnes, price, tax
    measure_since: Floats  # [runs, M] step in which it was last switched on
    measure_last_on: Floats  # [runs, M] last step in force
    measure_begin: Floats  # [runs, M] step from which its reference is remembered and grows
    quota_flow_t: Floats  # [runs, 4 G] flow under each quota, last four quarters, oldest first
    quota_reference_t: Floats  # [runs, G] reference flow per quarter, set when the measure starts
    quota_carry_t: Floats  # [runs, G] unused part of the period's limit so far
    quota_limit_t: Floats  # [runs, G] the quarter's own tonnes
    quota_outside_t: Floats  # [runs, G] reference flow of the days not in force
    node_price: Floats  # [runs, 4 N] prices inside, last four quarters, oldest first
    index_reference: Floats  # [runs, I] mean of the four quarters before the measure
    landed_price: Floats  # [runs, R] of last quarter
    floor_public_share: Floats  # [runs, R] part of the floor top-up that goes to the importer's treasury
    route_restricted: Floats  # [runs, R] 1: under a ban, quota or licence below 1
    exempt: Floats  # [runs, C * C] 1: origin's export restrictions do not hold towards the destination
    route_exempt: Floats  # [runs, 2 R] 1: a treaty frees the route from export caps; then the same for duties
    floor_measure: Floats  # [runs, R] measure whose floor stands on the route, -1 for none
    treaty_member: Floats  # [runs, X * C] 1: in the treaty, which is in force
    support_usd_per_t: Floats  # [runs, S] rate of each support this quarter
    support_output_t: Floats  # [runs, S] last quarter's output of its plants
    state_stock_t: Floats  # [runs, B]


class Measure(NamedTuple):
    """One order with its edits as it enters a plan."""

    order: Any
    edits: list[Edit]
    active: Floats  # [T]
    dated: bool
    treaty: int
    exemptible: bool


def table_of(
    measures: Sequence[Measure],
    caps: Sequence[tuple[int, Cap]],
    route_origin: Ints,
    route_destination: Ints,
    countries: int,
    times: int,
) -> MeasureTable:
    """Return the flat arrays of measures; `caps` (measure number, cap) stand in the order of the network's quotas."""
    costs, floors = _of(measures, Cost), _of(measures, Floor)
    supports, stocks = _of(measures, Support), _of(measures, Stock)
    preferences, dearer = _of(measures, Preference), _of(measures, PlantCost)
    indices = [floor.index for _, floor in floors if floor.index] + [s.index for _, s in supports if s.index]
    numbered = {id(index): i for i, index in enumerate(indices)}

    def index_of(index: Index | None) -> int:
        return -1 if index is None else numbered[id(index)]

    cap_start, cap_route = _ragged([cap.routes for _, cap in caps])
    cost_start, cost_route = _ragged([cost.routes for _, cost in costs])
    floor_start, floor_route = _ragged([floor.routes for _, floor in floors])
    support_start, support_plant = _ragged([support.plants for _, support in supports])
    preference_start, preference_route = _ragged([p.routes for _, p in preferences])
    dearer_start, dearer_plant = _ragged([d.plants for _, d in dearer])
    index_start, index_node = _ragged([index.nodes for index in indices])
    return MeasureTable(
        measure_dated=ints([int(m.dated) for m in measures]),
        measure_active=_rows([m.active for m in measures], times),
        measure_treaty=ints([m.treaty for m in measures]),
        measure_exemptible=ints([int(m.exemptible) for m in measures]),
        cap_measure=ints([m for m, _ in caps]),
        cap_limit_t=_rows([cap.limit_t for _, cap in caps], times),
        cap_rate=_rows([cap.rate for _, cap in caps], times),
        cap_by_licence=ints([int(not np.any(cap.limit_t > 0.0)) for _, cap in caps]),
        cap_period=ints([cap.period for _, cap in caps]),
        cap_growth=np.array([cap.growth for _, cap in caps], float),
        cap_declared=ints([int(cap.reference_t is not None) for _, cap in caps]),
        cap_start=cap_start,
        cap_route=cap_route,
        cap_cover=_cover_positions([cap.routes for _, cap in caps]),
        cost_measure=ints([m for m, _ in costs]),
        cost_what=ints([COSTS.index(cost.what) for _, cost in costs]),
        cost_value=_rows([cost.value for _, cost in costs], times),
        cost_start=cost_start,
        cost_route=cost_route,
        floor_measure=ints([m for m, _ in floors]),
        floor_price=_rows([floor.price for _, floor in floors], times),
        floor_index=ints([index_of(floor.index) for _, floor in floors]),
        floor_public=np.array([float(floor.to_treasury) for _, floor in floors], float),
        floor_start=floor_start,
        floor_route=floor_route,
        support_measure=ints([m for m, _ in supports]),
        support_strike=_rows([s.strike for _, s in supports], times),
        support_flat=_rows([s.flat if s.flat is not None else 0.0 * s.strike for _, s in supports], times),
        support_upside_price=np.array([s.upside_price for _, s in supports], float),
        support_upside_share=np.array([s.upside_share for _, s in supports], float),
        support_index=ints([index_of(s.index) for _, s in supports]),
        support_volume_t=np.array([s.volume_t for _, s in supports], float),
        support_outlay_usd=np.array([s.outlay_cap_usd for _, s in supports], float),
        support_payback_usd=np.array([s.payback_cap_usd for _, s in supports], float),
        support_start=support_start,
        support_plant=support_plant,
        stock_measure=ints([m for m, _ in stocks]),
        stock_buyer=ints([stock.buyer for _, stock in stocks]),
        stock_buy_t=_rows([stock.buy_t for _, stock in stocks], times),
        stock_release_t=_rows([stock.release_t for _, stock in stocks], times),
        preference_measure=ints([m for m, _ in preferences]),
        preference_factor=_rows([p.factor for _, p in preferences], times),
        preference_start=preference_start,
        preference_route=preference_route,
        dearer_measure=ints([m for m, _ in dearer]),
        dearer_value=_rows([d.usd_per_t for _, d in dearer], times),
        dearer_start=dearer_start,
        dearer_plant=dearer_plant,
        index_kind=ints([INDEX_KINDS.index(index.kind) for index in indices]),
        index_share=np.array([index.share for index in indices], float),
        index_start=index_start,
        index_node=index_node,
        index_weight=np.concatenate([np.zeros(0), *(index.weight for index in indices)]),
        route_origin=route_origin,
        route_destination=route_destination,
        countries=countries,
    )


def pushes_of(measures: Sequence[Measure]) -> list[tuple[int, Push]]:
    """Return what acts between quarters, with the number of its measure."""
    return _of(measures, Push)


def _of(measures: Sequence[Measure], kind: type) -> list[tuple[int, Any]]:
    return [
        (m, edit) for m, measure in enumerate(measures) for edit in measure.edits if isinstance(edit, kind)
    ]


def _cover_positions(quota_routes: Sequence[Ints]) -> Ints:
    """Return for each entry of the ragged list of caps its place among the entries sorted by (route, quota)."""
    pairs = [(int(r), g) for g, routes in enumerate(quota_routes) for r in routes]
    place = {pair: k for k, pair in enumerate(sorted(pairs))}
    return ints([place[pair] for pair in pairs])


def _rows(rows: Sequence[Floats], times: int) -> Floats:
    return np.array(rows, dtype=np.float64).reshape(len(rows), times)


def _ragged(groups: Sequence[Ints]) -> tuple[Ints, Ints]:
    start = np.concatenate([[0], np.cumsum([group.size for group in groups])]).astype(np.int64)
    return start, np.concatenate([np.zeros(0, np.int64), *groups]).astype(np.int64)


def ints(values: Sequence[int]) -> Ints:
    """Return whole numbers as an array."""
    return np.array(values, dtype=np.int64)
