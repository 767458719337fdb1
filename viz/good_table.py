"""Cuts a run's results into one `GoodTable` for each good."""

from collections import defaultdict
from typing import Any

import pandas as pd

from experiments.results import Results
from experiments.summary import base_shares, restricted
from viz.colour import country_colours
from viz.figure import GoodTable

Wide = dict[str, pd.DataFrame]
_QUARTERS = 4
#: Metrics that charts and the overview take.
CHARTED = (
    "production_share", "production_t", "recycled_t", "consumption_t", "capacity_t", "hhi_index", "leakage_t",
    "inside_price_usd_per_t", "outside_price_usd_per_t", "price_gap_index",
)  # fmt: skip


def good_tables(results: Results) -> list[GoodTable]:
    """Return the tables of all goods, in the order of the manifest."""
    manifest = results.manifest
    quarters = _quarters(results.central())
    central = _by_good(results.central(), quarters)
    low, high = _bounds(results, quarters)
    countries = sorted({str(country) for country in results.central()["country"].unique()})
    colours = country_colours(countries)
    flows = _last_flows(results, quarters[-_QUARTERS:])
    shares = base_shares(manifest)
    told_apart = restricted(manifest)
    return [
        GoodTable(
            good=row["name"],
            title=_title(row),
            unit=str(row.get("unit") or "t"),
            wide=central[row["name"]],
            low=low[row["name"]],
            high=high[row["name"]],
            base_shares=shares.get(row["name"], {}),
            base_label=str(manifest["base"]["year"]),
            flows=flows[flows["good"] == row["name"]],
            flow_quarters=_span(quarters[-_QUARTERS:]),
            restricting=manifest["restricting"][row["name"]],
            is_restricted=row["name"] in told_apart,
            colours=colours,
            runs=manifest["runs"],
            source=source_line(manifest),
        )
        for row in manifest["goods"]
    ]


def source_line(manifest: dict[str, Any]) -> str:
    """Return where a chart's numbers come from."""
    runs = "" if manifest["runs"] == 1 else f", median of {manifest['runs']:,} runs"
    return (
        f"Source: Orebloc {manifest['versions']['orebloc']}, scenario {manifest['name']}, "
        f"seed {manifest['seed']}{runs}; base data {manifest['base']['year']}"
    )


def _quarters(table: pd.DataFrame) -> list[str]:
    return sorted(str(quarter) for quarter in table["quarter"].unique())


def _span(quarters: list[str]) -> str:
    return quarters[0] if len(quarters) == 1 else f"{quarters[0]} to {quarters[-1]}"


def _title(row: dict[str, Any]) -> str:
    return str(row.get("title") or row["name"].replace("_", " ").capitalize())


def _by_good(table: pd.DataFrame, quarters: list[str]) -> dict[str, Wide]:
    """Return good, metric: quarters by countries."""
    found: dict[str, Wide] = defaultdict(dict)
    table = table[table["metric"].isin(CHARTED)]
    for (good, metric), rows in table.groupby(["good", "metric"], observed=True, sort=False):
        wide = rows.pivot_table(
            index="quarter", columns="country", values="value", observed=True, dropna=False
        )
        wide.index, wide.columns = wide.index.astype(str), wide.columns.astype(str)
        found[str(good)][str(metric)] = wide.reindex(quarters)
    return found


def _bounds(results: Results, quarters: list[str]) -> tuple[dict[str, Wide], dict[str, Wide]]:
    if results.quantiles.empty:
        return defaultdict(dict), defaultdict(dict)
    quantile = results.quantiles["quantile"]
    ends = [results.quantiles[quantile == end] for end in (quantile.min(), quantile.max())]
    return _by_good(ends[0], quarters), _by_good(ends[1], quarters)


def _last_flows(results: Results, quarters: list[str]) -> pd.DataFrame:
    """Return run 0's flows added up over the last quarters."""
    flows = results.flows
    flows = flows[(flows["run"] == 0) & flows["quarter"].isin(quarters)]
    keys = ["good", "origin", "destination"]
    summed = flows.groupby(keys, observed=True, as_index=False)["quantity_t"].sum()
    return summed.astype(dict.fromkeys(keys, str))
