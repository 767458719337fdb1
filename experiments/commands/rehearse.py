"""`orebloc rehearse`: a whole workshop with bots in all seats, and what to mend before people come."""

import argparse
from datetime import datetime
from pathlib import Path

from experiments.commands.host import check_parts, read_minutes
from experiments.log import write_log


def add_rehearse_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `rehearse` to the command line."""
    parser = subparsers.add_parser(
        "rehearse",
        help="play a whole workshop with bots",
        description="Play a session with bots in all seats, and report whether it fits the time booked, which seats "
        "have little to do, and which rounds are dull. The session's file can be opened with `orebloc host --resume`.",
    )
    add = parser.add_argument
    add("--scenario", default="class_minerals", help="scenario that is played (default: class_minerals)")
    add("--template", default="standard_90", help="length: short_75, standard_90, long_120, half_day_180")
    add("--seats", default="", help="names of seats with commas, or how many (default: 12 usual ones)")
    add("--rounds", type=int, help="rounds, where not the template's")
    add("--minutes", action="append", default=[], metavar="STEP=N", help="minutes of a step; may be repeated")
    add("--seed", type=int, default=1, help="luck of the game and of the bots (default: 1)")
    add("--file", default="", help="file of the session (default: results/rehearsal_DATE.orebloc)")
    parser.set_defaults(run=run_rehearse)


def run_rehearse(arguments: argparse.Namespace) -> int:
    """Rehearse, write the report beside the session's file, and print it; return 0. Raises `OreblocError`."""
    check_parts()
    usual = Path("results") / f"rehearsal_{datetime.now():%Y%m%d_%H%M%S}.orebloc"
    path = Path(arguments.file or usual)
    text = arguments.rehearse({
        "scenario": arguments.scenario, "template": arguments.template, "rounds": arguments.rounds,
        "seats": [seat.strip() for seat in arguments.seats.split(",") if seat.strip()],
        "minutes": dict(read_minutes(word) for word in arguments.minutes), "seed": arguments.seed, "file": str(path),
    })  # fmt: skip
    written = path.with_name(f"{path.stem}_report.txt")
    write_log(written, text + "\n")
    print(f"{text}\nThis report: {written}")
    return 0
