"""What every answer of the classroom carries, and what is refused before anything looks at it."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

MOST_BYTES = 65_536
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Guard:
    """Headers on every answer; POST and WebSocket only from pages of our own; no large bodies."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass on what may be; refuse the rest."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        if not _is_same_origin(headers) and (scope["type"] == "websocket" or scope["method"] == "POST"):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 4403})
            else:
                await refusal("This page is of another address.", 403)(scope, receive, send)
            return
        size = headers.get("content-length", "0")
        if scope["type"] == "http" and (not size.isdigit() or int(size) > MOST_BYTES):
            await refusal(f"A command has at most {MOST_BYTES:,} bytes.", 413)(scope, receive, send)
            return

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                known = {key.lower() for key, _ in message["headers"]}
                # files may be kept and are asked for again, everything else is not kept
                kept = "no-cache" if scope["path"].startswith("/assets/") else "no-store"
                wanted = {**_HEADERS, "Cache-Control": kept}
                more = [
                    (k.lower().encode(), v.encode())
                    for k, v in wanted.items()
                    if k.lower().encode() not in known
                ]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self.app(scope, receive, with_headers)


def _is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a request comes from a page of our own; programs send no origin and may come."""
    origin = headers.get("origin")
    return origin is None or origin.split("://")[-1] == headers.get("host")


def refusal(message: str, status: int) -> JSONResponse:
    """Return an answer that says why not."""
    return JSONResponse({"ok": False, "message": message}, status)
