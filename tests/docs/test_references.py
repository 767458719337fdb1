"""Sources cited in the code stand in the one bibliography."""

import re
from pathlib import Path

import pytest

from experiments.outcome import METRICS
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


def metric_rows() -> dict[str, tuple[str, str, str]]:
    """Return unit, formula and source of each metric in the glossary's table of formulas."""
    page = (ROOT / "docs" / "glossary.md").read_text().split("## Metrics with a formula")[1]
    table = re.search(r"\| metric \| unit \| formula \| source \|\n\|[- |]+\|\n((?:\|.*\n)+)", page)
    assert table, "the table of formulas is not there"
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]
    return {name.strip("`"): (unit, formula, source) for name, unit, formula, source in rows}


GLOSSARY = metric_rows()


@pytest.mark.parametrize("name", GLOSSARY)
def test_a_metric_of_the_glossary_has_formula_unit_and_source(name: str) -> None:
    """None is empty; the unit is the recorded one; the source is in the bibliography, or said to be judgement."""
    unit, formula, source = GLOSSARY[name]
    assert unit == METRICS[name].unit and len(formula) > 10
    cited = re.sub(r"\([^)]*\)", "", source).replace(";", ",").split(",")
    assert {word.strip() for word in cited} <= KEYS | {"judgement"}, f"{name} has the source {source!r}"


def test_the_glossary_has_the_metrics_by_which_an_outcome_is_read() -> None:
    """Shares, concentration, gap, risk, stock, dependence, investment, the lines of welfare and the score are told."""
    read = {name for name in METRICS if name.startswith(("welfare_", "owner_", "bloc_", "crma_"))}
    read |= {
        "production_share",
        "hhi_index",
        "price_gap_index",
        "supply_at_risk_usd",
        "stock_days",
        "score_usd",
    }
    read |= {"own_supply_share", "recycling_share", "import_dependence_share", "investment_usd"}
    assert read <= GLOSSARY.keys()
