"""Order forms: from the typed fields of an order's kind to controls, and back from what was written to an order.

Nothing here knows an instrument: a new one appears with its form. Groups put kinds in the order in which people look;
a kind in none stands under the last.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from experiments.title import short_title
from model.clauses import CLAUSES
from model.field import REQUIRED, Field
from model.firm_order import FIRM_ORDERS_BY_NAME
from model.name import WORLD
from model.order import OrderKind
from model.quarter_date import quarter_index, quarter_label
from model.state_order import STATE_ORDERS_BY_NAME, own_fields
from model.treaty import HEAD
from viz.country import country_name
from viz.live.message import named

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Treaties", ("sign_treaty", "draft_treaty", "propose_treaty", "counter_treaty", "leave_treaty", "break_treaty")),
    ("Trade measures", ("import_tariff", "trade_defence", "price_floor", "standards", "joint_purchasing", "export_tax",
                        "export_quota", "export_licence", "export_ban", "technology_control", "enforcement")),
    ("Support", ("price_support", "production_subsidy", "offtake", "investment_fund", "fast_track",
                 "production_quota")),
    ("Stocks", ("strategic_stockpile", "stock_order", "defence_priority")),
    ("Recycling and research", ("recycling_programme", "research_programme", "substitution_programme",
                                "information_sharing")),
    ("Plants", ("invest", "mothball", "reopen", "exit")),
    ("Other", ("repeal", "claim_territory")),
)  # fmt: skip
#: Kinds of fields that hold numbers, and those shown as per cent where the unit is a share.
_NUMBERS = ("number", "integer", "share", "path")
#: What of a treaty's head a draft asks for; the rest is set by the quarter and the decisions, or left as usual.
_DRAFT = ("title", "kind", "members", "minimum_members", "term_quarters", "notice_quarters", "deadline_days")
_FAULT = re.compile(r"\s*\([^()]*?orders\[\d+\]\.?([^(),]*)\)\s*$")


@dataclass(frozen=True)
class Entry:
    """One control: `path` names it in messages of the model, `shape` how it is drawn.

    Shapes: number, text, check, select, checks, pairs (`USA 50; JPN 50`). `is_first`: it is not under more terms.
    `is_percent` numbers are written in per cent.
    """

    path: str
    label: str
    help: str
    shape: str
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    value: Any = None
    is_first: bool = True
    is_percent: bool = False
    kind: str = ""


@dataclass(frozen=True)
class Known:
    """What a seat can choose among: goods, countries, quarters to come, its own measures, treaties."""

    goods: tuple[tuple[str, str], ...]
    countries: tuple[tuple[str, str], ...]
    quarters: tuple[str, ...]
    measures: tuple[tuple[str, str], ...]
    treaties: tuple[tuple[str, str], ...]
    seat: str

    @classmethod
    def of(cls, view: Mapping[str, Any], last: str) -> "Known":
        """Return what a view offers; `last` is the game's last quarter."""
        if "sites" in view:
            places = dict.fromkeys((site["good"], site["country"]) for site in view["sites"])
            goods, codes = (
                dict.fromkeys(good for good, _ in places),
                dict.fromkeys(code for _, code in places),
            )
        else:
            goods = dict.fromkeys(
                [row["good"] for row in view["goods"]] + [row["good"] for row in view["world"]]
            )
            codes = dict.fromkeys(sorted(view["countries"], key=country_name))
        span = range(quarter_index(view["quarter"]), quarter_index(last) + 1)
        own = [row for row in view["measures"] if row["actor"] == view["seat"] and not row["by_treaty"]]
        return cls(
            tuple((good, short_title(good)) for good in goods),
            tuple((code, country_name(code)) for code in codes if code != "OTH"),
            tuple(quarter_label(index) for index in span),
            tuple((str(row["id"]), named(row["text"])) for row in own if row["in_force"]),
            tuple((row["id"], f"{row['title']} ({row['state']})") for row in view.get("treaties", [])),
            str(view["seat"]),
        )  # fmt: skip


def kinds_of(is_firm: bool) -> dict[str, OrderKind]:
    """Return what a seat may order."""
    return FIRM_ORDERS_BY_NAME if is_firm else STATE_ORDERS_BY_NAME


def grouped(is_firm: bool, known: Known) -> list[tuple[str, list[OrderKind]]]:
    """Return the kinds a seat may choose now by group; those that need a measure or treaty only where there is one."""
    kinds, found = dict(kinds_of(is_firm)), []
    for field, there in (("measure", known.measures), ("treaty", known.treaties)):
        if not there:
            kinds = {name: kind for name, kind in kinds.items() if field not in {f.name for f in kind.fields}}
    listed = {name for _, names in GROUPS for name in names}
    for title, names in GROUPS:
        more = [name for name in kinds if name not in listed] if title == GROUPS[-1][0] else []
        inside = [kinds[name] for name in (*names, *more) if name in kinds]
        if inside:
            found.append((title, inside))
    return found


def entries(kind: OrderKind, known: Known) -> list[Entry]:
    """Return the controls of a kind's form, those that must be filled first."""
    if any(field.kind == "table" for field in kind.fields):
        return _draft_entries(known)
    found = [_entry(field, f"fields.{field.name}", known) for field in own_fields(kind)]
    if kind.actor != "firm" and any(field.name == "good" for field in kind.fields):
        quarters = tuple((quarter, quarter) for quarter in known.quarters)
        found.append(
            Entry("quarter", "From", "when it begins", "select", "", (("", "now"), *quarters[1:]), "", False)
        )
        found.append(
            Entry("end", "Until", "its last quarter", "select", "", (("", "for good"), *quarters), "", False)
        )
    return sorted(found, key=lambda entry: not entry.is_first)


def _entry(field: Field, path: str, known: Known) -> Entry:
    needed = field.default is REQUIRED
    value = None if needed else field.default
    percent = field.unit.partition(" ")[0] == "share" and field.kind in _NUMBERS
    entry = Entry(
        path, field.label, field.help, "text", _unit(field, percent), (), value,
        needed or field.kind == "path", percent, field.kind,
    )  # fmt: skip
    chosen = {"measure": known.measures, "treaty": known.treaties}.get(field.name)
    if chosen is not None:
        return replace(entry, shape="select", choices=chosen)
    if field.kind in _NUMBERS:
        return replace(entry, shape="number")
    if field.kind == "flag":
        return replace(entry, shape="check", value=bool(value))
    if field.kind == "choice":
        words = tuple((word, word.replace("_", " ")) for word in field.choices)
        return replace(entry, shape="select", choices=words if needed else words)
    if field.kind in ("good", "country", "place"):
        options = known.goods if field.kind == "good" else known.countries
        first = (("", "choose…"),) if needed and len(options) > 1 else () if needed else (("", "as usual"),)
        everywhere = ((WORLD, "the world"),) if field.kind == "place" else ()
        return replace(entry, shape="select", choices=(*first, *everywhere, *options), value=value or "")
    if field.kind in ("goods", "countries", "words"):
        options = {"goods": known.goods, "countries": known.countries}.get(field.kind) or tuple(
            (word, word.replace("_", " ")) for word in field.choices
        )
        others = tuple(option for option in options if option[0] != known.seat or field.name == "members")
        return replace(entry, shape="checks", choices=others, value=list(value or []))
    if field.kind in ("shares", "weights", "dated"):
        return replace(entry, shape="pairs")
    return entry


def _unit(field: Field, percent: bool) -> str:
    if percent:
        return f"% {field.unit.partition(' ')[2]}".strip()
    return "" if field.unit == "1" else field.unit.replace("usd a t", "USD a tonne").replace("usd", "USD")


def _draft_entries(known: Known) -> list[Entry]:
    """Return a treaty's head, then every kind of clause with a switch and its fields."""
    head = {field.name: field for field in HEAD}
    found = [_entry(head[name], f"document.{name}", known) for name in _DRAFT]
    first = ("document.title", "document.kind", "document.members", "document.notice_quarters")
    found = [replace(entry, is_first=entry.path in first) for entry in found]
    found = [
        replace(entry, value=[known.seat]) if entry.path == "document.members" else entry for entry in found
    ]
    found = [
        replace(entry, value="plurilateral") if entry.path == "document.kind" else entry for entry in found
    ]
    for clause in CLAUSES:
        place = f"clause.{clause.name}"
        found.append(Entry(f"{place}.on", clause.title, clause.summary, "clause", value=False))
        inside = [_entry(field, f"{place}.{field.name}", known) for field in clause.fields]
        found += sorted(inside, key=lambda entry: not entry.is_first)
    return found


def read_order(kind: OrderKind, written: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """Return an order from what was written by path. What is no number stays text, for the model to refuse."""
    order: dict[str, Any] = {"type": kind.name, "fields": {}}
    drafted: dict[str, Any] = {"clauses": []}
    clauses: dict[str, dict[str, Any]] = {}
    for entry in entries(kind, known):
        value = read_value(entry, written.get(entry.path))
        head, _, name = entry.path.partition(".")
        if head == "clause":
            clause, _, name = name.partition(".")
            clauses.setdefault(clause, {})[name] = value
        elif value is not None:
            place = order["fields"] if head == "fields" else drafted if head == "document" else order
            place[name or head] = value
    if not any(field.kind == "table" for field in kind.fields):
        return order
    drafted["clauses"] = [
        {
            "type": name,
            "fields": {key: value for key, value in values.items() if key != "on" and value is not None},
        }
        for name, values in clauses.items()
        if values["on"]
    ]
    drafted["id"] = _slug(str(drafted.get("title") or "treaty"), [name for name, _ in known.treaties])
    order["fields"] = {"document": drafted}
    return order


def _slug(title: str, taken: Sequence[str]) -> str:
    word = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_") or "treaty"
    word = word if not word[0].isdigit() else f"treaty_{word}"
    return next(name for n in range(1, 1000) if (name := word if n == 1 else f"{word}_{n}") not in taken)


def read_value(entry: Entry, written: Any) -> Any:
    """Return the value of one control, None where it was left out."""
    if entry.shape in ("check", "clause"):
        return bool(written)
    if entry.shape == "checks":
        chosen = [str(word) for word in written] if isinstance(written, list) else []
        return chosen or None
    text = str(written if written is not None else "").strip()
    if not text:
        return None
    if entry.shape == "pairs":
        pairs = [part.strip().rpartition(" ") for part in text.split(";") if part.strip()]
        return {name.strip(): _number(value, False) for name, _, value in pairs}
    if entry.kind == "path" and ";" in text:
        return [_number(part, entry.is_percent) for part in text.split(";") if part.strip()]
    if entry.shape == "number" or entry.kind == "integer":
        return _number(text, entry.is_percent)
    return text


def _number(text: str, is_percent: bool) -> Any:
    """Return a number as people write it, or the text where it is none."""
    bare = (
        text.strip()
        .replace(",", "")
        .replace("\u202f", "")
        .replace(" ", "")
        .removesuffix("%")
        .replace("\u2212", "-")
    )
    try:
        number = float(bare)
    except ValueError:
        return text.strip()
    number = round(number / 100.0, 12) if is_percent else number
    return int(number) if number == int(number) and abs(number) < 1e15 else number


def told_fault(message: str, found: Sequence[Entry]) -> tuple[str, str]:
    """Return the control at fault (empty for none) and the refusal without the place that it names."""
    match = _FAULT.search(message)
    words = named(_FAULT.sub("", message))
    place = match.group(1) if match else ""
    by_path = {entry.path: entry for entry in found}
    place = re.sub(r"^fields\.document\.", "document.", place)
    clause = re.match(r"document\.clauses\[\d+\]\.fields\.(\w+)", place)
    if clause:
        near = [
            entry
            for entry in found
            if entry.path.startswith("clause.") and entry.path.endswith(f".{clause.group(1)}")
        ]
        named_clause = [entry for entry in near if entry.path.split(".")[1] in message]
        place = (named_clause or near or found)[0].path
    while place and place not in by_path:
        place = re.sub(r"(\[[^\]]*\]|\.?[^.\[]*)$", "", place) if place not in ("", ".") else ""
    if not place and not match:  # firms' refusals name no place: their label begins the sentence
        place = next((entry.path for entry in found if message.startswith(f"{entry.label} ")), "")
    if place and by_path[place].is_percent:
        words += " Here it is written in per cent."
    return place, words
