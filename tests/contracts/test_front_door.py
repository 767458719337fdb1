"""What `import orebloc` offers, and how it explains a package of somebody else's in the way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import orebloc

ROOT = Path(__file__).resolve().parents[2]


def python(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a folder whose own files come first, as for a person who starts Python there."""
    search = os.pathsep.join([str(folder), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": search}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("name", orebloc.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Each name of `__all__` can be fetched and is documented."""
    assert getattr(orebloc, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name fails like any module's."""
    with pytest.raises(AttributeError, match="no attribute 'trade_model'"):
        orebloc.trade_model  # noqa: B018


@pytest.mark.parametrize("package", ["model", "agents", "experiments", "viz"])
def test_a_file_of_the_same_name_is_named(tmp_path: Path, package: str) -> None:
    """A person's own `model.py` in the folder gives a message that names it and says what to do."""
    (tmp_path / f"{package}.py").write_text("x = 1\n")
    done = python(tmp_path, "import orebloc; orebloc.TradeModel")
    assert done.returncode == 1
    assert f"its own package '{package}', but Python finds {tmp_path / package}.py first" in done.stderr
    assert "Rename that file" in done.stderr


def test_another_package_already_imported_is_named(tmp_path: Path) -> None:
    """A package `agents` of another project that was imported before gives the same message."""
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "__init__.py").write_text("")
    done = python(tmp_path, "import agents, orebloc; orebloc.run('tiny')")
    assert done.returncode == 1
    assert f"Python finds {tmp_path / 'agents'} first" in done.stderr


def test_the_command_line_explains_it_without_a_traceback(tmp_path: Path) -> None:
    """The console command says the same as `error: ...` and exits with 2."""
    (tmp_path / "model.py").write_text("")
    done = python(tmp_path, "import sys, orebloc; sys.exit(orebloc.main(['scenarios']))")
    assert done.returncode == 2
    assert done.stderr.startswith("error: Orebloc needs its own package 'model'")
    assert "Traceback" not in done.stderr


def test_help_is_fast() -> None:
    """`orebloc --help` imports neither numba nor pandas."""
    code = (
        "import sys, orebloc\n"
        "try: orebloc.main(['--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(any(name in sys.modules for name in ('numba', 'numpy', 'pandas', 'mesa')))"
    )
    done = python(ROOT, code)
    assert done.returncode == 0, done.stderr
    assert "solve" in done.stdout
