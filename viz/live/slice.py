"""One mineral of a run, cut out for the browser: arrays by good, and the text that goes with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from experiments.outcome import ALL_GOODS, WORLD
from viz.charts import price, production_share, supplier_matrix, volume
from viz.colour import country_colours
from viz.country import country_name
from viz.live.lever import price_factor, price_unit
from viz.live.record import Record
from viz.live.stage import Ground, Stage

Singles = NDArray[np.float32]
_MAKERS = {"share": "production_share"}
_USERS = {
    "dependence": "import_dependence_share",
    "use": "consumption_share",
    "landed": "landed_price_usd_per_t",
}
_WORLD = {
    "output": "production_t",
    "used": "consumption_t",
    "capacity": "capacity_t",
    "recycled": "recycled_t",
    "smuggled": "leakage_t",
}
_SIDES = {"inside": "inside_price_usd_per_t", "outside": "outside_price_usd_per_t"}
_SHOWN = 7
_YEAR = 4
#: Price outside over inside from which two prices are spoken of.
_APART = 1.1


@dataclass(frozen=True)
class GoodFrame:
    """What does not change about a good: who makes it, who uses it, who may ship to whom."""

    good: str
    title: str
    stage: str
    leader: str
    is_restricted: bool
    makers: tuple[str, ...]
    users: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    base: tuple[float, ...]


class Frame:
    """The frame of one mineral: goods, countries and pairs, in the order of the whole world."""

    def __init__(self, stage: Stage, mineral: str) -> None:
        whole = stage.whole
        self.stage, self.mineral = stage, mineral
        self.countries = tuple(whole.countries)
        self.colours = country_colours([*whole.countries, "OTH"])
        self.goods = [_good_frame(stage, good) for good in stage.goods_of(mineral)]
        self._places: dict[int, Any] = {}

    def cut(self, record: Record, world: Ground) -> dict[str, Singles]:
        """Return the arrays of a run, [quarters, ...] each, by name."""
        at = self._columns(world)
        found: dict[str, Singles] = {}
        for frame in self.goods:
            for name, (metric, columns) in at[frame.good].items():
                values = record.values[metric]
                taken = np.where(columns >= 0, values[:, np.maximum(columns, 0)], np.nan)
                found[f"{frame.good}/{name}"] = taken.astype(np.float32)
            routes, sums = at["routes", frame.good]
            found[f"{frame.good}/flow"] = _summed(record.flow_t[:, routes], sums)
            wedge = np.maximum(record.wedge[:, routes], 0.0)
            found[f"{frame.good}/wedge"] = _summed(wedge, sums)
        welfare = at["welfare"]
        taken = record.values["welfare_total_usd"][:, np.maximum(welfare, 0)]
        found["welfare"] = np.where(welfare >= 0, taken, 0.0).astype(np.float32)
        return found

    def _columns(self, world: Ground) -> Any:
        """Return where this world keeps what the frame asks for; -1 for what it lacks."""
        key = id(world)
        if key in self._places:
            return self._places[key]
        cells = {
            panel.metric: {cell: n for n, cell in enumerate(panel.cells)} for panel in world.observer.panels
        }
        at: dict[Any, Any] = {}

        def places(metric: str, wanted: Sequence[tuple[str, str]]) -> tuple[str, Any]:
            return metric, np.array([cells[metric].get(cell, -1) for cell in wanted], dtype=np.int64)

        routes = world.world.routes
        for frame in self.goods:
            good, leader = frame.good, frame.leader
            at[good] = {
                **{name: places(m, [(good, code) for code in frame.makers]) for name, m in _MAKERS.items()},
                **{name: places(m, [(good, code) for code in frame.users]) for name, m in _USERS.items()},
                **{name: places(m, [(good, WORLD)]) for name, m in _WORLD.items()},
                **{name: places(m, [(good, leader)]) for name, m in _SIDES.items()},
            }
            rows = np.flatnonzero((routes["good"] == good).to_numpy())
            index = {pair: n for n, pair in enumerate(frame.pairs)}
            pairs = list(zip(routes["origin"].iloc[rows], routes["destination"].iloc[rows], strict=True))
            kept = [
                (row, index[str(o), str(d)])
                for row, (o, d) in zip(rows, pairs, strict=True)
                if (str(o), str(d)) in index
            ]
            rows_kept = np.array([row for row, _ in kept], dtype=np.int64)
            groups = [group for _, group in kept]
            shape = (len(frame.pairs), len(kept))
            at["routes", good] = (
                rows_kept,
                csr_array((np.ones(len(kept)), (groups, range(len(kept)))), shape=shape),
            )
        at["welfare"] = places("welfare_total_usd", [(ALL_GOODS, code) for code in self.countries])[1]
        self._places[key] = at
        return at


def _summed(values: Any, sums: Any) -> Singles:
    """Return [quarters, pairs] of [quarters, routes]: leakage and open trade of a pair together."""
    return np.ascontiguousarray((sums @ np.nan_to_num(values).T).T, dtype=np.float32)


def _good_frame(stage: Stage, good: str) -> GoodFrame:
    whole = stage.whole
    row = whole.world.goods.set_index("name").loc[good]
    cells = {panel.metric: panel.cells for panel in whole.observer.panels}
    makers = tuple(code for name, code in cells["production_share"] if name == good)
    users = tuple(code for name, code in cells["consumption_share"] if name == good)
    routes = whole.world.routes[whole.world.routes["good"] == good]
    pairs = dict.fromkeys(zip(routes["origin"].astype(str), routes["destination"].astype(str), strict=True))
    base = stage.base_shares(good)
    title = row.get("title")
    return GoodFrame(
        good=good,
        title=str(title) if isinstance(title, str) and title else good.replace("_", " ").capitalize(),
        stage=str(row.get("stage", "")),
        leader=whole.observer.restrictors[good],
        is_restricted=good in _restricted(whole),
        makers=makers,
        users=users,
        pairs=tuple(pairs),
        base=tuple(base.get(code, 0.0) for code in makers),
    )


def _restricted(whole: Ground) -> set[str]:
    from experiments.outcome import restricted_goods

    return set(restricted_goods(whole.world))


def carried_over(
    base: Mapping[str, Singles], alone: Mapping[str, Singles], moved: Mapping[str, Singles]
) -> dict[str, Singles]:
    """Return the whole world's baseline plus what a change does in the mineral by itself."""
    found = {}
    for name, whole in base.items():
        change = moved[name] - alone[name]
        sum_ = np.where(np.isfinite(change), whole + change, moved[name])
        found[name] = sum_ if name == "welfare" else np.maximum(sum_, np.float32(0.0))
    return found


def stack_order(frame: GoodFrame, *paths: Singles) -> list[int]:
    """Return the makers that a stack shows, largest first, by their most and last shares in any of the paths."""
    size = np.array(frame.base)
    for path in paths:
        known = np.nan_to_num(path)
        size = np.maximum(size, np.maximum(known.max(axis=0), known[-1]))
    order = [n for n in np.argsort(-size, kind="stable") if frame.makers[n] != "OTH" and size[n] > 0.02]
    return [int(n) for n in order[:_SHOWN]]


def titles(
    frame: GoodFrame, arrays: Mapping[str, Singles], quarters: Sequence[str], base_year: int
) -> dict[str, Any]:
    """Return the sentences that state what each chart shows, as the reports state them; of trade one a quarter."""
    share = np.nan_to_num(arrays[f"{frame.good}/share"])
    leader = int(np.argmax(np.array(frame.base))) if frame.base else 0
    shown = pd.DataFrame(
        {frame.makers[leader]: [frame.base[leader], *share[:, leader]], "others": np.nan},
        index=pd.Index([str(base_year), *quarters], dtype=object),
    )
    factor = price_factor(frame.good)
    sides = {side: arrays[f"{frame.good}/{side}"][:, 0].astype(float) / factor for side in _SIDES}
    index = pd.Index(quarters, dtype=object)  # thrice as fast to make as one of text
    prices = pd.DataFrame(sides, index=index)
    gap = (prices["outside"] / prices["inside"].where(prices["inside"] > 0.0)).max()
    apart = frame.is_restricted or bool(gap > _APART)
    tonnes = pd.DataFrame(
        {
            name: np.nan_to_num(arrays[f"{frame.good}/{name}"][:, 0].astype(float))
            for name in ("output", "capacity", "smuggled")
        },
        index=index,
    )
    return {
        "share": production_share.finding(shown),
        "price": price.finding(prices, country_name(frame.leader), apart, price_unit(frame.good)),
        "volume": volume.finding(tonnes),
        "trade": _trade_titles(frame, arrays[f"{frame.good}/flow"]),
    }


def _trade_titles(frame: GoodFrame, flow: Singles) -> list[str]:
    """Return for each quarter which flow across a border was the largest in the four quarters to it."""
    abroad = [n for n, (origin, buyer) in enumerate(frame.pairs) if origin != buyer]
    if not abroad:
        return [supplier_matrix.finding("", "", 0.0)] * len(flow)
    summed = np.cumsum(np.nan_to_num(flow[:, abroad]).astype(float), axis=0)
    summed[_YEAR:] = summed[_YEAR:] - summed[:-_YEAR]
    largest, whole = summed.argmax(axis=1), summed.sum(axis=1)
    parts = np.divide(summed.max(axis=1), whole, out=np.zeros(len(flow)), where=whole > 0.0)
    pairs = [frame.pairs[abroad[int(n)]] for n in largest]
    return [
        supplier_matrix.finding(origin, buyer, float(part))
        for (origin, buyer), part in zip(pairs, parts, strict=True)
    ]
