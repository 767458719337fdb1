"""Pictures of a study: fans, intervals, bars, maps. Table in, figure out, plain SVG."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from viz.drawing import path, short_number
from viz.figure import Figure

#: Colours of policies, told apart by colour-blind readers (Okabe and Ito 2008, Tol 2021).
COLOURS = (
    "#7b8794",
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#882255",
    "#999933",
    "#6f6fc4",
)


@dataclass(frozen=True)
class _Layout:
    """Where rows of a picture lie: left of the plot, its width, right of it, height of a row; `above`: words over."""

    name: str
    left: int
    width: int
    right: int
    row: int
    above: bool
    letters: int

    def y(self, place: int) -> int:
        """Return the middle of a row's bar."""
        return place * self.row + (30 if self.above else 16)


_WIDE = _Layout("wide", 210, 380, 76, 26, False, 30)
_NARROW = _Layout("narrow", 22, 238, 70, 40, True, 46)
_GRID = 5
#: Policies named at the end of their lines, and letters that fit there.
LABELLED, _LETTERS = 8, 15


def colours_of(labels: Sequence[str]) -> dict[str, str]:
    """Return a colour for each policy, in order."""
    return {label: COLOURS[place % len(COLOURS)] for place, label in enumerate(labels)}


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return round numbers that span a range."""
    if not high > low:
        high, low = low + abs(low) * 0.01 + 1e-9, low - abs(low) * 0.01 - 1e-9
    raw = (high - low) / count
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(part * size for part in (1.0, 2.0, 2.5, 5.0, 10.0) if part * size >= raw * (1.0 - 1e-9))
    first = math.floor(low / step + 1e-9)
    found = [first * step]
    while found[-1] < high - step * 1e-9:
        found.append((first + len(found)) * step)
    return found


def number_words(unit: str) -> Callable[[float], str]:
    """Return how numbers of a unit are written on an axis."""
    if unit == "share":
        return lambda value: f"{100.0 * value:.3g} %"
    return lambda value: f"-{short_number(-value)}" if value < 0.0 else short_number(value)


_UNITS = {"usd_per_t": " usd a t", "usd": " usd", "t": " t", "days": " days"}


def amount_words(unit: str, apart: bool = False) -> Callable[[float], str]:
    """Return how numbers of a unit are written in a sentence; `apart` for differences, whose shares are points."""
    show = number_words(unit)
    if unit == "share" and apart:
        return lambda value: f"{100.0 * value:.2g} points"
    return lambda value: show(value) + _UNITS.get(unit, "")


def fan_figure(bands: Mapping[str, pd.DataFrame], title: str, unit: str, source: str) -> Figure:
    """Return median and 90 % band of a path under each policy, by quarter."""
    labels = list(bands)
    colour = colours_of(labels)
    known = np.concatenate([band.to_numpy(float).ravel() for band in bands.values()])
    known = known[np.isfinite(known)]
    marks = ticks(float(known.min()), float(known.max())) if known.size else [0.0, 1.0]
    quarters = [str(quarter) for quarter in next(iter(bands.values())).index]
    body = "".join(
        _fan(bands, quarters, marks, unit, colour, width, height, name, title)
        for width, height, name in ((660, 300, "wide"), (330, 250, "narrow"))
    )
    table = pd.DataFrame({label: band["median"] for label, band in bands.items()})
    return Figure("time", title, unit, body, source, table, tuple((label, colour[label]) for label in labels))


def _fan(
    bands: Mapping[str, pd.DataFrame], quarters: Sequence[str], marks: Sequence[float], unit: str,
    colour: Mapping[str, str], width: int, height: int, name: str, title: str,
) -> str:  # fmt: skip
    left, right, above, below = 62, 132 if width > 400 else 12, 12, 26
    low, span = marks[0], marks[-1] - marks[0]
    show = number_words(unit)

    def x(place: float) -> float:
        return left + (width - left - right) * place / max(len(quarters) - 1, 1)

    def y(value: float) -> float:
        return height - below - (height - below - above) * (value - low) / span

    parts = [
        f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y(mark):.1f}" y2="{y(mark):.1f}"/>'
        f'<text class="tick" x="{left - 6}" y="{y(mark) + 4:.1f}" text-anchor="end">{show(mark)}</text>'
        for mark in marks
    ]
    every = 2 if width > 400 else 5
    parts += [
        f'<text class="tick" x="{x(i):.1f}" y="{height - 8}" text-anchor="middle">{quarter[:4]}</text>'
        for i, quarter in enumerate(quarters)
        if quarter.endswith("Q1") and (int(quarter[:4]) % every == 0 or len(quarters) <= 12)
    ]
    for label, band in bands.items():
        low_line, high_line = band["low"].to_numpy(float), band["high"].to_numpy(float)
        forth = [(x(i), y(v)) for i, v in enumerate(high_line) if np.isfinite(v)]
        back = [(x(i), y(v)) for i, v in enumerate(low_line) if np.isfinite(v)]
        parts.append(
            f'<path class="fan" fill="{colour[label]}" d="{path([*forth, *reversed(back)], close=True)}"/>'
        )
    for label, band in bands.items():
        points = [(x(i), y(v)) for i, v in enumerate(band["median"].to_numpy(float))]
        parts.append(
            f'<path class="line" stroke="{colour[label]}" d="{path(points)}"><title>{escape(label)}</title></path>'
        )
    if width > 400:
        parts.append(_ends(bands, colour, width - right + 6, y))
    return (
        f'<svg class="plot {name}" viewBox="0 0 {width} {height}" role="img" tabindex="0" '
        f'aria-label="{escape(title, quote=True)}">{"".join(parts)}</svg>'
    )


def _ends(
    bands: Mapping[str, pd.DataFrame], colour: Mapping[str, str], x: float, y: Callable[[float], float]
) -> str:
    """Return the name of each policy where its median ends, pushed apart; too many stay in the legend."""
    known = [(float(path.iloc[-1]), label) for label, band in bands.items()
             if len(path := band["median"].dropna())]  # fmt: skip
    if len(known) > LABELLED:
        return ""
    parts, floor, brief = [], math.inf, brief_labels(list(bands))
    for value, label in sorted(known):
        floor = min(y(value) + 4.0, floor)
        word = label.replace("_", " ")
        short = _cut(brief[label], _LETTERS)
        parts.append(
            f'<text class="end" x="{x}" y="{floor:.1f}"><title>{escape(word)}</title><tspan fill="{colour[label]}">'
            f"&#9632;</tspan> {escape(short)}</text>"
        )
        floor -= 13.0
    return "".join(parts)


def _cut(word: str, letters: int) -> str:
    return word if len(word) <= letters else word[: letters - 1] + "\u2026"


def brief_labels(labels: Sequence[str]) -> dict[str, str]:
    """Return each policy's name without the words that it shares with others: `bloc, members USA+KOR` is `USA+KOR`.

    Names that would be the same stay whole.
    """
    heads = [label.split(", ")[0] for label in labels]
    brief = {}
    for label, head in zip(labels, heads, strict=True):
        parts = label.split(", ")
        alone = len(parts) == 2 and heads.count(head) > 1
        brief[label] = (parts[1].partition(" ")[2] if alone else label).replace("_", " ")
    same = len(set(brief.values())) < len(brief)
    return {label: label.replace("_", " ") for label in labels} if same else brief


def interval_figure(table: pd.DataFrame, title: str, unit: str, source: str) -> Figure:
    """Return a dot and a bar for each row. `table` has label, low, median, high; colours are those of the fans."""
    colour = colours_of(list(table["label"]))
    known = table[["low", "median", "high"]].to_numpy(float)
    marks = ticks(float(np.nanmin(known)), float(np.nanmax(known)))
    show = number_words(unit)

    def rows_in(at: _Layout, x: Callable[[float], float]) -> list[str]:
        rows = []
        for place, row in enumerate(table.itertuples()):
            y, shade = at.y(place), colour[str(row.label)]
            rows.append(
                f"{_row_word(str(row.label), y, at)}"
                f'<line x1="{x(row.low):.1f}" x2="{x(row.high):.1f}" y1="{y}" y2="{y}" stroke="{shade}" '
                f'stroke-width="6" stroke-opacity=".45"/><circle cx="{x(row.median):.1f}" cy="{y}" r="5" '
                f'fill="{shade}"/><text class="tick" x="{at.left + at.width + 8}" y="{y + 4}">{show(row.median)}</text>'
            )
        return rows

    body = _framed(rows_in, marks, show, title)
    listed = table.set_index("label")[["low", "median", "high"]]
    return Figure("interval", title, unit, body, source, listed)


def bar_figure(table: pd.DataFrame, title: str, unit: str, source: str) -> Figure:
    """Return a bar for each row. `table` has label, value and error (NaN where none is known)."""
    ends = [
        *table["value"],
        *(table["value"] + table["error"]).dropna(),
        0.0,
        *(table["value"] - table["error"]).dropna(),
    ]
    marks = ticks(min(ends), max(ends))
    show = number_words("")

    def rows_in(at: _Layout, x: Callable[[float], float]) -> list[str]:
        rows = []
        for place, row in enumerate(table.itertuples()):
            y = at.y(place)
            start, end = sorted((x(0.0), x(row.value)))
            whisker = ""
            if row.error == row.error:
                a, b = x(row.value - row.error), x(row.value + row.error)
                whisker = f'<line x1="{a:.1f}" x2="{b:.1f}" y1="{y}" y2="{y}" stroke="var(--ink)" stroke-width="1.5"/>'
            rows.append(
                f"{_row_word(str(row.label), y, at)}"
                f'<rect x="{start:.1f}" y="{y - 7}" width="{max(end - start, 1.0):.1f}" height="14" fill="#0072b2"/>'
                f'{whisker}<text class="tick" x="{at.left + at.width + 8}" y="{y + 4}">{show(row.value)}</text>'
            )
        return rows

    body = _framed(rows_in, marks, show, title)
    return Figure("scores", title, unit, body, source, table.set_index("label")[["value", "error"]])


def _row_word(label: str, y: int, at: _Layout) -> str:
    place = f'x="{at.left}" y="{y - 12}"' if at.above else f'x="{at.left - 8}" y="{y + 4}" text-anchor="end"'
    short = _cut(label.replace("_", " "), at.letters)
    return f'<text class="end" {place}><title>{escape(label)}</title>{escape(short)}</text>'


def _framed(
    rows_in: Callable[[_Layout, Callable[[float], float]], list[str]],
    marks: Sequence[float],
    show: Callable[[float], str],
    title: str,
) -> str:
    """Return rows in a frame, once for wide screens and once, with the words above the bars, for narrow ones."""
    return "".join(_frame(rows_in, marks, show, title, at) for at in (_WIDE, _NARROW))


def _frame(
    rows_in: Callable[[_Layout, Callable[[float], float]], list[str]],
    marks: Sequence[float],
    show: Callable[[float], str],
    title: str,
    at: _Layout,
) -> str:
    def x(value: float) -> float:
        return at.left + at.width * (value - marks[0]) / (marks[-1] - marks[0])

    rows = rows_in(at, x)
    height = len(rows) * at.row + 30
    grid = "".join(
        f'<line class="grid" x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="4" y2="{height - 24}"/>'
        f'<text class="tick" x="{x(mark):.1f}" y="{height - 8}" text-anchor="middle">{show(mark)}</text>'
        for place, mark in enumerate(marks)
        if not at.above or len(marks) < 5 or place % 2 == 0
    )
    return (
        f'<svg class="plot {at.name}" viewBox="0 0 {at.left + at.width + at.right} {height}" '
        f'role="img" tabindex="0" aria-label="{escape(title, quote=True)}">{grid}{"".join(rows)}</svg>'
    )


def map_figure(table: pd.DataFrame, title: str, unit: str, source: str) -> Figure:
    """Return a map: rows and columns of the table are parts of two factors, shades the values."""
    values = table.to_numpy(float)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    show = number_words(unit)

    def cell(value: float) -> str:
        if value != value:
            return '<td class="none">-</td>'
        part = (value - low) / (high - low) if high > low else 0.5
        name = "shade dark" if part > 0.62 else "shade"
        return f'<td class="{name}" style="--part:{8 + 80 * part:.0f}%">{show(value)}</td>'

    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in table.columns)
    lines = "".join(
        f'<tr><th scope="row">{escape(str(label))}</th>{"".join(cell(value) for value in row)}</tr>'
        for label, row in zip(table.index, values, strict=True)
    )
    corner = f"{table.index.name} \\ {table.columns.name}".replace("_", " ")
    body = (
        '<div class="scroll" tabindex="0"><table class="matrix">'
        f"<thead><tr><th>{escape(corner)}</th>{head}</tr></thead>"
        f"<tbody>{lines}</tbody></table></div>"
    )
    return Figure("map", title, unit, body, source, table)
