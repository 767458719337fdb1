"""Who owns what: firms by good and country, and projects of new capacity.

Concentration is real where known (firms.csv); elsewhere one firm below a tenth of world output, else 60 : 40.
"""

from dataclasses import dataclass
from typing import Any

from model.base.data import nearest_year, read_table, rows
from model.base.note import Notes
from model.base.place import Geography
from model.base.production import mined
from model.base.table import Table
from model.good import Good
from model.quarter_date import quarter_index

SPLIT = (0.6, 0.4)
SPLIT_ABOVE = 0.1
SPLIT_SOURCE = "documented split: one firm below a tenth of world output, else 60 : 40"
_TRADE = {"mine": "miners", "refined": "refiners", "component": "makers"}
#: Part of nameplate that projected output amounts to.
PIPELINE_USE = 0.85
#: Starts of pipeline capacity by projection year: thirds and halves ahead of it.
PIPELINE_STARTS = {
    2030: ("2026Q3", "2028Q1", "2029Q3"),
    2035: ("2032Q1", "2034Q1"),
    2040: ("2037Q1", "2039Q1"),
}
#: Projections made from 2024 on serve as pipeline for base years from here.
PIPELINE_FROM = 2022
MAGNET_MINERALS = ("ndpr", "heavy_rare_earths")


@dataclass(frozen=True)
class Stake:
    """A firm's share of a good's capacity in a country."""

    firm: str
    owner: str
    share: float
    source: str


def stakes(good: Good, country: str, world_share: float, places: Geography) -> list[Stake]:
    """Return the firms of a good in a country; shares sum to 1."""
    for mineral in dict.fromkeys((good.name, good.group, good.mineral)):
        found = [
            r
            for r in rows("firms", mineral=mineral, stage=good.stage)
            if places.code(r["country"]) == country
        ]
        if found:
            total = sum(float(row["share"]) for row in found)
            return [_stake(row, total) for row in found]
    label = f"{country} {good.mineral.replace('_', ' ')} {_TRADE[good.stage]}"
    if good.name == "permanent_magnets":
        label = f"{country} magnet makers"
    if world_share < SPLIT_ABOVE:
        return [Stake(label, "private", 1.0, SPLIT_SOURCE)]
    return [Stake(f"{label} {mark}", "private", s, SPLIT_SOURCE) for mark, s in zip("AB", SPLIT, strict=True)]


def _stake(row: dict, total: float) -> Stake:
    return Stake(row["firm"], row["owner"], float(row["share"]) / total, f"{row['source']} [{row['tag']}]")


@dataclass(frozen=True)
class PlannedProject:
    """Announced or projected capacity, tonnes per quarter of the good."""

    name: str
    firm: str
    owner: str
    country: str
    good: str
    capacity_t: float
    cost_usd_per_t: float | None
    capex_usd: float | None
    announced: str
    start: str
    backing: str
    failure_share: float | None
    slip_quarters: float | None
    source: str


def planned_projects(table: Table, notes: Notes) -> list[PlannedProject]:
    """Return projects of the scenario, of projects.csv and of the supply projections, with starts inside the run.

    What a named project adds is taken off the projection of its good and country.
    """
    last = quarter_index(table.scenario.end)
    named = [*_stated(table), *_shipped(table)]
    taken: dict[str, PlannedProject] = {}
    for project in named:
        taken.setdefault(project.name, project)
    chosen = [p for p in taken.values() if p.good in table.nodes and quarter_index(p.start) <= last]
    chosen += [p for p in _pipeline(table, chosen, notes) if quarter_index(p.start) <= last]
    return chosen


def _stated(table: Table) -> list[PlannedProject]:
    return [
        PlannedProject(
            p.name, p.firm, p.owner, table.places.code(p.country), p.good, p.capacity_t_per_year / 4.0,
            p.cost_usd_per_t, p.capex_usd, p.announced, p.start, p.backing, p.failure_share, p.slip_quarters, p.source,
        )
        for p in table.scenario.projects
    ]  # fmt: skip


def _shipped(table: Table) -> list[PlannedProject]:
    begin = table.scenario.base_year * 4
    return [
        PlannedProject(
            r["name"], r["firm"], r["owner"], table.places.code(r["country"]), r["good"],
            float(r["capacity_t_per_year"]) / 4.0, _number(r["cost_usd_per_t"]), _number(r["capex_usd"]),
            r["announced"], r["start"], r["backing"] if isinstance(r["backing"], str) else "",
            _number(r["failure_share"]), _number(r["slip_quarters"]), f"{r['source']} [{r['tag']}]",
        )
        for r in rows("projects")
        if quarter_index(r["start"]) >= begin + 4
    ]  # fmt: skip


def _number(value: Any) -> float | None:
    return None if value is None or value != value or value == "" else float(value)


def _pipeline(table: Table, named: list[PlannedProject], notes: Notes) -> list[PlannedProject]:
    """Return increments of the supply projections by good and country as projects of the leading firm."""
    if table.scenario.base_year < PIPELINE_FROM:
        return []
    projects = []
    for good in table.goods:
        for country, path in _projections(table, good).items():
            if country not in table.nodes[good.name]:
                continue
            known = _known(table, good, country, set(_projections(table, good)))
            credit = 4.0 * sum(p.capacity_t for p in named if p.good == good.name and p.country == country)
            projects += _increments(table, good, country, path, known, credit)
    if projects:
        what = "increments of the supply projections by country, as projects of the leading firm"
        notes.add(
            "all",
            "projects",
            what,
            float(len(projects)),
            "projects",
            "supply_projection.csv (IEA, CC BY 4.0)",
        )
    return projects


def _known(table: Table, good: Good, country: str, listed: set[str]) -> float:
    """Return base output that a projection's row stands for; `OTH` stands for all countries without a row."""
    recycled = table.balance.recycled.get(good.name, {})
    output = {c: q - recycled.get(c, 0.0) for c, q in table.balance.supply(good.name).items()}
    if country != "OTH":
        return output.get(country, 0.0)
    return sum(q for c, q in output.items() if c == "OTH" or c not in listed)


def _increments(
    table: Table, good: Good, country: str, path: dict[int, float], known: float, credit: float
) -> list[PlannedProject]:
    supply = table.balance.supply(good.name)
    world_share = supply.get(country, 0.0) / sum(supply.values())
    leading = max(stakes(good, country, world_share, table.places), key=lambda s: s.share)
    projects, level = [], known
    for year, starts in PIPELINE_STARTS.items():
        rise = path.get(year, level) - level
        if rise > 0.0:
            spared = min(credit, rise / PIPELINE_USE)
            capacity, credit = rise / PIPELINE_USE - spared, credit - spared
            level += rise
            if capacity > 0.003 * sum(supply.values()):
                projects += [
                    _tranche(good, country, leading, capacity / len(starts), year, start) for start in starts
                ]
    return projects


def _tranche(
    good: Good, country: str, leading: Stake, capacity: float, year: int, start: str
) -> PlannedProject:
    announced = f"{int(start[:4]) - 3}{start[4:]}"
    return PlannedProject(
        f"pipeline {good.name} {country} {start}", leading.firm, leading.owner, country, good.name, capacity / 4.0,
        None, None, announced, start, "", None, None, f"supply_projection.csv {year}, IEA base case (CC BY 4.0)",
    )  # fmt: skip


def _projections(table: Table, good: Good) -> dict[str, dict[int, float]]:
    """Return projected output by country and year, tonnes per year in the good's unit."""
    stage = "mine" if good.stage == "mine" else "refined"
    mineral, part = good.mineral, 1.0
    if good.mineral == "rare_earths":
        if good.name in ("permanent_magnets", "lace_concentrate", "dytb_concentrate"):
            return {}
        mineral, part = "magnet_ree", _magnet_part(table, good)
    frame = read_table("supply_projection")
    frame = frame[(frame["mineral"] == mineral) & (frame["stage"] == stage)]
    result: dict[str, dict[int, float]] = {}
    for row in frame.itertuples():
        code = table.places.code(row.country)
        path = result.setdefault(code, {})
        path[int(row.year)] = path.get(int(row.year), 0.0) + part * float(row.quantity)
    return result


def _magnet_part(table: Table, good: Good) -> float:
    """Return tonnes of this good for a tonne of magnet elements, from the balanced table."""
    stage = good.name.rsplit("_", 1)[1]
    if good.group == "rare_earths":
        elements = sum(sum(mined(mineral, 2024).values()) for mineral in MAGNET_MINERALS)
        return sum(table.balance.supply(good.name).values()) / elements
    own = sum(table.balance.primary[good.name].values())
    both = sum(sum(table.balance.primary.get(f"{g}_{stage}", {}).values()) for g in ("ndpr", "dytb"))
    return own / both


def known_capacity(good: Good, country: str, year: int, places: Geography) -> float | None:
    """Return published refining capacity in tonnes per year of the nearest year, or None."""
    frame = read_table("refined_capacity")
    frame = frame[(frame["mineral"] == good.data_mineral) & (frame["country"] != "WLD")]
    if frame.empty or good.stage != "refined":
        return None
    near = nearest_year(sorted({int(y) for y in frame["year"]}), year)
    found = frame[(frame["year"] == near) & (frame["country"].map(places.code) == country)]
    return float(found["quantity"].sum()) if len(found) and abs(near - year) <= 1 else None
