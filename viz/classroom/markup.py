"""Small pieces of HTML for pages that the server makes. Titles are plain text, lines are HTML already."""

from collections.abc import Iterable, Sequence
from html import escape


def card(title: str, inside: str, name: str = "") -> str:
    """Return a section with a heading."""
    return f'<section class="card {name}"><h2>{escape(title)}</h2>{inside}</section>'


def bullets(lines: Iterable[str]) -> str:
    """Return a list; its lines are HTML."""
    return f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"


def named(title: str, lines: Iterable[str]) -> str:
    """Return a heading and a list, or nothing where the list is empty."""
    kept = list(lines)
    return f"<h3>{title}</h3>{bullets(kept)}" if kept else ""


def folded(title: str, lines: Iterable[str]) -> str:
    """Return a list that opens, or nothing where it is empty."""
    kept = list(lines)
    return f"<details><summary>{title} ({len(kept)})</summary>{bullets(kept)}</details>" if kept else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: set[int]) -> str:
    """Return a table of plain texts; `numbers` are the columns set to the right."""

    def cell(tag: str, n: int, text: str) -> str:
        scope, name = ' scope="col"' if tag == "th" else "", ' class="number"' if n in numbers else ""
        return f"<{tag}{scope}{name}>{escape(text)}</{tag}>"

    head = "".join(cell("th", n, text) for n, text in enumerate(heads))
    lines = "".join(f"<tr>{''.join(cell('td', n, text) for n, text in enumerate(row))}</tr>" for row in rows)
    label = escape(", ".join(filter(None, heads)), quote=True)
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{label}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )
