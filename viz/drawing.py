"""Plain SVG: scales, axes, areas and lines. A plot is drawn twice, for wide and for narrow screens."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]
#: Ends of axes that four intervals cut into round numbers.
_STEPS = (1.0, 2.0, 4.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True)
class Plot:
    """The size and axes of a plot. `count` positions on the x axis, y from 0 to `top`."""

    width: int
    height: int
    left: int
    right: int
    labels: tuple[str, ...]
    top: float
    above: int = 12
    below: int = 26

    def x(self, position: float) -> float:
        """Return the pixel of a position on the x axis."""
        span = max(len(self.labels) - 1, 1)
        return self.left + (self.width - self.left - self.right) * position / span

    def y(self, value: float) -> float:
        """Return the pixel of a value."""
        return self.height - self.below - (self.height - self.below - self.above) * value / self.top


def nice_top(largest: float) -> float:
    """Return a round number not below the largest value, for the end of an axis."""
    if not largest > 0.0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(largest))
    return next(step * size for step in _STEPS if step * size >= largest * (1.0 - 1e-9))


def both_sizes(labels: Sequence[str], top: float, draw: Callable[[Plot], str], describe: str) -> str:
    """Return the plot at two sizes; the style sheet shows the one that fits."""
    wide = Plot(660, 300, 56, 68, tuple(labels), top)
    narrow = Plot(330, 250, 44, 62, tuple(labels), top)
    return "".join(
        _svg(plot, draw(plot), describe, name) for plot, name in ((wide, "wide"), (narrow, "narrow"))
    )


def _svg(plot: Plot, inside: str, describe: str, name: str) -> str:
    return (
        f'<svg class="plot {name}" viewBox="0 0 {plot.width} {plot.height}" role="img" tabindex="0" '
        f'aria-label="{escape(describe, quote=True)}" data-left="{plot.left}" '
        f'data-right="{plot.width - plot.right}" data-count="{len(plot.labels)}">'
        f'{inside}<line class="cross" y1="{plot.above}" y2="{plot.height - plot.below}"/></svg>'
    )


def axes(plot: Plot, show: Callable[[float], str], marks: int = 4) -> str:
    """Return grid lines with values on the left and years below."""
    parts = []
    for step in range(marks + 1):
        value = plot.top * step / marks
        y = plot.y(value)
        parts.append(
            f'<line class="grid" x1="{plot.left}" x2="{plot.width - plot.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(
            f'<text class="tick" x="{plot.left - 6}" y="{y + 4:.1f}" text-anchor="end">{show(value)}</text>'
        )
    for position, year in _years(plot):
        x = plot.x(position)
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{plot.height - 8}" text-anchor="middle">{year}</text>'
        )
    return "".join(parts)


def _years(plot: Plot) -> list[tuple[int, str]]:
    """Return the positions of years that fit on the axis: round ones where there are many."""
    firsts = [(i, text[:4]) for i, text in enumerate(plot.labels) if text.endswith("Q1") or len(text) == 4]
    if not firsts:
        firsts = [(0, plot.labels[0][:4])] if plot.labels else []
    fit = max((plot.width - plot.left - plot.right) // 50, 2)
    for every in (1, 2, 5, 10, 20):
        chosen = [(i, year) for i, year in firsts if every == 1 or int(year) % every == 0]
        if len(chosen) <= fit and chosen:
            return chosen
    return firsts[:1]


def path(points: Sequence[Point], close: bool = False) -> str:
    """Return the path through points, to one decimal; unknown values interrupt it."""
    words, pen = [], "M"
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            pen = "M"
            continue
        words.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
    return "".join(words) + ("Z" if close and words else "")


def area(plot: Plot, low: Sequence[float], high: Sequence[float], colour: str, name: str = "band") -> str:
    """Return the area between two lines of values."""
    forth = [(plot.x(i), plot.y(value)) for i, value in enumerate(high) if math.isfinite(value)]
    back = [(plot.x(i), plot.y(value)) for i, value in enumerate(low) if math.isfinite(value)]
    return f'<path class="{name}" fill="{colour}" d="{path([*forth, *reversed(back)], close=True)}"/>'


def line(plot: Plot, values: Sequence[float], colour: str, dash: str = "") -> str:
    """Return a line through values."""
    points = [(plot.x(i), plot.y(value)) for i, value in enumerate(values)]
    style = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path class="line" stroke="{colour}"{style} d="{path(points)}"/>'


def end_labels(plot: Plot, ends: Sequence[tuple[str, float, str]]) -> str:
    """Return words at the right end of lines or areas, pushed apart where they would overlap.

    `ends` holds (word, value, colour).
    """
    placed: list[tuple[float, str, str]] = []
    floor = plot.height - plot.below + 4.0
    for word, value, colour in sorted(ends, key=lambda end: end[1]):
        floor = min(plot.y(value) + 4.0, floor)
        placed.append((floor, word, colour))
        floor -= 13.0
    ceiling = plot.above + 4.0
    for position in reversed(range(len(placed))):  # what would leave the drawing at the top moves down again
        y, word, colour = placed[position]
        placed[position] = (max(y, ceiling), word, colour)
        ceiling = placed[position][0] + 13.0
    x = plot.width - plot.right + 6
    return "".join(
        f'<text class="end" x="{x}" y="{y:.1f}"><tspan fill="{colour}">&#9632;</tspan> {escape(word)}</text>'
        for y, word, colour in placed
    )


#: How a minus is written.
MINUS = "\u2212"


def short_number(value: float) -> str:
    """Return a number in at most five characters or so: 0.4, 12, 3.5k, 2M."""
    for size, letter in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}".replace("-", MINUS)
    return f"{value:.3g}".replace("-", MINUS)


def percent(value: float) -> str:
    """Return a share as a whole percentage."""
    return f"{100.0 * value:.0f} %".replace("-", MINUS)
