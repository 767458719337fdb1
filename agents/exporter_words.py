"""What an exporter decided in the first run, and why, in words and numbers: rows of `engine.decisions`."""

from typing import Any

import numpy as np

from agents.exporter_menu import Menu
from model.engine import Engine
from model.mode import COERCE, FLOOD, LIMIT, MILK, MODE_WORDS, NEGOTIATE, NORMAL
from model.network import Bools, Floats

#: Stances closer than this are one and the same decision.
_SAME = 0.01


def tell_plan(engine: Engine, menu: Menu, plan: Any) -> None:
    """Add a row for every market whose mode or stance changed, and for every market at the first plan."""
    names = list(engine.world.goods["name"])
    told = {
        (row["seat"], row["market"]): (row["mode"], row["stance"])
        for row in engine.decisions
        if "market" in row
    }
    for k, group in enumerate(menu.goods):
        market, mode = ", ".join(names[g] for g in group), int(plan.mode[0, k])
        last, stance = told.get((menu.code, market), ("", 0.0))
        if last == MODE_WORDS[mode] and abs(stance - float(plan.stance[0, k])) < _SAME:
            continue
        numbers = {
            MODE_WORDS[other]: _numbers(one, k, None if one.later is None else engine)
            for other, one in plan.considered.items()
        }
        engine.decisions.append({
            "quarter": engine.quarter_label, "seat": menu.code, "market": market, "mode": MODE_WORDS[mode],
            "stance": float(plan.stance[0, k]), "considered": numbers,
            "why": f"{menu.code} {_doing(menu, mode, float(plan.stance[0, k]), market)}: {_reason(numbers, mode)}",
        })  # fmt: skip


def _numbers(judged: Any, k: int, later: Any) -> dict[str, float]:
    found = {
        "worth_usd": float(judged.worth[0, k]),
        "rent_usd": float(judged.now.rent[0, k]),
        "downstream_usd": float(judged.now.downstream[0, k]),
        "share": float(judged.now.share[0, k]),
        "entry": float(judged.now.entry[0, k]),
    }
    if later is not None:
        found["rent_later_usd"] = float(judged.later.rent[0, k])
        found["share_later"] = float(judged.later.share[0, k])
    return found


def _doing(menu: Menu, mode: int, stance: float, market: str) -> str:
    size = f"{100 * abs(stance):.0f} %"
    tool = menu.doctrine.milk_with.replace("_", " ")
    words = {
        NORMAL: f"leaves {market} to the market",
        MILK: f"milks {market} with an {tool} ({size} of the price)",
        LIMIT: f"keeps outsiders out of {market} with an {tool} of no more than {size} of the price",
        FLOOD: f"floods {market} with support of {size} of the price",
    }
    return words[mode]


def _reason(numbers: dict[str, dict[str, float]], mode: int) -> str:
    """Return what decided: worth by its weights against the others', rent now, its share later."""
    word = MODE_WORDS[mode]
    mine, free = numbers[word], numbers[MODE_WORDS[NORMAL]]
    others = sorted(((row["worth_usd"], name) for name, row in numbers.items() if name != word), reverse=True)
    parts = [f"by its weights worth {_money(mine['worth_usd'])} a quarter"]
    if others:
        parts[0] += ", against " + ", ".join(f"{_money(worth)} ({name})" for worth, name in others)
    if word != MODE_WORDS[NORMAL]:
        moved = mine["rent_usd"] - free["rent_usd"]
        parts.append(f"its rent moves by {_money(moved)} at once against none")
    if "share_later" in mine:
        now, then = 100 * free["share"], 100 * mine["share_later"]
        later = f"its share of output, {now:.0f} % now, would be {then:.0f} % later"
        if word != MODE_WORDS[NORMAL]:
            later += f" and {100 * free['share_later']:.0f} % if left alone"
        parts.append(later)
    return "; ".join(parts) + "."


def _money(usd: float) -> str:
    return f"{usd / 1e6:,.2f} million usd"


def tell_press(engine: Engine, menu: Menu, n: int, taken: Bools, gain: Floats, own_usd: Floats) -> None:
    """Add a row for rival `n`, which is restricted in the markets `taken` [K], or provoked and spared.

    `gain` [K] is what restricting each would be worth to the exporter, `own_usd` [K] what its own rent moves by.
    """
    names = list(engine.world.goods["name"])
    goods = [names[g] for k in np.flatnonzero(taken) for g in menu.goods[k]]
    row, felt = _row_of_rival(engine, menu, n)
    target = row["target"]
    if goods:
        worth, own = float(gain[taken].sum()), float(own_usd[taken].sum())
        why = (
            f"restricts {', '.join(goods)} for {target}: provoked ({felt:.2f} of 1), what that does to {target} is "
            f"worth {_money(worth)} a quarter to it, after {_money(own)} that its own rent moves by"
        )
    else:
        best = int(np.argmax(gain))
        worth, own = float(gain[best]), float(own_usd[best])
        why = (
            f"is provoked by {target} ({felt:.2f} of 1) but spares it: the best it could restrict, "
            f"{', '.join(names[g] for g in menu.goods[best])}, would be worth {_money(worth)} a quarter to it"
        )
    engine.decisions.append(row | {
        "mode": MODE_WORDS[COERCE if goods else NORMAL], "worth_usd": worth, "own_usd": own, "provocation": felt,
        "why": f"{menu.code} {why}.",
    })  # fmt: skip


def tell_end(
    engine: Engine, menu: Menu, n: int, anger: float, least: float, worths: dict[str, float]
) -> None:
    """Add a row for rival `n`, whose restriction has run its time, with what decided.

    `anger` is its provocation before: below `least` it stops whatever that is worth; else it does what is worth most.
    """
    row, _ = _row_of_rival(engine, menu, n)
    pair = menu.row * len(engine.world.countries) + menu.rivals[n]
    goes_on, truce = (
        bool(column[0, pair] > 0.0) for column in (engine.columns.pair_coercion, engine.columns.pair_truce)
    )
    mode = COERCE if goes_on else NEGOTIATE if truce else NORMAL
    verb = {COERCE: "goes on restricting", NEGOTIATE: "suspends restrictions for concessions of",
            NORMAL: "lifts restrictions on"}[mode]  # fmt: skip
    if anger < least:
        reason = f"its anger has faded to {anger:.2f} of 1, and below {least:.2f} it lets go"
    else:
        shown = ", ".join(f"{name} {_money(usd)}" for name, usd in worths.items())
        reason = f"provoked {anger:.2f} of 1, it takes what is worth more a quarter: {shown}"
    row |= {f"{name.replace(' ', '_')}_usd": usd for name, usd in worths.items()}
    engine.decisions.append(row | {
        "mode": MODE_WORDS[mode], "provocation": anger, "why": f"{menu.code} {verb} {row['target']}: {reason}.",
    })  # fmt: skip


def _row_of_rival(engine: Engine, menu: Menu, n: int) -> tuple[dict[str, Any], float]:
    """Return the beginning of a row about rival `n`, and how provoked the exporter feels by it."""
    countries, rival = engine.world.countries, menu.rivals[n]
    row: dict[str, Any] = {"quarter": engine.quarter_label, "seat": menu.code, "target": countries[rival]}
    return row, float(engine.columns.pair_provocation[0, menu.row * len(countries) + rival])
