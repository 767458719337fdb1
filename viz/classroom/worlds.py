"""Several games of one class on one server: each world is a room with a file of its own, below `/world/NUMBER`.

Nothing of a world leaves but through its own pages; what stands above them is joining (by the code of the class, which
spreads people, or of a world), the desk of all worlds, and the comparison. `ROUTES` says who may what.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from viz.classroom.access import Guesses, folded, hashed, is_same, new_key
from viz.classroom.guard import Guard, refusal
from viz.classroom.room import Room
from viz.classroom.server import (
    DESK_COOKIE,
    DEVICE,
    PAGES,
    STATIC,
    Answer,
    address_of,
    body_of,
    explore_mount,
    explored,
    keep_cookie,
    listen,
    may_go,
    missing,
    own_name,
    poster,
    room_application,
    running,
)
from viz.classroom.view import DESK_VIEWER, WALL, Viewer
from viz.classroom.worlds_view import worlds_view

#: Seconds between two looks at what the worlds show.
LOOK_SECONDS = 0.2
#: Seconds after which the parting of one twin's gap is given up.
GAP_LIMIT = 120.0


class Worlds:
    """The rooms of a class, in the order of their numbers, and what is of all of them."""

    def __init__(self, rooms: Sequence[Room]) -> None:
        self.rooms = list(rooms)
        self.apps = [room_application(room, number) for number, room in enumerate(rooms, start=1)]
        self.link_key = new_key()
        self.addresses: list[str] = []
        guesses = Guesses(codes=1 + len(rooms))
        for room in rooms:
            room.guesses = guesses
        self.gaps: dict[int, dict[str, Any]] = {}
        self._told: dict[str, tuple[Any, str]] = {}

    @property
    def code(self) -> str:
        """The code that lets people into whichever world has the fewest."""
        return str(self.rooms[0].state.world["code"])

    def world_for(self, command: str, code: str) -> int:
        """Return the place of the world a join goes to: where it went before, whose code it is, or the emptiest."""
        for place, room in enumerate(self.rooms):
            if room.store.answer("", hashed(command)) is not None:
                return place
        for place, room in enumerate(self.rooms):
            if is_same(code, room.state.code):
                return place
        free = [place for place, room in enumerate(self.rooms) if not room.state.is_locked]
        return min(free or range(len(self.rooms)), key=lambda place: (self._people(place), place))

    def _people(self, place: int) -> int:
        return sum(not person.is_removed for person in self.rooms[place].state.people.values())

    def is_desk(self, key: str) -> bool:
        """Whether a key is that of the desk of all worlds."""
        return bool(key) and all(room.is_desk(key) for room in self.rooms)

    def open_desk(self, key: str) -> str:
        """Return a key for the desk of all worlds in exchange for the one-time link's, empty where it is wrong."""
        if not self.link_key or not is_same(key, self.link_key):
            return ""
        fresh = new_key()
        for room in self.rooms:
            room.let_desk(fresh)
        self.link_key = ""
        return fresh

    async def part_gaps(self) -> dict[str, Any]:
        """Work out what of each twin's gap to the first world is the rule's and what its people's; keep it to be shown.

        Only once all worlds have played the same rounds and are in the debrief: nothing then is told too early.
        """
        first, twins = self.rooms[0], [room for room in self.rooms if room.state.world["difference"]]
        played = {len(room.state.record["rounds"]) for room in self.rooms}
        if not twins or not played - {0}:
            return {
                "ok": False,
                "message": "There is no gap to part: no world has a rule of its own, or none has played.",
            }
        if len(played) > 1 or not all(room.state.phase.name in ("debrief", "closed") for room in self.rooms):
            return {
                "ok": False,
                "message": "Lead all worlds to the debrief first, with the same rounds played.",
            }
        for room in twins:
            answer = await first.think("part_gap", GAP_LIMIT, twin=room.state.record)
            if not answer.pop("ok"):
                return {"ok": False, **answer}
            self.gaps[room.state.world["number"]] = answer
        return {"ok": True}

    def told(self, viewer: Viewer) -> str:
        """Return the view of all worlds as JSON, made once for all who look while nothing happens."""
        seen = (len(self.gaps), *(room.version for room in self.rooms))
        if self._told.get(viewer.kind, (None, ""))[0] != seen:
            found = worlds_view(self.rooms, viewer, self.addresses)
            done = all(room.state.phase.name in ("debrief", "closed") for room in self.rooms)
            gaps = [{"number": number, **gap} for number, gap in self.gaps.items()] if done else []
            self._told[viewer.kind] = seen, json.dumps(found | {"gaps": gaps})
        return self._told[viewer.kind][1]


def _worlds(connection: Any) -> Worlds:
    found: Worlds = connection.app.state.worlds
    return found


def _is_desk(connection: Any) -> bool:
    return _worlds(connection).is_desk(connection.cookies.get(DESK_COOKIE, ""))


def _page(name: str) -> Answer:
    async def answer(_: Any, request: Request) -> Response:
        return HTMLResponse((PAGES / f"{name}.html").read_text(encoding="utf-8"))

    return answer


def _place_of(worlds: Worlds, connection: Any) -> int | None:
    """Return the place of the world in which this device is somebody, None for a stranger."""
    for place, (app, room) in enumerate(zip(worlds.apps, worlds.rooms, strict=True)):
        if room.person_of(connection.cookies.get(own_name(app, DEVICE), "")):
            return place
    return None


async def _view(worlds: Worlds, request: Request) -> Response:
    wanted = request.query_params.get("as", "me")
    if wanted == "desk" and not _is_desk(request):
        return missing()
    if wanted in ("wall", "desk"):
        viewer = DESK_VIEWER if wanted == "desk" else WALL
        return Response(_timed(worlds.told(viewer)), media_type="application/json")
    place = _place_of(worlds, request)
    kind = "nobody" if place is None else "person"
    return JSONResponse({"own": {"kind": kind}} | ({} if place is None else {"base": f"/world/{place + 1}"}))


def _timed(text: str) -> str:
    return f'{{"now": {time.time()!r}, {text[1:]}'


async def _join(worlds: Worlds, request: Request) -> Response:
    """Let somebody into a world; the code of the class stands for that of the emptiest one."""
    given = await body_of(request)
    if given is None or given.get("kind") != "join" or not isinstance(given.get("body"), dict):
        return refusal("Here people join only; a world takes its own commands.", 422)
    here = _place_of(worlds, request)
    if here is not None:
        return JSONResponse({"ok": True, "base": f"/world/{here + 1}"})
    body, name = dict(given["body"]), given.get("id")
    code = folded(body["code"]) if isinstance(body.get("code"), str) else ""
    place = worlds.world_for(name if isinstance(name, str) else "", code)
    room, app = worlds.rooms[place], worlds.apps[place]
    if is_same(code, worlds.code):
        body["code"] = room.state.code
    fresh = new_key()
    status, answer = await room.command("", fresh, {**given, "body": body}, address_of(request))
    if answer["ok"]:
        answer = {**answer, "base": f"/world/{place + 1}"}
    response = JSONResponse(answer, status)
    if answer["ok"]:
        keep_cookie(response, own_name(app, DEVICE), fresh)
    return response


async def _resume(worlds: Worlds, request: Request) -> Response:
    """Let somebody come back with their own code, whichever world they are of."""
    code = (await body_of(request) or {}).get("code")
    if not isinstance(code, str):
        return refusal("Give the code as a text.", 422)
    mark = hashed(folded(code))
    owner = [
        place
        for place, room in enumerate(worlds.rooms)
        if any(is_same(person.resume, mark) for person in room.state.people.values())
    ]
    place, fresh = owner[0] if owner else 0, new_key()
    status, answer = worlds.rooms[place].resume(code, fresh, address_of(request))
    if answer["ok"]:
        answer = {**answer, "base": f"/world/{place + 1}"}
    response = JSONResponse(answer, status)
    if answer["ok"]:
        keep_cookie(response, own_name(worlds.apps[place], DEVICE), fresh)
    return response


async def _open_desk(worlds: Worlds, request: Request) -> Response:
    key = (await body_of(request) or {}).get("key")
    fresh = worlds.open_desk(key) if isinstance(key, str) else ""
    if not fresh:
        return missing()
    response = JSONResponse({"ok": True})
    keep_cookie(response, DESK_COOKIE, fresh)
    return response


async def _gaps(worlds: Worlds, request: Request) -> Response:
    return JSONResponse(await worlds.part_gaps())


async def _qr(worlds: Worlds, request: Request) -> Response:
    return poster(worlds.addresses, request)


async def _health(worlds: Worlds, request: Request) -> Response:
    return JSONResponse({"ok": True, "worlds": len(worlds.rooms)})


async def _live(socket: WebSocket) -> None:
    """Send the comparison now, and whenever something in a world has changed."""
    worlds, wanted = _worlds(socket), socket.query_params.get("as", "wall")
    if wanted == "desk" and not _is_desk(socket):
        await socket.close(4404)
        return
    await socket.accept()
    viewer = DESK_VIEWER if wanted == "desk" else WALL
    tasks = [asyncio.create_task(listen(socket)), asyncio.create_task(_send(worlds, viewer, socket))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _send(worlds: Worlds, viewer: Viewer, socket: WebSocket) -> None:
    sent = ""
    while True:
        text = worlds.told(viewer)
        if text != sent:
            await socket.send_text(_timed(text))
            sent = text
        await asyncio.sleep(LOOK_SECONDS)


#: (path, method, who may: everyone or desk, answer).
ROUTES: tuple[tuple[str, str, str, Any], ...] = (
    ("/", "GET", "everyone", _page("join")),
    ("/wall", "GET", "everyone", _page("worlds")),
    ("/debrief", "GET", "everyone", _page("worlds")),
    ("/desk", "GET", "desk", _page("all_desks")),
    ("/desk/open/{key}", "GET", "everyone", _page("open")),
    ("/api/view", "GET", "everyone", _view),
    ("/api/qr.svg", "GET", "everyone", _qr),
    ("/healthz", "GET", "everyone", _health),
    ("/api/command", "POST", "everyone", _join),
    ("/api/resume", "POST", "everyone", _resume),
    ("/api/desk", "POST", "everyone", _open_desk),
    ("/api/gaps", "POST", "desk", _gaps),
)


def _route(path: str, method: str, who: str, answer: Any) -> Route:
    async def guarded(request: Request) -> Response:
        if who == "desk" and not _is_desk(request):
            return missing()
        if method == "POST" and not may_go(request, address_of(request)):
            return refusal("Too many requests at once. Wait a second.", 429)
        found: Response = await answer(_worlds(request), request)
        return found

    return Route(path, guarded, methods=[method])


def class_application(worlds: Worlds) -> Starlette:
    """Return the application of a class of several worlds. Clocks and pushing run while it serves."""
    explore = explored(worlds.apps)

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        async with running(worlds.apps, explore):
            yield

    routes: list[Any] = [_route(*row) for row in ROUTES]
    routes += [WebSocketRoute("/api/live", _live), Mount("/assets", StaticFiles(directory=STATIC))]
    routes += [Mount(f"/world/{number}", app) for number, app in enumerate(worlds.apps, start=1)]
    routes.append(explore_mount(worlds.apps, explore))
    app = Starlette(routes=routes, lifespan=life, middleware=[Middleware(Guard)])
    app.state.worlds, app.state.buckets = worlds, {}
    return app
