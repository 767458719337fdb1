"""`orebloc doctor`: whether everything is set up, and what to do where it is not."""

import argparse
import platform
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from experiments.commands.host import HOST as EVERYWHERE
from experiments.commands.host import PORT as CLASS_PORT
from experiments.commands.serve import HOST, PORT, free_port
from model.error import OreblocError

#: Libraries with the versions that work together; the last number is excluded, empty where there is none.
_LIBRARIES = (
    ("mesa", "3.3", "3.6"),
    ("numba", "0.61", "0.70"),
    ("numpy", "2.0", "3"),
    ("pandas", "2.2", "4"),
)
_PAGES = (
    ("solara", "1.64.1", "1.65"),
    ("ipyvuetify", "1.12", "3"),
    ("ipyvue", "1.13", "3"),
    ("starlette", "0.40", "1"),
    ("anywidget", "0.9", "1"),
    ("uvicorn", "0.30", "1"),
)
_CLASSROOM = (("websockets", "13", ""), ("segno", "1.6", "2"))
Line = tuple[bool, str, str]


def add_doctor_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `doctor` to the command line."""
    parser = subparsers.add_parser(
        "doctor",
        help="check the set-up and say what to do",
        description="Check Python, libraries, data, compile cache, the pages' files and the port, and what hosting "
        "a class needs: libraries, port, pages, an address in a network, room on the disk.",
    )
    parser.set_defaults(run=run_doctor)


def run_doctor(arguments: argparse.Namespace) -> int:
    """Print a line for each check; return 0 where all is well, 1 otherwise."""
    lines = [*checks(), *arguments.check_pages(), *classroom_checks(), *arguments.check_classroom()]
    for well, what, remedy in lines:
        print(f"{'ok  ' if well else 'FAIL'}  {what}{'' if well else f'. {remedy}'}")
    bad = sum(not well for well, _, _ in lines)
    print("\nEverything is set up." if not bad else f"\n{bad} of {len(lines)} checks failed.")
    return int(bad > 0)


def checks() -> list[Line]:
    """Return (well, what, remedy) for everything below the pages."""
    found = f"Python {platform.python_version()}"
    lines: list[Line] = [
        (
            sys.version_info >= (3, 11),
            found,
            "Orebloc needs 3.11 or newer: make run PYTHON=/path/to/python3.12",
        )
    ]
    lines += [_library(*row) for row in _LIBRARIES]
    lines += [_library(*row, remedy="Run `make play`, or pip install 'orebloc[play]'") for row in _PAGES]
    lines.append(_told("base data and baseline", _read_baseline))
    lines.append(_told("folder for compiled rules", _cache_folder))
    lines.append(_told(f"a free port from {PORT} on", lambda: free_port(HOST, PORT)))
    return lines


def classroom_checks() -> list[Line]:
    """Return (well, what, remedy) for the libraries and the port of `orebloc host`."""
    lines = [_library(*row, remedy="Run `make play`, or pip install 'orebloc[play]'") for row in _CLASSROOM]
    what = f"classroom: a free port from {CLASS_PORT} on, for the whole network"
    return [*lines, _told(what, lambda: free_port(EVERYWHERE, CLASS_PORT))]


def _library(
    name: str, low: str, high: str, remedy: str = "Run `make setup`, or install orebloc again"
) -> Line:
    if find_spec(name) is None:
        return False, f"{name} is not installed", remedy
    version = metadata.version(name)
    well = _numbers(low) <= _numbers(version) and (not high or _numbers(version) < _numbers(high))
    return well, f"{name} {version} ({low} {f'to below {high}' if high else 'or newer'})", remedy


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in version.split(".")[:3])


def _told(what: str, check: Callable[[], object]) -> Line:
    try:
        check()
    except (OreblocError, OSError) as error:
        return False, f"{what}: {error}", ""
    return True, what, ""


def _read_baseline() -> None:
    from experiments.scenario_file import load_scenario

    load_scenario("baseline")


def _cache_folder() -> None:
    from numba import config

    folder = Path(config.CACHE_DIR or tempfile.gettempdir())
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass
