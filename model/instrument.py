"""What an instrument is: a kind of order that compiles into edits of the network.

Nothing but these edits touches the market: a cost on a route, a cap on a set of routes, a minimum landed
price, a support or cost of plants, a state's order or release of stock, a preference of buyers; what acts between
quarters is a push. All arrays over time have T = 4 + Q
entries: the four quarters of the base year, then the Q quarters of the run.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd

from model.name import EU_MEMBERS, WORLD
from model.network import Floats, Ints
from model.order import Order, OrderKind
from model.quarter_date import active_share, first_date, quarter_index, quarter_label

#: Tonnes of `quarter`, `half` and `year` limits are paced over this many quarters.
PERIODS = {"quarter": 1, "half": 2, "year": 4}


class Tables(Protocol):
    """The tables of a world that measures need; see `model.world.World`."""

    @property
    def countries(self) -> list[str]:
        """Codes of the countries."""

    @property
    def nodes(self) -> pd.DataFrame:
        """Sellers."""

    @property
    def buyers(self) -> pd.DataFrame:
        """Buyers."""

    @property
    def routes(self) -> pd.DataFrame:
        """Seller to buyer."""

    @property
    def plants(self) -> pd.DataFrame:
        """Capacity."""


@dataclass(frozen=True)
class Cost:
    """A cost on routes, added to others of its kind; `value` is weighted by the days in force.

    `what` is `export_tax` or `tariff` (shares), `export_duty` or `import_duty` (usd_per_t).
    """

    what: str
    routes: Ints
    value: Floats  # [T]


@dataclass(frozen=True)
class Cap:
    """A limit on the sum of flows of some routes.

    While active the limit is `limit_t + rate * reference`, with the reference flow for the other days.
    A rate of 1 or more is no limit. `limit_t` of a longer period is paced evenly, what is left carried on.
    """

    routes: Ints
    active: Floats  # [T] share of the quarter's days
    limit_t: Floats  # [T] tonnes per full quarter
    rate: Floats  # [T] share of the reference flow
    holder: str  # who gets the wedge: firms, state, buyers
    period: int = 1  # quarters over which limit_t is paced
    reference_t: float | None = None  # declared, tonnes per quarter; None: mean of the four quarters before
    growth: float = 0.0  # yearly growth of the reference


@dataclass(frozen=True)
class Index:
    """A reference price: producer prices averaged with fixed weights over nodes, as last published."""

    nodes: Ints
    weight: Floats  # sums to 1
    kind: str  # lagged: last quarter; lagged_mean: last four quarters; before: four quarters before the start
    share: float = 1.0


@dataclass(frozen=True)
class Floor:
    """A minimum landed price on routes: a declared `price`, or `index` where that is given."""

    routes: Ints
    active: Floats  # [T]
    price: Floats  # [T] usd_per_t
    index: Index | None
    to_treasury: bool


@dataclass(frozen=True)
class Support:
    """A contract for difference: `max(0, strike - R) - upside_share * max(0, R - upside_price)`, plus a flat rate."""

    plants: Ints
    active: Floats  # [T]
    strike: Floats  # [T] usd_per_t
    upside_price: float
    upside_share: float
    index: Index | None  # None: the flat rate alone
    volume_t: float  # tonnes per quarter that are eligible, inf for all
    outlay_cap_usd: float  # per quarter, inf for none
    payback_cap_usd: float  # per quarter, inf for none
    flat: Floats | None = None  # [T] usd_per_t paid whatever the price


@dataclass(frozen=True)
class Stock:
    """A state's purchase for, and release from, its stock of one good at one buyer, per quarter."""

    buyer: int
    buy_t: Floats  # [T]
    release_t: Floats  # [T]


@dataclass(frozen=True)
class PlantCost:
    """A real cost per tonne of output laid on plants, such as that of a certificate; weighted by the days in force."""

    plants: Ints
    usd_per_t: Floats  # [T]


@dataclass(frozen=True)
class Preference:
    """Buyers' preference for these routes, times `factor`; the sum of each buyer's preferences stays."""

    routes: Ints
    factor: Floats  # [T]


@dataclass(frozen=True)
class Push:
    """What acts between quarters: a column of factors (`model.measure_plan.PUSHES`), times `factor` on these rows."""

    what: str
    rows: Ints
    factor: Floats  # [T], weighted by the days in force: 1 changes nothing


#: A path of numbers over time, see `model.field.KINDS`.
Path = float | list[float] | dict[str, float]
Edit = Cost | Cap | Floor | Support | Stock | PlantCost | Preference | Push


@dataclass(frozen=True)
class Site:
    """A world's tables and calendar, with the questions that instruments ask of them."""

    tables: Tables
    base_year: int
    start: int  # index of the first quarter run
    quarters: int
    eu_members: bool = False

    @cached_property
    def times(self) -> list[int]:
        """Quarter indices of the T entries of arrays over time."""
        base = [4 * self.base_year + q for q in range(4)]
        return base + [self.start + step for step in range(self.quarters)]

    @property
    def first_label(self) -> str:
        """Name of the first quarter run."""
        return quarter_label(self.start)

    def active(self, order: Order, delay_days: float = 0.0) -> Floats:
        """Return [T]: the share of each quarter's days on which the order is in force."""
        start = order.quarter
        if delay_days:
            start = (first_date(start) + timedelta(days=delay_days)).isoformat()
        return np.array([active_share(start, order.end, index) for index in self.times])

    def path(self, order: Order, value: Path, period: int = 1) -> Floats:
        """Return [T]: a number, the entry of a list for the periods since the start, or the last step."""
        return path_values(order, value, self.times, period)

    def codes(self, country: str) -> list[str]:
        """Return the country, or the members of EU27 where they are apart."""
        return list(EU_MEMBERS) if country == "EU27" and self.eu_members else [country]

    def outbound(self, order: Order, good: str) -> Ints:
        """Return the routes of a good from the actor to its targets, without domestic and smuggled flows."""
        routes = self.tables.routes
        own = routes["origin"].isin(self.codes(order.actor)) & ~self._leaks
        return self._covered(order, good, own, "destination")

    def inbound(self, order: Order, good: str) -> Ints:
        """Return the routes of a good from the targets to the actor; smuggled flows where all are targets."""
        routes = self.tables.routes
        own = routes["destination"].isin(self.codes(order.actor))
        if order.fields["target"] != [WORLD]:
            own &= ~self._leaks
        return self._covered(order, good, own, "origin")

    def _covered(self, order: Order, good: str, own: "pd.Series[bool]", side: str) -> Ints:
        routes, fields = self.tables.routes, order.fields
        inside = [*self.codes(order.actor), *fields["exempt"]]
        partner = ~routes[side].isin(inside)
        if WORLD not in fields["target"]:
            partner &= routes[side].isin(fields["target"])
        abroad = routes["origin"] != routes["destination"]
        return np.flatnonzero(own & partner & abroad & (routes["good"] == good)).astype(np.int64)

    @cached_property
    def _leaks(self) -> "pd.Series[bool]":
        kind = self.tables.nodes["kind"].to_numpy()
        node = self.tables.routes["node"].to_numpy()
        return pd.Series(kind[node] == "leak", index=self.tables.routes.index)

    def plants_of(self, country: str, good: str, firm: str) -> Ints:
        """Return the plants of a good in a country, of one firm where it is named; no smuggling."""
        plants = self.tables.plants
        mine = (
            plants["country"].isin(self.codes(country))
            & (plants["good"] == good)
            & (plants["kind"] != "leak")
        )
        if firm:
            mine &= plants["firm_name"] == firm
        return np.flatnonzero(mine).astype(np.int64)

    def buyers_of(self, country: str, good: str) -> Ints:
        """Return the buyers of a good in a country."""
        buyers = self.tables.buyers
        mine = buyers["country"].isin(self.codes(country)) & (buyers["good"] == good)
        return np.flatnonzero(mine).astype(np.int64)

    def index(self, good: str, country: str, kind: str, share: float = 1.0) -> Index | None:
        """Return a good's reference price in a country or WORLD (by base-year output); None without nodes."""
        nodes = self.tables.nodes
        mine = (nodes["good"] == good) & (nodes["kind"] != "leak")
        if country != WORLD:
            mine &= nodes["country"].isin(self.codes(country))
        rows = np.flatnonzero(mine).astype(np.int64)
        weight = nodes["production_t"].to_numpy(float)[rows]
        if not rows.size:
            return None
        total = weight.sum()
        even = np.full(rows.size, 1.0 / rows.size)
        return Index(rows, weight / total if total > 0.0 else even, kind, share)


@dataclass(frozen=True, kw_only=True)
class Instrument(OrderKind):
    """An order kind that edits the network: `compile(order, site)` gives its edits, maybe none.

    `exemptible`: a mutual exemption from export restrictions lifts it between the members of a treaty.
    """

    compile: Callable[[Order, Site], list[Edit]]
    exemptible: bool = False


def path_values(order: Order, value: Path, times: Sequence[int], period: int = 1) -> Floats:
    """Return a path's number at each quarter index: the entry of a list for the periods since the start."""
    if isinstance(value, Mapping):
        steps = [(quarter_index(key), number) for key, number in value.items()]
        reached = [[number for since, number in steps if since <= t] for t in times]
        return np.array([held[-1] if held else steps[0][1] for held in reached], float)
    values = [value] if isinstance(value, int | float) else list(value)
    first = quarter_index(order.quarter) // period
    return np.array([values[min(max(t // period - first, 0), len(values) - 1)] for t in times], float)


def mean_of_year(order: Order, value: Path, year: int) -> float:
    """Return the mean of a path over a year's quarters, weighted by the days the order is in force."""
    times = [4 * year + quarter for quarter in range(4)]
    shares = np.array([active_share(order.quarter, order.end, index) for index in times])
    return float((shares * path_values(order, value, times)).mean())


def listed(words: Sequence[str]) -> str:
    """Return names joined for a sentence: `JPN, KOR and USA`; WORLD as `all other countries`."""
    shown = ["all other countries" if word == WORLD else word for word in words]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def spoken(value: Path, unit: str, percent: bool = False) -> str:
    """Return a number or a path of numbers for a sentence: `25 %`, `20 % for 2 quarters, then 60 %`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{_spoken(item, unit, percent)} from {key}" for key, item in value.items())
    values = value if isinstance(value, list) else [value]
    runs = [(item, len(list(same))) for item, same in itertools.groupby(values)]
    early = [
        f"{_spoken(item, unit, percent)} for {count} quarter{'s' * (count > 1)}" for item, count in runs[:-1]
    ]
    return ", then ".join([*early, _spoken(runs[-1][0], unit, percent)])


def _spoken(value: float, unit: str, percent: bool) -> str:
    return f"{100 * value:g} %" if percent else f"{value:,.10g} {unit}"


def highest_of(value: Path) -> float:
    """Return the largest number of a path."""
    values = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else [value]
    return float(max(values))


def term(order: Order) -> str:
    """Return the time in force for a sentence: `from 2025Q1 to 2026Q4`, `from 2025-04-04 on`."""
    return f"from {order.quarter} on" if order.end is None else f"from {order.quarter} to {order.end}"
