"""The word by which a class's game opens in the pages, and who made it. Without the model, so that it loads at once."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Set by the server of a class: its files and the secret of their marks, as JSON `{"secret", "files"}`.
GAMES = "OREBLOC_GAMES"
#: How a class session's file ends: who may see one is told at its own server only.
SESSION = ".orebloc"
_WORD = "class"


def is_class_game(name: str) -> bool:
    """Whether a scenario's name is that of a class's game."""
    return is_word(name) or Path(name).suffix == SESSION


def is_word(name: str) -> bool:
    """Whether it is the word of a game of this server."""
    return name.startswith(f"{_WORD}:")


def game_word(number: int, secret: str, record: Mapping[str, Any]) -> str:
    """Return the word that opens game `number` of the server as its record is now."""
    said = json.dumps([number, record], sort_keys=True).encode()
    return f"{_WORD}:{number}:{hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()}"
