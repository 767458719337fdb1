"""A dress rehearsal: bots in all seats play a whole session through the room's own commands, on a clock that jumps.

What is written is a session's file like any other; the report says whether the plan fits, and who would be bored.
"""

import asyncio
import json
import math
import random
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from agents.random_player import RandomPlayer
from model.error import OreblocError
from viz.classroom.event import DESK
from viz.classroom.loop import run_to_end
from viz.classroom.model_desk import ModelDesk
from viz.classroom.model_worker import ModelWorker
from viz.classroom.opening import open_rooms
from viz.classroom.room import Room
from viz.classroom.word import group_word

#: Minutes that people need to come in, and for the last reveal, which have no clock in the plan.
LOBBY_MINUTES, LAST_MINUTES = 5.0, 5.0
#: Orders that a bot draws each round besides what the built-in behaviour of its seat advises.
TRIES = 4
#: A round in which no price outside moves by more than this share on average is dull; seats below this are.
DULL_MOVE, FEW_ORDERS_A_ROUND = 0.03, 0.5
_HEADLINE = "Rehearsal: a plant stands still for a quarter."


class NearModel(ModelWorker):
    """The model in this process, for a room that has no screen to keep alive; keeps the time of each round."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = ModelDesk()
        self.seconds: list[float] = []

    def _ask(self, job: str, arguments: Mapping[str, Any], limit: float) -> dict[str, Any]:
        began = time.perf_counter()
        answer: dict[str, Any] = json.loads(
            json.dumps(self.desk.answer(job, json.loads(json.dumps(arguments))))
        )
        if job == "resolve":
            self.seconds.append(time.perf_counter() - began)
        return answer


class _Clock:
    """Server time that jumps to the end of each step."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Rehearsal:
    """A session and its bots. `options` are those of `open_rooms`; `seed` draws what the bots do.

    Raises `OreblocError` for a session that cannot be, or a round that the model could not work out.
    """

    def __init__(self, options: Mapping[str, Any], seed: int = 1) -> None:
        self.clock, self.chance = _Clock(), random.Random(seed)
        self.room: Room = open_rooms({"resume": False, "title": "", "policy": "draft", **options})[0]
        self.room.clock = self.clock
        self.near = NearModel()
        self.room.player = self.room.thinker = self.room.checker = self.near
        self.people: dict[str, str] = {}
        self.count = 0
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.kinds: dict[str, set[str]] = {}

    def play(self) -> None:
        """Play the session from the lobby to the debrief, stop the clock there, and close its file."""
        try:
            run_to_end(self._play())
        finally:
            self.near.thread.shutdown()
            self.room.store.close()

    async def _play(self) -> None:
        state = self.room.state
        for number, seat in enumerate(state.seats, start=1):
            await self._join(f"Bot {number}", seat)
        await self._desk("lock_lobby", is_locked=True)
        while state.phase.name != "debrief":
            if state.phase.name == "negotiate":
                await self._negotiate()
            if state.phase.name == "orders":
                for seat in state.seats:
                    await self._order(seat)
            await self._on()
        await self._desk("pause")  # its clock is ahead of the true one

    async def _give(self, by: str, kind: str, device: str = "", **body: Any) -> dict[str, Any]:
        self.count += 1
        given = {"id": f"rehearsal-{self.count:06d}", "kind": kind, "body": body}
        return (await self.room.command(by, device, given))[1]

    async def _desk(self, kind: str, **body: Any) -> None:
        answer = await self._give(DESK, kind, **body)
        if not answer["ok"]:
            raise OreblocError(f"The rehearsal stopped at {kind}: {answer['message']}")

    async def _join(self, name: str, seat: str) -> None:
        device = f"device of {name}"
        await self._give("", "join", device, code=self.room.state.code, name=name, seat=seat)
        self.people[seat] = self.room.person_of(device)
        await self._give(self.people[seat], "read_role")

    async def _on(self) -> None:
        """Let the step's time pass, or go on by hand; a round is worked out on the way."""
        state = self.room.state
        if state.ends_at is not None:
            self.clock.now = state.ends_at
            self.room.tick()
        else:
            await self._desk("go_on", step=state.step)
        if state.phase.name == "resolving":
            self.room.tick()
            await asyncio.gather(*self.room.tasks)
            if state.failure:
                raise OreblocError(
                    f"The model could not work out round {state.phase.round}: {state.failure} The session so far is "
                    f"in {self.room.store.path}. Try another --seed, and tell us with that file."
                )

    async def _negotiate(self) -> None:
        """Have every seat say something, two states propose a treaty, and the desk bring an event in round 2."""
        state = self.room.state
        for seat in state.seats:
            text = f"{state.seats[seat]['label']} is open to offers in round {state.phase.round}."
            await self._give(self.people[seat], "send_message", room="public", text=text)
        states = [seat for seat, about in state.seats.items() if about["role"] in ("state", "exporter")]
        if len(states) > 1:
            await self._treat(*self.chance.sample(states, 2))
        if state.phase.round == 2:
            await self._happen(states)

    async def _treat(self, first: str, second: str) -> None:
        document = {
            "kind": "memorandum",
            "title": f"Exemption of {' and '.join(self.room.state.seats[one]['label'] for one in (first, second))}",
            "members": [first, second],
            "clauses": [{"type": "mutual_exemption", "fields": {}}],
        }
        answer = await self._give(self.people[first], "propose_deal", document=document)
        if answer["ok"]:
            deal = list(self.room.state.deals.values())[-1]
            if deal.state == "open" and deal.answers.get(second, {}).get("signs"):
                await self._give(self.people[second], "sign_deal", deal=deal.id, version=deal.version)

    async def _happen(self, states: list[str]) -> None:
        """Bring an outage where the most of a shown good is made; a world without one has none."""
        shares = [row for row in self.room.state.outcomes[1]["shares"] if row["share"] > 0.2]
        if shares:
            row = self.chance.choice(shares)
            event = {"kind": "outage", "actor": row["country"], "good": row["good"]}
            await self._give(DESK, "inject", event=event, headline=_HEADLINE)

    async def _order(self, seat: str) -> None:
        """Write the advice of the built-in behaviour and some draws by chance; keep what is accepted, hand it in."""
        state, by = self.room.state, self.people[seat]
        view = self.near.desk.game(state.record).view(seat)
        drawn = [dict(order) for order in view["advice"]]
        for _ in range(TRIES):
            drawn += RandomPlayer().decide({**view, "luck": self.chance.random()})
        kept: list[dict[str, Any]] = []
        for order in drawn:
            answer = await self._give(
                by, "set_draft", version=state.sheets[seat].version, orders=[*kept, order]
            )
            if answer["ok"] and not state.sheets[seat].fault:
                kept.append(order)
            elif state.phase.round:
                self.refused[seat] += 1
        await self._give(by, "set_draft", version=state.sheets[seat].version, orders=kept)
        await self._give(by, "hand_in", version=state.sheets[seat].version)
        if state.phase.round:
            self.accepted[seat] += len(kept)
            self.kinds.setdefault(seat, set()).update(order["type"] for order in kept)


def rehearse(options: Mapping[str, Any], seed: int = 1) -> dict[str, Any]:
    """Play a rehearsal and return what it found: see `findings`. Raises `OreblocError`."""
    began = time.perf_counter()
    rehearsal = Rehearsal(options, seed)
    rehearsal.play()
    return findings(rehearsal, str(options["template"]), time.perf_counter() - began)


def findings(rehearsal: Rehearsal, template: str, seconds: float) -> dict[str, Any]:
    """Return `{file, title, seconds, slowest_round_seconds, minutes, booked_minutes, seats, rounds, deals}`.

    `seats` are the most bored first, `{seat, label, orders, kinds, refused, is_boring}`; `rounds` in order,
    `{round, quarter, headline, move, is_dull}` with `move` the mean of the absolute logarithms of outside price ratios.
    """
    state = rehearsal.room.state
    rounds = [_round(number, state.outcomes[number]) for number in sorted(state.outcomes) if number]
    planned = sum(phase.minutes or 0.0 for phase in state.plan)
    seats = [
        {"seat": seat, "label": about["label"], "orders": rehearsal.accepted[seat],
         "kinds": len(rehearsal.kinds.get(seat, ())), "refused": rehearsal.refused[seat],
         "is_boring": rehearsal.accepted[seat] < FEW_ORDERS_A_ROUND * len(rounds)}
        for seat, about in state.seats.items()
    ]  # fmt: skip
    return {
        "file": str(rehearsal.room.store.path),
        "title": state.title,
        "seconds": seconds,
        "slowest_round_seconds": max(rehearsal.near.seconds, default=0.0),
        "minutes": planned
        + LOBBY_MINUTES
        + LAST_MINUTES
        + sum(max(rehearsal.near.seconds, default=0.0) for p in state.plan if p.name == "resolving") / 60.0,
        "booked_minutes": float(template.rpartition("_")[2]),
        "seats": sorted(seats, key=lambda row: (row["orders"], row["kinds"])),
        "rounds": rounds,
        "deals": sum(deal.state == "in_force" for deal in state.deals.values()),
        "deals_proposed": len(state.deals),
    }


def _round(number: int, outcome: Mapping[str, Any]) -> dict[str, Any]:
    moves = [
        abs(math.log1p(row["outside_change"]))
        for row in outcome["prices"]
        if row["outside_change"] is not None and row["outside_change"] > -1.0
    ]
    move = sum(moves) / len(moves) if moves else 0.0
    headline = group_word(outcome["headline"])
    return {"round": number, "quarter": outcome["quarter_to"], "headline": headline, "move": move,
            "is_dull": move < math.log1p(DULL_MOVE)}  # fmt: skip


def report(found: Mapping[str, Any]) -> str:
    """Return the findings as a text to read."""
    over = found["minutes"] - found["booked_minutes"]
    fits = (
        f"{-over:.0f} minutes to spare"
        if over <= 0.0
        else f"{over:.0f} minutes too long: take fewer --rounds, or shorter steps with --minutes"
    )
    lines = [
        f"Rehearsal of {found['title']}: {len(found['rounds'])} rounds with bots in {len(found['seats'])} seats, "
        f"played in {found['seconds']:.0f} s.",
        "",
        f"Time: {found['minutes']:.0f} minutes with arrival and last reveal, "
        f"{found['booked_minutes']:.0f} booked; {fits}.",
        f"The slowest round took the model {found['slowest_round_seconds']:.1f} s on this machine.",
        f"Treaties: {found['deals_proposed']} proposed, {found['deals']} came into force.",
        "",
        "Seats, those with the least to do first (orders accepted, kinds, refused by the rules):",
        *[
            f"  {row['label'][:28]:<28} {row['orders']:>4} {row['kinds']:>4} {row['refused']:>4}"
            f"{'   little to do: join it to another seat, or take it out' if row['is_boring'] else ''}"
            for row in found["seats"]
        ],
        "",
        "Rounds (mean move of prices outside):",
        *[
            f"  {row['round']}  to {row['quarter']}  {math.expm1(row['move']):>6.1%}  {row['headline']}"
            f"{'   Dull: have an event ready.' if row['is_dull'] else ''}"
            for row in found["rounds"]
        ],
        "",
        "Bots order by chance and by the built-in advice, so they show what seats may do, not what people will.",
        f"The session is in {found['file']}. `orebloc host --resume --file {found['file']}` opens it at the debrief, "
        "its clock stopped: try there what you will show.",
    ]
    return "\n".join(lines)
