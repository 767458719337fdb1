"""`orebloc games`: a class's game played by machines many times, for the debrief to compare a class with."""

import argparse
import json
import os
import time
from pathlib import Path

from experiments.commands.argument import progress_bar, whole_number
from experiments.log import write_log
from experiments.machine.table import MADE
from model.error import OreblocError

#: Games of the usual table, and rounds of the usual template.
GAMES, ROUNDS = 1000, 4


def add_games_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `games` to the command line."""
    parser = subparsers.add_parser(
        "games",
        help="play a class's game by machines, to compare a class with",
        description="Play a class's game many times by machines: half of the games by built-in behaviours alone, in "
        "the others about half of the seats give random orders. A table of what came is kept, and the debrief of a "
        "class with the same scenario shows where the class lies in it. An interrupted run goes on where it was.",
    )
    add = parser.add_argument
    add("--scenario", default="class_minerals", help="scenario that is played (default: class_minerals)")
    add("--seats", default="", help="names of seats with commas, or how many (default: 12 usual ones)")
    add("--rounds", type=whole_number("Number of rounds", "1 or more", f"--rounds {ROUNDS}"), default=ROUNDS,
        help=f"rounds of a game (default: {ROUNDS}, those of standard_90)")  # fmt: skip
    add("--runs", type=whole_number("Number of games", "10 or more", f"--runs {GAMES}"), default=GAMES,
        help=f"games to play (default: {GAMES:,})")  # fmt: skip
    add("--workers", type=whole_number("Number of workers", "1 or more", "--workers 2"),
        default=os.cpu_count() or 1, help="processes (default: one a core)")  # fmt: skip
    add("--seed", type=int, help="luck of the games (default: the scenario's)")
    add("--out", type=Path, metavar="FILE",
        help=f"table to write (default: {MADE}/SCENARIO.json, where the debrief looks)")  # fmt: skip
    add("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=run_games)


def run_games(arguments: argparse.Namespace) -> int:
    """Play the games and write their table; return 0. Raises `OreblocError` for what cannot be."""
    from experiments.machine.games import play_games

    if arguments.workers < 1:
        raise OreblocError(
            f"Number of workers is {arguments.workers}; it must be 1 or more. Write --workers 2."
        )
    out = arguments.out or MADE / f"{Path(arguments.scenario).stem}.json"
    began = time.monotonic()
    with progress_bar(arguments.runs, "games", arguments.quiet, unit="game") as bar:
        table = play_games(
            arguments.scenario, [seat.strip() for seat in arguments.seats.split(",") if seat.strip()],
            rounds=arguments.rounds, games=arguments.runs, workers=arguments.workers,
            folder=out.parent / out.stem, seed=arguments.seed, progress=bar.update,
        )  # fmt: skip
    try:
        write_log(out, json.dumps(table, separators=(",", ":")))
    except OSError as error:
        raise OreblocError(
            f"File {out} cannot be written: {error.strerror}. Choose another with --out."
        ) from error
    lost = f", {table['failed']} more could not be worked out" if table["failed"] else ""
    print(f"{out}: {table['games']:,} games{lost}, in {time.monotonic() - began:.0f} s.")
    return 0
