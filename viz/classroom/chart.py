"""Charts of a class's game over its rounds, as plain SVG: a table in, a figure out.

Colours stand in attributes and the style sheet gives the rest, so that pages without inline styles can show them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import pandas as pd

from viz.classroom.word import change_word, good_word, price_word, sized
from viz.colour import INSIDE, OUTSIDE, country_colours
from viz.country import country_name
from viz.drawing import Plot, area, axes, end_labels, line, nice_top, percent, short_number
from viz.figure import Figure

#: Countries drawn one by one in a chart of shares; a share below this is put to the others.
_SHOWN, _LEAST = 6, 0.02
_OTHERS = "others"
_SOURCE = "Source: this game."
Point = Mapping[str, Any]


def price_figure(points: Sequence[Point], good: str) -> Figure:
    """Return a good's price outside and inside the leading producer, usd per tonne, at the end of each round.

    `points` are outcomes in order, the opening first; the figure's table has a row each.
    """
    rows = [_price_row(point, good) for point in points]
    table = pd.DataFrame(
        {side: [_number(row.get(side)) for row in rows] for side in ("outside", "inside")},
        index=[point["quarter_to"] for point in points],
    )
    leader = country_name(next((row["leader"] for row in rows if row.get("leader")), ""))
    size, unit = sized(float(table.max().max()))
    plot = _plot(table.index, nice_top(float(table.max().max()) / size))
    parts, ends = [], []
    for side, colour, dash in (("outside", OUTSIDE, "6 3"), ("inside", INSIDE, "")):
        values = [value / size for value in table[side]]
        parts.append(line(plot, values, colour, dash) + _dots(plot, values, colour))
        known = [value for value in values if math.isfinite(value)]
        ends += [(side, known[-1], colour)] if known else []
    title = _price_finding(table["outside"], good, leader)
    body = _svg(plot, title, _frame(plot, short_number) + "".join(parts) + end_labels(plot, ends))
    legend = (
        (f"outside {leader}, on arrival (dashed)", OUTSIDE),
        (f"inside {leader}, at the producer", INSIDE),
    )
    return Figure(f"price-{good}", title, f"{unit}, at the end of each round", body, _SOURCE, table, legend)


def share_figure(points: Sequence[Point], good: str) -> Figure:
    """Return who makes a good: shares of the world's output, stacked, at the end of each round."""
    told = pd.DataFrame(
        [
            {row["country"]: row["share"] for row in point["shares"] if row["good"] == good}
            for point in points
        ],
        index=[point["quarter_to"] for point in points],
    ).fillna(0.0)
    size = told.max().sort_values(ascending=False, kind="stable")
    largest = [code for code in size.index if code != "OTH" and size[code] >= _LEAST][:_SHOWN]
    table = told[largest].copy()
    table[_OTHERS] = (1.0 - table.sum(axis=1)).clip(lower=0.0)
    colours = {**country_colours(list(table.columns[:-1])), _OTHERS: country_colours([])["OTH"]}
    plot = _plot(table.index, 1.0)
    below = pd.Series(0.0, index=table.index)
    parts, ends = [], []
    for name in table.columns:
        above = below + table[name]
        parts.append(area(plot, list(below), list(above), colours[name]))
        if table[name].iloc[-1] >= _LEAST:
            ends.append((_short(name), float(below.iloc[-1] + above.iloc[-1]) / 2.0, colours[name]))
        below = above
    title = _share_finding(table, good)
    body = _svg(plot, title, "".join(parts) + _frame(plot, percent) + end_labels(plot, ends))
    legend = tuple((country_name(code), colours[code]) for code in table.columns)
    return Figure(f"share-{good}", title, "share of the world's output", body, _SOURCE, table, legend)


def _short(code: str) -> str:
    """Return a country's name as far as it fits beside a chart; the legend has it whole."""
    name = country_name(code)
    return {"USA": "US", "EU27": "EU", "GBR": "UK"}.get(
        code, name if len(name) <= 11 else f"{name[:10]}\u2026"
    )


def band_figure(
    name: str, title: str, quarters: Sequence[str], values: Sequence[float],
    bands: Mapping[int, Sequence[float]], is_share: bool,
) -> Figure:  # fmt: skip
    """Return a class's number over its rounds on the bands in which it lay in games of machines.

    `bands` holds by percent of games (5, 25, 50, 75, 95) the number at the end of each round.
    """
    told = {"your class": values, **{f"{point} % of games below": row for point, row in bands.items()}}
    table = pd.DataFrame(told, index=list(quarters))
    largest = float(table.max().max())
    size, unit = (1.0, "share of the world's output") if is_share else sized(largest)
    plot = _plot(list(quarters), 1.0 if is_share and largest > 0.5 else nice_top(largest / size))
    scaled = {point: [value / size for value in row] for point, row in bands.items()}
    own, grey = [value / size for value in values], country_colours([])["OTH"]
    body = "".join([
        area(plot, scaled[5], scaled[95], grey, "band wide-band"),
        area(plot, scaled[25], scaled[75], grey, "band narrow-band"),
        _frame(plot, percent if is_share else short_number, first=1),
        line(plot, scaled[50], grey, "3 3"), line(plot, own, INSIDE), _dots(plot, own, INSIDE),
        end_labels(plot, [("yours", own[-1], INSIDE), ("middle", scaled[50][-1], grey)]),
    ])  # fmt: skip
    legend = (
        ("your class", INSIDE),
        ("90 of 100 games", grey),
        ("50 of 100 games", grey),
        ("middle of the games (dotted)", grey),
    )
    drawn = _svg(plot, title, body)
    return Figure(
        f"against-{name}", title, f"{unit}, at the end of each round", drawn, _SOURCE, table, legend
    )


def _price_row(point: Point, good: str) -> Mapping[str, Any]:
    return next((row for row in point["prices"] if row["good"] == good), {})


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _price_finding(prices: pd.Series, good: str, leader: str) -> str:
    known = prices.dropna()
    if known.empty:
        return f"{good_word(good)}: no price outside {leader} is known"
    first, last = float(known.iloc[0]), float(known.iloc[-1])
    told = f"{good_word(good)} outside {leader}: {price_word(last)}"
    if len(known) < 2 or first <= 0.0:
        return told
    change = change_word(last / first - 1.0)
    return f"{told}, {change} {'that of' if last >= 2.0 * first else 'since'} {known.index[0]}"


def _share_finding(shares: pd.DataFrame, good: str) -> str:
    leader = str(shares.iloc[0].drop(_OTHERS).idxmax()) if shares.shape[1] > 1 else _OTHERS
    first, last = float(shares[leader].iloc[0]), float(shares[leader].iloc[-1])
    name = country_name(leader) if leader != _OTHERS else "others"
    if abs(last - first) < 0.005:
        return f"{good_word(good)}: {name} keeps {percent(last)}"
    return f"{good_word(good)}: {name} {'rises' if last > first else 'falls'} from {percent(first)} to {percent(last)}"


def _plot(labels: Sequence[str], top: float) -> Plot:
    return Plot(340, 210, 44, 62, tuple(labels), top)


def _frame(plot: Plot, show: Callable[[float], str], first: int = 0) -> str:
    """Return grid, quarters below as many as fit, and a mark for each round, which a page shows for the chosen one.

    `first` is the round of the first point, 0 for the opening, which has no mark.
    """
    count = len(plot.labels)
    every = max(math.ceil(count / 4), 1)
    quarters = "".join(
        f'<text class="tick" x="{plot.x(n):.1f}" y="{plot.height - 8}" text-anchor="middle">{escape(text)}</text>'
        for n, text in enumerate(plot.labels)
        if n % every == 0 or n == count - 1 and n % every > every / 2
    )
    marks = "".join(
        f'<line class="mark" data-round="{n + first}" x1="{plot.x(n):.1f}" x2="{plot.x(n):.1f}" y1="{plot.above}" '
        f'y2="{plot.height - plot.below}"/>'
        for n in range(0 if first else 1, count)
    )
    return axes(replace(plot, labels=()), show, 2) + quarters + marks


def _dots(plot: Plot, values: Sequence[float], colour: str) -> str:
    return "".join(
        f'<circle fill="{colour}" cx="{plot.x(n):.1f}" cy="{plot.y(value):.1f}" r="3"/>'
        for n, value in enumerate(values)
        if math.isfinite(value)
    )


def _svg(plot: Plot, describe: str, inside: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {plot.width} {plot.height}" role="img" '
        f'aria-label="{escape(describe, quote=True)}">{inside}</svg>'
    )
