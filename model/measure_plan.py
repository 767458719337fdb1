"""The compiled measures of a batch of runs at work: what they write into each quarter's terms, and their memory.

    plan.enter(step, history)            # which measures are in force
    plan.apply(step, terms, history)     # before the markets clear
    plan.record(step, terms, history, answer)   # after

`History` is the memory of measures: which are switched on in which run, reference flows, prices, quota carried on,
state stocks. All of it is `[runs, rows]`, so that a fork or a resume is exact.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from model.instrument import Cap, Floor, Fund, Outlay, Priority, Push, Site, StockRule, Support
from model.measure_table import (
    BASE_QUARTERS,
    COSTS,
    HOLDERS,
    NEVER,
    PRICE_QUARTERS,
    History,
    Measure,
    MeasureTable,
    edits_of,
    indices_of,
    pushes_of,
)
from model.network import Answer, Bools, Floats, Ints, Network, Terms
from model.phase import measure as working
from model.phase import programme
from model.treaty_plan import ClauseOrders

__all__ = ["BASE_QUARTERS", "COSTS", "HOLDERS", "PUSHES", "History", "Measure", "MeasurePlan", "is_limited"]

#: Columns of factors that measures push between quarters; 1 where none does.
PUSHES = (
    "site_capex_factor", "site_lead_factor", "site_permit_factor", "site_discount_factor", "site_error_factor",
    "buyer_demand_factor", "buyer_substitution_factor", "buyer_recycling_factor", "buyer_risk_factor",
    "country_enforcement_factor",
)  # fmt: skip


@dataclass(frozen=True)
class MeasurePlan:
    """All measures of a batch on one world. Q quarters, R routes, G quotas; nothing in it changes.

    - `measures`: orders with their edits, dated or switched; `table`: the same as arrays
    - `quota_routes` [G] route numbers of each quota; `quota_measure`, `quota_actor` (country number),
      `quota_holder` (position in `HOLDERS`): whose measure it is and who gets its wedge
    - `quota_firms`: licences by firm, rows (quota, firm number, share)
    - `supports`, `support_payer` (country number), `support_share` [S, C], `support_by_users`: each support's plants
      and who pays
    - `base_costs[what]` [R], `base_closed` [R], `base_restricted` [G]: dated measures in the mean of the base year;
      `base_wedge` [G] the wedge calibration found then, 0 where it found none: a start for the first clearing
    - `clause_orders`: which measures carry out which clause of which treaty
    - `notes`: measures that cover nothing in this world, with the reason
    """

    start: int
    quarters: int
    countries: list[str]
    measures: list[Measure]
    table: MeasureTable
    site: Site = field(repr=False)
    quota_routes: list[Ints]
    quota_measure: Ints
    quota_actor: Ints
    quota_holder: Ints
    caps: list[Cap]
    floors: list[Floor]
    supports: list[Support]
    support_measure: Ints
    support_payer: Ints
    support_share: Floats
    support_by_users: Ints
    quota_firms: list[tuple[int, int, float]]
    base_costs: dict[str, Floats]
    base_closed: Bools
    base_restricted: Bools
    base_wedge: Floats
    route_origin: Ints
    route_destination: Ints
    route_buyer: Ints
    base_flow_t: Floats  # [R] base-year tonnes per quarter
    base_price: Floats  # [N]
    base_landed_price: Floats  # [R]
    base_output_t: Floats  # [K]
    base_state_stock_t: Floats  # [B]
    notes: list[dict[str, Any]]
    treaties: int = 0
    clause_orders: list[ClauseOrders] = field(default_factory=list)

    @cached_property
    def pushes(self) -> list[tuple[int, Push]]:
        """What acts between quarters, with the number of its measure."""
        return pushes_of(self.measures)

    @cached_property
    def has_programmes(self) -> bool:
        """Whether any measure costs public money beyond supports: programmes, stocks by rule."""
        return bool(edits_of(self.measures, Outlay) or edits_of(self.measures, StockRule))

    @cached_property
    def has_funds(self) -> bool:
        """Whether any measure pays for new capacity."""
        return bool(edits_of(self.measures, Fund))

    @cached_property
    def has_priorities(self) -> bool:
        """Whether any users are served first."""
        return bool(edits_of(self.measures, Priority))

    @cached_property
    def indices(self) -> list[Any]:
        """The reference prices, in the order of their numbers."""
        return indices_of(self.measures)

    @cached_property
    def rules(self) -> list[StockRule]:
        """The stocks that buy and release by rule."""
        return edits_of(self.measures, StockRule)

    @cached_property
    def has_preferences(self) -> bool:
        """Whether any measure bends buyers' preferences."""
        return self.table.preference_measure.size > 0

    def new_history(self, runs: int) -> History:
        """Return the memory at the start: four quarters of the base year, dated measures on, others off."""
        flow = np.array([self.base_flow_t[reference_of(cap)].sum() for cap in self.caps])
        dated = np.array([float(measure.dated) for measure in self.measures])
        ran = np.array(
            [measure.dated and measure.active[BASE_QUARTERS - 1] > 0.0 for measure in self.measures]
        )
        began = np.where(ran, -1.0, NEVER) if self.measures else np.zeros(0)
        price = np.array([self._base_index(i) for i in range(self.table.index_kind.size)])
        output = [self.base_output_t[support.plants].sum() for support in self.supports]
        countries, routes = len(self.countries), self.base_flow_t.size
        used = np.bincount(
            self.route_buyer, np.nan_to_num(self.base_flow_t), self.base_state_stock_t.size
        ).astype(np.float64)
        rows = History(
            measure_force=dated,
            measure_level=np.ones(dated.size),
            measure_since=np.zeros(dated.size),
            measure_last_on=began,
            measure_begin=began,
            quota_flow_t=np.tile(flow, 4),
            quota_reference_t=np.array([self._opening_reference(g, flow[g]) for g in range(len(self.caps))]),
            quota_carry_t=np.zeros(len(self.caps)),
            quota_limit_t=np.zeros(len(self.caps)),
            quota_outside_t=np.zeros(len(self.caps)),
            node_price=np.tile(self.base_price, PRICE_QUARTERS),
            index_reference=price,
            landed_price=self.base_landed_price,
            topup_usd_per_t=np.zeros(routes),
            certified=(self.table.certificate_may == 2).astype(float).reshape(-1),
            premium=np.zeros(4 * self.table.certificate_cap.size),
            floor_public_share=np.zeros(routes),
            route_restricted=np.zeros(routes),
            exempt=np.zeros(countries * countries),
            route_checked=np.zeros(routes),
            route_exempt=np.zeros(2 * routes),
            floor_measure=np.full(routes, -1.0),
            treaty_member=np.zeros(self.treaties * countries),
            support_usd_per_t=np.zeros(len(self.supports)),
            support_output_t=np.array(output, float),
            state_stock_t=self.base_state_stock_t,
            usual_use_t=used,
            bought_t=used,
            priority_t=np.zeros(self.base_state_stock_t.size),
            rule_order_t=np.zeros(len(self.rules)),
            rule_release_t=np.zeros(len(self.rules)),
            rule_stock_t=np.zeros(len(self.rules)),
            rule_owed_t=np.zeros(len(self.rules)),
            rule_supply_t=np.array([self.base_flow_t[rule.supply_routes].sum() for rule in self.rules]),
            fund_spent_usd=np.zeros(self.table.fund_measure.size),
            ahead=np.zeros(1),
        )
        return History(*(np.repeat(np.asarray(row, float)[None, :], runs, axis=0) for row in rows))

    def _base_index(self, i: int) -> float:
        members = slice(self.table.index_start[i], self.table.index_start[i + 1])
        price, weight = self.base_price[self.table.index_node[members]], self.table.index_weight[members]
        known = np.isfinite(price)
        total = weight[known].sum()
        return float((weight[known] * price[known]).sum() / total) if total > 0.0 else float("nan")

    def _opening_reference(self, g: int, flow: float) -> float:
        """Return the free flow of a measure: the declared one, else what was left of it in the base year."""
        cap = self.caps[g]
        if cap.reference_t is not None:
            return cap.reference_t
        if cap.rolling:
            return flow
        by_licence = not cap.limit_t.any()
        rate, active = np.minimum(cap.rate[:BASE_QUARTERS], 1.0), cap.active[:BASE_QUARTERS]
        allowed = np.mean(active * rate + 1.0 - active)
        return float(flow / allowed) if by_licence and allowed > 0.0 else flow

    def enter(self, step: int, history: History) -> None:
        """Note in `history` which measures come into force in the quarter `step` and which routes they restrict."""
        working.enter_force(self.table, history, step)

    def apply(self, step: int, terms: Terms, history: History, network: Network | None = None) -> None:
        """Write the measures of the quarter `step` after the start into `terms`, run by run.

        Overwrites taxes, duties, tariffs, floors, supports, state orders, quotas and what they cover; adds to
        plants' costs and closes or bends routes by changing the weight and the cost already there, so write those
        first. `network` is needed where there are preferences.
        """
        self.enter(step, history)
        if self.has_preferences and network is not None:
            working.apply_preferences(self.table, history, network, terms, step)
        working.apply_costs(self.table, history, terms, step)
        working.apply_caps(self.table, history, terms, step)
        working.apply_floors(self.table, history, terms, step)
        working.apply_supports(self.table, history, terms, step)
        working.apply_stocks(self.table, history, terms, step)

    def push(self, step: int, history: History, columns: Any, layout: Any) -> None:
        """Write the columns of factors that act between quarters: 1, times every push in force; and what funds offer.

        `layout` tells whose plants are which site's.
        """
        for name in {"site_capex_factor", *(push.what for _, push in self.pushes)}:
            getattr(columns, name)[:] = 1.0
        for m, push in self.pushes:
            column = getattr(columns, push.what)
            at = self._moments(m, step, history)
            strength = history.measure_force[:, m] * history.measure_level[:, m]
            factor = 1.0 + (push.factor[at] - 1.0) * strength
            rows, partners = _rows_of(push, layout)
            spared = self._spared(m, partners, history)
            column[:, rows] *= np.where(spared, 1.0, factor[:, None])
        if self.has_funds:
            programme.offer_funds(self.table, history, layout, columns, step)

    def _spared(self, m: int, partners: Ints | None, history: History) -> Bools:
        """Return [runs, rows]: whether a mutual exemption or a common treaty lifts a push from its partners."""
        runs, actor = history.measure_force.shape[0], self.measures[m].order.actor
        if partners is None or actor not in self.countries:
            return np.zeros((runs, 1), dtype=bool)
        count, own, spared = len(self.countries), self.countries.index(actor), np.zeros((runs, 1), dtype=bool)
        if self.measures[m].exemptible:
            spared = history.exempt[:, own * count + partners] > 0.0
        if self.measures[m].treaty >= 0:
            first = self.measures[m].treaty * count
            both = history.treaty_member[:, first + partners] * history.treaty_member[:, [first + own]]
            spared = spared | (both > 0.0)
        return np.asarray(spared)

    def _moments(self, m: int, step: int, history: History) -> Ints:
        """Return [runs]: the position in arrays over time at which a measure stands."""
        date = step + history.ahead[:, 0]
        age = date if self.measures[m].dated else np.maximum(date - history.measure_since[:, m], 0.0)
        return np.minimum(BASE_QUARTERS + age, self.table.measure_active.shape[1] - 1).astype(np.int64)

    def serve_first(self, history: History, answer: Answer) -> None:
        """Count what the clearing brought to users who are served first as used by them."""
        if self.has_priorities:
            working.serve_first(history, answer)

    def record(self, step: int, terms: Terms, history: History, answer: Answer) -> None:
        """Remember what the clearing of quarter `step` found."""
        if self.table.product_floor.size:
            working.remember_topups(self.table, history, terms, answer)
        if self.table.certificate_cap.size:
            working.remember_certificates(self.table, history, answer, step)
        working.remember(self.table, history, answer, self.start + step, terms.quota_cover)
        if self.rules:
            working.remember_rules(self.table, history, terms, answer)

    def book(
        self, step: int, history: History, layout: Any, columns: Any, answer: Answer, books: Any
    ) -> None:
        """Post what programmes and stocks cost in quarter `step`."""
        if self.has_programmes:
            programme.book_programmes(self.table, history, layout, columns, answer, step, books.turnover)

    def pay_funds(self, step: int, history: History, layout: Any, columns: Any, books: Any) -> None:
        """Post what funds pay for the capacity that firms start in quarter `step`."""
        if self.has_funds:
            programme.pay_funds(self.table, history, layout, columns, step, books.turnover)


def reference_of(cap: Cap) -> Ints:
    """Return the routes whose flow is the cap's reference."""
    return cap.routes if cap.reference_routes is None else cap.reference_routes


def _rows_of(push: Push, layout: Any) -> tuple[Ints, Ints | None]:
    """Return the rows of the column and their partners: the sites of plants, each once."""
    if not push.what.startswith("site_"):
        return push.rows, push.partners
    sites, first = np.unique(layout.plant_site[push.rows], return_index=True)
    built = sites >= 0
    partners = None if push.partners is None else push.partners[first[built]]
    return sites[built], partners


def is_limited(cap: Cap) -> Bools:
    """Return [T]: whether the cap limits anything: some tonnes by quota, or an approval rate below 1."""
    by_licence = ~np.any(cap.limit_t > 0.0) & (cap.rate >= 1.0) & (cap.side != "output")
    return (cap.active > 0.0) & ~by_licence
