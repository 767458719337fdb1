"""Treaties that exist, or are on the table, as documents: the TOML files of `model/data/treaties/`.

Every file holds `[[treaties]]`; the folder is the list. A scenario names one by id and may write other dates.
"""

import copy
import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from model.field import Place
from model.name import did_you_mean
from model.treaty import Treaty, treaty_from


@functools.cache
def _documents() -> dict[str, dict[str, Any]]:
    """Return the shipped documents by id, in the order of files and rows; shared, not to be written to."""
    folder = files("model").joinpath("data", "treaties")
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.iterdir(), key=lambda item: item.name):
        if path.name.endswith(".toml"):
            for row in tomllib.loads(path.read_text(encoding="utf-8"))["treaties"]:
                assert row["id"] not in found, f"{path.name} repeats treaty {row['id']}"
                found[row["id"]] = row
    return found


def shipped_ids() -> list[str]:
    """Return the ids of the shipped treaties."""
    return list(_documents())


def shipped_treaty(name: str, place: Place | None = None) -> Treaty:
    """Return a shipped treaty. Raises `ScenarioError` for an unknown id."""
    return treaty_of_row({"id": name}, place)


def treaty_of_row(row: Any, place: Place | None = None) -> Treaty:
    """Return the treaty a scenario's row means: a document of its own, or a shipped one with keys laid over.

    With `decides = true` a shipped treaty loses its dates of signing: it is on the table again.
    """
    place = place or Place()
    if not isinstance(row, Mapping):
        place.refuse(f"{row!r} is not a treaty; write its id, or id, kind, members and clauses.")
    known = _documents()
    if "clauses" in row or not isinstance(row.get("id"), str):
        return treaty_from(row, place)
    if row["id"] not in known:
        remedy = did_you_mean(
            row["id"], known, "`orebloc treaty` lists them; others need kind, members, clauses."
        )
        place.at("id").refuse(f"Treaty {row['id']!r} is not one that ships. {remedy}")
    document = copy.deepcopy(known[row["id"]])
    if row.get("decides"):
        for key in ("signed", "in_force", "ended"):
            document.pop(key, None)
    return treaty_from({**document, **row}, place)
