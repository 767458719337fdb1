"""The compiled measures of a scenario at work: what they write into each quarter's terms, and their memory.

    plan.apply(step, terms, history)     # before the markets clear
    plan.record(step, history, answer)   # after

`History` is the memory of measures: reference flows, index prices, quota carried on, state stocks. All of it
is `[runs, rows]`, so that a fork or a resume is exact. Inside a quarter:

- taxes, duties and tariffs count by their days, those of several measures add;
- a cap active for a share f of the days allows `f * limit + (1 - f) * reference flow`;
- a floor active for a share f stands at `f * floor + (1 - f) * last quarter's landed price`; of several
  floors the highest counts;
- a ban or a zero limit for the whole quarter closes its routes (weight 0, limit 0).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from model.compiled import rule
from model.instrument import Cap, Floor, Index, Support
from model.network import Answer, Bools, Floats, Ints, Terms

#: Who gets the wedge of a quota.
HOLDERS = ("firms", "state", "buyers")
COSTS = ("export_tax", "export_duty", "tariff", "import_duty")
BASE_QUARTERS = 4  # quarters of the base year at the head of arrays over time


class History(NamedTuple):
    """The memory of measures. Every array is float64 [runs, rows]; G quotas, I indices, S supports."""

    quota_flow_t: Floats  # [runs, 4 G] flow under each quota, last four quarters, oldest first
    quota_reference_t: Floats  # [runs, G] reference flow per quarter, set when the measure starts
    quota_carry_t: Floats  # [runs, G] unused part of the period's limit so far
    index_price: Floats  # [runs, 4 I] reference prices, last four quarters, oldest first
    index_reference: Floats  # [runs, I] mean of the four quarters before the measure
    landed_price: Floats  # [runs, R] of last quarter
    floor_public_share: Floats  # [runs, R] part of the floor top-up that goes to the importer's treasury
    support_usd_per_t: Floats  # [runs, S] rate of each support this quarter
    support_output_t: Floats  # [runs, S] last quarter's output of its plants
    state_stock_t: Floats  # [runs, B]


@dataclass(frozen=True)
class MeasurePlan:
    """All measures of a scenario on one world. Q quarters, R routes, G quotas; nothing in it changes.

    - `quota_routes` [G] route numbers of each quota; `quota_measure`, `quota_actor` (country number),
      `quota_holder` (position in `HOLDERS`): whose measure it is and who gets its wedge
    - `costs[what]` [Q, R] taxes, duties and tariffs; export ones go to the treasury of `route_origin`,
      import ones to that of `route_destination` (country numbers, [R])
    - `closed` [Q, R] banned for the whole quarter; `restricted` [Q, R] under a ban, quota or licence below 1
    - `supports`, `support_payer` (country number): each support's plants and who pays
    - `base_costs[what]` [R], `base_closed` [R], `base_restricted` [G]: the same in the mean of the base year;
      `base_wedge` [G] the wedge calibration found then, 0 where it found none: a start for the first clearing
    - `notes`: measures that cover nothing in this world, with the reason
    """

    start: int
    quarters: int
    countries: list[str]
    quota_routes: list[Ints]
    quota_measure: Ints
    quota_actor: Ints
    quota_holder: Ints
    caps: list[Cap]
    cap_start: Ints  # [G] step of the first quarter in force; negative: before the run
    costs: dict[str, Floats]
    closed: Bools
    restricted: Bools
    floors: list[Floor]
    floor_start: Ints
    floor_measure: Ints
    supports: list[Support]
    support_measure: Ints
    support_payer: Ints
    buy_t: Floats  # [Q, B]
    release_t: Floats  # [Q, B]
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

    @cached_property
    def _cap_table(self) -> dict[str, Floats]:
        """Arrays [Q, G] of the caps: share of days, tonnes, rate, growth, end of period."""
        shape = (self.quarters, len(self.caps))
        table = {key: np.zeros(shape) for key in ("active", "limit", "rate", "growth", "last", "free")}
        steps = np.arange(self.quarters)
        for g, cap in enumerate(self.caps):
            table["active"][:, g] = cap.active[BASE_QUARTERS:]
            table["limit"][:, g] = cap.active[BASE_QUARTERS:] * cap.limit_t[BASE_QUARTERS:]
            table["rate"][:, g] = (
                cap.active[BASE_QUARTERS:] * cap.rate[BASE_QUARTERS:] + 1.0 - cap.active[BASE_QUARTERS:]
            )
            years = np.maximum(steps - max(self.cap_start[g], 0), 0) / 4.0
            table["growth"][:, g] = (1.0 + cap.growth) ** years
            table["last"][:, g] = (self.start + steps + 1) % cap.period == 0
            table["free"][:, g] = ~is_limited(cap)[BASE_QUARTERS:]
        return table

    @cached_property
    def _indices(self) -> list[Index]:
        """Reference prices of floors that have one, then of supports."""
        return [*(floor.index for floor in self.floors if floor.index), *(s.index for s in self.supports)]

    @cached_property
    def _sums(self) -> dict[str, Any]:
        """Ragged lists for the compiled sums: starts, members, weights."""
        no_weight = [np.ones(routes.size) for routes in self.quota_routes]
        output = [support.plants for support in self.supports]
        return {
            "quota": _ragged(self.quota_routes, no_weight),
            "index": _ragged(
                [index.nodes for index in self._indices], [index.weight for index in self._indices]
            ),
            "output": _ragged(output, [np.ones(plants.size) for plants in output]),
        }

    def new_history(self, runs: int) -> History:
        """Return the memory at the start: four quarters of the base year."""
        flow, price = self.base_flow_t[None, :], self.base_price[None, :]
        quota_flow, index_price = self._flows(flow)[0], self._prices(price)[0]
        reference = np.array([self._opening_reference(g, quota_flow[g]) for g in range(len(self.caps))])
        output = np.zeros((1, len(self.supports)))
        sum_members(self.base_output_t[None, :], *self._sums["output"][:2], output)
        rows = History(
            quota_flow_t=np.tile(quota_flow, 4),
            quota_reference_t=reference,
            quota_carry_t=np.zeros(len(self.caps)),
            index_price=np.tile(index_price, 4),
            index_reference=index_price,
            landed_price=self.base_landed_price,
            floor_public_share=np.zeros(self.base_flow_t.size),
            support_usd_per_t=np.zeros(len(self.supports)),
            support_output_t=output[0],
            state_stock_t=self.base_state_stock_t,
        )
        return History(*(np.repeat(np.asarray(row, float)[None, :], runs, axis=0) for row in rows))

    def _opening_reference(self, g: int, flow: float) -> float:
        """Return the free flow of a measure: the declared one, else what was left of it in the base year."""
        cap = self.caps[g]
        if cap.reference_t is not None:
            return cap.reference_t
        by_licence = not cap.limit_t.any()
        allowed = np.mean(
            cap.active[:BASE_QUARTERS] * np.minimum(cap.rate[:BASE_QUARTERS], 1.0)
            + 1.0
            - cap.active[:BASE_QUARTERS]
        )
        return float(flow / allowed) if by_licence and allowed > 0.0 else flow

    def apply(self, step: int, terms: Terms, history: History) -> None:
        """Write the measures of the quarter `step` after the start into `terms`, for all runs.

        Overwrites taxes, duties, tariffs, floors, supports, state orders and quotas; closes routes by
        setting the weight already there to 0, so write weights first. Updates `history` where measures start.
        """
        for what in COSTS:
            getattr(terms, f"route_{what}")[:] = self.costs[what][step]
        terms.route_weight[:, self.closed[step]] = 0.0
        terms.buyer_order_t[:] = self.buy_t[step]
        np.minimum(self.release_t[step], history.state_stock_t, out=terms.buyer_release_t)
        self._apply_caps(step, terms, history)
        self._apply_floors(step, terms, history)
        self._apply_supports(step, terms, history)

    def _apply_caps(self, step: int, terms: Terms, history: History) -> None:
        if not self.caps:
            return
        table = self._cap_table
        begins = np.flatnonzero((self.cap_start == step) & self._undeclared)
        if begins.size:
            four = history.quota_flow_t.reshape(history.quota_flow_t.shape[0], 4, -1)[:, :, begins]
            history.quota_reference_t[:, begins] = (four[:, 0] + four[:, 1] + four[:, 2] + four[:, 3]) / 4.0
        reference = history.quota_reference_t * table["growth"][step]
        limit = table["limit"][step] + history.quota_carry_t + table["rate"][step] * reference
        np.copyto(terms.quota_t, np.where(table["free"][step] > 0.0, np.inf, limit))

    @cached_property
    def _undeclared(self) -> Bools:
        return np.array([cap.reference_t is None for cap in self.caps], dtype=bool)

    def _apply_floors(self, step: int, terms: Terms, history: History) -> None:
        terms.route_floor[:] = 0.0
        if not self.floors:
            return
        history.floor_public_share[:] = 0.0
        number = -1
        for floor, start in zip(self.floors, self.floor_start, strict=True):
            number += floor.index is not None
            active = floor.active[BASE_QUARTERS + step]
            if active <= 0.0:
                continue
            height = self._floor_price(floor, number, step, int(start), history)
            if active < 1.0:
                landed = history.landed_price[:, floor.routes]
                height = active * height + (1.0 - active) * np.where(np.isnan(landed), height, landed)
            standing = terms.route_floor[:, floor.routes]
            share = history.floor_public_share[:, floor.routes]
            wins = height > standing
            terms.route_floor[:, floor.routes] = np.where(wins, height, standing)
            history.floor_public_share[:, floor.routes] = np.where(wins, float(floor.to_treasury), share)

    def _floor_price(self, floor: Floor, number: int, step: int, start: int, history: History) -> Floats:
        """Return the full height of a floor, [runs, 1]."""
        runs = history.landed_price.shape[0]
        if floor.index is None:
            return np.full((runs, 1), floor.price[BASE_QUARTERS + step])
        mean = self._index_mean(history, number)
        if floor.index.kind == "before":
            if start == step:
                history.index_reference[:, number] = mean
            mean = history.index_reference[:, number]
        return floor.index.share * np.where(np.isnan(mean), 0.0, mean)[:, None]

    def _index_mean(self, history: History, number: int) -> Floats:
        four = history.index_price.reshape(history.index_price.shape[0], 4, -1)[:, :, number]
        return (four[:, 0] + four[:, 1] + four[:, 2] + four[:, 3]) / 4.0

    def _apply_supports(self, step: int, terms: Terms, history: History) -> None:
        terms.plant_support[:] = 0.0
        before = len(self._indices) - len(self.supports)
        for s, support in enumerate(self.supports):
            last = history.index_price.reshape(history.index_price.shape[0], 4, -1)[:, 3, before + s]
            rate = support_rate(support, step, last, history.support_output_t[:, s])
            history.support_usd_per_t[:, s] = rate
            terms.plant_support[:, support.plants] += rate[:, None]

    def record(self, step: int, history: History, answer: Answer) -> None:
        """Remember what the clearing of quarter `step` found."""
        flow = self._flows(answer.flow_t)
        self._carry_on(step, history, flow)
        _push(history.quota_flow_t, flow)
        _push(history.index_price, self._prices(answer.price))
        if history.support_output_t.shape[1]:
            sum_members(answer.output_t, *self._sums["output"][:2], history.support_output_t)
        np.copyto(history.landed_price, answer.landed_price)
        history.state_stock_t[:] = np.maximum(history.state_stock_t + answer.order_t - answer.release_t, 0.0)

    def _carry_on(self, step: int, history: History, flow: Floats) -> None:
        """Carry what is left of a period's limit to its next quarter."""
        if not self.caps:
            return
        table = self._cap_table
        outside = (1.0 - table["active"][step]) * history.quota_reference_t
        left = table["limit"][step] + history.quota_carry_t - np.maximum(flow - outside, 0.0)
        carried = np.where(
            (table["last"][step] > 0.0) | (table["limit"][step] <= 0.0), 0.0, np.maximum(left, 0.0)
        )
        np.copyto(history.quota_carry_t, carried)

    def _flows(self, flow_t: Floats) -> Floats:
        """Return [runs, G]: the flow under each quota."""
        total = np.zeros((flow_t.shape[0], len(self.caps)))
        sum_members(flow_t, *self._sums["quota"][:2], total)
        return total

    def _prices(self, price: Floats) -> Floats:
        """Return [runs, I]: reference prices, NaN where no node has a price."""
        mean = np.zeros((price.shape[0], len(self._indices)))
        mean_members(price, *self._sums["index"], mean)
        return mean


def is_limited(cap: Cap) -> Bools:
    """Return [T]: whether the cap limits anything: some tonnes by quota, or an approval rate below 1."""
    by_licence = ~np.any(cap.limit_t > 0.0) & (cap.rate >= 1.0)
    return (cap.active > 0.0) & ~by_licence


def support_rate(support: Support, step: int, index: Floats, output_t: Floats) -> Floats:
    """Return [runs]: usd paid per tonne of output (negative: paid back), by index and last output.

    `max(0, strike - R) - upside_share * max(0, R - upside_price)`, scaled to eligible tonnes and caps.
    """
    strike, active = support.strike[BASE_QUARTERS + step], support.active[BASE_QUARTERS + step]
    known = np.where(np.isnan(index), strike, index)
    gap = np.maximum(0.0, strike - known)
    gain = np.where(np.isnan(index), 0.0, np.maximum(0.0, known - support.upside_price))
    output = np.maximum(output_t, 1e-12)
    eligible = np.minimum(1.0, support.volume_t / output)
    outlay = np.minimum(gap * eligible, support.outlay_cap_usd / output)
    payback = np.minimum(support.upside_share * gain * eligible, support.payback_cap_usd / output)
    return active * (outlay - payback)


@rule
def sum_members(values, start, members, total):  # type: ignore[no-untyped-def]
    """Write to `total` [runs, groups] the sums of `values` [runs, rows] over each group's members."""
    for run in range(values.shape[0]):
        for group in range(start.size - 1):
            amount = 0.0
            for position in range(start[group], start[group + 1]):
                amount += values[run, members[position]]
            total[run, group] = amount


@rule
def mean_members(values, start, members, weight, mean):  # type: ignore[no-untyped-def]
    """Write to `mean` [runs, groups] the weighted means over members that have a value (NaN: none has)."""
    for run in range(values.shape[0]):
        for group in range(start.size - 1):
            amount, total = 0.0, 0.0
            for position in range(start[group], start[group + 1]):
                value = values[run, members[position]]
                if value == value:
                    amount += weight[position] * value
                    total += weight[position]
            mean[run, group] = amount / total if total > 0.0 else np.nan


def _ragged(groups: list[Ints], weights: list[Floats]) -> tuple[Ints, Ints, Floats]:
    start = np.concatenate([[0], np.cumsum([group.size for group in groups])]).astype(np.int64)
    members = np.concatenate([np.zeros(0, np.int64), *groups]).astype(np.int64)
    return start, members, np.concatenate([np.zeros(0), *weights])


def _push(four: Floats, newest: Floats) -> None:
    """Drop the oldest of four blocks of columns and append the newest."""
    width = newest.shape[1]
    four[:, : 3 * width] = four[:, width:].copy()
    four[:, 3 * width :] = newest
