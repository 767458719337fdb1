"""The list of invariants I1 to I48: what each says in our market, which tests hold it, how often tendencies hold.

`python -m tests.invariant` writes the tables of docs/invariants.md; it measures the frequencies (about a minute). The
list is tests/invariants/list.toml; `restated` says what holds exactly here, or what is measured.
"""

import importlib.util
import re
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

if __package__:  # run as a module: the tests' own folder is not on the path
    sys.path.insert(0, str(Path(__file__).parent))

from tendency import PAGE_SEEDS, TENDENCIES, Frequency, frequency

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "invariants.md"


@dataclass(frozen=True)
class Invariant:
    """One of the 48. `tests` are `file::function`; numbers in `TENDENCIES` have a measured frequency as well."""

    number: int
    claim: str
    restated: str
    tests: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Return theorem, tendency, or both."""
        if self.number not in TENDENCIES:
            return "theorem"
        return "theorem and tendency" if self.tests else "tendency"


def _read() -> tuple[Invariant, ...]:
    rows = tomllib.loads((ROOT / "tests" / "invariants" / "list.toml").read_text(encoding="utf-8"))[
        "invariant"
    ]
    return tuple(
        Invariant(**{**row, "tests": tuple(f"tests/{path}" for path in row["tests"])}) for row in rows
    )


INVARIANTS: tuple[Invariant, ...] = _read()


@cache
def module_at(path: str) -> Any:
    """Return a test module by its file."""
    spec = importlib.util.spec_from_file_location(path.replace("/", "_").removesuffix(".py"), ROOT / path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def listed() -> str:
    """Return the table of all invariants."""
    lines = ["| | claim | in this market | kind | held by |", "| --- | --- | --- | --- | --- |"]
    for i in INVARIANTS:
        held = "<br>".join(f"`{path.removeprefix('tests/')}`" for path in i.tests) or "measured below"
        lines.append(f"| I{i.number} | {i.claim} | {i.restated} | {i.kind} | {held} |")
    return "\n".join(lines)


def measured(found: dict[int, Frequency]) -> str:
    """Return the table of tendencies."""
    lines = ["| | tendency | held in | a world in which it did not |", "| --- | --- | --- | --- |"]
    for number, function in TENDENCIES.items():
        told = (function.__doc__ or "").split("\n")[0].split(": ", 1)[1].rstrip(".")
        f = found[number]
        other = f"seed {f.counterexample}: {f.words}" if f.counterexample >= 0 else "none found"
        lines.append(f"| I{number} | {told} | {f.held} of {f.worlds} | {other} |")
    return "\n".join(lines)


def page(text: str, tables: dict[str, str]) -> str:
    """Return the page with these tables written anew."""
    return _TABLE.sub(
        lambda found: f"{found[1]}\n{tables[found[2]]}\n\n{found[3]}" if found[2] in tables else found[0],
        text,
    )


def frequencies() -> dict[int, Frequency]:
    """Return how often each tendency held in the worlds of the page."""
    return {number: frequency(number, PAGE_SEEDS) for number in TENDENCIES}


if __name__ == "__main__":
    tables = {"list": listed(), "tendencies": measured(frequencies())}
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), tables), encoding="utf-8")
    print(f"wrote the tables of {PAGE}")
