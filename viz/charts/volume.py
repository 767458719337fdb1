"""How much: output, use, recycling and smuggling over time."""

import pandas as pd

from viz.colour import INSIDE, OUTSIDE, PLAIN
from viz.drawing import Plot, axes, both_sizes, end_labels, line, nice_top, short_number
from viz.figure import Figure, GoodTable

_METRICS = {
    "capacity": "capacity_t",
    "output": "production_t",
    "use": "consumption_t",
    "recycled": "recycled_t",
    "smuggled": "leakage_t",
}
_COLOUR = {"capacity": "#8a8a8a", "output": OUTSIDE, "use": INSIDE, "recycled": PLAIN, "smuggled": "#aa4499"}
#: Shown only where there is any.
_SOMETIMES = ("recycled", "smuggled")
_SHORT = {"capacity": "capac.", "recycled": "recyc.", "smuggled": "smug."}
_DASH = {"capacity": "2 3", "output": "", "use": "6 3", "recycled": "", "smuggled": "1 3"}


def draw(data: GoodTable) -> Figure:
    """Return the world's capacity, output, use and recycled output a quarter."""
    known = {word: metric for word, metric in _METRICS.items() if metric in data.wide}
    tonnes = pd.DataFrame({word: data.wide[metric]["WLD"] for word, metric in known.items()})
    absent = [word for word in _SOMETIMES if word in tonnes and not tonnes[word].max() > 0.0]
    tonnes = tonnes.drop(columns=absent)
    top = nice_top(float(tonnes.max().max()))

    def inside(plot: Plot) -> str:
        lines = [line(plot, list(tonnes[word]), _COLOUR[word], _DASH[word]) for word in tonnes]
        ends = [(_SHORT.get(word, word), float(tonnes[word].iloc[-1]), _COLOUR[word]) for word in tonnes]
        return axes(plot, short_number) + "".join(lines) + end_labels(plot, ends)

    title = finding(tonnes)
    legend = tuple((word, _COLOUR[word]) for word in tonnes)
    body = both_sizes(list(tonnes.index), top, inside, title)
    return Figure("volume", title, f"{data.unit} a quarter, world", body, data.source, tonnes, legend)


def finding(tonnes: pd.DataFrame) -> str:
    """Return in a sentence how output moves, against what could be made; columns are the lines of the chart."""
    first, last = float(tonnes["output"].iloc[0]), float(tonnes["output"].iloc[-1])
    used = (
        float(tonnes["output"].iloc[-1] / tonnes["capacity"].iloc[-1])
        if tonnes["capacity"].iloc[-1] > 0
        else 0.0
    )
    change = f"{last / first:.2g} times that of" if first > 0.0 else "up from nothing in"
    smuggled = float(tonnes["smuggled"].sum()) if "smuggled" in tonnes else 0.0
    aside = f"; {smuggled:,.0f} t are smuggled over the run" if smuggled >= 0.5 else ""
    return f"Output in {tonnes.index[-1]} is {change} {tonnes.index[0]}, at {100 * used:.0f} % of capacity{aside}"
