"""Recipes and plants of a balanced table: proportions, tranches, owners, costs.

Recipes are sorted by component and market, plants by recipe. `new` plants have no capacity yet; their cost is that
of a new plant: sourced, or the dominant country's cost with the stated premium.
"""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from model.base.data import rows
from model.base.table import Table
from model.calibration.layout import QUARTERS, Layout
from model.calibration.owner import PlannedProject, Stake, known_capacity, stakes
from model.calibration.tranche import (
    HIGHEST_COST_SHARE,
    SPREAD_SHARE,
    Tranche,
    implied_elasticity,
    logistic,
    tranches,
)
from model.good import JOINT_MINE, Good

_KIND = {"mine": "mine", "refined": "refinery", "component": "magnet"}
#: Tonnes of the product a sourced cost is quoted for, per tonne of contained mineral.
_PRODUCT_PER_T = {"rare_earths": 1.168, "lithium": 5.323}
_RECYCLER_SPREAD = 0.07
#: Kinds of recipe that buy a good and sell it again, and what their firm is called.
TRADERS = {"leak": "unlicensed traders", "resale": "resellers"}


@dataclass
class Recipe:
    """One fixed proportion at one place. `outputs` and `inputs` are (row, tonnes per tonne of primary output)."""

    name: str
    country: str
    good: str
    kind: str
    outputs: list[tuple[int, float]]
    inputs: list[tuple[int, float]]
    output_t: float
    margin_usd_per_t: float = 0.0


@dataclass
class Works:
    """Recipes and plants with the records that led to them."""

    recipes: list[Recipe] = field(default_factory=list)
    plants: list[dict[str, Any]] = field(default_factory=list)
    owners: dict[str, Stake] = field(default_factory=dict)
    roles: dict[str, tuple[str, str]] = field(default_factory=dict)
    elasticities: list[dict[str, Any]] = field(default_factory=list)


def build_works(table: Table, layout: Layout, projects: list[PlannedProject]) -> Works:
    """Return all recipes and plants. Output at base prices equals the balanced table to rounding."""
    works = Works()
    for good in layout.goods:
        for recipe in _recipes(table, layout, good):
            recipe.margin_usd_per_t = _margin(layout, recipe)
            works.recipes.append(recipe)
    new_cost = _new_costs(table, layout, works.recipes)
    for row, recipe in enumerate(works.recipes):
        _add_plants(works, table, layout, row, recipe, projects, new_cost)
    return works


def _recipes(table: Table, layout: Layout, good: Good) -> list[Recipe]:
    if good.name in JOINT_MINE[1:] and JOINT_MINE[0] in table.nodes:
        return []
    found = []
    primary, unfed = table.balance.primary[good.name], table.balance.unfed.get(good.name)
    for country in table.nodes[good.name]:
        found.append(_main(table, layout, good, country, primary.get(country, 0.0)))
        if unfed is not None and sum(unfed.values()) > 0.0:
            node = layout.node_row[good.name, country, "producer"]
            output = unfed.get(country, 0.0) / QUARTERS
            name = f"synthetic {good.name} {country}"
            found.append(Recipe(name, country, good.name, "refinery", [(node, 1.0)], [], output))
    found += _recyclers(table, layout, good)
    for (name, country, kind), node in layout.node_row.items():
        if name == good.name and kind in TRADERS:
            buyer = layout.buyer_row[name, country]
            found.append(
                Recipe(f"{kind} {name} {country}", country, name, kind, [(node, 1.0)], [(buyer, 1.0)], 0.0)
            )
    return found


def _main(table: Table, layout: Layout, good: Good, country: str, output_t: float) -> Recipe:
    outputs = [(layout.node_row[good.name, country, "producer"], 1.0)]
    if good.name == JOINT_MINE[0]:
        outputs += _joint_outputs(table, layout, country)
    needs = table.balance.input_per_t.get(good.name, {})
    inputs = [(layout.buyer_row[source, country], a) for source, a in needs.items()]
    kind = _KIND[good.stage]
    return Recipe(
        f"{kind} {good.name} {country}", country, good.name, kind, outputs, inputs, output_t / QUARTERS
    )


def _joint_outputs(table: Table, layout: Layout, country: str) -> list[tuple[int, float]]:
    """Return joint outputs of a rare-earth mine per tonne of Nd+Pr; a new country takes the average split."""
    primary = table.balance.primary
    produced = primary[JOINT_MINE[0]].get(country, 0.0)
    found = []
    for name in JOINT_MINE[1:]:
        node = layout.node_row.get((name, country, "producer"))
        if node is None:
            continue
        if produced > 0.0:
            ratio = primary[name].get(country, 0.0) / produced
        else:
            ratio = sum(primary[name].values()) / sum(primary[JOINT_MINE[0]].values())
        if ratio > 0.0:
            found.append((node, ratio))
    return found


def _recyclers(table: Table, layout: Layout, good: Good) -> list[Recipe]:
    """Return secondary supply by country; buyers of a recyclable good have a recycler even if it is idle today."""
    rule = next(iter(rows("secondary", good=good.name)), None)
    if rule is None or float(rule["high"]) <= 0.0:
        return []
    recycled = table.balance.recycled.get(good.name, {})
    found = []
    for country in table.nodes[good.name]:
        if recycled.get(country, 0.0) > 0.0 or country in table.buyers[good.name]:
            node = layout.node_row[good.name, country, "producer"]
            output = recycled.get(country, 0.0) / QUARTERS
            name = f"recycler {good.name} {country}"
            found.append(Recipe(name, country, good.name, "recycler", [(node, 1.0)], [], output))
    return found


def _margin(layout: Layout, recipe: Recipe) -> float:
    """Return what a tonne of primary output earns at base prices, usd_per_t: outputs less inputs."""
    price, index = layout.nodes["price_usd_per_t"].to_numpy(), layout.buyers["price_usd_per_t"].to_numpy()
    return float(sum(b * price[i] for i, b in recipe.outputs) - sum(a * index[j] for j, a in recipe.inputs))


def _cost_row(good: str, country: str, tranche: str) -> dict[str, Any]:
    for g, c in ((good, country), (good, "*"), ("*", country), ("*", "*")):
        found = rows("plant_cost", good=g, country=c, tranche=tranche)
        if found:
            return found[0]
    raise KeyError((good, country, tranche))


def cost_share(table: Table, good: Good, country: str, price: float) -> tuple[float, str]:
    """Return base cash cost as a share of margin, and its source; a sourced cost above the price is replaced."""
    row = _cost_row(good.name, country, "base")
    value, source = float(row["value"]), f"{row['source']} [{row['tag']}]"
    if row["unit"] == "share of margin":
        return value, source
    if row["unit"] == "usd_per_t_product":
        value *= _PRODUCT_PER_T.get(good.mineral, 1.0)
        price = table.outside.get(f"{good.group}_refined", price)
    share = value / price
    if share > HIGHEST_COST_SHARE:
        what = f"sourced cost of {country} is {share:.0%} of the price; cut to {HIGHEST_COST_SHARE:.0%} of margin"
        table.notes.add(good.name, "replaced", what, HIGHEST_COST_SHARE, "share", source)
        return HIGHEST_COST_SHARE, source
    return share, source


def _new_costs(table: Table, layout: Layout, recipes: list[Recipe]) -> dict[str, float]:
    """Return the cash cost of the dominant country's plants by good, usd_per_t without inputs."""
    catalogue = {good.name: good for good in layout.goods}
    found: dict[str, float] = {}
    for good in layout.goods:
        own = [r for r in recipes if r.good == good.name and r.kind in _KIND.values()]
        own = [r for r in own if not r.name.startswith("synthetic")]
        if own:
            dominant = max(own, key=lambda r: r.output_t)
            price = table.price(good.name, dominant.country)
            share, _ = cost_share(table, catalogue[good.name], dominant.country, price)
            found[good.name] = share * dominant.margin_usd_per_t
    return found


def _new_cost(table: Table, good: Good, recipe: Recipe, dominant_cost: float, share: float) -> float:
    """Return the cash cost of a new plant (usd_per_t, inputs apart): own sourced cost, or dominant cost and premium."""
    sourced = _cost_row(good.name, recipe.country, "base")["unit"] != "share of margin"
    if recipe.kind == "mine" or recipe.name.startswith("synthetic") or sourced:
        return share * recipe.margin_usd_per_t if recipe.margin_usd_per_t > 0.0 else dominant_cost
    row = _cost_row(good.name, recipe.country, "new")
    supply = table.balance.primary[good.name]
    leads = supply.get(recipe.country, 0.0) == max(supply.values())
    return dominant_cost * (1.0 if leads else 1.0 + float(row["value"]))


def _utilisation(table: Table, good: Good, recipe: Recipe) -> float:
    capacity = known_capacity(good, recipe.country, table.scenario.base_year, table.places)
    if capacity is not None and capacity > recipe.output_t * QUARTERS > 0.0:
        return recipe.output_t * QUARTERS / capacity
    for g, c in ((good.name, recipe.country), ("*", "*")):
        found = rows("capacity_use", good=g, country=c)
        if found:
            return float(found[0]["utilisation"])
    return 1.0


def _add_plants(
    works: Works,
    table: Table,
    layout: Layout,
    row: int,
    recipe: Recipe,
    projects: list[PlannedProject],
    dominant: dict[str, float],
) -> None:
    good = next(g for g in layout.goods if g.name == recipe.good)
    if recipe.kind in TRADERS:
        _add_trader(works, table, row, recipe)
    elif recipe.kind == "recycler":
        _add_recycler(works, table, row, recipe)
    else:
        _add_firms(works, table, layout, row, recipe, good, projects, dominant)


def _add_firms(
    works: Works,
    table: Table,
    layout: Layout,
    row: int,
    recipe: Recipe,
    good: Good,
    projects: list[PlannedProject],
    dominant: dict[str, float],
) -> None:
    supply = table.balance.supply(good.name)
    owners = stakes(
        good, recipe.country, supply.get(recipe.country, 0.0) / sum(supply.values()), table.places
    )
    price = table.price(good.name, recipe.country)
    share, source = cost_share(table, good, recipe.country, price)
    reserve = float(_cost_row(good.name, recipe.country, "reserve")["value"])
    parts: list[Tranche] = []
    if recipe.output_t > 0.0:
        reference = recipe.margin_usd_per_t if recipe.kind == "mine" else price
        use = _utilisation(table, good, recipe)
        parts = tranches(
            recipe.output_t, recipe.margin_usd_per_t, reference, good.supply_elasticity, use, share, reserve
        )
        works.elasticities.append({
            "good": good.name, "country": recipe.country, "recipe": recipe.name,
            "implied_elasticity": implied_elasticity(parts, reference), "sourced_elasticity": good.supply_elasticity,
            "implied_utilisation": recipe.output_t / sum(t.capacity_t for t in parts), "stated_utilisation": use,
            "cost_share": share, "cost_source": source, "margin_usd_per_t": recipe.margin_usd_per_t,
            "margin_share": recipe.margin_usd_per_t / price,
        })  # fmt: skip
    cost = _new_cost(table, good, recipe, dominant[good.name], share)
    spread = SPREAD_SHARE * max(recipe.margin_usd_per_t, 0.25 * cost)
    later = [p for p in projects if p.good == good.name and p.country == recipe.country]
    extra = {
        p.firm: Stake(p.firm, p.owner, 0.0, p.source) for p in later if p.firm not in {o.firm for o in owners}
    }
    host, capital = _host(good, recipe, table), capex(good.name, recipe.country, table)
    for owner in [*owners, *extra.values()]:
        _note_owner(works, owner, recipe)
        for part in parts if owner.share > 0.0 else []:
            _append(works, row, recipe, owner.firm, part.kind, part.capacity_t * owner.share, part.cost_usd_per_t,
                    part.spread_usd_per_t, part.utilisation, host, capital)  # fmt: skip
        used = logistic((recipe.margin_usd_per_t - cost) / spread)
        _append(works, row, recipe, owner.firm, "new", 0.0, cost, spread, used, host, capital)


def _add_recycler(works: Works, table: Table, row: int, recipe: Recipe) -> None:
    margin = recipe.margin_usd_per_t
    cost = float(_cost_row(recipe.good, recipe.country, "recycler")["value"]) * margin
    spread = _RECYCLER_SPREAD * margin
    used = logistic((margin - cost) / spread)
    owner = Stake(f"{recipe.country} recyclers", "private", 1.0, "one firm for all recyclers of a country")
    _note_owner(works, owner, recipe)
    _append(works, row, recipe, owner.firm, "recycler", recipe.output_t / used, cost, spread, used, {},
            capex(recipe.good, recipe.country, table))  # fmt: skip


def _add_trader(works: Works, table: Table, row: int, recipe: Recipe) -> None:
    """Add a leak or resale: no capacity yet; what it costs is set each quarter by prices and enforcement."""
    price = table.outside[recipe.good]
    owner = Stake(f"{recipe.country} {TRADERS[recipe.kind]}", "private", 1.0, "one firm for all of a country")
    _note_owner(works, owner, recipe)
    _append(works, row, recipe, owner.firm, recipe.kind, 0.0, price, price, 0.0, {}, 0.0)


def _note_owner(works: Works, owner: Stake, recipe: Recipe) -> None:
    works.owners.setdefault(owner.firm, owner)
    role = "miner" if recipe.kind == "mine" else "refiner"
    earlier = works.roles.get(owner.firm)
    if earlier is None or (role == "miner" and earlier[0] != "miner"):
        works.roles[owner.firm] = (role, recipe.country if earlier is None else earlier[1])


def _append(
    works: Works,
    row: int,
    recipe: Recipe,
    firm: str,
    kind: str,
    capacity_t: float,
    cost: float,
    spread: float,
    used: float,
    host: dict[str, Any],
    capex_usd: float,
) -> None:
    works.plants.append({
        "recipe": row, "firm": firm, "country": recipe.country, "good": recipe.good, "kind": kind,
        "capacity_t": capacity_t, "cost_usd_per_t": cost, "spread_usd_per_t": spread, "utilisation": used,
        "by_product": bool(host), "host": host.get("host", ""),
        "host_growth_per_year": float(host.get("host_growth_per_year", 0.0)),
        "host_limit_t": float(host.get("capacity_limit_t_per_year", float("inf"))) / QUARTERS,
        "capex_usd_per_t_per_year": capex_usd,
    })  # fmt: skip


def _host(good: Good, recipe: Recipe, table: Table) -> dict[str, Any]:
    """Return the host row of a by-product; a country whose output passes the stated limit gets its output."""
    if recipe.kind not in _KIND.values():
        return {}
    found = [r for r in rows("hosts", good=good.name) if table.places.code(r["country"]) == recipe.country]
    if not found:
        return {}
    limit = max(sum(float(r["capacity_limit_t_per_year"]) for r in found), 1.25 * recipe.output_t * QUARTERS)
    return {**found[0], "capacity_limit_t_per_year": limit}


def capex(good: str, country: str, table: Table) -> float:
    """Return capital cost in usd per tonne a year of a new plant."""
    found = rows("capex", good=good)
    own = [row for row in found if row["country"] != "*" and table.places.code(row["country"]) == country]
    general = [row for row in found if row["country"] == "*"]
    chosen = (own or general)[:1]
    return float(chosen[0]["usd_per_t_per_year"]) if chosen else 0.0


def recipe_frame(works: Works) -> pd.DataFrame:
    """Return recipes as a table: name, country, good, kind, base output (t per quarter), margin."""
    return pd.DataFrame(
        [
            {"name": r.name, "country": r.country, "good": r.good, "kind": r.kind, "output_t": r.output_t,
             "margin_usd_per_t": r.margin_usd_per_t}
            for r in works.recipes
        ]
    )  # fmt: skip
