"""`/explore` on the server of a class: the pages of `orebloc serve`, handed on from a process that starts when asked.

People of the room and the desk may use them; no cookie of the class is handed on, and none but theirs comes back.
"""

import asyncio
import contextlib
import http.client
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.websockets import WebSocket

from viz.classroom.access import new_key
from viz.classroom.explore_process import serve_explore
from viz.classroom.explore_strip import with_strip

#: Pages that may be open at once; the desk's come on top.
MOST_OPEN = 24
START_SECONDS, ANSWER_SECONDS = 300.0, 60.0
MOST_SOCKET_BYTES = 1_000_000
_COOKIE = "solara-"
#: What of an address says that it is no page but a part of one.
_PARTS = ("/static/", "/_solara/", "/jupyter/")
#: Headers that are of one connection, and those that the other side makes itself.
_OWN = {"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "proxy-authorization", "cookie",
        "content-length", "set-cookie", "date", "server"}  # fmt: skip
#: Solara's pages run scripts that stand in them; nothing else of the class's server does.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; frame-ancestors 'none'; base-uri 'self'"
)
_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Explore - Orebloc</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
    '<link rel="stylesheet" href="/assets/classroom/class.css"></head><body><main class="stack"><h1>{head}</h1>'
    '<p>{text}</p><p><a href="{to}">{link}</a></p></main></body></html>'
)


_STARTING = _PAGE.format(head="Explore is starting", text="It takes some seconds the first time.", to="/explore/",
                         link="Load this page again")  # fmt: skip


def refused_page() -> Response:
    """Return the page for somebody who is not of the room."""
    text = "Explore is for the people of this session. Join it with the code on the wall, then come back."
    return HTMLResponse(_PAGE.format(head="Join first", text=text, to="/", link="To the join page"), 403)


def _failed_page(text: str) -> Response:
    return HTMLResponse(_PAGE.format(head="Not now", text=text, to="/play", link="Back to your seat"), 503)


def explored_scenario(room: Any) -> str:
    """Return the scenario that the pages open: the session's own where it is one that ships."""
    from experiments.scenario_file import scenario_files

    name = str(room.state.record.get("scenario", {}).get("name", ""))
    return name if name in scenario_files() else "baseline"


class Explore:
    """The pages behind the class's server; `files` are its sessions, which `secret` makes the words of."""

    def __init__(self, files: Sequence[Path], scenario: str) -> None:
        self.scenario, self.secret = scenario, new_key()
        self.files = [str(path.resolve()) for path in files]
        self.target: Any = serve_explore
        self.process: Any = None
        self.pipe: Any = None
        self.port = 0
        self.open_pages = 0
        self.starting = asyncio.Lock()
        self.preparing: asyncio.Task[int] | None = None
        self.threads = ThreadPoolExecutor(16, thread_name_prefix="orebloc-explore")

    # --- the process ------------------------------------------------------------------------------------------------

    async def _begin(self) -> int:
        """Start the pages where they do not run; return their port. Raises `ConnectionError`."""
        async with self.starting:
            if not self.is_up:
                self.port = await asyncio.get_running_loop().run_in_executor(self.threads, self._start)
            return self.port

    @property
    def is_up(self) -> bool:
        """Whether the pages run and have said where."""
        return self.port > 0 and self.process is not None and self.process.is_alive()

    def _prepare(self) -> None:
        """Start the pages beside, once."""
        if self.preparing is None or self.preparing.done():
            self.preparing = asyncio.create_task(self._begin())
            self.preparing.add_done_callback(lambda task: task.cancelled() or task.exception())

    def _start(self) -> int:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        games = {"secret": self.secret, "files": self.files}
        self.process = context.Process(target=self.target, args=(other, self.scenario, games), daemon=True)
        self.process.start()
        other.close()
        try:
            if self.pipe.poll(START_SECONDS):
                return int(self.pipe.recv())
        except (EOFError, OSError):
            pass
        self.stop()
        raise ConnectionError("The pages did not start.")

    def stop(self) -> None:
        """End the process."""
        self.port = 0
        if self.process is not None:
            self.pipe.close()
            self.process.kill()
            self.process.join(5)
            self.process = None

    # --- handing on -------------------------------------------------------------------------------------------------

    async def answer(self, request: Request, is_desk: bool, strip: str = "") -> Response:
        """Return what the pages answer to a request; `strip` is the line that pages carry above them."""
        asks_page = is_page(request)
        if asks_page and not is_desk and self.open_pages >= MOST_OPEN:
            return _failed_page(
                f"{self.open_pages} pages of Explore are open, as many as this machine takes. Try later."
            )
        if asks_page and not self.is_up:
            self._prepare()
            return HTMLResponse(_STARTING, headers={"Refresh": "1"})
        body = await request.body()
        try:
            port = await self._begin()
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.threads, self._ask, port, request, body, strip)
        except (OSError, http.client.HTTPException):
            return _failed_page("The pages of Explore did not answer. Load this page again in a moment.")

    def _ask(self, port: int, request: Request, body: bytes, strip: str) -> Response:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
        query = f"?{request.url.query}" if request.url.query else ""
        try:
            line.putrequest(request.method, request.scope["raw_path"].decode("latin-1") + query, True, True)
            for name, value in handed_on(request):
                if name.lower() != "accept-encoding" or not is_page(request):
                    line.putheader(name, value)  # a page comes plain, so that the line can be put into it
            line.putheader("Content-Length", str(len(body)))
            line.endheaders(body or None)
            found = line.getresponse()
            content = found.read()
        finally:
            line.close()
        if found.status == 200 and (found.getheader("content-type") or "").startswith("text/html"):
            content = with_strip(content, strip)
        response = Response(content, found.status)
        for name, value in found.getheaders():
            is_theirs = name.lower() == "set-cookie" and value.startswith(_COOKIE)
            if name.lower() not in _OWN or is_theirs:
                response.headers.append(name, value)
        response.headers["Content-Security-Policy"] = POLICY
        if "/static/" in request.url.path or "/cdn/" in request.url.path:
            response.headers.setdefault("Cache-Control", "no-cache")
        return response

    async def talk(self, socket: WebSocket, is_desk: bool) -> None:
        """Connect a page with its part on the other side, until one of both leaves."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        if not is_desk and self.open_pages >= MOST_OPEN:
            await socket.close(1013)
            return
        self.open_pages += 1
        try:
            port = await self._begin()
            query = f"?{socket.url.query}" if socket.url.query else ""
            address = f"ws://127.0.0.1:{port}{socket.url.path}{query}"
            sent = [(name, value) for name, value in handed_on(socket) if name == "cookie"]
            async with connect(address, additional_headers=sent, max_size=None, compression=None, proxy=None,
                               open_timeout=ANSWER_SECONDS) as line:  # fmt: skip
                await socket.accept()
                await _first_of(_up(socket, line), _down(line, socket))
        except (OSError, WebSocketException, RuntimeError):
            with contextlib.suppress(RuntimeError):
                await socket.close(1011)
        finally:
            self.open_pages -= 1


def is_page(request: Request) -> bool:
    """Whether a request is for a page rather than a part of one."""
    return not any(part in request.url.path for part in _PARTS)


def handed_on(request: Any) -> list[tuple[str, str]]:
    """Return the headers that the pages get: of cookies only their own."""
    found = [(name, value) for name, value in request.headers.items() if name.lower() not in _OWN]
    jar = SimpleCookie(request.headers.get("cookie", ""))
    own = "; ".join(f"{name}={one.value}" for name, one in jar.items() if name.startswith(_COOKIE))
    return [*found, ("cookie", own)] if own else found


async def _up(socket: WebSocket, line: Any) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        data = message.get("text") if message.get("text") is not None else message.get("bytes")
        await line.send(data)


async def _down(line: Any, socket: WebSocket) -> None:
    async for data in line:
        await (socket.send_text(data) if isinstance(data, str) else socket.send_bytes(data))


async def _first_of(*works: Any) -> None:
    """Run works until the first one ends; end the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


Who = Callable[[Any], str]
#: Makes the line above a page from the connection.
Strip = Callable[[Any], str]


class ExploreMount:
    """The ASGI application of `/explore`: `who(connection)` is `desk`, `person`, or empty for nobody of the room."""

    def __init__(self, explore: Explore, who: Who, strip: Strip) -> None:
        self.explore, self.who, self.strip = explore, who, strip

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer, or refuse."""
        if scope["type"] == "websocket":
            socket = WebSocket(scope, receive, send)
            who = self.who(socket)
            await (self.explore.talk(socket, who == "desk") if who else socket.close(4403))
            return
        request = Request(scope, receive)
        if request.method not in ("GET", "HEAD") and not (
            request.method == "POST" and "/_solara/api/" in scope["path"]
        ):
            await PlainTextResponse("There is nothing here.", 405)(scope, receive, send)
            return
        who = self.who(request)
        if who:
            response = await self.explore.answer(request, who == "desk", self.strip(request))
        else:
            response = refused_page()
        await response(scope, receive, send)
