"""`orebloc pack`: role sheets, table tents and forms of a session, to print."""

import argparse
from pathlib import Path

from experiments.log import write_log
from model.error import OreblocError


def add_pack_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `pack` to the command line."""
    parser = subparsers.add_parser(
        "pack",
        help="write role sheets, table tents and forms to print",
        description="Write one HTML file with role sheets, a poster with a QR code, table tents, deal "
        "forms and a round sheet of a session. "
        "Open it in a browser and print it; it needs no network.",
    )
    add = parser.add_argument
    add("--scenario", default="class_minerals", help="scenario that is played (default: class_minerals)")
    add("--template", default="standard_90", help="length: short_75, standard_90, long_120, half_day_180")
    add("--seats", default="", help="names of seats with commas, or how many (default: 12 usual ones)")
    add("--rounds", type=int, help="rounds, where not the template's")
    add("--title", default="", help="title of the session")
    add("--address", default="", help="where people will find the server, such as http://192.168.1.20:8080/ "
        "(printed by `orebloc host`): its QR code comes on the poster")  # fmt: skip
    add("--out", type=Path, default=Path("results/pack.html"), metavar="FILE",
        help="file to write (default: results/pack.html)")  # fmt: skip
    parser.set_defaults(run=run_pack)


def run_pack(arguments: argparse.Namespace) -> int:
    """Write the pack; return 0. Raises `OreblocError` for a session or a file that cannot be."""
    page = arguments.draw_pack({
        "scenario": arguments.scenario, "template": arguments.template, "rounds": arguments.rounds,
        "seats": [seat.strip() for seat in arguments.seats.split(",") if seat.strip()], "title": arguments.title,
        "address": arguments.address,
    })  # fmt: skip
    try:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        write_log(arguments.out, page)
    except OSError as error:
        raise OreblocError(
            f"File {arguments.out} cannot be written: {error.strerror}. Choose another with --out."
        ) from error
    print(f"Open {arguments.out} in a browser and print it, on A4 or letter paper.")
    return 0
