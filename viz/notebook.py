"""A figure as HTML that stands by itself among others' HTML: what a notebook shows."""

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viz.figure import Figure

#: Only what is inside `.orebloc-figure` is touched; colours follow the notebook's own light or dark.
_STYLE = """
.orebloc-figure { max-width: 720px; margin: 8px 0; font: 14px/1.45 system-ui, sans-serif; }
.orebloc-figure .title { font-weight: 600; font-size: 16px; }
.orebloc-figure .plot { display: block; width: 100%; height: auto; }
.orebloc-figure .plot.narrow { display: none; }
.orebloc-figure .cross { visibility: hidden; }
.orebloc-figure .unit, .orebloc-figure .source { font-size: 12px; opacity: .75; }
.orebloc-figure .grid { stroke: currentColor; stroke-opacity: .16; }
.orebloc-figure .limit { stroke: currentColor; stroke-dasharray: 3 3; }
.orebloc-figure .tick, .orebloc-figure .end { font-size: 11.5px; fill: currentColor; }
.orebloc-figure .tick { opacity: .75; }
.orebloc-figure .line { fill: none; stroke-width: 2; }
.orebloc-figure .fan { opacity: .2; }
.orebloc-figure .names span { margin-right: 14px; font-size: 12px; white-space: nowrap; }
.orebloc-figure .scroll { overflow-x: auto; }
.orebloc-figure i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 5px; }
.orebloc-figure .shade { background: color-mix(in srgb, #0072b2 calc(var(--part) * .45), transparent); }
"""


def figure_html(figure: "Figure") -> str:
    """Return title, unit, drawing, names of colours, source, and the numbers to unfold."""
    names = "".join(
        f'<span><i style="background:{colour}"></i>{escape(word)}</span>' for word, colour in figure.legend
    )
    table = figure.table.to_html(border=0, float_format=lambda value: f"{value:.4g}", na_rep="")
    return (
        f'<div class="orebloc-figure"><style>{_STYLE}</style><div class="title">{escape(figure.title)}</div>'
        f'<div class="unit">{escape(figure.unit)}</div>{figure.body}<div class="names">{names}</div>'
        f'<div class="source">{escape(figure.source)}</div><details><summary>Numbers</summary>'
        f'<div class="scroll">{table}</div></details></div>'
    )
