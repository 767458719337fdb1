"""The ASGI application: `/` leads to `/explore`, `/assets` are our static files, `/explore` is Solara."""

import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from viz.page.widget import asset
from viz.server.setting import STATIC

Scope = MutableMapping[str, Any]
_VIEWPORT = (
    b'content="width=device-width, initial-scale=1, maximum-scale=1, user-scalable=no, minimal-ui"',
    b'content="width=device-width, initial-scale=1"',
)


class KeptFiles(StaticFiles):
    """Static files that browsers keep for good where the address has the hash of the content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file with a header that says how long it may be kept."""
        response = await super().get_response(path, scope)
        hashed = b"v=" in scope.get("query_string", b"")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return response


class Polish:
    """Gives Solara's page a language, a viewport that may be zoomed, and our style."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Pass everything through but HTML, which is mended."""
        if scope["type"] != "http" or not str(scope.get("path", "")).startswith("/explore"):
            await self.app(scope, receive, send)
            return
        start: dict[str, Any] = {}
        body = bytearray()

        async def mend(message: Any) -> None:
            if message["type"] == "http.response.start":
                kind = next(
                    (value for key, value in message["headers"] if key.lower() == b"content-type"), b""
                )
                if not kind.startswith(b"text/html"):
                    await send(message)
                    return
                start.update(message)
            elif not start:
                await send(message)
            else:
                body.extend(message.get("body", b""))
                if message.get("more_body"):
                    return
                page = mended(bytes(body))
                headers = [(k, v) for k, v in start["headers"] if k.lower() != b"content-length"]
                headers.append((b"content-length", str(len(page)).encode()))
                await send({**start, "headers": headers})
                await send({**message, "body": page, "more_body": False})

        await self.app(scope, receive, mend)


#: What is painted at once, while the browser reads a megabyte of scripts; `shell.js` takes it away.
_FIRST_LOOK = (
    b'<div id="first-look"><p class="brand">Orebloc</p><p>Opening the page\xe2\x80\xa6</p>'
    b"<noscript><p>Orebloc needs JavaScript. Allow it for this address.</p></noscript></div>"
)
_BODY = re.compile(rb"<body[^>]*>")


def mended(page: bytes) -> bytes:
    """Return Solara's page with our head and what is seen first."""
    head = (
        f'<link rel="stylesheet" href="{asset("app.css")}"><meta name="color-scheme" content="light dark">'
        f'<link rel="preload" as="font" type="font/woff2" crossorigin href="{asset("inter-latin.woff2")}">'
        f'<link rel="modulepreload" href="{asset("app.js")}">'
        f'<link rel="preload" as="fetch" crossorigin href="{asset("countries-110m.json")}">'
        f'<script src="{asset("shell.js")}"></script></head>'
    )
    page = page.replace(b"<html>", b'<html lang="en">', 1).replace(*_VIEWPORT, 1)
    page = page.replace(b"</head>", head.encode(), 1)
    return _BODY.sub(lambda body: body.group() + _FIRST_LOOK, page, count=1)


def _to_explore(request: Request) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/explore/{query}", 307)


def _health(request: Request) -> Response:
    from solara.server import kernel_context

    return JSONResponse({"ok": True, "sessions": len(kernel_context.contexts)})


def _missing(request: Request, error: Exception) -> Response:
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Not here - Orebloc</title>'
        f'<link rel="stylesheet" href="{asset("app.css")}"><body class="plain"><main><h1>There is nothing here</h1>'
        '<p>The address leads nowhere. <a href="/explore/">Go to the start</a>.</p></main></body></html>'
    )
    return HTMLResponse(text, 404)


def _warm(scenario: str) -> None:
    """Calibrate and run what the first visitor will ask for, while the page loads."""
    from viz.live.stage import stage_of
    from viz.live.worker import baseline_arrays

    stage = stage_of(scenario)
    _ = stage.whole.baseline
    baseline_arrays(stage, stage.minerals[0])
    _ = stage.alone(stage.minerals[0]).baseline


def application(scenario: str = "baseline", warm: bool = True) -> Starlette:
    """Return the application. Call `viz.server.setting.set_up` before anything imports Solara."""
    import solara.server.starlette as pages

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        async with pages.lifespan(app):
            if warm:
                threading.Thread(target=_warm, args=(scenario,), daemon=True).start()
            yield

    routes = [
        Route("/", _to_explore),
        Route("/explore", _to_explore),
        Route("/healthz", _health),
        Mount("/assets", KeptFiles(directory=STATIC)),
        Mount("/explore", routes=pages.routes),
    ]
    return Starlette(
        routes=routes,
        lifespan=life,
        middleware=[*pages.middleware, Middleware(Polish)],
        exception_handlers={404: _missing},
    )
