"""A session without what one person wrote: what the seat did stays, what the person said, typed or is called goes."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from model.error import OreblocError
from viz.classroom.event import Event
from viz.classroom.fold import fold

#: What of a person's own events is replaced, by kind of event.
_BLANK: dict[str, dict[str, Any]] = {
    "person_joined": {"name": "", "resume": "", "device": ""},
    "person_renamed": {"name": ""},
    "device_added": {"device": ""},
    "resume_renewed": {"resume": ""},
    "draft_set": {"orders": [], "texts": [], "fault": ""},
    "message_sent": {"text": ""},
    "word_given": {"word": ""},
    "survey_answered": {"answers": {}},
    "deal_proposed": {"text": ""},
    "deal_countered": {"text": ""},
}
TITLE = "A treaty"


def find_people(events: Sequence[Event], words: Collection[str]) -> set[str]:
    """Return the pseudonyms of people given by pseudonym or name. Raises `OreblocError` for nobody, or for two."""
    people = fold(events).people
    found = set()
    for word in words:
        hits = [p.id for p in people.values() if word == p.id] or [
            p.id for p in people.values() if word == p.name
        ]
        if len(hits) != 1:
            raise OreblocError(
                f"{word!r} is {'nobody' if not hits else f'{len(hits)} people'} in this session. Give the pseudonym "
                "from people.csv; an export with --names shows whose it is."
            )
        found.add(hits[0])
    return found


def blanked(events: Sequence[Event], people: Collection[str]) -> list[Event]:
    """Return as many events, with nothing in them that these people typed; seats' orders and votes that counted stay.

    Titles of treaties that one of them drafted are replaced wherever they come again. What others wrote about them is
    theirs and stays.
    """
    deals = {
        e.body["deal"] for e in events if e.by in people and e.kind in ("deal_proposed", "deal_countered")
    }
    return [
        replace(
            event,
            body=_untitled({**event.body, **(_BLANK.get(event.kind, {}) if event.by in people else {})}, deals),
        )
        for event in events
    ]  # fmt: skip


def forgotten(events: Sequence[Event], person: str) -> list[Event]:
    """Return as many events, in which one person is a pseudonym who typed nothing: no name, word, key or code is left.

    Titles of treaties that the person drafted go from their texts too. What the seat ordered, signed and voted, and
    what rounds brought, is as it was, so that the game plays again to the same numbers.
    """
    deals = {
        e.body["deal"] for e in events if e.by == person and e.kind in ("deal_proposed", "deal_countered")
    }
    titles = {
        str(e.body["document"].get("title", ""))
        for e in events
        if e.kind in ("deal_proposed", "deal_countered") and e.body["deal"] in deals
    } - {"", TITLE}
    return [
        replace(event, body=_named(_without_lines(event.body, titles), event, person))
        for event in blanked(events, {person})
    ]


def _named(body: Any, event: Event, person: str) -> Any:
    return {**body, "name": person} if event.by == person and "name" in body else body


def _without_lines(value: Any, titles: Collection[str]) -> Any:
    """Return a value in whose texts no line is one of these titles."""
    if isinstance(value, str):
        return "\n".join(TITLE if line in titles else line for line in value.split("\n"))
    if isinstance(value, dict):
        return {key: _without_lines(item, titles) for key, item in value.items()}
    return [_without_lines(item, titles) for item in value] if isinstance(value, list) else value


def _untitled(value: Any, deals: Collection[str]) -> Any:
    if isinstance(value, dict):
        kept = {key: _untitled(item, deals) for key, item in value.items()}
        return {**kept, "title": TITLE} if "title" in kept and str(kept.get("id")) in deals else kept
    return [_untitled(item, deals) for item in value] if isinstance(value, list) else value
