"""What it costs: the price inside the restricting country and the price paid on arrival elsewhere."""

import pandas as pd

from viz.colour import INSIDE, OUTSIDE
from viz.country import country_name
from viz.drawing import Plot, area, axes, both_sizes, end_labels, line, nice_top, short_number
from viz.figure import Figure, GoodTable

_METRICS = {"inside": "inside_price_usd_per_t", "outside": "outside_price_usd_per_t"}
_COLOUR = {"inside": INSIDE, "outside": OUTSIDE}
_DASH = {"inside": "", "outside": "6 3"}
_SAME = 0.1
#: A price this many times above or below both its ends is named.
_BEYOND = 1.3


def draw(data: GoodTable) -> Figure:
    """Return both prices over time, with the band between the outer quantiles for an ensemble."""
    place = data.restricting
    prices = pd.DataFrame({side: data.wide[metric][place] for side, metric in _METRICS.items()})
    top = nice_top(float(max(_largest(prices), _largest(_bounds(data, data.high)))))

    def inside(plot: Plot) -> str:
        bands = [
            area(plot, list(data.low[metric][place]), list(data.high[metric][place]), _COLOUR[side], "fan")
            for side, metric in _METRICS.items()
            if metric in data.low
        ]
        lines = [line(plot, list(prices[side]), _COLOUR[side], _DASH[side]) for side in _METRICS]
        ends = [(side, _last(prices[side]), _COLOUR[side]) for side in _METRICS if prices[side].notna().any()]
        return axes(plot, short_number) + "".join(bands) + "".join(lines) + end_labels(plot, ends)

    name = country_name(place)
    title = finding(prices, name, data.is_restricted)
    inside_word = f"producer price inside {name}" + ("" if data.is_restricted else ", the largest producer")
    legend = (
        (inside_word, INSIDE),
        (f"price paid on arrival outside {name} (dashed)", OUTSIDE),
    )
    unit = "real 2024 US dollars per tonne" + (f"; bands hold 90 % of {data.runs:,} runs" if data.low else "")
    body = both_sizes(list(prices.index), top, inside, title)
    return Figure("price", title, unit, body, data.source, prices, legend)


def _largest(table: pd.DataFrame) -> float:
    value = table.max().max() if table.size else 0.0
    return float(value) if value == value else 0.0


def _bounds(data: GoodTable, side: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return pd.DataFrame(
        {metric: side[metric][data.restricting] for metric in _METRICS.values() if metric in side}
    )


def _last(values: pd.Series) -> float:
    return float(values.dropna().iloc[-1])


def finding(prices: pd.DataFrame, name: str, is_restricted: bool, unit: str = "dollars") -> str:
    """Return in a sentence how the prices `inside` and `outside` a country move; `name` is the country's."""
    if not is_restricted:
        return _level(prices["inside"].dropna(), name, unit)
    gap = (prices["outside"] / prices["inside"].where(prices["inside"] > 0.0)).dropna()
    if gap.empty:
        return f"No price was formed on both sides of {name}'s border"
    peak, last = float(gap.max()), float(gap.iloc[-1])
    if abs(peak - 1.0) < _SAME and abs(last - 1.0) < _SAME:
        return f"Prices outside {name} stay within a tenth of those inside"
    if f"{peak:.2g}" == f"{last:.2g}":
        return f"Outside {name} the price is {last:.2g} times that inside in {gap.index[-1]}, its widest gap"
    widest = f"{peak:.2g} times that inside at its widest ({gap.idxmax()})"
    end = "as high in" if abs(last - 1.0) < _SAME / 2 else f"{last:.2g} times in"
    return f"Outside {name} the price is {widest}, {end} {gap.index[-1]}"


def _level(price: pd.Series, name: str, unit: str) -> str:
    """Return how the price of a good moves that nobody large restricts."""
    if price.empty:
        return f"No price was formed in {name}, the largest producer"
    first, last = float(price.iloc[0]), float(price.iloc[-1])
    span = (
        f"from {short_number(first)} in {price.index[0]} to {short_number(last)} {unit} in {price.index[-1]}"
    )
    between = _between(price)
    same = abs(last - first) < _SAME * first
    move = ("goes" if between else "moves little,") if same else "falls" if last < first else "rises"
    return f"The price in {name}, the largest producer, {move} {span}{between}"


def _between(price: pd.Series) -> str:
    """Return the peak and the trough of a price where they lie far beyond both its ends."""
    ends = float(price.iloc[0]), float(price.iloc[-1])
    found = []
    if float(price.max()) > _BEYOND * max(ends):
        found.append(f"a peak of {short_number(float(price.max()))} in {price.idxmax()}")
    if float(price.min()) * _BEYOND < min(ends):
        found.append(f"a low of {short_number(float(price.min()))} in {price.idxmin()}")
    return f", with {' and '.join(found)}" if found else ""
