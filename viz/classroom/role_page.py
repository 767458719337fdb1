"""A seat's role sheet as a page to print: public and private, on one side of paper."""

from collections.abc import Mapping
from html import escape
from typing import Any

_PARTS = (("public", "What everybody knows"), ("private", "What only you know"), ("goals", "What you want"),
          ("levers", "What you can do first"), ("watch", "The number to watch"))  # fmt: skip


def role_page(seat: str, about: Mapping[str, Any]) -> str:
    """Return the sheet as HTML."""
    parts = "".join(
        f"<section><h2>{escape(title)}</h2>{_told(about.get(part))}</section>" for part, title in _PARTS
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(about['label'])}: role sheet</title>"
        '<link rel="stylesheet" href="/assets/classroom/class.css"></head><body class="sheet"><main>'
        f"<h1>{escape(about['label'])}</h1><p>Seat {escape(seat)}</p>{parts}</main></body></html>"
    )


def _told(text: Any) -> str:
    if isinstance(text, list):
        return "<ul>" + "".join(f"<li>{escape(str(line))}</li>" for line in text) + "</ul>"
    return f"<p>{escape(str(text or ''))}</p>"
