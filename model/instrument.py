"""What an instrument is: a kind of order that compiles into edits of the network.

Nothing but these edits touches the market: a cost on a route, a cap on a set of routes, a minimum landed
price, a support or cost of plants, a state's order or release of stock (as ordered, by a rule, or for users who are
served first), a preference of buyers. What acts between quarters is a push; public money for new capacity is a
fund, for anything else an outlay. All arrays over time have T = 4 + Q
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
from model.network import Bools, Floats, Ints
from model.order import Order, OrderKind
from model.quarter_date import (
    active_share,
    first_date,
    first_day,
    last_date,
    last_day,
    quarter_index,
    quarter_label,
)
from model.rules.investment import annuity
from model.word_column import WordColumn

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
class Index:
    """A reference price: producer prices averaged with fixed weights over nodes, as last published.

    `kind`: lagged (one quarter), lagged_mean (four quarters), before (the four quarters before the measure). The last
    `lag` - 1 quarters are left out.
    """

    nodes: Ints
    weight: Floats  # sums to 1
    kind: str
    share: float = 1.0
    lag: int = 1


@dataclass(frozen=True)
class Margin:
    """What caps a duty: `normal / export - 1`, and the lesser of it and `(injury - export) / export` where given.

    Reference prices of the four quarters before the measure; `normal` may be a declared price instead.
    """

    export: Index
    normal: Index | None
    normal_usd_per_t: float
    injury: Index | None


@dataclass(frozen=True)
class Cost:
    """A cost on routes, added to others of its kind; `value` is weighted by the days in force.

    `what` is `export_tax` or `tariff` (shares), `export_duty` or `import_duty` (usd_per_t).
    """

    what: str
    routes: Ints
    value: Floats  # [T]
    margin: Margin | None = None


@dataclass(frozen=True)
class Certificate:
    """Who need not count towards a cap: routes from certified origins.

    Producers of `may` become certified for good when the mean wedge of the last four quarters is their `usd_per_t` or
    more; the cost falls on all their plants of the good.
    """

    certified: Ints  # country numbers, from the start
    may: Ints  # country numbers that may follow
    usd_per_t: Floats  # [T]
    plants: Ints


@dataclass(frozen=True)
class Cap:
    """A limit on the sum of flows of some routes.

    While active the limit is `limit_t + rate * reference`, with the reference flow for the other days.
    A rate of 1 or more is no limit (but of output it is one). `limit_t` of a longer period is paced evenly, what
    is left carried on. `side`: an `export` restriction invites smuggling and strains relations, one of `output`
    is only felt by buyers, one of `import` is the buyers' own.
    """

    routes: Ints
    active: Floats  # [T] share of the quarter's days
    limit_t: Floats  # [T] tonnes per full quarter
    rate: Floats  # [T] share of the reference flow
    holder: str  # who gets the wedge: firms, state, buyers
    period: int = 1  # quarters over which limit_t is paced
    reference_t: float | None = None  # declared, tonnes per quarter; None: mean of the four quarters before
    growth: float = 0.0  # yearly growth of the reference
    side: str = "export"
    reference_routes: Ints | None = None  # whose flow is the reference; None: the routes' own
    rolling: bool = False  # whether the reference moves on every quarter
    certificate: Certificate | None = None
    firm_share: Mapping[str, float] | None = None  # licences by firm; None: pro rata by output


@dataclass(frozen=True)
class Downstream:
    """Routes of a product that holds `content` tonnes a tonne of a good under a floor."""

    routes: Ints
    content: float


@dataclass(frozen=True)
class Floor:
    """A minimum landed price on routes: a declared `price`, plus `index` where that is given.

    Products pay `content` times what the floor added to the good last quarter: to the treasury as a duty, or, where
    sellers keep the top-up, as a floor of their own.
    """

    routes: Ints
    active: Floats  # [T]
    price: Floats  # [T] usd_per_t
    index: Index | None
    to_treasury: bool
    downstream: tuple[Downstream, ...] = ()


@dataclass(frozen=True)
class Offtake:
    """A buyer's commitment: pays `max(min_price, (1 - discount) index)` for the tonnes, settled against the index.

    While that is above the index the buyer takes only the share `take`.
    """

    discount: float
    take: float


@dataclass(frozen=True)
class Support:
    """A contract for difference: `max(0, strike - R) - upside_share * max(0, R - upside_price)`, plus a flat rate.

    With `offtake` the strike is its minimum price. The actor's treasury pays, or its users, or countries by `burden`.
    """

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
    burden: Mapping[str, float] | None = None  # shares of the outlay by country
    by_users: bool = False
    offtake: Offtake | None = None


@dataclass(frozen=True)
class Stock:
    """A state's purchase for, and release from, its stock of one good at one buyer, per quarter."""

    buyer: int
    buy_t: Floats  # [T]
    release_t: Floats  # [T]


@dataclass(frozen=True)
class StockRule:
    """A state's stock that buys and releases by rule, see `model.rules.stockpile`; per quarter, shares 0 to 1.

    With a `strike` it is a vault: users' own tonnes, `target_t` of them, bought and sold at that price whatever the
    market's, for a yearly fee.
    """

    buyer: int
    index: Index
    supply_routes: Ints  # whose flow is the supply outside
    target_days: Floats  # [T]
    target_t: Floats  # [T] added to the days
    capacity_t: float
    build_quarters: float  # at least so many to build it up
    buy_below: float  # times the eight-quarter mean price
    buy_most: float  # share of supply outside
    release_above: float  # times the eight-quarter mean price
    short_share: float  # shortfall from which is released
    release_quarters: float  # to release all of it
    release_share: float  # of the shortfall
    carry: float  # of the stock's value, per year
    strike: float | None = None
    fee: float = 0.0  # of the value at the strike, per year
    refill_quarters: float = 4.0
    together: bool = False  # members of the treaty behind it release for each other


@dataclass(frozen=True)
class Priority:
    """A part of a buyer's final demand that is served first, whatever the price."""

    buyer: int
    share: Floats  # [T], weighted by the days in force


@dataclass(frozen=True)
class Fund:
    """Public money for new capacity at the sites of these plants: a grant, equity or a loan.

    `share` of the capital cost until `budget_usd` is spent. A loan costs the treasury what its cheapness is worth.
    `additional`: only where the firm would not have built without. `burden`: shares of the cost by country.
    """

    plants: Ints
    form: str
    share: Floats  # [T]
    budget_usd: float
    rate: float  # per year
    years: float
    additional: bool
    burden: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Outlay:
    """Public money for a programme, usd a quarter, from treasuries to wages; `burden`: shares by country."""

    usd: Floats  # [T], weighted by the days in force
    burden: Mapping[str, float] | None = None


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
    """What acts between quarters: a column of factors (`model.measure_plan.PUSHES`), times `factor` on these rows.

    Rows of a `site_` column are given as plants: all their sites. `partners`, a country number per row, are those
    whom a mutual exemption or a treaty with the actor spares.
    """

    what: str
    rows: Ints
    factor: Floats  # [T], weighted by the days in force: 1 changes nothing
    partners: Ints | None = None


#: A path of numbers over time, see `model.field.KINDS`.
Path = float | list[float] | dict[str, float]
Edit = (
    Cost
    | Cap
    | Floor
    | Support
    | Stock
    | StockRule
    | Priority
    | Fund
    | Outlay
    | PlantCost
    | Preference
    | Push
)


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
        start = first_date(order.quarter) + timedelta(days=delay_days)
        first, last = self._days
        ends = last if order.end is None else np.minimum(last_date(order.end).toordinal(), last)
        days = np.maximum(ends - np.maximum(start.toordinal(), first) + 1, 0)
        return np.asarray(days / (last - first + 1))

    @cached_property
    def _days(self) -> tuple[Ints, Ints]:
        """Return [T] each: the first and the last day of every quarter, counted on."""
        days = [(first_day(t).toordinal(), last_day(t).toordinal()) for t in self.times]
        first, last = np.array(days, dtype=np.int64).reshape(-1, 2).T
        return first, last

    def path(self, order: Order, value: Path, period: int = 1) -> Floats:
        """Return [T]: a number, the entry of a list for the periods since the start, or the last step."""
        return path_values(order, value, self.times, period)

    def codes(self, country: str) -> list[str]:
        """Return the country, or the members of EU27 where they are apart."""
        return list(EU_MEMBERS) if country == "EU27" and self.eu_members else [country]

    def outbound(self, order: Order, good: str) -> Ints:
        """Return the routes of a good from the actor to its targets, without domestic and smuggled flows."""
        own = self._routes["origin"].holds_any(self.codes(order.actor)) & ~self._sold_by("leak")
        return self._covered(order, good, own, "destination")

    def inbound(self, order: Order, good: str) -> Ints:
        """Return the routes of a good from the targets to the actor; smuggled flows where all are targets."""
        own = self._routes["destination"].holds_any(self.codes(order.actor))
        if order.fields["target"] != [WORLD]:
            own &= ~self._sold_by("leak")
        return self._covered(order, good, own, "origin")

    def _covered(self, order: Order, good: str, own: Bools, side: str) -> Ints:
        routes, fields = self._routes, order.fields
        partner = ~routes[side].holds_any([*self.codes(order.actor), *fields["exempt"]])
        if WORLD not in fields["target"]:
            partner &= routes[side].holds_any(fields["target"])
        return _rows(own & partner & self._crosses & routes["good"].holds(good))

    @cached_property
    def _routes(self) -> dict[str, WordColumn]:
        return {name: WordColumn(self.tables.routes[name]) for name in ("origin", "destination", "good")}

    @cached_property
    def _plants(self) -> dict[str, WordColumn]:
        plants = self.tables.plants
        return {
            name: WordColumn(plants[name])
            for name in ("country", "good", "kind", "firm_name")
            if name in plants
        }

    @cached_property
    def _nodes(self) -> dict[str, WordColumn]:
        return {name: WordColumn(self.tables.nodes[name]) for name in ("country", "good", "kind")}

    @cached_property
    def _buyers(self) -> dict[str, WordColumn]:
        return {name: WordColumn(self.tables.buyers[name]) for name in ("country", "good")}

    @cached_property
    def _crosses(self) -> Bools:
        """Return which routes cross a border."""
        routes = self.tables.routes
        return np.asarray(routes["origin"].to_numpy(object) != routes["destination"].to_numpy(object))

    def _sold_by(self, kind: str) -> Bools:
        """Return which routes are those of a kind of node."""
        return np.asarray(self._nodes["kind"].holds(kind)[self._seller])

    @cached_property
    def _seller(self) -> Ints:
        return self.tables.routes["node"].to_numpy()

    def plants_of(self, country: str, good: str, firm: str) -> Ints:
        """Return the plants of a good in a country, of one firm where it is named; no smuggling."""
        plants = self._plants
        mine = plants["country"].holds_any(self.codes(country)) & plants["good"].holds(good)
        mine &= ~plants["kind"].holds_any(("leak", "resale"))
        if firm:
            mine &= plants["firm_name"].holds(firm)
        return _rows(mine)

    def buyers_of(self, country: str, good: str) -> Ints:
        """Return the buyers of a good in a country."""
        buyers = self._buyers
        return _rows(buyers["country"].holds_any(self.codes(country)) & buyers["good"].holds(good))

    def is_here(self, country: str) -> bool:
        """Tell whether a country stands apart in this world."""
        return bool(set(self.codes(country)) & set(self.tables.countries))

    def country_numbers(self, countries: Sequence[str]) -> Ints:
        """Return the numbers of the countries that stand apart, each once."""
        codes = [code for country in countries for code in self.codes(country)]
        place = {code: i for i, code in enumerate(self.tables.countries)}
        return np.array([place[code] for code in dict.fromkeys(codes) if code in place], dtype=np.int64)

    def plants_in(self, countries: Sequence[str], good: str, firm: str = "") -> Ints:
        """Return the plants of a good in some countries, or in the WORLD; no smuggling."""
        where = list(self.tables.countries) if WORLD in countries else list(countries)
        groups = [self.plants_of(country, good, firm) for country in where]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *groups]))

    def buyers_in(self, countries: Sequence[str], good: str) -> Ints:
        """Return the buyers of a good in some countries, or in the WORLD."""
        where = list(self.tables.countries) if WORLD in countries else list(countries)
        groups = [self.buyers_of(country, good) for country in where]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *groups]))

    def sales(self, country: str, good: str) -> Ints:
        """Return all routes of a good from a country, at home and abroad; what smugglers buy goes through home."""
        routes = self._routes
        own = routes["origin"].holds_any(self.codes(country)) & self._sold_by("producer")
        return _rows(own & routes["good"].holds(good))

    def into(self, members: Sequence[str], good: str, origins: Sequence[str] | None = None) -> Ints:
        """Return the routes of a good to the members from some origins (None: from everybody, themselves included)."""
        routes = self._routes
        codes = [code for member in members for code in self.codes(member)]
        mine = routes["destination"].holds_any(codes) & routes["good"].holds(good)
        if origins is not None:
            sources = [code for origin in origins for code in self.codes(origin)]
            inside = WORLD in origins
            mine &= ~routes["origin"].holds_any(codes) if inside else routes["origin"].holds_any(sources)
        return _rows(mine)

    def abroad(self, good: str) -> Ints:
        """Return all routes of a good that cross a border."""
        return _rows(self._routes["good"].holds(good) & self._crosses)

    def index(self, good: str, country: str, kind: str, share: float = 1.0, lag: int = 1) -> Index | None:
        """Return a good's reference price in a country or WORLD (by base-year output); None without nodes."""
        mine = self._nodes["good"].holds(good) & self._nodes["kind"].holds("producer")
        if country != WORLD:
            mine &= self._nodes["country"].holds_any(self.codes(country))
        rows = _rows(mine)
        weight = self.tables.nodes["production_t"].to_numpy(float)[rows]
        if not rows.size:
            return None
        total = weight.sum()
        even = np.full(rows.size, 1.0 / rows.size)
        return Index(rows, weight / total if total > 0.0 else even, kind, share, lag)

    def full_cost(self, good: str, country: str, discount: float, years: float) -> float:
        """Return the cost of a tonne from new plants at base-year input prices (usd), capital included; NaN if unknown.

        Cash cost, inputs, and the capital cost spread over `years` at `discount` a year; the mean over the country's
        plants (WORLD: all), those not yet built where there are such.
        """
        plants, network = self.tables.plants, getattr(self.tables, "network", None)
        rows = self.plants_in([country], good)
        rows = rows[(plants["kind"].iloc[rows] != "recycler").to_numpy()]
        new = rows[(plants["kind"].iloc[rows] == "new").to_numpy()]
        rows = new if new.size else rows
        if not rows.size or network is None or "capex_usd_per_t_per_year" not in plants:
            return float("nan")
        price = self.tables.buyers["price_usd_per_t"].to_numpy(float)
        total = 0.0
        for k in rows:
            m = int(plants["recipe"].iloc[k])
            inputs = slice(network.recipe_input_start[m], network.recipe_input_start[m + 1])
            fed = float(network.input_per_unit[inputs] @ price[network.input_buyer[inputs]])
            capital = float(plants["capex_usd_per_t_per_year"].iloc[k]) / annuity.py_func(discount, years)
            total += float(plants["cost_usd_per_t"].iloc[k]) + fed + capital
        return total / rows.size


def _rows(mine: Bools) -> Ints:
    return np.flatnonzero(mine).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Instrument(OrderKind):
    """An order kind that edits the network: `compile(order, site)` gives its edits, maybe none.

    `exemptible`: a mutual exemption from export restrictions lifts it between the members of a treaty.
    """

    compile: Callable[[Order, Site], list[Edit]]
    exemptible: bool = False


def path_values(order: Order, value: Path, times: Sequence[int], period: int = 1) -> Floats:
    """Return a path's number at each quarter index: the entry of a list for the periods since the start."""
    if isinstance(value, int | float):
        return np.full(len(times), value, dtype=float)
    if isinstance(value, Mapping):
        steps = [(quarter_index(key), number) for key, number in value.items()]
        reached = [[number for since, number in steps if since <= t] for t in times]
        return np.array([held[-1] if held else steps[0][1] for held in reached], float)
    values, first = list(value), quarter_index(order.quarter) // period
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
    if percent:
        return f"{100 * value:g} %"
    seen = value if float(value).is_integer() else float(f"{value:.6g}")
    return f"{seen:,.10g} {unit}"


def highest_of(value: Path) -> float:
    """Return the largest number of a path."""
    values = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else [value]
    return float(max(values))


def term(order: Order) -> str:
    """Return the time in force for a sentence: `from 2025Q1 to 2026Q4`, `from 2025-04-04 on`, `in 2025Q4`."""
    if order.end == order.quarter:
        return f"in {order.quarter}" if "Q" in order.quarter else f"on {order.quarter}"
    return f"from {order.quarter} on" if order.end is None else f"from {order.quarter} to {order.end}"
