"""Scoreboards of a round: what states gained, what firms earned, how safe and how independent supply is."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from model.world import World

#: How a board is made: its metric, how four quarters become one number, and whether more is better.
BOARDS = {
    "wealth": ("score_usd", "sum", True),
    "cash": ("balance_usd", "firms", True),
    "security": ("supply_at_risk_usd", "sum", False),
    "independence": ("import_dependence_share", "weighted", False),
}
#: A quarter's numbers by metric and country, as (good, value) in the order of the cells.
Rows = Mapping[tuple[str, str], Sequence[tuple[str, float]]]


def boards(
    world: World, rows: Mapping[str, Rows], span: Sequence[str], cash: Mapping[str, float]
) -> dict[str, list[dict[str, Any]]]:
    """Return each scoreboard: `{seat, value}` of the round, the best first.

    `rows` are the numbers of each quarter, `span` the quarters of the round, `cash` what each firm that is told has
    earned since the game began. Independence is the part of a country's purchases that its largest supplier abroad
    delivers in the last quarter, minerals weighted by what their use was worth in the base year: a mineral that an
    industry hardly uses counts little, and a price that jumps does not change the weights.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for board, (metric, how, more) in BOARDS.items():
        if how == "firms":
            values: dict[str, float | None] = dict(cash)
        elif how == "sum":
            values = {code: summed(rows, span, metric, code) for code in world.countries}
        else:
            worth = use_worth(world)
            values = {
                code: _weighted(rows[span[-1]].get((metric, code), ()), worth.get(code, {}))
                for code in world.countries
            }
        told: list[dict[str, Any]] = [
            {"seat": seat, "value": value} for seat, value in values.items() if value is not None
        ]
        found[board] = sorted(told, key=lambda row: row["value"], reverse=more)
    return found


def use_worth(world: World) -> dict[str, dict[str, float]]:
    """Return by country and good what use was worth in the base year, usd a quarter."""
    buyers = world.buyers
    found: dict[str, dict[str, float]] = {}
    for good, country, use, price in zip(
        buyers["good"], buyers["country"], buyers["use_t"], buyers["price_usd_per_t"], strict=True
    ):
        worth = float(use) * float(price)
        if math.isfinite(worth):
            goods = found.setdefault(str(country), {})
            goods[str(good)] = goods.get(str(good), 0.0) + worth
    return found


def _weighted(values: Sequence[tuple[str, float]], worth: Mapping[str, float]) -> float | None:
    """Return the mean of a number over goods by their worth, None where no good with a worth has one."""
    known = [(value, worth.get(good, 0.0)) for good, value in values if math.isfinite(value)]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total > 0.0 else None


def summed(rows: Mapping[str, Rows], span: Sequence[str], metric: str, country: str) -> float | None:
    """Return a metric of a country summed over goods and quarters (`all` where the metric has it)."""
    total, found = 0.0, False
    for quarter in span:
        row = rows[quarter].get((metric, country), ())
        whole = next((value for good, value in row if good == "all" and math.isfinite(value)), None)
        known = (
            [whole]
            if whole is not None
            else [value for good, value in row if good != "all" and math.isfinite(value)]
        )
        found = found or bool(known)
        total += sum(known)
    return total if found else None


def cells_of(panels: Sequence[Any], values: Sequence[Any], run: int = 0) -> dict[tuple[str, str, str], float]:
    """Return a quarter's numbers of one run by metric, good and country."""
    return {
        (panel.metric, good, country): float(value)
        for panel, seen in zip(panels, values, strict=True)
        for (good, country), value in zip(panel.cells, seen[run], strict=True)
    }


def rows_of(cells: Mapping[tuple[str, str, str], float]) -> Rows:
    """Return cells by metric and country, so that a sum over goods need not look at all of them."""
    found: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for (metric, good, country), value in cells.items():
        found.setdefault((metric, country), []).append((good, value))
    return found
