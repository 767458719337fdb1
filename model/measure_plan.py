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

from model.instrument import Cap, Floor, Push, Site, Support
from model.measure_table import (
    BASE_QUARTERS,
    COSTS,
    HOLDERS,
    NEVER,
    History,
    Measure,
    MeasureTable,
    pushes_of,
)
from model.network import Answer, Bools, Floats, Ints, Network, Terms
from model.phase import measure as working
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
    - `supports`, `support_payer` (country number): each support's plants and who pays
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
    base_costs: dict[str, Floats]
    base_closed: Bools
    base_restricted: Bools
    base_wedge: Floats
    route_origin: Ints
    route_destination: Ints
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
    def has_preferences(self) -> bool:
        """Whether any measure bends buyers' preferences."""
        return self.table.preference_measure.size > 0

    def new_history(self, runs: int) -> History:
        """Return the memory at the start: four quarters of the base year, dated measures on, others off."""
        flow = np.array([self.base_flow_t[routes].sum() for routes in self.quota_routes])
        dated = np.array([float(measure.dated) for measure in self.measures])
        ran = np.array(
            [measure.dated and measure.active[BASE_QUARTERS - 1] > 0.0 for measure in self.measures]
        )
        began = np.where(ran, -1.0, NEVER) if self.measures else np.zeros(0)
        price = np.array([self._base_index(i) for i in range(self.table.index_kind.size)])
        output = [self.base_output_t[support.plants].sum() for support in self.supports]
        countries, routes = len(self.countries), self.base_flow_t.size
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
            node_price=np.tile(self.base_price, 4),
            index_reference=price,
            landed_price=self.base_landed_price,
            floor_public_share=np.zeros(routes),
            route_restricted=np.zeros(routes),
            exempt=np.zeros(countries * countries),
            route_exempt=np.zeros(2 * routes),
            floor_measure=np.full(routes, -1.0),
            treaty_member=np.zeros(self.treaties * countries),
            support_usd_per_t=np.zeros(len(self.supports)),
            support_output_t=np.array(output, float),
            state_stock_t=self.base_state_stock_t,
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

    def push(self, step: int, history: History, columns: Any) -> None:
        """Write the columns of factors that act between quarters: 1, times every push in force."""
        for name in {push.what for _, push in self.pushes}:
            getattr(columns, name)[:] = 1.0
        for m, push in self.pushes:
            factor = getattr(columns, push.what)
            at = self._moments(m, step, history)
            strength = history.measure_force[:, m] * history.measure_level[:, m]
            factor[:, push.rows] *= (1.0 + (push.factor[at] - 1.0) * strength)[:, None]

    def _moments(self, m: int, step: int, history: History) -> Ints:
        """Return [runs]: the position in arrays over time at which a measure stands."""
        if self.measures[m].dated:
            return np.full(history.measure_since.shape[0], BASE_QUARTERS + step)
        age = np.maximum(step - history.measure_since[:, m], 0.0)
        return np.minimum(BASE_QUARTERS + age, self.table.measure_active.shape[1] - 1).astype(np.int64)

    def record(self, step: int, terms: Terms, history: History, answer: Answer) -> None:
        """Remember what the clearing of quarter `step` found."""
        working.remember(self.table, history, answer, self.start + step, terms.quota_cover)


def is_limited(cap: Cap) -> Bools:
    """Return [T]: whether the cap limits anything: some tonnes by quota, or an approval rate below 1."""
    by_licence = ~np.any(cap.limit_t > 0.0) & (cap.rate >= 1.0)
    return (cap.active > 0.0) & ~by_licence
