"""What becomes of treaties in the first run, in words: what came of talks, how treaties end, who loses what, and why.

Written where decisions are (`Engine.decisions`) and into the log, under the seat `treaties`.
"""

from collections.abc import Mapping
from itertools import takewhile
from typing import Any, NamedTuple

import numpy as np

from model.network import Bools, Floats
from model.order import Order
from model.treaty_state import (
    COUNTERED,
    IN_FORCE,
    LAPSED,
    PROPOSED,
    RATIFIED,
    SIGNED,
    STATE_WORDS,
    SUSPENDED,
)

#: The seat under which what treaties do stands in the log.
TREATIES = "treaties"
#: Countries that one sentence names at most.
_MOST_NAMED = 8


def state_words(engine: Any, run: int, x: int) -> str:
    """Return the state of treaty `x` in words; of one in force elsewhere, that its partners are not of this world."""
    table, columns, treaty = engine.treaties.table, engine.columns, engine.treaties.treaties[x]
    state = int(columns.treaty_state[run, x])
    missing = [code for code in treaty.members if code not in engine.world.countries]
    alone = len(treaty.members) - len(missing) < 2
    if state == LAPSED and alone and table.scripted[x, engine.step_number] == IN_FORCE:
        since = engine.scenario.quarter_label(int(columns.treaty_since[run, x]))
        return f"partner {', '.join(missing)} not modelled, since {since}"
    return STATE_WORDS[state]


def tell_outcomes(engine: Any, before: Floats, members_before: Floats, notice_before: Floats) -> None:
    """Tell what this quarter brought to treaties.

    Of one on the table: that it comes into force, fails or stays there. Of one in force: that it lapses, is suspended
    or in force again, and who left it, was suspended or came in. `before` [X], `members_before` and `notice_before`
    [X * C] are the states, and steps of notice to leave, of the first run as the quarter began.
    """
    columns, count = engine.columns, len(engine.world.countries)
    for x, treaty in enumerate(engine.treaties.treaties):
        block = slice(x * count, (x + 1) * count)
        if before[x] in (IN_FORCE, SUSPENDED):
            left = (notice_before[block] >= 0.0) & (columns.member_notice[0, block] < 0.0)
            _tell_turn(
                engine,
                x,
                int(before[x]),
                _turned(members_before[block], columns.member_state[0, block], left),
            )
            continue
        choice = _outcome(engine, treaty.id, int(before[x]), int(columns.treaty_state[0, x]))
        if choice is None or not treaty.decides:
            continue
        state = members_before[block] if choice == "fails" else columns.member_state[0, block]
        signed = has_signed(state) | (columns.member_signed[0, block] == engine.step_number)
        _tell_outcome(engine, x, choice, signed)


def has_signed(state: Floats) -> Bools:
    """Tell of members' states whether they have signed and not left."""
    return np.asarray((state >= SIGNED) & (state <= SUSPENDED))


def _outcome(engine: Any, treaty: str, before: int, after: int) -> str | None:
    """Return what came of a treaty this quarter, None where it was not on the table or nobody was asked."""
    tabled = before in (PROPOSED, COUNTERED, SIGNED, RATIFIED)
    if after == IN_FORCE and before not in (IN_FORCE, SUSPENDED):
        return "comes into force"
    if after == LAPSED and tabled:
        return "fails"
    if after not in (PROPOSED, COUNTERED):
        return None
    now = takewhile(lambda row: row["quarter"] == engine.quarter_label, reversed(engine.decisions))
    asked = any(row.get("treaty") == treaty and "reasons" in row for row in now)
    return "stays on the table" if asked else None


class _Turned(NamedTuple):
    """Members of a treaty in force whose standing changed in a quarter, and those who have signed and not left, [C]."""

    left: Bools
    suspended: Bools
    restored: Bools
    joined: Bools
    signed: Bools


def _turned(before: Floats, after: Floats, left: Bools) -> _Turned:
    now = after == IN_FORCE
    # A treaty that lapses takes its members' states along, so that only what was before tells who was in it.
    signed = (has_signed(before) & ~left) | has_signed(after)
    was_bound = (before == IN_FORCE) | (before == SUSPENDED)
    return _Turned(
        left,
        (before == IN_FORCE) & (after == SUSPENDED),
        (before == SUSPENDED) & now,
        now & ~was_bound,
        signed,
    )


def _tell_turn(engine: Any, x: int, before: int, turned: _Turned) -> None:
    """Tell what became this quarter of a treaty that was in force, if anything did."""
    treaty, countries = engine.treaties.treaties[x], engine.world.countries
    after, worth = int(engine.columns.treaty_state[0, x]), _worth(engine, treaty.id)
    who = {name: [countries[c] for c in np.flatnonzero(mask)] for name, mask in turned._asdict().items()}
    choice = _turn(before, after, who)
    if choice is None:
        return
    here = [code for code in countries if code in treaty.members]
    causes = _causes(who, worth)
    ended = _end_words(engine, x) if after == LAPSED else ""
    needed = int(engine.treaties.table.least[x])
    counted = f"{len(who['signed'])} of {len(here)} have signed and not left, {needed} are needed"
    causes = [ended, *causes] if ended else [*causes, counted]
    engine.decisions.append({
        "quarter": engine.quarter_label, "seat": TREATIES, "treaty": treaty.id, "choice": choice,
        "signed": who["signed"], "not_signed": [code for code in here if code not in who["signed"]],
        "left": who["left"], "why": f"{treaty.title or treaty.id} {choice}: {'; '.join(causes)}.",
    })  # fmt: skip


def _causes(who: Mapping[str, list[str]], worth: Mapping[str, str]) -> list[str]:
    """Return who left, was suspended, came back or in, and what being in was last said to be worth to them."""
    words = {
        "left": "left after notice", "suspended": "suspended for a breach that was seen",
        "restored": "back after suspension", "joined": "bound from now on",
    }  # fmt: skip
    return [f"{_named(who[name], worth)} {became}" for name, became in words.items() if who[name]]


def _turn(before: int, after: int, who: Mapping[str, list[str]]) -> str | None:
    """Return what became of a treaty that was in force, None for nothing."""
    if after != before:
        return {LAPSED: "lapses", SUSPENDED: "is suspended"}.get(after, "is in force again")
    words = {
        "left": "is left by", "suspended": "suspends", "restored": "takes back", "joined": "is joined by",
    }  # fmt: skip
    return next((f"{verb} {_named(who[name], {})}" for name, verb in words.items() if who[name]), None)


def _end_words(engine: Any, x: int) -> str:
    """Return why a treaty that was in force lapses where its members are not the reason."""
    table, columns, step = engine.treaties.table, engine.columns, engine.step_number
    scripted = int(table.scripted[x, step + 1])
    if scripted >= 0:
        return "" if scripted == IN_FORCE else "it was dated to end"
    return "its term is over" if step - columns.treaty_began[0, x] >= table.term[x] else ""


def _worth(engine: Any, treaty: str) -> dict[str, str]:
    """Return what being in was last said to be worth to each state, and what it pays or receives, in words."""
    told = {}
    for row in engine.decisions:
        if row.get("treaty") == treaty and "gain_usd" in row:
            gain = round(row["gain_usd"] / 1e6, 1) + 0.0  # no minus before nothing
            usd = row.get("payment_usd", 0.0)
            paid = f", {'pays' if usd > 0.0 else 'receives'} {abs(usd) / 1e6:,.1f}" if usd else ""
            told[row["seat"]] = f"{gain:+,.1f} m usd a quarter{paid}"
    return told


def _tell_outcome(engine: Any, x: int, choice: str, signed: Bools) -> None:
    treaty, countries = engine.treaties.treaties[x], engine.world.countries
    here = [c for c, code in enumerate(countries) if code in treaty.members]
    yes, no = ([countries[c] for c in here if bool(signed[c]) is side] for side in (True, False))
    told = [row for row in engine.decisions if row["seat"] == TREATIES and row["treaty"] == treaty.id]
    if told and (told[-1]["choice"], told[-1]["signed"], told[-1]["not_signed"]) == (choice, yes, no):
        return
    worth = _worth(engine, treaty.id)
    least = int(engine.treaties.table.least[x])
    why = f"{treaty.title or treaty.id} {choice}: {len(yes)} of {len(here)} have signed, {least} are needed"
    why += f"; signed: {_named(yes, worth)}" if yes else ""
    why += f"; not signed: {_named(no, worth)}" if no else ""
    engine.decisions.append({
        "quarter": engine.quarter_label, "seat": TREATIES, "treaty": treaty.id, "choice": choice, "signed": yes,
        "not_signed": no, "why": f"{why}.",
    })  # fmt: skip


def _named(codes: list[str], worth: Mapping[str, str]) -> str:
    """Return countries with what being in is worth to each, as far as it was told."""
    words = [f"{code} ({worth[code]})" if code in worth else code for code in codes]
    more = len(words) - _MOST_NAMED
    return ", ".join(words[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def tell_suspensions(engine: Any) -> None:
    """Tell of members of the first run that lose their exemption this quarter for what was sold on."""
    columns, countries = engine.columns, list(engine.world.countries)
    for row in np.flatnonzero(columns.member_barred[0] == engine.step_number):
        treaty = engine.treaties.treaties[row // len(countries)]
        code = countries[row % len(countries)]
        sold, spared = float(columns.member_resold_t[0, row]), float(columns.member_spared_t[0, row])
        why = (
            f"{code} loses the exemption of {treaty.title or treaty.id} for {treaty.suspension_quarters:g} quarters: "
            f"{sold:,.3g} t a quarter, {sold / max(spared, 1e-12):.0%} of what came in spared, went on to countries "
            f"from which the sellers hold back"
        )
        fields = {"treaty": treaty.id, "quarters": float(treaty.suspension_quarters)}
        engine.decisions.append({
            "quarter": engine.quarter_label, "seat": code, "treaty": treaty.id, "choice": "loses its exemption",
            "why": f"{why}.",
        })  # fmt: skip
        engine.record(TREATIES, Order("suspend_exemption", code, engine.quarter_label, None, fields), why=why)
