"""The pages of a comparison and of an explanation: self-contained HTML in the style of a run's report."""

from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files

import numpy as np

from experiments.cause import Explanation
from experiments.cause_text import base_year_note, ordered, sentence, show, show_change
from experiments.compare import Comparison, Difference
from experiments.compare_text import sentences
from viz.drawing import Plot, area, axes, both_sizes, end_labels, line, nice_top, percent, short_number

_A, _B = "#0072b2", "#d55e00"
#: Parts whose spread is less than this share of the numbers would be slivers on an axis from 0.
_SMALL = 1.0 / 3.0
_UP, _DOWN, _WHOLE = "#009e73", "#d55e00", "#6f6fc4"
_LOW, _HIGH = 0.05, 0.95
_CHARTS = (("outside_price_usd_per_t", "Price paid on arrival outside", "real 2024 US dollars per tonne"),
           ("production_share", "Share of output", "part of the world's output"))  # fmt: skip
_MONEY = ("total", "consumer", "producer", "treasury", "rent", "variety")


def draw_comparison(comparison: Comparison) -> str:
    """Return a comparison as one HTML page."""
    a, b = comparison.a.scenario, comparison.b.scenario
    told = "".join(f"<li>{escape(text)}</li>" for text in sentences(comparison))
    body = (
        f"{_head(f'{b.title} against {a.title}', _facts(comparison))}<main id='main'>"
        f"<section><h2>What differs</h2><ul>{told}</ul></section>"
        f"{_money_table(comparison)}{_good_table(comparison)}"
        f"<section><h2>Good by good</h2><div class='charts'>{_charts(comparison)}</div></section>"
        f"{_everything(comparison)}{_how(comparison)}</main>"
    )
    return _page(f"{b.name} against {a.name}", body)


def draw_explanation(found: Explanation) -> str:
    """Return an explanation as one HTML page: the sentence, the waterfall, its numbers."""
    rows = [
        (
            part.kind,
            part.label,
            show(part.value, found.unit),
            show(part.error, found.unit) if part.error else "",
        )
        for part in found.parts
    ]
    how = "all sets of causes were run" if found.exact else "from sampled orders; the sum is exact"
    facts = {"scenarios run": str(found.evaluations), "how": how, "runs of each": str(found.runs)}
    body = (
        f"{_head(sentence(found), facts)}"
        f"<main id='main'><section><h2>From the first number to the last</h2>"
        f"<figure class='chart'>{draw_waterfall(found)}</figure></section><section><h2>Part by part</h2>"
        f"{_table(('kind', 'cause', 'part', 'standard error'), rows)}"
        f"<p class='source'>{escape(base_year_note(found))}</p></section></main>"
    )
    return _page(f"Why {found.metric} of {found.good} changes", body)


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<title>{escape(title)} - Orebloc</title><link rel="icon" href="data:,">'
        f"<style>{_asset('page.css')}</style></head><body>{body}</body></html>"
    )


@cache
def _asset(name: str) -> str:
    return files("viz").joinpath(name).read_text(encoding="utf-8")


def _head(title: str, facts: dict[str, str]) -> str:
    rows = "".join(
        f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in facts.items()
    )
    return (
        f'<a class="skip" href="#main">Skip to the results</a><header><p class="brand">Orebloc</p>'
        f"<h1>{escape(title)}</h1><dl>{rows}</dl></header>"
    )


def _facts(comparison: Comparison) -> dict[str, str]:
    worst = max(comparison.a.violation, comparison.b.violation)
    return {
        "time": f"{comparison.a.quarters[0]} to {comparison.a.quarters[-1]}",
        "runs": f"{comparison.runs:,} of each, same luck, seed {comparison.a.scenario.seed}",
        "certificate": f"worst violation {worst:.1e}",
    }


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    names = "".join(f'<th scope="col">{escape(word)}</th>' for word in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    table = f'<table class="plain"><thead><tr>{names}</tr></thead><tbody>{lines}</tbody></table>'
    return f'<div class="scroll" tabindex="0">{table}</div>'


def _money_table(comparison: Comparison) -> str:
    rows = []
    for group in comparison.groups:
        found = [_find(comparison, f"welfare_{part}_usd", "all", group, "whole run") for part in _MONEY]
        found.append(_find(comparison, "investment_usd", "all", group, "whole run"))
        rows.append([group, *(_signed_money(row) for row in found)])
    head = ("billion dollars, whole run", *_MONEY, "investment")
    return (
        f"<section><h2>Who gains, who pays</h2>{_table(head, rows)}<p class='source'>Differences of B against A, "
        "summed over the run. The five lines add up to the total; investment in capacity is apart.</p></section>"
    )


def _signed_money(row: Difference | None) -> str:
    if row is None:
        return "-"
    error = "" if row.error is None else f" ± {row.error / 1e9:.2f}"
    return f"{row.mean / 1e9:+.2f}{error}"


def _good_table(comparison: Comparison) -> str:
    bloc = next(iter(comparison.groups))
    rows = []
    for good in comparison.goods:
        place = comparison.a.restrictors[good]
        price = [
            _find(comparison, "outside_price_usd_per_t", good, place, time) for time in ("year 1", "end")
        ]
        share = _find(comparison, "production_share", good, bloc, "end")
        risk = _find(comparison, "supply_at_risk_usd", good, bloc, "end")
        rows.append(
            [good.replace("_", " "), *(_relative(row) for row in price), _points(share),
             "-" if risk is None else f"{risk.mean / 1e6:+,.0f}"]
        )  # fmt: skip
    head = (
        "good",
        "price outside, year 1",
        "price outside, end",
        f"output of {bloc}, end",
        "supply at risk, m usd, end",
    )
    return f"<section><h2>All goods</h2>{_table(head, rows)}</section>"


def _relative(row: Difference | None) -> str:
    if row is None or not row.a:
        return "-"
    return f"{row.relative:+.1%}" + ("" if row.error is None else f" ± {abs(row.error / row.a):.1%}")


def _points(row: Difference | None) -> str:
    if row is None:
        return "-"
    return f"{100 * row.mean:+.1f} pt" + ("" if row.error is None else f" ± {100 * row.error:.1f}")


def _find(comparison: Comparison, metric: str, good: str, group: str, horizon: str) -> Difference | None:
    wanted = (metric, good, group, horizon)
    return next((r for r in comparison.differences if (r.metric, r.good, r.group, r.horizon) == wanted), None)


def _charts(comparison: Comparison) -> str:
    bloc = next(iter(comparison.groups))
    return "".join(
        _chart(
            comparison,
            (metric, good, comparison.a.restrictors[good] if "price" in metric else bloc),
            title,
            unit,
        )
        for good in comparison.goods
        for metric, title, unit in _CHARTS
    )


def _chart(comparison: Comparison, key: tuple[str, str, str], title: str, unit: str) -> str:
    """Return the paths of A and B over time: the mean, and for an ensemble the band that holds 90 % of the runs."""
    metric, good, group = key
    if not all(np.isfinite(path).any() for path in comparison.paths[key]):
        return ""
    bands = [_band(path) for path in comparison.paths[key]]
    top = nice_top(float(max(np.nanmax(high) for _, _, high in bands)))

    def inside(plot: Plot) -> str:
        parts = [axes(plot, percent if metric.endswith("_share") else short_number)]
        if comparison.runs > 1:
            parts += [area(plot, list(low), list(high), colour, "fan")
                      for (low, _, high), colour in zip(bands, (_A, _B), strict=True)]  # fmt: skip
        parts += [line(plot, list(mean), colour, dash)
                  for (_, mean, _), colour, dash in zip(bands, (_A, _B), ("", "6 3"), strict=True)]  # fmt: skip
        ends = [
            (name, float(mean[np.isfinite(mean)][-1]), colour)
            for (_, mean, _), name, colour in zip(bands, ("A", "B"), (_A, _B), strict=True)
        ]
        return "".join(parts) + end_labels(plot, ends)

    words = f"{good.replace('_', ' ')}: {title.lower()} {group}" if "price" in metric else (
        f"{good.replace('_', ' ')}: {title.lower()}, {group}")  # fmt: skip
    plot = both_sizes(comparison.a.quarters, top, inside, words)
    spread = f"; bands hold 90 % of {comparison.runs:,} runs" if comparison.runs > 1 else ""
    names = (comparison.a.scenario.name, comparison.b.scenario.name)
    legend = "".join(
        f'<li><i style="background:{colour}"></i>{letter}: {escape(name)}</li>'
        for letter, name, colour in zip("AB", names, (_A, _B), strict=True)
    )
    return (
        f"<figure class='chart'><h3>{escape(words)}</h3><p class='unit'>{escape(unit + spread)}</p>"
        f"<div class='draw'>{plot}</div><ul class='legend'>{legend}</ul></figure>"
    )


def _band(path: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return low, mean and high [quarters] over the runs, unknown where no run is known."""
    known = np.isfinite(path).any(axis=0)
    found = np.full((3, path.shape[1]), np.nan)
    found[0, known] = np.nanquantile(path[:, known], _LOW, axis=0)
    found[1, known] = np.nanmean(path[:, known], axis=0)
    found[2, known] = np.nanquantile(path[:, known], _HIGH, axis=0)
    return found[0], found[1], found[2]


#: Figures below this are what rounding leaves of nothing.
_NOTHING = 1e-12


def _everything(comparison: Comparison) -> str:
    rows = [
        (row.metric, row.good, row.group, row.horizon, _plain(row.a), _plain(row.b), _plain(row.mean),
         "" if row.error is None else _plain(row.error), _plain(row.low), _plain(row.high), percent(row.sure))
        for row in comparison.differences
    ]  # fmt: skip
    head = (
        "metric",
        "good",
        "group",
        "when",
        "A",
        "B",
        "difference",
        "standard error",
        "5 %",
        "95 %",
        "same sign",
    )
    return (
        f"<section><h2>Every number</h2><details><summary>{len(rows):,} differences</summary>{_table(head, rows)}"
        "</details></section>"
    )


def _plain(value: float) -> str:
    if not value == value:
        return ""
    return f"{value:.4g}" if abs(value) >= _NOTHING else "0"


def _how(comparison: Comparison) -> str:
    groups = "; ".join(
        f"{name}: {', '.join(codes)}" for name, codes in comparison.groups.items() if name != "WLD"
    )
    return (
        "<section><h2>How to read this</h2><p>Run r of A and run r of B meet the same luck, so differences are taken "
        "run by run. The standard error is that of the mean difference; between 5 % and 95 % lie nine runs out of ten. "
        f"Year 1, year 5 and end are means over four quarters, counted from {comparison.differs_from}, when the two "
        "begin to differ; money is summed. Supply at risk is what a year without "
        f"the good's leading exporter would cost.</p><p class='source'>{escape(groups)}</p></section>"
    )


def waterfall_start(found: Explanation) -> float:
    """Return where the axis of a waterfall begins: 0, or near the numbers where all parts are small beside them."""
    levels = [found.first]
    for part in ordered(found):
        levels.append(levels[-1] + part.value)
    low, spread = min(levels), max(levels) - min(levels)
    if low <= 0.0:
        return low
    return low - 0.25 * spread if spread < _SMALL * max(levels) else 0.0


def draw_waterfall(found: Explanation) -> str:
    """Return the waterfall of an explanation as plain SVG: one bar for each part, from the first number to the last."""
    parts = ordered(found)
    levels = [found.first]
    for part in parts:
        levels.append(levels[-1] + part.value)
    low, high = waterfall_start(found), max(0.0, *levels)
    span = (high - low) or 1.0
    row, left, width = 26, 320, 570
    rows: list[tuple[str, float, float, str, str]] = [
        (found.from_label, max(low, 0.0), found.first, _WHOLE, show(found.first, found.unit))
    ]
    for part, before, after in zip(parts, levels[:-1], levels[1:], strict=True):
        sign = "+" if part.value >= 0.0 else "\u2212"
        rows.append(
            (
                part.label,
                before,
                after,
                _UP if part.value >= 0.0 else _DOWN,
                sign + show_change(abs(part.value), found.unit),
            )
        )
    rows.append((found.at_label, max(low, 0.0), found.last, _WHOLE, show(found.last, found.unit)))
    bars = "".join(_bar(k * row, row, left, width, low, span, *cells) for k, cells in enumerate(rows))
    height = row * len(rows) + 4
    return (
        f'<svg class="plot" viewBox="0 0 {left + width + 110} {height}" role="img" '
        f'aria-label="{escape(sentence(found), quote=True)}">{bars}</svg>'
    )


def _bar(y: int, row: int, left: int, width: int, low: float, span: float,
         label: str, before: float, after: float, colour: str, words: str) -> str:  # fmt: skip
    a, b = (left + width * (value - low) / span for value in (before, after))
    start, size = min(a, b), max(abs(b - a), 1.0)
    brief = (
        label if len(label) <= 48 else label.split(" from 2")[0]
    )  # the date stays in the tip and the table
    short = brief if len(brief) <= 48 else brief[:45] + "..."
    return (
        f'<text class="end" x="{left - 8}" y="{y + 17}" text-anchor="end"><title>{escape(label)}</title>'
        f"{escape(short)}</text>"
        f'<rect x="{start:.1f}" y="{y + 5}" width="{size:.1f}" height="{row - 9}" fill="{colour}"/>'
        f'<text class="tick" x="{start + size + 5:.1f}" y="{y + 17}">{escape(words)}</text>'
    )
