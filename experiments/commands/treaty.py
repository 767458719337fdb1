"""`orebloc treaty [ID|FILE]`: the text of a treaty, from the object that runs, or the list of those that ship.

With `--stability` it says who would leave each treaty of a scenario and who would join, and why.
"""

import argparse
import json
import tomllib
from pathlib import Path

from experiments.scenario_file import load_scenario, scenario_files
from model.error import ScenarioError
from model.field import Place
from model.name import did_you_mean
from model.treaty import Treaty
from model.treaty_library import shipped_ids, shipped_treaty, treaty_of_row
from model.treaty_merge import merge
from model.treaty_text import text, treaty_line


def add_treaty_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `treaty` to the command line."""
    parser = subparsers.add_parser(
        "treaty",
        help="print the text of a treaty",
        description="Print a treaty's numbered articles: a shipped one by id, or those of a TOML file (a scenario, "
        "a list of [[treaties]], or one document). Without a name: list those that ship.",
    )
    parser.add_argument(
        "name", metavar="ID", nargs="?", help="id of a shipped treaty, a TOML file, or a scenario"
    )
    parser.add_argument(
        "--merge", metavar="OTHER", help="join it with another one into a forum, and print that"
    )
    parser.add_argument(
        "--stability",
        action="store_true",
        help="say who would leave and who would join, by clearing the markets",
    )
    parser.add_argument(
        "--at", metavar="QUARTER", help="with --stability: when (default: after the first year)"
    )
    parser.add_argument(
        "--ask", action="append", default=[], metavar="COUNTRY",
        help="with --stability: ask a country that the treaty does not name too; repeatable",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the documents as JSON")
    parser.set_defaults(run=run_treaty)


def find_treaties(name: str) -> list[Treaty]:
    """Return the shipped treaty of that id, or those of a scenario or TOML file. Raises `ScenarioError`."""
    if name in shipped_ids():
        return [shipped_treaty(name)]
    if name in scenario_files():
        return list(load_scenario(name).treaties)
    path = Path(name)
    if not path.is_file():
        remedy = did_you_mean(
            name, [*shipped_ids(), *scenario_files()], "`orebloc treaty` lists those that ship."
        )
        raise ScenarioError(f"Treaty {name!r} is neither one that ships nor a file. {remedy}")
    return _of_file(path)


def _of_file(path: Path) -> list[Treaty]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path} cannot be read as TOML: {error}. Mend the file there.") from None
    if "start" in raw or "extends" in raw:
        return list(load_scenario(path).treaties)
    place = Place(path.name)
    if not isinstance(raw.get("treaties", []), list):
        place.at("treaties").refuse("treaties must be a list of tables; write [[treaties]].")
    if "treaties" in raw:
        return [treaty_of_row(row, place.at("treaties").at(i)) for i, row in enumerate(raw["treaties"])]
    return [treaty_of_row(raw, place)]


def run_treaty(arguments: argparse.Namespace) -> int:
    """Print texts or the list; return 0. Raises `OreblocError` where there is no such treaty."""
    if arguments.stability:
        return _run_stability(arguments)
    if arguments.at or arguments.ask:
        raise ScenarioError("--at and --ask go with --stability. Write --stability too, or leave them out.")
    if arguments.name is None:
        treaties = [shipped_treaty(name) for name in shipped_ids()]
    else:
        treaties = find_treaties(arguments.name)
    if arguments.merge is not None:
        if arguments.name is None:
            raise ScenarioError("--merge joins two treaties. Write `orebloc treaty ID --merge OTHER`.")
        for other in find_treaties(arguments.merge):
            treaties = [merge(treaty, other) for treaty in treaties]
    if arguments.json:
        print(json.dumps([treaty.to_mapping() for treaty in treaties], indent=2))
    elif arguments.name is None:
        print("\n".join(treaty_line(treaty) for treaty in treaties))
    else:
        print("\n\n".join(text(treaty) for treaty in treaties) or f"{arguments.name} has no treaties.")
    return 0


def _run_stability(arguments: argparse.Namespace) -> int:
    from experiments.preparation import prepare
    from experiments.stability import describe_stability, treaty_stability

    if arguments.name is None:
        raise ScenarioError("--stability needs a scenario. Write `orebloc treaty SCENARIO --stability`.")
    if arguments.name in shipped_ids():
        scenario = prepare("baseline")
        row = {"id": arguments.name, "decides": True, "proposed": scenario.start}
        scenario = scenario.with_changes({"treaties": [row]})
    else:
        scenario = prepare(arguments.name)
    found = treaty_stability(scenario, arguments.at, arguments.ask)
    print(json.dumps(found, indent=1, allow_nan=False) if arguments.json else describe_stability(found))
    return 0
