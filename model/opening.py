"""The state on the first day: columns filled from the calibrated base year."""

from typing import Any

import numpy as np

from model.base.data import rows
from model.column import allocate
from model.draw import PARAMETER, PROJECT_FAILURE, PROJECT_SLIP, address, uniform, waiting_time
from model.layout import Layout, column_rows, family_of
from model.measure_plan import PUSHES
from model.network import Floats, Network
from model.parameter import FAMILIES, PARAMETERS, POSITION
from model.rules.investment import keep_share, ramp_share
from model.rules.recycling import steady_stock
from model.rules.stock import DAYS_PER_QUARTER
from model.schema import RING, Columns
from model.world import World

#: Recyclers of the base year recover at most this share of discards.
MOST_RECOVERED = 0.8


def parameter_table(scenario: Any, seed: int, first_run: int, runs: int) -> Floats:
    """Return [runs, parameters]: the scenario's values, uncertain ones drawn by (seed, run, name)."""
    table = np.empty((runs, len(PARAMETERS)))
    numbers = {name: address("parameter", name) for name in scenario.uncertain}
    for run in range(runs):
        values = scenario.sample(
            lambda name, r=run: float(uniform(seed, first_run + r, 0, PARAMETER, numbers[name]))
        )
        table[run] = [values[name] for name in PARAMETERS]
    return table


def open_columns(
    world: World,
    network: Network,
    layout: Layout,
    values: Floats,
    seed: int,
    first_run: int,
    treaties: int = 0,
) -> Columns:
    """Return the columns at the start of a batch; `values` is the parameter table."""
    columns = allocate(values.shape[0], column_rows(world, layout, treaties))
    _open_plants(layout, columns)
    _open_sites(world, network, layout, values, columns)
    _open_pipeline(layout, values, columns)
    _open_markets(world, network, layout, values, columns)
    _open_use(world, layout, values, columns)
    _open_projects(layout, values, columns, seed, first_run)
    columns.country_enforcement[:] = values[:, [POSITION["enforcement"]]]
    columns.node_outside_price[:] = layout.node_base_price
    columns.tension[:] = layout.pair_usual
    columns.route_taste[:] = 1.0
    for name in (*PUSHES, "site_relief_factor"):
        getattr(columns, name)[:] = 1.0
    return columns


def _open_plants(layout: Layout, columns: Columns) -> None:
    """Install the base year's capacity, grown with demand from the middle of that year to the first quarter."""
    columns.plant_installed_t[:] = layout.plant_base_t
    for s in range(layout.site_firm.size):
        columns.plant_installed_t[:, _plants_of(layout, s)] *= layout.outlook[layout.site_good[s], 0]
    share = np.clip(layout.plant_base_utilisation, 1e-6, 1.0 - 1e-6)
    net = layout.plant_base_cost + layout.plant_spread * np.log(share / (1.0 - share))
    columns.plant_expected_net[:] = np.where(layout.plant_base_t > 0.0, net, layout.plant_base_cost)


def _open_pipeline(layout: Layout, values: Floats, columns: Columns) -> None:
    """Put under construction what firms had started before: part of demand's growth, less announced projects.

    Shared out by capacity, arriving evenly over each site's lead time. Capacity bound by a host metal stays within it.
    """
    capacity = np.zeros(layout.outlook.shape[0])
    held = np.array([layout.plant_base_t[_plants_of(layout, s)].sum() for s in range(layout.site_firm.size)])
    np.add.at(capacity, layout.site_good, held)
    for run in range(values.shape[0]):
        announced = _announced(layout, values, run)
        for s in range(layout.site_firm.size):
            good, lead = layout.site_good[s], int(columns.site_lead_quarters[run, s])
            if held[s] <= 0.0:
                continue
            growth = layout.outlook[good, lead] / layout.outlook[good, 0] - 1.0
            wanted = values[run, POSITION["opening_pipeline"]] * max(growth, 0.0) * capacity[good]
            left = max(wanted - announced[good, lead], 0.0) * held[s] / capacity[good]
            room = columns.site_room_t[run, s] - columns.plant_installed_t[run, _plants_of(layout, s)].sum()
            part = max(0.0, min(left, room)) / lead
            columns.site_arrival_t[run, s * RING + 1 : s * RING + 1 + lead] += part
            columns.site_pipeline_t[run, s] += part * lead


def _announced(layout: Layout, values: Floats, run: int) -> Floats:
    """Return [goods, quarters]: capacity of announced projects expected by then: failures, mean delay and ramp-up."""
    announced = np.zeros(layout.outlook.shape)
    steps = max(1, int(values[run, POSITION["ramp_quarters"]] + 0.5))
    for p in range(layout.project_site.size):
        good = layout.site_good[layout.project_site[p]]
        expected = layout.project_capacity_t[p] * _keep(layout, values, run, p)
        first = layout.project_start[p] + int(_slip(layout, values, run, p) + 0.5)
        for elapsed in range(steps):
            announced[good, max(first + elapsed, 0) :] += expected / steps
    return announced


def _plants_of(layout: Layout, site: int) -> Any:
    return layout.site_plants[layout.site_plant_start[site] : layout.site_plant_start[site + 1]]


def _base_margins(network: Network, layout: Layout) -> tuple[Floats, Floats]:
    """Return output value and input cost at base prices, per tonne of each site's primary output."""
    sites = layout.site_recipe.size
    value, spent = np.zeros(sites), np.zeros(sites)
    for s, m in enumerate(layout.site_recipe):
        outputs = slice(network.recipe_output_start[m], network.recipe_output_start[m + 1])
        inputs = slice(network.recipe_input_start[m], network.recipe_input_start[m + 1])
        value[s] = network.output_per_unit[outputs] @ layout.node_base_price[network.output_node[outputs]]
        spent[s] = network.input_per_unit[inputs] @ layout.buyer_base_price[network.input_buyer[inputs]]
    return value, spent


def _dominant(layout: Layout, values: Floats) -> Any:
    """Return [runs, sites]: whether the site's country dominates the good's base-year capacity."""
    goods, countries = layout.outlook.shape[0], int(layout.node_country.max(initial=0)) + 1
    own = np.zeros((goods, countries))
    np.add.at(
        own, (layout.node_good, layout.node_country), layout.node_base_t
    )  # smugglers' nodes hold nothing
    total = own.sum(axis=1)
    least = values[:, [POSITION["dominant_share"]]] * total[layout.site_good]
    return own[layout.site_good, layout.site_country] > least


def _open_sites(world: World, network: Network, layout: Layout, values: Floats, columns: Columns) -> None:
    value, spent = _base_margins(network, layout)
    capex = world.plants["capex_usd_per_t_per_year"].to_numpy(float)[layout.site_new_plant]
    columns.site_expected_value[:] = value
    columns.site_expected_input[:] = spent
    columns.site_variance[:] = values[:, [POSITION["opening_volatility"]]] ** 2 / 4.0
    dominant, goods = _dominant(layout, values), list(world.goods["name"])
    firms = world.firms.reset_index(drop=True)
    for s in range(layout.site_recipe.size):
        family = family_of(goods[layout.site_good[s]])
        stage = "mine" if layout.site_is_mine[s] else "refined"
        by_site = _technology(values, family, stage, dominant[:, s])
        columns.site_capex[:, s] = 4.0 * capex[s] * values[:, POSITION["capital_cost_multiple"]]
        grown = layout.plant_base_t[_plants_of(layout, s)].sum() > 0.0
        part = values[:, POSITION["expansion_lead_share"]] if grown else 1.0
        columns.site_lead_quarters[:, s] = np.maximum(np.round(part * by_site["lead"]), 1.0)
        columns.site_permit_quarters[:, s] = part * by_site["permit"]
        columns.site_learning[:, s] = 0.0 if stage == "mine" else values[:, POSITION[f"learning_{family}"]]
        firm = firms.iloc[layout.site_firm[s]]
        columns.site_discount[:, s] = values[
            :, POSITION[_backing(firm, world.countries[layout.site_country[s]])]
        ]
        columns.site_room_t[:, s] = _room(layout, s)


def _technology(values: Floats, family: str, stage: str, dominant: Any) -> dict[str, Floats]:
    """Return lead time and permit wait of a site, [runs] each; `dominant` [runs]."""

    def of(name: str) -> Floats:
        return values[:, POSITION[name]]

    lead = of(f"lead_{stage}_{family}")
    if stage == "refined":
        lead = np.where(dominant, np.minimum(lead, of("lead_refined_dominant_quarters")), lead)
    permit = np.where(dominant, 0.0, of(f"permit_quarters_{stage}"))
    return {"lead": np.round(lead), "permit": permit}


def _backing(firm: Any, country: str) -> str:
    """Return the name of the parameter with a firm's required return."""
    if "state" in str(firm.get("owner", "")).lower():
        return "discount_state"
    return "discount_high_risk" if rows("high_risk", country=country) else "discount_private"


def _room(layout: Layout, site: int) -> float:
    """Return the largest capacity a site's host metal allows in the base year, inf where nothing bounds it."""
    plants = _plants_of(layout, site)
    bound = plants[layout.plant_by_product[plants]]
    return float(layout.plant_host_limit_t[bound].max()) if bound.size else np.inf


def _open_markets(world: World, network: Network, layout: Layout, values: Floats, columns: Columns) -> None:
    columns.node_price[:] = layout.node_base_price
    columns.node_expected_price[:] = layout.node_base_price
    for i in range(layout.node_good.size):
        for place in range(layout.node_recipe_start[i], layout.node_recipe_start[i + 1]):
            m = layout.node_recipes[place]
            plants = slice(network.plant_start[m], network.plant_start[m + 1])
            rate = layout.node_recipe_rate[place]
            columns.node_capacity_t[:, i] += rate * columns.plant_installed_t[:, plants].sum(axis=1)
    columns.node_qualified_t[:] = columns.node_capacity_t
    columns.node_cost_ratio[:] = 1.0
    columns.node_cumulative_t[:] = (
        values[:, [POSITION["learning_experience_years"]]] * layout.node_experience_t
    )
    columns.buyer_price[:] = layout.buyer_base_price
    columns.buyer_average_price[:] = layout.buyer_base_price
    columns.buyer_expected_price[:] = layout.buyer_base_price
    columns.buyer_smooth_use_t[:] = layout.buyer_base_use_t
    days = np.nan_to_num(world.buyers["target_days"].to_numpy(float), nan=-1.0)
    wanted = np.where(days >= 0.0, days, values[:, [POSITION["stock_days"]]]) / DAYS_PER_QUARTER
    target = wanted * layout.buyer_base_use_t
    given = (
        world.buyers["stock_t"].to_numpy(float) if "stock_t" in world.buyers else np.full(days.size, np.nan)
    )
    columns.buyer_target_t[:] = target
    columns.buyer_stock_t[:] = np.where(np.isnan(given), target, given)
    flow = np.nan_to_num(world.routes["flow_t"].to_numpy(float))
    for name in ("1", "2", "3", "4"):
        getattr(columns, f"route_flow_{name}_t")[:] = flow
    columns.route_mean_flow_t[:] = flow
    for row in world.scenario.base.stocks:
        if row["holder"] == "producers":
            mine = (world.nodes["good"] == row["good"]) & (world.nodes["country"] == row["country"])
            columns.node_stock_t[:, np.flatnonzero(mine)] += row["quantity_t"] / max(int(mine.sum()), 1)


def _open_use(world: World, layout: Layout, values: Floats, columns: Columns) -> None:
    """Fill products in use as if use had grown steadily, and rate recyclers by what they recover of discards.

    Where the base year shows no recycler nothing is recovered yet; the share grows while it pays. Data on secondary
    supply hold scrap from making things, which leaves with a use much larger than the final one: where base-year
    recyclers recover more than steady discards would allow, what becomes scrap is multiplied.
    """
    final = np.nan_to_num(world.buyers["final_use_t"].to_numpy(float))
    embodied = np.zeros(final.size)
    for j in range(final.size):
        inside = slice(layout.embodied_start[j], layout.embodied_start[j + 1])
        embodied[j] = layout.embodied_rate[inside] @ final[layout.embodied_buyer[inside]]
    recovered = np.zeros(final.size)
    for k, j in zip(layout.recycler_plant, layout.recycler_buyer, strict=True):
        if j >= 0:
            recovered[j] += layout.plant_base_t[k]
    for run in range(values.shape[0]):
        growth = values[run, POSITION["past_growth"]]
        for j, family in enumerate(layout.buyer_life_quarters_good):
            life = 4.0 * values[run, POSITION[f"life_{FAMILIES[family]}"]]
            ages = [steady_stock(embodied[j], life, growth, age) for age in (1, 2, 3)]
            most = MOST_RECOVERED * ages[2] * -np.expm1(-3.0 / max(life, 1.0))
            multiple = max(1.0, recovered[j] / most) if most > 0.0 else 1.0
            columns.buyer_scrap_multiple[run, j] = multiple
            ages = [multiple * age for age in ages]
            (
                columns.buyer_use_young_t[run, j],
                columns.buyer_use_middle_t[run, j],
                columns.buyer_use_old_t[run, j],
            ) = ages
            columns.buyer_discard_t[run, j] = ages[2] * -np.expm1(-3.0 / max(life, 1.0))
            columns.buyer_heap_t[run, j] = columns.buyer_discard_t[run, j]
    for k, j in zip(layout.recycler_plant, layout.recycler_buyer, strict=True):
        if j >= 0:
            discard = np.maximum(columns.buyer_discard_t[:, j], 1e-12)
            columns.plant_recycled_share[:, k] = layout.plant_base_t[k] / discard


def _open_projects(layout: Layout, values: Floats, columns: Columns, seed: int, first_run: int) -> None:
    """Draw which projects fail and how late the others come; what already produces is installed."""
    projects = layout.project_site.size
    for run in range(values.shape[0]):
        for p in range(projects):
            address = (seed, first_run + run, 0)
            lucky = uniform(*address, PROJECT_FAILURE, layout.project_luck[p]) < _keep(layout, values, run, p)
            wait = waiting_time(
                uniform(*address, PROJECT_SLIP, layout.project_luck[p]), _slip(layout, values, run, p)
            )
            arrival = layout.project_start[p] + float(int(wait + 0.5))
            columns.project_arrival[run, p] = arrival if lucky else np.inf
            if lucky and arrival <= 0.0:
                ramp = values[run, POSITION["ramp_quarters"]]
                here = sum(ramp_share(ramp, e) for e in range(int(-arrival) + 1))
                columns.plant_installed_t[run, layout.project_plant[p]] += here * layout.project_capacity_t[p]


def _keep(layout: Layout, values: Floats, run: int, project: int) -> float:
    usual = values[run, POSITION["project_failure_share"]]
    return float(keep_share(layout.project_failure_share[project], usual))


def _slip(layout: Layout, values: Floats, run: int, project: int) -> float:
    if layout.project_slip_quarters[project] >= 0.0:
        return float(layout.project_slip_quarters[project])
    return float(values[run, POSITION["project_slip_quarters"]])
