"""Scenarios for tests of the base year."""

from typing import Any

from model.scenario import Scenario, scenario_from

LICENCES: list[dict[str, Any]] = [
    {
        "type": "export_licence", "actor": "CHN", "quarter": "2023-08-01",
        "fields": {"good": ["gallium", "germanium"], "rate": 1.0},
    },
    {
        "type": "export_licence", "actor": "CHN", "quarter": "2024-09-15",
        "fields": {"good": ["antimony"], "rate": 1.0},
    },
]  # fmt: skip


def scenario(**changes: Any) -> Scenario:
    """A scenario of base year 2024 with the changes."""
    year = changes.get("base_year", 2024)
    head = {"name": "test", "base_year": year, "start": f"{year + 1}Q1", "end": f"{year + 6}Q4"}
    return scenario_from({**head, **changes})
