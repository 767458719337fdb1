"""Before a session: whether pages, network and disk are ready, each with what to do where they are not."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from viz.classroom.host import addresses

STATIC, PAGES = Path(__file__).resolve().parents[1] / "static", Path(__file__).with_name("page")
#: What the pages of a session cannot do without, below the folder of pages and that of static files.
_PAGES = ("all_desks.html", "desk.html", "join.html", "open.html", "play.html", "wall.html", "worlds.html")
_STATIC = (
    "classroom/all_desks.js",
    "classroom/class.css",
    "classroom/colours.js",
    "classroom/common.js",
    "classroom/compare.js",
    "classroom/desk.js",
    "classroom/form.js",
    "classroom/join.js",
    "classroom/open.js",
    "classroom/pager.js",
    "classroom/play.js",
    "classroom/replay.css",
    "classroom/replay.js",
    "classroom/wall.js",
    "classroom/worlds.js",
    "inter-latin.woff2",
)
#: Room on the disk, in bytes, below which a session should not begin: a full one stops its clock.
ROOM_BYTES = 200_000_000
Line = tuple[bool, str, str]


def check_classroom(folder: Path | None = None) -> list[Line]:
    """Return (well, what, remedy) for hosting a class; `folder` is where sessions are kept (default: `results`)."""
    return [check_files(), check_network(addresses(8080)), check_room(folder or Path("results"))]


def check_files(static: Path = STATIC, pages: Path = PAGES) -> Line:
    """Return whether the files of the classroom's pages are there."""
    wanted = [pages / name for name in _PAGES] + [static / name for name in _STATIC]
    missing = [path.name for path in wanted if not path.is_file()]
    if missing:
        return False, f"classroom: {', '.join(missing)} missing", "Install orebloc again"
    return True, f"classroom: files of its pages ({len(wanted)})", ""


def check_network(found: Sequence[str]) -> Line:
    """Return whether other devices have an address under which to find this machine; `found` are those there are."""
    if not found:
        return (
            False,
            "classroom: no address in a network was found",
            "Join the room's network, or open a hotspot with a password on this machine or a telephone",
        )
    return True, f"classroom: other devices would open {found[0]} (try it with a telephone)", ""


def check_room(folder: Path, needed: int = ROOM_BYTES) -> Line:
    """Return whether the disk of a folder (or of what is above it) has room for a session's file."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    what = f"classroom: {free / 1e6:,.0f} MB free for sessions in {folder}"
    return free >= needed, what, f"Make room: a session needs {needed / 1e6:,.0f} MB to be safe"
