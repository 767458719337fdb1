"""A world of two goods and three countries, just large enough for every instrument to bite."""

from collections import namedtuple
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from model.measure_plan import PUSHES
from model.network import Answer, Terms
from model.scenario import Scenario, scenario_from

COUNTRIES = ["CHN", "JPN", "USA", "OTH"]
GOODS = ["gallium_refined", "germanium_refined"]
FLOW_T = 10.0


def _nodes() -> pd.DataFrame:
    rows = [(good, country, "producer") for good in GOODS for country in ("CHN", "USA")]
    rows += [(GOODS[0], "CHN", "leak")]
    nodes = pd.DataFrame(rows, columns=["good", "country", "kind"])
    return nodes.assign(price_usd_per_t=100.0, production_t=np.arange(len(rows)) + 10.0)


def _routes(nodes: pd.DataFrame, buyers: pd.DataFrame) -> pd.DataFrame:
    pairs = [(n, b) for b in buyers.index for n in nodes.index if nodes["good"][n] == buyers["good"][b]]
    return pd.DataFrame(
        {
            "node": [n for n, _ in pairs],
            "buyer": [b for _, b in pairs],
            "origin": [nodes["country"][n] for n, _ in pairs],
            "destination": [buyers["country"][b] for _, b in pairs],
            "good": [nodes["good"][n] for n, _ in pairs],
            "flow_t": FLOW_T,
            "landed_price_usd_per_t": 120.0,
        }
    )


@dataclass(frozen=True)
class Tables:
    """What `compile_measures` reads of a world."""

    countries: list[str] = field(default_factory=lambda: list(COUNTRIES))
    nodes: pd.DataFrame = field(default_factory=_nodes)
    buyers: pd.DataFrame = field(default_factory=pd.DataFrame)
    routes: pd.DataFrame = field(default_factory=pd.DataFrame)
    plants: pd.DataFrame = field(default_factory=pd.DataFrame)


def tables() -> Tables:
    """Return the tables: nodes of CHN and USA, a smuggling node of CHN, buyers everywhere."""
    nodes = _nodes()
    buyers = pd.DataFrame([(g, c) for g in GOODS for c in COUNTRIES], columns=["good", "country"])
    plants = nodes.rename(columns={"production_t": "capacity_t"}).assign(
        firm_name=["Chalco", "Indium", "Yunnan", "Teck", "smugglers"],
        kind=["base", "base", "base", "base", "leak"],
        utilisation=0.8,
    )
    return Tables(nodes=nodes, buyers=buyers, routes=_routes(nodes, buyers), plants=plants)


def scenario(*measures: dict[str, Any], **changes: Any) -> Scenario:
    """Return a scenario of gallium and germanium, 2025Q1 to 2027Q4, with these measures."""
    head = {"name": "hand", "start": "2025Q1", "end": "2027Q4", "base_year": 2024}
    return scenario_from({**head, "goods": ["gallium", "germanium"], "measures": list(measures), **changes})


def measure(
    kind: str, actor: str = "CHN", quarter: str = "2025Q2", end: str | None = None, **fields: Any
) -> dict:
    """Return one order on gallium."""
    return {
        "type": kind,
        "actor": actor,
        "quarter": quarter,
        "end": end,
        "fields": {"good": "gallium", **fields},
    }


def terms(world: Tables, plan: Any, runs: int = 2) -> Terms:
    """Return terms full of a number that no measure writes, with room for the plan's quotas."""
    quotas = len(plan.quota_routes)
    covered = sum(routes.size for routes in plan.quota_routes)
    rows = {"plant": len(world.plants), "route": len(world.routes), "demand": len(world.buyers)}
    rows |= {"buyer": len(world.buyers), "node": len(world.nodes), "quota": quotas}
    sizes = {name: rows[name.split("_")[0]] for name in Terms._fields} | {"quota_cover": covered}
    return Terms(**{name: np.full((runs, size), 7.0) for name, size in sizes.items()})


def columns(world: Tables, runs: int = 2) -> Any:
    """Return the columns that measures push between quarters, as if there were none."""
    rows = {"site": len(world.plants), "buyer": len(world.buyers), "country": len(world.countries)}
    made = {name: np.ones((runs, rows[name.split("_")[0]])) for name in PUSHES}
    made["site_discount"] = np.full((runs, rows["site"]), 0.12)
    made["site_relief_share"] = np.zeros((runs, rows["site"]))
    made["site_relief_factor"] = np.ones((runs, rows["site"]))
    return namedtuple("Columns", made)(**made)


def layout(world: Tables) -> Any:
    """Return whose plants are which site's: each plant is a site."""
    plants = np.arange(len(world.plants))
    where = np.array([world.countries.index(code) for code in world.plants["country"]], dtype=np.int64)
    return namedtuple("Layout", ["plant_site", "site_new_plant", "site_country"])(plants, plants, where)


def answer(world: Tables, flow_t: Any, runs: int = 2, **changes: float) -> Answer:
    """Return an answer with this flow on every route (a number or one per route) and nothing else moving."""
    sizes = {"flow_t": len(world.routes), "landed_price": len(world.routes), "output_t": len(world.plants)}
    sizes |= {"use_t": len(world.buyers), "purchases_t": len(world.buyers)}
    sizes |= {"price": len(world.nodes), "order_t": len(world.buyers), "release_t": len(world.buyers)}
    fill = {"flow_t": flow_t, "landed_price": 120.0, "output_t": 10.0, "price": 100.0, **changes}
    arrays = {name: np.zeros((runs, sizes.get(name, 1))) + fill.get(name, 0.0) for name in Answer._fields}
    return Answer(**arrays)
