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


#: What examples must print that show an effect: a piece of their code, and what stands in their output.
SHOWN = {
    "orebloc.compare(": r"price outside CHN falls by [1-9][\d.]*%",
    "orebloc.explain(": r"falls from [\d,]+ usd/t .* from changed: export licence",
    "deciding_factors(": r"restock_speed +0\.\d+ +0\.\d+ +True",
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in blocks("python")])
def test_python_examples_run(code: str, tmp_path: Path) -> None:
    """A Python block runs as it stands, in a folder of its own; one that compares shows that something differs."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**__import__("os").environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    output = " ".join(done.stdout.split())
    for piece, shown in SHOWN.items():
        assert piece not in code or re.search(shown, output), f"{piece} shows nothing: {output[-2000:]}"


def test_examples_that_must_show_an_effect_are_there() -> None:
    """Each piece of code whose output is looked at stands in a block."""
    assert [piece for piece in SHOWN if not any(piece in code for _, code in blocks("python"))] == []


def test_the_study_file_of_the_docs_shows_its_signs(tmp_path: Path) -> None:
    """The study file in docs/study.md runs, its policies differ and both of its signs come."""
    import tomllib

    from small_study import run_here

    from experiments.study.analysis import identical_policies
    from experiments.study.archive import Archive
    from experiments.study.sign_check import check_signs
    from experiments.study.study import study_from

    (text,) = (
        code for name, code in blocks("toml") if name.startswith("study.md") and "[[outcomes]]" in code
    )
    archive = Archive(run_here(study_from(tomllib.loads(text)), tmp_path / "out").folder)
    assert [check.shown for check in check_signs(archive)] == [True, True]
    assert not identical_policies(archive)


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
