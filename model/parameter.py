"""Every behavioural and technical parameter: its name, default, unit, range and source.

A scenario may set any of them (`[parameters]`), or give it a distribution (`[uncertain]`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    """One number a scenario may change. `low` and `high` are the limits that are accepted."""

    name: str
    default: float
    unit: str
    low: float
    high: float
    what: str
    source: str


_MARKET = [
    Parameter("stock_response_power", 4.0, "1", 1.0, 20.0,
              "steepness of stock draw-down and restocking in the price", "judgement"),
]  # fmt: skip

PARAMETERS: dict[str, Parameter] = {p.name: p for p in [*_MARKET]}


def defaults() -> dict[str, float]:
    """Return the default value of every parameter, by name."""
    return {name: parameter.default for name, parameter in PARAMETERS.items()}
