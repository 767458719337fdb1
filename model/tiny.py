"""A small world by hand: two linked goods, three countries, for tests, lessons and trying things out.

Lithium concentrate (mines in AUS and CHN, a by-product mine in OTH) and lithium chemicals (refineries in CHN and
AUS, a recycler in CHN). Its base year is not calibrated: the first clearing finds its own prices near the stated ones.
"""

from typing import Any

import numpy as np
import pandas as pd

from model.network import ISOELASTIC, LOGISTIC, Network
from model.scenario import Scenario, scenario_from
from model.world import World

COUNTRIES = ["AUS", "CHN", "OTH"]
_ORE, _METAL = "lithium_concentrate", "lithium_refined"
_ORE_PRICE, _METAL_PRICE = 30_000.0, 60_000.0
_FREIGHT = 500.0
_YIELD = 0.93


def tiny_scenario(*measures: dict[str, Any], **changes: Any) -> Scenario:
    """Return the scenario of the tiny world, 2025Q1 to 2029Q4, with these measures and changes."""
    head = {"name": "hand_made", "start": "2025Q1", "end": "2029Q4", "base_year": 2024, "seed": 7}
    return scenario_from({**head, "goods": ["lithium"], "measures": list(measures), **changes})


def tiny_world(scenario: Scenario | None = None) -> World:
    """Return the tiny world of a scenario (`tiny_scenario()` if None)."""
    nodes, buyers = _nodes(), _buyers()
    routes = _routes(nodes, buyers)
    plants = _plants()
    return World(
        scenario=tiny_scenario() if scenario is None else scenario,
        network=_network(nodes, buyers, routes, plants),
        goods=_goods(),
        countries=list(COUNTRIES),
        nodes=nodes,
        buyers=buyers,
        routes=routes,
        recipes=_recipes(),
        plants=plants,
        firms=_firms(),
        projects=_projects(plants),
        assumptions=pd.DataFrame(columns=["good", "step", "what", "value", "unit", "source"]),
    )


def _goods() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": [_ORE, _METAL], "mineral": "lithium", "stage": ["mine", "refined"], "unit": "t Li",
            "title": ["Lithium in concentrate", "Lithium chemicals"],
            "price_usd_per_t": [_ORE_PRICE, _METAL_PRICE], "market": [0, 1],
        }
    )  # fmt: skip


def _nodes() -> pd.DataFrame:
    rows = [(_ORE, "AUS", 18_000.0), (_ORE, "CHN", 10_000.0), (_ORE, "OTH", 4_000.0),
            (_METAL, "AUS", 4_000.0), (_METAL, "CHN", 26_000.0)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["good", "country", "production_t"])
    price = np.where(frame["good"] == _ORE, _ORE_PRICE, _METAL_PRICE)
    return frame.assign(kind="producer", price_usd_per_t=price, recycled_t=0.0, disposal=False)


def _buyers() -> pd.DataFrame:
    rows = [(_ORE, "AUS", 0.0, 4_300.0), (_ORE, "CHN", 0.0, 27_000.0),
            (_METAL, "AUS", 1_000.0, 1_000.0), (_METAL, "CHN", 18_000.0, 18_000.0),
            (_METAL, "OTH", 11_500.0, 11_500.0)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["good", "country", "final_use_t", "use_t"])
    price = np.where(frame["good"] == _ORE, _ORE_PRICE, _METAL_PRICE) + _FREIGHT
    return frame.assign(
        purchases_t=frame["use_t"], price_usd_per_t=price, elasticity=0.2, choke_ratio=10.0, choke_power=2.0,
        target_days=60.0, stock_t=frame["use_t"] * 60.0 / 91.25, state_stock_t=0.0,
    )  # fmt: skip


def _routes(nodes: pd.DataFrame, buyers: pd.DataFrame) -> pd.DataFrame:
    """Return every seller-buyer pair; preference is a supplier's share of output."""
    rows = []
    for j, buyer in buyers.iterrows():
        sellers = nodes[nodes["good"] == buyer["good"]]
        total = sellers["production_t"].sum()
        for i, node in sellers.iterrows():
            home = node["country"] == buyer["country"]
            share = node["production_t"] / total
            rows.append({
                "node": int(i), "buyer": int(j), "origin": node["country"], "destination": buyer["country"],
                "good": buyer["good"], "kind": "producer", "flow_t": share * buyer["use_t"], "preference": share,
                "freight_usd_per_t": 0.0 if home else _FREIGHT,
                "landed_price_usd_per_t": node["price_usd_per_t"] + (0.0 if home else _FREIGHT),
            })  # fmt: skip
    return pd.DataFrame(rows)


def _recipes() -> pd.DataFrame:
    rows = [("mine AUS", "AUS", _ORE, "mine"), ("mine CHN", "CHN", _ORE, "mine"), ("mine OTH", "OTH", _ORE, "mine"),
            ("refinery AUS", "AUS", _METAL, "refinery"), ("refinery CHN", "CHN", _METAL, "refinery"),
            ("recycler CHN", "CHN", _METAL, "recycler")]  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "country", "good", "kind"])


def _firms() -> pd.DataFrame:
    rows = [("Pilbara Ore", "miner", "AUS", "private"), ("Sichuan Ore", "miner", "CHN", "China (state)"),
            ("Salar Works", "miner", "OTH", "private"), ("Kwinana Metal", "refiner", "AUS", "private"),
            ("Jiangxi Metal", "refiner", "CHN", "private"), ("Delta Scrap", "refiner", "CHN", "private")]  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "role", "country", "owner"]).assign(source="made up")


def _plants() -> pd.DataFrame:
    """Return base, marginal and new plants of every site; the mine of OTH lives off potash."""
    recipes, records = _recipes(), []
    output = [18_000.0, 10_000.0, 4_000.0, 4_000.0, 26_000.0, 1_000.0]
    for m, recipe in recipes.iterrows():
        margin = _ORE_PRICE if recipe["kind"] == "mine" else _METAL_PRICE - _ORE_PRICE / _YIELD
        parts = [("base", 0.85, 0.6, 0.95), ("marginal", 0.15, 0.95, 0.7), ("new", 0.0, 0.7, 0.0)]
        if recipe["kind"] == "recycler":
            margin, parts = _METAL_PRICE, [("recycler", 1.0, 0.5, 0.95)]
        bound = recipe["country"] == "OTH"
        for kind, share, cost, used in parts:
            records.append({
                "recipe": int(m), "firm": int(m), "firm_name": _firms()["name"][int(m)], "country": recipe["country"],
                "good": recipe["good"], "kind": kind, "capacity_t": share * output[int(m)] / max(used, 0.5),
                "cost_usd_per_t": (0.3 if bound else cost) * margin, "spread_usd_per_t": 0.05 * margin,
                "utilisation": used, "by_product": bound, "host": "potash" if bound else "",
                "host_growth_per_year": 0.0, "host_limit_t": 6_000.0 if bound else np.inf,
                "capex_usd_per_t_per_year": 2.0 * margin,
            })  # fmt: skip
    return pd.DataFrame(records)


def _projects(plants: pd.DataFrame) -> pd.DataFrame:
    new = plants[(plants["kind"] == "new") & (plants["good"] == _ORE) & (plants["country"] == "AUS")]
    return pd.DataFrame([{
        "name": "Pilbara East", "firm": "Pilbara Ore", "owner": "private", "country": "AUS", "good": _ORE,
        "capacity_t": 1_000.0, "cost_usd_per_t": 20_000.0, "capex_usd": 2e8, "announced": "2024Q1",
        "start": "2026Q1", "backing": "", "failure_share": 0.2, "slip_quarters": 2.0, "source": "made up",
        "plant": int(new.index[0]),
    }])  # fmt: skip


def _network(
    nodes: pd.DataFrame, buyers: pd.DataFrame, routes: pd.DataFrame, plants: pd.DataFrame
) -> Network:
    recipes = _recipes()
    market = {_ORE: 0, _METAL: 1}
    node = {(row.good, row.country): i for i, row in enumerate(nodes.itertuples())}
    buyer = {(row.good, row.country): j for j, row in enumerate(buyers.itertuples())}
    inputs = [
        [buyer[_ORE, c]] if kind == "refinery" else []
        for c, kind in zip(recipes["country"], recipes["kind"], strict=True)
    ]
    flat = [j for group in inputs for j in group]
    return Network(
        component_node_start=np.array([0, len(nodes)]),
        component_buyer_start=np.array([0, len(buyers)]),
        component_recipe_start=np.array([0, len(recipes)]),
        component_quota_start=np.array([0, 0]),
        node_market=nodes["good"].map(market).to_numpy(np.int64),
        node_disposal=np.zeros(len(nodes), dtype=bool),
        buyer_market=buyers["good"].map(market).to_numpy(np.int64),
        route_start=np.searchsorted(routes["buyer"], np.arange(len(buyers) + 1)).astype(np.int64),
        route_node=routes["node"].to_numpy(np.int64),
        route_buyer=routes["buyer"].to_numpy(np.int64),
        recipe_output_start=np.arange(len(recipes) + 1),
        output_node=np.array([node[g, c] for g, c in zip(recipes["good"], recipes["country"], strict=True)]),
        output_per_unit=np.ones(len(recipes)),
        recipe_input_start=np.concatenate([[0], np.cumsum([len(group) for group in inputs])]).astype(np.int64),
        input_buyer=np.array(flat, dtype=np.int64),
        input_per_unit=np.full(len(flat), 1.0 / _YIELD),
        plant_start=np.searchsorted(plants["recipe"], np.arange(len(recipes) + 1)).astype(np.int64),
        plant_form=np.full(len(plants), LOGISTIC),
        demand_form=np.full(len(buyers), ISOELASTIC),
        market_sharpness=np.array([8.0 / _ORE_PRICE, 8.0 / _METAL_PRICE]),
        market_price_scale=np.array([_ORE_PRICE, _METAL_PRICE]),
        route_quota_start=np.zeros(len(routes) + 1, dtype=np.int64),
        route_quota=np.zeros(0, dtype=np.int64),
        quota_market=np.zeros(0, dtype=np.int64),
    )  # fmt: skip
