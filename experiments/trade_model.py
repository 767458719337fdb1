"""The Mesa model a user constructs: a scenario by name, file, mapping or record, with levers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import agents
from experiments.preparation import prepare
from model.scenario import Scenario


class TradeModel(agents.TradeModel):
    """A world of miners, refiners, states and a dominant exporter as a Mesa model.

    `scenario` is a name, the path of a TOML file, a mapping or a `Scenario`. Levers are keywords: `seed`, `until`
    (`"2030Q4"`), any parameter by its name (`discount_private=0.08`), and `changes`, a mapping of paths to values.
    `model.step()` runs a quarter. Raises `OreblocError` for a value that cannot be run.
    """

    def __init__(
        self,
        scenario: str | Path | Mapping[str, Any] | Scenario = "baseline",
        *,
        seed: int | None = None,
        until: str | None = None,
        changes: Mapping[str, Any] | None = None,
        agent_classes: Mapping[str, type] | None = None,
        **levers: Any,
    ) -> None:
        parameters = {f"parameters.{name}": value for name, value in levers.items()}
        ready = prepare(scenario, changes={**parameters, **(changes or {})}, seed=seed, until=until)
        super().__init__(ready, **({"agent_classes": agent_classes} if agent_classes else {}))
