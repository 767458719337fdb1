"""The line above the pages of Explore on a class's server: whose game they show, and the way back.

It stands outside what Explore draws; `shell.js` changes it where somebody opens another scenario in the page.
"""

import hmac
import re
from collections.abc import Sequence
from html import escape
from urllib.parse import parse_qs

from viz.classroom.room import Room

_BODY = re.compile(rb"<body[^>]*>")
_OTHER = (
    "<b>Not your class's game.</b> What this page shows is a scenario as it ships; what you change in it stays here "
    "with you."
)


def with_strip(page: bytes, strip: str) -> bytes:
    """Return a page of Explore with the line on top."""
    return _BODY.sub(lambda body: body.group() + strip.encode(), page, count=1)


def strip_of(rooms: Sequence[Room], query: str, base: str, is_desk: bool) -> str:
    """Return the line for the address's `query` as HTML; `base` is where the visitor's world stands, `""` or a path."""
    word = (parse_qs(query).get("scenario") or [""])[-1]
    shown = next((room for room in rooms if _is_word_of(room, word)), None)
    texts = [] if shown is None else [_text(word, _own_game(shown))]
    texts.append(_text("", _OTHER, is_hidden=shown is not None))
    seat = ("desk", "Back to the desk") if is_desk else ("play", "Back to your seat")
    back = "".join(f'<a href="{base}/{path}">{words}</a>' for path, words in (seat, ("wall", "The wall")))
    return (
        f'<div class="class-strip" role="region" aria-label="Your class">{"".join(texts)}<p>{back}</p></div>'
    )


def _is_word_of(room: Room, word: str) -> bool:
    return bool(word) and hmac.compare_digest(room.game_link().partition("=")[2].encode(), word.encode())


def _text(word: str, html: str, is_hidden: bool = False) -> str:
    return f'<p data-scenario="{escape(word, quote=True)}"{" hidden" if is_hidden else ""}>{html}</p>'


def _own_game(room: Room) -> str:
    """Say which session it is, how far people played, and who plays from there on."""
    state = room.state
    rounds = len(state.record["rounds"])
    name = ", ".join(filter(None, (state.title, state.world.get("name", ""))))
    to = state.outcomes[rounds]["quarter_to"]
    played = "round 1" if rounds == 1 else f"rounds 1 to {rounds}"
    return (
        f"<b>Your class's own game: {escape(name)}.</b> Up to {escape(to)} it is what you played ({played}): your "
        "orders, treaties and events. After that machines play. Levers change the world under it."
    )
