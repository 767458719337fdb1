"""Comparing the plain twin with the engine, quarter by quarter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from model.layout import account_names
from model.market import clearing

Reader = Callable[[Any], Any]


@contextmanager
def tight_clearing() -> Iterator[None]:
    """Let the engine clear ten times closer: what both solvers leave adds up over sixty quarters."""
    usual, clearing.RESIDUAL_TOLERANCE = clearing.RESIDUAL_TOLERANCE, 1e-12
    try:
        yield
    finally:
        clearing.RESIDUAL_TOLERANCE = usual


def readings(twin: Any, engine: Any) -> dict[str, tuple[Any, Any, Any]]:
    """Return per figure: the twin's values, those of the engine's first run, and the scale of each value."""
    a, c = engine.answer, engine.columns
    price = [s.base_price for s in twin.sellers]
    index = [b.base_price for b in twin.buyers]
    made = _scale([s.base_capacity for s in twin.sellers], [s.good for s in twin.sellers])
    used = _scale([b.base_use for b in twin.buyers], [b.good for b in twin.buyers])
    plants = _scale([p.base_capacity for p in twin.plants], [p.good for p in twin.plants])
    routes = _scale([r.usual for r in twin.routes], [r.seller.good for r in twin.routes])
    sites = _scale([s.unit for s in twin.sites], [s.good for s in twin.sites])
    money = np.abs(c.balance_usd[0]).max() + 1.0
    landed = np.array([r.buyer.base_price for r in twin.routes])
    quotas = [m for chain in twin.chains for m in chain.quotas]

    def of(things: list[Any], name: str) -> list[float]:
        return [getattr(thing, name) for thing in things]

    found = {
        "price": (of(twin.sellers, "formed"), a.price, price),
        "price index": (of(twin.buyers, "index"), a.price_index, index),
        "landed price": (of(twin.routes, "landed"), a.landed_price, landed),
        "flow": (of(twin.routes, "flow"), a.flow_t, routes),
        "output of plants": (of(twin.plants, "output"), a.output_t, plants),
        "final use": (of(twin.buyers, "final_use"), a.final_use_t, used),
        "use": (of(twin.buyers, "use"), a.use_t, used),
        "purchases": (of(twin.buyers, "purchases"), a.purchases_t, used),
        "stored": (of(twin.sellers, "stored"), a.stored_t, made),
        "sold from stock": (of(twin.sellers, "sold"), a.sold_from_stock_t, made),
        "stock of buyers": (of(twin.buyers, "stock"), c.buyer_stock_t, used),
        "stock of states": (of(twin.buyers, "reserve"), c.buyer_reserve_t, used),
        "stock of producers": (of(twin.sellers, "stock"), c.node_stock_t, made),
        "capacity of plants": (of(twin.plants, "installed"), c.plant_installed_t, plants),
        "mothballed": (of(twin.plants, "idle"), c.plant_idle_t, plants),
        "under construction": (of(twin.sites, "pipeline"), c.site_pipeline_t, sites),
        "started": (of(twin.sites, "started"), c.site_invest_t, sites),
        "qualified": (of(twin.sellers, "qualified"), c.node_qualified_t, made),
        "cost after learning": (of(twin.sellers, "cost_ratio"), c.node_cost_ratio, 1.0),
        "expected price": (of(twin.sellers, "expected_price"), c.node_expected_price, price),
        "held back at leaks": (of(twin.sellers, "held"), c.node_held_t, made),
        "policing": (of(twin.sellers, "policing"), c.node_policing, 1.0),
        "outlook": (of(twin.sites, "outlook"), c.site_outlook, 1.0),
        "substituted": (of(twin.buyers, "substituted"), c.buyer_substituted, 1.0),
        "risk of sellers": (of(twin.sellers, "risk"), c.node_risk, 1.0),
        "risk of buyers": (of(twin.buyers, "risk"), c.buyer_risk, 1.0),
        "taste": (of(twin.routes, "taste"), c.route_taste, 1.0),
        "discards": (of(twin.buyers, "discard"), c.buyer_discard_t, used),
        "tension": (list(twin.tension.values()), c.tension, 1.0),
        "revenue": (of(list(twin.companies.values()), "revenue"), c.firm_revenue_usd, money),
        "rent": (of(list(twin.companies.values()), "rent"), c.firm_rent_usd, money),
        "cost": (of(list(twin.companies.values()), "cost"), c.firm_cost_usd, money),
        "capital cost": (of(list(twin.companies.values()), "capex"), c.firm_capex_usd, money),
        "balance": ([twin.balance[name] for name in account_names(engine.world)], c.balance_usd, money),
        "turnover": ([twin.turnover], c.turnover_usd, money),
    }  # fmt: skip
    for name, column in (("export_tax", "export_tax"), ("tariff", "tariff"), ("top_up", "topup"), ("rent", "rent"),
                         ("support", "support"), ("spending", "spending")):  # fmt: skip
        values = [getattr(twin.states[code], name) for code in twin.countries]
        found[f"{name} of states"] = (values, getattr(c, f"country_{column}_usd"), money)
    if quotas:
        quotas.sort(key=lambda quota: (min(r.number for r in quota.routes), _place(twin, quota)))
        found["wedge"] = (of(quotas, "wedge"), a.wedge, of(quotas, "scale"))
    return found


def _place(twin: Any, measure: Any) -> int:
    return next(n for n, order in enumerate(twin.scenario.measures) if order is measure.order)


def _scale(amounts: list[float], goods: list[str]) -> Any:
    """Return for each row the mean amount of its good in the base year: a scale where a row itself is empty."""
    total: dict[str, float] = {}
    for amount, good in zip(amounts, goods, strict=True):
        total[good] = total.get(good, 0.0) + amount
    count = {good: goods.count(good) for good in total}
    return np.array([max(a, total[g] / count[g], 1e-9) for a, g in zip(amounts, goods, strict=True)])


def differences(twin: Any, engine: Any, run: int = 0) -> dict[str, float]:
    """Return per figure the largest difference of the twin from one run of the engine, over the base scale."""
    found = {}
    for name, (ours, theirs, scale) in readings(twin, engine).items():
        mine, other = np.array(ours, float), np.asarray(theirs)[run]
        if mine.shape != other.shape:
            raise AssertionError(f"{name}: {mine.shape} against {other.shape}")
        missing = np.isnan(mine) != np.isnan(other)
        gap = np.abs(np.nan_to_num(mine) - np.nan_to_num(other)) / np.maximum(scale, 1e-300)
        found[name] = float(np.where(missing, np.inf, gap).max(initial=0.0))
    return found
