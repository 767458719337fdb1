"""Results that can draw their report: what `orebloc.run` returns."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.results import Results as Tables
from experiments.results import read_tables
from model.error import OreblocError
from model.name import did_you_mean

if TYPE_CHECKING:
    from viz.figure import Figure


class Results(Tables):
    """The tables of a run, with its report. See `experiments.results.Results` for the tables."""

    @classmethod
    def of(cls, tables: Tables) -> "Results":
        """Return the same tables with a report."""
        return cls(tables.series, tables.flows, tables.quantiles, tables.manifest, tables.folder, tables.log)

    def report(self, path: str | Path | None = None) -> str:
        """Return the report as one HTML page; with `path`, write it there too."""
        from viz.report import draw_report

        page = draw_report(self)
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def charts(self, good: str) -> "dict[str, Figure]":
        """Return the charts of a good by name, as the report has them; a notebook shows each, `.table` has its numbers.

        Raises `OreblocError` for a good that the run does not have.
        """
        from viz.charts import CHARTS
        from viz.good_table import good_tables

        known = {data.good: data for data in good_tables(self)}
        if good not in known:
            raise OreblocError(
                f"Good {good!r} is not in the run. {did_you_mean(good, known, 'It has ' + ', '.join(known) + '.')}"
            )
        return {figure.name: figure for figure in (draw(known[good]) for draw in CHARTS)}

    def save(self, folder: str | Path, pages: Mapping[str, str] | None = None) -> Path:
        """Write tables, manifest and report into a new or empty folder; return its path."""
        return super().save(folder, {"report.html": self.report()} if pages is None else pages)


def read_results(folder: str | Path) -> Results:
    """Read the results that a run wrote. Raises `OreblocError` where there are none."""
    return Results(**read_tables(folder))
