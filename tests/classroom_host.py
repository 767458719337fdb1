"""A session's file served in a process of its own, with a model that answers at once: `FILE PORT [SPEED]`."""

import sys
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOLVE_SECONDS = 0.25


def answer(job, arguments):
    """What the stand-in says: no sheet has a fault, treaties of people are as drafted, rounds bring nothing."""
    if job == "check":
        return {"ok": True, "texts": [str(order["type"]) for order in arguments["orders"]]}
    if job == "draft":
        return {"ok": True, "text": "Terms.", "title": arguments["document"]["title"], "answers": {}}
    if job == "event":
        return {"ok": True, "event": arguments["event"]}
    if job == "resolve":
        time.sleep(SOLVE_SECONDS)
        sheets = {seat: one["orders"] for seat, one in arguments["locked"].items()}
        number = len(arguments["record"]["rounds"])
        entry = {"quarter": f"20{26 + number}Q1", "sheets": sheets, "pilots": {}, "events": arguments["events"],
                 "treaties": arguments["treaties"]}  # fmt: skip
        brought = {"quarter_from": entry["quarter"], "quarter_to": entry["quarter"], "headline": "Nothing moved.",
                   "prices": [], "shares": [], "scoreboards": {}, "measures": [], "treaties": [],
                   "views": {}, "seats": {}, "dropped": {}}  # fmt: skip
        return {"ok": True, "entry": entry, "outcome": brought}
    return {"ok": True}


def serve(pipe):
    """Answer jobs until the other end closes."""
    while True:
        try:
            job, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(answer(job, arguments))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    import viz.classroom.room as room
    from viz.classroom import host, opening
    from viz.classroom.model_worker import ModelWorker

    room.ModelWorker = opening.ModelWorker = lambda: ModelWorker(serve)
    began, speed = time.time(), float([*sys.argv, "1"][3])
    opening.Room = partial(room.Room, clock=lambda: began + speed * (time.time() - began))
    options = {
        "resume": True,
        "file": sys.argv[1],
        "host": "127.0.0.1",
        "port": int(sys.argv[2]),
        "is_opened": False,
    }
    host.host_session(options)
