"""The tables of `docs/classroom.md` against the code: every route, command and kind of event, and none besides."""

import re
from pathlib import Path

import pytest

from viz.classroom.command import PERSON_COMMANDS
from viz.classroom.desk_command import DESK_COMMANDS
from viz.classroom.fold import WRITES
from viz.classroom.server import ROUTES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "classroom.md").read_text(encoding="utf-8")
#: What the room answers itself, as it takes a person out of the file rather than adding to it.
BESIDE = {"forget_person"}


def first_column(heading):
    """Return the names in the first column of the table below a heading."""
    part = PAGE.split(f"\n### {heading}\n")[1].split("\n#")[0]
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("|")][2:]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


@pytest.mark.parametrize(
    ("heading", "known"),
    [("Commands of people", set(PERSON_COMMANDS)), ("Commands of the desk", set(DESK_COMMANDS) | BESIDE),
     ("Events", set(WRITES)), ("Routes", {f"{method} {path}" for path, method, *_ in ROUTES})],
)  # fmt: skip
def test_the_table_is_that_of_the_code(heading, known):
    """Each name stands there once; what the code lost or gained fails."""
    found = first_column(heading)
    assert sorted(found) == sorted(known)
