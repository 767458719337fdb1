"""`orebloc replay LOG`: the game of a log again, bit for bit, or a fork of it."""

import argparse
from pathlib import Path

_EPILOG = """\
examples:
  orebloc replay results/baseline-20260101-120000/log.jsonl
  orebloc replay results/game --until 2028Q4
  orebloc replay results/game --until 2028Q4 --fork --set parameters.tension_cost=0.5 --player CHN=random

  orebloc replay results/session.orebloc

The file of a class session is played again from its record and held against what the room saw.
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
    parser.add_argument(
        "log", type=Path, metavar="LOG", help="log.jsonl, the folder of a run, or the file of a class session"
    )
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

    if is_session(arguments.log):
        return _replay_session(arguments)
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


def is_session(path: Path) -> bool:
    """Whether a file is one that `orebloc host` wrote, by its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(16) == b"SQLite format 3\x00"
    except OSError:
        return False


#: Lines of differences that are printed of a round.
_SHOWN = 5


def _replay_session(arguments: argparse.Namespace) -> int:
    """Play a session again; return 0 where all agrees or --force was written, 1 otherwise. Raises `OreblocError`."""
    from experiments.results import check_folder
    from model.error import OreblocError

    if arguments.fork or arguments.until or arguments.changes or arguments.players:
        raise OreblocError(
            "A class session is played again whole: --until, --fork, --set and --player are for logs. Write --out "
            "DIR to get the session's own log, and fork that."
        )
    if arguments.out is not None:
        check_folder(arguments.out)
    found = arguments.replay_session(arguments.log, arguments.force)
    for one in found["rounds"]:
        lines = one["differences"]
        print(
            f"round {one['round']} to {one['quarter']}: {f'{len(lines)} numbers differ' if lines else 'equal'}"
        )
        print("".join(f"  {line}\n" for line in lines[:_SHOWN]), end="")
    bad = sum(bool(one["differences"]) for one in found["rounds"])
    if found["notes"]:
        print(
            f"note: it was played under {' and '.join(found['notes'])}; differences are no fault of the file."
        )
    print(
        f"{bad} of {len(found['rounds'])} rounds differ from what the session stored."
        if bad
        else f"All {len(found['rounds'])} rounds brought what the session stored, number for number."
    )
    if arguments.out is not None:
        print(f"results: {found['game'].results().save(arguments.out, {})}")
    return int(bad > 0 and not found["notes"])
