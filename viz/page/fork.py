"""Forks kept beside a plan, and scenarios that can be set beside it: what the comparison offers."""

from dataclasses import replace
from functools import cache

from experiments.scenario_file import load_scenario, scenario_files
from experiments.title import short_title
from model.error import OreblocError
from model.scenario import Scenario
from viz.live.lever import LEVERS_BY_ID, price_unit
from viz.live.plan import Plan, from_link, plan_words

#: Runs side by side at most: the scenario, and as many forks beside it.
MOST_RUNS = 4
_FORK = "fork"
_FIRST = "us_eu_japan_floor"


def keep(plan: Plan) -> Plan:
    """Return the plan with its changes kept beside it. Raises `OreblocError` where there are none or no room."""
    if plan.changes_nothing:
        raise OreblocError("Changes are 0; a fork needs 1 or more. Move a lever on Explore first.")
    word = plan_words(plan)
    if word in plan.kept:
        raise OreblocError(
            "These changes are kept already. Change a lever on Explore, then come back to compare the two."
        )
    if len(plan.kept) >= MOST_RUNS - 1:
        raise OreblocError(f"Forks kept are {len(plan.kept)}, the most there can be. Forget them first.")
    return replace(plan, kept=(*plan.kept, word))


def is_fork(name: str) -> bool:
    """Tell whether a run's name is that of a fork kept."""
    return name.startswith(_FORK) and name.removeprefix(_FORK).isdigit()


def fork_names(plan: Plan) -> list[str]:
    """Return the names of the forks kept."""
    return [f"{_FORK}{n}" for n in range(len(plan.kept))]


def fork_plan(plan: Plan, name: str) -> Plan:
    """Return the plan of a fork kept. Raises `OreblocError` where there is none of the name."""
    number = int(name.removeprefix(_FORK))
    if number >= len(plan.kept):
        raise OreblocError(
            f"Fork {number + 1} is not kept here; there are {len(plan.kept)}. Choose one of the list."
        )
    return from_link(plan.kept[number])[0]


def fork_title(plan: Plan) -> str:
    """Return what a plan changes in a few words: levers with values and units, the treaty, from when."""
    words = []
    for (lever, good), value in sorted(plan.levers.items(), key=str):
        found = LEVERS_BY_ID[lever]
        label = found.label.format(leader="the exporter")
        on = f" on {short_title(good)}" if good else ""
        if found.kind == "range":
            unit = price_unit(good) if found.unit == "price" else found.unit
            words.append(f"{label}{on} {value:g} {unit}".strip())
        else:
            words.append(f"{label}{on}" if found.kind == "switch" else f"{label} {value}")
    if plan.treaty is not None:
        words.append(str(plan.treaty.get("title") or "the treaty"))
    title = ", ".join(words[:3]) + (f" and {len(words) - 3} more" if len(words) > 3 else "")
    return f"{title}, from {plan.start}" if words else "No changes"


@cache
def _span(name: str) -> tuple[str, str, str]:
    scenario = load_scenario(name)
    return scenario.start, scenario.end, scenario.description


def comparable(scenario: Scenario) -> list[str]:
    """Return the shipped scenarios that run over the same quarters as this one."""
    return [name for name in scenario_files() if _span(name)[:2] == (scenario.start, scenario.end)]


def first_beside(name: str, scenario: Scenario) -> str | None:
    """Return what is set beside a scenario where nothing else is asked; None where nothing can be."""
    ship = [other for other in comparable(scenario) if other != name]
    return _FIRST if _FIRST in ship else ship[0] if ship else None


def described(name: str) -> str:
    """Return what a shipped scenario says it is; nothing for any other name."""
    return _span(name)[2] if name in scenario_files() else ""
