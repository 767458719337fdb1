"""`orebloc host`: a class or workshop plays, from one process on this machine."""

import argparse
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from experiments.commands.serve import free_port
from model.error import OreblocError

HOST, PORT = "0.0.0.0", 8080
_NEEDED = ("starlette", "uvicorn", "websockets", "segno")


def add_host_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `host` to the command line."""
    parser = subparsers.add_parser(
        "host",
        help="host a class or workshop that plays",
        description="Start a session for a room of people: it prints the address and the code for everybody, the link "
        "of your desk, and writes all that happens to one file. Ctrl-C ends it; --resume goes on. "
        "See docs/facilitator_guide.md.",
    )
    add = parser.add_argument
    add("--scenario", default="class_minerals", help="scenario that is played (default: class_minerals)")
    add("--template", default="standard_90", help="length: short_75, standard_90, long_120, half_day_180")
    add("--seats", default="", help="names of seats with commas, or how many (default: 12 usual ones)")
    add("--rounds", type=int, help="rounds, where not the template's")
    add("--minutes", action="append", default=[], metavar="STEP=N",
        help="minutes of briefing, practice, negotiate, orders, reveal or debrief; may be repeated")  # fmt: skip
    add(
        "--policy",
        default="draft",
        help="what counts at the deadline: draft, final, hold or bot (default: draft)",
    )
    add("--title", default="", help="title on all screens")
    add("--seed", type=int, help="luck of the game")
    add(
        "--worlds",
        type=int,
        metavar="N",
        help="games of this class side by side, each with its file (default: 1)",
    )
    add("--twin", action="append", default=[], metavar="PATH=VALUE",
        help="one more world, the same seed with one value of the scenario different; may be repeated")  # fmt: skip
    add("--pilot", action="append", default=[], metavar="[SEAT=]FILE.py:Class",
        help="a class that may fill seats, chosen at your desk; SEAT= begins with it; may be repeated")  # fmt: skip
    add("--host", default=HOST, help=f"address to listen on (default: {HOST}, the whole local network)")
    add("--port", type=int, default=PORT, help=f"port (default: {PORT}, or the next that is free)")
    add("--file", default="", help="file of the session (default: results/session_DATE.orebloc)")
    add("--resume", action="store_true", help="go on with the session in --file")
    add("--no-open", action="store_true", help="do not open the browser")
    parser.set_defaults(run=run_host)


def run_host(arguments: argparse.Namespace) -> int:
    """Host until interrupted; return 0. Raises `OreblocError` for what is missing or cannot be."""
    check_parts()
    if not 1 <= arguments.port <= 65535:
        raise OreblocError(f"Port is {arguments.port}; it must be 1 to 65535. Write --port {PORT}.")
    if arguments.resume and not arguments.file:
        raise OreblocError("--resume needs the session's file. Write --file results/session_....orebloc.")
    usual = Path("results") / f"session_{datetime.now():%Y%m%d_%H%M%S}.orebloc"
    arguments.host_session({
        "scenario": arguments.scenario, "template": arguments.template, "rounds": arguments.rounds,
        "seats": [seat.strip() for seat in arguments.seats.split(",") if seat.strip()],
        "minutes": dict(read_minutes(word) for word in arguments.minutes), "policy": arguments.policy,
        "title": arguments.title, "seed": arguments.seed, "host": arguments.host,
        "port": free_port(arguments.host, arguments.port), "file": arguments.file or str(usual),
        "worlds": arguments.worlds, "twins": arguments.twin, "pilots": arguments.pilot, "resume": arguments.resume,
        "is_opened": not arguments.no_open,
    })  # fmt: skip
    return 0


def check_parts() -> None:
    """Raise `OreblocError` where a library is missing that sessions need."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise OreblocError(
            f"Hosting needs {', '.join(missing)}, not installed here. Run `make play` once, or pip install "
            "'orebloc[play]'."
        )


_STEPS = ("briefing", "practice", "negotiate", "orders", "reveal", "debrief")


def read_minutes(word: str) -> tuple[str, float]:
    """Return step and minutes of a word `STEP=N`. Raises `OreblocError`."""
    step, _, number = word.partition("=")
    try:
        if step not in _STEPS:
            raise ValueError
        return step, float(number)
    except ValueError:
        raise OreblocError(
            f"--minutes is {word!r}; it must be STEP=N with a step of {', '.join(_STEPS)}, such as negotiate=6."
        ) from None
