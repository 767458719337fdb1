"""`orebloc run [SCENARIO]`: a run or an ensemble, its tables and its report in a new folder."""

import argparse
import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.error import OreblocError

if TYPE_CHECKING:
    from experiments.results import Results
    from model.scenario import Scenario

_EPILOG = """\
examples:
  orebloc run
  orebloc run baseline --until 2030Q4
  orebloc run baseline --set parameters.discount_private=0.08 --out results/cheap_capital
  orebloc run baseline --runs 200 --seed 7
  orebloc run baseline --player CHN=my_idea.py:Gambler --player JPN=random

--set changes a value of the scenario by its path; a value is read as JSON where it is JSON, else as text.
--player fills a seat: a country, a firm, or a role (state, exporter, miner, refiner); runs go one by one then.
Results: series.parquet, flows.parquet, manifest.json, log.jsonl, report.html; with --runs above 1 quantiles.parquet.
"""


def add_run_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `run` to the command line."""
    parser = subparsers.add_parser(
        "run",
        help="run a scenario and write series, flows, manifest and a report",
        description="Run a scenario, print its summary, and write its tables and report to a new folder.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "scenario", nargs="?", default="baseline", metavar="SCENARIO", help="name or TOML file"
    )
    parser.add_argument(
        "--runs",
        type=_whole("Number of runs", "1 or more", "200"),
        default=1,
        metavar="N",
        help="number of runs (default 1)",
    )
    parser.add_argument(
        "--seed",
        type=_whole("Seed", "0 or more", "7"),
        metavar="S",
        help="seed of all draws (default: the scenario's)",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", dest="changes", help="change a value"
    )
    parser.add_argument("--until", metavar="QUARTER", help="last quarter to run, such as 2030Q4")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="new or empty folder (default: results/NAME-TIME)"
    )
    parser.add_argument(
        "--player",
        action="append",
        default=[],
        metavar="SEAT=WHO",
        dest="players",
        help="who fills a seat: built_in, random, a file of orders, or FILE.py:Class; repeatable",
    )
    parser.add_argument(
        "--json", action="store_true", help="print folder, files and certificate as JSON only"
    )
    parser.add_argument(
        "--flows", choices=("first", "all"), default="first", help="runs whose flows are kept"
    )
    parser.add_argument(
        "--workers",
        type=_whole("Number of workers", "1 or more", "2"),
        metavar="N",
        help="threads (default: one per core)",
    )
    parser.set_defaults(run=run_run)


def _whole(subject: str, limit: str, example: str) -> Callable[[str], int]:
    """Return a reader of whole numbers for argparse, which says what it wants."""

    def read(word: str) -> int:
        try:
            return int(word)
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"{subject} is {word}; it must be a whole number of {limit}. Write {example}, say"
            ) from None

    return read


def read_changes(pairs: list[str]) -> dict[str, str]:
    """Return `--set` values by path. Raises `OreblocError` for one without a path or `=`."""
    changes: dict[str, str] = {}
    for pair in pairs:
        path, mark, value = pair.partition("=")
        if not mark or not path.strip():
            raise OreblocError(f"--set is {pair!r}; it must be path=value, such as end=2030Q4.")
        changes[path.strip()] = value
    return changes


def run_run(arguments: argparse.Namespace) -> int:
    """Run, write, and tell; return 0."""
    from experiments.compile_time import mark_warm, tell_if_cold
    from experiments.player_file import read_pairs, who_is
    from experiments.preparation import prepare
    from experiments.results import check_folder, default_folder
    from experiments.run import check_request

    if arguments.out is not None:
        check_folder(arguments.out)
    changes = read_changes(arguments.changes)
    scenario = prepare(arguments.scenario, changes=changes, seed=arguments.seed, until=arguments.until)
    if arguments.out is None:
        check_folder(default_folder(scenario.name))
    players = read_pairs(arguments.players)
    check_request(arguments.runs, arguments.flows, arguments.workers, bool(players))
    for who in players.values():
        who_is(who)
    tell_if_cold(not arguments.json)
    results = _run_with_bar(scenario, arguments, players)
    mark_warm()
    draw = getattr(arguments, "draw_report", None)
    pages = {"report.html": draw(results)} if draw else {}
    folder = results.save(arguments.out or default_folder(scenario.name), pages)
    tell(results, folder, arguments.json)
    return 0


def _run_with_bar(scenario: "Scenario", arguments: argparse.Namespace, players: dict[str, str]) -> "Results":
    from tqdm import tqdm

    from experiments.run import run_scenario

    tqdm.set_lock(threading.RLock())  # tqdm's own is shared between processes, and outlives a killed one
    quiet = arguments.json or not sys.stderr.isatty()
    with tqdm(total=scenario.quarters, unit="quarter", desc=scenario.name, disable=quiet, leave=False) as bar:
        return run_scenario(
            scenario,
            runs=arguments.runs,
            flows=arguments.flows,
            workers=arguments.workers,
            progress=bar.update,
            players=players,
        )


def tell(results: "Results", folder: Path, as_json: bool) -> None:
    """Print the summary of a run and where its results lie, or its record as JSON."""
    from experiments.summary import summary

    report = folder / "report.html"
    if as_json:
        print(json.dumps(_record(results, folder), allow_nan=False))
        return
    print(summary(results))
    print(f"results: {folder}")
    if report.is_file():
        print(f"report:  {report.resolve()}")


def _record(results: "Results", folder: Path) -> dict[str, Any]:
    manifest = results.manifest
    keys = (
        "name",
        "title",
        "start",
        "end",
        "seed",
        "runs",
        "certificate",
        "seconds",
        "rule_hash",
        "data_hash",
    )
    files = sorted(path.name for path in folder.iterdir())
    return {"folder": str(folder), "files": files, **{key: manifest[key] for key in keys}}
