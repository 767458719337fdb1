"""Hosting a session: its file, the addresses people type, the facilitator's link, the server until it is stopped."""

import contextlib
import socket
import threading
import webbrowser
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from viz.classroom.explore import MOST_SOCKET_BYTES
from viz.classroom.opening import open_rooms
from viz.classroom.room import Room

if TYPE_CHECKING:
    from viz.classroom.worlds import Worlds


def host_session(options: Mapping[str, Any]) -> None:
    """Serve a session, or the worlds of a class, until interrupted. `options` are those of `orebloc host`.

    Raises `OreblocError`.
    """
    import uvicorn

    from viz.classroom.server import application
    from viz.classroom.worlds import Worlds, class_application

    rooms = open_rooms(options)
    address, port = str(options["host"]), int(options["port"])
    here = addresses(port) if address in ("0.0.0.0", "::") else [f"http://{address}:{port}/"]
    worlds = Worlds(rooms) if len(rooms) > 1 else None
    for room in rooms:
        room.addresses = here
    if worlds is not None:
        worlds.addresses = here
        _tell_worlds(worlds, port)
    else:
        _tell(rooms[0], port)
    app = application(rooms[0]) if worlds is None else class_application(worlds)
    config = uvicorn.Config(
        app, host=address, port=port, log_level="warning", timeout_graceful_shutdown=2,
        ws_max_size=MOST_SOCKET_BYTES, server_header=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    if options["is_opened"]:
        link = f"http://127.0.0.1:{port}/desk/open/{(worlds or rooms[0]).link_key}"
        threading.Thread(target=_open, args=(server, link), daemon=True).start()
    server.run()


def addresses(port: int) -> list[str]:
    """Return the addresses under which other devices of this network may find the server, likeliest first."""
    found: list[str] = []
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # nothing is sent; it tells which way out this machine would take
        found.append(probe.getsockname()[0])
    with contextlib.suppress(OSError):
        found += socket.gethostbyname_ex(socket.gethostname())[2]
    usable = [one for one in dict.fromkeys(found) if not one.startswith("127.")]
    return [f"http://{one}{'' if port == 80 else f':{port}'}/" for one in usable]


_LAST = (
    "On plain HTTP somebody in the same open network can read along: use a hotspot with a password.",
    "Ctrl-C ends it; `--resume --file ...` goes on with everything that was acknowledged.",
)


def _tell(room: Room, port: int) -> None:
    """Print what the facilitator needs: addresses, code, QR, the desk's link, the file."""
    lines = [f"Session: {room.state.title}  (file {room.store.path})", f"Code: {room.state.code}"]
    _print(lines, room.addresses, room.link_key, port)


def _tell_worlds(worlds: "Worlds", port: int) -> None:
    """Print the same for a class of several worlds, with the code, file and own desk of each."""
    first = worlds.rooms[0].state
    lines = [
        f"Session: {first.title}, {len(worlds.rooms)} worlds",
        f"Code: {worlds.code}   (spreads people evenly)",
    ]
    for number, room in enumerate(worlds.rooms, start=1):
        state = room.state
        different = f", {state.world['difference']}" if state.world["difference"] else ""
        lines.append(f"{state.world['name']}: code {state.code}{different}  (file {room.store.path})")
        lines.append(
            f"  its own desk, for an assistant: http://127.0.0.1:{port}/world/{number}/desk/open/{room.link_key}"
        )
    _print(lines, worlds.addresses, worlds.link_key, port)


def _print(lines: list[str], here: list[str], key: str, port: int) -> None:
    lines += [f"People open  {one}" for one in here] or [
        "No address of a network was found: see `orebloc doctor`."
    ]
    lines += [
        f"Projector    http://127.0.0.1:{port}/wall",
        f"Your desk    http://127.0.0.1:{port}/desk/open/{key}   (opens once; a restart prints a new link)",
        *_LAST,
    ]
    print("\n".join(lines), flush=True)
    if here:
        import segno

        segno.make(here[0], error="m").terminal(compact=True)


def _open(server: object, address: str) -> None:
    """Open the facilitator's desk when the server answers."""
    import time

    for _ in range(200):
        if getattr(server, "started", False):
            webbrowser.open(address)
            return
        time.sleep(0.05)
