"""What an exporter decided in the first run, and why, in words and numbers: rows of `engine.decisions`."""

from typing import Any

import numpy as np

from agents.exporter_menu import Menu
from agents.weighing import money
from model.engine import Engine
from model.mode import COERCE, FLOOD, LIMIT, MILK, MODE_WORDS, NEGOTIATE, NORMAL
from model.network import Bools, Floats
from model.parameter import POSITION

#: Stances closer than this are one and the same decision.
_SAME = 0.01
_INERTIA = POSITION["exporter_inertia"]


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
        slack = float(engine.values[0, _INERTIA] * plan.considered[NORMAL].now.value[0, k])
        doing = _doing(menu, mode, float(plan.stance[0, k]), market)
        engine.decisions.append({
            "quarter": engine.quarter_label, "seat": menu.code, "market": market, "mode": MODE_WORDS[mode],
            "stance": float(plan.stance[0, k]), "considered": numbers,
            "why": f"{menu.code} {doing}: {_reason(numbers, mode, slack)}",
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


def _reason(numbers: dict[str, dict[str, float]], mode: int, slack: float) -> str:
    """Return what decided: its worth by the exporter's weights against leaving the market alone, rent, its share later.

    Where another mode is worth more, by less than the inertia `slack` (usd a quarter), it says so.
    """
    word, normal = MODE_WORDS[mode], MODE_WORDS[NORMAL]
    mine, free = numbers[word], numbers[normal]
    gains = {name: row["worth_usd"] - free["worth_usd"] for name, row in numbers.items() if name != normal}
    own = gains.pop(word, 0.0)
    rest = ", ".join(f"{name} {money(usd)}" for name, usd in sorted(gains.items(), key=lambda one: -one[1]))
    if mode == NORMAL:
        parts = [
            f"others would be worth, by its weights, a quarter: {rest}"
            if rest
            else "it considers nothing else"
        ]
    else:
        parts = [f"by its weights worth {money(own)} a quarter against leaving it alone"]
        parts[0] += f" ({rest})" if rest else ""
    if max([0.0, *gains.values()]) > own:
        parts.append(f"what is worth more gains less than its inertia of {money(slack).lstrip('+')}")
    if mode != NORMAL:
        parts.append(f"its rent moves by {money(mine['rent_usd'] - free['rent_usd'])} at once")
    if "share_later" in mine:
        now, then = 100 * free["share"], 100 * mine["share_later"]
        later = f"its share of output, {now:.0f} % now, would be {then:.0f} % later"
        if mode != NORMAL:
            later += f" and {100 * free['share_later']:.0f} % if left alone"
        parts.append(later)
    return "; ".join(parts) + "."


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
            f"restricts {', '.join(goods)} for {target}: provoked ({felt:.2f} of 1), that is worth {money(worth)} a "
            f"quarter by its weights, harm to {target} included; its own rent moves by {money(own)}"
        )
    else:
        best = int(np.argmax(gain))
        worth, own = float(gain[best]), float(own_usd[best])
        why = (
            f"is provoked by {target} ({felt:.2f} of 1) but spares it: the best it could restrict, "
            f"{', '.join(names[g] for g in menu.goods[best])}, would be worth {money(worth)} a quarter to it"
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
    verb = {
        COERCE: "goes on restricting",
        NEGOTIATE: "suspends for a year, in which measures against it are to go, restrictions on",
        NORMAL: "lifts restrictions on",
    }[mode]
    if anger < least:
        reason = f"its anger has faded to {anger:.2f} of 1, and below {least:.2f} it does not go on"
    else:
        more = worths["going on"] - worths["suspending"]
        reason = f"provoked {anger:.2f} of 1, going on is worth {money(more)} a quarter against suspending"
    row |= {f"{name.replace(' ', '_')}_usd": usd for name, usd in worths.items()}
    engine.decisions.append(row | {
        "mode": MODE_WORDS[mode], "provocation": anger, "why": f"{menu.code} {verb} {row['target']}: {reason}.",
    })  # fmt: skip


def _row_of_rival(engine: Engine, menu: Menu, n: int) -> tuple[dict[str, Any], float]:
    """Return the beginning of a row about rival `n`, and how provoked the exporter feels by it."""
    countries, rival = engine.world.countries, menu.rivals[n]
    row: dict[str, Any] = {"quarter": engine.quarter_label, "seat": menu.code, "target": countries[rival]}
    return row, float(engine.columns.pair_provocation[0, menu.row * len(countries) + rival])
