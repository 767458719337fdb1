"""What a link says, held against the scenario it opens: what cannot be is taken out and told, the rest is kept."""

from collections.abc import Mapping
from dataclasses import replace

from experiments.title import short_title
from model.error import OreblocError
from model.price_limit import MOST_TIMES, base_prices
from viz.country import country_name
from viz.live.lever import LEVERS_BY_ID, price_factor, price_unit
from viz.live.plan import Plan, mixed, rows_of
from viz.live.stage import Stage

#: What the map may show as colour.
COLOURS = ("share", "dependence", "use")


def sound_plan(plan: Plan, stage: Stage) -> tuple[Plan, list[str]]:
    """Return the plan as far as this scenario can carry it out, and a sentence for each part left out or changed."""
    plan, told = capped(plan, stage)
    if _fault(plan, stage) is None:
        return plan, told
    kept = replace(plan, levers={}, treaty=None)
    for place, value in plan.levers.items():
        tried = replace(kept, levers={**kept.levers, place: value})
        fault = _fault(tried, stage)
        if fault is None:
            kept = tried
        else:
            told.append(f"{fault} The page opens without it.")
    if plan.treaty is not None:
        tried = replace(kept, treaty=plan.treaty)
        fault = _fault(tried, stage)
        if fault is None:
            kept = tried
        else:
            told.append(f"The treaty of the link cannot be signed here. {fault} The page opens without it.")
    return kept, told


def _fault(plan: Plan, stage: Stage) -> str | None:
    """Return why a plan cannot be carried out, None where it can."""
    try:
        if not plan.changes_nothing:
            rows = rows_of(plan, stage.whole.observer.restrictors, stage.whole.countries)
            mixed(stage.scenario, rows, plan.start)
    except OreblocError as error:
        return str(error)
    return None


def capped(plan: Plan, stage: Stage) -> tuple[Plan, list[str]]:
    """Return the plan with no lever in money above `MOST_TIMES` the good's price in the base year, and what is told."""
    told, levers = [], dict(plan.levers)
    prices = base_prices(stage.whole.world)
    for (lever, good), value in plan.levers.items():
        if LEVERS_BY_ID[lever].unit != "price" or good not in prices:
            continue
        most = float(MOST_TIMES * prices[good] / price_factor(good))
        if float(value) > most:
            levers[lever, good] = float(f"{most:.3g}")
            told.append(
                f"{LEVERS_BY_ID[lever].label} on {short_title(good)} was {float(value):,.0f} {price_unit(good)}; "
                f"at most {MOST_TIMES:.0f} times the base year's price is taken, {levers[lever, good]:,.0f} "
                f"{price_unit(good)}. That is set."
            )
    return replace(plan, levers=levers), told


def sound_view(shown: Mapping[str, str], stage: Stage) -> tuple[dict[str, str], list[str]]:
    """Return what a link shows as far as there is such a thing here, and a sentence for each that is not."""
    goods = stage.whole.goods
    known: dict[str, tuple[str, list[str]]] = {
        "colour": ("colour", list(COLOURS)),
        "country": ("country", [code for code in stage.whole.countries if code != "OTH"]),
        "mineral": ("mineral", stage.minerals),
        "good": ("good", goods),
        "quarter": ("quarter", stage.quarter_labels()),
    }
    kept, told = {}, []
    for key, value in shown.items():
        word, there = known[key]
        if not value or value in there:
            kept[key] = value
            continue
        says = f"{there[0]} to {there[-1]}" if key == "quarter" else _listed(key, there)
        told.append(f"The link shows the {word} {value!r}, which is not here: {says}. The page chose one.")
    return kept, told


def _listed(key: str, there: list[str]) -> str:
    """Return what could be asked for, the first ten."""
    names = [f"{code} ({country_name(code)})" if key == "country" else code for code in there[:10]]
    more = f" and {len(there) - 10} more" if len(there) > 10 else ""
    return ", ".join(names) + more
