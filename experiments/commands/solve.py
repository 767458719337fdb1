"""`orebloc solve FILE.json`: market problems in, the same with their solutions out."""

import argparse
import json
import sys
from pathlib import Path

from model.error import OreblocError

_EPILOG = """\
A problem is a chain of stages: suppliers' plants, buyers' preferences, trade costs, price floors, quotas, and
the demand at the end (docs/problem_format.md). A file holds one problem or a list. Only JSON goes to standard
output. Exit code 0: every problem was solved or is infeasible; 1: at least one was missed; 2: bad input.

  orebloc solve chain.json
  orebloc solve chain.json --search 50     look for several equilibria from 50 starting points
"""


def add_solve_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `solve` to the command line."""
    parser = subparsers.add_parser(
        "solve",
        help="solve market problems from a JSON file",
        description="Solve one market problem, or a list, and print it with a solution and a status.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", help="JSON file with a problem or a list of problems; - for standard input")
    parser.add_argument(
        "--search", type=int, default=None, metavar="N", help="look for several answers from N starts"
    )
    parser.set_defaults(run=run_solve)


def _read(file: str) -> object:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise OreblocError(
            f"{file} cannot be read: {error.strerror}. Give the path of a JSON file."
        ) from None
    except UnicodeDecodeError:
        raise OreblocError(f"{file} is not text. Give a JSON file in UTF-8.") from None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = "standard input" if file == "-" else file
        raise OreblocError(
            f"{where} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}. Mend it there."
        ) from None


def run_solve(arguments: argparse.Namespace) -> int:
    """Solve what the file holds; return 1 if any problem was missed, else 0."""
    from model.market.problem import solve_problem, solve_problems

    if arguments.search is not None and arguments.search < 1:
        raise OreblocError(
            f"--search is {arguments.search}; it must be 1 starting point or more. Leave it out for one answer."
        )
    content = _read(arguments.file)
    try:
        if isinstance(content, list):
            solved: object = solve_problems(content, search=arguments.search or 0)
            statuses = [problem["status"] for problem in solved]  # type: ignore[attr-defined]
        else:
            solved = solve_problem(content, search=arguments.search or 0)  # type: ignore[arg-type]
            statuses = [solved["status"]]  # type: ignore[index]
    except OreblocError as error:
        raise OreblocError(f"{error} ({arguments.file})") from None
    json.dump(solved, sys.stdout, indent=1, allow_nan=False)
    print()
    return 1 if "missed" in statuses else 0
