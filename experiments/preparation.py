"""From what a person names to the scenario that is run: read, changed, cut short."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.scenario_file import extended_scenario, load_scenario
from model.error import OreblocError
from model.quarter_date import quarter_index
from model.scenario import Scenario
from model.sheet import shown


def prepare(
    scenario: str | Path | Mapping[str, Any] | Scenario,
    *,
    changes: Mapping[str, Any] | None = None,
    seed: int | None = None,
    until: str | None = None,
) -> Scenario:
    """Return the scenario as it will be run: read, changed, cut short. Raises `OreblocError`."""
    if isinstance(scenario, Scenario):
        ready = scenario
    elif isinstance(scenario, Mapping):
        ready = extended_scenario(scenario)
    else:
        ready = load_scenario(scenario)
    if changes is not None and not isinstance(changes, Mapping):
        raise OreblocError(
            f"changes is {shown(changes)}; it must be a mapping of paths to values, such as {{'end': '2030Q4'}}."
        )
    if until is not None and not isinstance(until, str):
        raise OreblocError(f"until is {shown(until)}; it must be a quarter in quotes, such as '2030Q4'.")
    wanted: dict[str, Any] = dict(changes or {})
    if seed is not None:
        wanted["seed"] = seed
    ready = ready.with_changes(wanted) if wanted else ready
    return ready if until is None else ready.with_changes({"end": _last_quarter(ready, until)})


def _last_quarter(scenario: Scenario, until: str) -> str:
    try:
        index = quarter_index(until)
    except OreblocError as error:
        raise OreblocError(f"--until: {error}") from None
    if not scenario.start_index <= index <= quarter_index(scenario.end):
        early = index < scenario.start_index
        raise OreblocError(
            f"--until is {until}; it must lie within the scenario, {scenario.start} to {scenario.end}. "
            f"{'Name a later quarter' if early else 'Change `end` in the scenario (--set end=...) to run longer'}."
        )
    return until
