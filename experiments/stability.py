"""Who would leave a scenario's treaties and who would join, by clearing the markets with each country in and out."""

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from agents import DECISIONS
from agents.membership import bound_members, stability
from agents.weighing import money
from model.calibration import calibrate
from model.engine import Engine
from model.error import OreblocError
from model.name import did_you_mean
from model.quarter_date import quarter_index, quarter_label
from model.scenario import Scenario
from model.treaty import Treaty, with_member
from model.treaty_note import state_words
from model.treaty_state import NONE

_WIDTH = 110
#: Quarters run before treaties are looked at, where no quarter is asked for.
USUAL_QUARTERS = 4


def treaty_stability(
    scenario: Scenario, at: str | None = None, ask: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Run a scenario up to the quarter `at` and return, for each of its treaties, who would leave and who would join.

    Records of `treaty`, `title`, `state`, `quarter`, `as_if_signed` (it binds nobody then, so members are those it
    names), `rows` (see `agents.membership.stability`; countries of `ask` that the treaty does not name are asked too),
    `stable_within`, `stable_without` (None where nobody outside was asked). Stable is what nobody would change: who
    loses less than it asks for before it moves stays. Raises `OreblocError` for a scenario without treaties, a quarter
    outside, or a country that does not stand apart.
    """
    before_end = quarter_index(scenario.end) - 1
    last = at or quarter_label(min(scenario.start_index + USUAL_QUARTERS - 1, before_end))
    if not scenario.treaties:
        raise OreblocError(
            f"Scenario {scenario.name} has no treaties. Write [[treaties]] into it, or name another."
        )
    if not scenario.start_index <= quarter_index(last) <= before_end:
        raise OreblocError(
            f"--at is {last}; it must lie in {scenario.start} to {quarter_label(before_end)}: states look at the "
            "quarter after it. Set a later end, or ask for an earlier quarter."
        )
    engine = Engine(scenario, world=calibrate(scenario), decide=DECISIONS)
    for code in ask:
        if code not in engine.world.countries:
            remedy = did_you_mean(
                code, engine.world.countries, f"There are {', '.join(engine.world.countries)}."
            )
            raise OreblocError(f"Country {code} does not stand apart in this scenario. {remedy}")
    while scenario.start_index + engine.step_number <= quarter_index(last):
        engine.step()
    return [_of_treaty(engine, x, last, ask) for x in range(len(scenario.treaties))]


def _of_treaty(engine: Engine, x: int, quarter: str, ask: Sequence[str]) -> dict[str, Any]:
    treaty = engine.treaties.treaties[x]
    rows = stability(engine, x)
    as_if_signed = not bound_members(engine, x).any()
    rows += [_newcomer(engine, x, code) for code in ask if code not in treaty.members]
    return {
        "treaty": treaty.id, "title": treaty.title, "state": state_words(engine, 0, x),
        "quarter": quarter, "as_if_signed": as_if_signed, "rows": rows,
        "stable_within": not any(row["verdict"] == "would leave" for row in rows),
        "stable_without": _is_stable_without([row for row in rows if not row["member"]]),
    }  # fmt: skip


def _is_stable_without(outside: list[dict[str, Any]]) -> bool | None:
    return not any(row["verdict"] == "would join" for row in outside) if outside else None


def _newcomer(engine: Engine, x: int, code: str) -> dict[str, Any]:
    """Return the row of a country that the treaty does not name: the treaty is drafted anew with it on a copy."""
    twin, treaty = engine.fork(), engine.treaties.treaties[x]
    number = twin.add_treaty(_reopened(with_member(treaty, code), f"{treaty.id}_with_{code.lower()}"))
    twin.columns.treaty_state[:, x] = NONE  # the one it takes the place of
    members = np.array([member in treaty.members for member in twin.world.countries])
    return next(row for row in stability(twin, number, members=members) if row["country"] == code)


def _reopened(treaty: Treaty, name: str) -> Treaty:
    return replace(treaty, id=name, proposed=None, signed=None, in_force=None, ended=None, decides=True)


def describe_stability(found: Sequence[dict[str, Any]]) -> str:
    """Return the records in words: a line for each country, then whether the treaty is stable."""
    blocks = []
    for treaty in found:
        head = f"{treaty['title']} ({treaty['treaty']}): {treaty['state']} in {treaty['quarter']}"
        head += (
            "; it binds nobody then: members are those it names, as if they had all signed"
            * treaty["as_if_signed"]
        )
        lines = textwrap.wrap(head, _WIDTH, subsequent_indent="  ")
        for row in sorted(treaty["rows"], key=lambda row: (not row["member"], -row["gain_usd"])):
            side = "member" if row["member"] else "outside"
            head = f"  {row['country']:<6}{side:<9}{row['verdict']:<13}"
            lines += textwrap.wrap(
                f"{head}{_bar_words(row)}{row['reason']}",
                _WIDTH,
                subsequent_indent=" " * len(head),
                drop_whitespace=True,
            )
        for words in (_within(treaty["rows"]), _without(treaty["rows"])):
            lines += textwrap.wrap(f"  {words}", _WIDTH, subsequent_indent="    ")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _bar_words(row: dict[str, Any]) -> str:
    """Return why a country that loses inside, or gains outside, does not move."""
    gain, bar = row["gain_usd"], money(row["asks_usd"]).lstrip("+")
    if row["verdict"] == "stays" and gain < 0.0:
        return f"loses less than the {bar} a quarter at which it moves; "
    if row["verdict"] == "stays out" and gain > 0.0:
        return f"gains less than the {bar} a quarter at which it moves; "
    return ""


def _within(rows: list[dict[str, Any]]) -> str:
    leaving = [row["country"] for row in rows if row["verdict"] == "would leave"]
    losing = [row["country"] for row in rows if row["verdict"] == "stays" and row["gain_usd"] < 0.0]
    if leaving:
        return f"stable within: no, {', '.join(leaving)} would leave"
    words = "stable within: yes, no member would move"
    if losing:
        return f"{words}, though by its weights each of these loses by being in: {', '.join(losing)}"
    return f"{words}, and by its own weights none loses by being in"


def _without(rows: list[dict[str, Any]]) -> str:
    outside = [row for row in rows if not row["member"]]
    joining = [row["country"] for row in outside if row["verdict"] == "would join"]
    if not outside:
        return "stable without: not known, nobody outside was asked (--ask COUNTRY asks one)"
    if joining:
        return f"stable without: no, {', '.join(joining)} would join"
    return f"stable without: yes, nobody asked would join ({', '.join(row['country'] for row in outside)})"
