"""A small world run with one mechanism on and off: the same scenario, seed and world, other parameters."""

import functools
import json
from typing import Any

import numpy as np
from base_scenario import scenario

from agents import DECISIONS
from model.engine import Engine
from model.network import Floats
from model.parameter import PARAMETERS
from model.tiny import tiny_scenario, tiny_world

ORE, METAL = "lithium_concentrate", "lithium_refined"
#: No luck, so that on and off differ by the mechanism alone.
CALM = {"demand_noise": 0.0, "supply_noise": 0.0, "tension_noise": 0.0, "outage_probability": 0.0,
        "expectation_noise": 0.0, "project_failure_share": 0.0}  # fmt: skip


def measure(kind: str, actor: str, good: str, quarter: str, end: str | None = None, **fields: Any) -> dict:
    """Return one order on a good."""
    return {"type": kind, "actor": actor, "quarter": quarter, "end": end, "fields": {"good": good, **fields}}


def shock(kind: str, good: str, country: str, factor: float, start: str, end: str | None = None) -> dict:
    """Return one shock."""
    found = {"kind": kind, "good": good, "country": country, "factor": factor, "start": start}
    return found if end is None else {**found, "end": end}


class Story:
    """A finished run: `engine` at its end, and columns and market answers of every quarter, [quarters, rows]."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self._seen = engine, []
        while not engine.is_done:
            engine.step()
            seen = {**engine.columns._asdict(), **engine.answer._asdict(), **engine.terms._asdict()}
            self._seen.append({name: array[0].copy() for name, array in seen.items()})

    def __getitem__(self, name: str) -> Floats:
        return np.array([quarter[name] for quarter in self._seen])

    def node(self, good: str, country: str) -> int:
        """Return the row of a producer."""
        nodes = self.engine.world.nodes
        return int(np.flatnonzero((nodes["good"] == good) & (nodes["country"] == country))[0])

    def buyer(self, good: str, country: str) -> int:
        """Return the row of a buyer."""
        buyers = self.engine.world.buyers
        return int(np.flatnonzero((buyers["good"] == good) & (buyers["country"] == country))[0])

    def route(self, good: str, origin: str, destination: str) -> int:
        """Return the row of a route."""
        routes = self.engine.world.routes
        mine = (routes["good"] == good) & (routes["origin"] == origin)
        return int(np.flatnonzero(mine & (routes["destination"] == destination))[0])


def tiny(
    *measures: dict, shocks: tuple = (), end: str = "2029Q4", seed: int = 7, **parameters: float
) -> Story:
    """Return the run of the tiny world without luck, under measures and shocks, with these parameters."""
    unknown = set(parameters) - set(PARAMETERS)
    assert not unknown, unknown
    return _tiny(json.dumps([list(measures), list(shocks), end, seed, parameters], sort_keys=True))


@functools.cache
def _tiny(stated: str) -> Story:
    measures, shocks, end, seed, parameters = json.loads(stated)
    scenario = tiny_scenario(*measures, shocks=shocks, end=end, seed=seed, parameters={**CALM, **parameters})
    return Story(Engine(scenario, 1, world=tiny_world(scenario), decide=DECISIONS))


def whole(
    goods: str,
    measures: list,
    *,
    quarters: int = 24,
    demand_path: str = "APS",
    projects: int = 0,
    **parameters: float,
) -> Story:
    """Return the run of the calibrated world of one mineral without luck; `projects` is how many AUS announces."""
    return _whole(goods, json.dumps(measures), quarters, demand_path, projects, json.dumps(parameters))


@functools.cache
def _whole(
    goods: str, measures: str, quarters: int, demand_path: str, projects: int, parameters: str
) -> Story:
    changes = {**CALM, **json.loads(parameters)}
    end = f"{2025 + (quarters - 1) // 4}Q{(quarters - 1) % 4 + 1}"
    announced = [
        {"name": f"Circuit {p}", "firm": "Example Metals", "country": "AUS", "good": goods,
         "capacity_t_per_year": 1.0, "announced": "2025Q1", "start": "2028Q1"}
        for p in range(projects)
    ]  # fmt: skip
    made = scenario(goods=[goods], measures=json.loads(measures), parameters=changes, demand_path=demand_path,
                    end=end, projects=announced)  # fmt: skip
    return Story(Engine(made, 1, decide=DECISIONS))
