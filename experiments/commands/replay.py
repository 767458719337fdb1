"""`orebloc replay LOG`: the game of a log again, bit for bit, or a fork of it."""

import argparse
from pathlib import Path

_EPILOG = """\
examples:
  orebloc replay results/baseline-20260101-120000/log.jsonl
  orebloc replay results/game --until 2028Q4
  orebloc replay results/game --until 2028Q4 --fork --set parameters.tension_cost=0.5 --player CHN=random

A replay gives the same series bit for bit. A log written under other rules or data is refused unless --force.
--fork goes on after --until with built-in behaviours in all seats, or --player; --set changes parameters, measures or
the seed from then on.
"""


def add_replay_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `replay` to the command line."""
    parser = subparsers.add_parser(
        "replay",
        help="run a log again, or fork it at a quarter",
        description="Run the game of a log again and write its results to a new folder.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("log", type=Path, metavar="LOG", help="log.jsonl, or the folder of a run")
    parser.add_argument("--until", metavar="QUARTER", help="last quarter that is replayed")
    parser.add_argument("--fork", action="store_true", help="go on after --until to the end of the scenario")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        dest="changes",
        help="change from there on",
    )
    parser.add_argument(
        "--player",
        action="append",
        default=[],
        metavar="SEAT=WHO",
        dest="players",
        help="who goes on in a seat",
    )
    parser.add_argument("--force", action="store_true", help="run it under other rules or data all the same")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="new or empty folder (default: results/NAME-TIME)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print folder, files and certificate as JSON only"
    )
    parser.set_defaults(run=run_replay)


def run_replay(arguments: argparse.Namespace) -> int:
    """Replay, write, and tell; return 0."""
    from experiments.commands.run import read_changes, tell
    from experiments.player_file import read_pairs
    from experiments.replay import replay
    from experiments.results import check_folder, default_folder

    if arguments.out is not None:
        check_folder(arguments.out)
    results = replay(
        arguments.log,
        until=arguments.until,
        fork=arguments.fork,
        changes=read_changes(arguments.changes),
        players=read_pairs(arguments.players),
        force=arguments.force,
    )
    notes = results.manifest["replay"]["notes"]
    draw = getattr(arguments, "draw_report", None)
    pages = {"report.html": draw(results)} if draw else {}
    folder = results.save(arguments.out or default_folder(results.manifest["name"]), pages)
    if notes and not arguments.json:
        print(f"note: this is no exact replay of {arguments.log}: {'; '.join(notes)}")
    tell(results, folder, arguments.json)
    return 0
