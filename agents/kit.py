"""What a state may do by itself: measures of its doctrine, taken into an engine once, all off.

- on exports of goods that it mines much of, and for its own processing: chosen among by looking ahead
- a stockpile of each good that it buys, and answers in kind to each of its largest partners: by rule
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from agents.doctrine import Doctrine
from agents.exporter_menu import Batch
from model.engine import Engine
from model.field import Place
from model.instruments import BY_NAME
from model.network import Ints
from model.order import order_from

#: Partners whose restrictions a state answers: its largest in trade of all goods.
_PARTNERS = 4


class Option(NamedTuple):
    """A size of one tool and its measures in each linked market that has it, by position in `Kit.places`."""

    tool: str
    size: float
    measures: dict[int, list[int]]


@dataclass(frozen=True)
class Kit:
    """The measures of one state. `places`: linked markets in which it chooses.

    `stock[good]` and `answers[partner, kind]` (kind `export` or `import`) are measures; `goods[measure]` what it is on.
    """

    code: str
    row: int
    doctrine: Doctrine
    places: Ints
    options: list[Option]
    stock: dict[int, int]
    answers: dict[tuple[int, str], int]


def open_kits(engine: Engine, doctrines: Mapping[str, Doctrine]) -> dict[str, Kit]:
    """Take the measures of states, by code, into the engine at once, all off, and return them."""
    batch = Batch(engine)
    kits = {code: _kit(engine, batch, code, doctrine) for code, doctrine in doctrines.items()}
    batch.close()
    return kits


def _kit(engine: Engine, batch: Batch, code: str, doctrine: Doctrine) -> Kit:
    row = engine.world.countries.index(code)
    raw = _by_place(engine, _mined(engine, row, doctrine.raw_share)) if doctrine.raw_measures else {}
    made = _by_place(engine, _processed(engine, row)) if doctrine.home_support else {}
    places = sorted({*raw, *made})
    tools: dict[tuple[str, int], list[int]] = {}
    for tool, _ in doctrine.raw_measures:
        for place, goods in raw.items():
            if (tool, place) not in tools:
                tools[tool, place] = [
                    _take(batch, engine, code, tool, _raw_fields(engine, code, tool, goods))
                ]
    for place, goods in made.items():
        tools["production_subsidy", place] = [
            _take(
                batch,
                engine,
                code,
                "production_subsidy",
                {"good": [good], "rate_usd_per_t": _price(engine, good)},
            )
            for good in goods
        ]
    sizes = [*doctrine.raw_measures, *(("production_subsidy", size) for size in doctrine.home_support)]
    options = [
        Option(tool, size, {n: tools[tool, p] for n, p in enumerate(places) if (tool, p) in tools})
        for tool, size in sizes
    ]
    stock = _stocks(engine, batch, row, code, doctrine)
    answers = _answers(engine, batch, row, code, doctrine)
    return Kit(code, row, doctrine, np.array(places, dtype=np.int64), options, stock, answers)


def _mined(engine: Engine, row: int, least: float) -> list[str]:
    """Return the mine goods of which the country makes at least this share of the world's base output."""
    return [
        name for g, (name, stage) in enumerate(_goods(engine)) if stage == "mine" and _share(engine, row, g) >= least
    ]  # fmt: skip


def _processed(engine: Engine, row: int) -> list[str]:
    return [
        name for g, (name, stage) in enumerate(_goods(engine)) if stage != "mine" and _share(engine, row, g) > 0.0
    ]  # fmt: skip


def _goods(engine: Engine) -> list[tuple[str, str]]:
    goods = engine.world.goods
    return list(zip(goods["name"].astype(str), goods["stage"].astype(str), strict=True))


def _share(engine: Engine, row: int, good: int) -> float:
    layout = engine.layout
    mine = (layout.node_good == good) & ~layout.node_leak
    total = float(layout.node_base_t[mine].sum())
    return (
        float(layout.node_base_t[mine & (layout.node_country == row)].sum()) / total if total > 0.0 else 0.0
    )


def _by_place(engine: Engine, goods: list[str]) -> dict[int, list[str]]:
    """Return goods by the linked market that they are in."""
    names, found = list(engine.world.goods["name"]), defaultdict(list)
    starts = engine.network.component_node_start
    for good in goods:
        node = int(np.flatnonzero(engine.layout.node_good == names.index(good))[0])
        found[int(np.searchsorted(starts, node, side="right")) - 1].append(good)
    return dict(found)


def _price(engine: Engine, good: str) -> float:
    layout = engine.layout
    mine = (layout.node_good == list(engine.world.goods["name"]).index(good)) & (layout.node_base_t > 0.0)
    return float(np.average(layout.node_base_price[mine], weights=layout.node_base_t[mine]))


def _raw_fields(engine: Engine, code: str, tool: str, goods: list[str]) -> dict[str, Any]:
    if tool == "export_tax":
        return {"good": goods, "rate": 1.0}
    if tool == "export_ban":
        return {"good": goods}
    routes = engine.world.routes
    abroad = (routes["origin"] == code) & (routes["destination"] != code) & (routes["kind"] == "producer")
    usual = float(routes["flow_t"].to_numpy(float)[(abroad & routes["good"].isin(goods)).to_numpy()].sum())
    return {"good": goods, "quantity_t": usual, "together": len(goods) > 1}


def _stocks(engine: Engine, batch: Batch, row: int, code: str, doctrine: Doctrine) -> dict[int, int]:
    if doctrine.stock_days <= 0.0:
        return {}
    layout, names = engine.layout, list(engine.world.goods["name"])
    bought = sorted({int(g) for g in layout.buyer_good[layout.buyer_country == row]})
    return {
        g: _take(
            batch,
            engine,
            code,
            "strategic_stockpile",
            {"good": [names[g]], "target_days": doctrine.stock_days},
        )
        for g in bought
    }


def _answers(
    engine: Engine, batch: Batch, row: int, code: str, doctrine: Doctrine
) -> dict[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = {}
    if doctrine.reciprocity <= 0.0:
        return found
    layout, countries = engine.layout, engine.world.countries
    names = np.array(engine.world.goods["name"])
    good = layout.node_good[engine.network.route_node]
    for partner in partners(engine, row):
        target = [countries[partner]]
        for kind, a, b in (("export", row, partner), ("import", partner, row)):
            between = (
                (layout.route_origin == a) & (layout.route_destination == b) & (layout.route_usual_t > 0.0)
            )
            goods = [str(name) for name in names[np.unique(good[between])]]
            if goods:
                tool = "export_licence" if kind == "export" else "import_tariff"
                found[partner, kind] = _take(
                    batch, engine, code, tool, {"good": goods, "target": target, "rate": 1.0}
                )
    return found


def partners(engine: Engine, row: int) -> list[int]:
    """Return the largest partners of a country in base-year trade of all goods, either way, OTH left out."""
    layout, size = engine.layout, len(engine.world.countries)
    worth = layout.route_usual_t * layout.buyer_base_price[engine.network.route_buyer]
    sold = np.bincount(layout.route_destination, worth * (layout.route_origin == row), size)
    bought = np.bincount(layout.route_origin, worth * (layout.route_destination == row), size)
    trade = sold + bought
    trade[row] = 0.0
    if "OTH" in engine.world.countries:
        trade[engine.world.countries.index("OTH")] = 0.0
    order = np.argsort(-trade, kind="stable")[:_PARTNERS]
    return [int(c) for c in order if trade[c] > 0.0]


def _take(batch: Batch, engine: Engine, code: str, kind: str, fields: dict[str, Any]) -> int:
    quarter = engine.scenario.quarter_label(engine.step_number)
    record = {"type": kind, "actor": code, "quarter": quarter, "end": None, "fields": fields}
    place = Place("", f"seats.{code}", engine.scenario.rare_earths, engine.scenario.eu_members)
    return batch.take(order_from(record, BY_NAME, place))
