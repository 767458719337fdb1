"""A room behind real HTTP on the loopback, in a thread of the test or in a process of its own."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from viz.classroom.server import application

ROOT = Path(__file__).resolve().parents[1]


class Client:
    """A program that asks the server: `cookies` as a browser would keep them."""

    def __init__(self, port, **cookies):
        self.port, self.cookies = port, cookies

    def ask(self, method, path, body=None, headers=None, raw=None):
        """Return (status, headers, text)."""
        status, told, content = self.ask_bytes(method, path, body, headers, raw)
        return status, told, content.decode("utf-8", "replace")

    def ask_bytes(self, method, path, body=None, headers=None, raw=None):
        """Return (status, headers, content), and keep the cookies that are set."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        sent = dict(headers or {})
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        try:
            line.request(method, path, data, sent)
            answer = line.getresponse()
            content = answer.read()
        finally:
            line.close()
        for value in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = value.partition("=")
            self.cookies[name] = rest.split(";")[0]
        return answer.status, answer.headers, content


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def served(room):
    """Serve a room; gives its port."""
    return serving(application(room))


@contextmanager
def serving(app):
    """Serve an application; gives its port."""
    port = free_port()
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error",
                            timeout_graceful_shutdown=1)  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


class Host:
    """A server in a process of its own on one file that outlives it; `words` start it, `more` the first time only."""

    def __init__(self, words, more=()):
        self.words, self.process, self.code, self.link = [str(word) for word in words], None, "", ""
        self.port = 0
        self.start(more)

    def start(self, more=()):
        """Start it and wait until it answers; return the seconds that took."""
        began = time.monotonic()
        self.process = subprocess.Popen([sys.executable, *self.words, *more], cwd=ROOT, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, start_new_session=True)  # fmt: skip
        said = ""
        while "Your desk" not in said:
            line = self.process.stdout.readline()
            assert line, said
            said += line
        found = re.search(r"127\.0\.0\.1:(\d+)/desk/open/([\w-]+)", said)
        self.port, self.link, self.code = int(found[1]), found[2], re.search(r"Code: (\w+)", said)[1]
        while True:
            try:
                assert Client(self.port).ask("GET", "/healthz")[0] == 200
                return time.monotonic() - began
            except OSError:
                assert time.monotonic() - began < 60 and self.process.poll() is None
                time.sleep(0.01)

    def kill(self):
        """End it and its model as a power cut would; nothing is finished, nothing is closed."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.process.stdout.close()
