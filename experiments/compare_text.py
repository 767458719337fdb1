"""A comparison in words and in a table for the terminal: what matters first."""

from experiments.compare import Comparison, Difference
from experiments.difference import differences
from experiments.outcome import ALL_GOODS, WORLD
from model.scenario import Scenario

#: A difference is told where it is at least this many standard errors, ...
_CLEAR = 2.0
#: ... and this large: prices relative, shares in points.
_LEAST = {"usd_per_t": 0.01, "share": 0.005}
_MOST_LINES = 8
_MOST_CHANGES = 3
_WIDTH = 108


def describe_comparison(comparison: Comparison) -> str:
    """Return the comparison as text of at most 110 columns."""
    a, b, runs = comparison.a.scenario, comparison.b.scenario, comparison.runs
    changed = " (changed)" if a.name == b.name else ""
    lines = [
        f"{b.name}{changed} against {a.name}: {comparison.a.quarters[0]} to {comparison.a.quarters[-1]}, "
        f"{runs:,} run{'' if runs == 1 else 's'} each, same luck (seed {a.seed})",
        *(_wrapped(f"changed: {_changes(a, b)}") if changed else ()),
        *(
            [f"They begin to differ in {comparison.differs_from}; years are counted from there."]
            * (comparison.begin > 0)
        ),
        "",
        *[part for text in sentences(comparison) for part in _wrapped(text)],
        "",
        *_table(comparison),
        "",
        *_money(comparison),
        "",
        *_legend(comparison),
    ]
    return "\n".join(lines)


def _changes(a: Scenario, b: Scenario) -> str:
    """Return what a changed scenario differs in, the first few."""
    labels = [cause.label.removeprefix("changed: ") for cause in differences(a, b)]
    return "; ".join(labels[:_MOST_CHANGES]) + (" ..." if len(labels) > _MOST_CHANGES else "")


def sentences(comparison: Comparison) -> list[str]:
    """Return what differs most, in words: prices and shares, then what it costs early and what it leaves."""
    told = [row for row in comparison.differences if row.horizon in _told(comparison) and _is_clear(row)]
    prices = _largest([row for row in told if row.metric == "outside_price_usd_per_t"], by_share=False)
    shares = _largest(
        [row for row in told if row.metric == "production_share" and row.group != "others"], by_share=True
    )
    found = [_price(row) for row in prices[:4]] + [_share(row) for row in shares[:4]]
    if not found:
        found = ["No headline price or share differs clearly."]
    return [*found[:_MOST_LINES], *_cost_and_resilience(comparison)]


def _told(comparison: Comparison) -> list[str]:
    return [
        name for name in ("year 1", "year 5", "end") if any(r.horizon == name for r in comparison.differences)
    ]


def _is_clear(row: Difference) -> bool:
    """Tell whether a difference stands out from chance and is large enough to tell."""
    size = abs(row.mean) if row.unit == "share" else abs(row.relative)
    if not size >= _LEAST.get(row.unit, 0.01):
        return False
    return row.error is None or abs(row.mean) >= _CLEAR * row.error


def _largest(rows: list[Difference], *, by_share: bool) -> list[Difference]:
    """Return the largest difference of each good, the largest good first."""
    best: dict[str, Difference] = {}
    for row in rows:
        size = abs(row.mean) if by_share else abs(row.relative)
        held = best.get(row.good)
        if held is None or size > (abs(held.mean) if by_share else abs(held.relative)):
            best[row.good] = row
    return sorted(best.values(), key=lambda r: -(abs(r.mean) if by_share else abs(r.relative)))


def _price(row: Difference) -> str:
    verb = "rises" if row.mean > 0.0 else "falls"
    return (
        f"{_name(row.good)}: the price outside {row.group} {verb} by {abs(row.relative):.1%} in {_when(row)} "
        f"({row.a:,.0f} to {row.b:,.0f} usd/t){_sure(row)}."
    )


def _share(row: Difference) -> str:
    verb = "gains" if row.mean > 0.0 else "loses"
    return (
        f"{_name(row.good)}: {_group(row.group)} {verb} {100 * abs(row.mean):.1f} points of output in {_when(row)} "
        f"({row.a:.1%} to {row.b:.1%}){_sure(row)}."
    )


def _sure(row: Difference) -> str:
    return "" if row.error is None else f"; same sign in {row.sure:.0%} of runs"


def _when(row: Difference) -> str:
    return "the last year" if row.horizon == "end" else row.horizon


def _group(name: str) -> str:
    return {"bloc": "the bloc", "others": "the rest", "large buyers": "the group of large buyers"}.get(
        name, name
    )


def _name(good: str) -> str:
    return good.replace("_", " ")


def _cost_and_resilience(comparison: Comparison) -> list[str]:
    """Return the short-run cost to each group against what a year's stop would cost at the end."""
    lines = []
    for group in comparison.groups:
        if group in (WORLD, "others"):
            continue
        early = _row(comparison, "welfare_total_usd", ALL_GOODS, group, "first two years")
        later = [_row(comparison, "supply_at_risk_usd", good, group, "end") for good in comparison.goods]
        at_risk = sum(row.mean for row in later if row)
        if early is None:
            continue
        verb = "gains" if early.mean > 0.0 else "loses"
        money = (
            f"{verb} {_usd(abs(early.mean))}"
            if _usd(abs(early.mean)) != _usd(0.0)
            else "neither gains nor loses"
        )
        side = "less" if at_risk < 0.0 else "more"
        risk = f"{_usd(abs(at_risk))} {side}" if _usd(abs(at_risk)) != _usd(0.0) else "as much as before"
        lines.append(
            f"{_group(group)[:1].upper()}{_group(group)[1:]} {money} in the first two years; at the end a year "
            f"without each good's leading exporter would cost it {risk}."
        )
    return lines


def _row(comparison: Comparison, metric: str, good: str, group: str, horizon: str) -> Difference | None:
    wanted = (metric, good, group, horizon)
    return next((r for r in comparison.differences if (r.metric, r.good, r.group, r.horizon) == wanted), None)


def _table(comparison: Comparison) -> list[str]:
    """Return by good: price outside and the leading group's share, differences at the horizons."""
    times = _told(comparison)
    head = "".join(f"{'price ' + time:>16}" for time in times) + "".join(
        f"{'share ' + time:>13}" for time in times
    )
    lines = [f"{'good':<22}{head}"[: _WIDTH + 2].rstrip()]
    bloc = next(iter(comparison.groups))
    for good in comparison.goods:
        prices = [_of(comparison, "outside_price_usd_per_t", good, time) for time in times]
        shares = [_row(comparison, "production_share", good, bloc, time) for time in times]
        cells = "".join(f"{_relative(row):>16}" for row in prices) + "".join(
            f"{_points(r):>13}" for r in shares
        )
        lines.append(f"{good:<22}{cells}")
    return lines


def _of(comparison: Comparison, metric: str, good: str, horizon: str) -> Difference | None:
    found = [r for r in comparison.differences if (r.metric, r.good, r.horizon) == (metric, good, horizon)]
    return found[0] if found else None


def _relative(row: Difference | None) -> str:
    if row is None or not abs(row.a) > 0.0:
        return "-"
    error = "" if row.error is None else f" +- {abs(row.error / row.a):.1%}"
    return f"{_plus(f'{row.relative:+.1%}')}{error}"


def _points(row: Difference | None) -> str:
    if row is None:
        return "-"
    error = "" if row.error is None else f" +- {100 * row.error:.1f}"
    return f"{_plus(f'{100 * row.mean:+.1f}')}{error}"


def _money(comparison: Comparison) -> list[str]:
    """Return the split of welfare over the whole run by group, standard errors below where there are several runs."""
    parts = ("total", "consumer", "producer", "treasury", "rent", "variety")
    head = "".join(f"{part:>13}" for part in (*parts, "investment"))
    lines = [f"{'whole run, bn usd':<18}{head}"]
    for group in comparison.groups:
        rows = [_row(comparison, f"welfare_{part}_usd", ALL_GOODS, group, "whole run") for part in parts]
        rows.append(_row(comparison, "investment_usd", ALL_GOODS, group, "whole run"))
        cells = "".join(f"{_plus(f'{row.mean / 1e9:+.2f}') if row else '-':>13}" for row in rows)
        lines.append(f"{group:<18}{cells}")
        if comparison.runs > 1:
            errors = "".join(f"{_error_usd(row):>13}" for row in rows)
            lines.append(f"{'':<18}{errors}".rstrip())
    return lines


def _error_usd(row: Difference | None) -> str:
    return "" if row is None or row.error is None else f"+- {row.error / 1e9:.2f}"


def _legend(comparison: Comparison) -> list[str]:
    bloc = next(iter(comparison.groups))
    lines = [
        f"{name}: {', '.join(members)}"
        for name, members in comparison.groups.items()
        if name not in (WORLD, "others") and len(members) > 1
    ]
    error = (
        "+- one standard error of the mean; " if comparison.runs > 1 else "one run: no uncertainty is known; "
    )
    return [
        f"{error}price: mean paid on arrival outside the restricting or largest producer;",
        f"share: percentage points of {_group(bloc)} in the world's output;",
        "the parts of welfare add up; investment is apart.",
        *[part for line in lines for part in _wrapped(line)],
        f"certificate: worst violation {max(comparison.a.violation, comparison.b.violation):.1e}",
    ]


def _wrapped(line: str) -> list[str]:
    import textwrap

    return textwrap.wrap(line, _WIDTH, subsequent_indent="  ")


def _plus(text: str) -> str:
    """Return a signed number; one that rounds to nothing has no sign."""
    return text if any(digit in text for digit in "123456789") else text[1:]


def _usd(value: float) -> str:
    return f"{value / 1e9:,.2f} bn usd" if value >= 1e8 else f"{value / 1e6:,.1f} m usd"
