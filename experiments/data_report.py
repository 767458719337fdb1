"""What `orebloc data` shows: the goods, the years with data, the sources, and what is weak."""

from typing import Any

import pandas as pd

from model.base.data import (
    FACT_TABLES,
    GRADES,
    OWN_TABLES,
    data_hash,
    graded,
    read_table,
    year_ranges,
    years_of,
)
from model.good import Good, catalogue
from model.parameter import PARAMETERS

CREDITS = (
    "IEA (2025), Critical Minerals Dataset, CC BY 4.0",
    "CEPII BACI, Etalab open licence",
    "U.S. Geological Survey, Mineral Commodity Summaries (public domain)",
    "British Geological Survey, Eurostat, European Commission, US Department of Energy: single figures, each named in "
    "its row",
)


def good_rows() -> list[dict[str, Any]]:
    """Return one row per good: unit, years usable as base year, counts of weak rows behind it."""
    return [_good_row(good) for good in catalogue().values()]


def _good_row(good: Good) -> dict[str, Any]:
    mined = years_of("mine_production", good.mineral)
    mineral = "rare_earths" if good.group == "lace" else good.data_mineral
    counts = {"recalled": 0, "estimate": 0, "rows": 0}
    for name in ("mine_production", "refined_production", "prices", "demand", "import_reliance"):
        frame = read_table(name)
        marks = graded(name)[frame["mineral"].isin({mineral, good.mineral})]
        counts["rows"] += len(marks)
        counts["recalled"] += int((marks == "recalled").sum())
        counts["estimate"] += int((marks == "estimate").sum())
    refined = [] if good.stage == "mine" else years_of("refined_production", mineral)
    return {
        "good": good.name, "title": good.title, "stage": good.stage, "unit": good.unit, "base_years": mined,
        "refined_years": refined, "price_years": years_of("prices", mineral), **counts,
    }  # fmt: skip


def table_rows() -> list[dict[str, Any]]:
    """Return one row per table: number of rows by grade."""
    records = []
    for name in (*FACT_TABLES, *OWN_TABLES):
        marks = graded(name)
        records.append(
            {"table": f"{name}.csv", "rows": len(marks), **{g: int((marks == g).sum()) for g in GRADES}}
        )
    return records


def source_rows() -> list[dict[str, Any]]:
    """Return the named sources of the copied tables with the number of rows each stands for, most used first."""
    named = pd.concat([read_table(name)["source"] for name in FACT_TABLES[:-3]]).value_counts()
    return [{"source": str(source), "rows": int(count)} for source, count in named.items()]


def parameter_rows() -> list[dict[str, Any]]:
    """Return every parameter with default, limits, unit and source."""
    return [vars(parameter) for parameter in PARAMETERS.values()]


def data_record() -> dict[str, Any]:
    """Return everything the command shows, JSON values only."""
    return {
        "data_hash": data_hash(), "credits": list(CREDITS), "goods": good_rows(), "tables": table_rows(),
        "sources": source_rows(), "parameters": parameter_rows(),
    }  # fmt: skip


def data_lines(parameters: bool = False) -> list[str]:
    """Return the report as lines of text; with `parameters` the list of parameters instead."""
    if parameters:
        rows = parameter_rows()
        width = max(len(row["name"]) for row in rows)
        return [
            f"{row['name']:<{width}}  {row['default']:g} {row['unit']} ({row['low']:g} to {row['high']:g})  "
            f"{row['what']} [{row['source']}]"
            for row in rows
        ]
    return [
        *_good_lines(),
        "",
        *_table_lines(),
        "",
        *_source_lines(),
        "",
        "Credits",
        *(f"  {c}" for c in CREDITS),
    ]


def _good_lines() -> list[str]:
    lines = ["Goods: unit, base years with mine production, rows behind the mineral (recalled, estimated)"]
    for row in good_rows():
        span = year_ranges(row["base_years"])
        weak = f"{row['rows']} rows ({row['recalled']} recalled, {row['estimate']} estimated)"
        lines.append(f"  {row['good']:<24} {row['unit']:<26} {span}  {weak}")
    return lines


def _table_lines() -> list[str]:
    head = f"  {'table':<28} {'rows':>5} " + " ".join(f"{g:>9}" for g in GRADES)
    body = [
        f"  {row['table']:<28} {row['rows']:>5} " + " ".join(f"{row[g]:>9}" for g in GRADES)
        for row in table_rows()
    ]
    note = "  recalled: from memory of the named publication; estimate: made for this model, the row says how"
    return ["Tables: rows by how far they can be trusted", head, *body, note]


def _source_lines() -> list[str]:
    shown = [row for row in source_rows() if row["source"] != "estimate"][:12]
    return [
        "Sources most used (all: model/data/SOURCES.md)",
        *(f"  {r['rows']:>5}  {r['source']}" for r in shown),
    ]
