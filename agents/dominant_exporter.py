"""The dominant exporter."""

import numpy as np

from agents.state import State


class DominantExporter(State):
    """The state that dominates the most goods: its restrictions move everybody's prices."""

    def capacity_share(self, good: str) -> float:
        """Return its share of the world's capacity to make a good, 0 to 1."""
        engine = self.engine
        layout, capacity = engine.layout, engine.columns.node_capacity_t[0]
        mine = (layout.node_good == list(engine.world.goods["name"]).index(good)) & ~layout.node_leak
        own = mine & (layout.node_country == self.row)
        return float(capacity[own].sum() / max(capacity[mine].sum(), np.finfo(float).tiny))
