"""Views: what one seat may know, as plain JSON values. The same for built-in rules, people and scripts.

Tonnes are per quarter, money is real 2024 usd.
"""

import math
from typing import Any

from model.layout import PLANT_KINDS
from model.rules.expectation import yearly_volatility
from model.treaty_state import STATE_WORDS


def firm_view(engine: Any, run: int, firm: int) -> dict[str, Any]:
    """Return what a firm knows: its books, sites, plants, what it expects, and what the built-in rule would do."""
    columns, record = engine.columns, engine.world.firms.iloc[firm]
    sites = [site_view(engine, run, s) for s in sites_of(engine, firm)]
    return {
        "quarter": engine.quarter_label,
        "seat": str(record["name"]),
        "role": str(record["role"]),
        "country": str(record["country"]),
        "owner": str(record["owner"]),
        "cash_usd": float(columns.balance_usd[run, firm]),
        "revenue_usd": float(columns.firm_revenue_usd[run, firm]),
        "cost_usd": float(columns.firm_cost_usd[run, firm]),
        "sites": sites,
        "advice": decided_orders(engine, run, firm),
    }


def sites_of(engine: Any, firm: int) -> list[int]:
    """Return the numbers of a firm's sites."""
    return [s for s, owner in enumerate(engine.layout.site_firm) if owner == firm]


def site_view(engine: Any, run: int, s: int) -> dict[str, Any]:
    """Return what a firm knows of one of its sites."""
    columns, row = engine.columns, engine.sites.iloc[s]
    plants = [plant_view(engine, run, k) for k in row["plants"]]
    return {
        "good": str(row["good"]),
        "country": str(row["country"]),
        "kind": str(row["kind"]),
        "capacity_t": sum(plant["capacity_t"] for plant in plants),
        "idle_t": sum(plant["idle_t"] for plant in plants),
        "output_t": sum(plant["output_t"] for plant in plants),
        "pipeline_t": float(columns.site_pipeline_t[run, s]),
        "room_t": _known(columns.site_room_t[run, s]),
        "price_usd_per_t": _known(engine.answer.price[run, engine.layout.site_node[s]]),
        "expected_value_usd_per_t": float(columns.site_expected_value[run, s]),
        "expected_input_usd_per_t": float(columns.site_expected_input[run, s]),
        "floor_usd_per_t": float(columns.site_floor[run, s]),
        "outlook_log": float(columns.site_outlook[run, s]),
        "volatility_per_year": float(yearly_volatility(columns.site_variance[run, s])),
        "profit_index": float(columns.site_profit_index[run, s]),
        "lead_quarters": float(columns.site_lead_quarters[run, s]),
        "capex_usd_per_t_per_year": float(columns.site_capex[run, s]) / 4.0,
        "plants": plants,
    }


def plant_view(engine: Any, run: int, k: int) -> dict[str, Any]:
    """Return what a firm knows of one of its plants."""
    columns, terms = engine.columns, engine.terms
    return {
        "kind": PLANT_KINDS[engine.layout.plant_kind[k]],
        "capacity_t": float(columns.plant_installed_t[run, k]),
        "idle_t": float(columns.plant_idle_t[run, k]),
        "output_t": float(engine.answer.output_t[run, k]),
        "cost_usd_per_t": float(terms.plant_cost[run, k]),
        "support_usd_per_t": float(terms.plant_support[run, k]),
        "loss_quarters": float(columns.plant_loss_quarters[run, k]),
        "is_by_product": bool(engine.layout.plant_by_product[k]),
    }


def decided_orders(engine: Any, run: int, firm: int) -> list[dict[str, Any]]:
    """Return what the decision columns hold for a firm, as orders."""
    columns, orders = engine.columns, []
    name, quarter = str(engine.world.firms["name"].iloc[firm]), engine.quarter_label
    for s in sites_of(engine, firm):
        row = engine.sites.iloc[s]
        plants = list(row["plants"])
        installed = columns.plant_installed_t[run, plants].sum()
        idle = columns.plant_idle_t[run, plants].sum()
        moves = (
            ("invest", "capacity_t_per_year", 4.0 * columns.site_invest_t[run, s], 1.0),
            ("mothball", "share", columns.plant_mothball_t[run, plants].sum(), installed - idle),
            ("reopen", "share", columns.plant_reopen_t[run, plants].sum(), idle),
            ("exit", "share", columns.plant_exit_t[run, plants].sum(), installed),
        )
        for kind, field, amount, whole in moves:
            if amount > 0.0 and whole > 0.0:
                fields = {
                    "good": str(row["good"]),
                    "country": str(row["country"]),
                    field: float(amount / whole),
                }
                orders.append(
                    {"type": kind, "actor": name, "quarter": quarter, "end": None, "fields": fields}
                )
    return orders


def state_view(engine: Any, run: int, country: int) -> dict[str, Any]:
    """Return what a state knows: its treasury, what its country buys and makes, its stocks, measures in force."""
    layout, columns = engine.layout, engine.columns
    code = engine.world.countries[country]
    goods = [_good_view(engine, run, country, g, name) for g, name in enumerate(engine.world.goods["name"])]
    return {
        "quarter": engine.quarter_label,
        "seat": code,
        "role": "state",
        "country": code,
        "treasury_usd": float(columns.balance_usd[run, layout.treasury_account + country]),
        "stock_fund_usd": float(columns.balance_usd[run, layout.fund_account + country]),
        "tariffs_usd": float(columns.country_tariff_usd[run, country]),
        "export_taxes_usd": float(columns.country_export_tax_usd[run, country]),
        "support_usd": float(columns.country_support_usd[run, country]),
        "goods": [good for good in goods if good is not None],
        "tension": {
            other: float(columns.tension[run, country * len(engine.world.countries) + c])
            for c, other in enumerate(engine.world.countries)
            if c != country
        },
        "treaties": treaties_view(engine, run),
        "measures": [order.to_mapping() for order in engine.scenario.measures if order.actor == code],
    }


def treaties_view(engine: Any, run: int) -> list[dict[str, Any]]:
    """Return every treaty of the run with its state and its members', in words; treaties are public."""
    columns, countries = engine.columns, engine.world.countries
    return [
        {
            "id": treaty.id,
            "state": STATE_WORDS[int(columns.treaty_state[run, x])],
            "members": {
                code: STATE_WORDS[int(columns.member_state[run, x * len(countries) + c])]
                for c, code in enumerate(countries)
                if code in treaty.members
            },
        }
        for x, treaty in enumerate(engine.treaties.treaties)
    ]


def _good_view(engine: Any, run: int, country: int, g: int, name: str) -> dict[str, Any] | None:
    layout, columns = engine.layout, engine.columns
    nodes = [
        i for i in range(layout.node_good.size)
        if layout.node_good[i] == g and layout.node_country[i] == country and not layout.node_leak[i]
    ]  # fmt: skip
    buyers = [
        j
        for j in range(layout.buyer_good.size)
        if layout.buyer_good[j] == g and layout.buyer_country[j] == country
    ]
    if not nodes and not buyers:
        return None
    return {
        "good": name,
        "capacity_t": float(columns.node_capacity_t[run, nodes].sum()),
        "price_usd_per_t": _known(engine.answer.price[run, nodes[0]]) if nodes else None,
        "use_t": float(engine.answer.use_t[run, buyers].sum()),
        "landed_price_usd_per_t": _known(columns.buyer_average_price[run, buyers[0]]) if buyers else None,
        "stock_t": float(columns.buyer_stock_t[run, buyers].sum()),
        "reserve_t": float(columns.buyer_reserve_t[run, buyers].sum()),
        "risk": float(columns.buyer_risk[run, buyers].max()) if buyers else 0.0,
    }


def _known(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
