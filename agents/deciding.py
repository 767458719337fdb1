"""Who decides for states by built-in behaviours: exporters and states about measures, all states about treaties."""

from agents.exporter import decide_states as decide_exporters
from agents.membership import decide_treaties
from agents.unilateral import decide_measures
from model.engine import Engine


def decide_states(engine: Engine) -> None:
    """Write the decisions of every state that a built-in behaviour decides for, in all runs."""
    decide_exporters(engine)
    decide_measures(engine)
    decide_treaties(engine)
