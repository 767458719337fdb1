"""The Solara application: routes and the frame around every page."""

import os
from collections.abc import Callable
from typing import Any, Protocol

import solara
from solara.server import kernel_context

from viz.page.compare import Compare
from viz.page.lab import Lab
from viz.page.method import Method
from viz.page.play import Play
from viz.page.session import Session
from viz.page.shell import Shell
from viz.page.treaty import TreatyTable
from viz.page.why import Why
from viz.page.widget import Board

#: The scenario that opens where a link names none; set by `orebloc serve --scenario`.
SCENARIO = "OREBLOC_SCENARIO"


class Talker(Protocol):
    """What a page's state is to its widget."""

    emit: Callable[[bytes], None]

    def take(self, message: dict[str, Any]) -> None:
        """Do what the page asks for."""

    def close(self) -> None:
        """End what is under way."""


Make = Callable[[Callable[[bytes], None], str, str], Talker]


@solara.component
def Live(page: str, make: Make) -> None:
    """A page's live part: one widget, and one state that lives and ends with it."""
    router = solara.use_router()
    board = Board.element(page=page)

    def connect() -> Callable[[], None]:
        widget = solara.get_widget(board)
        context = kernel_context.get_current_context() if kernel_context.has_current_context() else None

        def emit(data: bytes) -> None:
            if context is None:
                widget.send({"type": "data"}, buffers=[data])
            elif not context.closed_event.is_set():
                with context:
                    widget.send({"type": "data"}, buffers=[data])

        state = make(emit, router.search or "", os.environ.get(SCENARIO, "baseline"))

        def hear(_: object, content: dict[str, Any], buffers: list[bytes]) -> None:
            state.take(content)

        def leave() -> None:
            widget.on_msg(hear, remove=True)
            state.close()

        widget.on_msg(hear)
        return leave

    solara.use_effect(connect, [])


def _page(path: str, title: str, page: str, make: Any) -> Any:
    @solara.component
    def Page() -> None:
        solara.Title(f"{title} - Orebloc")
        with Shell(active=path):
            Live(page, make)

    return Page


@solara.component
def Layout(children: list[Any] = []) -> None:  # noqa: B006 - Solara hands children over so
    """Nothing around the pages but what they bring: Solara's own frame stays out."""
    solara.v.Html(tag="div", children=children)


#: Path below /explore, name in the navigation, page of the bundle, state.
PAGES: tuple[tuple[str, str, str, Any], ...] = (
    ("/", "Explore", "explore", Session),
    ("play", "Play solo", "play", Play),
    ("treaty", "Treaty table", "sheet", TreatyTable),
    ("why", "Why", "sheet", Why),
    ("compare", "Compare", "sheet", Compare),
    ("lab", "Lab", "sheet", Lab),
    ("method", "Method and data", "sheet", Method),
)
#: The first route brings the layout of all.
routes = [
    solara.Route(path, component=_page(path, title, page, make), layout=None if n else Layout)
    for n, (path, title, page, make) in enumerate(PAGES)
]
