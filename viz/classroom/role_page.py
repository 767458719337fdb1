"""A seat's role sheet as a page to print: public and private, on one side of paper."""

from collections.abc import Mapping
from html import escape
from typing import Any

_PARTS = (("public", "What everybody knows"), ("private", "What only you know"), ("goals", "What you want"),
          ("levers", "What you can do first"), ("watch", "The number to watch"))  # fmt: skip


def role_page(seat: str, about: Mapping[str, Any]) -> str:
    """Return the sheet as HTML."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(about['label'])}: role sheet</title>"
        '<link rel="stylesheet" href="/assets/classroom/class.css"></head><body class="sheet"><main>'
        f"<h1>{escape(about['label'])}</h1><p>Seat {escape(seat)}</p>{role_parts(about)}</main></body></html>"
    )


def role_parts(about: Mapping[str, Any]) -> str:
    """Return the sections of a sheet as HTML; each has the name of its part as class."""
    return "".join(
        f'<section class="{part}"><h2>{escape(title)}</h2>{_told(about.get(part))}</section>'
        for part, title in _PARTS
    )


def _told(text: Any) -> str:
    if isinstance(text, list):
        return "<ul>" + "".join(f"<li>{escape(str(line))}</li>" for line in text) + "</ul>"
    return f"<p>{escape(str(text or ''))}</p>"
