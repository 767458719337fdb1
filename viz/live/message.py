"""What is sent to the browser: a JSON header and float32 arrays in one piece of bytes."""

import json
import struct
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from experiments.scenario_file import scenario_files
from experiments.title import short_title
from model.cache import rule_hash
from model.instruments import BY_NAME
from model.name import ALL_GOODS, COUNTRY_NAMES
from model.quarter_date import quarter_index, quarter_label
from model.scenario import Scenario
from viz.country import country_name
from viz.drawing import MINUS, nice_top
from viz.live.example import examples
from viz.live.lever import BLOCS, GROUPS, LEVERS, price_factor, price_unit
from viz.live.place import PLACES
from viz.live.plan import Plan, to_link
from viz.live.price_word import with_quoted_prices
from viz.live.record import Record
from viz.live.slice import Frame, GoodFrame, Singles, stack_order, titles
from viz.live.stage import Stage

#: What minerals are called where the code reads badly.
_MINERALS = {"rare_earths": "Rare earths and magnets"}


#: Names of countries beside a line.
_SHORT = {"USA": "US", "EU27": "EU", "GBR": "UK", "ARE": "UAE", "OTH": "others", "NCL": "New Caled."}


def packed(header: Mapping[str, Any], arrays: Mapping[str, Any] | None = None) -> bytes:
    """Return length of the header (4 bytes, little end first), header as JSON, then the arrays one after another.

    `arrays` [rows] or [rows, columns] are cast to float32; the header's `arrays` tells offset, rows and columns.
    """
    offset, places, parts = 0, {}, []
    for name, array in (arrays or {}).items():
        flat = np.ascontiguousarray(array, dtype="<f4")
        rows, columns = flat.shape if flat.ndim == 2 else (flat.shape[0], 1)
        places[name] = [offset, rows, columns]
        offset += flat.size
        parts.append(flat.tobytes())
    text = json.dumps({**header, "arrays": places}, allow_nan=False, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<I", len(text)) + text + b"".join(parts)


def unpacked(data: bytes) -> tuple[dict[str, Any], dict[str, Singles]]:
    """Return header and arrays of `packed` bytes; for tests and scripts."""
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length])
    body = np.frombuffer(data, dtype="<f4", offset=4 + length)
    arrays = {
        name: body[offset : offset + rows * columns].reshape(rows, columns)
        for name, (offset, rows, columns) in header["arrays"].items()
    }
    return header, arrays


def mineral_title(mineral: str) -> str:
    """Return the name of a mineral on a page."""
    return _MINERALS.get(mineral) or mineral.replace("_", " ").capitalize()


def frame_header(
    stage: Stage, frame: Frame, base: Mapping[str, Singles], plan: Plan, target: str
) -> dict[str, Any]:
    """Return everything of a mineral that a run does not change."""
    codes = dict.fromkeys(
        [*frame.countries, *(code for good in frame.goods for code in (*good.makers, *good.users))]
    )
    scenario = stage.scenario
    return {
        "kind": "frame",
        "scenario": {"name": plan.scenario, "title": scenario.title, "baseYear": scenario.base_year},
        "scenarios": scenario_choices(plan.scenario, scenario),
        "quarters": stage.quarter_labels(),
        "mineral": frame.mineral,
        "minerals": [[name, mineral_title(name)] for name in stage.minerals],
        "goods": [_good(good, base) for good in frame.goods],
        "target": target,
        "countries": list(frame.countries),
        "short": _SHORT,
        "names": {code: country_name(code) for code in codes},
        "colours": frame.colours,
        "places": {code: _place(code) for code in codes if code in PLACES},
        "groups": [list(group) for group in GROUPS],
        "levers": [_lever(lever, frame) for lever in LEVERS],
        "blocs": [[name, title] for name, (title, _) in BLOCS.items()],
        "examples": examples(stage),
        "source": f"Source: Orebloc, {scenario.name}, seed {scenario.seed}, rules {rule_hash()[:8]}",
    }


def scenario_choices(chosen: str, scenario: Scenario) -> list[list[str]]:
    """Return name and title of the scenarios that can be opened; the one that is open is among them."""
    listed = [[name, _title(name)] for name in scenario_files()]
    return listed if chosen in [name for name, _ in listed] else [*listed, [chosen, scenario.title]]


@cache
def _title(name: str) -> str:
    """Return the title a shipped scenario gives itself."""
    return str(tomllib.loads(scenario_files()[name].read_text(encoding="utf-8")).get("title") or name)


def _good(good: GoodFrame, base: Mapping[str, Singles]) -> dict[str, Any]:
    known = base[f"{good.good}/outside"][:, 0]
    largest = float(np.nanmax(known)) if np.isfinite(known).any() else 1.0
    return {
        "good": good.good,
        "title": short_title(good.good),
        "longTitle": good.title,
        "stage": good.stage,
        "leader": good.leader,
        "isRestricted": good.is_restricted,
        "makers": list(good.makers),
        "users": list(good.users),
        "pairs": [list(pair) for pair in good.pairs],
        "base": [round(share, 6) for share in good.base],
        "order": stack_order(good, base[f"{good.good}/share"]),
        "priceFactor": price_factor(good.good),
        "priceUnit": price_unit(good.good),
        "priceTop": nice_top(2.0 * largest / price_factor(good.good)),
    }


def _lever(lever: Any, frame: Frame) -> dict[str, Any]:
    return {
        "id": lever.id,
        "group": lever.group,
        "label": lever.label,
        "effect": lever.effect,
        "unit": lever.unit,
        "kind": lever.kind,
        "low": lever.low,
        "high": lever.high,
        "step": lever.step,
        "default": lever.default,
        "off": lever.off,
        "choices": [list(choice) for choice in lever.choices],
        "about": lever.about(),
        "goods": [good.good for good in frame.goods if lever.goods(good.good)],
    }


def _place(code: str) -> dict[str, Any]:
    ids, lonlat = PLACES[code]
    return {"name": country_name(code), "ids": list(ids), "lonlat": list(lonlat) if lonlat else None}


def plan_header(plan: Plan, rules: str, version: str) -> dict[str, Any]:
    """Return the plan as the rail shows it, and its link."""
    return {
        "plan": {
            "scenario": plan.scenario,
            "start": plan.start,
            "bloc": next(
                (name for name, (_, codes) in BLOCS.items() if codes == plan.bloc), "-".join(plan.bloc)
            ),
            "levers": {
                f"{lever}.{good}" if good else lever: value for (lever, good), value in plan.levers.items()
            },
            "treaty": str(plan.treaty.get("title") or plan.treaty.get("id")) if plan.treaty else None,
        },
        "link": to_link(plan, {}, rules, version),
    }


def run_titles(
    frame: Frame, arrays: Mapping[str, Singles], quarters: Sequence[str], year: int
) -> dict[str, Any]:
    """Return the findings of every good of the mineral."""
    return {good.good: titles(good, arrays, quarters, year) for good in frame.goods}


def events_of(scenario: Scenario, base: Scenario, goods: Sequence[str], start: str) -> list[dict[str, Any]]:
    """Return what holds or happens on a mineral's goods, by date: measures, treaties, shocks, events."""
    known = {json.dumps(order.to_mapping(), sort_keys=True) for order in base.measures}
    rows = []
    for order in scenario.measures:
        named = order.fields.get("good") or []
        if set(named).intersection(goods):
            mine = json.dumps(order.to_mapping(), sort_keys=True) not in known
            text = with_quoted_prices(BY_NAME[order.type].text(order), named)
            rows.append(_event(order.quarter, order.end, text, mine))
    for treaty in scenario.treaties:
        begin = treaty.in_force or treaty.signed or treaty.proposed or start
        rows.append(_event(begin, treaty.ended, f"Treaty: {treaty.title}.", treaty not in base.treaties))
    for shock in scenario.shocks:
        if shock.good in goods:
            percent = f"{100 * (shock.factor - 1):+.0f} %".replace("-", MINUS)
            where = "the world" if shock.country == "WORLD" else country_name(shock.country)
            text = f"{shock.kind.capitalize()} of {shock.good.replace('_', ' ')} in {where}: {percent}."
            rows.append(_event(shock.start, shock.end, text, shock not in base.shocks))
    return sorted(rows, key=lambda row: (row["from"], row["text"]))


def idle_words(run: Record, base: Record) -> list[str]:
    """Return why measures of the run that are not the scenario's cover nothing."""
    known = {str(note["text"]) for note in base.notes}
    told = [named(str(note["why"])) for note in run.notes if str(note["text"]) not in known]
    return list(dict.fromkeys(words[:1].upper() + words[1:].rstrip(".") for words in told))


def _event(start: str, end: str | None, text: str, mine: bool) -> dict[str, Any]:
    label = quarter_label(quarter_index(start))
    until = quarter_label(quarter_index(end)) if end else None
    return {"from": label, "until": until, "text": named(text), "mine": mine}


def named(text: str) -> str:
    """Return a sentence with names for codes, as people read it."""
    words = []
    for word in text.split(" "):
        bare = word.rstrip(".,;:")
        name = COUNTRY_NAMES.get(bare) or (short_title(bare) if bare in ALL_GOODS else bare.replace("_", " "))
        words.append(name + word[len(bare) :])
    return " ".join(words)
