"""Firms as Mesa agents: what miners and refiners share."""

from typing import Any

from agents.row import Row, built_in
from model.view import firm_view, sites_of


class Firm(Row):
    """A firm that owns plants. A subclass that overrides `decide(view)` decides for itself.

    `view` is described in `model/view.py`; orders are those of `model/firm_order.py`, as mappings with `type` and
    `fields`: invest (good, country, capacity_t_per_year), mothball, reopen, exit (good, country, share).
    """

    @property
    def name(self) -> str:
        """The firm's name."""
        return str(self.engine.world.firms["name"].iloc[self.row])

    @property
    def country(self) -> str:
        """The code of the firm's country."""
        return str(self.engine.world.firms["country"].iloc[self.row])

    @property
    def cash_usd(self) -> float:
        """The firm's balance in the ledger: all it earned less all it paid since the start."""
        return float(self.engine.columns.balance_usd[0, self.row])

    @property
    def sites(self) -> list[int]:
        """Numbers of the firm's sites."""
        return sites_of(self.engine, self.row)

    @property
    def plants(self) -> list[int]:
        """Numbers of the firm's plants, recyclers and smugglers aside."""
        return [int(k) for s in self.sites for k in self.engine.sites["plants"].iloc[s]]

    @property
    def capacity_t(self) -> float:
        """Capacity of all its plants (t of their primary outputs a quarter), mothballed included."""
        return float(self.engine.columns.plant_installed_t[0, self.plants].sum())

    @property
    def idle_t(self) -> float:
        """The part of its capacity that is mothballed."""
        return float(self.engine.columns.plant_idle_t[0, self.plants].sum())

    @property
    def output_t(self) -> float:
        """What its plants made in the last quarter, t of primary outputs."""
        return float(self.engine.answer.output_t[0, self.plants].sum())

    @property
    def pipeline_t(self) -> float:
        """Capacity it has under construction, t a quarter."""
        return float(self.engine.columns.site_pipeline_t[0, self.sites].sum())

    def view(self) -> dict[str, Any]:
        """Return what the firm knows now."""
        return firm_view(self.engine, 0, self.row)

    @built_in
    def decide(self, view: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the orders of the built-in behaviour (`agents/firm.py`), which the view carries as advice."""
        return list(view["advice"])
