"""The Mesa model with the built-in agents."""

from collections.abc import Mapping
from typing import Any

import mesa

from agents.deciding import DECISIONS
from agents.dominant_exporter import DominantExporter
from agents.miner import Miner
from agents.refiner import Refiner
from agents.state import State
from model.error import OreblocError
from model.name import did_you_mean
from model.parameter import PARAMETERS
from model.scenario import HEAD, LISTS, Scenario, scenario_from
from model.trade_model import BaseTradeModel
from model.world import World

_FIELDS = (*(field.name for field in HEAD), *LISTS)
#: The classes behind each role.
AGENT_CLASSES: dict[str, type] = {
    "miner": Miner,
    "refiner": Refiner,
    "state": State,
    "exporter": DominantExporter,
}


class TradeModel(BaseTradeModel):
    """A scenario as a Mesa model. Levers are parameters by name, or paths with `__` for dots.

    `agent_classes` replaces classes by role (`miner`, `refiner`, `state`, `exporter`) or for one firm or country.
    Raises `OreblocError` for a value that cannot be run.
    """

    def __init__(
        self,
        scenario: Scenario | Mapping[str, Any],
        agent_classes: Mapping[str, type] | None = None,
        seed: int | None = None,
        rng: Any = None,
        world: World | None = None,
        **levers: Any,
    ) -> None:
        ready = scenario if isinstance(scenario, Scenario) else scenario_from(scenario)
        _check_names(levers)
        changes = {
            f"parameters.{n}" if n in PARAMETERS else n.replace("__", "."): v for n, v in levers.items()
        }
        ready = ready.with_changes(changes) if changes else ready
        for name, kind in (agent_classes or {}).items():
            if not (isinstance(kind, type) and issubclass(kind, mesa.Agent)):
                raise OreblocError(
                    f"Class of {name} is {kind!r}; it must be a subclass of orebloc.Miner, Refiner, State or "
                    "DominantExporter."
                )
        classes = {**AGENT_CLASSES, **(agent_classes or {})}
        super().__init__(ready, classes, DECISIONS, seed=seed, rng=rng, world=world)


def _check_names(levers: Mapping[str, Any]) -> None:
    """Refuse a keyword that is neither a parameter nor a field of scenarios nor a path that starts with one."""
    for name in levers:
        if name not in PARAMETERS and name.split("__")[0] not in _FIELDS:
            remedy = did_you_mean(name, [*PARAMETERS, *_FIELDS], "See `orebloc data --parameters`.")
            raise OreblocError(f"{name} is no parameter and no field of a scenario. {remedy}")
