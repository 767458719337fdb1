"""How final demand of each good is projected to grow, from the base data."""

from collections.abc import Mapping

import numpy as np

from model.base.data import read_table
from model.good import catalogue
from model.network import Floats
from model.quarter_date import quarter_index
from model.rules.demand import interpolate

#: Yearly growth assumed before the first projected year is at most this.
MOST_PAST_GROWTH = 0.06


def dated_values(mineral: str, path: str) -> list[tuple[float, float]]:
    """Return the (year, tonnes) of a mineral's total demand on a path, base year first; empty if there are none."""
    table = read_table("demand_growth")
    mine = table[
        (table["mineral"] == mineral)
        & (table["scenario"] == path)
        & table["scope"].str.startswith("total demand")
    ]
    if mine.empty:
        return []
    first = (float(mine["base_year"].iloc[0]), float(mine["base_quantity"].iloc[0]))
    later = sorted(zip(mine["year"].astype(float), mine["quantity"].astype(float), strict=True))
    return [first, *later]


def last_projected_year() -> int:
    """Return the last year for which any projection of demand is known."""
    return int(read_table("demand_growth")["year"].max())


def tonnes_at(points: list[tuple[float, float]], year: float) -> float:
    """Return the tonnes at a year: constant growth between points, flat after the last.

    Before the first point demand is taken to have grown as between the first two, at most 6 % a year.
    """
    if not points:
        return 1.0
    (first, value), later = points[0], points[1:]
    if year < first:
        rate = (later[0][1] / value) ** (1.0 / (later[0][0] - first)) - 1.0 if later else 0.0
        return value * (1.0 + min(rate, MOST_PAST_GROWTH)) ** (year - first)
    for before, after in zip(points, later, strict=False):
        if year <= after[0]:
            return float(interpolate(year, *before, *after))
    return points[-1][1]


def growth_index(good: str, path: str, base_year: int, quarters: list[int]) -> Floats:
    """Return demand over the base year's for a list of quarter indices; 1 where the data know nothing.

    Quarters are placed at their middle, the base year at its own.
    """
    known = catalogue()
    mineral = known[good].data_mineral if good in known else good
    points = dated_values(mineral, path)
    base = tonnes_at(points, float(base_year))
    return np.array([tonnes_at(points, _place_in_time(index)) / base for index in quarters])


def stated_index(
    tonnes: Mapping[str, float], base_year: int, quarters: list[int], base_t: float | None = None
) -> Floats:
    """Return stated demand over `base_t` (None: over its own of the base year).

    Constant growth between its years or quarters, flat after the last.
    """
    places = [float(key) if key.isdigit() else _place_in_time(quarter_index(key)) for key in tonnes]
    points = sorted(zip(places, tonnes.values(), strict=True))
    base = tonnes_at(points, float(base_year)) if base_t is None else base_t
    return np.array([tonnes_at(points, _place_in_time(index)) / base for index in quarters])


def _place_in_time(index: int) -> float:
    """Return where the middle of a quarter lies, in years, with a whole number the middle of a year."""
    return index // 4 + (index % 4 + 0.5) / 4.0 - 0.5
