"""States."""

from typing import Any

from agents.row import Row, built_in
from model.view import state_view


class State(Row):
    """A trading state. A subclass that overrides `decide(view)` gives orders beside the scenario's own measures.

    `view` is described in `docs/play.md`; orders are instruments, `repeal` and treaty moves (`model/state_order.py`).
    """

    @property
    def name(self) -> str:
        """The country's code."""
        return str(self.engine.world.countries[self.row])

    country = name

    @property
    def treasury_usd(self) -> float:
        """Balance of its treasury since the start."""
        return float(self.engine.columns.balance_usd[0, self.engine.layout.treasury_account + self.row])

    @property
    def reserve_t(self) -> dict[str, float]:
        """The state's stock of each good it holds, t."""
        layout, held = self.engine.layout, self.engine.columns.buyer_reserve_t[0]
        goods = list(self.engine.world.goods["name"])
        mine = [j for j in range(held.size) if layout.buyer_country[j] == self.row and held[j] > 0.0]
        return {goods[layout.buyer_good[j]]: float(held[j]) for j in mine}

    def view(self) -> dict[str, Any]:
        """Return what the state knows now."""
        return state_view(self.engine, 0, self.row)

    @built_in
    def decide(self, view: dict[str, Any]) -> list[dict[str, Any]]:
        """Return no orders: scripted measures are in force by themselves."""
        return []
