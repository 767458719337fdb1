"""Every example in README and docs runs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def blocks(language: str) -> list[tuple[str, str]]:
    found = [
        (page.name, match) for page in PAGES for match in _BLOCK.finditer(page.read_text(encoding="utf-8"))
    ]
    return [(f"{name}-{match.start()}", match[2]) for name, match in found if match[1] == language]


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in blocks("python")])
def test_python_examples_run(code: str, tmp_path: Path) -> None:
    """A Python block runs as it stands, in a folder of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**__import__("os").environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def commands() -> list[str]:
    """Return the lines of shell blocks that call orebloc; `make` and installation are the checks' own work.

    `serve` does not end by itself: the browser tests start it.
    """
    lines = [line.strip() for _, code in blocks("sh") for line in code.splitlines()]
    plain = [line.split("  #")[0].removeprefix(".venv/bin/") for line in lines]
    return list(dict.fromkeys(line for line in plain if line.startswith("orebloc ") and " serve" not in line))


@pytest.mark.parametrize("line", commands())
def test_commands_run(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command in a shell block ends with 0; long ensembles are cut short."""
    import orebloc

    words = shlex.split(line)[1:]
    if words[0] == "run" and "--until" not in words:
        words += ["--until", "2025Q2"]
    if words[:2] == ["study", "run"]:
        words += ["--runs", "12", "--workers", "1"]
    words = ["3" if word == "200" and words[i - 1] == "--runs" else word for i, word in enumerate(words)]
    for word in words:
        if (ROOT / word).is_file():
            (tmp_path / word).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / word).write_bytes((ROOT / word).read_bytes())
    monkeypatch.chdir(tmp_path)
    try:
        code = orebloc.main(words)
    except SystemExit as done:
        code = int(done.code or 0)
    assert code == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of the repository leads to one."""
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target.strip()).exists(), f"{page.name} links to {target}"


def test_the_results_page_lists_every_metric() -> None:
    """docs/results.md has the name, unit and meaning of all recorded metrics, and no other."""
    from experiments.outcome import METRICS

    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+) \|$", page, re.MULTILINE)
    assert listed == [(metric.name, metric.unit, metric.what) for metric in METRICS.values()]
