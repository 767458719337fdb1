"""The floors of the house: who may import whom."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("model", "agents", "experiments", "viz", "orebloc")


def imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.split(".")[0] for name in names}


def test_imports_point_down_only() -> None:
    """orebloc -> viz -> experiments -> agents -> model: no file imports a floor above its own."""
    for height, floor in enumerate(FLOORS):
        for path in [*ROOT.glob(f"{floor}.py"), *(ROOT / floor).rglob("*.py")]:
            above = imported(path) & set(FLOORS[height + 1 :])
            assert not above, f"{path.relative_to(ROOT)} imports {above} from a floor above {floor}"


def test_the_tests_hide_no_package() -> None:
    """tests/ has no __init__.py and no subfolder named like a package, which would hide it."""
    assert not list((ROOT / "tests").rglob("__init__.py"))
    assert not {path.name for path in (ROOT / "tests").rglob("*") if path.is_dir()} & set(FLOORS)


def test_importing_the_front_door_is_light() -> None:
    """`import orebloc` itself imports nothing but the standard library."""
    top = [
        node
        for node in ast.parse((ROOT / "orebloc.py").read_text()).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    names = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in top if isinstance(node, ast.ImportFrom)}
    assert not {name.split(".")[0] for name in names} & {*FLOORS, "numpy", "numba", "pandas", "mesa", "tqdm"}
