"""The dominant exporter."""

from typing import Any

import numpy as np

from agents.row import built_in
from agents.state import State


class DominantExporter(State):
    """The state that dominates the most goods: its restrictions move everybody's prices.

    Where the scenario gives its seat to the behaviour `exporter`, that decides on columns (`agents/exporter.py`). A
    subclass that overrides `decide(view)` takes its place; `super().decide(view)` are the orders it would have given.
    """

    @built_in
    def decide(self, view: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what the built-in behaviour would order, which the view carries as advice."""
        return list(view["advice"])

    def capacity_share(self, good: str) -> float:
        """Return its share of the world's capacity to make a good, 0 to 1."""
        engine = self.engine
        layout, capacity = engine.layout, engine.columns.node_capacity_t[0]
        mine = (layout.node_good == list(engine.world.goods["name"]).index(good)) & ~layout.node_leak
        own = mine & (layout.node_country == self.row)
        return float(capacity[own].sum() / max(capacity[mine].sum(), np.finfo(float).tiny))
