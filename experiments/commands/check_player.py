"""`orebloc check-player FILE:CLASS`: does a class keep the contract of a player?"""

import argparse
from pathlib import Path


def add_check_player_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `check-player` to the command line."""
    parser = subparsers.add_parser(
        "check-player",
        help="try out a class that fills a seat",
        description="Try a class out in a seat for two years and say whether it keeps the contract of a player. "
        "Exit code 0 if it does, 1 if not.",
    )
    parser.add_argument(
        "player", metavar="FILE:CLASS", help="a Python file and a class in it, such as my_idea.py:Gambler"
    )
    parser.add_argument(
        "--scenario", default="tiny", metavar="SCENARIO", help="name or TOML file (default tiny)"
    )
    parser.add_argument("--role", default="state", help="state, exporter, miner or refiner (default state)")
    parser.add_argument("--seat", metavar="SEAT", help="one seat by name, such as CHN")
    parser.set_defaults(run=run_check_player)


def run_check_player(arguments: argparse.Namespace) -> int:
    """Print the report; return 0 if the class keeps the contract, else 1."""
    from experiments.player_check import check_player
    from experiments.player_file import load_class

    path, mark, name = arguments.player.rpartition(":")
    named = bool(mark) and path.endswith(".py")
    kind = load_class(Path(path if named else arguments.player), name if named else "")
    report = check_player(kind, arguments.scenario, role=arguments.role, seat=arguments.seat)
    print(report)
    return 0 if report.ok else 1
