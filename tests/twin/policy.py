"""The plain twin's measures: scripted orders of states, read from the scenario and applied quarter by quarter."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

from twin.place import Buyer, Plant, Route, Seller

PERIODS = {"quarter": 1, "half": 2, "year": 4}


def index_of(text: str) -> int:
    """Return `4 year + quarter - 1` of `2025Q1` or of an ISO date."""
    if "Q" in text:
        return int(text[:4]) * 4 + int(text[5]) - 1
    day = date.fromisoformat(text)
    return day.year * 4 + (day.month - 1) // 3


def first_day(index: int) -> date:
    return date(index // 4, index % 4 * 3 + 1, 1)


def days_held(start: str, end: str | None, index: int) -> float:
    """Return the share of a quarter's days from `start` to `end`, both included."""
    after = first_day(index + 1)
    begins = first_day(index_of(start)) if "Q" in start else date.fromisoformat(start)
    ends = after - timedelta(days=1)
    if end is not None:
        last = first_day(index_of(end) + 1) - timedelta(days=1) if "Q" in end else date.fromisoformat(end)
        ends = min(last, ends)
    held = (ends - max(begins, first_day(index))).days + 1
    return max(held, 0) / (after - first_day(index)).days


class Measure:
    """One order on one good."""

    def __init__(self, order: Any, good: str, start: int) -> None:
        self.order, self.good, self.first = order, good, start
        self.fields = order.fields
        self.since = index_of(order.quarter)

    def active(self, step: int) -> float:
        return days_held(self.order.quarter, self.order.end, self.first + step)

    def at(self, path: Any, step: int, period: int = 1) -> float:
        """Return a path's value: a number, the period's entry of a list, or the last dated step."""
        index = self.first + step
        if isinstance(path, dict):
            dated = sorted((index_of(key), value) for key, value in path.items())
            reached = [value for since, value in dated if since <= index]
            return float(reached[-1] if reached else dated[0][1])
        if isinstance(path, list | tuple):
            return float(path[min(max(index // period - self.since // period, 0), len(path) - 1)])
        return float(path)

    def covers(self, route: Route, outbound: bool) -> bool:
        """Tell whether it bears on a route: the actor's exports, or its imports."""
        own, other = route.seller.country, route.buyer.country
        if not outbound:
            own, other = other, own
        targets = self.fields["target"]
        named = "WORLD" in targets or other in targets
        if route.seller.leak and (outbound or targets != ["WORLD"]):
            return False
        mine = route.seller.good == self.good and own == self.order.actor and route.abroad
        return mine and named and other not in self.fields["exempt"]


class Duty(Measure):
    """A tax or tariff, by value and by weight."""

    def __init__(self, order: Any, good: str, start: int, routes: list[Route]) -> None:
        super().__init__(order, good, start)
        self.export = order.type == "export_tax"
        self.routes = [route for route in routes if self.covers(route, self.export)]

    def apply(self, step: int) -> None:
        active = self.active(step)
        rate = active * self.at(self.fields["rate"], step)
        duty = active * self.at(self.fields["duty_usd_per_t"], step)
        for route in self.routes:
            if self.export:
                route.export_tax += rate
                route.export_duty += duty
            else:
                route.tariff += rate
                route.import_duty += duty


class Limit(Measure):
    """A quota, licence or ban: a limit on the sum of flows, with a scarcity price that somebody earns."""

    def __init__(self, order: Any, good: str, start: int, base_year: int, routes: list[Route]) -> None:
        super().__init__(order, good, start)
        self.routes = [route for route in routes if self.covers(route, outbound=True)]
        for route in self.routes:
            route.quotas.append(self)
        self.holder = order.fields["holder"]
        self.period = PERIODS[order.fields["period"]] if order.type == "export_quota" else 1
        self.growth = order.fields.get("growth", 0.0)
        self.base_steps = [4 * base_year + q - start for q in range(4)]
        self.usual = sum(route.usual for route in self.routes)
        self.limit, self.wedge, self.carry, self.scale = math.inf, 0.0, 0.0, 1.0
        base = sum(route.past[-1] for route in self.routes)
        self.past = [base] * 4
        declared = order.fields.get("reference_t")
        self.declared = declared is not None
        self.reference = declared if self.declared else self._opening_reference(base)

    def fixed(self, step: int) -> float:
        """Return tonnes a full quarter."""
        if self.order.type != "export_quota":
            return 0.0
        return self.at(self.fields["quantity_t"], step, self.period) / self.period

    def rate(self, step: int) -> float:
        """Return the approved share of the reference flow."""
        return self.at(self.fields["rate"], step) if self.order.type == "export_licence" else 0.0

    def limits(self, step: int) -> bool:
        by_licence = self.order.type == "export_licence" and self.rate(step) >= 1.0
        return self.active(step) > 0.0 and not by_licence

    def closes(self, step: int) -> bool:
        """Tell whether it bans all trade for the whole quarter."""
        return self.active(step) == 1.0 and self.fixed(step) <= 0.0 and self.rate(step) <= 0.0

    def _opening_reference(self, base: float) -> float:
        if self.order.type == "export_quota":
            return base
        allowed = [self.active(s) * min(self.rate(s), 1.0) + 1.0 - self.active(s) for s in self.base_steps]
        mean = sum(allowed) / 4.0
        return base / mean if mean > 0.0 else base

    def apply(self, step: int) -> None:
        begins = self.since - self.first
        if step == begins and not self.declared:
            self.reference = sum(self.past) / 4.0
        active = self.active(step)
        years = max(step - max(begins, 0), 0) / 4.0
        reference = self.reference * (1.0 + self.growth) ** years
        free = 1.0 - active
        self.limit = active * self.fixed(step) + self.carry + (active * self.rate(step) + free) * reference
        if not self.limits(step):
            self.limit = math.inf
        for route in self.routes:
            route.restricted = route.restricted or self.limits(step)
            if self.closes(step):
                route.closed = True

    def record(self, step: int) -> None:
        flow, active = sum(route.flow for route in self.routes), self.active(step)
        limit = active * self.fixed(step)
        left = limit + self.carry - max(flow - (1.0 - active) * self.reference, 0.0)
        period_ends = (self.first + step + 1) % self.period == 0
        self.carry = 0.0 if period_ends or limit <= 0.0 else max(left, 0.0)
        self.past = [*self.past[1:], flow]


class Floor(Measure):
    """A declared minimum landed price."""

    def __init__(self, order: Any, good: str, start: int, routes: list[Route]) -> None:
        super().__init__(order, good, start)
        self.routes = [route for route in routes if self.covers(route, outbound=False)]
        if order.fields["reference"] != "declared":
            raise ValueError("the twin knows declared floors only")

    def apply(self, step: int) -> None:
        active = self.active(step)
        if active <= 0.0:
            return
        for route in self.routes:
            height = self.at(self.fields["price_usd_per_t"], step)
            if active < 1.0 and not math.isnan(route.landed):
                height = active * height + (1.0 - active) * route.landed
            if height > route.floor:
                route.floor = height
                route.top_up_to_treasury = float(self.fields["form"] == "tariff")


class Support(Measure):
    """A price support: the state pays the gap from last quarter's index to a strike price and takes part of a gain."""

    def __init__(self, order: Any, good: str, start: int, plants: list[Plant], sellers: list[Seller]) -> None:
        super().__init__(order, good, start)
        country, firm = order.fields["country"] or order.actor, order.fields["firm"]
        mine = [
            p for p in plants if p.country == country and p.good == good and p.kind not in ("leak", "resale")
        ]
        self.plants = [p for p in mine if not firm or p.account == f"firm {firm}"]
        where = order.fields["index_country"]
        makers = [s for s in sellers if s.good == good and not s.leak and not s.resale]
        self.sellers = [s for s in makers if where in ("WORLD", s.country)]
        self.weights = [s.output for s in self.sellers]
        if not sum(self.weights) > 0.0:
            self.weights = [1.0] * len(self.sellers)
        self.index = self._mean([s.base_price for s in self.sellers])
        self.output = sum(plant.base_capacity * plant.base_utilisation for plant in self.plants)
        self.rate = 0.0

    def _mean(self, prices: list[float]) -> float:
        known = [(w, p) for w, p in zip(self.weights, prices, strict=True) if not math.isnan(p)]
        total = sum(w for w, _ in known)
        return sum(w * p for w, p in known) / total if total > 0.0 else math.nan

    def apply(self, step: int) -> None:
        fields = self.fields
        strike, output = self.at(fields["strike_usd_per_t"], step), max(self.output, 1e-12)
        known = not math.isnan(self.index)
        gap = max(0.0, strike - self.index) if known else 0.0
        gain = max(0.0, self.index - self._upside()) if known else 0.0
        eligible = min(1.0, most(fields["quantity_t"], PERIODS[fields["period"]]) / output)
        outlay = min(gap * eligible, most(fields["outlay_cap_usd"], 4) / output)
        payback = min(fields["upside_share"] * gain * eligible, most(fields["payback_cap_usd"], 4) / output)
        self.rate = self.active(step) * (outlay - payback)
        for plant in self.plants:
            plant.support += self.rate

    def _upside(self) -> float:
        """Return the price from which producers pay back: the declared one, else the highest strike of the run."""
        declared, strikes = self.fields["upside_usd_per_t"], self.fields["strike_usd_per_t"]
        if declared is not None:
            return declared
        paths = strikes.values() if isinstance(strikes, dict) else strikes
        return max(paths) if not isinstance(strikes, int | float) else float(strikes)

    def record(self, step: int) -> None:
        self.index = self._mean([seller.formed for seller in self.sellers])
        self.output = sum(plant.output for plant in self.plants)


def most(yearly: float | None, parts: int) -> float:
    """Return a quarter's part of a limit; infinite where there is none."""
    return math.inf if yearly is None else yearly / parts


class StockOrder(Measure):
    """A state buys for its stock or releases from it."""

    def __init__(self, order: Any, good: str, start: int, buyers: list[Buyer]) -> None:
        super().__init__(order, good, start)
        self.buyers = [buyer for buyer in buyers if buyer.good == good and buyer.country == order.actor]

    def apply(self, step: int) -> None:
        tonnes = self.active(step) * self.at(self.fields["quantity_t"], step)
        for buyer in self.buyers:
            if self.fields["move"] == "buy":
                buyer.order += tonnes
            else:
                buyer.release += tonnes


def measures_of(scenario: Any, start: int, world: Any) -> list[Measure]:
    """Return the scenario's measures on a world of `routes`, `plants`, `sellers`, `buyers`."""
    made: list[Measure] = []
    for order in scenario.measures:
        for good in order.fields["good"]:
            if good not in scenario.goods:
                continue
            if order.type in ("export_tax", "import_tariff"):
                made.append(Duty(order, good, start, world.routes))
            elif order.type in ("export_quota", "export_licence", "export_ban"):
                made.append(Limit(order, good, start, scenario.base_year, world.routes))
            elif order.type == "price_floor":
                made.append(Floor(order, good, start, world.routes))
            elif order.type == "price_support":
                made.append(Support(order, good, start, world.plants, world.sellers))
            elif order.type == "stock_order":
                made.append(StockOrder(order, good, start, world.buyers))
            else:
                raise ValueError(f"the twin does not know {order.type}")
    return [m for m in made if not isinstance(m, Limit) or m.routes]
