"""Writes docs/catalogue.md and its pictures from the folder that `orebloc study catalogue` filled.

python tests/docs/catalogue.py [FOLDER]     # left out: the folder of today's rules
"""

import re
import sys
from pathlib import Path

from experiments.study import analysis
from experiments.study.archive import Archive
from experiments.study.catalogue import entry, shipped, usual_folder
from experiments.study.sign_check import SignCheck
from experiments.study.study import Outcome
from model.error import OreblocError
from viz.study_chart import amount_words, interval_figure
from viz.study_finding import sign_words

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
    drawn = re.search(r"<svg.*?</svg>", body, re.DOTALL)
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
    words = ", ".join(
        f"{row.factor.replace('_', ' ')} {row.score:.2f} ± {row.error:.2f}"
        for row in table.itertuples()
        if row.sure
    )
    luck = analysis.unexplained(archive, outcome.name)
    rest = "" if luck is None else f"; luck, and what is not explained, {luck:.2f}"
    return f"What decides ({table['method'].iloc[0]}): {words or 'nothing is told apart from luck'}{rest}."


def signs(checks: list[SignCheck], units: dict[str, str]) -> str:
    """Return the signs a study expects and what its runs show of them, as a table."""
    lines = ["| expected | the runs | by |", "| --- | --- | --- |"]
    for check in checks:
        shown = "show it" if check.shown else "do not show it"
        lines.append(f"| {check.sign.says} | {shown} | {sign_words(check, units[check.sign.outcome])} |")
    return "\n".join(lines) + "\n"


def page(folder: Path) -> str:
    """Return the page; pictures are written beside it. Raises `OreblocError` for a folder of other rules or studies."""
    parts = [_HEAD]
    for name, study in shipped().items():
        found = entry(folder / name, study)
        archive, first = found.archive, study.outcomes[0]
        archive.store.check_hashes()
        if not archive.is_complete or archive.study.outcomes != study.outcomes:
            raise OreblocError(f"{folder / name} is not the whole study as it is written now. Run it anew.")
        (DOCS / "figures").mkdir(exist_ok=True)
        (DOCS / "figures" / f"{name}.svg").write_text(picture(archive, first), encoding="utf-8")
        expected = "; ".join(study.expected)
        manifest = archive.manifest
        kind = study.design.kind.replace("_", " ")
        runs = f"{manifest['runs']:,} runs, rules {manifest['rule_hash']}, {kind}"
        of_others = study.found_by != manifest["rule_hash"]
        warning = f" (read off runs of rules {study.found_by or 'unknown'})" if of_others else ""
        parts += [
            f"## {study.title}\n", f"`{name}`: {study.question}\n", f"Expected: {expected}.\n",
            f"Tables: {runs}.\n", f"Found{warning}: {' '.join(study.found.split())}\n",
            f"![{first.title}](figures/{name}.svg)\n",
            signs(found.checks, {outcome.name: outcome.unit for outcome in study.outcomes}),
        ]  # fmt: skip
        for outcome in study.outcomes:
            parts += ["\n".join(rows_of(archive, outcome)) + "\n", deciding(archive, outcome) + "\n"]
    return "\n".join(parts)


_HEAD = """# Catalogue

The studies that ship, run from the command line as they stand: `orebloc study run NAME`, then `orebloc study report
DIR` for every picture. Shares in points; a difference is taken future by future under the same luck, with twice its
standard error; "variance saved" is what common luck takes off the variance of that difference. Beside each study
stand the signs it expected, and whether the runs show them by more than chance may make. This page is written by
`make catalogue`, which runs all of them anew; what was found is written by hand in each study's file, and says so
where it was read off other rules than those of the tables. Outcomes emerge from costs, capacity, tastes and measures
of a calibrated world; they are answers of this model, not forecasts.
"""


def main() -> int:
    """Write the page; return 0, 2 where the folder is not what it should be."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else usual_folder()
    try:
        text = page(folder)
    except OreblocError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    (DOCS / "catalogue.md").write_text(text, encoding="utf-8")
    print(f"docs/catalogue.md: from {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
