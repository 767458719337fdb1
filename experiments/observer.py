"""Reads a quarter off the engines and turns it into recorded metrics.

Every metric is an array [runs, cells]; a cell is a (good, country). Sums are fixed sparse matrices from the
rows of the network to the cells, built once per world, so that a run's figures do not depend on its batch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from experiments.outcome import ALL_GOODS, WORLD, headline_goods, restricting_countries
from experiments.standing import Standing
from model.market import allocate_answer, allocate_terms
from model.network import Answer, Network, Terms
from model.world import World

Floats = NDArray[np.float64]
Cell = tuple[str, str]
Recorded = tuple[str, tuple[Cell, ...], Floats]  # metric, cells, values [runs, cells]
#: Prices of places that make less than this in a quarter are not recorded.
_NOTHING_T = 1e-9
_DAYS = 365.25 / 4.0
#: Parts of a base-year number: a price below this counts as 0, ...
_FREE = 1e-6
#: ... a price inside below this has no gap to the one outside, ...
_NEXT_TO_FREE = 0.01
#: ... and use below this part of the world's has no days of stock.
_NEXT_TO_UNUSED = 1e-6
#: Recorded money of states and the column it is read from.
_TREASURY = (
    ("export_tax_usd", "country_export_tax_usd"),
    ("tariff_usd", "country_tariff_usd"),
    ("support_usd", "country_support_usd"),
)


class Engine(Protocol):
    """What the observer asks of an engine: the cleared quarter of a batch of runs."""

    network: Network
    answer: Answer
    terms: Terms
    columns: Any


@dataclass(frozen=True)
class Panel:
    """Cells of one metric, in the order of its array's second axis."""

    metric: str
    cells: tuple[Cell, ...]


class _Sum:
    """A sparse sum of rows into cells."""

    def __init__(self, rows: Iterable[tuple[int, Cell, float]], width: int, cells: tuple[Cell, ...]) -> None:
        place = {cell: position for position, cell in enumerate(cells)}
        kept = [(place[cell], row, weight) for row, cell, weight in rows if cell in place]
        at, row, weight = (np.array(part) for part in zip(*kept, strict=True)) if kept else ([], [], [])
        self.matrix = csr_array((weight, (at, row)), shape=(len(cells), width), dtype=np.float64)

    def __call__(self, values: Floats) -> Floats:
        """Return [runs, cells] for values [runs, rows]."""
        return np.ascontiguousarray((self.matrix @ values.T).T)


class Observer:
    """Metrics of a quarter for all runs of a batch. `panels` says what the arrays of `observe` hold."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.restrictors = restricting_countries(world)
        self.goods = [str(name) for name in world.goods["name"]]
        nodes, buyers = world.nodes, world.buyers
        self.made = _cells(nodes[nodes["kind"] == "producer"])
        self.used = _cells(buyers)
        self.places = tuple(dict.fromkeys([*self.made, *self.used]))
        self._worlds: dict[tuple[Cell, ...], _Sum] = {}
        self._sum_plants()
        self._sum_trade()
        self._read_base()
        self.standing = Standing(world, headline_goods(world))
        self.panels = [Panel(name, cells) for name, cells, _ in self._quarter(None)]

    def _sum_plants(self) -> None:
        world, network = self.world, self.world.network
        kind = world.recipes["kind"].to_numpy()
        good, country = world.nodes["good"].to_numpy(), world.nodes["country"].to_numpy()
        rows: dict[str, list[tuple[int, Cell, float]]] = {
            "primary": [],
            "recycler": [],
            "leak": [],
            "resale": [],
        }
        for recipe in range(len(kind)):
            group = kind[recipe] if kind[recipe] in rows else "primary"
            for s in range(network.recipe_output_start[recipe], network.recipe_output_start[recipe + 1]):
                cell = (str(good[network.output_node[s]]), str(country[network.output_node[s]]))
                for plant in range(network.plant_start[recipe], network.plant_start[recipe + 1]):
                    rows[group].append((plant, cell, float(network.output_per_unit[s])))
        width = int(network.plant_start[-1])
        self.primary = _Sum(rows["primary"], width, self.made)
        self.recycled = _Sum(rows["recycler"], width, self.made)
        self.leaked = _Sum(rows["leak"], width, self.made)
        self.resold = _Sum(rows["resale"], width, self.places)

    def _sum_trade(self) -> None:
        world = self.world
        nodes, buyers, routes = world.nodes, world.buyers, world.routes
        self.is_leak_route = (nodes["kind"].to_numpy() != "producer")[routes["node"].to_numpy()]
        abroad = (routes["origin"] != routes["destination"]).to_numpy() | self.is_leak_route
        origin = list(zip(routes["good"], routes["origin"], strict=True))
        target = list(zip(routes["good"], routes["destination"], strict=True))
        count = len(routes)
        every = range(count)
        self.outward = _Sum(((r, origin[r], 1.0) for r in every if abroad[r] and not self.is_leak_route[r]),
                            count, self.made)  # fmt: skip
        self.inward = _Sum(((r, target[r], 1.0) for r in every if abroad[r]), count, self.used)
        self.arrivals = _Sum(((r, target[r], 1.0) for r in every), count, self.used)
        self.shipped = _Sum(((r, origin[r], 1.0) for r in every), count, self.made)
        self.by_node = _Sum(_rows(nodes[nodes["kind"] == "producer"]), len(nodes), self.made)
        self.node_places = _Sum(_rows(nodes[nodes["kind"] == "producer"]), len(nodes), self.places)
        self.by_buyer = _Sum(_rows(buyers), len(buyers), self.used)
        self.buyer_places = _Sum(_rows(buyers), len(buyers), self.places)
        place = {cell: position for position, cell in enumerate(self.made)}
        self.made_where_used = _Sum(
            ((place[cell], cell, 1.0) for cell in self.used if cell in place), len(self.made), self.used
        )
        outside = [
            (r, (origin[r][0], self.restrictors[origin[r][0]]), 1.0)
            for r in every
            if target[r][1] != self.restrictors[origin[r][0]]
        ]
        self.gaps = tuple((good, self.restrictors[good]) for good in self.goods)
        self.outside = _Sum(outside, count, self.gaps)
        self.inside = _Sum(_rows(nodes[nodes["kind"] == "producer"]), len(nodes), self.gaps)

    def _read_base(self) -> None:
        """Keep the base year's price of every cell, NaN where unknown, and its use by good."""
        nodes = self.world.nodes[self.world.nodes["kind"] == "producer"]
        price: dict[Cell, float] = {}
        for good, country, value in zip(
            nodes["good"], nodes["country"], nodes["price_usd_per_t"], strict=True
        ):
            price.setdefault((str(good), str(country)), float(value))
        self.base_price = np.array([price[cell] for cell in self.made])
        self.base_gap_price = np.array([price.get(cell, np.nan) for cell in self.gaps])
        use = self.world.buyers.groupby("good")["use_t"].sum()
        least = [_NEXT_TO_UNUSED * float(use.get(good, 0.0)) for good, _ in self.used]
        world = [_NEXT_TO_UNUSED * float(use.get(good, 0.0)) for good in self.goods]
        self.least_use = np.maximum(np.array(least + world), _NOTHING_T)

    def observe(self, engine: Engine, wanted: frozenset[str] | None = None) -> list[Floats]:
        """Return one array [runs, cells] for every panel.

        `wanted` names the metrics that are asked for (None: all); of others the costly ones come without a run.
        """
        return [values for _, _, values in self._quarter(engine, wanted)]

    def _quarter(self, engine: Engine | None, wanted: frozenset[str] | None = None) -> list[Recorded]:
        """Return (metric, cells, values); without an engine the values are empty."""
        network, answer, terms = _market(engine) if engine else _nothing(self.world.network)
        flow, output = answer.flow_t, answer.output_t
        production = self.primary(output)
        capacity = self.primary(terms.plant_capacity_t)
        use, purchases = self.by_buyer(answer.use_t), self.arrivals(flow)
        paid = self.arrivals(_times(flow, answer.landed_price))
        exports = self.outward(flow)
        price = self._price(answer, production + self.recycled(output))
        rent = self.shipped(flow * _route_wedge(network, answer, terms))
        return [
            self._summed("production_t", self.made, production),
            self._summed("recycled_t", self.made, self.recycled(output)),
            self._summed("consumption_t", self.used, use),
            self._summed("final_use_t", self.used, self.by_buyer(answer.final_use_t)),
            self._summed("capacity_t", self.made, capacity),
            *self._stocks(engine, use),
            self._summed("exports_t", self.made, exports),
            self._summed("imports_t", self.used, self.inward(flow)),
            self._summed("leakage_t", self.made, self.leaked(output)),
            self._summed("resold_t", self.places, self.resold(output)),
            self._mean("price_usd_per_t", self.made, price, production),
            self._mean("landed_price_usd_per_t", self.used, _over(paid, purchases), purchases),
            *self._gap(answer, flow),
            self._shares("production_share", self.made, production),
            self._shares("capacity_share", self.made, capacity),
            self._shares("consumption_share", self.used, use),
            self._shares("export_share", self.made, exports),
            self._concentration(production),
            self._totals("production_value_usd", self.made, _times(production, price)),
            self._totals("purchase_value_usd", self.used, paid),
            self._totals("scarcity_rent_usd", self.made, rent),
            *self._treasuries(engine, output.shape[0]),
            *self.standing.quarter(
                engine,
                use,
                purchases,
                self.made_where_used(production),
                self.made_where_used(self.recycled(output)),
                wanted,
            ),
            self._residual(engine, output.shape[0]),
        ]

    def _price(self, answer: Answer, output: Floats) -> Floats:
        price = self.by_node(np.nan_to_num(answer.price, nan=-1.0))
        return _or_free(np.where((price >= 0.0) & (output > _NOTHING_T), price, np.nan), self.base_price)

    def _world_sum(self, cells: tuple[Cell, ...], values: Floats) -> Floats:
        """Return [runs, goods], the sum over countries."""
        if cells not in self._worlds:
            rows = [(position, (cell[0], WORLD), 1.0) for position, cell in enumerate(cells)]
            self._worlds[cells] = _Sum(rows, len(cells), tuple((good, WORLD) for good in self.goods))
        return self._worlds[cells](values)

    def _with_world(self, cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
        return cells + tuple((good, WORLD) for good in self.goods)

    def _summed(self, metric: str, cells: tuple[Cell, ...], values: Floats) -> Recorded:
        return metric, self._with_world(cells), np.hstack([values, self._world_sum(cells, values)])

    def _totals(self, metric: str, cells: tuple[Cell, ...], values: Floats) -> Recorded:
        """Sums that may also be added up over goods: money."""
        name, wide, summed = self._summed(metric, cells, np.nan_to_num(values, nan=0.0))
        countries = list(dict.fromkeys(country for _, country in wide))
        over_goods = tuple((ALL_GOODS, country) for country in countries)
        if wide not in self._worlds:
            rows = [(position, (ALL_GOODS, cell[1]), 1.0) for position, cell in enumerate(wide)]
            self._worlds[wide] = _Sum(rows, len(wide), over_goods)
        return name, wide + over_goods, np.hstack([summed, self._worlds[wide](summed)])

    def _mean(self, metric: str, cells: tuple[Cell, ...], values: Floats, weights: Floats) -> Recorded:
        known = np.where(np.isfinite(values), weights, 0.0)
        world = _over(self._world_sum(cells, _times(known, values)), self._world_sum(cells, known))
        return metric, self._with_world(cells), np.hstack([values, world])

    def _shares(self, metric: str, cells: tuple[Cell, ...], values: Floats) -> Recorded:
        return metric, cells, self._share_of_world(cells, values)

    def _share_of_world(self, cells: tuple[Cell, ...], values: Floats) -> Floats:
        position = {good: index for index, good in enumerate(self.goods)}
        world = self._world_sum(cells, values)[:, [position[good] for good, _ in cells]]
        return _over(values, world)

    def _concentration(self, production: Floats) -> Recorded:
        share = np.nan_to_num(self._share_of_world(self.made, production))
        world = self._world_sum(self.made, share * share) * 1e4
        world = np.where(self._world_sum(self.made, production) > _NOTHING_T, world, np.nan)
        return "hhi_index", tuple((good, WORLD) for good in self.goods), world

    def _gap(self, answer: Answer, flow: Floats) -> list[Recorded]:
        inside = self.inside(np.nan_to_num(answer.price, nan=-1.0))
        inside = _or_free(np.where(inside >= 0.0, inside, np.nan), self.base_gap_price)
        worth = np.where(inside < _NEXT_TO_FREE * self.base_gap_price, np.nan, inside)
        outside = _over(self.outside(_times(flow, answer.landed_price)), self.outside(flow))
        return [
            ("inside_price_usd_per_t", self.gaps, inside),
            ("outside_price_usd_per_t", self.gaps, outside),
            ("price_gap_index", self.gaps, _over(outside, worth)),
        ]

    def _stocks(self, engine: Engine | None, use: Floats) -> list[Recorded]:
        runs = use.shape[0]
        names = ("stock_buyer_t", "stock_producer_t", "stock_state_t")
        by_holder = [np.zeros((runs, len(self.places))) for _ in names]
        held = np.zeros_like(use)
        if engine:
            columns = engine.columns
            held = self.by_buyer(columns.buyer_stock_t)
            by_holder = [
                self.buyer_places(columns.buyer_stock_t),
                self.node_places(columns.node_stock_t),
                self.buyer_places(columns.buyer_reserve_t),
            ]
        held = np.hstack([held, self._world_sum(self.used, held)])
        use = np.hstack([use, self._world_sum(self.used, use)])
        days = np.where(use >= self.least_use, _over(held, use) * _DAYS, np.nan)
        return [
            self._summed("stock_t", self.places, by_holder[0] + by_holder[1] + by_holder[2]),
            *(self._summed(name, self.places, part) for name, part in zip(names, by_holder, strict=True)),
            ("stock_days", self._with_world(self.used), days),
        ]

    def _treasuries(self, engine: Engine | None, runs: int) -> list[Recorded]:
        cells = tuple((ALL_GOODS, country) for country in self.world.countries)
        return [
            (name, cells, getattr(engine.columns, column) if engine else np.zeros((runs, len(cells))))
            for name, column in _TREASURY
        ]

    def _residual(self, engine: Engine | None, runs: int) -> Recorded:
        cells = tuple((good, WORLD) for good in self.goods)
        values = np.abs(engine.columns.good_residual_t) if engine else np.zeros((runs, len(cells)))
        return "residual_t", cells, values

    def flows(self, engine: Engine, run: int) -> pd.DataFrame:
        """Return the flows of one run of the batch, leakage added to the open flow of the same pair."""
        answer, routes = engine.answer, self.world.routes
        quantity, landed = answer.flow_t[run], np.nan_to_num(answer.landed_price[run])
        wedge = np.where(self.is_leak_route, 0.0, _route_wedge(engine.network, answer, engine.terms)[run])
        frame = pd.DataFrame(
            {
                "good": routes["good"].to_numpy(),
                "origin": routes["origin"].to_numpy(),
                "destination": routes["destination"].to_numpy(),
                "quantity_t": quantity,
                "paid": quantity * landed,
                "wedge_usd_per_t": wedge,
            }
        )
        keys = ["good", "origin", "destination"]
        pairs = frame.groupby(keys, sort=False, observed=True)
        flows = pairs.agg({"quantity_t": "sum", "paid": "sum", "wedge_usd_per_t": "max"}).reset_index()
        flows = flows[flows["quantity_t"] > 1e-6].copy()
        flows["landed_price_usd_per_t"] = flows.pop("paid") / flows["quantity_t"]
        return flows[[*keys, "quantity_t", "landed_price_usd_per_t", "wedge_usd_per_t"]]


def _cells(table: pd.DataFrame) -> tuple[Cell, ...]:
    return tuple(dict.fromkeys(zip(table["good"].astype(str), table["country"].astype(str), strict=True)))


def _rows(table: pd.DataFrame) -> Iterable[tuple[int, Cell, float]]:
    """Return (row number, cell, 1) for a table with a plain row index."""
    return [
        (int(row), (str(good), str(country)), 1.0)
        for row, good, country in zip(table.index, table["good"], table["country"], strict=True)
    ]


def _over(top: Floats, bottom: Floats) -> Floats:
    """Divide; NaN where the bottom is (next to) nothing."""
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > _NOTHING_T)


def _or_free(price: Floats, base: Floats) -> Floats:
    """Return prices with those next to nothing beside the base year's as 0."""
    return np.where(price < _FREE * base, 0.0, price)


def _times(amount: Floats, price: Floats) -> Floats:
    """Multiply; nothing at an unknown price is worth nothing."""
    return np.where(np.isfinite(price), amount * np.nan_to_num(price), 0.0)


def _route_wedge(network: Network, answer: Answer, terms: Terms) -> Floats:
    """Return [runs, R]: the scarcity prices of all quotas a route counts towards; closed routes 0."""
    starts = network.route_quota_start
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    wedge = np.nan_to_num(answer.wedge)[:, network.route_quota] * terms.quota_cover
    matrix = csr_array((np.ones(rows.size), (rows, np.arange(rows.size))), shape=(len(starts) - 1, rows.size))
    return np.ascontiguousarray((matrix @ wedge.T).T)


def _market(engine: Engine) -> tuple[Network, Answer, Terms]:
    return engine.network, engine.answer, engine.terms


def _nothing(network: Network) -> tuple[Network, Answer, Terms]:
    """Return an answer and terms of no runs, to learn the cells of every metric."""
    return network, allocate_answer(network, 0), allocate_terms(network, 0)
