from datetime import date

import pytest

from model.error import ScenarioError
from model.quarter_date import (
    active_share,
    days_in_quarter,
    first_date,
    first_day,
    last_date,
    last_day,
    quarter_index,
    quarter_label,
)


@pytest.mark.parametrize("text", ["2025Q1", "1999Q4", "2040Q3"])
def test_a_quarter_survives_the_trip_to_its_index_and_back(text):
    """A label and its index are the same quarter."""
    assert quarter_label(quarter_index(text)) == text


def test_quarters_are_counted_in_steps_of_one():
    """The difference of two indices is a number of quarters."""
    assert quarter_index("2026Q1") - quarter_index("2025Q4") == 1
    assert quarter_index("2025-04-04") == quarter_index("2025Q2")


def test_a_quarter_starts_and_ends_on_its_days():
    """First and last day belong to the quarter, leap years included."""
    q = quarter_index("2024Q1")
    assert (first_day(q), last_day(q), days_in_quarter(q)) == (date(2024, 1, 1), date(2024, 3, 31), 91)
    assert first_date("2025Q4") == date(2025, 10, 1)
    assert last_date("2025Q4") == date(2025, 12, 31)
    assert last_date("2025-11-08") == date(2025, 11, 8)


@pytest.mark.parametrize(
    ("start", "end", "quarter", "share"),
    [
        ("2025Q1", None, "2025Q1", 1.0),
        ("2025Q2", None, "2025Q1", 0.0),
        ("2025-04-04", None, "2025Q2", 88 / 91),
        ("2024-12-03", "2025-11-08", "2025Q4", 39 / 92),
        ("2024-12-03", "2025-11-08", "2026Q1", 0.0),
        ("2025-02-10", "2025-02-10", "2025Q1", 1 / 90),
        ("2025Q1", "2025Q2", "2025Q2", 1.0),
    ],
)
def test_a_measure_counts_by_its_days(start, end, quarter, share):
    """The active share is days in force over days of the quarter, both ends included."""
    assert active_share(start, end, quarter_index(quarter)) == pytest.approx(share, abs=1e-15)


@pytest.mark.parametrize("text", ["2025Q5", "soon", "2025-13-01", ""])
def test_text_that_is_no_time_is_refused(text):
    """The message says what to write."""
    with pytest.raises(ScenarioError, match="write a quarter such as 2025Q1 or a date"):
        quarter_index(text)
