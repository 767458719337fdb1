"""The calendar: quarters such as `2025Q1`, days inside them, and how long something holds in a quarter.

A quarter's index is `4 * year + (quarter - 1)`, so differences of indices are numbers of quarters.
First and last days are both included: a measure that ends on 2025-11-08 still holds on that day.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta

from model.error import ScenarioError

_QUARTER = re.compile(r"(\d{4})[Qq]([1-4])")


def quarter_label(index: int) -> str:
    """Return the name of a quarter: `2025Q1` for 8100."""
    return f"{index // 4}Q{index % 4 + 1}"


def quarter_index(text: str) -> int:
    """Return the index of the quarter named, or of the quarter a date falls in.

    Raises `ScenarioError` for text that is neither `2025Q1` nor an ISO date.
    """
    return quarter_of(first_date(text))


def is_quarter(text: str) -> bool:
    """Return whether text names a quarter, such as `2025Q1`."""
    return _QUARTER.fullmatch(text) is not None


def quarter_of(day: date) -> int:
    """Return the index of the quarter a day falls in."""
    return day.year * 4 + (day.month - 1) // 3


def first_day(index: int) -> date:
    """Return the first day of a quarter."""
    return date(index // 4, index % 4 * 3 + 1, 1)


def last_day(index: int) -> date:
    """Return the last day of a quarter."""
    return first_day(index + 1) - timedelta(days=1)


def days_in_quarter(index: int) -> int:
    """Return the number of days of a quarter: 90 to 92."""
    return (first_day(index + 1) - first_day(index)).days


def first_date(text: str) -> date:
    """Return the day a quarter begins, or the ISO date itself."""
    return _parse(text, first_day)


def last_date(text: str) -> date:
    """Return the day a quarter ends, or the ISO date itself."""
    return _parse(text, last_day)


def _parse(text: str, day_of: Callable[[int], date]) -> date:
    match = _QUARTER.fullmatch(text.strip())
    if match and int(match[1]) > 0:
        return day_of(int(match[1]) * 4 + int(match[2]) - 1)
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ScenarioError(
            f"{text!r} is not a time; write a quarter such as 2025Q1 or a date such as 2025-04-04."
        ) from None


def active_share(start: str, end: str | None, index: int) -> float:
    """Return the share of a quarter's days, 0 to 1, from `start` to `end`, both included."""
    begins = max(first_date(start), first_day(index))
    ends = last_day(index) if end is None else min(last_date(end), last_day(index))
    return max(0, (ends - begins).days + 1) / days_in_quarter(index)
