"""The built wheel, used from another folder as a person who installed it would."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("model", "agents", "experiments", "viz")


def tell(words: list[str], folder: Path, path: Path | None = None) -> str:
    environment = {**os.environ, "PYTHONPATH": str(path or "")}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a clean copy of the sources and unpack it as an installer does."""
    pytest.importorskip("setuptools", minversion="77")
    source = tmp_path_factory.mktemp("source")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "orebloc.py"):
        shutil.copy(ROOT / name, source / name)
    build = "import sys, setuptools.build_meta as backend; print(backend.build_wheel(sys.argv[1]))"
    wheels = tmp_path_factory.mktemp("wheel")
    tell([sys.executable, "-c", build, str(wheels)], source)
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(next(wheels.glob("orebloc-*.whl"))) as wheel:
        wheel.extractall(site)
    return site


def test_the_wheel_holds_the_four_packages_and_their_data(installed: Path) -> None:
    """Packages, the front door, data tables, scenarios, style and script are in it; tests are not."""
    for name in FOLDERS:
        shipped = {path.relative_to(installed) for path in (installed / name).rglob("*.py")}
        assert shipped == {path.relative_to(ROOT) for path in (ROOT / name).rglob("*.py")}
    for pattern in (
        "model/data/*.csv",
        "model/data/treaties/*.toml",
        "experiments/scenarios/*.toml",
        "viz/page.*",
    ):
        assert {p.name for p in installed.glob(pattern)} == {p.name for p in ROOT.glob(pattern)} != set()
    static = {path.relative_to(ROOT) for path in (ROOT / "viz" / "static").rglob("*") if path.is_file()}
    assert static == {
        p.relative_to(installed) for p in (installed / "viz" / "static").rglob("*") if p.is_file()
    }
    assert (installed / "orebloc.py").is_file()
    assert not (installed / "tests").exists()


def test_the_wheel_runs_from_another_folder(installed: Path, tmp_path: Path) -> None:
    """`orebloc scenarios` and a short run work, with the wheel's own packages."""
    start = "import sys, orebloc, model; print(model.__file__, file=sys.stderr); sys.exit(orebloc.main())"
    words = [sys.executable, "-c", start]
    names = {
        entry["name"] for entry in json.loads(tell([*words, "scenarios", "--json"], tmp_path, installed))
    }
    assert {"baseline", "tiny"} <= names
    out = tmp_path / "run"
    told = json.loads(
        tell([*words, "run", "tiny", "--until", "2025Q1", "--json", "--out", str(out)], tmp_path, installed)
    )
    assert told["files"] == [
        "flows.parquet", "log.jsonl", "manifest.json", "report.html", "series.parquet",
    ]  # fmt: skip
    where = "import model; print(model.__file__)"
    assert str(installed) in tell([sys.executable, "-c", where], tmp_path, installed)
