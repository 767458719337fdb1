"""`orebloc data`: goods, years, sources, and what is weak."""

import argparse
import json

from experiments.data_report import data_lines, data_record


def add_data_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `data` to the command line."""
    parser = subparsers.add_parser(
        "data",
        help="show goods, years, sources and what is weak",
        description="Show the base data that ship: goods, years, sources, and which figures are recalled or estimated.",
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--parameters", action="store_true", help="list parameters with limits and sources")
    parser.set_defaults(run=run_data)


def run_data(arguments: argparse.Namespace) -> int:
    """Print the report; return 0."""
    if arguments.json:
        print(json.dumps(data_record(), indent=2))
        return 0
    print("\n".join(data_lines(arguments.parameters)))
    return 0
