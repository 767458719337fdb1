"""`orebloc compare A B`: two scenarios under common luck, what differs and how sure it is."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.commands.argument import progress_bar, whole_number
from experiments.commands.run import read_changes
from model.error import OreblocError

if TYPE_CHECKING:
    from experiments.compare import Comparison
    from model.scenario import Scenario

_EPILOG = """\
examples:
  orebloc compare no_measures baseline --runs 200
  orebloc compare baseline --set parameters.discount_private=0.06
  orebloc compare baseline my_scenario.toml --until 2035Q4 --out results/mine

--set changes values of B; without B, B is A with these changes. Both meet the same luck: run r of one and run r of the
other have the same seed and number. Results: differences.parquet, comparison.json, report.html.
"""


def add_compare_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `compare` to the command line."""
    parser = subparsers.add_parser(
        "compare",
        help="compare two scenarios under common luck",
        description="Run two scenarios under common luck and tell what differs, in words, numbers and a report.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("a", metavar="A", help="name or TOML file of the scenario to compare with")
    parser.add_argument("b", nargs="?", metavar="B", help="name or TOML file (default: A, changed by --set)")
    parser.add_argument(
        "--runs", type=whole_number("Number of runs", "1 or more", "200"), default=1, metavar="N",
        help="runs of each (default 1)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=whole_number("Seed", "0 or more", "7"), metavar="S", help="seed of both (default: A's)"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", dest="changes", help="change a value of B"
    )
    parser.add_argument("--until", metavar="QUARTER", help="last quarter to run, such as 2035Q4")
    parser.add_argument("--out", type=Path, metavar="DIR", help="new or empty folder for tables and report")
    parser.add_argument("--json", action="store_true", help="print everything as JSON only")
    parser.add_argument(
        "--workers", type=whole_number("Number of workers", "1 or more", "2"), metavar="N",
        help="threads (default: one per core)",
    )  # fmt: skip
    parser.set_defaults(run=run_compare)


def run_compare(arguments: argparse.Namespace) -> int:
    """Compare, tell, and write where asked; return 0."""
    from experiments.compare_text import describe_comparison
    from experiments.folder import write_folder
    from experiments.results import check_folder
    from experiments.run import check_request

    if arguments.out is not None:
        check_folder(arguments.out)
    check_request(arguments.runs, "first", arguments.workers)
    a, b = scenarios_of(arguments)
    comparison = _compare_with_bar(a, b, arguments)
    record = comparison.record()
    if arguments.out is not None:
        draw = getattr(arguments, "draw_comparison", None)
        pages = {"report.html": draw(comparison)} if draw else {}
        text = json.dumps(record, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
        import pandas as pd

        tables = {"differences": pd.DataFrame(record["differences"])}
        write_folder(arguments.out, tables, {"comparison.json": text, **pages})
    if arguments.json:
        print(json.dumps(record, allow_nan=False))
        return 0
    print(describe_comparison(comparison))
    if arguments.out is not None:
        print(f"results: {arguments.out}")
        print(f"report:  {(arguments.out / 'report.html').resolve()}")
    return 0


def scenarios_of(arguments: argparse.Namespace) -> "tuple[Scenario, Scenario]":
    """Return the two scenarios a command line names: B is A with `--set` where it is left out."""
    from experiments.paired import pair

    changes = read_changes(arguments.changes)
    if arguments.b is None and not changes:
        raise OreblocError("There is nothing to compare: give a second scenario B, or --set PATH=VALUE.")
    return pair(arguments.a, arguments.b, changes=changes, seed=arguments.seed, until=arguments.until)


def _compare_with_bar(a: "Scenario", b: "Scenario", arguments: argparse.Namespace) -> "Comparison":
    from experiments.compare import compare

    with progress_bar(2 * a.quarters * arguments.runs, f"{a.name} | {b.name}", arguments.json) as bar:
        return compare(a, b, runs=arguments.runs, workers=arguments.workers, progress=bar.update)
