"""What deciding costs: the baseline with the exporter and states that choose against the same run without them.

Prints a table of processor time, the least of five turns, as other work shares the machine; only that decisions are
there is asserted.
"""

import time

import pytest

from agents import DECISIONS
from experiments.scenario_file import load_scenario
from model.calibration import calibrate
from model.engine import Engine
from model.scenario import Scenario

pytestmark = pytest.mark.bench

EXPORTER = {"CHN": "exporter"}
STATES = {code: {"behaviour": "state"} for code in ("USA", "EU27", "JPN", "KOR", "AUS", "IDN", "COD")}
PACT = {
    "id": "pact", "kind": "club", "members": ["USA", "EU27", "JPN", "KOR", "AUS"], "proposed": "2026Q1",
    "decides": True, "clauses": [{"type": "gap_subsidy", "fields": {"good": "gallium", "strike_usd_per_t": 6e5}}],
}  # fmt: skip
RUNS, TURNS = 16, 5


def seconds_of(scenario: Scenario, runs: int) -> tuple[float, int]:
    """Return the processor seconds of a whole batch, opening aside, and how many decisions its first run told."""
    engine = Engine(scenario, runs, world=calibrate(scenario), decide=DECISIONS)
    began = time.process_time()
    engine.run()
    return time.process_time() - began, len(engine.decisions)


def test_deciding_costs_at_most_as_much_again() -> None:
    """Baseline to 2040, one core: without, with the exporter, with states that act, with a treaty on the table too."""
    plain = load_scenario("baseline")
    rows = {
        "nobody chooses": plain,
        "the exporter": plain.with_changes({"seats": EXPORTER}),
        "seven states": plain.with_changes({"seats": STATES}),
        "exporter, seven states, a treaty": plain.with_changes(
            {"seats": {**EXPORTER, **STATES}, "treaties": [PACT]}
        ),
    }
    Engine(plain, 1, world=calibrate(plain), decide=DECISIONS).step()  # compiled
    print(f"\nCost of deciding (baseline, {plain.quarters} quarters, one core)")
    print(
        f"{'who chooses':<36}{'alone s':>10}{'ratio':>8}{f'{RUNS} runs s':>12}{'ratio':>8}{'decisions':>11}"
    )
    for scenario in rows.values():
        seconds_of(scenario, 1)  # whatever is compiled on first use
    turns = [{name: seconds_of(scenario, 1)[0] for name, scenario in rows.items()} for _ in range(TURNS)]
    first: tuple[float, float] | None = None
    for name, scenario in rows.items():
        alone = min(turn[name] for turn in turns)
        many, told = seconds_of(scenario, RUNS)
        first = first or (alone, many)
        print(
            f"{name:<36}{alone:>10.2f}{alone / first[0]:>8.1f}{many:>12.2f}{many / first[1]:>8.1f}{told:>11}"
        )
        assert (told > 0) == (name != "nobody chooses")
    print("mark: at most 2.0")
