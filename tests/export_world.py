"""A world of one good, one exporter, a fringe of outsiders and one buyer, as textbooks have it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from agents import DECISIONS
from model.engine import Engine
from model.network import ISOELASTIC, LINEAR, Network
from model.scenario import scenario_from
from model.world import World

GOOD = "gallium_refined"
PRICE = 1000.0
SUPPLIERS, BUYER = ["CHN", "AUS"], "OTH"
#: No luck, no stocks, nothing but the motive named in a test.
CALM = {
    "demand_noise": 0.0, "supply_noise": 0.0, "tension_noise": 0.0, "outage_probability": 0.0,
    "expectation_noise": 0.0, "stock_days": 0.0, "exporter_rent_weight": 1.0, "exporter_downstream_weight": 0.0,
    "exporter_security_weight": 0.0, "exporter_retaliation_weight": 0.0, "exporter_future_weight": 0.0,
    "exporter_horizon": 0.0, "exporter_inertia": 0.0, "expansion_lead_share": 1.0, "debt_share": 0.0,
    "ramp_quarters": 8.0, "substitution_speed": 0.0,
}  # fmt: skip


@dataclass(frozen=True)
class Market:
    """Costs and demand: an exporter with marginal cost `cost + slope q`, a fringe with its own two numbers."""

    elasticity: float = 2.0
    demand_t: float = 100.0
    cost: float = 400.0
    slope: float = 1e-3
    capacity_t: float = 2000.0
    fringe_cost: float = 300.0
    fringe_slope: float = 20.0
    fringe_capacity_t: float = 100.0
    entrant_cost: float = 500.0
    capex: float = 1e9
    own_capex: float = 1e12
    sharpness: float = 2000.0
    home_t: float = 0.0


def engine(
    market: Market,
    runs: int = 1,
    seat: Any = "exporter",
    measures: tuple = (),
    story: dict[str, list] | None = None,
    **parameters: float,
) -> Engine:
    """Return an engine of the market with CHN in the exporter's seat (none if None); `story`: treaties, events."""
    head = {"name": "by_hand", "start": "2025Q1", "end": "2034Q4", "base_year": 2024, "goods": ["gallium"]}
    seats = {} if seat is None else {"CHN": seat}
    made = scenario_from(
        {
            **head,
            **(story or {}),
            "seats": seats,
            "measures": list(measures),
            "parameters": {**CALM, **parameters},
        }
    )
    return Engine(made, runs, 7, world=world(market, made), decide=DECISIONS)


def world(market: Market, scenario: Any) -> World:
    """Return the world of a market."""
    suppliers = SUPPLIERS if market.fringe_capacity_t > 0.0 else SUPPLIERS[:1]
    free = market.demand_t * (PRICE / market.cost) ** market.elasticity
    outside = min(
        max((market.cost - market.fringe_cost) / market.fringe_slope, 1.0), market.fringe_capacity_t
    )
    made = [free - outside, outside][: len(suppliers)]
    nodes = pd.DataFrame({"good": GOOD, "country": suppliers, "production_t": made}).assign(
        kind="producer", price_usd_per_t=PRICE, recycled_t=0.0, disposal=False
    )
    places = [(BUYER, market.demand_t), ("CHN", market.home_t)][: 2 if market.home_t > 0.0 else 1]
    buyers = pd.DataFrame(
        {"good": GOOD, "country": [c for c, _ in places], "final_use_t": [t for _, t in places]}
    )
    buyers = buyers.assign(
        use_t=buyers["final_use_t"], purchases_t=buyers["final_use_t"], price_usd_per_t=PRICE, choke_power=2.0,
        elasticity=market.elasticity, choke_ratio=1e6, target_days=0.0, stock_t=0.0, state_stock_t=0.0,
    )  # fmt: skip
    routes = _routes(nodes, buyers)
    plants = _plants(market, suppliers)
    return World(
        scenario=scenario,
        network=_network(market, nodes, buyers, routes, plants),
        goods=pd.DataFrame(
            {
                "name": [GOOD], "mineral": "gallium", "stage": "refined", "unit": "t Ga", "title": ["Gallium"],
                "price_usd_per_t": [PRICE], "market": [0],
            }
        ),
        countries=sorted(["CHN", "AUS", "OTH"]),
        nodes=nodes,
        buyers=buyers,
        routes=routes,
        recipes=pd.DataFrame(
            {"name": [f"refinery {c}" for c in suppliers], "country": suppliers, "good": GOOD, "kind": "refinery"}
        ),
        plants=plants,
        firms=pd.DataFrame(
            {"name": [f"Firm {c}" for c in suppliers], "role": "refiner", "country": suppliers, "owner": "private",
             "source": "made up"}
        ),
        projects=pd.DataFrame(columns=[
            "name", "firm", "owner", "country", "good", "capacity_t", "cost_usd_per_t", "capex_usd", "announced",
            "start", "backing", "failure_share", "slip_quarters", "source", "plant",
        ]),
        assumptions=pd.DataFrame(columns=["good", "step", "what", "value", "unit", "source"]),
    )  # fmt: skip


def _routes(nodes: pd.DataFrame, buyers: pd.DataFrame) -> pd.DataFrame:
    total, rows = nodes["production_t"].sum(), []
    for j, buyer in buyers.iterrows():
        for i, node in nodes.iterrows():
            share = node["production_t"] / total
            rows.append({
                "node": int(i), "buyer": int(j), "origin": node["country"], "destination": buyer["country"],
                "good": GOOD, "kind": "producer", "flow_t": node["production_t"] / len(buyers), "preference": share,
                "freight_usd_per_t": 0.0, "landed_price_usd_per_t": PRICE,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _plants(market: Market, suppliers: list[str]) -> pd.DataFrame:
    rows = []
    terms = {
        "CHN": (market.capacity_t, market.cost, market.slope, market.cost),
        "AUS": (market.fringe_capacity_t, market.fringe_cost, market.fringe_slope, market.entrant_cost),
    }
    for m, code in enumerate(suppliers):
        capacity, cost, slope, fresh = terms[code]
        for kind, size, cash, rise in (("base", capacity, cost, slope), ("new", 0.0, fresh, 1e-3)):
            rows.append({
                "recipe": m, "firm": m, "firm_name": f"Firm {code}", "country": code, "good": GOOD, "kind": kind,
                "capacity_t": size, "cost_usd_per_t": cash, "spread_usd_per_t": rise,
                "utilisation": 0.5 if size else 0.0, "by_product": False, "host": "", "host_growth_per_year": 0.0,
                "host_limit_t": np.inf, "capex_usd_per_t_per_year": market.capex if code == "AUS" else market.own_capex,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _network(market: Market, nodes: Any, buyers: Any, routes: Any, plants: Any) -> Network:
    whole = np.arange(len(nodes) + 1)
    return Network(
        component_node_start=np.array([0, len(nodes)]),
        component_buyer_start=np.array([0, len(buyers)]),
        component_recipe_start=np.array([0, len(nodes)]),
        component_quota_start=np.array([0, 0]),
        node_market=np.zeros(len(nodes), dtype=np.int64),
        node_disposal=np.zeros(len(nodes), dtype=bool),
        buyer_market=np.zeros(len(buyers), dtype=np.int64),
        route_start=np.arange(len(buyers) + 1) * len(nodes),
        route_node=routes["node"].to_numpy(np.int64),
        route_buyer=routes["buyer"].to_numpy(np.int64),
        recipe_output_start=whole,
        output_node=np.arange(len(nodes)),
        output_per_unit=np.ones(len(nodes)),
        recipe_input_start=np.zeros(len(nodes) + 1, dtype=np.int64),
        input_buyer=np.zeros(0, dtype=np.int64),
        input_per_unit=np.zeros(0),
        plant_start=2 * whole,
        plant_form=np.full(len(plants), LINEAR),
        demand_form=np.full(len(buyers), ISOELASTIC),
        market_sharpness=np.array([market.sharpness / PRICE]),
        market_price_scale=np.array([PRICE]),
        route_quota_start=np.zeros(len(routes) + 1, dtype=np.int64),
        route_quota=np.zeros(0, dtype=np.int64),
        quota_market=np.zeros(0, dtype=np.int64),
    )
