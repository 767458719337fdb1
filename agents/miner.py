"""Miners."""

from agents.owner import Firm


class Miner(Firm):
    """A firm that mines. Subclass it, override `decide(view)`, and pass it in `agent_classes={"miner": YourMiner}`."""
