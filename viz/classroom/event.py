"""Events: what happened in a session, in order. They are all that is kept; everything else follows from them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = 1
#: Who an event is by, where it is no person: the facilitator's desk, and the server's clock.
DESK, SERVER = "desk", "server"


@dataclass(frozen=True)
class Event:
    """One thing that happened: number from 1, server time in unix seconds, kind, by whom, what. JSON values only."""

    seq: int
    at: float
    kind: str
    by: str
    body: Mapping[str, Any]


def body_text(body: Mapping[str, Any]) -> str:
    """Return an event's body as it is stored, keys in their order. Raises ValueError for what is not JSON."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def chained(before: str, event: Event) -> str:
    """Return the hash of an event and of all before it, 64 hexadecimal digits."""
    line = f"{before}\n{event.seq}\n{event.at!r}\n{event.kind}\n{event.by}\n{body_text(event.body)}"
    return hashlib.sha256(line.encode()).hexdigest()
