"""Orebloc: states, miners, refiners and a dominant exporter trade critical minerals quarter by quarter.

The front door. `orebloc.run("baseline")` runs a scenario and returns its results as pandas frames;
`orebloc.TradeModel("baseline")` is the same world as a Mesa model; `orebloc.solve_market(problem)` clears one
market. `orebloc --help` lists what the command line does. Nothing heavy is imported before it is needed.
"""

import argparse
import importlib
import importlib.util
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from agents import DominantExporter, Miner, Refiner, State
    from experiments.commands.scenarios import listing as scenarios
    from experiments.game import Game
    from experiments.paired import compare, explain
    from experiments.player_check import check_player
    from experiments.replay import replay
    from experiments.scenario_file import load_scenario
    from experiments.study.archive import open_study as study
    from experiments.study.runner import resume_study, run_study
    from experiments.study.study import define_study
    from experiments.study.study_file import load_study
    from experiments.trade_model import TradeModel
    from model.error import ClearingError, OreblocError, ScenarioError
    from model.market.problem import solve_market
    from model.scenario import Scenario
    from viz.results import Results, read_results

__version__ = "0.1.0"
__all__ = [
    "ClearingError",
    "DominantExporter",
    "Game",
    "Miner",
    "OreblocError",
    "Refiner",
    "Results",
    "Scenario",
    "ScenarioError",
    "State",
    "TradeModel",
    "check_player",
    "compare",
    "explain",
    "define_study",
    "load_scenario",
    "load_study",
    "main",
    "read_results",
    "replay",
    "resume_study",
    "run",
    "run_study",
    "scenarios",
    "solve_market",
    "study",
]

_FOLDER = Path(__file__).resolve().parent
_PACKAGES = ("model", "agents", "experiments", "viz")
_LIGHT = ("experiments", "viz")
#: Public name: the module it is fetched from on first use, and its name there.
_HOMES = {
    "ClearingError": ("model.error", "ClearingError"),
    "DominantExporter": ("agents", "DominantExporter"),
    "Game": ("experiments.game", "Game"),
    "Miner": ("agents", "Miner"),
    "OreblocError": ("model.error", "OreblocError"),
    "Refiner": ("agents", "Refiner"),
    "Results": ("viz.results", "Results"),
    "Scenario": ("model.scenario", "Scenario"),
    "ScenarioError": ("model.error", "ScenarioError"),
    "State": ("agents", "State"),
    "check_player": ("experiments.player_check", "check_player"),
    "compare": ("experiments.paired", "compare"),
    "explain": ("experiments.paired", "explain"),
    "define_study": ("experiments.study.study", "define_study"),
    "load_study": ("experiments.study.study_file", "load_study"),
    "resume_study": ("experiments.study.runner", "resume_study"),
    "run_study": ("experiments.study.runner", "run_study"),
    "study": ("experiments.study.archive", "open_study"),
    "replay": ("experiments.replay", "replay"),
    "TradeModel": ("experiments.trade_model", "TradeModel"),
    "load_scenario": ("experiments.scenario_file", "load_scenario"),
    "read_results": ("viz.results", "read_results"),
    "scenarios": ("experiments.commands.scenarios", "listing"),
    "solve_market": ("model.market.problem", "solve_market"),
}
#: Command: what it does, the module that brings it (its `add_<command>_command` joins it).
_COMMANDS = {
    "run": ("run a scenario and write series, flows, manifest and a report", "experiments.commands.run"),
    "serve": ("open the pages in the browser", "experiments.commands.serve"),
    "host": ("host a class or workshop that plays", "experiments.commands.host"),
    "rehearse": ("play a whole workshop with bots", "experiments.commands.rehearse"),
    "pack": ("write role sheets, table tents and forms to print", "experiments.commands.pack"),
    "games": ("play a class's game by machines, to compare a class with", "experiments.commands.games"),
    "export": ("write the tables of a class session", "experiments.commands.export"),
    "forget": ("take one person out of a class session's file", "experiments.commands.forget"),
    "scenarios": ("list the scenarios that come with the product", "experiments.commands.scenarios"),
    "study": ("run studies of many runs, resume, read and report them", "experiments.commands.study"),
    "compare": ("compare two scenarios under common luck", "experiments.commands.compare"),
    "explain": ("attribute a change of a number to its causes", "experiments.commands.explain"),
    "check": ("check a scenario file without running it", "experiments.commands.check"),
    "treaty": ("print the text of a treaty, or list those that ship", "experiments.commands.treaty"),
    "data": ("list goods, years, sources, and what is weak", "experiments.commands.data"),
    "replay": ("run a log again, or fork it at a quarter", "experiments.commands.replay"),
    "check-player": ("try out a class that fills a seat", "experiments.commands.check_player"),
    "solve": ("solve market problems from a JSON file", "experiments.commands.solve"),
    "validate": ("hold the model to episodes of history", "experiments.commands.validate"),
    "doctor": ("check the set-up and say what to do", "experiments.commands.doctor"),
}


class _Malformed(Exception):
    """Words on the command line that no command takes."""


class _Parser(argparse.ArgumentParser):
    """A parser whose refusals are one line, told like any other mistake."""

    def error(self, message: str) -> NoReturn:
        """Raise `_Malformed`; a message that names no remedy gets one."""
        words = re.sub(r"^argument (\S+): (?=[A-Z])", "", message).rstrip(".")
        remedy = "" if ". " in words else f". `{self.prog} --help` lists what can be written"
        raise _Malformed(f"{words[:1].upper()}{words[1:]}{remedy}.")


class ShadowedPackageError(ImportError):
    """Python finds somebody else's `model`, `agents`, `experiments` or `viz` before Orebloc's own."""


def _found_at(package: str) -> Path | None:
    """Return the file or folder that `import package` gives here, without importing it."""
    module = sys.modules.get(package)
    spec = module.__spec__ if module is not None else importlib.util.find_spec(package)
    if module is not None and getattr(module, "__file__", None):
        return Path(str(module.__file__)).resolve()
    if spec is None:
        return None
    if spec.origin:
        return Path(spec.origin).resolve()
    places = list(spec.submodule_search_locations or [])
    return Path(places[0]).resolve() if places else None


def _shadow_message(package: str, found: Path | None) -> str:
    if found is None:
        return (
            f"Orebloc's own package {package!r} is not beside {__file__}. "
            "The installation is incomplete; install orebloc again."
        )
    thing = found.parent if found.name == "__init__.py" else found
    return (
        f"Orebloc needs its own package {package!r}, but Python finds {thing} first. "
        "Rename that file or folder, start from another folder, "
        "or install orebloc in a virtual environment without the other package."
    )


def _guard() -> None:
    """Raise `ShadowedPackageError` where one of Orebloc's packages is hidden by another of its name."""
    for package in _PACKAGES:
        found = _found_at(package)
        if found is None or found != _FOLDER / package / "__init__.py":
            raise ShadowedPackageError(_shadow_message(package, found), name=package, path=str(found or ""))
    for package in _LIGHT:
        importlib.import_module(package)  # a player's folder, searched later, may hold others of these names


def __getattr__(name: str) -> Any:
    """Fetch a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'orebloc' has no attribute {name!r}")
    _guard()
    module, attribute = _HOMES[name]
    value = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "ShadowedPackageError", "__version__"])


def run(
    scenario: "str | Path | Mapping[str, Any] | Scenario" = "baseline",
    *,
    runs: int = 1,
    seed: int | None = None,
    changes: Mapping[str, Any] | None = None,
    until: str | None = None,
    flows: str = "first",
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
    players: Mapping[str, Any] | None = None,
) -> "Results":
    """Run a scenario and return its results as pandas frames.

    `scenario` is a name, the path of a TOML file, a mapping or a `Scenario`; `changes` sets values by path
    (`{"parameters.discount_private": 0.08}`); `until` stops early (`"2030Q4"`); `flows` is `"first"` or `"all"`
    runs; `progress` is called with 1 after each quarter. The answer does not depend on `workers`. `players` fills
    seats by country, firm or role (`{"CHN": Gambler, "JPN": "random"}`, see docs/play.md); runs go one by one then.
    Raises `OreblocError` for a value that cannot be run, `ClearingError` where a market misses its tolerance.
    """
    _guard()
    from experiments.preparation import prepare
    from experiments.run import run_scenario
    from viz.results import Results

    ready = prepare(scenario, changes=changes, seed=seed, until=until)
    return Results.of(
        run_scenario(ready, runs=runs, flows=flows, workers=workers, progress=progress, players=players)
    )


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser; only the module of the command that is asked for gets imported."""
    parser = _Parser(prog="orebloc", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--version", action="version", version=f"orebloc {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = next((word for word in argv if not word.startswith("-")), "")
    for command, (what, module) in _COMMANDS.items():
        if command == chosen:
            _guard()
            getattr(importlib.import_module(module), f"add_{command.replace('-', '_')}_command")(subparsers)
        else:
            subparsers.add_parser(command, help=what, add_help=False)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Return 0, 2 for a user's mistake, 1 for a failed run, 130 when interrupted."""
    words = list(sys.argv[1:] if argv is None else argv)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _stop)
    try:
        arguments = _parser(words).parse_args(words, argparse.Namespace(**_DRAW))
        return int(arguments.run(arguments) or 0)
    except (ShadowedPackageError, _Malformed) as error:
        return _tell(str(error), 2)
    except KeyboardInterrupt:
        return _tell("interrupted; nothing was written.", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has gone
        return 0
    except (ValueError, RuntimeError) as error:
        from model.error import ClearingError, OreblocError

        if isinstance(error, OreblocError):
            return _tell(str(error), 2)
        if isinstance(error, ClearingError):
            return _tell(str(error), 1)
        raise


def _stop(number: int, frame: Any) -> NoReturn:
    """Treat a request to end as a Ctrl-C: what is half done is cleared away."""
    raise KeyboardInterrupt


def _draw_report(results: Any) -> str:
    """Return the report of a finished run as HTML; handed to the command that writes it."""
    from viz.report import draw_report

    return draw_report(results)


def _draw_comparison(comparison: Any) -> str:
    """Return the report of a comparison as HTML; handed to the command that writes it."""
    from viz.comparison import draw_comparison

    return draw_comparison(comparison)


def _draw_explanation(explanation: Any) -> str:
    """Return the page of an explanation as HTML; handed to the command that writes it."""
    from viz.comparison import draw_explanation

    return draw_explanation(explanation)


def _serve_pages(host: str, port: int, scenario: str, is_opened: bool) -> None:
    """Serve the pages until interrupted; handed to the command that asks for it."""
    from viz.server.run import serve_pages

    serve_pages(host, port, scenario, is_opened)


def _host_session(options: Mapping[str, Any]) -> None:
    """Host a session until interrupted; handed to the command that asks for it."""
    from viz.classroom.host import host_session

    host_session(options)


def _rehearse(options: Mapping[str, Any]) -> str:
    """Rehearse a session and return the report; handed to the command that asks for it."""
    from viz.classroom.rehearsal import rehearse, report

    return report(rehearse(options, int(options["seed"])))


def _draw_pack(options: Mapping[str, Any]) -> str:
    """Return the printed matter of a session as HTML; handed to the command that writes it."""
    from experiments.game import Game
    from viz.classroom.printing import pack
    from viz.classroom.session import session_of

    chosen = {key: options[key] for key in ("template", "seats", "rounds", "title")}
    return pack(session_of(Game(options["scenario"]), **chosen), options.get("address", ""))


def _replay_session(path: Path, force: bool) -> dict[str, Any]:
    """Play a class session again; handed to the command that asks for it."""
    from viz.classroom.session_replay import replay_session

    return replay_session(path, force)


def _export_session(path: Path, with_names: bool, without: Sequence[str]) -> dict[str, bytes]:
    """Return the files of a class session's tables; handed to the command that writes them."""
    from viz.classroom.export import spreadsheet

    return spreadsheet(path, with_names, without)


def _forget_person(path: Path, word: str) -> str:
    """Take a person out of a class session's file; handed to the command that asks for it."""
    from viz.classroom.forgetting import forget_person

    return forget_person(path, word)


def _check_pages() -> list[tuple[bool, str, str]]:
    """Return what is well and what is not with the files of the pages."""
    from viz.server.run import check_pages

    return check_pages()


def _check_classroom() -> list[tuple[bool, str, str]]:
    """Return what is well and what is not with hosting a class."""
    from viz.classroom.preflight import check_classroom

    return check_classroom()


def _draw_study(archive: Any) -> str:
    """Return the report of a study as HTML; handed to the command that writes it."""
    from viz.study import draw_study

    return draw_study(archive)


#: What commands draw and show, handed down because they may not import charts and pages.
_DRAW = {
    "serve_pages": _serve_pages,
    "host_session": _host_session,
    "rehearse": _rehearse,
    "draw_pack": _draw_pack,
    "replay_session": _replay_session,
    "export_session": _export_session,
    "forget_person": _forget_person,
    "check_pages": _check_pages,
    "check_classroom": _check_classroom,
    "draw_report": _draw_report,
    "draw_comparison": _draw_comparison,
    "draw_explanation": _draw_explanation,
    "draw_study": _draw_study,
}


def _tell(message: str, code: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
