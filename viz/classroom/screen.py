"""What connected screens are sent: the whole view first, then the keys that changed. Parts are encoded once for all.

A message is `{"is_whole", "common", "own"}`; where `is_whole` is false, its keys replace those sent before.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from viz.classroom.room import SHOW_SECONDS, Room
from viz.classroom.view import Viewer

#: The JSON text of each key of a view.
Texts = dict[str, str]
_encode = json.JSONEncoder(ensure_ascii=False).encode
#: Seconds more between two waves of news for each screen, so that commands are heard in between.
SECONDS_A_SCREEN = 0.001


class Screens:
    """The screens of a room, and the texts they share. A text that has not changed is the same object as before.

    Values are compared with those of before, so a view must hold no list or table that the state changes in place.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self.screens: set[Screen] = set()
        self.version = -1
        #: The values and texts of each part, of this version and of earlier ones.
        self.fresh: dict[str, tuple[Mapping[str, Any], Texts]] = {}
        self.before: dict[str, tuple[Mapping[str, Any], Texts]] = {}

    def add(self, viewer: Viewer) -> "Screen":
        """Return a new screen of a viewer."""
        screen = Screen(self, viewer)
        self.screens.add(screen)
        return screen

    def remove(self, screen: "Screen") -> None:
        """Forget a screen."""
        self.screens.discard(screen)

    def whole(self, viewer: Viewer) -> str:
        """Return a viewer's whole view as JSON."""
        return self.message(*self.texts(viewer), is_whole=True)

    def texts(self, viewer: Viewer) -> tuple[Texts, Texts]:
        """Return the texts of `common` and `own` as they are now, without time and number."""
        if self.version != self.room.version:
            self.before = {**self.before, **self.fresh} if len(self.before) < 2000 else self.fresh
            self.fresh, self.version = {}, self.room.version
        common = self._encoded("common", self.room.common)
        own = [self._encoded(name, make) for name, make in self.room.own_parts(viewer)]
        return common, {key: text for part in own for key, text in part.items()}

    def _encoded(self, name: str, make: Callable[[], Mapping[str, Any]]) -> Texts:
        if name not in self.fresh:
            values, texts = self.before.get(name, ({}, {}))
            found, made = {}, make()
            for key, value in made.items():
                if name == "common" and key in ("now", "seq"):
                    continue  # time and number go with every message; by themselves they are no news
                is_same = key in values and values[key] == value
                found[key] = texts[key] if is_same else _encode(value)
            self.fresh[name] = (made, found)
        return self.fresh[name][1]

    def message(self, common: Texts, own: Texts, is_whole: bool) -> str:
        """Return keys of a view as a message, with the time it is now."""
        timed = {"now": json.dumps(self.room.clock()), "seq": str(self.room.state.seq), **common}
        whole = "true" if is_whole else "false"
        return f'{{"is_whole":{whole},"common":{_table(timed)},"own":{_table(own)}}}'

    async def show(self) -> None:
        """Wake all screens after a change, many changes at once, until cancelled."""
        while True:
            await self.room.changed.wait()
            self.room.changed.clear()
            for screen in self.screens:
                screen.has_news.set()
            await asyncio.sleep(SHOW_SECONDS + SECONDS_A_SCREEN * len(self.screens))


def _table(texts: Texts) -> str:
    return "{" + ",".join(f'"{key}":{text}' for key, text in texts.items()) + "}"


class Screen:
    """One connected page: what it was sent last."""

    def __init__(self, screens: Screens, viewer: Viewer) -> None:
        self.screens, self.viewer = screens, viewer
        self.common: Texts = {}
        self.own: Texts = {}
        self.has_news = asyncio.Event()
        self.has_news.set()

    async def news(self) -> str:
        """Wait for a change; return what the page has not been sent yet, empty where nothing of it is for this page."""
        await self.has_news.wait()
        self.has_news.clear()
        common, own = self.screens.texts(self.viewer)
        is_whole = not (
            self.common.keys() <= common.keys() and len(self.own) > 0 and self.own.keys() <= own.keys()
        )
        sent = ({}, {}) if is_whole else (self.common, self.own)
        self.common, self.own = common, own
        new_common, new_own = _changed(sent[0], common), _changed(sent[1], own)
        if not is_whole and not new_common and not new_own:
            return ""
        return self.screens.message(new_common, new_own, is_whole)


def _changed(before: Texts, now: Texts) -> Texts:
    return {key: text for key, text in now.items() if before.get(key) is not text}
