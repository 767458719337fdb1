"""Writes docs/catalogue.md and its pictures from the folders of studies that were run.

python tests/docs/catalogue.py results/catalogue     # a folder for each study, named like it
"""

import re
import sys
from pathlib import Path

from experiments.study import analysis
from experiments.study.archive import Archive
from experiments.study.study import Outcome
from experiments.study.study_file import load_study, study_files
from viz.study_chart import amount_words, interval_figure

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_STYLE = (
    "<style>text{font:12px sans-serif;fill:#5a636e}.end{fill:#1d2126}.grid{stroke:#1d2126;stroke-opacity:.16}"
    "line{--ink:#1d2126}</style><rect width='100%' height='100%' fill='#fff'/>"
)


def picture(archive: Archive, outcome: Outcome) -> str:
    """Return the first picture of an outcome as an SVG file of its own."""
    table = analysis.robustness(archive, outcome.name)
    body = interval_figure(table, outcome.title, outcome.unit, "").body
    drawn = re.search(r"<svg.*</svg>", body, re.DOTALL)
    assert drawn is not None
    start = rf'<svg xmlns="http://www.w3.org/2000/svg" viewBox="\1">{_STYLE}'
    opened = re.sub(r"<svg [^>]*viewBox=\"([^\"]*)\"[^>]*>", start, drawn[0], count=1)
    return opened + "\n"


def rows_of(archive: Archive, outcome: Outcome) -> list[str]:
    """Return the table of an outcome by policy: median, nine runs in ten, difference under the same luck."""
    show, apart = amount_words(outcome.unit), amount_words(outcome.unit, apart=True)
    differences = analysis.paired_differences(archive, outcome.name).set_index("policy")
    lines = [
        f"| {outcome.title} | median | nine runs in ten | against the first | variance saved |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in analysis.robustness(archive, outcome.name).itertuples():
        other, saved = "", ""
        if row.policy in differences.index:
            found = differences.loc[row.policy]
            other = f"{apart(found['mean'])} ± {apart(2 * found['error'])}"
            saved = f"{100 * found['saved']:.0f} %"
        lines.append(
            f"| {row.label} | {show(row.median)} | {show(row.low)} to {show(row.high)} | {other} | {saved} |"
        )
    return lines


def deciding(archive: Archive, outcome: Outcome) -> str:
    """Return in a line what decides an outcome."""
    table = analysis.deciding_factors(archive, outcome.name).head(4)
    words = ", ".join(f"{row.factor.replace('_', ' ')} {row.score:.2f}" for row in table.itertuples())
    return f"What decides ({table['method'].iloc[0]}): {words}."


def page(folder: Path) -> str:
    """Return the page; pictures are written beside it."""
    parts = [_HEAD]
    for name in study_files():
        study, archive = load_study(name), Archive(folder / name)
        assert archive.is_complete and archive.study.outcomes == study.outcomes
        first = study.outcomes[0]
        (DOCS / "figures").mkdir(exist_ok=True)
        (DOCS / "figures" / f"{name}.svg").write_text(picture(archive, first), encoding="utf-8")
        expected = "; ".join(study.expected)
        seconds, manifest = archive.runs["seconds"].sum(), archive.manifest
        kind = study.design.kind.replace("_", " ")
        runs = f"{manifest['runs']:,} runs, rules {manifest['rule_hash']}, {kind}"
        parts += [
            f"## {study.title}\n", f"`{name}`: {study.question}\n", f"Expected: {expected}.\n",
            f"Found ({runs}, {seconds:.0f} processor seconds): {' '.join(study.found.split())}\n",
            f"![{first.title}](figures/{name}.svg)\n",
        ]  # fmt: skip
        for outcome in study.outcomes:
            parts += ["\n".join(rows_of(archive, outcome)) + "\n", deciding(archive, outcome) + "\n"]
    return "\n".join(parts)


_HEAD = """# Catalogue

The studies that ship, run from the command line as they stand: `orebloc study run NAME`, then `orebloc study report
DIR` for every picture. Shares in points; a difference is taken future by future under the same luck, with twice its
standard error; "variance saved" is what common luck takes off the variance of that difference. This page is written
by `python tests/docs/catalogue.py FOLDER`. Outcomes emerge from costs, capacity, tastes and measures of a calibrated
world; they are answers of this model, not forecasts.
"""


if __name__ == "__main__":
    (DOCS / "catalogue.md").write_text(page(Path(sys.argv[1])), encoding="utf-8")
