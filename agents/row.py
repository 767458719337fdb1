"""What all agents share: a row of the engine's columns behind a Mesa agent."""

import functools
from collections.abc import Iterable, Mapping
from typing import Any

import mesa

from model.error import OreblocError


class Row(mesa.Agent):
    """A Mesa agent that is one row of the state. Attributes read and write columns; there is no other state."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Have what a subclass's own `decide` returns looked at."""
        super().__init_subclass__(**keywords)
        own = cls.__dict__.get("decide")
        if own is not None and not getattr(own, "is_built_in", False):
            cls.decide = _checked(own)  # type: ignore[method-assign]

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
        """Return this quarter's orders: none from a bare row. Every kind of agent says its own."""
        return []


def _checked(decide: Any) -> Any:
    """Return a `decide` that refuses what is no list of orders."""

    @functools.wraps(decide)
    def checked(self: Any, view: dict[str, Any]) -> list[dict[str, Any]]:
        orders = decide(self, view)
        if isinstance(orders, str | Mapping) or not isinstance(orders, Iterable):
            raise OreblocError(
                f"{self.name} ({type(self).__name__}) decided {_shown(orders)} in {self.engine.quarter_label}; "
                "it must return a list of orders. Return [] to do nothing, or what super().decide(view) returns."
            )
        return list(orders)

    return checked


def _shown(orders: Any) -> str:
    text = repr(orders)
    return text if len(text) <= 60 else f"{text[:57]}..."


def built_in(method: Any) -> Any:
    """Mark a `decide` that only repeats what the compiled rule already did."""
    method.is_built_in = True
    return method
