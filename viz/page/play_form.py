"""The order sheet in play as HTML: what is on it, the choice of an order, and its form from typed fields."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from model.order import OrderKind
from viz.live.message import named
from viz.live.order_form import Entry, Known, entries, grouped


def sheet_html(
    seat: str, title: str, words: Sequence[str], kind: OrderKind | None, known: Known, is_firm: bool
) -> str:
    """Return the sheet of a seat: orders given, the choice of another, its form where one is chosen."""
    rows = "".join(
        f'<li><span>{escape(named(text))}</span><button type="button" data-act="remove" data-value="{n}" '
        f'aria-label="Take order {n + 1} off the sheet">&times;</button></li>'
        for n, text in enumerate(words)
    )
    told = (
        f'<ul class="chips">{rows}</ul>'
        if rows
        else '<p class="fine">Nothing on the sheet yet: without orders your measures in force go on as they are.</p>'
    )
    groups = "".join(
        f'<optgroup label="{escape(group, quote=True)}">'
        + "".join(
            f'<option value="{one.name}"{" selected" if kind is not None and one.name == kind.name else ""}>'
            f"{escape(one.title)}</option>"
            for one in kinds
        )
        + "</optgroup>"
        for group, kinds in grouped(is_firm, known)
    )
    choice = (
        '<label class="field" for="play-kind"><span>Add an order</span>'
        f'<select id="play-kind" data-change="kind"><option value="">choose\u2026</option>{groups}</select></label>'
    )
    form = "" if kind is None else form_html(kind, known)
    return f"<h2>Orders of {escape(title)}</h2>{told}{choice}{form}"


def form_html(kind: OrderKind, known: Known) -> str:
    """Return a kind's form; what need not be filled is under more terms, clauses of a treaty each under its switch."""
    found = entries(kind, known)
    plain = [entry for entry in found if not entry.path.startswith("clause.")]
    first = "".join(control(entry) for entry in plain if entry.is_first)
    more = "".join(control(entry) for entry in plain if not entry.is_first)
    more = f'<details class="more-terms"><summary>More terms</summary>{more}</details>' if more else ""
    return (
        f'<form class="order" data-form="{kind.name}" aria-label="{escape(kind.title, quote=True)}">'
        f'<p class="fine">{escape(kind.summary)}</p>{first}{more}{_clauses(found)}'
        '<p class="said-order fine" role="status"></p><div class="acts">'
        '<button type="submit" class="main-act">Put it on the sheet</button>'
        '<button type="button" data-act="kind" data-value="">Cancel</button></div></form>'
    )


def _clauses(found: Sequence[Entry]) -> str:
    clauses: dict[str, list[Entry]] = {}
    for entry in found:
        if entry.path.startswith("clause."):
            clauses.setdefault(entry.path.split(".")[1], []).append(entry)
    if not clauses:
        return ""
    parts = []
    for name, inside in clauses.items():
        switch, *rest = inside
        fields = "".join(control(entry) for entry in rest)
        parts.append(
            f'<details class="clause"><summary>{escape(switch.label)}</summary><p '
            f'class="fine">{escape(switch.help)}</p>'
            f'<label class="check"><input type="checkbox" name="{switch.path}" id="f-clause-{name}">'
            f"<span>In the treaty</span></label>{fields}</details>"
        )
    return f'<fieldset class="clauses"><legend>Clauses</legend>{"".join(parts)}</fieldset>'


def control(entry: Entry) -> str:
    """Return one control with its label, help and place for a refusal."""
    id_ = "f-" + entry.path.replace(".", "-").replace("_", "-")
    told = (
        f'<small class="fine" id="{id_}-help">{escape(_help(entry))}</small>'
        f'<small class="fault" id="{id_}-fault" hidden></small>'
    )
    named_by = f'id="{id_}" name="{entry.path}" aria-describedby="{id_}-help {id_}-fault"'
    has_unit = entry.unit and entry.unit not in entry.label and not entry.label.endswith("tonnes")
    label = escape(f"{entry.label}, {entry.unit}" if has_unit else entry.label)
    if entry.shape == "checks":
        return _checks(entry, id_, told)
    if entry.shape == "check":
        on = " checked" if entry.value else ""
        box = f'<label class="check"><input type="checkbox" {named_by}{on}><span>{label}</span></label>'
        return f'<div class="field">{box}{told}</div>'
    if entry.shape == "select":
        options = "".join(
            f'<option value="{escape(value, quote=True)}"{" selected" if value == entry.value else ""}>'
            f"{escape(word)}</option>"
            for value, word in entry.choices
        )
        inside = f"<select {named_by}>{options}</select>"
    else:
        mode = ' inputmode="decimal"' if entry.shape == "number" else ""
        value = escape(_written(entry), quote=True)
        inside = f'<input type="text" autocomplete="off"{mode} {named_by} value="{value}">'
    return f'<div class="field"><label for="{id_}"><span>{label}</span></label>{inside}{told}</div>'


def _checks(entry: Entry, id_: str, told: str) -> str:
    """Return boxes to tick; a long list that may stay as it is stands folded, with what it says now."""
    chosen = list(entry.value or [])
    everyone = (("WORLD", "Everybody"),) if "WORLD" in chosen else ()
    boxes = "".join(
        f'<label class="check"><input type="checkbox" name="{entry.path}" value="{escape(value, quote=True)}"'
        f"{' checked' if value in chosen else ''}><span>{escape(word)}</span></label>"
        for value, word in (*everyone, *entry.choices)
    )
    label = escape(entry.label, quote=True)
    group = f'<div class="checks" role="group" aria-label="{label}" id="{id_}" tabindex="-1">{boxes}</div>'
    if len(entry.choices) > 8:
        names = dict((*everyone, *entry.choices))
        now = ", ".join(names.get(word, word) for word in chosen) or "choose\u2026"
        is_open = "" if chosen or not entry.is_first else " open"
        group = f'<details class="many"{is_open}><summary>{escape(now)}</summary>{group}</details>'
    return f'<div class="field"><span class="label">{escape(entry.label)}</span>{group}{told}</div>'


def _help(entry: Entry) -> str:
    """Return a line on what to write, a sentence of its own."""
    words = entry.help[:1].upper() + entry.help[1:]
    if entry.shape == "pairs":
        words += ": such as USA 0.5; JPN 0.5"
    if entry.kind == "path":
        words = words.replace(
            "one number, or one for each quarter since the start",
            "one number, or one a quarter with ; between",
        )
    return words.rstrip(".") + "."


def _written(entry: Entry) -> str:
    value = entry.value
    if value is None or isinstance(value, Mapping | list):
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value * 100.0 if entry.is_percent else value:.10g}"
    return str(value)


def fields_of(kind: OrderKind, known: Known) -> dict[str, Any]:
    """Return what a form holds when it opens, by path, as the page would send it."""
    return {
        entry.path: entry.value if entry.shape in ("checks", "check", "clause") else _written(entry)
        for entry in entries(kind, known)
    }
