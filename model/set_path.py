"""Changing one value in nested tables and lists by its path, as `--set path=value` does."""

import json
from typing import Any

from model.field import Place


def typed(value: Any) -> Any:
    """Return text read as JSON where it is JSON, else the value as it stands."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def set_path(raw: dict[str, Any], path: str, value: Any, file: str) -> None:
    """Set one value in nested tables and lists; `a.b.0.c` and `a.b[0].c` are the same."""
    steps = path.replace("[", ".").replace("]", "").split(".")
    owner: Any = raw
    for depth, step in enumerate(steps):
        last = depth == len(steps) - 1
        if isinstance(owner, list):
            owner = _list_step(owner, step, value, last, path, file)
        elif isinstance(owner, dict):
            owner = _table_step(owner, step, value, last)
        else:
            Place(file, path).refuse(f"{'.'.join(steps[:depth])} is {owner!r}, which has no part {step!r}.")


def _table_step(owner: dict[str, Any], step: str, value: Any, last: bool) -> Any:
    if last:
        owner[step] = value
        return None
    return owner.setdefault(step, {})


def _list_step(owner: list[Any], step: str, value: Any, last: bool, path: str, file: str) -> Any:
    if not step.isdigit() or int(step) >= len(owner):
        there = f"0 to {len(owner) - 1}" if owner else "none"
        Place(file, path).refuse(f"{step!r} is not an entry of the list; entries are {there}.")
    if last:
        owner[int(step)] = value
        return None
    return owner[int(step)]
