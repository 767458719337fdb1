"""Studies as they are written: what is refused, in which words."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_study import OUTCOMES, small_study

from experiments.study.study import define_study
from experiments.study.study_file import load_study, study_files
from model.error import OreblocError


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nonsense": 1}, "Field 'nonsense' is unknown."),
        ({"question": None}, "Question is missing. Write question: what the study is to answer."),
        ({"name": "Two Words"}, "it must be in lower snake case"),
        ({"levers": {"tax": {"path": "nonsense", "values": [1]}}},
         "Lever tax does not exist: 'nonsense' is no parameter and no path of a scenario."),
        ({"levers": {"discount_privat": {"values": [0.1]}}}, "Did you mean discount_private?"),
        ({"levers": {"tax": {"path": "measures.9.fields.rate", "values": [0.1]}}},
         "Lever tax cannot be 0.1 in scenario plain: '9' is not an entry of the list; entries are 0 to 3."),
        ({"levers": {"tax": {"path": "measures.3.fields.rat", "values": [0.1]}}}, "Field 'rat' is unknown."),
        ({"levers": {"tax": {"path": "measures.3.fields.rate", "low": 0.3, "high": 0.1}}},
         "Lever tax goes from low 0.3 to high 0.1; low must be below high. Exchange them. (levers.tax)"),
        ({"levers": {"tax": {"path": "measures.0.fields.rate", "low": 0.3, "high": 0.3}}},
         "Lever tax goes from low 0.3 to high 0.3; low must be below high. Write a higher high, or the value as a "
         "constant. (levers.tax)"),
        ({"levers": {"tax": {"path": "measures.3.fields.rate", "low": 0.3}}}, "Lever tax has no high."),
        ({"levers": {"tax": {"path": "measures.3.fields.rate", "values": [1], "scenarios": ["plan"]}}},
         "Did you mean plain?"),
        ({"uncertainties": {"discount_private": {"kind": "normal", "low": 0, "high": 1}}},
         "Mean of discount_private is missing."),
        ({"uncertainties": {"discount_private": {"kind": "norma", "low": 0, "high": 1}}}, "Did you mean normal?"),
        ({"uncertainties": {"discount_private": {}}},
         "Uncertainty discount_private has no low. Write values, or low and high or a distribution (kind, ...)."),
        ({"uncertainties": {"discount_private": {"low": 0.1, "high": 0.9}}},
         "Uncertainty discount_private reaches 0.9; it must stay between 0.02 per year and 0.3 per year."),
        ({"uncertainties": {"stock_days": {"kind": "lognormal", "median": 40, "sd_log": 0.3}}},
         "Uncertainty stock_days reaches inf; it must stay between 0 days and 365 days."),
        ({"uncertainties": {"tax": {"path": "stock_days", "low": 1, "high": 2}}}, "'tax' is a lever as well."),
        ({"uncertainties": {"luck": {"path": "stock_days", "low": 1, "high": 2}}}, "has the name of a column of ours"),
        ({"scenarios": []}, "The list of scenarios is empty"),
        ({"scenarios": ["tinny"]}, "Did you mean tiny?"),
        ({"scenarios": ["tiny", "tiny"]}, "Scenario tiny is there twice."),
        ({"scenarios": ["tiny", "baseline"], "levers": {}, "until": None}, "it must run from 2025Q1 to 2027Q4"),
        ({"outcomes": []}, "The list of outcomes is empty"),
        ({"outcomes": [{**OUTCOMES[0], "metric": "production_shar"}]}, "Did you mean production_share?"),
        ({"outcomes": [{**OUTCOMES[0], "good": "cobalt"}]}, "Good cobalt_refined is not in scenario tiny."),
        ({"outcomes": [{**OUTCOMES[0], "country": "China"}]}, "Write CHN for China."),
        ({"outcomes": [{**OUTCOMES[0], "first": "2031Q1"}]}, "Quarter 2031Q1 is not run"),
        ({"outcomes": [OUTCOMES[0], OUTCOMES[0]]}, "Outcome share is there twice."),
        ({"design": {"kind": "sobel", "runs": 8}}, "Did you mean sobol?"),
        ({"design": {"kind": "table"}}, "A table needs rows or a file"),
        ({"design": {"kind": "table", "rows": [{"discount_private": 0.1}]}}, "Row 1 has no value for stock_days."),
        ({"design": {"kind": "table", "rows": [{"discount_private": -1.7, "stock_days": 30}]}},
         "Uncertainty discount_private is -1.7 in row 1; it must be 0.05 to 0.15"),
        ({"design": {"kind": "table", "rows": [{"discount_private": "a", "stock_days": 30}]}},
         "Uncertainty discount_private is 'a' in row 1; it must be a number from 0.05 to 0.15. "
         "(design.rows[0].discount_private)"),
        ({"uncertainties": {"panic": {"kind": "choice", "values": [0, 2]}},
          "design": {"kind": "table", "rows": [{"panic": 1}]}}, "it must be one of its choice, 0, 2."),
        ({"policies": {"kind": "table", "rows": [{"tax": 0.7}]}},
         "Lever tax is 0.7 in row 1; it must be one of its values, 0.1, 0.2."),
        ({"outcomes": [{**OUTCOMES[0], "name": "status"}]},
         "Outcome 'status' has the name of a column of ours. Choose another. (outcomes[0].name)"),
        ({"outcomes": [{**OUTCOMES[0], "name": "tax"}]}, "Outcome 'tax' has the name of a factor."),
        ({"design": {"kind": "table", "file": "nowhere.csv"}}, "Table nowhere.csv cannot be read"),
        ({"design": {"kind": "morris"}, "uncertainties": {"stock_days": {"low": 20, "high": 90}}},
         "Design morris varies 1 factors; it needs 2 or more."),
        ({"chunk": 10}, "Chunk is 10 runs; it must be between 64 runs and 1024 runs."),
        ({"replicates": 0}, "Number of replicates is 0"),
    ],
)  # fmt: skip
def test_a_mistake_is_told(changes: dict[str, Any], message: str) -> None:
    """What cannot be run is refused with subject, value, limit, remedy and field."""
    with pytest.raises(OreblocError) as told:
        small_study(**changes)
    assert message in str(told.value)


def test_a_study_is_what_it_was_written_as() -> None:
    """Reading what `to_mapping` returns gives the same study, the scenarios written out in full."""
    study = small_study()
    again = define_study(**study.to_mapping())
    assert again == study
    assert again.to_mapping()["scenarios"][0]["written"]["goods"] == ["gallium", "germanium"]


def test_values_may_have_weights() -> None:
    """A choice with weights is a distribution: the heavier value comes more often."""
    doubts = {"stock_days": {"kind": "choice", "values": [30, 60], "weights": [1, 3]}}
    study = small_study(uncertainties=doubts)
    drawn = study.uncertainties[0].at(np.linspace(0.0, 1.0, 100))
    assert set(drawn) == {30, 60} and sum(value == 60 for value in drawn) == pytest.approx(75, abs=1)
    with pytest.raises(OreblocError, match="Values of stock_days is an empty list"):
        small_study(uncertainties={"stock_days": {"kind": "choice", "values": []}})


def test_constants_hold_in_every_scenario() -> None:
    """A constant is set in all scenarios, by a parameter's name or a path."""
    study = small_study(constants={"stock_risk_multiple": 2.0, "measures.3.fields.target": ["CHN"]})
    assert all(scenario.parameters["stock_risk_multiple"] == 2.0 for scenario in study.scenarios.values())


def test_a_file_names_itself(tmp_path: Path) -> None:
    """A fault in a file is told with the file and the field."""
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\nquestion = "?"\nscenarios = ["tiny"]\n[[outcomes]]\nname = "a"\nmetric = "b"\n'
    )
    with pytest.raises(OreblocError, match=r"Metric 'b' is unknown.*\(mine.toml, outcomes\[0\].metric\)"):
        load_study(path)


def test_a_search_is_no_study_and_is_told_so() -> None:
    """Whoever runs a search as a study learns the command; values may come as numpy has them."""
    with pytest.raises(OreblocError, match="orebloc study search fear_in_history|is a search, not a study"):
        load_study(Path("experiments/searches/fear_in_history.toml"))
    given = {"path": "measures.0.fields.rate", "values": np.array([0.1, 0.2])}
    assert small_study(levers={"tax": given}).levers[0].values == (0.1, 0.2)


def test_a_table_beside_the_file(tmp_path: Path) -> None:
    """A table of points is found beside the study's file, and kept in what the study writes out."""
    (tmp_path / "points.csv").write_text("stock_days\n30\n60\n")
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\nquestion = "?"\nscenarios = ["tiny"]\ndesign = { kind = "table", file = "points.csv" }\n'
        "uncertainties = { stock_days = { low = 20, high = 90 } }\n"
        '[[outcomes]]\nname = "a"\nmetric = "hhi_index"\ngood = "gallium"\n'
    )
    study = load_study(path)
    assert [row["stock_days"] for row in study.design.rows] == [30, 60]
    assert define_study(**study.to_mapping()).design == study.design


@pytest.mark.parametrize("name", study_files())
def test_shipped_studies_are_complete(name: str) -> None:
    """A study that ships reads without fault and says its question, what is expected and how long it takes."""
    study = load_study(name)
    assert study.question.endswith("?") and study.expected and study.runtime
