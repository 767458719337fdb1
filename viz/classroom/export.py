"""What a session leaves: its events as tables that spreadsheets and pandas open, with a codebook and a manifest.

People are pseudonyms by default. Text that a spreadsheet would read as a formula is made harmless by a leading quote.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Collection, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from viz.classroom.blanking import blanked, find_people
from viz.classroom.debrief_page import debrief_page, told_of
from viz.classroom.event import Event
from viz.classroom.fold import fold
from viz.classroom.store import read_events
from viz.classroom.workbook import workbook

#: What of events is never exported, since it opens a person's seat or knows a device; names are where asked for.
_KEYS = {"resume", "device", "key"}
#: What a spreadsheet may take for the beginning of a formula, full-width signs included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_CODEBOOK = {
    "events.csv": {
        "seq": "number of the event, from 1", "at": "server time, unix seconds", "kind": "what happened",
        "by": "person, desk or server", "round": "round in which it happened (0: practice)", "body": "the event, JSON",
    },
    "orders.csv": {
        "round": "round", "seat": "seat", "how": "final, draft, silent, hold or bot", "order": "number on the sheet",
        "type": "kind of order", "fields": "its fields, JSON", "was_dropped": "whether the model refused it",
    },
    "messages.csv": {
        "message": "id", "round": "round", "room": "public, or the seats that heard it", "seat": "who spoke",
        "text": "what was said", "is_promise": "tagged as a promise", "kept": "judged kept, broken, or empty",
        "is_hidden": "hidden by the facilitator; names that people typed stay in texts",
    },
    "deals.csv": {
        "deal": "id", "round": "round in which it came into force", "state": "open, signed, in_force, withdrawn",
        "members": "its members", "signed": "who signed", "title": "its title", "document": "the treaty, JSON",
    },
    "outcomes.csv": {
        "round": "round", "quarter": "its last quarter", "what": "price outside, price inside, share or seat's number",
        "good": "good, or the metric of a seat", "country": "country or seat", "value": "usd per tonne, share or usd",
    },
    "people.csv": {
        "person": "pseudonym", "name": "name, only where asked for", "seat": "seat at the end",
        "commands": "events by this person", "drafts": "drafts saved", "handed_in": "sheets handed in",
        "messages": "messages sent", "deals_signed": "deals signed by its seat", "survey": "exit form, JSON",
    },
}  # fmt: skip


def spreadsheet(path: Path, with_names: bool = False, without: Collection[str] = ()) -> dict[str, bytes]:
    """Return the files of a session's export by name; `session.zip` holds all of them. Raises `OreblocError`.

    `without` are people, by pseudonym or name, of whom nothing they typed is in it; rows and pseudonyms stay.
    """
    events = read_events(path)
    gone = find_people(events, without)
    events = blanked(events, gone) if gone else events
    state = fold(events)
    tables = {
        "events.csv": _events(events, with_names), "orders.csv": _orders(events), "messages.csv": _messages(state),
        "deals.csv": _deals(state), "outcomes.csv": _outcomes(state), "people.csv": _people(events, state, with_names),
    }  # fmt: skip
    files = {name: _csv(_CODEBOOK[name], rows) for name, rows in tables.items()}
    files["codebook.csv"] = _csv(
        {"file": "", "column": "", "meaning": ""},
        [
            {"file": f, "column": c, "meaning": m}
            for f, columns in _CODEBOOK.items()
            for c, m in columns.items()
        ],
    )
    if find_spec("xlsxwriter"):  # it comes with the extra `play`; the tables do without
        files["session.xlsx"] = workbook(tables, _CODEBOOK)
    files["debrief.html"] = debrief_page(told_of(state), is_file=True).encode()
    manifest = {
        "title": state.title, "events": len(events), "has_names": with_names, "without": sorted(gone),
        "rows": {name: len(rows) for name, rows in tables.items()},
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "record": state.record,
    }  # fmt: skip
    files["manifest.json"] = json.dumps(manifest, indent=1).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return {**files, "session.zip": packed.getvalue()}


def harmless(value: Any) -> Any:
    """Return a text that no spreadsheet takes for a formula; other values as they are."""
    if isinstance(value, str) and value.lstrip(" \u00a0").startswith(_FORMULA):
        return "'" + value
    return value


def _csv(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns))
    writer.writeheader()
    for row in rows:
        writer.writerow({key: harmless(row.get(key)) for key in columns})
    return ("\ufeff" + text.getvalue()).encode("utf-8")


def _events(events: Iterable[Event], with_names: bool) -> list[dict[str, Any]]:
    rows, number = [], 0
    for event in events:
        if event.kind == "quiz_answered":
            continue  # counts are all that anybody learns of it
        body = dict(event.body)
        if event.kind == "session_opened":
            body = {"title": body["title"], "policy": body["policy"], "seats": list(body["seats"])}
        if event.kind == "round_resolved":
            number = body["round"]
            body = {"round": number, "entry": body["entry"]}
        if event.kind == "phase_begun":
            body = {"step": body["step"], "ends_at": body["ends_at"]}
        if not with_names:
            body.pop("name", None)
        body = _keyless(body)
        rows.append({"seq": event.seq, "at": event.at, "kind": event.kind, "by": event.by,
                     "round": event.body.get("round", number), "body": json.dumps(body, sort_keys=True)})  # fmt: skip
    return rows


def _keyless(value: Any) -> Any:
    """Return JSON values without keys and codes, however deep they lie."""
    if isinstance(value, dict):
        return {key: _keyless(item) for key, item in value.items() if key not in _KEYS}
    return [_keyless(item) for item in value] if isinstance(value, list) else value


def _orders(events: Iterable[Event]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    locked: Mapping[str, Any] = {}
    for event in events:
        if event.kind == "sheets_locked":
            locked = event.body["seats"]
        if event.kind == "round_resolved":
            sheets = event.body["entry"]["sheets"]
            for seat, sheet in locked.items():
                kept = [json.dumps(order, sort_keys=True) for order in sheets.get(seat, [])]
                for number, order in enumerate(sheet["orders"], start=1):
                    rows.append({"round": event.body["round"], "seat": seat, "how": sheet["how"], "order": number,
                                 "type": order.get("type"), "fields": json.dumps(order.get("fields"), sort_keys=True),
                                 "was_dropped": json.dumps(order, sort_keys=True) not in kept})  # fmt: skip
    return rows


def _messages(state: Any) -> list[dict[str, Any]]:
    words = {True: "kept", False: "broken", None: ""}
    return [{"message": m.id, "round": m.round, "room": m.room, "seat": m.seat, "text": m.text,
             "is_promise": m.is_promise, "kept": words[m.kept], "is_hidden": m.is_hidden}
            for m in state.messages]  # fmt: skip


def _deals(state: Any) -> list[dict[str, Any]]:
    return [{"deal": d.id, "round": d.round, "state": d.state, "members": " ".join(d.document["members"]),
             "signed": " ".join(d.signed), "title": d.document.get("title", ""),
             "document": json.dumps(d.document, sort_keys=True)} for d in state.deals.values()]  # fmt: skip


def _outcomes(state: Any) -> list[dict[str, Any]]:
    rows = []
    for number, found in sorted(state.outcomes.items()):
        at = {"round": number, "quarter": found["quarter_to"]}
        for row in found["prices"]:
            for side in ("outside", "inside"):
                rows.append({**at, "what": f"price {side}", "good": row["good"], "country": row["leader"],
                             "value": row[side]})  # fmt: skip
        rows += [{**at, "what": "share", "good": row["good"], "country": row["country"], "value": row["share"]}
                 for row in found["shares"]]  # fmt: skip
        for seat, numbers in found["seats"].items():
            rows += [{**at, "what": "seat", "good": key, "country": seat, "value": value}
                     for key, value in numbers.items() if not isinstance(value, dict)]  # fmt: skip
    return rows


def _people(events: list[Event], state: Any, with_names: bool) -> list[dict[str, Any]]:
    rows = []
    for person in state.people.values():
        own = [event for event in events if event.by == person.id]
        kinds = [event.kind for event in own]
        survey = state.surveys.get(person.id)
        rows.append({
            "person": person.id, "name": person.name if with_names else "", "seat": person.seat, "commands": len(own),
            "drafts": kinds.count("draft_set"), "handed_in": kinds.count("sheet_handed_in"),
            "messages": kinds.count("message_sent"),
            "deals_signed": sum(e.kind == "deal_signed" for e in own),
            "survey": json.dumps(survey, sort_keys=True) if survey else "",
        })  # fmt: skip
    return rows
