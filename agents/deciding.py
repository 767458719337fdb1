"""The built-in behaviours on columns: exporters and states about measures, all states about treaties, firms."""

from agents.exporter import decide_states as decide_exporters
from agents.exporter_advice import advise_state
from agents.firm import decide_all_firms
from agents.membership import decide_treaties
from agents.unilateral import decide_measures
from model.engine import Engine
from model.quarter import Deciders


def decide_states(engine: Engine) -> None:
    """Write the decisions of every state that a built-in behaviour decides for, in all runs."""
    decide_exporters(engine)
    decide_measures(engine)
    decide_treaties(engine)


#: The built-in behaviours as functions on columns, for `Engine(..., decide=DECISIONS)`.
DECISIONS = Deciders(states=decide_states, firms=decide_all_firms, advise=advise_state)
