"""Every notebook runs from top to bottom, in a process and a folder of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_there_are_notebooks_and_none_holds_outputs():
    """Notebooks are kept without outputs, so that what one sees is what runs now."""
    assert len(NOTEBOOKS) >= 3
    kept = [
        (p.name, c["id"]) for p in NOTEBOOKS for c in cells(p) if c.get("outputs") or c.get("execution_count")
    ]
    assert not kept


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    """Its code cells run in order in one namespace, as a kernel runs them; a figure at a cell's end can be shown."""
    code = "\n\n".join("".join(c["source"]) for c in cells(path) if c["cell_type"] == "code")
    file = tmp_path / f"{path.stem}.py"
    file.write_text(code, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(file)], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
