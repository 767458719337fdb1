"""The web application of a room: small pages, commands by POST, views by WebSocket. A GET changes nothing.

`ROUTES` says of every route who may use it; a test goes through all of them.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from viz.classroom.access import Bucket, forget_full, new_key
from viz.classroom.debrief_page import debrief_page, told_of
from viz.classroom.event import DESK
from viz.classroom.explore import Explore, ExploreMount, explored_scenario
from viz.classroom.explore_strip import strip_of
from viz.classroom.export import spreadsheet
from viz.classroom.guard import MOST_BYTES, Guard, refusal
from viz.classroom.role_page import role_page
from viz.classroom.room import Room
from viz.classroom.screen import Screen, Screens
from viz.classroom.view import DESK_VIEWER, NOBODY, WALL, Viewer, may_see_game, seat_view, told_answers
from viz.live.game_word import game_word

PAGES = Path(__file__).with_name("page")
STATIC = Path(__file__).resolve().parents[1] / "static"
DEVICE, DESK_COOKIE = "orebloc_device", "orebloc_desk"
_YEAR = 31_536_000
_KINDS = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
}
Answer = Callable[[Room, Request], Awaitable[Response]]


def _page(name: str) -> Answer:
    async def answer(room: Room, request: Request) -> Response:
        return HTMLResponse((PAGES / f"{name}.html").read_text(encoding="utf-8"))

    return answer


async def body_of(request: Request) -> Mapping[str, Any] | None:
    """Return the JSON table of a request, None for anything else."""
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > MOST_BYTES:
            return None
    try:
        found = json.loads(bytes(chunks) or b"null")
        json.dumps(found, allow_nan=False, ensure_ascii=False).encode()  # no NaN, no half characters
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def own_name(app: Any, cookie: str) -> str:
    """Return what a cookie is called in this session: those of several worlds travel side by side."""
    return f"{cookie}_{app.state.number}" if app.state.number else cookie


def device_of(connection: Any) -> str:
    """Return the key of the device that asks, empty where it has none of this session."""
    return str(connection.cookies.get(own_name(connection.app, DEVICE), ""))


def at_desk(connection: Any) -> bool:
    """Whether the facilitator asks: with the key of this session's desk, or of the desk of all its worlds."""
    room: Room = connection.app.state.room
    names = {DESK_COOKIE, own_name(connection.app, DESK_COOKIE)}
    return any(room.is_desk(connection.cookies.get(name, "")) for name in names)


def _viewer(room: Room, request: Any, wanted: str) -> Viewer | None:
    """Return who looks, None for a desk that is not theirs."""
    if wanted == "desk":
        return DESK_VIEWER if at_desk(request) else None
    if wanted == "wall":
        return WALL
    person = room.person_of(device_of(request))
    return Viewer("person", person) if person else NOBODY


async def _view(room: Room, request: Request) -> Response:
    viewer = _viewer(room, request, request.query_params.get("as", "me"))
    if viewer is None:
        return missing()
    return Response(request.app.state.screens.whole(viewer), media_type="application/json")


def missing() -> Response:
    """Return what stands where nothing is for this viewer."""
    return PlainTextResponse("There is nothing here.", 404)


async def _command(room: Room, request: Request) -> Response:
    given = await body_of(request)
    if given is None:
        return refusal("A command is a JSON table of at most 64 kB.", 422)
    is_desk = at_desk(request) and request.query_params.get("as") == "desk"
    device = device_of(request)
    by = DESK if is_desk else room.person_of(device)
    if not may_go(request, by or address_of(request)):
        return refusal("Too many commands at once. Wait a second.", 429)
    is_joining = given.get("kind") == "join" and not by
    if not by and not is_joining:
        return refusal("You are not in this session. Join with the code on the wall.", 403)
    if given.get("kind") == "join" and by:
        return JSONResponse({"ok": True, "seq": room.state.seq})  # a second tap, or a reload
    fresh = device or new_key()
    status, answer = await room.command(by, fresh, given, address_of(request))
    response = JSONResponse(answer, status)
    if is_joining and answer["ok"]:
        keep_cookie(response, own_name(request.app, DEVICE), fresh)
    return response


def address_of(request: Any) -> str:
    """Return the address that a request comes from."""
    return request.client.host if request.client else "?"


def may_go(request: Request, who: str) -> bool:
    """Whether somebody may ask once more now."""
    buckets: dict[str, Bucket] = request.app.state.buckets
    now = time.time()
    forget_full(buckets, now)
    is_person = who == DESK or who.startswith("p")  # an address may be that of a class behind it
    return buckets.setdefault(who, Bucket() if is_person else Bucket(50.0, 150.0)).take(now)


def keep_cookie(response: Response, name: str, value: str) -> None:
    """Have a browser keep a key, which scripts do not see and other sites do not send."""
    response.set_cookie(name, value, max_age=_YEAR, httponly=True, samesite="strict", path="/")


async def _resume(room: Room, request: Request) -> Response:
    given = await body_of(request)
    code = (given or {}).get("code")
    if not isinstance(code, str):
        return refusal("Give the code as a text.", 422)
    fresh = new_key()
    status, answer = room.resume(code, fresh, address_of(request))
    response = JSONResponse(answer, status)
    if answer["ok"]:
        keep_cookie(response, own_name(request.app, DEVICE), fresh)
    return response


async def _open_desk(room: Room, request: Request) -> Response:
    given = await body_of(request)
    key = (given or {}).get("key")
    fresh = room.open_desk(key) if isinstance(key, str) else ""
    if not fresh:
        return missing()
    response = JSONResponse({"ok": True})
    keep_cookie(response, own_name(request.app, DESK_COOKIE), fresh)
    return response


def _own_seat(room: Room, request: Request) -> str:
    person = room.state.people.get(room.person_of(device_of(request)))
    return person.seat if person else ""


async def _form(room: Room, request: Request) -> Response:
    seat = _own_seat(room, request)
    if at_desk(request):
        seat = request.query_params.get("seat", seat)
    if seat not in room.state.seats:
        return _seatless()
    forms: dict[str, Response] = request.app.state.forms
    if seat not in forms:
        forms[seat] = JSONResponse(await run_in_threadpool(_form_of, room.state.seats[seat]))
    return forms[seat]


def _form_of(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return a seat's forms. Instruments take half a second to import: nobody waits for that but who asks first."""
    from viz.classroom.form import form_of

    return form_of(about["role"], about["goods"], about["countries"])


async def _check(room: Room, request: Request) -> Response:
    seat, orders = _own_seat(room, request), (await body_of(request) or {}).get("orders")
    if not seat:
        return _seatless()
    if not isinstance(orders, list):
        return refusal("A check needs a list of orders.", 422)
    return JSONResponse(await room.think("check", 10.0, seat=seat, orders=orders))


async def _preview(room: Room, request: Request) -> Response:
    seat, given = _own_seat(room, request), await body_of(request) or {}
    orders, deal = given.get("orders"), room.state.deals.get(str(given.get("deal", "")))
    if not seat:
        return _seatless()
    if not isinstance(orders, list):
        return refusal("A preview needs a list of orders.", 422)
    documents = [deal.document] if deal is not None and seat in deal.document["members"] else []
    return JSONResponse(await room.think("preview", 20.0, seat=seat, orders=orders, documents=documents))


async def _draft(room: Room, request: Request) -> Response:
    seat, document = _own_seat(room, request), (await body_of(request) or {}).get("document")
    if not seat:
        return _seatless()
    if not isinstance(document, dict):
        return refusal("A draft needs a document.", 422)
    answer = await room.think("draft", 30.0, document={**document, "id": "draft"})
    if answer.get("ok"):
        answer["answers"] = told_answers(room.state, answer["answers"], seat)
    return JSONResponse(answer)


def _seatless() -> JSONResponse:
    return refusal("Take a seat first.", 403)


async def _see(room: Room, request: Request) -> Response:
    seat = request.query_params.get("seat", "")
    if seat not in room.state.seats:
        return missing()
    return JSONResponse(seat_view(room.state, seat))


async def _causes(room: Room, request: Request) -> Response:
    number = (await body_of(request) or {}).get("round")
    if not isinstance(number, int) or not 1 <= number <= len(room.state.record["rounds"]):
        return refusal("That round has not been played.", 422)
    return JSONResponse(await room.ask_causes(number))


async def _what_if(room: Room, request: Request) -> Response:
    change = (await body_of(request) or {}).get("change")
    if not isinstance(change, dict) or not room.state.record["rounds"]:
        return refusal("Choose what to change, once a round has been played.", 422)
    return JSONResponse(await room.ask_what_if(change))


async def _sheet(room: Room, request: Request) -> Response:
    seat = request.path_params["seat"]
    is_theirs = seat == _own_seat(room, request) or at_desk(request)
    if seat not in room.state.seats or not is_theirs:
        return missing()
    return HTMLResponse(role_page(seat, room.state.seats[seat]))


async def _replay(room: Room, request: Request) -> Response:
    """Answer with the replay; drawn once for all who ask while nothing happens."""
    seq, page = request.app.state.replay
    if seq != room.state.seq:
        link = room.game_link() if may_see_game(room.state, WALL) else ""
        page = asyncio.ensure_future(run_in_threadpool(debrief_page, told_of(room.state), game_link=link))
        request.app.state.replay = (room.state.seq, page)
    return HTMLResponse(await asyncio.shield(page))


async def _qr(room: Room, request: Request) -> Response:
    return poster(room.addresses, request)


def poster(addresses: Sequence[str], request: Request) -> Response:
    """Return the QR code of the address that people open."""
    import io

    import segno

    picture = io.BytesIO()
    here = f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}/"
    address = addresses[0] if addresses else here
    segno.make(address, error="m").save(picture, kind="svg", scale=8, border=2, xmldecl=False)
    return Response(picture.getvalue(), media_type="image/svg+xml")


async def _export(room: Room, request: Request) -> Response:
    name = request.path_params["name"]
    with_names = request.query_params.get("names") == "yes"
    files = await run_in_threadpool(spreadsheet, room.store.path, with_names=with_names)
    if name not in files:
        return missing()
    kind = _KINDS.get(Path(name).suffix, "text/csv; charset=utf-8")
    given = Path(name)
    shown = (
        f"{given.stem}_with_names{given.suffix}" if with_names else name
    )  # so that nobody sends the wrong one on
    headers = {"Content-Disposition": f'attachment; filename="{shown}"'}
    return Response(files[name], media_type=kind, headers=headers)


async def _health(room: Room, request: Request) -> Response:
    return JSONResponse({"ok": True, "seq": room.state.seq, "online": len(room.online)})


async def _live(socket: WebSocket) -> None:
    """Send a screen its view now, and whenever something has changed."""
    room: Room = socket.app.state.room
    viewer = _viewer(room, socket, socket.query_params.get("as", "me"))
    if viewer is None:
        await socket.close(4404)
        return
    await socket.accept()
    screens: Screens = socket.app.state.screens
    screen = screens.add(viewer)
    if viewer.person:
        room.come(viewer.person)
    listener = asyncio.create_task(listen(socket))
    sender = asyncio.create_task(_send(socket, screen))
    try:
        await asyncio.wait({listener, sender}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        screens.remove(screen)
        for task in (listener, sender):
            task.cancel()
        await asyncio.gather(listener, sender, return_exceptions=True)
        if viewer.person:
            room.go(viewer.person)


async def _send(socket: WebSocket, screen: Screen) -> None:
    while True:
        text = await screen.news()
        if text:
            await socket.send_text(text)


async def listen(socket: WebSocket) -> None:
    """Hear a page until it leaves."""
    try:
        while True:
            await socket.receive_text()  # a ping says that the page is there; commands come by POST
    except (WebSocketDisconnect, RuntimeError):
        return


#: (path, method, who may: everyone, person or desk, answer).
ROUTES: tuple[tuple[str, str, str, Answer], ...] = (
    ("/", "GET", "everyone", _page("join")),
    ("/play", "GET", "everyone", _page("play")),
    ("/wall", "GET", "everyone", _page("wall")),
    ("/desk", "GET", "desk", _page("desk")),
    ("/desk/open/{key}", "GET", "everyone", _page("open")),
    ("/sheet/{seat}", "GET", "person", _sheet),
    ("/debrief", "GET", "everyone", _replay),
    ("/api/view", "GET", "everyone", _view),
    ("/api/form", "GET", "person", _form),
    ("/api/see", "GET", "desk", _see),
    ("/api/qr.svg", "GET", "everyone", _qr),
    ("/export/{name}", "GET", "desk", _export),
    ("/healthz", "GET", "everyone", _health),
    ("/api/command", "POST", "everyone", _command),
    ("/api/resume", "POST", "everyone", _resume),
    ("/api/desk", "POST", "everyone", _open_desk),
    ("/api/check", "POST", "person", _check),
    ("/api/preview", "POST", "person", _preview),
    ("/api/draft", "POST", "person", _draft),
    ("/api/causes", "POST", "desk", _causes),
    ("/api/what_if", "POST", "desk", _what_if),
)


def _route(path: str, method: str, who: str, answer: Answer) -> Route:
    async def guarded(request: Request) -> Response:
        room: Room = request.app.state.room
        if who == "desk" and not at_desk(request):
            return missing()
        if method == "POST" and path != "/api/command":  # a command counts by person, once it is known
            by = DESK if who == "desk" else room.person_of(device_of(request)) or address_of(request)
            if not may_go(request, by):
                return refusal("Too many requests at once. Wait a second.", 429)
        return await answer(room, request)

    return Route(path, guarded, methods=[method])


def room_application(room: Room, number: int = 0) -> Starlette:
    """Return the pages of a room by themselves; `number` counts the worlds of a class from 1. See `running`."""
    routes: list[Any] = [_route(*row) for row in ROUTES]
    routes.append(WebSocketRoute("/api/live", _live))
    app = Starlette(routes=routes)
    app.state.room, app.state.screens, app.state.buckets, app.state.forms = room, Screens(room), {}, {}
    app.state.replay, app.state.number = (None, None), number
    return app


@asynccontextmanager
async def running(apps: Sequence[Starlette], explore: Explore) -> AsyncIterator[None]:
    """Let the clocks of rooms run and push to their screens; close the rooms and Explore at the end."""
    tasks = [
        asyncio.create_task(work) for app in apps for work in (app.state.room.run(), app.state.screens.show())
    ]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for app in apps:
        app.state.room.close()
    explore.stop()


def explored(apps: Sequence[Starlette]) -> Explore:
    """Return Explore of these rooms, which learn by what word their games open in it."""
    rooms: list[Room] = [app.state.room for app in apps]
    explore = Explore([room.store.path for room in rooms], explored_scenario(rooms[0]))
    for number, room in enumerate(rooms):
        room.word_of = partial(game_word, number, explore.secret)
    return explore


def who_in(apps: Sequence[Starlette], connection: Any) -> str:
    """Return `desk` or `person` for somebody of one of these rooms, empty for a stranger."""
    return _place_in(apps, connection)[0]


def _place_in(apps: Sequence[Starlette], connection: Any) -> tuple[str, str]:
    """Return who it is, as `who_in`, and the path of the world where they are."""
    found = ("", "")
    for app in apps:
        room: Room = app.state.room
        base = f"/world/{app.state.number}" if app.state.number else ""
        names = {DESK_COOKIE, own_name(app, DESK_COOKIE)}
        if any(room.is_desk(connection.cookies.get(name, "")) for name in names):
            return "desk", base
        if room.person_of(connection.cookies.get(own_name(app, DEVICE), "")):
            found = ("person", base)
    return found


def explore_mount(apps: Sequence[Starlette], explore: Explore) -> Mount:
    """Return `/explore` for the people of these rooms, with the line that says whose game it shows."""
    rooms = [app.state.room for app in apps]

    def strip(connection: Any) -> str:
        who, base = _place_in(apps, connection)
        return strip_of(rooms, connection.url.query, base, who == "desk")

    return Mount("/explore", ExploreMount(explore, partial(who_in, apps), strip))


def application(room: Room) -> Starlette:
    """Return the application of a room. Its clock and its pushing run while it serves."""
    app = room_application(room)
    explore = explored([app])

    @asynccontextmanager
    async def life(whole: Starlette) -> AsyncIterator[None]:
        async with running([app], explore):
            yield

    routes = [*app.routes, Mount("/assets", StaticFiles(directory=STATIC))]
    routes.append(explore_mount([app], explore))
    whole = Starlette(routes=routes, lifespan=life, middleware=[Middleware(Guard)])
    whole.state = app.state
    return whole
