"""Reading the base data that ships with the product. The only place in `model` that opens its CSV files."""

import functools
import hashlib
import re
from importlib.resources import files

import pandas as pd

from model.name import EU_MEMBERS

#: Tables copied as facts from the named publications; `source` and `note` say where each row is from.
FACT_TABLES = (
    "mine_production", "mine_production_world", "refined_production", "refined_capacity", "supply_projection",
    "prices", "demand", "demand_growth", "import_reliance", "net_import_reliance", "reserves", "elasticities",
    "technology", "policy_timeline",
)  # fmt: skip
#: Tables of our own: choices and estimates, each row with source and tag.
OWN_TABLES = (
    "goods", "price_form", "payable", "yields", "secondary", "secondary_split", "deposit_split", "transport",
    "base_gap", "eu_share", "plant_cost", "capacity_use", "entrants", "hosts", "firms", "projects", "stock_days",
    "capex", "supplier_share", "events", "high_risk",
)  # fmt: skip
#: How far a figure can be trusted, best first; the first words of a row's note, tag or source say it.
GRADES = ("re-read", "secondary", "derived", "recalled", "estimate")


@functools.cache
def read_table(name: str) -> pd.DataFrame:
    """Return a data table as read; shared, so callers must not write to it."""
    with files("model").joinpath("data", f"{name}.csv").open("rb") as stream:
        return pd.read_csv(stream, keep_default_na=False, na_values=[""])


@functools.cache
def data_hash() -> str:
    """Return a hash of all base data and shipped treaties, 16 hexadecimal digits, for manifests and logs."""
    digest = hashlib.sha256()
    for name in (*FACT_TABLES, *OWN_TABLES):
        digest.update(name.encode())
        digest.update(files("model").joinpath("data", f"{name}.csv").read_bytes())
    for path in sorted(files("model").joinpath("data", "treaties").iterdir(), key=lambda path: path.name):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def _records(name: str) -> list[dict]:
    return read_table(name).to_dict("records")


@functools.cache
def _matching(name: str, equal: tuple[tuple[str, object], ...]) -> list[dict]:
    return [row for row in _records(name) if all(row[column] == value for column, value in equal)]


def rows(name: str, /, **equal: object) -> list[dict]:
    """Return the rows of a table whose columns equal the given values, as dictionaries; read only."""
    return _matching(name, tuple(equal.items()))


def years_of(table: str, mineral: str) -> list[int]:
    """Return the years for which a table has rows of a mineral, ascending."""
    frame = read_table(table)
    return sorted(int(year) for year in frame.loc[frame["mineral"] == mineral, "year"].unique())


def year_ranges(years: list[int]) -> str:
    """Return years as ranges without the holes: `2008-2014, 2019-2025`."""
    starts = [y for y in years if y - 1 not in years]
    ends = [y for y in years if y + 1 not in years]
    return ", ".join(f"{a}-{b}" if a != b else f"{a}" for a, b in zip(starts, ends, strict=True))


def nearest_year(years: list[int], year: int) -> int:
    """Return the year nearest to `year`; of two equally near, the later."""
    return min(years, key=lambda other: (abs(other - year), -other))


def merged(country: str, eu_members: bool) -> str:
    """Return the code a country is carried under: members of the EU are `EU27` unless they stand apart."""
    return "EU27" if country in EU_MEMBERS and not eu_members else country


def grade(text: str) -> str:
    """Return the grade that a note, tag or source claims for its row."""
    low = text.lower()
    if re.match(r"estimate|.*\[judgement\]", low):
        return "estimate"
    if low.startswith("recalled") or "[recalled]" in low:
        return "recalled"
    if low.startswith(("derived", "residual", "sum of", "wmd")) or "[derived]" in low:
        return "derived"
    if low.startswith("re-read") and "secondary" in low:
        return "secondary"
    return "re-read"


@functools.cache
def graded(name: str) -> "pd.Series[str]":
    """Return the grade of every row of a table."""
    table = read_table(name)
    column = next(c for c in ("tag", "note", "source") if c in table.columns)
    return table[column].fillna("").astype(str).map(grade)


def cite(name: str, row: dict) -> str:
    """Return where a row of our own tables is from: file, source and tag."""
    return f"{name}.csv: {row['source']} [{row['tag']}]"
