"""The ODD page is what the code says it is."""

import re

import odd
import pytest
from equation import COURSES, EQUATIONS, MARKET, resolve, rules

TEXT = odd.PAGE.read_text(encoding="utf-8")
#: The seven elements and eleven design concepts of the protocol, in its order.
ELEMENTS = ["Purpose and patterns", "Entities, state variables and scales", "Process overview and scheduling",
            "Design concepts", "Initialisation", "Input data", "Submodels"]  # fmt: skip
CONCEPTS = ["Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction", "Sensing",
            "Interaction", "Stochasticity", "Collectives", "Observation"]  # fmt: skip


def test_the_generated_tables_are_current():
    """`python -m tests.odd` would write the page as it is committed."""
    assert odd.page(TEXT) == TEXT, (
        "run `python -m tests.odd` from the repository's root and commit docs/odd.md"
    )


def test_every_table_stands_on_the_page_once():
    """No table of the code was forgotten, none stands twice."""
    assert sorted(re.findall(r"<!-- table: (\w+) -->", TEXT)) == sorted(odd.TABLES)


def test_a_change_of_a_table_is_noticed():
    """A page with one number changed is not what the code writes."""
    assert (
        odd.page(TEXT.replace("| 0.25 |", "| 0.26 |", 1)) == TEXT != TEXT.replace("| 0.25 |", "| 0.26 |", 1)
    )


def test_all_elements_and_concepts_of_the_protocol_are_there():
    """Seven elements and eleven design concepts, by name and in order."""
    assert re.findall(r"^## \d\. (.+)$", TEXT, re.MULTILINE) == ELEMENTS
    part = TEXT.split("## 4. ")[1].split("## 5. ")[0]
    assert re.findall(r"^### (.+)$", part, re.MULTILINE) == CONCEPTS


def test_every_rule_has_its_equation_on_the_page():
    """Each function of model/rules stands in a row with its equation, or is one of the two courses of states."""
    known = {f"{module}.{name}" for module, functions in EQUATIONS.items() for name in functions}
    assert known | set(COURSES) == set(rules()), "write the equation of a new rule into tests/equation.py"
    for path in rules():
        rows = re.findall(rf"^\| `{re.escape(path)}` \| (.+?) \|", TEXT, re.MULTILINE)
        assert len(rows) == 1 and (rows[0].startswith("`") or path in COURSES), path


def test_every_pass_of_a_phase_is_in_the_schedule():
    """What `model/quarter.py` calls of model/phase stands in the table of phases."""
    calls = set(
        re.findall(r"\b(\w+)\.(\w+)\(", (odd.ROOT / "model" / "quarter.py").read_text(encoding="utf-8"))
    )
    aliases = set(
        re.findall(r"from model\.phase import \w+ as (\w+)", (odd.ROOT / "model/quarter.py").read_text())
    )
    passes = {name for alias, name in calls if alias in aliases}
    table = TEXT.split("<!-- table: phases -->")[1].split("<!-- end -->")[0]
    assert len(passes) > 20 and all(f"`{name}`" in table for name in passes)


def test_who_uses_a_rule_is_told():
    """A rule called by a phase, and by another rule: each says so; there is none that nobody calls."""
    users = odd.users()
    assert "model/phase/drift.py" in users["recycling.ageing_t"]
    assert "investment" in users["investment.annuity"]
    assert [path for path in rules() if not users[path]] == []


def test_every_function_named_on_the_page_exists():
    """Dotted names lead to something in the code; short ones to a rule."""
    dotted = set(re.findall(r"`((?:model|agents)(?:\.\w+)+)`", TEXT))
    assert set(MARKET) <= dotted
    for name in dotted:
        resolve(name)
    short = set(re.findall(r"`(\w+\.\w+)`", TEXT)) - dotted
    short = {name for name in short if name.split(".")[0] in EQUATIONS}
    assert short and short <= set(rules())


def test_a_name_that_leads_nowhere_is_noticed():
    """A function that was renamed is not found."""
    with pytest.raises((AttributeError, ModuleNotFoundError)):
        resolve("model.rules.demand.nobody")
