"""Tiny worlds drawn at random, and orders drawn at random for them: what laws are tested on."""

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from mechanism import CALM, METAL, ORE, Story, measure

from agents import DECISIONS
from model.engine import Engine
from model.tiny import COUNTRIES, tiny_scenario, tiny_world

#: First quarter of the measures, the third of the run.
START, FIRST = "2025Q3", 2
END = "2027Q4"
#: Who can restrict which good: its producers.
MAKERS = {ORE: ("AUS", "CHN", "OTH"), METAL: ("AUS", "CHN")}


def random_world(
    seed: int, *measures: Any, end: str = END, treaties: tuple = (), **parameters: float
) -> Story:
    """Return a run of a tiny world with other capacities, costs, demands and a shock of supply, under measures."""
    return _world(seed, json.dumps([measures, end, treaties, parameters], sort_keys=True))


@lru_cache(maxsize=256)
def _world(seed: int, stated: str) -> Story:
    measures, end, treaties, parameters = json.loads(stated)
    draw = np.random.default_rng(seed)
    shocks = [
        {"kind": "demand", "good": METAL, "country": "WORLD", "factor": float(draw.uniform(0.7, 1.4)),
         "start": "2025Q2"},
        {"kind": "supply", "good": METAL, "country": "CHN", "factor": float(draw.uniform(0.5, 1.0)), "start": "2026Q2",
         "end": "2026Q4"},
    ]  # fmt: skip
    made = tiny_scenario(
        *measures, shocks=shocks, end=end, seed=seed, treaties=treaties,
        parameters={**CALM, "demand_noise": 0.05, **parameters},
    )  # fmt: skip
    world = tiny_world(made)
    plants = world.plants.copy()
    plants["capacity_t"] *= draw.uniform(0.7, 1.5, len(plants))
    plants["cost_usd_per_t"] *= draw.uniform(0.8, 1.2, len(plants))
    return Story(Engine(made, 1, world=replace(world, plants=plants), decide=DECISIONS))


def forget() -> None:
    """Forget the worlds run so far: what is run next may be of a model changed for a test."""
    _world.cache_clear()


def free(seed: int) -> Story:
    """Return the same world without measures."""
    return random_world(seed)


def random_restrictions(seed: int, *actors: str) -> list[dict[str, Any]]:
    """Return an export restriction of each of these countries on each good that it makes, of a kind by chance."""
    draw = np.random.default_rng([16, seed])
    return [
        _restriction(draw, actor, good)
        for good, makers in MAKERS.items()
        for actor in actors
        if actor in makers
    ]


def _restriction(draw: np.random.Generator, actor: str, good: str) -> dict[str, Any]:
    kind = str(draw.choice(["export_quota", "export_licence", "export_tax", "export_ban"]))
    fields: dict[str, Any] = {
        "export_quota": {"quantity_t": float(draw.uniform(200.0, 4000.0)), "period": "quarter"},
        "export_licence": {"rate": float(draw.uniform(0.2, 0.9))},
        "export_tax": {"rate": float(draw.uniform(0.05, 0.5))},
        "export_ban": {},
    }[kind]
    return measure(kind, actor, good, START, **fields)


def random_measures(seed: int) -> list[dict[str, Any]]:
    """Return a handful of measures of all sides, drawn by seed; nobody bans anything."""
    draw = np.random.default_rng([46, seed])
    pool = [
        measure("export_tax", "AUS", ORE, START, rate=float(draw.uniform(0.0, 0.4))),
        measure("export_tax", "CHN", METAL, START, rate=float(draw.uniform(0.0, 0.4))),
        measure("export_quota", "CHN", METAL, START, quantity_t=float(draw.uniform(500.0, 9000.0)), period="quarter"),
        measure("export_licence", "AUS", ORE, START, rate=float(draw.uniform(0.2, 1.0))),
        measure("import_tariff", "CHN", ORE, START, rate=float(draw.uniform(0.0, 0.4))),
        measure("import_tariff", "OTH", METAL, START, rate=float(draw.uniform(0.0, 0.4)), exempt=["AUS"]),
        measure("price_floor", "OTH", METAL, START, price_usd_per_t=float(draw.uniform(4e4, 9e4)), exempt=["AUS"],
                form=str(draw.choice(["tariff", "minimum_price"]))),
        measure("price_support", "AUS", METAL, START, strike_usd_per_t=float(draw.uniform(5e4, 9e4))),
        measure("production_subsidy", "CHN", ORE, START, rate_usd_per_t=float(draw.uniform(0.0, 5e3))),
        measure("stock_order", "CHN", METAL, START, move="buy", quantity_t=float(draw.uniform(0.0, 500.0))),
        measure("standards", "OTH", METAL, START, share=float(draw.uniform(0.1, 0.7)), certified=["AUS"]),
        measure("joint_purchasing", "AUS", METAL, START, members=["OTH"], target=["CHN"],
                rate=float(draw.uniform(0.5, 1.0))),
    ]  # fmt: skip
    chosen = draw.random(len(pool)) < 0.4
    return [order for order, take in zip(pool, chosen, strict=True) if take]


def pact(members: list[str], *clauses: dict[str, Any]) -> dict[str, Any]:
    """Return a treaty of these members in force from the quarter in which measures begin."""
    dates = {"signed": "2025Q1", "in_force": START}
    return {"id": "pact", "kind": "club", "members": members, **dates, "clauses": list(clauses)}


def pairs() -> list[tuple[str, str]]:
    """Return every pair of different countries."""
    return [(a, b) for a in COUNTRIES for b in COUNTRIES if a != b]
