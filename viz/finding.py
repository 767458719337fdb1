"""What happened in a run, in a few sentences: shares, price gaps, prices, shortfalls, smuggling."""

from typing import NamedTuple

import pandas as pd

from viz.country import country_name
from viz.drawing import percent, short_number
from viz.figure import GoodTable

_LEAST_CHANGE = 0.03
_LEAST_GAP = 1.2
_LEAST_FALL = 0.1
_LEAST_SMUGGLED = 0.01


class Finding(NamedTuple):
    """One sentence about a good; `size` orders it among its kind."""

    size: float
    good: str
    text: str


def findings(goods: list[GoodTable], headline: list[str]) -> list[Finding]:
    """Return up to eight findings: the largest changes of share, gaps, shortfalls, and what was smuggled."""
    told = [data for data in goods if data.good in headline] or goods
    return [
        *_largest([_share(data) for data in told], 3),
        *_largest([_gap(data) for data in goods], 2),
        *_largest([_shortfall(data) for data in goods], 1),
        *_largest([_smuggled(data) for data in goods], 2),
    ]


def _largest(found: list[Finding | None], count: int) -> list[Finding]:
    known = [finding for finding in found if finding is not None]
    return sorted(known, key=lambda finding: (-finding.size, finding.good))[:count]


def _share(data: GoodTable) -> Finding | None:
    """Return the change of the share that changes most from the base year to the end."""
    last = data.wide["production_share"].iloc[-1].fillna(0.0)
    countries = {*data.base_shares, *(str(code) for code in last.index)} - {"OTH"}
    change = {code: float(last.get(code, 0.0)) - data.base_shares.get(code, 0.0) for code in countries}
    if not change:
        return None
    code = max(sorted(change), key=lambda country: abs(change[country]))
    if abs(change[code]) < _LEAST_CHANGE:
        return None
    verb = "falls" if change[code] < 0.0 else "rises"
    first, end = data.base_shares.get(code, 0.0), float(last.get(code, 0.0))
    text = (
        f"the share of {country_name(code)} in output {verb} from {percent(first)} in {data.base_label} "
        f"to {percent(end)} in {data.wide['production_share'].index[-1]}."
    )
    return Finding(abs(change[code]), data.good, text)


def _gap(data: GoodTable) -> Finding | None:
    gap = gaps(data)
    if not gap.max() >= _LEAST_GAP:
        return None
    text = (
        f"the price outside {country_name(data.restricting)} is {gap.max():.2g} times that inside "
        f"in {gap.idxmax()}, and {gap.iloc[-1]:.2g} times in {gap.index[-1]}."
    )
    return Finding(float(gap.max()), data.good, text)


def gaps(data: GoodTable) -> pd.Series:
    """Return the known price gaps by quarter; none where no large producer restricts exports."""
    known = data.wide["price_gap_index"][data.restricting].dropna()
    return known if data.is_restricted else known.iloc[:0]


def _shortfall(data: GoodTable) -> Finding | None:
    """Return the deepest fall of the world's output from one quarter to the next: an outage, a ban, a closure."""
    made = data.wide["production_t"]["WLD"]
    ratio = (made / made.shift().where(made.shift() > 0.0)).dropna()
    if ratio.empty or ratio.min() > 1.0 - _LEAST_FALL:
        return None
    text = f"the world's output falls by {percent(1.0 - float(ratio.min()))} within a quarter, in {ratio.idxmin()}."
    return Finding(1.0 - float(ratio.min()), data.good, text)


def _smuggled(data: GoodTable) -> Finding | None:
    tonnes = smuggled_t(data)
    made = float(data.wide["production_t"]["WLD"].sum())
    if not made > 0.0 or tonnes < _LEAST_SMUGGLED * made:
        return None
    part = percent(tonnes / made)
    text = f"{short_number(tonnes)} t are smuggled around restrictions over the run, {part} of output."
    return Finding(tonnes / made, data.good, text)


def smuggled_t(data: GoodTable) -> float:
    """Return the tonnes that left a country around its restrictions over the run."""
    return float(data.wide["leakage_t"]["WLD"].sum()) if "leakage_t" in data.wide else 0.0
