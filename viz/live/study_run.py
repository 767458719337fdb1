"""A study's run as a scenario's name: `study:FOLDER:RUN`, so that links, pages and levers take it as any other."""

from pathlib import Path

_WORD = "study"


def study_word(folder: str | Path, run: int) -> str:
    """Return the name under which a study's run opens."""
    return f"{_WORD}:{folder}:{run}"


def read_study_run(name: str) -> tuple[str, int] | None:
    """Return folder and run of such a name; None for any other name."""
    if not name.startswith(f"{_WORD}:"):
        return None
    folder, _, run = name.removeprefix(f"{_WORD}:").rpartition(":")
    return (folder, int(run)) if folder and run.isdigit() else None
