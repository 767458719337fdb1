"""Views: what one seat may know, as plain JSON values. The same for built-in rules, people and scripts.

Tonnes are per quarter, money is real 2024 usd. A view is made for its seat, so nothing of others that is not public is
ever in it: no stocks of other states, no books of other firms, no luck to come. `docs/play.md` lists what is.
"""

import math
from typing import Any

import numpy as np

from model.draw import PLAYER, VIEW, address, normal, uniform
from model.happening import event_view
from model.instrument import Stock, StockRule
from model.instruments import BY_NAME
from model.layout import PLANT_KINDS
from model.network import Floats
from model.quarter_date import quarter_index
from model.rules.expectation import yearly_volatility
from model.state_order import in_force
from model.stock_limit import stock_order_most
from model.treaty_note import state_words
from model.treaty_state import NONE, STATE_WORDS


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
        "luck": luck(engine, run, str(record["name"])),
        "cash_usd": float(columns.balance_usd[run, firm]),
        "revenue_usd": float(columns.firm_revenue_usd[run, firm]),
        "cost_usd": float(columns.firm_cost_usd[run, firm]),
        "sites": sites,
        "measures": public_measures(engine, run, "", {site["good"] for site in sites}),
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


def luck(engine: Any, run: int, seat: str) -> float:
    """Return a uniform number of this seat, quarter and run, for players who gamble: the same in every replay."""
    return float(
        uniform(engine.seed, engine.first_run + run, engine.step_number, PLAYER, address("seat", seat))
    )


class Sight:
    """What the last quarter's market shows to whoever looks: base-year figures before the first one. Of one run."""

    def __init__(self, engine: Any, run: int) -> None:
        layout, network = engine.layout, engine.network
        seen = engine.warm
        self.engine, self.run = engine, run
        self.flow_t = engine.answer.flow_t[run] if seen else np.nan_to_num(engine.plan.base_flow_t)
        self.landed = engine.answer.landed_price[run] if seen else engine.plan.base_landed_price
        self.price = engine.answer.price[run]
        self.use_t = engine.answer.use_t[run] if seen else layout.buyer_base_use_t
        made = engine.answer.output_t[run] if seen else np.nan_to_num(engine.plan.base_output_t)
        recipes = [
            made[a:b].sum() for a, b in zip(network.plant_start, network.plant_start[1:], strict=False)
        ]
        per_recipe = np.array(recipes)
        nodes = layout.node_good.size
        owner = np.repeat(np.arange(nodes), np.diff(layout.node_recipe_start))
        self.output_t = np.bincount(owner, layout.node_recipe_rate * per_recipe[layout.node_recipes], nodes)
        self.route_good = layout.node_good[network.route_node]

    def noise(self, country: int, good: str, other: str) -> float:
        """Return the factor by which a state misjudges another country's figure this quarter, 1 for its own."""
        engine, run = self.engine, self.run
        own = engine.world.countries[country]
        if own == other:
            return 1.0
        mine = engine.layout.site_country == country
        shared = engine.columns.site_error_factor[run, mine]
        spread = engine.parameter("view_noise")[run] * (float(shared.mean()) if shared.size else 1.0)
        entity = address("view", own, other, good)
        draw = uniform(engine.seed, engine.first_run + run, engine.step_number, VIEW, entity)
        return math.exp(spread * float(normal(draw)))


def state_view(engine: Any, run: int, country: int, sight: Sight | None = None) -> dict[str, Any]:
    """Return what a state knows: budget, markets, stocks, dependence, public measures, tension, projects, advice."""
    layout, columns = engine.layout, engine.columns
    code = engine.world.countries[country]
    seen = sight or Sight(engine, run)
    goods = [_good_view(seen, country, g, name) for g, name in enumerate(engine.world.goods["name"])]
    advise = engine.decide.advise
    return {
        "quarter": engine.quarter_label,
        "last_quarter": engine.scenario.end,
        "seat": code,
        "role": "state",
        "country": code,
        "luck": luck(engine, run, code),
        "countries": list(engine.world.countries),
        "treasury_usd": float(columns.balance_usd[run, layout.treasury_account + country]),
        "stock_fund_usd": float(columns.balance_usd[run, layout.fund_account + country]),
        "tariffs_usd": float(columns.country_tariff_usd[run, country]),
        "export_taxes_usd": float(columns.country_export_tax_usd[run, country]),
        "topups_usd": float(columns.country_topup_usd[run, country]),
        "rents_usd": float(columns.country_rent_usd[run, country]),
        "support_usd": float(columns.country_support_usd[run, country]),
        "goods": [good for good in goods if good is not None],
        "world": [_world_view(seen, country, g, name) for g, name in enumerate(engine.world.goods["name"])],
        "tension": {
            other: float(columns.tension[run, country * len(engine.world.countries) + c])
            for c, other in enumerate(engine.world.countries)
            if c != country
        },
        "measures": public_measures(engine, run, code),
        "treaties": treaties_view(engine, run),
        "projects": announced_projects(engine),
        "events": event_view(engine, run),
        "advice": advise(engine, run, country) if advise is not None else [],
    }


def treaties_view(engine: Any, run: int) -> list[dict[str, Any]]:
    """Return the treaties that are public with state and members' states in words: all but those still to be tabled."""
    columns, countries = engine.columns, engine.world.countries
    return [
        {
            "id": treaty.id,
            "title": treaty.title,
            "kind": treaty.kind,
            "state": state_words(engine, run, x),
            "members": {
                code: STATE_WORDS[int(columns.member_state[run, x * len(countries) + c])]
                for c, code in enumerate(countries)
                if code in treaty.members
            },
            "clauses": [clause.to_mapping() for clause in treaty.clauses],
        }
        for x, treaty in enumerate(engine.treaties.treaties)
        if treaty.decides or columns.treaty_state[run, x] != NONE
    ]


def public_measures(engine: Any, run: int, seat: str, goods: set[str] | None = None) -> list[dict[str, Any]]:
    """Return the measures that a seat may know: all in force but others' own stockpiles, and its own to come.

    `id` is what `repeal` asks for; `goods` keeps those on some of these goods only.
    """
    measures, level = engine.plan.measures, engine.history.measure_level[run]
    now, listed = set(in_force(engine, run)), []
    for m in in_force(engine, run, ahead=True):
        order, mine = measures[m].order, measures[m].order.actor == seat
        secret = not mine and measures[m].treaty < 0 and is_about_stocks(measures[m])
        covered = order.fields.get("good", [])
        if secret or not (mine or m in now) or (goods is not None and not goods.intersection(covered)):
            continue
        since = (
            order.quarter
            if measures[m].dated
            else engine.scenario.quarter_label(int(engine.history.measure_since[run, m]))
        )
        listed.append({
            "id": m, **order.to_mapping(), "quarter": since, "in_force": m in now, "level": float(level[m]),
            "by_treaty": measures[m].treaty >= 0, "text": BY_NAME[order.type].text(order),
        })  # fmt: skip
    return listed


def is_about_stocks(measure: Any) -> bool:
    """Tell whether a measure would show what its state stores or means to store: orders, stockpiles, vaults."""
    return any(isinstance(edit, Stock | StockRule) for edit in measure.edits)


def announced_projects(engine: Any) -> list[dict[str, Any]]:
    """Return the projects announced so far, as announced: what will become of them is nobody's to know."""
    now, keys = quarter_index(engine.quarter_label), ("name", "firm", "country", "good", "start", "backing")
    return [
        {**{key: str(row[key]) for key in keys}, "capacity_t": float(row["capacity_t"])}
        for row in engine.world.projects.to_dict("records")
        if quarter_index(str(row["announced"])) <= now
    ]


def _good_view(seen: Sight, country: int, g: int, name: str) -> dict[str, Any] | None:
    engine, run = seen.engine, seen.run
    layout, columns = engine.layout, engine.columns
    own = (layout.node_good == g) & (layout.node_country == country) & ~layout.node_leak
    nodes, buyers = (
        np.flatnonzero(own),
        np.flatnonzero((layout.buyer_good == g) & (layout.buyer_country == country)),
    )
    if not nodes.size and not buyers.size:
        return None
    bought = (seen.route_good == g) & (layout.route_destination == country)
    sold = (seen.route_good == g) & (layout.route_origin == country)
    suppliers = _partners(seen, bought, layout.route_origin)
    use = float(seen.use_t[buyers].sum())
    stock = float(columns.buyer_stock_t[run, buyers].sum())
    reserve = float(columns.buyer_reserve_t[run, buyers].sum())
    foreign = [row for row in suppliers if row["country"] != engine.world.countries[country]]
    return {
        "good": name,
        "capacity_t": float(columns.node_capacity_t[run, nodes].sum()),
        "output_t": float(seen.output_t[nodes].sum()),
        "price_usd_per_t": _known(seen.price[nodes[0]]) if nodes.size else None,
        "outside_price_usd_per_t": _outside(seen, g, country),
        "landed_price_usd_per_t": _mean(seen.landed[bought], seen.flow_t[bought]),
        "use_t": use,
        "suppliers": suppliers,
        "customers": _partners(seen, sold, layout.route_destination),
        "leading_supplier": foreign[0]["country"] if foreign else None,
        "dependence_share": foreign[0]["share"] if foreign else 0.0,
        "stock_t": stock,
        "stock_days": 365.25 / 4.0 * stock / use if use > 0.0 else None,
        "reserve_t": reserve,
        "stock_order_most_t": stock_order_most(engine.world).get(name, 0.0),
        "reserve_days": 365.25 / 4.0 * reserve / use if use > 0.0 else None,
        "risk": float(columns.buyer_risk[run, buyers].max()) if buyers.size else 0.0,
    }  # fmt: skip


def _world_view(seen: Sight, country: int, g: int, name: str) -> dict[str, Any]:
    """Return the public figures of a good: who makes how much, others' figures as well as they are known."""
    engine, layout = seen.engine, seen.engine.layout
    mine = (layout.node_good == g) & ~layout.node_leak
    capacity = engine.columns.node_capacity_t[seen.run] if engine.warm else layout.node_base_t
    makers = []
    for c in sorted(set(layout.node_country[mine].tolist())):
        code, here = engine.world.countries[c], mine & (layout.node_country == c)
        blur = seen.noise(country, name, code)
        output, able = float(seen.output_t[here].sum()) * blur, float(capacity[here].sum()) * blur
        makers.append({"country": code, "output_t": output, "capacity_t": able})
    total = sum(maker["output_t"] for maker in makers)
    for maker in makers:
        maker["share"] = maker["output_t"] / total if total > 0.0 else 0.0
    makers.sort(key=lambda maker: (-maker["output_t"], maker["country"]))
    traded = seen.route_good == g
    mean = _mean(seen.landed[traded], seen.flow_t[traded])
    return {"good": name, "producers": makers, "landed_price_usd_per_t": mean}


def _partners(seen: Sight, routes: Any, side: Any) -> list[dict[str, Any]]:
    """Return what goes along routes by the country at one end, the largest first, those without tonnes left out."""
    names = seen.engine.world.countries
    tonnes = np.bincount(side[routes], seen.flow_t[routes], len(names))
    total = float(tonnes.sum())
    rows = [(float(t), code) for t, code in zip(tonnes, names, strict=True) if t > 1e-9]
    rows.sort(key=lambda row: (-row[0], row[1]))
    return [{"country": code, "quantity_t": t, "share": t / total} for t, code in rows]


def _outside(seen: Sight, g: int, country: int) -> float | None:
    away = (seen.route_good == g) & (seen.engine.layout.route_destination != country)
    return _mean(seen.landed[away], seen.flow_t[away])


def _mean(price: Floats, weight: Floats) -> float | None:
    known = np.isfinite(price) & (weight > 0.0)
    total = float(weight[known].sum())
    return float((price[known] * weight[known]).sum()) / total if total > 0.0 else None


def _known(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
