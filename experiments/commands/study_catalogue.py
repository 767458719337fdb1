"""`orebloc study catalogue`: every study that ships, run anew, and whether the signs they expect still come."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.commands.argument import whole_number

if TYPE_CHECKING:
    from experiments.study.catalogue import Entry
    from experiments.study.sign_check import SignCheck


def add_catalogue(actions: Any, add_workers: Any) -> None:
    """Join `catalogue` to `orebloc study`; `add_workers` adds how many compute."""
    catalogue = actions.add_parser(
        "catalogue", help="run every study that ships, and check the signs they expect"
    )
    catalogue.add_argument(
        "--out", type=Path, metavar="DIR",
        help="new folder, or one that was begun so, which goes on (default: results/catalogue-RULES)",
    )  # fmt: skip
    catalogue.add_argument(
        "--runs", type=whole_number("Number of runs", "1 or more", "100"), metavar="N",
        help="runs of each study, as near as its design can come (default: each study's own)",
    )  # fmt: skip
    add_workers(catalogue, cluster=False)
    catalogue.set_defaults(run=run_catalogue_command)


def run_catalogue_command(arguments: argparse.Namespace) -> int:
    """Run the catalogue; return 0, 1 where a sign is not as its study tells it, 130 where it was interrupted."""
    from experiments.study.catalogue import run_catalogue, usual_folder
    from model.cache import rule_hash

    folder = arguments.out or usual_folder()

    def tell(name: str, place: int, many: int) -> None:
        if not arguments.json:
            print(f"{place + 1} of {many}: {name}", file=sys.stderr, flush=True)

    try:
        entries = run_catalogue(
            folder, runs=arguments.runs, workers=arguments.workers, limit=float(arguments.limit), told=tell
        )
    except KeyboardInterrupt:
        print("interrupted; what is done is kept, and the same command goes on.", file=sys.stderr)
        return 130
    odd = [check for entry in entries for check in entry.checks if not check.as_told]
    if arguments.json:
        record = {
            "folder": str(folder),
            "rule_hash": rule_hash(),
            "studies": [_record(entry) for entry in entries],
        }
        print(json.dumps(record))
        return int(bool(odd))
    for entry in entries:
        print(_lines(entry))
    count = sum(len(entry.checks) for entry in entries)
    print(f"{count - len(odd)} of {count} signs are as the studies tell them, by rules {rule_hash()}")
    print(f"results: {folder}")
    return int(bool(odd))


def _lines(entry: "Entry") -> str:
    runs = entry.archive.runs
    incomplete = int((runs["status"] != "ok").sum())
    head = f"{entry.study.name}: {len(runs):,} runs, {runs['seconds'].sum():.0f} processor seconds"
    told = [f"{head}, {incomplete} not complete" if incomplete else head]
    told += [f"  {_words(check)}" for check in entry.checks]
    return "\n".join(told)


def _words(check: "SignCheck") -> str:
    mark = ("shows" if check.shown else "does not show") + (
        "" if check.as_told else ", AGAINST what the study tells"
    )
    value = check.missing or f"{check.kind} {check.value:.3g} ± {check.error:.3g}"
    return f"{mark}: {check.sign.says} ({value})"


def _record(entry: "Entry") -> dict[str, Any]:
    return {
        "name": entry.study.name, "runs": len(entry.archive.runs),
        "signs": [
            {"says": check.sign.says, "kind": check.kind, "value": _number(check.value), "error": _number(check.error),
             "shown": check.shown, "as_told": check.as_told}
            for check in entry.checks
        ],
    }  # fmt: skip


def _number(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
