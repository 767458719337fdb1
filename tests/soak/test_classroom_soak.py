"""Three hours of a class in minutes: people come and go, and the server keeps no more than the session itself."""

import json
import random
import socket
import threading
import time
from pathlib import Path

import psutil
import pytest
from classroom_kit import Class, small_game
from classroom_server import ROOT, Client, Host, free_port
from websockets.sync.client import connect

pytestmark = pytest.mark.soak

#: Seconds of the session in one of the clock on the wall, and hours of the session.
SPEED, HOURS = 36.0, 3.0
PEOPLE = 60


class Comer(threading.Thread):
    """Somebody who joins, looks, says and writes something, leaves in the middle, and comes back on the same device."""

    def __init__(self, host: Host, number: int, until: float, before: "Comer | None" = None) -> None:
        super().__init__(daemon=True)
        self.host, self.number, self.until = host, number, until
        self.chance = random.Random(number)
        self.client, self.count = (before.client, before.count) if before else (Client(host.port), 0)
        self.faults: list[str] = []

    def give(self, kind: str, **body: object) -> int:
        """Give a command and return its status; 5xx is a fault."""
        self.count += 1
        given = {"id": f"soak-{self.number}-{self.count:06d}", "kind": kind, "body": body}
        status, _, text = self.client.ask("POST", "/api/command", given)
        if status >= 500:
            self.faults.append(text)
        return status

    def run(self) -> None:
        """Come and go until the time is over."""
        try:
            if not self.client.cookies:
                seat = ("CHN", "JPN", "USA", "EU27")[self.number % 4]
                self.give("join", code=self.host.code, name=f"Comer {self.number}", seat=seat)
            while time.monotonic() < self.until:
                self.visit()
                time.sleep(self.chance.uniform(0.0, 4.0))
        except Exception as error:  # whatever it is, the test must hear of it
            self.faults.append(repr(error))

    def visit(self) -> None:
        """Open the page, do a few things, and close it, or tear the line."""
        cookies = {"Cookie": "; ".join(f"{key}={value}" for key, value in self.client.cookies.items())}
        with connect(
            f"ws://127.0.0.1:{self.host.port}/api/live", additional_headers=cookies, proxy=None
        ) as line:
            version = json.loads(line.recv(timeout=20))["own"].get("sheet", {"version": 0})["version"]
            for _ in range(self.chance.randrange(4)):
                self.give("raise_hand", up=self.chance.random() < 0.5)
                self.give("set_draft", version=version, orders=[])
                time.sleep(self.chance.uniform(0.0, 1.0))
            if self.chance.random() < 0.5:
                line.socket.shutdown(socket.SHUT_RDWR)  # the lid of a laptop is shut


def kept(host: Host) -> dict[str, float]:
    """Return what the server holds: memory in MB, threads, open files and sockets."""
    process = psutil.Process(host.process.pid)
    return {
        "memory": process.memory_info().rss / 1e6,
        "threads": process.num_threads(),
        "files": process.num_fds(),
        "sockets": len([one for one in process.net_connections() if one.status == "ESTABLISHED"]),
    }


def at_rest(host: Host) -> dict[str, float]:
    """Wait until nobody is connected any more, and return what the server holds."""
    until = time.monotonic() + 60
    while json.loads(Client(host.port).ask("GET", "/healthz")[2])["online"]:
        assert time.monotonic() < until, "somebody who has gone is still counted"
        time.sleep(0.5)
    time.sleep(2.0)
    return kept(host)


def test_three_hours_leave_nothing_behind(tmp_path: Path) -> None:
    """After three hours, threads, files and sockets are those of the first minutes, and memory is nearly."""
    file = tmp_path / "session.orebloc"
    Class(file, small_game(), clock=time.time, minutes={"reveal": 30.0}).room.store.close()
    host = Host([ROOT / "tests" / "classroom_host.py", file, free_port(), SPEED])
    try:
        desk, seen, comers = Client(host.port), [], [None] * PEOPLE
        desk.ask("POST", "/api/desk", {"key": host.link})
        for minutes in (20.0, 60.0 * HOURS - 20.0):
            until = time.monotonic() + 60.0 * minutes / SPEED
            comers = [Comer(host, number, until, before) for number, before in enumerate(comers)]
            for comer in comers:
                comer.start()
            while time.monotonic() < until:
                common = json.loads(desk.ask("GET", "/api/view")[2])["common"]
                kind = "rollback" if common["phase"] in ("debrief", "closed") else "go_on"
                given = {"id": f"desk-{time.monotonic_ns()}", "kind": kind, "body": {"step": common["step"]}}
                desk.ask("POST", "/api/command?as=desk", given)
                time.sleep(4.0)
            for comer in comers:
                comer.join(60)
                assert not comer.is_alive() and not comer.faults, comer.faults[:3]
            seen.append(at_rest(host))
        print(f"after 20 minutes {seen[0]}, after {HOURS:g} hours {seen[1]}")
    finally:
        host.kill()
    assert seen[1]["threads"] <= seen[0]["threads"] and seen[1]["sockets"] == seen[0]["sockets"] == 0
    assert seen[1]["files"] <= seen[0]["files"] + 1
    assert seen[1]["memory"] <= 1.15 * seen[0]["memory"]
