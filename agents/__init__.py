"""The four Mesa agents, their deciding rules, and the model that joins them to a world.

Mesa is imported when one of its classes is asked for: who runs batches by the rules alone starts in half the time.
"""

import importlib
from typing import TYPE_CHECKING, Any

from agents.deciding import DECISIONS

if TYPE_CHECKING:
    from agents.dominant_exporter import DominantExporter
    from agents.miner import Miner
    from agents.refiner import Refiner
    from agents.state import State
    from agents.trade_model import AGENT_CLASSES, TradeModel

__all__ = ["AGENT_CLASSES", "DECISIONS", "DominantExporter", "Miner", "Refiner", "State", "TradeModel"]
#: Name: the module it is fetched from on first use.
_HOMES = {
    "AGENT_CLASSES": "agents.trade_model",
    "DominantExporter": "agents.dominant_exporter",
    "Miner": "agents.miner",
    "Refiner": "agents.refiner",
    "State": "agents.state",
    "TradeModel": "agents.trade_model",
}


def __getattr__(name: str) -> Any:
    """Fetch a class of Mesa's on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'agents' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
