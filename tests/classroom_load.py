"""A class of many devices in one process, for timings: `PORT CODE DESK_KEY PLAYERS STORM_SECONDS`; prints JSON.

Each player does what a browser does: pages and scripts, joining, a live view, commands. Times are in milliseconds.
"""

import asyncio
import json
import random
import sys
import time

from websockets.asyncio.client import connect

STATIC = ("class.css", "common.js", "join.js")
PLAY = ("play.js", "form.js", "colours.js")
#: Rounds of the drill: how often the desk goes on, and everybody writes, hands in and says something.
ROUNDS = 2


class Line:
    """One kept connection to the server, as a browser's; `cookies` are kept."""

    def __init__(self, port):
        self.port, self.cookies, self.reader, self.writer = port, {}, None, None

    async def ask(self, method, path, body=None):
        """Return (status, content); a connection that the server closed as idle is opened again, as browsers do."""
        try:
            return await self._ask(method, path, body)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.writer = None
            return await self._ask(method, path, body)

    async def _ask(self, method, path, body):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        content = b"" if body is None else json.dumps(body).encode()
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Length: {len(content)}\r\n"
        )
        self.writer.write(f"{head}Cookie: {cookie}\r\n\r\n".encode() + content)
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        length = 0
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            if name.lower() == "content-length":
                length = int(value)
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.split(";")[0]
        return int(lines[0].split()[1]), await self.reader.readexactly(length)

    async def close(self):
        if self.writer is not None:
            self.writer.close()


class Device:
    """A page: its live view, put together from what is sent, and when each step of the session was first seen."""

    def __init__(self, port, look="me"):
        self.port, self.look, self.line = port, look, Line(port)
        self.view, self.steps, self.news, self.task, self.bytes = None, {}, asyncio.Event(), None, 0

    async def listen(self):
        """Open the live view and wait for the first one."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.line.cookies.items())
        address = f"ws://127.0.0.1:{self.port}/api/live?as={self.look}"
        self.socket = await connect(
            address, additional_headers={"Cookie": cookie}, proxy=None, open_timeout=30
        )
        self.task = asyncio.create_task(self._hear())
        await self.news.wait()

    async def _hear(self):
        async for text in self.socket:
            self.bytes += len(text)
            told = json.loads(text)
            before = {"common": {}, "own": {}} if told["is_whole"] else self.view
            self.view = {part: {**before[part], **told[part]} for part in ("common", "own")}
            self.steps.setdefault(self.view["common"]["step"], time.perf_counter())
            self.news.set()

    async def close(self):
        if self.task is not None:
            await self.socket.close()
            await self.task
        await self.line.close()


class Load:
    """The drill: a storm of joins, phase changes, and everybody's commands at once."""

    def __init__(self, port, code, key, players, storm):
        self.port, self.code, self.key, self.storm = port, code, key, storm
        self.players = [Device(port) for _ in range(players)]
        self.desk, self.wall = Device(port, "desk"), Device(port, "wall")
        self.times, self.refused, self.chance, self.count = {}, {}, random.Random(1), 0

    @property
    def screens(self):
        return [*self.players, self.desk, self.wall]

    def keep(self, what, began):
        self.times.setdefault(what, []).append(1e3 * (time.perf_counter() - began))

    async def give(self, device, what, kind, **body):
        """Give a command, keep how long its answer took, count what was refused; return whether it was taken."""
        self.count += 1
        given = {"id": f"load-{self.count:08d}", "kind": kind, "body": body}
        began = time.perf_counter()
        path = f"/api/command{'?as=desk' if device.look == 'desk' else ''}"
        status, _ = await device.line.ask("POST", path, given)
        self.keep(what, began)
        if status != 200:
            key = f"{what} {status}"
            self.refused[key] = self.refused.get(key, 0) + 1
        return status == 200

    async def join(self, number, player, seats):
        """From opening the address to the first live view of the seat."""
        await asyncio.sleep(self.chance.uniform(0.0, self.storm))
        began = time.perf_counter()
        for path in ("/", *(f"/assets/classroom/{name}" for name in STATIC), "/api/view"):
            assert (await player.line.ask("GET", path))[0] == 200, path
        seat = seats[number % len(seats)]
        assert await self.give(player, "join", "join", code=self.code, name=f"Player {number}", seat=seat)
        for path in ("/play", *(f"/assets/classroom/{name}" for name in PLAY), "/api/form"):
            assert (await player.line.ask("GET", path))[0] == 200, path
        await player.listen()
        self.keep("first view", began)

    async def onward(self):
        """The desk goes on; wait until every screen shows it."""
        step, began = self.desk.view["common"]["step"], time.perf_counter()
        assert await self.give(self.desk, "desk", "go_on", step=step)
        while any(step + 1 not in screen.steps for screen in self.screens):
            assert time.perf_counter() - began < 60, "a screen never saw the next step"
            await asyncio.sleep(0.005)
        self.times.setdefault("phase", []).extend(1e3 * (s.steps[step + 1] - began) for s in self.screens)

    async def cleared(self):
        """Wait until the model has worked the round out and every screen shows what it brought."""
        while any(screen.view["common"]["phase"] == "resolving" for screen in self.screens):
            assert not self.desk.view["common"]["failure"], self.desk.view["own"]["failure_text"]
            await asyncio.sleep(0.05)
        step = self.desk.view["common"]["step"]
        first = min(screen.steps[step] for screen in self.screens)
        self.times.setdefault("reveal", []).extend(1e3 * (s.steps[step] - first) for s in self.screens)

    async def at_once(self, what, write, seconds=2.0):
        """Have everybody do something at some moment of two seconds."""

        async def one(player):
            await asyncio.sleep(self.chance.uniform(0.0, seconds))
            await write(player)

        await asyncio.gather(*(one(player) for player in self.players))

    async def draft(self, player):
        version = player.view["own"]["sheet"]["version"]
        await self.give(player, "draft", "set_draft", version=version, orders=[])

    async def say(self, player):
        await self.give(
            player, "message", "send_message", room="public", text="We are open to offers this round."
        )

    async def hand_in(self, player):
        version = player.view["own"]["sheet"]["version"]
        await self.give(player, "hand in", "hand_in", version=version)

    async def play(self):
        """Play the drill and return the figures."""
        assert (await self.desk.line.ask("POST", "/api/desk", {"key": self.key}))[0] == 200
        await self.desk.listen()
        await self.wall.listen()
        seats = [one["seat"] for one in self.desk.view["common"]["seats"]]
        await asyncio.gather(*(self.join(n, player, seats) for n, player in enumerate(self.players)))
        await self.onward()  # the briefing
        for number in range(ROUNDS):
            await self.onward()  # practice orders, then negotiations
            if number:
                await self.at_once("message", self.say)
                await self.onward()
            await self.at_once("draft", self.draft)
            await asyncio.sleep(0.3)
            await self.at_once("hand in", self.hand_in)
            await self.onward()
            await self.cleared()
        await asyncio.sleep(0.5)
        await self.compare()
        sent = sum(screen.bytes for screen in self.screens) / len(self.screens)
        for screen in self.screens:
            await screen.close()
        return {"times": {name: figures(values) for name, values in self.times.items()}, "refused": self.refused,
                "kilobytes": sent / 1e3}  # fmt: skip

    async def compare(self):
        """Every screen shows what the server says now: nothing was lost among the changes that it was sent."""
        for screen in self.screens:
            _, content = await screen.line.ask("GET", f"/api/view?as={screen.look}")
            told = json.loads(content)
            for part in ("common", "own"):
                for key in told[part].keys() - {"now", "seq"}:
                    assert screen.view[part][key] == told[part][key], (screen.look, part, key)


def figures(values):
    """Return count, median, 99th percentile and maximum of times."""
    ordered = sorted(values)
    at = [ordered[min(int(share * len(ordered)), len(ordered) - 1)] for share in (0.5, 0.99)]
    return {"count": len(ordered), "p50": at[0], "p99": at[1], "max": ordered[-1]}


if __name__ == "__main__":
    port, code, key, players, storm = sys.argv[1:6]
    print(json.dumps(asyncio.run(Load(int(port), code, key, int(players), float(storm)).play())))
