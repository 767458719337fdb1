"""How concentrated output is: the Herfindahl-Hirschman index over time."""

import pandas as pd

from viz.colour import PLAIN
from viz.drawing import Plot, area, axes, both_sizes, end_labels, line, nice_top
from viz.figure import Figure, GoodTable

#: Above this a market counts as highly concentrated (US Merger Guidelines 2023, section 2.1).
HIGH = 1800.0


def draw(data: GoodTable) -> Figure:
    """Return the index, base year first, with the line above which concentration counts as high."""
    run = data.wide["hhi_index"]["WLD"]
    base = sum(share * share for share in data.base_shares.values()) * 1e4
    index = pd.concat([pd.Series({data.base_label: base}), run]).rename("hhi").to_frame()
    top = nice_top(max(float(index["hhi"].max()), 2.0 * HIGH))

    def inside(plot: Plot) -> str:
        fan = ""
        if "hhi_index" in data.low:
            low, high = ([base, *side["hhi_index"]["WLD"]] for side in (data.low, data.high))
            fan = area(plot, low, high, PLAIN, "fan")
        y, right = plot.y(HIGH), plot.width - plot.right
        limit = f'<line class="limit" x1="{plot.left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        known = index["hhi"].dropna()
        ends = [("HHI", float(known.iloc[-1]), PLAIN)] if len(known) else []
        return (
            axes(plot, lambda value: f"{value:,.0f}")
            + fan
            + limit
            + line(plot, list(index["hhi"]), PLAIN)
            + end_labels(plot, ends)
        )

    title = _finding(index["hhi"])
    body = both_sizes(list(index.index), top, inside, title)
    source = data.source + "; dashed: 1,800, highly concentrated by the US Merger Guidelines 2023"
    unit = "Herfindahl-Hirschman index of output by country, 0 to 10,000"
    return Figure("concentration", title, unit, body, source, index)


def _finding(index: pd.Series) -> str:
    known = index.dropna()
    if known.empty:
        return "Nothing is made, so there is no concentration"
    first, last = float(known.iloc[0]), float(known.iloc[-1])
    move = "stays near" if abs(last - first) < 0.05 * first else "falls to" if last < first else "rises to"
    level = "highly concentrated" if last > HIGH else "below the mark of high concentration"
    return f"Concentration {move} {last:,.0f} ({first:,.0f} in {known.index[0]}): {level}"
