"""`orebloc check FILE`: read a scenario, say what it decides and what of it has no effect, or what is wrong."""

import argparse
from typing import Any

from experiments.commands.run import read_changes
from experiments.preparation import prepare
from model.demand_path import last_projected_year
from model.instruments import BY_NAME
from model.name import WORLD
from model.quarter_date import first_date, last_date, quarter_index
from model.scenario import Scenario, Shock
from model.treaty_text import text, treaty_line


def add_check_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `check` to the command line."""
    parser = subparsers.add_parser(
        "check",
        help="check a scenario file",
        description="Read a scenario file (or a shipped scenario by name), calibrate its base year, and print what it "
        "decides, which measures, clauses and seats have no effect and why, and what of the base year is left out. "
        "Exit code 2 and one line with file, field, value, limit and remedy if it cannot be run.",
    )
    parser.add_argument("file", metavar="FILE", help="TOML file, or the name of a scenario")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        dest="changes",
        help="change a value first",
    )
    parser.add_argument("--text", action="store_true", help="print the text of its treaties too")
    parser.set_defaults(run=run_check)


def describe(scenario: Scenario) -> list[str]:
    """Return the scenario in words, one line each."""
    head = [
        f"{scenario.name}: {scenario.title}",
        f"{scenario.start} to {scenario.end}, base year {scenario.base_year}, seed {scenario.seed}",
        f"{_count(len(scenario.goods), 'good')}: {', '.join(scenario.goods)}",
    ]
    measures = [f"- {BY_NAME[order.type].text(order)}" for order in scenario.measures]
    treaties = [f"- {treaty_line(treaty)}" for treaty in scenario.treaties]
    shocks = [f"- {shock_line(shock)}" for shock in scenario.shocks]
    rest = {
        "uncertain parameter": len(scenario.uncertain),
        "project": len(scenario.projects),
    }
    agreed = (
        ["1 treaty" if len(treaties) == 1 else f"{len(treaties)} treaties", *treaties] if treaties else []
    )
    others = [_count(n, what) for what, n in rest.items() if n]
    struck = [_count(len(shocks), "shock"), *shocks] if shocks else []
    return [*head, _count(len(measures), "measure"), *measures, *agreed, *struck, *others]


def shock_line(shock: Shock) -> str:
    """Return a shock as a sentence."""
    where = "the world" if shock.country == WORLD else shock.country
    what = "demand for" if shock.kind == "demand" else "capacity for"
    held = f"from {shock.start} on" if shock.end is None else f"from {shock.start} to {shock.end}"
    return f"{what} {shock.good} in {where} is {shock.factor:g} times what it was {held}."


def shocks_without_effect(scenario: Scenario) -> list[str]:
    """Return a note for each shock that nothing in the scenario feels."""
    first, last = first_date(scenario.start), last_date(scenario.end)
    lines = []
    for i, shock in enumerate(scenario.shocks):
        why = ""
        if shock.good not in scenario.goods:
            why = f"{shock.good} is not in the scenario"
        elif first_date(shock.start) > last:
            why = f"it starts after the run, which ends in {scenario.end}"
        elif shock.end is not None and last_date(shock.end) < first:
            why = f"it ends before the run, which starts in {scenario.start}"
        if why:
            lines.append(f"note: shocks[{i}] has no effect: {why}")
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def notices(scenario: Scenario) -> list[str]:
    """Return what the world makes of the scenario, one line each: measures and seats without effect, what is left out.

    Raises `OreblocError` where the base year cannot be calibrated, as a run does.
    """
    from experiments.seat_note import seat_notes
    from model.base.note import NOTICE
    from model.calibration import calibrate
    from model.edit import compile_measures

    world = calibrate(scenario)
    lines = [_without_effect(scenario, note) for note in compile_measures(world, scenario).notes]
    lines += [f"note: {note}" for note in seat_notes(scenario, world)]
    rows = world.assumptions[world.assumptions["step"] == NOTICE]
    ends = last_projected_year()
    if quarter_index(scenario.end) // 4 > ends and not scenario.demand:
        lines.append(f"note: the projections of demand end in {ends}; from then on demand stays as it is")
    return [*lines, *shocks_without_effect(scenario), *(f"note: {what}" for what in rows["what"])]


def _without_effect(scenario: Scenario, note: dict[str, Any]) -> str:
    if "treaty" in note:
        on = ", ".join(note["goods"])
        where = f"article {note['article']} of treaty {note['treaty']}"
        return f"note: {where} has no effect on {on}: {note['why']} ({note['text'].rstrip('.')})"
    every = scenario.measures[note["measure"]].fields.get("good", [])
    on = "" if note["goods"] == every else f" on {', '.join(note['goods'])}"
    return f"note: measures[{note['measure']}] has no effect{on}: {note['why']} ({note['text'].rstrip('.')})"


def run_check(arguments: argparse.Namespace) -> int:
    """Print the scenario in words; return 0. Raises `OreblocError` where it cannot be run."""
    scenario = prepare(arguments.file, changes=read_changes(arguments.changes))
    found = notices(scenario)
    texts = [f"\n{text(treaty)}" for treaty in scenario.treaties] if arguments.text else []
    print("\n".join([*describe(scenario), *found, *texts]))
    return 0
