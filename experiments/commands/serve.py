"""`orebloc serve`: the pages in the browser, from one process on this machine."""

import argparse
import socket
from importlib.util import find_spec
from pathlib import Path

from model.error import OreblocError

HOST, PORT = "127.0.0.1", 8765
_NEEDED = ("solara", "starlette", "uvicorn", "anywidget")


def add_serve_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `serve` to the command line."""
    parser = subparsers.add_parser(
        "serve",
        help="open the pages in the browser",
        description="Start the pages and open them: levers, map, market shares, prices. Nothing leaves this machine. "
        "Ctrl-C ends it.",
    )
    parser.add_argument(
        "--host", default=HOST, help=f"address to listen on (default: {HOST}, this machine only)"
    )
    parser.add_argument(
        "--port", type=int, default=PORT, help=f"port (default: {PORT}, or the next that is free)"
    )
    parser.add_argument(
        "--scenario",
        default="baseline",
        help="what opens: a scenario's name or TOML file, or a class session's file",
    )
    parser.add_argument("--no-open", action="store_true", help="do not open the browser")
    parser.set_defaults(run=run_serve)


def run_serve(arguments: argparse.Namespace) -> int:
    """Serve until interrupted; return 0. Raises `OreblocError` for what is missing or cannot be had."""
    from experiments.scenario_file import load_scenario

    check_installed()
    if not 1 <= arguments.port <= 65535:
        raise OreblocError(f"Port is {arguments.port}; it must be 1 to 65535. Write --port {PORT}.")
    path = Path(arguments.scenario)
    is_session = (
        path.suffix == ".orebloc" and path.is_file()
    )  # a class's game, which the pages read themselves
    shown = path.name if is_session else load_scenario(arguments.scenario).name
    name = (
        arguments.scenario
        if not Path(arguments.scenario).is_file()
        else str(Path(arguments.scenario).resolve())
    )
    port = free_port(arguments.host, arguments.port)
    print(
        f"Orebloc shows {shown} at http://{arguments.host}:{port}/explore/ (Ctrl-C ends it)",
        flush=True,
    )
    arguments.serve_pages(arguments.host, port, name, not arguments.no_open)
    return 0


def check_installed() -> None:
    """Raise `OreblocError` where a library of the pages is missing."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise OreblocError(
            f"The pages need {', '.join(missing)}, not installed here. Run `make play`, or pip install 'orebloc[play]'."
        )


def free_port(host: str, port: int) -> int:
    """Return the port, or one of the next twenty that nobody listens on. Raises `OreblocError` for none."""
    for candidate in range(port, min(port + 20, 65536)):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OverflowError:
                break
            except socket.gaierror:
                raise OreblocError(
                    f"Host {host!r} is no address of this machine. Leave --host out."
                ) from None
            except OSError as error:
                if error.errno == 99:  # not an address of this machine
                    raise OreblocError(
                        f"Host {host!r} is no address of this machine. Leave --host out."
                    ) from None
                continue
            return candidate
    raise OreblocError(f"Ports {port} to {port + 19} are all taken. Write --port with another number.")
