"""`orebloc forget SESSION PERSON`: take one person out of a session's file for good."""

import argparse
from pathlib import Path


def add_forget_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `forget` to the command line."""
    parser = subparsers.add_parser(
        "forget",
        help="take one person out of a session's file",
        description="Replace a person's name by a pseudonym and remove all that the person typed, with keys and "
        "codes, from the session's file itself. Orders, votes and signatures of the seat stay, so that the game plays "
        "again to the same numbers. This cannot be undone; copies and exports made before hold what they held.",
    )
    parser.add_argument("session", type=Path, metavar="SESSION", help="file that `orebloc host` wrote")
    parser.add_argument("person", metavar="PERSON", help="the pseudonym of people.csv, or the name")
    parser.set_defaults(run=run_forget)


def run_forget(arguments: argparse.Namespace) -> int:
    """Forget the person; return 0. Raises `OreblocError`."""
    person = arguments.forget_person(arguments.session, arguments.person)
    print(f"{arguments.session}: {person} is a pseudonym now; name, words, keys and codes are gone.")
    print("Copies and exports made before still hold them: delete those too.")
    return 0
