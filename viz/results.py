"""Results that can draw their report: what `orebloc.run` returns."""

from collections.abc import Mapping
from pathlib import Path

from experiments.results import Results as Tables
from experiments.results import read_tables


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

    def save(self, folder: str | Path, pages: Mapping[str, str] | None = None) -> Path:
        """Write tables, manifest and report into a new or empty folder; return its path."""
        return super().save(folder, {"report.html": self.report()} if pages is None else pages)


def read_results(folder: str | Path) -> Results:
    """Read the results that a run wrote. Raises `OreblocError` where there are none."""
    return Results(**read_tables(folder))
