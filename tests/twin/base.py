"""Building the plain twin's objects from the tables of a calibrated world."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import pandas as pd
from twin.chance import waiting_time
from twin.company import Company, State
from twin.place import Buyer, Plant, Project, Recipe, Route, Seller, Site
from twin.policy import days_held, index_of

from model.base.data import read_table
from model.draw import PROJECT_FAILURE, PROJECT_SLIP, address
from model.good import catalogue

TECHNOLOGIES = (
    "rare_earths", "permanent_magnets", "gallium", "germanium", "arsenic", "baryte", "graphite", "tungsten",
    "antimony", "lithium", "cobalt", "nickel",
)  # fmt: skip
HIGH_RISK = "AFG BDI BOL COD CUB GIN IRN KGZ LAO MDG MLI MMR MOZ NGA PRK RUS RWA SDN TZA UKR ZWE".split()
BLOCS = ({"CHN", "RUS", "IRN", "PRK", "MMR"}, {"USA", "EU27", "JPN", "KOR", "AUS", "CAN", "GBR", "TWN"})


def technology_of(good: str) -> str:
    """Return the name under which a good's lead times and product lives are given."""
    head = good.rsplit("_", 1)[0]
    for name in (good, head):
        if name in TECHNOLOGIES:
            return name
    return "rare_earths" if head in ("lace", "ndpr", "dytb") else "baryte"


def build_world(model: Any, world: Any) -> None:
    """Give the model its sellers, buyers, routes, recipes, plants, companies, sites, states and projects."""
    _traders(model, world)
    _makers(model, world)
    _routes(model, world)
    _growth(model, world)
    _companies(model, world)
    _projects(model, world)
    _recycling(model)


def _number(value: Any, missing: float = 0.0) -> float:
    return missing if value is None or pd.isna(value) else float(value)


def _traders(model: Any, world: Any) -> None:
    disposal = world.network.node_disposal
    model.sellers = [
        Seller(
            n,
            row.good,
            row.country,
            row.kind == "leak",
            row.price_usd_per_t,
            bool(disposal[n]),
            row.kind == "resale",
        )
        for n, row in enumerate(world.nodes.itertuples())
    ]
    scale = dict(zip(world.goods["name"], world.network.market_price_scale, strict=True))
    for seller, row in zip(model.sellers, world.nodes.itertuples(), strict=True):
        seller.base_price = seller.expected_price = seller.formed = seller.price
        seller.output = _number(row.production_t)
        for held in model.scenario.base.stocks:
            if held["holder"] == "producers" and (held["good"], held["country"]) == (
                seller.good,
                seller.country,
            ):
                same = [s for s in model.sellers if (s.good, s.country) == (seller.good, seller.country)]
                seller.stock += held["quantity_t"] / len(same)
    model.buyers = []
    for n, row in enumerate(world.buyers.itertuples()):
        life = 4.0 * model.p[f"life_{technology_of(row.good)}"]
        price = _number(row.price_usd_per_t)
        days = _number(row.target_days, -1.0)
        buyer = Buyer(
            n, row.good, row.country, price if price > 0.0 else scale[row.good], _number(row.final_use_t),
            _number(row.use_t), _number(row.purchases_t), row.elasticity, row.choke_ratio, row.choke_power,
            days if days >= 0.0 else model.p["stock_days"], life, 0.0, _number(row.state_stock_t),
        )  # fmt: skip
        buyer.stock = _number(row.stock_t, buyer.target_days / 91.25 * buyer.base_use)
        buyer.price = buyer.average_price = buyer.expected_price = buyer.base_price
        buyer.smooth_use = buyer.base_use
        model.buyers.append(buyer)
    model.states = {code: State(model, code) for code in world.countries}
    for seller in model.sellers:
        seller.outside_price = seller.base_price
        if seller.leak:
            open_ones = [s for s in model.sellers if (s.good, s.country) == (seller.good, seller.country)]
            seller.around = next(s for s in open_ones if not s.leak and not s.resale)


def _makers(model: Any, world: Any) -> None:
    """Recipes with their plants; a recipe's proportions come from the network's lists."""
    net = world.network
    model.recipes = []
    for m, row in enumerate(world.recipes.itertuples()):
        recipe = Recipe(m, row.kind)
        for o in range(net.recipe_output_start[m], net.recipe_output_start[m + 1]):
            seller, rate = model.sellers[net.output_node[o]], float(net.output_per_unit[o])
            recipe.outputs.append((seller, rate))
            seller.makers.append((recipe, rate))
        for i in range(net.recipe_input_start[m], net.recipe_input_start[m + 1]):
            buyer, rate = model.buyers[net.input_buyer[i]], float(net.input_per_unit[i])
            recipe.inputs.append((buyer, rate))
            buyer.users.append((recipe, rate))
        model.recipes.append(recipe)
    model.plants = []
    for row in world.plants.itertuples():
        account = f"firm {row.firm_name}" if row.firm >= 0 else "others"
        plant = Plant(
            model.recipes[row.recipe], row.country, row.good, row.kind, _number(row.capacity_t),
            _number(row.cost_usd_per_t), _number(row.spread_usd_per_t, 1.0), _number(row.utilisation),
            bool(row.by_product), _number(row.host_limit_t, math.inf), _number(row.host_growth_per_year),
            row.capex_usd_per_t_per_year, account,
        )  # fmt: skip
        plant.installed = plant.base_capacity
        plant.cost = plant.base_cost
        u = min(max(plant.base_utilisation, 1e-6), 1.0 - 1e-6)
        plant.expected_net = plant.base_cost
        if plant.base_capacity > 0.0:
            plant.expected_net += plant.spread * math.log(u / (1.0 - u))
        plant.supply_shock = _shock_path(model, "supply", plant.good, plant.country)
        plant.recipe.plants.append(plant)
        model.plants.append(plant)
    model.world_capacity = defaultdict(float)
    for seller in model.sellers:
        seller.base_capacity = sum(
            rate * p.base_capacity for recipe, rate in seller.makers for p in recipe.plants
        )
        bound = any(p.by_product for recipe, _ in seller.makers for p in recipe.plants)
        seller.by_product = bound and not seller.leak
        model.world_capacity[seller.good] += seller.base_capacity
    for seller in model.sellers:
        made = max(seller.output, 0.02 * seller.base_capacity)
        seller.first_experience = 4.0 * max(made, 0.01 * model.world_capacity[seller.good])
        seller.first_experience *= model.p["learning_experience_years"]
        seller.experience = seller.first_experience


def _routes(model: Any, world: Any) -> None:
    model.routes = []
    preference = []
    for n, row in enumerate(world.routes.itertuples()):
        route = Route(n, model.sellers[row.node], model.buyers[row.buyer], _number(row.freight_usd_per_t))
        route.past = [_number(row.flow_t)] * 4
        route.landed = row.landed_price_usd_per_t
        preference.append(_number(row.preference))
        route.seller.routes.append(route)
        route.buyer.routes.append(route)
        model.routes.append(route)
    for buyer in model.buyers:
        fitted = [r for r in buyer.routes if r.seller.base_capacity > 0.0 and preference[r.number] > 0.0]
        behind = sum(r.seller.base_capacity for r in fitted)
        mean = sum(preference[r.number] for r in fitted) / behind if behind > 0.0 else 1.0
        for route in buyer.routes:
            own = preference[route.number] / route.seller.base_capacity if route in fitted else mean
            route.alpha = own
        budget = sum(r.alpha * r.seller.base_capacity for r in buyer.routes)
        buyer.budget = budget if budget > 0.0 else 1.0
        for route in buyer.routes:
            bought = max(buyer.base_purchases, buyer.base_use)
            route.usual = route.alpha * route.seller.base_capacity / buyer.budget * bought
            route.seller.usual_sales += route.usual


def _growth(model: Any, world: Any) -> None:
    """Paths of final demand and of total demand (through the chain) over the base year's, per good."""
    scenario, goods = model.scenario, list(world.goods["name"])
    quarters = range(model.start, model.start + model.quarters + 64)
    model.growth = {
        good: growth_path(good, scenario.demand_path, scenario.base_year, quarters) for good in goods
    }
    model.demand_shock = {
        buyer: _shock_path(model, "demand", buyer.good, buyer.country) for buyer in model.buyers
    }
    model.content = content = _content(model, goods)
    final = {g: sum(b.base_final for b in model.buyers if b.good == g) for g in goods}
    made = {g: sum(s.output for s in model.sellers if s.good == g) for g in goods}
    base = {g: final[g] + sum(content[g, h] * made[h] for h in goods) for g in goods}
    foreseen = dict(model.growth)
    for row in scenario.demand:  # the twin knows stated volumes of the world only
        if row.country != "WORLD" or row.good not in final:
            raise ValueError(f"The twin cannot read the demand stated for {row.good} in {row.country}.")
        per_year = 4.0 * final[row.good] if row.basis == "tonnes" else None
        model.growth[row.good] = stated_path(row.tonnes, scenario.base_year, quarters, per_year)
        if row.foreseen:
            foreseen[row.good] = stated_path(row.foreseen, scenario.base_year, quarters, None)
    outlook = dict(foreseen)
    for _ in goods:  # downstream goods settle first
        outlook = {
            g: [
                (final[g] * foreseen[g][t] + sum(content[g, h] * made[h] * outlook[h][t] for h in goods))
                / base[g]
                if base[g] > 0.0
                else foreseen[g][t]
                for t in range(len(quarters))
            ]
            for g in goods
        }
    model.outlook = outlook


def growth_path(good: str, path: str, base_year: int, quarters: range) -> list[float]:
    """Return projected demand over the base year's at the middle of each quarter."""
    table = read_table("demand_growth")
    table = table[(table["mineral"] == catalogue()[good].data_mineral) & (table["scenario"] == path)]
    table = table[table["scope"].str.startswith("total demand")]
    if table.empty:
        return [1.0] * len(quarters)
    first = (float(table["base_year"].iloc[0]), float(table["base_quantity"].iloc[0]))
    points = [first, *sorted(zip(table["year"].astype(float), table["quantity"].astype(float), strict=True))]

    def at(year: float) -> float:
        if year < points[0][0]:
            (y0, q0), (y1, q1) = points[0], points[1]
            rate = min((q1 / q0) ** (1.0 / (y1 - y0)) - 1.0, 0.06)
            return q0 * (1.0 + rate) ** (year - y0)
        for (y0, q0), (y1, q1) in zip(points, points[1:], strict=False):
            if y0 <= year <= y1:
                return q0 * (q1 / q0) ** ((year - y0) / (y1 - y0))
        return points[-1][1]

    return [at(q // 4 + (q % 4 + 0.5) / 4.0 - 0.5) / at(float(base_year)) for q in quarters]


def stated_path(tonnes: Any, base_year: int, quarters: range, per_year: float | None) -> list[float]:
    """Return stated yearly tonnes at the middle of each quarter over `per_year`, or over their own of the base year."""
    points = sorted((float(year), float(t)) for year, t in tonnes.items())

    def at(year: float) -> float:
        if year <= points[0][0]:
            return points[0][1]
        for (y0, q0), (y1, q1) in zip(points, points[1:], strict=False):
            if year <= y1:
                return q0 * (q1 / q0) ** ((year - y0) / (y1 - y0))
        return points[-1][1]

    return [at(q // 4 + (q % 4 + 0.5) / 4.0 - 0.5) / (per_year or at(float(base_year))) for q in quarters]


def _content(model: Any, goods: list[str]) -> dict[tuple[str, str], float]:
    """Return tonnes of one good used up in a tonne of another, the mean over its makers with inputs."""
    used: dict[tuple[str, str], float] = {(g, h): 0.0 for g in goods for h in goods}
    weight = dict.fromkeys(goods, 0.0)
    for recipe in model.recipes:
        if recipe.inputs:
            size = 1e-9 + sum(plant.base_capacity for plant in recipe.plants)
            weight[recipe.main.good] += size
            for buyer, rate in recipe.inputs:
                used[buyer.good, recipe.main.good] += size * rate
    return {(g, h): amount / (weight[h] or 1.0) for (g, h), amount in used.items()}


def _shock_path(model: Any, kind: str, good: str, country: str) -> list[float]:
    path = [1.0] * model.quarters
    for shock in model.scenario.shocks:
        if (shock.kind, shock.good) == (kind, good) and shock.country in ("WORLD", country):
            for step in range(model.quarters):
                share = days_held(shock.start, shock.end, model.start + step)
                path[step] *= 1.0 + share * (shock.factor - 1.0)
    return path


def _companies(model: Any, world: Any) -> None:
    p = model.p
    model.companies = {
        row.name: Company(model, row.name, row.country, row.owner) for row in _rows(world.firms)
    }
    helped = {row.firm for row in world.projects.itertuples() if isinstance(row.backing, str) and row.backing}
    for company in model.companies.values():
        company.backed = company.name in helped or "state" in str(company.owner or "").lower()
    model.sites, found = [], {}
    for plant in model.plants:
        if plant.account == "others" or plant.kind in ("leak", "resale", "recycler"):
            continue
        if plant.recipe.kind not in ("mine", "refinery", "magnet"):
            continue
        key = (plant.recipe, plant.account)
        if key not in found:
            found[key] = Site(len(model.sites), plant.recipe, plant.country, plant.recipe.main.good)
            firm, recipe = (
                plant.account.removeprefix("firm "),
                world.recipes["name"].iloc[plant.recipe.number],
            )
            found[key].luck_number = address("site", firm, recipe)
            model.sites.append(found[key])
            model.companies[plant.account.removeprefix("firm ")].sites.append(found[key])
        plant.site = found[key]
        plant.site.plants.append(plant)
    for company in model.companies.values():
        for site in company.sites:
            site.new = next((q for q in site.plants if q.kind == "new"), site.plants[0])
            technology = technology_of(site.good)
            mine = site.recipe.kind == "mine"
            dominant = _dominates(model, site)
            stage = "mine" if mine else "refined"
            lead = p[f"lead_{stage}_{technology}"]
            if dominant and not mine:
                lead = min(lead, p["lead_refined_dominant_quarters"])
            part = (
                p["expansion_lead_share"] if sum(plant.base_capacity for plant in site.plants) > 0.0 else 1.0
            )
            site.lead = max(1.0, float(round(part * lead)))
            site.permit = 0.0 if dominant else part * p[f"permit_quarters_{stage}"]
            site.learning = 0.0 if mine else p[f"learning_{technology}"]
            site.capex = 4.0 * site.new.capex * p["capital_cost_multiple"]
            risk = "high_risk" if site.country in HIGH_RISK else "private"
            site.discount = p[f"discount_{'state' if 'state' in company.owner.lower() else risk}"]
            bound = [plant.host_limit for plant in site.plants if plant.by_product]
            site.room = max(bound) if bound else math.inf
            site.unit = model.world_capacity[site.good]
            site.expected_value = site.recipe.value("base_price")
            site.expected_input = sum(rate * buyer.base_price for buyer, rate in site.recipe.inputs)
            site.variance = p["opening_volatility"] ** 2 / 4.0


def _rows(frame: pd.DataFrame) -> Any:
    return frame.itertuples()


def _dominates(model: Any, site: Site) -> bool:
    own = sum(s.base_capacity for s in model.sellers if (s.good, s.country) == (site.good, site.country))
    return own > model.p["dominant_share"] * model.world_capacity[site.good]


def _projects(model: Any, world: Any) -> None:
    p = model.p
    model.projects = []
    for row in world.projects.itertuples():
        plant = model.plants[int(row.plant)]
        if plant.site is None:
            continue
        keep = 1.0 - _number(row.failure_share, p["project_failure_share"])
        dated = [index_of(str(text)) - model.start for text in (row.announced, row.start)]
        capex, slip = _number(row.capex_usd, math.nan), _number(row.slip_quarters, p["project_slip_quarters"])
        project = Project(plant.site, plant, _number(row.capacity_t), *dated, keep, capex, slip)
        n = address("project", row.name, row.good, row.country)
        wait = waiting_time(model.luck(PROJECT_SLIP, n, 0), slip)
        if model.luck(PROJECT_FAILURE, n, 0) < keep:
            project.arrival = project.start + int(wait + 0.5)
        model.projects.append(project)
    _open_capacity(model)
    steps = max(1, int(p["ramp_quarters"] + 0.5))
    for project in model.projects:
        if project.arrival <= 0:
            project.plant.installed += min(1 - project.arrival, steps) / steps * project.capacity


def _open_capacity(model: Any) -> None:
    """Grow base-year capacity with demand to the first quarter, and put under construction what was started before."""
    p = model.p
    for site in model.sites:
        for plant in site.plants:
            plant.installed *= model.outlook[site.good][0]
    held = {site: sum(plant.base_capacity for plant in site.plants) for site in model.sites}
    for site in model.sites:
        if held[site] <= 0.0:
            continue
        lead, outlook = int(site.lead), model.outlook[site.good]
        total = sum(amount for other, amount in held.items() if other.good == site.good)
        announced = sum(_expected(model, q, lead) for q in model.projects if q.site.good == site.good)
        wanted = p["opening_pipeline"] * max(outlook[lead] / outlook[0] - 1.0, 0.0) * total
        left = max(wanted - announced, 0.0) * held[site] / total
        room = site.room - sum(plant.installed for plant in site.plants)
        coming = max(0.0, min(left, room))
        for quarter in range(1, lead + 1):
            site.arrivals[quarter] += coming / lead
        site.pipeline += coming
    for seller in model.sellers:
        seller.capacity = sum(
            rate * plant.installed for recipe, rate in seller.makers for plant in recipe.plants
        )
        seller.qualified = seller.capacity


def _expected(model: Any, project: Project, lead: int) -> float:
    """Return the capacity expected of a project by a quarter: failures, its mean delay and ramp-up counted."""
    steps = max(1, int(model.p["ramp_quarters"] + 0.5))
    come = min(max(lead - project.start - int(project.slip + 0.5) + 1, 0), steps)
    return project.capacity * project.keep_share * come / steps


def steady_ages(inflow: float, life: float, growth: float) -> list[float]:
    """Return what products of three ages hold after long growth of what goes into use."""
    leaving = -math.expm1(-3.0 / max(life, 1.0))
    kept = math.expm1(growth) + leaving
    ages = [inflow / kept]
    for _ in range(2):
        ages.append(ages[-1] * leaving / kept)
    return ages


def _recycling(model: Any) -> None:
    """Say for each buyer which uses hold the good, and what its recyclers recover."""
    p = model.p
    for buyer in model.buyers:
        buyer.embodied = [[buyer, 1.0]]
        for other in model.buyers:
            rate = model.content[buyer.good, other.good]
            if rate > 0.0 and other.country == buyer.country:
                buyer.embodied.append([other, rate])
        recyclers = [
            q
            for q in model.plants
            if q.kind == "recycler" and (q.good, q.country) == (buyer.good, buyer.country)
        ]
        for plant in recyclers:
            plant.source = buyer
        recovered = sum(plant.base_capacity for plant in recyclers)
        leaving = -math.expm1(-3.0 / max(buyer.life, 1.0))
        inflow = sum(rate * other.base_final for other, rate in buyer.embodied)
        if recovered > 0.0:
            most = 0.8 * steady_ages(inflow, buyer.life, p["past_growth"])[2] * leaving
            if recovered > most > 0.0:
                for pair in buyer.embodied:
                    pair[1] *= recovered / most
        inflow = sum(rate * other.base_final for other, rate in buyer.embodied)
        buyer.ages = steady_ages(inflow, buyer.life, p["past_growth"])
        buyer.discard = buyer.ages[2] * leaving
        for plant in recyclers:
            plant.usual_share = p[f"recycling_{technology_of(buyer.good)}"]
            plant.recycled_share = plant.base_capacity / max(buyer.discard, 1e-12)


def usual_tension(a: str, b: str) -> float:
    """Return the usual political distance of two countries."""
    if a == b:
        return 0.0
    sides = [next((n for n, bloc in enumerate(BLOCS) if code in bloc), None) for code in (a, b)]
    if None in sides:
        return 0.25
    return 0.1 if sides[0] == sides[1] else 0.5
