"""Causes of every kind are told apart: clauses, what a seat does, shocks and events, each with its own part."""

import math

import pytest

from experiments.cause import explain
from experiments.preparation import prepare

PACT = {
    "id": "pact", "kind": "club", "members": ["CHN", "USA"], "signed": "2025Q1", "in_force": "2025Q2",
    "clauses": [
        {"type": "mutual_exemption", "fields": {"good": "gallium", "verification": 1.0}}, {"type": "one_voice"},
    ],
}  # fmt: skip
SHOCK = {"kind": "supply", "good": "gallium_refined", "country": "CHN", "factor": 0.7, "start": "2025Q2"}
BOOM = {
    "kind": "demand",
    "actor": "USA",
    "good": "gallium_refined",
    "quarter": "2025Q2",
    "demand_factor": 2.0,
}
SEAT = {"USA": {"behaviour": "state", "doctrine": "industrial"}}


def explained(by: str, **changes):
    """Return the parts of what these changes do to the price that the United States pay for gallium, by kind."""
    one, two = (prepare("tiny", changes={"end": "2025Q4", **more}) for more in ({}, changes))
    found = explain(one, two, "landed_price_usd_per_t", "gallium_refined", "USA", "2025Q3", by=by)
    assert found.exact
    assert math.fsum(part.value for part in found.parts) == pytest.approx(found.change, rel=1e-9)
    return found, {part.kind if part.kind != "clause" else part.label: part.value for part in found.parts}


def test_clauses_shocks_and_events_have_their_parts():
    """A lifted ban makes it cheaper, a stop and a boom dearer; a promise that binds nobody here changes nothing."""
    found, parts = explained("clause", treaties=[PACT], shocks=[SHOCK], events=[BOOM])
    assert set(parts) == {"mutual exemption on gallium (pact)", "one voice (pact)", "shock", "event"}
    assert parts["mutual exemption on gallium (pact)"] < -0.01 * found.first
    assert parts["shock"] > 0.01 * found.first and parts["event"] > 0.01 * found.first
    assert abs(parts["one voice (pact)"]) < 1e-9 * found.first


def test_what_a_seat_does_is_a_cause():
    """A state that supports its own processing and answers in kind has a part, beside that of a shock."""
    found, parts = explained("each", seats=SEAT, shocks=[SHOCK])
    assert set(parts) == {"strategy", "shock"}
    assert abs(parts["strategy"]) > 1e-4 * found.first


def test_progress_counts_what_was_announced():
    """Calibrations and runs are announced before they are done, and each is counted: with early causes too."""
    early = {"type": "export_tax", "actor": "CHN", "quarter": "2024Q1", "end": None,
             "fields": {"good": "gallium_refined", "rate": 0.1}}  # fmt: skip
    one, two = (
        prepare("tiny", changes={"end": "2025Q4", **more})
        for more in ({}, {"measures": [early], "shocks": [SHOCK]})
    )
    announced, done = [], []
    explain(
        one,
        two,
        "landed_price_usd_per_t",
        "gallium_refined",
        "USA",
        "2025Q3",
        started=announced.append,
        progress=done.append,
    )
    assert sum(announced) == sum(done) > 4
