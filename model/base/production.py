"""What the data say each country mined and refined in a year, with stated fallbacks for missing years.

Tonnes per year in the unit of the good, countries as in the data (merging comes later). A stage without figures takes
the nearest year's country shares, scaled to the mine stage. What a scenario states for some countries replaces
theirs; the others keep the data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from model.base.data import nearest_year, read_table, rows, year_ranges, years_of
from model.base.note import Notes
from model.error import OreblocError
from model.good import Good, catalogue
from model.name import EU_MEMBERS

#: Element per tonne of rare-earth oxide, mean over the light and middle elements.
ELEMENT_PER_OXIDE = 0.855
#: The raise of other countries' output to published element output is kept for this many years around.
UNDECLARED_YEARS = 3
_MINERAL_OF_GROUP = {"ndpr": "ndpr", "dytb": "heavy_rare_earths"}


@dataclass(frozen=True)
class Stage:
    """Raw output of one good: shares by country, the published total if any, and the year they are of.

    `stated` is what the scenario states by country, tonnes per year, where it waits for a total.
    """

    shares: dict[str, float]
    total_t: float | None
    year: int
    stated: dict[str, float] = field(default_factory=dict)


def stated_stage(scenario: Any, good: str) -> dict[str, float]:
    """Return the scenario's own production of a good by country, tonnes per year; empty where it states none."""
    return {row["country"]: float(row["production_t"]) for row in scenario.base.stages if row["good"] == good}


def merge_stated(
    good: str, data: Mapping[str, float], stated: Mapping[str, float], notes: Notes
) -> dict[str, float]:
    """Return output by country, tonnes per year: stated countries replace theirs, the others keep the data.

    `EU27` replaces its members. Without data what is stated is the whole world's. Raises `OreblocError` where
    nothing is left.
    """
    replaced = {c for c in data if c in stated or (c in EU_MEMBERS and "EU27" in stated)}
    result = {c: q for c, q in data.items() if c not in replaced}
    result.update({c: q for c, q in stated.items() if q > 0.0})
    if not sum(result.values()) > 0.0:
        raise OreblocError(
            f"Production of {good} in base.stages adds up to 0 t; it must be above 0 t in some country. "
            "State production_t of a country that makes it."
        )
    what = "output stated by the scenario, the whole world's: the data have none"
    if data:
        before = sum(data[c] for c in replaced)
        what = f"output stated for {', '.join(sorted(stated))}, {before:.6g} t in the data; others as in the data"
    notes.add(good, "production", what, sum(stated.values()), "t", "scenario")
    return result


def mined(mineral: str, year: int) -> dict[str, float]:
    """Return mine output by country, tonnes per year; empty where the data have none."""
    frame = read_table("mine_production")
    found = frame[(frame["mineral"] == mineral) & (frame["year"] == year)]
    return {str(c): float(q) for c, q in zip(found["country"], found["quantity"], strict=True)}


def mined_or_refuse(mineral: str, year: int) -> dict[str, float]:
    """Return mine output by country. Raises `OreblocError` where the base year has none."""
    found = mined(mineral, year)
    if not found:
        years = years_of("mine_production", mineral)
        raise OreblocError(
            f"Base year {year} has no mine production of {mineral}; the data hold {year_ranges(years)}. "
            f"Choose such a base_year, leave {mineral} out of goods, or state base.stages."
        )
    return found


def mine_output(good: Good, year: int, scenario: Any, notes: Notes) -> dict[str, float]:
    """Return the mine output of a good by country, tonnes per year in the unit of the good."""
    stated = stated_stage(scenario, good.name)
    joint = good.mineral == "rare_earths" and good.group != "rare_earths"
    if stated and not mined("rare_earths" if joint else good.data_mineral, year):
        return merge_stated(good.name, {}, stated, notes)
    data = _joint_output(good, year, scenario, notes) if joint else mined_or_refuse(good.data_mineral, year)
    return merge_stated(good.name, data, stated, notes) if stated else data


def deposit_shares(country: str, scenario: Any) -> dict[str, float]:
    """Return the part of a country's rare-earth elements that is La/Ce, NdPr and Dy/Tb."""
    for row in scenario.base.splits:
        if row["country"] == country:
            return {key: float(row["shares"].get(key, 0.0)) for key in ("lace", "ndpr", "dytb")}
    found = rows("deposit_split", country=country) or rows("deposit_split", country="*")
    return {key: float(found[0][key]) for key in ("lace", "ndpr", "dytb")}


def _joint_output(good: Good, year: int, scenario: Any, notes: Notes) -> dict[str, float]:
    """Split rare-earth oxide by deposit type; published element output wins in the years that have it."""
    oxide = mined_or_refuse("rare_earths", year)
    split = {c: deposit_shares(c, scenario) for c in oxide}
    output = {c: q * ELEMENT_PER_OXIDE * split[c][good.group] for c, q in oxide.items()}
    stated = {row["country"] for row in scenario.base.splits}
    by_type = sum(q for c, q in output.items() if c not in stated)
    if by_type > 0.0:
        what = "rare-earth oxide split by deposit type"
        notes.add(good.name, "split", what, by_type, "t", "deposit_split.csv: estimate")
    if stated & set(output):
        what = f"rare-earth oxide split as stated for {', '.join(sorted(stated & set(output)))}"
        notes.add(good.name, "split", what, sum(output[c] for c in stated & set(output)), "t", "scenario")
    for group, mineral in _MINERAL_OF_GROUP.items():
        published = mined(mineral, year)
        if published:
            output = _raise_to_published(good, group, published, oxide, split, output, stated, notes)
        elif "OTH" in output and "OTH" not in stated and group == _raised_with(good.group):
            output["OTH"] *= _undeclared(good, group, mineral, year, scenario, notes)
    return {country: quantity for country, quantity in output.items() if quantity > 0.0}


def _raised_with(group: str) -> str:
    """Return the element group whose published output raises this group's: La/Ce follow Nd+Pr."""
    return "ndpr" if group == "lace" else group


def _undeclared(good: Good, group: str, mineral: str, year: int, scenario: Any, notes: Notes) -> float:
    """Return what other countries' output is raised by: the factor of the nearest year with element output."""
    near = nearest_year(years_of("mine_production", mineral), year)
    oxide = mined("rare_earths", near)
    if abs(near - year) > UNDECLARED_YEARS or "OTH" not in oxide:
        return 1.0
    by_split = oxide["OTH"] * ELEMENT_PER_OXIDE * deposit_shares("OTH", scenario)[good.group]
    factor = _joint_output(good, near, scenario, Notes())["OTH"] / by_split
    what = f"undeclared output of other countries, factor of {near}"
    notes.add(good.name, "split", what, factor, "ratio", "mine_production.csv")
    return factor


def _raise_to_published(
    good: Good,
    group: str,
    published: dict[str, float],
    oxide: dict[str, float],
    split: dict[str, dict[str, float]],
    output: dict[str, float],
    stated: set[str],
    notes: Notes,
) -> dict[str, float]:
    """Put published element output in; `OTH` keeps what its total leaves after the small countries' splits."""
    result = dict(output)
    if good.group == group:
        result.update({c: q for c, q in published.items() if c != "OTH" and c not in stated})
    if "OTH" not in published or "OTH" not in oxide:
        return result
    small = [c for c in oxide if c not in published]
    known = sum(oxide[c] * ELEMENT_PER_OXIDE * split[c][group] for c in small)
    rest = max(published["OTH"] - known, oxide["OTH"] * ELEMENT_PER_OXIDE * split["OTH"][group])
    if good.group == group:
        result["OTH"] = rest
        notes.add(
            good.name, "split", "output of other countries after named ones", rest, "t", "mine_production.csv"
        )
    elif good.group == "lace" and group == "ndpr":
        result["OTH"] = rest * split["OTH"]["lace"] / split["OTH"]["ndpr"]
        what = "La+Ce of other countries, in proportion to their Nd+Pr"
        notes.add(good.name, "split", what, result["OTH"], "t", "deposit_split.csv")
    return result


def refined_stage(good: Good, year: int, scenario: Any, notes: Notes) -> Stage:
    """Return output of a refined good or component, for the year or the nearest one with figures, as stated in parts.

    Stated output stands alone where the data have neither figures of the year nor a mine stage to scale others by.
    """
    stated = stated_stage(scenario, good.name)
    if not stated:
        return _stage_of_data(good, year, scenario, notes)
    mineral = _mineral_of_stage(good)
    known = years_of("refined_production", mineral)
    if not known or (year not in known and not mined(good.mineral, year)):
        return _stage_of(merge_stated(good.name, {}, stated, notes), year)
    found = replace(_stage_of_data(good, year, scenario, notes), stated=stated)
    return found if found.total_t is None else with_stated(good, found, found.total_t, notes)


def with_stated(good: Good, stage: Stage, total_t: float, notes: Notes) -> Stage:
    """Return the stage, which makes `total_t` in the data, with what is stated in it."""
    data = {c: share * total_t for c, share in stage.shares.items()}
    return _stage_of(merge_stated(good.name, data, stage.stated, notes), stage.year)


def _stage_of(output: dict[str, float], year: int) -> Stage:
    total = sum(output.values())
    return Stage({c: q / total for c, q in output.items()}, total, year)


def _mineral_of_stage(good: Good) -> str:
    """Return the mineral whose refined output tells a good's country shares."""
    return "rare_earths" if good.group == "lace" else good.data_mineral


def _stage_of_data(good: Good, year: int, scenario: Any, notes: Notes) -> Stage:
    """Return what the data say of a refined good or component, for the year or the nearest one with figures."""
    found, total_year = _published_stage(_mineral_of_stage(good), year)
    if good.group == "lace":
        what = "country shares as for all rare earths"
        notes.add(good.name, "shares", what, found.year, "year", "refined_production.csv")
    if found.year != year:
        what = f"country shares of {found.year}, the nearest year with figures"
        notes.add(good.name, "shares", what, found.year, "year", "refined_production.csv")
    if found.total_t is None or total_year == year:
        return found
    scale = _mine_growth(good, total_year, year, scenario)
    if scale is None:
        return Stage(found.shares, None, found.year)
    what = f"output of {total_year} scaled to the mine stage"
    notes.add(good.name, "scale", what, scale, "ratio", "mine_production.csv")
    return Stage(found.shares, found.total_t * scale, found.year)


def _published_stage(mineral: str, year: int) -> tuple[Stage, int]:
    """Return country shares of the nearest year with figures, and the nearest published total with its year."""
    frame = read_table("refined_production")
    frame = frame[frame["mineral"] == mineral]
    tonnes = frame[frame["unit"] != "share"]
    near = frame[frame["year"] == nearest_year(sorted({int(y) for y in frame["year"]}), year)]
    exact = near[near["unit"] != "share"]
    chosen = near if exact.empty else exact
    values = {
        str(c): float(q) for c, q in zip(chosen["country"], chosen["quantity_or_share"], strict=True) if q > 0
    }
    shares = {c: q / sum(values.values()) for c, q in values.items()}
    shares_year = int(near["year"].iloc[0])
    if tonnes.empty:
        return Stage(shares, None, shares_year), shares_year
    total_year = nearest_year(sorted({int(y) for y in tonnes["year"]}), year)
    total = float(tonnes.loc[tonnes["year"] == total_year, "quantity_or_share"].sum())
    return Stage(shares, total, shares_year), total_year


def _mine_growth(good: Good, base: int, year: int, scenario: Any) -> float | None:
    """Return mine output of `year` over that of `base` for what a good is made of, or None where one is missing."""
    joint = good.mineral == "rare_earths" and good.group != "rare_earths"
    feed = catalogue()[
        f"{good.group}_concentrate" if joint and good.group in ("lace", "dytb") else "ndpr_concentrate"
    ]
    if not (mined(good.mineral, base) and mined(good.mineral, year)):
        return None
    if joint:
        before, now = (_joint_output(feed, y, scenario, Notes()) for y in (base, year))
    else:
        before, now = mined(good.mineral, base), mined(good.mineral, year)
    return sum(now.values()) / sum(before.values())
