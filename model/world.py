"""A calibrated world: the network of a scenario with names, base-year numbers and owners.

Calibration builds it once per scenario; the engine reads it and never writes to it. All tonnes are
per quarter (base-year tonnes / 4), all money real 2024 usd_per_t.
"""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from model.network import Network, compiled_once


@dataclass(frozen=True)
class World:
    """Tables of the calibrated base year, row order equal to the arrays of `network`.

    - `goods`: name, mineral, stage (`mine`, `refined`, `component`), unit, price_usd_per_t (outside), market
    - `countries`: list of codes in use, sorted, `OTH` last
    - `nodes`: good, country, kind (`producer`, `leak`), price_usd_per_t, production_t
    - `buyers`: good, country, price_usd_per_t (base index), final_use_t, use_t, purchases_t, elasticity,
      choke_ratio, choke_power, stock_t, target_days
    - `routes`: node, buyer, origin, destination, good, flow_t, preference (A_ij at base capacity),
      freight_usd_per_t, landed_price_usd_per_t
    - `recipes`: name, country, good (primary output), kind (`mine`, `refinery`, `magnet`, `recycler`, `leak`)
    - `plants`: recipe, firm (row of `firms`), firm_name, country, good, kind (`base`, `marginal`, `reserve`,
      `new`, `recycler`, `leak`), capacity_t, cost_usd_per_t, spread_usd_per_t, utilisation, by_product (bool), host
    - `firms`: name, role (`miner`, `refiner`), country, owner, source
    - `projects`: name, firm, owner, country, good, capacity_t (per quarter), cost_usd_per_t, capex_usd,
      announced (quarter), start (quarter), backing, source
    - `assumptions`: rows {good, step, what, value, unit, source} for the manifest
    - `checks`: raw against balanced per good and stage, implied against sourced elasticities
    """

    scenario: Any
    network: Network
    goods: pd.DataFrame
    countries: list[str]
    nodes: pd.DataFrame
    buyers: pd.DataFrame
    routes: pd.DataFrame
    recipes: pd.DataFrame
    plants: pd.DataFrame
    firms: pd.DataFrame
    projects: pd.DataFrame
    assumptions: pd.DataFrame
    checks: dict[str, pd.DataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "network", compiled_once(self.network))
