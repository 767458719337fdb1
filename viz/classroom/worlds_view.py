"""What the comparison of a class's worlds shows: of each world what everybody in it may know, side by side.

Made from `view.common` of each world and nothing else, but for the desk, which is told besides how far each world is.
What is different in a twin is the desk's to know until the debrief.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from viz.classroom.room import Room
from viz.classroom.view import DESK_VIEWER, WALL, Viewer, told_rounds

#: What of a world's common view the comparison shows.
_KEPT = (
    "title",
    "phase",
    "step",
    "round",
    "rounds",
    "ends_at",
    "left_seconds",
    "failure",
    "people",
    "is_locked",
)


def worlds_view(rooms: Sequence[Room], viewer: Viewer, addresses: Sequence[str]) -> dict[str, Any]:
    """Return the class as the projector (`WALL`) or the desk may see it, without the time."""
    found: dict[str, Any] = {"kind": viewer.kind, "addresses": list(addresses)}
    found["worlds"] = [_world(room, viewer) for room in rooms]
    if viewer in (WALL, DESK_VIEWER) and not all(room.state.is_locked for room in rooms):
        found["code"] = rooms[0].state.world["code"]
    return found


def _world(room: Room, viewer: Viewer) -> dict[str, Any]:
    common, about = room.common(), room.state.world
    may_know = viewer == DESK_VIEWER or room.state.phase.name in ("debrief", "closed")
    row = {key: common[key] for key in _KEPT}
    row |= {
        "number": about["number"],
        "name": about["name"],
        "difference": about["difference"] if may_know else "",
        "base": f"/world/{about['number']}",
        "labels": common["names"] | {seat: one["label"] for seat, one in common["about"].items()},
        "points": [_point(common["opening"]), *map(_point, common["history"])],
        "boards": [one.get("scoreboards", {}) for one in told_rounds(room.state)],
        "headline": common["reveal"]["headline"] if common["reveal"] and common["reveal_round"] else "",
        "treaties": [deal["title"] for deal in common["deals"]],
        "moments": (common["debrief"] or {}).get("moments", []),
    }
    if viewer == DESK_VIEWER:
        board = room.own(DESK_VIEWER)["board"]
        row["missing"] = sum(one["pilot"] == "people" and one["state"] != "final" for one in board)
        row["fault"] = room.state.failure or room.disk_fault
    return row


def _point(outcome: Mapping[str, Any]) -> dict[str, Any]:
    return {key: outcome.get(key, []) for key in ("prices", "shares")} | {
        "quarter": outcome.get("quarter_to") or outcome.get("quarter") or ""
    }
