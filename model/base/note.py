"""The record of what was assumed on the way from data to base table."""

from dataclasses import dataclass, field
from typing import Any

#: Step of the rows that tell a scenario's author what was left out, or will not last.
NOTICE = "notice"


@dataclass
class Notes:
    """Rows {good, step, what, value, unit, source} in the order the steps were taken."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, good: str, step: str, what: str, value: float | str, unit: str, source: str) -> None:
        """Record one step; the same row is kept once."""
        shown = float(f"{value:.6g}") if isinstance(value, float) else value
        row = {"good": good, "step": step, "what": what, "value": shown, "unit": unit, "source": source}
        if row not in self.rows:
            self.rows.append(row)
