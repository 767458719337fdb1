"""The cause ledger for the terminal: a sentence, then a waterfall from the first number to the last."""

import textwrap

from experiments.cause import Explanation, Part

_BAR = 34
_MOST_LABEL = 46
#: Parts smaller than this share of the largest are told together.
_SMALL = 0.005


def describe_explanation(found: Explanation) -> str:
    """Return the explanation as text of at most 110 columns."""
    return "\n".join([*textwrap.wrap(sentence(found), 108), "", *waterfall(found), "", *_foot(found)])


def sentence(found: Explanation) -> str:
    """Return in one sentence what changed and what did most of it."""
    verb = "rises" if found.change > 0.0 else "falls"
    what = f"{found.metric} of {found.good} in {found.country}"
    head = f"{what} {verb} from {show(found.first, found.unit)} ({found.from_label}) to "
    head += f"{show(found.last, found.unit)} ({found.at_label})"
    ranked = sorted(found.parts, key=lambda part: -abs(part.value))
    leading = [part for part in ranked[:2] if abs(part.value) > _SMALL * max(abs(found.change), 1e-300)]
    if not found.change or not leading:
        return f"{what} does not change: {show(found.first, found.unit)}."
    told = " and ".join(f"{_signed(part.value, found.unit)} from {part.label}" for part in leading)
    return f"{head}: {told}."


def waterfall(found: Explanation) -> list[str]:
    """Return one line for each part, the largest first, with a bar where it moves the number from and to."""
    levels, at = [found.first], found.first
    parts = ordered(found)
    for part in parts:
        at += part.value
        levels.append(at)
    low, high = min(*levels, 0.0) if min(levels) < 0.0 else min(levels), max(levels)
    span = (high - low) or 1.0
    lines = [f"{_cut(found.from_label):<{_MOST_LABEL}}{show(found.first, found.unit):>14}"]
    for part, before, after in zip(parts, levels[:-1], levels[1:], strict=True):
        left = round(_BAR * (min(before, after) - low) / span)
        width = max(round(_BAR * abs(part.value) / span), 1)
        bar = " " * left + ("+" if part.value >= 0.0 else "-") * width
        error = f" +- {show(part.error, found.unit)}" if part.error else ""
        lines.append(
            f"  {_cut(part.label, 2):<{_MOST_LABEL - 2}}{_signed(part.value, found.unit):>14}  {bar}{error}"
        )
    return [*lines, f"{_cut(found.at_label):<{_MOST_LABEL}}{show(found.last, found.unit):>14}"]


def ordered(found: Explanation) -> list[Part]:
    """Return the parts, the largest first; those next to nothing together as the last."""
    ranked = sorted(found.parts, key=lambda part: -abs(part.value))
    least = _SMALL * max((abs(part.value) for part in ranked), default=0.0)
    kept = [part for part in ranked if abs(part.value) >= least and part.value]
    rest = [part for part in ranked if part not in kept]
    if len(rest) < 2:  # a single one is named, however small
        return [*kept, *(part for part in rest if part.value)]
    together = Part("rest", f"{len(rest)} others", sum(part.value for part in rest), 0.0)
    return [*kept, together]


def base_year_note(found: Explanation) -> str:
    """Return what must be known where causes were in force in the base year; nothing else."""
    if not found.early:
        return ""
    return (
        f"{found.early} of the causes bear on the base year, which is calibrated with and without them: their parts "
        "say how much the base year hangs on them, not what lifting them would do. To see that, give them an end."
    )


def _foot(found: Explanation) -> list[str]:
    how = (
        _exactly(found.evaluations)
        if found.exact
        else f"from sampled orders ({found.evaluations} sets of causes run); +- one standard error; the sum is exact"
    )
    runs = f"means over {found.runs:,} runs with the same luck" if found.runs > 1 else "one run"
    lines = [
        f"{how}; {runs}.",
        "A part is what its cause adds on average over all orders of switching (Shapley value).",
    ]
    return [*lines, *textwrap.wrap(base_year_note(found), 108)]


def _exactly(sets: int) -> str:
    if sets == 1:
        return "no measure, treaty, shock or event begins, ends or changes in this time"
    return f"exact: every one of the {sets} sets of causes was run"


def show(value: float, unit: str) -> str:
    """Return a number in words of its unit."""
    if unit == "share":
        return f"{100.0 * value:.1f} %"
    if unit == "usd":
        return f"{value / 1e6:,.1f} m usd"
    digits = 0 if abs(value) >= 1000.0 else 1 if abs(value) >= 10.0 else 3
    return f"{value:,.{digits}f}" + {"usd_per_t": " usd/t", "t": " t", "days": " days"}.get(unit, "")


def show_change(value: float, unit: str) -> str:
    """Return a difference in words of its unit: of shares in points."""
    return f"{100.0 * value:.1f} points" if unit == "share" else show(value, unit)


def _signed(value: float, unit: str) -> str:
    return ("+" if value >= 0.0 else "-") + show_change(abs(value), unit)


def _cut(label: str, less: int = 0) -> str:
    most = _MOST_LABEL - less - 1
    return label if len(label) <= most else label[: most - 3] + "..."
