"""A game as one word of an address: scenario by name, seats, end, seed, the sheets played and the one being written."""

import base64
import binascii
import json
import zlib
from typing import Any

from experiments.preparation import prepare
from experiments.solo import Solo
from model.cache import rule_hash
from model.error import OreblocError
from viz.live.reach import check_reach


def to_link(solo: Solo, scenario: str) -> str:
    """Return a game as one word for an address: the scenario by name, seats, end, seed, sheets."""
    game = {
        "scenario": scenario, "until": solo.game.scenario.end, "seed": solo.game.engine.seed, "seats": list(solo.seats),
        "sheets": [entry["sheets"] for entry in solo.game.record["rounds"]], "rule_hash": rule_hash(),
    }  # fmt: skip
    game |= {"open": solo.sheets} if any(solo.sheets.values()) else {}
    return (
        base64.urlsafe_b64encode(zlib.compress(json.dumps(game, separators=(",", ":")).encode(), 9))
        .decode()
        .rstrip("=")
    )


def from_link(word: str) -> dict[str, Any]:
    """Return the saved game of a link's word. Raises `OreblocError` for a word that holds none."""
    try:
        data = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
        game = json.loads(zlib.decompressobj().decompress(data, 1_000_000))
        name, until, seed = str(game["scenario"]), str(game["until"]), int(game["seed"])
        rounds = [{"quarter": "", "sheets": dict(sheets)} for sheets in game["sheets"]]
        seats = [str(name) for name in game["seats"]]
        sheets = {str(name): [dict(one) for one in orders] for name, orders in game.get("open", {}).items()}
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, zlib.error) as error:
        raise OreblocError(
            "The link holds no game that can be read. Ask for the saved file instead, or begin anew."
        ) from error
    check_reach(name)
    scenario = prepare(name, seed=seed, until=until)
    return {
        "format": 1, "scenario": scenario.to_mapping(), "seed": seed, "quarters_per_round": 4,
        "rounds": rounds, "seats": seats,
        "rule_hash": game.get("rule_hash"), "open": sheets,
    }  # fmt: skip
