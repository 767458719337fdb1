"""Who makes it: production shares over time, stacked. This is the example to copy for a new chart."""

import pandas as pd

from viz.country import country_name
from viz.drawing import Plot, area, axes, both_sizes, end_labels, percent
from viz.figure import Figure, GoodTable

_SHOWN = 8
_OTHERS = "others"


def draw(data: GoodTable) -> Figure:
    """Return the stacked shares of output, base year first."""
    told = _shares(data)
    shares = told.div(told.sum(axis=1).where(lambda total: total > 0.0, 1.0), axis=0)  # fills the drawing
    colours = {**data.colours, _OTHERS: data.colours["OTH"]}

    def inside(plot: Plot) -> str:
        below = pd.Series(0.0, index=shares.index)
        parts, ends = [], []
        for country in shares.columns:
            above = below + shares[country]
            parts.append(area(plot, list(below), list(above), colours[country]))
            if shares[country].iloc[-1] > 0.02:
                ends.append((country, float(below.iloc[-1] + above.iloc[-1]) / 2.0, colours[country]))
            below = above
        return "".join(parts) + axes(plot, percent) + end_labels(plot, ends)

    title = finding(told)
    names = tuple((country_name(code), colours[code]) for code in shares.columns)
    body = both_sizes(list(shares.index), 1.0, inside, title)
    return Figure(
        "production_share",
        title,
        "share of the world's output, recycling apart",
        body,
        data.source,
        told,
        names,
    )


def _shares(data: GoodTable) -> pd.DataFrame:
    """Return base year and quarters by country: the largest ones, the rest as others."""
    run = data.wide["production_share"].fillna(0.0)
    base = pd.DataFrame([data.base_shares], index=[data.base_label])
    both = pd.concat([base, run]).fillna(0.0)
    size = both.max() + both.iloc[-1]
    order = [
        str(country) for country in size.sort_values(ascending=False, kind="stable").index if country != "OTH"
    ]
    largest = [country for country in order[:_SHOWN] if size[country] > 0.005]
    shown = both[largest].copy()
    shown[_OTHERS] = (both.sum(axis=1) - shown.sum(axis=1)).clip(lower=0.0)
    return shown


def finding(shares: pd.DataFrame) -> str:
    """Return in a sentence what becomes of the leader's share; rows are the base year and quarters."""
    leader = str(shares.iloc[0].drop(_OTHERS).idxmax()) if shares.shape[1] > 1 else _OTHERS
    first, last = float(shares[leader].iloc[0]), float(shares[leader].iloc[-1])
    name = country_name(leader)
    span = f"from {percent(first)} in {shares.index[0]} to {percent(last)} in {shares.index[-1]}"
    if abs(last - first) < 0.015:
        return f"{name} keeps {percent(last)} of output ({percent(first)} in {shares.index[0]})"
    return f"{name}'s share of output {'falls' if last < first else 'rises'} {span}"
