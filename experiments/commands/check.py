"""`orebloc check FILE`: read a scenario, say what it decides, or what is wrong with it."""

import argparse

from experiments.scenario_file import load_scenario
from model.instruments import BY_NAME
from model.scenario import Scenario


def add_check_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `check` to the command line."""
    parser = subparsers.add_parser(
        "check",
        help="check a scenario file",
        description="Read a scenario file (or a shipped scenario by name) and print what it decides. "
        "Exit code 2 and one line with file, field, value, limit and remedy if it cannot be run.",
    )
    parser.add_argument("file", metavar="FILE", help="TOML file, or the name of a scenario")
    parser.set_defaults(run=run_check)


def describe(scenario: Scenario) -> list[str]:
    """Return the scenario in words, one line each."""
    head = [
        f"{scenario.name}: {scenario.title}",
        f"{scenario.start} to {scenario.end}, base year {scenario.base_year}, seed {scenario.seed}",
        f"{len(scenario.goods)} goods: {', '.join(scenario.goods)}",
    ]
    measures = [f"- {BY_NAME[order.type].text(order)}" for order in scenario.measures]
    rest = {
        "uncertain parameters": len(scenario.uncertain),
        "shocks": len(scenario.shocks),
        "projects": len(scenario.projects),
    }
    return [*head, f"{len(measures)} measures", *measures, *(f"{n} {what}" for what, n in rest.items() if n)]


def run_check(arguments: argparse.Namespace) -> int:
    """Print the scenario in words; return 0. Raises `ScenarioError` where it cannot be run."""
    print("\n".join(describe(load_scenario(arguments.file))))
    return 0
