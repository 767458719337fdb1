"""Joining layout, plants, owners and projects into a `World`."""

from typing import Any

import numpy as np
import pandas as pd

from model.base.data import rows
from model.base.table import Table, build_table
from model.calibration.layout import Layout, build_layout
from model.calibration.owner import PlannedProject, planned_projects
from model.calibration.plant import Works, build_works, recipe_frame
from model.calibration.terms import residual
from model.error import OreblocError
from model.good import elasticity
from model.network import ISOELASTIC, LOGISTIC, Ints, Network
from model.world import World

#: Largest miss of a node's balance at base prices, as a part of world supply.
TOLERANCE = 1e-8


def calibrate(scenario: Any) -> World:
    """Return the calibrated world of a scenario: network, tables, assumptions and checks.

    Tonnes are per quarter, money usd_per_t. Raises `OreblocError` where the base year lacks data that the
    scenario does not state.
    """
    table = build_table(scenario)
    layout = build_layout(table)
    projects = planned_projects(table, table.notes)
    works = build_works(table, layout, projects)
    plants = pd.DataFrame(works.plants)
    _finish_nodes(layout, works, plants)
    _finish_routes(layout)
    firms = _firm_frame(works)
    firm_row = {name: i for i, name in enumerate(firms["name"])}
    plants.insert(2, "firm_name", plants["firm"])
    plants["firm"] = plants["firm"].map(firm_row)
    _note_margins(table, works)
    _note_elasticities(table)
    world = World(
        scenario=scenario,
        network=_network(layout, works, plants),
        goods=layout.goods_frame,
        countries=_countries(layout),
        nodes=layout.nodes,
        buyers=layout.buyers,
        routes=layout.routes,
        recipes=recipe_frame(works),
        plants=plants,
        firms=firms,
        projects=_project_frame(projects, plants),
        assumptions=pd.DataFrame(
            table.notes.rows, columns=["good", "step", "what", "value", "unit", "source"]
        ),
        checks={
            "balance": table.report,
            "country_balance": table.country_report,
            "elasticities": pd.DataFrame(works.elasticities),
            "base_measures": layout.gaps,
            "hosts": pd.DataFrame(rows("hosts")),
        },
    )
    _refuse_misfit(world)
    return world


def _refuse_misfit(world: World) -> None:
    """Raise `OreblocError` where the base table is no equilibrium of the calibrated world: it would not start there."""
    miss = np.abs(residual(world)["balance"])
    worst = int(np.argmax(miss))
    if not miss[worst] <= TOLERANCE:
        node = world.nodes.iloc[worst]
        raise OreblocError(
            f"Base year {world.scenario.base_year} of {node['good']} cannot be reproduced: supply of "
            f"{node['country']} misses its sales by {miss[worst]:.1%} of world supply; the limit is {TOLERANCE:g}. "
            f"Change what the scenario states of {node['good']} in base."
        )


def _finish_nodes(layout: Layout, works: Works, plants: pd.DataFrame) -> None:
    """Add each node's capacity (t per quarter of its good) and whether it may dispose of a joint surplus."""
    capacity, joint = np.zeros(len(layout.nodes)), np.zeros(len(layout.nodes), dtype=bool)
    by_recipe = plants.groupby("recipe")["capacity_t"].sum()
    for row, recipe in enumerate(works.recipes):
        for node, per_unit in recipe.outputs:
            capacity[node] += per_unit * by_recipe.get(row, 0.0)
            joint[node] |= len(recipe.outputs) > 1
    layout.nodes["capacity_t"] = capacity
    layout.nodes["disposal"] = joint


def _finish_routes(layout: Layout) -> None:
    """Add alpha (preference per tonne of capacity) and preference; a new supplier has the buyer's mean alpha.

    So has one that a ban keeps out. A route whose stated flow is 0 has none, and stays shut.
    """
    routes = layout.routes
    capacity = layout.nodes["capacity_t"].to_numpy()[routes["node"].to_numpy()]
    buyer, weight = routes["buyer"].to_numpy(), routes["weight"].to_numpy()
    total = np.bincount(buyer, weights=weight)
    mean = total / np.bincount(buyer, weights=np.where(weight > 0.0, capacity, 0.0))
    own = (weight > 0.0) & (capacity > 0.0)
    shut = (weight <= 0.0) & (capacity > 0.0) & ~routes["closed"].to_numpy(bool)
    alpha = np.divide(weight, capacity, out=np.where(shut, 0.0, mean[buyer]), where=own)
    routes["alpha"] = alpha
    routes["preference"] = alpha * capacity


def _note_margins(table: Table, works: Works) -> None:
    for recipe in works.recipes:
        if (
            recipe.kind in ("refinery", "magnet", "mine")
            and recipe.output_t > 0.0
            and recipe.margin_usd_per_t <= 0.0
        ):
            what = f"{recipe.name} has no positive margin at base prices"
            table.notes.add(recipe.good, "margin", what, recipe.margin_usd_per_t, "usd_per_t", "base table")


def _note_elasticities(table: Table) -> None:
    for good in table.goods:
        sourced = elasticity(rows("goods", name=good.name)[0]["supply"], "supply_short")
        if sourced > good.supply_elasticity:
            what = f"short-run supply elasticity of {sourced:g} cut: it is of a year, not of a quarter"
            table.notes.add(
                good.name, "replaced", what, good.supply_elasticity, "1", "elasticities.csv [recalled]"
            )


def _countries(layout: Layout) -> list[str]:
    found = {*layout.nodes["country"], *layout.buyers["country"]} - {"OTH"}
    return [*sorted(found), "OTH"]


def _firm_frame(works: Works) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"name": name, "role": works.roles[name][0], "country": works.roles[name][1], "owner": stake.owner,
             "source": stake.source}
            for name, stake in works.owners.items()
        ]
    )  # fmt: skip


def _project_frame(projects: list[PlannedProject], plants: pd.DataFrame) -> pd.DataFrame:
    """Return projects with the row of the `new` plant that receives their capacity."""
    new = plants[plants["kind"] == "new"]
    row_of = {(r.firm_name, r.good, r.country): i for i, r in zip(new.index, new.itertuples(), strict=True)}
    records = []
    for project in projects:
        plant = row_of.get((project.firm, project.good, project.country))
        if plant is None:
            continue
        record = dict(vars(project))
        if record["cost_usd_per_t"] is None:
            record["cost_usd_per_t"] = float(plants.at[plant, "cost_usd_per_t"])
        if record["capex_usd"] is None:
            record["capex_usd"] = (
                4.0 * project.capacity_t * float(plants.at[plant, "capex_usd_per_t_per_year"])
            )
        records.append({**record, "plant": int(plant)})
    return pd.DataFrame(records, columns=[*PlannedProject.__dataclass_fields__, "plant"])


def _network(layout: Layout, works: Works, plants: pd.DataFrame) -> Network:
    market_of = {good.name: m for m, good in enumerate(layout.goods)}
    component = np.array(layout.component)
    node_market = layout.nodes["good"].map(market_of).to_numpy(np.int64)
    buyer_market = layout.buyers["good"].map(market_of).to_numpy(np.int64)
    recipe_market = np.array([market_of[r.good] for r in works.recipes])
    quota_market = layout.gaps["good"].map(market_of).to_numpy(np.int64)
    quota = layout.routes["quota"].to_numpy()
    outputs = [list(zip(*r.outputs, strict=True)) for r in works.recipes]
    inputs = [list(zip(*r.inputs, strict=True)) or [(), ()] for r in works.recipes]
    return Network(
        component_node_start=_starts(component[node_market], component.max() + 1),
        component_buyer_start=_starts(component[buyer_market], component.max() + 1),
        component_recipe_start=_starts(component[recipe_market], component.max() + 1),
        component_quota_start=_starts(component[quota_market], component.max() + 1),
        node_market=node_market,
        node_disposal=layout.nodes["disposal"].to_numpy(bool),
        buyer_market=buyer_market,
        route_start=_starts(layout.routes["buyer"].to_numpy(), len(layout.buyers)),
        route_node=layout.routes["node"].to_numpy(np.int64),
        route_buyer=layout.routes["buyer"].to_numpy(np.int64),
        recipe_output_start=_cumulated([len(r.outputs) for r in works.recipes]),
        output_node=np.array([i for part in outputs for i in part[0]], dtype=np.int64),
        output_per_unit=np.array([b for part in outputs for b in part[1]], dtype=np.float64),
        recipe_input_start=_cumulated([len(r.inputs) for r in works.recipes]),
        input_buyer=np.array([j for part in inputs for j in part[0]], dtype=np.int64),
        input_per_unit=np.array([a for part in inputs for a in part[1]], dtype=np.float64),
        plant_start=_starts(plants["recipe"].to_numpy(), len(works.recipes)),
        plant_form=np.full(len(plants), LOGISTIC, dtype=np.int64),
        demand_form=np.full(len(layout.buyers), ISOELASTIC, dtype=np.int64),
        market_sharpness=layout.beta,
        market_price_scale=layout.goods_frame["price_usd_per_t"].to_numpy(np.float64),
        route_quota_start=_cumulated((quota >= 0).astype(int)),
        route_quota=quota[quota >= 0].astype(np.int64),
        quota_market=quota_market,
    )


def _starts(owner: Ints, count: int) -> Ints:
    """Return slice starts [count + 1] of rows sorted by owner."""
    return np.searchsorted(owner, np.arange(count + 1)).astype(np.int64)


def _cumulated(sizes) -> Ints:  # type: ignore[no-untyped-def]
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
