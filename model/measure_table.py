"""The measures of a plan as flat arrays for compiled rules, and what they remember.

A measure is one order; its edits (caps, costs, floors, supports, stock moves and rules, preferences, plant costs,
funds, outlays) are rows that name it. Arrays over time have T = 4 + Q entries, the base year's quarters first. A
dated measure reads them by the calendar, a switched one from the quarter in which it was last switched on.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from model.instrument import (
    Cap,
    Certificate,
    Cost,
    Edit,
    Floor,
    Fund,
    Index,
    Margin,
    Outlay,
    PlantCost,
    Preference,
    Priority,
    Push,
    Stock,
    StockRule,
    Support,
)
from model.network import Floats, Ints

#: Who gets the wedge of a quota.
HOLDERS = ("firms", "state", "buyers")
COSTS = ("export_tax", "export_duty", "tariff", "import_duty")
INDEX_KINDS = ("lagged", "lagged_mean", "before")
SIDES = ("export", "output", "import")
FUND_FORMS = ("grant", "equity", "loan")
#: Quarters of prices that are remembered.
PRICE_QUARTERS = 8
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
    cap_side: Ints  # [G] position in SIDES
    cap_rolling: Ints  # [G] 1: the reference moves on every quarter
    cap_by_own: Ints  # [G] 1: the reference is the flow of its own routes
    cap_certificate: Ints  # [G] its certificate, -1 for none
    reference_start: Ints  # [G + 1] routes whose flow is the reference
    reference_route: Ints
    certificate_cap: Ints  # [D]
    certificate_measure: Ints
    certificate_may: Ints  # [D, C] 0: never, 1: may follow, 2: certified from the start
    certificate_usd_per_t: Floats  # [D, T]
    certificate_start: Ints
    certificate_plant: Ints
    certificate_country: Ints  # of each plant
    cost_measure: Ints
    cost_what: Ints  # position in COSTS
    cost_value: Floats  # [costs, T]
    cost_normal: Ints  # index of the normal value; -2: declared, -1: no margin caps it
    cost_normal_usd: Floats
    cost_export: Ints  # index of the export price
    cost_injury: Ints  # index of the price that does not injure; -1: none
    cost_start: Ints
    cost_route: Ints
    floor_measure: Ints  # [F]
    floor_price: Floats  # [F, T]
    floor_index: Ints  # [F] -1: declared
    floor_public: Floats  # [F] share of the top-up for the treasury
    floor_start: Ints
    floor_route: Ints
    product_floor: Ints  # [products] the floor whose top-up they pay a part of
    product_content: Floats
    product_start: Ints
    product_route: Ints
    product_raw_start: Ints  # per entry of product_route: the floor's routes that count for it
    product_raw: Ints
    support_measure: Ints  # [S]
    support_strike: Floats  # [S, T]
    support_flat: Floats  # [S, T] paid whatever the price
    support_upside_price: Floats
    support_upside_share: Floats
    support_index: Ints
    support_volume_t: Floats
    support_outlay_usd: Floats
    support_payback_usd: Floats
    support_discount: Floats  # [S] of an offtake; -1 where it is none
    support_take: Floats
    support_start: Ints
    support_plant: Ints
    rule_measure: Ints  # [U] stocks that buy and release by rule
    rule_buyer: Ints
    rule_index: Ints
    rule_target_days: Floats  # [U, T]
    rule_target_t: Floats  # [U, T]
    rule_capacity_t: Floats
    rule_build_quarters: Floats
    rule_buy_below: Floats
    rule_buy_most: Floats
    rule_release_above: Floats
    rule_short_share: Floats
    rule_release_quarters: Floats
    rule_release_share: Floats
    rule_carry: Floats
    rule_strike: Floats  # -1: no vault
    rule_fee: Floats
    rule_refill_quarters: Floats
    rule_group: Ints  # [U] first rule of the treaty and good that it releases together with, -1 for none
    rule_start: Ints
    rule_route: Ints
    priority_measure: Ints
    priority_buyer: Ints
    priority_share: Floats  # [priorities, T]
    fund_measure: Ints  # [W]
    fund_form: Ints  # position in FUND_FORMS
    fund_share: Floats  # [W, T]
    fund_budget_usd: Floats
    fund_rate: Floats
    fund_years: Floats
    fund_additional: Ints
    fund_burden: Floats  # [W, C]
    fund_start: Ints
    fund_plant: Ints
    outlay_measure: Ints
    outlay_usd: Floats  # [outlays, T]
    outlay_burden: Floats  # [outlays, C]
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
    index_lag: Ints
    index_start: Ints
    index_node: Ints
    index_weight: Floats
    route_node: Ints  # [R]
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
    quota_flow_t: (
        Floats  # [runs, 4 G] flow a quota's reference is taken from, last four quarters, oldest first
    )
    quota_reference_t: Floats  # [runs, G] reference flow per quarter, set when the measure starts
    quota_carry_t: Floats  # [runs, G] unused part of the period's limit so far
    quota_limit_t: Floats  # [runs, G] the quarter's own tonnes
    quota_outside_t: Floats  # [runs, G] reference flow of the days not in force
    node_price: Floats  # [runs, 8 N] prices inside, last eight quarters, oldest first
    index_reference: Floats  # [runs, I] mean of the four quarters before the measure
    landed_price: Floats  # [runs, R] of last quarter
    topup_usd_per_t: Floats  # [runs, R] what floors added to it
    certified: Floats  # [runs, D * C] 1: the country's producers are certified
    premium: Floats  # [runs, 4 D] wedge of the uncertified, last four quarters, oldest first
    floor_public_share: Floats  # [runs, R] part of the floor top-up that goes to the importer's treasury
    route_restricted: Floats  # [runs, R] 1: under a ban, quota or licence below 1
    exempt: Floats  # [runs, C * C] 1: origin's export restrictions do not hold towards the destination
    route_checked: Floats  # [runs, R] part of its shipments whose end use is verified under an exemption
    route_exempt: Floats  # [runs, 2 R] 1: a treaty frees the route from export caps; then the same for duties
    floor_measure: Floats  # [runs, R] measure whose floor stands on the route, -1 for none
    treaty_member: Floats  # [runs, X * C] 1: in the treaty, which is in force
    support_usd_per_t: Floats  # [runs, S] rate of each support this quarter
    support_output_t: Floats  # [runs, S] last quarter's output of its plants
    state_stock_t: Floats  # [runs, B]
    usual_use_t: Floats  # [runs, B] use, a mean of about eight quarters
    bought_t: Floats  # [runs, B] last quarter's purchases, those for the state's stock not counted
    priority_t: Floats  # [runs, B] final demand served first this quarter
    rule_order_t: Floats  # [runs, U] ordered by each rule this quarter
    rule_release_t: Floats  # [runs, U]
    rule_stock_t: Floats  # [runs, U] what a vault holds; of states' rules nothing
    rule_owed_t: (
        Floats  # [runs, U] taken from a vault and not yet returned; of a response group 1: it helps others
    )
    rule_supply_t: Floats  # [runs, U] last quarter's supply outside
    fund_spent_usd: Floats  # [runs, W] capital advanced so far
    ahead: Floats  # [runs, 1] quarters by which a look is ahead of the run, 0 in the run itself


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
    route_node: Ints,
    route_origin: Ints,
    route_destination: Ints,
    country_codes: Sequence[str],
    plant_country: Ints,
    times: int,
) -> MeasureTable:
    """Return the flat arrays of measures; `caps` (measure number, cap) stand in the order of the network's quotas."""
    costs, floors = _of(measures, Cost), _of(measures, Floor)
    supports, stocks = _of(measures, Support), _of(measures, Stock)
    preferences, dearer = _of(measures, Preference), _of(measures, PlantCost)
    rules, priorities = _of(measures, StockRule), _of(measures, Priority)
    funds, outlays = _of(measures, Fund), _of(measures, Outlay)
    certificates = [(m, g, cap.certificate) for g, (m, cap) in enumerate(caps) if cap.certificate]
    own = {id(c): d for d, (_, _, c) in enumerate(certificates)}
    products = [(f, row) for f, (_, floor) in enumerate(floors) for row in floor.downstream]
    indices = indices_of(measures)
    numbered = {id(index): i for i, index in enumerate(indices)}
    burden = _burdens(measures, country_codes)

    def index_of(index: Index | None) -> int:
        return -1 if index is None else numbered[id(index)]

    cap_start, cap_route = _ragged([cap.routes for _, cap in caps])
    reference = [cap.routes if cap.reference_routes is None else cap.reference_routes for _, cap in caps]
    reference_start, reference_route = _ragged(reference)
    certificate_start, certificate_plant = _ragged([c.plants for _, _, c in certificates])
    product_start, product_route = _ragged([row.routes for _, row in products])
    raw_start, raw = _ragged(_raw_routes(floors, products, route_origin, route_destination))
    rule_start, rule_route = _ragged([rule.supply_routes for _, rule in rules])
    fund_start, fund_plant = _ragged([fund.plants for _, fund in funds])
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
        cap_side=ints([SIDES.index(cap.side) for _, cap in caps]),
        cap_rolling=ints([int(cap.rolling) for _, cap in caps]),
        cap_by_own=ints([int(cap.reference_routes is None) for _, cap in caps]),
        cap_certificate=ints([own.get(id(cap.certificate), -1) for _, cap in caps]),
        reference_start=reference_start,
        reference_route=reference_route,
        certificate_cap=ints([g for _, g, _ in certificates]),
        certificate_measure=ints([m for m, _, _ in certificates]),
        certificate_may=_certificate_may([c for _, _, c in certificates], len(country_codes)),
        certificate_usd_per_t=_rows([c.usd_per_t for _, _, c in certificates], times),
        certificate_start=certificate_start,
        certificate_plant=certificate_plant,
        certificate_country=plant_country[certificate_plant],
        cost_measure=ints([m for m, _ in costs]),
        cost_what=ints([COSTS.index(cost.what) for _, cost in costs]),
        cost_value=_rows([cost.value for _, cost in costs], times),
        cost_normal=ints([_normal(cost.margin, numbered) for _, cost in costs]),
        cost_normal_usd=np.array([c.margin.normal_usd_per_t if c.margin else 0.0 for _, c in costs], float),
        cost_export=ints([index_of(cost.margin.export) if cost.margin else -1 for _, cost in costs]),
        cost_injury=ints([index_of(cost.margin.injury) if cost.margin else -1 for _, cost in costs]),
        cost_start=cost_start,
        cost_route=cost_route,
        floor_measure=ints([m for m, _ in floors]),
        floor_price=_rows([floor.price for _, floor in floors], times),
        floor_index=ints([index_of(floor.index) for _, floor in floors]),
        floor_public=np.array([float(floor.to_treasury) for _, floor in floors], float),
        floor_start=floor_start,
        floor_route=floor_route,
        product_floor=ints([f for f, _ in products]),
        product_content=np.array([row.content for _, row in products], float),
        product_start=product_start,
        product_route=product_route,
        product_raw_start=raw_start,
        product_raw=raw,
        support_measure=ints([m for m, _ in supports]),
        support_strike=_rows([s.strike for _, s in supports], times),
        support_flat=_rows([s.flat if s.flat is not None else 0.0 * s.strike for _, s in supports], times),
        support_upside_price=np.array([s.upside_price for _, s in supports], float),
        support_upside_share=np.array([s.upside_share for _, s in supports], float),
        support_index=ints([index_of(s.index) for _, s in supports]),
        support_volume_t=np.array([s.volume_t for _, s in supports], float),
        support_outlay_usd=np.array([s.outlay_cap_usd for _, s in supports], float),
        support_payback_usd=np.array([s.payback_cap_usd for _, s in supports], float),
        support_discount=np.array([s.offtake.discount if s.offtake else -1.0 for _, s in supports], float),
        support_take=np.array([s.offtake.take if s.offtake else 1.0 for _, s in supports], float),
        support_start=support_start,
        support_plant=support_plant,
        rule_measure=ints([m for m, _ in rules]),
        rule_buyer=ints([rule.buyer for _, rule in rules]),
        rule_index=ints([index_of(rule.index) for _, rule in rules]),
        rule_target_days=_rows([rule.target_days for _, rule in rules], times),
        rule_target_t=_rows([rule.target_t for _, rule in rules], times),
        rule_capacity_t=np.array([rule.capacity_t for _, rule in rules], float),
        rule_build_quarters=np.array([rule.build_quarters for _, rule in rules], float),
        rule_buy_below=np.array([rule.buy_below for _, rule in rules], float),
        rule_buy_most=np.array([rule.buy_most for _, rule in rules], float),
        rule_release_above=np.array([rule.release_above for _, rule in rules], float),
        rule_short_share=np.array([rule.short_share for _, rule in rules], float),
        rule_release_quarters=np.array([rule.release_quarters for _, rule in rules], float),
        rule_release_share=np.array([rule.release_share for _, rule in rules], float),
        rule_carry=np.array([rule.carry for _, rule in rules], float),
        rule_strike=np.array([-1.0 if rule.strike is None else rule.strike for _, rule in rules], float),
        rule_fee=np.array([rule.fee for _, rule in rules], float),
        rule_refill_quarters=np.array([rule.refill_quarters for _, rule in rules], float),
        rule_group=_response_groups(measures, rules),
        rule_start=rule_start,
        rule_route=rule_route,
        priority_measure=ints([m for m, _ in priorities]),
        priority_buyer=ints([priority.buyer for _, priority in priorities]),
        priority_share=_rows([priority.share for _, priority in priorities], times),
        fund_measure=ints([m for m, _ in funds]),
        fund_form=ints([FUND_FORMS.index(fund.form) for _, fund in funds]),
        fund_share=_rows([fund.share for _, fund in funds], times),
        fund_budget_usd=np.array([fund.budget_usd for _, fund in funds], float),
        fund_rate=np.array([fund.rate for _, fund in funds], float),
        fund_years=np.array([fund.years for _, fund in funds], float),
        fund_additional=ints([int(fund.additional) for _, fund in funds]),
        fund_burden=burden(funds),
        fund_start=fund_start,
        fund_plant=fund_plant,
        outlay_measure=ints([m for m, _ in outlays]),
        outlay_usd=_rows([outlay.usd for _, outlay in outlays], times),
        outlay_burden=burden(outlays),
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
        index_lag=ints([index.lag for index in indices]),
        index_start=index_start,
        index_node=index_node,
        index_weight=np.concatenate([np.zeros(0), *(index.weight for index in indices)]),
        route_node=route_node,
        route_origin=route_origin,
        route_destination=route_destination,
        countries=len(country_codes),
    )


def indices_of(measures: Sequence[Measure]) -> list[Index]:
    """Return the reference prices of all measures, in the order of their numbers."""
    found: list[Index | None] = [floor.index for _, floor in _of(measures, Floor)]
    found += [support.index for _, support in _of(measures, Support)]
    for _, cost in _of(measures, Cost):
        if cost.margin:
            found += [cost.margin.export, cost.margin.normal, cost.margin.injury]
    found += [rule.index for _, rule in _of(measures, StockRule)]
    return [index for index in found if index is not None]


def edits_of(measures: Sequence[Measure], kind: type) -> list[Any]:
    """Return all edits of a kind, in the order of their rows."""
    return [edit for _, edit in _of(measures, kind)]


def _response_groups(measures: Sequence[Measure], rules: Sequence[tuple[int, StockRule]]) -> Ints:
    """Return by stock rule the first one of the same treaty and goods that releases together with it, -1 for none."""
    first: dict[tuple[int, tuple[int, ...]], int] = {}
    groups = []
    for u, (m, rule) in enumerate(rules):
        key = (measures[m].treaty, tuple(rule.supply_routes.tolist()))
        groups.append(first.setdefault(key, u) if rule.together and measures[m].treaty >= 0 else -1)
    return ints(groups)


def burden_shares(
    measure: Measure, burden: Mapping[str, float] | None, country_codes: Sequence[str]
) -> Floats:
    """Return [C]: who pays how much. Nobody said: the actor. Who does not stand apart pays as OTH."""
    place = {code: i for i, code in enumerate(country_codes)}
    shares = np.zeros(len(country_codes))
    for code, share in (burden or {measure.order.actor: 1.0}).items():
        if place.get(code, place.get("OTH", -1)) >= 0:
            shares[place.get(code, place.get("OTH", -1))] += share
    return shares / shares.sum() if shares.sum() > 0.0 else shares


def _burdens(measures: Sequence[Measure], codes: Sequence[str]) -> Callable[[list[tuple[int, Any]]], Floats]:
    def burden(rows: list[tuple[int, Any]]) -> Floats:
        return np.array([burden_shares(measures[m], edit.burden, codes) for m, edit in rows]).reshape(
            len(rows), len(codes)
        )

    return burden


def _certificate_may(certificates: Sequence[Certificate], countries: int) -> Ints:
    may = np.zeros((len(certificates), countries), np.int64)
    for d, certificate in enumerate(certificates):
        may[d, certificate.may] = 1
        may[d, certificate.certified] = 2
    return may


def _normal(margin: Margin | None, numbered: Mapping[int, int]) -> int:
    if margin is None:
        return -1
    return -2 if margin.normal is None else numbered[id(margin.normal)]


def _raw_routes(
    floors: Sequence[tuple[int, Floor]], products: Sequence[tuple[int, Any]], origin: Ints, destination: Ints
) -> list[Ints]:
    """Return for each product route the routes of the good under the floor from the same origin, else from anywhere."""
    groups = []
    for f, row in products:
        raw = floors[f][1].routes
        for r in row.routes:
            here = raw[destination[raw] == destination[r]]
            same = here[origin[here] == origin[r]]
            groups.append(same if same.size else here)
    return groups


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
