"""Where countries stand: welfare, dependence, blocs, investment, stocks and what a stop of supply would cost.

Each function reads one quarter of a batch and returns metrics as the observer records them, (metric, cells, values).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from experiments.outcome import ALL_GOODS, WORLD
from experiments.supply_risk import supply_at_risk
from model.quarter_date import quarter_index
from model.welfare import PARTS, Welfare, elsewhere_of, welfare
from model.world import World

Floats = NDArray[np.float64]
Cell = tuple[str, str]
Recorded = tuple[str, tuple[Cell, ...], Floats]

#: Marks of the EU's Critical Raw Materials Act for 2030, parts of yearly consumption: own extraction, own
#: processing, recycling, and the most from one third country. Source: CRMA2024.
MARKS = {"mine": 0.10, "processing": 0.40, "recycling": 0.25, "one_country": 0.65}
#: What a seat's score weighs: each line of welfare, investment, and supply at risk as the chance a year of a stop by
#: each leading exporter. The chance is a judgement: three stops or near stops in fifteen years.
SCORE_WEIGHTS = {**dict.fromkeys(PARTS, 1.0), "investment": -1.0, "supply_at_risk": -0.2}
_NOTHING_T = 1e-9
_WELFARE = tuple(f"welfare_{name}_usd" for name in (*PARTS, "total"))
_DEPENDENCE = ("own_supply_share", "recycling_share", "import_dependence_share", "crma_marks_index")
_OWNERS = ("owner_share", "bloc_share")
#: Recorded money of states and the column it is read from.
_MONEY = (
    ("topup_usd", "country_topup_usd"),
    ("state_rent_usd", "country_rent_usd"),
    ("levy_usd", "country_levy_usd"),
    ("burden_usd", "country_burden_usd"),
    ("programme_usd", "country_programme_usd"),
    ("fund_usd", "country_fund_usd"),
)


class Standing:
    """Reads one world's quarters. Without an engine every reading is empty, which tells the cells."""

    def __init__(self, world: World, headline: list[str]) -> None:
        self.world = world
        self.goods = [str(name) for name in world.goods["name"]]
        self.countries = list(world.countries)
        self.headline = headline
        self.nations = tuple((ALL_GOODS, country) for country in (*self.countries, WORLD))
        self.used = _cells(world.buyers)
        self.risky = tuple((good, country) for good in headline for country in (*self.countries, WORLD))
        self._read_routes()
        self._read_plants()
        self._read_blocs()

    def _read_routes(self) -> None:
        """Sort routes from abroad by who buys what from whom, so that groups of them can be added up."""
        world = self.world
        routes = world.routes
        place = {cell: position for position, cell in enumerate(self.used)}
        origin = np.array([self.countries.index(code) for code in routes["origin"]])
        cell = np.array([place[key] for key in zip(routes["good"], routes["destination"], strict=True)])
        home = (routes["origin"] == routes["destination"]).to_numpy()
        leak = (world.nodes["kind"].to_numpy() != "producer")[routes["node"].to_numpy()]
        self.abroad = np.flatnonzero(~home | leak)
        key = cell[self.abroad] * len(self.countries) + origin[self.abroad]
        self.order = self.abroad[np.argsort(key, kind="stable")]
        ordered = np.sort(key, kind="stable")
        self.group_start = np.flatnonzero(np.diff(ordered, prepend=-1) > 0)
        self.group_cell = ordered[self.group_start] // len(self.countries)
        self.route_cell = cell

    def _read_plants(self) -> None:
        """Note of every output whose it is: its good, the home of its owner, tonnes per unit."""
        world, network = self.world, self.world.network
        kind = world.recipes["kind"].to_numpy()
        home = [
            self.countries.index(code) if code in self.countries else -1 for code in world.firms["country"]
        ]
        goods = world.nodes["good"].to_numpy()
        rows = []
        for m in range(len(kind)):
            if kind[m] in ("leak", "resale", "recycler"):
                continue
            for s in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
                good = self.goods.index(str(goods[network.output_node[s]]))
                for k in range(network.plant_start[m], network.plant_start[m + 1]):
                    firm = int(world.plants["firm"].iloc[k])
                    owner = (
                        home[firm]
                        if firm >= 0
                        else self.countries.index(str(world.plants["country"].iloc[k]))
                    )
                    rows.append((k, good, owner, float(network.output_per_unit[s])))
        size = len(self.goods) * len(self.countries)
        self.owned = tuple((good, country) for good in self.goods for country in self.countries)
        matrix = np.zeros((int(network.plant_start[-1]), size))
        for k, good, owner, rate in rows:
            if owner >= 0:
                matrix[k, good * len(self.countries) + owner] += rate
        kept = np.asarray(matrix.any(axis=0))
        self.by_owner = matrix[:, kept]
        self.owned = tuple(cell for cell, keep in zip(self.owned, kept, strict=True) if keep)
        self.owned_good = np.array([self.goods.index(good) for good, _ in self.owned])

    def _read_blocs(self) -> None:
        """Blocs are the treaties that the scenario declares, with the members they name."""
        self.blocs = {treaty.id: set(treaty.members) for treaty in self.world.scenario.treaties}
        self.bloc_cells = tuple((good, name) for good in self.goods for name in self.blocs)

    def quarter(
        self,
        engine: Any,
        use: Floats,
        arrivals: Floats,
        made: Floats,
        recycled: Floats,
        wanted: frozenset[str] | None = None,
    ) -> list[Recorded]:
        """Return the metrics of a quarter. `use`, `arrivals` [runs, buyers' cells], `made`, `recycled` too.

        Metrics that are not `wanted` (None: all are) and cost time have values without a run.
        """

        def asked(*names: str) -> Any:
            return engine if wanted is None or not wanted.isdisjoint(names) else None

        gains = self._welfare(asked(*_WELFARE, "score_usd"))
        investment = self._investment(asked("investment_usd", "score_usd"))
        risk = self._risk(asked("supply_at_risk_usd", "score_usd"))
        all_three = asked("score_usd") is not None
        parts = (
            (gains, investment[2], risk[2])
            if all_three
            else (self._welfare(None), investment[2][:0], risk[2][:0])
        )
        return [
            *self._welfare_lines(gains),
            *self._money(engine),
            *self._dependence(asked(*_DEPENDENCE), use, arrivals, made, recycled),
            *self._owners(asked(*_OWNERS)),
            investment,
            risk,
            self._score(*parts),
        ]

    def _welfare(self, engine: Any) -> Welfare:
        if engine is None:
            return Welfare(*(np.zeros((0, len(self.countries))) for _ in PARTS))
        e = engine
        found = welfare(
            e.network, e.layout, e.terms, e.answer, e.history.support_usd_per_t,
            e.history.floor_public_share, len(self.countries), elsewhere_of(e.layout, e.columns, e.values),
        )  # fmt: skip
        shared = e.columns.country_levy_usd - e.columns.country_burden_usd - e.columns.country_programme_usd
        return found._replace(treasury_usd=found.treasury_usd + shared)

    def _welfare_lines(self, gains: Welfare) -> list[Recorded]:
        lines = zip((*PARTS, "total"), (*gains, gains.total_usd), strict=True)
        return [(f"welfare_{name}_usd", self.nations, _and_world(values)) for name, values in lines]

    def _money(self, engine: Any) -> list[Recorded]:
        empty = np.zeros((0, len(self.countries)))
        return [
            (name, self.nations, _and_world(getattr(engine.columns, column) if engine else empty))
            for name, column in _MONEY
        ]

    def _dependence(
        self, engine: Any, use: Floats, arrivals: Floats, made: Floats, recycled: Floats
    ) -> list[Recorded]:
        """Return own supply, recycling and the largest single foreign supplier over use, and the marks they meet."""
        if engine is None:
            return [(name, self.used, np.zeros((0, len(self.used)))) for name in _DEPENDENCE]
        flow = engine.answer.flow_t
        largest = np.zeros((flow.shape[0], len(self.used)))
        if self.group_start.size and flow.shape[0]:
            sums = np.add.reduceat(flow[:, self.order], self.group_start, axis=1)
            for run in range(flow.shape[0]):
                np.maximum.at(largest[run], self.group_cell, sums[run])
        dependence, own = _over(largest, arrivals), _over(made, use)
        again = _over(recycled, use)
        stage = dict(zip(self.world.goods["name"], self.world.goods["stage"], strict=True))
        mark = np.array([MARKS["mine" if stage[good] == "mine" else "processing"] for good, _ in self.used])
        met = (
            (own >= mark).astype(float) + (again >= MARKS["recycling"]) + (dependence <= MARKS["one_country"])
        )
        return [
            ("own_supply_share", self.used, own),
            ("recycling_share", self.used, again),
            ("import_dependence_share", self.used, dependence),
            ("crma_marks_index", self.used, np.where(use > _NOTHING_T, met, np.nan)),
        ]

    def _owners(self, engine: Any) -> list[Recorded]:
        """Return output by the home of its owner, and by declared bloc, as parts of the world's."""
        output = engine.answer.output_t if engine else np.zeros((0, self.by_owner.shape[0]))
        owned = (csr_array(self.by_owner.T) @ output.T).T  # sparse: each run by itself, whatever the batch
        world = np.zeros((output.shape[0], len(self.goods)))
        for position, good in enumerate(self.owned_good):
            world[:, good] += owned[:, position]
        share = _over(owned, world[:, self.owned_good])
        bloc = np.zeros((output.shape[0], len(self.goods), len(self.blocs)))
        for column, (_, country) in enumerate(self.owned):
            for number, members in enumerate(self.blocs.values()):
                if country in members:
                    bloc[:, self.owned_good[column], number] += owned[:, column]
        blocs = _over(bloc, np.repeat(world[:, :, None], len(self.blocs), axis=2))
        return [
            ("owner_share", self.owned, share),
            ("bloc_share", self.bloc_cells, blocs.reshape(output.shape[0], len(self.bloc_cells))),
        ]

    def _investment(self, engine: Any) -> Recorded:
        """Return the capital cost of capacity started in the quarter, where it is built."""
        if engine is None:
            return "investment_usd", self.nations, np.zeros((0, len(self.nations)))
        columns, layout = engine.columns, engine.layout
        spent = columns.site_invest_t * columns.site_capex
        by_host = np.zeros((spent.shape[0], len(self.countries)))
        np.add.at(by_host.T, layout.site_country, spent.T)
        return "investment_usd", self.nations, _and_world(by_host)

    def _score(self, gains: Welfare, investment: Floats, risk: Floats) -> Recorded:
        """Return each seat's score of the quarter; the year's expected loss counts where it is known."""
        runs, size = gains.consumer_usd.shape
        score = sum(SCORE_WEIGHTS[name] * values for name, values in zip(PARTS, gains, strict=True))
        at_risk = np.nansum(risk.reshape(runs, len(self.headline), size + 1)[:, :, :size], axis=1)
        score = score + SCORE_WEIGHTS["investment"] * investment[:, :size]
        score = score + SCORE_WEIGHTS["supply_at_risk"] * at_risk
        return "score_usd", self.nations[:size], np.asarray(score)

    def _risk(self, engine: Any) -> Recorded:
        """Return what a year without the leading supplier would cost, once a year, null in other quarters."""
        runs = engine.answer.price.shape[0] if engine is not None else 0
        cost = np.full((runs, len(self.headline), len(self.countries) + 1), np.nan)
        if engine is not None and _ends_year(engine):
            found = supply_at_risk(engine, self.headline)
            cost[:, :, :-1] = found.cost_usd
            outside = found.cost_usd.copy()
            for run in range(runs):
                outside[run, np.arange(len(self.headline)), found.leader[run]] = 0.0
            cost[:, :, -1] = outside.sum(axis=2)
        return "supply_at_risk_usd", self.risky, cost.reshape(runs, len(self.risky))


def _ends_year(engine: Any) -> bool:
    """Tell whether the quarter just run is the fourth of a year or the last of all."""
    return engine.is_done or quarter_index(engine.quarter_label) % 4 == 3


def _cells(table: Any) -> tuple[Cell, ...]:
    return tuple(dict.fromkeys(zip(table["good"].astype(str), table["country"].astype(str), strict=True)))


def _and_world(values: Floats) -> Floats:
    return np.hstack([values, values.sum(axis=1, keepdims=True)])


def _over(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > _NOTHING_T)
