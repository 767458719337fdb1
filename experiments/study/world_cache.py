"""Calibrated worlds shared between scenarios that differ only in what happens after the base year.

A lever such as the height of a floor from 2027 on makes a scenario of its own for each value, while the base year
they are calibrated to is the same. Treaties, shocks and events of later, parameters and behaviours leave the
calibration alone; of a later measure it reads what it is, whose and on which goods (whoever will restrict exports has
smugglers), of treaties and floors whom they spare (who is spared has resellers).
"""

import hashlib
import json
from collections import OrderedDict
from dataclasses import replace
from typing import Any

from model.calibration import calibrate
from model.calibration.resale import resale_key
from model.quarter_date import quarter_index
from model.scenario import Scenario
from model.world import World

#: Worlds kept at a time: each holds some tens of megabytes.
MOST_WORLDS = 8
#: Keys that calibration never reads.
_UNREAD = (
    "name", "title", "description", "sources", "expected", "seed", "parameters", "uncertain", "seats", "treaties",
    "shocks", "events",
)  # fmt: skip


class WorldCache:
    """The last few calibrated worlds, by what calibration reads of a scenario."""

    def __init__(self, most: int = MOST_WORLDS) -> None:
        self.most = most
        self.kept: OrderedDict[str, World] = OrderedDict()

    def world(self, scenario: Scenario) -> World:
        """Return the calibrated world of a scenario. Raises `OreblocError` where the base year cannot be built."""
        key = base_key(scenario)
        if key in self.kept:
            self.kept.move_to_end(key)
        else:
            self.kept[key] = calibrate(scenario)
            if len(self.kept) > self.most:
                self.kept.popitem(last=False)
        return replace(self.kept[key], scenario=scenario)


def base_key(scenario: Scenario) -> str:
    """Return a hash of what calibration reads of a scenario."""
    raw = {key: value for key, value in scenario.to_mapping().items() if key not in _UNREAD}
    raw["measures"] = [_as_read(row, scenario) for row in raw.get("measures") or []]
    raw["resale"] = resale_key(scenario)
    return hashlib.blake2b(json.dumps(raw, sort_keys=True).encode(), digest_size=16).hexdigest()


def _as_read(row: Any, scenario: Scenario) -> Any:
    """Return what calibration reads of a measure: all of one that may hold in the base year."""
    if quarter_index(str(row["quarter"])) < scenario.start_index:
        return row
    return {"type": row["type"], "actor": row["actor"], "good": (row.get("fields") or {}).get("good")}
