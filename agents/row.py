"""What all agents share: a row of the engine's columns behind a Mesa agent."""

from typing import Any

import mesa


class Row(mesa.Agent):
    """A Mesa agent that is one row of the state. Attributes read and write columns; there is no other state."""

    def __init__(self, model: Any, row: int) -> None:
        super().__init__(model)
        self.row = row

    @property
    def engine(self) -> Any:
        """The engine whose columns this agent is a row of."""
        return self.model.engine  # type: ignore[attr-defined]

    @property
    def decides_itself(self) -> bool:
        """Whether a subclass has its own `decide`, which replaces the built-in rule for this row."""
        return not getattr(type(self).decide, "is_built_in", False)

    def decide(self, view: dict[str, Any]) -> list[dict[str, Any]]:
        """Return this quarter's orders."""
        raise NotImplementedError


def built_in(method: Any) -> Any:
    """Mark a `decide` that only repeats what the compiled rule already did."""
    method.is_built_in = True
    return method
