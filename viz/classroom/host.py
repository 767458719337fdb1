"""Hosting a session: its file, the addresses people type, the facilitator's link, the server until it is stopped."""

import contextlib
import socket
import threading
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model.error import OreblocError
from viz.classroom.room import Room


def host_session(options: Mapping[str, Any]) -> None:
    """Serve a session until interrupted. `options` are those of `orebloc host`. Raises `OreblocError`."""
    import uvicorn

    from viz.classroom.server import application

    room = open_room(options)
    address, port = str(options["host"]), int(options["port"])
    room.addresses = addresses(port) if address in ("0.0.0.0", "::") else [f"http://{address}:{port}/"]
    _tell(room, port)
    config = uvicorn.Config(
        application(room), host=address, port=port, log_level="warning", timeout_graceful_shutdown=2,
        ws_max_size=65_536, server_header=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    if options["is_opened"]:
        link = f"http://127.0.0.1:{port}/desk/open/{room.link_key}"
        threading.Thread(target=_open, args=(server, link), daemon=True).start()
    server.run()


def open_room(options: Mapping[str, Any]) -> Room:
    """Return the room of a new session, or of a file that is resumed. Raises `OreblocError`."""
    path = Path(options["file"])
    if options["resume"]:
        if not path.is_file():
            raise OreblocError(f"Session file {path} does not exist. Give the file of the session to resume.")
        room = Room(path)
        if not room.state.seq:
            raise OreblocError(f"Session file {path} has no session in it. Start a new one without --resume.")
        room.take_up()
        return room
    if path.exists():
        raise OreblocError(
            f"Session file {path} exists. Write --resume to go on with it, or --file with a new name."
        )
    from experiments.game import Game
    from viz.classroom.session import session_of

    game = Game(options["scenario"], seed=options.get("seed"))
    session = session_of(
        game, template=options["template"], seats=options["seats"], rounds=options["rounds"],
        minutes=options["minutes"], policy=options["policy"], title=options["title"],
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    room = Room(path)
    room.open(session, game)
    return room


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


def _tell(room: Room, port: int) -> None:
    """Print what the facilitator needs: addresses, code, QR, the desk's link, the file."""
    here = room.addresses
    lines = [f"Session: {room.state.title}  (file {room.store.path})", f"Code: {room.state.code}"]
    lines += [f"People open  {one}" for one in here] or [
        "No address of a network was found: see `orebloc doctor`."
    ]
    lines += [
        f"Projector    http://127.0.0.1:{port}/wall",
        f"Your desk    http://127.0.0.1:{port}/desk/open/{room.link_key}   (opens once; a restart prints a new link)",
        "On plain HTTP somebody in the same open network can read along: use a hotspot with a password.",
        "Ctrl-C ends it; `--resume --file ...` goes on with everything that was acknowledged.",
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
