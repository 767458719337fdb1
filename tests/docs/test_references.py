"""Sources cited in the code stand in the one bibliography."""

import re
from pathlib import Path

from model.parameter import PARAMETERS

ROOT = Path(__file__).resolve().parents[2]
KEYS = set(re.findall(r"^\| (\w+) \|", (ROOT / "docs" / "references.md").read_text(), re.MULTILINE))
_KEY = re.compile(r"\b([A-Z][A-Za-z]+(?:18|19|20)\d\d)\b")


def test_docstrings_cite_the_bibliography() -> None:
    """Every `Source: X` of a rule is a key of docs/references.md or a table of the data."""
    for path in (ROOT / "model").rglob("*.py"):
        for source in re.findall(r"Source: (\w+)", path.read_text()):
            assert source in KEYS | {"elasticities", "technology"}, f"{path.name} cites {source}"


def test_parameters_cite_the_bibliography() -> None:
    """Every key in a parameter's source is in the bibliography, and every parameter has a source."""
    for name, parameter in PARAMETERS.items():
        assert parameter.source, name
        assert set(_KEY.findall(parameter.source)) <= KEYS, f"{name} cites {parameter.source}"
        word = re.match(r"[A-Z]\w+", parameter.source)
        assert word is None or word[0] in KEYS, f"{name} cites {parameter.source}"
