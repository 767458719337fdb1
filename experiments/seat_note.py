"""Seats and flags of a scenario that change nothing, in words: for the manifest and for `orebloc check`."""

from agents.strike import restrictable
from model.engine import Engine
from model.scenario import Scenario
from model.world import World


def seat_notes(scenario: Scenario, world: World) -> list[str]:
    """Return a sentence for each exporter's seat that can restrict nothing, and for EU members that cannot defect."""
    codes = [code for code, seat in scenario.seats.items() if seat["behaviour"] == "exporter"]
    engine = Engine(scenario, 1, world=world) if codes else None
    notes = [
        f"seats.{code} has no effect: {code} dominates no good of the scenario, so an exporter has nothing to restrict"
        for code in codes
        if not restrictable(engine, world.countries.index(code))
    ]
    if scenario.eu_defects and not scenario.eu_members:
        notes.append("eu_defects has no effect: EU27 is one country here; set eu_members = true too")
    return notes
