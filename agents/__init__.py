"""The four Mesa agents, their deciding rules, and the model that joins them to a world."""

from agents.dominant_exporter import DominantExporter
from agents.miner import Miner
from agents.refiner import Refiner
from agents.state import State
from agents.trade_model import AGENT_CLASSES, DECISIONS, TradeModel

__all__ = ["AGENT_CLASSES", "DECISIONS", "DominantExporter", "Miner", "Refiner", "State", "TradeModel"]
