"""Paths of one number in several runs: where they are furthest apart, and their table."""

from typing import Any

import numpy as np

from viz.page.sheet import table


def widest_gap(paths: dict[str, Any]) -> tuple[str, int]:
    """Return which path is ever furthest from the first, and where; no name where none differs to be seen."""
    base = next(iter(paths.values()))
    found, most = (
        ("", len(base) - 1),
        1e-3 * (float(np.nanmax(np.abs(base))) if np.isfinite(base).any() else 0.0),
    )
    for name, path in list(paths.items())[1:]:
        gap = np.nan_to_num(np.abs(path - base))
        if gap.max() > most:
            found, most = (name, int(gap.argmax())), float(gap.max())
    return found


def path_table(name: str, quarters: tuple[str, ...], paths: dict[str, Any]) -> str:
    """Return the numbers behind a chart, a row for each quarter."""
    rows = [
        [quarter, *(f"{path[n]:.6g}" if np.isfinite(path[n]) else "" for path in paths.values())]
        for n, quarter in enumerate(quarters)
    ]
    return table(name, ("quarter", *paths), rows, range(1, 1 + len(paths)))
