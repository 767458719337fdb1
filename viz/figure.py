"""What a chart function returns, and the table it takes."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Figure:
    """A finished chart. `title` states the finding; `body` is HTML; `table` holds what is drawn.

    `legend` pairs words with colours; `unit` and `source` are one line each. A notebook shows it as it is.
    """

    name: str
    title: str
    unit: str
    body: str
    source: str
    table: pd.DataFrame
    legend: tuple[tuple[str, str], ...] = ()

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from viz.notebook import figure_html

        return figure_html(self)


@dataclass(frozen=True)
class GoodTable:
    """Everything recorded of one good, as the charts need it.

    - `wide` metric: rows are quarters, columns countries (the run, or the median over runs)
    - `low`, `high` the same at the lowest and highest quantile; empty for one run
    - `base_shares` country: share of output in the base year; `base_label` its name on the axis
    - `flows` origin, destination, quantity_t, landed_price_usd_per_t over the last four quarters
    - `restricting` the country whose inside price is shown; `is_restricted` whether it restricts exports, else it is
      the largest producer
    """

    good: str
    title: str
    unit: str
    wide: dict[str, pd.DataFrame]
    low: dict[str, pd.DataFrame]
    high: dict[str, pd.DataFrame]
    base_shares: dict[str, float]
    base_label: str
    flows: pd.DataFrame
    flow_quarters: str
    restricting: str
    is_restricted: bool
    colours: dict[str, str]
    runs: int
    source: str
