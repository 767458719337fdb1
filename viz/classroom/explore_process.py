"""The pages of `orebloc serve` in a process of their own: what they work out never keeps a class waiting."""

import contextlib
import json
import logging
import multiprocessing.connection
import os
import signal
import socket
import threading
import warnings


def serve_explore(
    pipe: multiprocessing.connection.Connection, scenario: str, games: dict[str, object]
) -> None:
    """Serve the pages on a free port of this machine, tell the port, and end when the other end closes.

    `games` is what `viz.live.class_game` opens a class's games by: `{"secret", "files"}`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(5)  # a class and its rounds go before
    from viz.live.class_game import GAMES
    from viz.live.reach import CLASS, SHARED
    from viz.server.setting import set_up

    set_up(scenario)
    os.environ[SHARED], os.environ[GAMES] = CLASS, json.dumps(games)
    warnings.filterwarnings("ignore", module=r"solara\..*")
    logging.getLogger("solara").setLevel(logging.ERROR)
    import uvicorn

    from viz.server.application import application

    line = socket.socket()
    line.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        application(scenario, warm=False), log_level="warning", timeout_graceful_shutdown=1
    )
    threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()
    threading.Thread(target=_tell, args=(pipe, line.getsockname()[1], server := uvicorn.Server(config)),
                     daemon=True).start()  # fmt: skip
    server.run(sockets=[line])


def _tell(pipe: multiprocessing.connection.Connection, port: int, server: object) -> None:
    """Say where it is once it answers."""
    import time

    while not getattr(server, "started", False):
        time.sleep(0.02)
    pipe.send(port)


def _end_with(pipe: multiprocessing.connection.Connection) -> None:
    """End this process with the one that started it, however that ends."""
    with contextlib.suppress(EOFError, OSError):
        pipe.recv()
    os._exit(0)
