"""What is around every page: skip link, name, navigation, theme."""

from typing import Any

import solara

#: Pages in the navigation: path below /explore, title.
PAGES: tuple[tuple[str, str], ...] = (
    ("/", "Explore"),
    ("play", "Play solo"),
    ("treaty", "Treaty table"),
    ("why", "Why"),
    ("compare", "Compare"),
    ("lab", "Lab"),
    ("method", "Method and data"),
)


@solara.component
def Shell(active: str = "", children: list[Any] = []) -> None:  # noqa: B006 - Solara hands children over so
    """A page's frame; `active` is the path of the page shown. Links keep what the address holds (shell.js)."""
    links = "".join(
        f'<a href="/explore/{path.strip("/")}"{" aria-current=page" if path == active else ""} data-keep>{title}</a>'
        for path, title in PAGES
    )
    head = (
        '<a class="skip" href="#main">Skip to the page</a><a class="brand" href="/explore/" data-keep>Orebloc</a>'
        f'<nav aria-label="Pages">{links}</nav><button type="button" class="theme" data-theme-switch '
        'aria-label="Switch between light and dark">&#9680;</button>'
    )
    with solara.Div(classes=["orebloc-app"]):
        solara.HTML(tag="header", unsafe_innerHTML=head, classes=["top"])
        solara.v.Html(
            tag="div", children=children, attributes={"id": "main", "tabindex": "-1"}, class_="main"
        )
