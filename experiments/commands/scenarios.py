"""`orebloc scenarios`: the list of scenarios that ship."""

import argparse
import json
from pathlib import Path

from experiments.scenario_file import load_scenario, scenario_files


def add_scenarios_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `scenarios` to the command line."""
    parser = subparsers.add_parser(
        "scenarios",
        help="list the scenarios",
        description="List the scenarios that ship, by name and title. Run one with `orebloc run NAME`.",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list of name and title")
    parser.set_defaults(run=run_scenarios)


def listing() -> list[dict[str, str]]:
    """Return name and title of every scenario that ships, the baseline first."""
    return [_entry(path) for path in scenario_files().values()]


def _entry(path: Path) -> dict[str, str]:
    scenario = load_scenario(path)
    return {"name": scenario.name, "title": scenario.title}


def run_scenarios(arguments: argparse.Namespace) -> int:
    """Print the list; return 0."""
    entries = listing()
    if arguments.json:
        print(json.dumps(entries, indent=2))
        return 0
    width = max(len(entry["name"]) for entry in entries)
    for entry in entries:
        print(f"{entry['name']:<{width}}  {entry['title']}")
    return 0
